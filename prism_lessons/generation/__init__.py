"""From a capsule to sound: takes in many voices, long takes on disk, one voice live, and blends of two models."""

from .engines import of_model
from .lines import TEMPERATURES, Line
from .long import WHAT as PERFORMANCE
from .long import LongTake, Taken, is_work, perform
from .morphing import Mixture, between, mix
from .player import PIECE, pieces
from .priming import Prime
from .rendering import Rendering, merge_lists, prepared, render
from .stream import Stream
from .takes import Take, generate, take_name

__all__ = [
    "PERFORMANCE", "PIECE", "TEMPERATURES", "Line", "LongTake", "Mixture", "Prime", "Rendering", "Stream", "Take",
    "Taken", "between", "generate", "is_work", "merge_lists", "mix", "of_model", "perform", "pieces", "prepared",
    "render", "take_name",
]  # fmt: skip
