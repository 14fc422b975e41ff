"""Argument checks for the public functions: made before any work is done, with errors that name the argument.

    @checked(source=a_path, seed=whole(), choices=optional(a(Choices)))
    def curate(source, destination, seed=0, choices=None): ...

Ranges that depend on something else, and settings, which have their own, are checked where they are used.
"""

import functools
import importlib.util
import inspect
import math
import os
from numbers import Integral

from .errors import CourseError, as_given
from .live import LiveLine
from .settings import is_number

PIP = {"ray": '"ray[tune]"', "pythonosc": "python-osc"}  # what pip calls a library, where that is not its name
MOST_DIGITS = 1000  # of a whole number: Python prints no more than 4,300


def checked(**rules):
    """A decorator that applies `rules`, {argument: rule}, to the given arguments before the function runs.

    A rule takes the name of an argument and its value; it returns the value, as plain Python, or raises a `CourseError`
    that names both. Defaults are not checked.
    """

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*arguments, **named):
            bound = signature.bind(*arguments, **named)
            for name in bound.arguments.keys() & rules.keys():
                bound.arguments[name] = rules[name](name, bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

        return call

    return decorate


def a_path(name, value):
    """The path of a file or a folder."""
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        raise CourseError(
            f'{name} must be the path of a file or a folder, such as "recordings", not {as_given(value)}.'
        )
    if "\0" in os.fspath(value):
        raise CourseError(f"{name} cannot be {as_given(os.fspath(value))}: file names cannot contain a zero byte.")
    if not os.path.isabs(value):
        check_here()
    return value


def check_here():
    """Raise a `CourseError` if the working folder was deleted, instead of Python's own error."""
    try:
        os.getcwd()
    except OSError:
        raise CourseError("The folder that you are in is no longer there: change to another one.") from None


def a_text(name, value):
    """Text."""
    if not isinstance(value, str):
        raise CourseError(f"{name} is said in words, not as {as_given(value)}.")
    return value


def switch(name, value):
    """True or False."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):  # NumPy's
        raise CourseError(f"{name} must be True or False, not {as_given(value)}.")
    return bool(value)


def whole(low=None, high=None):
    """The rule for a whole number from `low` to `high`, of Python or NumPy, but not a bool."""

    def rule(name, value):
        if not is_number(value, Integral) or abs(int(value)) >= 10**MOST_DIGITS or not _within(value, low, high):
            raise CourseError(f"{name} must be a whole number{_range(low, high)}, not {as_given(value)}.")
        return int(value)

    return rule


def number(low=None, high=None):
    """The rule for a finite number from `low` to `high`, of Python or NumPy, but not a bool."""

    def rule(name, value):
        if not is_number(value) or not _within(value, low, high) or not abs(value) < math.inf:
            raise CourseError(f"{name} must be a number{_range(low, high)}, not {as_given(value)}.")
        return value.item() if hasattr(value, "item") else value

    return rule


def a(kind, rule=None):
    """The rule for an instance of `kind`; other values go to `rule`, if there is one."""

    def either(name, value):
        if isinstance(value, kind):
            return value
        if rule is None:
            raise CourseError(f"{name} must be made with prism_lessons.{kind.__name__}, not {as_given(value)}.")
        return rule(name, value)

    return either


def one_of(*words):
    """The rule for one of several words."""
    *most, last = (f'"{word}"' for word in words)

    def rule(name, value):
        if not isinstance(value, str) or value not in words:
            raise CourseError(f"{name} must be {', '.join(most)} or {last}, not {as_given(value)}.")
        return value

    return rule


def a_function(name, value):
    """A callable."""
    if not callable(value):
        raise CourseError(f"{name} must be a function, not {as_given(value)}.")
    return value


def a_live_line(name, value):
    """A `LiveLine`."""
    if not isinstance(value, LiveLine):
        raise CourseError(f"{name} must be a LiveLine of prism_lessons.live, not {as_given(value)}.")
    return value


def stretches(name, value):
    """Stretches of a sound, [(start, end), ...] in seconds."""
    try:
        pairs = [(start, end) for start, end in value]
        if all(is_number(second) for pair in pairs for second in pair):
            return [(float(start), float(end)) for start, end in pairs]
    except (TypeError, ValueError, OverflowError):
        pass
    raise CourseError(f"{name} must be pairs of seconds, such as [(0, 1.5), (2, 3)], not {as_given(value)}.")


def optional(rule):
    """The rule for an argument that may be omitted or None."""
    return lambda name, value: None if value is None else rule(name, value)


def _within(value, low, high):
    return (low is None or low <= value) and (high is None or value <= high)


def _range(low, high):
    if high is not None:
        return f" from {low} to {high}"
    return "" if low is None else f", {low} or more"


def need(what, *libraries):
    """Raise a `CourseError` if one of the libraries that `what` needs is not installed."""
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if missing:
        names = " ".join(PIP.get(name, name) for name in libraries)
        raise CourseError(f"{what} needs {' and '.join(missing)}: type  python -m pip install {names}  and try again.")
