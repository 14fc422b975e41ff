"""What a composer chose is what becomes of the recordings."""

import numpy as np
import pytest
import soundfile

from prism_lessons import Capsule
from prism_lessons.corpus import Choices, Corpus, curate
from prism_lessons.corpus.codes import codes_of
from prism_lessons.corpus.sounds import sounds_of
from prism_lessons.errors import CourseError
from prism_lessons.quantisation import Quantisation
from prism_lessons.settings import ModelSettings
from prism_lessons.streams import Streams

RATE = 16000


@pytest.fixture
def folder(tmp_path, write_noise):
    """Four recordings of six seconds, one of them in a subfolder."""
    for seed, name in enumerate(("a.wav", "b.wav", "c.wav", "voices/d.wav")):
        write_noise(tmp_path / "recordings" / name, 6, seed)
    return tmp_path / "recordings"


@pytest.fixture
def choices(tmp_path):
    return Choices(tmp_path / "choices.jsonl")


@pytest.fixture
def make(folder, choices, tmp_path):
    return lambda: curate(folder, tmp_path / "corpus", choices=choices)


def samples_of(corpus, recording):
    return [soundfile.read(corpus.folder / clip.file)[0] for clip in corpus.clips if clip.recording == recording]


def test_without_choices_all_is_unknown_and_the_card_says_so(make):
    card = make().card()
    assert "Consent is unknown for 4 of 4 recordings" in card
    assert "What to hear: unknown" in card


def test_what_is_left_out_is_listed_with_the_reason(make, choices):
    choices.leave_out("b.wav", "a dog barks")
    corpus = make()
    assert "b.wav" not in {clip.recording for clip in corpus.clips}
    assert corpus.unused == ({"name": "b.wav", "reason": "left out by choice: a dog barks"},)
    assert "- b.wav: left out by choice: a dog barks" in corpus.card()
    choices.undo()
    assert "b.wav" in {clip.recording for clip in make().clips}


def test_a_choice_for_a_file_that_is_not_there_is_not_passed_over(make, choices):
    choices.leave_out("B.wav")
    choices.cut("c.WAV", [(0, 1)])
    reason = "has choices, but is not in the folder"
    assert make().unused == ({"name": "B.wav", "reason": reason}, {"name": "c.WAV", "reason": reason})


def test_an_offset_is_taken_out_only_where_that_was_chosen(folder, make, choices, write_sound, noise):
    for name, seed in (("e.wav", 5), ("f.wav", 6)):
        write_sound(folder / name, noise(6, seed) + 0.2)
    before = (folder / "e.wav").read_bytes()
    choices.repair("e.wav", "dc")
    corpus = make()
    (mended,), (left,) = samples_of(corpus, "e.wav"), samples_of(corpus, "f.wav")
    assert abs(mended.mean()) < 0.001 < 0.19 < left.mean()
    assert any(
        "DC offset: offset subtracted" in line
        for clip in corpus.clips
        if clip.recording == "e.wav"
        for line in clip.treatment
    )
    assert "- e.wav: DC offset" in corpus.card() and "- f.wav: DC offset" not in corpus.card()
    assert (folder / "e.wav").read_bytes() == before
    choices.leave_as_it_is("e.wav")
    assert samples_of(make(), "e.wav")[0].mean() > 0.19


def test_a_remedy_for_what_is_not_found_changes_nothing(make, choices):
    untouched = samples_of(make(), "a.wav")[0]
    choices.repair("a.wav", "dc")
    corpus = make()
    assert np.array_equal(samples_of(corpus, "a.wav")[0], untouched)
    assert not any(clip.treatment for clip in corpus.clips)


def test_segments_become_clips_whose_middle_is_the_recording_sample_for_sample(folder, make, choices):
    choices.cut("a.wav", [(0, 1.5), (2, 3.25)])
    corpus = make()
    whole = soundfile.read(folder / "a.wav")[0]
    first, second = samples_of(corpus, "a.wav")
    assert [clip.start for clip in corpus.clips if clip.recording == "a.wav"] == [0, 2 * RATE]
    fade = round(0.005 * RATE)
    assert np.array_equal(first[:-fade], whole[: len(first) - fade]) and len(first) == 1.5 * RATE
    assert np.array_equal(second[fade:-fade], whole[2 * RATE + fade : round(3.25 * RATE) - fade])
    # A cut into the sound would click: it begins and ends next to nothing.
    assert abs(second[0]) <= abs(whole[2 * RATE]) / fade + 1e-4
    assert "- a.wav: cut into 2 clips" in corpus.card()


