"""Writing so that nothing is lost: temporary names, renames, digests, and paths that stay inside their folder."""

import errno
import hashlib
import heapq
import itertools
import json
import os
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import filelock
from platformdirs import user_cache_path

from .errors import Busy, CourseError

MOST_DEEP = 200  # nested objects: the record of a model's start contains that model's own, and so on
# For text in JSON files. A name may hold surrogates, which UTF-8 cannot encode; the backslash escape is JSON's own.
UTF_8 = {"encoding": "utf-8", "errors": "backslashreplace"}


@contextmanager
def exclusive_lock(lock, busy):
    """Lock a folder against all others while working there.

    Parameters
    ----------
    lock
        The path of the lock file; its folder is made if missing.
    busy
        The error message if the lock is held: a sentence.

    Raises
    ------
    Busy
        When somebody else holds the lock.
    CourseError
        When the folder cannot be written.
    """
    lock = Path(lock)
    file_lock = filelock.FileLock(lock, timeout=0)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file_lock.acquire()
    except filelock.Timeout:
        raise Busy(busy) from None
    except OSError as error:
        raise write_error(lock.parent, error) from error
    try:
        yield
    finally:
        file_lock.release()


def lock_for(path):
    """The path of a lock for a file or folder. It is in the user's cache, so that nobody copies or packs it."""
    return user_cache_path("prism-lessons") / "locks" / f"{digest(os.fsencode(os.path.realpath(path)))}.lock"


@contextmanager
def locked(path):
    """Lock the file `path`, so that programs change it one at a time; each waits for its turn.

    Within one thread, locks may be nested. If no lock can be made, this goes on without one.

    Raises
    ------
    CourseError
        When another program has not finished within a minute.
    """
    lock = lock_for(path)
    file_lock = filelock.FileLock(lock, timeout=60, is_singleton=True)
    with ExitStack() as stack:
        with suppress(OSError, NotImplementedError):  # raised by file systems without locks
            lock.parent.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(file_lock.acquire(poll_interval=0.01))
            except filelock.Timeout:
                raise CourseError(f'Another program is writing "{path}": wait for it, and do the same again.') from None
        yield


@contextmanager
def atomic_write(path, wait=True):
    """Yield a temporary path beside `path`; the file written there is renamed to `path` only once it is complete.

    A crash at any moment leaves the old file or the new one, never half of one. The temporary name is always the same,
    so a killed program leaves at most one behind, and the next call overwrites it.

    Parameters
    ----------
    wait
        Whether to wait until it is on disk. To write thousands of files, wait once at the end with `sync_to_disk`.

    Raises
    ------
    CourseError
        When the disk is full or the folder cannot be written; the old file is still there.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        if wait:
            _on_disk(partial)
        os.replace(partial, path)
    except BaseException as error:
        with suppress(OSError):  # if nothing can be written, there is nothing to delete
            partial.unlink()
        if isinstance(error, OSError):
            raise write_error(path, error) from error
        raise


def sync_to_disk(paths):
    """Wait until files are on disk."""
    if hasattr(os, "sync"):  # all at once; Windows does it one by one
        os.sync()
    else:
        for path in paths:
            _on_disk(path)


def _on_disk(path):
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def check_there(path):
    """Raise a `CourseError` if a file of long work is gone, before a new folder is made in place of one that was
    renamed or moved meanwhile."""
    if not os.path.exists(path):
        raise CourseError(
            f'"{path}" is no longer there: if its folder was renamed or moved, do the same again under its new name, '
            "and it goes on from what was kept there last."
        )


def write_error(path, error):
    """A `CourseError` for an operating-system error while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CourseError(
            f'The disk is full, so "{path}" could not be written: free some space and do the same again; '
            "everything finished before is safe."
        )
    return CourseError(f'"{path}" could not be written ({error.strerror or error}): {_what_to_do(error)}.')


def read_error(path, what, error):
    """A `CourseError` for an operating-system error while reading `path`; `what` says what the file is."""
    advice = "check its name" if error.errno == errno.ENOENT else _what_to_do(error).replace("write to", "read")
    return CourseError(f'The {what} "{path}" cannot be read ({error.strerror or error}): {advice}.')


