"""All that the lessons show: players, pictures, controls, and where a student's files are kept.

The only room that needs IPython, ipywidgets and matplotlib. Whatever a control here sets is also a plain argument of
the library.
"""

from .computer import budget, machine
from .course import Course
from .forms import intention_form, origin_form
from .panels import JournalPanel, Panel, choice, lines, number, text, tick, whole
from .players import play, play_epochs, play_grid
from .plots import learning_curve, spectrogram, waveform
from .shown import LiveFigure

__all__ = [
    "Course",
    "JournalPanel",
    "LiveFigure",
    "Panel",
    "budget",
    "choice",
    "intention_form",
    "learning_curve",
    "lines",
    "machine",
    "number",
    "origin_form",
    "play",
    "play_epochs",
    "play_grid",
    "spectrogram",
    "text",
    "tick",
    "waveform",
    "whole",
]