def test_segments_of_one_recording_stay_on_one_side(make, choices):
    for name in ("a.wav", "b.wav", "c.wav", "voices/d.wav"):
        choices.cut(name, [(0, 2), (2, 4), (4, 6)])
    corpus = make()
    sides = {}
    for clip in corpus.clips:
        sides.setdefault(clip.recording, set()).add(clip.split)
    assert all(len(side) == 1 for side in sides.values())
    again = make()
    assert [(clip.file, clip.split) for clip in again.clips] == [(clip.file, clip.split) for clip in corpus.clips]


def test_of_one_recording_in_segments_the_last_are_kept(tmp_path, choices, write_noise):
    write_noise(tmp_path / "one" / "take.wav", 30, 1)
    choices.cut("take.wav", [(start, start + 2.5) for start in range(0, 30, 3)])
    corpus = curate(tmp_path / "one", tmp_path / "corpus", choices=choices)
    kept = corpus.of("validation")
    assert sum(clip.samples for clip in kept) == pytest.approx(0.1 * 25 * RATE, abs=1)
    assert min(clip.start for clip in kept) > max(clip.start for clip in corpus.of("training"))
    again = curate(tmp_path / "one", tmp_path / "corpus", choices=choices)
    assert again.digest == corpus.digest


def test_a_segment_beyond_the_end_is_cut_short(make, choices):
    choices.cut("a.wav", [(5, 60)])
    assert [len(samples) for samples in samples_of(make(), "a.wav")] == [RATE]


