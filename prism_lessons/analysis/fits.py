"""Where in a recording a stretch of another one fits best, by cross-correlation of their spectrograms."""

import numpy as np
from scipy import fft

from .fingerprints import BANDS, LOW_BANDS

AT_ONCE = 2**22  # numbers in the spectra of the probes that are compared at once


class Haystack:
    """The frames of a recording, (frames, BANDS) float32, prepared for cross-correlation with probes.

    The mean over bands is subtracted from each frame (level, and the decay common to all strikes), the mean over time
    from each band (filters, and the steady part); once for all bands and once for those that a low rate leaves.
    """

    def __init__(self, frames):
        self._size = fft.next_fast_len(len(frames), real=True)
        self._sets, self._energies = [], {}
        for bands in (BANDS, LOW_BANDS):
            centred = frames[:, :bands] - frames[:, :bands].mean(1, keepdims=True)
            sums = np.concatenate([np.zeros((1, bands)), np.cumsum(centred, axis=0, dtype=np.float64)])
            squares = np.concatenate([[0], np.cumsum((centred**2).sum(1), dtype=np.float64)])
            self._sets.append((bands, fft.rfft(centred, self._size, axis=0), sums, squares))

    def fits(self, probes):
        """Where each of some probes (n <= frames, BANDS) fits best: [(correlation -1 .. 1, first frame)]."""
        rows = max(1, AT_ONCE // (self._size * BANDS))
        return [fit for at in range(0, len(probes), rows) for fit in self._fits(probes[at : at + rows])]

    def _fits(self, probes):
        padded = np.zeros((len(probes), self._size, BANDS), np.float32)
        for row, probe in zip(padded, probes, strict=True):
            row[: len(probe)] = probe - probe.mean(0)
        spectra = fft.rfft(padded, axis=1).conj()
        best = [(0.0, 0)] * len(probes)
        for bands, theirs, _, _ in self._sets:
            products = fft.irfft(np.einsum("pfb,fb->pf", spectra[:, :, :bands], theirs), self._size)
            ours = padded[:, :, :bands]
            own = np.square(ours).sum((1, 2)) - np.square(ours.sum(2)).sum(1) / bands
            for index, probe in enumerate(probes):
                energy = self._energy(len(probe), bands)
                fits = products[index, : len(energy)] / np.sqrt(energy * max(float(own[index]), 1e-9))
                at = int(np.argmax(fits))
                best[index] = max(best[index], (float(fits[at]), at))
        return best

    def _energy(self, count, bands):
        """The energy of `count` frames from each frame on, less the mean of each band over them."""
        if (count, bands) not in self._energies:
            _, _, sums, squares = self._sets[bands == LOW_BANDS]
            held = squares[count:] - squares[:-count] - ((sums[count:] - sums[:-count]) ** 2).sum(1) / count
            self._energies[count, bands] = np.maximum(held, 1e-5 * squares[-1] + 1e-9)
        return self._energies[count, bands]
