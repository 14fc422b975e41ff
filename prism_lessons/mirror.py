"""A copy of a run in a second folder that may be gone, full or unresponsive at any time, such as one on Google Drive.

A training writes into a folder on a local disk. A `Mirror` copies new files to the second folder in the background, so
the training never waits for it. `bring_back` copies the other way, on a computer that has only the copy, or an older
state of the run. People may listen to either, so stars and notes are merged both ways.
"""

import errno
import hashlib
import json
import os
import threading
import time
import zipfile
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path

from .errors import CourseError
from .file_format import ABOUT
from .files import locked
from .live import LiveLine
from .run import (
    CARD,
    CHECKPOINT,
    EVENTS,
    LOCK,
    LOG,
    MERGING,
    MID_EPOCH,
    SETTINGS,
    START,
    Run,
    is_beginning,
    opened,
)  # fmt: skip

PATIENCE = 60.0  # seconds without a byte after which a folder counts as unresponsive
BLOCK = 2**20  # bytes read and written at once
# The order of copying; "" stands for all other files. The copy is a run as soon as it has settings; by then it has the
# model it began with, and its checkpoint is never ahead of its log, so training can go on with it wherever copying was
# cut off.
COPYING = (CARD, START, SETTINGS, "", EVENTS, LOG, CHECKPOINT, MID_EPOCH)
# A folder without settings is not a run, and one with a shorter log is behind, so a run that was only partly brought
# back is completed the next time, and never trained on.
BRINGING = ("", EVENTS, CHECKPOINT, MID_EPOCH, LOG, SETTINGS)


class Mirror:
    """Keeps a copy of a run up to date, in one background thread.

    Parameters
    ----------
    run
        The folder of the run.
    copy
        The folder of the copy, made if missing. Its parent must exist: a folder made in place of a missing Drive would
        look like a copy on it.

    Raises
    ------
    CourseError
        When there is no run in `run`, or when `copy` holds another run, something else, or more of this run than `run`
        does (see `bring_back`).
    """

    def __init__(self, run, copy):
        self.run, self.copy = Path(run), Path(copy)
        Run(self.run)
        ours, theirs = Path(os.path.abspath(run)), Path(os.path.abspath(copy))  # without disk access, which might hang
        if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
            raise CourseError(f'"{copy}" and "{run}" lie in each other: name another folder for the copy.')
        self._verified = False  # whether the copy has been verified to be of this run
        self._error, self._pause = None, ""
        self._copied = {}  # {name: the state of its file when it was copied}
        self._left = 0
        self._lock, self._thread, self._requested = threading.Lock(), None, False
        self._tried = threading.Event()
        self.wanted()
        self._tried.wait(PATIENCE)
        if self._error:
            raise self._error

    def wanted(self):
        """Request that new files be copied; returns at once."""
        with self._lock:
            self._requested = True
            if self._thread is None:
                self._note_progress()
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    @property
    def paused(self):
        """Why nothing can be copied at the moment, in one sentence, or "". `wanted` tries again."""
        if self._thread and time.monotonic() - self._last_progress > PATIENCE:
            return self._pause_because(f"it has not answered for {PATIENCE:g} seconds")
        return self._pause

    def finish(self, live=None, seconds=PATIENCE):
        """Copy new files and wait for them, with a live line that ends in one sentence, good or bad.

        Parameters
        ----------
        live
            A `LiveLine`; one on standard output if not given.
        seconds
            Timeout: how long to wait without any progress.
        """
        live = live or LiveLine()
        self.wanted()
        while (thread := self._thread) and time.monotonic() - self._last_progress < seconds:
            live.text(f'Copying to "{self.copy}", files to go: {self._left}')
            thread.join(0.05)
        if thread:
            self._pause = self._pause_because(f"it has not answered for {seconds:g} seconds")
        live.end(self._pause or f'The run is copied to "{self.copy}".')

    def _pause_because(self, why):
        return (
            f'"{self.copy}" cannot be reached or written ({why}), so copying waits; training does not wait for it, and '
            f'everything is in "{self.run}".'
        )

    def _work(self):
        while True:
            with self._lock:
                if not self._requested:
                    self._thread = None
                    return
                self._requested = False
            try:
                self._copy_new_files()
                self._error, self._pause = None, ""
            except CourseError as error:
                self._error, self._pause = error, str(error)
            except Exception as error:  # any error of the folder: it would end the thread without a message
                self._copied.clear()  # when the folder comes back, its contents may differ
                self._pause = self._pause_because(_reason(error))
            self._tried.set()

    def _copy_new_files(self):
        """Copy new files; then remove what the run has removed, except starred epochs."""
        with suppress(FileExistsError):
            self.copy.mkdir()
        if not self._verified:
            if _is_ahead(self.copy, self.run):
                raise CourseError(
                    f'The copy in "{self.copy}" holds more of this run than "{self.run}": bring it back first (in a '
                    "lesson, course.new_run does), or name another folder for the copy."
                )
            self._verified = True
        self._tried.set()
        if not (self.run / SETTINGS).exists():  # an empty folder must not empty the copy
            raise CourseError(f'There is no run in "{self.run}" any more, so its copy is left as it is.')
        with ExitStack() as stack:
            # Opened before anything is listed: an open file keeps its content when the training replaces it, so the
            # checkpoint is not ahead of the log. The training removes MID_EPOCH after writing CHECKPOINT; in this
            # order, if MID_EPOCH is gone, CHECKPOINT is the newer one.
            opened = ((name, _open_if_there(self.run / name)) for name in (MID_EPOCH, CHECKPOINT))
            held = {name: stack.enter_context(file) for name, file in opened if file}
            names = (_names(self.run) - {MID_EPOCH, CHECKPOINT}) | held.keys() | MERGING.keys()
            for done, name in enumerate(_in_order(names, COPYING)):
                self._left = len(names) - done
                with locked(self.copy / name) if name in MERGING else nullcontext():
                    if name in MERGING:
                        _merge(name, self.copy, self.run)
                    if file := held.get(name) or _open_if_there(self.run / name):
                        with file:
                            self._copy(file, name)
            run = Run(self.run)
            starred = {run.capsule_path(epoch).relative_to(self.run).as_posix() for epoch in run.starred}
            for name in sorted(_names(self.copy) - names - starred):
                if name == MID_EPOCH or (name.startswith("epochs/") and name.endswith(".capsule")):
                    (self.copy / name).unlink()
                    self._note_progress()

    def _copy(self, file, name):
        """Copy `file`, which is open, unless the copy is identical."""
        self._note_progress()
        status, target = os.fstat(file.fileno()), self.copy / name
        state = status.st_ino, status.st_size, status.st_mtime_ns
        same = _size(target) == status.st_size and (
            self._copied.get(name) == state or _sha(file, self._note_progress) == _sha_of(target, self._note_progress)
        )
        if not same:
            for folder in reversed(Path(name).parents[:-1]):
                (self.copy / folder).mkdir(exist_ok=True)
            file.seek(0)
            os.replace(_write_beside(file, target, self._note_progress), target)
        self._copied[name] = state

    def _note_progress(self):
        self._last_progress = time.monotonic()


