"""What a cell shows: HTML, with the same in words."""

from IPython.display import display

from ..prose import escaped, in_a_cell


class Shown:
    """HTML for the eye and ear, and plain words for a terminal.

    Parameters
    ----------
    html
        What a notebook shows.
    words
        What is printed where no HTML can be shown.
    """

    def __init__(self, html, words):
        self.html, self.words = html, words

    def _repr_html_(self):
        return in_a_cell(self.html)

    def __repr__(self):
        return self.words


class Boxed:
    """An object that a cell shows as the widget `_box`, or in words where widgets are not supported."""

    def _repr_mimebundle_(self, include=None, exclude=None):
        # The two versions of ipywidgets show a widget in different ways; this is what both tell the front end.
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self)}


def figure(picture, caption):
    """A picture, HTML, over its caption, HTML, as a `<figure>`."""
    return f'<figure class="prism-figure">{picture}<figcaption>{caption}</figcaption></figure>'


def framed(document, title, height):
    """A whole HTML document in a frame of the notebook, which isolates its styles and keys.

    `height` is in pixels, until the page reports its height; if it cannot, it scrolls.
    """
    # In single quotes, since a page is full of double ones, each of which would take six bytes.
    document = document.replace("&", "&amp;").replace("'", "&#x27;")
    return (
        f'<iframe title="{escaped(title)}" srcdoc=\'{document}\' width="100%" height="{height}" '
        'style="border: 0; background: #fff"></iframe>'
    )


class LiveFigure:
    """One place in a cell's output that is redrawn while the cell runs.

    Parameters
    ----------
    draw
        A function that makes a `Shown`; calling the figure calls it with the same arguments and shows the result.
    waiting
        The sentence shown until then.
    """

    def __init__(self, draw, waiting="The picture comes after the first epoch."):
        self._draw = draw
        self._handle = display(Shown(f"<p>{escaped(waiting)}</p>", waiting), display_id=True)

    def __call__(self, *arguments):
        self._handle.update(self._draw(*arguments))
