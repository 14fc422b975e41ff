"""Outputs of cells: HTML and its text, widgets, and pages in frames that exchange messages with Python."""

import json
import uuid

import ipywidgets
from IPython.display import display

from ..pages import html, render
from ..prose import in_a_cell

HIDDEN = {"display": "none"}


class RichOutput:
    """HTML for a notebook, and plain words for a terminal.

    Parameters
    ----------
    html
        For a notebook.
    words
        Plain text, for where HTML cannot be shown.
    """

    def __init__(self, html, words):
        self.html, self.words = str(html), words

    def _repr_html_(self):
        return in_a_cell(self.html)

    def __repr__(self):
        return self.words


class WidgetBox:
    """An object that a cell shows as the widget `_box`, or in words where widgets are not supported."""

    def _repr_mimebundle_(self, include=None, exclude=None):
        # The two versions of ipywidgets show a widget in different ways; this is what both tell the front end.
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self)}


def iframe(document, title, height):
    """A whole HTML document in a frame of the notebook, which isolates its styles and keys.

    `height` is in pixels, until the page reports its height; if it cannot, it scrolls.
    """
    return render("iframe.html", document=document, title=title, height=height)


class LiveFigure:
    """A part of a cell's output that is redrawn while the cell runs.

    Parameters
    ----------
    draw
        A function that makes a `RichOutput`; calling the figure calls it with the same arguments and shows the result.
    waiting
        The sentence shown until the first call.
    """

    def __init__(self, draw, waiting="The picture comes after the first epoch."):
        self._draw = draw
        self._handle = display(RichOutput(html("<p>{{ words }}</p>", words=waiting), waiting), display_id=True)

    def __call__(self, *arguments):
        self._handle.update(self._draw(*arguments))


class PageBridge(WidgetBox):
    """A page in a frame that exchanges messages with Python, through two fields of ipywidgets.

    Every front end has these fields; a custom widget would need one that Colab fetches from elsewhere.
    """

    def _connect(self, receive, field=None):
        """Make the fields; `receive` gets each text that the page sends. Returns their name, which the page needs.

        `field` is the one that the page writes into; a hidden one if not given.
        """
        wire = f"prism-{uuid.uuid4().hex[:12]}"
        self._from_page = field or ipywidgets.Textarea(continuous_update=False, layout=HIDDEN)
        self._to_page = ipywidgets.HTML(layout=HIDDEN)
        self._from_page.add_class(f"{wire}-out")
        self._to_page.add_class(f"{wire}-in")
        self._from_page.observe(lambda change: receive(change["new"]), "value")
        return wire

    def _send(self, values):
        """Send plain values to the page."""
        self._to_page.value = html("<pre>{{ values }}</pre>", values=json.dumps(values))
