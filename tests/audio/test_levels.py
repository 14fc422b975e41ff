"""Levels are those of the sound, however it comes in blocks."""

import numpy as np
import pytest

from prism_lessons import audio
from prism_lessons.audio import measure_levels


def sine(seconds, frequency, sample_rate, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sample_rate)) / sample_rate)).astype(
        np.float32
    )


def test_a_full_scale_sine_has_an_rms_level_of_minus_three():
    levels = measure_levels(sine(1, 441, 44100, amplitude=1.0), 44100)
    assert (levels.peak_dbfs, levels.rms_dbfs, levels.silence) == (0.0, -3.01, 0.0)


def test_silence_is_the_share_of_quiet_stretches():
    sound = sine(1, 440, 16000)
    hiss = sine(1, 440, 16000, amplitude=1e-4)  # -83 dBFS
    murmur = sine(1, 440, 16000, amplitude=2e-3)  # -57 dBFS
    assert measure_levels(np.concatenate([sound, hiss, murmur, np.zeros(16000)]), 16000).silence == 0.5


def test_levels_do_not_depend_on_the_blocks(noise):
    samples = np.concatenate([noise(1), np.zeros(5000, np.float32), 0.01 * noise(1, seed=1)])
    whole, pieces = measure_levels(samples, 16000), audio.Levels(16000)
    for start in range(0, len(samples), 777):
        pieces.add(samples[start : start + 777])
    assert (pieces.samples, pieces.peak, pieces.silence) == (whole.samples, whole.peak, whole.silence)
    assert pieces.rms_dbfs == whole.rms_dbfs


@pytest.mark.parametrize(("samples", "silence"), [([], 1), ([0.0] * 7, 1), ([0.5] * 7, 0)])
def test_a_sound_shorter_than_one_stretch_has_levels_too(samples, silence):
    levels = measure_levels(samples, 16000)
    assert levels.silence == silence
    assert levels.rms_dbfs == (-120 if silence else -6.02)


def test_decibels_have_a_floor():
    assert [audio.to_dbfs(amplitude) for amplitude in (0, 1e-9, 1, 10)] == [-120, -120, 0, 20]
