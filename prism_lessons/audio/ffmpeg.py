"""Reading with FFmpeg: the formats of phones, cameras, messengers and the web, through PyAV.

Packets are decoded to frames of samples, and frames converted to blocks of one rate and number of channels.
"""

import re
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import cached_property
from itertools import chain

import av
import numpy as np
import soxr

from .parts import has_last_page, parts_of
from .source import AudioError, ByteSource, TransientError

# By FFmpeg's names: the containers that may be opened (no playlists, which lead elsewhere, and no text).
CONTAINERS = {
    "3dostr": "3DO", "aac": "AAC", "ac3": "AC3", "aiff": "AIFF", "amr": "AMR", "ape": "Monkey's Audio", "asf": "WMA",
    "au": "AU", "avi": "AVI", "caf": "CAF", "dsf": "DSF", "dss": "DSS", "dts": "DTS", "dtshd": "DTS", "eac3": "E-AC3",
    "flac": "FLAC", "flv": "FLV", "iff": "IFF", "matroska,webm": "Matroska", "mov,mp4,m4a,3gp,3g2,mj2": "MP4",
    "mp3": "MP3", "mpc": "Musepack", "mpc8": "Musepack", "mpeg": "MPEG", "mpegts": "MPEG-TS", "mxf": "MXF",
    "nut": "NUT", "ogg": "OGG", "oma": "OMA", "qcp": "QCP", "qoa": "QOA", "rm": "RealMedia", "shn": "Shorten",
    "tak": "TAK", "tta": "TTA", "voc": "VOC", "w64": "W64", "wav": "WAV", "wv": "WavPack", "xwma": "xWMA",
}  # fmt: skip
OPTIONS = {"format_whitelist": ",".join(CONTAINERS)}
# Titles that are not UTF-8 must not raise an error; from 19 on, PyAV has no such option, and does not.
TOLERANT = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
# Names of containers by the suffix of the file.
ENDINGS = {name.upper(): name for name in ("M4A", "M4B", "M4V", "MOV", "3GP", "3G2", "WebM", "WMV")}
CODECS = {
    "aac": "AAC", "ac3": "AC3", "adpcm_ima_qt": "IMA ADPCM", "adpcm_ima_wav": "IMA ADPCM", "adpcm_ms": "MS ADPCM",
    "alac": "Apple Lossless", "amr_nb": "AMR narrowband", "amr_wb": "AMR wideband", "ape": "Monkey's Audio",
    "dts": "DTS", "eac3": "E-AC3", "flac": "FLAC", "gsm": "GSM", "gsm_ms": "GSM", "mp1": "MP1", "mp2": "MP2",
    "mp3": "MP3", "opus": "Opus", "speex": "Speex", "tta": "TTA", "vorbis": "Vorbis", "wavpack": "WavPack",
    "wmalossless": "WMA Lossless", "wmapro": "WMA Pro", "wmav1": "WMA", "wmav2": "WMA", "wmavoice": "WMA Voice",
}  # fmt: skip
MOVIE, OGG, MATROSKA, MP3 = "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "matroska,webm", "mp3"
# Containers whose header tells the length of the sound itself; that of a Matroska file is its video's, if it has one.
COUNTED = {MOVIE, OGG, MP3, MATROSKA, "asf", "ape", "tta", "wv", "mpc", "mpc8", "tak", "dsf", "caf", "flac"}
# Containers in which a place can be looked up; in others, packets are counted from the beginning.
LOOKED_UP = {MOVIE, OGG}
# Containers with times in samples, so that a place is found without decoding all before it; others round to ms.
IN_SAMPLES = {MOVIE, OGG, MP3, "aac", "ac3", "ape", "caf", "eac3", "flac", "tta", "wv"}
# Codecs whose state depends on sound from long before.
WITH_MEMORY = {"adpcm_ima_qt", "amr_nb", "amr_wb", "speex"}
LOOK_UP_SECONDS = 20.0  # nearer places are reached by decoding; further ones are beyond an Ogg's first page
LEAD_SECONDS = 0.5  # decoded before a place that is looked up: a decoder needs some packets to settle
# Where FFmpeg cuts off too much: Vorbis in a single page; Apple Lossless whose last packet is short already.
CUT_TOO_SHORT = {(OGG, "vorbis"), ("caf", "alac")}
SKIP_MANUAL = 1 << 29  # FFmpeg's AV_CODEC_FLAG2_SKIP_MANUAL: skipping samples is left to us
NO_SAMPLES = {b"ID3", b"TAG", b"APE", b"LYR"}  # first bytes of the tags between the packets of an MP3


