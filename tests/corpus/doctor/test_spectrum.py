"""Hum, noise, missing highs: found, told from what is no fault, and mended."""

import numpy as np
import pytest
import soxr

from prism_lessons.corpus.doctor import CLEAR, SEVERE, SLIGHT, Finding, findings_at_rate
from prism_lessons.corpus.doctor.spectrum import Spectrum

RATE = 16000
VALUES = {
    "hum": {"fundamental": 50.0, "harmonics": [1, 2]},
    "noise": {"spectrum": [[200.0, -80.0], [7000.0, -80.0]]},
}


def findings(samples, rate=RATE, block=10 * RATE):
    spectrum = Spectrum(rate, 1)
    for start in range(0, len(samples), block):
        mono = samples[start : start + block].astype(np.float32)
        spectrum.add(mono[:, None], mono)
    return {finding.kind: finding for finding in spectrum.findings()}


def repaired(samples, kind, values, rate=RATE, block=RATE):
    repair = next(one for one in Spectrum.kinds if one.key == kind).repair
    blocks = (samples[start : start + block].astype(np.float32) for start in range(0, len(samples), block))
    return np.concatenate(list(repair(blocks, rate, values)))


def power(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20)


def bells(seconds, rate=RATE):
    """Struck partials with nothing between the strikes, rounded to 16 bits."""
    time = np.arange(round(seconds * rate)) / rate
    since = time % 2
    partials = ((311, 4), (523, 5), (851, 6), (1490, 8), (2700, 12))
    sound = sum(0.1 * np.exp(-fall * since) * np.sin(2 * np.pi * hertz * since) for hertz, fall in partials)
    return np.rint(sound * 32768) / 32768


