"""What is said of a clip."""

import math
import warnings
from dataclasses import fields

import numpy as np
import pytest
import soxr

from prism_lessons.audio import Clip
from prism_lessons.audition.diagnosis import DIAGNOSES, diagnose, remarks
from prism_lessons.audition.measures import measure_clip
from prism_lessons.quantisation import Quantisation

RATE = 16000
TIME = np.arange(3 * RATE) / RATE
CODEC = Quantisation()


def sine(hertz, phase=0.0):
    return np.sin(2 * np.pi * hertz * TIME + phase)


def noise(seed=0, seconds=3):
    return np.random.default_rng(seed).standard_normal(seconds * RATE)


def brown():
    """Noise whose power falls by 6 dB an octave, from 25 Hz on."""
    spectrum, hertz = np.fft.rfft(noise()), np.fft.rfftfreq(3 * RATE, 1 / RATE)
    return np.fft.irfft(np.where(hertz < 25, 0, spectrum / np.maximum(hertz, 25)))


def saw(hertz):
    return sum(sine(n * hertz, phase=n * n) / n for n in range(1, int(7000 / hertz)))


def strike(samples, hertz=210.0):
    time_ = np.arange(samples) / RATE
    return np.exp(-9 * time_) * sum(np.sin(2 * np.pi * hertz * ratio * time_) for ratio in (1, 2.7, 5.2))


def repeated(piece):
    return np.tile(piece, math.ceil(3 * RATE / len(piece)))[: 3 * RATE]


def said(sound, peak_dbfs=-6.0, sample_rate=RATE, coarse=False):
    sound = np.asarray(sound, np.float64)
    sound = (sound / np.abs(sound).max() * 10 ** (peak_dbfs / 20)).astype(np.float32)
    return diagnose(measure_clip(Clip(CODEC.decode(CODEC.encode(sound)) if coarse else sound, sample_rate)))


def plain(sound, sample_rate=RATE):
    return diagnose(measure_clip(Clip(np.asarray(sound, np.float32), sample_rate)))


STEADY = {
    "white": (noise(), "noise"),
    "brown": (brown(), "noise"),
    "sine": (sine(330), "tone"),
    "beating": (sine(330) + sine(334), "tone"),
    "chord": (sine(220) + sine(277) + sine(330), "drone"),
    "saw": (saw(110), "drone"),
    "strikes": (repeated(strike(7000)), "loop"),
}


@pytest.mark.parametrize("peak_dbfs", [-30, 0])
@pytest.mark.parametrize("coarse", [False, True], ids=["fine", "mu-law"])
@pytest.mark.parametrize("name", STEADY)
def test_level_and_coarse_samples_do_not_change_what_is_said(name, coarse, peak_dbfs):
    sound, wanted = STEADY[name]
    assert said(sound, peak_dbfs, coarse=coarse) == wanted


@pytest.mark.parametrize("sample_rate", [8000, 22050, 44100, 96000])
@pytest.mark.parametrize("name", STEADY)
def test_the_sample_rate_does_not_change_what_is_said(name, sample_rate):
    sound, wanted = STEADY[name]
    assert said(soxr.resample(sound, RATE, sample_rate), sample_rate=sample_rate) == wanted


def test_digital_silence_is_silence():
    assert plain(np.zeros(3 * RATE)) == "silence"


@pytest.mark.parametrize("offset", [-1.0, -0.3, 0.004, 1.0])
def test_a_constant_offset_is_silence(offset):
    assert plain(np.full(3 * RATE, offset)) == "silence"


def test_an_offset_with_tiny_noise_is_silence():
    assert plain(0.4 + 10 ** (-70 / 20) * noise()) == "silence"


def test_a_jump_to_an_offset_is_silence():
    assert plain(np.where(TIME < 0.01, 0.0, 0.5)) == "silence"


def test_hiss_at_minus_70_dbfs_is_silence_at_minus_56_faint_and_at_minus_50_noise():
    """White noise at 16 kHz measures about 3 LU more than its level in dBFS."""
    assert plain(10 ** (-70 / 20) * noise()) == "silence"
    assert plain(10 ** (-56 / 20) * noise()) == "faint"
    assert plain(10 ** (-50 / 20) * noise()) == "noise"


def test_what_is_faint_is_decided_by_what_sounds_and_not_by_the_silence_around_it():
    """A gate leaves silence out: half a second of a tone in three is as loud as the tone."""
    tone = np.where(TIME < 0.5, sine(500), 0)
    assert said(tone, peak_dbfs=-40) == "alive"
    assert said(tone, peak_dbfs=-55) == "faint"


def test_a_rumble_that_the_ear_hardly_hears_is_faint_where_a_tone_of_its_level_is_not():
    """K-weighting takes 5 dB and more from 30 Hz, next to nothing from 1 kHz (ITU-R BS.1770-4)."""
    assert said(sine(1000), peak_dbfs=-45) == "tone"
    assert said(sine(30), peak_dbfs=-45) == "faint"


def test_noise_on_an_offset_is_noise():
    assert plain(0.5 + 0.1 * noise()) == "noise"


