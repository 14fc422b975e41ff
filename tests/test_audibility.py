"""Loudness is the standard's, and what can be heard is decided by it."""

import numpy as np
import pytest
import soxr

from prism_lessons.audibility import FAINT_LUFS, is_audible, loudness

RATE = 16000
TIME = np.arange(3 * RATE) / RATE


def tone(hertz, dbfs=0.0):
    """A sine with a peak at `dbfs`."""
    return 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * TIME)


def test_a_sine_of_997_hz_at_full_scale_measures_minus_3_01_lufs():
    """The standard's own calibration, ITU-R BS.1770-4, annex 1."""
    assert loudness(tone(997), RATE) == pytest.approx(-3.01, abs=0.1)


def test_loudness_falls_by_as_many_units_as_the_sound_is_turned_down(noise):
    assert loudness(noise(2), RATE) - loudness(0.1 * noise(2), RATE) == pytest.approx(20, abs=0.2)


@pytest.mark.parametrize("rate", [2000, 8000, 44100, 96000])
def test_the_sample_rate_does_not_change_it(rate):
    assert loudness(soxr.resample(tone(400), RATE, rate), rate) == pytest.approx(loudness(tone(400), RATE), abs=0.2)


@pytest.mark.parametrize("offset", [0.003, -0.5, 1.0])
def test_a_constant_offset_is_not_heard(offset):
    assert loudness(np.full(RATE, offset), RATE) is None
    assert loudness(tone(500, -40) + offset, RATE) == loudness(tone(500, -40), RATE)


def test_silence_and_nothing_at_all_have_no_loudness():
    assert loudness(np.zeros(RATE), RATE) is None
    assert loudness(np.zeros(0), RATE) is None
    assert loudness(tone(1000, -75), RATE) is None


def test_a_click_is_measured_with_silence_around_it():
    """0.1 s in a window of 0.4 s is a quarter of its power: 6 LU."""
    assert loudness(tone(1000)[: RATE // 10], RATE) == pytest.approx(loudness(tone(1000), RATE) - 6, abs=0.3)


def test_what_can_be_heard_begins_at_the_limit():
    assert is_audible(FAINT_LUFS) and not is_audible(FAINT_LUFS - 0.1) and not is_audible(None)
