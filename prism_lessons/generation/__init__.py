"""From a capsule to sound: takes in many voices, long takes on disk, one voice live, and blends of two models."""

from .engines import of_model
from .envelopes import TEMPERATURES, Envelope
from .long import WHAT as PERFORMANCE
from .long import FolderOccupied, LongTake, is_resume_file, perform
from .morphing import Mixture, between, mix
from .player import PIECE, pieces
from .priming import Prime
from .rendering import Rendering, merge_lists, prepared, render
from .stream import Stream
from .takes import Take, generate, take_name

__all__ = [
    "PERFORMANCE",
    "PIECE",
    "TEMPERATURES",
    "Envelope",
    "FolderOccupied",
    "LongTake",
    "Mixture",
    "Prime",
    "Rendering",
    "Stream",
    "Take",
    "between",
    "generate",
    "is_resume_file",
    "merge_lists",
    "mix",
    "of_model",
    "perform",
    "pieces",
    "prepared",
    "render",
    "take_name",
]  # fmt: skip
