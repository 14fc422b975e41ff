"""Where a student's files are, and which of them a lesson goes on with."""

import io
import itertools
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

import librosa
import numpy as np

from ..audio import SUFFIXES, load, pcm16
from ..audition import audition
from ..capsule import Capsule
from ..corpus import MINIMUM_SECONDS, Choices, Corpus, curate, survey
from ..corpus.corpus import SETTINGS as CORPUS_SETTINGS
from ..corpus.corpus import VALIDATION
from ..errors import CourseError
from ..files import inside, replacing
from ..generation import render
from ..journal import Journal
from ..mirror import Mirror, belongs, bring_back
from ..run import LOG, SETTINGS, Run
from . import colab
from .panels import JournalPanel
from .skipped import tell_of_skipped_cells

EXAMPLES = Path("../datasets_examples")  # from the folder of the lessons, where notebooks run
CHOSEN = "chosen.capsule"
ZIP_MARK = b"prism-lessons course files"  # a zip's comment: it was made by `take_home`
MOST_UNPACKED = 20e9  # bytes


class Course:
    """The folder that keeps what a student brings and makes, from lesson to lesson.

    recordings/       what you bring
    corpus/           the corpus of lesson 01
    runs/             the trainings of lesson 02, one folder each
    takes/            what lesson 04 makes
    chosen.capsule    the model chosen in lesson 03
    portfolio/        all that is known of a run, to be handed in
    choices.jsonl     what you decided about your recordings; of an example set, example_choices_....jsonl
    journal.jsonl     what you wrote

    Parameters
    ----------
    drive
        In Colab: whether to keep it on Google Drive. Elsewhere it is the folder `course_files` beside the lessons.
        With Drive, `runs/` lies on the runtime's own disk, which is faster and never vanishes during a training; a copy
        of each run is kept on Drive (`copy_of`).

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
        tell_of_skipped_cells()

    def bring(self):
        """Bring recordings, or a zip that `take_home` made, and say what is there and what of it can be used.

        In Colab this asks for files and waits. Elsewhere it says where to put them. Zips of recordings are unpacked;
        what was taken home goes back to where it was.
        """
        self.recordings.mkdir(parents=True, exist_ok=True)
        uploaded = colab.upload() if colab.on_colab() else {}
        zips = [] if colab.on_colab() else sorted(filter(_is_zip, self.recordings.iterdir()))
        for name, content in uploaded.items():
            self._receive(name, content)
        for path in zips:
            self._receive(path.name, path.read_bytes())
            path.unlink()
        if _files(self.recordings):
            print(survey(self.recordings).summary)
        elif not uploaded and not zips:
            where = (
                "choose some" if colab.on_colab() else f"put them, or zips of them, into {self.recordings.resolve()}"
            )
            print(f"You have brought no recordings yet: {where}, and run this cell again.")

    def source(self, example="breath"):
        """The folder of recordings that lesson 01 goes on with: your own; where they do not suffice for a corpus, an
        example set, said."""
        seconds = survey(self.recordings).seconds if _files(self.recordings) else 0
        if seconds >= MINIMUM_SECONDS:
            return self.recordings
        lacking = "no recording that can be used" if not seconds else f"{seconds:.1f} s of sound that can be used"
        print(
            f"There is {lacking} in {self.recordings}, and a corpus needs {MINIMUM_SECONDS:.0f} s. "
            f'Until there is more, lesson 01 goes on with the example set "{example}".'
        )
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
        # Once there was one file for all. Without own recordings, it can only be about an example set.
        if self.choices.path.is_file() and not path.exists() and not _files(self.recordings):
            with replacing(path) as partial:
                shutil.copyfile(self.choices.path, partial)
        return Choices(path)

    def _receive(self, name, content):
        """Put one file into the recordings; unpack it if it is a zip, and only if all of it is whole."""
        if not _is_zip(Path(name)):
            with replacing(inside(self.recordings, Path(name).name)) as partial:
                partial.write_bytes(content)
            return
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED:
                    raise CourseError(f'"{name}" would unpack to more than 20 GB: bring it in parts.')
                # In half a zip, the last zip that lies inside it, such as a capsule, would pass for the whole.
                if min((member.header_offset for member in archive.infolist()), default=0) > 0:
                    raise zipfile.BadZipFile("its end is missing")
                if damaged := archive.testzip():
                    raise zipfile.BadZipFile(f'"{damaged}" in it is damaged')
                if archive.comment == ZIP_MARK:
                    self._put_back(archive)
                else:
                    _unpack(archive, self.recordings)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
            raise CourseError(
                f'"{name}" cannot be unpacked ({error}): bring it again, or pack it again, without a password.'
            ) from error

    def _put_back(self, archive):
        """Unpack what was taken home to where it was; a run only where there is none, or an older state of it."""
        self.work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="unpacked_", dir=self.work) as folder:
            _unpack(archive, folder)
            for settings in sorted(Path(folder).glob(f"runs/*/{SETTINGS}")):
                bring_back(settings.parent, self.runs / settings.parent.name)
                shutil.rmtree(settings.parent)
                print(f'Your run "{settings.parent.name}" is back.')
            for path in _files(folder):
                with replacing(self.home / path.relative_to(folder)) as partial:
                    shutil.copyfile(path, partial)

    def borrow(self, name):
        """Fetch a real recording into `recordings/`, and print whose it is and on which terms; needs a network.

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
        path = self.recordings / f"{name}{fetched.suffix}"
        with replacing(path) as partial:
            shutil.copyfile(fetched, partial)
        return path

    def take_home(self, folder=None):
        """Pack a folder of the course (all of it if not said) into a zip; in Colab, your browser saves it.

        Returns
        -------
        Path
            The zip. `bring` puts what is in it back to where it was.
        """
        folders, files = [Path(folder)] if folder else [self.home, self.runs], {}
        for place in folders:  # runs come last, since a copy of them among the others may be older
            base = self.work if place.is_relative_to(self.work) else self.home
            found = (path for path in sorted(place.rglob("*")) if path.is_file())
            files |= {path.relative_to(base): path for path in found if path.suffix != ".zip" and belongs(path.name)}
        if not files:
            raise CourseError(f'There is nothing in "{folders[0]}" to take home yet.')
        path = self.home / f"{folders[0].name}.zip"
        with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
            archive.comment = ZIP_MARK
            for name, file in files.items():
                archive.write(file, name)
        print(f"{path}: {len(files)} files, {path.stat().st_size / 1e6:.1f} MB.")
        if colab.on_colab():
            colab.download(path)
        return path

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

        What a copy of the run on Drive holds beyond what is in the folder is brought back to it first.
        """
        if not name.strip(" ._") or any(not (letter.isalnum() or letter in " ._-") for letter in name):
            raise CourseError(f'"{name}" cannot be the name of a run: use letters, digits, spaces, "-" and "_".')
        return self._with_its_copy(self.runs / name.strip())

    def copy_of(self, folder):
        """The folder on Drive that keeps a copy of the run in `folder`; None where no copy is kept."""
        folder = Path(folder)
        return self.home / "runs" / folder.name if folder.parent == self.runs and self.home != self.work else None

    def _with_its_copy(self, folder):
        """The folder of a run, once what only its copy holds was brought back to it."""
        if copy := self.copy_of(folder):
            try:
                bring_back(copy, folder)
            except CourseError as error:  # such as a Drive that is gone: what is here will do
                if not (folder / SETTINGS).is_file():
                    raise
                print(error)
        return folder

    def run(self, name=None, example="breath"):
        """A `Run` of lesson 02 by its name, or the newest that has an epoch; before there is one, a copy of one that
        ships."""
        if name:
            return Run(self.new_run(name))
        if own := self._newest_run():
            print(f'This is your run "{own.name}".')
            return Run(own)
        print(f'You have trained no run yet, so this is one that the course made from the example set "{example}".')
        folder = self.home / f"example_run_{example}"
        if not (folder / LOG).is_file():
            # A copy, since stars are kept in it.
            shutil.copytree(_example(f"trained/{example}"), folder, dirs_exist_ok=True)
        return Run(folder)

    def corpus_of(self, run):
        """The `Corpus` that a run learned from; None where it is no longer there, or has changed since."""
        folder = Path(run.settings["corpus"]["folder"])
        corpora = [Corpus.open(folder)] if (folder / CORPUS_SETTINGS).is_file() else []
        if (EXAMPLES / folder.name).is_dir():
            corpora.append(self._example_corpus(folder.name))
        return next((corpus for corpus in corpora if corpus.digest == run.settings["corpus"]["digest"]), None)

    def kept_aside(self, run):
        """Up to three clips, as paths, of the recordings that a run was tested on and never trained on.

        Empty where the corpus is no longer there, or has changed since.
        """
        corpus = self.corpus_of(run)
        return [corpus.folder / clip.file for clip in corpus.of(VALIDATION)[:3]] if corpus else []

    def audition(self, run, who=None):
        """Look at the clips of a run, as an `Audition`; what is heard in them is kept on Drive too, if there is one.

        `who` is your name in the listening log, which matters where several listen to copies of one run.
        """
        return audition(run, self.corpus_of(run), who, self.copy_of(run.folder))

    def bring_notes(self, heard):
        """Take in notes that pages have saved: files that are called notes_..., beside your other files.

        In Colab this asks for them and waits.
        """
        if colab.on_colab():
            for name, content in colab.upload().items():
                with replacing(inside(self.home, Path(name).name)) as partial:
                    partial.write_bytes(content)
        found = sorted(self.home.glob("notes_*.jsonl"))
        for path in found:
            print(f"{path.name}: {heard.log.merge(path)}")
        if not found:
            print(f"There are no notes yet. Put files that a page has saved into {self.home.resolve()}.")

    def keep(self, takes, **how):
        """Write takes into the folder `takes`, and list them in `takes.csv`; `how` as for `prism_lessons.render`.

        Clips that are no takes, such as what was kept from playing live, become 16-bit WAVs under their own names; one
        that is called as another is gets a number, so that none is written over.
        """
        for path in render([take for take in takes if hasattr(take, "about")], self.takes, **how):
            print(path)
        for clip in takes:
            if not hasattr(clip, "about"):
                print(clip.save(_free(self.takes, clip)))

    def recording(self, example="wind_180_to_500Hz"):
        """The path of a recording to go on from: your first one in the order of names, or one of the example sets."""
        if own := sorted(path for path in self.recordings.rglob("*") if path.suffix.lower() in SUFFIXES):
            print(f'This is your recording "{own[0].name}".')
            return own[0]
        print(f'You have brought no recording yet, so this is "{example}" from the example set "breath".')
        return _example("breath") / f"{example}.flac"

    def _newest_run(self):
        """The folder of the run of lesson 02 that was worked on last and has an epoch, or None."""
        logs = [log for runs in (self.runs, self.home / "runs") for log in runs.glob(f"*/{LOG}")]
        newest = max(logs, key=lambda log: log.stat().st_mtime, default=None)
        return newest and self._with_its_copy(self.runs / newest.parent.name)

    def choose(self, heard, epoch):
        """Keep the model of an epoch for ever, and as the one that lesson 04 plays.

        Parameters
        ----------
        heard
            The `Audition`; what was heard in the clips of that epoch travels with the model.
        epoch
            One of those whose models are there.

        Returns
        -------
        Capsule
        """
        run = heard.run
        run.star(epoch)
        heard.log.chosen(epoch)
        capsule = heard.capsule(epoch)
        capsule.save(self.home / CHOSEN)
        print(f"Epoch {epoch} is chosen: lesson 04 will play it. Its model is {self.home / CHOSEN}.")
        if copy := self.copy_of(run.folder):
            Mirror(run.folder, copy).finish()  # so that the star lasts
        return capsule

    def portfolio(self, heard):
        """Put all that is known of a run, and what you wrote in the course, into the folder `portfolio`; returns it.

        In Colab your browser saves it as a zip.
        """
        folder = self.home / "portfolio"
        heard.export(folder, self.journal, self.choices_about(_source_of(heard.run)))
        if colab.on_colab():
            self.take_home(folder)
        return folder

    def capsule(self, example="breath"):
        """The `Capsule` chosen in lesson 03; before there is one, the last epoch of your newest run, or of one that
        ships."""
        if (self.home / CHOSEN).is_file():
            print("This is the model that you chose in lesson 03.")
            return Capsule.load(self.home / CHOSEN)
        if own := self._newest_run():
            print(f'You have chosen no model yet, so this is the last epoch of your run "{own.name}".')
            return Run(own).capsule()
        print(f'You have chosen no model yet, so this is one that the course made from the example set "{example}".')
        return Run(_example(f"trained/{example}")).capsule()

    def journal_panel(self, lesson, *questions):
        """A `JournalPanel` for some questions."""
        return JournalPanel(self.journal, lesson, questions)


def _free(folder, clip):
    """Where a clip can be saved in a folder: a name of its own, or that under which it lies there already."""
    wanted = pcm16(clip.samples)
    for number in itertools.count(1):
        path = folder / f"{clip.name}{f'_{number}' if number > 1 else ''}.wav"
        if not path.exists() or np.array_equal(pcm16(load(path).samples), wanted):
            return path


def _files(folder):
    """The files below a folder, in the order of their paths."""
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def _is_zip(path):
    return path.suffix.lower() == ".zip"


def _is_example(source):
    """Whether recordings came with the course."""
    return Path(source).parent.name == EXAMPLES.name


def _source_of(run):
    """The folder of the recordings that a run learned from, as far as it is known."""
    corpus = run.settings["corpus"]
    shipped = EXAMPLES / Path(corpus["folder"]).name  # as the runs name it that came with the course
    return corpus.get("source") or (shipped if shipped.is_dir() else "")


def _unpack(archive, folder):
    """Unpack a zip into a folder, refusing to write anywhere else."""
    targets = {member: inside(folder, member.filename) for member in archive.infolist()}
    for member, target in targets.items():
        if not member.is_dir():
            with replacing(target) as partial, archive.open(member) as source, open(partial, "wb") as file:
                shutil.copyfileobj(source, file)


def _example(name):
    path = EXAMPLES / name
    if not path.is_dir():
        raise CourseError(f'"{path}" is not there: open the lessons from the folder "notebooks" of the course.')
    return path
