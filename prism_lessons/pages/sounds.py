"""Sounds inside a page: `data:` URLs of `Clip`s, which need neither a file nor a network, coded and cut to fit."""

import base64
import io
import math
from dataclasses import replace

import numpy as np
import soundfile

from ..audio import pcm16, resample

WAV, FLAC, MP3 = FORMS = ("wav", "flac", "mp3")  # from large to small
FORMS_IN_WORDS = {
    WAV: "16-bit samples, as they are",
    FLAC: "16-bit samples, as they are, coded as FLAC",
    MP3: "MP3, which takes less room and changes the sound a little",
}
TYPES = {WAV: "audio/wav", FLAC: "audio/flac", MP3: "audio/mpeg"}
# At this quality 0.5 s of a recording at 22,050 Hz took 3.4 kB and 3 s 15.8 kB on average, and levels were kept within
# 0.3 dB from -3 to -70 dBFS; constant bit rates make everything 0.4 to 0.8 dB softer.
MP3_SETTINGS = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE", "compression_level": 0.5}
# The rates that MP3 supports, Hz (ISO/IEC 11172-3 and 13818-3, and MPEG-2.5).
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# Of a sample in a URL, where base64 makes four characters of three bytes. MP3 takes most for white noise: 0.25 bytes at
# 8 kHz, 0.18 at 44.1 kHz.
BYTES_PER_SAMPLE = {WAV: 2 * 4 / 3, MP3: 0.25 * 4 / 3}
FADE_SECONDS = 0.02
PROBES = 20  # sounds from which the size of all is estimated


def data_url(content, media_type):
    """Bytes as a `data:` URL."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def sound_url(clip, form):
    """A `Clip` as a `data:` URL in one of the `FORMS`; levels are unchanged."""
    coded = {WAV: clip.wav, FLAC: clip.flac, MP3: lambda: mp3(clip)}[form]()
    return data_url(coded, TYPES[form])


def mp3_rate(sample_rate):
    """The lowest MP3 rate not below `sample_rate`, or the highest of all, Hz."""
    return min((rate for rate in MP3_RATES if rate >= sample_rate), default=MP3_RATES[-1])


def mp3(clip):
    """A `Clip` as the bytes of an MP3 file, at `mp3_rate`; levels are unchanged."""
    rate, file = mp3_rate(clip.sample_rate), io.BytesIO()
    samples = resample(clip.samples, clip.sample_rate, rate)
    soundfile.write(file, pcm16(samples), rate, **MP3_SETTINGS)
    return file.getvalue()


def shortened(clip, seconds):
    """A `Clip` that is no longer than `seconds`, with a short fade-out where it was cut."""
    if clip.seconds <= seconds:
        return clip
    size, fade = round(seconds * clip.sample_rate), round(FADE_SECONDS * clip.sample_rate)
    samples = np.array(clip.samples[:size], np.float32)
    samples[-fade:] *= np.linspace(1, 0, len(samples[-fade:]), dtype=np.float32)
    return replace(clip, samples=samples)


def plan_sounds(sounds, most_bytes):
    """The form and length in which some sounds will certainly fit into so many bytes, without reading them.

    Parameters
    ----------
    sounds
        The sample rate, Hz, and the length, seconds, of each.
    most_bytes
        The room for their URLs altogether.

    Returns
    -------
    (str, float)
        `WAV` if they fit as they are, else `MP3`; the seconds that there is room for of each.
    """
    sounds = list(sounds)
    if BYTES_PER_SAMPLE[WAV] * sum(rate * seconds for rate, seconds in sounds) <= most_bytes:
        return WAV, math.inf
    return MP3, most_bytes / (BYTES_PER_SAMPLE[MP3] * max(1, sum(mp3_rate(rate) for rate, _ in sounds)))


def fit_sounds(names, read, most_bytes, choices):
    """Sounds as URLs, in the best form and length in which they fit into so many bytes.

    Parameters
    ----------
    names
        A list of their names.
    read
        A function that returns the `Clip` of a name, or None to leave it out; it is called again for a sound if the
        first attempt does not fit.
    most_bytes
        The room for the URLs altogether.
    choices
        The form and the maximum seconds of each attempt, from the best to the smallest.

    Returns
    -------
    urls, form, seconds
        {name: URL}, and the first choice that fits. If not even the last fits, some sounds are left out, evenly from
        the first to the last.
    """
    probes = {name: read(name) for name in names[:: math.ceil(len(names) / PROBES) or 1]}

    def size(form, seconds):
        """The bytes of all sounds, estimated from the probes."""
        return sum(len(_url(clip, form, seconds)) for clip in probes.values()) / max(1, len(probes)) * len(names)

    start = next((place for place, choice in enumerate(choices) if size(*choice) <= most_bytes), len(choices) - 1)
    for form, seconds in choices[start:]:
        urls, used = {}, 0
        for name in names:
            urls[name] = _url(probes.pop(name) if name in probes else read(name), form, seconds)
            used += len(urls[name])
            if used > most_bytes and (form, seconds) != choices[-1]:
                break
        else:
            return _evenly(urls, most_bytes), form, seconds


def _url(clip, form, seconds):
    return sound_url(shortened(clip, seconds), form) if clip else ""


def _evenly(urls, most_bytes):
    """As many of {name: URL} as fit, evenly from the first to the last."""
    kept = urls = {name: url for name, url in urls.items() if url}
    share = 1.0
    while kept and (used := sum(map(len, kept.values()))) > most_bytes:
        share *= min(0.95, most_bytes / used)
        names = [name for place, name in enumerate(urls) if int((place + 1) * share) > int(place * share)]
        kept = {name: urls[name] for name in names}
    return kept
