"""Clipping and inter-sample peaks: tops that were cut off, and curves above full scale between two samples.

A clipped top differs from a round one in its sides. A parabola that stays for n samples within a band below the sound's
highest sample enters and leaves it by at most four times the band's height over n per sample; the sides of a clipped
top are far steeper. That holds at any level, and with a little dither or ringing.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...analysis import Sections, map_sections
from ...audio import PCM16_STEP, to_dbfs, to_mono
from ...live import counted
from .findings import CLEAR, MOST_PLACES, SEVERE, SLIGHT, FaultKind, Finding, merge_overlapping

SECTION, MARGIN = 2**16, 2**10
LEAST_LEVEL = 0.002  # -54 dBFS; below it, 16-bit steps make every top flat

BANDS = (0.001, 0.01)  # of the highest sample: tops that are flat, and tops that a resampler or coder made ring
STEEPER = 4.0  # times as steep as a parabola
LEAST_FLAT = 5  # samples: sum of the lengths of all flat tops, each less one; sounds that are not clipped have up to 3
LEAST_SHARE = 0.25  # of the samples in the band: the tops of one even tone may be flat now and then
REBUILT_SECONDS, HIGHEST_REBUILT = 0.002, 2.0  # times the level at which it was cut, 6 dB
CEILING = 10 ** (-1 / 20)  # EBU R 128: no true peak above -1 dBTP

# Between samples, a curve can be above full scale only near samples that are not far below it.
NEAR_FULL_SCALE = 10 ** (-3 / 20)
MOST_DBTP = 0.2  # 0 dBTP, and the error of interpolating from 12 samples
REACH = 6  # samples on either side that an interpolated value is made of: ITU-R BS.1770-5, annex 2, has 12 taps


def _interpolation():
    """Windowed sincs, shape (2 * REACH + 1, 6): 13 samples -> the values at quarters beside the middle one."""
    places = np.arange(-REACH, REACH + 1)[:, None] - np.array([-0.75, -0.5, -0.25, 0.25, 0.5, 0.75])
    taps = np.sinc(places) * np.where(np.abs(places) < REACH, np.cos(np.pi / 2 * places / REACH) ** 2, 0)
    return (taps / taps.sum(axis=0)).astype(np.float32)


INTERPOLATION = _interpolation()


def find_tops(samples, highest, band):
    """The tops of a curve that reach into a band below its highest sample.

    Parameters
    ----------
    samples
        float32, shape (samples,).
    highest, band
        Full scale is 1; the band as a share of `highest`.

    Returns
    -------
    starts, stops, flat
        Shape (tops,) each, in samples; `flat` says which of them were cut off.
    """
    inside = np.flatnonzero(samples >= (1 - band) * highest)
    gaps = np.flatnonzero(np.diff(inside) > 1)
    starts, stops = inside[np.r_[0, gaps + 1][: len(inside)]], inside[np.r_[gaps, len(inside) - 1][: len(inside)]] + 1
    whole = (starts >= 3) & (stops <= len(samples) - 3)
    starts, stops = starts[whole], stops[whole]
    rise = np.maximum(samples[starts] - samples[starts - 1], samples[starts - 1] - samples[starts - 2])
    fall = np.maximum(samples[stops - 1] - samples[stops], samples[stops] - samples[stops + 1])
    lengths = stops - starts
    flat = (lengths > 1) & (np.minimum(rise, fall) * lengths > STEEPER * 4 * (band * highest + PCM16_STEP))
    return starts, stops, flat


def rebuild_tops(samples, starts, stops):
    """`samples` with its tops replaced, in place, by cubic curves that continue the slopes of the two sides."""
    lengths = stops - starts
    span = np.repeat(lengths + 1, lengths)
    offset = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    t = (offset + 1) / span
    left, right = np.repeat(samples[starts - 1], lengths), np.repeat(samples[stops], lengths)
    up = np.repeat(_slope(samples, starts - 1, -1, lengths), lengths) * span
    down = np.repeat(_slope(samples, stops, 1, lengths), lengths) * span
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * left
        + (t**3 - 2 * t**2 + t) * up
        + (3 * t**2 - 2 * t**3) * right
        + (t**2 - t**3) * down
    )
    places = np.repeat(starts, lengths) + offset
    samples[places] = np.clip(curve, samples[places], HIGHEST_REBUILT * samples[places])
    return samples


def _slope(samples, at, side, lengths):
    """The slope of the curve towards the top at the sample `at`, per sample; `side` (-1, 1) points away from the top.

    Beside a long top, a much shorter ripple must not set the slope: the lower of two estimates counts.
    """
    near, next_to_it = samples[at] - samples[at + side], samples[at + side] - samples[at + 2 * side]
    reach = 1 + lengths // 4
    average = (samples[at] - samples[np.clip(at + side * reach, 0, len(samples) - 1)]) / reach
    return np.clip(np.minimum(near + (near - next_to_it) / 2, average), 0, None)


def declip(blocks, sample_rate, values):
    """The remedy for clipping: yield the blocks with cut tops rebuilt, and turned down so that they fit.

    `values` holds the levels at which the mono sound is cut, "high" and "low" (above 0; None where it is not), the
    "band" of its tops and the "gain". Tops longer than 2 ms stay flat: their sides do not determine their height.
    """
    longest = REBUILT_SECONDS * sample_rate

    def change(samples, _):
        samples = samples.copy()
        for level, sign in ((values["high"], 1), (values["low"], -1)):
            if level:
                one = sign * samples
                starts, stops, flat = find_tops(one, level, values["band"])
                flat &= stops - starts <= longest
                samples = sign * rebuild_tops(one, starts[flat], stops[flat])
        return np.clip(samples * np.float32(values["gain"]), -1, 1)

    return map_sections(blocks, change, SECTION, MARGIN)


def turn_down(blocks, sample_rate, values):
    """The remedy for inter-sample overs: one gain, `values["gain"]`, for the whole sound."""
    for block in blocks:
        yield np.clip(block * np.float32(values["gain"]), -1, 1)


CLIPPING = FaultKind(
    "clipping",
    "clipping",
    "Every peak becomes a flat top with bright edges, and a model learns that harshness as part of the sound.",
    "Record it again at a lower level if you can; the course rebuilds tops of up to "
    f"{1000 * REBUILT_SECONDS:.0f} ms (a square wave looks clipped too: leave that as it is).",
    f"flat tops of {LEAST_FLAT} samples in sum, each less one, in the {BANDS[1]:.0%} below the highest sample, entered "
    f"and left {STEEPER:.0f} times as steeply as a parabola would",
    "measured: benchmarks/doctor.py; sounds that are not clipped reach 3",
    declip,
    "cut tops rebuilt, and turned down so that they fit",
)
INTERSAMPLE = FaultKind(
    "intersample",
    "inter-sample peaks",
    "The curve between samples is above full scale, so that resampling to the model's rate clips it.",
    "Have the course turn it down to -1 dBTP, or lower the limiter's ceiling where it was mastered.",
    f"true peak above {MOST_DBTP} dBTP, by fourfold oversampling",
    "ITU-R BS.1770-5, annex 2, for the measuring; EBU R 128 asks for -1 dBTP at most; measured: benchmarks/doctor.py",
    turn_down,
    "turned down to a true peak of -1 dBTP",
)


class _Tops:
    """The flat tops on one side of one signal, in one band, so far.

    Those of up to `longest` samples are rebuilt, to measure how high they become.
    """

    def __init__(self, band, longest):
        self.band, self.longest = band, longest
        self.highest = 0.0
        self._forget()

    def _forget(self):
        self.flat = self.flat_samples = self.band_samples = self.longest_top = 0
        self.rebuilt = 0.0
        self.places = []

    def reached(self, highest):
        """Whether a section with this highest sample has tops in the band."""
        if highest > self.highest:
            if self.highest < (1 - self.band) * highest:  # what seemed clipped was not
                self._forget()
            self.highest = highest
        return highest >= max(LEAST_LEVEL, (1 - self.band) * self.highest)

    def add(self, samples, inner, start):
        """Take a section with such tops into account."""
        starts, stops, flat = find_tops(samples, self.highest, self.band)
        own = (starts >= inner.start) & (starts < inner.stop)
        lengths = stops - starts
        self.band_samples += int(lengths[own].sum())
        flat &= own
        if not flat.any():
            return
        starts, stops, lengths = starts[flat], stops[flat], lengths[flat]
        self.flat += int((lengths - 1).sum())
        self.flat_samples += int(lengths.sum())
        self.longest_top = max(self.longest_top, int(lengths.max()))
        places = self.places + list(zip(lengths.tolist(), (starts + start).tolist(), strict=True))
        self.places = sorted(places, reverse=True)[:MOST_PLACES]
        short = lengths <= self.longest
        if short.any():
            self.rebuilt = max(self.rebuilt, float(rebuild_tops(samples.copy(), starts[short], stops[short]).max()))


class Peaks:
    """Finds clipping and inter-sample peaks."""

    kinds = (CLIPPING, INTERSAMPLE)

    def __init__(self, sample_rate, channels):
        self.sample_rate = sample_rate
        self._sections = Sections(SECTION, MARGIN)
        self._samples = 0
        # The mono sum comes last; it is what the remedy works on.
        count = channels + (channels > 1)
        longest = REBUILT_SECONDS * sample_rate
        self._tops = {
            band: [[_Tops(band, longest if n == count - 1 else 0) for _ in (1, -1)] for n in range(count)]
            for band in BANDS
        }
        self._channels = channels
        self._true_peak, self._overs = 0.0, 0
        self._over_places = []

    def add(self, frames, mono):
        """Take one more block into account."""
        self._samples += len(mono)
        for samples, inner in self._sections.add(frames):
            self._analyse(samples, inner)

    def findings(self):
        """The `Finding`s, once all has been added."""
        for samples, inner in self._sections.flush():
            self._analyse(samples, inner)
        return [finding for finding in (self._clipping(), self._intersample()) if finding]

    def _analyse(self, samples, inner):
        start = self._sections.start
        signals = [np.ascontiguousarray(channel) for channel in samples.T]
        if self._channels > 1:
            signals.append(to_mono(samples))
        for channel, signal in enumerate(signals):
            extremes = float(signal[inner].max()), -float(signal[inner].min())
            for side, highest in enumerate(extremes):
                wanted = [tops[channel][side] for tops in self._tops.values() if tops[channel][side].reached(highest)]
                if wanted:
                    one = -signal if side else signal
                    for tops in wanted:
                        tops.add(one, inner, start)
            if channel < self._channels and max(extremes) > NEAR_FULL_SCALE:
                self._true_peaks(signal, inner, start)

    def _true_peaks(self, signal, inner, start):
        near = np.flatnonzero(np.abs(signal[inner]) > NEAR_FULL_SCALE) + inner.start
        if not len(near):
            return
        padded = np.pad(signal, REACH)
        size = np.abs(padded)
        at = near + REACH
        before, after = size[at - 1], size[at + 1]
        top = (size[at] >= before) & (size[at] >= after) & ((size[at] > before) | (size[at] > after))
        near = near[top]
        if not len(near):
            return
        between = np.abs(sliding_window_view(padded, 2 * REACH + 1)[near] @ INTERPOLATION).max(axis=1)
        true = np.maximum(between, size[near + REACH])
        over = np.flatnonzero(true > 10 ** (MOST_DBTP / 20))
        self._true_peak = max(self._true_peak, float(true.max()))
        self._overs += len(over)
        places = self._over_places + list(zip(true[over].tolist(), (near[over] + start).tolist(), strict=True))
        self._over_places = sorted(places, reverse=True)[:MOST_PLACES]

    def _seconds(self, places):
        """(start, stop) in samples -> in seconds and in order, overlapping ones merged."""
        merged = merge_overlapping(places)[:MOST_PLACES]
        return tuple((round(start / self.sample_rate, 6), round(stop / self.sample_rate, 6)) for start, stop in merged)

    def _clipping(self):
        best = None
        for band, tops in self._tops.items():
            sides = [side for channel in tops[: self._channels] for side in channel if side.flat]
            flat = sum(side.flat for side in sides)
            share = sum(side.flat_samples for side in sides) / max(1, sum(side.band_samples for side in sides))
            if flat >= LEAST_FLAT and share >= LEAST_SHARE and (best is None or flat > best[0]):
                best = flat, band, sides
        if best is None:
            return None
        _, band, sides = best
        clipped, longest = sum(side.flat_samples for side in sides), max(side.longest_top for side in sides)
        share = clipped / (self._samples * self._channels)
        high, low = self._tops[band][-1]
        rebuilt = max(high.rebuilt, low.rebuilt)
        places = [(at, at + length) for side in sides for length, at in side.places]
        level = max(side.highest for side in sides)
        return Finding(
            CLIPPING.key,
            SEVERE if share > 0.01 else CLEAR if share > 0.001 else SLIGHT,
            f"{clipped} samples in flat tops ({share:.2%}), the longest {longest}, at {to_dbfs(level):.1f} dBFS",
            self._seconds(sorted(places, key=lambda place: place[0] - place[1])[:MOST_PLACES]),
            {
                "band": band,
                "high": high.highest if high.flat else None,
                "low": low.highest if low.flat else None,
                "gain": min(1.0, CEILING / rebuilt) if rebuilt else 1.0,
            },
        )

    def _intersample(self):
        dbtp = to_dbfs(self._true_peak)
        if dbtp <= MOST_DBTP:
            return None
        return Finding(
            INTERSAMPLE.key,
            SEVERE if dbtp > 2 else CLEAR if dbtp > 0.5 else SLIGHT,
            f"{counted(self._overs, 'place')} above full scale, the highest {dbtp:+.1f} dBTP",
            self._seconds([(at - 1, at + 1) for _, at in self._over_places]),
            {"gain": CEILING / self._true_peak},
        )
