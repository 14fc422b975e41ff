"""Loudness, brightness, noisiness and pitch every 10 ms, of sounds made by formula."""

import numpy as np
import pytest
from scipy.signal import lfilter

from prism_lessons.analysis import DESCRIPTORS, HOP_SECONDS, descriptors, descriptors_of
from prism_lessons.quantisation import Quantisation

RATE = 16000


def sine(hertz, seconds=1.0, rate=RATE):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def harmonic(hertz):
    """A tone of the given frequencies, one for each sample, with harmonics up to 7 kHz."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return 0.2 * sum(np.sin(n * phase) * (n * hertz < 7000) / n for n in range(1, 30))


def described(samples, name, rate=RATE):
    """One descriptor of a sound, without the 50 ms at either end, which hold the silence before and after it."""
    (values,) = descriptors_of(samples, rate, (name,)).T
    return values[5:-5]


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_a_sine_has_its_level_and_its_pitch_at_any_rate(rate):
    sound = 0.1 * sine(440, rate=rate)
    assert len(descriptors_of(sound, rate)) == 100
    np.testing.assert_allclose(described(sound, "loudness", rate), -23.01, atol=0.05)
    np.testing.assert_allclose(described(sound, "pitch", rate), 69, atol=0.05)
    np.testing.assert_allclose(described(sound, "brightness", rate), 69, atol=0.5)
    assert described(sound, "noisiness", rate).max() < 0.05


def test_silence_has_a_loudness_and_nothing_else():
    for sound in (np.zeros(RATE), np.full(RATE, 0.3), 1e-4 * sine(440)):
        rows = descriptors_of(sound, RATE)[5:-5]
        assert np.all(rows[:, 0] >= -80) and np.all(rows[:, 0] < -75)
        assert np.isnan(rows[:, 1:]).all()


def test_a_glide_is_followed_within_50_cents():
    hertz = 80 * 16 ** (np.arange(4 * RATE) / (4 * RATE))
    pitch = described(harmonic(hertz), "pitch")
    wanted = 69 + 12 * np.log2(hertz[:: round(HOP_SECONDS * RATE)][5:-5] / 440)
    assert np.abs(pitch - wanted).max() < 0.5


def test_noise_does_not_shift_a_pitch_by_octaves(noise):
    hertz = 330 * 2 ** (sine(5.5, 3) / 24)
    tone = harmonic(hertz)
    pitch = described(tone + noise(3) * 10 * np.sqrt(np.mean(tone**2) / 10), "pitch")
    assert np.mean(np.abs(pitch - 64.02) < 1) > 0.98


def test_white_noise_has_no_pitch_and_is_noisy(noise):
    assert np.isnan(described(noise(3), "pitch")).all()
    assert np.median(described(noise(3), "noisiness")) > 0.95


def test_low_tones_and_chords_are_not_noisy_and_more_noise_is_noisier(noise):
    tone = harmonic(np.full(RATE, 80.0))
    chord = sum(harmonic(np.full(RATE, hertz)) for hertz in (220.0, 277.2, 329.6))
    hiss = 10 * noise(1) * np.sqrt(np.mean(tone**2))
    steps = [tone, tone + hiss / 10, tone + hiss / 3, tone + hiss, tone / 3 + hiss]
    noisy = [np.median(described(sound, "noisiness")) for sound in steps]
    assert noisy == sorted(noisy) and noisy[0] < 0.1
    assert noisy[1] == pytest.approx(0.1, abs=0.05) and noisy[2] == pytest.approx(0.33, abs=0.1)
    assert np.median(described(chord, "noisiness")) < 0.4


def test_metal_is_not_noisy_though_its_partials_are_no_harmonics():
    metal = sum(sine(hertz) / n for n, hertz in enumerate((203, 331, 557, 790, 1013, 1403, 1902, 2311), 1))
    assert np.isnan(described(0.1 * metal, "pitch")).mean() > 0.9
    assert np.median(described(0.1 * metal, "noisiness")) < 0.35


def test_a_brighter_filter_gives_more_brightness(noise):
    dark, middle, bright = (
        np.median(described(lfilter([1 - pole], [1, -pole], noise(1)), "brightness")) for pole in (0.95, 0.7, 0)
    )
    assert dark + 5 < middle < bright - 5


def test_brightness_noisiness_and_pitch_do_not_depend_on_the_level(noise):
    sound = harmonic(np.full(RATE, 220.0)) + 0.1 * noise(1)
    loud, soft = (descriptors_of(gain * sound, RATE)[5:-5] for gain in (1, 0.05))
    np.testing.assert_allclose(loud[:, 1:], soft[:, 1:], atol=0.01)
    np.testing.assert_allclose(loud[:, 0] - soft[:, 0], 26.02, atol=0.01)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_blocks_leave_no_trace(rate, noise, monkeypatch):
    sound = np.concatenate([0.3 * sine(220, 2, rate), noise(2, sample_rate=rate), np.zeros(rate)])
    whole = descriptors_of(sound, rate)
    for at_once, seconds in ((1000, 1), (7, 10), (173, 2)):
        monkeypatch.setattr(descriptors, "FRAMES_AT_ONCE", at_once)
        monkeypatch.setattr(descriptors, "BLOCK_SECONDS", seconds)
        np.testing.assert_allclose(descriptors_of(sound, rate), whole, atol=2e-3)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100])
@pytest.mark.parametrize("samples", [0, 1, 2, 159, 160, 161, 441, 442, 1000, 1601])
def test_the_length_alone_says_how_many_frames_there_are(samples, rate, noise):
    rows = descriptors_of(noise(1)[:samples], rate)
    assert rows.shape == (int(np.ceil(round(samples / rate / HOP_SECONDS, 9))), len(DESCRIPTORS))
    assert rows.dtype == np.float32 and np.isfinite(rows[:, 0]).all()


def test_only_what_is_asked_for_is_measured_in_the_order_asked_for(noise):
    sound = noise(1)
    whole = descriptors_of(sound, RATE)
    for names in (("pitch", "loudness"), ("noisiness",), ("brightness",), ()):
        np.testing.assert_array_equal(
            descriptors_of(sound, RATE, names), whole[:, [DESCRIPTORS.index(name) for name in names]]
        )


def test_a_sound_of_a_model_s_codes_is_measured_like_the_recording():
    sound = harmonic(220 * 2 ** (sine(0.5, 2) / 6))
    codec = Quantisation()
    coded = codec.decode(codec.encode(sound.astype(np.float32)))
    before, after = (descriptors_of(each, RATE)[5:-5] for each in (sound, coded))
    np.testing.assert_allclose(after[:, 0], before[:, 0], atol=0.2)
    np.testing.assert_allclose(after[:, 3], before[:, 3], atol=0.1)
    assert np.median(after[:, 2]) < 0.1
