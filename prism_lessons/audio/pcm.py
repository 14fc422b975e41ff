"""The position of uncompressed samples in a file: WAV, AIFF, AU, W64 and CAF.

A header that was never completed, or whose 32 bits overflowed, promises less than there is; that of a truncated file
promises more. The sample format is read here too, so that samples can be read without the header's length.
"""

import struct
from dataclasses import dataclass

# From 2 GB on, a length is the placeholder of a recorder that did not know it yet.
LEAST_UNKNOWN = 2**31 - 2**16
MOST_PADDING = 2**20  # of zeros at the end, to fill a block of a disk

INTEGERS = {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}
FLOATS = {4: "FLOAT", 8: "DOUBLE"}
AU_CODINGS = {1: "ULAW", 2: "PCM_S8", 3: "PCM_16", 4: "PCM_24", 5: "PCM_32", 6: "FLOAT", 7: "DOUBLE", 27: "ALAW"}
BYTES = {"PCM_S8": 1, "PCM_U8": 1, "ULAW": 1, "ALAW": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"


@dataclass(frozen=True)
class PcmLayout:
    """The uncompressed samples of a file, frame by frame.

    Attributes
    ----------
    form
        The name of the format, such as "WAV".
    subtype, endian
        The sample format in libsndfile's terms: "PCM_16", "LITTLE".
    sample_rate, channels
        Hz; a number.
    start
        The byte at which they begin.
    declared_frames
        How many frames the header promises; None where it declares, as formats allow, an unknown length.
    available_frames
        How many frames there are.
    """

    form: str
    subtype: str
    endian: str
    sample_rate: int
    channels: int
    start: int
    declared_frames: int | None
    available_frames: int

    @property
    def stop(self):
        """The byte after the last frame."""
        return self.start + self.available_frames * self.channels * BYTES[self.subtype]

    @property
    def complete(self):
        """Whether the header's length leaves nothing out."""
        return self.declared_frames is not None and self.declared_frames >= self.available_frames


def pcm_layout(source):
    """The `PcmLayout` of a `ByteSource`; None where its samples are compressed, or its header is of another format."""
    head = source.at(0, 40)
    try:
        if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
            return _wav(source, ">" if head[:4] == b"RIFX" else "<", head[:4] in (b"RF64", b"BW64"))
        if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
            return _aiff(source)
        if head[:4] in (b".snd", b"dns."):
            return _au(source, ">" if head[:4] == b".snd" else "<")
        if head[:16] == W64:
            return _w64(source)
        if head[:4] == b"caff":
            return _caf(source)
    except (struct.error, ZeroDivisionError, OverflowError):  # it ends within its header, or that is nonsense
        pass
    return None


def _chunks(source, place, letters, numbers, align=2, counted=0):
    """Yield (name, first byte, length) of the chunks of a file from a place on.

    `letters` is the size of a name and `numbers` the format of a length, which counts `counted` bytes of its own head.
    """
    head = letters + struct.calcsize(numbers)
    while len(read := source.at(place, head)) == head:
        (size,) = struct.unpack(numbers, read[letters:])
        size -= counted
        yield read[:4], place + head, size
        place += head + max(0, size)
        place += -place % align


def _ends_well(source, place, letters, numbers, align, *counted):
    """Whether only chunks or padding follow the samples up to the end of the file."""
    if _nothing_from(source, place):
        return True
    for begin in {place, place + -place % align}:  # not every writer pads its sound
        for name, start, size in _chunks(source, begin, letters, numbers, align, *counted):
            if not all(32 <= letter < 127 for letter in name) or not 0 <= size <= source.size - start:
                break
            if _nothing_from(source, start + size):
                return True
    return False


def _nothing_from(source, place):
    left = source.size - place
    return left <= MOST_PADDING and not source.at(place, left).strip(b"\0")


def _found(source, form, subtype, endian, sample_rate, channels, start, size, unknown, chunks):
    """The `PcmLayout` of samples that begin at `start` and whose header promises `size` bytes, or has a length that is
    `unknown`; `chunks` is the layout of chunks that may follow, None where none may."""
    if subtype is None or channels < 1 or sample_rate < 1:
        return None
    frame, there = channels * BYTES[subtype], max(0, source.size - start)
    if not unknown and size <= there:
        if _ends_well(source, start + size, *chunks) if chunks else size == there:
            there = size
        else:  # a 32-bit length that overflowed is known modulo 2**32
            wraps = range(size + 2**32, there + 1, 2**32) if chunks else ()
            there = next((whole for whole in wraps if _ends_well(source, start + whole, *chunks)), there)
    declared_frames = None if unknown else size // frame
    return PcmLayout(form, subtype, endian, sample_rate, channels, start, declared_frames, there // frame)


def _wave_format(fmt, order):
    """(subtype, sample rate, channels) of a Windows "fmt " chunk; the first is None where samples are coded."""
    tag, channels, rate, _, align, bits = struct.unpack(f"{order}HHIIHH", fmt[:16])
    if tag == 0xFFFE:  # the subformat that follows decides
        (tag,) = struct.unpack(f"{order}H", fmt[24:26])
    width, rest = divmod(align, channels)
    kinds = {1: INTEGERS | {1: "PCM_U8"}, 3: FLOATS, 6: {1: "ALAW"}, 7: {1: "ULAW"}}.get(tag, {})
    return None if rest or bits > 8 * width else kinds.get(width), rate, channels


def _wav(source, order, large):
    data64, fmt, name = None, None, {"<": "LITTLE", ">": "BIG"}[order]
    form = (4, f"{order}I", 2)
    for chunk, start, size in _chunks(source, 12, *form):
        if chunk == b"ds64":
            (data64,) = struct.unpack("<8xQ", source.at(start, 16))
        elif chunk == b"fmt ":
            fmt = source.at(start, min(size, 40))
        elif chunk == b"data" and fmt:
            subtype, rate, channels = _wave_format(fmt, order)
            if large and size == 2**32 - 1:
                size = data64 or 0
            unknown = size >= (2**63 if large else LEAST_UNKNOWN) and size > source.size - start
            kind = "RF64" if large else "WAV"
            return _found(source, kind, subtype, name, rate, channels, start, size, unknown, form)
    return None


def _aiff(source):
    common = sound = None
    form = (4, ">I", 2)
    for chunk, start, size in _chunks(source, 12, *form):
        if chunk == b"COMM":
            common = source.at(start, min(size, 22))
        elif chunk == b"SSND":
            (offset,) = struct.unpack(">I", source.at(start, 4))
            sound = start + 8 + offset, max(0, size - 8 - offset)
        if common and sound:
            break
    if not (common and sound):
        return None
    channels, _, bits, exponent, mantissa = struct.unpack(">HIHHQ", common[:18])
    rate = round(mantissa * 2.0 ** (exponent - 16383 - 63))
    coding = common[18:22] or b"NONE"
    kinds = {b"fl32": FLOATS, b"FL32": FLOATS, b"fl64": FLOATS, b"FL64": FLOATS, b"raw ": {1: "PCM_U8"}}
    kinds |= dict.fromkeys((b"NONE", b"twos", b"sowt", b"in24", b"in32"), INTEGERS)
    subtype = kinds.get(coding, {}).get((bits + 7) // 8)
    endian = "LITTLE" if coding == b"sowt" else "BIG"
    unknown = sound[1] >= LEAST_UNKNOWN - 16 and sound[1] > source.size - sound[0]
    return _found(source, "AIFF", subtype, endian, rate, channels, *sound, unknown, form)


def _au(source, order):
    start, size, coding, rate, channels = struct.unpack(f"{order}5I", source.at(4, 20))
    endian = {"<": "LITTLE", ">": "BIG"}[order]
    return _found(source, "AU", AU_CODINGS.get(coding), endian, rate, channels, start, size, size == 2**32 - 1, None)


def _w64(source):
    form = (16, "<Q", 8, 24)
    fmt = None
    for chunk, start, size in _chunks(source, 40, *form):
        if chunk == b"fmt ":
            fmt = source.at(start, min(max(0, size), 40))
        elif chunk == b"data" and fmt:
            subtype, rate, channels = _wave_format(fmt, "<")
            return _found(source, "W64", subtype, "LITTLE", rate, channels, start, max(0, size), size > 2**62, form)
    return None


def _caf(source):
    form = (4, ">q", 1)
    desc = None
    for chunk, start, size in _chunks(source, 8, *form):
        if chunk == b"desc":
            desc = struct.unpack(">d4sIIIII", source.at(start, 32))
        elif chunk == b"data" and desc:
            rate, coding, flags, packet, _, channels, _ = desc
            kinds = (FLOATS if flags & 1 else INTEGERS) if coding == b"lpcm" else {}
            subtype = kinds.get(packet // channels)
            endian = "LITTLE" if flags & 2 else "BIG"
            samples = start + 4  # after the edit count
            return _found(
                source, "CAF", subtype, endian, round(rate), channels, samples, max(0, size - 4), size == -1, form
            )
    return None
