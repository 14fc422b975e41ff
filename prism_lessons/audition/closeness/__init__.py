"""How close generated clips come to the recordings that the model learned from: one by one, and as a whole."""

from .gap import Gap, timbre_gap
from .nearest import Nearest
from .sources import Sources, excerpt, title_of
from .verbatim import Verbatim

__all__ = ["Gap", "Nearest", "Sources", "Verbatim", "excerpt", "timbre_gap", "title_of"]
