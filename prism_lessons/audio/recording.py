"""Reading any sound file as blocks of samples.

Everything here works in blocks of a few seconds, so a ten-hour recording needs no more memory than a short one.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
import soxr

from ..errors import CourseError, as_given
from ..live import counted
from .pcm import pcm_layout
from .sndfile import LibsndfileReader
from .source import AudioError, ByteSource, TransientError

# Suffixes of files that may hold sound, films included.
SUFFIXES = {
    ".3g2", ".3ga", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amb", ".amr", ".ape", ".asf", ".au", ".avi",
    ".awb", ".bwf", ".caf", ".dsf", ".dss", ".dts", ".eac3", ".flac", ".flv", ".m2ts", ".m4a", ".m4b", ".m4r", ".m4v",
    ".mka", ".mkv", ".mov", ".mp1", ".mp2", ".mp3", ".mp4", ".mpc", ".mpeg", ".mpg", ".mpga", ".mts", ".mxf", ".oga",
    ".ogg", ".ogv", ".ogx", ".oma", ".opus", ".qcp", ".qt", ".rf64", ".shn", ".snd", ".spx", ".tak", ".ts", ".tta",
    ".voc", ".vob", ".w64", ".wav", ".wave", ".weba", ".webm", ".wma", ".wmv", ".wv",
}  # fmt: skip
SAMPLE_RATES = (2000, 192000)
BLOCK_SECONDS = 10.0
# How far a header's length may be off: decoders drop or pad a packet.
LENGTH_SECONDS = 0.05
# A float file may hold samples on the scale of 32-bit integers; larger ones are damage, as NaN is.
LARGEST_SAMPLE = 2.0**32


def check_sample_rate(sample_rate):
    """Return `sample_rate` (Hz) as an int; raise a `CourseError` if it cannot be used."""
    low, high = SAMPLE_RATES
    number = isinstance(sample_rate, (int, float, np.integer)) and not isinstance(sample_rate, bool)
    if not number or sample_rate % 1 or not low <= sample_rate <= high:
        raise CourseError(
            f"A sample rate of {as_given(sample_rate)} cannot be used: give {low} to {high} Hz; 16000 is usual."
        )
    return int(sample_rate)


def to_mono(frames):
    """Float32 frames, shape (frames, channels) -> mono: the average of the channels, shape (frames,)."""
    if frames.shape[1] == 1:
        return frames[:, 0]
    if frames.shape[1] == 2:  # the same as the mean, many times as fast
        return (frames[:, 0] + frames[:, 1]) * np.float32(0.5)
    return frames.mean(axis=1, dtype=np.float32)


def resample_blocks(blocks, sample_rate, wanted):
    """Yield mono float32 blocks, resampled from `sample_rate` to `wanted`, both in Hz: soxr's high quality."""
    if sample_rate == wanted:
        yield from blocks
        return
    stream = soxr.ResampleStream(sample_rate, wanted, 1, dtype="float32")
    for block in blocks:
        if len(chunk := stream.resample_chunk(block)):
            yield chunk
    if len(chunk := stream.resample_chunk(np.zeros(0, np.float32), last=True)):
        yield chunk


def resample(samples, sample_rate, wanted):
    """Mono float32 samples, shape (samples,), resampled as by `resample_blocks`."""
    return np.concatenate([np.zeros(0, np.float32), *resample_blocks([samples], sample_rate, wanted)])


