"""What a cell shows: HTML with the same in words for those who do not look."""

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
    """What shows itself as the widget `_box` when a cell ends in it, and in words where no widget can live."""

    def _repr_mimebundle_(self, include=None, exclude=None):
        # The two versions of ipywidgets show a widget in different ways; this is what both tell the front end.
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self)}


def figure(picture, caption):
    """A picture, HTML, over its caption, HTML, as a `<figure>`."""
    return f'<figure class="prism-figure">{picture}<figcaption>{caption}</figcaption></figure>'


def framed(document, title, height):
    """A whole HTML document in a frame of the notebook, so that its styles and its keys meet nothing else.

    `height` is in pixels, until the page says itself how high it is; where it cannot, what does not fit scrolls.
    """
    # In single quotes, since a page is full of double ones, each of which would take six bytes.
    document = document.replace("&", "&amp;").replace("'", "&#x27;")
    return (
        f'<iframe title="{escaped(title)}" srcdoc=\'{document}\' width="100%" height="{height}" '
        'style="border: 0; background: #fff"></iframe>'
    )


class LiveFigure:
    """One place in a cell's output that is drawn again and again while the cell works.

    Parameters
    ----------
    draw
        A function that makes a `Shown`; calling the figure calls it with the same arguments and shows what comes.
    waiting
        What stands there until then, a sentence.
    """

    def __init__(self, draw, waiting="The picture comes after the first epoch."):
        self._draw = draw
        self._handle = display(Shown(f"<p>{escaped(waiting)}</p>", waiting), display_id=True)

    def __call__(self, *arguments):
        self._handle.update(self._draw(*arguments))