def bring_back(copy, run, live=None):
    """Copy a run from its copy to its own folder, if that has no run, or an older state of it.

    If interrupted, call it again to go on. If the run is as far as its copy or further, only the copy's additional
    clips, stars and notes are merged; if there is no copy, nothing is done.

    Parameters
    ----------
    copy, run
        The folders.
    live
        A `LiveLine` to report on; one on standard output if not given.

    Raises
    ------
    CourseError
        When the copy cannot be read, or `run` cannot be written or holds another run. Its files are as they were.
    """
    live, copy, run = live or LiveLine(), Path(copy), Path(run)
    try:
        if copy.name not in os.listdir(copy.parent) or SETTINGS not in os.listdir(copy):
            return
        with locked(run / SETTINGS):  # two at once would remove each other's files
            ahead = not (run / SETTINGS).exists() or _is_ahead(copy, run)
            names = _names(copy) - MERGING.keys()
            if not ahead:
                names = {name for name in names if name.startswith("clips/") and not (run / name).exists()}
            partials = {}
            for done, name in enumerate(_in_order(names, BRINGING)):
                live.share(f'Bringing back "{run.name}", files', done, len(names))
                source, target = copy / name, run / name
                if not _alike(target, source):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    partials[name] = _partial(target)
                    if not _alike(partials[name], source):
                        with open(source, "rb") as file:
                            _write_beside(file, target)
                        status = source.stat()
                        os.utime(partials[name], ns=(status.st_atime_ns, status.st_mtime_ns))
            for name, partial in partials.items():  # only when all are complete, so that the run is old or new
                os.replace(partial, run / name)
            if ahead and MID_EPOCH not in names:
                (run / MID_EPOCH).unlink(missing_ok=True)
            for name in MERGING:
                _merge(name, copy, run)
    except OSError as error:
        raise CourseError(
            f'The run in "{copy}" cannot be brought back to "{run}" ({_reason(error)}): do the same again when that is '
            "mended; nothing is lost."
        ) from error
    if ahead:
        live.end(f'The run "{run.name}" was brought back from "{copy}".')


