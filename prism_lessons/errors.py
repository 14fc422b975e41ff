"""The kinds of errors a composer meets: sentences that say what happened and what to do."""

import re
import reprlib

SHORT = reprlib.Repr()  # does not format all of a long list, only to cut it off
SHORT.maxlist = SHORT.maxtuple = 20
SHORT.maxlong = SHORT.maxother = 120

# Control characters other than tabs and line ends, and characters that change the text direction.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text):
    """Text with terminal control characters replaced by "�": file names and contents may hold anything."""
    return OBEYED.sub("\ufffd", str(text))


class CourseError(Exception):
    """Something the composer can fix; its text is one sentence for them.

    Notebooks show only that sentence: IPython asks an exception for `_render_traceback_`. A traceback means a bug.
    """

    def __init__(self, sentence):
        super().__init__(harmless(sentence))

    def _render_traceback_(self):
        return [str(self)]


class Busy(CourseError):
    """Another program works there; the same may succeed later."""


class Stopped(KeyboardInterrupt):
    """Long work was interrupted; its text says what is safe and how to go on. Notebooks show only that."""

    def _render_traceback_(self):
        return [str(self)]


def as_given(value):
    """A value as it was given, text in quotes, for the middle of a sentence: one line of at most 120 characters."""
    if isinstance(value, str):
        return f'"{in_short(value)}"'
    try:
        return in_short(SHORT.repr(value))
    except (ValueError, RecursionError):  # numbers of thousands of digits, deeply nested lists
        return "something so large"


def in_short(error):
    """The text of an error, or of anything else, for the middle of a sentence: one line of at most 120 characters.

    Files from somebody else may put anything into it, even terminal control characters.
    """
    text = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    text = "".join(letter if letter.isprintable() else " " for letter in text[:1000])
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= 120 else f"{text[:119]}…"
