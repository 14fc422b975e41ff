"""Where one recording ends and the next begins in a file that holds several in sequence.

Each of several joined MP3s has its own header, and so has each link of an Ogg file from an internet radio. Libraries go
by the first header; here each part is decoded as a separate file, with its own delay and end.
"""

import struct

BLOCK_BYTES = 2**20
OGG_FIRST_PAGE, OGG_LAST_PAGE = b"OggS\0\x02", 4  # how the first page of a stream begins; the flag of its last one
XING_BYTES = 200  # of a frame that may hold a count of frames and bytes, wherever its side information ends
LEAST_MP3_BYTES = 4096  # more than two frames: some writers leave one out of their count of bytes


def parts_of(source):
    """The recordings in a `ByteSource`.

    Returns
    -------
    parts, counted
        [(first byte, the one after the last), ...], and whether all of them declare their lengths.
    """
    head = source.at(0, 10)
    if head[:4] == b"OggS":
        return _ogg_links(source), True
    if head[:3] == b"ID3" or _is_mp3_frame(head):
        return _mp3s(source)
    return [(0, source.size)], True


def has_last_page(source):
    """Whether an Ogg file ends as it should, with a page marked as the last."""
    block = source.at(max(0, source.size - 2**17), 2**17)
    last = block.rfind(b"OggS\0")
    return last >= 0 and len(block) > last + 5 and bool(block[last + 5] & OGG_LAST_PAGE)


def _ogg_links(source):
    begins, place, together = [], 0, None
    while block := source.at(place, BLOCK_BYTES):
        at = block.find(OGG_FIRST_PAGE)
        while at >= 0:
            page = place + at
            if page != together:  # the first pages of parallel streams follow each other at once
                begins.append(page)
            together = _end_of_page(source, page)
            at = block.find(OGG_FIRST_PAGE, at + 1)
        place += len(block) - (len(OGG_FIRST_PAGE) - 1) * (len(block) == BLOCK_BYTES)
    return list(zip([0, *begins[1:]], [*begins[1:], source.size], strict=True))  # the first may lack its beginning


def _end_of_page(source, page):
    lengths = source.at(page + 27, source.at(page + 26, 1)[0])
    return page + 27 + len(lengths) + sum(lengths)


def _mp3s(source):
    parts, start, all_counted = [], 0, True
    while start < source.size:
        frame = start + _id3_bytes(source.at(start, 10))
        counted, length = _xing(source.at(frame, XING_BYTES))
        stop = frame + length if length else source.size
        begins = source.at(stop, 10)
        if source.size - stop < LEAST_MP3_BYTES or not (begins[:3] == b"ID3" or _is_mp3_frame(begins)):
            stop = source.size
        all_counted = all_counted and counted
        parts.append((start, stop))
        start = stop
    return parts, all_counted


def _id3_bytes(head):
    """The length of the ID3 tag with this head, 0 where there is none."""
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    size = sum((byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return 10 + size + 10 * bool(head[5] & 16)


def _is_mp3_frame(head):
    if len(head) < 4 or head[0] != 255 or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 2 & 3
    return version != 1 and layer != 0 and rate != 3 and head[2] >> 4 != 15


def _xing(frame):
    """Whether the first frame of an MP3 declares the number of frames, and the number of bytes it declares, or 0."""
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at >= 0 and len(frame) >= at + 16:
        flags, first, second = struct.unpack(">3I", frame[at + 4 : at + 16])
        return bool(flags & 1), (second if flags & 1 else first) * bool(flags & 2)
    if (at := frame.find(b"VBRI")) >= 0 and len(frame) >= at + 18:
        return True, struct.unpack(">I", frame[at + 10 : at + 14])[0]
    return False, 0
