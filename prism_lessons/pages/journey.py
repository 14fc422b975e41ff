"""A run's journey as one HTML page: a player, its chapters, and the current epoch, large and announced."""

from ..audio import measure_levels
from ..live import clock
from .players import levels_in_words
from .sounds import FORMS_IN_WORDS, MP3, WAV, data_url, sound_url
from .templating import render

MOST_BYTES = 4_000_000  # of a page with 16-bit samples


def journey_page(journey, title, most_bytes=MOST_BYTES):
    """Write a journey as a page.

    Parameters
    ----------
    journey
        An object with `clip`, `chapters` (start and end in seconds, epoch, title) and their `webvtt`, as
        `audition.journey.Journey`.
    title
        Of the page, plain text.
    most_bytes
        The page's maximum size with 16-bit samples; beyond that the sound is coded as MP3, and the page says so.

    Returns
    -------
    str
        A whole HTML document, UTF-8. Nothing is normalised, and nothing plays by itself.
    """
    lossless = _page(journey, title, WAV)
    return str(lossless if len(lossless.encode()) <= most_bytes else _page(journey, title, MP3))


def _page(journey, title, form):
    clip = journey.clip
    return render(
        "journey.html",
        title=title,
        name=clip.name,
        about=f"{clock(int(clip.seconds))} long, {clip.sample_rate} Hz, {FORMS_IN_WORDS[form]}",
        sound=sound_url(clip, form),
        track=data_url(journey.webvtt.encode(), "text/vtt"),
        chapters=[(chapter.title, _levels(clip, chapter)) for chapter in journey.chapters],
        data=[[round(start, 3), round(end, 3), name] for start, end, _, name in journey.chapters],
    )


def _levels(clip, chapter):
    start, end = (round(seconds * clip.sample_rate) for seconds in (chapter.start, chapter.end))
    return levels_in_words(measure_levels(clip.samples[start:end], clip.sample_rate))
