"""What is in a folder: every file, what it is, and why it cannot be used if it cannot."""

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from ..analysis import FileCache, code_version
from ..audio import AudioError, Recording, TransientError, check_sample_rate
from ..checks import a_live_line, a_path, checked, optional
from ..errors import CourseError
from ..live import LiveLine, clock, counted, some, wrapped
from .doctor import KINDS, USUAL_RATE, Finding, examine, finding_in_words, findings_at_rate, kept_channel
from .folder import list_files, refuse_by_name, refuse_by_place, refuse_by_sound, shown_name

LONGEST_NAME = 36  # characters; leaves room for the figures of a file
MANY = 1000  # files: starting processes takes as long as surveying some hundreds of short ones
BRIEF = 2**20  # bytes of a short file
AT_ONCE = 250  # short files between two reports of progress


@dataclass(frozen=True)
class SurveyedFile:
    """One file of a survey.

    `reason` is empty for a usable file; `passing` is true where it is due to the disk, the network or a permission, so
    that the file is read again next time. Figures are None where the file could not be opened. Levels are in dBFS, of
    the mono mix; `lufs` is its loudness (ITU-R BS.1770), None where it is too short or too soft for that; `silence` is
    the share, 0 .. 1, of 20 ms stretches below -60 dBFS. `findings` are the doctor's.
    """

    name: str
    reason: str = ""
    format: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    seconds: float | None = None
    peak_dbfs: float | None = None
    rms_dbfs: float | None = None
    lufs: float | None = None
    silence: float | None = None
    findings: tuple[Finding, ...] = ()
    passing: bool = False

    @property
    def usable(self):
        return not self.reason

    @property
    def severity(self):
        """The severity of the worst finding, 0 .. 3."""
        return max((finding.severity for finding in self.findings), default=0)


@dataclass(frozen=True)
class Survey:
    """The files of a folder, in name order, usable or not."""

    source: str
    files: tuple[SurveyedFile, ...]

    def __getitem__(self, name):
        """The `SurveyedFile` of that name.

        Raises
        ------
        CourseError
            When there is none.
        """
        for file in self.files:
            if file.name == name:
                return file
        raise CourseError(f'There is no "{name}" in "{self.source}": take a name as the survey writes it.')

    @property
    def root(self):
        """The folder that names are relative to."""
        source = Path(self.source)
        return source if source.is_dir() else source.parent

    @property
    def paths(self):
        """The paths of the files, {name: path}; in names, characters that are not text are replaced.

        Raises
        ------
        CourseError
            When the folder is no longer there.
        """
        there = {shown_name(path, self.root): path for path in list_files(self.source)}
        return {file.name: there.get(file.name, self.root / file.name) for file in self.files}

    @property
    def usable(self):
        return [file for file in self.files if file.usable]

    @property
    def seconds(self):
        """Usable sound in seconds."""
        return sum(file.seconds for file in self.usable)

    @property
    def counts(self):
        """How many usable files have each kind of fault, {title: files}, in the order of `KINDS`."""
        found = Counter(finding.kind for file in self.usable for finding in file.findings)
        return {kind.title: found[key] for key, kind in KINDS.items() if found[key]}

    @property
    def summary(self):
        """How many files can be used, and which cannot and why; plain text."""
        count, usable, reasons = len(self.files), len(self.usable), {}
        for file in self.files:
            if not file.usable:
                reasons.setdefault(file.reason, []).append(file.name)
        is_ = "is" if count == 1 else "are"
        sound = f"{usable} can be used: {clock(self.seconds)} of sound" if usable else "none can be used"
        lines = [f"{counted(count, 'file')} {is_} in {self.source}, of which {sound}."]
        if reasons:
            lines.append(f"{count - usable} cannot be used:")
            lines += [wrapped(f"{some(names)}: {reason}", "  ") for reason, names in reasons.items()]
        return "\n".join(lines)

    def as_dict(self):
        """Plain values for JSON."""
        return {"source": self.source, "seconds": round(self.seconds, 3), "files": [asdict(f) for f in self.files]}

    def __str__(self):
        width = min(LONGEST_NAME, max(len(file.name) for file in self.files))
        lines = [f"{'file':{width}}     rate  ch   seconds   peak    rms   LUFS  silence"]
        for file in self.files:
            if file.usable:
                lufs = "    -" if file.lufs is None else f"{file.lufs:5.1f}"
                if len(file.name) > width:
                    lines.append(file.name)
                name = file.name if len(file.name) <= width else ""
                lines.append(
                    f"{name:{width}}  {file.sample_rate:7d}  {file.channels:2d}  {file.seconds:8.2f}  "
                    f"{file.peak_dbfs:z5.1f}  {file.rms_dbfs:z5.1f}  {lufs}  {file.silence:6.0%}"
                )
            else:
                lines.append(wrapped(f"{file.name}: cannot be used: {file.reason}", further="        "))
            lines += [wrapped(finding_in_words(finding), "    ") for finding in file.findings]
        lines.append(
            f"{len(self.usable)} of {len(self.files)} files can be used, {self.seconds / 60:.1f} minutes of sound."
        )
        if self.counts:
            found = ", ".join(f"{title} ({count})" for title, count in self.counts.items())
            lines.append(wrapped(f"Found, with the number of files: {found}.", further=""))
        return "\n".join(lines)


