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

from .errors import CourseError

MOST_DEEP = 200  # objects in each other: what a model began with, which has begun with another ...
# Of text in files of JSON. A name may hold what is no text and UTF-8 cannot write; its backslash is JSON's own.
UTF_8 = {"encoding": "utf-8", "errors": "backslashreplace"}


@contextmanager
def alone(lock, busy):
    """Keep all others out of a folder while one works there.

    Parameters
    ----------
    lock
        The path of the lock's file; its folder is made if it is not there.
    busy
        What is said to those who come too late: a sentence.

    Raises
    ------
    CourseError
        When somebody else holds the lock, or the folder cannot be written.
    """
    lock = Path(lock)
    held = filelock.FileLock(lock, timeout=0)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    except filelock.Timeout:
        raise CourseError(busy) from None
    except OSError as error:
        raise unwritable(lock.parent, error) from error
    try:
        yield
    finally:
        held.release()


def lock_for(path):
    """The path of a lock for a file or folder. It lies in the user's cache, so that nobody copies or packs it."""
    return user_cache_path("prism-lessons") / "locks" / f"{digest(os.fsencode(os.path.realpath(path)))}.lock"


@contextmanager
def in_turn(path):
    """Let programs that change the file `path` do so one after the other; each waits for its turn.

    Within one thread, turns may lie in each other. Where no lock can be made, this one goes on without.

    Raises
    ------
    CourseError
        When another program has not finished within a minute.
    """
    lock = lock_for(path)
    turn = filelock.FileLock(lock, timeout=60, is_singleton=True)
    with ExitStack() as held:
        with suppress(OSError, NotImplementedError):  # what a file system says that knows no locks
            lock.parent.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(turn.acquire(poll_interval=0.01))
            except filelock.Timeout:
                raise CourseError(f'Another program is writing "{path}": wait for it, and do the same again.') from None
        yield


@contextmanager
def replacing(path, wait=True):
    """Give a temporary path beside `path`; what is written there takes the name `path` only once it is whole.

    A crash at any moment leaves the old file or the new one, never half of one. The temporary name is always the
    same, so that a killed program leaves at most one behind and the next call writes over it.

    Parameters
    ----------
    wait
        Until the disk has it. Who writes thousands of files waits for all of them at the end, with `all_on_disk`.

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
        with suppress(OSError):  # where nothing can be written, nothing was
            partial.unlink()
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise


def all_on_disk(paths):
    """Wait until the disk has some files."""
    if hasattr(os, "sync"):  # at once; Windows takes them one by one
        os.sync()
    else:
        for path in paths:
            _on_disk(path)


def _on_disk(path):
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def check_there(path):
    """Raise a `CourseError` where a file of long work is gone, before a folder is made anew in place of one that was
    renamed or moved meanwhile."""
    if not os.path.exists(path):
        raise CourseError(
            f'"{path}" is no longer there: if its folder was renamed or moved, do the same again under its new name, '
            "and it goes on from what was kept there last."
        )


def unwritable(path, error):
    """The sentence for an operating-system error met while writing `path`, as a `CourseError`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CourseError(
            f'The disk is full, so "{path}" could not be written: free some space and do the same again; '
            "everything finished before is safe."
        )
    return CourseError(f'"{path}" could not be written ({error.strerror or error}): {_what_to_do(error)}.')


def unreadable(path, what, error):
    """The sentence for an operating-system error met while reading `path`, `what` it is, as a `CourseError`."""
    said = "check its name" if error.errno == errno.ENOENT else _what_to_do(error).replace("write to", "read")
    return CourseError(f'The {what} "{path}" cannot be read ({error.strerror or error}): {said}.')


# What can be done about an error, by its names; a system need not know all of them.
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
    if getattr(error, "winerror", None) in (32, 33):  # Windows calls a file that is in use one without permission
        return REMEDIES["EBUSY ETXTBSY"]
    name = errno.errorcode.get(error.errno)
    return next((remedy for names, remedy in REMEDIES.items() if name in names.split()), OTHERWISE)


def to_write(path, ending):
    """The `Path` of a file that somebody has named to be written: of the right kind, so that it replaces no other.

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
    """Write text under `path`, whole or not at all; what is none in it, as in names of old disks, becomes "?"."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="replace")


