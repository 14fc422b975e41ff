"""Sound files in, sound files out: the only room that meets them.

Everything here works in blocks of a few seconds, so a ten-hour recording needs no more memory than a short one.
Samples are float32, mono, full scale at -1 and 1. Levels are in dBFS: 0 is full scale, a full-scale sine has an RMS
level of -3.
"""

import dataclasses
import errno
import io
import math
import os
import re
import struct
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
import soxr

from .errors import CourseError
from .files import replacing

# What libsndfile reads; MP3 and Opus since its version 1.1, which the soundfile wheels carry.
SUFFIXES = {".wav", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".w64", ".rf64", ".caf", ".au"}
# Sound files that need converting first.
FOREIGN_SUFFIXES = {".m4a", ".aac", ".mp4", ".wma", ".wv", ".ape", ".mov", ".webm", ".mka"}
SAMPLE_RATES = (2000, 192000)
BLOCK_SECONDS = 10.0
SALVAGE_FRAMES = 1024
FLOOR_DBFS = -120.0
# A float file may hold samples on the scale of 32-bit integers; what lies beyond is damage, as NaN is.
LARGEST_SAMPLE = 2.0**32
NO_LAST_PAGE = "lacks an end-of-stream bit"  # libsndfile's words for an Ogg or Opus file that is cut off
LABELS = ".labels.txt"  # what `labels` are saved as, beside a sound
SUBTYPES = {16: "PCM_16", 24: "PCM_24", "float": "FLOAT"}  # libsndfile's names, by bits
FULL_SCALE = 32768  # of 16-bit samples, as libsndfile reads them: such a file comes through sample for sample
# A 20 ms stretch below this RMS level counts as silence: about the hiss of a quiet room recorded at a usual level.
SILENCE_DBFS = -60.0
SILENCE_FRAME_SECONDS = 0.02


class AudioError(CourseError):
    """A sound file that cannot be used, with the reason in one sentence."""


def decibels(amplitude):
    """Linear amplitude (1 is full scale) -> dBFS, never below -120."""
    return float(20 * np.log10(max(float(amplitude), 10 ** (FLOOR_DBFS / 20))))


def check_sample_rate(sample_rate):
    """Return `sample_rate` (Hz) as an int, or say what is wrong with it."""
    low, high = SAMPLE_RATES
    number = isinstance(sample_rate, (int, float, np.integer)) and not isinstance(sample_rate, bool)
    if not number or sample_rate % 1 or not low <= sample_rate <= high:
        raise CourseError(f"A sample rate of {sample_rate} cannot be used: give {low} to {high} Hz; 16000 is usual.")
    return int(sample_rate)


def pcm16(samples):
    """Float samples, any shape -> the nearest 16-bit ones, int16; what lies outside -1 .. 1 becomes full scale.

    Left to libsndfile, a WAV would be rounded downwards, which is a constant offset of half a step.
    """
    return np.clip(np.rint(np.float32(FULL_SCALE) * samples), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def coded(samples, bits):
    """Float samples, shape (samples,) -> what a file opened by `writing` takes; outside -1 .. 1 is full scale."""
    if bits == 16:
        return pcm16(samples)
    if bits == 24:  # libsndfile takes the upper 24 of 32 bits
        full = 2**23
        return np.clip(np.rint(np.float64(full) * samples), -full, full - 1).astype(np.int32) * 256
    return np.asarray(samples, np.float32)


def labels(stretches):
    """Stretches (start, end, words), in seconds, as lines with tabs between, which Audacity and others read."""
    return "".join(f"{start:.6f}\t{end:.6f}\t{words}\n" for start, end, words in stretches)


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
    with open(path, "rb+") as file:
        end = file.seek(0, os.SEEK_END)
        file.write(b"\0" * (end % 2) + _riff(b"cue ", cues) + _riff(b"LIST", labels))
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))


