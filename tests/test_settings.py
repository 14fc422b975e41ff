"""Settings: each says what it is, in one place, and refuses what it cannot be."""

import json
import re

import numpy as np
import pytest

from prism_lessons.errors import CourseError
from prism_lessons.presets import PRESETS
from prism_lessons.quantisation import Quantisation
from prism_lessons.settings import Augmentation, ModelSettings, TrainingSettings, described

ALL = [
    (settings, about) for settings in (ModelSettings, TrainingSettings, Augmentation) for about in described(settings)
]
NUMBERS = [(settings, about) for settings, about in ALL if about.low is not None and about.kind is not str]


def names(cases):
    return [f"{settings.__name__}.{about.name}" for settings, about in cases]


def made(settings, about, value):
    return settings(**{about.name: (value,) if about.several else value})


every = pytest.mark.parametrize(("settings", "about"), ALL, ids=names(ALL))
every_number = pytest.mark.parametrize(("settings", "about"), NUMBERS, ids=names(NUMBERS))


@every
def test_a_setting_has_words_a_range_or_choices_and_a_source(settings, about):
    assert about.label and about.source
    assert re.fullmatch(r"[^.].*\.", about.effect)
    assert bool(about.choices) != (about.low is not None and about.low < about.high)


@every
def test_a_default_is_within_its_range_and_is_what_one_gets(settings, about):
    about.check(about.default)
    assert getattr(settings(), about.name) == about.default


@every
def test_the_values_of_the_presets_are_within_their_ranges(settings, about):
    for preset in PRESETS.values():
        part = preset.model if settings is ModelSettings else preset.training
        about.check(getattr(part, about.name))


@every_number
def test_both_ends_of_a_range_are_within_it(settings, about):
    for end in (about.low, about.high):
        value = getattr(made(settings, about, end), about.name)
        assert value == ((end,) if about.several else end)


@every_number
def test_what_lies_outside_a_range_or_is_no_number_is_refused_by_name(settings, about):
    for value in (about.low - 1, about.high + 1, float("nan"), "many", True):
        with pytest.raises(CourseError, match=f"^{about.name} must .*{re.escape(about.range.removeprefix('each '))}"):
            made(settings, about, value)


@every_number
def test_whole_numbers_are_whole_and_others_need_not_be(settings, about):
    between = about.low + 0.5 if about.kind is int else (about.low + about.high) / 2
    if about.kind is int:
        with pytest.raises(CourseError, match=f"{about.name} must .*whole number"):
            made(settings, about, between)
    else:
        made(settings, about, between)


@pytest.mark.parametrize(
    ("settings", "about"),
    [case for case in ALL if case[1].choices],
    ids=names([case for case in ALL if case[1].choices]),
)
def test_what_is_not_among_the_choices_is_refused_and_the_choices_are_named(settings, about):
    for choice in about.choices:
        assert getattr(made(settings, about, choice), about.name) == choice
    for value in ("neither", 1, None):
        with pytest.raises(CourseError, match=about.name) as refusal:
            made(settings, about, value)
        assert all(str(choice) in str(refusal.value) for choice in about.choices)


def test_what_a_source_says_of_a_sketch_is_what_a_sketch_has():
    named = 0
    for part in ("model", "training"):
        sketch = getattr(PRESETS["sketch"], part)
        for about in described(sketch):
            for values in re.findall(r"([\d.]+(?: and [\d.]+)?) for a sketch", about.source):
                named += 1
                value = getattr(sketch, about.name)
                has = list(value) if about.several else [value]
                assert [float(each) for each in values.split(" and ")] == has, about.name
    assert named >= 4


def test_only_patience_may_be_none():
    assert TrainingSettings(patience=None).patience is None
    for settings, about in ALL:
        if about.name != "patience":
            with pytest.raises(CourseError, match=about.name):
                settings(**{about.name: None})


def test_lists_are_taken_as_json_brings_them_and_single_numbers_are_refused():
    assert ModelSettings(frame_sizes=[8, 32]).frame_sizes == (8, 32)
    assert TrainingSettings(clip_temperatures=[1]).clip_temperatures == (1,)
    for wrong in (8, "8, 32"):
        with pytest.raises(CourseError, match=r"frame_sizes must be numbers in brackets, such as \(16, 64\)"):
            ModelSettings(frame_sizes=wrong)


@every_number
def test_a_range_is_written_in_figures(settings, about):
    low, high = re.search(r"([\d.,]+) to ([\d.,]+)$", about.range).groups()
    assert [float(end.replace(",", "")) for end in (low, high)] == [about.low, about.high]


@every_number
def test_a_refusal_shows_that_a_number_in_quotation_marks_is_none(settings, about):
    with pytest.raises(CourseError, match=r"not (\['|\")1"):
        made(settings, about, "1")


def test_numpy_s_numbers_are_numbers_and_become_python_s():
    settings = TrainingSettings(
        streams=np.int64(4), learning_rate=np.float32(0.5**8), clip_temperatures=[np.float64(1)]
    )
    assert settings == TrainingSettings(4, learning_rate=0.5**8, clip_temperatures=(1.0,))
    json.dumps(vars(settings))


def test_frames_are_one_to_three():
    assert ModelSettings(frame_sizes=(2, 4, 8)).largest_frame == 8
    for wrong in ((), (2, 4, 8, 16)):
        with pytest.raises(CourseError, match="one to three"):
            ModelSettings(frame_sizes=wrong)


def test_the_codes_of_every_model_can_be_made():
    (levels,) = [about for about in described(ModelSettings) if about.name == "levels"]
    for count in (levels.low, levels.high):
        assert ModelSettings(levels=count).codec == Quantisation("mu-law", count)
    for count in (levels.low - 1, levels.high + 1):
        with pytest.raises(CourseError):
            Quantisation("mu-law", count)


def test_a_variation_is_described_alike_for_a_training_and_for_itself():
    known = {about.name: about for about in described(TrainingSettings)}
    assert [known[about.name] for about in described(Augmentation)] == described(Augmentation)
    assert TrainingSettings(versions=4, gain_db=6).augmentation == Augmentation(versions=4, gain_db=6)
