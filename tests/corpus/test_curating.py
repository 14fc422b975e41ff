"""From any folder to a corpus: what is taken, what is said, what is never touched."""

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from prism_lessons import audio
from prism_lessons.corpus import Corpus, curate
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.prose import one_line

curating = sys.modules["prism_lessons.corpus.curating"]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.fixture
def three_takes(source, write_noise):
    for seed in range(3):
        write_noise(source / f"take {seed}.wav", 4, seed)
    return source


def samples_of(corpus, *clips):
    """The 16-bit samples of clips, end to end."""
    return np.concatenate([soundfile.read(corpus.folder / clip.file, dtype="int16")[0] for clip in clips])


def fingerprint(folder):
    """{path: content and time of change} of everything below a folder."""
    return {
        path: (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "", path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def unused(corpus):
    return {file["name"]: file["reason"] for file in corpus.unused}


# --- what is taken


def test_every_recording_becomes_a_clip_at_the_rate_asked_for(three_takes, tmp_path):
    corpus = curate(three_takes, tmp_path / "corpus", 8000)
    assert [clip.recording for clip in corpus.clips] == ["take 0.wav", "take 1.wav", "take 2.wav"]
    for clip in corpus.clips:
        info = soundfile.info(corpus.folder / clip.file)
        assert (info.samplerate, info.channels, info.subtype, info.frames) == (8000, 1, "PCM_16", 4 * 8000)
        assert clip.samples == info.frames
    assert sorted(os.listdir(tmp_path / "corpus")) == ["card.md", "clips", "corpus.json"]
    assert Corpus.open(tmp_path / "corpus") == corpus


# Of what recorders write: name of the file, sample rate, channels, libsndfile's subtype, samples (odd; 14 s in all).
RECORDED = {
    "field.wav": (96000, 2, "PCM_24", 250_007),
    "studio.aiff": (48000, 1, "PCM_16", 125_003),
    "loop.flac": (44100, 2, "PCM_16", 175_559),
    "strike.flac": (44100, 1, "PCM_24", 29_009),
    "float.wav": (22050, 2, "FLOAT", 60_013),
    "memo.wav": (8000, 1, "PCM_U8", 21_001),
}


def test_recordings_of_any_rate_and_width_lose_nothing(source, tmp_path, noise, write_sound):
    for seed, (name, (rate, channels, subtype, samples)) in enumerate(RECORDED.items()):
        sound = noise(samples / rate, seed, rate)
        write_sound(source / name, np.repeat(sound[:, None], channels, axis=1), rate, subtype)
    corpus = curate(source, tmp_path / "corpus")
    assert sorted(clip.recording for clip in corpus.clips) == sorted(RECORDED) and not corpus.unused
    for clip in corpus.clips:
        rate, _, _, samples = RECORDED[clip.recording]
        assert clip.samples == pytest.approx(samples / rate * 16000, abs=1)


def test_an_eight_second_file_loses_no_samples(source, tmp_path, write_noise):
    """Neither to blocks nor to whole windows; and 16-bit sound at the corpus's own rate stays what it was."""
    for seed, samples in enumerate([8 * 16000, 8 * 16000 + 1, 123_457]):
        write_noise(source / f"{seed}.wav", samples / 16000, seed)
    corpus = curate(source, tmp_path / "corpus")
    for clip in corpus.clips:
        original = soundfile.read(source / clip.recording, dtype="int16")[0]
        assert np.array_equal(samples_of(corpus, clip), original)


def test_good_files_are_taken_and_every_bad_one_is_named(three_takes, tmp_path, write_sound, noise):
    write_sound(three_takes / "Übergänge" / "🎻 solo.flac", noise(4, 9), 44100)
    (three_takes / "empty.wav").touch()
    (three_takes / "text.wav").write_text("no sound")
    (three_takes / "notes.txt").write_text("mind the gap")
    (three_takes / ".DS_Store").touch()
    (three_takes / "folder.wav").mkdir()
    os.mkfifo(three_takes / "pipe.wav")
    (three_takes / "gone.wav").symlink_to(three_takes / "nowhere")
    write_sound(three_takes / "nothing.wav", np.zeros(0))
    write_sound(three_takes / "silent.wav", np.zeros(16000))
    write_sound(three_takes / "click.wav", np.full(100, 0.5))
    (three_takes / "take 3.wav").write_bytes((three_takes / "take 0.wav").read_bytes())
    short = write_sound(three_takes / "broken.flac", noise(12, 10))
    os.truncate(short, short.stat().st_size // 2)
    before = fingerprint(three_takes)
    corpus = curate(three_takes, tmp_path / "corpus")
    assert fingerprint(three_takes) == before
    assert {clip.recording for clip in corpus.clips} == {
        "take 0.wav", "take 1.wav", "take 2.wav", "broken.flac", "Übergänge/🎻 solo.flac",
    }  # fmt: skip
    assert unused(corpus) == {
        "empty.wav": "the file is empty (0 bytes); if it lies in a cloud, download it first",
        "text.wav": "its format is not known here whatever its name says, or it is damaged: open it where it was made "
        "and export it as WAV or FLAC",
        "notes.txt": "not a sound file by its name",
        ".DS_Store": "a hidden file of the system",
        "pipe.wav": "the file cannot be read (it is not a file)",
        "gone.wav": "the file is no longer there",
        "nothing.wav": "there is no sound in it (0 samples)",
        "silent.wav": "nothing but silence (its peak is -120 dBFS)",
        "click.wav": "too short (6.2 ms)",
        "take 3.wav": 'the same sound as "take 0.wav"',
    }
    (note,) = next(clip for clip in corpus.clips if clip.recording == "broken.flac").notes
    assert note.startswith("breaks off after")
    assert len(list((tmp_path / "corpus" / "clips").iterdir())) == len(corpus.clips)  # no clip of a file not taken
    told = [note, *(words for file in unused(corpus).items() for words in file)]
    assert all(words in " ".join(str(corpus).split()) for words in told)
    assert all(one_line(words) in corpus.card() for words in told)


def test_stereo_is_averaged(source, tmp_path, write_sound, noise):
    left, right = noise(12, 0), noise(12, 1)
    write_sound(source / "stereo.wav", np.stack([left, right], 1), subtype="FLOAT")
    corpus = curate(source, tmp_path / "corpus")
    kept = samples_of(corpus, *corpus.clips)
    assert np.array_equal(kept, np.rint(32768 * ((left + right) / 2)))


def test_sound_above_full_scale_is_turned_down_and_noted(source, tmp_path, write_sound, noise):
    loud = 20 * noise(30)  # several blocks, with peaks near 8
    write_sound(source / "loud.wav", loud, subtype="FLOAT")
    corpus = curate(source, tmp_path / "corpus")
    gain = 0.999 / np.max(np.abs(loud))
    kept = samples_of(corpus, *corpus.clips)
    # Half a step for the 16 bits, and a few of float32's roundings at full scale (each 32768 * 2 ** -24 of a step).
    assert np.max(np.abs(kept - 32768 * gain * loud.astype(np.float64))) <= 0.5 + 4 * 32768 * 2**-24
    decibels = 20 * np.log10(gain)
    for clip in corpus.clips:
        assert clip.gain_db == pytest.approx(decibels, abs=0.005)  # it is written with two decimals
        assert clip.notes == (f"rose above full scale and was turned down by {-decibels:.1f} dB",)
        assert -1 < clip.peak_dbfs < 0


def test_sound_below_full_scale_is_left_as_loud_as_it_is(source, tmp_path, write_sound, noise):
    write_sound(source / "quiet.wav", 0.01 * noise(12), subtype="FLOAT")
    corpus = curate(source, tmp_path / "corpus")
    assert {(clip.gain_db, clip.notes) for clip in corpus.clips} == {(0.0, ())}
    assert np.array_equal(samples_of(corpus, *corpus.clips), np.rint(32768 * (np.float32(0.01) * noise(12))))


def test_one_file_can_be_curated(tmp_path, write_noise):
    path = write_noise(tmp_path / "only.wav", 12)
    assert {clip.recording for clip in curate(path, tmp_path / "corpus").clips} == {"only.wav"}


def test_names_that_are_no_text_or_very_long_are_taken(source, tmp_path, write_noise):
    write_noise(source / os.fsdecode(b"caf\xe9.wav"), 6, 0)
    write_noise(source / ("ä" * 125 + ".wav"), 6, 1)
    corpus = curate(source, tmp_path / "corpus")
    assert Corpus.open(tmp_path / "corpus") == corpus
    assert {clip.recording for clip in corpus.clips} == {"caf�.wav", "ä" * 125 + ".wav"}


def test_memory_does_not_grow_with_the_recording(source, tmp_path, write_sound, monkeypatch):
    """Ten minutes go through in blocks of seconds, both when they are prepared and when their end is cut off."""
    chance = np.random.default_rng(0)
    write_sound(source / "long.wav", 0.1 * chance.standard_normal(10 * 60 * 4000, dtype=np.float32), 4000)
    blocks = []
    add = audio.Levels.add
    monkeypatch.setattr(audio.Levels, "add", lambda levels, block: (blocks.append(len(block)), add(levels, block)))
    corpus = curate(source, tmp_path / "corpus", 4000)
    assert sum(blocks) == 2 * 10 * 60 * 4000
    # 10 s, or the 2 ** 18 samples in which clips are copied; at 4 kHz that is a minute, at 16 kHz a quarter of one.
    assert max(blocks) <= max(audio.BLOCK_SECONDS * 4000, 2**18)
    assert corpus.seconds() == 600


# --- too little


def test_an_empty_folder_is_said(source, tmp_path):
    with pytest.raises(CourseError, match="is empty: put your recordings into it"):
        curate(source, tmp_path / "corpus")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CourseError, match="There is no folder or sound file"):
        curate(tmp_path / "nowhere", tmp_path / "corpus")


def test_a_folder_without_sound_says_what_lies_in_it(source, tmp_path):
    for number in range(5):
        (source / f"notes {number}.txt").touch()
    with pytest.raises(CourseError, match=r"holds 0\.0 s .*notes 0\.txt: not a sound file by its name.* and 2 more"):
        curate(source, tmp_path / "corpus")


def test_three_seconds_are_too_few_and_it_says_how_many_are_needed(source, tmp_path, write_noise):
    write_noise(source / "a.wav", 2, 0)
    write_noise(source / "b.wav", 1, 1)
    with pytest.raises(CourseError, match=r"holds 3\.0 s of usable sound and at least 10 s are needed") as caught:
        curate(source, tmp_path / "corpus")
    assert str(caught.value).count(". ") == 0  # one sentence
    assert os.listdir(tmp_path) == ["recordings"]


def test_nothing_but_silence_is_said(source, tmp_path, write_sound):
    write_sound(source / "a.wav", np.zeros(20 * 16000))
    with pytest.raises(CourseError, match=r"a\.wav: nothing but silence"):
        curate(source, tmp_path / "corpus")


def test_equal_files_count_once(source, tmp_path, write_noise):
    for name in "abc":
        write_noise(source / f"{name}.wav", 12)
    corpus = curate(source, tmp_path / "corpus")
    assert corpus.seconds() == 12
    assert unused(corpus) == {f"{name}.wav": 'the same sound as "a.wav"' for name in "bc"}


@pytest.mark.parametrize("share", [0, -0.1, 0.51, 1, float("nan")])
def test_a_share_that_cannot_be_is_refused(three_takes, tmp_path, share):
    with pytest.raises(CourseError, match=r"above 0 and at most 0\.5"):
        curate(three_takes, tmp_path / "corpus", validation=share)


def test_a_rate_that_cannot_be_is_refused(three_takes, tmp_path):
    with pytest.raises(CourseError, match="A sample rate of 100 cannot be used"):
        curate(three_takes, tmp_path / "corpus", 100)


# --- the split


def test_training_and_validation_share_no_recording(source, tmp_path, write_noise):
    for seed in range(12):
        write_noise(source / f"{seed}.wav", 1 + seed / 4, seed)
    corpus = curate(source, tmp_path / "corpus")
    sides = [{clip.recording_digest for clip in corpus.of(split)} for split in ("training", "validation")]
    assert all(sides) and not sides[0] & sides[1]
    assert all(clip.start == 0 for clip in corpus.clips)


@pytest.mark.parametrize("seed", range(4))
def test_of_three_recordings_of_equal_length_one_is_kept_whole(three_takes, tmp_path, seed):
    corpus = curate(three_takes, tmp_path / "corpus", seed=seed)
    assert sorted((clip.split, clip.samples) for clip in corpus.clips) == [
        ("training", 64000), ("training", 64000), ("validation", 64000),
    ]  # fmt: skip


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5])
def test_the_end_of_a_single_recording_is_kept_and_no_sample_lost_or_shared(source, tmp_path, write_noise, share):
    write_noise(source / "long.wav", 35.4321)
    corpus = curate(source, tmp_path / "corpus", validation=share)
    training, validation = corpus.clips
    assert (training.split, training.start, validation.split) == ("training", 0, "validation")
    assert validation.start == training.samples
    assert validation.samples == max(16000, round(share * corpus.seconds() * 16000))  # no less than a second
    original = soundfile.read(source / "long.wav", dtype="int16")[0]
    assert np.array_equal(samples_of(corpus, training, validation), original)
    assert len(list((tmp_path / "corpus" / "clips").iterdir())) == 2
    for clip in corpus.clips:
        sound = samples_of(corpus, clip)
        assert clip.digest == hashlib.sha256(sound.tobytes()).hexdigest()[:16]
        assert clip.peak_dbfs == pytest.approx(20 * np.log10(np.max(np.abs(sound.astype(int))) / 32768), abs=0.005)


