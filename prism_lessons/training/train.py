"""Training: `train()` sets Keras to work and puts it back where it was after any interruption."""

import json
import math
import shutil
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from .. import container
from ..backend import keras
from ..capsule import fill
from ..corpus import Corpus
from ..corpus.codes import codes_of, unigram_bits
from ..corpus.corpus import TRAINING, VALIDATION
from ..errors import CourseError
from ..live import LiveLine, clock
from ..model import SampleRNN, on_gpu
from ..presets import Preset, find_preset
from ..run import RESUME, SETTINGS, Run, is_beginning
from ..settings import ModelSettings, TrainingSettings
from ..streams import Streams
from .callbacks import Conductor, EpochEnd
from .learner import Learner

# Compiling the step with XLA makes narrow models faster on a CPU and wide ones slower (decisions.md).
WIDEST_JIT = 512
# These may change between one call and the next: nothing that was learned depends on them.
FREE_TO_CHANGE = {"patience", "disk_gb"}


def train(corpus, run, preset=None, *, minutes=None, epochs=None, live=None, each_epoch=None, **changes):
    """Train a model on a corpus; called again with the same arguments, go on where it stopped.

    Parameters
    ----------
    corpus
        A `Corpus` or its folder.
    run
        The folder to work in. It is made if it is not there; if a run lies in it, that run goes on.
    preset
        "sketch", "study" or "piece" (see `PRESETS`). Not given: the run's own settings, "sketch" for a new run.
    minutes
        The budget: minutes of training in all, earlier calls included; validation, clips and compilation not counted.
    epochs
        The budget in epochs instead, in all. Repeatable to the last bit on a CPU, which minutes are not. Given both,
        the run ends with whichever is reached first; given neither, after the preset's minutes.
    live
        The `LiveLine` to report progress on; one on standard output if not given.
    each_epoch
        A function that is called with the `Run` after each epoch, once its clips and its line in the log are there, and
        for a run that has reached its budget.
    **changes
        Any field of `ModelSettings` or `TrainingSettings`, in place of the preset's.

    Returns
    -------
    Run

    Raises
    ------
    CourseError
        When the run in the folder was begun with other settings or another corpus (the sentence names what differs),
        when a setting is out of range, or when the disk is full. What is finished is safe.
    KeyboardInterrupt
        On Ctrl-C or the notebook's stop button, after everything so far is saved.
    """
    live = live or LiveLine()
    corpus = Corpus.open(corpus)
    folder = Path(run)
    preset, run = _agree(corpus, folder, preset, changes)
    if minutes is None and epochs is None:
        minutes = preset.minutes
    if minutes is not None and not (minutes > 0 and math.isfinite(minutes)):
        raise CourseError(f"minutes must be above 0, not {minutes}.")
    if epochs is not None and not (epochs > 0 and epochs == int(epochs)):
        raise CourseError(f"epochs must be a whole number above 0, not {epochs}.")
    settings = preset.training
    codec = preset.model.codec
    codes = codes_of(corpus, TRAINING, codec, settings.augmentation, settings.seed)
    validation_codes = codes_of(corpus, VALIDATION, codec)
    streams = Streams(
        codes,
        streams=settings.streams,
        window=settings.window,
        context=preset.model.largest_frame,
        seed=settings.seed,
    )
    keras.utils.set_random_seed(settings.seed)
    model = SampleRNN(preset.model, dtype="mixed_float16" if on_gpu() else "float32")
    learner = Learner(model, settings.streams)
    learner.compile_for(settings, jit=not on_gpu() and preset.model.dim <= WIDEST_JIT)
    _check_disk(folder, model, settings, corpus.sample_rate)
    if run is None:
        levels = codec.levels
        references = {"uniform": math.log2(levels), "unigram": unigram_bits(codes, validation_codes, levels)}
        run = Run.begin(folder, _written_down(corpus, preset) | {"references": references}, corpus.card())
    progress = restore(run, learner)
    conductor = Conductor(progress, streams, settings, epochs, minutes, live)
    epoch_end = EpochEnd(
        run, model, progress, streams, validation_codes, corpus.sample_rate, settings, live, each_epoch
    )
    # An interruption may have come between an epoch's last step and its clips.
    pending = not run.log or run.log[-1].seconds != progress.seconds
    pending &= conductor.finished or progress.step >= streams.steps(progress.epoch)
    if conductor.finished and not pending:
        live.end(
            f"This run has reached its budget after {len(run.log)} epochs and "
            f"{clock(progress.seconds)} of training: ask for more to go on."
        )
        if each_epoch:
            each_epoch(run)
        return run
    _announce(run, learner, corpus, preset, progress, live)
    try:
        if pending:
            epoch_end.finish(learner)
        learner.stop_training = False
        fitting = {"callbacks": [conductor, epoch_end], "shuffle": False, "verbose": 0}
        while not (conductor.finished or learner.stop_training):
            epoch = progress.epoch
            windows = streams.dataset(epoch, progress.step)
            learner.fit(windows, initial_epoch=epoch, epochs=epoch + 1, **fitting)
    except KeyboardInterrupt:
        progress.save(run, learner)
        live.end(f"Stopped in epoch {progress.epoch + 1}; everything so far is saved. Run the same again to go on.")
        raise
    last = run.log[-1]
    live.end(
        f"Trained {last.epoch} epoch{'s' if last.epoch > 1 else ''} in {clock(last.seconds)}: {last.bits:.3f} bits per "
        f"sample in training, {last.validation_bits:.3f} in validation."
    )
    return run


