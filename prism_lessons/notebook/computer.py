"""The machine in words, and how long a lesson may take on it."""

import os
import platform

from ..model import on_gpu
from ..pages import html
from ..readiness import versions
from .output import RichOutput

# Caps the minutes of training in lessons, so that trying out all of them takes minutes (CONTRIBUTING.md).
MINUTES = "PRISM_LESSONS_MINUTES"


def budget(minutes):
    """The minutes that a lesson may train: `minutes`, or the variable PRISM_LESSONS_MINUTES, if less."""
    return min(float(minutes), float(os.environ.get(MINUTES, minutes)))


def graphics():
    """Whether there is a graphics card, as a sentence."""
    if on_gpu():
        return "A graphics card (GPU) is there: training will use it."
    return "No graphics card (GPU) is there: the lessons work without one, large models do not."


def machine():
    """A table of what this machine has: Python, libraries, processor cores, graphics card."""
    rows = [("Python", platform.python_version(), "3.11 or newer", "fits")]
    rows += [
        (name, found or "missing", needed, "fits" if fits else "DOES NOT FIT")
        for name, found, needed, fits in versions()
    ]
    words = f"{os.cpu_count()} processor cores. {graphics()}"
    table = html(
        """{% from "table.html" import table %}{{ table(words, ["Library", "Found", "Needed", "Verdict"], rows) }}""",
        words=words,
        rows=rows,
    )
    return RichOutput(table, "\n".join([words, *(f"{row[0]} {row[1]}: {row[3]}" for row in rows)]))
