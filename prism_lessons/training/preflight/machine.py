"""Whether this machine can train: checkpoints in the run's folder, numerical precision, memory."""

import math
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil

from ... import file_format
from ...backend import ops, tf
from ...corpus import Codes
from ...errors import CourseError
from ...live import size
from ...model import on_gpu
from ...run import CHECKPOINT, PREFLIGHT_SOUNDS
from ...scoring import nats
from ...streams import Streams
from ..keras_model import WIDEST_JIT, build_model, resolve_precision
from ..plan import DiskEstimate
from ..training_state import TrainingState
from .results import Check

FOLDER, COPY, GOING_ON = "folder", "copy", "going on"
TRIAL = "trial"  # a folder beside the pre-flight's sounds, deleted after the checks
BATCHES = 3  # before the checkpoint, and after it
COPIES = 8  # of the weights, needed for comparing, beyond those for training; measured with the preset "piece"
NUMBERS = "numbers"
SINGLE, HALF = "float32", "mixed_float16"
# Half precision has 11 binary digits, and the logits are single: the bits of a healthy network differ by thousandths.
MOST_BITS_APART = 0.05
MEMORY = "memory"
# Copies that a training step holds at its peak, see `bytes_of_training`. With these, the estimate was 1.08 to 2.3 times
# the measurement, closest for the largest models that XLA compiles.
ALWAYS = 700_000_000  # bytes, mostly the compiler's; measured highest for a small model with predictors
LOGITS, GATE_VECTORS = 5, 10
JIT_WEIGHTS, JIT_VECTORS = 36, 18
WEIGHTS, VECTORS = 5, 14
SAVING_WEIGHTS = 9  # the weights and Adam's two moment estimates, as variables, as arrays, and as file contents


def small_batches(preset):
    """The preset with batches as small as its model allows, which take seconds."""
    # A window of one frame would be computed differently from one of several.
    return preset.changed(streams=min(2, preset.training.streams), window=2 * preset.model.largest_frame, warm_up=0)


def check_checkpoints(preset, sample_rate, codes, folder, copy_to):
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
    model = build_model(preset, resolve_precision(training.precision), codes)
    streams = Streams.of(codes, preset, model.samplernn.predictors)
    state = TrainingState(streams)
    disk = DiskEstimate(model.samplernn.count_params(), training, sample_rate)
    try:
        _train(model, state)
        checks = [_check_folder(FOLDER, folder, model, state, disk)]
        if copy_to is not None:
            checks.append(_check_copy(Path(copy_to), model, state, disk))
        if checks[0].passed:
            _train(model, state)
            straight, bits = _values(model), float(model.bits.result())
            del model  # two of the largest models do not fit into every memory
            checks.append(_check_resume(preset, streams, folder, straight, bits))
        else:
            checks.append(Check(GOING_ON, None, "Nothing could be saved in the folder, so resuming was not tried."))
    except tf.errors.ResourceExhaustedError:
        sentence = "The memory of the graphics card was too small to try this: see below."
        checks = [Check(GOING_ON, None, sentence)]
    finally:
        shutil.rmtree(_trial(folder), ignore_errors=True)
    return checks


def _trial(folder):
    return folder / PREFLIGHT_SOUNDS / TRIAL


def _train(model, state):
    """Train on the next few batches."""
    for inputs, targets, weights in state.streams.batches(0, state.step):
        model.train_on_batch(inputs, targets, sample_weight=weights)
        state.step += 1
        if state.step % BATCHES == 0:
            break


def _values(model):
    """{name: array} of everything that a checkpoint would hold now."""
    return {name: np.array(variable.numpy()) for name, variable in model.named_variables().items()}


def _same(ours, theirs):
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


