"""A sound inside a page: a `Clip` as a data address, which needs neither a file nor a network."""

import base64

from .mp3 import mp3_of

WAV, FLAC, MP3 = FORMS = ("wav", "flac", "mp3")  # from large to small
FORMS_IN_WORDS = {
    WAV: "16-bit samples, as they are",
    FLAC: "16-bit samples, as they are, coded as FLAC",
    MP3: "MP3, which takes less room and changes the sound a little",
}
TYPES = {WAV: "audio/wav", FLAC: "audio/flac", MP3: "audio/mpeg"}


def address(clip, form):
    """A clip as a `data:` address in one of the `FORMS`; levels are unchanged."""
    coded = {WAV: clip.wav, FLAC: clip.flac, MP3: lambda: mp3_of(clip)}[form]()
    return f"data:{TYPES[form]};base64,{base64.b64encode(coded).decode()}"