def _merge(name, copy, run):
    """Merge one of the copy's files of `MERGING` into the run's.

    Raises
    ------
    CourseError
        When the run's own file is damaged.
    OSError
        When one cannot be reached, read or written.
    """
    try:
        MERGING[name](run / name, copy / name)
    except CourseError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise


def belongs(name):
    """Whether a file of this name is part of a run, not a partial file or a lock."""
    return name != LOCK and not name.endswith(".partial")


def _is_ahead(copy, run):
    """Whether a copy holds more of a run than the run's own folder.

    Raises
    ------
    CourseError
        When it is a copy of something else.
    OSError
        When it cannot be reached or read.
    """
    there = [copy.name] if copy.is_file() else os.listdir(copy)
    if SETTINGS not in there:
        if all(is_beginning(copy / name) for name in there):
            return False
        raise CourseError(f'"{copy}" is not a copy of a run, so it is left alone: name a new folder.')
    (theirs, their_log), (ours, our_log) = _identity_and_log(copy), _identity_and_log(run)
    shorter, longer = sorted((our_log, their_log), key=_samples_trained)
    settled = [entry for entry in shorter if entry.whole]  # the others are replaced when their epoch goes on
    if theirs != ours or longer[: len(settled)] != settled:
        raise CourseError(f'"{copy}" holds another run than "{run}", so both are left alone: name a new folder.')
    return (_samples_trained(their_log), _seconds_trained(copy)) > (_samples_trained(our_log), _seconds_trained(run))


def _identity_and_log(folder):
    try:
        run = opened(folder)
        return run.identity, run.log
    except CourseError as error:
        if isinstance(error.__cause__, OSError):  # it may be readable later
            raise error.__cause__ from None
        raise


def _samples_trained(log):
    """Samples trained on by the end of a log."""
    return log[-1].samples if log else 0


def _seconds_trained(folder):
    """Seconds of training in the newest checkpoint of a run; 0 without a whole one."""
    return max(_seconds_in(folder / CHECKPOINT), _seconds_in(folder / MID_EPOCH))


def _seconds_in(path):
    try:  # only the description: the arrays may be large, and the folder slow
        with zipfile.ZipFile(path) as checkpoint:
            return float(json.loads(checkpoint.read(ABOUT))["about"]["seconds"])
    except (FileNotFoundError, zipfile.BadZipFile, KeyError, TypeError, ValueError):
        return 0.0


def _names(folder):
    """The files that belong to the run in a folder, as names relative to it."""

    def give_up(error):  # an incomplete list would look like a complete one
        raise error

    return {
        Path(place, name).relative_to(folder).as_posix()
        for place, _, names in os.walk(folder, onerror=give_up)
        for name in names
        if belongs(name)
    }


def _in_order(names, order):
    return sorted(names, key=lambda name: (order.index(name if name in order else ""), name))


def _open_if_there(path):
    """The open file; None if it does not exist, or no longer."""
    try:
        return open(path, "rb")
    except FileNotFoundError:
        return None


def _partial(target):
    """The temporary name beside `target` for its content until it is complete."""
    return target.with_name(target.name + ".partial")


def _write_beside(file, target, progress=lambda: None):
    """Write an open file beside `target`, and read it back; returns the path.

    Unlike `files.atomic_write`, it makes no folders: if a Drive is missing, they would be on the wrong disk.

    Raises
    ------
    OSError
        When it cannot be written, or reads differently; then nothing is left there.
    """
    partial, sha = _partial(target), hashlib.sha256()
    try:
        with open(partial, "wb") as written:
            while block := file.read(BLOCK):
                written.write(block)
                sha.update(block)
                progress()
            written.flush()
            os.fsync(written.fileno())
        if _sha_of(partial, progress) != sha.digest():
            raise OSError(f'what was written as "{target.name}" reads differently')
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    return partial


def _sha(file, progress):
    sha = hashlib.sha256()
    while block := file.read(BLOCK):
        sha.update(block)
        progress()
    return sha.digest()


def _sha_of(path, progress):
    with open(path, "rb") as file:
        return _sha(file, progress)


def _size(path):
    """Bytes of a file; None if there is none."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def _alike(path, other):
    """Whether a file exists and has the size and time of another."""
    ours, theirs = path.stat() if path.exists() else None, other.stat()
    return ours is not None and (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _reason(error):
    """An error in a few words."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "its disk is full: free some space"
    if number == errno.ENOENT:
        return f'"{error.filename}" is not there'
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