@pytest.mark.parametrize("seconds", [[30], [20, 19], [4, 4, 4], [1 + 0.3 * n for n in range(12)]])
@pytest.mark.parametrize("seed", [0, 7])
def test_curating_twice_gives_the_same_corpus(source, tmp_path, write_noise, seconds, seed):
    for number, length in enumerate(seconds):
        write_noise(source / f"{number}.wav", length, number)
    first = curate(source, tmp_path / "corpus", 8000, seed=seed)
    again = curate(source, tmp_path / "corpus", 8000, seed=seed)
    elsewhere = curate(source, tmp_path / "elsewhere", 8000, seed=seed)
    assert first == again and first.digest == elsewhere.digest
    assert first.clips == elsewhere.clips


def test_the_end_that_was_kept_may_grow_but_never_shrinks(source, tmp_path, write_noise):
    write_noise(source / "long.wav", 30, sample_rate=4000)
    seconds = [curate(source, tmp_path / "corpus", 4000, share).seconds("validation") for share in (0.2, 0.1, 0.4)]
    assert seconds == [6, 6, 12]


def test_a_recording_curated_twice_is_not_cut_anew_whatever_the_seed(source, tmp_path, write_noise):
    """A seed that would choose the recording for validation, were there others, must not take all of it."""
    write_noise(source / "long.wav", 12, sample_rate=4000)
    splits = set()
    for seed in range(25):
        for _ in range(2):
            corpus = curate(source, tmp_path / f"corpus {seed}", 4000, seed=seed)
            splits.add(tuple((clip.split, clip.samples) for clip in corpus.clips))
    assert splits == {(("training", 43200), ("validation", 4800))}


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_adding_recordings_moves_nothing_out_of_validation(source, tmp_path, write_noise, count, seed):
    for number in range(count):
        write_noise(source / f"{number}.wav", 12, number, sample_rate=4000)
    before = curate(source, tmp_path / "corpus", 4000, seed=seed)
    for number in range(8):
        write_noise(source / f"more {number}.wav", 3 + number, 50 + number, sample_rate=4000)
    after = curate(source, tmp_path / "corpus", 4000, seed=seed)
    assert after.seconds() == before.seconds() + sum(3 + number for number in range(8))
    trained_on = samples_of(after, *after.of("training")).tobytes()
    for clip in before.of("validation"):
        sound = soundfile.read(source / clip.recording, dtype="int16")[0][clip.start :]
        assert sound.tobytes() not in trained_on
        assert any(sound.tobytes() in samples_of(after, other).tobytes() for other in after.of("validation"))


