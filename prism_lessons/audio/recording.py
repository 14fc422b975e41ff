"""Sound in: any sound file, as blocks of samples.

Everything here works in blocks of a few seconds, so a ten-hour recording needs no more memory than a short one.
"""

import re
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ..errors import CourseError
from .writing import native

# What libsndfile reads; MP3 and Opus since its version 1.1, which the soundfile wheels carry.
SUFFIXES = {".wav", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".w64", ".rf64", ".caf", ".au"}
# Sound files that need converting first.
FOREIGN_SUFFIXES = {".m4a", ".aac", ".mp4", ".wma", ".wv", ".ape", ".mov", ".webm", ".mka"}
SAMPLE_RATES = (2000, 192000)
BLOCK_SECONDS = 10.0
SALVAGE_FRAMES = 1024
# A float file may hold samples on the scale of 32-bit integers; what lies beyond is damage, as NaN is.
LARGEST_SAMPLE = 2.0**32
NO_LAST_PAGE = "lacks an end-of-stream bit"  # libsndfile's words for an Ogg or Opus file that is cut off


class AudioError(CourseError):
    """A sound file that cannot be used, with the reason in one sentence."""


def check_sample_rate(sample_rate):
    """Return `sample_rate` (Hz) as an int, or say what is wrong with it."""
    low, high = SAMPLE_RATES
    number = isinstance(sample_rate, (int, float, np.integer)) and not isinstance(sample_rate, bool)
    if not number or sample_rate % 1 or not low <= sample_rate <= high:
        raise CourseError(f"A sample rate of {sample_rate} cannot be used: give {low} to {high} Hz; 16000 is usual.")
    return int(sample_rate)


def mix(frames):
    """Float32 frames, shape (frames, channels) -> mono: the average of the channels, shape (frames,)."""
    if frames.shape[1] == 1:
        return frames[:, 0]
    if frames.shape[1] == 2:  # the same as the mean, many times as fast
        return (frames[:, 0] + frames[:, 1]) * np.float32(0.5)
    return frames.mean(axis=1, dtype=np.float32)


def resampled(blocks, sample_rate, wanted):
    """Yield mono float32 blocks at `sample_rate` (Hz) at the rate `wanted`: soxr's high quality."""
    if sample_rate == wanted:
        yield from blocks
        return
    stream = soxr.ResampleStream(sample_rate, wanted, 1, dtype="float32")
    for block in blocks:
        if len(chunk := stream.resample_chunk(block)):
            yield chunk
    if len(chunk := stream.resample_chunk(np.zeros(0, np.float32), last=True)):
        yield chunk


