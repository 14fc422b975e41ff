"""The folder of a student's files, and which of them a lesson uses."""

import io
import shutil
from pathlib import Path

import numpy as np

from ..audio import load, pcm16
from ..audition import audition
from ..capsule import Capsule
from ..corpus import MINIMUM_SECONDS, VALIDATION, Choices, Corpus, curate, survey
from ..corpus import SETTINGS as CORPUS_SETTINGS
from ..errors import CourseError
from ..files import atomic_write, numbered, numbered_paths
from ..generation import FolderOccupied, perform, render, write_page
from ..journal import Journal
from ..live import LiveLine
from ..mirror import Mirror, bring_back
from ..pages import html
from ..run import LOG, SETTINGS, Run
from . import colab
from .output import RichOutput, iframe
from .panels import JournalPanel, files_panel
from .skipped_cells import explain_skipped_cells
from .transfer import Transfer, files_of

EXAMPLES = Path("../datasets_examples")  # from the folder of the lessons, where notebooks run
CHOSEN = "chosen.capsule"
PAGE, PAGE_HEIGHT = "instrument.html", 700  # pixels, until the page reports its own


class Course(Transfer):
    """The folder of everything that a student brings and makes, from lesson to lesson.

    recordings/       what you bring
    corpus/           the corpus of lesson 01
    runs/             the trainings of lesson 02, one folder each
    takes/            what lesson 04 makes
    chosen.capsule    the model chosen in lesson 03
    instrument.html   a page that plays a model
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
        The hours after which this computer is taken away at the latest; None if never.
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
        explain_skipped_cells()

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
            with atomic_write(path) as partial:
                shutil.copyfile(self.choices.path, partial)
        return Choices(path)

    def corpus(self, example="breath"):
        """The `Corpus` of lesson 01; before there is one, an example set, prepared as it is."""
        if (self.home / "corpus" / CORPUS_SETTINGS).is_file():
            made = Corpus.open(self.home / "corpus")
            of = f' from the example set "{Path(made.source).name}"' if _is_example(made.source) else ""
            print(f"This is the corpus that you made in lesson 01{of}.")
            return made
        print(f'You have not made a corpus yet, so this is the example set "{example}".')
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
        """The folder on Drive for a copy of the run in `folder`; None if there is no copy."""
        folder = Path(folder)
        return self.home / "runs" / folder.name if folder.parent == self.runs and self.home != self.work else None

    def _with_its_copy(self, folder):
        """The folder of a run, after restoring everything that exists only in its copy."""
        if copy := self.copy_of(folder):
            try:
                bring_back(copy, folder)
            except CourseError as error:  # such as a Drive that is gone: continue with the files that are here
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
        print(f'You have not trained a run yet, so this is "{example}", which came with the course.')
        folder = self.home / f"example_run_{example}"
        if not (folder / LOG).is_file():
            # A copy, since stars are kept in it.
            shutil.copytree(_example(f"trained/{example}"), folder, dirs_exist_ok=True)
        return Run(folder)

    def corpus_of(self, run):
        """The `Corpus` that a run was trained on; None where it no longer exists, cannot be opened, or has changed."""
        if corpus := run.find_corpus(report=print):
            return corpus
        trained = run.settings["corpus"]
        example = Path(trained["folder"]).name
        if (EXAMPLES / example).is_dir() and (corpus := self._example_corpus(example)).digest == trained["digest"]:
            return corpus
        return None

    def kept_aside(self, run):
        """The paths of up to three validation clips of a run, which it was never trained on.

        Empty if the corpus no longer exists, or has changed.
        """
        corpus = self.corpus_of(run)
        return [corpus.folder / clip.file for clip in corpus.of(VALIDATION)[:3]] if corpus else []

    def audition(self, run, who=None):
        """The clips of a run, as an `Audition`; its listening log is kept on Drive too, if there is one.

        `who` is your name in the listening log, which matters where several listen to copies of one run.
        """
        return audition(run, self.corpus_of(run), who, self.copy_of(run.folder))

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
                print(clip.save(_free_path(self.takes, clip)))
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
                print(f'"{first}" holds something else, so this take was written to "{folder}".')
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

    def choose(self, audition, epoch=None):
        """Keep the model of an epoch for ever, and use it in lesson 04.

        Parameters
        ----------
        audition
            The `Audition`; its notes on the clips of that epoch are saved with the model.
        epoch
            An epoch whose model still exists; the one that `audition` proposes if not given.

        Returns
        -------
        Capsule
        """
        run = audition.run
        if epoch is None:
            print(audition.proposed)
            epoch = audition.proposed.epoch
        run.star(epoch)
        audition.log.chosen(epoch)
        capsule = audition.capsule(epoch)
        capsule.save(self.home / CHOSEN)
        print(f"Epoch {epoch} is chosen: lesson 04 will play it. Its model is {self.home / CHOSEN}.")
        if copy := self.copy_of(run.folder):
            Mirror(run.folder, copy).finish()  # so that the star is saved
        return capsule

    def portfolio(self, audition):
        """Put everything about a run, and what you wrote in the course, into the folder `portfolio`; returns it.

        In Colab your browser saves it as a zip.
        """
        folder = self.home / "portfolio"
        audition.export(folder, self.journal, self.choices_about(_source_of(audition.run)))
        if colab.on_colab():
            self.take_home(folder)
        return folder

    def page(self, capsule):
        """Write a model as a page that plays it, `instrument.html`, and show it, or a sentence if it may not be shared.

        Returns
        -------
        RichOutput
        """
        path = self.home / PAGE
        try:
            write_page(capsule, path)
        except CourseError as error:
            return RichOutput(html("<p>{{ error }}</p>", error=error), str(error))
        if colab.on_colab():
            colab.download(path)
        page = html(
            "<p>{{ path }}</p>{{ frame }}", path=path, frame=iframe(path.read_text("utf-8"), path.stem, PAGE_HEIGHT)
        )
        return RichOutput(page, f"{path}: open it in a browser to play the model.")

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
                print(f'You have not chosen a model, so this is the last epoch of your run "{own.folder.name}".')
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


def _free_path(folder, clip):
    """A path for a clip in a folder: under a free name, or the one that it is saved under already."""
    wanted = pcm16(clip.samples)
    for path in numbered_paths(folder / f"{clip.name}.wav"):
        if not path.exists() or np.array_equal(pcm16(load(path).samples), wanted):
            return path