def test_when_only_validation_is_left_there_is_still_something_to_train_on(source, tmp_path, write_noise):
    for seed in range(4):
        write_noise(source / f"{seed}.wav", 12, seed)
    before = curate(source, tmp_path / "corpus")
    for clip in before.of("training"):
        (source / clip.recording).unlink()
    after = curate(source, tmp_path / "corpus")
    assert before.seconds("validation") == after.seconds() == 12
    assert after.seconds("training") == pytest.approx(0.9 * 12, abs=1 / 16000)


def test_the_seed_decides_the_split(source, tmp_path, write_noise):
    for seed in range(12):
        write_noise(source / f"{seed}.wav", 1, seed)
    kept = []
    for seed in range(8):
        corpus = curate(source, tmp_path / f"corpus {seed}", seed=seed)
        kept.append(frozenset(clip.recording for clip in corpus.of("validation")))
    assert len(set(kept)) > 1  # one of twelve each: all eight alike by a chance of 12 ** -7
    assert kept[3] == {clip.recording for clip in curate(source, tmp_path / "corpus 0", seed=3).of("validation")}


# --- where it goes


def test_the_source_is_never_written_to(three_takes, tmp_path):
    before = fingerprint(three_takes)
    for destination in (three_takes, three_takes.parent, Path(three_takes.root)):
        with pytest.raises(CourseError, match="needs a folder of its own"):
            curate(three_takes, destination)
    curate(three_takes, tmp_path / "corpus")
    assert fingerprint(three_takes) == before


