"""A run's journey in a notebook: its page in a frame, with the same in words beside it."""

from ..errors import CourseError
from ..pages import journey_page
from .output import RichOutput, iframe

MOST_BYTES = 3_000_000  # of a cell's output, with which the notebook is saved
HEIGHT = 560  # pixels, until the page reports its height


def journey_shown(journey, title="Journey through the epochs"):
    """One sound of a run, clip after clip through its epochs, playable from any of them.

    Parameters
    ----------
    journey
        A `Journey`.
    title
        What it is called.

    Returns
    -------
    RichOutput

    Raises
    ------
    CourseError
        When it is too long for a cell.
    """
    frame = iframe(journey_page(journey, title, MOST_BYTES - 20_000), title, HEIGHT)
    if len(frame.encode()) > MOST_BYTES:
        raise CourseError(
            f"{journey} would be too much for one cell: take fewer epochs with every=, or save the journey as a file."
        )
    return RichOutput(frame, str(journey))