@checked(source=a_path, live=optional(a_live_line))
def survey(source, live=None, sample_rate=USUAL_RATE):
    """Look at every file in a folder of recordings, without changing anything.

    Findings are kept in the user's cache, so that unchanged files are not read again. An interrupted survey keeps those
    it has made.

    Parameters
    ----------
    source : str or Path
        A folder (with its subfolders) or one sound file.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.
    sample_rate : int
        Hz, 2000 .. 192000, of the intended corpus: missing frequencies above half of it are no fault.

    Returns
    -------
    Survey
        Print it for a table; `files` and `as_dict()` hold the same for programs. Unusable files are listed with the
        reason.

    Raises
    ------
    CourseError
        When there is no such folder, or nothing in it.

    See Also
    --------
    curate : Prepares the usable files as a corpus.
    Choices : Mends, cuts or leaves out what the survey found.

    Examples
    --------
    >>> found = pl.survey("recordings")
    >>> print(found.summary)
    3 files are in recordings, of which 3 can be used: 0:20 of sound.
    >>> [(file.name, file.sample_rate, len(file.findings)) for file in found.usable]
    [('bells.flac', 16000, 0), ('chimes.flac', 16000, 0), ('gong.flac', 16000, 0)]
    """
    live, sample_rate = live or LiveLine(), check_sample_rate(sample_rate)
    paths = list_files(source)
    root = Path(source) if Path(source).is_dir() else Path(source).parent
    cache = survey_cache(root)
    try:
        files = [_from_dict(cache.get(path)) for path in paths]
        new = [number for number, file in enumerate(files) if file is None]
        for number, file in zip(new, _survey_all([paths[number] for number in new], root, live), strict=True):
            files[number] = file
            if not file.passing:
                cache.put(paths[number], asdict(file))
    finally:
        cache.save()
    live.end(f"Surveyed {len(paths)} files.")
    return Survey(str(source), tuple(_at_rate(file, sample_rate) for file in files))


def _at_rate(file, sample_rate):
    """A `SurveyedFile` with its findings for a corpus at `sample_rate`; cached ones are for the file's own rate."""
    if file.sample_rate is None:
        return file
    return replace(file, findings=tuple(findings_at_rate(file.findings, file.sample_rate, sample_rate)))


def survey_cache(root):
    """The cached results of earlier surveys of a folder, as `FileCache`."""
    here = Path(__file__).parent
    rooms = (path for room in (here.parent / "audio", here / "doctor") for path in sorted(room.glob("*.py")))
    shared = (here.parent / "analysis" / name for name in ("blocks.py", "loudness.py"))
    return FileCache(root, "surveys", code_version(here / "survey.py", here / "folder.py", *shared, *rooms))


def cached_survey(path, root, cache):
    """The `SurveyedFile` of one file below `root`: from `cache` if unchanged since, otherwise read and put there."""
    file = _from_dict(cache.get(path))
    if file is None:
        file = _survey_file(path, root)
        if not file.passing:
            cache.put(path, asdict(file))
    return file


def _from_dict(values):
    """The `SurveyedFile` of the values that `asdict` gave, read from JSON; None where they are missing or damaged."""
    try:
        findings = [Finding(**one | {"places": tuple(map(tuple, one["places"]))}) for one in values["findings"]]
        return SurveyedFile(**values | {"findings": tuple(findings)})
    except (TypeError, KeyError):
        return None


def _survey_all(paths, root, live):
    """Yield the `SurveyedFile` of each path, in order; files are read in parallel."""
    sizes = [path.stat().st_size if path.is_file() else 0 for path in paths]
    if len(paths) >= MANY and np.mean(sizes) < BRIEF:
        yield from _in_processes(paths, root, live)
    else:
        yield from _in_threads(paths, sizes, root, live)


def _in_processes(paths, root, live):
    """For many short files: most of their time is spent in Python itself, where threads would wait for each other."""
    with Parallel(n_jobs=-1) as processes:
        for done in range(0, len(paths), AT_ONCE):
            live.share("Surveying files", done, len(paths))
            yield from processes(delayed(_survey_file)(path, root) for path in paths[done : done + AT_ONCE])


def _in_threads(paths, sizes, root, live):
    """For all others: NumPy lets threads run, and a long file reports its progress."""
    parts, stop = np.zeros(len(paths)), threading.Event()

    def look(number):
        def step(part):
            parts[number] = part
            if stop.is_set():
                raise InterruptedError

        file = _survey_file(paths[number], root, step)
        parts[number] = 1
        return file

    # BLAS threads within these would wait for each other: twice the processor time, for small products.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(look, number) for number in range(len(paths))]
        try:
            for done, future in enumerate(waiting):
                while not wait([future], LiveLine.INTERVAL).done:
                    live.share("Surveying files", done, len(paths), np.dot(parts, sizes) / max(1, sum(sizes)))
                yield future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _survey_file(path, root, step=lambda part: None):
    """Survey one file; `step(part)` is called with its progress, 0 .. 1, and may raise to stop it."""
    name, facts = shown_name(path, root), {}
    try:
        refuse_by_name(path)
        refuse_by_place(path, root)
        with Recording(path) as recording:
            facts = {
                "format": recording.format,
                "sample_rate": recording.sample_rate,
                "channels": recording.channels,
            }
            examined = examine(recording, step)
        levels = examined.levels
        facts |= {
            "seconds": round(levels.seconds, 3),
            "peak_dbfs": levels.peak_dbfs,
            "rms_dbfs": levels.rms_dbfs,
            "lufs": examined.lufs,
            "silence": round(levels.silence, 3),
            "findings": tuple(examined.findings),
        }
        if kept_channel(examined.findings) is None:  # otherwise its mix may be silent, though its sound is not
            refuse_by_sound(levels)
    except AudioError as error:
        return SurveyedFile(name, str(error), **facts, passing=isinstance(error, TransientError))
    return SurveyedFile(name, **facts)
