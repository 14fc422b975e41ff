"""Search: many short trainings with different settings, carried by Ray Tune, and the one that turns out best."""

from .criteria import CRITERIA
from .page import search_page
from .search import tune
from .space import SPACE
from .trials import PAGE, Search

__all__ = ["CRITERIA", "PAGE", "SPACE", "Search", "search_page", "tune"]
