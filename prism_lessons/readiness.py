"""Whether a computer is ready for a class: what `prism-lessons check` tries the day before, and the page it ends in.

What needs TensorFlow or a notebook's libraries runs in processes of its own, so that a library that takes its process
down is a line of the page, like any other fault. Nothing here needs a network.
"""

import io
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from .errors import CourseError, in_short
from .files import write_error
from .live import LiveLine, counted, size

LESSON_BYTES = 2.1 * 2**30  # the most memory that a lesson took: docs/benchmarks.md
FREE_BYTES = 1e9  # for what a class makes: with the libraries, the 4 GB of docs/teaching/rooms.md
PATIENCE = 300  # seconds, for each process
SAMPLE_RATE, NOTES = 16000, (262, 330, 392)  # Hz; C, E and G
NOTE_SECONDS = 0.6
RECORDINGS, RECORDING_SECONDS = 3, 4.0  # to train on: together more than the least that a corpus needs
# As small as it gets: without predictors and book, whose code takes longest to compile.
TINY = {"frame_sizes": [4, 16], "dim": 16, "predictors": [], "book": 0, "clip_seconds": 0.1}
NOTEBOOKS = ("jupyterlab", "ipykernel", "ipywidgets", "matplotlib.pyplot")
SET_UP_AGAIN = 'set the course up again, as "Get the course" in its documentation says'


@dataclass(frozen=True)
class Line:
    """One thing that was tried: its name, whether it went well, and what was found or what to do, in one sentence."""

    name: str
    ready: bool
    sentence: str

    @property
    def how(self):
        """How it went: "ready" or "not ready"."""
        return "ready" if self.ready else "not ready"

    def __str__(self):
        return f"{self.name}: {self.how}. {self.sentence}"


@dataclass(frozen=True)
class Readiness:
    """The `lines` of a check, in the order they were made."""

    lines: tuple[Line, ...]

    @property
    def ready(self):
        """Whether all went well."""
        return all(line.ready for line in self.lines)

    @property
    def verdict(self):
        """The result, one sentence."""
        if self.ready:
            return "This computer is ready."
        wrong = " and ".join(line.name for line in self.lines if not line.ready)
        return f"This computer is not ready: follow the advice on {wrong}, and check again."

    def __str__(self):
        return "\n".join([*map(str, self.lines), self.verdict])

    def as_dict(self):
        """Plain values for JSON."""
        return {"ready": self.ready, "checks": [asdict(line) for line in self.lines]}


def check_computer(find_lessons, live):
    """Try all that a class needs.

    Parameters
    ----------
    find_lessons
        A function that returns the folder of the lessons, or raises a `CourseError`.
    live
        The `LiveLine` to report progress on.

    Returns
    -------
    Readiness
    """
    with tempfile.TemporaryDirectory(prefix="prism-lessons-", ignore_cleanup_errors=True) as folder:
        checks = {
            "versions": _check_versions,
            "lessons": lambda: _check_lessons(find_lessons()),
            "memory": _check_memory,
            "M4A": lambda: _check_m4a(Path(folder) / "memo.m4a"),
            "JupyterLab": _check_notebooks,
            "training": lambda: _check_training(Path(folder)),
        }
        lines = []
        for number, (name, check) in enumerate(checks.items(), start=1):
            live.share(f"Checking {name}", number, len(checks))
            lines.append(_tried(name, check))
    live.end("Checked.")
    return Readiness(tuple(lines))


def readiness_page(result):
    """A `Readiness` as a page, an HTML document, with three notes by which somebody checks the sound."""
    from .pages import WAV, player, render, sound_url

    notes = three_notes()
    now = datetime.now()
    return render(
        "readiness.html",
        title="Is this computer ready?",
        result=result,
        rows=[(line.name, line) for line in result.lines],
        about=f"{platform.node()}, {platform.platform(terse=True)}; {now.day} {now:%B %Y, %H:%M}",
        sound=player(notes.name, notes.levels, sound_url(notes, WAV)),
    )


