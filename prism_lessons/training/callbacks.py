"""What must happen while Keras trains: the pace, the budget, and all that an epoch leaves behind."""

import math
import time

import numpy as np

from ..audio import Clip
from ..backend import keras, tf
from ..capsule import Capsule, fill
from ..generation.engine import Engine
from ..live import clock
from ..model import SampleRNN
from ..run import Epoch
from ..scoring import Scorer

FINAL_RATE = 0.02  # of the highest learning rate, at the end of the cosine
EXCERPT_SECONDS = 4.0  # validation listens to clips in excerpts of at most this length, each from a fresh state


class Conductor(keras.callbacks.Callback):
    """Sets the learning rate before each batch, keeps the time, ends the run with its budget, moves the live line.

    Parameters
    ----------
    progress
        The run's `Progress`.
    epochs, minutes
        The budget; one of them may be None.
    """

    def __init__(self, progress, streams, settings, epochs, minutes, live):
        super().__init__()
        self.progress, self.streams, self.settings, self.live = progress, streams, settings, live
        self.epochs, self.minutes = epochs, minutes
        self.steps = streams.steps(progress.epoch)
        self._clock = None
        self._warm = False  # the first batch compiles, and is not counted

    @property
    def share(self):
        """How much of the budget is spent, 0 .. 1."""
        by_time = self.progress.seconds / (60 * self.minutes) if self.minutes else 0.0
        by_epoch = (self.progress.epoch + self.progress.step / self.steps) / self.epochs if self.epochs else 0.0
        return max(by_time, by_epoch)

    @property
    def finished(self):
        return self.share >= 1

    def learning_rate(self, batches):
        """Warm-up over the first batches of the run, then a cosine over its budget (Loshchilov & Hutter 2017,
        https://arxiv.org/abs/1608.03983, without restarts)."""
        rise = min(1.0, (batches + 1) / max(1, self.settings.warm_up))
        fall = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, self.share)))
        return self.settings.learning_rate * rise * fall

    def on_epoch_begin(self, epoch, logs=None):
        self.steps = self.streams.steps(epoch)
        self._batches = int(self.model.optimizer.iterations)
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
        if self.finished:
            self.model.stop_training = True
        self._show(logs["bits"])

    def _show(self, bits):
        share, spent = self.share, self.progress.seconds
        left = f", {clock(spent * (1 - share) / share)} of training left" if share and spent > 2 else ""
        self.live.text(f"Epoch {self.progress.epoch + 1}, {self.progress.step / self.steps:.0%}: {bits:.3f} bits{left}")


