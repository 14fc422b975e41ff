"""The map of sounds in a notebook: the page itself in a frame, with the same in words beside it."""

from ..pages import sound_map as page
from .output import RichOutput, iframe

MOST_BYTES = 3_000_000  # of a cell's output, with which the notebook is saved
HEIGHT = 680  # pixels, until the page makes its frame as high as itself


def sound_map(relations, excerpt, title="Sound map"):
    """A map of sounds to hear: those that are alike are near each other.

    Parameters
    ----------
    relations
        A `Relations`.
    excerpt
        A function that returns the `Clip` of the sound of an index.
    title
        What it is called.

    Returns
    -------
    RichOutput
    """
    document = page(relations, excerpt, title, MOST_BYTES)
    return RichOutput(iframe(document, title, HEIGHT), str(relations))
