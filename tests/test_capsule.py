"""A capsule travels: what it carries, and what it refuses to be."""

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons import container
from prism_lessons.backend import keras
from prism_lessons.capsule import Capsule
from prism_lessons.errors import CourseError
from prism_lessons.model import SampleRNN
from prism_lessons.settings import ModelSettings

SETTINGS = ModelSettings(frame_sizes=(4, 16), dim=8, embedding=4, cell="lstm", layers=2, skip_connections=True)


@pytest.fixture(scope="module")
def capsule():
    keras.utils.set_random_seed(1)
    return Capsule.of(SampleRNN(SETTINGS), 16000, {"epoch": 3}, "# Card")


def test_a_capsule_read_again_is_the_same_model(capsule, tmp_path):
    read = pl.load(capsule.save(tmp_path / "a.capsule"))
    assert (read.settings, read.sample_rate, read.about, read.card) == (SETTINGS, 16000, {"epoch": 3}, "# Card")
    codes = np.random.default_rng(0).integers(256, size=(2, 100))
    np.testing.assert_array_equal(read.model.logits(codes), capsule.model.logits(codes))


def saved(capsule, tmp_path, weights=None, **about):
    values = {"format": 1, "model": vars(SETTINGS), "sample_rate": 16000, "about": {}, **about}
    container.write(tmp_path / "x.capsule", "capsule", values, weights or capsule.weights, {"card.md": ""})
    return tmp_path / "x.capsule"


@pytest.mark.parametrize(
    "about",
    [
        {"format": 99},
        {"sample_rate": 3},
        {"sample_rate": "fast"},
        {"sample_rate": None},
        {"model": {"dim": 8, "colour": "red"}},
        {"model": {"dim": -1}},
        {"model": {"dim": "8"}},
        {"model": {"frame_sizes": 4}},
        {"model": {"dropout": "no"}},
        {"model": None},
    ],
)
def test_settings_that_cannot_be_are_refused(capsule, tmp_path, about):
    with pytest.raises(CourseError):
        pl.load(saved(capsule, tmp_path, **about))


def test_weights_that_are_no_numbers_are_refused(capsule, tmp_path):
    name = next(iter(capsule.weights))
    broken = capsule.weights[name].copy()
    broken.flat[0] = np.nan
    with pytest.raises(CourseError, match="no finite numbers"):
        pl.load(saved(capsule, tmp_path, {**capsule.weights, name: broken}))


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: weights.popitem(),
        lambda weights: weights.update(more=np.zeros(3, np.float32)),
        lambda weights: weights.update({"sample_tier/embedding": np.zeros((256, 5), np.float32)}),
    ],
)
def test_weights_that_do_not_fit_the_settings_are_refused_by_name(capsule, tmp_path, change):
    weights = dict(capsule.weights)
    change(weights)
    with pytest.raises(CourseError, match="do not fit"):
        pl.load(saved(capsule, tmp_path, weights)).model  # noqa: B018