def test_read_only_originals_are_no_hindrance(public_folder, as_guest, write_noise):
    source = public_folder / "recordings"
    write_noise(source / "a.wav", 12).chmod(0o444)
    source.chmod(0o555)
    (public_folder / "work").mkdir(mode=0o777)
    (public_folder / "work").chmod(0o777)
    with as_guest():
        assert curate(source, public_folder / "work" / "corpus").seconds() == 12


def test_a_folder_that_holds_other_things_is_left_alone(three_takes, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter 1.txt").write_text("It was a dark and stormy night")
    before = fingerprint(tmp_path / "thesis")
    with pytest.raises(CourseError, match="holds something other than a corpus, so it is left alone"):
        curate(three_takes, tmp_path / "thesis")
    assert fingerprint(tmp_path / "thesis") == before


@pytest.mark.parametrize("damaged", [False, True])
def test_what_somebody_has_put_into_the_folder_of_a_corpus_stays(three_takes, tmp_path, damaged):
    corpus = tmp_path / "corpus"
    curate(three_takes, corpus)
    own = {"my notes.txt": "notes", "clips/my_edit.flac": "an edit", "more/deep/x": "x", "codes/mine.codes": "codes"}
    if damaged:
        (corpus / "corpus.json").write_text("half")
    else:
        own["clips/0009_mine.flac"] = "named as a clip"
    for name, text in own.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text)
    (corpus / "codes" / f"{'0' * 16}.codes").write_text("of the corpus that was")
    (corpus / "a link").symlink_to("my notes.txt")
    for _ in range(2):
        made = curate(three_takes, corpus, 8000)
        assert {name: (corpus / name).read_text() for name in own} == own and (corpus / "a link").is_symlink()
        files = [path for path in corpus.rglob("*") if path.is_file()]
        assert len(files) == len(made.clips) + len(own) + len(["corpus.json", "card.md", "a link"])


