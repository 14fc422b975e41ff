"""The map of sounds in a notebook: the page itself in a frame, with the same in words beside it."""

from html import escape

from ..pages import sound_map as page
from .shown import Shown

MOST_BYTES = 3_000_000  # of a cell's output, with which the notebook is saved
HEIGHT = 680  # pixels: the map whole; what is below it scrolls


def sound_map(relations, excerpt, title="Sound map"):
    """A map of sounds that can be heard: those that are alike lie near each other.

    Parameters
    ----------
    relations
        A `Relations`.
    excerpt
        A function that gives the `Clip` of the sound of an index.
    title
        What it is called.

    Returns
    -------
    Shown
    """
    # In single quotes, since the page is full of double ones, each of which would take six bytes.
    document = page(relations, excerpt, title, MOST_BYTES).replace("&", "&amp;").replace("'", "&#x27;")
    frame = (
        f'<iframe title="{escape(title, quote=True)}" srcdoc=\'{document}\' width="100%" height="{HEIGHT}" '
        'style="border: 0; background: #fff"></iframe>'
    )
    return Shown(frame, str(relations))
