"""The page of the live instrument, for a notebook's frame. Python makes the sound and sends it over a wire."""

from pathlib import Path

from .document import document

OWN = Path(__file__)
SHARED = OWN.with_name("notebook.css"), OWN.with_name("notebook.js")


def instrument_page(title, data, lowest, highest, most_seed, most_kept):
    """A whole HTML document, UTF-8.

    Parameters
    ----------
    title
        Plain text.
    data
        Data for the script, ready for JSON: wire, rate (Hz), temperature, seed.
    lowest, highest
        The temperatures that may be played.
    most_seed
        The largest seed.
    most_kept
        The most seconds that can be kept after they were heard.
    """
    style, script = SHARED
    return document(
        OWN.with_suffix(".html"),
        [script, OWN.with_suffix(".js")],
        title,
        {"data": data},
        [style],
        lowest=f"{lowest:g}",
        highest=f"{highest:g}",
        most_seed=most_seed,
        most_kept=most_kept,
    )