# Advice for errors, by their names; not every system has all of them.
REMEDIES = {
    "EACCES EPERM": "choose a folder that you may write to",
    "EIO EREMOTEIO ENODEV ENXIO ENOTCONN ETIMEDOUT ESTALE ECONNRESET ECONNABORTED EHOSTDOWN EHOSTUNREACH": (
        "check the disk, or the connection to it, and do the same again; everything finished before is safe"
    ),
    "EROFS": "choose a folder on another disk",
    "ENAMETOOLONG": "choose a shorter name",
    "EINVAL EILSEQ": "choose a name of letters, digits and spaces",
    "ENOTDIR EEXIST": "a file has the name of a folder on the way, so choose another folder",
    "EISDIR": "a folder has that name, so choose another one",
    "ENOENT": "check that its folder is still there",
    "ELOOP": "its links lead in a circle, so choose another folder",
    "EMFILE ENFILE": "close some programs or notebooks and do the same again",
    "EBUSY ETXTBSY": "close the program that uses it and do the same again",
}
OTHERWISE = "do the same again, or choose another folder"


def _what_to_do(error):
    if getattr(error, "winerror", None) in (32, 33):  # Windows reports a file in use as a permission error
        return REMEDIES["EBUSY ETXTBSY"]
    name = errno.errorcode.get(error.errno)
    return next((remedy for names, remedy in REMEDIES.items() if name in names.split()), OTHERWISE)


def output_path(path, ending):
    """The `Path` of an output file named by the user, checked so that it replaces no file of another kind.

    Raises
    ------
    CourseError
        When it is a folder, or does not end in `ending`, such as ".html".
    """
    path = Path(path)
    if os.path.isdir(path):
        raise CourseError(f'"{path}" is a folder: name a file that ends in {ending}.')
    if path.suffix.lower() != ending:
        raise CourseError(
            f'"{path}" should end in {ending}, so that no file of another kind is written over: name it '
            f'"{path.stem}{ending}".'
        )
    return path


def write_text(path, text):
    """Write text to `path`, atomically; characters that UTF-8 cannot encode, as in names on old disks, become "?"."""
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="replace")


def write_json(path, value):
    """Write `value` as JSON to `path`, atomically."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    with atomic_write(path) as partial:
        partial.write_text(text + "\n", **UTF_8)


def read_json(path, what):
    """Read the JSON object in `path`; `what` names it in the error when it cannot be read."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
        if depth(value) > MOST_DEEP:
            raise ValueError("it is nested too deeply")
    except FileNotFoundError:
        raise CourseError(f'There is no {what} in "{Path(path).parent}": {Path(path).name} is missing.') from None
    except OSError as error:
        raise read_error(path, what, error) from error
    except (ValueError, RecursionError) as error:
        raise CourseError(f'"{path}" cannot be read as the {what} it should be: {error}.') from error
    if not isinstance(value, dict):
        raise CourseError(f'"{path}" cannot be read as the {what} it should be: it holds no settings.')
    return value


def depth(value):
    """How deeply lists and dictionaries are nested."""
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)


def read_json_lines(path, what, take=lambda line: {**line}, growing=False, damaged=None):
    """Read a file of JSON objects, one on each line; an empty list if there is no such file.

    Parameters
    ----------
    what
        Names the file in the error.
    take
        Converts each object to a value; if it raises an error, the line counts as damaged.
    growing
        The file is one of `append_json_lines`: a last line without a line end that is not a complete object was cut
        off, and never counted as written. Text editors may omit that of a complete one.
    damaged
        A list to collect a `CourseError` for each damaged line, which is then left out; without it, the first is
        raised.

    Raises
    ------
    CourseError
        When the file cannot be read, or a line is damaged; the sentence names it.
    """
    values = []
    for number, line in enumerate(_lines_in(path, what, growing), start=1):
        try:
            values.append(take(json.loads(line)))
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
                CourseError) as error:  # fmt: skip
            fault = CourseError(
                f'Line {number} of the {what} "{path}" is damaged: mend it in a text editor or delete it.'
            )
            if damaged is None:
                raise fault from error
            damaged.append(fault)
    return values


def _lines_in(path, what, growing):
    """The lines of a file as bytes, see `read_json_lines`."""
    try:
        written = Path(path).read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise read_error(path, what, error) from error
    if growing and _was_cut_off(written[(end := written.rfind(b"\n") + 1) :]):
        written = written[:end]
    written = written.removesuffix(b"\n")
    return written.split(b"\n") if written else []