def test_a_pure_tone_with_slow_tremolo_is_a_tone():
    assert said(sine(500) * (1 + 0.6 * sine(2))) == "tone"


@pytest.mark.parametrize("apart", [1, 3, 8, 14])
def test_a_beating_pair_of_sines_is_a_tone(apart):
    assert said(sine(500) + sine(500 + apart)) == "tone"


def test_a_tone_in_a_little_noise_is_a_tone():
    assert said(sine(500) + 10 ** (-20 / 20) * noise() / math.sqrt(2)) == "tone"


def test_a_square_wave_at_full_scale_is_a_drone():
    assert plain(np.sign(sine(123.4))) == "drone"


def test_a_slow_vibrato_is_a_drone():
    turns = 150 * (TIME + 0.003 / (2 * np.pi * 4) * sine(4))
    assert said(sum(np.sin(2 * np.pi * n * turns) / n for n in range(1, 10))) == "drone"


def test_two_saws_that_beat_are_a_drone():
    assert said(saw(110) + saw(111.3)) == "drone"


def test_a_saw_with_noise_is_a_drone():
    wave = saw(90)
    assert said(wave + noise() * wave.std() * 10 ** (-15 / 20)) == "drone"


@pytest.mark.parametrize("period", [0.06, 0.15, 0.4, 0.9, 1.5])
def test_a_strike_again_and_again_is_a_loop(period):
    assert said(repeated(strike(round(period * RATE)))) == "loop"


def test_a_loop_may_drift_in_level_and_time():
    random = np.random.default_rng(4)
    strikes = [strike(round(6000 * random.uniform(0.99, 1.01))) * random.uniform(0.9, 1.1) for _ in range(9)]
    wave = np.concatenate(strikes)[: 3 * RATE]
    assert said(wave + noise()[: len(wave)] * wave.std() * 10 ** (-25 / 20)) == "loop"


def test_noise_that_comes_again_is_a_loop():
    assert said(repeated(noise()[:5000])) == "loop"


def test_a_strike_that_rings_away_is_alive():
    assert said(strike(3 * RATE)) == "alive"


def test_strikes_at_times_and_pitches_by_chance_are_alive():
    random, wave = np.random.default_rng(1), np.zeros(5 * RATE)
    for start in np.cumsum(random.uniform(0.1, 0.6, 8) * RATE).astype(int):
        wave[start : start + RATE] += strike(RATE, random.uniform(100, 500))
    assert said(wave[: 3 * RATE]) == "alive"


def test_noise_that_swells_at_its_own_pace_is_alive():
    swell = np.interp(TIME, [0, 0.4, 0.7, 1.6, 2.1, 2.4, 3], [-20, 0, -15, -3, -25, -5, -20])
    assert said(noise() * 10 ** (swell / 20)) == "alive"


def test_a_glide_is_alive():
    assert said(np.sin(2 * np.pi * np.cumsum(np.geomspace(200, 900, len(TIME))) / RATE)) == "alive"


def test_a_tone_that_falls_silent_is_alive_and_that_is_remarked():
    sound = Clip(np.where(TIME < 1.2, 0.3 * sine(440), 0).astype(np.float32), RATE)
    assert diagnose(measure_clip(sound)) == "alive"
    assert remarks(sound) == ["falls silent after 1.2 s"]


def test_a_late_beginning_and_clipping_are_remarked():
    wave = np.where(TIME < 1, 0, np.clip(3 * sine(440), -1, 1))
    assert remarks(Clip(wave.astype(np.float32), RATE)) == ["is silent for the first 1.0 s", "clips at full scale"]


def test_there_is_nothing_to_remark_in_silence_or_in_a_clip_that_sounds_throughout():
    assert remarks(Clip(np.zeros(RATE, np.float32), RATE)) == []
    assert remarks(Clip((0.5 * sine(440)).astype(np.float32), RATE)) == []


@pytest.mark.parametrize("samples", [0, 1, 3, 100, 2000])
def test_anything_gets_a_diagnosis(samples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for sound in (np.zeros(samples), np.ones(samples), noise()[:samples], np.resize([1, -1], samples)):
            clip = Clip(sound.astype(np.float32), RATE)
            assert diagnose(measure_clip(clip)) in DIAGNOSES
            remarks(clip)


def test_each_diagnosis_says_all_it_has_to_say():
    assert list(DIAGNOSES) == ["silence", "faint", "noise", "tone", "drone", "loop", "alive"]
    assert [key for key, diagnosis in DIAGNOSES.items() if not diagnosis.audible] == ["silence", "faint"]
    for key, diagnosis in DIAGNOSES.items():
        assert diagnosis.key == key
        for field in fields(diagnosis):
            assert str(getattr(diagnosis, field.name)).strip(), f"{key} has no {field.name}"


@pytest.mark.parametrize("key", ["noise", "tone", "drone", "loop"])
def test_advice_leaves_it_to_the_composer_what_is_wanted(key):
    assert DIAGNOSES[key].advice.startswith("If it is not what you want")
