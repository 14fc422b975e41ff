"""An audition: every clip measured, said in words, held against the recordings; remembered, selected, played on."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons.audio import Clip, load
from prism_lessons.audition import Audition, ListeningLog, clip_analysis
from prism_lessons.audition.clip_analysis import outline
from prism_lessons.corpus import curate
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.run import Run


def quiet():
    return LiveLine(io.StringIO())


@pytest.fixture
def heard(made_run):
    return pl.audition(made_run, live=quiet())


def test_every_clip_is_there_in_order_with_what_it_sounds_like(heard):
    assert [(clip.played.epoch, clip.played.temperature) for clip in heard.clips] == [
        (epoch, temperature) for epoch in (1, 2, 3, 4) for temperature in (0.85, 1.0)
    ]
    kinds = [clip.diagnosis for clip in heard.clips]
    assert kinds[:4] == ["silence"] * 2 + ["noise"] * 2 and kinds[6:] == ["tone"] * 2
    assert heard.summary.startswith("8 clips of 4 epochs: ") and "partials" not in heard.summary
    assert "epoch 4, temperature 1, voice 1: tone" in str(heard)


def test_the_folder_of_a_run_will_do_and_words_and_json_say_the_same(made_run):
    heard = pl.audition(str(made_run.folder), live=quiet())
    values = json.loads(json.dumps(heard.as_dict(), allow_nan=False))
    assert [clip["diagnosis"] for clip in values["clips"]] == [clip.diagnosis for clip in heard.clips]
    assert values["counts"] == heard.counts and sum(heard.counts.values()) == len(heard.clips)


def test_half_a_second_of_a_recording_in_a_clip_is_found_and_can_be_heard_beside_it(heard, recordings):
    (copy,) = {clip.verbatim.recording for clip in heard.clips if clip.verbatim}
    assert copy == recordings.clips[0].recording
    clip = heard.clips[5]
    assert clip.verbatim.seconds == pytest.approx(0.5, abs=0.13), "a window of 64 ms more or less at either end"
    there = heard.excerpt(clip.verbatim).samples[3000:6000]
    start = round(clip.verbatim.clip_start * 16000) + 3000
    shifted = (clip.sound.samples[start + shift : start + shift + len(there)] for shift in range(-16, 17))
    assert max(np.corrcoef(there, here)[0, 1] for here in shifted) > 0.99, "within a millisecond"


def test_silence_is_near_to_nothing(heard):
    assert heard.clips[0].nearest is None and heard.clips[0].loudness is None


def test_what_was_looked_at_is_remembered_and_a_changed_clip_is_looked_at_anew(made_run, monkeypatch):
    first = pl.audition(made_run, live=quiet())
    looked = []
    monkeypatch.setattr(clip_analysis, "measure_clip", lambda clip: looked.append(clip.name) or first.clips[0].measures)
    again = pl.audition(made_run, live=quiet())
    assert (
        looked == []
        and again.clips == first.clips
        and again.gap.as_dict() == first.gap.as_dict() | {"alike": again.gap.alike}
    )
    Clip(np.full(16000, 0.1, np.float32), 16000).save(first.clips[3].played.path)
    pl.audition(made_run, live=quiet())
    assert looked == [first.clips[3].name]


def test_nothing_is_written_into_the_run(made_run):
    before = {path: path.stat().st_mtime_ns for path in made_run.folder.rglob("*")}
    pl.audition(made_run, live=quiet())
    assert {path: path.stat().st_mtime_ns for path in made_run.folder.rglob("*")} == before


def test_without_the_recordings_everything_else_is_there(made_run):
    made_run.change_settings({"corpus": made_run.settings["corpus"] | {"folder": "gone"}})
    heard = pl.audition(made_run, live=quiet())
    assert heard.corpus is None and heard.gap is None
    assert all(clip.nearest is None for clip in heard.clips) and heard.clips[7].diagnosis == "tone"
    assert "are missing, so there is nothing to compare with" in heard.page().read_text(encoding="utf-8")


def test_a_corpus_is_found_from_another_working_folder(recordings, made_run, tmp_path, monkeypatch):
    """A run trained on the command line names its corpus as typed there; a notebook works somewhere else."""
    shutil.copytree(recordings.folder, tmp_path / "work" / "my_corpus")
    run = Run(shutil.copytree(made_run.folder, tmp_path / "work" / "my_run"))
    here = {"folder": "my_corpus", "from_run": "../my_corpus"}
    run.change_settings({"corpus": run.settings["corpus"] | here})
    monkeypatch.chdir(tmp_path)
    assert pl.audition(run, live=quiet()).corpus.digest == recordings.digest
    shutil.move(tmp_path / "work", tmp_path / "moved")
    assert pl.audition("moved/my_run", live=quiet()).corpus.digest == recordings.digest


def test_a_corpus_that_has_changed_since_counts_as_gone_and_one_that_is_named_is_refused(
    made_run, recordings, tmp_path
):
    made_run.change_settings({"corpus": made_run.settings["corpus"] | {"digest": "another"}})
    assert pl.audition(made_run, live=quiet()).corpus is None
    with pytest.raises(CourseError, match="was not trained on the corpus"):
        pl.audition(made_run, recordings, live=quiet())


def test_a_corpus_that_has_moved_can_be_named(made_run, recordings, tmp_path):
    shutil.copytree(recordings.folder, tmp_path / "moved")
    made_run.change_settings({"corpus": made_run.settings["corpus"] | {"folder": "gone"}})
    assert pl.audition(made_run, tmp_path / "moved", live=quiet()).gap is not None


def test_a_folder_without_a_run_or_without_clips_is_said(made_run, tmp_path):
    with pytest.raises(CourseError, match="no run"):
        pl.audition(tmp_path)
    shutil.rmtree(made_run.folder / "clips")
    with pytest.raises(CourseError, match="played no clip yet"):
        pl.audition(made_run)


def test_a_clip_that_is_damaged_is_named_and_the_others_are_heard(made_run):
    made_run.played[2].path.write_bytes(b"no sound")
    heard = pl.audition(made_run, live=quiet())
    assert len(heard.clips) == 7 and "0002_1_t0.85.wav" in heard.summary and "is damaged" in heard.unheard[0]
    assert "0002_1_t0.85.wav" in heard.page().read_text(encoding="utf-8")
    for clip in made_run.played:
        clip.path.write_bytes(b"no sound")
    with pytest.raises(CourseError, match="No clip of the run"):
        pl.audition(made_run, live=quiet())


@pytest.fixture
def own_corpus(made_run, recordings, tmp_path):
    """A copy of the corpus of the run, of which the first clip is cut short."""
    folder = shutil.copytree(recordings.folder, tmp_path / "corpus")
    path = folder / recordings.clips[0].file
    path.write_bytes(path.read_bytes()[:100])
    return folder


def test_a_recording_that_is_damaged_is_left_out_and_named(made_run, recordings, own_corpus):
    heard = pl.audition(made_run, own_corpus, live=quiet())
    assert len(heard.clips) == 8 and heard.gap is not None
    assert len(heard.unheard) == 1 and Path(recordings.clips[0].file).name in heard.summary
    near = {clip.nearest.recording for clip in heard.clips if clip.nearest}
    assert near and recordings.clips[0].recording not in near
    assert Path(recordings.clips[0].file).name in heard.page().read_text(encoding="utf-8")
    shutil.copy(recordings.folder / recordings.clips[0].file, own_corpus / recordings.clips[0].file)
    again = pl.audition(made_run, own_corpus, live=quiet())
    assert again.unheard == () and any(clip.verbatim for clip in again.clips), "what was left out is not remembered"


def test_a_recording_that_is_damaged_since_is_left_out_of_the_page(made_run, recordings, own_corpus):
    shutil.copy(recordings.folder / recordings.clips[0].file, own_corpus / recordings.clips[0].file)
    heard = pl.audition(made_run, own_corpus, live=quiet())
    for clip in recordings.clips:
        (own_corpus / clip.file).write_bytes(b"no sound")
    written = heard.page().read_text(encoding="utf-8")
    assert "could not be read. " in written and '"clip 7":"data:' in written


def test_settings_that_lack_something_are_said(made_run):
    settings = {name: value for name, value in made_run.settings.items() if name != "corpus"}
    (made_run.folder / "run.json").write_text(json.dumps(settings))
    with pytest.raises(CourseError, match='"corpus" is missing'):
        pl.audition(made_run.folder)


def test_a_run_of_which_a_part_is_missing_says_so_wherever_it_is_asked_for(made_run):
    asked = {
        "sample_rate": "sample_rate",
        "model": "identity",
        "training": "identity",
        "corpus": "identity not_to_share corpus_silence",
        "references": "references",
    }
    for part, names in asked.items():
        settings = {name: value for name, value in made_run.settings.items() if name != part}
        (made_run.folder / "run.json").write_text(json.dumps(settings))
        for name in names.split():
            with pytest.raises(CourseError, match=rf'is damaged \("{part}" is missing\): take it from a copy'):
                getattr(pl.Run(made_run.folder), name)


def test_a_run_that_does_not_say_where_its_corpus_lay_is_damaged(made_run):
    del made_run.settings["corpus"]["folder"]
    (made_run.folder / "run.json").write_text(json.dumps(made_run.settings))
    with pytest.raises(CourseError, match=r"is damaged \('folder' is missing\): take it from a copy"):
        pl.audition(made_run.folder)


def test_other_files_among_the_clips_do_no_harm(made_run):
    for name in ("0001_1_t1e999.wav", "0001_1_t.wav", "0001_x_t1.wav", "mine.wav", "0001_1_t1.2.3.wav"):
        (made_run.folder / "clips" / name).write_bytes(b"no sound")
    assert len(pl.audition(made_run, live=quiet()).clips) == 8


def test_clips_are_selected_by_every_fifth_epoch_temperature_diagnosis_and_star(heard):
    epochs = [clip.played.epoch for clip in heard.select(every=3, temperature=1.0)]
    assert epochs == [3, 4], "every third, and the last"
    assert {clip.played.epoch for clip in heard.select(diagnosis="silence")} == {1}
    assert heard.select(starred=True) == []
    heard.log.star(heard.clips[2])
    assert heard.select(starred=True) == [heard.clips[2]]
    assert heard.select(voice=2) == []


@pytest.mark.parametrize("wish", [{"every": 0}, {"every": 2.5}, {"every": "5"}, {"diagnosis": "boring"}])
def test_what_cannot_be_selected_is_said(heard, wish):
    with pytest.raises(CourseError):
        heard.select(**wish)


def test_the_epoch_with_most_stars_that_can_still_be_played_is_proposed(heard):
    assert heard.proposed.epoch == heard.run.best == 3
    heard.log.star(heard.clips[7])
    assert heard.proposed.epoch == 3, "the model of epoch 4 is not there"
    heard.log.star(heard.clips[2])
    assert heard.proposed.epoch == 2 and "has the most stars" in str(heard.proposed)
    assert heard.as_dict()["proposed"]["epoch"] == 2 and str(heard.proposed) in str(heard)


def turned_down(run, epoch, decibels):
    """Noise at -20 dBFS, about -17 LUFS, is faint 36 dB lower, and no silence."""
    for clip in run.played:
        if clip.epoch == epoch:
            sound = load(clip.path)
            Clip(sound.samples * np.float32(10 ** (-decibels / 20)), sound.sample_rate).save(clip.path)


def test_an_epoch_that_cannot_be_heard_is_not_proposed_though_it_has_the_fewest_bits(made_run):
    turned_down(made_run, 3, 36)
    heard = pl.audition(made_run, live=quiet())
    assert made_run.best == 3 and heard.proposed.epoch == 2
    assert "Epoch 3 has fewer (5.20), but 2 of its 2 clips cannot be heard." in str(heard.proposed)
    assert heard.summary.startswith("8 clips of 4 epochs: 2 silence, 2 noise, 2 faint, 2 tone.")


def test_clips_with_steady_partials_are_counted_where_the_recordings_have_them(made_run, tmp_path, write_sound):
    time = np.arange(4 * 16000) / 16000
    chords = [sum(0.1 * np.sin(2 * np.pi * root * hertz * time) for hertz in (1, 2.4, 5)) for root in (200, 230, 270)]
    for root, chord in enumerate(chords):
        write_sound(tmp_path / "chords" / f"{root}.wav", chord)
    Clip(np.float32(chords[0]), 16000).save(made_run.clip_path(2, 1, 1.0))
    Clip(np.float32(1e-3 * chords[1]), 16000).save(made_run.clip_path(2, 1, 0.85))  # nobody hears those
    corpus = curate(tmp_path / "chords", tmp_path / "corpus", live=quiet())
    heard = Audition(made_run, corpus, ListeningLog(made_run, "me"), quiet())
    said = "Three steady partials or more can be heard in 1 of 8 clips, and in 100% of your recordings."
    assert said in heard.summary and heard.ringing == 1
    for clip in corpus.clips[1:]:
        (corpus.folder / clip.file).write_bytes(b"no sound")
    assert Audition(made_run, corpus, ListeningLog(made_run, "me"), quiet()).ringing == 1


def test_most_clips_that_cannot_be_heard_are_said_and_not_compared(made_run):
    for epoch in (2, 3):
        turned_down(made_run, epoch, 36)
    heard = pl.audition(made_run, live=quiet())
    assert "Most of them cannot be heard." in heard.summary
    assert "Most clips, 6 of 8, are silent or faint and are not compared." in str(heard.gap)
    assert "No clip of these epochs can be heard; epoch 3 has the fewest bits (5.20)." in str(heard.proposed)
    chapters = heard.journey().chapters
    assert [chapter.title for chapter in chapters] == [
        "Epoch 1, silence",
        "Epoch 2, faint",
        "Epoch 3, faint",
        "Epoch 4",
    ]


def test_the_map_holds_recordings_and_clips_in_groups(heard):
    sounds = heard.sounds
    groups = [piece.group for piece in sounds.pieces]
    assert groups[-8:] == ["clips, early"] * 4 + ["clips, middle"] * 2 + ["clips, late"] * 2
    assert set(groups[:-8]) == {"recordings"}
    assert len({piece.name for piece in sounds.pieces}) == len(sounds.pieces)
    assert sounds.excerpt(len(sounds.pieces) - 1).seconds == pytest.approx(2)


def test_more_clips_are_those_that_the_training_would_have_played_and_lie_among_them(straight, tmp_path):
    shutil.copytree(straight.folder, tmp_path / "run")
    run = Run(tmp_path / "run")
    heard = pl.audition(run, live=quiet())
    first = run.played[0]
    wanted = load(first.path).samples
    first.path.unlink()
    more = heard.play_more([1], [0.85, 1.2], voices=2)
    assert [clip.name for clip in more] == ["0001_1_t0.85", "0001_2_t0.85", "0001_1_t1.2", "0001_2_t1.2"]
    assert set(more) <= set(heard.clips) and len(heard.clips) == 7
    assert load(first.path).samples == pytest.approx(wanted, abs=1 / 32767)
    before = {clip.played.path: clip.played.path.stat().st_mtime_ns for clip in more}
    heard.play_more([1], [0.85, 1.2], voices=2)
    assert {path: path.stat().st_mtime_ns for path in before} == before, "what was played is not played again"


def test_what_cannot_be_played_is_said(straight, tmp_path):
    shutil.copytree(straight.folder, tmp_path / "run")
    heard = pl.audition(tmp_path / "run", live=quiet())
    with pytest.raises(CourseError, match="epoch 9"):
        heard.play_more([9], [1.0])
    with pytest.raises(CourseError, match="temperature"):
        heard.play_more([1], [0.0])
    assert len(heard.clips) == 4


def test_the_outline_of_a_sound_has_a_digit_for_each_6_db():
    steps = np.repeat(10 ** (-np.arange(0, 48 * 2, 2) / 20), 100).astype(np.float32)
    digits = [int(digit) for digit in outline(steps)]
    assert len(digits) == 48 and digits[0] == 9 and digits[-1] == 0
    assert digits == sorted(digits, reverse=True) and digits[3] - digits[6] == 1
    assert outline(np.zeros(3, np.float32)) == "0" * 48
