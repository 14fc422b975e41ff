"""What came of a search: its trials, the best of them, and how sure that is, read from the search's folder."""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..checks import a_live_line, a_path, checked, optional
from ..errors import CourseError
from ..files import output_path, read_json, write_text
from ..live import LiveLine, clock, counted
from ..presets import ENDING, Preset
from ..run import Run

SEARCH, BEST, PRESETS, TRIALS, PAGE = "search.json", f"best{ENDING}", "presets", "trials", "search.html"
BITS = "bits"
FULL, STOPPED, GOING, FAILED = ORDER = "trained for all its minutes", "stopped early", "not finished", "failed"
LUCK = 0.01  # bits by which two trainings may differ that differ in their seed alone: docs/training.md


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Attributes
    ----------
    name
        Of its run's folder in `trials/`: "01" has the preset's own settings.
    changes
        {setting: value} that it was given.
    score
        What it was compared by, lower is better: its lowest validation bits, or the criterion's figure; None if failed.
    seconds, epochs
        Of training.
    state
        FULL, STOPPED, GOING or FAILED.
    problem
        Why it failed, a sentence; else "".
    scores
        [[seconds of training, score], ...]: after each epoch.
    """

    name: str
    changes: dict
    score: float | None
    seconds: float
    epochs: int
    state: str
    problem: str = ""
    scores: list = field(default_factory=list)

    def score_at(self, seconds):
        """Its score after so many seconds of training; None if no epoch had ended by then."""
        return next((score for when, score in reversed(self.scores) if when <= seconds), None)


class Search:
    """What came of a search, read from its folder.

    Parameters
    ----------
    folder : str or Path
        That of `tune`.

    Attributes
    ----------
    trials : list of Trial
        All of them, in the order of their names.
    importance : dict
        {setting: how much it decided the score at equal training time, 0 .. 1}; empty where that cannot be told.

    Raises
    ------
    CourseError
        When no trial is known there.

    See Also
    --------
    prism_lessons.tune : Makes one.
    """

    @checked(folder=a_path)
    def __init__(self, folder):
        self.folder = Path(folder)
        written = read_json(self.folder / SEARCH, "search")
        if not written.get("trials"):
            raise CourseError(f'The search in "{folder}" has not ended: run it again to go on.')
        asked = written["asked"]
        self.wanted, self.criterion, self.space = asked["trials"], asked["criterion"], asked["space"]
        self.minutes = asked["preset"]["minutes"]
        self.importance, self.importance_ranges = written["importance"], written.get("importance_ranges", {})
        self.trials = [Trial(**trial) for trial in written["trials"]]

    @property
    def ended(self):
        """Whether all trials have ended; else the same call of `tune` goes on."""
        return len(self.trials) == self.wanted and all(trial.state != GOING for trial in self.trials)

    @property
    def ranked(self):
        """The trials, best first: those that trained for all their minutes, those stopped early, those that failed."""
        return in_order(self.trials)

    @property
    def best(self):
        """The best trial among those that trained for all their minutes, or None."""
        first = self.ranked[0]
        return first if first.state == FULL else None

    @property
    def unchanged(self):
        """The trial that had the preset's own settings; None if it has not begun."""
        return next((trial for trial in self.trials if trial.name == name_of(0)), None)

    @property
    def equal_seconds(self):
        """The seconds of training after which all trials can be compared: those of the one that was stopped first."""
        return equal_seconds(self.trials)

    @property
    def gain(self):
        """How much less the best trial needs than the preset's own settings; None if one of the two is missing."""
        if self.best is None or self.unchanged is None or self.unchanged.state != FULL:
            return None
        return self.unchanged.score - self.best.score

    def run(self, trial):
        """The `Run` of a trial."""
        return Run(self.folder / TRIALS / trial.name)

    def preset(self, trial):
        """The settings of a trial as a `Preset`, which its method `save` writes to a file of your own.

        Raises
        ------
        CourseError
            When the trial failed, so that it has none.
        """
        return Preset.load(self.folder / PRESETS / f"{trial.name}{ENDING}")

    @checked(path=optional(a_path), live=optional(a_live_line))
    def page(self, path=None, live=None):
        """Write a page for reading and hearing what the trials came to.

        Recordings that may not be shared are protected as on the page of an audition: clips that nearly repeat one are
        left out.

        Parameters
        ----------
        path : str or Path, optional
            The page, ending in .html; `search.html` in the search's folder if not given. It is self-contained.
        live : LiveLine, optional
            Where progress is reported; on standard output if not given.

        Returns
        -------
        Path
        """
        from .page import search_page  # here, since it needs the analysis of sound

        path = output_path(path or self.folder / PAGE, ".html")
        write_text(path, search_page(self, live or LiveLine()))
        return path

    def as_dict(self):
        """As plain values."""
        return {
            "trials": [asdict(trial) for trial in self.ranked],
            "importance": self.importance,
            "importance_ranges": self.importance_ranges,
        }

    @property
    def verdict(self):
        """What decided, and how sure that is, as sentences."""
        return [*self._progress(), *self._on_the_best(), *self._on_settings()]

    def _progress(self):
        if not self.ended:
            ended = sum(trial.state != GOING for trial in self.trials)
            yield f"The search is not over: {ended} of {self.wanted} trials have ended. Run the same again to go on."

    def _on_the_best(self):
        if self.best is None:
            yield "No trial has trained for all its minutes, so none is called the best."
            return
        if self.gain is None:
            yield f"Trial {self.best.name} is the best. The preset's own settings did not train to the end beside it."
            return
        if not self.gain:
            yield "The preset's own settings are the best: no trial that trained for all its minutes was better."
            return
        yield f"Trial {self.best.name} is the best: {self.gain:.3f} less than with the preset's own settings."
        if self.criterion != BITS:
            yield "How far two trainings with the same settings differ in this figure has not been measured."
        elif self.gain < LUCK:
            yield f"That may be luck: trainings that differ in their seed alone differ by nearly {LUCK} bits."
        else:
            yield f"Luck makes trainings that differ in their seed alone differ by nearly {LUCK} bits; this is more."
        yield (
            f"The best of {self.wanted} is also the luckiest of {self.wanted}: train it and the preset again with "
            "another seed, and listen to both, before you trust it."
        )

    def _on_settings(self):
        if not self.importance_ranges:
            return
        first, *others = self.importance
        low, high = self.importance_ranges[first]
        said = f"{first} decided most: {self.importance[first]:.0%} of the differences between trials"
        if all(self.importance_ranges[other][1] < low for other in others):
            yield f"{said}, and at least {low:.0%} whichever single trial is left out."
        else:
            yield f"{said}, but this is not sure: with a single trial left out, it is {low:.0%} to {high:.0%}."

    def __str__(self):
        lines = [_in_words(trial) for trial in self.ranked]
        if self.importance:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in self.importance.items())
            lines.append(f"How much each setting decided: {shares}.")
        lines += self.verdict
        return "\n".join([*lines, f"Settings of the best: {self.folder / BEST}"] if self.best else lines)

    __repr__ = __str__


def _in_words(trial):
    changes = ", ".join(f"{name}={value}" for name, value in trial.changes.items())
    if trial.state == FAILED:
        return f"trial {trial.name}: failed ({trial.problem}); {changes}"
    return (
        f"trial {trial.name}: {trial.score:.3f} after {clock(trial.seconds)} and {counted(trial.epochs, 'epoch')}, "
        f"{trial.state}; {changes}"
    )


def name_of(number):
    """The name of a trial by its number, from 0."""
    return f"{number + 1:02}"


def in_order(trials):
    """Trials, best first, as `Search.ranked`."""
    return sorted(trials, key=lambda trial: (ORDER.index(trial.state), trial.score or 0.0, trial.name))


def equal_seconds(trials):
    """The training time, in seconds, that all trials have reached; 0 where none has a score."""
    return min((trial.scores[-1][0] for trial in trials if trial.scores), default=0.0)


def scores_at_equal_time(trials):
    """{name of a trial: its score then}, without those that have none or whose score is not finite."""
    seconds = equal_seconds(trials)
    found = {trial.name: trial.score_at(seconds) for trial in trials}
    return {name: score for name, score in found.items() if score is not None and math.isfinite(score)}
