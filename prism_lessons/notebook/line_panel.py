"""Temperature as a drawn line: a picture to be drawn into, and the same as text in a field with a label.

The field is the wire as well: what is drawn is written into it, as if by hand, and Python reads it there.
"""

import json
import uuid
from html import escape

import ipywidgets

from ..errors import CourseError
from ..generation.lines import TEMPERATURES, Line
from ..pages.line import line_page
from .auditioning import HIDDEN
from .panels import text
from .shown import framed

HEIGHT = 420  # pixels, until the page says itself how high it is
LABEL = "Line (seconds:temperature, ...)"


class LinePanel:
    """A temperature that changes in the course of a take, drawn or written, shown by a cell that ends in it.

    Parameters
    ----------
    seconds
        How long the take is: what the picture reaches to.
    value
        The line at first: seconds and temperature of each point, straight in between; or one number.

    Raises
    ------
    CourseError
        For a text that is no line, or a length that is none.
    """

    def __init__(self, seconds=20.0, value="0:0.7, 10:1.1, 20:0.8"):
        if not isinstance(seconds, (int, float)) or not 0 < seconds < float("inf"):
            raise CourseError(f"seconds must be above 0, not {seconds}.")
        self._line, self._seconds = Line.of(value), float(seconds)
        wire = f"prism-{uuid.uuid4().hex[:12]}"
        self._field = text(LABEL, str(self._line))
        self._field.add_class(f"{wire}-out")
        self._field.observe(lambda change: self._read(change["new"]), "value")
        self._to_page = ipywidgets.HTML(layout=HIDDEN)
        self._to_page.add_class(f"{wire}-in")
        self._said = ipywidgets.HTML()
        data = {"wire": wire, "seconds": self._seconds, "points": _points(self._line), "temperatures": TEMPERATURES}
        frame = ipywidgets.HTML(framed(line_page("Temperature as a line", data), "Temperature as a line", HEIGHT))
        self._box = ipywidgets.VBox([frame, self._field, self._said, self._to_page])

    @property
    def value(self):
        """The line as text, always one that can be played; set, it is drawn."""
        return str(self._line)

    @value.setter
    def value(self, line):
        self._field.value = str(Line.of(line))

    def _read(self, line):
        """Take what stands in the field; what is no line is said beside it, and the last that was one stays."""
        try:
            self._line = Line.of(line)
        except CourseError as error:
            kept = f"{error} Until then it is {self.value}."
            self._said.value = f'<p role="status">{escape(kept)}</p>'
            return
        self._said.value = ""
        answer = json.dumps({"text": line, "points": _points(self._line)})
        self._to_page.value = f"<pre>{escape(answer)}</pre>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self)}

    def __repr__(self):
        return f"{LABEL}: {self.value}"


def _points(line):
    return [[float(seconds), float(temperature)] for seconds, temperature in line.points]
