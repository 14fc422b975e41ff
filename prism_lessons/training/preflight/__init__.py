"""The pre-flight: a quick check that everything is set up, before hours of training."""

from .preflight import preflight
from .results import Check, Preflight, preflight_done

__all__ = ["Check", "Preflight", "preflight", "preflight_done"]
