"""From a folder of recordings to a corpus: survey it, choose, prepare its clips, keep some aside for validation."""

from .choices import Choices, Intention, Origin
from .corpus import ClipFile, Corpus
from .curating import MINIMUM_SECONDS, curate
from .segments import segment_clips, suggest_segments
from .sounds import Sounds, sounds_of
from .survey import Survey, Surveyed, survey
from .warnings import is_mostly_silent

__all__ = [
    "MINIMUM_SECONDS", "Choices", "ClipFile", "Corpus", "Intention", "Origin", "Sounds", "Survey", "Surveyed", "curate",
    "is_mostly_silent", "segment_clips", "sounds_of", "suggest_segments", "survey",
]  # fmt: skip
