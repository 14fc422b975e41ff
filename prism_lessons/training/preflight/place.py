"""Whether a run can be saved in its folder, and go on from its checkpoint exactly as if it had not been stopped.

A checkpoint of the requested model is written and read at full size. The training before and after it uses the same
model, with two streams and windows of two frames, and takes seconds whatever the size.
"""

import math
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from ... import container
from ...backend import tf
from ...corpus import Codes
from ...errors import CourseError
from ...live import size
from ...model import on_gpu
from ...run import PREFLIGHT_SOUNDS, RESUME
from ...streams import Streams
from ..checkpoint import Progress
from ..disk import Room
from ..learner import make_learner, resolve_precision
from .memory import bytes_of_training, free_memory, weights_of
from .precision import MOST_BITS_APART
from .results import Check

FOLDER, COPY, GOING_ON = "folder", "copy", "going on"
TRIAL = "trial"  # in the folder of the pre-flight's sounds, while it is being tried
BATCHES = 3  # before the checkpoint, and after it
COPIES = 8  # of the weights, needed for comparing, beyond those for training; measured with "piece"


def small_batches(preset):
    """The preset with batches as small as its model allows, which take seconds."""
    # A window of one frame would be computed differently from one of several.
    return preset.changed(streams=min(2, preset.training.streams), window=2 * preset.model.largest_frame, warm_up=0)


def try_places(preset, sample_rate, codes, folder, copy_to):
    """Write a checkpoint, read it, and go on from it.

    Parameters
    ----------
    preset
        The `Preset` that will be trained.
    sample_rate
        Hz.
    codes
        Int, shape (samples,): sound to train on, repeated as often as needed.
    folder, copy_to
        The run's folder, and that of its copy or None.

    Returns
    -------
    list of Check
    """
    preset = small_batches(preset)
    training = preset.training
    enough = np.resize(codes, 2 * BATCHES * training.streams * training.window)
    codes = Codes.of_arrays([enough], preset.model.codec.centre)
    beyond = 4 * COPIES * weights_of(preset.model)
    if not on_gpu() and bytes_of_training(preset) + beyond > free_memory():
        sentence = (
            "This model does not fit into the memory of this computer, so nothing was saved or trained: see below."
        )
        return [Check(FOLDER, None, sentence)]
    learner = make_learner(preset, resolve_precision(training.precision), codes)
    streams = Streams.of(codes, preset, learner.model.predictors)
    progress = Progress(streams)
    needed = Room(learner.model.count_params(), training, sample_rate).least
    try:
        _practise(learner, progress)
        checks = [_try_place(FOLDER, folder, learner, progress, needed)]
        if copy_to is not None:
            checks.append(_try_copy(Path(copy_to), learner, progress, needed))
        if checks[0].passed:
            _practise(learner, progress)
            straight, bits = _values(learner), float(learner.bits.result())
            del learner  # two of the largest models do not fit into every memory
            checks.append(_try_going_on(preset, streams, folder, straight, bits))
        else:
            checks.append(Check(GOING_ON, None, "Nothing could be saved in the folder, so going on was not tried."))
    except tf.errors.ResourceExhaustedError:
        sentence = "The memory of the graphics card was too small to try it: see below."
        checks = [Check(GOING_ON, None, sentence)]
    finally:
        shutil.rmtree(_trial(folder), ignore_errors=True)
    return checks


def _trial(folder):
    return folder / PREFLIGHT_SOUNDS / TRIAL


def _practise(learner, progress):
    """Train on the next few batches."""
    for inputs, targets, weights in progress.streams.batches(0, progress.step):
        learner.train_on_batch(inputs, targets, sample_weight=weights)
        progress.step += 1
        if progress.step % BATCHES == 0:
            break


def _values(learner):
    """{name: array} of all that a checkpoint would hold now."""
    return {name: np.array(variable.numpy()) for name, variable in learner.everything().items()}


def _same(ours, theirs):
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


def _try_place(name, folder, learner, progress, needed):
    """Whether a checkpoint can be written into a folder and read back unchanged."""
    try:
        exists = next(parent for parent in (folder, *folder.absolute().parents) if os.path.exists(parent))
        free = shutil.disk_usage(exists).free
        if free < needed:
            return Check(
                name,
                False,
                f'A training needs {size(needed)} in "{folder}" and {size(free)} are free: free some space '
                "or name a folder on another disk.",
            )
        trial = SimpleNamespace(folder=_trial(folder), check_there=lambda: None)  # no run that could have been moved
        progress.save(trial, learner)
        path = _trial(folder) / RESUME
        written = path.stat().st_size
        _, read, _ = container.read(path, "checkpoint")
    except CourseError as error:
        return Check(name, False, str(error))
    except OSError as error:
        return Check(name, False, f'"{folder}" cannot be reached ({error.strerror or error}): check that it is there.')
    if not _same(_values(learner), read):
        return Check(name, False, f'What was written to "{folder}" came back changed: name a folder on another disk.')
    return Check(name, True, f'A checkpoint of {size(written)} was written to "{folder}" and read again, the same.')


def _try_copy(folder, learner, progress, needed):
    """The same for the copy. No folder is made in place of a missing Drive: it would be on the wrong disk."""
    if not os.path.isdir(folder.absolute().parent):
        return Check(
            COPY,
            False,
            f'"{folder.parent}" is not there, so nothing can be copied to it: connect the disk or Drive again, or name '
            "another folder for the copy.",
        )
    made = [path for path in (folder, folder / PREFLIGHT_SOUNDS) if not os.path.exists(path)]
    try:
        return _try_place(COPY, folder, learner, progress, needed)
    finally:
        shutil.rmtree(_trial(folder), ignore_errors=True)
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()


def _try_going_on(preset, streams, folder, straight, straight_bits):
    """Whether a fresh learner restored from the checkpoint reaches the values of the one that was not stopped."""
    learner, progress = make_learner(preset, resolve_precision(preset.training.precision)), Progress(streams)
    try:
        progress.restore(SimpleNamespace(folder=_trial(folder)), learner)
    except CourseError as error:
        return Check(GOING_ON, False, str(error))
    _practise(learner, progress)
    apart = abs(float(learner.bits.result()) - straight_bits)
    # Graphics cards sum in no fixed order, so two trainings never agree to the last bit there.
    if on_gpu():
        same, how = apart <= MOST_BITS_APART, f"as good as the same ({apart:.3f} bits apart)"
    else:
        same, how = _same(straight, _values(learner)) and math.isfinite(straight_bits), "exactly the same"
    if same:
        sentence = f"A training that was stopped and went on came to {how} as one that was not stopped."
        return Check(GOING_ON, True, sentence)
    return Check(
        GOING_ON,
        False,
        f"A training that was stopped did not go on as one that was not ({apart:.3f} bits apart): run the pre-flight "
        "again and, if it stays so, tell the course's makers.",
    )
