"""Whether two stretches of sound are one wave: the closest look at near duplicates.

Windows of the one are sought in the other, with the weaker partials lifted: in a copy their phases agree, at one speed
and one shift throughout.
"""

import numpy as np
from scipy import fft
from scipy.signal.windows import blackmanharris

from ..audio import decibels

SAMPLE_RATE = 16000
# Agreement of the waves. Copies of the recordings in benchmarks/near_duplicates.py reach 0.91 and more, strikes of
# synthetic drums, whose partials are the same to the last digit, 0.92 at most and 3 in 720 pairs more than this.
SAME = 0.9
LIFT = 0.2  # of both amplitudes in that agreement: 0.5 would let the strongest partial decide, 0 the noise
SPEEDS = (1.0, 0.99, 1.01)
PLACES, WINDOW = 8, 1024  # windows compared, and their length in samples
# Samples to either side of the expected place: a sound that dies away evenly fits itself anywhere within two margins.
REACH = 1040
PARTIAL_BINS = 12  # that a steady partial fills, with this window and its zero padding
LEAST_PROOF = 0.02  # of a place with a single partial, so that pure tones can be compared at all
TRIES = 8  # lines at the expected speed, and as many at others


def _windows(recording, places, speed, size):
    """Windows of `size` samples round `places` (float), as played `speed` times as fast: (places, size) float32."""
    steps = (np.arange(size) - size / 2) * speed
    rows = []
    for place in places:
        first = int(np.floor(place + steps[0]))
        wave = recording.wave(first, int(size * speed) + 3)
        rows.append(np.interp(place + steps - first, np.arange(len(wave)), wave))
    return np.array(rows, np.float32)


def _energies(windows):
    return (windows.astype(np.float64) ** 2).sum(1)


def _sought(ours, theirs):
    """How well windows (places, WINDOW) fit at lags from -REACH to REACH: (places, 2 * REACH + 1), -1 .. 1.

    The mean of the correlations as they are and after pre-emphasis (first difference), which tells one period of a low
    tone from the next. Both sides are weighted by a Hann window, so that a louder sound close by does not win.
    """
    size = fft.next_fast_len(WINDOW + 2 * REACH, real=True)
    hann = np.hanning(WINDOW).astype(np.float32)
    weighting = fft.rfft(hann, size).conj()
    found = 0
    for _ in range(2):
        product = fft.rfft(ours * hann, size, axis=1).conj() * fft.rfft(theirs, size, axis=1)
        product = fft.irfft(product, size, axis=1)[:, : 2 * REACH + 1]
        energy = fft.irfft(weighting * fft.rfft(theirs**2, size, axis=1), size, axis=1)[:, : 2 * REACH + 1]
        energy = np.maximum(energy, 0.01 * energy.max(1, keepdims=True) + 1e-12)
        own = np.maximum((ours**2 * hann).sum(1, keepdims=True), 1e-12)
        found = found + product / np.sqrt(energy * own) / 2
        ours, theirs = (np.diff(wave, axis=1, append=wave[:, -1:]) for wave in (ours, theirs))
    return found


def agreement(short, long, places, start, at, speed):
    """How well the waves agree: (similarity, (level in dB, speed, polarity, sample of `long` where `short` begins)).

    Sample t of `short` is expected round `at + (t - start) / speed` in `long`, within 65 ms. The lags that all places
    together like best, and straight lines through the best lags of two of them, are tried as the true shift and speed;
    along each the phases are compared.
    """
    there = at + (places - start) / speed
    ours = _windows(short, places, speed, WINDOW)
    theirs = _windows(long, there, 1.0, WINDOW + 2 * REACH)
    found = _sought(ours, theirs)
    weights = (_energies(ours) * _energies(theirs)) ** 0.25
    lags = np.abs(found).argmax(1) - REACH
    level = [(float(lag) - REACH, 0.0) for lag in np.argsort(-np.abs(np.sqrt(weights) @ found))]
    tilted = sorted(_lines(there, lags), key=lambda line: -_on_the_line(found, weights, there, *line))
    best = (0.0, None)
    length = there[-1] - there[0]
    for line in _apart(level, length, TRIES) + _apart(tilted, length, TRIES):
        best = max(best, _along(short, long, places, there, speed, *line), key=lambda match: match[0])
        if best[0] >= SAME:
            break
    return best


