"""The pre-flight: before practising for hours, try in a moment whether everything is set up."""

from .flight import preflight
from .results import Check, Preflight, was_flown

__all__ = ["Check", "Preflight", "preflight", "was_flown"]
