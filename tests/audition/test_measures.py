"""What is measured of a clip."""

import json
import math
import warnings

import numpy as np
import pytest

from prism_lessons.audio import SAMPLE_RATES, Clip
from prism_lessons.audition.measures import Measures, measure_clip, nonsilent_frames
from prism_lessons.quantisation import Quantisation

RATE = 16000
SECONDS = 2


def sine(hertz, sample_rate=RATE, seconds=SECONDS, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * sample_rate)) / sample_rate)


def clip(samples, sample_rate=RATE):
    return Clip(np.asarray(samples, np.float32), sample_rate)


def hiss(seed=0, seconds=SECONDS, sample_rate=RATE):
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * sample_rate))


def strikes(period, seconds=3):
    """A decaying sound, struck again after each `period` in s."""
    samples = round(period * RATE)
    time_ = np.arange(samples) / RATE
    strike = np.exp(-12 * time_) * sum(np.sin(2 * np.pi * hertz * time_) for hertz in (210, 530, 1270))
    return 0.3 * np.tile(strike, math.ceil(seconds * RATE / samples))[: seconds * RATE]


def test_levels_are_those_of_the_clip():
    sound = clip(sine(440))
    figures = measure_clip(sound)
    assert (figures.peak_dbfs, figures.rms_dbfs) == (sound.levels.peak_dbfs, sound.levels.rms_dbfs)
    assert figures.seconds == SECONDS


def test_a_constant_offset_is_silence_whose_level_is_told():
    figures = measure_clip(clip(np.full(RATE, 0.5)))
    assert figures.silence == 1
    assert figures.peak_dbfs == pytest.approx(20 * math.log10(0.5), abs=0.01)


def test_an_offset_that_drifts_slowly_is_silence():
    # Within 20 ms it moves by 0.005; a ramp's standard deviation is its height by the root of 12: -57 dBFS at 0.005.
    assert measure_clip(clip(np.linspace(-0.1, 0.1, 2 * RATE))).silence == 1


@pytest.mark.parametrize("dbfs, silent", [(-59, 0), (-61, 1)])
def test_silence_begins_at_minus_60_dbfs(dbfs, silent):
    # A sine's RMS level lies 3.01 dB below its peak; 20 ms hold ten whole periods of 500 Hz.
    assert measure_clip(clip(sine(500, amplitude=10 ** ((dbfs + 3.01) / 20)))).silence == silent


def test_half_silence_is_half():
    assert measure_clip(clip(np.concatenate([sine(500), np.zeros(SECONDS * RATE)]))).silence == 0.5


def test_stretches_that_sound_are_told():
    nonsilent = nonsilent_frames(clip(np.concatenate([np.zeros(RATE), sine(500, seconds=1)])))
    assert not nonsilent[:50].any() and nonsilent[50:].all() and len(nonsilent) == 100


@pytest.mark.parametrize("hertz", [45, 110, 440, 1234.5, 3000, 6000])
def test_the_pitch_of_a_sine_is_its_frequency(hertz):
    figures = measure_clip(clip(sine(hertz)))
    assert figures.pitch_hz == pytest.approx(hertz, rel=0.001)
    assert figures.pitch_confidence > 0.9


def test_the_pitch_of_a_buzz_is_its_fundamental():
    figures = measure_clip(clip(sum(sine(150 * n, amplitude=0.2 / n) for n in range(1, 20))))
    # YIN interpolates between whole samples: of a period of 107 samples that is good to a fraction of one.
    assert figures.pitch_hz == pytest.approx(150, rel=0.5 / 107)


def test_a_missing_fundamental_is_the_pitch_all_the_same():
    figures = measure_clip(clip(sum(sine(200 * n, amplitude=0.1) for n in (3, 4, 5, 6))))
    assert figures.pitch_hz == pytest.approx(200, rel=0.5 / 80)


def test_noise_has_no_pitch_and_little_confidence():
    figures = measure_clip(clip(hiss()))
    assert figures.pitch_hz is None
    assert figures.pitch_confidence < 0.3


def test_pitch_is_that_of_the_frames_that_sound():
    figures = measure_clip(clip(np.concatenate([sine(330, seconds=0.6), 1e-4 * hiss(seconds=2)])))
    assert figures.pitch_hz == pytest.approx(330, rel=0.01)


def test_half_noise_is_half_voiced():
    voiced = measure_clip(clip(np.concatenate([sine(330), hiss(seconds=SECONDS)]))).voiced
    assert voiced == pytest.approx(0.5, abs=0.064 / SECONDS)  # two frames, one at each end of the sine


def test_the_centre_of_a_sine_is_its_frequency():
    assert measure_clip(clip(sine(1000))).centroid_hz == pytest.approx(1000, rel=0.02)


def test_flatness_tells_noise_from_a_sine():
    # Of 16 bins of noise the mean of the logarithm lies below the logarithm of the mean: by 2.5 dB for many bins.
    assert -2.6 < measure_clip(clip(hiss())).flatness_db < -2
    assert measure_clip(clip(sine(440))).flatness_db < -25


def test_strikes_are_counted():
    # 3 s hold twelve strikes.
    assert measure_clip(clip(strikes(0.25))).onsets_per_second == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("period", [0.1, 0.3, 0.7, 1.2])
