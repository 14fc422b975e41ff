"""How close generated clips come to the recordings that the model was trained on, one by one and as a whole."""

from .nearest import Nearest
from .sources import Sources, excerpt, excerpt_title
from .timbre_distance import TimbreDistance, timbre_distance
from .verbatim import Verbatim

__all__ = ["Nearest", "Sources", "TimbreDistance", "Verbatim", "excerpt", "excerpt_title", "timbre_distance"]