def test_what_somebody_has_written_into_the_card_is_kept_and_said(three_takes, tmp_path):
    corpus, said = tmp_path / "corpus", io.StringIO()
    curate(three_takes, corpus)
    with open(corpus / "card.md", "a", encoding="utf-8") as card:
        card.write("These are my aunt's bells.\n")
    for _ in range(2):
        curate(three_takes, corpus, live=LiveLine(said))
        assert "aunt" in (corpus / "card_2.md").read_text(encoding="utf-8")
        assert sorted(path.name for path in corpus.glob("card*")) == ["card.md", "card_2.md"]
    assert said.getvalue().count('"card_2.md" now') == 1


def test_a_file_of_somebody_s_own_whose_name_a_new_clip_takes_is_kept_under_another(three_takes, tmp_path, write_noise):
    corpus = tmp_path / "corpus"
    curate(three_takes, corpus)
    (corpus / "clips" / "0004_take_3.flac").write_text("mine")
    write_noise(three_takes / "take 3.wav", 4, 3)
    assert "clips/0004_take_3.flac" in {clip.file for clip in curate(three_takes, corpus).clips}
    assert (corpus / "clips" / "0004_take_3_2.flac").read_text() == "mine"


CURATE = "import sys, prism_lessons as pl; pl.curate(sys.argv[1], sys.argv[2])"