def test_the_period_of_a_loop_is_found(period):
    figures = measure_clip(clip(strikes(period)))
    assert figures.loop_seconds == pytest.approx(period, abs=0.004)  # the frames are 4 ms apart
    assert figures.loop_likeness > 0.95


def test_a_tone_with_a_short_period_is_no_loop():
    assert measure_clip(clip(sine(100))).loop_seconds is None
    assert measure_clip(clip(np.sign(sine(40)))).loop_seconds is None


def test_noise_does_not_come_again():
    assert measure_clip(clip(hiss())).loop_likeness < 0.2


def test_one_line_is_told_from_many():
    assert measure_clip(clip(sine(440))).one_line > 0.999
    four = sum(sine(hertz, amplitude=0.1) for hertz in (300, 800, 1700, 3100))
    assert measure_clip(clip(four)).one_line == pytest.approx(0.25, abs=0.01)


def test_lines_that_last_are_told_from_noise():
    chord = sum(sine(hertz, amplitude=0.1) for hertz in (262, 330, 392))
    assert measure_clip(clip(chord)).lines > 0.99
    assert measure_clip(clip(hiss())).lines < 0.05
    assert measure_clip(clip(np.cumsum(hiss()) / 50)).lines < 0.05


def test_a_steady_tone_does_not_move():
    figures = measure_clip(clip(sine(440)))
    assert figures.moves_db < 0.1 and figures.drifts_db < 0.1 and abs(figures.fades_db) < 0.1


def test_a_fade_is_told_in_decibels():
    # 40 dB over the clip: from the beginning to the end of the second third 26.7 dB.
    faded = sine(440) * 10 ** (-2 * np.linspace(0, 1, SECONDS * RATE))
    assert measure_clip(clip(faded)).fades_db == pytest.approx(40 * 2 / 3, abs=1)
    assert measure_clip(clip(faded[::-1])).fades_db == pytest.approx(-40 * 2 / 3, abs=1)


def test_what_is_struck_rises_at_once_and_beats_do_not():
    assert measure_clip(clip(strikes(0.5))).suddenness > 3
    assert abs(measure_clip(clip(sine(440, amplitude=0.2) + sine(443, amplitude=0.2))).suddenness) < 1


@pytest.mark.parametrize("gain_db", [-40, -20, 6])
def test_all_but_levels_and_silence_are_the_same_at_any_level(gain_db):
    sound = strikes(0.4) + 0.1 * hiss(seconds=3)
    level = {"peak_dbfs", "rms_dbfs", "loudness", "silence"}
    reference, figures = (measure_clip(clip(gain * sound)).as_dict() for gain in (1, 10 ** (gain_db / 20)))
    for key in reference.keys() - level:
        assert figures[key] == pytest.approx(reference[key], rel=1e-3, abs=1e-3), key


@pytest.mark.parametrize("sample_rate", [2000, 8000, 22050, 44100, 192000])
def test_a_clip_of_any_sample_rate_measures_the_same(sample_rate):
    figures = measure_clip(clip(sine(300, sample_rate), sample_rate))
    assert figures.pitch_hz == pytest.approx(300, rel=0.001)
    assert figures.centroid_hz == pytest.approx(300, rel=0.02)
    assert figures.seconds == SECONDS


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize("samples", [0, 1, 2, 3, 50, 1000])
def test_very_short_clips_can_be_measured(samples, sample_rate):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for sound in (np.zeros(samples), np.ones(samples), hiss()[:samples], np.resize([1, -1], samples)):
            figures = measure_clip(clip(sound, sample_rate))
            json.dumps(figures.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(RATE),
        np.full(RATE, -1.0),
        np.sign(sine(441)),
        np.resize([1.0, -1.0], RATE),
        1e9 * hiss(),
        1e-30 * hiss(),
        np.eye(1, RATE, 777)[0],
    ],
    ids=["silence", "offset", "square", "fastest", "huge", "tiny", "click"],
)
def test_extremes_give_finite_figures_without_a_warning(sound):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        json.dumps(measure_clip(clip(sound)).as_dict(), allow_nan=False)


def test_a_minute_can_be_measured():
    figures = measure_clip(clip(np.tile(strikes(0.5, seconds=3), 20)))
    assert figures.seconds == 60
    assert figures.loop_seconds == pytest.approx(0.5, abs=0.004)


def test_coarse_samples_change_little():
    codec = Quantisation()
    sound = strikes(0.4).astype(np.float32)
    fine, coarse = measure_clip(clip(sound)), measure_clip(clip(codec.decode(codec.encode(sound))))
    assert coarse.loop_seconds == pytest.approx(fine.loop_seconds, abs=0.004)
    assert coarse.loop_likeness == pytest.approx(fine.loop_likeness, abs=0.05)


def test_measures_come_back_from_json():
    figures = measure_clip(clip(strikes(0.4)))
    assert Measures(**json.loads(json.dumps(figures.as_dict()))) == figures


def test_measures_are_told_in_words_with_units():
    words = str(measure_clip(clip(strikes(0.5))))
    assert words.startswith("3.0 s, peak ") and "dBFS" in words and "\n" not in words
    assert "like itself after 0.50 s" in words
    assert "no clear pitch" in str(measure_clip(clip(np.zeros(RATE))))
