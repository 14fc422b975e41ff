"""From a folder of recordings to a corpus: survey it, prepare its clips, keep some aside for validation."""

from .corpus import ClipFile, Corpus
from .curating import curate
from .survey import Survey, Surveyed, survey

__all__ = ["ClipFile", "Corpus", "Survey", "Surveyed", "curate", "survey"]