class FFmpegReader:
    """The sound of a file, decoded by FFmpeg.

    Parameters
    ----------
    path
        Of the file.

    Attributes
    ----------
    sample_rate, channels, format
        As in `Recording`; the first ones, if they change within the file.
    declared_frames
        How many frames its headers promise; None where they promise none, or an estimate.
    tracks
        The number of parallel sound tracks; one is read.
    gaps
        The number of gaps so far: parts between two stretches of sound that could not be decoded.
    truncated
        Whether the end has been reached and lacks its marker.

    Raises
    ------
    AudioError
        When there is no sound in it that can be decoded.
    """

    def __init__(self, path):
        self._path = path
        self.sample_rate = self.channels = None
        self.gaps, self.truncated, self._bytes_read = 0, False, 0
        self._in_samples = False
        with ByteSource(path) as source:
            self._bytes = source.size
            self._parts, counted = parts_of(source)
            self._ends = source.at(0, 4) != b"OggS" or has_last_page(source)
        self._declared_seconds = self._declare() if counted else None
        self._blocks = self._without_padding(0)
        self._rest = next(self._blocks, None)  # decoding it sets the sample rate, the channels and the format
        if self._rest is None:
            raise AudioError("none of its sound can be decoded: the file is damaged, so get another copy of it")

    @property
    def share(self):
        """How much of the file has been read, 0 .. 1."""
        return min(1.0, self._bytes_read / max(1, self._bytes))

    def close(self):
        self._blocks.close()

    def read(self, size):
        """The next `size` frames, float32, shape (frames, channels); fewer at the end only."""
        taken, blocks = 0, [np.zeros((0, self.channels), np.float32)]
        while taken < size and (block := self._next()) is not None:
            blocks.append(block[: size - taken])
            self._rest = block[size - taken :]
            taken += len(blocks[-1])
        self.truncated = taken < size and not self._ends
        return np.concatenate(blocks)

    def _next(self):
        block, self._rest = self._rest, None
        return block if block is not None and len(block) else next(self._blocks, None)

    def _without_padding(self, first):
        """Yield the sound from frame `first` on, without the padding of the last packet after the promised end."""
        place, padding = first, None
        for block in self._decoded(first):
            if padding is not None:  # it was no padding: there is more
                yield padding
                padding = None
            ends = place < (self.declared_frames or 0) < place + len(block)
            if ends:
                block, padding = np.split(block, [self.declared_frames - place])
                place += len(padding)
            place += len(block)
            yield block

    def seek(self, frame):
        """Continue reading at a frame, or at the end."""
        self._blocks.close()
        self._blocks, self._rest = self._without_padding(frame), None

    @cached_property
    def length(self):
        """How many frames there are: as promised, or counted to within a packet, without decoding them."""
        if self.declared_frames is not None:
            return self.declared_frames
        seconds = 0
        for start, stop in self._parts:
            with self._opened(start, stop) as (container, stream):
                seconds += sum(packet.duration or 0 for packet in _packets(container, stream)) * stream.time_base
        return round(seconds * self.sample_rate)

    @property
    def declared_frames(self):
        return None if self._declared_seconds is None else round(self._declared_seconds * self.sample_rate)

    def _declare(self):
        """The seconds that the headers promise, or None."""
        seconds = 0
        for start, stop in self._parts:
            with self._opened(start, stop) as (container, stream):
                if container.format.name not in COUNTED:
                    return None
                if stream.duration is not None:
                    seconds += stream.duration * stream.time_base
                elif container.duration is not None and not container.streams.video:
                    seconds += Fraction(container.duration, av.time_base)
                else:
                    return None
        return seconds

    def _decoded(self, first):
        """Yield the sound from a frame on: float32, shape (frames, channels)."""
        looked_up = first > 0 and len(self._parts) == 1 and self._in_samples
        looked_up = looked_up and first > LOOK_UP_SECONDS * self.sample_rate
        place, rate, converter = None if looked_up else 0, self.sample_rate, None
        for samples, rate_there, at in chain(self._stretches(first if looked_up else 0), [(None, None, None)]):
            blocks = []
            if converter and rate_there != rate:
                blocks.append(converter.resample_chunk(np.zeros((0, self.channels), np.float32), last=True))
                converter = None
            if samples is not None:
                place = at if place is None else place
                if rate_there != self.sample_rate and converter is None:
                    rate = rate_there
                    converter = soxr.ResampleStream(rate, self.sample_rate, self.channels, dtype="float32")
                blocks.append(converter.resample_chunk(samples) if converter else samples)
            for block in blocks:
                if place + len(block) > first:
                    yield block[max(0, first - place) :]
                place += len(block)

    def _stretches(self, first):
        """Yield (samples, sample rate, frame at which they begin) of stretches as they are decoded, from a little
        before the frame `first` on."""
        self._failed = self._any_decoded = False
        for number, (start, stop) in enumerate(self._parts):
            try:
                with self._opened(start, stop) as (container, stream):
                    frames = self._frames(container, stream, start, first)
                    if container.format.name == OGG and stream.codec_context.name == "vorbis":
                        frames = _trimmed(frames, stream, first)
                    for samples, rate, pts in frames:
                        if self.sample_rate is None:
                            self.sample_rate, self.channels, self._origin = rate, samples.shape[1], pts
                        if samples.shape[1] != self.channels:
                            samples = np.repeat(samples.mean(axis=1, keepdims=True), self.channels, axis=1)
                        at = first and round((pts - self._origin) * stream.time_base * self.sample_rate)
                        yield samples, rate, at
            except TransientError:
                raise
            except AudioError:
                if number == 0:
                    raise
                self._ends = False  # a recording after the first is broken

    def _frames(self, container, stream, start, first):
        """Yield (samples, sample rate, time) of FFmpeg's frames."""
        least = None
        if first:
            least = self._origin + int((first / self.sample_rate - LEAD_SECONDS) / stream.time_base)
            if container.format.name in LOOKED_UP:
                container.seek(least, stream=stream)
        for packet in _packets(container, stream):
            if packet.pos is not None:
                self._bytes_read = start + packet.pos
            if least is not None and packet.pts is not None and packet.pts < least:
                continue
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._failed = self._failed or bytes(packet)[:3] not in NO_SAMPLES
                continue
            if frames:
                self.gaps += self._failed and self._any_decoded
                self._failed, self._any_decoded = False, True
            for frame in frames:
                yield _samples(frame), frame.sample_rate, frame.pts

    @contextmanager
    def _opened(self, start, stop):
        """The container in a part of the file, and its sound track; raise an `AudioError` where there is none."""
        with ByteSource(self._path, start, stop) as source:
            try:
                with av.open(source, options=OPTIONS, **TOLERANT) as container:
                    stream = self._track(container)
                    if (container.format.name, stream.codec_context.name) in CUT_TOO_SHORT:
                        stream.codec_context.flags2 |= SKIP_MANUAL
                    self._in_samples = _in_samples(container, stream)
                    yield container, stream
            except av.FFmpegError:
                source.check()
                raise AudioError(_why_not(source)) from None
            source.check()

    def _track(self, container):
        tracks = container.streams.audio
        known = [track for track in tracks if track.codec_context is not None and track.codec_context.sample_rate]
        if not tracks:
            raise AudioError("there is no sound track in it")
        if not known:
            raise AudioError("its sound is coded in a way that is not known here: export it as WAV or FLAC")
        best = container.streams.best("audio")
        track = best if best in known else known[0]
        name = ENDINGS.get(self._path.suffix[1:].upper(), CONTAINERS[container.format.name])
        codec = _codec_in_words(track.codec_context.codec.canonical_name)
        self.tracks = len(tracks)
        self.format = codec if codec.startswith(name) or container.format.name == MP3 else f"{name}, {codec}"
        return track


