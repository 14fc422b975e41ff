"""Where a student's files are, and which of them a lesson uses."""

import io
import lzma
import os
import shutil
import struct
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import librosa

from ..audition import audition
from ..capsule import Capsule
from ..corpus import MINIMUM_SECONDS, VALIDATION, Choices, Corpus, curate, survey
from ..corpus import SETTINGS as CORPUS_SETTINGS
from ..errors import CourseError, harmless, in_short
from ..files import all_on_disk, alone, inside, lock_for, numbered, replacing, unwritable
from ..generation import FolderOccupied, is_resume_file, perform, render
from ..journal import Journal
from ..live import LiveLine, counted, size, some, wrapped
from ..mirror import Mirror, belongs, bring_back
from ..run import LOG, SETTINGS, Run
from . import colab
from .bringing import ASIDE, files_of, put, put_all, put_back, unpack
from .panels import JournalPanel
from .skipped import tell_of_skipped_cells
from .taking import files_panel, free_path

EXAMPLES = Path("../datasets_examples")  # from the folder of the lessons, where notebooks run
CHOSEN = "chosen.capsule"
ZIP_MARK = b"prism-lessons course files"  # a zip's comment: it was made by `take_home`
BRINGING = ".bringing.partial"  # holds files while they are brought; hidden, since it is deleted
MOST_UNPACKED = 20e9  # bytes


