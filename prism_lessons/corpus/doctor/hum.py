"""Mains hum: 50 or 60 Hz with harmonics, distinguished from music by its constancy through a recording.

The grid keeps its frequency to a few tenths of a hertz, so hum is a comb of lines at exact multiples, each of constant
level from the first second to the last. A note near it starts, dies away or is off the comb.
"""

import numpy as np
import soxr
from scipy.signal import iirnotch, sosfiltfilt, tf2sos

from ...analysis import Reblocker, map_with_context
from .findings import CLEAR, SEVERE, SLIGHT, FaultKind, Finding

RATE = 2000  # Hz, to which the sound is resampled: room for 15 harmonics of 60 Hz
LENGTH_SECONDS, SHORTEST_SECONDS = 8.0, 2.0
MAINS = (50.0, 60.0)
# Hz: EN 50160 allows 1 % in 99.5 % of a year. G1 is at 49.0 Hz and B1 at 61.7 Hz.
MOST_DRIFT = 0.5
HARMONICS = 15
FRAME = RATE // 2  # samples: 0.5 s, bins 2 Hz wide
SMALLEST_POWER = 1e-13  # of 16-bit rounding in a bin of 2 Hz
LEAST_COHERENCE = 0.8
LEAST_HARMONICS = 2
NOTCH_HZ = 2.0
SOFTEST_DBFS = -70.0  # of all harmonics together: below, mu-law of 8 bits keeps nothing of them


def _remove_hum(blocks, sample_rate, values):
    """A remedy: a notch 2 Hz wide at each harmonic, forwards and backwards, so that nothing is shifted in time."""
    sections = np.concatenate(
        [
            tf2sos(*iirnotch(frequency, frequency / NOTCH_HZ, sample_rate))
            for frequency in (harmonic * values["fundamental"] for harmonic in values["harmonics"])
            if frequency < 0.45 * sample_rate
        ]
    )

    def change(samples):
        padding = min(len(samples) - 1, sample_rate)
        return np.clip(sosfiltfilt(sections, samples, padlen=padding), -1, 1).astype(np.float32)

    # A notch of this width rings for 1 / (pi * 2 Hz): 2 s are 12 times that.
    return map_with_context(blocks, change, 2 * sample_rate)


HUM = FaultKind(
    "hum",
    "mains hum",
    "It is the steadiest sound of all and the easiest to learn, so it comes back in everything the model plays.",
    "Have the course filter it out; when recording, use balanced cables and keep away from transformers.",
    f"{LEAST_HARMONICS} or more steady lines at multiples of 50 or 60 Hz (within {MOST_DRIFT} Hz), in half of the "
    f"recording or more, where it lasts {SHORTEST_SECONDS:.0f} s or more",
    "EN 50160 (frequency of the grid); measured: benchmarks/doctor.py",
    _remove_hum,
    "hum taken out with notch filters",
)


class Hum:
    """Looks for hum in pieces of 8 s and keeps a few numbers for each."""

    def __init__(self, sample_rate):
        self._decimator = soxr.ResampleStream(sample_rate, RATE, 1, dtype="float32", quality="MQ")
        self._reblocker = Reblocker(int(LENGTH_SECONDS * RATE))
        self._last = np.zeros(0, np.float32)
        self._combs = []

    def add(self, piece):
        """Take one more piece of mono float32 samples into account."""
        self._take(self._decimator.resample_chunk(piece))

    def _take(self, samples):
        for piece in self._reblocker.add(samples):
            self._combs.append(_comb(piece))
            self._last = piece

    def findings(self):
        """At most one `Finding`, once all has been added."""
        self._take(self._decimator.resample_chunk(np.zeros(0, np.float32), last=True))
        rest = self._reblocker.flush()
        if not self._combs and len(rest) >= SHORTEST_SECONDS * RATE:
            self._combs.append(_comb(rest))
        elif len(rest) >= LENGTH_SECONDS * RATE / 2:
            self._combs.append(_comb(np.concatenate([self._last, rest])[-int(LENGTH_SECONDS * RATE) :]))
        combs = [comb for comb in self._combs if comb]
        if not combs or len(combs) < len(self._combs) / 2:
            return []
        mains = MAINS[int(np.sum([comb[0] > 55 for comb in combs]) > len(combs) / 2)]
        combs = [comb for comb in combs if abs(comb[0] - mains) < 5]
        fundamental = float(np.median([comb[0] for comb in combs]))
        power = np.median([comb[1] for comb in combs], axis=0)
        harmonics = [int(k) + 1 for k in np.flatnonzero(power > 0)]
        if len(harmonics) < LEAST_HARMONICS:
            return []
        level = 10 * np.log10(power.sum())
        if level < SOFTEST_DBFS:
            return []
        severity = SLIGHT if level < -55 else CLEAR if level < -35 else SEVERE
        measured = f"{fundamental:.2f} Hz, harmonics {', '.join(map(str, harmonics))}, at {level:.0f} dBFS"
        return [
            Finding(HUM.key, severity, measured, (), {"fundamental": round(fundamental, 3), "harmonics": harmonics})
        ]


