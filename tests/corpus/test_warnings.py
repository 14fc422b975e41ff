"""What is said of a corpus before it is trained on."""

import json
import shutil

import numpy as np
import pytest

from prism_lessons.corpus import Choices, Corpus, curate, is_mostly_silent
from prism_lessons.run import Run


def sound_of(write_sound, path, noise, silence, rate=8000):
    return write_sound(path, np.concatenate([noise, np.zeros(round(silence * rate), np.float32)]), rate)


def test_a_corpus_of_95_percent_silence_says_so_wherever_it_is_shown(mostly_silent):
    assert mostly_silent.silence == pytest.approx(0.95, abs=0.002)  # a stretch of 20 ms is 0.002 of ten seconds
    warning, *_ = mostly_silent.warnings
    assert warning.startswith("95% of the sound to train on is silence (below -60 dBFS), above all in ")
    assert "leave silent recordings out, keep only the segments that sound, or have very soft" in warning
    assert warning in " ".join(str(mostly_silent).split()) and warning in mostly_silent.card()
    written = json.loads((mostly_silent.folder / "corpus.json").read_text())
    assert written["silence"] == pytest.approx(0.95, abs=0.002) and warning in written["warnings"]


def test_the_bound_is_one_half():
    assert not is_mostly_silent(0.5) and is_mostly_silent(0.501)
    assert not is_mostly_silent(None)


def test_a_corpus_that_is_soft_throughout_is_silence_too(tmp_path, noise, write_sound):
    """-66 dBFS RMS: all of it lies within a handful of the 256 values that a model hears."""
    for seed in range(4):
        write_sound(tmp_path / "recordings" / f"{seed}.wav", 0.005 * noise(4, seed), subtype="FLOAT")
    corpus = curate(tmp_path / "recordings", tmp_path / "corpus")
    assert corpus.silence == 1.0 and is_mostly_silent(corpus.silence)


def test_what_is_heard_twice_counts_twice_and_validation_does_not_count(tmp_path, noise, write_sound):
    for seed in range(5):
        sound_of(write_sound, tmp_path / "recordings" / f"{seed}.wav", noise(2, seed, 8000), 2.0 * (seed == 0))
    choices = Choices(tmp_path / "choices.jsonl")
    choices.weigh("0.wav", 3)
    corpus = curate(tmp_path / "recordings", tmp_path / "corpus", 8000, choices=choices)
    weighed = [clip.times * clip.samples for clip in corpus.of("training")]
    silent = 3 * 16_000 * any(clip.recording == "0.wav" for clip in corpus.of("training"))
    assert corpus.silence == pytest.approx(silent / sum(weighed), abs=0.002)


def test_corpora_made_before_have_their_share_too(mostly_silent, tmp_path):
    """It is worked out from the clips, so that what an older version wrote needs not name it."""
    folder = shutil.copytree(mostly_silent.folder, tmp_path / "corpus")
    values = json.loads((folder / "corpus.json").read_text())
    del values["silence"], values["warnings"]
    (folder / "corpus.json").write_text(json.dumps(values))
    assert Corpus.open(folder).silence == mostly_silent.silence


def test_a_run_made_before_has_no_share(pytestconfig):
    run = Run(pytestconfig.rootpath / "datasets_examples" / "trained" / "bells")
    run.settings["corpus"].pop("silence", None)
    assert run.corpus_silence is None and not is_mostly_silent(run.corpus_silence)


def test_one_recording_alone_is_named_as_what_validation_is(tmp_path, write_noise):
    write_noise(tmp_path / "recordings" / "alone.wav", 20)
    (warning,) = curate(tmp_path / "recordings", tmp_path / "corpus").warnings
    assert warning.startswith("All sound is from one recording, and its last 2.0 s are kept for validation")


def test_a_single_recording_that_decides_validation_is_named_with_its_length(tmp_path, write_noise):
    for seed in range(4):
        write_noise(tmp_path / "recordings" / f"take {seed}.wav", 4, seed)
    corpus = curate(tmp_path / "recordings", tmp_path / "corpus")
    (kept,) = corpus.of("validation")
    (warning,) = corpus.warnings
    assert warning.startswith(f'Validation is one recording, "{kept.recording}" (4.0 s), so a single odd moment')


def test_where_validation_is_several_recordings_nothing_is_said(tmp_path, write_noise):
    for seed in range(30):
        write_noise(tmp_path / "recordings" / f"take {seed}.wav", 1, seed)
    corpus = curate(tmp_path / "recordings", tmp_path / "corpus", validation=0.3)
    assert len(corpus.of("validation")) > 1 and corpus.warnings == []