def three_notes():
    """Three struck notes, each higher than the one before, as a `Clip`."""
    import numpy as np

    from .audio import Clip

    moments = np.arange(round(NOTE_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    # They begin and end softly enough not to click.
    loudness = 0.25 * np.exp(-moments) * np.minimum(1, np.minimum(moments, NOTE_SECONDS - moments) / 0.01)
    angles = 2 * np.pi * moments * np.reshape(NOTES, (-1, 1))
    notes = loudness * sum(np.sin(partial * angles) / partial**2 for partial in range(1, 5))
    return Clip(notes.ravel().astype(np.float32), SAMPLE_RATE, "three notes")


def _tried(name, check):
    try:
        return Line(name, True, check())
    except CourseError as error:
        return Line(name, False, str(error))
    except Exception as error:  # a broken installation may raise anything
        return Line(name, False, f"It failed ({in_short(error)}): {SET_UP_AGAIN}.")


def versions():
    """The libraries that the course needs, as rows (name, version found or None, version needed, whether it fits)."""
    rows, brought = [], packages_distributions()
    for line in requires("prism-lessons"):
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        # The package that provides TensorFlow may be tensorflow-cpu.
        brought_by = brought.get(requirement.name, [requirement.name])[0]
        try:
            found = version(brought_by)
        except PackageNotFoundError:
            found = None
        fits = found is not None and requirement.specifier.contains(found, prereleases=True)
        rows.append((requirement.name, found, str(requirement.specifier).replace(">=", "") + " or newer", fits))
    return sorted(rows)


def _check_versions():
    rows = versions()
    if wrong := [f"{name} {needed}, not {found or 'none'}" for name, found, needed, fits in rows if not fits]:
        raise CourseError(f"The course needs {', '.join(wrong)}: {SET_UP_AGAIN}.")
    found = {name: number for name, number, _, _ in rows}
    return (
        f"Python {platform.python_version()}, TensorFlow {found['tensorflow']}, Keras {found['keras']}, and version "
        f"{version('prism-lessons')} of the course."
    )


def _check_lessons(folder):
    if not (folder.parent / "datasets_examples").is_dir():
        raise CourseError(f'The example sounds are not beside "{folder}": unpack the whole zip of the course.')
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise write_error(folder, error) from error
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        raise CourseError(f'There are {size(free)} free for "{folder}": make room for {size(FREE_BYTES)}.')
    return f'They lie in "{folder}", files can be written there, and {size(free)} are free.'


def _check_memory():
    free = psutil.virtual_memory().available
    if free < LESSON_BYTES:
        raise CourseError(f"{size(free)} are free, and a lesson takes {size(LESSON_BYTES)}: close other programs.")
    return f"{size(free)} are free; a lesson takes {size(LESSON_BYTES)} at most."


def _check_m4a(path):
    """Write a recording as a phone does, and read it."""
    import av

    from .audio import load

    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(three_notes().samples[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    load(path)
    return "A recording as phones make them can be read."


def _check_notebooks():
    seconds = _run("-c", f"import {', '.join(NOTEBOOKS)}")
    return f"It is there, with all that a lesson shows, and loads in {seconds:.0f} s."


def _check_training(folder):
    import numpy as np

    from .audio import Clip
    from .corpus import curate

    breath = np.random.default_rng(0)
    for number in range(RECORDINGS):
        samples = 0.1 * breath.standard_normal(round(RECORDING_SECONDS * SAMPLE_RATE), np.float32)
        Clip(samples, SAMPLE_RATE).save(folder / "recordings" / f"breath {number}.wav")
    corpus, run, takes = (str(folder / name) for name in ("corpus", "run", "takes"))
    curate(folder / "recordings", corpus, live=LiveLine(io.StringIO()))  # its own progress would be too much here
    tiny = [f"--set={name}={json.dumps(value)}" for name, value in TINY.items()]
    trained = _run("-m", "prism_lessons.cli", "train", corpus, run, "--epochs", "1", *tiny)
    played = _run("-m", "prism_lessons.cli", "generate", run, "--out", takes, "--seconds", "1", "--voices", "1")
    return (
        f"A model was trained on noise in {trained:.0f} s, and played one second of sound in {played:.0f} s, "
        "loading included."
    )


def _run(*words):
    """Run Python with some words; returns the seconds it took."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CourseError(
            f"It took longer than {counted(PATIENCE, 'second')}: close other programs, and check again."
        ) from None
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2]
        if said.startswith("prism-lessons: "):
            raise CourseError(said.removeprefix("prism-lessons: "))
        raise CourseError(
            f"Python ended with status {done.returncode}{f' ({in_short(said)})' if said else ''}: {SET_UP_AGAIN}; if "
            "that does not help, use another computer."
        )
    return time.monotonic() - began
