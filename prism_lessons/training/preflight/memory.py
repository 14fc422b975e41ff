"""How large a batch may be: tried on a graphics card; estimated on a CPU, where trying could halt the computer."""

import psutil

from ...backend import ops, tf
from ...model import on_gpu
from ..learner import WIDEST_JIT, make_learner, resolve_precision
from .results import Check

MEMORY = "memory"
# Copies that a training step holds at its peak, see `bytes_of_training`. With these, the estimate was 1.08 to 2.3 times
# the measurement, closest for the largest models that XLA compiles.
ALWAYS = 700_000_000  # bytes, mostly the compiler's; measured highest for a small model with predictors
LOGITS, GATE_VECTORS = 5, 10
JIT_WEIGHTS, JIT_VECTORS = 36, 18
WEIGHTS, VECTORS = 5, 14
SAVING_WEIGHTS = 9  # the weights and Adam's two moment estimates, as variables, as arrays, and as file contents


def try_memory(preset):
    """Whether the batch fits into memory; if not, which does.

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
            "the same way; each step hears less.",
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
        learner = make_learner(preset, resolve_precision(preset.training.precision))
        streams, window = preset.training.streams, preset.training.window
        codes = ops.zeros((streams, preset.model.largest_frame + window), "int32")
        inputs = {"codes": codes, "starts": ops.zeros(streams, "bool")}
        if guesses := preset.model.guesses:
            inputs["features"] = ops.ones((*codes.shape, 3 * guesses + 1))
        targets = codes[:, preset.model.largest_frame :]
        learner.train_on_batch(inputs, targets, sample_weight=ops.ones((streams, window)))
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
    for size, below in zip(model.frame_sizes, (1, *model.frame_sizes), strict=False):
        recurrent = gates * (2 + (model.layers - 1) * (above + 1))
        matrices += recurrent + size / below + model.layers * model.skip_connections
    first = model.frame_sizes[0] * model.embedding
    return round(model.dim * ((matrices + 2) * model.dim + first + model.levels)) + model.levels * model.embedding
