"""How loud a sound is: peak, RMS and share of silence, gathered block by block.

Levels are in dBFS: 0 is full scale, a full-scale sine has an RMS level of -3.
"""

import numpy as np

FLOOR_DBFS = -120.0
# A 20 ms stretch below this RMS level counts as silence: about the hiss of a quiet room recorded at a usual level.
SILENCE_DBFS = -60.0
SILENCE_FRAME_SECONDS = 0.02


def to_dbfs(amplitude):
    """Linear amplitude (1 is full scale) -> dBFS, never below -120."""
    return float(20 * np.log10(max(float(amplitude), 10 ** (FLOOR_DBFS / 20))))


class Levels:
    """Peak, RMS and share of silence of a sound, gathered block by block.

    Parameters
    ----------
    sample_rate
        Hz, of the blocks given to `add`.
    """

    def __init__(self, sample_rate):
        self.sample_rate = sample_rate
        self._frame = max(1, int(SILENCE_FRAME_SECONDS * sample_rate))
        self._rest = np.zeros(0, np.float32)
        self._squares = 0.0
        self._frames = self._silent = 0
        self.samples, self.peak = 0, 0.0

    def add(self, block):
        """Take one more block of float32 samples into account."""
        self.samples += len(block)
        self.peak = max(self.peak, float(np.max(np.abs(block), initial=0.0)))
        self._squares += float(np.sum(np.square(block, dtype=np.float64)))
        joined = np.concatenate([self._rest, block])
        whole = len(joined) // self._frame * self._frame
        energy = np.mean(np.square(joined[:whole].reshape(-1, self._frame)), axis=1)
        self._frames += len(energy)
        self._silent += int(np.count_nonzero(energy < 10 ** (SILENCE_DBFS / 10)))
        self._rest = joined[whole:]

    @property
    def seconds(self):
        return self.samples / self.sample_rate

    @property
    def peak_dbfs(self):
        return round(to_dbfs(self.peak), 2)

    @property
    def rms_dbfs(self):
        return round(to_dbfs(np.sqrt(self._squares / max(1, self.samples))), 2)

    @property
    def silence(self):
        """The share, 0 .. 1, of 20 ms stretches whose RMS level is below -60 dBFS."""
        return self._silent / self._frames if self._frames else float(self.rms_dbfs < SILENCE_DBFS)


def measure_levels(samples, sample_rate):
    """The `Levels` of float samples, shape (samples,), that are in memory already."""
    levels = Levels(sample_rate)
    levels.add(np.asarray(samples, np.float32))
    return levels
