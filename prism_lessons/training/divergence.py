"""Divergence of a training: how it is noticed, and how often a run is rolled back for it."""

import math
from collections import deque

LOOK_BACK = 50  # batches averaged: one strange sound among the streams is no divergence
MARGIN = 0.5  # bits per sample above blind chance
MOST_ROLLBACKS = 3  # times that a run is rolled back; if it still diverges, the user has to decide


class Diverged(Exception):
    """A training has diverged; the text is a phrase that names the symptom."""


class DivergenceMonitor:
    """Detects divergence: numbers that are no longer finite, or guesses worse than blind chance.

    Parameters
    ----------
    levels
        The number of codes: blind chance needs log2(levels) bits per sample.
    first_epoch
        Whether the model may still be untrained. The limit then allows for its first batch, which can be worse than
        blind chance.
    """

    def __init__(self, levels, first_epoch):
        self._first_epoch, self._worst = first_epoch, math.log2(levels) + MARGIN
        self._recent = deque(maxlen=LOOK_BACK)

    def update(self, bits, norms):
        """Update with a batch: its bits per sample, and the sum of all gradient norms so far.

        Raises
        ------
        Diverged
        """
        if not (math.isfinite(bits) and math.isfinite(norms)):
            raise Diverged("its numbers grew without bound")
        if self._first_epoch and not self._recent:
            self._worst = max(self._worst, bits + MARGIN)
        self._recent.append(bits)
        if len(self._recent) == LOOK_BACK:
            self.check(sum(self._recent) / LOOK_BACK)

    def check(self, bits):
        """Raise `Diverged` where bits per sample, over many samples, are worse than guessing."""
        if bits > self._worst:
            raise Diverged(f"it guessed worse than blind chance, with {bits:.1f} bits per sample")
