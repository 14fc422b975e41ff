"""Faults of level: an offset, too soft, long silence, one long fade. All are judged by 20 ms frames of the mono mix."""

import numpy as np

from ...analysis import Reblocker, true_runs
from ...audio import SILENCE_DBFS, SILENCE_FRAME_SECONDS, to_dbfs
from ...quantisation import Quantisation
from .fading import FADE, fade_finding, keep_segments
from .findings import CLEAR, MOST_PLACES, SEVERE, SLIGHT, FaultKind, Finding

# 1 / mu: there the steps of mu-law are twice as large as at zero (ITU-T G.711, prism_lessons/quantisation.py).
LEAST_OFFSET = 1 / 255
SOFT_PEAK_DBFS = -24.0
WANTED_PEAK_DBFS = -3.0
LONG_SILENCE_SECONDS = 2.0
SILENT_BELOW_LOUD = 45.0  # dB: a frame less far below the loudest one is soft sound, not silence
MARGIN_SECONDS = 0.05
SOFTEST_PERCENT = 5  # of the frames, where the noise of a recording is heard best
OFFSET_FRAMES = 5  # 100 ms: two periods of 20 Hz, so that a bass tone hardly moves the mean


def _remove_offset(blocks, sample_rate, values):
    """A remedy: subtract the offset, and clip to full scale."""
    for block in blocks:
        yield np.clip(block - np.float32(values["offset"]), -1, 1)


def _amplify(blocks, sample_rate, values):
    """A remedy: one gain for the whole sound."""
    for block in blocks:
        yield np.clip(block * np.float32(10 ** (values["gain_db"] / 20)), -1, 1)


DC = FaultKind(
    "dc",
    "DC offset",
    "Silence no longer lies at zero, where a model's 256 values lie closest: soft passages become coarse, joins click.",
    "Have the course subtract it, or use a high-pass filter at 20 Hz.",
    f"mean of the quiet parts more than {LEAST_OFFSET:.4f} of full scale from zero, in 0.5 s or more",
    "ITU-T G.711: there the steps of mu-law are twice as large as at zero; measured: benchmarks/doctor.py",
    _remove_offset,
    "offset subtracted",
)
QUIET = FaultKind(
    "quiet",
    "very low level",
    "Its soft parts vanish between a model's 256 values, and the model plays as softly and as coarsely.",
    "Have the course raise it to a peak of -3 dBFS, which raises the noise in it as much; better, record nearer to the "
    "source.",
    f"peak below {SOFT_PEAK_DBFS:.0f} dBFS",
    "rounding to 256 values by mu-law (prism_lessons/quantisation.py): below, its hiss comes nearer as the level falls",
    _amplify,
    "raised to a peak of -3 dBFS, the noise in it as well",
)
SILENCE = FaultKind(
    "silence",
    "long silence",
    "A model that sees much silence learns to stay silent, and training time is spent on nothing.",
    "Have the course cut it out, or trim it by hand if the rest belongs to the music.",
    f"{LONG_SILENCE_SECONDS:.0f} s or more below {SILENCE_DBFS:.0f} dBFS, or in the noise floor "
    f"{SILENT_BELOW_LOUD:.0f} dB or more below the loudest 20 ms",
    "prism_lessons/audio; measured: benchmarks/doctor.py",
    keep_segments,
    "silence cut out",
)


class Level:
    """Finds offsets, low level, silence and fades; keeps a few numbers for each 20 ms."""

    kinds = (DC, SILENCE, FADE, QUIET)

    def __init__(self, sample_rate, channels):
        self._sample_rate = sample_rate
        self._frame = max(1, int(SILENCE_FRAME_SECONDS * sample_rate))
        self._reblocker = Reblocker(512 * self._frame)
        self._means, self._powers, self._changes = [], [], []
        self._low, self._high = np.inf, -np.inf
        self._samples = 0

    def add(self, frames, mono):
        """Take one more block of float32 samples into account: `mono`, shape (samples,)."""
        self._samples += len(mono)
        for piece in self._reblocker.add(mono):
            self._measure(piece)

    def findings(self):
        """The `Finding`s, once all has been added."""
        rest = self._reblocker.flush()
        whole = len(rest) // self._frame * self._frame
        self._measure(rest[:whole])
        if len(rest) > whole:
            self._measure(rest[whole:], len(rest) - whole)
        if not self._samples or self._high == self._low == 0:
            return []
        means, powers = np.concatenate(self._means), np.concatenate(self._powers)
        offset = _offset(means, powers) if self._samples >= 0.5 * self._sample_rate else 0.0
        # Silence is judged without each frame's mean: digital silence between sounds has no offset.
        swings = 10 * np.log10(np.maximum(powers - means**2, 0) + 1e-12)
        powers = np.maximum(powers - 2 * offset * means + offset**2, 0)
        levels = 10 * np.log10(powers + 1e-12)
        seconds = self._samples / self._sample_rate
        frame_seconds = self._frame / self._sample_rate
        silent = _silent_stretches(swings, frame_seconds)
        keep = _complement(silent, seconds)
        changes = 10 * np.log10(np.concatenate(self._changes) + 1e-12)
        fade = fade_finding(levels, changes, frame_seconds, seconds, keep)
        found = [] if abs(offset) <= LEAST_OFFSET else [_offset_finding(offset)]
        if fade:
            found.append(fade)  # it leaves out the silence too: two remedies that cut would not agree on the time
        elif keep and silent:
            found.append(_silence_finding(silent, keep, seconds))
        peak = max(self._high - offset, offset - self._low)
        return found + _quiet_findings(peak, powers)

    def _measure(self, piece, frame=None):
        if not len(piece):
            return
        frames = piece.reshape(-1, frame or self._frame)
        self._means.append(frames.mean(axis=1, dtype=np.float64))
        self._powers.append(np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / frames.shape[1])
        changes = np.diff(frames, axis=1)
        self._changes.append(np.einsum("ij,ij->i", changes, changes, dtype=np.float64) / frames.shape[1])
        self._low, self._high = min(self._low, float(piece.min())), max(self._high, float(piece.max()))


