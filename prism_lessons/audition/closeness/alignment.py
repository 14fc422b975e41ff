"""Alignment of the wave of a clip with the wave of a source: whether, where and for how long they match.

`patch_index.py` proposes places. Near each, shifts are found by cross-correlation at three speeds, and scored by how
well the phases of the partials agree; the alignment is tracked in both directions until it ends; and the aligned
stretch is searched for once more as a whole, since a ringing sound matches itself a few periods on.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import fft
from scipy.signal.windows import blackmanharris

from ...analysis import LIFT, SPEEDS, phase_coherence, salient_amplitudes

WINDOW = 2048  # samples of a clip to search for in a source: 128 ms; a speed 1 % off shifts its ends by 0.6 ms
REGION = 4096  # samples of the source to search in: 64 ms to either side of the expected place
LONG, LONGEST = (
    32768,
    8192,
)  # the same for a whole match: up to a second to either side, and the most of it that is used
ANCHORS = 8  # best-fitting places for a match as a whole
LEAST_ENERGY = 0.02  # of the energy of the region's loudest stretch: the least energy that fits are normalised by
PEAK_APART = 16  # samples in a block; each block has one peak of the fit at most
PEAKS = 4  # shifts for each place, at the best speed of each, whose phases are compared
SHORT = 1024  # samples of the windows along a match
SHORT_HOP = 256
FLOOR_STRIDE = 4  # bins: every fourth will do for the noise floor, as neighbours are alike
SLACK = 6  # samples that a window may be off the match: 0.4 ms
COHERENT = 0.5  # mean phase coherence of five short windows, half of what a copy reaches: so edges stay in place
SMOOTH = np.array([1, 2, 3, 2, 1]) / 9
TIGHT = 2  # the same once the match is fitted
NEAR = 8  # short windows to either side for the first fit of the match: 0.13 s
EDGE = 2  # short windows at either end that reach beyond a copy: left out of its coherence
GAP = 8  # short windows in a row that may disagree within a copy, as where noise covers a pause: 0.13 s
QUIET = 1e-3  # of the largest energy of all windows along the line: 30 dB below; such a pause ends no copy


@dataclass(frozen=True)
class Match:
    """A segment of a clip and the segment of a source that it is aligned with, in samples at 16 kHz.

    Sample `start` of the clip corresponds to `source_start` of the source; played `speed` times as fast, `length`
    samples of the clip match it. `coherence` is that of the phases, 0 .. 1; `evidence` sums, in units of windows that
    do not overlap, the partials that stand out in both beyond the first, since one agrees in any two sounds of one
    pitch.
    """

    start: float
    source_start: float
    length: float
    speed: float
    coherence: float
    evidence: float

    def passes_near(self, place, source_place):
        """Whether the match, `SHORT` samples longer at each end, passes within 1 ms of a place in clip and source."""
        if not self.start - SHORT <= place <= self.start + self.length + SHORT:
            return False
        return abs(self.source_start + (place - self.start) / self.speed - source_place) < 16

    def overlap(self, other):
        """How many samples of the clip it shares with another `Match`."""
        return min(self.start + self.length, other.start + other.length) - max(self.start, other.start)


def _whitened(spectra):
    """Spectra whose amplitudes are raised to the power of `LIFT` where they stand out, and 0 elsewhere."""
    return spectra * (salient_amplitudes(spectra, FLOOR_STRIDE) ** LIFT / np.maximum(np.abs(spectra), 1e-15))


def _windows_from(samples, starts, size):
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


def refine_candidates(clip, sources, found):
    """The shifts at which stretches of a clip fit the sources best, near candidate places.

    Parameters
    ----------
    clip
        (samples,) float32.
    sources
        A list of `Fingerprint`s.
    found
        Candidates (places, owners, source_places), (n,) each: samples of the clip, indices of sources, and the matching
        samples of these, to within 64 ms.

    Returns
    -------
    list of (score 0 .. 1, place in the clip, place in the source, owner)
        The best first.
    """
    places, owners, source_place = found
    if not len(places):
        return []
    begins = np.rint(source_place).astype(int) - REGION // 2
    regions = np.stack([sources[owner].wave(begin, REGION) for owner, begin in zip(owners, begins, strict=True)])
    spectra = _whitened(fft.rfft(regions * np.hanning(REGION).astype(np.float32) ** 0.5, axis=1))
    windows = np.stack([_resampled_windows(clip, places, speed, WINDOW) for speed in SPEEDS])
    ours = fft.rfft(windows.reshape(-1, WINDOW) * np.hanning(WINDOW).astype(np.float32), REGION, axis=1)
    fits = fft.irfft(_whitened(ours).conj().reshape(len(SPEEDS), len(places), -1) * spectra, axis=2)
    speeds, lags = _peaks(_normalised(fits, fft.irfft(spectra, axis=1), WINDOW), PEAKS)
    pairs = np.arange(len(places))[:, None]
    theirs = regions[pairs[..., None], lags[..., None] + np.arange(WINDOW)].reshape(-1, WINDOW)
    coherence, partials, beside = _coherence(windows[speeds, pairs].reshape(-1, WINDOW), theirs)
    # A single partial agrees in any two sounds of one pitch, so more partials count more.
    scores = np.abs(coherence) * (1 - 0.5 / np.maximum(partials, 1))
    at = (begins[:, None] + lags).ravel() + beside + WINDOW / 2
    return sorted(zip(scores, np.repeat(places, PEAKS), at, np.repeat(owners, PEAKS), strict=True), reverse=True)


def realign(match, clip, source):
    """Other places for a `Match`: its segment of the clip, searched for as a whole within a second of its place.

    A ringing drum matches itself a few periods on in any short window, but not along half a second.

    Parameters
    ----------
    match
        A `Match` of the clip and the source.
    clip
        (samples,) float32.
    source
        A `Fingerprint`.

    Returns
    -------
    list of (place in the clip, place in the source, speed)
        In no order.
    """
    size = int(min(match.length, LONGEST)) // 2 * 2
    place, source_place = match.start + match.length / 2, match.source_start + match.length / 2 / match.speed
    begin = round(source_place) - LONG // 2
    # The source is lifted frame by frame (overlap-add), so that a loud strike does not mask what comes after.
    hann = np.hanning(2 * WINDOW + 1)[:-1].astype(np.float32) ** 0.5
    frames = np.lib.stride_tricks.sliding_window_view(source.wave(begin - WINDOW, LONG + 2 * WINDOW), 2 * WINDOW)
    frames = fft.irfft(_whitened(fft.rfft(frames[::WINDOW] * hann, axis=1)), axis=1) * hann
    region = (frames[:-1, WINDOW:] + frames[1:, :WINDOW]).reshape(1, -1)
    speeds = (match.speed, *SPEEDS)
    ours = np.concatenate([_resampled_windows(clip, np.array([place]), speed, size) for speed in speeds])
    ours = _whitened(fft.rfft(ours * np.hanning(size).astype(np.float32) ** 0.5, LONG, axis=1))
    fits = fft.irfft(ours.conj()[:, None] * fft.rfft(region, axis=1), axis=2)
    which, lags = _peaks(_normalised(fits, region, size), ANCHORS)
    found = [(place, begin + lag + size / 2, speeds[one]) for one, lag in zip(which[0], lags[0], strict=True)]
    return [one for one in found if 0 <= one[1] < len(source.samples)]


def _normalised(fits, regions, size):
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


def _speed(clip, source, place, source_place):
    """Which of `SPEEDS` fits best round `place` and `source_place`."""
    steps = np.arange(-NEAR, NEAR + 1) * SHORT_HOP
    theirs = _windows_from(source, np.rint(source_place + steps).astype(int) - SHORT // 2, SHORT)
    ours = np.concatenate([_resampled_windows(clip, place + steps * speed, speed) for speed in SPEEDS])
    coherence, _, lags = _coherence(ours, np.tile(theirs, (len(SPEEDS), 1)))
    fits = (np.abs(coherence) * (np.abs(lags) <= TIGHT)).reshape(len(SPEEDS), -1).sum(1)
    return SPEEDS[fits.argmax()]


def track(clip, source, place, source_place, speed=None):
    """The `Match` that a clip (samples,) and a source (samples,) share round `place` and `source_place`, or None.

    The speed is the best of `SPEEDS` if not given. The match is fitted to a few windows first, then to twice as many,
    until both ends of the run are found.
    """
    speed = speed or _speed(clip, source, place, source_place)
    shift = slope = 0.0
    reach = NEAR
    while True:
        # Sample `source_place + t` of the source corresponds to `place + t * speed` in the clip, apart from drift.
        low = max(-place / speed, -source_place, -reach * SHORT_HOP)
        high = min((len(clip) - place) / speed, len(source) - source_place, reach * SHORT_HOP)
        steps = np.arange(np.ceil(low / SHORT_HOP), np.floor(high / SHORT_HOP) + 1) * SHORT_HOP
        at = source_place + shift + slope * steps + steps
        whole = np.rint(at).astype(int)
        centres = place + (steps + whole - at) * speed
        ours = _resampled_windows(clip, centres, speed)
        theirs = _windows_from(source, whole - SHORT // 2, SHORT)
        coherence, partials, lags = _coherence(ours, theirs, SLACK if reach == NEAR else TIGHT)
        run = _coherent_run(coherence, ours, theirs, steps)
        if run is None:
            return None
        good, coherence = run
        ended = good[0] > GAP + 1 and good[-1] < len(steps) - GAP - 2
        whole_seen = low > -reach * SHORT_HOP and high < reach * SHORT_HOP
        if reach > NEAR and (ended or whole_seen):
            break
        if len(good) >= 3 and np.ptp(steps[good]) >= 4 * SHORT_HOP:
            tilt, offset = np.polyfit(steps[good], lags[good], 1, w=np.maximum(coherence[good], 0.01))
            shift, slope = shift + offset, float(np.clip(slope + tilt, -0.005, 0.005))
        reach *= 2
    centres, at = centres[good], at[good]
    inner = good[EDGE:-EDGE] if len(good) > 4 * EDGE else good
    energy = (ours[inner].astype(np.float64) ** 2).sum(1) * (theirs[inner].astype(np.float64) ** 2).sum(1)
    weights = energy**0.25 * np.maximum(partials[inner], 0.01)
    mean = float(np.maximum(coherence[inner], 0) @ weights / max(weights.sum(), 1e-12))
    # Windows overlap by three quarters: every fourth is new.
    evidence = float(np.maximum(partials[good] - 1, 0).sum() * SHORT_HOP / SHORT)
    first = max(0.0, centres[0] - SHORT_HOP / 2)
    last = min(len(clip), centres[-1] + SHORT_HOP / 2)
    speed /= 1 + slope
    return Match(first, at[0] + (first - centres[0]) / speed, last - first, speed, mean, evidence)


def _resampled_windows(samples, centres, speed, size=SHORT):
    """Windows of `size` samples round `centres` (float), as played `speed` times as fast: (n, size) float32."""
    places = centres[:, None] + (np.arange(size) - size / 2) * speed
    return np.interp(places, np.arange(len(samples)), samples, left=0, right=0).astype(np.float32)


def _coherent_run(coherence, ours, theirs, steps):
    """Indices of the windows of the run round step 0, and the coherence in positive polarity; None without a run."""
    near = np.abs(steps) <= NEAR // 2 * SHORT_HOP
    coherence = coherence * (1 if coherence[near].sum() >= 0 else -1)
    smooth = np.convolve(coherence, SMOOTH)[2:-2]  # of the same length
    energy = (ours**2).sum(1), (theirs**2).sum(1)
    quiet = (energy[0] < QUIET * energy[0].max()) & (energy[1] < QUIET * energy[1].max())
    good = smooth >= COHERENT
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
    return np.arange(ends[0], ends[1] + 1), coherence
