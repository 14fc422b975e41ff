"""The clips of a corpus as files: mono 16-bit FLAC, written block by block, and cut without changing a sample."""

import hashlib
from dataclasses import replace

import numpy as np
import soundfile

from ..audio import Levels, native_path, pcm16, sound_writer

FADE_SECONDS = 0.005  # where a segment is cut out of a sound


def write_clip(work, file, blocks, sample_rate):
    """Write blocks of float samples as the FLAC `file` in the folder `work`.

    Returns
    -------
    The fields of a `ClipFile` that describe the sound, as a dictionary, and its `Levels`.
    """
    levels, sha = Levels(sample_rate), hashlib.sha256()
    with sound_writer(work / file, sample_rate, ".flac") as flac:
        for block in blocks:
            levels.add(block)
            samples = pcm16(block)
            sha.update(samples.astype("<i2").tobytes())
            flac.write(samples)
    about = {
        "file": file,
        "samples": levels.samples,
        "peak_dbfs": levels.peak_dbfs,
        "rms_dbfs": levels.rms_dbfs,
        "silence": round(levels.silence, 3),
        "digest": sha.hexdigest()[:16],
        "md5": md5_of(work / file),
    }
    return about, levels


def md5_of(path):
    """The MD5 of the samples of a FLAC file, read from its header (RFC 9639, 8.2), so nothing is decoded."""
    with open(path, "rb") as file:
        return file.read(42)[26:].hex()


def divide_clip(work, clip, pieces, sample_rate, fade_seconds=FADE_SECONDS):
    """Divide a clip: write one for each piece, (start, stop) in samples, and delete the original.

    An edge inside the sound gets a short fade, so that it does not click.
    """
    cut = []
    for number, (start, stop) in enumerate(pieces, start=1):
        stop = min(stop, clip.samples)
        if start >= stop:
            continue
        whole = soundfile.blocks(native_path(work / clip.file), 2**18, start=start, stop=stop, dtype="float32")
        fades = [round(fade_seconds * sample_rate) * inside for inside in (start > 0, stop < clip.samples)]
        file = f"{clip.file.removesuffix('.flac')}_{number}.flac"
        about, _ = write_clip(work, file, _faded(whole, stop - start, *fades), sample_rate)
        cut.append(replace(clip, **about, start=clip.start + start))
    (work / clip.file).unlink()
    return cut


def _faded(blocks, samples, fade_in, fade_out):
    """Yield blocks, `samples` in all, with linear fades of `fade_in` and `fade_out` samples."""
    done = 0
    for block in blocks:
        place = np.arange(done, done + len(block))
        gain = np.minimum((place + 1) / max(1, fade_in), (samples - place) / max(1, fade_out))
        yield block * np.minimum(gain, 1).astype(np.float32)
        done += len(block)
