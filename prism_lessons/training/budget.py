"""How long a run may train, and when it will end: its budget, and the forecast from its recent speed."""

import math
from datetime import datetime

from ..errors import CourseError, as_given
from ..live import when, whole_minute
from ..settings import is_number

STEADY = 30.0  # seconds of training: the least time constant of the averaged speed, since machines are shared
LEAST_TRAINED = 2.0  # seconds of training before the first forecast
ENDS_AVERAGED = 4  # ends of epochs: the first one is slower, and machines are shared


class Budget:
    """How long a run may train, in all.

    Parameters
    ----------
    epochs, minutes
        Either may be None; with both, whichever is reached first counts.
    """

    def __init__(self, epochs=None, minutes=None):
        self.epochs, self.minutes = epochs, minutes

    @classmethod
    def of(cls, preset, epochs=None, minutes=None, run=None):
        """The budget that a call of `train` asks for.

        With neither epochs nor minutes, it is the earlier budget of `run`, a `Run`, or else the preset's minutes.

        Raises
        ------
        CourseError
            When one of them is out of range.
        """
        if minutes is not None and not (is_number(minutes) and 0 < minutes < math.inf):
            raise CourseError(f"minutes must be a number above 0, not {as_given(minutes)}.")
        if epochs is not None and not (is_number(epochs) and 0 < epochs < math.inf and epochs == int(epochs)):
            raise CourseError(f"epochs must be a whole number above 0, not {as_given(epochs)}.")
        if epochs is None and minutes is None and run:
            epochs, minutes = run.settings.get("epochs"), run.settings.get("minutes")
        return cls(epochs, preset.minutes if epochs is None and minutes is None else minutes)

    def share(self, state):
        """The fraction of the budget that a `TrainingState` has spent, 0 .. 1 and beyond."""
        by_time = state.seconds / (60 * self.minutes) if self.minutes else 0.0
        by_epoch = state.epochs / self.epochs if self.epochs else 0.0
        return max(by_time, by_epoch)

    def spent(self, state):
        return self.share(state) >= 1


def predict_end(budget, epoch_seconds, end_seconds, *, epochs=0.0, ended=0, seconds=0.0):
    """How far a run will get, and how long that takes.

    Parameters
    ----------
    budget
        The `Budget`, with at least one limit.
    epoch_seconds, end_seconds
        Seconds that training an epoch takes from here on, and seconds that its end takes.
    epochs, ended, seconds
        Done so far: epochs, with the fraction of the current one; epochs including their end; seconds of training.

    Returns
    -------
    reached, training, left
        Epochs at the end, with the fraction of the last one; seconds of training still to come, without and with the
        ends of epochs.
    """
    training = min(
        (budget.epochs - epochs) * epoch_seconds if budget.epochs else math.inf,
        60 * budget.minutes - seconds if budget.minutes else math.inf,
    )
    training = max(0.0, training)
    reached = round(epochs + training / epoch_seconds, 6)  # so that a whole number of epochs is one
    return reached, training, training + (math.ceil(reached) - ended) * end_seconds


class Forecast:
    """Predicts when a run will end from its recent speed, updated with every batch.

    Training by earlier calls, perhaps on another machine, counts towards the budget and not towards the speed.

    Parameters
    ----------
    state, budget
        The run's `TrainingState`, as it is now, and its `Budget`.
    end_seconds
        First estimate of what the end of an epoch takes, see `Trainer.warm_up`.
    """

    def __init__(self, state, budget, end_seconds):
        self.state, self.budget, self.end_seconds = state, budget, end_seconds
        self._last = None  # when, seconds of training, epochs, whole epochs
        self._seconds = self._epochs = 0.0  # of training, with older ones weighted less
        self._trained = 0.0  # seconds of training since the forecast began
        self._between = 0.0  # seconds that went to other things since the last end of an epoch
        self._ends = 1  # the estimate counts as an end too

    def update(self, now):
        """Update with a batch that has just been counted in the `TrainingState`.

        Parameters
        ----------
        now
            Seconds, by `time.monotonic`.
        """
        state = self.state
        before, self._last = self._last, (now, state.seconds, state.epochs, state.epoch)
        passed, trained, epochs, ended = (new - old for new, old in zip(self._last, before or self._last, strict=True))
        if trained <= 0 or epochs <= 0:  # the first batch, which compiles, or a rollback
            self._between = 0.0
            return
        fade = math.exp(-trained / max(STEADY, self._trained / 3))
        self._seconds, self._epochs = self._seconds * fade + trained, self._epochs * fade + epochs
        self._trained += trained
        self._between += passed - trained
        if ended:
            self._ends = min(self._ends + 1, ENDS_AVERAGED)
            self.end_seconds += (self._between - self.end_seconds) / self._ends
            self._between = 0.0

    @property
    def ready(self):
        """Whether the run has trained for long enough to predict anything."""
        return self._trained >= LEAST_TRAINED

    def predict_end(self):
        """The epochs at the end, and the seconds until then; only if `ready`."""
        state = self.state
        reached, _, left = predict_end(
            self.budget,
            self._seconds / self._epochs,
            self.end_seconds,
            epochs=state.epochs,
            ended=state.epoch,
            seconds=state.seconds,
        )
        return reached, left

    def words(self, now):
        """ "until about 17:04, epoch 12", or "" if not `ready`; `now` is local time."""
        if not self.ready:
            return ""
        epochs, seconds = self.predict_end()
        ends = datetime.fromtimestamp(now.timestamp() + seconds)
        return f"until about {when(whole_minute(ends), now)}, epoch {math.ceil(epochs)}"
