"""Temperature, loudness or brightness as a drawn line: a picture to draw in, and its text in a labelled field.

The field also connects the page to Python: a drawn line is written into it, as if by hand, and Python reads it there.
"""

import ipywidgets

from ..errors import CourseError, as_given
from ..generation import LIMITS, TEMPERATURES, Envelope
from ..live import some
from ..pages import render
from ..settings import is_number
from .output import PageBridge, iframe
from .panels import status, text

HEIGHT = 420  # pixels, until the page reports its height
# Of each quantity that can be drawn: the limits of a line, those of the picture at first, and a step of the keys.
DRAWN = {
    "temperature": (TEMPERATURES, (0.4, 1.6), 0.01),
    "loudness": (LIMITS["loudness"], (-60, 0), 1),
    "brightness": (LIMITS["brightness"], (48, 108), 1),
}
FIRST = {
    "temperature": "0:0.7, 10:1.1, 20:0.8",
    "loudness": "0:-40, 10:-15, 20:-40",
    "brightness": "0:62, 10:92, 20:62",
}


class LinePanel(PageBridge):
    """A value that changes in the course of a take, drawn or written, shown by a cell that ends in it.

    Parameters
    ----------
    seconds
        The length of the take and of the picture.
    value
        The initial line: seconds and value of each point, straight in between; or one number.
    what
        "temperature", "loudness" (dBFS) or "brightness" (semitones as MIDI counts them).

    Raises
    ------
    CourseError
        For a text that is no line, an invalid length, or another `what`.
    """

    def __init__(self, seconds=20.0, value=None, what="temperature"):
        if not isinstance(what, str) or what not in DRAWN:
            raise CourseError(f"what must be one of {some(DRAWN)}, not {as_given(what)}.")
        if not (is_number(seconds) and 0 < seconds < float("inf")):
            raise CourseError(f"seconds must be a number above 0, not {seconds}.")
        self._what, self._seconds = what, float(seconds)
        self._limits, shown, step = DRAWN[what]
        self._line = self._of(FIRST[what] if value is None else value)
        self._label = f"Line (seconds:{what}, ...)"
        self._field = text(self._label, str(self._line))
        wire = self._connect(self._read, self._field)
        self._said = ipywidgets.HTML()
        title = f"{what.capitalize()} as a line"
        data = {
            "wire": wire, "seconds": self._seconds, "points": _points(self._line), "what": what,
            "limits": self._limits, "shown": shown, "step": step,
        }  # fmt: skip
        frame = ipywidgets.HTML(iframe(render("line.html", title=title, data=data), title, HEIGHT))
        self._box = ipywidgets.VBox([frame, self._field, self._said, self._to_page])

    @property
    def value(self):
        """The line as text, always a valid one; a new value is drawn."""
        return str(self._line)

    @value.setter
    def value(self, line):
        self._field.value = str(self._of(line))

    def _read(self, line):
        """Read the field; if it holds no valid line, report that beside it and keep the last one."""
        try:
            self._line = self._of(line)
        except CourseError as error:
            kept = f"{error} Until then it is {self.value}."
            self._said.value = status(kept)
            return
        self._said.value = ""
        self._send({"text": line, "points": _points(self._line)})

    def _of(self, line):
        return Envelope.of(line, self._what, self._limits)

    def __repr__(self):
        return f"{self._label}: {self.value}"


def _points(line):
    return [[float(seconds), float(value)] for seconds, value in line.points]
