"""A run: the folder that a training leaves behind, and everything in it.

run.json          settings, corpus, versions, reference lines
card.md           the card of the corpus
start.capsule     the model that the run began with, if any
log.jsonl         one line for each epoch: bits, seconds, learning rate
events.jsonl      other events, dated: begun, resumed, a setting changed, a step back
epochs/0012.capsule      the model after epoch 12
clips/0012_1_t0.95.wav   what it sounded like, voice 1, temperature 0.95
preflight.json, preflight/   the results and the clips of the pre-flight
training.lock     keeps a second training out
starred.json      epochs whose weights are never deleted
listening.jsonl   the listening log of the clips: stars, tags, notes, guesses, choices
resume.bin        the checkpoint of the end of an epoch
within.bin        the checkpoint within the current epoch
tensorboard/      the same curves for TensorBoard
"""

import math
import os
import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from . import file_format
from .audio import check_sample_rate
from .capsule import Capsule
from .checks import a_path, checked, number, optional, whole
from .errors import CourseError, as_given, in_short
from .files import (
    append_json_lines,
    check_there,
    inside,
    is_inside,
    locked,
    merge_json_lines,
    read_json,
    read_json_lines,
    write_json,
    write_json_lines,
    write_text,
)  # fmt: skip
from .settings import ModelSettings, TrainingSettings, described, is_number

FORMAT = 1
SETTINGS, CARD, LOG, EVENTS = "run.json", "card.md", "log.jsonl", "events.jsonl"
STARRED, LISTENING = "starred.json", "listening.jsonl"
PARTS = ("sample_rate", "model", "training", "corpus", "references")  # of the settings of every run
START, CHECKPOINT, MID_EPOCH = "start.capsule", "resume.bin", "within.bin"
PREFLIGHT, PREFLIGHT_SOUNDS, LOCK = "preflight.json", "preflight", "training.lock"
# Settings that may change when a run goes on, because its weights still fit. The temperatures of the clips may not, so
# that epochs can be compared at each of them.
FREE_TO_CHANGE = {
    "checkpoint_minutes", "clip_norm", "clip_seconds", "clip_voices", "devices", "disk_gb", "dropout", "learning_rate",
    "patience", "precision", "streams", "warm_up", "window",
}  # fmt: skip


@dataclass(frozen=True)
class Epoch:
    """One line of a run's log.

    `bits` and `validation_bits` are bits per sample; `seconds` and `samples` are the run's training time and training
    samples so far; `whole` is False if the budget ended the epoch early. `gradient_norm` is the mean gradient norm over
    the epoch, before clipping to `clip_norm`; None in runs that did not measure it.
    """

    epoch: int
    bits: float
    validation_bits: float
    seconds: float
    samples: int
    learning_rate: float
    whole: bool = True
    gradient_norm: float | None = None


@dataclass(frozen=True)
class RunClip:
    """A clip that a run played: its epoch, its temperature, its voice of the seed, from 1, and its label, if any."""

    epoch: int
    temperature: float
    voice: int
    path: Path
    label: str = ""

    @property
    def name(self):
        """Its name in the listening log: "0012_1_t0.95"."""
        return self.path.stem

    @property
    def title(self):
        """Its title in words: "epoch 12, temperature 0.95, voice 1", and its label."""
        labelled = f", {self.label}" if self.label else ""
        return f"epoch {self.epoch}, temperature {self.temperature:g}, voice {self.voice}{labelled}"


