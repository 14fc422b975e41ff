"""The live line that long work prints: task, progress, time left. Works in a terminal and in a notebook cell."""

import math
import sys
import textwrap
import time
from contextlib import suppress
from datetime import datetime

from .errors import harmless

LINE = 100  # characters that fit in a notebook, which would break a longer line inside a word


def clock(seconds):
    """Seconds as a composer reads them: "0:07", "12:30" or "3:05:00"."""
    seconds = round(max(0, seconds))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def counted(number, what):
    """ "1 clip", "1,200 clips", "1.5 hours"."""
    return f"{number:,.12g} {what}{'' if number == 1 else 's'}"


def size(count):
    """Bytes in readable units: "3.0 GB", "12 MB", "40 kB"."""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6)):
        if count >= bytes_:
            return f"{count / bytes_:.{0 if count >= 10 * bytes_ else 1}f} {unit}"
    return f"{count / 1e3:.0f} kB"


def some(names, most=6):
    """Names as text; if there are many, the first ones and how many more."""
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"


def wrapped(text, indent="", further="    "):
    """Text wrapped to `LINE` characters: the first line indented by `indent`, the others by `further` more."""
    lines = textwrap.wrap(
        harmless(text), LINE, initial_indent=indent, subsequent_indent=indent + further, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join(lines)


def moment(seconds):
    """A place in a sound as text: "0:03.2" or "1:02:03.4"."""
    minutes, tenths = divmod(round(10 * max(0, seconds)), 600)
    hours, rest = divmod(minutes, 60)
    return f"{f'{hours}:{rest:02}' if hours else rest}:{tenths // 10:02}.{tenths % 10}"


def whole_minute(moment):
    """The next whole minute."""
    return datetime.fromtimestamp(60 * math.ceil(round(moment.timestamp(), 3) / 60))


def when(moment, now):
    """A local time in words, as seen from `now`: "17:04", "tomorrow at 03:10", "Friday at 03:10"."""
    text = f"{moment:%H:%M}"
    if moment.astimezone().tzname() == "UTC":  # usually a remote computer, whose clock is not the composer's
        text += " UTC"
    days = (moment.date() - now.date()).days
    if days == 0:
        return text
    day = "tomorrow" if days == 1 else f"{moment:%A}" if days < 7 else f"{moment.day} {moment:%B}"
    return f"{day} at {text}"


def print_any_name():
    """Make standard output and error print "?" for characters they cannot encode (a name in another script).

    When redirected into a file, Windows can write 256 characters and the C locale 128; file names may hold any others,
    and even surrogates.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not a notebook's
            stream.reconfigure(errors="replace")


class LiveLine:
    """A line that is overwritten until `end`; in a file or a pipe, which cannot overwrite, a new line now and then.

    A stream that no longer accepts output, such as a closed pipe or a full disk, does not stop the work.

    Parameters
    ----------
    stream
        Where it goes; standard output if not given.
    """

    INTERVAL = 0.25  # seconds between redraws, so that slow front ends keep up
    LOGGED = 10  # seconds between lines of a log

    def __init__(self, stream=None):
        self._stream = stream or sys.stdout
        # A notebook's stream, which can rewrite a line, is not a file and has no `reconfigure`.
        self._logged = hasattr(self._stream, "reconfigure") and not self._stream.isatty()
        self._width = self._tenth = 0
        self._drawn = self._began = time.monotonic()
        self._what = None

    def _write(self, text, end):
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        text = harmless(text).encode(encoding, "replace").decode(encoding)  # see `print_any_name`
        with suppress(OSError):
            if self._logged:
                print(text, file=self._stream, flush=True)
            else:
                print("\r" + text.ljust(self._width), end=end, file=self._stream, flush=True)
        self._width = len(text) if not end and not self._logged else 0
        self._drawn = time.monotonic()

    @property
    def open(self):
        """Whether the current line has not been ended."""
        return self._width > 0

    def share(self, what, done, total, part=None):
        """Show `what`, how far it is (`done` of `total`) and the time left at the pace so far.

        `part` is the share of the work that is done, 0 .. 1, if the `total` pieces differ in size.
        """
        if what != self._what:
            self._what, self._began = what, time.monotonic()
            if not self._logged:
                self._drawn = 0.0
        spent = time.monotonic() - self._began
        part = done / total if part is None else part
        left = f", {clock(spent * (1 - part) / part)} left" if part and spent > 2 else ""
        self.text(f"{what}: {done} of {total}{left}", part)

    def text(self, text, part=None):
        """Show `text` in place of the current line, at most four times a second.

        `part` is the share of the work that is done, 0 .. 1, if known: a log gets a line for each tenth.
        """
        waited = time.monotonic() - self._drawn
        if not self._logged and waited >= self.INTERVAL:
            self._write(text, end="")
        tenth = None if part is None else int(10 * part)
        if self._logged and waited >= self.LOGGED and tenth not in (0, self._tenth):
            self._tenth = tenth
            self._write(text, end="")

    def end(self, text):
        """Show `text` permanently and go to the next line."""
        self._write(text, end="\n")
