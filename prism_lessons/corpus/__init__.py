"""From a folder of recordings to a corpus: survey it, choose, prepare its clips, keep some aside for validation."""

from .card import is_mostly_silent
from .choices import CONSENTS, MENDABLE, MOST_TIMES, PREFERENCES, SHARING, UNKNOWN, Choices, Intention, Origin
from .codes import Codes, codes_of, unigram_bits
from .corpus import SETTINGS, TRAINING, VALIDATION, ClipFile, Corpus
from .curating import MINIMUM_SECONDS, curate
from .doctor import (
    KINDS,
    MOST_PLACES,
    SEVERITY_WORDS,
    fault_key,
    finding_in_words,
    has_remedy,
    kept_channel,
    repair_recording,
)
from .folder import list_files, refuse_by_name, shown_name
from .segments import segment_clips, segment_name, suggest_segments
from .sharing import Sharing, left_out
from .sounds import Piece, Sounds, sounds_of
from .survey import Survey, SurveyedFile, survey

__all__ = [
    "CONSENTS", "KINDS", "MENDABLE", "MINIMUM_SECONDS", "MOST_PLACES", "MOST_TIMES", "PREFERENCES", "SETTINGS",
    "SEVERITY_WORDS", "SHARING", "TRAINING", "UNKNOWN", "VALIDATION", "Choices", "ClipFile", "Codes", "Corpus",
    "Intention", "Origin", "Piece", "Sharing", "Sounds", "Survey", "SurveyedFile", "codes_of", "curate", "fault_key",
    "finding_in_words", "has_remedy", "is_mostly_silent", "kept_channel", "left_out", "list_files",
    "refuse_by_name", "repair_recording", "segment_clips", "segment_name", "shown_name", "sounds_of",
    "suggest_segments", "survey", "unigram_bits",
]  # fmt: skip
