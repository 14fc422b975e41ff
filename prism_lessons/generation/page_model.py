"""A model as the core of a web page reads it (pages/core/core.c): one block of bytes, and a header for the page.

The bytes begin with a directory: `VERSION`, the number of arrays, and for each its offset in bytes and, if it is stored
in half precision, its size. The arrays follow, in the order of `_arrays`, which is that of `model` in core.c.
"""

import math

import numpy as np

from .. import linear_prediction as rules
from ..linear_prediction import predictors_of
from ..settings import BOOK_ORDER, CHEBYSHEV, LEVELS
from . import sampling_loop as op
from .asking import steered_by
from .engines import check_precision, of_capsules
from .sampler import starting_state
from .state import State

VERSION = 3  # as in core.c
SEEDS = 8  # whose beginnings a page holds, if the model keeps moments of its recordings
ALIGNMENT = 64  # bytes


def page_model(capsule, states=None, precision="single", seed=0):
    """A capsule's model for the core of a web page.

    Parameters
    ----------
    capsule : Capsule
        The model. Whoever gives the page away gives the model away: see `Capsule.share`.
    states : State, optional
        The states that voices may begin from, one or several, such as the state after a prime; if not given, those
        from which `LiveVoice` begins with eight seeds, or silence if the model keeps no moments of its recordings;
        first for any label, then for each of the model's labels.
    precision : str
        "single", or "half" for half the bytes. With "half", a seed does not give the codes of `LiveVoice`; with
        "single" it does, except where rounding tips a draw to the next code.
    seed : int
        The first of the eight seeds.

    Returns
    -------
    header : dict
        What the page needs to know, as plain values: `version` of the bytes, `sample_rate` in Hz, `largest` frame in
        samples, `labels`, the `descriptors` that can be asked for, how many `states` there are for each label and for
        any together, and `beginnings`, the byte from which models with other states differ.
    model : bytes
        For `load` in core.c.

    Raises
    ------
    CourseError
        For an unknown precision, or when the model is too large to be played.
    """
    check_precision(precision)
    engine = of_capsules([capsule], "numba")
    settings, groups = capsule.settings, 1
    if states is None:
        states, groups = _starting_states(engine, settings, seed), 1 + len(settings.labels)
    arrays = _arrays(capsule, engine.model, states)
    halves = {"weights", "rows"} if precision == "half" else set()
    head = np.zeros(2 + 2 * len(arrays), np.int32)
    head[:2] = VERSION, len(arrays)
    parts, end = [], head.nbytes
    for number, (name, array) in enumerate(arrays.items()):
        array = np.asarray(array, np.float16 if name in halves else None)
        start = math.ceil(end / ALIGNMENT) * ALIGNMENT
        head[2 + 2 * number : 4 + 2 * number] = start, array.size if name in halves else 0
        parts += [bytes(start - end), array.astype(array.dtype.newbyteorder("<")).tobytes()]
        end = start + array.nbytes
    header = {
        "version": VERSION, "sample_rate": capsule.sample_rate, "largest": engine.largest,
        "labels": list(settings.labels), "descriptors": list(steered_by([capsule])),
        "states": len(states.past) // groups,
        "beginnings": int(head[2 + 2 * list(arrays).index("past")]),
    }  # fmt: skip
    return header, b"".join([head.astype("<i4").tobytes(), *parts])


def _starting_states(engine, settings, seed):
    """The states from which some seeds begin, for any label and then for each."""
    keys = [(seed + more, 0) for more in range(SEEDS if len(engine.moments) else 1)]
    labels = np.eye(len(settings.labels), engine.asked, dtype=np.float32)
    each = [starting_state(engine, keys, np.tile(one, (len(keys), 1))) for one in labels]
    return State.together([starting_state(engine, keys), *each])


def _arrays(capsule, model, states):
    """The arrays of core.c's `model`, in its order."""
    settings, codec = capsule.settings, capsule.settings.codec
    predictors = predictors_of(settings, capsule.weights)
    recurrent = np.concatenate(states.recurrent[: len(model.states)], axis=1)
    orders, fades, book, (slope, at_zero, _, mu) = np.zeros((0, 3)), [], np.zeros((BOOK_ORDER, 0)), np.zeros(4)
    edges, adapted = np.zeros(0), np.zeros((len(states.past), 0))
    if predictors:
        (orders, fades, book, (slope, at_zero, _, mu)), edges = predictors.constants, predictors.edges
        adapted = states.recurrent[-1]
    return {
        "sizes": np.int32(
            [
                model.width, model.largest, model.levels, model.most_inputs, len(model.sections), len(model.states),
                recurrent.shape[1], model.logits[0], settings.guesses, len(orders), book.shape[1],
                predictors.longest if predictors else 0, adapted.shape[1], BOOK_ORDER, rules.BOOK_BLOCK, CHEBYSHEV,
                LEVELS, model.asked,
            ]
        ),
        "rules": np.float64(
            [
                *(math.exp(-1 / memory) for memory in (rules.SCALE_MEMORY, rules.BOOK_MEMORY)),
                *(math.exp(-1 / memory) for memory in (rules.LEVEL_MEMORY, rules.LASTING_MEMORY)),
                rules.FLOOR, rules.LEVEL_DB, rules.LEAST_POWER, rules.WHITENING, rules.MOST_POLE, rules.SILENT_SCALE,
                rules.LEAST_SCALE, rules.FARTHEST, rules.MOST_STRETCH, rules.NEARBY, math.log(rules.SURPRISE), op.REACH,
                rules.SWELL, rules.MOST_SWELL, rules.WIDENING, rules.MOST_WIDENING, rules.WAKING,
                rules.TILT, rules.MOST_TILT, rules.MOST_WIDER, slope, at_zero, mu, math.log1p(mu),
            ]
        ),
        "table": model.table.astype(np.int32),
        "sections": model.sections.astype(np.int32),
        "vectors": np.int32([(offset, len(initial)) for offset, initial in model.states]),
        "weights": model.weights,
        "biases": model.biases,
        "rows": model.rows,
        "decoded": codec.decode(np.arange(codec.levels)),
        "predictors": orders.astype(np.int32),
        "fades": np.float64(fades),
        "edges": edges,
        "edges32": np.pad(edges.astype(np.float32), (0, op.PANEL), mode="edge" if len(edges) else "constant"),
        "book": _panels(book),
        "past": states.past.astype(np.int32),
        "recurrent": recurrent.astype(np.float32),
        "adapted": adapted,
    }  # fmt: skip


def _panels(matrix):
    """A matrix, (inputs, columns), padded and cut as `CompiledModel` does its own."""
    inputs, columns = matrix.shape
    padded = np.pad(matrix.astype(np.float32), ((0, 0), (0, -columns % op.PANEL)))
    return padded.reshape(inputs, -1, op.PANEL).transpose(1, 0, 2)