def hum(seconds, fundamental, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    return sum(
        a * np.sin(2 * np.pi * k * fundamental * time + k) for k, a in ((1, 0.02), (2, 0.01), (3, 0.01), (5, 0.004))
    )


def hiss(seconds, level, rate=RATE, seed=0):
    return 10 ** (level / 20) * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def drums(seconds, rate=RATE, every=0.5):
    """Strokes of noise with pauses between them, of full bandwidth."""
    since = (np.arange(round(seconds * rate)) / rate) % every
    sound = hiss(seconds, -12, rate) * np.exp(-12 * since)
    return np.rint(np.clip(sound, -1, 1) * 32768) / 32768


def test_good_recordings_have_no_fault():
    assert findings(bells(6)) == {} == findings(drums(6)) == findings(hiss(6, -20))


@pytest.mark.parametrize("fundamental", [50, 60, 49.95, 60.04])
def test_a_hum_of_50_or_60_hz_is_measured_to_a_twentieth_of_a_hertz(fundamental):
    found = findings(bells(6) + hum(6, fundamental))["hum"]
    assert found.values["fundamental"] == pytest.approx(fundamental, abs=0.05)
    assert found.values["harmonics"] == [1, 2, 3, 5]


def test_notches_take_the_hum_out_and_leave_the_bells():
    clean = bells(8)
    faulty = clean + hum(8, 50)
    values = findings(faulty)["hum"].values
    inside = slice(RATE, -RATE)
    assert power((repaired(faulty, "hum", values) - clean)[inside]) < power(hum(8, 50)[inside]) - 20
    assert power((repaired(clean, "hum", values) - clean)[inside]) < power(clean[inside]) - 25


@pytest.mark.parametrize("fundamental", [49.0, 48.99, 61.74, 55.0])
def test_a_drone_on_a_bass_note_is_no_hum(fundamental):
    assert "hum" not in findings(hum(6, fundamental))


def test_a_bass_note_of_50_hz_that_dies_away_is_no_hum():
    assert "hum" not in findings(np.exp(-1.5 * np.arange(6 * RATE) / RATE) * hum(6, 50))


@pytest.mark.parametrize("below", [20, 30])
def test_a_high_noise_floor_is_found_and_lowered(below):
    clean = drums(6, every=1)
    loud = max(power(frame) for frame in np.array_split(clean, 120))
    noise = hiss(6, loud - below, seed=3)
    found = findings(clean + noise)["noise"]
    mended = repaired(clean + noise, "noise", found.values)
    assert len(mended) == len(clean)
    since = (np.arange(len(clean)) / RATE) % 1
    rests = (since > 0.5) & (since < 0.9)  # the stroke has died away by 52 dB, and the next is two frames off
    assert power(mended[rests]) < power((clean + noise)[rests]) - 8  # of at most 12 dB
    assert power(mended - clean) < power(noise) - 3


def test_lowering_the_noise_leaves_what_is_louder():
    clean = drums(6)
    values = findings(clean + hiss(6, -45, seed=3))["noise"].values
    assert power(repaired(clean, "noise", values) - clean) < power(clean) - 20


def test_wind_and_drones_of_noise_are_no_noise_floor():
    slow = 10 ** (0.3 * np.sin(2 * np.pi * 0.3 * np.arange(8 * RATE) / RATE))
    assert "noise" not in findings(hiss(8, -20) * slow)


@pytest.mark.parametrize(("source", "corpus"), [(8000, 8000), (11025, 11025), (22050, 22050)])
def test_an_upsampled_file_is_told_with_its_cutoff(source, corpus):
    full = drums(4, 44100)
    found = findings(np.rint(soxr.resample(soxr.resample(full, 44100, source), source, 44100) * 32768) / 32768, 44100)
    assert found["bandwidth"].values["cutoff"] == pytest.approx(source / 2, rel=0.06)
    measured = found["bandwidth"].measured
    assert f"where a corpus at 44100 Hz holds sound up to 22050 Hz; one at {corpus} Hz would lose nothing" in measured
    assert "MP3" not in measured and "as " not in measured  # from the sound alone, nobody knows what took them


def test_a_spectrum_that_slopes_down_to_nothing_is_whole():
    """12 dB for each kHz: at the noise of 16 bits from 7 kHz on."""
    spectrum = np.fft.rfft(drums(4, 44100))
    frequency = np.fft.rfftfreq(4 * 44100, 1 / 44100)
    dark = np.fft.irfft(spectrum * 10 ** (-12 * frequency / 1000 / 20))
    assert "bandwidth" not in findings(np.rint(dark * 32768) / 32768, 44100)


def test_a_low_rate_is_named():
    (found,) = findings_at_rate([], 8000, RATE)
    assert (found.kind, found.severity, found.values) == ("low_rate", SEVERE, {"cutoff": 4000})
    assert findings_at_rate([], RATE, RATE) == [] == findings_at_rate([], 44100, 48000)


@pytest.mark.parametrize(
    ("cutoff", "rate", "severity"),
    [
        (11_000, 16_000, None),  # what a corpus cannot hold is not missing
        (7_300, 16_000, None),  # 90 % of 8 kHz, where the filters of converters begin
        (7_000, 16_000, SLIGHT),
        (5_500, 16_000, CLEAR),  # from a third of an octave on
        (4_100, 16_000, SEVERE),  # about an octave
        (11_000, 44_100, SEVERE),
        (16_000, 44_100, CLEAR),
        (18_000, 44_100, SLIGHT),
    ],
)
def test_missing_high_frequencies_are_as_severe_as_what_a_corpus_lacks(cutoff, rate, severity):
    raw = Finding("bandwidth", SLIGHT, "", (), {"cutoff": cutoff})
    assert [one.severity for one in findings_at_rate([raw], 44_100, rate)] == ([] if severity is None else [severity])


def test_how_the_sound_is_cut_into_blocks_changes_nothing():
    sound = drums(9) + hum(9, 50) + hiss(9, -40, seed=2)
    whole = findings(sound, block=len(sound))
    assert {"hum", "noise"} <= whole.keys()
    assert findings(sound) == whole == findings(sound, block=1237)


@pytest.mark.parametrize("kind", ["hum", "noise"])
def test_remedies_stay_within_full_scale_and_do_not_depend_on_the_blocks(kind):
    sound = np.clip(4 * drums(4) + hum(4, 50) + hiss(4, -40), -1, 1)
    mended = repaired(sound, kind, VALUES[kind])
    assert np.abs(mended).max() <= 1
    assert len(mended) == len(sound)
    other = repaired(sound, kind, VALUES[kind], block=1237)
    assert power(mended - other) < -80


@pytest.mark.parametrize("rate", [2000, 16000, 44100])
@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(1), np.ones(1), np.zeros(50000), np.full(50000, 0.3), hiss(0.01, -20)]
)
def test_degenerate_sounds_do_no_harm(samples, rate):
    assert findings(samples, rate) == {}


@pytest.mark.parametrize("kind", ["hum", "noise"])
@pytest.mark.parametrize("samples", [0, 1, 300])
def test_remedies_take_very_short_sounds(kind, samples):
    blocks = [np.full(samples, 0.1, np.float32)]
    repair = next(one for one in Spectrum.kinds if one.key == kind).repair
    assert sum(len(block) for block in repair(blocks, RATE, VALUES[kind])) == samples
