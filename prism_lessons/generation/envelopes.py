"""A value that changes over a take, as composers write it: breakpoints in seconds, and straight lines between them."""

import math
import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..checks import a_text, checked
from ..errors import CourseError, as_given
from ..settings import is_number

TEMPERATURES = (0.05, 5.0)
SHARES = (0.0, 1.0)
MOST_POINTS = 1000
MOST = 1e9  # seconds, or values of an envelope


def _limits(name, value):
    """The rule for an envelope's lowest and highest value, see `checks`."""
    if not isinstance(value, (tuple, list)) or len(value) != 2 or not all(map(is_number, value)):
        raise CourseError(f"{name} must be the lowest and the highest value, such as (0.05, 5), not {as_given(value)}.")
    return value


def _times(name, value):
    """The rule for one time in seconds or an array of them, see `checks`."""
    try:
        times = np.asarray(value)
    except ValueError:  # lists of unequal length
        times = np.asarray(None)
    if times.dtype.kind not in "fiu":
        raise CourseError(f"{name} must be a number or an array of numbers, not {as_given(value)}.")
    return times


@dataclass(frozen=True)
class Envelope:
    """Breakpoints (seconds, value), with linear interpolation between them and constant values outside.

    The lessons and messages call it a line, since that is what it looks like.

    Seconds count from the beginning of what the model plays. Two points at the same time make a step.

    Parameters
    ----------
    points : sequence of (float, float)
        Seconds from 0, in order, and the values at them.

    Raises
    ------
    CourseError
        When there are no points, or when times run backwards.

    See Also
    --------
    generate : Takes an envelope, or its text, as temperature.
    mix : Takes one as share.

    Examples
    --------
    >>> envelope = pl.Envelope.parse("0:0.7, 10:1.1")
    >>> envelope == pl.Envelope(((0, 0.7), (10, 1.1)))
    True
    >>> envelope.at([0, 5, 20])
    array([0.7, 0.9, 1.1], dtype=float32)
    >>> print(envelope)
    0:0.7, 10:1.1
    """

    points: tuple

    def __post_init__(self):
        try:
            points = tuple((float(seconds), float(value)) for seconds, value in self.points)
        except (TypeError, ValueError, OverflowError):
            points = ()
        if not points or not all(0 <= seconds < MOST for seconds, _ in points):
            raise CourseError("A line needs points, each of them seconds and a value: ((0, 0.7), (10, 1.1)).")
        for (earlier, _), (later, _) in pairwise(points):
            if later < earlier:
                raise CourseError(
                    f"A line runs forwards, and {later:g} s stands after {earlier:g} s: put them in order."
                )
        object.__setattr__(self, "points", points)

    @classmethod
    @checked(what=a_text, limits=_limits)
    def of(cls, value, what="temperature", limits=TEMPERATURES):
        """An envelope from a number, a text (see `parse`) or an `Envelope`; its values must be within `limits`.

        Raises
        ------
        CourseError
            When it is none of these, or exceeds the limits; `what` names it in the message.
        """
        if isinstance(value, str):
            value = cls.parse(value, what)
        elif not isinstance(value, Envelope):
            if not is_number(value):
                raise CourseError(f'{what} must be a number, or a line such as "0:0.7, 10:1.1", not {as_given(value)}.')
            value = cls(((0.0, math.inf if value > MOST else float(value)),))  # an int may be too large for a float
        low, high = limits
        for _, height in value.points:
            if not low <= height <= high:
                raise CourseError(f"{what} must be {low:g} to {high:g}, not {height}.")
        return value

    @classmethod
    @checked(text=a_text, what=a_text)
    def parse(cls, text, what="temperature"):
        """An envelope from text.

        Parameters
        ----------
        text : str
            "0.9", or seconds and values as in "0:0.7, 10:1.1, 20:0.8"; minutes as in "1m30".
        what : str
            The envelope's name in error messages.

        Returns
        -------
        Envelope

        Raises
        ------
        CourseError
            When the text is not an envelope, or its times run backwards.
        """
        parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
        points = []
        for part in parts[: MOST_POINTS + 1]:
            place, colon, value = part.rpartition(":")
            points.append((_seconds(place.strip()) if colon else 0.0, _number(value.strip())))
        if not points or any(math.isnan(number) for point in points for number in point):
            raise CourseError(
                f'"{text[:60]}" is not a line for the {what}: write one number, or seconds and values, such as '
                '"0:0.7, 10:1.1".'
            )
        if len(points) > MOST_POINTS or (len(points) > 1 and any(":" not in part for part in parts)):
            raise CourseError(
                f'"{text[:60]}" is not a line for the {what}: give each value its second, such as "0:0.7, 10:1.1", and '
                f"at most {MOST_POINTS} of them."
            )
        return cls(tuple(points))

    @checked(seconds=_times)
    def at(self, seconds):
        """The values at given times.

        Parameters
        ----------
        seconds : array_like of float
            Of any shape.

        Returns
        -------
        ndarray of float32
            Of the same shape.
        """
        times, values = zip(*self.points, strict=True)
        return np.interp(seconds, times, values).astype(np.float32)

    @property
    def constant(self):
        """Whether its value never changes."""
        return len({value for _, value in self.points}) == 1

    def __str__(self):
        if self.constant:
            return _said(self.points[0][1])
        return ", ".join(f"{_said(seconds)}:{_said(value)}" for seconds, value in self.points)


def _said(number):
    """A number as `_number` reads it, to a millionth; 0 without a sign."""
    return f"{number + 0.0:.6f}".rstrip("0").rstrip(".")


def _number(text):
    """The number in a text, or NaN: a sign, digits and a decimal point only (a comma separates breakpoints)."""
    return float(text) if re.fullmatch(r"-?(\d{1,9}(\.\d{0,9})?|\.\d{1,9})", text) else math.nan


def _seconds(text):
    """Seconds, 12.5 or 1m30, or NaN."""
    if "-" in text:
        return math.nan
    minutes, m, rest = text.rpartition("m")
    return 60 * _number(minutes) + (_number(rest) if rest else 0.0) if m else _number(text)


def envelopes_of(value, voices, what="temperature", limits=TEMPERATURES):
    """An `Envelope` for each voice: from one number, text or `Envelope` for all, or a list with one for each."""
    if isinstance(value, (list, tuple)) or np.ndim(value):
        if len(value) not in (1, voices):
            raise CourseError(f"{len(value)} {what}s were given for {voices} voices: give one, or one each.")
        lines = [Envelope.of(one, what, limits) for one in value]
        return lines * voices if len(lines) == 1 else lines
    return [Envelope.of(value, what, limits)] * voices
