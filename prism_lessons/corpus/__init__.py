"""From a folder of recordings to a corpus: survey it, choose, prepare its clips, keep some aside for validation."""

from .choices import CONSENTS, MENDABLE, MOST_TIMES, PREFERENCES, SHARING, UNKNOWN, Choices, Intention, Origin
from .codes import Codes, codes_of, unigram_bits
from .corpus import SETTINGS, TRAINING, VALIDATION, ClipFile, Corpus
from .curating import MINIMUM_SECONDS, curate
from .doctor import KINDS, MOST_PLACES, SEVERITY_WORDS, has_remedy, in_words, kept_channel, key_of, repaired
from .folder import list_files, refuse_by_name, shown_name
from .segments import segment_clips, segment_name, suggest_segments
from .sounds import Piece, Sounds, sounds_of
from .survey import Survey, Surveyed, survey
from .warnings import is_mostly_silent

__all__ = [
    "CONSENTS", "KINDS", "MENDABLE", "MINIMUM_SECONDS", "MOST_PLACES", "MOST_TIMES", "PREFERENCES", "SETTINGS",
    "SEVERITY_WORDS", "SHARING", "TRAINING", "UNKNOWN", "VALIDATION", "Choices", "ClipFile", "Codes", "Corpus",
    "Intention", "Origin", "Piece", "Sounds", "Survey", "Surveyed", "codes_of", "curate", "has_remedy", "in_words",
    "is_mostly_silent", "kept_channel", "key_of", "list_files", "refuse_by_name", "repaired", "segment_clips",
    "segment_name", "shown_name", "sounds_of", "suggest_segments", "survey", "unigram_bits",
]  # fmt: skip
