"""Clips: pieces of sound in memory, read from any sound file and saved again."""

import dataclasses
import io
import math
import re
from pathlib import Path

import numpy as np
import soundfile

from ..checks import a_path, a_text, checked, whole
from ..errors import CourseError, as_given
from ..files import atomic_write
from .levels import measure_levels
from .recording import Recording
from .source import AudioError
from .writing import pcm16, sound_writer


@dataclasses.dataclass(frozen=True)
class Clip:
    """A piece of audio with its sample rate.

    Parameters
    ----------
    samples : ndarray of float32, shape (samples,)
        Mono, full scale at -1 and 1.
    sample_rate : int
        Hz.
    name : str
        Its name.

    See Also
    --------
    segment_clips : Stretches of a recording as clips.
    generate : Its takes are clips that a model made.
    score : Measures how well a model predicts a clip.

    Examples
    --------
    >>> time = np.arange(16000) / 16000
    >>> clip = pl.Clip(0.5 * np.sin(2 * np.pi * 440 * time, dtype=np.float32), 16000, "a tone")
    >>> clip.seconds
    1.0
    >>> clip.save("tone.wav").name
    'tone.wav'
    """

    samples: np.ndarray
    sample_rate: int
    name: str = "clip"

    def __post_init__(self):
        samples = self.samples
        if not isinstance(samples, np.ndarray) or samples.ndim != 1 or samples.dtype.kind not in "fiu":
            raise CourseError(f"samples must be a NumPy array of numbers, with one dimension, not {as_given(samples)}.")
        object.__setattr__(self, "sample_rate", whole(1)("sample_rate", self.sample_rate))
        a_text("name", self.name)

    @property
    def seconds(self):
        """Its duration."""
        return len(self.samples) / self.sample_rate

    @property
    def levels(self):
        """Peak, RMS and silence, as `Levels`."""
        return measure_levels(self.samples, self.sample_rate)

    @checked(path=a_path)
    def save(self, path):
        """Write the clip with 16 bits. Nothing is normalised: what was quiet stays quiet.

        Parameters
        ----------
        path : str or Path
            Ends in .wav or .flac, which decides the format.

        Returns
        -------
        Path
        """
        path = Path(path)
        if path.suffix.lower() not in (".wav", ".flac"):
            raise CourseError(f'"{path.name}" should end in .wav or .flac, the two formats that clips are saved in.')
        with atomic_write(path) as partial, self._writer(partial, path.suffix) as file:
            file.write(pcm16(self.samples))
        return path

    def _writer(self, path, suffix):
        return sound_writer(path, self.sample_rate, suffix)

    def wav(self):
        """The clip as the bytes of a 16-bit WAV file; nothing is normalised."""
        return self._coded("WAV")

    def flac(self):
        """The same as FLAC, which needs about half as many bytes and loses nothing."""
        return self._coded("FLAC")

    def _coded(self, form):
        file = io.BytesIO()
        soundfile.write(file, pcm16(self.samples), self.sample_rate, "PCM_16", format=form)
        return file.getvalue()


@checked(path=a_path)
def load(path, sample_rate=None, start=0.0, seconds=math.inf):
    """Read a sound file, or `seconds` of it from `start` on, into a `Clip`, mono, at `sample_rate` (Hz) or its own.

    Raises
    ------
    AudioError
        When it cannot be used; the message names the file and the reason.
    """
    try:
        with Recording(path) as recording:
            rate = sample_rate or recording.sample_rate
            wanted = seconds * rate
            recording.seek(start)
            blocks, samples = [np.zeros(0, np.float32)], 0
            for block in recording.blocks(rate):
                blocks.append(block)
                samples += len(block)
                if samples >= wanted:
                    break
    except AudioError as error:
        raise type(error)(f'"{path}" cannot be used: {error}.') from None
    return Clip(np.concatenate(blocks)[: math.ceil(min(wanted, samples))], rate, Path(path).stem)


def as_clip(sound):
    """`sound` itself if it is a `Clip`, or the sound file at that path as a `Clip`."""
    return sound if isinstance(sound, Clip) else load(sound)


def safe_file_name(text):
    """A file name made of letters, digits, "-" and "_" that still reads like `text`, for any file system.

    At most 50 letters, so that with its additions it stays below the 255 bytes that file systems allow.
    """
    return re.sub(r"[^\w-]+", "_", text)[:50].strip("_") or "sound"
