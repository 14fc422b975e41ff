"""Bits per sample, against what can be worked out by hand."""

import math

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons.audio import Clip
from prism_lessons.backend import keras
from prism_lessons.capsule import Capsule
from prism_lessons.corpus.codes import Codes
from prism_lessons.errors import CourseError
from prism_lessons.model import SampleRNN
from prism_lessons.scoring import Scorer
from prism_lessons.settings import ModelSettings


@pytest.fixture(scope="module", params=[{}, {"predictors": (8, 16), "book": 2}], ids=["plain", "with predictors"])
def model(request):
    keras.utils.set_random_seed(5)
    return SampleRNN(ModelSettings(frame_sizes=(4, 16), dim=12, embedding=6, **request.param))


def by_hand(model, codes):
    """-log2 of the probability of each code, from a fresh state and silence."""
    silence = np.full(model.settings.largest_frame, model.settings.codec.centre)
    logits = model.logits(np.concatenate([silence, codes])[None])[0].astype(np.float64)
    probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities /= probabilities.sum(-1, keepdims=True)
    return -np.log2(probabilities[np.arange(len(codes)), codes])


def test_bits_are_the_mean_over_all_samples_of_pieces_of_any_length(model, monkeypatch):
    monkeypatch.setattr("prism_lessons.scoring.WINDOW", 64)
    monkeypatch.setattr("prism_lessons.scoring.VOICES", 3)
    rng = np.random.default_rng(0)
    clips = [rng.integers(256, size=length) for length in (500, 3, 64, 65, 129, 1, 200)]
    codes = Codes.of_arrays(clips, 128)
    first, end = codes.starts[0], codes.starts[0] + codes.lengths[0]
    expected = np.mean(np.concatenate([by_hand(model, clip) for clip in clips]))
    assert Scorer(model)(codes, first, first, end) == pytest.approx(expected, rel=1e-5)


def test_an_excerpt_hears_what_came_before_it_but_begins_from_a_fresh_state(model):
    clip = np.random.default_rng(0).integers(256, size=400)
    codes = Codes.of_arrays([clip], 128)
    bits = Scorer(model)(codes, np.array([0]), np.array([100]), np.array([300]))
    logits = model.logits(clip[None, 84:300])[0].astype(np.float64)
    expected = -np.mean(
        [row[code] - math.log(np.exp(row).sum()) for row, code in zip(logits, clip[100:300], strict=True)]
    )
    assert bits == pytest.approx(expected / math.log(2), rel=1e-5)


def test_score_is_the_same_for_a_clip_its_file_and_its_folder(model, tmp_path):
    capsule = Capsule.of(model, 16000, {}, "")
    clip = Clip(np.sin(np.arange(4000) * 0.05).astype(np.float32) * 0.4, 16000)
    clip.save(tmp_path / "a.wav")
    (tmp_path / "notes.txt").write_text("not a sound")
    bits = pl.score(capsule, tmp_path / "a.wav")
    assert bits == pl.score(capsule, tmp_path)
    assert bits == pytest.approx(pl.score(capsule, clip), rel=1e-3)  # 16-bit rounding moves a few codes
    codes = capsule.settings.codec.encode(clip.samples)
    assert pl.score(capsule, clip) == pytest.approx(by_hand(model, codes.astype(int)).mean(), rel=1e-5)


def test_score_says_when_there_is_nothing_to_score(model, tmp_path):
    capsule = Capsule.of(model, 16000, {}, "")
    (tmp_path / "notes.txt").write_text("not a sound")
    with pytest.raises(CourseError, match="no sound"):
        pl.score(capsule, tmp_path)
    with pytest.raises(CourseError, match="8000 Hz"):
        pl.score(capsule, Clip(np.zeros(100, np.float32), 8000))
