"""Clicks and dropouts: places where a recording is broken for less than a tenth of a second.

Clicks are looked for in the mono mix, which is what a model gets, as samples that linear prediction from both sides
cannot explain (Godsill & Rayner, "Digital Audio Restoration", Springer 1998, chapter 5). Dropouts are looked for in
every channel, as runs of one value with abrupt edges. Both remedies fill a gap by linear prediction (Janssen, Veldhuis
& Vries, IEEE Transactions ASSP 34(2), 1986).
"""

import numpy as np
import scipy.fft
import scipy.linalg
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter1d

from ...analysis import Sections, map_sections, power_spectrum
from ...audio import PCM16_STEP, to_mono
from ...live import counted
from .findings import CLEAR, MOST_PLACES, SEVERE, SLIGHT, FaultKind, Finding, merge_overlapping

FRAME_SECONDS = 0.023  # half the stretch that one set of prediction coefficients holds for: sound hardly changes in it
OUTLIER = 20.0  # times the median of a frame; the filter is estimated again without such samples
GAP_ORDER, GAP_CONTEXT_SECONDS = 160, 0.05

CHUNKS = 8  # per frame, about 3 ms each: a click's chunk is compared with those around it
SECTION_FRAMES, MARGIN_FRAMES = 128, 8
# A click is a peak of the prediction error: this many times the median of the 15 ms around it, ...
PROMINENCE = 14.0
# ... more prominent than what is near (in 0.1 s before and after it at most two others come close: a sawtooth has such
# a peak in each period), ...
RARITY, NEIGHBOURS, OTHERS = 1.5, 33, 2
# ... alone (nothing 0.8 to 2.6 ms away reaches a fifth of it: a strike has a tail), ...
ALONE, ALONE_SECONDS = 5.0, 0.0018
# ... with sound of similar strength before and after it (strikes start something), ...
RISE, FALL, CHANGE_SECONDS = 2.0, 2.5, 0.004
# ... and tall enough compared with the sound's peak in the 10 ms around it. Taller than that peak, or wholly alone, it
# counts even where something starts.
HEIGHT, HEIGHT_SECONDS, WHOLLY_ALONE = 0.25, 0.01, 50.0
WIDTH_SECONDS = 0.00075  # a click ends within this much of its highest sample

SHORTEST_HOLE, LONGEST_HOLE = 0.001, 0.1  # seconds
AROUND_SECONDS, EDGE_SECONDS = 0.005, 0.00035
EDGE_SHARE = 0.08  # of the peak around; a linear fade of 5 ms or more is below it in its last 0.35 ms
# Of the largest step around: at a zero crossing sound is near zero, but moves; in a fade, it does not.
STEEP_SHARE = 0.25
HELD_SHARE = 0.02  # the same, where the value is not zero: sound has no reason to rest there
SOUNDING = 0.003  # peak, full scale is 1: about -50 dBFS
JUMP = 8 * PCM16_STEP  # soft sounds rest on one value too, but leave it in steps of 1 to 3
MOST_HOLES = 1000
CLIPPED_SHARE = 0.95
INTERPOLATED_SECONDS, FADE_SECONDS = 0.005, 0.005


# Linear prediction


def prediction_filters(power, order):
    """Prediction error filters, shape (frames, order + 1), from power spectra of frames: Levinson's recursion."""
    correlation = scipy.fft.irfft(power, axis=1)[:, : order + 1].astype(np.float64)
    # A little white noise, 90 dB below the sound and half a 16-bit step, keeps pure tones and silence solvable.
    correlation[:, 0] += 1e-9 * correlation[:, 0] + (PCM16_STEP / 2) ** 2 * power.shape[1]
    filters = np.zeros_like(correlation)
    filters[:, 0] = 1
    error = correlation[:, 0].copy()
    for i in range(1, order + 1):
        reflection = -np.einsum("ij,ij->i", filters[:, :i], correlation[:, i:0:-1]) / error
        filters[:, 1 : i + 1] += reflection[:, None] * filters[:, i - 1 :: -1]
        error *= 1 - reflection**2
    return filters


