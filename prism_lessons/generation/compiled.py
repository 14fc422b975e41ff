"""The sampling loop for CPUs, compiled by Numba: all that runs for each sample lies here but for prediction.py's part.

A programme (`programme.py`) is a table of instructions over two stores: `values`, one row of vectors for each voice,
and `weights`, matrices cut into panels of 32 columns. A matrix product is written with LLVM's vectors: left to itself,
a compiler does not keep the sums in registers, and a BLAS first copies the weights, which for a few voices costs as
much as the product (docs/decisions.md has the figures).

Both cores work on one product: each takes panels of it, the caller from the front, its helper from the back, so that
each finds the panels that it had before in its own cache. Which of them takes a panel changes no bit of the result.
"""

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ..prediction import MOST_STRETCH, NEARBY, SURPRISE, expect, least_scale, take_in
from ..settings import BOOK_ORDER, CHEBYSHEV

# Numba keeps what it compiled, and compiles anew when this file changes, but not when prediction.py does, of which
# functions are built in: a new model would be played by old rules, into silence. So this file changes with that one.
PREDICTION = "a4e4f2feb91be6bb"  # the first digits of its SHA-256

PANEL = 32  # columns
GROUP = 4  # panels that are one unit of work
LANES = 16

# Columns of a programme's table. Places are those in `values`, but for BIAS (in `plain`) and WEIGHTS (in `weights`).
(
    KIND, X, Y, WEIGHTS, INPUTS, PANELS, BIAS, ABOVE, ABOVE_STEP, RELU, STATE, SIZE, FRAME, LISTED, CELL, LISTENER
) = range(16)  # fmt: skip
COLUMNS = 16
HEAR, PRODUCT, GRU, LSTM, LOOK_UP, EXPECT, MIX_IN, DRAW, FOLLOW = range(9)
PLAY, WARM, SCORE = range(3)  # draw codes; take them in for the state alone; take them in and give the logits

LISTENING = 64  # about as much work for a voice as a product with so many columns of one panel
REACH = np.float32(32)  # scales of a logistic distribution, beyond which lie 1e-14 of it
# Columns of `listeners`, a row for each model with predictors: its first predictor and the one after its last, where
# its book begins and how many filters that has, how many guesses a sample gets and where the first of them lies, and
# where its state begins and ends.
FROM, TO, BOOK, FILTERS, GUESSES, GUESS, BEGIN, END = range(8)

# Places in `shared`, each with a cache line of its own. A ticket holds a job's number and the units still to be taken:
# number << 32 | first << 16 | last + 1.
TICKET, DONE, JOB = 0, 8, 16
SHARED = 24
OVER = -1  # the ticket that sends helpers home


def _pointer(context, builder, kind, array):
    return context.make_array(kind)(context, builder, array).data


