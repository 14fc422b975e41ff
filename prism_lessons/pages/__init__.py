"""Pages that need nothing but a browser: sounds to look at, to hear and to read about, in one file."""

from .addresses import FLAC, FORMS, FORMS_IN_WORDS, MP3, WAV, address
from .excerpts import after_cuts, before_and_after, excerpt
from .findings import findings_page, findings_section, worst_first
from .instrument import instrument_page
from .journey import journey_page
from .line import line_page
from .listening import listening_page
from .mp3 import MP3_BYTES_PER_SAMPLE, mp3_rate
from .sound_map import sound_map

__all__ = [
    "FLAC", "FORMS", "FORMS_IN_WORDS", "MP3", "MP3_BYTES_PER_SAMPLE", "WAV", "address", "after_cuts",
    "before_and_after", "excerpt", "findings_page", "findings_section", "instrument_page", "journey_page", "line_page",
    "listening_page", "mp3_rate", "sound_map", "worst_first",
]  # fmt: skip