def test_of_two_that_prepare_one_corpus_at_once_the_second_is_told(old_corpus, source, tmp_path, monkeypatch):
    prepare, second = curating._prepare, []

    def prepare_while_another_begins(*arguments, **options):
        if not second:
            second.append(
                subprocess.run([sys.executable, "-c", CURATE, source, tmp_path / "corpus"], capture_output=True)
            )
        return prepare(*arguments, **options)

    monkeypatch.setattr(curating, "_prepare", prepare_while_another_begins)
    corpus = curate(source, tmp_path / "corpus")
    assert b'Another program is preparing the corpus "' in second[0].stderr
    assert corpus.seconds() == 36 and Corpus.open(tmp_path / "corpus") == corpus
    assert sorted(os.listdir(tmp_path)) == ["corpus", "recordings"]


def test_a_corpus_that_was_made_read_only_is_replaced_each_time(public_folder, as_guest, write_noise):
    write_noise(public_folder / "recordings" / "a.wav", 12)
    corpus = public_folder / "corpus"
    with as_guest():
        for rate in (16000, 8000, 4000):
            assert curate(public_folder / "recordings", corpus, rate).sample_rate == rate
            assert sorted(os.listdir(public_folder)) == ["corpus", "recordings"]
            for folder in (corpus / "clips", corpus):
                folder.chmod(0o555)


def test_what_cannot_be_deleted_of_an_earlier_corpus_is_named(old_corpus, source, tmp_path, monkeypatch):
    (tmp_path / ".corpus.replaced").mkdir()

    def refuse(folder):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(curating.shutil, "rmtree", refuse)
    with pytest.raises(CourseError, match=r'\.corpus\.partial", left over from an earlier corpus, cannot be deleted'):
        curate(source, tmp_path / "corpus")
    assert Corpus.open(tmp_path / "corpus") == old_corpus


def test_half_of_a_corpus_that_was_being_deleted_is_never_put_back(old_corpus, source, tmp_path, monkeypatch):
    def stop(folder):
        next(Path(folder).glob("clips/*")).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(curating.shutil, "rmtree", stop)
        with pytest.raises(KeyboardInterrupt):
            curate(source, tmp_path / "corpus")
    assert Corpus.open(tmp_path / "corpus").seconds() == 36
    assert not (tmp_path / ".corpus.replaced").exists()
    assert curate(source, tmp_path / "corpus").seconds() == 36
    assert sorted(os.listdir(tmp_path)) == ["corpus", "recordings"]


