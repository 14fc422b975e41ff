"""Whether half precision, in which graphics cards are fast, gives the same bits on this corpus as single precision."""

import math

import numpy as np

from ...backend import ops, tf
from ...corpus import Codes
from ...scoring import nats
from ...streams import Streams
from ..learner import make_learner, resolve_precision
from .results import Check

NUMBERS = "numbers"
SINGLE, HALF = "float32", "mixed_float16"
# Half precision keeps 11 binary digits, and the logits are single: the bits of a healthy network differ by thousandths.
MOST_BITS_APART = 0.05


def try_numbers(preset, codes):
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
    asked = preset.training.precision
    if resolve_precision(asked) == SINGLE:
        why = "as you asked for" if asked == SINGLE else "as it should be without a graphics card"
        return Check(NUMBERS, True, f"Numbers are kept in single precision, {why}.")
    try:
        return compare(*(bits_in(precision, preset, codes) for precision in (SINGLE, HALF)))
    except tf.errors.ResourceExhaustedError:
        sentence = "The memory of the graphics card was too small to compare half with single precision."
        return Check(NUMBERS, None, sentence)


def bits_in(precision, preset, codes):
    """Bits per sample of an untrained model, the same for every precision, on one batch of codes."""
    preset = preset.changed(streams=min(2, preset.training.streams))
    streams, window = preset.training.streams, preset.training.window
    codes = Codes.of_arrays([np.resize(codes, streams * window)], preset.model.codec.centre)
    model = make_learner(preset, precision, codes).model
    inputs, targets, _ = next(Streams.of(codes, preset, model.predictors).batches(0))
    logits, _ = model(inputs["codes"], model.initial_state(streams), inputs["starts"], features=inputs.get("features"))
    return float(ops.mean(nats(targets, logits))) / math.log(2)


def compare(single, half):
    """The check of two losses, in bits per sample."""
    if abs(half - single) <= MOST_BITS_APART:  # false for NaN
        sentence = (
            f"Half precision comes to the same as single ({half:.3f} and {single:.3f} bits), and is faster: it is used."
        )
        return Check(NUMBERS, True, sentence)
    found = f"{half:.3f}" if math.isfinite(half) else "no number"
    return Check(
        NUMBERS,
        False,
        f"Half precision gave {found} where single precision gave {single:.3f} bits: train with "
        f'precision="{SINGLE}"; it is slower, and safe.',
        {"precision": SINGLE},
    )
