"""Whether two stretches of sound are the same wave: the last test of near-duplicates.

Windows of one are cross-correlated with the other; lags on a straight line give the speed and shift of a possible copy.
Along the likeliest lines the phases are compared, with the weaker partials lifted: in a copy they agree.
"""

import numpy as np
from scipy import fft
from scipy.signal.windows import blackmanharris

from ..audio import to_dbfs

SAMPLE_RATE = 16000
# Coherence of the phases. Copies of the recordings in benchmarks/near_duplicates.py reach 0.91 and more; strikes of
# synthetic drums, with partials equal to the last digit, 0.92 at most, and more than this in 3 of 720 pairs.
SAME = 0.9
LIFT = 0.2  # power of both amplitudes in that coherence: with 0.5 the strongest partial would decide, with 0 the noise
SPEEDS = (1.0, 0.99, 1.01)
PLACES, WINDOW = 8, 1024  # windows compared, and their length in samples
# Samples to either side of the expected place: a sound that dies away evenly fits itself anywhere within two margins.
REACH = 1040
PARTIAL_BINS = 12  # bins that a steady partial fills, with this window and its zero padding
LOWEST = 60.0  # Hz
SLACK = 6  # samples: a line through whole samples may be off by 0.4 ms
LEAST_EVIDENCE = 0.02  # weight of a place with a single partial, so that pure tones can be compared at all
LINES = 8  # at each expected speed, and as many at others
STEEPEST = 0.005  # slope of a line: half of a step of SPEEDS
APART = 8  # samples between two lines, at either end
NEAR = 4  # samples from a line to the peaks on it
# Lines along which the waves correlate so well are tried, the best first: in 2,053 copies of recordings and of half
# seconds of them, the true one gave 0.67 and more, and was the first or the second except for low tones, which fit
# nearly as well a few samples on. Along such a line near the true one, phases agree by 0.56 and more: if the first
# lines are promising, they are refitted to the peaks near them, and more lines are tried. Refitting those as well took
# one more pair of bells for copies.
LIKELY, TRIES, PROMISING, MOST_TRIES = 0.5, 2, 0.5, 12
BLOCK = 16  # samples whose energies are summed up before the Hann window
HANN = np.hanning(WINDOW).astype(np.float32)
BLACKMAN_HARRIS = blackmanharris(WINDOW).astype(np.float32)


def _windows(recording, places, speed, size):
    """Windows of `size` samples round `places` (float), as played `speed` times as fast: (places, size) float32."""
    begins = places - size / 2 * speed
    firsts = np.floor(begins).astype(int)
    start, longest = firsts.min(), int(size * np.max(speed)) + 3
    wave = recording.wave(start, firsts.max() - start + longest)
    shares = (begins - firsts)[:, None]
    if np.ndim(speed) == 0 and speed == 1:
        rows = np.lib.stride_tricks.sliding_window_view(wave, size + 1)[firsts - start]
        return rows[:, :-1] + np.diff(rows, axis=1) * shares.astype(np.float32)
    at = shares + np.arange(size) * np.reshape(speed, (-1, 1))
    low = at.astype(int)
    shares = (at - low).astype(np.float32)
    low += (firsts - start)[:, None]
    below = wave[low]
    return below + (wave[low + 1] - below) * shares


def _energies(windows):
    return np.einsum("ps,ps->p", windows, windows).astype(np.float64)


def _emphasised(windows):
    """The first difference, which tells one period of a low tone from the next."""
    return np.diff(windows, axis=1, append=windows[:, -1:])


