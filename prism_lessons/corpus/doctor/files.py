"""Faults of a whole file: breaks, gaps, a wrong length, several tracks, samples that are no numbers, next to no
sound."""

from ...audio import LENGTH_SECONDS
from ...live import counted
from .findings import CLEAR, SEVERE, SLIGHT, FaultKind, Finding

SHORT_SECONDS = 0.1

BROKEN = FaultKind(
    "broken",
    "broken file",
    "It ends in the middle of a sound, and a model learns that sounds may do so.",
    "Get the whole file if there is one; otherwise cut it a little shorter, which ends it with a short fade.",
    "sound ends more than 0.05 s before the length that the file's header promises, or cannot be decoded",
    "the file's own header",
)
GAPS = FaultKind(
    "gaps",
    "parts that cannot be decoded",
    "The sound jumps where they were, and a model learns the jumps.",
    "Get an undamaged copy if there is one; otherwise cut the file there by hand.",
    "one packet between two that can be decoded",
    "FFmpeg, which decodes it",
)
HEADER = FaultKind(
    "header",
    "wrong length in the header",
    "None, if everything beyond that length is sound: the course reads the file to its end.",
    "Listen to the end of the file: where a recorder was cut off, there may be noise.",
    "the file holds 0.05 s more than its header promises",
    "the file's own header",
)
TRACKS = FaultKind(
    "tracks",
    "several sound tracks",
    "A model hears only one of them, the one that players choose.",
    "Export the other tracks as files of their own, if you want them.",
    "more than one track of sound in the file",
    "the file's own header",
)
NOT_FINITE = FaultKind(
    "not_finite",
    "samples that are no numbers",
    "Each becomes a moment of silence with a click at either side, and a model learns the clicks.",
    "Export the file again from where it was made; the course reads such samples as silence.",
    "one sample that is NaN, infinite or beyond the range of 32-bit integers",
    "IEEE 754",
)
SHORT = FaultKind(
    "short",
    "very short file",
    "Most of what a model sees of it is the silence before it; it teaches how a sound begins, and little else.",
    "Leave it out, or join it to the recording it was cut from.",
    f"shorter than {SHORT_SECONDS * 1000:.0f} ms, two periods of the lowest audible tone",
    "hearing begins at about 20 Hz",
)


def file_findings(recording, levels):
    """The findings on a `Recording` that has been read to its end, with its `Levels`."""
    found = []
    there, whole = recording.frames_read / recording.sample_rate, recording.declared_seconds
    if recording.truncated:
        of = f" of {whole:.1f} s" if whole and whole > there else ""
        found.append(Finding(BROKEN.key, SEVERE, f"breaks off after {there:.1f} s{of}"))
    if recording.gaps:
        found.append(Finding(GAPS.key, SEVERE, counted(recording.gaps, "place")))
    if whole is not None and there > whole + LENGTH_SECONDS:
        found.append(Finding(HEADER.key, SLIGHT, f"promises {whole:.1f} s, and there are {there:.1f} s"))
    if recording.tracks > 1:
        found.append(Finding(TRACKS.key, SLIGHT, f"1 of {recording.tracks} is read"))
    if recording.not_finite:
        found.append(Finding(NOT_FINITE.key, SEVERE, counted(recording.not_finite, "sample")))
    if 0 < levels.seconds < SHORT_SECONDS:
        found.append(Finding(SHORT.key, CLEAR, f"{1000 * levels.seconds:.0f} ms"))
    return found


file_findings.kinds = (BROKEN, GAPS, HEADER, TRACKS, NOT_FINITE, SHORT)
