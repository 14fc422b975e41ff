"""The trainer: a run, its model and its state, and what is done with them in each epoch."""

import math
import os
import time
from contextlib import contextmanager

import numpy as np

from ..backend import tf
from ..capsule import Capsule, fill
from ..corpus import TRAINING, VALIDATION, codes_of
from ..errors import CourseError
from ..files import as_text
from ..generation import PIECE, Asking, Take, of_model, pieces
from ..live import clock
from ..model import SampleRNN
from ..run import MID_EPOCH, Epoch, label_of
from ..scoring import VOICES, Scorer, excerpts
from ..streams import Streams
from .budget import Forecast
from .callback import TrainingCallback
from .divergence import MOST_ROLLBACKS, Diverged, DivergenceMonitor
from .keras_model import build_model, resolve_precision
from .training_state import TrainingState

LONG_ENOUGH = 1.0  # seconds of validation, or of playing, from which the rest is extrapolated


def prepare(corpus, preset):
    """Prepare the model and the codes for a training.

    Returns
    -------
    The `StatefulSampleRNN` of a `Preset`, with its initial weights, and the `Codes` of the clips to train and to
    validate on.

    Raises
    ------
    CourseError
        When no clip to train on has one of the model's labels.
    """
    corpus.check_labels(preset.model.labels)
    settings, codec = preset.training, preset.model.codec
    codes = codes_of(corpus, TRAINING, codec, settings.augmentation, settings.seed)
    model = build_model(preset, resolve_precision(settings.precision), codes)
    return model, codes, codes_of(corpus, VALIDATION, codec)