class Course:
    """The folder that keeps what a student brings and makes, from lesson to lesson.

    recordings/       what you bring
    corpus/           the corpus of lesson 01
    runs/             the trainings of lesson 02, one folder each
    takes/            what lesson 04 makes
    chosen.capsule    the model chosen in lesson 03
    portfolio/        everything about a run, to hand in
    choices.jsonl     what you decided about your recordings; of an example set, example_choices_....jsonl
    journal.jsonl     what you wrote
    set_aside/        files that were replaced when you brought newer ones

    Parameters
    ----------
    drive
        In Colab: whether to keep it on Google Drive. Elsewhere it is the folder `course_files` beside the lessons. With
        Drive, `runs/` is on the runtime's own disk, which is faster and never vanishes during a training; a copy of
        each run is kept on Drive (`copy_of`).

    Attributes
    ----------
    lent_hours
        After how many hours this computer is taken away at the latest; None where it stays.
    """

    def __init__(self, drive=False):
        here = Path("course_files")
        self.home, self.work, lasting = colab.home(drive) if colab.on_colab() else (here, here, "")
        self.recordings, self.takes = self.home / "recordings", self.home / "takes"
        self.runs = self.work / "runs"
        self.lent_hours = colab.LENT_HOURS if colab.on_colab() else None
        self.journal = Journal(self.home / "journal.jsonl")
        self.choices = Choices(self.home / "choices.jsonl")
        print(f"Your files are kept in {self.home}. {lasting}".strip())
        self._format = files_panel()
        tell_of_skipped_cells()

    def bring(self):
        """Bring recordings, or a zip that `take_home` made, and say which are there and which can be used.

        In Colab this asks for files and waits. Elsewhere it says where to put them. Zips of recordings are unpacked;
        files taken home go back to their places. No file that is here is lost, see `bringing`.
        """
        self.recordings.mkdir(parents=True, exist_ok=True)
        uploaded, zips, faults = {}, [], []
        try:
            if colab.on_colab():
                uploaded = colab.upload()
            else:
                zips = sorted(path for path in self.recordings.iterdir() if _is_zip(path) and os.path.isfile(path))
        except CourseError as error:  # nothing came: go on with what is there
            print(error)
        for name, content in uploaded.items():
            with _put_off(faults):
                self._receive(name, content)
        for path in zips:
            with _put_off(faults):
                if self._receive(path.name, path.read_bytes()):
                    path.unlink()
                else:
                    aside = put(path, self.home / ASIDE / path.name)
                    print(harmless(f'The zip itself is kept as "{aside}".'))
        if files_of(self.recordings):
            print(survey(self.recordings).summary)
        elif not zips and not colab.on_colab():
            here = f"put them, or zips of them, into {self.recordings.resolve()}"
            print(wrapped(f"You have brought no recordings yet: {here}, and run this cell again.", further=""))
        if faults:
            raise CourseError("\n".join(faults))

    def source(self, example="breath"):
        """The folder of recordings that lesson 01 uses: your own or, if they do not suffice for a corpus, an example
        set, which is printed."""
        quietly = LiveLine(io.StringIO())  # `bring` has said what is there
        seconds = survey(self.recordings, quietly).seconds if files_of(self.recordings) else 0
        if seconds >= MINIMUM_SECONDS:
            return self.recordings
        lacking = "no recording that can be used" if not seconds else f"{seconds:.1f} s of sound that can be used"
        why = f"There is {lacking} in {self.recordings}, and a corpus needs {MINIMUM_SECONDS:.0f} s."
        print(f'{why}\nUntil there is more, lesson 01 goes on with the example set "{example}".')
        return _example(example)

    def choices_about(self, source):
        """The `Choices` about a source: an example set has its own, all other recordings have those in `choices`.

        Parameters
        ----------
        source
            The folder of the recordings.
        """
        if not _is_example(source):
            return self.choices
        path = self.home / f"example_choices_{Path(source).name}.jsonl"
        # Earlier versions had one file for all. Without recordings of your own, it can only be about an example set.
        if self.choices.path.is_file() and not path.exists() and not files_of(self.recordings):
            with replacing(path) as partial:
                shutil.copyfile(self.choices.path, partial)
        return Choices(path)

    def _receive(self, name, content):
        """Put one file into the recordings; a zip is unpacked, unless any of it is damaged.

        Returns whether all of it was taken.
        """
        with self._aside() as folder:
            if _is_zip(Path(name)):
                taken = self._unpack(name, content, folder)
                all_on_disk(files_of(self.home))
                return taken
            put(_written(folder, name, content), self.recordings / Path(name).name)
            return True

    @contextmanager
    def _aside(self):
        """A folder for files that are brought until all of them are there; one left by a killed `bring` is removed
        first."""
        folder = self.work / BRINGING
        busy = f'Another program is bringing files to "{self.home}": wait for it, and do the same again.'
        try:
            with alone(lock_for(folder), busy):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                try:
                    yield folder
                except CourseError as error:  # which may name a file by where it is now
                    raise CourseError(str(error).replace(f"{folder}{os.sep}", "")) from error
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError as error:
            raise unwritable(self.work, error) from error

    def _unpack(self, name, content, folder):
        """Unpack a zip in a folder, and put its files where they belong; returns whether all of it was taken."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                self._make_sure_of_room(name, archive.infolist())
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
                return put_back(folder, self.home, self.runs, self._acts_in)
            except CourseError as error:  # which may name the temporary folder
                raise CourseError(str(error).replace(str(folder), name)) from error
        put_all(folder, self.recordings, Path(name).stem.strip(".") or "zip")
        return True

    def _make_sure_of_room(self, name, members):
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

    def _acts_in(self, name):
        """The `Journal` or `Choices` that a file in the folder of the course holds; None for any other."""
        if Path(name).match("example_choices_*.jsonl"):
            return Choices(self.home / name)
        return {one.path.name: one for one in (self.journal, self.choices)}.get(name)

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
                f'There is no recording called "{name}": librosa.util.list_examples() prints those there are.'
            ) from error
        except Exception as error:  # whatever the network, a firewall or the disk says
            raise CourseError(
                f'"{name}" could not be fetched ({type(error).__name__}): check that you are online, or use the sets '
                "that come with the course."
            ) from error
        with self._aside() as folder:
            path = self.recordings / f"{name}{fetched.suffix}"
            return put(Path(shutil.copyfile(fetched, folder / path.name)), path)

    def take_home(self, folder=None):
        """Pack a folder of the course (all of it if not given) into a zip; in Colab, your browser saves it.

        Files that are left out, such as other zips, are listed. Those only needed to continue long takes are left out
        unless everything is packed.

        Returns
        -------
        Path
            The zip. `bring` puts its files back in their places.
        """
        folders, files, left = [Path(folder)] if folder else [self.home, self.runs], {}, {}
        path = self.home / f"{folders[0].name}.zip"
        for place in folders:  # runs come last, since a copy of them among the others may be older
            base = self.work if place.is_relative_to(self.work) else self.home
            for file in files_of(place):
                if file == path:  # from an earlier call
                    continue
                if why := self._why_not_packed(file, whole=folder is None):
                    left.setdefault(why, []).append(file.name)
                else:
                    files[file.relative_to(base)] = file
        if not files:
            raise CourseError(f'There is nothing in "{folders[0]}" to take home yet.')
        with replacing(path) as partial, zipfile.ZipFile(partial, "w", strict_timestamps=False) as archive:
            archive.comment = ZIP_MARK
            for name, file in files.items():
                archive.write(file, name)
        print(f"{path}: {len(files)} files, {path.stat().st_size / 1e6:.1f} MB.")
        for why, names in left.items():
            print(wrapped(f"Left out: {some(names)} ({why})."))
        if colab.on_colab():
            colab.download(path)
        return path

    def _why_not_packed(self, path, whole):
        """Why a file is left out of the zip, in words; "" where it is not."""
        if path.suffix == ".zip":
            return "a zip, which course.bring() unpacks"
        if path.suffix == ".lock" or BRINGING in path.parts or not belongs(path.name):
            return "half-written, or a lock"
        if not whole and path.is_relative_to(self.takes) and is_resume_file(path.name):
            return "only needed to go on with a long take; course.take_home() packs it"
        return ""

    def corpus(self, example="breath"):
        """The `Corpus` of lesson 01; before there is one, an example set, prepared as it is."""
        if (self.home / "corpus" / CORPUS_SETTINGS).is_file():
            made = Corpus.open(self.home / "corpus")
            of = f' from the example set "{Path(made.source).name}"' if _is_example(made.source) else ""
            print(f"This is the corpus that you made in lesson 01{of}.")
            return made
        print(f'You have made no corpus yet, so this is the example set "{example}".')
        return self._example_corpus(example)

    def _example_corpus(self, example):
        folder = self.home / f"example_corpus_{example}"
        if (folder / CORPUS_SETTINGS).is_file():
            return Corpus.open(folder)
        return curate(_example(example), folder)

    def new_run(self, name):
        """The folder for a run of that name; letters, digits, spaces, dots, - and _.

        Anything that only the run's copy on Drive holds is copied back to the folder first.
        """
        return self._with_its_copy(self.runs / _name_of(name, "a run"))

    def name_for(self, corpus, preset="sketch", name="first"):
        """A name for a training on a corpus with an unchanged preset, new or resumed: `name` or, if the run of that
        name has another corpus or other settings, a numbered one, which is printed."""
        from ..training import resolve_preset  # only lessons that train import TensorFlow

        for free in numbered(name, " "):
            try:
                resolve_preset(corpus, self.new_run(free), preset, {})
            except CourseError:
                continue
            if free != name:
                print(f'The run "{name}" has another corpus or other settings, so this one is called "{free}".')
            return free

    def copy_of(self, folder):
        """The folder on Drive that keeps a copy of the run in `folder`; None where no copy is kept."""
        folder = Path(folder)
        return self.home / "runs" / folder.name if folder.parent == self.runs and self.home != self.work else None

    def _with_its_copy(self, folder):
        """The folder of a run, after restoring what only its copy holds."""
        if copy := self.copy_of(folder):
            try:
                bring_back(copy, folder)
            except CourseError as error:  # such as a Drive that is gone: go on with what is here
                if not (folder / SETTINGS).is_file():
                    raise
                print(error)
        return folder

    def run(self, name=None, example="breath_plain"):
        """A `Run` of lesson 02 by its name, or the newest that has an epoch; if there is none, a copy of the run
        `example`, which ships with the course."""
        if name:
            return Run(self.new_run(name))
        if own := next(self._own_runs(), None):
            print(f'This is your run "{own.folder.name}".')
            return own
        print(f'You have trained no run yet, so this is "{example}", which came with the course.')
        folder = self.home / f"example_run_{example}"
        if not (folder / LOG).is_file():
            # A copy, since stars are kept in it.
            shutil.copytree(_example(f"trained/{example}"), folder, dirs_exist_ok=True)
        return Run(folder)

    def corpus_of(self, run):
        """The `Corpus` that a run was trained on; None where it is no longer there, cannot be opened, or has changed
        since."""
        folder, corpora = Path(run.settings["corpus"]["folder"]), []
        if (folder / CORPUS_SETTINGS).is_file():
            try:
                corpora = [Corpus.open(folder)]
            except CourseError as error:
                print(error)
        if (EXAMPLES / folder.name).is_dir():
            corpora.append(self._example_corpus(folder.name))
        return next((corpus for corpus in corpora if corpus.digest == run.settings["corpus"]["digest"]), None)

    def kept_aside(self, run):
        """The paths of up to three validation clips of a run, which it was never trained on.

        Empty where the corpus is no longer there, or has changed since.
        """
        corpus = self.corpus_of(run)
        return [corpus.folder / clip.file for clip in corpus.of(VALIDATION)[:3]] if corpus else []

    def audition(self, run, who=None):
        """The clips of a run, as an `Audition`; its listening log is kept on Drive too, if there is one.

        `who` is your name in the listening log, which matters where several listen to copies of one run.
        """
        return audition(run, self.corpus_of(run), who, self.copy_of(run.folder))

    def bring_notes(self, heard):
        """Merge notes that pages have saved: files named notes_..., beside your other files.

        In Colab this asks for them and waits.
        """
        faults = []
        if colab.on_colab():
            for name, content in colab.upload().items():
                with _put_off(faults), self._aside() as folder:
                    put(_written(folder, name, content), self.home / Path(name).name)
        found = sorted(self.home.glob("notes_*.jsonl"))
        for path in found:
            print(harmless(f"{path.name}: {heard.log.merge(path)}"))
        if not found:
            print(f"There are no notes yet. Put files that a page has saved into {self.home.resolve()}.")
        if faults:
            raise CourseError("\n".join(faults))

    def files_panel(self):
        """A `Panel` for the kind of files that `keep` writes from now on; its `values` are the arguments."""
        self._format = files_panel()
        return self._format

    def keep(self, takes, zipped=False, **how):
        """Write takes into the folder `takes`, and list them in `takes.csv`.

        Clips that are no takes become 16-bit WAVs under their own names, numbered if the name is taken, so that none is
        overwritten.

        Parameters
        ----------
        takes
            A list of takes from `generate`, `perform` or an `Instrument`.
        zipped
            Whether to pack all takes into one zip too, see `take_home`.
        **how
            The kind of files, as for `prism_lessons.render`; defaults are the values of the `files_panel`.
        """
        takes = takes if isinstance(takes, (list, tuple)) else [takes]
        how = self._format.values | how
        for path in render([take for take in takes if hasattr(take, "about")], self.takes, **how):
            print(path)
        for clip in takes:
            if not hasattr(clip, "about"):
                print(clip.save(free_path(self.takes, clip)))
        if zipped:
            self.take_home(self.takes)

    def perform(self, capsule, seconds, name="long", **how):
        """Generate a long take into a folder of its own below `takes`; the same call again resumes it.

        Parameters
        ----------
        capsule, seconds, **how
            As for `prism_lessons.perform`.
        name
            Of the folder. If another take is there, the folder's name gets a number, which is printed.

        Returns
        -------
        list of LongTake
        """
        first = self.takes / _name_of(name, "a long take")
        for free in numbered(first.name, "_"):
            folder = self.takes / free
            try:
                takes = perform(capsule, folder, seconds, **how)
            except FolderOccupied:
                continue
            if folder != first:
                print(f'Something else lies in "{first}", so this was played into "{folder}".')
            return takes

    def sounds(self, example="breath"):
        """The recordings that a model can continue, {name: path}: your usable ones or, if there are none, those of an
        example set, which is printed."""
        own = survey(self.recordings).usable if files_of(self.recordings) else []
        folder = self.recordings if own else _example(example)
        if not own:
            print(f'You have no recording that can be used, so these are from the example set "{example}".')
        return {file.name: str(folder / file.name) for file in own or survey(folder).usable}

    def _own_runs(self):
        """The `Run`s of lesson 02 that have an epoch, the last changed first.

        For one that cannot be opened, the reason is printed.
        """
        logs = [log for runs in (self.runs, self.home / "runs") for log in runs.glob(f"*/{LOG}")]
        logs.sort(key=lambda log: log.stat().st_mtime, reverse=True)
        for name in dict.fromkeys(log.parent.name for log in logs):
            try:
                run = Run(self._with_its_copy(self.runs / name))
                if run.log and run.epochs:
                    yield run
            except CourseError as error:
                print(error)

    def choose(self, heard, epoch=None):
        """Keep the model of an epoch for good, and use it in lesson 04.

        Parameters
        ----------
        heard
            The `Audition`; its notes on the clips of that epoch are saved with the model.
        epoch
            An epoch whose model is there; the one that `heard` proposes if not given.

        Returns
        -------
        Capsule
        """
        run = heard.run
        if epoch is None:
            print(heard.proposed)
            epoch = heard.proposed.epoch
        run.star(epoch)
        heard.log.chosen(epoch)
        capsule = heard.capsule(epoch)
        capsule.save(self.home / CHOSEN)
        print(f"Epoch {epoch} is chosen: lesson 04 will play it. Its model is {self.home / CHOSEN}.")
        if copy := self.copy_of(run.folder):
            Mirror(run.folder, copy).finish()  # so that the star lasts
        return capsule

    def portfolio(self, heard):
        """Put everything about a run, and what you wrote in the course, into the folder `portfolio`; returns it.

        In Colab your browser saves it as a zip.
        """
        folder = self.home / "portfolio"
        heard.export(folder, self.journal, self.choices_about(_source_of(heard.run)))
        if colab.on_colab():
            self.take_home(folder)
        return folder

    def capsule(self, example="breath"):
        """The `Capsule` chosen in lesson 03; if none can be opened, the last epoch of your newest run, or of one that
        ships."""
        if (self.home / CHOSEN).is_file():
            try:
                capsule = Capsule.load(self.home / CHOSEN)
                print("This is the model that you chose in lesson 03.")
                return capsule
            except CourseError as error:
                print(error)
        for own in self._own_runs():
            try:
                capsule = own.capsule()
                print(f'You have chosen no model, so this is the last epoch of your run "{own.folder.name}".')
                return capsule
            except CourseError as error:
                print(error)
        print(f'You have no model of your own, so this is one that the course made from the example set "{example}".')
        return Run(_example(f"trained/{example}")).capsule()

    def journal_panel(self, lesson, *questions):
        """A `JournalPanel` for some questions."""
        return JournalPanel(self.journal, lesson, questions)


def _name_of(name, what):
    """The name of a folder, without spaces around it; `what` describes the folder in the error."""
    if not name.strip(" ._") or any(not (letter.isalnum() or letter in " ._-") for letter in name):
        raise CourseError(f'"{name}" cannot be the name of {what}: use letters, digits, spaces, "-" and "_".')
    return name.strip()


def _written(folder, name, content):
    """The path of a file of that name, written into a folder."""
    path = inside(folder, Path(name).name)
    path.write_bytes(content)
    return path


@contextmanager
def _put_off(faults):
    """Add the error of one file to a list, unless it is there already, so that the others are brought all the same."""
    try:
        yield
    except CourseError as error:
        if str(error) not in faults:
            faults.append(str(error))


def _is_zip(path):
    return path.suffix.lower() == ".zip"


def _is_example(source):
    """Whether recordings came with the course."""
    return Path(source).parent.name == EXAMPLES.name


def _source_of(run):
    """The folder of the recordings that a run was trained on, if known."""
    corpus = run.settings["corpus"]
    shipped = EXAMPLES / Path(corpus["folder"]).name  # as named by the runs that came with the course
    return corpus.get("source") or (shipped if shipped.is_dir() else "")


def _example(name):
    path = EXAMPLES / name
    if not path.is_dir():
        raise CourseError(f'"{path}" is not there: open the lessons from the folder "notebooks" of the course.')
    return path