class EpochEnd(keras.callbacks.Callback):
    """After each epoch: validates, plays, keeps the weights, writes the log and the checkpoint, tidies, may stop early.

    Everything it writes is written again, the same, if the machine goes down in the middle.
    """

    def __init__(self, run, model, progress, streams, validation_codes, sample_rate, settings, live, each_epoch):
        super().__init__()
        self.run, self.progress, self.streams, self.settings, self.live = run, progress, streams, settings, live
        self.sample_rate, self.each_epoch = sample_rate, each_epoch
        self.samplernn = model
        self.validation_codes = validation_codes
        self.pieces = excerpts(validation_codes, sample_rate, settings.validation_seconds)
        self.scorer = Scorer(model)
        # Clips are made in float32 whatever the training computes in.
        self.player = model if model.compute_dtype == "float32" else SampleRNN(model.settings, dtype="float32")
        self.engine = Engine(self.player)
        self.writer = tf.summary.create_file_writer(str(run.folder / "tensorboard"))

    def on_epoch_end(self, epoch, logs=None):
        self.progress.save(self.run, self.model)  # so that nothing is lost while the clips are made
        self.finish(self.model)
        if self.settings.patience and self._stands_still():
            self.live.end(f"Stopped early: no better validation for {self.settings.patience} epochs.")
            self.model.stop_training = True

    def finish(self, learner):
        """Do all that follows the last batch of an epoch, or of a budget that ends within one."""
        number = self.progress.epoch + 1
        step, steps = self.progress.step, self.streams.steps(self.progress.epoch)
        self.live.text(f"Epoch {number}: validating")
        validation_bits = self.scorer(self.validation_codes, *self.pieces)
        total, count = self.progress.bits(learner)
        entry = Epoch(
            epoch=number,
            bits=total / max(1.0, count),
            validation_bits=validation_bits,
            seconds=self.progress.seconds,
            samples=round((self.progress.epoch + step / steps) * self.streams.codes.samples_in_a_pass),
            learning_rate=float(learner.optimizer.learning_rate),
            whole=step >= steps,
        )
        clips = self._play(number)
        about = {
            "epoch": number,
            "bits": entry.bits,
            "validation_bits": validation_bits,
            "seconds": entry.seconds,
            "not_to_share": self.run.not_to_share,
        }
        Capsule.of(self.samplernn, self.sample_rate, about, self.run.card).save(self.run.capsule_path(number))
        self.run.record(entry)
        self._summarise(entry, clips)
        if entry.whole:
            self.progress.next_epoch(learner)
        self.progress.save(self.run, learner)
        self.run.prune(self.settings.disk_gb * 1e9)
        self.live.end(
            f"Epoch {number}{'' if entry.whole else f' ({step / steps:.0%} of it)'}: {entry.bits:.3f} bits per sample "
            f"in training, {validation_bits:.3f} in validation, {clock(entry.seconds)} of training."
        )
        if self.each_epoch:
            self.each_epoch(self.run)

    def _play(self, number):
        """Save what the model sounds like now; the clips, by file."""
        if self.player is not self.samplernn:
            weights = {name: weight.numpy() for name, weight in self.samplernn.weights_by_name().items()}
            fill(self.player.weights_by_name(), weights)
        temperatures = self.settings.clip_temperatures
        if not temperatures:
            return {}
        samples, pieces = round(self.settings.clip_seconds * self.sample_rate), []
        for piece in self.engine.codes(samples, temperatures, self.settings.seed):
            pieces.append(piece)
            self.live.text(f"Epoch {number}: making clips")
        clips = {}
        for voice, codes in enumerate(np.concatenate(pieces, axis=1)):
            path = self.run.clip_path(number, voice + 1, temperatures[voice])
            clips[path] = Clip(self.samplernn.settings.codec.decode(codes), self.sample_rate, path.stem)
            clips[path].save(path)
        return clips

    def _summarise(self, entry, clips):
        with self.writer.as_default(step=entry.epoch):
            tf.summary.scalar("bits/training", entry.bits)
            tf.summary.scalar("bits/validation", entry.validation_bits)
            tf.summary.scalar("learning_rate", entry.learning_rate)
            for path, clip in clips.items():
                name = path.stem.partition("_")[2]
                tf.summary.audio(f"clips/{name}", clip.samples[None, :, None], clip.sample_rate)
        self.writer.flush()

    def _stands_still(self):
        bits = [entry.validation_bits for entry in self.run.log]
        return len(bits) > self.settings.patience and min(bits[-self.settings.patience :]) >= min(
            bits[: -self.settings.patience]
        )


def excerpts(codes, sample_rate, seconds):
    """Evenly spaced excerpts of clips, at most `seconds` in all (but always one).

    Returns
    -------
    first, begin, end
        Int, shape (excerpts,): where the clip begins in the codes, where the excerpt begins, where it ends.
    """
    length = round(EXCERPT_SECONDS * sample_rate)
    first, begin, end = [], [], []
    for start, samples in zip(codes.starts[0], codes.lengths[0], strict=True):
        places = np.arange(start, start + samples, length)
        first += [start] * len(places)
        begin += list(places)
        end += list(np.minimum(places + length, start + samples))
    total = codes.samples / sample_rate
    wanted = len(first) if total <= seconds else max(1, int(len(first) * seconds / total))
    chosen = np.linspace(0, len(first) - 1, wanted).round().astype(int)
    return tuple(np.array(bounds, np.int64)[chosen] for bounds in (first, begin, end))