class Trainer:
    """Trains a run: fits, validates, plays and saves each epoch.

    If the end of an epoch is interrupted, everything after its last batch is done again, identically.

    Parameters
    ----------
    run
        The `Run`.
    preset, budget
        The `Preset` and the `Budget` to train with.
    model
        The `StatefulSampleRNN`.
    codes, validation_codes
        The `Codes` of the clips to train on and to validate on.
    live
        The `LiveLine` to report progress on.

    Attributes
    ----------
    state : TrainingState
        How far the training is.
    copy : callable
        Called whenever there is something new to copy.
    """

    def __init__(self, run, preset, budget, model, codes, validation_codes, live):
        self.run, self.budget, self.model, self.live = run, budget, model, live
        self.settings, self.samplernn = preset.training, model.samplernn
        self.state = TrainingState(Streams.of(codes, preset, self.samplernn.predictors))
        self.copy = lambda: None
        self.callback = TrainingCallback(self.state, self.settings, budget, live, self.save_mid_epoch)
        self.validation_codes = validation_codes
        self.excerpts = excerpts(validation_codes, run.sample_rate, self.settings.validation_seconds)
        self.scorer = Scorer(self.samplernn)
        # Clips are made in float32 whatever the training computes in.
        single = self.samplernn.compute_dtype == "float32"
        self.player = self.samplernn if single else SampleRNN(self.samplernn.settings, dtype="float32")
        self.curves = run.folder / "tensorboard"
        with self._sentence_for_curves():
            self.writer = tf.summary.create_file_writer(os.fsencode(self.curves))

    def restore(self):
        """Go back to the newest checkpoint; a new run writes its first one, for a rollback within the first epoch."""
        self.state.restore(self.run, self.model)
        if not self.state.seconds:
            self.state.save(self.run, self.model)

    def save_mid_epoch(self):
        """Write a checkpoint within the epoch, and have it copied."""
        self.state.save_mid_epoch(self.run, self.model)
        self.copy()

    @property
    def finished(self):
        """Whether the budget is spent, and the last epoch is in the log with all that belongs to it."""
        log = self.run.log
        return self.budget.spent(self.state) and bool(log) and log[-1].seconds == self.state.seconds

    @property
    def stands_still(self):
        """Whether none of the last `patience` epochs was better in validation than the best before them."""
        bits, patience = [entry.validation_bits for entry in self.run.log], self.settings.patience
        return bool(patience) and len(bits) > patience and min(bits[-patience:]) >= min(bits[:-patience])

    def warm_up(self):
        """Rehearse the end of an epoch on a small scale, and begin the forecast with an estimate of its duration.

        This compiles everything in advance, so the first end of an epoch takes no longer than others; a lack of memory
        or disk space shows before the first epoch.

        Returns
        -------
        Seconds that the end of an epoch will take.
        """
        writing = _seconds_of(self.state.save_mid_epoch, self.run, self.model)
        # Two checkpoints, and the weights, which are a third of one.
        seconds = self._validation_seconds() + self._clips_seconds() + writing * 7 / 3
        self.callback.forecast = Forecast(self.state, self.budget, seconds)
        return seconds

    def fit(self):
        """Train on the batches that are left of the epoch, until the budget is spent.

        Raises
        ------
        Diverged
        """
        state, model = self.state, self.model
        if self.budget.spent(state) or state.step >= state.steps:
            return  # it was interrupted between the epoch's last batch and its clips
        model.stop_training = False
        model.fit(state.streams.dataset(state.epoch, state.step), callbacks=[self.callback], shuffle=False, verbose=0)

    def validate(self):
        """Measure the epoch's bits per sample on the validation clips.

        Returns
        -------
        The `Epoch` for the log.

        Raises
        ------
        Diverged
            When an epoch after the first was, as a whole, worse than blind chance, or its validation is not finite;
            nothing of it is kept.
        """
        state, model = self.state, self.model
        total, count = state.bits(model)
        bits = total / max(1.0, count)
        if state.epoch:  # the first one's mean includes batches from before it had learned anything
            DivergenceMonitor(self.samplernn.settings.levels, first_epoch=False).check(bits)
        state.save_mid_epoch(self.run, model)  # so that nothing is lost while the clips are made
        self.live.text(f"Epoch {state.epoch + 1}: validating")
        validation_bits = self.scorer(self.validation_codes, *self.excerpts)
        if not math.isfinite(validation_bits):
            raise Diverged("its validation loss is not a number")
        return Epoch(
            epoch=state.epoch + 1,
            bits=bits,
            validation_bits=validation_bits,
            seconds=state.seconds,
            samples=state.samples,
            learning_rate=float(model.optimizer.learning_rate),
            whole=state.step >= state.steps,
            gradient_norm=model.adam.mean_norm,
        )

    def play(self):
        """Generate and save the epoch's clips; returns {path: `Clip`}."""
        settings, run, number = self.settings, self.run, self.state.epoch + 1
        if self.player is not self.samplernn:
            weights = {name: weight.numpy() for name, weight in self.samplernn.weights_by_name().items()}
            fill(self.player.weights_by_name(), weights)
        if not settings.clips:
            return {}
        drawn = []
        for piece in self._codes_of_clips(round(settings.clip_seconds * run.sample_rate)):
            drawn.append(piece)
            self.live.text(f"Epoch {number}: making clips")
        run.check_there()
        clips = {}
        for (temperature, voice), codes in zip(settings.clips, np.concatenate(drawn, axis=1), strict=True):
            path = run.clip_path(number, voice, temperature)
            about = {"run": self._name, "epoch": number, "voice": voice, "temperature": f"{temperature:g}"}
            if label := label_of(voice, self.samplernn.settings.labels):
                about["label"] = label
            samples = self.samplernn.settings.codec.decode(codes)
            clips[path] = Take(samples, run.sample_rate, path.stem, about | {"sample_rate": run.sample_rate})
            clips[path].save(path)
        return clips

    @property
    def _name(self):
        return as_text(self.run.folder.absolute().name)

    def save(self, entry, clips):
        """Save the epoch's weights, its line in the log, its curves and its checkpoint; prune weights of old epochs.

        Parameters
        ----------
        entry
            The `Epoch`.
        clips
            {path: `Clip`}, as `play` returns them.
        """
        run, state, model = self.run, self.state, self.model
        about = {
            "run": self._name,
            "epoch": entry.epoch,
            "bits": entry.bits,
            "validation_bits": entry.validation_bits,
            "seconds": entry.seconds,
            "not_to_share": run.not_to_share,
            **({"withheld": run.withheld} if run.withheld else {}),
            **({"begun_from": run.begun_from} if run.begun_from else {}),
        }
        run.check_there()
        Capsule.of(self.samplernn, run.sample_rate, about, run.card).save(run.capsule_path(entry.epoch))
        run.record(entry)
        self._save_curves(entry, clips)
        share = f" ({state.step / state.steps:.0%} of it)"
        if entry.whole:
            share = ""
            state.next_epoch(model)
            state.save(run, model)
        run.prune(self.settings.disk_gb * 1e9)
        self.live.end(
            f"Epoch {entry.epoch}{share}: {entry.bits:.3f} bits per sample in training, {entry.validation_bits:.3f} in "
            f"validation, {clock(entry.seconds)} of training."
        )
        self.copy()

    def roll_back(self, reason):
        """Return a diverged run to the end of its last whole epoch, with half the learning rate.

        Raises
        ------
        CourseError
            When that has been done `MOST_ROLLBACKS` times already.
        """
        run, state = self.run, self.state
        rollbacks = state.rollbacks + 1
        (run.folder / MID_EPOCH).unlink(missing_ok=True)
        state.restore(run, self.model)
        place = f"the end of epoch {state.epoch}" if state.epoch else "the beginning"
        if rollbacks > MOST_ROLLBACKS:
            text = f"The training blew up once more ({reason}) and was stopped at {place}."
            run.note("blown up", text, back_to=state.epoch, rate_factor=0.0)
            raise CourseError(
                f"The training has blown up {rollbacks} times ({reason}), so it was stopped, and the model at {place} "
                "is kept: ask for a learning_rate a tenth as large, or listen to the recordings for damage."
            )
        state.rollbacks, state.lr_scale = rollbacks, state.lr_scale / 2
        state.save(run, self.model)
        text = f"Blown up, {reason}: went back to {place}, with the learning rate multiplied by {state.lr_scale:g}."
        run.note("blown up", text, back_to=state.epoch, rate_factor=state.lr_scale)
        self.live.end(text)

    def stop(self):
        """Save a training that was interrupted."""
        self.save_mid_epoch()
        text = f"Stopped in epoch {self.state.epoch + 1}, after {self.state.step / self.state.steps:.0%} of it."
        self.live.end(text)
        self.run.note("stopped", text)

    def _codes_of_clips(self, samples):
        """Yield codes for all clips, `samples` of each; the random numbers of a voice are the same in each epoch."""
        temperatures, voices = zip(*self.settings.clips, strict=True)
        drawing = [(self.settings.seed, voice - 1) for voice in voices]
        settings, rate = self.samplernn.settings, self.run.sample_rate
        labels = [label_of(voice, settings.labels) for voice in voices]
        asking = Asking.of_labels(labels, settings, rate) if settings.labels else None
        return pieces(of_model(self.player), rate, samples, temperatures, drawing, asking)

    def _save_curves(self, entry, clips):
        """Write the epoch's figures and clips for TensorBoard."""
        with self._sentence_for_curves():
            with self.writer.as_default(step=entry.epoch):
                tf.summary.scalar("bits/training", entry.bits)
                tf.summary.scalar("bits/validation", entry.validation_bits)
                tf.summary.scalar("learning_rate", entry.learning_rate)
                tf.summary.scalar("gradient_norm", entry.gradient_norm)
                for path, clip in clips.items():
                    name = path.stem.partition("_")[2]
                    tf.summary.audio(f"clips/{name}", clip.samples[None, :, None], clip.sample_rate)
            self.writer.flush()

    @contextmanager
    def _sentence_for_curves(self):
        try:
            yield
        except tf.errors.OpError as error:  # TensorFlow's own class, not an OSError
            raise CourseError(
                f'The curves in "{self.curves}" could not be written: check that the folder is still there and the '
                "disk has space, and run the same again; everything finished before is safe."
            ) from error

    def _validation_seconds(self):
        """Seconds that a validation will take, extrapolated from windows of its longest excerpts."""
        scorer, (first, begin, end) = self.scorer, self.excerpts
        longest_first = np.argsort(begin - end, kind="stable")
        some = longest_first[:VOICES]

        def steps(end):
            return -(-(end - begin)[longest_first[::VOICES]] // scorer.window)

        def score(windows):
            stop = np.minimum(end, begin + windows * scorer.window)
            spent = _seconds_of(scorer, self.validation_codes, first[some], begin[some], stop[some])
            return spent / steps(stop)[0]

        score(1)  # compiles
        windows = 1
        while (each := score(windows)) * windows < LONG_ENOUGH and windows < steps(end)[0]:
            windows *= 2
        return each * int(steps(end).sum())

    def _clips_seconds(self):
        """Seconds that the clips of an epoch will take, extrapolated from their beginning."""
        if not self.settings.clips:
            return 0.0
        samples = round(self.settings.clip_seconds * self.run.sample_rate)
        drawn = self._codes_of_clips(PIECE + samples)
        needed = math.ceil(samples / next(drawn).shape[1])  # the first one compiles
        spent = made = 0
        while spent < LONG_ENOUGH and made < needed:
            spent, made = spent + _seconds_of(next, drawn), made + 1
        return needed * spent / made


def _seconds_of(work, *values):
    began = time.monotonic()
    work(*values)
    return time.monotonic() - began
