"""How far a training will get, and by when: a corpus, a preset and a budget go in, a `Plan` comes out.

Once the run has begun, a `Forecast` takes the plan's place.
"""

import math
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from ..checks import a, a_live_line, a_path, checked, optional
from ..corpus import Corpus
from ..errors import CourseError, as_given
from ..live import clock, size
from ..presets import find_preset
from ..settings import is_number
from .conductor import Budget
from .forecast import outlook, when, whole_minute
from .pace import measure_pace

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
            left.append(_counted(self.clips, "clip"))
        left.append(size(self.bytes))
        text = (
            f"{float(f'{self.samples_per_second:.2g}'):,.0f} samples a second; {_duration(self.seconds_per_epoch)} for "
            f"an epoch. By {when(whole_minute(self.ends), self.begins)}: {', '.join(left)}."
        )
        if self.cut:
            text += (
                f" This computer is lent for at most {_counted(self.most_hours, 'hour')}, and that ends in epoch "
                f"{self.cut}: keep a copy of the run on Drive and go on from it; in a lesson, "
                "notebook.Course(drive=True) does so."
            )
        return "\n".join([text, *self.warnings])

    def as_dict(self):
        """Plain values for JSON, the words among them."""
        moments = {name: getattr(self, name).isoformat(timespec="seconds") for name in ("begins", "ends")}
        return asdict(self) | moments | {"seconds": self.seconds, "text": str(self)}


@checked(corpus=a(Corpus, a_path), live=optional(a_live_line))
def plan(corpus, preset=None, *, minutes=None, epochs=None, until=None, most_hours=None, live=None, **changes):
    """Measure this machine for some seconds, and predict how far a training will get.

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
        When an argument is out of range, or nothing can be trained before `until`.

    See Also
    --------
    preflight : Checks whether the training is set up.
    train : Takes the same arguments.
    PRESETS : The presets to choose from.

    Examples
    --------
    >>> promised = pl.plan("my_corpus", preset="sketch", minutes=30)
    >>> promised.minutes, promised.epochs
    (30.0, 225.0)
    >>> promised.clips
    450
    """
    corpus, preset = Corpus.open(corpus), find_preset("sketch" if preset is None else preset).changed(**changes)
    late = next_time(until, datetime.now()) if until is not None else None
    budget = Budget() if late and minutes is None and epochs is None else Budget.of(preset, epochs, minutes)
    if most_hours is not None and not (is_number(most_hours) and most_hours > 0):
        raise CourseError(f"most_hours must be a number above 0, not {as_given(most_hours)}.")
    pace = measure_pace(corpus, preset, live)
    promised = promise(pace, preset.training, budget, datetime.now(), late, most_hours)
    return replace(promised, warnings=tuple(corpus.warnings))


def next_time(clock_time, now):
    """The next moment after `now` at a clock time such as "17:00".

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


def promise(pace, settings, budget, now, until=None, most_hours=None):
    """The `Plan` that follows from a `Pace`; see `plan`. Measures nothing.

    Parameters
    ----------
    settings
        The `TrainingSettings`.
    budget
        The `Budget`; without any limit, `until` is needed.
    now, until
        Local time.
    """
    whole = pace.epoch_seconds + pace.end_seconds
    if until:
        time_left = until.timestamp() - now.timestamp() - pace.start_seconds
        epochs, rest = divmod(max(0.0, time_left), whole)
        training = epochs * pace.epoch_seconds + max(0.0, rest - pace.end_seconds)
        if not training:
            raise CourseError(
                f"Nothing can be trained until {until:%H:%M}: starting and the end of an epoch take "
                f"{_duration(pace.start_seconds + pace.end_seconds)}; name a later time."
            )
        budget = Budget(budget.epochs, min(training / 60, budget.minutes or math.inf))
    epochs, training, left = outlook(budget, pace.epoch_seconds, pace.end_seconds)
    seconds = pace.start_seconds + left
    cut = None
    if most_hours is not None and 3600 * most_hours < seconds:
        cut = int(max(0.0, 3600 * most_hours - pace.start_seconds) // whole) + 1
    played = math.ceil(epochs)
    room = max(NEVER_PRUNED, int(settings.disk_gb * 1e9 // pace.weights_bytes))
    return Plan(
        samples_per_second=pace.samples_per_second,
        seconds_per_epoch=whole,
        minutes=training / 60,
        epochs=epochs,
        begins=now,
        ends=datetime.fromtimestamp(now.timestamp() + seconds),  # not `timedelta`: the clocks may change overnight
        clips=played * len(settings.clips),
        # A partial epoch leaves a checkpoint of its own, beside the one of the last whole epoch.
        bytes=(1 if epochs == played else 2) * pace.checkpoint_bytes
        + min(played, room) * pace.weights_bytes
        + played * pace.clips_bytes,
        most_hours=most_hours,
        cut=cut,
    )


def _duration(seconds):
    if seconds < 59.5:
        return _counted(round(seconds), "second") if seconds >= 0.5 else "less than a second"
    return f"{clock(seconds)} {'minutes' if seconds < 3599.5 else 'hours'}"


def _counted(number, thing):
    return f"{number:g} {thing}{'' if number == 1 else 's'}"
