r"""The sampling loop for CPUs, compiled by Numba: it generates codes one by one, for all voices at once.

A model is a table of instructions (compiled_model.py), and `run` is their interpreter. For each sample:

    ASK              labels -> values, and what the predictors head for    \  in the slowest tier's frames
    MATMUL           labels -> what they add to each tier, and drifts       |
    KEEP_LEVELS      drifts -> the predictors                              /
    READ_FRAME       the last frame of codes ->  values   \
    MATMUL                                                 | for each tier, from slow to fast,
    GRU or LSTM      state -> new state                    | at the beginning of each of its frames
    MATMUL           conditioning of the tier below       /
    PREDICT          guesses of the predictors -> values  (in models with predictors)
    EMBED            the last codes + conditioning -> hidden vector
    MATMUL           hidden vector -> hidden vector -> logits
    MIX_PREDICTIONS  logits + log probabilities of the predictors' mixture
    SAMPLE           logits of all models, mixed -> probabilities -> a code
    ADAPT            the predictors learn from that code

Two arrays hold what they work on: `values`, a row of vectors for each voice, and `weights`, matrices cut into panels of
32 columns. The matrix product is written in LLVM's vectors: a compiler left to itself does not keep the sums in
registers, and BLAS first copies the weights, which for a few voices costs as much as the product (docs/decisions.md has
the figures).

All cores work on one instruction, a unit at a time: some panels of a product, or one voice of anything else. The caller
takes units from the front and the workers from the back, so each finds its panels in its own cache. Which core does a
unit changes no bit of the result.

The order below: the interpreter, the instructions, arithmetic, then what is written in LLVM.
"""

import math
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ..linear_prediction import (
    ASKED_POWER,
    ASKED_RISE,
    DRIFT,
    MOST_STRETCH,
    MOST_WIDER,
    NEARBY,
    SURPRISE,
    least_scale,
    predict,
    update,
)
from ..settings import BOOK_ORDER, CHEBYSHEV

# Numba recompiles when this file changes, but not when linear_prediction.py does, although functions of that file are
# built in: a new model would be played by old rules, into silence. So this file changes with that one.
PREDICTION = "d61787b7e94db325"  # the first digits of its SHA-256

PANEL = 32  # columns
GROUP = 4  # panels in a unit of work
LANES = 16

GENERATE, CONDITION, SCORE = range(3)  # modes: draw codes; only advance the state by given ones; return their logits
# Opcodes
READ_FRAME, MATMUL, GRU, LSTM, EMBED, PREDICT, MIX_PREDICTIONS, SAMPLE, ADAPT, ASK, KEEP_LEVELS = range(11)

# Columns of the table of instructions. X, Y, CONDITIONING, STATE and CELL are offsets in `values`; WEIGHTS is one in
# `weights` (for EMBED in `rows`), BIAS one in `biases`.
(
    OPCODE, X, Y, WEIGHTS, INPUTS, PANELS, BIAS, CONDITIONING, CONDITIONING_STEP, RELU, STATE, SIZE, FRAME, SPARSE,
    CELL, PREDICTORS, LEVELS,
) = range(17)  # fmt: skip
COLUMNS = 17

# Columns of `PredictorArrays.layouts`, a row for each model with predictors: its first predictor and the one after its
# last, where its book begins and how many filters it has, its number of guesses and the first of them, and where its
# state begins and ends.
FROM, TO, BOOK, FILTERS, GUESSES, GUESS, BEGIN, END = range(8)
PREDICTOR_WORK = 64  # the size of a vector that takes about as long as the predictors of a voice
REACH = np.float32(32)  # scales of a logistic distribution, beyond which lie 1e-14 of it

# Offsets in `shared`, each in a cache line of its own. A ticket holds a job's number and the units still to be taken:
# number << 32 | first << 16 | last + 1.
TICKET, DONE, JOB = 0, 8, 16
SHARED = 24
STOP = -1  # the ticket that ends the workers


class Arrays(NamedTuple):
    """A model's weights, and the values it works on."""

    weights: np.ndarray  # panels, float32, or float16 as uint16
    biases: np.ndarray
    rows: np.ndarray  # of the tables that EMBED looks up
    values: np.ndarray  # float32, (voices, width)
    logits: np.ndarray  # the offset of each model's logits in `values`