class Run:
    """A training's folder.

    Parameters
    ----------
    folder : str or Path
        Where it is.

    Raises
    ------
    CourseError
        When there is no run there.

    See Also
    --------
    train : Makes a run, or goes on with it.
    audition : Its clips, measured and compared with the recordings.
    Capsule : The model after one of its epochs.

    Examples
    --------
    >>> run = pl.Run("my_run")
    >>> run
    the run "my_run": epochs trained: 20, 4.91 bits per sample in validation
    >>> run.epochs, run.best
    ([5, 13, 20], 20)
    >>> run.capsule(13).about["epoch"]
    13
    """

    @checked(folder=a_path)
    def __init__(self, folder):
        self.folder = Path(folder)
        self.settings = read_json(self.folder / SETTINGS, "run")
        if self.settings.get("format") != FORMAT:
            raise CourseError(f'The run in "{folder}" was made by another version of this course: begin a new one.')
        try:
            _check(self.settings)
        except (CourseError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise CourseError(
                f'"{self.folder / SETTINGS}" is damaged ({in_short(error)}): take it from a copy.'
            ) from error

    @classmethod
    def begin(cls, folder, settings, card):
        """Make the folder of a new run, with its settings (plain values) and the card of its corpus."""
        folder = Path(folder)
        write_text(folder / CARD, card)
        write_json(folder / SETTINGS, {"format": FORMAT, **settings})
        return cls(folder)

    def change_settings(self, settings):
        """Save the settings with which the run goes on; its reference lines are kept."""
        self.settings |= settings
        write_json(self.folder / SETTINGS, self.settings)

    def part(self, name):
        """A part of the settings, one of PARTS.

        Raises
        ------
        CourseError
            When it is missing.
        """
        if name not in self.settings:
            raise CourseError(f'"{self.folder / SETTINGS}" is damaged ("{name}" is missing): take it from a copy.')
        return self.settings[name]

    def __repr__(self):
        log = self.log
        bits = f", {log[-1].validation_bits:.2f} bits per sample in validation" if log else ""
        return f'the run "{self.folder.name}": epochs trained: {len(log)}{bits}'

    @property
    def identity(self):
        """The fixed properties of a run: its start, its corpus, and the settings that cannot change."""
        settled = {
            part: {name: value for name, value in self.part(part).items() if name not in FREE_TO_CHANGE}
            for part in ("model", "training")
        }
        start = self.begun_from and self.begun_from["digest"]
        return {"start": start, "corpus": self.part("corpus")["digest"], **settled}

    @property
    def begun_from(self):
        """The model that the run began with, as plain values (see `training.start.origin_of`); None: from nothing."""
        return self.settings.get("begun_from")

    @property
    def sample_rate(self):
        """Hz."""
        return self.part("sample_rate")

    @property
    def references(self):
        """Bits per sample of baselines on the validation sound.

        {"uniform": blind chance among all codes, "unigram": the frequencies of codes, "linear_prediction": predicting
        the wave from its latest samples}; runs of an earlier version lack the third.
        """
        return self.part("references")

    @property
    def corpus_folders(self):
        """Where its corpus may be, as paths: as it was named in training, and, seen from the run, where it was then."""
        corpus = self.part("corpus")
        named, seen = Path(corpus["folder"]), self.folder / corpus.get("from_run", "")
        return [named, seen] if seen != self.folder and os.path.abspath(seen) != os.path.abspath(named) else [named]

    def find_corpus(self, report=lambda error: None):
        """Find the corpus that the run was trained on.

        Parameters
        ----------
        report : callable, optional
            Called with the `CourseError` of each corpus that cannot be opened.

        Returns
        -------
        Corpus or None
            None where the corpus is gone, damaged, or has changed since.
        """
        from .corpus import SETTINGS as CORPUS_SETTINGS  # here, since reading a run needs no analysis of sound
        from .corpus import Corpus

        for folder in self.corpus_folders:
            try:
                if os.path.isfile(folder / CORPUS_SETTINGS):
                    corpus = Corpus.open(folder)
                    if corpus.digest == self.part("corpus")["digest"]:
                        return corpus
            except CourseError as error:
                report(error)
        return None

    @property
    def corpus_silence(self):
        """The share of silence, 0 .. 1, in what it trains on (`Corpus.silence`); None in runs of an earlier version.

        From one half (`corpus.is_mostly_silent`, which takes None too), the model mostly learns silence.
        """
        return self.part("corpus").get("silence")

    @property
    def not_to_share(self):
        """Why its models may not be passed on, as phrases; empty if they may.

        They include those of the model that the run began with.
        """
        reasons = self.part("corpus").get("not_to_share", [])
        return [*reasons, *(old for old in (self.begun_from or {}).get("not_to_share", []) if old not in reasons)]

    @property
    def withheld(self):
        """The recordings it learned from that may not be passed on as sound, {name: why}; see `corpus.Sharing`."""
        return {**(self.begun_from or {}).get("withheld", {}), **self.part("corpus").get("withheld", {})}

    @property
    def card(self):
        """The card of the corpus, Markdown."""
        try:
            return inside(self.folder, CARD).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise CourseError(f'The card of the run in "{self.folder}" cannot be read: take it from a copy.') from error

    @property
    def log(self):
        """The epochs so far, in order, as `Epoch`s."""
        return read_json_lines(self.folder / LOG, "log", _epoch)

    @property
    def seconds(self):
        """Seconds of training so far, by the newest checkpoint."""
        paths = [self.folder / name for name in (CHECKPOINT, MID_EPOCH)]
        return max((file_format.read(path, "checkpoint")[0]["seconds"] for path in paths if path.exists()), default=0.0)

    def check_there(self):
        """Raise a `CourseError` if the folder was renamed, moved or deleted meanwhile."""
        check_there(self.folder / SETTINGS)

    def record(self, entry):
        """Put an `Epoch` into the log, replacing earlier entries of this and later epochs."""
        self.check_there()
        entries = [old for old in self.log if old.epoch < entry.epoch] + [entry]
        write_json_lines(self.folder / LOG, [asdict(line) for line in entries])

    @property
    def events(self):
        """Events other than epochs, oldest first, as dictionaries.

        Each has "when" (local time), "kind" ("begun", "resumed", "changed", "blown up", "stopped", "skipped
        pre-flight"), "epoch" (the last one in the log then, 0 before the first), "text" (a sentence), and values
        specific to its kind.
        """
        return read_json_lines(self.folder / EVENTS, "list of events", _event, growing=True)

    def note(self, kind, text, **values):
        """Add an event, see `events`."""
        self.check_there()
        when = datetime.now().isoformat(timespec="seconds")
        epoch = max((entry.epoch for entry in self.log), default=0)
        append_json_lines(self.folder / EVENTS, [{"when": when, "kind": kind, "epoch": epoch, "text": text, **values}])

    @checked(epoch=whole())
    def capsule_path(self, epoch):
        return self.folder / "epochs" / f"{epoch:04}.capsule"

    @checked(epoch=whole(), voice=whole(), temperature=number())
    def clip_path(self, epoch, voice, temperature):
        return self.folder / "clips" / f"{epoch:04}_{voice}_t{temperature:g}.wav"

    @property
    def played(self):
        """Every clip that was played, as `RunClip`s, by epoch, temperature and voice."""
        paths = (self.folder / "clips").glob("[0-9]*_*_t*.wav")
        # Somebody else's run may contain links to files outside it.
        found = filter(None, (clip_of(path) for path in paths if is_inside(self.folder, path)))
        labelled = [replace(clip, label=self.label_of(clip.voice)) for clip in found]
        return sorted(labelled, key=lambda clip: (clip.epoch, clip.temperature, clip.voice))

    @checked(voice=whole(1))
    def label_of(self, voice):
        """The label that a voice plays in the clips of all epochs, one after the other; "" in a run without labels."""
        return label_of(voice, self.settings.get("model", {}).get("labels"))

    @property
    def clips(self):
        """The clips of all epochs: {epoch: [paths]}."""
        found = {}
        for clip in self.played:
            found.setdefault(clip.epoch, []).append(clip.path)
        return found

    @property
    def grid(self):
        """The first voice of each epoch by temperature: {epoch: {temperature: path}}."""
        found = {}
        for clip in self.played:
            found.setdefault(clip.epoch, {}).setdefault(clip.temperature, clip.path)
        return found

    @property
    def epochs(self):
        """The epochs whose weights are kept, in order."""
        paths = [path for path in (self.folder / "epochs").glob("[0-9]*.capsule") if path.stem.isdecimal()]
        return sorted(epoch for path in paths if self.capsule_path(epoch := int(path.stem)) == path)

    @property
    def best(self):
        """The epoch with the lowest validation bits among those with weights, or None."""
        bits = {entry.epoch: entry.validation_bits for entry in self.log}
        return min((epoch for epoch in self.epochs if epoch in bits), key=bits.get, default=None)

    @checked(epoch=optional(whole()))
    def capsule(self, epoch=None):
        """The model after an epoch.

        Parameters
        ----------
        epoch : int, optional
            One of `epochs`; the last one if not given.

        Returns
        -------
        Capsule

        Raises
        ------
        CourseError
            When the weights of that epoch are not kept; the sentence says which are.
        """
        kept = self.epochs
        if not kept:
            raise CourseError(f'The run in "{self.folder}" has no finished epoch yet: train it first.')
        epoch = kept[-1] if epoch is None else epoch
        if epoch not in kept:
            raise CourseError(f"The weights of epoch {epoch} are not there: choose from {_ranges(kept)}.")
        return Capsule.load(inside(self.folder, str(self.capsule_path(epoch).relative_to(self.folder))))

    @property
    def starred(self):
        """The epochs marked as worth keeping, in order."""
        return _stars_in(self.folder / STARRED)

    @checked(epoch=whole())
    def star(self, epoch):
        """Keep the weights of an epoch regardless of the disk budget.

        Parameters
        ----------
        epoch : int
            One of `epochs`.
        """
        self.capsule(epoch)
        _add_stars(self.folder / STARRED, [epoch])

    def prune(self, budget, recent=3):
        """Delete weights until the kept ones fit into `budget` bytes, oldest first; clips stay.

        Starred epochs, the best and the most recent ones are never deleted.
        """
        kept = self.epochs
        safe = {*self.starred, self.best, *kept[-recent:]}
        size = sum(self.capsule_path(epoch).stat().st_size for epoch in kept)
        for epoch in kept:
            if size <= budget:
                break
            if epoch not in safe:
                size -= self.capsule_path(epoch).stat().st_size
                self.capsule_path(epoch).unlink()


def opened(run):
    """A `Run`, given itself or its folder, checked to have all its settings.

    Raises
    ------
    CourseError
        When there is none, or its settings lack a part.
    """
    run = run if isinstance(run, Run) else Run(run)
    for part in PARTS:
        run.part(part)
    return run


def _check(settings):
    """Raise an error if any of a run's settings, all optional here, has an invalid type or value."""
    for name in ("model", "training", "corpus", "references", "begun_from", "versions"):
        if not isinstance(settings.get(name, {}), dict) and (name, settings[name]) != ("begun_from", None):
            raise ValueError(f'"{name}" cannot be {in_short(settings[name])}')
    for part, kind in (("model", ModelSettings), ("training", TrainingSettings)):
        values = settings.get(part, {})
        for about in described(kind):
            if about.name in values:
                about.check(values[about.name])
    ModelSettings(**settings.get("model", {}))
    if "sample_rate" in settings:
        check_sample_rate(settings["sample_rate"])
    references = settings.get("references", {"uniform": 8.0})
    if not all(isinstance(bits, (int, float)) and 0 <= bits <= 100 for bits in references.values()):
        raise ValueError("its reference lines are no bits")
    if not references["uniform"]:
        raise ValueError("blind chance needs some bits")
    for budget in ("minutes", "epochs"):
        if not isinstance(settings.get(budget) or 0, (int, float)):
            raise ValueError(f"its {budget} are no number")
    silence = settings.get("corpus", {}).get("silence") or 0.0
    if not isinstance(silence, (int, float)) or not 0 <= silence <= 1:
        raise ValueError(f"its share of silence cannot be {in_short(silence)}")
    for origin in (settings.get("corpus"), settings.get("begun_from")):
        if origin is None:
            continue
        texts = [origin["digest"], *(origin.get(key, "") for key in ("folder", "from_run", "source", "run", "unasked"))]
        texts += [*origin.get("not_to_share", []), *origin.get("withheld", {}).values()]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{in_short(texts)} are no words")
    if "corpus" in settings and "folder" not in settings["corpus"]:
        raise KeyError("folder")


def _epoch(line):
    """The `Epoch` of a line of the log."""
    entry = Epoch(**line)
    numbers = (entry.bits, entry.validation_bits, entry.seconds, entry.learning_rate, entry.gradient_norm or 0)
    if type(entry.epoch) is not int or type(entry.samples) is not int or entry.epoch < 1:
        raise TypeError("an epoch and its samples are whole numbers")
    if not all(isinstance(number, (int, float)) for number in numbers) or not isinstance(entry.whole, bool):
        raise TypeError("the figures of an epoch are numbers")
    return entry


def _event(line):
    """A line of the list of events, see `Run.events`."""
    if type(line["epoch"]) is not int or not all(isinstance(line[name], str) for name in ("when", "kind", "text")):
        raise TypeError("an event is said in words")
    if line["kind"] == "blown up" and not (type(line["back_to"]) is int and is_number(line["rate_factor"])):
        raise TypeError("where it went back to is said in numbers")
    return {**line}


def _stars_in(path):
    if not os.path.lexists(path):
        return []
    epochs = read_json(path, "list of stars").get("epochs")
    if not isinstance(epochs, list) or not all(type(epoch) is int for epoch in epochs):
        raise CourseError(f'"{path}" is damaged: take it from a copy, or delete it and star again.')
    return epochs


def _add_stars(path, epochs):
    with locked(path):
        stars = _stars_in(path)
        if not {*epochs} <= {*stars}:
            write_json(path, {"epochs": sorted({*stars, *epochs})})


def _merge_stars(path, other):
    try:
        epochs = _stars_in(other)
    except CourseError as error:
        if isinstance(error.__cause__, OSError):  # it may be readable later
            raise
        return  # damaged: its content is unknown
    _add_stars(path, epochs)


def _merge_acts(path, other):
    # Damaged lines stay where they are.
    merge_json_lines(path, read_json_lines(other, "listening log", growing=True, damaged=[]))


# Files written independently in each copy of a run, and their merge functions: (path, the other's path).
MERGING = {STARRED: _merge_stars, LISTENING: _merge_acts}


def label_of(voice, labels):
    """The label that a voice, from 1, plays in the clips of a run with some labels, one after the other; "" without."""
    return labels[(voice - 1) % len(labels)] if labels else ""


def clip_of(path):
    """The `RunClip` from the name of a file, see `Run.clip_path`; None for any other name."""
    named = re.fullmatch(r"(\d+)_(\d+)_t([\d.e+-]+)", path.stem)
    try:
        clip = RunClip(int(named[1]), float(named[3]), int(named[2]), path) if named else None
    except ValueError:
        return None
    return clip if clip and math.isfinite(clip.temperature) else None


def epoch_of(name):
    """The epoch of a clip from its `RunClip.name`, even if its file is gone; None for any other name."""
    clip = clip_of(Path(f"{name}.wav"))
    return clip and clip.epoch


def is_beginning(path):
    """Whether a file may be in the folder of a run before its settings are written."""
    return path.name.removesuffix(".partial") in (CARD, START, SETTINGS, PREFLIGHT, PREFLIGHT_SOUNDS, LOCK)


def _ranges(epochs):
    """[1, 2, 3, 7] -> "1-3, 7"."""
    groups = []
    for epoch in epochs:
        if groups and epoch == groups[-1][1] + 1:
            groups[-1][1] = epoch
        else:
            groups.append([epoch, epoch])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in groups)


def run_of(path):
    """The `Run` whose folder is at a path, or the one in which a capsule there is an epoch; None if there is none."""
    path = Path(os.path.abspath(path))
    folder = path.parents[1] if path.parent.name == "epochs" else path
    return Run(folder) if os.path.isfile(folder / SETTINGS) else None


def as_capsule(source, epoch=None):
    """The `Capsule` of `source`: a capsule, a run or its folder (its last epoch, or `epoch`), or a file."""
    if isinstance(source, Capsule):
        return source
    if isinstance(source, Run):
        return source.capsule(epoch)
    if not isinstance(source, (str, os.PathLike)):
        raise CourseError(f"A model is a capsule, a run, or the path of one, not {as_given(source)}.")
    if os.path.isfile(Path(source) / SETTINGS):
        return Run(source).capsule(epoch)
    return Capsule.load(source)