def _product(voices, wide):
    """The product of so many voices with so many panels side by side, at once, as a function for compiled code."""
    vector = ir.VectorType(ir.FloatType(), LANES)

    @intrinsic
    def product(typing, weights, start, panel_step, x, x_start, x_step, listed, inputs, y, y_start, y_step):
        """y[voice, column] += sum over inputs of x[voice, input] * weights[panel, input, column].

        The stores are flat; `..._start` and `..._step` say where the first panel, voice or input lies and how far the
        next. `listed` holds which inputs count, and `inputs` how many they are.
        """
        half = weights.dtype == types.uint16
        signature = types.void(weights, start, panel_step, x, x_start, x_step, listed, inputs, y, y_start, y_step)

        def generate(context, builder, signature, arguments):
            kinds = signature.args
            weights, start, panel_step, x, x_start, x_step, listed, inputs, y, y_start, y_step = arguments
            weights = _pointer(context, builder, kinds[0], weights)
            x, listed, y = (_pointer(context, builder, kinds[at], array) for at, array in ((3, x), (6, listed), (8, y)))
            index = start.type
            multiply_add = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{LANES}f32"
            )
            stored = ir.VectorType(ir.HalfType(), LANES) if half else vector
            undefined = ir.Constant(vector, ir.Undefined)
            first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)

            def place(pointer, offset, kind):
                return builder.bitcast(builder.gep(pointer, [offset]), kind.as_pointer())

            def load(pointer, offset, kind, align):
                value = builder.load(place(pointer, offset, kind))
                value.align = align
                return value

            sums, ends = [], []
            for voice in range(voices):
                for part in range(wide * PANEL // LANES):
                    offset = builder.add(builder.mul(y_step, index(voice)), index(part * LANES))
                    ends.append(builder.add(y_start, offset))
                    sums.append(cgutils.alloca_once_value(builder, load(y, ends[-1], vector, 4)))
            with cgutils.for_range(builder, inputs, intp=index) as loop:
                which = builder.sext(builder.load(builder.gep(listed, [loop.index])), index)
                begin = builder.add(start, builder.mul(which, index(PANEL)))
                rows = []
                for panel in range(wide):
                    for part in range(PANEL // LANES):
                        offset = builder.add(builder.mul(panel_step, index(panel)), index(part * LANES))
                        row = load(weights, builder.add(begin, offset), stored, 2 if half else 4)
                        rows.append(builder.fpext(row, vector) if half else row)
                for voice in range(voices):
                    offset = builder.add(which, builder.mul(x_step, index(voice)))
                    one = builder.load(builder.gep(x, [builder.add(x_start, offset)]))
                    lane = builder.insert_element(undefined, one, ir.IntType(32)(0))
                    spread = builder.shuffle_vector(lane, undefined, first_lane)
                    for number, row in enumerate(rows):
                        total = sums[voice * len(rows) + number]
                        builder.store(builder.call(multiply_add, [spread, row, builder.load(total)]), total)
            for total, end in zip(sums, ends, strict=True):
                builder.store(builder.load(total), place(y, end, vector)).align = 4
            return context.get_dummy_value()

        return signature, generate

    return product


# One voice needs several panels side by side, as sums enough to hide how long an addition takes.
_one_voice, _one_voice_one_panel, _four_voices = _product(1, GROUP), _product(1, 1), _product(4, 1)


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


@intrinsic
def _read(typing, shared, place):
    """An element that another thread may be writing."""

    def generate(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(shared, place), generate


@intrinsic
def _write(typing, shared, place, value):
    """Write an element that another thread may be reading; it sees all that was written before."""

    def generate(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        builder.store_atomic(arguments[2], pointer, "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(shared, place, types.int64), generate


@intrinsic
def _swap(typing, shared, place, old, new):
    """Replace `old` by `new`, if it is still there; whether it was."""

    def generate(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        pair = builder.cmpxchg(pointer, arguments[2], arguments[3], "seq_cst", "seq_cst")
        return builder.extract_value(pair, 1)

    return types.boolean(shared, place, types.int64, types.int64), generate


@intrinsic
def _add(typing, shared, place, value):
    """Add to an element that another thread may be changing."""

    def generate(context, builder, signature, arguments):
        pointer = builder.gep(_pointer(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        return builder.atomic_rmw("add", pointer, arguments[2], "seq_cst")

    return types.int64(shared, place, types.int64), generate


# Python's check of each division for a 0 would keep a loop from being done with vectors.
quick = njit(error_model="numpy")


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
def _within(x, most):
    return min(max(x, np.float32(-most)), np.float32(most))


@njit(inline="always")
def _sigmoid(x):
    return np.float32(1) / (np.float32(1) + _exp(-_within(x, 80)))


@njit(inline="always")
def _tanh(x):
    return np.float32(1) - np.float32(2) / (np.float32(1) + _exp(np.float32(2) * _within(x, 40)))


@njit
def _multiply(row, unit, phase, count, listed, weights, plain, values):
    """One unit of a product: GROUP panels for all voices, beginning with bias and what the tier above says."""
    voices, width = values.shape
    flat = values.reshape(voices * width)
    inputs, step = row[INPUTS], row[INPUTS] * PANEL
    above = row[ABOVE] + phase * row[ABOVE_STEP]
    first, last = unit * GROUP, min(row[PANELS], unit * GROUP + GROUP)
    for voice in range(voices):
        for column in range(first * PANEL, last * PANEL):
            values[voice, row[Y] + column] = plain[row[BIAS] + column]
        if row[ABOVE] >= 0:
            for column in range(first * PANEL, last * PANEL):
                values[voice, row[Y] + column] += values[voice, above + column]
    for panel in range(first, last):
        start, y = row[WEIGHTS] + panel * step, row[Y] + panel * PANEL
        voice = 0
        while voice + 4 <= voices:
            here = voice * width
            _four_voices(weights, start, step, flat, here + row[X], width, listed, inputs, flat, here + y, width)
            voice += 4
        if last - first < GROUP:
            while voice < voices:
                here = voice * width
                _one_voice_one_panel(weights, start, step, flat, here + row[X], 0, listed, count, flat, here + y, 0)
                voice += 1
    if last - first == GROUP:
        start, y = row[WEIGHTS] + first * step, row[Y] + first * PANEL
        for voice in range(voices // 4 * 4, voices):
            here = voice * width
            _one_voice(weights, start, step, flat, here + row[X], 0, listed, count, flat, here + y, 0)
    if row[RELU]:
        for voice in range(voices):
            for column in range(first * PANEL, last * PANEL):
                values[voice, row[Y] + column] = max(values[voice, row[Y] + column], np.float32(0))


@quick
def _gru(row, voice, values):
    """A gated recurrent unit, the reset gate after the product (Cho et al. 2014, as Keras writes it)."""
    size = row[SIZE]
    heard, kept, state = values[voice, row[X] :], values[voice, row[Y] :], values[voice, row[STATE] :]
    for q in range(size):
        update = _sigmoid(heard[q] + kept[q])
        reset = _sigmoid(heard[size + q] + kept[size + q])
        new = _tanh(heard[2 * size + q] + reset * kept[2 * size + q])
        state[q] = update * state[q] + (np.float32(1) - update) * new


@quick
def _lstm(row, voice, values):
    """A long short-term memory; its state is h, and c after it (Hochreiter & Schmidhuber 1997, as Keras writes it)."""
    size = row[SIZE]
    heard, kept = values[voice, row[X] :], values[voice, row[Y] :]
    state, cell = values[voice, row[STATE] :], values[voice, row[CELL] :]
    for q in range(size):
        take = _sigmoid(heard[q] + kept[q])
        keep = _sigmoid(heard[size + q] + kept[size + q])
        new = _tanh(heard[2 * size + q] + kept[2 * size + q])
        give = _sigmoid(heard[3 * size + q] + kept[3 * size + q])
        cell[q] = keep * cell[q] + take * new
        state[q] = give * _tanh(cell[q])


@njit
def _hear(row, voice, at, codes, missed, values):
    """The last frame of codes as numbers, between -2 and 2."""
    half = np.float32(row[SIZE]) / np.float32(2)
    for q in range(row[FRAME]):
        code = np.float32(codes[voice, at - row[FRAME] + q])
        values[voice, row[Y] + q] = (code / half - np.float32(1)) * np.float32(2)
    if row[LISTENER] >= 0:  # then also how far each of these samples lay from what was expected
        for q in range(row[FRAME]):
            values[voice, row[Y] + row[FRAME] + q] = missed[row[LISTENER], voice, at - row[FRAME] + q]


@njit
def _look_up(row, voice, phase, at, codes, rows, values):
    """What the last codes and the tier above say of the next sample, through the first hidden layer."""
    size, levels = row[SIZE], row[INPUTS]
    above = values[voice, row[ABOVE] + phase * row[ABOVE_STEP] :]
    y = values[voice, row[Y] :]
    for q in range(size):
        y[q] = above[q]
    for place in range(row[FRAME]):
        start = row[WEIGHTS] + (place * levels + codes[voice, at - row[FRAME] + place]) * size
        told = rows[start : start + size]
        for q in range(size):
            y[q] += told[q]
    for q in range(size):
        y[q] = max(y[q], np.float32(0))


@njit
def _listener(listener, voice, listening):
    """What `prediction.expect` and `take_in` work on, for a row of `listeners` and a voice."""
    _, guides, fades, books, steps, _, _, _, heard, missed, state, expected, rooms = listening
    matrices, vectors, told, recent = rooms
    first, last, filters = listener[FROM], listener[TO], listener[FILTERS]
    book = books[listener[BOOK] : listener[BOOK] + BOOK_ORDER * filters].reshape((BOOK_ORDER, filters))
    place = listener[BOOK] // BOOK_ORDER
    room = (matrices[voice], vectors[voice], told[voice, place : place + filters], recent[voice])
    begin, end = listener[GUESS], listener[GUESS] + listener[GUESSES]
    guesses = (expected[voice, 0, begin:end], expected[voice, 1, begin:end], expected[voice, 2, begin:end])
    plan = (guides[first:last], fades[first:last], book, steps)
    return plan, steps, heard[voice], missed, state[voice, listener[BEGIN] : listener[END]], guesses, room


@njit
def _height(sample, mu):
    """Where a sample lies among the codes: -1 (the lowest) .. 1."""
    height = np.float32(min(max(sample, -1.0), 1.0))
    if not mu:
        return height
    high = np.log1p(np.float32(mu) * abs(height)) / np.float32(np.log1p(mu))
    return high if height > 0 else -high


@njit
def _expect(row, voice, at, listening, values):
    """What the predictors of a model expect of the next sample, and how its sample tier is told of that."""
    listener = listening[0][row[LISTENER]]
    plan, steps, heard, missed, state, expected, room = _listener(listener, voice, listening)
    guesses, scales, likelihoods = expected
    count = len(guesses)
    expect(heard, len(heard) - missed.shape[2] + at, plan, state, room, guesses, scales, likelihoods)
    y, place = values[voice, row[Y] :], 0
    trusted = np.float32(likelihoods[0]) if count else np.float32(0)
    for k in range(count):
        trust = np.float32(likelihoods[k])
        y[place] = np.log(np.float32(scales[k])) / np.float32(4) + np.float32(1)
        y[place + 1] = _tanh((trust - trusted) / np.float32(4)) if k else _tanh(trust / np.float32(8))
        height = _height(guesses[k], steps[3])
        slower, curve = np.float32(1), height
        for q in range(CHEBYSHEV):
            y[place + 2 + q] = curve
            slower, curve = curve, np.float32(2) * height * curve - slower
        place += 2 + CHEBYSHEV
    for q in range(row[FRAME]):
        surprise = missed[row[LISTENER], voice, at - row[FRAME] + q]
        y[place + q], y[place + row[FRAME] + q] = surprise, abs(surprise)


@quick
def _mix_in(row, voice, temperature, listening, values):
    """Multiply the chances of the codes, which lie at X as logits, by what the predictors give them.

    The temperature acts as in mixture.PredictorMixture; what is added is multiplied by it, since all will be divided.
    """
    listeners, steps, edges, expected = listening[0], listening[4], listening[6], listening[11]
    listener, levels, size = listeners[row[LISTENER]], row[INPUTS], row[SIZE]
    count, first = listener[GUESSES], listener[GUESS]
    logits, moved = values[voice, row[X] :], values[voice, row[X] + size :]
    chances, beyond, weights = values[voice, row[Y] :], values[voice, row[Y] + size :], values[voice, row[CELL] :]
    most = moved[3 * count]
    for k in range(count):
        weights[k] = moved[3 * k + 2] + np.float32(expected[voice, 2, first + k])
        most = max(most, weights[k])
    weights[count], total = moved[3 * count], np.float32(0)
    for k in range(count + 1):
        weights[k] = _exp(max((weights[k] - most) / temperature, np.float32(-87)))
        total += weights[k]
    for q in range(levels):
        chances[q] = weights[count] / total / np.float32(levels)
    for k in range(count):
        weight = weights[k] / total
        if weight < np.float32(1e-9):
            continue
        guess, spread = np.float32(expected[voice, 0, first + k]), np.float32(expected[voice, 1, first + k])
        least = np.float32(least_scale(guess, np.float32(steps[0]), np.float32(steps[1])))
        mean = guess + spread * moved[3 * k]
        narrow = np.float32(1) / max(spread * _exp(_within(moved[3 * k + 1], MOST_STRETCH)), least)
        # Farther than REACH scales from the mean, a guess has nothing that a float would notice.
        low = max(0, np.searchsorted(edges, mean - REACH / narrow) - 1)
        high = min(levels, np.searchsorted(edges, mean + REACH / narrow))
        for q in range(low, high + 1):
            # What lies beyond each edge, seen from the mean: below 0 where the mean lies below the edge.
            place = (edges[q] - mean) * narrow
            outside = _sigmoid(-abs(place))
            beyond[q] = -outside if place > 0 else outside
        for q in range(low, high):
            under, over = beyond[q], beyond[q + 1]
            across = under > 0 and over <= 0
            chances[q] += weight * (np.float32(1) - under + over if across else abs(over - under))
    middle = _middle(expected[voice, 0, first : first + count], expected[voice, 2, first : first + count], steps)
    near = np.float32(levels) / np.float32(NEARBY)
    highest = np.float32(1) / (np.float32(math.pi) * near)
    surprised = _sigmoid((moved[3 * count + 1] + np.float32(math.log(SURPRISE))) / temperature)
    for q in range(levels):
        far = (np.float32(q) - middle) / near
        logits[q] += temperature * _log(chances[q] + surprised * (highest / (np.float32(1) + far * far) - chances[q]))


@quick
def _middle(guesses, likelihoods, steps):
    """Around which place among the codes surprises lie: see mixture.PredictorMixture.surprise."""
    most, total, middle, levels = likelihoods[0], 0.0, 0.0, int(steps[2])
    for k in range(1, len(guesses)):
        most = max(most, likelihoods[k])
    for k in range(len(guesses)):
        trust = np.exp(likelihoods[k] - most)
        total += trust
        middle += trust * guesses[k]
    return _height(middle / total, steps[3]) * np.float32((levels - 1) // 2) + np.float32(levels // 2)


@njit
def _follow(voice, at, listening, codes):
    """Let all predictors learn from a sample whose code is known."""
    listeners, edges, samples, heard, missed = listening[0], listening[5], listening[7], listening[8], listening[9]
    lead, code = heard.shape[1] - missed.shape[2], codes[voice, at]
    heard[voice, lead + at] = samples[code]
    for model in range(len(listeners)):
        plan, _, past, _, state, (guesses, scales, likelihoods), room = _listener(listeners[model], voice, listening)
        missed[model, voice, at] = take_in(
            past, lead + at, code, plan, edges, state, room, guesses, scales, likelihoods
        )


@njit
def _mix(row, voice, number, starts, mix, values):
    """The logits of all models together, each as loud as `mix` says."""
    y = values[voice, row[Y] :]
    for q in range(row[SIZE]):
        y[q] = 0
    for model in range(len(starts)):
        logits, share = values[voice, starts[model] :], mix[number, model]
        for q in range(row[SIZE]):
            y[q] += share * logits[q]


@njit(fastmath={"reassoc", "contract"})
def _choose(row, voice, temperature, draw, values):
    """The code in which a draw, 0 .. 1, falls, among chances that are e^(logit / temperature), one beside the other."""
    z, size = values[voice, row[Y] :], row[SIZE]
    top = values[voice, row[X] :]  # room for LANES numbers
    for lane in range(LANES):
        top[lane] = z[lane]
    for block in range(LANES, size, LANES):
        for lane in range(LANES):
            top[lane] = max(top[lane], z[block + lane])
    most = top[0]
    for lane in range(1, LANES):
        most = max(most, top[lane])
    freedom = np.float32(1) / temperature
    for q in range(size):
        z[q] = _exp(max((z[q] - most) * freedom, np.float32(-87)))
    total = np.float32(0)
    for q in range(size):
        total += z[q]
    wanted, height, block = draw * total, np.float32(0), 0
    while block < size - LANES:
        rise = np.float32(0)
        for lane in range(LANES):
            rise += z[block + lane]
        if height + rise > wanted:
            break
        height += rise
        block += LANES
    last = min(block + LANES, row[INPUTS]) - 1  # a draw may round up to the total height, beyond which there is no code
    code = min(block, last)
    while code < last:
        height += z[code]
        if height > wanted:
            break
        code += 1
    return code


@njit
def _unit(row, unit, phase, count, number, origin, listed, stores, playing, listening):
    """Do one unit of an instruction: some panels of a product, or one voice of anything else."""
    weights, plain, rows, values, starts = stores
    codes, temperatures, draws, mix, mode, scores = playing
    kind = row[KIND]
    if kind == PRODUCT:
        _multiply(row, unit, phase, count, listed, weights, plain, values)
    elif kind == HEAR:
        _hear(row, unit, origin + number, codes, listening[9], values)
    elif kind == GRU:
        _gru(row, unit, values)
    elif kind == LSTM:
        _lstm(row, unit, values)
    elif kind == LOOK_UP:
        _look_up(row, unit, phase, origin + number, codes, rows, values)
    elif kind == EXPECT:
        _expect(row, unit, origin + number, listening, values)
    elif kind == MIX_IN:
        _mix_in(row, unit, temperatures[number, unit] if mode == PLAY else np.float32(1), listening, values)
    elif kind == FOLLOW:
        _follow(unit, origin + number, listening, codes)
    else:
        _mix(row, unit, number, starts, mix, values)
        if mode == SCORE:
            for q in range(row[INPUTS]):
                scores[number, unit, q] = values[unit, row[Y] + q]
        else:
            codes[unit, origin + number] = _choose(row, unit, temperatures[number, unit], draws[number, unit], values)


@njit(nogil=True, cache=True)
def help_out(table, origin, everything, found, stores, playing, listening, shared):
    """Take units of whatever job is on, from its end, until it is OVER."""
    while True:
        ticket = _read(shared, TICKET)
        if ticket < 0:
            return
        if (ticket >> 16) & 0xFFFF < ticket & 0xFFFF and _swap(shared, TICKET, ticket, ticket - 1):
            count = shared[JOB + 2]
            listed = found if shared[JOB + 4] else everything
            row = table[shared[JOB]]
            _unit(
                row,
                (ticket & 0xFFFF) - 1,
                shared[JOB + 1],
                count,
                shared[JOB + 3],
                origin,
                listed,
                stores,
                playing,
                listening,
            )
            _add(shared, DONE, 1)


@njit(nogil=True, cache=True)
def perform(
    samples, step, sections, helped, least, table, origin, everything, found, stores, playing, listening, shared
):
    """Run a programme for some samples.

    Parameters
    ----------
    samples, step
        How many, and how far from one place that counts to the next: 1, or the smallest frame where no sample is made.
    sections
        Which instructions are run when: (first, last + 1, frame, frame above, whether only for the sake of samples).
    helped, least
        Whether others run `help_out`, and from how much work on they are let in.
    table, origin
        The instructions, and where in `codes` the first of the samples stands; before it lies the past.
    everything, found
        The numbers of all inputs, and room for the numbers of those that are not 0.
    stores
        weights, plain, rows, values, and where each model's logits lie in `values`.
    playing
        codes (voices, origin + samples), temperatures and draws (samples, voices), mix (samples, models), mode, and
        scores (samples, voices, levels) where they are asked for.
    listening
        What predictors listen with, see `listening.Listeners`.
    """
    values, mode = stores[3], playing[4]
    voices = values.shape[0]
    for number in range(0, samples, step):
        for section in sections:
            if number % section[2] or (mode == WARM and section[4]):
                continue
            phase = number % section[3] // section[2]
            for index in range(section[0], section[1]):
                row = table[index]
                if row[KIND] == PRODUCT:
                    units = (row[PANELS] + GROUP - 1) // GROUP
                    work = row[INPUTS] * row[PANELS] * PANEL * voices
                    count, listed = row[INPUTS], everything
                    if row[LISTED] and voices == 1:  # about half of what comes out of a ReLU is 0
                        count, listed = 0, found
                        for q in range(row[INPUTS]):
                            found[count] = q
                            count += values[0, row[X] + q] > 0
                else:
                    units, work, count, listed = voices, row[SIZE] * PANEL * voices, 0, everything
                if not helped or work < least or units < 2:
                    for unit in range(units):
                        _unit(row, unit, phase, count, number, origin, listed, stores, playing, listening)
                    continue
                shared[JOB], shared[JOB + 1], shared[JOB + 2], shared[JOB + 3] = index, phase, count, number
                shared[JOB + 4] = row[LISTED] and voices == 1
                _write(shared, DONE, 0)
                _write(shared, TICKET, ((shared[TICKET] >> 32) + 1 & 0x3FFFFFFF) << 32 | units)
                mine = 0
                while True:
                    ticket = _read(shared, TICKET)
                    first = (ticket >> 16) & 0xFFFF
                    if first >= ticket & 0xFFFF:
                        break
                    if _swap(shared, TICKET, ticket, ticket + (1 << 16)):
                        _unit(row, first, phase, count, number, origin, listed, stores, playing, listening)
                        mine += 1
                while _read(shared, DONE) + mine < units:
                    pass
