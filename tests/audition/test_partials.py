"""Steady partials, found in sounds made by formula, and held against those of recordings."""

import numpy as np
import pytest

from prism_lessons.audition.partials import share_in_one_recording, steady_partials

RATE = 16000
CHIME = np.array([588.0, 1620.0, 3176.0, 5249.0])


def sines(*hertz, seconds=2.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return np.float32(sum(0.2 * np.sin(2 * np.pi * one * time) for one in hertz))


def glide(octaves_per_second, seconds=2.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return np.float32(0.2 * np.sin(2 * np.pi * np.cumsum(500 * 2 ** (octaves_per_second * time)) / RATE))


def test_three_sines_are_three_steady_partials_within_two_cents(noise):
    hertz = np.array([220.0, 1000.0, 4321.0])
    for sound in (sines(*hertz), 0.001 * sines(*hertz), sines(*hertz) + 0.05 * np.float32(noise(2))):
        found = steady_partials(sound)
        assert len(found) == 3 and np.abs(1200 * np.log2(found / hertz)).max() < 2


def test_a_struck_chime_holds_its_partials_while_they_die_away():
    time = np.arange(3 * RATE) / RATE
    struck = sum(np.exp(-rate * time) * np.sin(2 * np.pi * one * time) for rate, one in enumerate(CHIME, 1))
    found = steady_partials(np.float32(0.2 * struck))
    assert np.abs(1200 * np.log2(found / CHIME)).max() < 5


def test_a_partial_is_steady_from_about_half_a_second_on():
    silence = np.zeros(RATE, np.float32)
    lengths = {seconds: np.concatenate([silence, sines(440, seconds=seconds), silence]) for seconds in (0.35, 0.65)}
    assert [len(steady_partials(sound)) for sound in lengths.values()] == [0, 1]


def test_a_glide_that_leaves_2_percent_within_half_a_second_is_not_steady():
    assert len(steady_partials(glide(0.1))) == 0  # 3.5 % in half a second
    assert len(steady_partials(glide(0.01))) == 1  # 0.35 %


def test_noise_of_any_colour_and_silence_hold_no_partial(noise):
    white = np.float32(noise(5))
    brown = np.float32(np.cumsum(white) / 50)
    muffled = np.convolve(white, np.ones(40, np.float32) / 40, "same")
    for sound in (white, brown, muffled, np.zeros(2 * RATE, np.float32)):
        assert len(steady_partials(sound)) == 0


@pytest.mark.parametrize("samples", [0, 1, 4095, 7999])
def test_what_is_shorter_than_half_a_second_holds_no_partial(samples):
    assert len(steady_partials(sines(440)[:samples])) == 0


def test_what_beats_and_what_comes_again_is_one_partial():
    assert len(steady_partials(sines(1000, 1009))) == 1
    assert len(steady_partials(np.concatenate([sines(440), np.zeros(RATE, np.float32), sines(440)]))) == 1


def test_partials_of_one_recording_are_told_from_those_of_several():
    others = [CHIME * 2 ** (step / 12) for step in (3.5, 7)]
    share, chance = share_in_one_recording(CHIME * 2 ** (20 / 1200), [*others, CHIME])
    assert share == 1 and chance < 0.4
    mixed = np.concatenate([CHIME[:2], others[0][2:]])
    assert share_in_one_recording(mixed, [*others, CHIME])[0] == 0.5


def test_by_chance_partials_are_as_often_those_of_a_recording_as_frequencies_lie_beside_its_own():
    # One partial against three: within half an octave up and down, 2 x 30 of 1200 cents lie beside one of them.
    share, chance = share_in_one_recording(np.array([1000.0]), [np.array([1000.0, 4000.0, 7000.0])])
    assert share == 1 and chance == pytest.approx(60 / 1200, abs=10 / 1200)


def test_recordings_with_fewer_than_three_partials_are_no_match():
    assert share_in_one_recording(CHIME, [CHIME[:2], np.zeros(0)]) is None