def _comb(samples):
    """The hum in some seconds at `RATE`: (fundamental in Hz, mean square of each harmonic), or None."""
    size = 4 * 2 ** int(np.ceil(np.log2(len(samples))))
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size)) ** 2 + 1e-20
    levels = 10 * np.log10(power[: int(size * (MAINS[-1] * HARMONICS + 50) / RATE)])
    starts = np.arange(0, len(samples) - FRAME + 1, FRAME // 2)
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    frames = samples[starts[:, None] + np.arange(FRAME)] * (window / window.sum())
    around = np.abs(np.fft.rfft(frames)) ** 2
    found = None
    for mains in MAINS:
        fundamental = _best_fundamental(levels, mains, RATE / size)
        fundamental, squares = _steady(frames, starts, around, fundamental)
        if np.count_nonzero(squares) >= LEAST_HARMONICS and (found is None or squares.sum() > found[1].sum()):
            found = fundamental, squares
    return found


def _best_fundamental(levels, mains, step):
    """The fundamental near `mains` Hz whose comb stands out most from `levels`, dB, in bins of `step` Hz."""
    fundamentals = np.arange(mains - MOST_DRIFT, mains + MOST_DRIFT + 1e-9, 0.005)
    score = np.zeros(len(fundamentals))
    for k in range(1, HARMONICS + 1):
        first = round((k * mains - 8) / step)
        near = levels[first : round((k * mains + 8) / step)]
        above = np.interp(k * fundamentals, (first + np.arange(len(near))) * step, near) - np.median(near) - 10
        score += np.clip(above, 0, 30) + 0.1 * np.maximum(above, 0)  # limited, so that no partial decides alone
    return fundamentals[int(score.argmax())]


def _steady(frames, starts, around, fundamental):
    """The exact fundamental in Hz, and the mean square of each harmonic, 0 for one that is not steady.

    Amplitude and phase are measured in windowed `frames` of 0.5 s, beginning at `starts` (samples). Frames with little
    other sound beside the line count most: `around` is the power spectrum of the frames, in steps of 2 Hz.
    """
    harmonics = np.arange(1, HARMONICS + 1)
    bins = np.rint(harmonics * fundamental * FRAME / RATE).astype(int)
    # 6 and 10 Hz off, outside the lobe of the window.
    weights = 1 / (np.mean([around[:, bins + away] for away in (-5, -3, 3, 5)], axis=0) + SMALLEST_POWER)
    for _ in range(2):  # the second time from the corrected frequency
        lines = _demodulated(frames, starts, harmonics * fundamental)
        # How far the phase of each harmonic turns from frame to frame says how far off the fundamental is.
        pairs = np.sqrt(weights[1:] * weights[:-1])
        turn = np.sum(pairs * lines[1:] * lines[:-1].conj(), axis=0)
        certainty = np.abs(turn) / (np.sum(pairs * np.abs(lines[1:] * lines[:-1]), axis=0) + SMALLEST_POWER)
        off = np.angle(turn) / (2 * np.pi * (FRAME // 2) / RATE) / harmonics
        order = np.argsort(off)
        share = np.cumsum((harmonics * (certainty > 0.9) * np.minimum(np.abs(turn), 100) + SMALLEST_POWER)[order])
        fundamental += np.clip(off[order][np.searchsorted(share, share[-1] / 2)], -0.2, 0.2)
    lines = _demodulated(frames, starts, harmonics * fundamental)
    mean = np.sum(weights * lines, axis=0) / weights.sum(axis=0)
    power = np.abs(mean) ** 2
    coherence = power * weights.sum(axis=0) / (np.sum(weights * np.abs(lines) ** 2, axis=0) + SMALLEST_POWER)
    certain = power > 10 / weights.sum(axis=0)
    return fundamental, np.where((coherence >= LEAST_COHERENCE) & certain, 2 * power, 0.0)


def _demodulated(frames, starts, frequencies):
    """Complex amplitude of each of some frequencies (Hz) in each frame, shape (frames, frequencies)."""
    turn = -2j * np.pi / RATE * frequencies
    return (frames @ np.exp(np.arange(FRAME)[:, None] * turn).astype(np.complex64)) * np.exp(starts[:, None] * turn)