def _check_folder(name, folder, model, state, disk):
    """Whether a checkpoint can be written into a folder and read back unchanged."""
    try:
        disk.check(folder)
        trial = SimpleNamespace(folder=_trial(folder), check_there=lambda: None)  # no run that could have been moved
        state.save(trial, model)
        path = _trial(folder) / CHECKPOINT
        written = path.stat().st_size
        _, read, _ = file_format.read(path, "checkpoint")
    except CourseError as error:
        return Check(name, False, str(error))
    except OSError as error:
        return Check(name, False, f'"{folder}" cannot be reached ({error.strerror or error}): check that it is there.')
    if not _same(_values(model), read):
        return Check(name, False, f'A file written to "{folder}" came back changed: name a folder on another disk.')
    return Check(name, True, f'A checkpoint of {size(written)} was written to "{folder}" and read back unchanged.')


def _check_copy(folder, model, state, disk):
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
        return _check_folder(COPY, folder, model, state, disk)
    finally:
        shutil.rmtree(_trial(folder), ignore_errors=True)
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()


def _check_resume(preset, streams, folder, straight, straight_bits):
    """Whether a new model restored from the checkpoint ends with the values of the uninterrupted one."""
    model, state = build_model(preset, resolve_precision(preset.training.precision)), TrainingState(streams)
    try:
        state.restore(SimpleNamespace(folder=_trial(folder)), model)
    except CourseError as error:
        return Check(GOING_ON, False, str(error))
    _train(model, state)
    apart = abs(float(model.bits.result()) - straight_bits)
    # Graphics cards sum in no fixed order, so two trainings never agree to the last bit there.
    if on_gpu():
        same, how = apart <= MOST_BITS_APART, f"almost exactly the same ({apart:.3f} bits apart)"
    else:
        same, how = _same(straight, _values(model)) and math.isfinite(straight_bits), "exactly the same"
    if same:
        sentence = f"A training that was stopped and resumed ended {how} as an uninterrupted one."
        return Check(GOING_ON, True, sentence)
    return Check(
        GOING_ON,
        False,
        f"A training that was stopped and resumed ended {apart:.3f} bits apart from an uninterrupted one: run the "
        "pre-flight again and, if this happens again, tell the course's makers.",
    )


def check_precision(preset, codes):
    """Score one batch in both precisions, if the training would use half.

    Parameters
    ----------
    preset
        The `Preset`.
    codes
        Int, shape (samples,): the sound.

    Returns
    -------
    Check
    """
    if resolve_precision(preset.training.precision) == SINGLE:
        return Check(NUMBERS, True, "Numbers are kept in single precision.")
    try:
        return compare(*(bits_in(precision, preset, codes) for precision in (SINGLE, HALF)))
    except tf.errors.ResourceExhaustedError:
        sentence = "The memory of the graphics card was too small to compare half with single precision."
        return Check(NUMBERS, None, sentence)


def bits_in(precision, preset, codes):
    """Bits per sample of an untrained model, with the same weights in every precision, on one batch of codes."""
    preset = preset.changed(streams=min(2, preset.training.streams))
    streams, window = preset.training.streams, preset.training.window
    codes = Codes.of_arrays([np.resize(codes, streams * window)], preset.model.codec.centre)
    model = build_model(preset, precision, codes).samplernn
    inputs, targets, _ = next(Streams.of(codes, preset, model.predictors).batches(0))
    logits, _ = model(inputs["codes"], model.initial_state(streams), inputs["starts"], features=inputs.get("features"))
    return float(ops.mean(nats(targets, logits))) / math.log(2)


def compare(single, half):
    """The check of two losses, in bits per sample."""
    if abs(half - single) <= MOST_BITS_APART:  # false for NaN
        sentence = (
            f"Half precision gives the same as single ({half:.3f} and {single:.3f} bits), so it is used, as you asked."
        )
        return Check(NUMBERS, True, sentence)
    found = f"{half:.3f}" if math.isfinite(half) else "no number"
    return Check(
        NUMBERS,
        False,
        f"Half precision gave {found} where single precision gave {single:.3f} bits: train with "
        f'precision="{SINGLE}", which is safe.',
        {"precision": SINGLE},
    )


