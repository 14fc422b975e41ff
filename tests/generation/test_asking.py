"""What can be asked of a model that was trained with labels and descriptors."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prism_lessons.analysis import descriptors_of
from prism_lessons.errors import CourseError
from prism_lessons.generation import Envelope, generate, mix, perform
from prism_lessons.generation.asking import asked_of
from prism_lessons.generation.engines import ENGINES
from prism_lessons.generation.numba_engine import NumbaEngine
from prism_lessons.generation.sampler import starting_state

SHAPE = {"frame_sizes": (4, 8), "predictors": (8, 32), "book": 6, "labels": ("bells", "breath")}
SECONDS = 0.1
TIMES = np.array([0.0, 5, 10])
BELLS, BREATH = (Path(__file__).parents[2] / "datasets_examples" / "trained" / name for name in ("bells", "breath"))


@pytest.fixture
def capsule(made):
    capsule = made(**SHAPE)
    labels = np.repeat(np.eye(2, dtype=np.float32), 3, axis=0)
    return replace(capsule, weights=capsule.weights | {"moment_labels": labels})


def asked(capsule, **what):
    (one,) = asked_of([capsule], 1, **what)
    return one


def level(one, times=TIMES):
    return one.predicted_at(times, 16000)[:, 0]


def samples(takes):
    return np.stack([take.samples for take in takes])


@pytest.mark.parametrize(
    ("label", "shares"),
    [
        ("bells", [[1, 0]] * 3),
        ("breath:0.5, bells:0.25", [[0.25, 0.5]] * 3),
        ("0:breath, 10:bells", [[0, 1], [0.5, 0.5], [1, 0]]),
        ({"bells": "0:0, 10:1"}, [[0, 0], [0.5, 0], [1, 0]]),
        ({"bells": Envelope(((0, 1),)), "breath": 0.5}, [[1, 0.5]] * 3),
        (None, [[0, 0]] * 3),
    ],
)
def test_a_label_a_blend_and_a_line_of_labels_say_how_much_of_each(capsule, label, shares):
    np.testing.assert_allclose(asked(capsule, label=label).labels_at(TIMES, SHAPE["labels"]), shares)


@pytest.mark.parametrize("loudness", [-20, "-20", Envelope(((0, -20),)), np.full(2000, -20.0)])
def test_a_loudness_is_a_level_of_full_scale(capsule, loudness):
    np.testing.assert_allclose(level(asked(capsule, loudness=loudness)), [0.1] * 3, rtol=1e-6)


def test_a_brightness_is_how_much_samples_rise(capsule):
    """As the rises of a sine of that frequency do, beside the sine itself."""
    one = asked(capsule, brightness="0:69, 10:93")
    sine = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    rise = np.mean(np.diff(sine) ** 2) / np.mean(sine**2)
    assert one.predicted_at(TIMES, 16000)[0] == pytest.approx([0, rise], rel=1e-3)
    above = asked(capsule, brightness=120).predicted_at(TIMES, 16000)[:, 1]
    assert above == pytest.approx([4 * np.sin(0.45 * np.pi) ** 2] * 3)  # a model at 16 kHz has no 8.4 kHz


def test_where_a_drawn_line_has_no_value_no_level_is_asked(capsule):
    line = np.full(600, -20.0)
    line[:100] = np.nan
    np.testing.assert_allclose(level(asked(capsule, loudness=line)), [0, 0.1, 0])


def test_a_drawn_line_that_leads_beyond_full_scale_is_cut_there(capsule):
    line = np.repeat([12.0, -200.0], 400)
    np.testing.assert_allclose(level(asked(capsule, loudness=line)), [1, 1e-4, 0])


def test_a_gesture_is_moved_to_where_the_model_is_loudest(capsule, write_sound, tmp_path):
    sound = np.sin(np.arange(32000) / 5) * np.repeat([0.01, 0.1], 16000)
    one = asked(capsule, follow=write_sound(tmp_path / "voice.wav", sound, 16000))
    soft, loud = level(one, np.array([0.5, 1.5]))
    assert loud == pytest.approx(capsule.weights["loudest"][0] / 2, rel=0.03)  # 6 dB below that of 2 ms
    assert loud / soft == pytest.approx(10, rel=0.03)
    assert one.about["follow"] == "voice"
    both = asked(capsule, follow=tmp_path / "voice.wav", brightness=60)  # the gesture is that of its loudness alone
    assert (both.predicted_at(TIMES[:1], 16000) > 0).all() and set(both.about) == {"follow", "brightness"}


def test_each_voice_can_be_asked_for_something_else(capsule):
    one, two = asked_of([capsule], 2, label=["bells", "breath"], loudness=[-40, -20])
    assert one.about == {"label": "bells", "loudness": "-40"} and two.about == {"label": "breath", "loudness": "-20"}
    assert level(one)[0] == pytest.approx(0.01) and level(two)[0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"label": "gongs"}, 'This model has no label "gongs": choose from bells, breath.'),
        ({"label": "0:bells, breath:0.5"}, "mixes shares and times"),
        ({"label": "bells:2"}, 'The share of "bells" must be 0 to 1'),
        ({"label": "x:bells"}, "is not a line for"),
        ({"label": 3}, "label must be a name"),
        ({"label": {}}, "label must be a name"),
        ({"label": ""}, "label must be a name"),
        ({"label": ["bells", "breath"]}, "2 values of label were given for 1 voices"),
        ({"loudness": 3}, "loudness must be -80 to 0, not 3"),
        ({"loudness": "soft"}, '"soft" is not a line for the loudness'),
        ({"loudness": -20, "follow": "voice.wav"}, "leave out follow or loudness"),
        ({"brightness": 10}, "brightness must be 36 to 120, not 10"),
        ({"follow": "not there.wav"}, "not there.wav"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(capsule, what, sentence):
    with pytest.raises(CourseError, match=re.escape(sentence)):
        asked(capsule, **what)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"label": "bells"}, "without labels"),
        ({"loudness": -20}, "a loudness: it has no predictors"),
        ({"brightness": 60}, "a brightness: it has no predictors"),
        ({"follow": "a.wav"}, "no predictors"),
    ],
)
def test_a_model_that_was_not_made_for_it_says_so(made, what, sentence):
    with pytest.raises(CourseError, match=sentence):
        generate(made(frame_sizes=(4, 8)), SECONDS, 1, **what)


@pytest.mark.parametrize("engine", ENGINES)
def test_takes_differ_by_what_is_asked_and_by_nothing_else(capsule, engine):
    labels = ["bells", "breath", "bells:0.5"]
    takes = generate(capsule, SECONDS, 3, seed=[1, 1, 1], engine=engine, label=labels)
    again = generate(capsule, SECONDS, 1, seed=1, engine=engine, label="breath")
    np.testing.assert_array_equal(takes[1].samples, again[0].samples)
    assert all((takes[0].samples != other.samples).any() for other in takes[1:])
    assert [take.about["label"] for take in takes] == labels and "_breath" in takes[1].name


def test_a_loudness_is_asked_of_numba_s_engine(capsule):
    with pytest.raises(CourseError, match='engine "numba" only'):
        generate(capsule, SECONDS, 1, engine="tensorflow", loudness=-20)
    with pytest.raises(CourseError, match="A brightness can be asked"):
        generate(capsule, SECONDS, 1, engine="tensorflow", brightness=60)


def test_a_model_that_rings_heads_for_the_loudness_it_is_asked_for():
    """From a loud moment of the recordings to soft, loud, and soft again; without being asked, bells only die away."""
    line = "0:-45, 1:-45, 1:-15, 2:-15, 2:-45, 3:-45"
    takes = generate(BELLS, 3, 4, loudness=line)
    heard = np.array([descriptors_of(take.samples, 16000, ["loudness"])[:, 0] for take in takes])
    soft, loud, again = (np.median(heard[:, place : place + 40]) for place in (50, 150, 250))
    assert loud - soft > 15 and loud - again > 15
    assert max(abs(soft + 45), abs(loud + 15), abs(again + 45)) < 9


def test_a_model_that_hisses_heads_for_the_brightness_it_is_asked_for():
    takes = generate(BREATH, 3, 4, brightness="0:62, 1:62, 1:92, 2:92, 2:62, 3:62")
    heard = np.array([descriptors_of(take.samples, 16000, ["brightness", "loudness"]) for take in takes])
    dark, bright, again = (np.nanmedian(heard[:, place : place + 40, 0]) for place in (50, 150, 250))
    assert bright - dark > 12 and bright - again > 12
    before, during = (np.nanmedian(heard[:, place : place + 40, 1]) for place in (50, 150))
    assert during - before < 3  # it is no louder for it; it may be softer


def test_a_take_begins_from_a_moment_with_its_label(capsule):
    engine = NumbaEngine([(capsule.settings, capsule.weights)])
    keys = [(seed, 0) for seed in range(20)]
    for place in (0, 1):
        asked = np.zeros((20, engine.asked), np.float32)
        asked[:, place] = 1
        state = starting_state(engine, keys, asked)
        ends = engine.moments[3 * place : 3 * place + 3, -engine.largest :]
        assert all((row == ends).all(axis=1).any() for row in state.past)
    unasked = starting_state(engine, keys, np.zeros((20, engine.asked), np.float32))
    np.testing.assert_array_equal(unasked.past, starting_state(engine, keys).past)


def test_guidance_moves_from_any_label_through_the_model_as_it_is_to_more(capsule):
    def played(**what):
        return samples(generate(capsule, SECONDS, 2, seed=3, **what))

    as_it_is = played(label="bells")
    np.testing.assert_array_equal(played(label="bells", guidance=1.0), as_it_is)
    assert (played(label="bells", guidance=3) != as_it_is).any()
    with pytest.raises(CourseError, match="ask a single model for a label"):
        played(guidance=2)
    with pytest.raises(CourseError, match="guidance must be 0 to 10"):
        played(label="bells", guidance=-1)


def test_of_two_models_each_is_told_what_it_knows(capsule, made):
    other = made(1, **{**SHAPE, "labels": ("breath",)})
    mixture = mix(capsule, other, 0.5)
    takes = [generate(mixture, SECONDS, 1, label=label)[0].samples for label in ("bells", "breath")]
    assert (takes[0] != takes[1]).any()
    with pytest.raises(CourseError, match="no label"):
        generate(mixture, SECONDS, 1, label="gongs")


def test_a_performance_goes_on_as_it_was_asked_and_not_otherwise(capsule, tmp_path):
    what = {"label": "0:bells, 0.2:breath", "loudness": "0:-40, 0.4:-10"}
    perform(capsule, tmp_path / "one", 0.2, **what)
    (parts,) = perform(capsule, tmp_path / "one", 0.4, **what)
    (whole,) = generate(capsule, 0.4, 1, **what)
    np.testing.assert_array_equal(np.concatenate(list(parts.blocks())), whole.samples)
    with pytest.raises(CourseError, match="label"):
        perform(capsule, tmp_path / "one", 0.6, **what | {"label": "bells"})