def test_a_file_in_the_corpus_s_place_is_left_alone(three_takes, tmp_path):
    (tmp_path / "corpus").write_text("precious")
    with pytest.raises(CourseError, match="left alone"):
        curate(three_takes, tmp_path / "corpus")
    assert (tmp_path / "corpus").read_text() == "precious"


def test_an_empty_folder_is_taken(three_takes, tmp_path):
    (tmp_path / "corpus").mkdir()
    assert curate(three_takes, tmp_path / "corpus").seconds() == 12


@pytest.mark.parametrize("name", ["corpus.old", "corpus.partial", "corpus.bak"])
def test_neighbours_with_similar_names_are_left_alone(three_takes, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.txt").write_text("precious")
    curate(three_takes, tmp_path / "corpus")
    curate(three_takes, tmp_path / "corpus")
    assert (tmp_path / name / "a.txt").read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == sorted(["recordings", "corpus", name])


def test_a_corpus_may_lie_among_the_recordings(three_takes):
    first = curate(three_takes, three_takes / "corpus")
    second = curate(three_takes, three_takes / "corpus")
    assert first == second and not second.unused


def test_another_corpus_among_the_recordings_is_no_recording(three_takes):
    """At another rate its clips would pass for other sounds, one copy to train on and one to test with."""
    curate(three_takes, three_takes / "at 8000", 8000)
    corpus = curate(three_takes, three_takes / "at 16000", 16000)
    assert len(corpus.clips) == 3
    assert len(corpus.unused) == 5 and set(unused(corpus).values()) <= {
        'part of the corpus "at 8000", which was made from recordings',
        "not a sound file by its name",
    }


def test_the_folder_one_is_in_can_be_the_corpus_s(three_takes, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    curate("../recordings", ".")
    assert Corpus.open(tmp_path / "here").seconds() == 12


def test_a_link_to_a_corpus_stays_a_link(three_takes, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "corpus")
    first = curate(three_takes, tmp_path / "link")
    assert curate(three_takes, tmp_path / "link") == first
    assert (tmp_path / "link").is_symlink() and (tmp_path / "corpus").is_dir()


def test_a_folder_that_may_not_be_written_is_said(public_folder, as_guest, write_noise):
    write_noise(public_folder / "recordings" / "a.wav", 12)
    (public_folder / "closed").mkdir()
    (public_folder / "closed").chmod(0o555)
    with as_guest(), pytest.raises(CourseError, match=r"could not be written \(Permission denied\)"):
        curate(public_folder / "recordings", public_folder / "closed" / "corpus")
    (public_folder / "closed").chmod(0)
    with as_guest(), pytest.raises(CourseError, match=r"could not be written \(Permission denied\)"):
        curate(public_folder / "recordings", public_folder / "closed" / "corpus")


# --- misfortunes on the way


@pytest.fixture
def old_corpus(source, tmp_path, write_noise):
    """A corpus of 12 s; then the recordings grow. Whatever stops the next `curate`, these must be as before."""
    write_noise(source / "a.wav", 12, 0)
    corpus = curate(source, tmp_path / "corpus")
    write_noise(source / "b.wav", 12, 1)
    write_noise(source / "c.wav", 12, 2)
    return corpus


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(5, "Input/output error"), MemoryError])
@pytest.mark.parametrize("step", ["_prepare", "write_clip", "split_clips", "write_json"])
def test_an_interrupted_curate_leaves_the_corpus_that_was_there(old_corpus, source, tmp_path, monkeypatch, step, error):
    before = fingerprint(tmp_path)
    whole, calls = getattr(curating, step), []

    def stop(*arguments, **options):
        calls.append(step)
        if len(calls) < 2 and step == "_prepare":
            return whole(*arguments, **options)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(curating, step, stop)
        with pytest.raises(CourseError if isinstance(error, OSError) else error):
            curate(source, tmp_path / "corpus")
    assert calls
    assert fingerprint(tmp_path) == before
    assert curate(source, tmp_path / "corpus").seconds() == 36
    assert sorted(os.listdir(tmp_path)) == ["corpus", "recordings"]


