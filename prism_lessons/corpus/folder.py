"""The files of a folder of recordings, and those that their name, their place or their sound rules out."""

import os
import re
from pathlib import Path

from ..audio import FOREIGN_SUFFIXES, SUFFIXES, AudioError
from ..errors import CourseError
from ..quantisation import Quantisation
from .corpus import SETTINGS

# A clip shorter than this is a click; it would be mostly the silence that stands before every clip.
MINIMUM_CLIP_SECONDS = 0.02
# Whatever never leaves the code of silence teaches nothing: half the smallest step of 8-bit mu-law, -81 dBFS.
SILENT_PEAK = float(Quantisation("mu-law", 256).error_bound(0.0))


def list_files(source, leave_out=()):
    """Every file below the folder `source` (or `source` itself, if it is a file), sorted by name.

    Folders that cannot be looked into, because they are links or may not be read, are in the list too, so that they
    are not passed over in silence; `refuse_by_name` says what is wrong with them. `leave_out` holds folders that are
    not looked into: the corpus that is being made.

    Raises
    ------
    CourseError
        When there is no such folder, or nothing in it.
    """
    source = Path(source)
    if os.path.isfile(source):
        return [source]
    if not os.path.isdir(source):
        raise CourseError(f'There is no folder or sound file "{source}": check the name.')
    leave_out = {Path(folder).resolve() for folder in leave_out}
    files = []

    def unreadable(error):
        files.append(Path(error.filename))

    for folder, folders, names in os.walk(source, onerror=unreadable):
        folders[:] = [name for name in folders if (Path(folder) / name).resolve() not in leave_out]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        files += [Path(folder) / name for name in names + links]
    if source in files:
        raise CourseError(f'The folder "{source}" may not be read: you lack the permission.')
    if not files:
        raise CourseError(f'The folder "{source}" is empty: put your recordings into it.')
    return sorted(files)


def shown_name(path, root):
    """The name of a file below `root` as it is shown and written down: what is no text in it becomes "�"."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "\ufffd", path.relative_to(root).as_posix())


def refuse_by_name(path):
    """Raise `AudioError` for a file whose name already says that it is no recording this course can read."""
    suffix = path.suffix.lower()
    if os.path.isdir(path):
        link = "a link to a folder, which is not followed: copy the folder here"
        raise AudioError(link if path.is_symlink() else "a folder that may not be read: you lack the permission")
    if path.name.startswith("."):
        raise AudioError("a hidden file of the system")
    if suffix in FOREIGN_SUFFIXES:
        raise AudioError(f"{suffix[1:].upper()} cannot be read here: convert it to WAV or FLAC")
    if suffix not in SUFFIXES:
        raise AudioError("not a sound file by its name")


def refuse_by_place(path, root):
    """Raise `AudioError` for a file below the folder `root` that lies where no recordings are kept.

    The clips of a corpus made earlier are recordings that are there already: one copy could come to be trained on
    and the other kept for validation.
    """
    for folder in path.relative_to(root).parents[:-1]:
        if folder.name.startswith("."):
            raise AudioError("in a hidden folder of the system")
        if os.path.isfile(root / folder / SETTINGS):
            raise AudioError(f'part of the corpus "{folder.as_posix()}", which was made from recordings')


def refuse_by_sound(levels):
    """Raise `AudioError` for a sound, given its `Levels`, that is empty, a click, or never rises above silence."""
    if not levels.samples:
        raise AudioError("there is no sound in it (0 samples)")
    if levels.peak <= SILENT_PEAK:
        raise AudioError(f"nothing but silence (its peak is {levels.peak_dbfs:.0f} dBFS)")
    if levels.seconds < MINIMUM_CLIP_SECONDS:
        raise AudioError(f"too short ({1000 * levels.seconds:.1f} ms)")