class Sampling(NamedTuple):
    """What is sampled, and how."""

    codes: np.ndarray  # int32, (voices, origin + samples); the past lies before `origin`
    temperatures: np.ndarray  # float32, (samples, voices)
    draws: np.ndarray  # uniform random numbers, likewise
    mix: np.ndarray  # the weight of each model, (samples, models)
    mode: int
    scores: np.ndarray  # logits, (samples, voices, levels), in the mode SCORE
    asked: np.ndarray  # of all models, see `engines.Engine`: float32, (largest frames, voices, numbers)


class PredictorArrays(NamedTuple):
    """The predictors of all models, concatenated; see `prediction.Predictors` and `numba_engine.PredictorBuffers`."""

    layouts: np.ndarray
    orders: np.ndarray
    fades: np.ndarray
    books: np.ndarray
    coding: np.ndarray
    edges: np.ndarray
    edges32: np.ndarray
    decoded: np.ndarray
    samples: np.ndarray  # float64, (voices, lead + origin + samples)
    excitations: np.ndarray  # float32, (models, voices, origin + samples)
    state: np.ndarray
    guesses: np.ndarray  # values, scales and likelihoods: (voices, 3, guesses)
    workspace: tuple


# Python's check of each division for a 0 would keep a loop from being done with vectors.
quick = njit(error_model="numpy")


@njit(nogil=True, cache=True)
def run(
    samples, step, sections, parallel, least_work, table, origin, all_inputs, nonzero, arrays, sampling, predictors,
    shared,
):  # fmt: skip
    """Run the instructions for some samples.

    Parameters
    ----------
    samples, step
        How many samples, and the distance between those at which instructions run: 1, or the smallest frame if no
        sample is drawn.
    sections
        When instructions run: (first, last + 1, frame, frame above, whether only if samples are drawn or scored).
    parallel, least_work
        Whether workers run `run_worker`, and from how much work on they take part.
    table, origin
        The instructions, and the index in `codes` of the first sample.
    all_inputs, nonzero
        The indices of all inputs of a product, and room for those of the inputs that are not 0.
    arrays, sampling, predictors
        `Arrays`, `Sampling` and `PredictorArrays`.
    shared
        What the cores share: int64, (SHARED,).
    """
    values, mode = arrays.values, sampling.mode
    voices = values.shape[0]
    for number in range(0, samples, step):
        for section in sections:
            if number % section[2] or (mode == CONDITION and section[4]):
                continue
            phase = number % section[3] // section[2]
            for index in range(section[0], section[1]):
                row = table[index]
                if row[OPCODE] == MATMUL:
                    units = (row[PANELS] + GROUP - 1) // GROUP
                    work = row[INPUTS] * row[PANELS] * PANEL * voices
                    count, inputs = row[INPUTS], all_inputs
                    if row[SPARSE] and voices == 1:  # about half of the outputs of a ReLU are 0
                        count, inputs = 0, nonzero
                        for q in range(row[INPUTS]):
                            nonzero[count] = q
                            count += values[0, row[X] + q] > 0
                else:
                    units, work, count, inputs = voices, row[SIZE] * PANEL * voices, 0, all_inputs
                if not parallel or work < least_work or units < 2:
                    for unit in range(units):
                        _run_unit(row, unit, phase, count, number, origin, inputs, arrays, sampling, predictors)
                    continue
                shared[JOB], shared[JOB + 1], shared[JOB + 2], shared[JOB + 3] = index, phase, count, number
                shared[JOB + 4] = row[SPARSE] and voices == 1
                _write(shared, DONE, 0)
                _write(shared, TICKET, ((shared[TICKET] >> 32) + 1 & 0x3FFFFFFF) << 32 | units)
                own = 0
                while True:
                    ticket = _read(shared, TICKET)
                    first = (ticket >> 16) & 0xFFFF
                    if first >= ticket & 0xFFFF:
                        break
                    if _swap(shared, TICKET, ticket, ticket + (1 << 16)):
                        _run_unit(row, first, phase, count, number, origin, inputs, arrays, sampling, predictors)
                        own += 1
                while _read(shared, DONE) + own < units:
                    pass