class Recording:
    """One sound file, opened for reading, whatever its format, rate and channels; a context manager.

    Parameters
    ----------
    path
        WAV, FLAC, AIFF, MP3, M4A, OGG, Opus, WMA, AMR, the sound of a film and others, of any rate and number of
        channels.

    Attributes
    ----------
    sample_rate, channels, format
        As the file says: Hz, a number, and words such as "WAV, Signed 16 bit PCM" or "M4A, AAC".
    tracks
        The number of parallel sound tracks; the first is read, or the one that players choose.
    declared_seconds
        The length that the file's header promises; None where it promises none, or an estimate.
    frames_read, not_finite, gaps, truncated
        Updated while `blocks` runs: the number of frames decoded so far, of samples that are no numbers (NaN, infinite
        or absurdly large; they are read as silence) and of gaps that could not be decoded, and whether the sound ended
        before its promised length.

    Raises
    ------
    AudioError
        When the file is empty, unreadable, gone or no sound file; the message says which. A `TransientError` where it
        may be readable later.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.frames_read = self.not_finite = 0
        self.truncated = False
        self._reader = _opened(self.path)
        self.sample_rate, self.channels = self._reader.sample_rate, self._reader.channels
        if self.sample_rate < SAMPLE_RATES[0]:  # a second of it would be an hour at the rate of a model
            self._reader.close()
            raise AudioError(f"the file has a sample rate of {self.sample_rate} Hz, which is none of sound")
        self.format, self.tracks = self._reader.format, self._reader.tracks
        declared_frames = self._reader.declared_frames
        self.declared_seconds = None if declared_frames is None else declared_frames / self.sample_rate

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._reader.close()

    @cached_property
    def seconds(self):
        """The length of the sound: as its header promises or, where that cannot be trusted, counted, within 0.1 s."""
        return self._reader.length / self.sample_rate

    @property
    def share(self):
        """How much of the file has been read, 0 .. 1."""
        return self._reader.share

    @property
    def gaps(self):
        return self._reader.gaps

    def seek(self, seconds):
        """Continue reading at a time in seconds, or at the end of the sound.

        Raises
        ------
        AudioError
            When the file is damaged before that place.
        """
        if seconds:
            self.frames_read = round(min(seconds, 1e9) * self.sample_rate)
            self._reader.seek(self.frames_read)

    def frames(self):
        """Yield the sound as stored in the file: blocks of about 10 s, float32, shape (frames, channels).

        Samples that are no numbers are read as silence. A file that breaks off yields what could be decoded.

        Raises
        ------
        TransientError
            When the disk or the network fails meanwhile.
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
        missing = (self.declared_seconds or 0) - self.frames_read / self.sample_rate
        self.truncated = self._reader.truncated or missing > LENGTH_SECONDS

    def blocks(self, sample_rate=None, channel=None):
        """Yield the sound as mono float32 blocks of about 10 s, resampled to `sample_rate` (Hz) if that is given.

        Channels are averaged, unless one `channel` (0 is the left) is asked for.
        """
        mono = (to_mono(frames) if channel is None else frames[:, channel] for frames in self.frames())
        return resample_blocks(mono, self.sample_rate, sample_rate or self.sample_rate)

    def _read(self, size):
        """The next `size` frames, float32, shape (frames, channels); fewer at the end, or where decoding fails."""
        return self._reader.read(size)

    @property
    def notes(self):
        """What went wrong while reading, as phrases; complete once `blocks` has run to its end."""
        notes = []
        if self.truncated:
            read = self.frames_read / self.sample_rate
            declared = self.declared_seconds or 0
            whole = f" of {declared:.1f} s" if declared > read else ""
            notes.append(f"breaks off after {read:.1f} s{whole}; what there is was used")
        if self.gaps:
            notes.append(f"cannot be decoded in {counted(self.gaps, 'place')}, which were left out")
        if self.not_finite:
            notes.append(f"{self.not_finite} samples were no numbers (NaN or infinity) and were read as silence")
        return notes


def _opened(path):
    """The sound of a file, opened with the library whose length for it can be trusted."""
    with ByteSource(path) as source:
        head = source.at(0, 26)
        if not head:
            raise AudioError("the file is empty (0 bytes); if it lies in a cloud, download it first")
        samples = pcm_layout(source)
    # The last 36 bits of these FLAC header bytes count its frames; 0 means unknown.
    counted = head[:4] == b"fLaC" and int.from_bytes(head[18:26], "big") % 2**36 > 0
    if samples or counted:
        try:
            return LibsndfileReader(path, samples)
        except TransientError:
            raise
        except AudioError:  # more channels than it takes, say
            pass
    from .ffmpeg import FFmpegReader  # here, since most folders do without

    return FFmpegReader(path)
