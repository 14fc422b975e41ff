"""Temperature as a drawn line: a picture to draw in, and its text in a labelled field.

The field also connects the page to Python: a drawn line is written into it, as if by hand, and Python reads it there.
"""

import ipywidgets

from ..errors import CourseError
from ..generation import TEMPERATURES, Envelope
from ..pages import render
from ..settings import is_number
from .output import PageBridge, iframe
from .panels import status, text

HEIGHT = 420  # pixels, until the page reports its height
LABEL = "Line (seconds:temperature, ...)"


class LinePanel(PageBridge):
    """A temperature that changes in the course of a take, drawn or written, shown by a cell that ends in it.

    Parameters
    ----------
    seconds
        The length of the take and of the picture.
    value
        The initial line: seconds and temperature of each point, straight in between; or one number.

    Raises
    ------
    CourseError
        For a text that is no line, or an invalid length.
    """

    def __init__(self, seconds=20.0, value="0:0.7, 10:1.1, 20:0.8"):
        if not (is_number(seconds) and 0 < seconds < float("inf")):
            raise CourseError(f"seconds must be a number above 0, not {seconds}.")
        self._line, self._seconds = Envelope.of(value), float(seconds)
        self._field = text(LABEL, str(self._line))
        wire = self._connect(self._read, self._field)
        self._said = ipywidgets.HTML()
        title = "Temperature as a line"
        data = {"wire": wire, "seconds": self._seconds, "points": _points(self._line), "temperatures": TEMPERATURES}
        frame = ipywidgets.HTML(iframe(render("line.html", title=title, data=data), title, HEIGHT))
        self._box = ipywidgets.VBox([frame, self._field, self._said, self._to_page])

    @property
    def value(self):
        """The line as text, always a valid one; a new value is drawn."""
        return str(self._line)

    @value.setter
    def value(self, line):
        self._field.value = str(Envelope.of(line))

    def _read(self, line):
        """Read the field; if it holds no valid line, report that beside it and keep the last one."""
        try:
            self._line = Envelope.of(line)
        except CourseError as error:
            kept = f"{error} Until then it is {self.value}."
            self._said.value = status(kept)
            return
        self._said.value = ""
        self._send({"text": line, "points": _points(self._line)})

    def __repr__(self):
        return f"{LABEL}: {self.value}"


def _points(line):
    return [[float(seconds), float(temperature)] for seconds, temperature in line.points]
