"""From a folder of recordings to a corpus: survey it, choose, prepare its clips, keep some aside for validation."""

from .choices import Choices, Intention, Origin
from .corpus import ClipFile, Corpus
from .curating import curate
from .survey import Survey, Surveyed, survey

__all__ = ["Choices", "ClipFile", "Corpus", "Intention", "Origin", "Survey", "Surveyed", "curate", "survey"]
