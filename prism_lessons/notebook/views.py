"""Views in a cell: cards, trainings, pre-flights, journeys, searches, maps of sounds, and the same in words."""

import io
import re

from ..audio import as_clip
from ..corpus import Corpus
from ..errors import CourseError
from ..live import LiveLine
from ..pages import curve_in_words, html, journey_page, learning_curve, render
from ..pages import sound_map as map_page
from ..prose import deeper
from ..tuning import search_page
from ..verdict import verdict
from .output import RichOutput, iframe
from .players import _player, _words, play

LIST = "## Clips"  # the section of a card that lists every clip
MOST_BYTES = 3_000_000  # of a cell's output, with which the notebook is saved
MOST_REDRAWN = 1_000_000  # bytes of a cell that is redrawn after each epoch: each drawing is sent as a whole
BYTES_OF_A_CAPTION = 1_000  # at most, what a player needs besides its sound
MAP_HEIGHT, JOURNEY_HEIGHT, SEARCH_HEIGHT = 680, 560, 1200  # pixels, until the page reports its height


def card(of):
    """The card of a `Corpus`, or of a `Capsule` without its list of clips, as a page to read.

    Parameters
    ----------
    of
        The `Corpus` or the `Capsule`.

    Returns
    -------
    RichOutput
    """
    text = of.card() if isinstance(of, Corpus) else _without_list(of.card)
    return RichOutput(render("card.html", text=deeper(text, 2)), text)


def _without_list(card):
    first, *sections = re.split(r"^(?=## )", card, flags=re.MULTILINE)
    first = first.partition("\n|")[0]  # an older card has its list there
    return "".join([first, *(section for section in sections if not section.startswith(LIST))]).strip()


def preflight_shown(check):
    """A table of a pre-flight's checks, and players of the memorised sound and of its replay.

    Parameters
    ----------
    check
        A `Preflight`.

    Returns
    -------
    RichOutput
    """
    rows = [(one.name, one.how, one.sentence) for one in check.checks]
    table = render("preflight.html", rows=rows, end=check.end)
    sounds = {name: clip for name in ("original", "replay") if (clip := getattr(check, name))}
    players = play(*sounds.values(), names=list(sounds))
    return RichOutput("".join([table, players.html]), "\n".join(filter(None, [str(check), repr(players)])))


def training_view(run):
    """The learning curve of a run, the verdict on its numbers, and a player for each clip of its newest epoch.

    To draw it again after each epoch: `pl.train(..., each_epoch=notebook.LiveFigure(notebook.training_view))`.

    Parameters
    ----------
    run
        A `Run` with at least one epoch.

    Returns
    -------
    RichOutput
        Less than 1 MB; clips that are too long are cut, and their captions say so. Nothing plays by itself.

    Raises
    ------
    CourseError
        When the run has no epoch yet.
    """
    found, newest = verdict(run), run.log[-1].epoch if run.log else None
    said = html("<p><strong>{{ text }}</strong> {{ advice }}</p>", text=found.text, advice=found.advice)
    top = render("figure.html", picture=learning_curve(run), caption=said)
    clips = {played.title: as_clip(played.path) for played in run.played if played.epoch == newest}
    most = max(0, (MOST_REDRAWN - len(top)) / max(1, len(clips)) - BYTES_OF_A_CAPTION)
    players = [_player(clip, name, most) for name, clip in clips.items()]
    words = [str(found), curve_in_words(run), *(_words(clip, name) for name, clip in clips.items())]
    return RichOutput("".join([top, *players]), "\n".join(words))


def journey_shown(journey, title="Journey through the epochs"):
    """One sound of a run, clip after clip through its epochs, playable from any of them.

    Parameters
    ----------
    journey
        A `Journey`.
    title
        The title of its page.

    Returns
    -------
    RichOutput

    Raises
    ------
    CourseError
        When it is too long for a cell.
    """
    frame = iframe(journey_page(journey, title, MOST_BYTES - 20_000), title, JOURNEY_HEIGHT)
    if len(frame.encode()) > MOST_BYTES:
        raise CourseError(
            f"{journey} would be too much for one cell: take fewer epochs with every=, or save the journey as a file."
        )
    return RichOutput(frame, str(journey))


def sound_map(relations, excerpt, title="Sound map"):
    """A map of sounds to hear: sounds of similar timbre are near each other.

    Parameters
    ----------
    relations
        A `Relations`.
    excerpt
        A function that returns the `Clip` of the sound of an index.
    title
        The title of its page.

    Returns
    -------
    RichOutput
    """
    return RichOutput(iframe(map_page(relations, excerpt, title, MOST_BYTES), title, MAP_HEIGHT), str(relations))


def search_shown(search):
    """The page of a search for settings: what each trial came to, and players of what it plays.

    Parameters
    ----------
    search
        A `Search`.

    Returns
    -------
    RichOutput
    """
    page = search_page(search, LiveLine(io.StringIO()), MOST_BYTES)
    return RichOutput(iframe(page, "Search for settings", SEARCH_HEIGHT), str(search))