def prediction_error(samples, hop, order):
    """The error of linear prediction from both sides at each sample.

    Prediction forwards and backwards is one filter; its response is the power of the prediction error filter's, scaled
    so that a lone click of height h gives h in its place. Each filter covers a frame of 2 `hop`, of which the middle
    half is used. Where something sticks out, the filter is estimated again without it: a tall click hides itself.

    Parameters
    ----------
    samples
        float32, shape (samples,).

    Returns
    -------
    Magnitudes, float32, shape (samples,).
    """
    count = -(-len(samples) // hop)
    padded = np.pad(samples, (hop // 2, count * hop - len(samples) + hop // 2))
    frames = sliding_window_view(padded, 2 * hop)[::hop]
    spectra = scipy.fft.rfft(frames, axis=1)
    window = np.hanning(2 * hop).astype(np.float32)

    def sticking_out(spectra, frames):
        filters = prediction_filters(power_spectrum(scipy.fft.rfft(frames * window, axis=1)), order)
        filters /= np.sqrt(np.sum(filters**2, axis=1, keepdims=True))
        response = power_spectrum(scipy.fft.rfft(filters.astype(np.float32), 2 * hop, axis=1))
        return np.abs(scipy.fft.irfft(spectra * response, axis=1))

    out = sticking_out(spectra, frames)
    out[:, :order] = out[:, -order:] = 0  # the two ends of a frame run into each other there
    limits = OUTLIER * (np.median(out[:, ::8], axis=1) + PCM16_STEP)
    again = np.flatnonzero(out.max(axis=1) > limits)
    if len(again):
        mended = frames[again]
        far = maximum_filter1d((out[again] > limits[again, None] / 2).view(np.uint8), 7, axis=1).view(bool)
        for frame, hidden in zip(mended, far, strict=True):
            frame[hidden] = np.interp(hidden.nonzero()[0], (~hidden).nonzero()[0], frame[~hidden])
        out[again] = sticking_out(spectra[again], mended)
    return out[:, hop // 2 : hop // 2 + hop].reshape(-1)[: len(samples)]


def frame_grid(sample_rate):
    """The frame (a power of two, in samples) and the order of prediction for a sample rate."""
    return 1 << max(8, round(np.log2(FRAME_SECONDS * sample_rate))), 24 if sample_rate > 24000 else 16


def interpolate(samples, start, stop, sample_rate):
    """`samples`, with those from `start` to `stop` replaced, in place, by linear prediction from both sides."""
    context = max(int(GAP_CONTEXT_SECONDS * sample_rate), 4 * (stop - start))
    first, last = max(0, start - context), min(len(samples), stop + context)
    part, gap = samples[first:last].astype(np.float64), slice(start - first, stop - first)
    order = min(GAP_ORDER, len(part) // 4)
    outside = np.r_[0 : gap.start, gap.stop : len(part)]
    part[gap] = np.interp(np.arange(gap.start, gap.stop), outside, part[outside])
    for _ in range(3):  # each time, the filter is estimated from a better filled gap
        power = power_spectrum(scipy.fft.rfft(part * np.hanning(len(part)), 2 * len(part)))
        correlation = scipy.fft.irfft(power)[: order + 1]
        correlation[0] += 1e-9 * correlation[0] + PCM16_STEP**2
        error_filter = np.r_[1, scipy.linalg.solve_toeplitz(correlation[:-1], -correlation[1:])]
        coupling = np.correlate(error_filter, error_filter, "full")
        part[gap] = 0
        column = np.zeros(stop - start)
        column[: order + 1] = coupling[order:][: stop - start]
        pull = np.convolve(part, coupling, "same")[gap]
        part[gap] = np.clip(-scipy.linalg.solve_toeplitz(column, pull), -1, 1)
    samples[start:stop] = part[gap]
    return samples


# Detection and repair


def find_clicks(samples, sample_rate):
    """The clicks in mono float32 samples, the first of which is on the frame grid: [(start, stop, height), ...].

    The height is that of a lone sample added to the sound, full scale at 1.
    """
    hop, order = frame_grid(sample_rate)
    chunk = hop // CHUNKS
    count = len(samples) // chunk
    if count < 5:
        return []
    heights = prediction_error(samples, hop, order)
    chunks = heights[: count * chunk].reshape(count, chunk)
    medians = np.pad(np.median(chunks[:, ::2], axis=1), 2, mode="edge")
    prominence = chunks.max(axis=1) / (sliding_window_view(medians, 5).max(axis=1) + 2 * PCM16_STEP)
    prominence[[0, -1]] = 0  # where a sound begins or ends, half of what surrounds it is missing
    guard = max(order + 10, int(WIDTH_SECONDS * sample_rate))
    candidates = np.flatnonzero(prominence > PROMINENCE)
    near = sliding_window_view(np.pad(prominence, NEIGHBOURS), 2 * NEIGHBOURS + 1)[candidates]
    near[:, NEIGHBOURS - 1 : NEIGHBOURS + 2] = 0
    rare = prominence[candidates] > RARITY * np.sort(near, axis=1)[:, -1 - OTHERS]
    clicks = []
    for index in candidates[rare]:
        top = index * chunk + int(np.argmax(chunks[index]))
        if _is_alone(samples, heights, top, guard, sample_rate):
            first = max(0, top - guard)
            wide = first + np.flatnonzero(heights[first : top + guard] > heights[top] / 4)
            clicks.append((max(0, int(wide[0]) - 2), int(wide[-1]) + 3, float(heights[top])))
    return clicks


def _is_alone(samples, heights, top, guard, sample_rate):
    """Whether a peak of `heights` at `top` has no similar peak beside it and the same sound before and after it."""

    def either_side(of, seconds):
        reach = guard + int(seconds * sample_rate)
        return of[max(0, top - reach) : max(0, top - guard)], of[top + guard : top + reach]

    before, after = either_side(heights, ALONE_SECONDS)
    if not len(before) or not len(after):
        return False
    alone = heights[top] / (max(before.max(), after.max()) + 2 * PCM16_STEP)
    before, after = (np.sqrt(np.mean(np.diff(part) ** 2)) for part in either_side(samples, CHANGE_SECONDS))
    peak = max(np.abs(part).max() for part in either_side(samples, HEIGHT_SECONDS))
    height = heights[top] / (peak + PCM16_STEP)
    same = before < FALL * after + PCM16_STEP and after < RISE * before + PCM16_STEP
    return alone > WHOLLY_ALONE or (alone > ALONE and (height > 1 or (height > HEIGHT and same)))


def find_dropouts(samples, sample_rate):
    """The dropouts in samples of one channel: start, stop and value, shape (holes, 3)."""
    around, edge = int(AROUND_SECONDS * sample_rate), max(4, int(EDGE_SECONDS * sample_rate))
    changes = np.flatnonzero(samples[1:] != samples[:-1]) + 1
    lengths = np.diff(changes)
    held = np.flatnonzero((lengths >= SHORTEST_HOLE * sample_rate) & (lengths <= LONGEST_HOLE * sample_rate))
    starts, stops = changes[held], changes[held + 1]
    inside = (starts >= around) & (stops + around <= len(samples))
    starts, stops = starts[inside], stops[inside]
    if not len(starts):
        return np.zeros((0, 3))
    values = samples[starts]
    silent = np.abs(values) <= 2 * PCM16_STEP
    windows = sliding_window_view(samples, around)
    sounding, abrupt = [], []
    for sides, last in ((windows[starts - around], slice(-edge, None)), (windows[stops], slice(edge))):
        peaks = np.abs(sides).max(axis=1)
        steps = np.abs(np.diff(sides, axis=1))
        moving = np.count_nonzero(steps, axis=1) > around / 2  # a square wave does not move
        sounding.append((peaks >= SOUNDING) & moving)
        far = np.abs(sides[:, last] - values[:, None]).max(axis=1)
        steep = steps[:, last].max(axis=1) > np.maximum(STEEP_SHARE * steps.max(axis=1), JUMP)
        abrupt.append(steep | (far > np.maximum(np.where(silent, EDGE_SHARE, HELD_SHARE) * peaks, JUMP)))
    # Zeros with one soft edge may be a sound that ends before the next one begins; no sound rests on another value.
    found = sounding[0] & sounding[1] & np.where(silent, abrupt[0] & abrupt[1], abrupt[0] | abrupt[1])
    return np.stack([starts, stops, values], axis=1)[found].astype(np.float64)


def remove_clicks(blocks, sample_rate, values):
    """The remedy for clicks: yield the blocks with the clicks interpolated."""
    hop, _ = frame_grid(sample_rate)

    def change(samples, _):
        clicks = find_clicks(samples, sample_rate)
        samples = samples.copy()
        for start, stop, _ in clicks:
            interpolate(samples, start, stop, sample_rate)
        return samples

    return map_sections(blocks, change, SECTION_FRAMES * hop, MARGIN_FRAMES * hop)


def remove_dropouts(blocks, sample_rate, values):
    """The remedy for dropouts: yield the blocks with short ones interpolated and short fades around long ones.

    `values["holes"]` is [[start, stop], ...] in samples. Where another channel continues through a long hole, only the
    steps at its ends are interpolated.
    """
    hop, _ = frame_grid(sample_rate)
    fade = int(FADE_SECONDS * sample_rate)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)

    def change(samples, at):
        samples = samples.copy()
        for start, stop in values["holes"]:
            start, stop = start - at, stop - at
            if start < fade or stop + fade > len(samples):
                continue
            if stop - start <= INTERPOLATED_SECONDS * sample_rate:
                interpolate(samples, start, stop, sample_rate)
            elif np.ptp(samples[start:stop]) <= PCM16_STEP:
                samples[start:stop] = 0
                samples[start - fade : start] *= ramp[::-1]
                samples[stop : stop + fade] *= ramp
            else:
                for step in (start, stop):
                    interpolate(samples, step - 4, step + 4, sample_rate)
        return samples

    return map_sections(blocks, change, SECTION_FRAMES * hop, MARGIN_FRAMES * hop)


DROPOUTS = FaultKind(
    "dropouts",
    "dropouts",
    "Sound that stops dead and goes on: a model learns the holes, and the clicks at their edges.",
    "Record it again, or copy it again from its source; the course interpolates holes of up to "
    f"{1000 * INTERPOLATED_SECONDS:.0f} ms and fades longer ones.",
    f"{1000 * SHORTEST_HOLE:.0f} to {1000 * LONGEST_HOLE:.0f} ms of one repeated value amid sound above -50 dBFS, "
    f"which is not within {EDGE_SHARE:.0%} of its peak (at one end, {HELD_SHARE:.0%}, where the value is not zero) "
    f"in the {1000 * EDGE_SECONDS:.2f} ms beside it, or steep there",
    "measured: benchmarks/doctor.py; recorded sound does not repeat one value that long",
    remove_dropouts,
    "dropouts interpolated, long ones faded",
)
CLICKS = FaultKind(
    "clicks",
    "clicks",
    "A click holds every pitch at once, and a model that learns it scatters clicks over what it generates.",
    "Listen to them first: the course interpolates each from what is around it; leave them if they are music.",
    f"a peak that linear prediction does not explain, {PROMINENCE:.0f} times the median around it and "
    f"{HEIGHT:.0%} of the sound's peak, with the same sound before and after it",
    "Godsill and Rayner, Digital Audio Restoration (1998); figures measured: benchmarks/doctor.py",
    remove_clicks,
    "clicks interpolated",
)


class Glitches:
    """Finds clicks and dropouts."""

    kinds = (DROPOUTS, CLICKS)

    def __init__(self, sample_rate, channels):
        self.sample_rate = sample_rate
        hop, _ = frame_grid(sample_rate)
        self._sections = Sections(SECTION_FRAMES * hop, MARGIN_FRAMES * hop)
        self._highest = np.zeros(channels)
        self._samples = 0
        self._holes = [[] for _ in range(channels)]
        self._clicks = []

    def add(self, frames, mono):
        """Take one more block into account."""
        self._samples += len(mono)
        self._analyse(self._sections.add(frames))

    def findings(self):
        """The `Finding`s, once all has been added."""
        self._analyse(self._sections.flush())
        holes = self._all_holes()
        near = AROUND_SECONDS * self.sample_rate
        clicks = [
            click for click in self._clicks if not any(a - near < click[0] and click[1] < b + near for a, b in holes)
        ]
        return [finding for finding in (self._dropout_finding(holes), self._click_finding(clicks)) if finding]

    def _analyse(self, sections):
        for samples, inner in sections:
            start = self._sections.start
            for channel, holes in enumerate(self._holes):
                one = np.ascontiguousarray(samples[:, channel])
                self._highest[channel] = max(self._highest[channel], np.abs(one).max())
                for first, last, value in find_dropouts(one, self.sample_rate):
                    if inner.start <= first < inner.stop:
                        holes.append((int(first) + start, int(last) + start, value))
            for first, last, height in find_clicks(to_mono(samples), self.sample_rate):
                if inner.start <= first < inner.stop:
                    self._clicks.append((first + start, last + start, height))

    def _all_holes(self):
        """The holes of all channels, [(start, stop), ...] in order, overlapping ones merged."""
        # A run near the highest sample is a clipped top, which `Peaks` reports.
        return merge_overlapping(
            (start, stop)
            for channel, found in enumerate(self._holes)
            for start, stop, value in found
            if abs(value) < CLIPPED_SHARE * self._highest[channel]
        )

    def _places(self, found, size):
        """The worst of them, as places in seconds, in order of time."""
        worst = sorted(sorted(found, key=size, reverse=True)[:MOST_PLACES])
        return tuple((round(one[0] / self.sample_rate, 6), round(one[1] / self.sample_rate, 6)) for one in worst)

    def _dropout_finding(self, holes):
        if not holes:
            return None
        lengths = [1000 * (stop - start) / self.sample_rate for start, stop in holes]
        severe = len(holes) >= 10 or sum(lengths) > 10 * self._samples / self.sample_rate  # 1 % of the sound
        return Finding(
            DROPOUTS.key,
            SEVERE if severe else CLEAR,
            f"{counted(len(holes), 'place')}, the longest {max(lengths):.1f} ms",
            self._places(holes, lambda hole: hole[1] - hole[0]),
            {"holes": [list(hole) for hole in holes[:MOST_HOLES]]},
        )

    def _click_finding(self, clicks):
        if not clicks:
            return None
        often = len(clicks) / (self._samples / self.sample_rate)
        tallest = max(height for _, _, height in clicks)
        return Finding(
            CLICKS.key,
            SEVERE if often > 1 else CLEAR if often > 0.1 else SLIGHT,
            f"{counted(len(clicks), 'click')}, the tallest {tallest:.2f} of full scale",
            self._places(clicks, lambda click: click[2]),
        )