def _along(short, long, places, there, speed, shift, slope):
    """What `_agreement` gives, for one line."""
    window = blackmanharris(WINDOW).astype(np.float32)
    there, speed = there + shift + slope * (there - there[0]), speed / (1 + slope)
    ours = _windows(short, places, speed, WINDOW) * window
    theirs = _windows(long, there, 1.0, WINDOW) * window
    agreements, partials = _phases_agree(ours, theirs)
    # Where one partial is left, phases agree in any two strikes: such a place proves next to nothing.
    weights = (_energies(ours) * _energies(theirs)) ** 0.25 * np.maximum(partials - 1, LEAST_PROOF)
    agreement = float(agreements @ weights / max(weights.sum(), 1e-12))
    ratio = _energies(theirs).sum() / max(_energies(ours).sum(), 1e-12)
    level = 10 * np.log10(max(ratio, 1e-12)) + decibels(long.peak) - decibels(short.peak)
    return min(1.0, abs(agreement)), (level, speed, agreement < 0, there[0] - places[0] / speed)


def _phases_agree(ours, theirs):
    """Whether the phases of windows (places, WINDOW) agree, from -1 (polarity turned) to 1, and in how many partials.

    Bins count nearly alike, whatever their level, as far as they stand out of the noise in both: two strikes of a drum
    can agree in the strongest partial, but not in the weaker ones and the attack.
    """
    ours, theirs = fft.rfft(ours, 2 * WINDOW, axis=1), fft.rfft(theirs, 2 * WINDOW, axis=1)
    cross = ours.conj() * theirs
    weights = (_clear(ours) * _clear(theirs)) ** LIFT
    cross *= weights / np.maximum(np.abs(cross), 1e-15)
    peaks = fft.irfft(cross, axis=1) * WINDOW / np.maximum(weights.sum(1, keepdims=True), 1e-12)
    peaks = np.roll(peaks, 6, axis=1)[:, :13]  # a line through whole samples may be off by 0.4 ms
    agreements = np.array([row[np.abs(row).argmax()] for row in peaks])
    partials = weights.sum(1) ** 2 / np.maximum((weights**2).sum(1), 1e-12) / PARTIAL_BINS
    return agreements, partials


def _clear(spectra):
    """What stands out of twice the median amplitude, (places, bins); below 60 Hz are hum and handling noise."""
    amplitudes = np.abs(spectra)
    amplitudes[:, : round(60 * 2 * WINDOW / SAMPLE_RATE)] = 0
    floor = 2 * np.median(amplitudes, axis=1, keepdims=True)
    return np.sqrt(np.maximum(amplitudes**2 - floor**2, 0))


def _lines(there, lags):
    """Straight lines (shift, slope) through the best lags of two places, with slopes that the steps of SPEEDS leave."""
    for one in range(len(lags)):
        for other in range(one):
            apart = there[one] - there[other]
            slope = (lags[one] - lags[other]) / apart if apart else np.inf
            if abs(slope) <= 0.005:
                yield lags[other] - slope * (there[other] - there[0]), slope


def _apart(lines, length, most):
    """The first lines that differ, at most so many: a periodic sound fits itself a period on, too."""
    kept = []
    for shift, slope in lines:
        ends = (shift, shift + slope * length)
        if all(max(abs(ends[0] - a), abs(ends[1] - a - b * length)) > 8 for a, b in kept):
            kept.append((shift, slope))
        if len(kept) == most:
            break
    return kept


def _on_the_line(found, weights, there, shift, slope, near=4):
    """The weighted sum of the peaks near a line, of the same polarity."""
    at = np.rint(shift + slope * (there - there[0])).astype(int) + REACH
    columns = np.clip(at[:, None] + np.arange(-near, near + 1), 0, found.shape[1] - 1)
    along = found[np.arange(len(found))[:, None], columns]
    return max(weights @ along.max(1), weights @ -along.min(1))
