"""The page for drawing a line of temperature, for a notebook's frame."""

from pathlib import Path

from .document import document
from .instrument import SHARED

OWN = Path(__file__)


def line_page(title, data):
    """A whole HTML document, UTF-8.

    Parameters
    ----------
    title
        Plain text.
    data
        Data for the script, ready for JSON: wire, seconds, points [(seconds, temperature)], temperatures (lowest,
        highest).
    """
    style, script = SHARED
    return document(OWN.with_suffix(".html"), [script, OWN.with_suffix(".js")], title, {"data": data}, [style])