def _offset(means, powers):
    """The offset of a sound, from the means and powers of its frames; 0 where it is not significant.

    It is the median of the means over 100 ms, with more weight on quiet ones; digital silence is ignored. It is
    significant from four times its standard error, estimated from the spread of the means.
    """
    whole = len(means) // OFFSET_FRAMES * OFFSET_FRAMES
    means = means[:whole].reshape(-1, OFFSET_FRAMES).mean(axis=1)
    powers = powers[:whole].reshape(-1, OFFSET_FRAMES).mean(axis=1)
    sounding = powers > 0
    if np.count_nonzero(sounding) < 4:
        return 0.0
    means, swing = means[sounding], np.sqrt(np.maximum(powers[sounding] - means[sounding] ** 2, 0))
    weights = 1 / (swing + 0.3 * np.median(swing) + 1e-4)
    offset = _weighted_median(means, weights)
    spread = 1.4826 * _weighted_median(np.abs(means - offset), weights)
    windows = weights.sum() ** 2 / np.sum(weights**2)
    return offset if abs(offset) > 4 * 1.2533 * spread / np.sqrt(windows) else 0.0


def _weighted_median(values, weights):
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2)])


def _offset_finding(offset):
    severity = SLIGHT if abs(offset) < 0.01 else CLEAR if abs(offset) < 0.05 else SEVERE
    measured = f"{offset:+.4f} of full scale ({to_dbfs(abs(offset)):.0f} dBFS)"
    return Finding(DC.key, severity, measured, (), {"offset": round(offset, 6)})


def _silent_stretches(levels, frame_seconds):
    """The long silent stretches, [(start, end), ...] in seconds; margins are left to the sound."""
    limit = levels.max() - SILENT_BELOW_LOUD
    floor = np.percentile(levels, SOFTEST_PERCENT)
    silent = levels < max(min(SILENCE_DBFS, limit), min(floor + 3, limit))
    stretches = []
    for first, last in true_runs(silent):
        start = float(first) * frame_seconds + (MARGIN_SECONDS if first else 0)
        end = float(last) * frame_seconds - (MARGIN_SECONDS if last < len(levels) else 0)
        if (last - first) * frame_seconds >= LONG_SILENCE_SECONDS:
            stretches.append((round(start, 3), round(end, 3)))
    return stretches


def _complement(stretches, seconds):
    """The parts between some stretches of a sound of `seconds`, [[start, end], ...]."""
    edges = [0.0, *(edge for stretch in stretches for edge in stretch), round(seconds, 3)]
    return [[start, end] for start, end in zip(edges[::2], edges[1::2], strict=True) if end > start]


def _silence_finding(silent, keep, seconds):
    total = sum(end - start for start, end in silent)
    longest = max(end - start for start, end in silent)
    share = total / seconds
    severity = SEVERE if share > 0.5 else CLEAR if share > 0.25 else SLIGHT
    measured = f"{total:.1f} s of {seconds:.1f} s, the longest {longest:.1f} s"
    return Finding(SILENCE.key, severity, measured, tuple(silent[:MOST_PLACES]), {"keep": keep})


def _quiet_findings(peak, powers):
    peak_dbfs = to_dbfs(peak)
    if peak_dbfs >= SOFT_PEAK_DBFS or not powers.any():
        return []
    gain = round(WANTED_PEAK_DBFS - peak_dbfs, 2)
    left, possible = _signal_to_quantisation(powers), _signal_to_quantisation(powers * 10 ** (gain / 10))
    severity = SLIGHT if possible - left < 6 else CLEAR if possible - left < 12 else SEVERE
    floor = 10 * np.log10(np.percentile(powers[powers > 0], SOFTEST_PERCENT))
    measured = (
        f"peak {peak_dbfs:.1f} dBFS: rounded to 256 values, it has a hiss {left:.0f} dB below it, {possible:.0f} dB if "
        f"it is raised by {gain:.0f} dB, which lifts its softest parts and their noise from {floor:.0f} to "
        f"{floor + gain:.0f} dBFS"
    )
    return [Finding(QUIET.key, severity, measured, (), {"gain_db": gain})]


def _signal_to_quantisation(powers):
    """The signal-to-noise ratio of 8-bit mu-law in dB, from the mean powers of the sound's frames.

    Errors are uniform within a step, so their power is a third of the square of the bound.
    """
    bound = Quantisation().error_bound(np.sqrt(powers))
    return 10 * np.log10(powers.sum() / np.sum(bound**2 / 3))
