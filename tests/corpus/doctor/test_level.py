"""Offsets, low level, long silence and long fades: found, told from what is no fault, and mended."""

import numpy as np
import pytest

from prism_lessons.corpus.doctor.findings import MOST_PLACES
from prism_lessons.corpus.doctor.level import Level

RATE = 16000


def findings(samples, rate=RATE, block=10 * RATE):
    level = Level(rate, 1)
    for start in range(0, len(samples), block):
        mono = samples[start : start + block].astype(np.float32)
        level.add(mono[:, None], mono)
    return {finding.kind: finding for finding in level.findings()}


def repaired(samples, finding, rate=RATE, block=RATE):
    kind = next(kind for kind in Level.kinds if kind.key == finding.kind)
    blocks = (samples[start : start + block].astype(np.float32) for start in range(0, len(samples), block))
    return np.concatenate(list(kind.repair(blocks, rate, finding.values)))


def texture(seconds, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def strikes(seconds, every=1.0):
    """Tones that are struck every second and die away by 60 dB in two."""
    time = np.arange(round(seconds * RATE)) / RATE
    since = time % every
    return 0.5 * np.exp(-3.45 * since) * np.sin(2 * np.pi * 440 * since)


def test_a_good_recording_has_no_fault():
    assert findings(texture(5)) == {} == findings(strikes(5))


def test_an_offset_is_measured_and_subtracted():
    clean = strikes(4)
    found = findings(clean + 0.02)["dc"]
    assert found.values["offset"] == pytest.approx(0.02, abs=0.0005)
    assert np.abs(repaired(clean + 0.02, found) - clean).max() < 0.0005  # 32 dB below the offset


def test_an_asymmetric_strike_is_no_offset():
    time = np.arange(3 * RATE) / RATE
    assert "dc" not in findings(0.8 * np.exp(-8 * time) * np.maximum(np.sin(2 * np.pi * 100 * time), -0.3))


def test_digital_silence_beside_a_sound_with_an_offset_is_silence():
    assert "silence" in findings(np.concatenate([strikes(4) + 0.05, np.zeros(3 * RATE)]))


def test_a_soft_recording_is_raised_to_3_dB_below_full_scale():
    soft = strikes(3) * 0.01
    found = findings(soft)["quiet"]
    assert np.abs(repaired(soft, found)).max() == pytest.approx(10 ** (-3 / 20), rel=0.001)  # 0.01 dB of rounding
    assert found.title == "very low level"


def test_what_raising_does_to_the_noise_is_said():
    """Noise of -70 dBFS beside a soft tone is raised with it."""
    tone = 0.01 * np.sin(2 * np.pi * 300 * np.arange(3 * RATE) / RATE) * (np.arange(3 * RATE) < RATE)
    noise = 10 ** (-70 / 20) * np.random.default_rng(0).standard_normal(3 * RATE)
    found = findings(tone + noise)["quiet"]
    gain = found.values["gain_db"]
    assert (
        f"if it is raised by {gain:.0f} dB, which lifts its softest parts and their noise from -70 to "
        in found.measured
    )
    assert found.measured.endswith(f" to {gain - 70:.0f} dBFS")


@pytest.mark.parametrize("hiss", [0, 10 ** (-75 / 20)])
def test_long_silence_is_cut_out_and_the_sound_is_kept(hiss):
    rest = hiss * np.random.default_rng(1).standard_normal(3 * RATE)
    sound = np.concatenate([rest, texture(2), rest, texture(1, seed=2), rest])
    found = findings(sound)["silence"]
    assert len(found.places) == 3
    mended = repaired(sound, found)
    assert len(mended) / RATE == pytest.approx(3 + 4 * 0.05, abs=4 * 0.02)  # margins, to a frame each
    assert np.sum(mended.astype(float) ** 2) == pytest.approx(np.sum(sound**2), rel=0.01)


def test_a_rest_of_a_second_is_music():
    assert "silence" not in findings(np.concatenate([texture(2), np.zeros(RATE), texture(2)]))


def test_more_silences_than_anybody_wants_to_hear_are_all_cut_out():
    sound = np.concatenate([np.concatenate([texture(0.2), np.zeros(int(2.2 * RATE))])] * (MOST_PLACES + 5))
    found = findings(sound)["silence"]
    assert len(found.places) == MOST_PLACES
    assert len(repaired(sound, found)) < 0.2 * len(sound)


def wind(seconds):
    """Noise in one band of 200 Hz: in 20 ms its level wavers by some decibels."""
    frequency = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    return np.fft.irfft(np.fft.rfft(texture(seconds)) * ((frequency > 400) & (frequency < 600))) * 5


@pytest.mark.parametrize("sound", [wind(8), strikes(8)])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_fade_over_strikes_or_a_texture_is_found_and_its_soft_part_cut_off(sound, backwards):
    gain = 10 ** (-3 * np.linspace(0, 1, len(sound)))
    faded = sound * (gain[::-1] if backwards else gain)
    found = findings(faded)["fade"]
    mended = repaired(faded, found)
    assert len(sound) / 3 < len(mended) < 2 * len(sound) / 3  # 30 of 60 dB lie half way
    last = mended[:RATE] if backwards else mended[-RATE:]
    assert np.sqrt(np.mean(last**2)) > 10 ** (-40 / 20) * np.sqrt(np.mean(sound[:RATE] ** 2))


def test_a_bell_that_dies_away_is_no_fade():
    time = np.arange(7 * RATE) / RATE
    partials = ((220, 0.8), (443, 1.1), (661, 1.7), (1103, 2.6))
    bell = sum(0.15 * np.exp(-fall * time) * np.sin(2 * np.pi * hertz * time) for hertz, fall in partials)
    assert "fade" not in findings(bell)


def test_how_the_sound_is_cut_into_blocks_changes_nothing():
    sound = np.concatenate([strikes(3) + 0.02, np.zeros(3 * RATE), texture(2)])
    assert findings(sound) == findings(sound, block=len(sound)) == findings(sound, block=1237)


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(1), np.ones(1), np.zeros(50000), np.full(50000, 0.3), texture(0.01)]
)
def test_degenerate_sounds_do_no_harm(samples):
    assert isinstance(findings(samples), dict)
