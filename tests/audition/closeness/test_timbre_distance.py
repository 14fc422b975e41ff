"""How far two sets lie apart in timbre, and how sure that is."""

import io

import numpy as np
import pytest

from prism_lessons.audio import Clip
from prism_lessons.audition.closeness import Sources, timbre_distance
from prism_lessons.audition.closeness.timbre_distance import kernel_mmd
from prism_lessons.corpus import curate
from prism_lessons.live import LiveLine

RATE = 16000


def profiles(seed, sounds=12, each=5, shift=0.0):
    """Made-up profiles, each sound with a timbre of its own: (profiles, sound that each is of)."""
    chance = np.random.default_rng(seed)
    middles = chance.normal(0, 4, (sounds, 80)) + shift
    rows = np.repeat(middles, each, axis=0) + chance.normal(0, 2, (sounds * each, 80))
    return rows.astype(np.float32), np.repeat(np.arange(sounds), each)


def low_noise(seed, seconds=2.0, width=8):
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return Clip((0.1 * np.convolve(noise, np.ones(width) / width**0.5, "same")).astype(np.float32), RATE)


@pytest.fixture(scope="module")
def sources(write_sound, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gap")
    for seed in range(6):
        write_sound(folder / "recordings" / f"{seed}.wav", low_noise(seed, 3.0, 4 + 2 * seed).samples)
    quiet = LiveLine(io.StringIO())
    return Sources.of(curate(folder / "recordings", folder / "corpus", live=quiet), live=quiet)


def test_clips_that_cannot_be_heard_are_counted_in_words(sources):
    audible = [low_noise(50 + seed, 3.0) for seed in range(3)]
    assert str(timbre_distance(sources, audible, inaudible=2)).startswith(
        "Some clips, 2 of 5, are silent or faint and are not compared. The distance in timbre"
    )
    assert str(timbre_distance(sources, audible, inaudible=9)).startswith("Most clips, 9 of 12, are silent or faint")
    assert str(timbre_distance(sources, [], inaudible=9)).startswith("No clip can be heard")


def test_sets_of_one_kind_average_no_gap_although_windows_of_a_sound_are_alike():
    values = [kernel_mmd(*profiles(seed), *profiles(1000 + seed))[0] for seed in range(30)]
    # The mean of 30 lies within three of its own standard errors of 0.
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(30)


def test_sets_that_lie_farther_apart_have_a_larger_gap():
    values = [kernel_mmd(*profiles(1), *profiles(2, shift=shift))[0] for shift in (0, 3, 6, 12)]
    assert values == sorted(values)
    assert values[-1] > 0.3


def test_a_gap_lies_within_its_bounds_and_the_same_seed_gives_the_same():
    first, again = (kernel_mmd(*profiles(1), *profiles(2, shift=4), seed=3) for _ in range(2))
    assert first == again
    assert first[1] < first[0] < first[2]


def test_clips_of_the_same_kind_cannot_be_told_apart_and_others_can(sources):
    alike = timbre_distance(sources, [low_noise(50 + seed, 3.0, 4 + 2 * (seed % 6)) for seed in range(12)])
    other = timbre_distance(sources, [low_noise(80 + seed, 3.0, 1) for seed in range(12)])
    assert other.value > alike.value
    assert other.verdict == "the clips are farther from your recordings than these are from each other"
    assert alike.alike is not None
    assert "your recordings against each other" in str(alike)
    assert str(alike).startswith("The distance in timbre between clips and recordings: ")


def test_too_few_clips_are_said_to_be_too_few(sources):
    for clips in ([], [low_noise(1)], [low_noise(1, 1.0), low_noise(2, 1.0)]):
        gap = timbre_distance(sources, clips)
        assert gap.value is None
        assert str(gap).startswith("Too little to tell")
        assert gap.as_dict()["low"] is None


def test_silent_windows_are_left_out_and_counted(sources):
    silence = Clip(np.zeros(2 * RATE, np.float32), RATE)
    gap = timbre_distance(sources, [silence, silence, *[low_noise(seed) for seed in range(3)]])
    assert gap.windows["silent_clips"] == 10
    assert gap.sounds["clips"] == 3
