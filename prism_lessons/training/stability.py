"""Noticing that a training has blown up: that it computes no numbers any more, or guesses worse than blind chance."""

import math
from collections import deque

LOOK_BACK = 50  # batches that are judged together: one strange sound among the streams is no explosion
MARGIN = 0.5  # bits per sample above blind chance
MOST_SETBACKS = 3  # times that a run goes back by itself; what still blows up then needs a decision


class BlownUp(Exception):
    """A training has left all sense; the text is a phrase that says how it shows."""


class Watch:
    """Looks at every batch of an epoch, and at the epoch as a whole.

    Parameters
    ----------
    levels
        The number of codes: blind chance needs log2(levels) bits per sample.
    first_epoch
        Whether the model may know nothing yet. It is then measured by its first guess, which can be worse than blind
        chance.
    """

    def __init__(self, levels, first_epoch):
        self._first_epoch, self._worst = first_epoch, math.log2(levels) + MARGIN
        self._recent = deque(maxlen=LOOK_BACK)

    def see(self, bits, norms):
        """Take in a batch: its bits per sample, and the sum of the lengths of all gradients so far.

        Raises
        ------
        BlownUp
        """
        if not (math.isfinite(bits) and math.isfinite(norms)):
            raise BlownUp("its numbers grew beyond all bounds")
        if self._first_epoch and not self._recent:
            self._worst = max(self._worst, bits + MARGIN)
        self._recent.append(bits)
        if len(self._recent) == LOOK_BACK:
            self.judge(sum(self._recent) / LOOK_BACK)

    def judge(self, bits):
        """Raise `BlownUp` where bits per sample, over many samples, are worse than guessing."""
        if bits > self._worst:
            raise BlownUp(f"it guessed worse than blind chance, with {bits:.1f} bits per sample")