def _riff(name, content):
    """A chunk of a RIFF file, filled up to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def native(path):
    """`path` as libsndfile can open it; Linux lets names hold bytes that are no UTF-8, as old disks do."""
    return os.fsencode(path) if os.name == "posix" else path


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


class Levels:
    """Peak, RMS and share of silence of a sound, gathered block by block.

    Parameters
    ----------
    sample_rate
        Hz, of the blocks given to `add`.
    """

    def __init__(self, sample_rate):
        self.sample_rate = sample_rate
        self._frame = max(1, int(SILENCE_FRAME_SECONDS * sample_rate))
        self._rest = np.zeros(0, np.float32)
        self._squares = 0.0
        self._frames = self._silent = 0
        self.samples, self.peak = 0, 0.0

    def add(self, block):
        """Take one more block of float32 samples into account."""
        self.samples += len(block)
        self.peak = max(self.peak, float(np.max(np.abs(block), initial=0.0)))
        self._squares += float(np.sum(np.square(block, dtype=np.float64)))
        joined = np.concatenate([self._rest, block])
        whole = len(joined) // self._frame * self._frame
        energy = np.mean(np.square(joined[:whole].reshape(-1, self._frame)), axis=1)
        self._frames += len(energy)
        self._silent += int(np.count_nonzero(energy < 10 ** (SILENCE_DBFS / 10)))
        self._rest = joined[whole:]

    @property
    def seconds(self):
        return self.samples / self.sample_rate

    @property
    def peak_dbfs(self):
        return round(decibels(self.peak), 2)

    @property
    def rms_dbfs(self):
        return round(decibels(np.sqrt(self._squares / max(1, self.samples))), 2)

    @property
    def silence(self):
        """The share, 0 .. 1, of 20 ms stretches whose RMS level is below -60 dBFS."""
        return self._silent / self._frames if self._frames else float(self.rms_dbfs < SILENCE_DBFS)


def measure(samples, sample_rate):
    """The `Levels` of float samples, shape (samples,), that are in memory already."""
    levels = Levels(sample_rate)
    levels.add(np.asarray(samples, np.float32))
    return levels


@dataclasses.dataclass(frozen=True)
class Clip:
    """A piece of audio with its sample rate: mono float32 `samples`, shape (samples,), full scale at -1 and 1."""

    samples: np.ndarray
    sample_rate: int
    name: str = "clip"

    @property
    def seconds(self):
        return len(self.samples) / self.sample_rate

    @property
    def levels(self):
        """Peak, RMS and silence, as `Levels`."""
        return measure(self.samples, self.sample_rate)

    def save(self, path):
        """Write the clip as 16-bit WAV or FLAC, by the ending of `path`; returns the path.

        Nothing is normalised: what was quiet stays quiet.
        """
        path = Path(path)
        if path.suffix.lower() not in (".wav", ".flac"):
            raise CourseError(f'"{path.name}" should end in .wav or .flac, the two formats that clips are saved in.')
        with replacing(path) as partial, writing(partial, self.sample_rate, path.suffix) as file:
            file.write(pcm16(self.samples))
        return path

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


@contextmanager
def writing(path, sample_rate, suffix, bits=16, tags=None):
    """Open a mono file to be written block by block, in what `coded` gives.

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
        When the disk is full or refuses, as any other writing does.
    """
    form = suffix.lstrip(".").upper()
    try:
        with soundfile.SoundFile(native(path), "w", sample_rate, 1, SUBTYPES[bits], format=form) as file:
            for name, text in (tags or {}).items():
                setattr(file, name, text)
            yield file
            frames = file.frames
        # The last of a FLAC is written when it is closed, and nobody says how that went. One without sound is no FLAC.
        if frames:
            with soundfile.SoundFile(native(path)) as file:
                if file.frames != frames:
                    raise soundfile.LibsndfileError(0)
    except soundfile.LibsndfileError as error:  # it keeps the system's reason to itself, so the system is asked again
        with open(path, "ab") as file:
            file.write(bytes(2**16))
        raise OSError(errno.EIO, "the system refused") from error


def load(path, sample_rate=None, start=0.0, seconds=math.inf):
    """Read a sound file, or `seconds` of it from `start` on, into a `Clip`, mono, at `sample_rate` (Hz) or its own.

    Raises
    ------
    AudioError
        When it cannot be used; the sentence names the file and the reason.
    """
    try:
        with Recording(path) as recording:
            rate = sample_rate or recording.sample_rate
            wanted = min(seconds, recording.declared_seconds + 1) * rate
            recording.seek(start)
            blocks, samples = [np.zeros(0, np.float32)], 0
            for block in recording.blocks(rate):
                blocks.append(block)
                samples += len(block)
                if samples >= wanted:
                    break
    except AudioError as error:
        raise AudioError(f'"{path}" cannot be used: {error}.') from None
    return Clip(np.concatenate(blocks)[: math.ceil(wanted)], rate, Path(path).stem)


def as_clip(sound):
    """The `Clip` that `sound` means: itself, or what the sound file of that path holds."""
    return sound if isinstance(sound, Clip) else load(sound)


def plain_name(text):
    """A file name made of letters, digits, "-" and "_" that still reads like `text`, for any file system.

    At most 50 letters: with what is put round it, it stays below the 255 bytes that file systems allow.
    """
    return re.sub(r"[^\w-]+", "_", text)[:50].strip("_") or "sound"
