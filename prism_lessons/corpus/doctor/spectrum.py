"""Faults that show in the spectrum: a low sample rate, missing high frequencies, hum, a high noise floor.

One pass of short-time Fourier transforms over the mono mix serves all but the hum. Spectra are added up by their mean
level in dB, so that in the end those of the quietest and of the fullest frames are known and memory stays constant.
"""

import numpy as np
from scipy.fft import rfft

from ...analysis import Reblocker, power_spectrum
from .bandwidth import BANDWIDTH, LOW_RATE, bandwidth_findings
from .hiss import NOISE, noise_findings
from .hum import HUM, Hum

FRAME_SECONDS = 0.046
FRAMES_AT_ONCE = 128
LEAST_FULL = 3  # frames: the spectrum of a single frame of noise scatters too much
LOWEST = -180  # dB
CLASSES = 200  # of 1 dB
DIGITAL_SILENCE = 1e-13  # mean square; the rounding of 16 bits alone gives 8e-11, of 24 bits 1e-15


class Spectrum:
    """Finds missing highs, hum and noise; keeps one spectrum for each decibel of level."""

    kinds = (HUM, NOISE, LOW_RATE, BANDWIDTH)  # `bandwidth_at_rate` reports a low rate

    def __init__(self, sample_rate, channels):
        self._sample_rate = sample_rate
        self._size = 2 ** round(np.log2(FRAME_SECONDS * sample_rate))
        hop = self._size // 2
        self._reblocker = Reblocker((FRAMES_AT_ONCE + 1) * hop, overlap=hop)
        window = np.hanning(self._size + 1)[:-1]
        self._window = (window * np.sqrt(2 / (self._size * np.sum(window**2)))).astype(np.float32)
        self._powers = np.zeros((CLASSES, self._size // 2 + 1))
        self._logs = np.zeros((CLASSES, self._size // 2 + 1))
        self._counts = np.zeros(CLASSES, int)
        self._totals = np.zeros(CLASSES, int)
        self._hum = Hum(sample_rate)

    def add(self, frames, mono):
        """Take one more block of float32 samples into account: `mono`, shape (samples,)."""
        for piece in self._reblocker.add(mono):
            self._hum.add(piece[: -self._size // 2])
            self._measure(piece)

    def findings(self):
        """The `Finding`s, once all has been added."""
        rest = self._reblocker.flush()
        self._hum.add(rest)
        hop = self._size // 2
        self._measure(rest[: len(rest) // hop * hop])
        found = self._hum.findings()
        if self._counts.sum():
            found += noise_findings(self, self._sample_rate) + bandwidth_findings(self, self._sample_rate)
        return found

    @property
    def frames(self):
        """How many frames were measured, without digital silence."""
        return int(self._counts.sum())

    def loudest(self):
        """The mean square of the loudest hundredth of the frames."""
        chosen, share = _first(self._totals[::-1], max(1, self.frames // 100))
        levels = (LOWEST + np.arange(CLASSES))[::-1][chosen]
        return float(np.sum(share * 10 ** (levels / 10)) / share.sum())

    def quiet(self, share):
        """The mean power of each bin in the quietest frames, and the mean of its decibels, shape (bins,) each."""
        chosen, counts = _first(self._counts, max(1, round(share * self.frames)))
        part = (counts / self._counts[chosen])[:, None]
        return tuple(np.sum(part * sums[chosen], axis=0) / counts.sum() for sums in (self._powers, self._logs))

    def full(self, share):
        """The mean power of each bin in the frames that fill the spectrum most, shape (bins,)."""
        chosen, counts = _first(self._counts[::-1], max(LEAST_FULL, round(share * self.frames)))
        chosen = CLASSES - 1 - chosen
        return np.sum((counts / self._counts[chosen])[:, None] * self._powers[chosen], 0) / counts.sum()

    def _measure(self, piece):
        hop = self._size // 2
        if len(piece) < self._size:
            return
        halves = piece.reshape(-1, hop)
        frames = np.concatenate([halves[:-1], halves[1:]], axis=1) * self._window
        spectrum = rfft(frames, axis=1)
        power = power_spectrum(spectrum)
        # Without the window, which would hide a stroke at the very start of a file.
        squares = np.einsum("ij,ij->i", halves, halves) / hop
        total = (squares[:-1] + squares[1:]) / 2
        sounding = total > DIGITAL_SILENCE
        power, total = power[sounding], total[sounding]
        logs = np.float32(10 / np.log(10)) * np.log(power + np.float32(1e-18))
        # Mean decibels say how full a spectrum is; mean power would only say how loud its loudest partial is.
        classes = _class(logs.mean(axis=1))
        for one in np.unique(classes):
            these = classes == one
            self._powers[one] += power[these].sum(axis=0)
            self._logs[one] += logs[these].sum(axis=0)
        self._counts += np.bincount(classes, minlength=CLASSES)
        self._totals += np.bincount(_class(10 * np.log10(total)), minlength=CLASSES)


def _class(decibels):
    return np.clip(np.rint(decibels) - LOWEST, 0, CLASSES - 1).astype(int)


def _first(counts, wanted):
    """The first classes that together hold `wanted` frames: their numbers, and how many of each are taken."""
    before = np.cumsum(counts) - counts
    chosen = np.flatnonzero((counts > 0) & (before < wanted))
    return chosen, np.minimum(counts[chosen], wanted - before[chosen])
