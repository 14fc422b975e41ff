"""What an epoch leaves behind: validation, clips, weights, a line in the log, TensorBoard, a checkpoint."""

import math
import os
from contextlib import contextmanager

import numpy as np

from ..audio import Clip
from ..backend import tf
from ..capsule import Capsule, fill
from ..errors import CourseError
from ..files import as_text
from ..generation import of_model, pieces
from ..live import clock
from ..model import SampleRNN
from ..run import Epoch
from ..scoring import Scorer
from .stability import BlownUp, Watch

EXCERPT_SECONDS = 4.0  # validation scores clips in excerpts of at most this length, each from the initial state


class EpochEnd:
    """Everything that follows the last batch of an epoch.

    If the machine goes down in the middle, it is all written again, identically.

    Parameters
    ----------
    run, progress, learner
        What is trained: the `Run`, its `Progress` and its `Learner`.
    validation_codes
        The `Codes` of the validation clips.
    """

    def __init__(self, run, progress, learner, validation_codes, settings, live):
        self.run, self.progress, self.learner, self.settings, self.live = run, progress, learner, settings, live
        self.samplernn = model = learner.model
        self.validation_codes = validation_codes
        self.pieces = excerpts(validation_codes, run.sample_rate, settings.validation_seconds)
        self.scorer = Scorer(model)
        # Clips are made in float32 whatever the training computes in.
        self.player = model if model.compute_dtype == "float32" else SampleRNN(model.settings, dtype="float32")
        with self._sentence_for_curves():
            self.writer = tf.summary.create_file_writer(os.fsencode(run.folder / "tensorboard"))

    def __call__(self):
        """Validate, play, keep the weights, write the log and the checkpoint, tidy.

        Raises
        ------
        BlownUp
            When an epoch after the first was, as a whole, worse than blind chance, or its validation is not finite;
            nothing of it is kept.
        """
        progress, learner, run = self.progress, self.learner, self.run
        number, whole = progress.epoch + 1, progress.step >= progress.steps
        total, count = progress.bits(learner)
        bits = total / max(1.0, count)
        if progress.epoch:  # the first one's mean includes batches from before it had learned anything
            Watch(self.samplernn.settings.levels, first_epoch=False).judge(bits)
        progress.save_within(run, learner)  # so that nothing is lost while the clips are made
        self.live.text(f"Epoch {number}: validating")
        validation_bits = self.scorer(self.validation_codes, *self.pieces)
        if not math.isfinite(validation_bits):
            raise BlownUp("its answers in validation are no numbers")
        entry = Epoch(
            epoch=number,
            bits=bits,
            validation_bits=validation_bits,
            seconds=progress.seconds,
            samples=progress.samples,
            learning_rate=float(learner.optimizer.learning_rate),
            whole=whole,
            gradient_norm=learner.adam.mean_norm,
        )
        clips = self._play(number)
        about = {
            "run": as_text(run.folder.absolute().name),
            "epoch": number,
            "bits": entry.bits,
            "validation_bits": validation_bits,
            "seconds": entry.seconds,
            "not_to_share": run.not_to_share,
            **({"begun_from": run.begun_from} if run.begun_from else {}),
        }
        run.check_there()
        Capsule.of(self.samplernn, run.sample_rate, about, run.card).save(run.capsule_path(number))
        run.record(entry)
        self._summarise(entry, clips)
        if whole:
            progress.next_epoch(learner)
            progress.save(run, learner)
        run.prune(self.settings.disk_gb * 1e9)
        heard = "" if whole else f" ({progress.step / progress.steps:.0%} of it)"
        self.live.end(
            f"Epoch {number}{heard}: {entry.bits:.3f} bits per sample in training, {entry.validation_bits:.3f} in "
            f"validation, {clock(entry.seconds)} of training."
        )

    def _play(self, number):
        """Generate and save the epoch's clips; returns {path: `Clip`}."""
        if self.player is not self.samplernn:
            weights = {name: weight.numpy() for name, weight in self.samplernn.weights_by_name().items()}
            fill(self.player.weights_by_name(), weights)
        if not self.settings.clips:
            return {}
        drawn = []
        for piece in self.codes_of_clips(round(self.settings.clip_seconds * self.run.sample_rate)):
            drawn.append(piece)
            self.live.text(f"Epoch {number}: making clips")
        self.run.check_there()
        clips = {}
        for (temperature, voice), codes in zip(self.settings.clips, np.concatenate(drawn, axis=1), strict=True):
            path = self.run.clip_path(number, voice, temperature)
            clips[path] = Clip(self.samplernn.settings.codec.decode(codes), self.run.sample_rate, path.stem)
            clips[path].save(path)
        return clips

    def codes_of_clips(self, samples):
        """Yield codes for all clips, `samples` of each; a voice draws the same random numbers every time."""
        temperatures, voices = zip(*self.settings.clips, strict=True)
        drawing = [(self.settings.seed, voice - 1) for voice in voices]
        return pieces(of_model(self.player), self.run.sample_rate, samples, temperatures, drawing)

    def _summarise(self, entry, clips):
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
                f'The curves in "{self.run.folder / "tensorboard"}" could not be written: see that the folder is still '
                "there and the disk has room, and do the same again; everything finished before is safe."
            ) from error


def excerpts(codes, sample_rate, seconds):
    """Evenly spaced excerpts of clips, at most `seconds` in all (but always one).

    Returns
    -------
    first, begin, end
        Int, shape (excerpts,): where the clip begins in the codes, and where the excerpt begins and ends.
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
