"""The settings of a model and of its training, as values that can be saved, checked and compared.

Each setting is described once, in its field: its effect on the sound, its range, its default, and its source. Checks,
the controls of a lesson and the table in lesson 05 are made from this; `described` returns it.
"""

from .model import BOOK_ORDER, CHEBYSHEV, LEVELS, LONGEST_LABEL, MOMENT, ModelSettings, shapes_of
from .setting import Setting, described, in_figures, is_name, is_number
from .training import MOST_CLIP_VOICES, Augmentation, TrainingSettings

__all__ = [
    "BOOK_ORDER",
    "CHEBYSHEV",
    "LEVELS",
    "LONGEST_LABEL",
    "MOMENT",
    "MOST_CLIP_VOICES",
    "Augmentation",
    "ModelSettings",
    "Setting",
    "TrainingSettings",
    "described",
    "in_figures",
    "is_name",
    "is_number",
    "shapes_of",
]
