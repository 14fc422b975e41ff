"""From a corpus to a run: training that can be interrupted anywhere, and what it leaves behind."""

from .train import train

__all__ = ["train"]
