"""Plans: how far a training will get, by when, and what it needs, predicted from a corpus, a preset and a budget.

The speed of this machine is measured by training for some seconds. Once the run has begun, a `Forecast` replaces
the plan.
"""

import io
import math
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from ..capsule import Capsule
from ..checks import a, a_live_line, a_path, checked, optional
from ..corpus import Corpus
from ..errors import CourseError, as_given
from ..live import LiveLine, clock, counted, size, when, whole_minute
from ..presets import find_preset
from ..run import MID_EPOCH, Run
from ..settings import TrainingSettings, is_number
from .budget import Budget, predict_end
from .divergence import Diverged
from .trainer import Trainer, prepare

LEAST_BATCHES = 3  # timed, however long they take: the first may be slow, and two do not show how much they vary
NEVER_PRUNED = 4  # epochs whose weights stay whatever the disk budget: the best one and the three newest (`Run.prune`)


@dataclass(frozen=True)
class Plan:
    """The predicted course of a training; `str` puts it in words.

    Parameters
    ----------
    samples_per_second
        Training speed.
    seconds_per_epoch
        For a whole epoch and its end.
    minutes
        Minutes of training, the budget for `train`.
    epochs
        Epochs reached in that time, with the fraction of the last one.
    begins, ends
        Local time.
    clips
        Number of clips.
    bytes
        On disk, at the end.
    most_hours
        Hours after which the computer is taken away; None: never.
    cut
        The epoch in which that happens; None if the training ends before.
    warnings
        Warnings about the corpus, see `Corpus.warnings`.
    """

    samples_per_second: float
    seconds_per_epoch: float
    minutes: float
    epochs: float
    begins: datetime
    ends: datetime
    clips: int
    bytes: int
    most_hours: float | None = None
    cut: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self):
        """From beginning to end."""
        return self.ends.timestamp() - self.begins.timestamp()

    def __str__(self):
        last = math.ceil(self.epochs)
        left = [f"epoch {last}" if self.epochs >= 1 else f"{self.epochs:.0%} of epoch 1"]
        if self.clips:
            left.append(counted(self.clips, "clip"))
        left.append(size(self.bytes))
        text = (
            f"{float(f'{self.samples_per_second:.2g}'):,.0f} samples a second; {_duration(self.seconds_per_epoch)} for "
            f"an epoch. By {when(whole_minute(self.ends), self.begins)}: {', '.join(left)}."
        )
        if self.cut:
            text += (
                f" This computer is yours for at most {counted(self.most_hours, 'hour')}, and that time ends in "
                f"epoch {self.cut}: keep a copy of the run on Drive and go on from there; in a lesson, "
                "notebook.Course(drive=True) does so."
            )
        return "\n".join([text, *self.warnings])

    def as_dict(self):
        """Plain values for JSON, with the text of `str`."""
        moments = {name: getattr(self, name).isoformat(timespec="seconds") for name in ("begins", "ends")}
        return asdict(self) | moments | {"seconds": self.seconds, "text": str(self)}


@checked(corpus=a(Corpus, a_path), live=optional(a_live_line))
def plan(corpus, preset=None, *, minutes=None, epochs=None, until=None, most_hours=None, live=None, **changes):
    """Measure the speed of this machine for some seconds, and predict how far a training will get.

    Parameters
    ----------
    corpus : Corpus, str or Path
        A `Corpus` or its folder.
    preset : str, optional
        "sketch", "study" or "piece"; "sketch" if not given.
    minutes, epochs : float or int, optional
        The budget, as in `train`. With neither, and without `until`, the preset's minutes.
    until : str, optional
        A clock time such as "17:00": the budget is what fits before it next comes round. Combined with the others,
        whichever is reached first counts.
    most_hours : float, optional
        Hours after which the computer is taken away (Colab's free ones: 12, or sooner); None: never.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.
    **changes
        As in `train`.

    Returns
    -------
    Plan
        Early stopping (`patience`) is not taken into account.

    Raises
    ------
    CourseError
        When an argument is out of range, or there is no time to train before `until`.

    See Also
    --------
    preflight : Checks whether the training is set up.
    train : Takes the same arguments.
    PRESETS : The presets to choose from.

    Examples
    --------
    >>> planned = pl.plan("my_corpus", preset="sketch", minutes=30)
    >>> planned.minutes, planned.epochs
    (30.0, 225.0)
    >>> planned.clips
    450
    """
    corpus, preset = Corpus.open(corpus), find_preset("sketch" if preset is None else preset).changed(**changes)
    late = next_time(until, datetime.now()) if until is not None else None
    budget = Budget() if late and minutes is None and epochs is None else Budget.of(preset, epochs, minutes)
    if most_hours is not None and not (is_number(most_hours) and most_hours > 0):
        raise CourseError(f"most_hours must be a number above 0, not {as_given(most_hours)}.")
    throughput = measure_throughput(corpus, preset, live)
    predicted = make_plan(throughput, preset.training, budget, datetime.now(), late, most_hours)
    return replace(predicted, warnings=tuple(corpus.warnings))


