"""A pre-flight in a notebook: its checks and their results in words, over players."""

from ..pages import render
from .output import RichOutput
from .players import play


def preflight_shown(check):
    """A table of the checks, and players of the sound that was learned by heart and of its replay.

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
