"""Bringing files into the folder of a course and taking them home; none is replaced without notice."""

import filecmp
import io
import itertools
import lzma
import os
import shutil
import struct
import time
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import librosa

from ..audio import load
from ..audition import copies_not_to_share
from ..corpus import SETTINGS as CORPUS_SETTINGS
from ..corpus import Choices, Corpus, survey
from ..errors import CourseError, harmless, in_short
from ..files import atomic_write, exclusive_lock, free_path, inside, lock_for, numbered_paths, sync_to_disk, write_error
from ..generation import PERFORMANCE, is_resume_file, merge_lists, why_not_to_share
from ..live import counted, size, some, wrapped
from ..mirror import belongs, bring_back
from ..run import SETTINGS
from . import colab

REPLACED = "set_aside"  # the folder for files replaced by newer ones
DATE_RESOLUTION = 2.0  # seconds, the resolution of dates in a zip
ZIP_MARK = b"prism-lessons course files"  # a zip's comment: it was made by `take_home`
STAGING = ".bringing.partial"  # holds files while they are brought; hidden, since it is deleted
MOST_UNPACKED = 20e9  # bytes
PIECE_SECONDS = 30.0  # of a take that is compared with recordings


class Transfer:
    """The methods of a `Course` that bring files in and take them home."""

    def bring(self):
        """Bring recordings, or a zip that `take_home` made, and say which are there and which can be used.

        In Colab this asks for files and waits. Elsewhere it says where to put them. Zips of recordings are unpacked;
        files taken home go back to their places. No existing file is lost, see `restore`.
        """
        self.recordings.mkdir(parents=True, exist_ok=True)
        uploaded, zips, faults = {}, [], []
        try:
            if colab.on_colab():
                uploaded = colab.upload()
            else:
                zips = sorted(path for path in self.recordings.iterdir() if _is_zip(path) and os.path.isfile(path))
        except CourseError as error:  # nothing came: continue with the files that are here
            print(error)
        for name, content in uploaded.items():
            with _collecting_errors(faults):
                self._add_file(name, content)
        for path in zips:
            with _collecting_errors(faults):
                if self._add_file(path.name, path.read_bytes()):
                    path.unlink()
                else:
                    aside = move_in(path, self.home / REPLACED / path.name)
                    print(harmless(f'The zip itself is kept as "{aside}".'))
        if files_of(self.recordings):
            print(survey(self.recordings).summary)
        elif not zips and not colab.on_colab():
            here = f"put them, or zips of them, into {self.recordings.resolve()}"
            print(wrapped(f"You have brought no recordings yet: {here}, and run this cell again.", further=""))
        if faults:
            raise CourseError("\n".join(faults))

    def borrow(self, name):
        """Fetch a real recording into `recordings/`, and print its maker and licence; needs a network.

        Parameters
        ----------
        name
            Such as "trumpet"; `librosa.util.list_examples()` prints all
            (https://librosa.org/doc/latest/recordings.html).

        Returns
        -------
        Path

        Raises
        ------
        CourseError
            When there is none of that name, or it cannot be fetched.
        """
        try:
            fetched = Path(librosa.example(name))
            librosa.util.example_info(name)
        except librosa.ParameterError as error:
            raise CourseError(
                f'There is no recording called "{name}": librosa.util.list_examples() prints all names.'
            ) from error
        except Exception as error:  # any error of the network, a firewall or the disk
            raise CourseError(
                f'"{name}" could not be fetched ({type(error).__name__}): check that you are online, or use the sets '
                "that come with the course."
            ) from error
        with self._staging_folder() as folder:
            path = self.recordings / f"{name}{fetched.suffix}"
            return move_in(Path(shutil.copyfile(fetched, folder / path.name)), path)

    def bring_notes(self, audition):
        """Merge notes that pages have saved: files named notes_..., beside your other files.

        In Colab this asks for them and waits.
        """
        faults = []
        if colab.on_colab():
            for name, content in colab.upload().items():
                with _collecting_errors(faults), self._staging_folder() as folder:
                    move_in(_write(folder, name, content), self.home / Path(name).name)
        found = sorted(self.home.glob("notes_*.jsonl"))
        for path in found:
            print(harmless(f"{path.name}: {audition.log.merge(path)}"))
        if not found:
            print(f"There are no notes yet. Put files that a page has saved into {self.home.resolve()}.")
        if faults:
            raise CourseError("\n".join(faults))

    def take_home(self, folder=None):
        """Pack a folder of the course (all of it if not given) into a zip; in Colab, your browser saves it.

        Files that are left out, such as other zips, are listed. Those only needed to continue long takes are left out
        unless everything is packed, and so are takes that may not be passed on.

        Returns
        -------
        Path
            The zip. `bring` puts its files back in their places.
        """
        folders, files, left = [Path(folder)] if folder else [self.home, self.runs], {}, {}
        path = self.home / f"{folders[0].name}.zip"
        corpus = self._own_corpus()
        withheld = self._takes_not_to_share(corpus) if self.takes in (folders[0], *folders[0].parents) else {}
        for place in folders:  # runs come last, since a copy of them among the others may be older
            base = self.work if place.is_relative_to(self.work) else self.home
            for file in files_of(place):
                if file == path:  # from an earlier call
                    continue
                if why := self._reason_to_leave_out(file, withheld, whole=folder is None):
                    left.setdefault(why, []).append(file.name)
                else:
                    files[file.relative_to(base)] = file
        if not files:
            raise CourseError(f'There is nothing in "{folders[0]}" to take home yet.')
        with atomic_write(path) as partial, zipfile.ZipFile(partial, "w", strict_timestamps=False) as archive:
            archive.comment = ZIP_MARK
            for name, file in files.items():
                archive.write(file, name)
        print(f"{path}: {len(files)} files, {path.stat().st_size / 1e6:.1f} MB.")
        for why, names in left.items():
            print(wrapped(f"Left out: {some(names)} ({why})."))
        if corpus and corpus.sharing.withheld and folders[0] not in (self.takes, self.home / "portfolio"):
            names = some(list(corpus.sharing.withheld))
            print(wrapped(f"It is for yourself alone, since some recordings may not be shared: {names}."))
        elif corpus and corpus.sharing.unasked:
            print(wrapped(corpus.sharing.unasked))
        if colab.on_colab():
            colab.download(path)
        return path

    def _add_file(self, name, content):
        """Put one file into the recordings; a zip is unpacked, unless any of it is damaged.

        Returns whether all of it was taken.
        """
        with self._staging_folder() as folder:
            if _is_zip(Path(name)):
                taken = self._unpack(name, content, folder)
                sync_to_disk(files_of(self.home))
                return taken
            move_in(_write(folder, name, content), self.recordings / Path(name).name)
            return True

    @contextmanager
    def _staging_folder(self):
        """A folder for files that are brought until all of them are there; one left by a killed `bring` is removed
        first."""
        folder = self.work / STAGING
        busy = f'Another program is bringing files to "{self.home}": wait for it, then try again.'
        try:
            with exclusive_lock(lock_for(folder), busy):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                try:
                    yield folder
                except CourseError as error:  # which may name a file by where it is now
                    raise CourseError(str(error).replace(f"{folder}{os.sep}", "")) from error
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError as error:
            raise write_error(self.work, error) from error

    def _unpack(self, name, content, folder):
        """Unpack a zip in a folder, and put its files where they belong; returns whether all of it was taken."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                self._check_space(name, archive.infolist())
                # In a truncated zip, the last zip inside it, such as a capsule, would pass for the whole.
                if min((member.header_offset for member in archive.infolist()), default=0) > 0:
                    raise zipfile.BadZipFile("its end is missing")
                unpack(archive, folder)
                marked = archive.comment == ZIP_MARK
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError, LookupError, ArithmeticError,
                EOFError, RuntimeError) as error:  # fmt: skip
            raise CourseError(
                f'"{name}" cannot be unpacked ({in_short(error)}): bring it again, or pack it again, without a '
                "password."
            ) from error
        if marked:
            try:
                return restore(folder, self.home, self.runs, self._log_named)
            except CourseError as error:  # which may name the temporary folder
                raise CourseError(str(error).replace(str(folder), name)) from error
        move_all_in(folder, self.recordings, Path(name).stem.strip(".") or "zip")
        return True

    def _check_space(self, name, members):
        """Print what a zip holds, or refuse it if there is no room: a small one may unpack to any size."""
        unpacked = sum(member.file_size for member in members)
        if unpacked > MOST_UNPACKED:
            raise CourseError(f'"{name}" would unpack to more than 20 GB: bring it in parts.')
        for place in (self.work, self.home):
            if unpacked > (free := shutil.disk_usage(place).free):
                raise CourseError(
                    f'"{name}" unpacks to {size(unpacked)}, and "{place.absolute()}" has room for {size(free)}: free '
                    "some space and bring it again, or bring it in parts."
                )
        count = sum(not member.is_dir() for member in members)
        print(harmless(f'Unpacking "{name}": {counted(count, "file")}, {size(unpacked)}.'))

    def _log_named(self, name):
        """The `Journal` or `Choices` that a file in the folder of the course holds; None for any other."""
        if Path(name).match("example_choices_*.jsonl"):
            return Choices(self.home / name)
        return {one.path.name: one for one in (self.journal, self.choices)}.get(name)

    def _own_corpus(self):
        """The corpus of lesson 01; None where there is none that can be opened."""
        with suppress(CourseError):
            return Corpus.open(self.home / "corpus") if (self.home / "corpus" / CORPUS_SETTINGS).is_file() else None

    def _takes_not_to_share(self, corpus):
        """The takes that may not be passed on, {path: the end of a sentence about it}."""
        paths = [path for path in files_of(self.takes) if path.suffix in (".wav", ".flac")]
        found, heard = {path: why for path in paths if (why := why_not_to_share(path))}, []

        def pieces():
            for path in paths:
                with suppress(CourseError):  # it may be no sound
                    for clip in _in_pieces(path):
                        heard.append(path)
                        yield clip

        for index, why in copies_not_to_share(corpus, pieces()).items():
            found.setdefault(heard[index], why)
        return found

    def _reason_to_leave_out(self, path, withheld, whole):
        """Why a file is left out of the zip, in words; "" if it is not."""
        if path.suffix == ".zip":
            return "a zip, which course.bring() unpacks"
        if path.suffix == ".lock" or STAGING in path.parts or not belongs(path.name):
            return "half-written, or a lock"
        if not whole and path.is_relative_to(self.takes) and is_resume_file(path.name):
            return "only needed to continue a long take; course.take_home() packs it"
        return f"it {withheld[path]}; course.take_home() packs it" if path in withheld else ""


def _in_pieces(path):
    """Yield a sound file as `Clip`s of half a minute."""
    start = 0.0
    while len((clip := load(path, start=start, seconds=PIECE_SECONDS)).samples):
        yield clip
        start += PIECE_SECONDS


def unpack(archive, folder):
    """Unpack a zip into a folder, refusing to write anywhere else; if two in it have the same name, both are kept.

    The files keep their modification dates.
    """
    targets = [(member, inside(folder, member.filename)) for member in archive.infolist() if not member.is_dir()]
    for member, target in targets:
        path = free_path(target)
        with atomic_write(path, wait=False) as partial, archive.open(member) as source, open(partial, "wb") as file:
            shutil.copyfileobj(source, file)
        with suppress(OSError, ValueError, OverflowError):  # an impossible date
            os.utime(path, (time.mktime((*member.date_time, 0, 0, -1)),) * 2)


def move_in(brought, path):
    """Move a file to `path` or, if another is there, beside it under a numbered name, and say so.

    Returns
    -------
    Path
        Where it is now.
    """
    place = next(place for place in numbered_paths(path) if _is_free(brought, place))
    _move(brought, place)
    if place != path:
        print(harmless(f'There is another "{path.name}" already, so this one is called "{place.name}".'))
    return place


def move_all_in(folder, home, name):
    """Move all files below a folder into `home` or, if others there have such names, all of them into its subfolder
    `name`, numbered if taken, and say so.

    Raises
    ------
    CourseError
        When one would be moved out of `home`; then none is moved.
    """
    names = [path.relative_to(folder).as_posix() for path in files_of(folder)]
    for place in itertools.chain([home], numbered_paths(home / name)):
        targets = {folder / one: inside(home, (place / one).relative_to(home).as_posix()) for one in names}
        if all(_is_free(brought, target) for brought, target in targets.items()):
            break
    for brought, target in targets.items():
        _move(brought, target)
    if place != home:
        print(harmless(f'There are other files of the same names already, so the files of "{name}" are in "{place}".'))


def restore(folder, home, runs, log_named):
    """Put files that were taken home back in their places, and report the exceptions.

    A run is put back where there is none, or an older state of it. Journals, choices and lists of takes are merged. Of
    all else the newer one stays, a corpus and a long take as a whole; what it replaces here goes into the folder
    `REPLACED`.

    Parameters
    ----------
    folder, home, runs
        Where it was unpacked, the folder of the course, and that of its runs.
    log_named
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
        elif acts := log_named(name):
            faults += acts.merge(unit)
        elif not merge_lists(target, unit) and not _fill(unit, target):
            if _changed(target) > _changed(unit) + DATE_RESOLUTION:
                kept.append(name)
                continue
            aside = free_path(inside(home, f"{REPLACED}/{name}"))
            aside.parent.mkdir(parents=True, exist_ok=True)
            target.rename(aside)
            _fill(unit, target)
            print(wrapped(f'"{name}" is newer in your zip, so the one that was here is now in "{aside}".'))
    if kept:
        print(wrapped(f"Newer here than in your zip, so left unchanged: {some(kept)}."))
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
    if not all(_is_free(brought, place) for brought, place in files.items()):
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


def is_same(brought, path):
    """Whether there is a file of the same content at `path`."""
    try:
        return os.path.isfile(path) and filecmp.cmp(brought, path, shallow=False)
    except OSError:  # one that cannot be read may differ
        return False


def _is_free(brought, path):
    """Whether a file can be put at `path` without replacing another: nothing is there, or the same."""
    if os.path.lexists(path):
        return is_same(brought, path)
    return not any(os.path.isfile(folder) for folder in path.parents)


def _move(brought, path):
    if not os.path.lexists(path):
        with atomic_write(path, wait=False) as partial:
            shutil.move(brought, partial)


def _write(folder, name, content):
    """The path of a file of that name, written into a folder."""
    path = inside(folder, Path(name).name)
    path.write_bytes(content)
    return path


@contextmanager
def _collecting_errors(faults):
    """Add the error of one file to a list, unless it is there already, so that the others are brought all the same."""
    try:
        yield
    except CourseError as error:
        if str(error) not in faults:
            faults.append(str(error))


def _is_zip(path):
    return path.suffix.lower() == ".zip"
