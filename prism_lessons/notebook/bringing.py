"""Puts the files that a student brings where they belong; none is replaced without notice."""

import filecmp
import itertools
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from ..corpus import SETTINGS as CORPUS_SETTINGS
from ..errors import harmless
from ..files import free, inside, names_for, replacing
from ..generation import PERFORMANCE, merge_lists
from ..live import some, wrapped
from ..mirror import bring_back
from ..run import SETTINGS

ASIDE = "set_aside"  # the folder for files replaced by newer ones
TICK = 2.0  # seconds, the resolution of dates in a zip


def unpack(archive, folder):
    """Unpack a zip into a folder, refusing to write anywhere else; if two in it have the same name, both are kept.

    The files keep their modification dates.
    """
    targets = [(member, inside(folder, member.filename)) for member in archive.infolist() if not member.is_dir()]
    for member, target in targets:
        path = free(target)
        with replacing(path, wait=False) as partial, archive.open(member) as source, open(partial, "wb") as file:
            shutil.copyfileobj(source, file)
        with suppress(OSError, ValueError, OverflowError):  # an impossible date
            os.utime(path, (time.mktime((*member.date_time, 0, 0, -1)),) * 2)


def put(brought, path):
    """Move a file to `path` or, if another is there, beside it under a numbered name, and say so.

    Returns
    -------
    Path
        Where it is now.
    """
    place = next(place for place in names_for(path) if _fits(brought, place))
    _move(brought, place)
    if place != path:
        print(harmless(f'Another "{path.name}" lies there already, so this one is called "{place.name}".'))
    return place


def put_all(folder, home, name):
    """Move all files below a folder into `home` or, if others there have such names, all of them into its subfolder
    `name`, numbered if taken, and say so.

    Raises
    ------
    CourseError
        When one would be moved out of `home`; then none is moved.
    """
    names = [path.relative_to(folder).as_posix() for path in files_of(folder)]
    for place in itertools.chain([home], names_for(home / name)):
        targets = {folder / one: inside(home, (place / one).relative_to(home).as_posix()) for one in names}
        if all(_fits(brought, target) for brought, target in targets.items()):
            break
    for brought, target in targets.items():
        _move(brought, target)
    if place != home:
        print(harmless(f'Other files of the same names lie there already, so what is in "{name}" is in "{place}".'))


def put_back(folder, home, runs, acts_in):
    """Put files that were taken home back in their places, and report the exceptions.

    A run is put back where there is none, or an older state of it. Journals, choices and lists of takes are merged. Of
    all else the newer one stays, a corpus and a long take as a whole; what it replaces here goes into the folder
    `ASIDE`.

    Parameters
    ----------
    folder, home, runs
        Where it was unpacked, the folder of the course, and that of its runs.
    acts_in
        A function that returns the `Journal` or `Choices` of the file `name` in `home`; None for any other file.

    Returns
    -------
    bool
        Whether all was taken; False where something here is newer or a line is damaged.
    """
    kept, faults = [], []
    for unit in _units(folder):
        name = unit.relative_to(folder).as_posix()
        target = inside(home, name)
        if (unit / SETTINGS).is_file():
            target = runs / unit.name if unit.parent == folder / "runs" else target
            bring_back(unit, target)
            print(harmless(f'Your run "{unit.name}" is back.'))
        elif acts := acts_in(name):
            faults += acts.merge(unit)
        elif not merge_lists(target, unit) and not _fill(unit, target):
            if _changed(target) > _changed(unit) + TICK:
                kept.append(name)
                continue
            aside = free(inside(home, f"{ASIDE}/{name}"))
            aside.parent.mkdir(parents=True, exist_ok=True)
            target.rename(aside)
            _fill(unit, target)
            print(wrapped(f'"{name}" is newer in what you bring, so the one that was here is in "{aside}" now.'))
    if kept:
        print(wrapped(f"Newer here than in what you bring, so they stay as they are: {some(kept)}."))
    for fault in faults:
        print(wrapped(f"Left out: {fault}"))
    return not kept and not faults


def _units(folder):
    """The units to move: the folders of runs, corpora and long takes, and each other file."""
    files = files_of(folder)
    whole = {path.parent for path in files if path.name in (SETTINGS, CORPUS_SETTINGS, PERFORMANCE)} - {folder}
    return list(dict.fromkeys(next((place for place in path.parents if place in whole), path) for path in files))


def _fill(unit, target):
    """Move the files of a unit to where they are missing; move nothing and return False where a file there differs."""
    files = {path: target / path.relative_to(unit) for path in files_of(unit)} if unit.is_dir() else {unit: target}
    if not all(_fits(brought, place) for brought, place in files.items()):
        return False
    for brought, place in files.items():
        _move(brought, place)
    return True


def _changed(path):
    """The modification time of a file, or of the newest file in a folder."""
    return max((file.stat().st_mtime for file in (files_of(path) if path.is_dir() else [path])), default=0.0)


def files_of(folder):
    """The files below a folder, in the order of their paths."""
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def same(brought, path):
    """Whether there is a file of the same content at `path`."""
    try:
        return os.path.isfile(path) and filecmp.cmp(brought, path, shallow=False)
    except OSError:  # one that cannot be read may differ
        return False


def _fits(brought, path):
    """Whether a file can be put at `path` without replacing another: nothing is there, or the same."""
    if os.path.lexists(path):
        return same(brought, path)
    return not any(os.path.isfile(folder) for folder in path.parents)


def _move(brought, path):
    if not os.path.lexists(path):
        with replacing(path, wait=False) as partial:
            shutil.move(brought, partial)