def next_time(clock_time, now):
    """The next time after `now` that a clock shows a time such as "17:00".

    Raises
    ------
    CourseError
        When it is not a time of day.
    """
    try:
        wanted = datetime.strptime(clock_time, "%H:%M").time()
    except (ValueError, TypeError):
        raise CourseError(f'until must be a clock time such as "17:00", not {as_given(clock_time)}.') from None
    moment = datetime.combine(now, wanted)
    return moment if moment > now else moment + timedelta(days=1)


def make_plan(throughput, settings, budget, now, until=None, most_hours=None):
    """The `Plan` that follows from a `Throughput`; see `plan`. Measures nothing.

    Parameters
    ----------
    settings
        The `TrainingSettings`.
    budget
        The `Budget`; without any limit, `until` is needed.
    now, until
        Local time.
    """
    whole = throughput.epoch_seconds + throughput.end_seconds
    if until:
        time_left = until.timestamp() - now.timestamp() - throughput.start_seconds
        epochs, rest = divmod(max(0.0, time_left), whole)
        training = epochs * throughput.epoch_seconds + max(0.0, rest - throughput.end_seconds)
        if not training:
            raise CourseError(
                f"There is no time to train before {until:%H:%M}: starting and the end of an epoch take "
                f"{_duration(throughput.start_seconds + throughput.end_seconds)}; name a later time."
            )
        budget = Budget(budget.epochs, min(training / 60, budget.minutes or math.inf))
    epochs, training, left = predict_end(budget, throughput.epoch_seconds, throughput.end_seconds)
    seconds = throughput.start_seconds + left
    cut = None
    if most_hours is not None and 3600 * most_hours < seconds:
        cut = int(max(0.0, 3600 * most_hours - throughput.start_seconds) // whole) + 1
    played = math.ceil(epochs)
    kept = max(NEVER_PRUNED, int(settings.disk_gb * 1e9 // throughput.weights_bytes))
    return Plan(
        samples_per_second=throughput.samples_per_second,
        seconds_per_epoch=whole,
        minutes=training / 60,
        epochs=epochs,
        begins=now,
        ends=datetime.fromtimestamp(now.timestamp() + seconds),  # not `timedelta`: the clocks may change overnight
        clips=played * len(settings.clips),
        # A partial epoch leaves a checkpoint of its own, beside the one of the last whole epoch.
        bytes=(1 if epochs == played else 2) * throughput.checkpoint_bytes
        + min(played, kept) * throughput.weights_bytes
        + played * throughput.clips_bytes,
        most_hours=most_hours,
        cut=cut,
    )


def _duration(seconds):
    if seconds < 59.5:
        return counted(round(seconds), "second") if seconds >= 0.5 else "less than a second"
    return f"{clock(seconds)} {'minutes' if seconds < 3599.5 else 'hours'}"


@dataclass(frozen=True)
class Throughput:
    """How fast a machine trains one preset on one corpus, and how much each epoch writes to disk.

    Parameters
    ----------
    samples_per_second
        Training speed, without what comes between epochs.
    samples_per_epoch
        Samples in an epoch.
    start_seconds
        From the call until the training is under way: mostly compilation.
    end_seconds
        Duration of the end of an epoch: validation, clips, writing.
    checkpoint_bytes, weights_bytes, clips_bytes
        On disk: a checkpoint, the weights of an epoch, the clips of an epoch.
    """

    samples_per_second: float
    samples_per_epoch: int
    start_seconds: float
    end_seconds: float
    checkpoint_bytes: int
    weights_bytes: int
    clips_bytes: int

    @property
    def epoch_seconds(self):
        """Seconds of training in an epoch, without its end."""
        return self.samples_per_epoch / self.samples_per_second


def measure_throughput(corpus, preset, live=None, seconds=6.0):
    """Train, validate and play for some seconds as a run would, in a temporary folder.

    Parameters
    ----------
    corpus, preset
        A `Corpus` and a `Preset`.
    seconds
        Of training, once it is under way; more where `LEAST_BATCHES` need more.

    Returns
    -------
    `Throughput`
    """
    live, began, settings = live or LiveLine(), time.monotonic(), preset.training
    live.share("Measuring this computer", 0, 2)
    model, codes, validation_codes = prepare(corpus, preset)
    with tempfile.TemporaryDirectory() as folder:
        run = Run.begin(folder, {"sample_rate": corpus.sample_rate}, corpus.card())
        trainer = Trainer(run, preset, Budget(), model, codes, validation_codes, LiveLine(io.StringIO()))
        trainer.writer.close()
        end_seconds = trainer.warm_up()
        live.share("Measuring this computer", 1, 2)
        epochs, between = _fit_for(seconds, trainer)
        trained = trainer.state.seconds
        start_seconds = time.monotonic() - began - trained
        capsule = Capsule.of(model.samplernn, corpus.sample_rate, {}, run.card).save(run.capsule_path(1))
        checkpoint_bytes, weights_bytes = (path.stat().st_size for path in (run.folder / MID_EPOCH, capsule))
    live.end(f"Measured this computer in {clock(time.monotonic() - began)}.")
    samples = codes.samples_per_epoch
    return Throughput(
        samples_per_second=epochs * samples / trained,
        samples_per_epoch=samples,
        start_seconds=start_seconds,
        end_seconds=end_seconds + between,
        checkpoint_bytes=checkpoint_bytes,
        weights_bytes=weights_bytes,
        clips_bytes=DiskEstimate(model.samplernn.count_params(), settings, corpus.sample_rate).clips,
    )


def _fit_for(seconds, trainer):
    """Train for some seconds, doing everything that a run does at each batch.

    Returns
    -------
    The epochs trained in these seconds, and the mean seconds it takes to start another stretch.
    """
    state, budget = trainer.state, trainer.budget
    batch, stretches, between = 1 / state.steps, 0, 0.0
    # The first batch compiles, and is not counted in the seconds.
    while not (state.seconds >= seconds and state.epochs > (LEAST_BATCHES + 0.5) * batch):
        budget.minutes = (max(seconds, state.seconds + 1e-6) if stretches else seconds / 2) / 60
        began, trained = time.monotonic(), state.seconds
        with suppress(Diverged):  # it takes as long as any batch, and the run will report it
            trainer.fit()
        if state.step >= state.steps:
            state.next_epoch(trainer.model)
        if stretches:
            between += time.monotonic() - began - (state.seconds - trained)
        stretches += 1
    return state.epochs - batch, between / (stretches - 1)


@dataclass(frozen=True)
class DiskEstimate:
    """Bytes that a training writes.

    Parameters
    ----------
    weights
        Number of weights in the model.
    settings
        The `TrainingSettings`.
    sample_rate
        Hz.
    """

    weights: int
    settings: TrainingSettings
    sample_rate: int

    @property
    def clips(self):
        """The clips of an epoch, at 16 bits a sample, as files and again for TensorBoard."""
        return round(2 * 2 * len(self.settings.clips) * self.settings.clip_seconds * self.sample_rate)

    @property
    def epoch(self):
        """The weights and the clips of an epoch."""
        return 4 * self.weights + self.clips

    @property
    def checkpoint(self):
        """The weights and Adam's two moment estimates."""
        return 3 * 4 * self.weights

    @property
    def least(self):
        """Free space needed to begin: two checkpoints, a third while it is written, two epochs."""
        return 3 * self.checkpoint + 2 * self.epoch

    def check(self, folder):
        """Raise `CourseError` if the disk of a folder, which may not exist yet, has too little space for a training."""
        exists = next(parent for parent in (folder, *folder.absolute().parents) if os.path.exists(parent))
        free = shutil.disk_usage(exists).free
        if free < self.least:
            raise CourseError(
                f'This training needs at least {size(self.least)} in "{folder}" and {size(free)} are free: '
                "free some space or name a folder on another disk."
            )
