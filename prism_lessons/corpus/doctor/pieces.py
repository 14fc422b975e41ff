"""A sound in blocks of any length, as pieces of one length: a measurement then does not depend on the cuts."""

import numpy as np


class Pieces:
    """Float32 blocks in, pieces of exactly `size` samples out.

    Parameters
    ----------
    size
        Samples of a piece.
    overlap
        How many samples of a piece come again at the start of the next.
    """

    def __init__(self, size, overlap=0):
        self._size, self._step = size, size - overlap
        self._held = np.zeros(0, np.float32)

    def add(self, block):
        """Yield the pieces that are whole now."""
        held = np.concatenate([self._held, block]) if len(self._held) else block
        start = 0
        while len(held) - start >= self._size:
            yield held[start : start + self._size]
            start += self._step
        self._held = held[start:].copy()

    def rest(self):
        """The samples that no piece has ended with yet, shape (fewer than a piece,); then they are gone."""
        rest, self._held = self._held, np.zeros(0, np.float32)
        return rest
