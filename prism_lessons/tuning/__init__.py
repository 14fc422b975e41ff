"""Search: many short trainings with different settings, carried by Ray Tune, and the one that turns out best."""

from .criteria import CRITERIA
from .page import search_page
from .results import PAGE, Search
from .search import tune
from .space import SPACE

__all__ = ["CRITERIA", "PAGE", "SPACE", "Search", "search_page", "tune"]