def test_what_is_weighed_double_is_met_twice_in_every_pass(make, choices):
    choices.weigh("voices/*", 2)
    corpus = make()
    weights = {clip.recording: clip.times for clip in corpus.of("training")}
    if "voices/d.wav" not in weights:  # kept for validation, where nothing is weighed
        choices.weigh("*", 2)
        corpus = make()
    codes = codes_of(corpus, "training", Quantisation("mu-law", 256))
    streams = Streams(codes, streams=2, window=512, context=16, seed=0)
    windows = streams.windows(0)
    counts = np.bincount(
        np.searchsorted(codes.starts[0], windows.position[windows.position < windows.end], "right") - 1
    )
    once = -(-codes.lengths[0] // 512)
    assert list(counts) == list(once * codes.repeats) and codes.repeats.max() == 2
    assert codes.samples_per_epoch == codes.lengths[0] @ codes.repeats > codes.samples
    assert corpus.heard_seconds > corpus.seconds("training")
    assert all(clip.times == 1 for clip in corpus.of("validation"))


def test_a_group_is_named_by_the_folder_or_by_a_choice(make, choices):
    folders = make()
    assert {clip.group for clip in folders.clips if "/" in clip.recording} == {"voices"}
    assert {clip.group for clip in folders.clips if "/" not in clip.recording} == {""}
    choices.label("*", "all")
    choices.label("voices/*", "whisper")
    chosen = make()
    assert {clip.recording: clip.group for clip in chosen.clips} == {
        clip.recording: "whisper" if "/" in clip.recording else "all" for clip in folders.clips
    }
    assert chosen.labels == tuple(sorted({clip.group for clip in chosen.of("training")}))
    assert chosen.digest != folders.digest  # a run that is told these names does not go on without them
    assert codes_of(chosen, "training", Quantisation()).labels == tuple(clip.group for clip in chosen.of("training"))


def test_weights_are_part_of_what_names_a_corpus(make, choices):
    plain = make().digest
    choices.weigh("*", 3)
    assert make().digest != plain


def test_intention_and_origin_are_in_the_card_and_survive_being_opened_again(make, choices, tmp_path):
    choices.intend("a choir of fridges", "I listen twice", "something I could not have imagined")
    choices.origin("*", maker="me", consent="own work", share_model="yes")
    choices.origin("voices/*", maker="Anna | <b>", date="May 2026", consent="given by the maker")
    corpus = make()
    card = corpus.card()
    assert "What to hear: a choir of fridges" in card and "something I could not have imagined" in card
    assert "| voices/d.wav | Anna \\| &lt;b> | May 2026 | unknown | given by the maker | unknown | yes |" in card
    assert "Consent is unknown" not in card
    opened = Corpus.open(tmp_path / "corpus")
    assert opened.intention == corpus.intention and opened.origins == corpus.origins
    assert (tmp_path / "corpus" / "card.md").read_text(encoding="utf-8") == card == opened.card()


@pytest.mark.parametrize("said", [{"consent": "no consent"}, {"share_model": "no"}])
def test_a_model_of_a_source_without_consent_cannot_be_shared(make, choices, said, tmp_path):
    choices.origin("*", consent="own work", share_model="yes")
    choices.origin("voices/d.wav", **said)
    corpus = make()
    assert len(corpus.not_to_share) == 1 and corpus.not_to_share[0].startswith("voices/d.wav: ")
    assert "**No model trained on this corpus may be shared:**" in corpus.card()
    capsule = Capsule(ModelSettings(), RATE, {}, {"not_to_share": corpus.not_to_share}, corpus.card())
    with pytest.raises(CourseError, match=r"may not be shared, because of voices/d.wav"):
        capsule.share(tmp_path / "mine.capsule")
    assert not (tmp_path / "mine.capsule").exists()
    assert capsule.save(tmp_path / "mine.capsule").exists()  # for oneself
    choices.leave_out("voices/d.wav")
    assert not make().not_to_share


def test_near_duplicates_stay_on_one_side_of_the_split(tmp_path, write_sound):
    folder = tmp_path / "recordings"
    chance = np.random.default_rng(3)
    time = np.arange(4 * RATE) / RATE
    for number in range(8):
        pitches = chance.uniform(200, 3000, 6)
        sound = sum(np.sin(2 * np.pi * pitch * time) * np.exp(-time * chance.uniform(0.5, 3)) for pitch in pitches) / 12
        write_sound(folder / f"{number}.wav", sound)
        write_sound(folder / f"{number} softer.wav", 0.5 * np.concatenate([np.zeros(400), sound]))
    corpus = curate(folder, tmp_path / "corpus", validation=0.3)
    assert {frozenset((twin["first"], twin["second"])) for twin in corpus.twins} == {
        frozenset((f"{number}.wav", f"{number} softer.wav")) for number in range(8)
    }
    side = {clip.recording: clip.split for clip in corpus.clips}
    assert all(side[f"{number}.wav"] == side[f"{number} softer.wav"] for number in range(8))
    assert "share a sound: the same" in str(corpus) and "share a sound (the same" in corpus.card()


def test_the_pieces_of_a_corpus_cover_it_and_say_where_they_are_from(make, choices):
    choices.cut("a.wav", [(1, 2), (3, 3.5)])
    corpus = make()
    sounds = sounds_of(corpus)
    assert sum(piece.seconds for piece in sounds.pieces) == pytest.approx(corpus.seconds())
    names = [piece.name for piece in sounds.pieces]
    assert {"a.wav, 0:01.0", "a.wav, 0:03.0", "b.wav, 0:00.0", "b.wav, 0:03.0"} <= set(names)
    assert {piece.group for piece in sounds.pieces} == {"a.wav", "b.wav", "c.wav", "voices"}
    assert [round(sound.clip.seconds, 1) for sound in sounds] == [round(piece.seconds, 1) for piece in sounds.pieces]


def test_the_pieces_of_a_folder_are_those_of_its_usable_files(folder):
    (folder / "notes.txt").write_text("later")
    sounds = sounds_of(folder)
    assert sum(piece.seconds for piece in sounds.pieces) == pytest.approx(24)
    clip = sounds.excerpt(1)
    assert np.array_equal(clip.samples, soundfile.read(folder / "a.wav", dtype="float32")[0][3 * RATE :])


def test_only_silence_is_laid_on_the_channels(folder, make, write_sound):
    wave = 0.5 * np.sin(np.arange(RATE))
    write_sound(folder / "click.wav", np.full((100, 2), 0.5))
    write_sound(folder / "inverted.wav", np.stack([wave, -wave], 1))
    reasons = {file["name"]: file["reason"] for file in make().unused}
    assert reasons["click.wav"] == "too short (6.2 ms)"
    assert reasons["inverted.wav"].endswith("its channels may cancel each other: survey it")
