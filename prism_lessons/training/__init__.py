"""From a corpus to a run: presets, training that can be interrupted anywhere, and what it leaves behind."""

from .presets import PRESETS, Preset, TrainingSettings
from .train import train

__all__ = ["PRESETS", "Preset", "TrainingSettings", "train"]
