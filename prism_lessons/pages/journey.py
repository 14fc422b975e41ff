"""A run's journey as one HTML page: a player, its chapters, and the current epoch, large and announced.

It is made from a journey, a `clip` with `chapters` (start and end in seconds, epoch, title) and their `webvtt`, and is
journey.html with journey.css and journey.js inline; it needs no network.
"""

import base64
from pathlib import Path

from ..audio import measure_levels
from ..live import clock
from ..markup import levels_in_words
from ..prose import escaped
from .addresses import FORMS_IN_WORDS, MP3, WAV, address
from .document import document

MOST_BYTES = 4_000_000  # of a sound as it is; a longer one is coded as MP3


def journey_page(journey, title, most_bytes=MOST_BYTES):
    """Write a journey as a page.

    Parameters
    ----------
    journey
        An object with `clip`, `chapters` and `webvtt`, as `audition.journey.Journey`.
    title
        Of the page, plain text.
    most_bytes
        How large the page may be with the samples as they are; beyond that they become an MP3, and the page says so.

    Returns
    -------
    str
        A whole HTML document, UTF-8. Nothing is normalised, and nothing plays by itself.
    """
    lossless = _document(journey, title, WAV)
    return lossless if len(lossless.encode()) <= most_bytes else _document(journey, title, MP3)


def _document(journey, title, form):
    own, clip = Path(__file__), journey.clip
    shown = [[round(start, 3), round(end, 3), name] for start, end, _, name in journey.chapters]
    return document(
        own.with_suffix(".html"),
        [own.with_suffix(".js")],
        title,
        {"data": shown},
        name=escaped(clip.name),
        about=f"{clock(int(clip.seconds))} long, {clip.sample_rate} Hz, {FORMS_IN_WORDS[form]}",
        first=escaped(journey.chapters[0].title),
        count=len(shown),
        chapters="\n".join(_item(clip, number, chapter) for number, chapter in enumerate(journey.chapters)),
        sound=address(clip, form),
        track="data:text/vtt;base64," + base64.b64encode(journey.webvtt.encode()).decode(),
    )


def _item(clip, number, chapter):
    start, end = (round(seconds * clip.sample_rate) for seconds in (chapter.start, chapter.end))
    levels = levels_in_words(measure_levels(clip.samples[start:end], clip.sample_rate))
    return (
        f'<li><button type="button" data-chapter="{number}">{escaped(chapter.title)}</button> '
        f'<span class="small">{levels}</span></li>'
    )
