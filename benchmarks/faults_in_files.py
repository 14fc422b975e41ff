"""Faults of a file as a whole, injected: it breaks off, cannot be decoded throughout, holds what is no number."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
import soundfile
from fault import Fault


def cut_off(form, share):
    """An injector: the file as it is on a card that was pulled out too early, `share` of its bytes."""

    def inject(samples, sample_rate, random):
        if len(samples) * (1 - share) < 0.1 * sample_rate:
            return None  # an end of 50 ms is not missed
        file = io.BytesIO()
        soundfile.write(file, samples, sample_rate, "PCM_16", format=form)
        content = file.getvalue()
        return content[: int(len(content) * share)]

    return inject


def length_of(seconds):
    """An injector: a WAV whose header promises so many seconds, as where a recorder died or 4 GB were passed."""

    def inject(samples, sample_rate, random):
        if len(samples) < (seconds + 0.1) * sample_rate:
            return None
        file = io.BytesIO()
        soundfile.write(file, samples, sample_rate, "PCM_16", format="WAV")
        content = file.getvalue()
        place, frame = content.index(b"data") + 4, 2 * samples.shape[1]
        return content[:place] + struct.pack("<I", round(seconds * sample_rate) * frame) + content[place + 4 :]

    return inject


def in_m4a(samples, sample_rate, tracks=1):
    """The bytes of an M4A with the sound in each of its tracks, and the packets of the first."""
    file, packets = io.BytesIO(), []
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T[:2], np.float32), "fltp", layout)
    frame.sample_rate, frame.pts, frame.time_base = sample_rate, 0, Fraction(1, sample_rate)
    with av.open(file, "w", format="ipod") as container:
        streams = [container.add_stream("aac", rate=sample_rate, layout=layout) for _ in range(tracks)]
        for stream in streams:
            for packet in (*stream.encode(frame), *stream.encode()):
                if stream is streams[0]:
                    packets.append(bytes(packet))
                container.mux(packet)
    return file.getvalue(), packets


def undecodable(share):
    """An injector: a stretch in the middle of an M4A, a share of its packets, holds nothing that can be decoded."""

    def inject(samples, sample_rate, random):
        content, packets = in_m4a(samples, sample_rate)
        lost = packets[round(len(packets) * (1 - share) / 2) : round(len(packets) * (1 + share) / 2)]
        if len(packets) < 20 or not lost:
            return None
        for packet in lost:
            content = content.replace(packet, b"\xff" * len(packet), 1)
        return content

    return inject


def in_tracks(count):
    """An injector: an M4A with so many parallel tracks."""
    return lambda samples, sample_rate, random: in_m4a(samples, sample_rate, count)[0]


def no_numbers(count, value):
    """An injector: `count` samples become `value`."""

    def inject(samples, sample_rate, random):
        samples[random.integers(0, len(samples), count), 0] = value
        return samples, sample_rate

    return inject


def first(seconds):
    """An injector: only so many seconds are left."""

    def inject(samples, sample_rate, random):
        return (samples[: round(seconds * sample_rate)], sample_rate) if len(samples) > sample_rate else None

    return inject


FAULTS = [
    *(
        Fault("broken", f"{form} cut off at {share:.0%}", cut_off(form, share))
        for form in ("WAV", "AIFF", "FLAC")
        for share in (0.3, 0.7, 0.9)
    ),
    Fault("header", "WAV whose length was never filled in", length_of(0.0)),
    Fault("header", "WAV whose length began again at 0", length_of(0.5)),
    Fault("gaps", "M4A, 2% in the middle", undecodable(0.02)),
    Fault("gaps", "M4A, 20% in the middle", undecodable(0.2)),
    Fault("tracks", "M4A with 2 tracks", in_tracks(2)),
    Fault("not_finite", "1 sample is NaN", no_numbers(1, np.nan), subtype="FLOAT"),
    Fault("not_finite", "1 sample is infinite", no_numbers(1, np.inf), subtype="FLOAT"),
    Fault("not_finite", "100 samples are NaN", no_numbers(100, np.nan), subtype="FLOAT"),
    Fault("short", "30 ms", first(0.03)),
    Fault("short", "60 ms", first(0.06)),
    Fault("short", "90 ms", first(0.09)),
    Fault("short", "150 ms", first(0.15), stated=False),
]
KNOWN = {
    "tabla_ke1.flac": {"short": "it lasts 43 ms"},
    "tabla_ke2.flac": {"short": "it lasts 44 ms"},
    "tabla_ke3.flac": {"short": "it lasts 76 ms"},
}
