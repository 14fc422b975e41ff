"""From a capsule to sound: takes in many voices, long takes on disk, one voice live, and blends of two models."""

from .asking import LIMITS, Asking, blend_in_words
from .engines import of_model
from .envelopes import SHARES, TEMPERATURES, Envelope
from .export import write_gallery, write_page
from .gesture import Gesture
from .live_voice import MOST_KEPT, MOST_SEED, LiveVoice
from .long import WHAT as PERFORMANCE
from .long import FolderOccupied, LongTake, is_resume_file, perform
from .morphing import Mixture, between, mix
from .page_model import page_model
from .priming import Prime
from .sampler import PIECE, pieces
from .take_files import Rendering, merge_lists, prepared, render, why_not_to_share
from .takes import Take, generate, take_name

__all__ = [
    "LIMITS",
    "MOST_KEPT",
    "MOST_SEED",
    "PERFORMANCE",
    "PIECE",
    "SHARES",
    "TEMPERATURES",
    "Asking",
    "Envelope",
    "FolderOccupied",
    "Gesture",
    "LiveVoice",
    "LongTake",
    "Mixture",
    "Prime",
    "Rendering",
    "Take",
    "between",
    "blend_in_words",
    "generate",
    "is_resume_file",
    "merge_lists",
    "mix",
    "of_model",
    "page_model",
    "perform",
    "pieces",
    "prepared",
    "render",
    "take_name",
    "why_not_to_share",
    "write_gallery",
    "write_page",
]  # fmt: skip
