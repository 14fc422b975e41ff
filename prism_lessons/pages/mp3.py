"""Sounds as MP3, for pages that have no room for their samples."""

import io

import soundfile

from ..audio import pcm16, resample

# At this quality 0.5 s of a recording at 22,050 Hz took 3.4 kB and 3 s 15.8 kB on average, and levels were kept within
# 0.3 dB from -3 to -70 dBFS; constant bit rates make everything 0.4 to 0.8 dB softer.
SETTINGS = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE", "compression_level": 0.5}
# The rates that MP3 supports, Hz (ISO/IEC 11172-3 and 13818-3, and MPEG-2.5).
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# For white noise, which takes the most: 0.25 at 8 kHz, 0.18 at 44.1 kHz; then base64.
MP3_BYTES_PER_SAMPLE = 0.25 * 4 / 3


def mp3(samples, sample_rate):
    """Mono samples at one of the `RATES`, Hz, as the bytes of an MP3 file."""
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, **SETTINGS)
    return file.getvalue()


def mp3_rate(sample_rate):
    """The lowest MP3 rate not below `sample_rate`, or the highest of all, Hz."""
    return min((rate for rate in RATES if rate >= sample_rate), default=RATES[-1])


def mp3_of(clip):
    """A `Clip` as the bytes of an MP3 file, at `mp3_rate`; levels are unchanged."""
    rate = mp3_rate(clip.sample_rate)
    samples = resample(clip.samples, clip.sample_rate, rate)
    return mp3(pcm16(samples), rate)
