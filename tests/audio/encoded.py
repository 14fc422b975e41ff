"""Sound files of all formats, encoded by FFmpeg from one sound made by formula."""

from fractions import Fraction

import av
import numpy as np

LAYOUTS = {1: "mono", 2: "stereo"}
PICTURE_RATE = 25


def chirp(seconds, rate, channels=1):
    """A tone that rises from 250 Hz by 500 Hz a second and swells, shape (samples, channels), full scale 0.4; the
    right channel is half the left."""
    time = np.arange(round(seconds * rate)) / rate
    left = 0.4 * np.sin(2 * np.pi * 250 * (time + time**2)) * (0.6 + 0.4 * np.sin(2 * np.pi * 1.7 * time))
    return np.stack([left, left / 2][:channels], axis=1).astype(np.float32)


def encode(path, codec, samples, rate, form=None, container=None, video=None, tracks=1):
    """Write samples (samples, channels) as the file `path`, in so many tracks, with a grey picture if `video` is a
    codec."""
    layout = LAYOUTS[samples.shape[1]]
    with av.open(str(path), "w", format=container) as file:
        sounds = [file.add_stream(codec, rate=rate, layout=layout) for _ in range(tracks)]
        for sound in sounds:
            sound.codec_context.format = form or sound.codec_context.codec.audio_formats[0]
            if codec.startswith("wma"):
                sound.bit_rate = 128000
        if video:
            _grey(file, video, len(samples) / rate)
        for sound in sounds:
            if not sound.codec_context.is_open:
                sound.codec_context.open()
            size = sound.codec_context.frame_size or 1024
            convert = av.AudioResampler(format=sound.codec_context.format, layout=layout, rate=rate)
            for start in range(0, len(samples), size):
                packed = np.ascontiguousarray(samples[start : start + size]).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                for converted in convert.resample(frame):
                    converted.pts = start
                    file.mux(sound.encode(converted))
            file.mux(sound.encode())
    return path


def _grey(file, codec, seconds):
    stream = file.add_stream(codec, rate=PICTURE_RATE)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    for number in range(round(seconds * PICTURE_RATE)):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8), format="rgb24")
        frame.pts = number
        file.mux(stream.encode(frame))
    file.mux(stream.encode())