class _Correlations:
    """Cross-correlations of windows (rows, WINDOW) with longer ones (rows, WINDOW + 2 * REACH), under a Hann window.

    Both without and with pre-emphasis. The Hann window weights the longer ones too, so that a louder sound close by
    does not win; their energy under it changes so slowly that it is computed every BLOCK lags only.
    """

    def __init__(self, ours, theirs):
        size = fft.next_fast_len(WINDOW + 2 * REACH, real=True)
        product = fft.irfft(fft.rfft(ours * HANN, size, axis=1).conj() * fft.rfft(theirs, size, axis=1), size, axis=1)
        plain = product[:, : 2 * REACH + 1]
        # The product of two differences is the second difference of the product, apart from the slope of the window.
        emphasised = 2 * plain - product[:, 1 : 2 * REACH + 2]
        emphasised[:, 1:] -= plain[:, :-1]
        emphasised[:, 0] -= product[:, -1]
        self._channels = []
        for products, own, other in (plain, ours, theirs), (emphasised, _emphasised(ours), _emphasised(theirs)):
            blocks = other.reshape(len(other), -1, BLOCK)
            blocks = np.einsum("rbs,rbs->rb", blocks, blocks)
            under = np.lib.stride_tricks.sliding_window_view(blocks, WINDOW // BLOCK, axis=1)
            energies = np.einsum("rlb,b->rl", under, HANN.reshape(-1, BLOCK).mean(1))
            own = np.einsum("rs,rs,s->r", own, own, HANN)[:, None]
            self._channels.append((products, np.maximum(own, 1e-12), energies, energies.max(1, keepdims=True)))

    def everywhere(self):
        """The mean of both correlations, (rows, 2 * REACH + 1), -1 .. 1; next to a much louder sound nearer to 0."""
        found = 0
        for products, own, energies, loudest in self._channels:
            scale = 0.5 / np.sqrt(np.maximum(energies, 0.01 * loudest + 1e-12) * own)
            found = found + products * _between(scale)
        return found

    def near(self, rows, lags):
        """The better of both correlations at the peaks near some lags, (lines, places) like `rows` and `lags`.

        The weighted mean over the places, of one polarity: (lines,), 0 .. 1. A tail after a loud attack counts as well.
        """
        means = []
        for products, own, energies, loudest in self._channels:
            levels = np.maximum(energies, 1e-5 * loudest + 1e-12) * own
            levels = levels[rows, np.rint(lags / BLOCK).astype(int)]
            peaks = _peaks(products, rows, lags) / np.sqrt(levels)
            weights = np.sqrt(np.sqrt(levels))
            means.append((peaks * weights).sum(2).max(0) / weights.sum(1))
        return np.max(means, axis=0)


def _between(scale):
    """Linear interpolation of values every BLOCK lags, (rows, n), at each lag: (rows, BLOCK * (n - 1) + 1)."""
    steps = np.diff(scale, axis=1)[:, :, None] * (np.arange(BLOCK, dtype=np.float32) / BLOCK)
    steps += scale[:, :-1, None]
    return np.concatenate([steps.reshape(len(scale), -1), scale[:, -1:]], axis=1)


def _peaks(found, rows, lags):
    """The highest values near some lags, in either polarity: (2, lines, places)."""
    around = np.clip(lags[:, :, None] + np.arange(-NEAR, NEAR + 1), 0, 2 * REACH)
    near = found[rows[:, :, None], around]
    return np.stack([near.max(2), -near.min(2)])


def match_waves(short, long, places, start, tries):
    """How well the waves agree: (similarity, (level in dB, speed, polarity, sample of `long` where `short` begins)).

    For each of `tries` (speed, at), sample t of `short` is expected round `at + (t - start) / speed` in `long`, within
    65 ms. The best lags over all places together, and straight lines through the best lags of two of them, are
    candidates for the true shift and speed; along those where the waves correlate, the phases are compared.
    """
    speeds = np.repeat([speed for speed, _ in tries], len(places))
    there = np.concatenate([at + (places - start) / speed for speed, at in tries])
    ours = _windows(short, np.tile(places, len(tries)), speeds, WINDOW)
    theirs = _windows(long, there, 1.0, WINDOW + 2 * REACH)
    correlations = _Correlations(ours, theirs)
    found = correlations.everywhere()
    weights = (_energies(ours) * _energies(theirs)) ** 0.25
    lines, rows, lags = [], [], []
    for number, (speed, _) in enumerate(tries):
        own = slice(number * len(places), (number + 1) * len(places))
        for line in _level_lines(found[own], weights[own]) + _tilted_lines(found[own], weights[own], there[own]):
            lines.append((speed, there[own], *line))
            rows.append(np.arange(own.start, own.stop))
            lags.append(_lags_on(*line, there[own]))
    likely = correlations.near(np.array(rows), np.array(lags))
    best = (0.0, None)
    for tried, line in enumerate(np.argsort(-likely, kind="stable")[:MOST_TRIES]):
        if likely[line] < LIKELY or best[0] >= SAME or (tried >= TRIES and best[0] < PROMISING):
            break
        match = _along(short, long, places, *lines[line])
        if tried < TRIES and PROMISING <= match[0] < SAME:
            speed, there = lines[line][:2]
            anew = _through_peaks(found[rows[line]], weights[rows[line]], there, lags[line])
            match = max(match, _along(short, long, places, speed, there, *anew), key=lambda match: match[0])
        best = max(best, match, key=lambda match: match[0])
    return best


def _along(short, long, places, speed, there, shift, slope):
    """The match along one line, as of `match_waves`."""
    there, speed = there + shift + slope * (there - there[0]), speed / (1 + slope)
    ours = _windows(short, places, speed, WINDOW) * BLACKMAN_HARRIS
    theirs = _windows(long, there, 1.0, WINDOW) * BLACKMAN_HARRIS
    coherences, partials, _ = phase_coherence(ours, theirs)
    # Where one partial is left, phases agree in any two strikes: such a place proves next to nothing.
    weights = (_energies(ours) * _energies(theirs)) ** 0.25 * np.maximum(partials - 1, LEAST_EVIDENCE)
    coherence = float((coherences * weights).sum() / max(weights.sum(), 1e-12))
    ratio = _energies(theirs).sum() / max(_energies(ours).sum(), 1e-12)
    level = 10 * np.log10(max(ratio, 1e-12)) + to_dbfs(long.peak) - to_dbfs(short.peak)
    return min(1.0, abs(coherence)), (level, speed, coherence < 0, there[0] - places[0] / speed)


def phase_coherence(ours, theirs, slack=SLACK, stride=1):
    """How well the phases of windowed sounds (n, size) agree, at the best lag within `slack` samples.

    Bins that stand out from the noise in both count nearly alike, whatever their level: two strikes of a drum can agree
    in the strongest partial, but not in the weaker ones and the attack.

    Parameters
    ----------
    ours, theirs
        float32, already multiplied by a window whose side lobes are low.
    slack
        In samples, to either side.
    stride
        Every how many bins the noise floor is estimated from.

    Returns
    -------
    coherence
        (n,) from -1 (inverted polarity) to 1: the share of the partials, weighted by `LIFT`, whose phases agree.
    partials
        (n,) the effective number of partials that stand out in both.
    lags
        (n,) in samples: how much later `theirs` is than `ours`.
    """
    size = ours.shape[1]
    ours, theirs = fft.rfft(ours, 2 * size, axis=1), fft.rfft(theirs, 2 * size, axis=1)
    cross = ours.conj() * theirs
    weights = (salient_amplitudes(ours, stride) * salient_amplitudes(theirs, stride)) ** LIFT
    cross *= weights / np.maximum(np.abs(cross), 1e-20)
    total = weights.sum(1)
    found = fft.irfft(cross, axis=1) * size / np.maximum(total, 1e-12)[:, None]
    found = np.concatenate([found[:, -slack:], found[:, : slack + 1]], axis=1)
    best = np.abs(found).argmax(1)
    partials = total**2 / np.maximum((weights**2).sum(1), 1e-12) / PARTIAL_BINS
    return found[np.arange(len(found)), best], partials, best - slack


def salient_amplitudes(spectra, stride=1):
    """Amplitudes of spectra (n, bins) above twice their median, from every `stride`th bin (powers subtracted), else 0.

    None are below 60 Hz, where there are hum and handling noise.
    """
    amplitudes = np.abs(spectra)
    amplitudes[:, : round(LOWEST * 2 * (spectra.shape[1] - 1) / SAMPLE_RATE)] = 0
    floor = 2 * np.median(amplitudes[:, ::stride], axis=1, keepdims=True)
    return np.sqrt(np.maximum(amplitudes**2 - floor**2, 0))


def _level_lines(found, weights):
    """Lines (shift, 0) at the best lags over all places together."""
    liked = np.abs((np.sqrt(weights)[:, None] * found).sum(0))
    lines = []
    for _ in range(LINES):
        lag = int(liked.argmax())
        liked[max(0, lag - APART) : lag + APART + 1] = -1
        lines.append((float(lag) - REACH, 0.0))
    return lines


def _tilted_lines(found, weights, there):
    """Lines (shift, slope) through the best lags of two places: those with the highest peaks on them."""
    places = np.arange(len(found))
    lags = np.abs(found).argmax(1) - REACH
    other, one = np.triu_indices(len(lags), 1)
    apart = there[one] - there[other]
    slopes = (lags[one] - lags[other]) / np.where(apart == 0, 1e-9, apart)
    lines = np.stack([lags[other] - slopes * (there[other] - there[0]), slopes], axis=1)
    lines = lines[(np.abs(slopes) <= STEEPEST) & (apart != 0)]
    on_them = _lags_on(lines[:, :1], lines[:, 1:], there)
    height = (_peaks(found, np.broadcast_to(places, on_them.shape), on_them) * weights).sum(2).max(0)
    return _apart(lines[np.argsort(-height, kind="stable")], there[-1] - there[0])


def _through_peaks(found, weights, there, lags):
    """The line (shift, slope) fitted to the highest peaks near some lags, one for each place."""
    around = np.clip(lags[:, None] + np.arange(-NEAR, NEAR + 1), 0, 2 * REACH)
    peaks = np.take_along_axis(found, around, axis=1)
    polarity = np.sign(weights @ np.take_along_axis(found, lags[:, None], axis=1))
    best = np.take_along_axis(around, (peaks * polarity).argmax(1)[:, None], axis=1)[:, 0] - REACH
    weights = weights / max(weights.sum(), 1e-12)
    middle, mean = weights @ there, weights @ best
    spread = weights @ (there - middle) ** 2
    slope = float(np.clip(weights @ ((there - middle) * (best - mean)) / max(spread, 1e-9), -STEEPEST, STEEPEST))
    return float(mean - slope * (middle - there[0])), slope


def _lags_on(shift, slope, there):
    """The lag of each place on a line, from 0 (for -REACH) to 2 * REACH."""
    return np.clip(np.rint(shift + slope * (there - there[0])).astype(int) + REACH, 0, 2 * REACH)


def _apart(lines, length):
    """The first lines that differ, at most LINES: a periodic sound fits itself a period on, too."""
    kept = []
    for shift, slope in lines.tolist():
        ends = (shift, shift + slope * length)
        if all(max(abs(ends[0] - a), abs(ends[1] - a - b * length)) > APART for a, b in kept):
            kept.append((shift, slope))
        if len(kept) == LINES:
            break
    return kept
