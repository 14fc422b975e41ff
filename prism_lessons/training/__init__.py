"""From a corpus to a run: pre-flight, plan, training that can be interrupted anywhere, and what it leaves behind."""

from .agreement import agree
from .plan import plan
from .preflight import preflight
from .train import train

__all__ = ["agree", "plan", "preflight", "train"]