def test_a_curate_stopped_between_its_two_renames_puts_the_old_corpus_back(old_corpus, source, tmp_path, monkeypatch):
    before = fingerprint(tmp_path / "corpus")
    rename = Path.rename

    def stop(path, target):
        if path.name.endswith(".partial"):
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", stop)
        with pytest.raises(KeyboardInterrupt):
            curate(source, tmp_path / "corpus")
    assert fingerprint(tmp_path / "corpus") == before
    assert sorted(os.listdir(tmp_path)) == ["corpus", "recordings"]


def test_a_curate_killed_between_its_two_renames_is_put_right_by_the_next(old_corpus, source, tmp_path):
    (tmp_path / "corpus").rename(tmp_path / ".corpus.replaced")
    (tmp_path / ".corpus.partial" / "clips").mkdir(parents=True)
    after = curate(source, tmp_path / "corpus")
    assert after.seconds() == 36
    assert sorted(os.listdir(tmp_path)) == ["corpus", "recordings"]
    # What was kept for validation is known from the corpus put back.
    (end,) = old_corpus.of("validation")
    assert any(
        clip.recording == "a.wav" and clip.split == "validation" and clip.start in (0, end.start)
        for clip in after.clips
    )


def test_a_killed_curate_leaves_the_corpus_that_was_there(old_corpus, source, tmp_path, write_noise):
    write_noise(source / "d.wav", 300, 3, sample_rate=44100)
    before = fingerprint(tmp_path)
    command = f"from prism_lessons.corpus import curate; curate({str(source)!r}, {str(tmp_path / 'corpus')!r})"
    process = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.DEVNULL)
    while not list(tmp_path.glob(".corpus.partial/clips/*")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    left = fingerprint(tmp_path)
    assert {path: left[path] for path in before} == before
    assert curate(source, tmp_path / "corpus").seconds() == 336
    assert sorted(os.listdir(tmp_path)) == ["corpus", "recordings"]


def test_what_a_killed_curate_left_among_the_recordings_is_no_recording(three_takes, write_noise):
    write_noise(three_takes / ".corpus.partial" / "clips" / "0001_take.flac", 4, 7)
    write_noise(three_takes / ".other.partial" / "clips" / "0001_take.flac", 4, 8)
    corpus = curate(three_takes, three_takes / "corpus")
    assert len(corpus.clips) == 3
    assert unused(corpus) == {".other.partial/clips/0001_take.flac": "in a hidden folder of the system"}


def test_a_full_disk_leaves_the_corpus_that_was_there(small_disk, source, tmp_path, write_noise):
    write_noise(source / "a.wav", 12, sample_rate=4000)
    write_noise(tmp_path / "b.wav", 300, 1, sample_rate=4000)  # above 1 MB
    with small_disk() as folder:
        curate(source, folder / "corpus", 4000)  # below 96 KB
        (tmp_path / "b.wav").rename(source / "b.wav")
        before = fingerprint(folder)
        with pytest.raises(CourseError, match="disk is full"):
            curate(source, folder / "corpus", 4000)
        assert fingerprint(folder) == before


def test_a_file_that_vanishes_meanwhile_is_named(three_takes, tmp_path, write_noise, monkeypatch):
    write_noise(three_takes / "z.wav", 4, 9)
    listed = curating.list_files

    def list_then_lose(*arguments, **options):
        files = listed(*arguments, **options)
        (three_takes / "take 1.wav").unlink()
        return files

    monkeypatch.setattr(curating, "list_files", list_then_lose)
    corpus = curate(three_takes, tmp_path / "corpus")
    assert [clip.recording for clip in corpus.clips] == ["take 0.wav", "take 2.wav", "z.wav"]
    assert unused(corpus) == {"take 1.wav": "the file is no longer there"}


def test_a_damaged_corpus_is_made_anew(three_takes, tmp_path):
    first = curate(three_takes, tmp_path / "corpus")
    (tmp_path / "corpus" / "corpus.json").write_text("{")
    assert curate(three_takes, tmp_path / "corpus") == first
