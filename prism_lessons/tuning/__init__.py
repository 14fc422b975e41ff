"""Search: many short trainings with different settings, carried by Ray Tune, and the one that turns out best."""

from .search import Search, tune
from .space import SPACE

__all__ = ["SPACE", "Search", "tune"]