def write_json(path, value):
    """Write `value` as JSON under `path`, whole or not at all."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    with replacing(path) as partial:
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
        raise unreadable(path, what, error) from error
    except (ValueError, RecursionError) as error:
        raise CourseError(f'"{path}" cannot be read as the {what} it should be: {error}.') from error
    if not isinstance(value, dict):
        raise CourseError(f'"{path}" cannot be read as the {what} it should be: it holds no settings.')
    return value


def depth(value):
    """How many lists and dictionaries lie in each other."""
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)


def read_lines(path, what, take=lambda line: {**line}, growing=False, damaged=None):
    """Read a file of JSON objects, one in each line; an empty list where there is no such file.

    Parameters
    ----------
    what
        Names the file in the error.
    take
        Makes a value of each object; whatever it refuses is a damaged line.
    growing
        The file is one of `append_lines`: a last line without an end that is no whole object was cut off, and never
        counted as written. Text editors may leave the end of a whole one out.
    damaged
        A list that takes a `CourseError` for each damaged line, which is then left out; without one the first is
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
    """The lines of a file as bytes, see `read_lines`."""
    try:
        written = Path(path).read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(path, what, error) from error
    if growing and _was_cut_off(written[(end := written.rfind(b"\n") + 1) :]):
        written = written[:end]
    written = written.removesuffix(b"\n")
    return written.split(b"\n") if written else []


def write_lines(path, values):
    """Write JSON objects as lines under `path`, whole or not at all."""
    with replacing(path) as partial:
        partial.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), **UTF_8)


def append_lines(path, values):
    """Add JSON objects as lines to the end of `path`, and wait until the disk has them; what is there stays.

    Of programs that add lines at the same time, none loses one. A line that was cut off when a computer went down, so
    that it never counted as written, is removed first; one that only lacks its end is given it.

    Raises
    ------
    CourseError
        When the disk is full or the file cannot be written.
    """
    path = Path(path)
    lines = "".join(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n" for value in values).encode(**UTF_8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with in_turn(path), open(path, "ab+") as file:
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
            except OSError:  # half a line would be taken for damage
                with suppress(OSError):
                    file.truncate(whole)
                raise
    except OSError as error:
        raise unwritable(path, error) from error


def merge_lines(path, values):
    """Put the acts of another file of `append_lines` among those of `path`, each JSON object by its "when".

    An act that is there already stays as it is, and is not put there again. Those that are there keep their order.

    Returns
    -------
    int
        How many were new.
    """
    with in_turn(path):
        lines = _lines_in(path, "file", growing=True)
        there, new = Counter(map(_act_in, lines)), []
        for value in values:
            act = json.dumps(value, sort_keys=True)
            if there[act]:
                there[act] -= 1
            else:
                new.append(json.dumps(value, ensure_ascii=False).encode(**UTF_8))
        if new:
            with replacing(path) as partial:
                partial.write_bytes(b"".join(line + b"\n" for line in heapq.merge(lines, new, key=_when)))
    return len(new)


def _act_in(line):
    """What a line says, however it is written; the line itself where it is damaged."""
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
    """Whether a last line without an end is the beginning of an object, or the zeros that some disks leave of one."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return line[:1] in (b"{", b"\0")
    return False


def numbered(name, joint):
    """Yield a name, then the same with 2, 3 and so on behind it."""
    yield name
    for count in itertools.count(2):
        yield f"{name}{joint}{count}"


def names_for(path):
    """Yield a path, then the same with 2, 3 and so on behind the name of its file: "Take.wav", "Take_2.wav"."""
    return (path.with_name(f"{name}{path.suffix}") for name in numbered(path.stem, "_"))


def free(path):
    """The first of the `names_for` a path under which nothing lies."""
    return next(path for path in names_for(path) if not os.path.lexists(path))


def inside(folder, name):
    """The path `folder/name`, refusing any name that would lead out of `folder`.

    Names come from files that somebody else may have made, so they are not trusted.
    """
    path = Path(folder) / str(name)
    if not isinstance(name, str) or name == "" or not is_inside(folder, path):
        raise CourseError(f'"{folder}" names a file outside itself ("{name}"), so it is not opened.')
    return path


def is_inside(folder, path):
    """Whether a path lies in a folder, wherever links lead."""
    try:
        return Path(path).resolve().is_relative_to(Path(folder).resolve())
    except (OSError, RuntimeError, ValueError):  # links that go round in circles, names with a zero byte
        return False


def as_text(name):
    """The name of a file as text: what is none and UTF-8 cannot write, as on old disks, becomes a question mark."""
    return name.encode("utf-8", "replace").decode()


def digest(*parts):
    """A short name for some content: 16 hexadecimal digits of the SHA-256 of `parts` (text, bytes or JSON values)."""
    sha = hashlib.sha256()
    for part in parts:
        if not isinstance(part, bytes):
            part = json.dumps(part, sort_keys=True, ensure_ascii=False).encode(**UTF_8)
        sha.update(len(part).to_bytes(8, "little") + part)
    return sha.hexdigest()[:16]
