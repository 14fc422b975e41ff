"""The Keras callback of a training: learning rate, time, batches, checkpoints and divergence, batch by batch."""

import time
from datetime import datetime

from ..backend import keras
from .divergence import DivergenceMonitor
from .schedule import learning_rate


class TrainingCallback(keras.callbacks.Callback):
    """Sets the learning rate before each batch, counts training time, watches for divergence, saves every few minutes,
    stops when the budget is spent, interrupts when it is time to pause, updates the live line.

    Parameters
    ----------
    state
        The `TrainingState`.
    budget
        The `Budget`.
    save
        A function that writes a checkpoint from within the epoch; called every `checkpoint_minutes`.
    forecast
        The `Forecast` to update after every batch and show in the live line, or None.

    Attributes
    ----------
    pause_at
        Seconds of training after which a batch ends as if Ctrl-C had been pressed; None for never.
    """

    def __init__(self, state, settings, budget, live, save=None, forecast=None):
        super().__init__()
        self.state, self.settings, self.budget, self.live = state, settings, budget, live
        self.save, self.forecast, self.pause_at = save, forecast, None
        self._clock = self._saved = time.monotonic()
        self._warm = False  # the first batch compiles, and is not counted

    def on_epoch_begin(self, epoch, logs=None):
        self._batches = int(self.model.optimizer.iterations)
        self._divergence = DivergenceMonitor(self.model.samplernn.settings.levels, first_epoch=not self.state.epoch)
        self._sums = 0.0, 0.0
        self._clock = time.monotonic()

    def on_train_batch_begin(self, batch, logs=None):
        rate = learning_rate(self.settings, self._batches, self.budget.share(self.state))
        self.model.optimizer.learning_rate.assign(rate * self.state.lr_scale)

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        if self._warm:
            self.state.seconds += now - self._clock
        self._clock, self._warm = now, True
        self.state.step += 1
        self._batches += 1
        measured = self.model.bits.total, self.model.bits.count, self.model.adam.norms[0]
        bits, samples, norms = (float(value) for value in measured)
        (bits_before, samples_before), self._sums = self._sums, (bits, samples)
        self._divergence.update((bits - bits_before) / max(1.0, samples - samples_before), norms)
        if self.forecast:
            self.forecast.update(now)
        if self.budget.spent(self.state):
            self.model.stop_training = True
        elif self.pause_at is not None and self.state.seconds >= self.pause_at:
            raise KeyboardInterrupt
        elif self.save and now - self._saved >= 60 * self.settings.checkpoint_minutes:
            self.save()
            self._clock = self._saved = time.monotonic()
        self._show(bits / max(1.0, samples))

    def _show(self, bits):
        share = self.state.step / self.state.steps
        outlook = self.forecast.words(datetime.now()) if self.forecast else ""
        words = f"Epoch {self.state.epoch + 1}, {share:.0%}: {bits:.3f} bits{outlook and ', '}{outlook}"
        self.live.text(words, share)
