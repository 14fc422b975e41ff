"""The clips of a run to be listened to, compared, starred and noted: one HTML page, for a file and for a notebook.

In goes what is known of the clips, as plain values, and their sounds as `data:` addresses; out comes the page as text.
In a notebook the sounds stay with Python and come when they are played, and what is said goes to Python at once.
"""

from pathlib import Path

from ...prose import escaped
from ..document import document

HERE = Path(__file__).parent
# Each is a page about one thing; they share their names, so the order counts.
SCRIPTS = ("notes", "sounds", "grid", "detail", "compare", "blind", "journey", "start")


def listening_page(title, counts, intention, gap, curve, verdict, data, sounds):
    """A whole HTML document, UTF-8.

    Parameters
    ----------
    title, counts, verdict
        Plain text: what the page is called, what is on it, what the curve says.
    intention, gap
        Paragraphs, plain text: what was wanted; how far clips and recordings lie apart, none where nobody knows.
    curve
        The learning curve as SVG.
    data
        What the scripts need to know, ready for JSON: audition/page.py makes it.
    sounds
        {"clip 0": a `data:` address, "source 3": ...}; empty where Python hands them out.
    """
    heading = '<h2 id="gap-heading">How far from the recordings</h2>'
    apart = f'<section aria-labelledby="gap-heading">{heading}{_paragraphs(gap)}</section>' if gap else ""
    return document(
        HERE / "page.html",
        [HERE / f"{name}.js" for name in SCRIPTS],
        title,
        {"data": data, "sounds": sounds},
        counts=escaped(counts),
        intention=_paragraphs(intention),
        gap=apart,
        curve=curve,
        verdict=escaped(verdict),
    )


def _paragraphs(lines):
    return "\n".join(f"<p>{escaped(line)}</p>" for line in lines)
