"""From a corpus to a run: pre-flight, plan, training that can be interrupted anywhere, and what it leaves behind."""

from .plan import DiskEstimate, plan
from .preflight import preflight
from .start import resolve_preset
from .train import train

__all__ = ["DiskEstimate", "plan", "preflight", "resolve_preset", "train"]