class Recording:
    """One sound file, opened for reading, whatever its format, rate and channels; a context manager.

    Parameters
    ----------
    path
        WAV, FLAC, AIFF, OGG or MP3, of any rate and number of channels.

    Attributes
    ----------
    sample_rate, channels, format
        As the file says: Hz, a number, and words such as "WAV, Signed 16 bit PCM".
    declared_seconds
        The length that the file's header promises.
    frames_read, not_finite, broken_off
        Filled in while `blocks` runs: frames decoded so far, how many of its samples were no numbers (NaN,
        infinite or absurdly large; they are read as silence), and whether the sound ended before its promised length.

    Raises
    ------
    AudioError
        When the file is empty, unreadable, gone or no sound file; the sentence says which.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.frames_read = self.not_finite = 0
        self.broken_off = False
        try:
            if not self.path.is_file():  # a folder or a pipe may be called take.wav too
                raise FileNotFoundError if not self.path.exists() else IsADirectoryError
            with open(self.path, "rb") as file:
                empty = not file.read(1)
            if empty:
                raise AudioError("the file is empty (0 bytes)")
            self._file = soundfile.SoundFile(native(self.path))
        except FileNotFoundError:
            raise AudioError("the file is no longer there") from None
        except PermissionError:
            raise AudioError("the file may not be read: you lack the permission") from None
        except (soundfile.LibsndfileError, TypeError):  # TypeError: soundfile wants to be told what a .raw file holds
            raise AudioError("the file is damaged, or no WAV, FLAC, AIFF, OGG or MP3 whatever its name says") from None
        except OSError as error:
            raise AudioError(f"the file cannot be read ({error.strerror or 'it is not a file'})") from None
        self.sample_rate, self.channels = self._file.samplerate, self._file.channels
        if self.sample_rate < SAMPLE_RATES[0]:  # a second of it would be an hour at the rate of a model
            self._file.close()
            raise AudioError(f"the file has a sample rate of {self.sample_rate} Hz, which is none of sound")
        self.format = f"{self._file.format_info.split(' (')[0]}, {self._file.subtype_info}"
        self._promised = _promised_frames(self._file)
        self.declared_seconds = self._promised / self.sample_rate

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def seek(self, seconds):
        """Let what is read next begin so many seconds into the sound, or at its end.

        Raises
        ------
        AudioError
            When the file is damaged before that place.
        """
        try:
            if seconds:
                self.frames_read = self._file.seek(min(round(seconds * self.sample_rate), self._file.frames))
        except soundfile.LibsndfileError:
            raise AudioError(f"the file is damaged before {seconds:.1f} s") from None

    def frames(self):
        """Yield the sound as it lies in the file: blocks of about 10 s, float32, shape (frames, channels).

        What is no number is read as silence. A file that breaks off yields what could be decoded.
        """
        size = int(BLOCK_SECONDS * self.sample_rate)
        last = False
        while not last:
            frames = self._read(size)
            last = len(frames) < size
            self.frames_read += len(frames)
            finite = np.abs(frames) <= LARGEST_SAMPLE
            if not finite.all():
                self.not_finite += int(finite.size - np.count_nonzero(finite))
                frames = np.where(finite, frames, np.float32(0))
            if len(frames):
                yield frames
        # An MP3's length is an estimate, hence the tolerance.
        if self.frames_read < self._promised - 0.05 * self.sample_rate or NO_LAST_PAGE in self._file.extra_info:
            self.broken_off = True

    def blocks(self, sample_rate=None, channel=None):
        """Yield the sound as mono float32 blocks of about 10 s, resampled to `sample_rate` (Hz) if that is given.

        Channels are averaged, unless one `channel` (0 is the left) is asked for.
        """
        mono = (mix(frames) if channel is None else frames[:, channel] for frames in self.frames())
        return resampled(mono, self.sample_rate, sample_rate or self.sample_rate)

    def _read(self, size):
        """The next `size` frames, float32, shape (frames, channels); fewer at the end, or where decoding fails."""
        try:
            return self._file.read(size, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            self.broken_off = True
        # The failed call gives nothing back, so what comes before the damage is read again in small steps.
        frames = [np.zeros((0, self.channels), np.float32)]
        try:
            self._file.seek(self.frames_read)
            while len(frames[-1]) or len(frames) == 1:
                frames.append(self._file.read(SALVAGE_FRAMES, dtype="float32", always_2d=True))
        except soundfile.LibsndfileError:
            pass
        return np.concatenate(frames)[: size - 1]  # shorter than asked for: the end

    @property
    def notes(self):
        """What went wrong while reading, as phrases; complete once `blocks` has run to its end."""
        notes = []
        if self.broken_off:
            read = self.frames_read / self.sample_rate
            whole = f" of {self.declared_seconds:.1f} s" if self.declared_seconds > read else ""
            notes.append(f"breaks off after {read:.1f} s{whole}; what there is was used")
        if self.not_finite:
            notes.append(f"{self.not_finite} samples were no numbers (NaN or infinity) and were read as silence")
        return notes


def _promised_frames(file):
    """How many frames the header of a `SoundFile` promises.

    Where a WAV, AIFF or AU is cut off, libsndfile goes by what is there, and says so in its log alone. A length of
    2 GB and more is what a recorder writes that does not know it yet.
    """
    for promised, there in re.findall(r"(?:data|SSND|Data Size) *: (\d+) \(should be (\d+)\)", file.extra_info):
        if int(there) < int(promised) < 2**31 - 2**16:
            return round(file.frames * int(promised) / int(there))
    return file.frames