def check_memory(preset):
    """Check whether the batch fits into memory, and if not, which size does.

    Parameters
    ----------
    preset
        The `Preset`.

    Returns
    -------
    Check
    """
    if on_gpu():
        return advise(preset, fits_on_gpu, "the memory of the graphics card")
    free = free_memory()
    return advise(preset, lambda tried: bytes_of_training(tried) <= free, f"the {free / 1e9:.1f} GB that are free")


def advise(preset, fits, where):
    """Check whether a preset fits, with its `streams` halved until it does.

    Parameters
    ----------
    fits
        A function of a `Preset`: whether its training fits into memory.
    where
        The name of that memory, in words.
    """
    wanted = streams = preset.training.streams
    while streams and not fits(preset.changed(streams=streams)):
        streams //= 2
    batch = f"a batch of {wanted} streams of {preset.training.window} samples"
    if streams == wanted:
        return Check(MEMORY, True, f"{batch.capitalize()} fits into {where}.")
    if streams:
        return Check(
            MEMORY,
            False,
            f"{batch.capitalize()} does not fit into {where}: train with streams={streams}. The model learns in nearly "
            "the same way, from less sound in each step.",
            {"streams": streams},
        )
    return Check(
        MEMORY,
        False,
        f"This model does not fit into {where}, however small the batch: close other programs, or choose a smaller "
        "preset, dim, number of layers, or window.",
    )


def free_memory():
    """Bytes that programs can still allocate without swapping."""
    return psutil.virtual_memory().available


def fits_on_gpu(preset):
    """Whether one real training step fits."""
    try:
        model = build_model(preset, resolve_precision(preset.training.precision))
        streams, window = preset.training.streams, preset.training.window
        codes = ops.zeros((streams, preset.model.largest_frame + window), "int32")
        inputs = {"codes": codes, "starts": ops.zeros(streams, "bool")}
        if guesses := preset.model.guesses:
            inputs["features"] = ops.ones((*codes.shape, 3 * guesses + 1))
        targets = codes[:, preset.model.largest_frame :]
        model.train_on_batch(inputs, targets, sample_weight=ops.ones((streams, window)))
    except tf.errors.ResourceExhaustedError:
        return False
    return True


def bytes_of_training(preset):
    """Estimate, on the high side, of the bytes that a training needs on a CPU beyond those of the libraries.

    It counts float32 values: copies of the weights, with gradients and Adam's two moment estimates; and for each sample
    of a batch, copies of the logits, of the vectors of the sample tier (one lookup for each place of its frame, which
    XLA fuses), and of what the recurrent layers keep for backpropagation. The numbers of copies were measured, see
    `benchmarks/preflight.py`. With a small batch, assembling a checkpoint takes more than a step.
    """
    model, training = preset.model, preset.training
    jit = model.dim <= WIDEST_JIT
    gates = 3 if model.cell == "gru" else 4
    frames = sum(1 / size for size in model.frame_sizes)
    sample_tier = JIT_VECTORS if jit else VECTORS + model.frame_sizes[0]
    recurrent = GATE_VECTORS * gates * model.layers * frames
    # Each guess of a predictor is spread over all codes, as the logits are.
    each = LOGITS * model.levels * (1 + model.guesses) + (sample_tier + recurrent) * model.dim
    step = (JIT_WEIGHTS if jit else WEIGHTS) * weights_of(model) + training.streams * training.window * each
    return ALWAYS + round(4 * max(step, SAVING_WEIGHTS * weights_of(model)))


def weights_of(model):
    """The number of weights in the large matrices of a model, which are nearly all; `model` is its `ModelSettings`."""
    gates = 3 if model.cell == "gru" else 4
    above = 2 if model.skip_connections else 1  # widths of the input of a layer above the first
    matrices = 0.0
    for frame, below in zip(model.frame_sizes, (1, *model.frame_sizes), strict=False):
        recurrent = gates * (2 + (model.layers - 1) * (above + 1))
        matrices += recurrent + frame / below + model.layers * model.skip_connections
    first = model.frame_sizes[0] * model.embedding
    return round(model.dim * ((matrices + 2) * model.dim + first + model.levels)) + model.levels * model.embedding
