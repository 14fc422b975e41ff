"""How fast this machine trains: a corpus and a preset go in, some real work is timed, a `Pace` comes out."""

import io
import math
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ..capsule import Capsule
from ..corpus import TRAINING, VALIDATION, codes_of
from ..generation import PIECE
from ..live import LiveLine, clock
from ..run import WITHIN, Run
from ..scoring import VOICES
from ..streams import Streams
from .checkpoint import Progress
from .conductor import Budget, Conductor
from .epoch_end import EpochEnd
from .learner import make_learner, resolve_precision
from .stability import BlownUp

LEAST_BATCHES = 3  # timed, however long they take: the first may be slow, and two do not tell how much they vary
LONG_ENOUGH = 1.0  # seconds of validation, or of playing, from which the rest is extrapolated


@dataclass(frozen=True)
class Pace:
    """How fast a machine trains one preset on one corpus, and what each epoch leaves on the disk.

    Parameters
    ----------
    samples_per_second
        Training speed, without what comes between epochs.
    samples_in_a_pass
        Samples in an epoch.
    start_seconds
        From the call until the training is under way: mostly compilation.
    end_seconds
        Duration of the end of an epoch: validation, clips, writing.
    checkpoint_bytes, weights_bytes, clips_bytes
        On disk: a checkpoint, the weights of an epoch, the clips of an epoch.
    """

    samples_per_second: float
    samples_in_a_pass: int
    start_seconds: float
    end_seconds: float
    checkpoint_bytes: int
    weights_bytes: int
    clips_bytes: int

    @property
    def epoch_seconds(self):
        """Seconds of training in an epoch, its end not counted."""
        return self.samples_in_a_pass / self.samples_per_second


def measure_pace(corpus, preset, live=None, seconds=6.0):
    """Train, validate and play for some seconds as a run would, in a temporary folder.

    Parameters
    ----------
    corpus, preset
        A `Corpus` and a `Preset`.
    seconds
        Of training, once it is under way; more where `LEAST_BATCHES` need more.

    Returns
    -------
    `Pace`
    """
    live, began, settings = live or LiveLine(), time.monotonic(), preset.training
    live.share("Measuring this computer", 0, 2)
    codes = codes_of(corpus, TRAINING, preset.model.codec, settings.augmentation, settings.seed)
    validation_codes = codes_of(corpus, VALIDATION, preset.model.codec)
    learner = make_learner(preset, resolve_precision(settings.precision), codes)
    progress = Progress(Streams.of(codes, preset, learner.model.predictors))
    with tempfile.TemporaryDirectory() as folder:
        run = Run.begin(folder, {"sample_rate": corpus.sample_rate}, corpus.card())
        epoch_end = EpochEnd(run, progress, learner, validation_codes, settings, live)
        epoch_end.writer.close()
        end_seconds = rehearse(epoch_end)
        live.share("Measuring this computer", 1, 2)
        epochs, between = _train_for(seconds, learner, progress, settings)
        start_seconds = time.monotonic() - began - progress.seconds
        capsule = Capsule.of(learner.model, corpus.sample_rate, {}, run.card).save(run.capsule_path(1))
        checkpoint_bytes, weights_bytes = (path.stat().st_size for path in (run.folder / WITHIN, capsule))
    live.end(f"Measured this computer, {clock(time.monotonic() - began)}.")
    samples = codes.samples_in_a_pass
    return Pace(
        samples_per_second=epochs * samples / progress.seconds,
        samples_in_a_pass=samples,
        start_seconds=start_seconds,
        end_seconds=end_seconds + between,
        checkpoint_bytes=checkpoint_bytes,
        weights_bytes=weights_bytes,
        # 16 bits a sample, as files and once more for TensorBoard.
        clips_bytes=round(2 * 2 * len(settings.clips) * settings.clip_seconds * corpus.sample_rate),
    )


def _train_for(seconds, learner, progress, settings):
    """Train for some seconds, with everything that a run does at each batch.

    Returns
    -------
    The epochs trained in these seconds, and the mean seconds it takes to start another stretch.
    """
    batch, stretches, between = 1 / progress.steps, 0, 0.0
    conductor = Conductor(progress, settings, Budget(minutes=seconds / 2 / 60), LiveLine(io.StringIO()))
    # The first batch compiles, and is not counted in the seconds.
    while not (progress.seconds >= seconds and progress.epochs > (LEAST_BATCHES + 0.5) * batch):
        began, trained = time.monotonic(), progress.seconds
        windows = progress.streams.dataset(progress.epoch, progress.step)
        learner.stop_training = False
        with suppress(BlownUp):  # takes as long as any batch; the run will report it
            learner.fit(windows, callbacks=[conductor], shuffle=False, verbose=0)
        if progress.step >= progress.steps:
            progress.next_epoch(learner)
        if stretches:
            between += time.monotonic() - began - (progress.seconds - trained)
        stretches, conductor.budget = stretches + 1, Budget(minutes=seconds / 60)
    return progress.epochs - batch, between / (stretches - 1)


def rehearse(epoch_end):
    """Do a little of all that an `EpochEnd` does, and return the seconds that the whole will take.

    This compiles everything in advance, so the first end of an epoch takes no longer than others; a lack of memory or
    disk space shows before the first epoch.
    """
    writing = _seconds_of(epoch_end.progress.save_within, epoch_end.run, epoch_end.learner)
    # Two checkpoints, and the weights, which are a third of one.
    return _validation_seconds(epoch_end) + _clips_seconds(epoch_end) + writing * 7 / 3


def _validation_seconds(epoch_end):
    """Seconds that a validation will take, extrapolated from windows of its longest excerpts."""
    scorer, (first, begin, end) = epoch_end.scorer, epoch_end.pieces
    longest_first = np.argsort(begin - end, kind="stable")
    some = longest_first[:VOICES]

    def steps(end):
        return -(-(end - begin)[longest_first[::VOICES]] // scorer.window)

    def listen(windows):
        stop = np.minimum(end, begin + windows * scorer.window)
        spent = _seconds_of(scorer, epoch_end.validation_codes, first[some], begin[some], stop[some])
        return spent / steps(stop)[0]

    listen(1)  # compiles
    windows = 1
    while (each := listen(windows)) * windows < LONG_ENOUGH and windows < steps(end)[0]:
        windows *= 2
    return each * int(steps(end).sum())


def _clips_seconds(epoch_end):
    """Seconds that the clips of an epoch will take, extrapolated from their beginning."""
    settings = epoch_end.settings
    if not settings.clips:
        return 0.0
    samples = round(settings.clip_seconds * epoch_end.run.sample_rate)
    pieces = epoch_end.codes_of_clips(PIECE + samples)
    needed = math.ceil(samples / next(pieces).shape[1])  # the first one compiles
    spent = made = 0
    while spent < LONG_ENOUGH and made < needed:
        spent, made = spent + _seconds_of(next, pieces), made + 1
    return needed * spent / made


def _seconds_of(work, *values):
    began = time.monotonic()
    work(*values)
    return time.monotonic() - began
