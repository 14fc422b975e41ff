"""Reading and writing sound files.

Samples are float32, mono, full scale at -1 and 1.
"""

from .clips import Clip, as_clip, load, plain_name
from .levels import FLOOR_DBFS, SILENCE_DBFS, SILENCE_FRAME_SECONDS, Levels, decibels, measure
from .recording import (
    BLOCK_SECONDS,
    LENGTH_SECONDS,
    SAMPLE_RATES,
    SUFFIXES,
    Recording,
    check_sample_rate,
    mix,
    resampled,
)
from .source import AudioError, PassingError, unreadable
from .writing import LABELS, PCM16_STEP, SUBTYPES, coded, labels, native, pcm16, write_markers, writing

__all__ = [
    "BLOCK_SECONDS", "FLOOR_DBFS", "LABELS", "LENGTH_SECONDS", "PCM16_STEP", "SAMPLE_RATES", "SILENCE_DBFS",
    "SILENCE_FRAME_SECONDS", "SUBTYPES", "SUFFIXES", "AudioError", "Clip", "Levels", "PassingError", "Recording",
    "as_clip", "check_sample_rate", "coded", "decibels", "labels", "load", "measure", "mix", "native", "pcm16",
    "plain_name", "resampled", "unreadable", "write_markers", "writing",
]  # fmt: skip
