"""The disk space that a training needs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """Bytes that a training writes.

    Parameters
    ----------
    weights
        Number of weights in the model.
    settings
        The `TrainingSettings`.
    sample_rate
        Hz.
    """

    weights: int
    settings: object
    sample_rate: int

    @property
    def epoch(self):
        """The weights and the clips of an epoch, 16 bits a sample, as files and once more for TensorBoard."""
        clips = 2 * 2 * len(self.settings.clips) * self.settings.clip_seconds * self.sample_rate
        return int(4 * self.weights + clips)

    @property
    def checkpoint(self):
        """The weights and Adam's two moment estimates."""
        return 3 * 4 * self.weights

    @property
    def least(self):
        """Free space needed to begin: two checkpoints, a third while it is written, two epochs."""
        return 3 * self.checkpoint + 2 * self.epoch
