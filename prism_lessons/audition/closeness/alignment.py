"""Alignment of the wave of a clip with the wave of a source: whether, where and for how long they match.

`patches.py` proposes places. Near each, shifts are found by cross-correlation at three speeds, and scored by how well
the phases of the partials agree; the alignment is followed in both directions until it ends; and the aligned stretch is
searched for once more as a whole, since a ringing sound matches itself a few periods on.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import fft
from scipy.signal.windows import blackmanharris

from ...analysis import LIFT, SAMPLE_RATE, SPEEDS, phase_coherence, salient_amplitudes

WINDOW = 2048  # samples of a clip to search for in a source: 128 ms; a speed 1 % off shifts its ends by 0.6 ms
REGION = 4096  # samples of the source to search in: 64 ms to either side of the expected place
LONG, LONGEST = 32768, 8192  # the same for a whole line: up to a second to either side, and the most of it that is used
ANCHORS = 8  # best-fitting places for a line as a whole
LEAST_ENERGY = 0.02  # of the energy of the region's loudest stretch: the least energy that fits are normalised by
PEAK_APART = 16  # samples in a block; each block has one peak of the fit at most
PEAKS = 4  # shifts for each place, at the best speed of each, whose phases are compared
SHORT = 1024  # samples of the windows along a line
SHORT_HOP = 256
FLOOR_STRIDE = 4  # bins: every fourth will do for the noise floor, as neighbours are alike
SLACK = 6  # samples that a window may be off the line: 0.4 ms
AGREES = 0.5  # mean phase agreement of five short windows, half of what a copy reaches: so edges stay in place
SMOOTH = np.array([1, 2, 3, 2, 1]) / 9
TIGHT = 2  # the same once the line is fitted
NEAR = 8  # short windows to either side for the first fit of the line: 0.13 s
EDGE = 2  # short windows at either end that reach beyond a copy: left out of its agreement
GAP = 8  # short windows in a row that may disagree within a copy, as where noise covers a pause: 0.13 s
QUIET = 1e-3  # of the largest energy of all windows along the line: 30 dB below; such a pause ends no copy


@dataclass(frozen=True)
class Line:
    """A stretch of a clip and the stretch of a source that it is aligned with, in samples at 16 kHz.

    Sample `start` of the clip corresponds to `there` of the source; played `speed` times as fast, `length` samples of
    the clip match it. `agreement` is that of the phases, 0 .. 1; `proof` sums, in units of windows that do not overlap,
    the partials that stand out in both beyond the first, since one agrees in any two sounds of one pitch.
    """

    start: float
    there: float
    length: float
    speed: float
    agreement: float
    proof: float

    def passes(self, place, there):
        """Whether the line, up to `SHORT` samples beyond its ends, passes within 1 ms of a place in clip and source."""
        if not self.start - SHORT <= place <= self.start + self.length + SHORT:
            return False
        return abs(self.there + (place - self.start) / self.speed - there) < 16

    def shared(self, other):
        """How many samples of the clip it shares with another `Line`."""
        return min(self.start + self.length, other.start + other.length) - max(self.start, other.start)


def _whitened(spectra):
    """Spectra whose amplitudes are raised to the power of `LIFT` where they stand out, and 0 elsewhere."""
    return spectra * (salient_amplitudes(spectra, FLOOR_STRIDE) ** LIFT / np.maximum(np.abs(spectra), 1e-15))


def cut(samples, starts, size):
    """Windows of `size` samples from `starts` (integers) on, zero-padded beyond the ends: (n, size) float32."""
    places = np.asarray(starts)[:, None] + np.arange(size)
    inside = (places >= 0) & (places < len(samples))
    return np.where(inside, samples[np.clip(places, 0, len(samples) - 1)], 0).astype(np.float32)


@cache
def _window(size):
    """The window (size,) for comparing phases: its side lobes stay 92 dB below."""
    return blackmanharris(size).astype(np.float32)


def _coherence(ours, theirs, slack=SLACK):
    """The `phase_coherence` of windows (n, SHORT or WINDOW)."""
    window = _window(ours.shape[1])
    return phase_coherence(ours * window, theirs * window, slack, FLOOR_STRIDE)


def sought(clip, sources, found):
    """The shifts at which stretches of a clip fit the sources best, near candidate places.

    Parameters
    ----------
    clip
        (samples,) float32.
    sources
        A list of `Fingerprint`s.
    found
        Candidates (places, owners, there), (n,) each: samples of the clip, indices of sources, and the corresponding
        samples of these, to within 64 ms.

    Returns
    -------
    list of (trust 0 .. 1, place in the clip, place in the source, owner)
        The best first.
    """
    places, owners, there = found
    if not len(places):
        return []
    begins = np.rint(there).astype(int) - REGION // 2
    regions = np.stack([sources[owner].wave(begin, REGION) for owner, begin in zip(owners, begins, strict=True)])
    spectra = _whitened(fft.rfft(regions * np.hanning(REGION).astype(np.float32) ** 0.5, axis=1))
    windows = np.stack([_stretched(clip, places, speed, WINDOW) for speed in SPEEDS])
    ours = fft.rfft(windows.reshape(-1, WINDOW) * np.hanning(WINDOW).astype(np.float32), REGION, axis=1)
    fits = fft.irfft(_whitened(ours).conj().reshape(len(SPEEDS), len(places), -1) * spectra, axis=2)
    speeds, lags = _peaks(_levelled(fits, fft.irfft(spectra, axis=1), WINDOW), PEAKS)
    pairs = np.arange(len(places))[:, None]
    theirs = regions[pairs[..., None], lags[..., None] + np.arange(WINDOW)].reshape(-1, WINDOW)
    agreement, partials, beside = _coherence(windows[speeds, pairs].reshape(-1, WINDOW), theirs)
    # A single partial agrees in any two sounds of one pitch, so more partials are trusted more.
    trust = np.abs(agreement) * (1 - 0.5 / np.maximum(partials, 1))
    at = (begins[:, None] + lags).ravel() + beside + WINDOW / 2
    return sorted(zip(trust, np.repeat(places, PEAKS), at, np.repeat(owners, PEAKS), strict=True), reverse=True)


def anchored(line, clip, source):
    """Other places for a `Line`: its stretch of the clip, searched for as a whole within a second of its place.

    A ringing drum matches itself a few periods on in any short window, but not along half a second.

    Parameters
    ----------
    line
        A `Line` of the clip and the source.
    clip
        (samples,) float32.
    source
        A `Fingerprint`.

    Returns
    -------
    list of (place in the clip, place in the source, speed)
        In no order.
    """
    size = int(min(line.length, LONGEST)) // 2 * 2
    place, there = line.start + line.length / 2, line.there + line.length / 2 / line.speed
    begin = round(there) - LONG // 2
    # The source is lifted frame by frame (overlap-add), so that a loud strike does not mask what comes after.
    hann = np.hanning(2 * WINDOW + 1)[:-1].astype(np.float32) ** 0.5
    frames = np.lib.stride_tricks.sliding_window_view(source.wave(begin - WINDOW, LONG + 2 * WINDOW), 2 * WINDOW)
    frames = fft.irfft(_whitened(fft.rfft(frames[::WINDOW] * hann, axis=1)), axis=1) * hann
    region = (frames[:-1, WINDOW:] + frames[1:, :WINDOW]).reshape(1, -1)
    speeds = (line.speed, *SPEEDS)
    ours = np.concatenate([_stretched(clip, np.array([place]), speed, size) for speed in speeds])
    ours = _whitened(fft.rfft(ours * np.hanning(size).astype(np.float32) ** 0.5, LONG, axis=1))
    fits = fft.irfft(ours.conj()[:, None] * fft.rfft(region, axis=1), axis=2)
    which, lags = _peaks(_levelled(fits, region, size), ANCHORS)
    found = [(place, begin + lag + size / 2, speeds[one]) for one, lag in zip(which[0], lags[0], strict=True)]
    return [one for one in found if 0 <= one[1] < len(source.samples)]


def _levelled(fits, regions, size):
    """Fits (speeds, n, lags) normalised by the local energy of the regions (n, samples): else the loudest would win."""
    energy = np.cumsum(np.pad(regions.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
    energy = energy[:, size:] - energy[:, :-size]
    energy = np.maximum(energy, LEAST_ENERGY * energy.max(1, keepdims=True) + 1e-20)
    return np.abs(fits[:, :, : energy.shape[1]]) / np.sqrt(energy).astype(np.float32)


def _peaks(fits, count):
    """The highest peaks of fits (speeds, n, lags) at any speed: (speeds, lags), (n, count) each."""
    fits = fits[:, :, : fits.shape[2] // PEAK_APART * PEAK_APART]
    fits = fits.reshape(*fits.shape[:2], -1, PEAK_APART)
    best = fits.max(3)
    which, best = best.argmax(0), best.max(0)
    top = np.argpartition(-best, count - 1, axis=1)[:, :count]
    rows = np.arange(len(top))[:, None]
    which = which[rows, top]
    return which, top * PEAK_APART + fits[which, rows, top].argmax(2)


def _speed(clip, source, place, there):
    """Which of `SPEEDS` fits best round `place` and `there`."""
    steps = np.arange(-NEAR, NEAR + 1) * SHORT_HOP
    theirs = cut(source, np.rint(there + steps).astype(int) - SHORT // 2, SHORT)
    ours = np.concatenate([_stretched(clip, place + steps * speed, speed) for speed in SPEEDS])
    agreement, _, lags = _coherence(ours, np.tile(theirs, (len(SPEEDS), 1)))
    fits = (np.abs(agreement) * (np.abs(lags) <= TIGHT)).reshape(len(SPEEDS), -1).sum(1)
    return SPEEDS[fits.argmax()]


def followed(clip, source, place, there, speed=None):
    """The `Line` that a clip (samples,) and a source (samples,) share round `place` and `there`, or None.

    The speed is the best of `SPEEDS` if not given. The line is fitted to a few windows first, then to twice as many,
    until both ends of the run are found.
    """
    speed = speed or _speed(clip, source, place, there)
    shift = slope = 0.0
    reach = NEAR
    while True:
        # Sample `there + t` of the source corresponds to `place + t * speed` in the clip, apart from drift.
        low = max(-place / speed, -there, -reach * SHORT_HOP)
        high = min((len(clip) - place) / speed, len(source) - there, reach * SHORT_HOP)
        steps = np.arange(np.ceil(low / SHORT_HOP), np.floor(high / SHORT_HOP) + 1) * SHORT_HOP
        at = there + shift + slope * steps + steps
        whole = np.rint(at).astype(int)
        centres = place + (steps + whole - at) * speed
        ours = _stretched(clip, centres, speed)
        theirs = cut(source, whole - SHORT // 2, SHORT)
        agreement, partials, lags = _coherence(ours, theirs, SLACK if reach == NEAR else TIGHT)
        run = _run(agreement, ours, theirs, steps)
        if run is None:
            return None
        good, agreement = run
        ended = good[0] > GAP + 1 and good[-1] < len(steps) - GAP - 2
        whole_seen = low > -reach * SHORT_HOP and high < reach * SHORT_HOP
        if reach > NEAR and (ended or whole_seen):
            break
        if len(good) >= 3 and np.ptp(steps[good]) >= 4 * SHORT_HOP:
            tilt, offset = np.polyfit(steps[good], lags[good], 1, w=np.maximum(agreement[good], 0.01))
            shift, slope = shift + offset, float(np.clip(slope + tilt, -0.005, 0.005))
        reach *= 2
    centres, at = centres[good], at[good]
    inner = good[EDGE:-EDGE] if len(good) > 4 * EDGE else good
    energy = (ours[inner].astype(np.float64) ** 2).sum(1) * (theirs[inner].astype(np.float64) ** 2).sum(1)
    weights = energy**0.25 * np.maximum(partials[inner], 0.01)
    mean = float(np.maximum(agreement[inner], 0) @ weights / max(weights.sum(), 1e-12))
    # Windows overlap by three quarters: every fourth is new.
    proof = float(np.maximum(partials[good] - 1, 0).sum() * SHORT_HOP / SHORT)
    first = max(0.0, centres[0] - SHORT_HOP / 2)
    last = min(len(clip), centres[-1] + SHORT_HOP / 2)
    speed /= 1 + slope
    return Line(first, at[0] + (first - centres[0]) / speed, last - first, speed, mean, proof)


def _stretched(samples, centres, speed, size=SHORT):
    """Windows of `size` samples round `centres` (float), as played `speed` times as fast: (n, size) float32."""
    places = centres[:, None] + (np.arange(size) - size / 2) * speed
    return np.interp(places, np.arange(len(samples)), samples, left=0, right=0).astype(np.float32)


def _run(agreement, ours, theirs, steps):
    """Indices of the windows of the run round step 0, and the agreement in positive polarity; None without a run."""
    near = np.abs(steps) <= NEAR // 2 * SHORT_HOP
    agreement = agreement * (1 if agreement[near].sum() >= 0 else -1)
    smooth = np.convolve(agreement, SMOOTH)[2:-2]  # of the same length
    energy = (ours**2).sum(1), (theirs**2).sum(1)
    quiet = (energy[0] < QUIET * energy[0].max()) & (energy[1] < QUIET * energy[1].max())
    good = smooth >= AGREES
    middle = np.flatnonzero(good & near)
    if not len(middle):
        return None
    middle = middle[np.abs(steps[middle]).argmin()]
    ends = []
    for way in (-1, 1):
        end, at, missed = middle, middle, 0
        while 0 <= (at := at + way) < len(good) and missed <= GAP:
            if good[at]:
                end, missed = at, 0
            elif not quiet[at]:
                missed += 1
        ends.append(end)
    return np.arange(ends[0], ends[1] + 1), agreement
