"""Detecting divergence: a training whose numbers are no longer finite, or that guesses worse than blind chance."""

import math
from collections import deque

LOOK_BACK = 50  # batches that are judged together: one strange sound among the streams is no divergence
MARGIN = 0.5  # bits per sample above blind chance
MOST_SETBACKS = 3  # times that a run goes back by itself; if it still diverges, the user has to decide


class BlownUp(Exception):
    """A training has diverged; the text is a phrase that names the symptom."""


class Watch:
    """Looks at every batch of an epoch, and at the epoch as a whole.

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

    def see(self, bits, norms):
        """Update with a batch: its bits per sample, and the sum of all gradient norms so far.

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
