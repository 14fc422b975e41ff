"""What a sound is like and which sounds are alike: measured block by block, compared, and cached."""

from .blocks import Reblocker, Sections, map_sections, map_with_context, power_spectrum, true_runs
from .descriptors import DESCRIPTORS, HIGHPASS, HOP_SECONDS, LEAST_DBFS, UNITS, descriptors_of
from .file_cache import FileCache, code_version
from .fingerprints import BANDS as FINGERPRINT_BANDS
from .fingerprints import HOP as FINGERPRINT_HOP
from .fingerprints import Fingerprint, at_16_khz, fingerprint
from .loudness import Loudness
from .near_duplicates import DuplicatePair, Sound, duplicate_groups, find_near_duplicates
from .pitch import PITCHED, yin
from .pitch import SPAN as YIN_SPAN
from .relations import DIFFERENT_DB, Relations, relate, vendi_score
from .timbre import BRIGHTNESS, NOISINESS, ONSETS, timbre_features
from .wave_matching import LIFT, SAMPLE_RATE, SPEEDS, phase_coherence, salient_amplitudes

__all__ = [
    "BRIGHTNESS", "DESCRIPTORS", "DIFFERENT_DB", "FINGERPRINT_BANDS", "FINGERPRINT_HOP", "HIGHPASS", "HOP_SECONDS",
    "LEAST_DBFS", "LIFT", "NOISINESS", "ONSETS", "PITCHED", "SAMPLE_RATE", "SPEEDS", "UNITS", "YIN_SPAN",
    "DuplicatePair", "FileCache", "Fingerprint", "Loudness", "Reblocker", "Relations", "Sections", "Sound",
    "at_16_khz", "code_version", "descriptors_of", "duplicate_groups", "find_near_duplicates", "fingerprint",
    "map_sections", "map_with_context", "phase_coherence", "power_spectrum", "relate", "salient_amplitudes",
    "timbre_features", "true_runs", "vendi_score", "yin",
]  # fmt: skip
