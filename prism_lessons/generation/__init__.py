"""From a capsule to sound: takes by many voices at once, long ones on disk, one voice live, and models in between."""

from .lines import Line
from .long import LongTake, Taken, is_work, perform
from .morphing import Mixture, between, mix
from .priming import Prime
from .rendering import merge_lists, render
from .stream import Stream
from .takes import Take, generate

__all__ = [
    "Line", "LongTake", "Mixture", "Prime", "Stream", "Take", "Taken", "between", "generate", "is_work",
    "merge_lists", "mix", "perform", "render",
]  # fmt: skip