def _codec_in_words(name):
    if pcm := re.fullmatch(r"pcm_([suf])(\d+)\w*", name):
        return f"{pcm[2]} bit {'float' if pcm[1] == 'f' else 'PCM'}"
    return CODECS.get(name, name.upper().replace("_", " "))


def _in_samples(container, stream):
    """Whether packet times are exact to the sample, and decoding can begin at any packet."""
    name, codec = container.format.name, stream.codec_context
    if name not in IN_SAMPLES or codec.codec.canonical_name in WITH_MEMORY:
        return False
    if (name, codec.name) == (OGG, "flac"):  # FFmpeg reads no places from its pages
        return False
    return (1 / stream.time_base / codec.sample_rate).denominator == 1


def _packets(container, stream):
    """Yield the packets of a track; a file that breaks off ends there."""
    with suppress(av.FFmpegError):
        yield from container.demux(stream)


def _trimmed(frames, stream, first):
    """The frames of an Ogg Vorbis without the output of its first packet, up to its length."""
    left = None
    for number, (samples, rate, pts) in enumerate(frames):
        if number == 0 and not first:
            continue
        if left is None and stream.duration is not None:
            left = stream.duration - (pts - (stream.start_time or 0) if first else 0)
        yield samples[:left], rate, pts
        left = left and max(0, left - len(samples))


def _samples(frame):
    """The samples of FFmpeg's frame, float32, shape (frames, channels)."""
    samples = frame.to_ndarray()
    samples = samples.T if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / np.float32(2.0 ** (8 * samples.itemsize - 1))
    return samples.astype(np.float32)


def _why_not(source):
    """Why FFmpeg finds no sound in a file, as a phrase."""
    head = source.at(0, 2**16)
    if not head.strip(b"\0"):
        return "it holds nothing but zeros: it was not copied or downloaded whole, so get it again"
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"moov"):
        return (
            "the file was cut off before its table of contents was written, as when a phone runs out of power or a "
            "copy breaks off: get the whole file, or have it mended by a program that restores MP4"
        )
    return (
        "its format is not known here whatever its name says, or it is damaged: open it where it was made and export "
        "it as WAV or FLAC"
    )
