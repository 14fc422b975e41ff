import numpy as np
import pytest
from scipy.signal import butter, resample, sosfilt

from prism_lessons.corpus.doctor.clipping import Peaks

RATE = 44100


def sound(seconds=3, seed=0, cutoff=2000):
    """A band of noise with a slow swell, peak at full scale: its tops are round."""
    noise = np.random.default_rng(seed).standard_normal(int(seconds * RATE))
    swell = 1 + 0.5 * np.sin(2 * np.pi * np.arange(len(noise)) / RATE)
    noise = sosfilt(butter(4, cutoff / (RATE / 2), output="sos"), noise) * swell
    return (noise / np.abs(noise).max()).astype(np.float32)


def findings(samples, cuts=(), rate=RATE):
    frames = samples if samples.ndim == 2 else samples[:, None]
    detector = Peaks(rate, frames.shape[1])
    for block in np.split(frames, cuts):
        detector.add(block, block.mean(axis=1))
    return {finding.kind: finding for finding in detector.findings()}


def repaired(kind, samples, finding, cuts=()):
    (kind,) = (one for one in Peaks.kinds if one.key == kind)
    return np.concatenate(list(kind.repair(np.split(samples, cuts), RATE, finding.values)))


def signal_to_error(clean, other):
    return 10 * np.log10(np.sum(clean.astype(float) ** 2) / np.sum((clean.astype(float) - other) ** 2))


def over(samples, decibels):
    level = np.float32(10 ** (-decibels / 20))
    return np.clip(samples, -level, level)


def sixteen_bits(samples):
    return (np.rint(samples * 32767) / 32768).astype(np.float32)


@pytest.mark.parametrize("gain", [1, 0.5, 0.05])
@pytest.mark.parametrize("decibels", [2, 6, 12])
def test_clipping_is_found_at_any_level(decibels, gain):
    assert "clipping" in findings(sixteen_bits(gain * over(sound(), decibels)))


def test_clipping_of_one_channel_is_found():
    assert "clipping" in findings(np.stack([over(sound(), 6), 0.5 * sound(seed=1)], axis=1))


@pytest.mark.parametrize("gain", [0.99, 0.3, 0.03])
def test_round_tops_are_not_clipped(gain):
    assert "clipping" not in findings(sixteen_bits(gain * sound()))


@pytest.mark.parametrize("frequency", [30, 441, 5000])
def test_the_tops_of_a_sine_are_not_clipped(frequency):
    assert "clipping" not in findings(sixteen_bits(0.9 * np.sin(2 * np.pi * frequency * np.arange(3 * RATE) / RATE)))


def test_tops_that_ring_a_little_are_found():
    ringing = over(sound(cutoff=500), 6)
    flat = np.abs(ringing) == np.abs(ringing).max()
    ringing[flat] *= 1 - 0.004 * (np.arange(np.count_nonzero(flat)) % 2)
    assert "clipping" in findings(0.9 * ringing)


def test_a_cut_that_a_higher_sample_proves_wrong_is_forgotten():
    samples = over(sound(), 6)
    assert "clipping" in findings(samples)
    louder = sound(seed=2)
    assert "clipping" not in findings(np.concatenate([samples, np.zeros(2**17, np.float32), louder]))


def test_the_findings_do_not_depend_on_the_cuts():
    samples = np.stack([over(sound(), 3), over(sound(seed=1), 6)], axis=1)
    samples[50000, 0] = 1.2
    whole = findings(samples)
    assert set(whole) == {"clipping", "intersample"}
    for cuts in ([1, 2, 65000], range(9999, len(samples), 9999)):
        assert findings(samples, cuts) == whole


@pytest.mark.parametrize("decibels", [2, 3, 6])
def test_declipping_at_least_halves_the_error_and_keeps_below_full_scale(decibels):
    clean, clipped = sound(), over(sound(), decibels)
    finding = findings(clipped)["clipping"]
    mended = repaired("clipping", clipped, finding)
    assert np.abs(mended).max() <= 1
    assert signal_to_error(clean, mended / finding.values["gain"]) > signal_to_error(clean, clipped) + 6
    np.testing.assert_array_equal(repaired("clipping", clipped, finding, [777, 100000]), mended)


def test_declipping_twice_is_declipping_once():
    clipped = over(sound(), 3)
    mended = repaired("clipping", clipped, findings(clipped)["clipping"])
    assert "clipping" not in findings(mended)


def test_declipping_leaves_a_sound_with_round_tops_as_it_is():
    clean = 0.9 * sound()
    values = {"band": 0.01, "high": float(clean.max()), "low": float(-clean.min()), "gain": 1.0}
    (kind,) = (one for one in Peaks.kinds if one.key == "clipping")
    assert signal_to_error(clean, np.concatenate(list(kind.repair([clean], RATE, values))) + 1e-12) > 60


def between(dbtp):
    """A sine at a quarter of the rate, whose samples all lie 3 dB below the peak of its curve."""
    sine = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4) * np.hanning(RATE)
    return (sine * 10 ** (dbtp / 20)).astype(np.float32)


def test_a_true_peak_above_full_scale_is_found_where_no_sample_is():
    samples = between(1.5)
    assert np.abs(samples).max() < 1
    finding = findings(samples)["intersample"]
    assert "+1.5 dBTP" in finding.measured
    assert all(0.2 < start < end < 0.8 for start, end in finding.places)


@pytest.mark.parametrize("dbtp", [-1, 0])
def test_a_true_peak_at_full_scale_is_not_above_it(dbtp):
    assert "intersample" not in findings(between(dbtp))


def test_samples_above_full_scale_count_as_well():
    assert "intersample" in findings(1.2 * sound())


def test_the_remedy_leaves_a_true_peak_of_minus_1_dbtp():
    samples = between(1.5)
    mended = repaired("intersample", samples, findings(samples)["intersample"])
    # By the curve itself, 16 times oversampled; four values a sample read at most 0.17 dB too little at this pitch.
    assert 20 * np.log10(np.abs(resample(mended, 16 * RATE)).max()) == pytest.approx(-1, abs=0.2)
    assert "intersample" not in findings(mended)


def test_short_and_empty_sounds_have_no_findings():
    for samples in (np.zeros(0, np.float32), np.zeros(5, np.float32), np.full(3, 0.5, np.float32)):
        assert findings(samples) == {}
