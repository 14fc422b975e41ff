"""All HTML: sounds to see, hear and read about, in pages that need nothing but a browser, and in cells."""

from .core import as_base64, model_script, model_values
from .excerpts import after_cuts, before_and_after, excerpt
from .findings import findings_page, findings_section, worst_first
from .journey import journey_page
from .learning_curve import REFERENCES, curve_in_words, learning_curve
from .players import levels_in_words, player
from .sound_map import sound_map
from .sounds import (
    BYTES_PER_SAMPLE,
    FLAC,
    FORMS_IN_WORDS,
    MP3,
    WAV,
    data_url,
    fit_sounds,
    plan_sounds,
    shortened,
    sound_url,
)
from .templating import html, render

__all__ = [
    "BYTES_PER_SAMPLE", "FLAC", "FORMS_IN_WORDS", "MP3", "REFERENCES", "WAV", "after_cuts", "as_base64",
    "before_and_after", "curve_in_words", "data_url", "excerpt", "findings_page", "findings_section", "fit_sounds",
    "html", "journey_page", "learning_curve", "levels_in_words", "model_script", "model_values", "plan_sounds",
    "player", "render", "shortened", "sound_map", "sound_url", "worst_first",
]  # fmt: skip
