"""A stream: one voice, played while it is made."""

from pathlib import Path

import numpy as np
import pytest

from prism_lessons.errors import CourseError
from prism_lessons.generation import LiveVoice, generate, mix
from prism_lessons.run import as_capsule

SHAPE = {"frame_sizes": (3, 12), "levels": 100}


@pytest.fixture
def capsule(made):
    return made(**SHAPE)


@pytest.fixture(scope="module")
def asleep():
    """A model that falls silent at a temperature of 0.5."""
    return as_capsule(Path(__file__).parents[2] / "datasets_examples" / "trained" / "breath_plain")


def test_it_plays_the_take_of_its_seed(capsule):
    stream = LiveVoice(capsule, temperature=1.1, seed=3)
    sound = np.concatenate([stream.play(seconds) for seconds in (0.05, 0.001, 0.1)])
    (take,) = generate(capsule, 0.15, voices=1, temperature=1.1, seed=3)
    np.testing.assert_array_equal(sound[: len(take.samples)], take.samples)
    assert sound.dtype == np.float32 and stream.sample_rate == 16000


def test_it_gives_whole_frames_and_as_many_as_it_takes(capsule):
    stream = LiveVoice(capsule)
    assert [len(stream.play(samples / 16000)) for samples in (1, 12, 13, 1600)] == [12, 12, 24, 1608]


def test_a_temperature_counts_from_the_next_sample_on(capsule):
    stream, first = LiveVoice(capsule, 0.8, seed=1), LiveVoice(capsule, 0.8, seed=1)
    np.testing.assert_array_equal(stream.play(0.1), first.play(0.1))
    stream.temperature = 2.0
    assert stream.temperature == 2.0
    free, kept = stream.play(0.1), first.play(0.1)
    assert (free != kept).mean() > 0.2
    # 0.1 s are 1,600 samples, and whole frames 1,608: the change comes there, as a line of that shape says.
    (take,) = generate(capsule, 0.2, voices=1, temperature="0:0.8, 0.1005:0.8, 0.1005:2", seed=1)
    np.testing.assert_array_equal(free[:1592], take.samples[1608:])


def test_nudged_it_plays_the_nudged_take_of_its_seed_and_says_the_same(asleep):
    """However its blocks are cut."""
    voice = LiveVoice(asleep, temperature=0.5, seed=1, nudge=True)
    sound = np.concatenate([voice.play(seconds) for seconds in (0.3, 0.001, 1.2, 0.08, 0.9, 0.7)])
    (take,) = generate(asleep, 3.1, voices=1, temperature=0.5, seed=1, nudge=True)
    np.testing.assert_array_equal(sound[: len(take.samples)], take.samples)
    assert [event for event in voice.events if event["seconds"] <= 3.1] == take.about["events"] != []
    (left,) = generate(asleep, 3.1, voices=1, temperature=0.5, seed=1)
    assert (sound[: len(left.samples)] != left.samples).any()


def test_nudging_can_be_switched_on_while_it_plays(asleep):
    voice = LiveVoice(asleep, temperature=0.5, seed=1)
    voice.play(1.5)
    assert [event["what"] for event in voice.events] == ["fell silent"] and not voice.about["nudge"]
    voice.nudge = True
    voice.play(0.5)
    assert voice.events[1]["what"].startswith("nudged") and voice.about["nudge"]
    with pytest.raises(CourseError, match="nudge must be True or False"):
        voice.nudge = "yes"


def test_it_can_begin_again_and_with_another_seed(capsule):
    stream = LiveVoice(capsule, 1.0, seed=5)
    first = stream.play(0.05)
    later = stream.play(0.05)
    assert (first != later).any()
    stream.begin(5)
    np.testing.assert_array_equal(stream.play(0.05), first)
    stream.begin(6)
    assert stream.seed == 6 and (stream.play(0.05) != first).mean() > 0.1
    stream.temperature = 1.5
    stream.begin(5)
    assert stream.temperature == 1.5 and (stream.play(0.05) != first).any()


def test_it_plays_mixtures_and_files(capsule, made, tmp_path):
    mixture = mix(capsule, made(1, **SHAPE), "0:0, 0.05:1")
    (take,) = generate(mixture, 0.1, voices=1, temperature=1.0, seed=2)
    np.testing.assert_array_equal(LiveVoice(mixture, 1.0, 2).play(0.1)[:1600], take.samples)
    np.testing.assert_array_equal(
        LiveVoice(capsule.save(tmp_path / "a.capsule")).play(0.01), LiveVoice(capsule).play(0.01)
    )


@pytest.mark.parametrize("temperature", [0, 5.1, None, True, float("nan"), "loud", [0.9]])
def test_a_wrong_temperature_is_refused_and_the_old_one_stays(capsule, temperature):
    with pytest.raises(CourseError, match="temperature"):
        LiveVoice(capsule, temperature)
    stream, other = LiveVoice(capsule, 0.9), LiveVoice(capsule, 0.9)
    with pytest.raises(CourseError, match="temperature"):
        stream.temperature = temperature
    assert stream.temperature == 0.9
    np.testing.assert_array_equal(stream.play(0.01), other.play(0.01))


@pytest.mark.parametrize("seed", [-1, 0.5, None, True, "abc", [1, 2]])
def test_a_wrong_seed_is_refused(capsule, seed):
    with pytest.raises(CourseError, match="seed must be"):
        LiveVoice(capsule, seed=seed)
    with pytest.raises(CourseError, match="seed must be"):
        LiveVoice(capsule).begin(seed)


@pytest.mark.parametrize("seconds", [0, -1, None, True, float("nan"), float("inf"), "1", 10**400])
def test_wrong_seconds_are_refused(capsule, seconds):
    with pytest.raises(CourseError, match=r"seconds must be a number above 0|No take lasts \S+ seconds: ask for fewer"):
        LiveVoice(capsule).play(seconds)


def test_what_is_asked_live_is_what_is_asked_of_a_take(made):
    capsule = made(frame_sizes=(4, 8), predictors=(8, 32), book=6, labels=("bells", "breath"))
    voice = LiveVoice(capsule, 3.0, seed=1, label="bells", loudness=-30)
    (take,) = generate(capsule, 0.1, voices=1, temperature=3.0, seed=1, label="bells", loudness=-30)
    np.testing.assert_array_equal(voice.play(0.1), take.samples)
    other = LiveVoice(capsule, 3.0, seed=1, label="bells", loudness=-30)
    other.play(0.1)
    voice.label, voice.loudness = "breath:0.5, bells:0.5", None
    assert (voice.play(0.1) != other.play(0.1)).any()
    assert voice.about["label"] == "breath:0.5, bells:0.5" and "loudness" not in voice.about
    for name, value in (("label", "gongs"), ("loudness", 3)):
        with pytest.raises(CourseError, match=name):
            setattr(voice, name, value)
    assert voice.label == "breath:0.5, bells:0.5" and voice.loudness is None
