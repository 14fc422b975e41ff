"""The shape of a model and the way it is trained, as values that can be written down, checked and compared.

What is known of a setting stands once, in its field: what it does to the sound, its range, its default, and where that
comes from. Checks, the controls of a lesson and the table in lesson 05 are made from it; `described` hands it out.
"""

from .model import BOOK_ORDER, CHEBYSHEV, LEVELS, MOMENT, ModelSettings, shapes_of
from .setting import Setting, described, in_figures, is_number
from .training import Augmentation, TrainingSettings

__all__ = [
    "BOOK_ORDER",
    "CHEBYSHEV",
    "LEVELS",
    "MOMENT",
    "Augmentation",
    "ModelSettings",
    "Setting",
    "TrainingSettings",
    "described",
    "in_figures",
    "is_number",
    "shapes_of",
]
