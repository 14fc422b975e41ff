"""The files of a folder of recordings, and checks that reject a file by its name, its place or its sound."""

import os
import re
from pathlib import Path

from ..audio import SUFFIXES, AudioError, TransientError
from ..errors import CourseError, harmless
from ..quantisation import Quantisation
from .corpus import SETTINGS

# A clip shorter than this is a click; it would be mostly the silence that precedes every clip.
MINIMUM_CLIP_SECONDS = 0.02
# A sound that never leaves the code of silence teaches nothing: half the smallest step of 8-bit mu-law, -81 dBFS.
SILENT_PEAK = float(Quantisation("mu-law", 256).error_bound(0.0))

UNFINISHED = "a download that was not finished: let it finish, or download it again"
DRAWING = "a picture that a program drew of a sound; it holds no sound itself"
SHORTCUT = "a shortcut to something that lies elsewhere: copy the file itself here"
ARCHIVE = "an archive: unpack it here"
BARE = "raw samples without a format: import them in an audio editor (as raw data) and export them as WAV"
NOTES = "notes without sound: have an instrument play them, and record that"
CLOUD = "a link to a document in Google Drive; it holds no sound"
PROTECTED = "protected against copying, so that only its seller's programs can play it"
DICTATION = "a dictation in a format that only its maker's program reads: export it from there as WAV"
# Other files found among recordings, by suffix: why they cannot be used, and what to do.
OTHERS = {
    UNFINISHED: ".crdownload .part .partial .download .opdownload .filepart",
    DRAWING: ".asd .pkf .pek .peak .reapeaks .sfk .ovw .gpk",
    SHORTCUT: ".lnk .url .webloc .desktop",
    ARCHIVE: ".zip .rar .7z .tar .gz .tgz .sit",
    BARE: ".raw .pcm .sd2",
    NOTES: ".mid .midi .kar .rmi .mscz .mscx .sib .musicxml",
    CLOUD: ".gdoc .gsheet .gslides .gdraw .gform",
    PROTECTED: ".m4p .aax .aaxc .aa",
    DICTATION: ".ds2 .dvf .msv .silk .slk",
}
PROGRAMS = {
    "Ableton Live": ".als", "Adobe Audition": ".sesx", "Ardour": ".ardour", "Audacity": ".aup .aup3",
    "Cubase": ".cpr", "FL Studio": ".flp", "Pro Tools": ".ptx .ptf", "REAPER": ".rpp", "Studio One": ".song",
}  # fmt: skip
OTHERS |= {f"a project of {name}: open it there and export its sound as WAV": ends for name, ends in PROGRAMS.items()}
REASONS = {ending: why for why, endings in OTHERS.items() for ending in endings.split()}


def list_files(source, leave_out=()):
    """Every file below the folder `source` (or `source` itself, if it is a file), sorted by name.

    Folders that are links or may not be read are in the list too, so that they are not skipped silently;
    `refuse_by_name` says what is wrong with them. `leave_out` holds folders to skip: the corpus that is being made.

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
        raise CourseError(f'The folder "{source}" cannot be read: you lack permission.')
    if not files:
        raise CourseError(f'The folder "{source}" is empty: put your recordings into it.')
    return sorted(files)


def shown_name(path, root):
    """The name of a file below `root` as it is shown and stored: characters that are not text become "�"."""
    return re.sub(r"[\t\n\ud800-\udfff]", "\ufffd", harmless(path.relative_to(root).as_posix()))


def refuse_by_name(path):
    """Raise `AudioError` for a file whose name already says that it is no recording this course can read."""
    suffix = path.suffix.lower()
    if os.path.isdir(path):
        if path.is_symlink():
            raise AudioError("a link to a folder, which is not followed: copy the folder here")
        raise TransientError("a folder that cannot be read: you lack permission")
    if path.name.startswith("._"):
        raise AudioError(f'data that a Mac keeps beside "{path.name[2:]}" on other disks; it holds no sound')
    if path.name.startswith("."):
        if suffix == ".icloud":
            raise AudioError(f'"{path.stem[1:]}" is still in iCloud: download it in the Finder, then do the same again')
        raise AudioError("a hidden file of the system")
    if suffix in REASONS:
        raise AudioError(REASONS[suffix])
    if not suffix:
        raise AudioError('not a sound file by its name: if it is one, give it an ending such as ".wav"')
    if suffix not in SUFFIXES:
        raise AudioError("not a sound file by its name")


def refuse_by_place(path, root):
    """Raise `AudioError` for a file below the folder `root` that is in a hidden folder or in a corpus.

    The clips of an earlier corpus duplicate recordings: one copy could be trained on and the other kept for validation.
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