def _agree(corpus, folder, name, changes):
    """The preset to train with, and the run in the folder, or None where there is none yet."""
    if not (folder / SETTINGS).exists():
        if folder.exists() and (not folder.is_dir() or any(not is_beginning(path) for path in folder.iterdir())):
            raise CourseError(f'"{folder}" holds other things than a run, so it is left alone: name a new folder.')
        return find_preset(name or "sketch").changed(**changes), None
    run = Run(folder)
    written = run.settings
    if written["corpus"]["digest"] != corpus.digest:
        raise CourseError(
            f'The run in "{folder}" was begun with another corpus (or this one has changed since): name a new folder '
            "for the run."
        )
    begun = Preset("", written["minutes"], ModelSettings(**written["model"]), TrainingSettings(**written["training"]))
    preset = (find_preset(name) if name else begun).changed(**changes)
    asked = _written_down(corpus, preset)
    for part in ("model", "training"):
        for setting, value in asked[part].items():
            if setting not in FREE_TO_CHANGE and value != written[part][setting]:
                raise CourseError(
                    f'The run in "{folder}" was begun with {setting} = {written[part][setting]} and is now asked for '
                    f"{value}: ask for the former to go on with it, or name a new folder for a new run."
                )
    return preset, run


def _written_down(corpus, preset):
    values = {
        "model": asdict(preset.model),
        "training": asdict(preset.training),
        "minutes": preset.minutes,
        "sample_rate": corpus.sample_rate,
        "corpus": {"folder": str(corpus.folder), "digest": corpus.digest, "not_to_share": corpus.not_to_share},
        "versions": {name: version(name) for name in ("prism-lessons", "keras", "numpy")},
    }
    return json.loads(json.dumps(values))  # tuples become lists, as they will be when read again


def _bytes_needed(model, settings, sample_rate):
    """Bytes for each epoch's weights and clips, and for the checkpoint (weights and Adam's two means)."""
    weights = 4 * model.count_params()
    clips = 2 * len(settings.clip_temperatures) * settings.clip_seconds * sample_rate
    return int(weights + clips), 3 * weights


def _check_disk(folder, model, settings, sample_rate):
    each, checkpoint = _bytes_needed(model, settings, sample_rate)
    exists = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free, needed = shutil.disk_usage(exists).free, 2 * each + 2 * checkpoint
    if free < needed:
        raise CourseError(
            f'This training needs at least {needed / 1e6:.0f} MB in "{folder}" and {free / 1e6:.0f} MB are free: '
            "free some space or name a folder on another disk."
        )


def _announce(run, learner, corpus, preset, progress, live):
    each, checkpoint = _bytes_needed(learner.model, preset.training, corpus.sample_rate)
    weights, seconds = learner.model.count_params(), corpus.seconds(TRAINING)
    live.end(
        f"{'Going on' if progress.seconds else 'Training'} with {weights / 1e6:.2f} million weights on {seconds:.0f} s "
        f"of sound. Disk: {checkpoint / 1e6:.1f} MB, and {each / 1e6:.1f} MB for each epoch; weights of old epochs are "
        f"deleted beyond {preset.training.disk_gb:g} GB."
    )


class Progress:
    """How far a run is: finished epochs, batches heard since, seconds of training, bits of the epoch it is in."""

    def __init__(self):
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.bits_total = self.bits_count = 0.0  # of the current epoch, from before an interruption

    def bits(self, learner):
        """Total bits and number of samples of the current epoch, interruptions included."""
        return self.bits_total + float(learner.bits.total), self.bits_count + float(learner.bits.count)

    def next_epoch(self, learner):
        """Count an epoch as finished."""
        self.epoch += 1
        self.step = 0
        self.bits_total = self.bits_count = 0.0
        learner.bits.reset_state()
        learner.batches_heard.assign(0)

    def save(self, run, learner):
        """Write all that is needed to go on from here."""
        total, count = self.bits(learner)
        about = {"epoch": self.epoch, "seconds": self.seconds, "bits_total": total, "bits_count": count}
        arrays = {name: variable.numpy() for name, variable in learner.everything().items()}
        container.write(run.folder / RESUME, "checkpoint", about, arrays)


def restore(run, learner):
    """Put a learner where the run's checkpoint says, if there is one; returns the `Progress`."""
    progress = Progress()
    if (run.folder / RESUME).exists():
        about, arrays, _ = container.read(run.folder / RESUME, "checkpoint")
        fill(learner.everything(), arrays)
        progress.epoch, progress.seconds = about["epoch"], about["seconds"]
        progress.step = int(learner.batches_heard)
        progress.bits_total, progress.bits_count = about["bits_total"], about["bits_count"]
    return progress
