"""How loud a recording sounds as a whole: integrated loudness in LUFS (ITU-R BS.1770-4), computed block by block.

Mono sound goes in; one number comes out. The filter and the 400 ms windows are pyloudnorm's. This module carries them
across block boundaries, and gates all windows of the sound together, as the standard requires.
"""

import numpy as np

from .blocks import Reblocker

PIECE_SECONDS = 10.0
# One window of the standard (0.4 s, a new one each 0.1 s) is repeated at the start of each piece, so that the filter
# has settled and no window across a boundary is missing.
OVERLAP_SECONDS = 0.4
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0  # LUFS, LU


class Loudness:
    """Integrated loudness of a mono sound.

    It differs from pyloudnorm over the whole sound by less than 0.1 LU, wherever the blocks are cut.

    Parameters
    ----------
    sample_rate
        Hz, of the blocks given to `add`.
    """

    def __init__(self, sample_rate):
        from pyloudnorm import Meter

        self._meter = Meter(sample_rate)
        # Whole steps of 0.1 s, so that the windows of a piece continue those of the one before.
        step = sample_rate / 10
        self._overlap = round(OVERLAP_SECONDS * 10 * step)
        self._reblocker = Reblocker(round(PIECE_SECONDS * 10 * step) + self._overlap, self._overlap)
        self._first = True
        self._windows = []

    def add(self, mono):
        """Take one more block of float32 samples, shape (samples,), into account."""
        for piece in self._reblocker.add(mono):
            self._windows += self._measured(piece)
            self._first = False

    @property
    def lufs(self):
        """LUFS, or None where there is less than 0.4 s of sound, or nothing above -70 LUFS."""
        windows = np.array(self._windows + self._measured(self._reblocker.pending))
        windows = windows[windows > ABSOLUTE_GATE]
        if not len(windows):
            return None
        gate = _mean_of(windows) + RELATIVE_GATE
        return round(_mean_of(windows[windows > gate]), 1)

    def _measured(self, piece):
        """The loudness of the windows of a piece that were not in the one before, LUFS."""
        if len(piece) < self._overlap:
            return []
        with np.errstate(divide="ignore", invalid="ignore"):
            self._meter.integrated_loudness(piece)
        return list(self._meter.blockwise_loudness)[0 if self._first else 1 :]


def _mean_of(levels):
    """The level of the mean power of some levels, all in decibels."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))
