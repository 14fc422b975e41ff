"""The clips of a run to listen to, compare, star and annotate: one HTML page, for a file and for a notebook.

It is made from plain values about the clips and from their sounds as `data:` addresses, and returned as text. In a
notebook the sounds stay in Python and are sent when they are played, and notes go to Python at once.
"""

from pathlib import Path

from ...prose import escaped
from ..document import document

HERE = Path(__file__).parent
# Each script is about one thing; they share global names, so the order counts.
SCRIPTS = ("notes", "sounds", "grid", "detail", "compare", "blind", "journey", "start")


def listening_page(title, counts, intention, gap, curve, verdict, data, sounds):
    """A whole HTML document, UTF-8.

    Parameters
    ----------
    title, counts, verdict
        Plain text: the title, what is on the page, the verdict on the curve.
    intention, gap
        Paragraphs, plain text: the composer's intention; the distance of clips from recordings, none if unknown.
    curve
        The learning curve as SVG.
    data
        Data for the scripts, ready for JSON: audition/page.py makes it.
    sounds
        {"clip 0": a `data:` address, "source 3": ...}; empty where Python sends them.
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
