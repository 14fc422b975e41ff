"""The pre-flight: a quick check that everything is set up, before hours of training."""

from .flight import preflight
from .results import Check, Preflight, was_flown

__all__ = ["Check", "Preflight", "preflight", "was_flown"]