def write_json_lines(path, values):
    """Write JSON objects as lines to `path`, atomically."""
    with atomic_write(path) as partial:
        partial.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), **UTF_8)


def append_json_lines(path, values):
    """Append JSON objects as lines to `path`, and wait until they are on disk.

    Several programs may append at the same time without losing lines. A line that was cut off when a computer went
    down, and so never counted as written, is removed first; a complete one without a line end gets it.

    Raises
    ------
    CourseError
        When the disk is full or the file cannot be written.
    """
    path = Path(path)
    lines = "".join(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n" for value in values).encode(**UTF_8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path), open(path, "ab+") as file:
            end = whole = file.seek(0, os.SEEK_END)
            while whole and (file.seek(whole - 1), file.read(1))[1] != b"\n":
                whole -= 1
            if whole < end and _was_cut_off((file.seek(whole), file.read())[1]):
                file.truncate(whole)
            elif whole < end:
                whole, lines = end, b"\n" + lines
            try:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError:  # half a line would look like damage
                with suppress(OSError):
                    file.truncate(whole)
                raise
    except OSError as error:
        raise write_error(path, error) from error


def merge_json_lines(path, values):
    """Merge JSON objects from another file of `append_json_lines` into `path`, ordered by their "when".

    Objects that are there already are not added again. Existing lines stay as they are, in their order.

    Returns
    -------
    int
        How many were new.
    """
    with locked(path):
        lines = _lines_in(path, "file", growing=True)
        existing, new = Counter(map(_act_in, lines)), []
        for value in values:
            act = json.dumps(value, sort_keys=True)
            if existing[act]:
                existing[act] -= 1
            else:
                new.append(json.dumps(value, ensure_ascii=False).encode(**UTF_8))
        if new:
            with atomic_write(path) as partial:
                partial.write_bytes(b"".join(line + b"\n" for line in heapq.merge(lines, new, key=_when)))
    return len(new)


def _act_in(line):
    """A line's JSON in canonical form; the line itself if it is damaged."""
    try:
        return json.dumps(json.loads(line), sort_keys=True)
    except (ValueError, RecursionError):
        return line


def _when(line):
    try:
        return str(json.loads(line)["when"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""


def _was_cut_off(line):
    """Whether a last line without a line end is the start of an object, or the zeros that some disks leave of it."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return line[:1] in (b"{", b"\0")
    return False


def numbered(name, joint):
    """Yield a name, then the same with the suffix 2, 3 and so on."""
    yield name
    for count in itertools.count(2):
        yield f"{name}{joint}{count}"


def numbered_paths(path):
    """Yield a path, then the same with the suffix 2, 3 and so on: "Take.wav", "Take_2.wav"."""
    return (path.with_name(f"{name}{path.suffix}") for name in numbered(path.stem, "_"))


def free_path(path):
    """The first of the `numbered_paths` a path that does not exist."""
    return next(path for path in numbered_paths(path) if not os.path.lexists(path))


def inside(folder, name):
    """The path `folder/name`; refuses names that would lead out of `folder`.

    Names come from files that may be somebody else's, so they are not trusted.
    """
    path = Path(folder) / str(name)
    if not isinstance(name, str) or name == "" or not is_inside(folder, path):
        raise CourseError(f'"{folder}" names a file outside itself ("{name}"), so it is not opened.')
    return path


def is_inside(folder, path):
    """Whether a path is in a folder, after following links."""
    try:
        return Path(path).resolve().is_relative_to(Path(folder).resolve())
    except (OSError, RuntimeError, ValueError):  # circular links, names with a zero byte
        return False


def as_text(name):
    """The name of a file as text: characters that UTF-8 cannot encode, as on old disks, become "?"."""
    return name.encode("utf-8", "replace").decode()


def digest(*parts):
    """A short name for some content: 16 hexadecimal digits of the SHA-256 of `parts` (text, bytes or JSON values)."""
    sha = hashlib.sha256()
    for part in parts:
        if not isinstance(part, bytes):
            part = json.dumps(part, sort_keys=True, ensure_ascii=False).encode(**UTF_8)
        sha.update(len(part).to_bytes(8, "little") + part)
    return sha.hexdigest()[:16]
