"""A capsule travels: what it carries, and what it refuses to be."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons import file_format
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
    file_format.write(tmp_path / "x.capsule", "capsule", values, weights or capsule.weights, {"card.md": ""})
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
        {"model": {"frame_sizes": [4] * 100_000}},
        {"model": {"frame_sizes": [4, True]}},
        {"model": {"levels": 10**300, "dim": 4096}},
        {"model": {"frame_sizes": [1024, 4096], "dim": 4096, "layers": 10, "levels": 65536, "embedding": 4096}},
        {"model": {"colour\n\x1b[2J" * 1000: 1}},
        {"sample_rate": True},
        {"sample_rate": float("nan")},
    ],
)
def test_settings_that_cannot_be_are_refused(capsule, tmp_path, about):
    with pytest.raises(CourseError) as refused:
        pl.load(saved(capsule, tmp_path, **about))
    assert len(str(refused.value)) < 400 and str(refused.value).isprintable()


def test_weights_that_are_no_numbers_are_refused(capsule, tmp_path):
    name = next(iter(capsule.weights))
    broken = capsule.weights[name].copy()
    broken.flat[0] = np.nan
    with pytest.raises(CourseError, match="not finite numbers"):
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
        pl.load(saved(capsule, tmp_path, weights))


def test_weights_of_another_kind_of_number_are_refused(capsule, tmp_path):
    name = next(iter(capsule.weights))
    with pytest.raises(CourseError, match="not finite numbers"):
        pl.load(saved(capsule, tmp_path, {**capsule.weights, name: capsule.weights[name].astype(np.float16)}))


@pytest.mark.parametrize(
    "about",
    [
        [],
        None,
        "mine",
        {"epoch": "../../elsewhere"},
        {"epoch": -1},
        {"epoch": True},
        {"epoch": 10**30},
        {"run": 3},
        {"not_to_share": "no"},
        {"not_to_share": [3]},
        {"begun_from": "another"},
        {"listening": {"a": 1}},
        {"validation_bits": [3.5]},
    ],
)
def test_what_a_capsule_says_of_itself_in_wrong_kinds_is_refused(capsule, tmp_path, about):
    with pytest.raises(CourseError, match="not a complete capsule"):
        pl.load(saved(capsule, tmp_path, about=about))


def test_a_capsule_may_say_more_of_itself_than_the_course_asks(capsule, tmp_path):
    about = {"epoch": None, "made with": ["love", {"and": 3}]}
    assert pl.load(saved(capsule, tmp_path, about=about)).about == about


def test_capsules_of_an_earlier_version_are_read():
    paths = sorted((Path(__file__).parents[1] / "datasets_examples").rglob("*.capsule"))
    assert paths and all(pl.load(path).weights for path in paths)


def test_a_capsule_is_opened_without_tensorflow(capsule, tmp_path):
    path = capsule.save(tmp_path / "a.capsule")
    code = f"import prism_lessons as pl, sys; pl.load({str(path)!r}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "prism_lessons.capsule" in loaded and not {"tensorflow", "keras"} & set(loaded)


def test_a_model_of_many_recordings_that_forbid_it_is_refused_in_a_sentence_that_can_be_read(capsule, tmp_path):
    names = [f"take {number}.wav: its model may not be shared" for number in range(11)]
    forbidden = replace(capsule, about={**capsule.about, "not_to_share": names})
    with pytest.raises(CourseError) as caught:
        forbidden.share(tmp_path / "small.capsule")
    said = str(caught.value)
    assert all(name in said for name in names[:3]) and "take 3" not in said and "; and 8 more: ask" in said
    assert not (tmp_path / "small.capsule").exists() and forbidden.save(tmp_path / "mine.capsule").is_file()
