"""Writing mono sound files block by block, for use in a DAW."""

import errno
import os
import struct
from contextlib import contextmanager

import numpy as np
import soundfile

LABELS = ".labels.txt"  # suffix of the file of `audacity_labels` beside a sound
SUBTYPES = {16: "PCM_16", 24: "PCM_24", "float": "FLOAT"}  # libsndfile's names, by bits
FULL_SCALE = 32768  # of 16-bit samples, as libsndfile reads them: such a file comes through sample for sample
PCM16_STEP = 1 / FULL_SCALE  # between two neighbouring values


def pcm16(samples):
    """Float samples, any shape -> the nearest 16-bit ones, int16; values outside -1 .. 1 are clipped.

    libsndfile itself would round a WAV downwards, which is a constant offset of half a step.
    """
    return np.clip(np.rint(np.float32(FULL_SCALE) * samples), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def to_sample_format(samples, bits):
    """Float samples, shape (samples,) -> what a file of `sound_writer` takes; integers are clipped to -1 .. 1."""
    if bits == 16:
        return pcm16(samples)
    if bits == 24:  # libsndfile takes the upper 24 of 32 bits
        full = 2**23
        return np.clip(np.rint(np.float64(full) * samples), -full, full - 1).astype(np.int32) * 256
    return np.asarray(samples, np.float32)


def audacity_labels(segments):
    """Segments (start, end, words), in seconds, as tab-separated lines, which Audacity and others read."""
    return "".join(f"{start:.6f}\t{end:.6f}\t{words}\n" for start, end, words in segments)


def write_markers(path, markers):
    """Add markers to the end of a WAV, as cue points with labels, which DAWs show.

    Parameters
    ----------
    markers
        A list of (sample, words).

    Source: Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft 1991, "cue" and "adtl".
    """
    cues, labels = struct.pack("<I", len(markers)), b"adtl"
    for number, (sample, words) in enumerate(markers, start=1):
        cues += struct.pack("<II4sIII", number, sample, b"data", 0, 0, sample)
        labels += _riff(b"labl", struct.pack("<I", number) + words.encode() + b"\0")
    _append(path, _riff(b"cue ", cues) + _riff(b"LIST", labels))


def write_xmp(path, packet):
    """Add an XMP packet, text, to the end of a WAV (Adobe, XMP Specification Part 3, "_PMX")."""
    _append(path, _riff(b"_PMX", packet.encode()))


def _append(path, chunks):
    """Add chunks to the end of a RIFF file."""
    with open(path, "rb+") as file:
        end = file.seek(0, os.SEEK_END)
        file.write(b"\0" * (end % 2) + chunks)
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))


def _riff(name, content):
    """A chunk of a RIFF file, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def native_path(path):
    """`path` as libsndfile can open it; Linux lets names hold bytes that are no UTF-8, as old disks do."""
    return os.fsencode(path) if os.name == "posix" else path


@contextmanager
def sound_writer(path, sample_rate, suffix, bits=16, tags=None):
    """Open a mono file for writing block by block, with samples from `to_sample_format`.

    Parameters
    ----------
    suffix
        ".wav" or ".flac".
    bits
        16, 24, or "float" (WAV only).
    tags
        {name: text} to embed: title, comment, date, software.

    Raises
    ------
    OSError
        When the disk is full or refuses, as for any other file.
    """
    form = suffix.lstrip(".").upper()
    try:
        with soundfile.SoundFile(native_path(path), "w", sample_rate, 1, SUBTYPES[bits], format=form) as file:
            for name, text in (tags or {}).items():
                setattr(file, name, text)
            yield file
            frames = file.frames
        # The end of a FLAC is written on closing, without an error if that fails. One without sound is no FLAC.
        if frames:
            with soundfile.SoundFile(native_path(path)) as file:
                if file.frames != frames:
                    raise soundfile.LibsndfileError(0)
    except soundfile.LibsndfileError as error:  # it hides the system's error: write again to raise that
        with open(path, "ab") as file:
            file.write(bytes(2**16))
        raise OSError(errno.EIO, "the system refused") from error
