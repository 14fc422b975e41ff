"""A run's budget, and the Keras callback that sets the learning rate, counts time and saves every few minutes."""

import math
import time
from datetime import datetime

from ..backend import keras
from ..errors import CourseError, as_given
from ..settings import is_number
from .stability import Watch

FINAL_RATE = 0.02  # fraction of the highest learning rate, at the end of the cosine


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

    def share(self, progress):
        """The fraction of it that a `Progress` has spent, 0 .. 1 and beyond."""
        by_time = progress.seconds / (60 * self.minutes) if self.minutes else 0.0
        by_epoch = progress.epochs / self.epochs if self.epochs else 0.0
        return max(by_time, by_epoch)

    def spent(self, progress):
        return self.share(progress) >= 1


class Conductor(keras.callbacks.Callback):
    """Sets the learning rate before each batch, counts training time, watches for divergence, saves every few minutes,
    stops when the budget is spent, updates the live line.

    Parameters
    ----------
    progress
        The run's `Progress`.
    budget
        The `Budget`.
    save
        A function that writes a checkpoint from within the epoch; called every `checkpoint_minutes`.
    forecast
        The `Forecast` to update after every batch and show in the live line, or None.
    """

    def __init__(self, progress, settings, budget, live, save=None, forecast=None):
        super().__init__()
        self.progress, self.settings, self.budget, self.live = progress, settings, budget, live
        self.save, self.forecast = save, forecast
        self._clock = self._saved = time.monotonic()
        self._warm = False  # the first batch compiles, and is not counted

    def learning_rate(self, batches):
        """Warm-up over the first batches of the run, then a cosine over its budget (Loshchilov & Hutter 2017,
        https://arxiv.org/abs/1608.03983, without restarts)."""
        rise = min(1.0, (batches + 1) / max(1, self.settings.warm_up))
        share = min(1.0, self.budget.share(self.progress))
        fall = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * share))
        return self.settings.learning_rate * rise * fall * self.progress.rate

    def on_epoch_begin(self, epoch, logs=None):
        self._batches = int(self.model.optimizer.iterations)
        self._watch = Watch(self.model.model.settings.levels, first_epoch=not self.progress.epoch)
        self._sums = 0.0, 0.0
        self._clock = time.monotonic()

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate.assign(self.learning_rate(self._batches))

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        if self._warm:
            self.progress.seconds += now - self._clock
        self._clock, self._warm = now, True
        self.progress.step += 1
        self._batches += 1
        measured = self.model.bits.total, self.model.bits.count, self.model.adam.norms[0]
        bits, samples, norms = (float(value) for value in measured)
        (bits_before, samples_before), self._sums = self._sums, (bits, samples)
        self._watch.see((bits - bits_before) / max(1.0, samples - samples_before), norms)
        if self.forecast:
            self.forecast.see(now)
        if self.budget.spent(self.progress):
            self.model.stop_training = True
        elif self.save and now - self._saved >= 60 * self.settings.checkpoint_minutes:
            self.save()
            self._clock = self._saved = time.monotonic()
        self._show(bits / max(1.0, samples))

    def _show(self, bits):
        heard = self.progress.step / self.progress.steps
        outlook = self.forecast.words(datetime.now()) if self.forecast else ""
        words = f"Epoch {self.progress.epoch + 1}, {heard:.0%}: {bits:.3f} bits{outlook and ', '}{outlook}"
        self.live.text(words, heard)
