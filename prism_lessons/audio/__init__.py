"""Reading and writing sound files.

Samples are float32, mono, full scale at -1 and 1.
"""

from .clips import Clip, as_clip, load, safe_file_name
from .levels import FLOOR_DBFS, SILENCE_DBFS, SILENCE_FRAME_SECONDS, Levels, measure_levels, to_dbfs
from .recording import (
    BLOCK_SECONDS,
    LENGTH_SECONDS,
    SAMPLE_RATES,
    SUFFIXES,
    Recording,
    check_sample_rate,
    resample,
    resample_blocks,
    to_mono,
)
from .source import AudioError, TransientError, reading_error
from .writing import (
    LABELS,
    PCM16_STEP,
    SUBTYPES,
    audacity_labels,
    native_path,
    pcm16,
    sound_writer,
    to_sample_format,
    write_markers,
    write_xmp,
)

__all__ = [
    "BLOCK_SECONDS", "FLOOR_DBFS", "LABELS", "LENGTH_SECONDS", "PCM16_STEP", "SAMPLE_RATES", "SILENCE_DBFS",
    "SILENCE_FRAME_SECONDS", "SUBTYPES", "SUFFIXES", "AudioError", "Clip", "Levels", "Recording", "TransientError",
    "as_clip", "audacity_labels", "check_sample_rate", "load", "measure_levels", "native_path", "pcm16",
    "reading_error", "resample", "resample_blocks", "safe_file_name", "sound_writer", "to_dbfs", "to_mono",
    "to_sample_format", "write_markers", "write_xmp",
]  # fmt: skip