@njit(nogil=True, cache=True)
def run_worker(table, origin, all_inputs, nonzero, arrays, sampling, predictors, shared):
    """Take units of the current job, from its end, until the ticket is STOP."""
    while True:
        ticket = _read(shared, TICKET)
        if ticket < 0:
            return
        if (ticket >> 16) & 0xFFFF < ticket & 0xFFFF and _swap(shared, TICKET, ticket, ticket - 1):
            row, unit = table[shared[JOB]], (ticket & 0xFFFF) - 1
            phase, count, number = shared[JOB + 1], shared[JOB + 2], shared[JOB + 3]
            inputs = nonzero if shared[JOB + 4] else all_inputs
            _run_unit(row, unit, phase, count, number, origin, inputs, arrays, sampling, predictors)
            _add(shared, DONE, 1)


@njit
def _run_unit(row, unit, phase, count, number, origin, inputs, arrays, sampling, predictors):
    """Run one unit of an instruction: some panels of a product, or one voice of anything else."""
    values, codes, mode = arrays.values, sampling.codes, sampling.mode
    opcode, at = row[OPCODE], origin + number
    if opcode == MATMUL:
        _matmul(row, unit, phase, count, inputs, arrays)
    elif opcode == READ_FRAME:
        _read_frame(row, unit, at, codes, predictors.excitations, values)
    elif opcode == ASK:
        _ask(row, unit, sampling.asked[number // row[FRAME], unit], predictors, values)
    elif opcode == KEEP_LEVELS:
        if mode == GENERATE:  # as in training, recordings are followed by the drift of all of them
            _keep_levels(row, unit, predictors, values)
    elif opcode == GRU:
        _gru(row, unit, values)
    elif opcode == LSTM:
        _lstm(row, unit, values)
    elif opcode == EMBED:
        _embed(row, unit, phase, at, codes, arrays.rows, values)
    elif opcode == PREDICT:
        _predict(row, unit, at, predictors, values)
    elif opcode == MIX_PREDICTIONS:
        temperature = sampling.temperatures[number, unit] if mode == GENERATE else np.float32(1)
        _mix_predictions(row, unit, temperature, predictors, values)
    elif opcode == ADAPT:
        _adapt(unit, at, predictors, codes)
    else:
        _mix_logits(row, unit, number, arrays.logits, sampling.mix, values)
        if mode == SCORE:
            for q in range(row[LEVELS]):
                sampling.scores[number, unit, q] = values[unit, row[Y] + q]
        else:
            temperature, draw = sampling.temperatures[number, unit], sampling.draws[number, unit]
            codes[unit, at] = _sample(row, unit, temperature, draw, values)


@njit
def _ask(row, voice, asked, predictors, values):
    """What is asked of a voice of one model: labels for the network, level and rise for its predictors."""
    for q in range(row[SIZE]):
        values[voice, row[Y] + q] = asked[row[X] + q]
    if row[PREDICTORS] >= 0:
        begin, first = predictors.layouts[row[PREDICTORS], BEGIN], row[X] + row[SIZE]
        level = np.float64(asked[first])
        predictors.state[voice, begin + ASKED_POWER] = level * level
        predictors.state[voice, begin + ASKED_RISE] = np.float64(asked[first + 1])


@njit
def _keep_levels(row, voice, predictors, values):
    """See `Predictors.keep_levels`; the weighted sum has been made."""
    state = predictors.state[voice, predictors.layouts[row[PREDICTORS], BEGIN] + DRIFT :]
    for q in range(row[SIZE]):
        state[q] = min(max(np.float64(values[voice, row[X] + q]), 1 / MOST_WIDER), MOST_WIDER)


@njit
def _read_frame(row, voice, at, codes, excitations, values):
    """The last frame of codes as numbers between -2 and 2, and with predictors their excitations."""
    half = np.float32(row[LEVELS]) / np.float32(2)
    for q in range(row[FRAME]):
        code = np.float32(codes[voice, at - row[FRAME] + q])
        values[voice, row[Y] + q] = (code / half - np.float32(1)) * np.float32(2)
    if row[PREDICTORS] >= 0:
        for q in range(row[FRAME]):
            values[voice, row[Y] + row[FRAME] + q] = excitations[row[PREDICTORS], voice, at - row[FRAME] + q]


@njit
def _matmul(row, unit, phase, count, inputs, arrays):
    """One unit of a matrix product: GROUP panels for all voices, on top of the bias and the conditioning."""
    weights, biases, values = arrays.weights, arrays.biases, arrays.values
    voices, width = values.shape
    flat = values.reshape(voices * width)
    step = row[INPUTS] * PANEL
    conditioning = row[CONDITIONING] + phase * row[CONDITIONING_STEP]
    first, last = unit * GROUP, min(row[PANELS], unit * GROUP + GROUP)
    for voice in range(voices):
        for column in range(first * PANEL, last * PANEL):
            values[voice, row[Y] + column] = biases[row[BIAS] + column]
        if row[CONDITIONING] >= 0:
            for column in range(first * PANEL, last * PANEL):
                values[voice, row[Y] + column] += values[voice, conditioning + column]
    for panel in range(first, last):
        start, y = row[WEIGHTS] + panel * step, row[Y] + panel * PANEL
        voice = 0
        while voice + 4 <= voices:
            here = voice * width
            _four_voices(weights, start, step, flat, here + row[X], width, inputs, row[INPUTS], flat, here + y, width)
            voice += 4
        if last - first < GROUP:
            while voice < voices:
                here = voice * width
                _one_voice_one_panel(weights, start, step, flat, here + row[X], 0, inputs, count, flat, here + y, 0)
                voice += 1
    if last - first == GROUP:
        start, y = row[WEIGHTS] + first * step, row[Y] + first * PANEL
        for voice in range(voices // 4 * 4, voices):
            here = voice * width
            _one_voice(weights, start, step, flat, here + row[X], 0, inputs, count, flat, here + y, 0)
    if row[RELU]:
        for voice in range(voices):
            for column in range(first * PANEL, last * PANEL):
                values[voice, row[Y] + column] = max(values[voice, row[Y] + column], np.float32(0))


@quick
def _gru(row, voice, values):
    """A gated recurrent unit, the reset gate after the product (Cho et al. 2014, as Keras writes it)."""
    size = row[SIZE]
    x, recurrent, state = values[voice, row[X] :], values[voice, row[Y] :], values[voice, row[STATE] :]
    for q in range(size):
        update_gate = _sigmoid(x[q] + recurrent[q])
        reset_gate = _sigmoid(x[size + q] + recurrent[size + q])
        candidate = _tanh(x[2 * size + q] + reset_gate * recurrent[2 * size + q])
        state[q] = update_gate * state[q] + (np.float32(1) - update_gate) * candidate


@quick
def _lstm(row, voice, values):
    """A long short-term memory with hidden state h and cell state c (Hochreiter & Schmidhuber 1997, as in Keras)."""
    size = row[SIZE]
    x, recurrent = values[voice, row[X] :], values[voice, row[Y] :]
    hidden, cell = values[voice, row[STATE] :], values[voice, row[CELL] :]
    for q in range(size):
        input_gate = _sigmoid(x[q] + recurrent[q])
        forget_gate = _sigmoid(x[size + q] + recurrent[size + q])
        candidate = _tanh(x[2 * size + q] + recurrent[2 * size + q])
        output_gate = _sigmoid(x[3 * size + q] + recurrent[3 * size + q])
        cell[q] = forget_gate * cell[q] + input_gate * candidate
        hidden[q] = output_gate * _tanh(cell[q])


@njit
def _embed(row, voice, phase, at, codes, rows, values):
    """The first hidden layer of the sample tier: the sum of a table's rows for the last codes, and the conditioning."""
    size, levels = row[SIZE], row[LEVELS]
    conditioning = values[voice, row[CONDITIONING] + phase * row[CONDITIONING_STEP] :]
    y = values[voice, row[Y] :]
    for q in range(size):
        y[q] = conditioning[q]
    for place in range(row[FRAME]):
        start = row[WEIGHTS] + (place * levels + codes[voice, at - row[FRAME] + place]) * size
        embedded = rows[start : start + size]
        for q in range(size):
            y[q] += embedded[q]
    for q in range(size):
        y[q] = max(y[q], np.float32(0))


@njit
def _arguments(layout, voice, predictors):
    """The arguments of `prediction.predict` and `update` for the predictors of one model and voice."""
    matrices, vectors, filtered, recent = predictors.workspace
    first, last, filters = layout[FROM], layout[TO], layout[FILTERS]
    book = predictors.books[layout[BOOK] : layout[BOOK] + BOOK_ORDER * filters].reshape((BOOK_ORDER, filters))
    place = layout[BOOK] // BOOK_ORDER
    workspace = (matrices[voice], vectors[voice], filtered[voice, place : place + filters], recent[voice])
    begin, end = layout[GUESS], layout[GUESS] + layout[GUESSES]
    guesses = predictors.guesses
    outputs = (guesses[voice, 0, begin:end], guesses[voice, 1, begin:end], guesses[voice, 2, begin:end])
    constants = (predictors.orders[first:last], predictors.fades[first:last], book, predictors.coding)
    return (
        constants,
        predictors.samples[voice],
        predictors.state[voice, layout[BEGIN] : layout[END]],
        workspace,
        outputs,
    )


@njit
def _predict(row, voice, at, predictors, values):
    """The predictors' guesses of the next sample, as inputs of the sample tier (`PredictorMixture.input_vector`)."""
    excitations, model = predictors.excitations, row[PREDICTORS]
    constants, samples, state, workspace, outputs = _arguments(predictors.layouts[model], voice, predictors)
    guesses, scales, likelihoods = outputs
    count = len(guesses)
    predict(
        samples, len(samples) - excitations.shape[2] + at, constants, state, workspace, guesses, scales, likelihoods
    )
    y, place = values[voice, row[Y] :], 0
    first_likelihood = np.float32(likelihoods[0]) if count else np.float32(0)
    for k in range(count):
        likelihood = np.float32(likelihoods[k])
        y[place] = np.log(np.float32(scales[k])) / np.float32(4) + np.float32(1)
        y[place + 1] = (
            _tanh((likelihood - first_likelihood) / np.float32(4)) if k else _tanh(likelihood / np.float32(8))
        )
        companded = _companded(guesses[k], predictors.coding[3])
        previous, polynomial = np.float32(1), companded
        for q in range(CHEBYSHEV):
            y[place + 2 + q] = polynomial
            previous, polynomial = polynomial, np.float32(2) * companded * polynomial - previous
        place += 2 + CHEBYSHEV
    for q in range(row[FRAME]):
        excitation = excitations[model, voice, at - row[FRAME] + q]
        y[place + q], y[place + row[FRAME] + q] = excitation, abs(excitation)


@quick
def _mix_predictions(row, voice, temperature, predictors, values):
    """Add the log probabilities of the predictors' mixture to the logits at X.

    The temperature acts as in mixture.PredictorMixture. The sum is multiplied by it, since `_sample` divides by it.
    """
    layout, coding, edges = predictors.layouts[row[PREDICTORS]], predictors.coding, predictors.edges32
    levels, size, count, first = row[LEVELS], row[SIZE], layout[GUESSES], layout[GUESS]
    guesses, scales, likelihoods = (
        predictors.guesses[voice, 0],
        predictors.guesses[voice, 1],
        predictors.guesses[voice, 2],
    )
    logits, adjustments = values[voice, row[X] :], values[voice, row[X] + size :]
    probabilities, tails, weights = values[voice, row[Y] :], values[voice, row[Y] + size :], values[voice, row[CELL] :]
    most = adjustments[3 * count]
    for k in range(count):
        weights[k] = adjustments[3 * k + 2] + np.float32(likelihoods[first + k])
        most = max(most, weights[k])
    weights[count], total = adjustments[3 * count], np.float32(0)
    for k in range(count + 1):
        weights[k] = _exp(max((weights[k] - most) / temperature, np.float32(-87)))
        total += weights[k]
    for q in range(levels):
        probabilities[q] = weights[count] / total / np.float32(levels)
    for k in range(count):
        weight = weights[k] / total
        if weight < np.float32(1e-9):
            continue
        guess, scale = np.float32(guesses[first + k]), np.float32(scales[first + k])
        least = np.float32(least_scale(guess, np.float32(coding[0]), np.float32(coding[1])))
        mean = guess + scale * adjustments[3 * k]
        inverse_scale = np.float32(1) / max(scale * _exp(_clip(adjustments[3 * k + 1], MOST_STRETCH)), least)
        # Beyond REACH scales from the mean, a guess adds less than a float32 resolves.
        low = max(0, np.searchsorted(edges, mean - REACH / inverse_scale) - 1)
        high = min(levels, np.searchsorted(edges, mean + REACH / inverse_scale))
        for q in range(low, high + 1):
            # The tail beyond each edge, away from the mean; negative above the mean.
            distance = (edges[q] - mean) * inverse_scale
            tail = _sigmoid(-abs(distance))
            tails[q] = -tail if distance > 0 else tail
        for q in range(low, high):
            lower, upper = tails[q], tails[q + 1]
            contains_mean = lower > 0 and upper <= 0
            probabilities[q] += weight * (np.float32(1) - lower + upper if contains_mean else abs(upper - lower))
    centre = _surprise_centre(guesses[first : first + count], likelihoods[first : first + count], coding)
    width = np.float32(levels) / np.float32(NEARBY)
    peak = np.float32(1) / (np.float32(math.pi) * width)
    surprise_probability = _sigmoid((adjustments[3 * count + 1] + np.float32(math.log(SURPRISE))) / temperature)
    for q in range(levels):
        distance = (np.float32(q) - centre) / width
        surprise = peak / (np.float32(1) + distance * distance)
        logits[q] += temperature * _log(probabilities[q] + surprise_probability * (surprise - probabilities[q]))


@quick
def _surprise_centre(guesses, likelihoods, coding):
    """The code about which surprises are distributed: see mixture.PredictorMixture.surprise."""
    most, total, centre, levels = likelihoods[0], 0.0, 0.0, int(coding[2])
    for k in range(1, len(guesses)):
        most = max(most, likelihoods[k])
    for k in range(len(guesses)):
        weight = np.exp(likelihoods[k] - most)
        total += weight
        centre += weight * guesses[k]
    return _companded(centre / total, coding[3]) * np.float32((levels - 1) // 2) + np.float32(levels // 2)


@njit
def _companded(sample, mu):
    """The position of a sample among the codes: -1 (the lowest) .. 1."""
    sample = np.float32(min(max(sample, -1.0), 1.0))
    if not mu:
        return sample
    companded = np.log1p(np.float32(mu) * abs(sample)) / np.float32(np.log1p(mu))
    return companded if sample > 0 else -companded


@njit
def _adapt(voice, at, predictors, codes):
    """Update the predictors of all models with the code at `at`."""
    layouts, excitations, samples = predictors.layouts, predictors.excitations, predictors.samples
    lead, code = samples.shape[1] - excitations.shape[2], codes[voice, at]
    samples[voice, lead + at] = predictors.decoded[code]
    for model in range(len(layouts)):
        constants, past, state, workspace, outputs = _arguments(layouts[model], voice, predictors)
        guesses, scales, likelihoods = outputs
        excitations[model, voice, at] = update(
            past, lead + at, code, constants, predictors.edges, state, workspace, guesses, scales, likelihoods
        )


@njit
def _mix_logits(row, voice, number, starts, mix, values):
    """The weighted sum of all models' logits."""
    y = values[voice, row[Y] :]
    for q in range(row[SIZE]):
        y[q] = 0
    for model in range(len(starts)):
        logits, weight = values[voice, starts[model] :], mix[number, model]
        for q in range(row[SIZE]):
            y[q] += weight * logits[q]


@njit(fastmath={"reassoc", "contract"})
def _sample(row, voice, temperature, draw, values):
    """Sample a code from the softmax of logits / temperature, by inverting its cumulative sum at `draw`, 0 .. 1."""
    z, size = values[voice, row[Y] :], row[SIZE]
    maxima = values[voice, row[X] :]  # LANES numbers
    for lane in range(LANES):
        maxima[lane] = z[lane]
    for block in range(LANES, size, LANES):
        for lane in range(LANES):
            maxima[lane] = max(maxima[lane], z[block + lane])
    most = maxima[0]
    for lane in range(1, LANES):
        most = max(most, maxima[lane])
    inverse_temperature = np.float32(1) / temperature
    for q in range(size):
        z[q] = _exp(max((z[q] - most) * inverse_temperature, np.float32(-87)))
    # In float64: the order of a sum depends on the processor, and in float32 it would tip draws near 1 to another code.
    total = 0.0
    for q in range(size):
        total += np.float64(z[q])
    target, cumulative, block = np.float64(draw) * total, 0.0, 0
    while block < size - LANES:
        mass = 0.0
        for lane in range(LANES):
            mass += np.float64(z[block + lane])
        if cumulative + mass > target:
            break
        cumulative += mass
        block += LANES
    last = min(block + LANES, row[LEVELS]) - 1  # a draw may round up to the total, beyond which there is no code
    code = min(block, last)
    while code < last:
        cumulative += np.float64(z[code])
        if cumulative > target:
            break
        code += 1
    return code


@njit(inline="always")
def _exp(x):
    """e^x for -87 <= x <= 87, float32, within 2 units in the last place: 2^n times a polynomial (Cephes' expf)."""
    n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - n * np.float32(0.693359375)
    r = r + n * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1)
    return p * _float_of((np.int32(n) + np.int32(127)) << np.int32(23))


@njit(inline="always")
def _log(x):
    """The natural logarithm of a normal float32 above 0, within 2 units in the last place (Cephes' logf)."""
    bits = _bits_of(x)
    exponent = np.float32((bits >> np.int32(23)) - np.int32(126))
    m = _float_of((bits & np.int32(0x7FFFFF)) | np.int32(0x3F000000))
    low = m < np.float32(0.707106781)
    exponent = exponent - np.float32(1) if low else exponent
    m = m + m - np.float32(1) if low else m - np.float32(1)
    p = np.float32(7.0376836292e-2)
    p = p * m - np.float32(1.1514610310e-1)
    p = p * m + np.float32(1.1676998740e-1)
    p = p * m - np.float32(1.2420140846e-1)
    p = p * m + np.float32(1.4249322787e-1)
    p = p * m - np.float32(1.6668057665e-1)
    p = p * m + np.float32(2.0000714765e-1)
    p = p * m - np.float32(2.4999993993e-1)
    p = p * m + np.float32(3.3333331174e-1)
    square = m * m
    p = p * m * square + exponent * np.float32(-2.12194440e-4) - np.float32(0.5) * square
    return m + p + exponent * np.float32(0.693359375)


@njit(inline="always")
def _clip(x, most):
    return min(max(x, np.float32(-most)), np.float32(most))


@njit(inline="always")
def _sigmoid(x):
    return np.float32(1) / (np.float32(1) + _exp(-_clip(x, 80)))


@njit(inline="always")
def _tanh(x):
    return np.float32(1) - np.float32(2) / (np.float32(1) + _exp(np.float32(2) * _clip(x, 40)))


@intrinsic
def _float_of(typing, bits):
    """The float32 that 32 bits stand for."""
    return types.float32(types.int32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.FloatType()
    )


@intrinsic
def _bits_of(typing, number):
    """The 32 bits of a float32."""
    return types.int32(types.float32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.IntType(32)
    )


def _pointer(context, builder, kind, array):
    return context.make_array(kind)(context, builder, array).data


def _matmul_kernel(voices, panels):
    """The product of so many voices with so many panels side by side, at once, as a function for compiled code."""
    vector = ir.VectorType(ir.FloatType(), LANES)

    @intrinsic
    def matmul(typing, weights, start, panel_step, x, x_start, x_step, input_ids, inputs, y, y_start, y_step):
        """y[voice, column] += sum over inputs of x[voice, input] * weights[panel, input, column].

        The stores are flat; `..._start` and `..._step` say where the first panel, voice or input lies and how far the
        next. `input_ids` holds which inputs count, and `inputs` how many they are.
        """
        half = weights.dtype == types.uint16
        signature = types.void(weights, start, panel_step, x, x_start, x_step, input_ids, inputs, y, y_start, y_step)

        def build(context, builder, signature, arguments):
            argument_types = signature.args
            weights, start, panel_step, x, x_start, x_step, input_ids, inputs, y, y_start, y_step = arguments
            weights = _pointer(context, builder, argument_types[0], weights)
            x, input_ids, y = (
                _pointer(context, builder, argument_types[at], array) for at, array in ((3, x), (6, input_ids), (8, y))
            )
            index = start.type
            multiply_add = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{LANES}f32"
            )
            stored = ir.VectorType(ir.HalfType(), LANES) if half else vector
            undefined = ir.Constant(vector, ir.Undefined)
            first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)

            def pointer_to(pointer, offset, kind):
                return builder.bitcast(builder.gep(pointer, [offset]), kind.as_pointer())

            def load(pointer, offset, kind, align):
                value = builder.load(pointer_to(pointer, offset, kind))
                value.align = align
                return value

            sums, ends = [], []
            for voice in range(voices):
                for part in range(panels * PANEL // LANES):
                    offset = builder.add(builder.mul(y_step, index(voice)), index(part * LANES))
                    ends.append(builder.add(y_start, offset))
                    sums.append(cgutils.alloca_once_value(builder, load(y, ends[-1], vector, 4)))
            with cgutils.for_range(builder, inputs, intp=index) as loop:
                input_id = builder.sext(builder.load(builder.gep(input_ids, [loop.index])), index)
                first_panel = builder.add(start, builder.mul(input_id, index(PANEL)))
                rows = []
                for panel in range(panels):
                    for part in range(PANEL // LANES):
                        offset = builder.add(builder.mul(panel_step, index(panel)), index(part * LANES))
                        row = load(weights, builder.add(first_panel, offset), stored, 2 if half else 4)
                        rows.append(builder.fpext(row, vector) if half else row)
                for voice in range(voices):
                    offset = builder.add(input_id, builder.mul(x_step, index(voice)))
                    scalar = builder.load(builder.gep(x, [builder.add(x_start, offset)]))
                    lane = builder.insert_element(undefined, scalar, ir.IntType(32)(0))
                    broadcast = builder.shuffle_vector(lane, undefined, first_lane)
                    for number, row in enumerate(rows):
                        total = sums[voice * len(rows) + number]
                        builder.store(builder.call(multiply_add, [broadcast, row, builder.load(total)]), total)
            for total, end in zip(sums, ends, strict=True):
                builder.store(builder.load(total), pointer_to(y, end, vector)).align = 4
            return context.get_dummy_value()

        return signature, build

    return matmul


# One voice needs several panels side by side, as sums enough to hide how long an addition takes.
_one_voice, _one_voice_one_panel, _four_voices = (
    _matmul_kernel(1, GROUP),
    _matmul_kernel(1, 1),
    _matmul_kernel(4, 1),
)


@intrinsic
def _read(typing, shared, place):
    """An element that another thread may be writing."""

    def build(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(shared, place), build


@intrinsic
def _write(typing, shared, place, value):
    """Write an element that another thread may be reading; it sees all that was written before."""

    def build(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        builder.store_atomic(arguments[2], pointer, "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(shared, place, types.int64), build


@intrinsic
def _swap(typing, shared, place, old, new):
    """Replace `old` by `new`, if it is still there; whether it was."""

    def build(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        pair = builder.cmpxchg(pointer, arguments[2], arguments[3], "seq_cst", "seq_cst")
        return builder.extract_value(pair, 1)

    return types.boolean(shared, place, types.int64, types.int64), build


@intrinsic
def _add(typing, shared, place, value):
    """Add to an element that another thread may be changing."""

    def build(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        return builder.atomic_rmw("add", pointer, arguments[2], "seq_cst")

    return types.int64(shared, place, types.int64), build
