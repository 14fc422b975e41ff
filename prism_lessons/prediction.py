"""Adaptive linear prediction: what the last moments of a sound say about its next sample.

Codes go in; for each sample come out, from each of several predictors, a guess, how far off it has been of late, and
how well it has done. A predictor of order n guesses a sample as a weighted sum of the n before it, with the weights
that would have guessed the sound so far best, what is older counting less (J. Makhoul, "Linear prediction: a tutorial
review", Proc. IEEE 63(4), 1975, covariance method). It works from past codes alone, so nothing has to be sent or
kept: whoever has the codes has the predictors (ITU-T G.728 calls that backward adaptation).

A book holds filters that do not adapt, taken from recordings: the one that has guessed best of late guesses too. It
knows at the onset of a sound what a predictor has still to find out.

Everything that runs for each sample is compiled by Numba. generation/compiled.py calls some of it and is not compiled
anew when only this file changes: save that one too.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from .settings import BOOK_ORDER, LEVELS, MOMENT

MEMORY_SHARE = 16  # memory over order: samples after which what was heard counts 1/e in finding the weights
BLOCK_SHARE = 8  # memory over block: samples that share one set of weights
LEAST_BLOCK = 8
SCALE_MEMORY = 32  # samples likewise, in finding how far off guesses are, and how well they do
WHITENING = 1e-4  # of the wave's power, added as white noise: without it, weights for a pure tone have no one solution
LEAST_POWER = 1e-9  # of full scale, likewise, for silence
START_ERROR = 0.0  # how far off guesses are taken to be before the first one: what was silent is expected to stay so
# Of half a code's step: guesses have no smaller scale. They may be nearly sure of silence. If they could be of anything
# else, a voice would stay for good on any code that it once held for a few milliseconds; at 0.2 it leaves one within
# some hundred samples. (The noise of quantisation has the deviation of a scale of 0.32: docs/decisions.md.)
SILENT_SCALE, LEAST_SCALE = 0.1, 0.2
FLOOR = 1e-4  # the share of blind chance in every guess
SURPRISE = 1e-4  # how probable it is, before a model has learned when, that no guess is right
NEARBY = 32  # a surprise lies as often within levels / NEARBY codes of what was expected as beyond
FAR = 1e3  # full scales: where the outermost codes end
MOST_STRETCH = 6.0  # e to this: how many times wider or narrower a model may make a scale
FARTHEST = 1.5  # a guess beyond it is cut off there; full scale is 1
LEVEL_MEMORY = 32  # samples likewise, in finding how loud a voice is
LASTING_MEMORY = 512  # samples likewise, in finding how loud it has been for a while
LEVEL_DB = 2.0  # one of LEVELS steps, the highest of which ends at full scale
LEVEL_PIECES, LEVEL_PIECE = 1024, 2**14  # of the recordings, in which their levels are looked for
LEVEL_EVERY = 64  # samples of these
SMOOTH = 2.0  # steps of the level: standard deviation of the normal curve that smooths how often each occurs
RARE = 1e-4  # the share of a level that recordings as good as never have
PULL, MOST_DRIFT = 0.03, 0.1  # see `levels_of`
BOOK_MEMORY = 64  # samples, in finding which filter of the book has guessed best
BOOK_BLOCK = 8  # samples after which another filter may be chosen
BOOK_MOMENT = 2048  # samples that a predictor hears before what it found becomes a filter of the book
BOOK_LEAST_POWER = 1e-6  # -60 dBFS: of softer moments there is nothing to learn
BOOK_TRIES = 16
MANY_SAMPLES = 2**14  # from here on, each voice is followed by a thread of its own
MOST_POLE = 1 - 1e-5  # the radius that a predictor's poles are held to, so that it never grows when it plays alone

# Places in the state of a voice, before those of its predictors.
COUNT, CHOSEN, POWER, LASTING_POWER, MOST_POWER, DRIFT = range(6)
FIRST = DRIFT + LEVELS


class Predictors:
    """Some predictors, and perhaps a book, for codes of one kind.

    Parameters
    ----------
    orders
        How many samples each looks back, one predictor for each.
    codec
        The `Quantisation` of the codes.
    book
        Filters of order 32, float32, shape (filters, 32), the weight of the newest sample first; none if not given.
    context
        How many excitations before the first new sample go before the features: a model's largest frame.
    loudest
        The level that a voice stays below, RMS over some milliseconds, full scale is 1: see `levels_of`. Louder
        guesses are damped.
    drift
        How much wider scales are at each level, nepers, shape (LEVELS,): see `levels_of`; 0 if not given.

    Attributes
    ----------
    count
        How many guesses there are for each sample: one for each order, and one of the book.
    longest
        Samples of the past that a guess may depend on.
    width
        Numbers in the state of one voice.
    """

    def __init__(self, orders, codec, book=None, context=0, loudest=1.0, drift=0.0):
        self.orders, self.codec, self.context, self.loudest = tuple(orders), codec, context, loudest
        self.drift = np.clip(drift, -MOST_DRIFT, MOST_DRIFT)
        book = np.zeros((0, BOOK_ORDER), np.float32) if book is None else np.asarray(book, np.float32)
        self.count = len(self.orders) + (len(book) > 0)
        self.longest = max(*self.orders, BOOK_ORDER if len(book) else 1, 1)
        memories = np.array([MEMORY_SHARE * order for order in self.orders], np.float64)
        blocks = np.maximum(LEAST_BLOCK, memories // BLOCK_SHARE)
        places = FIRST + 2 * self.count + len(book) + np.cumsum([0, *(2 * order + 1 for order in self.orders)])
        self.width = int(places[-1]) + self.longest + context
        # In the order in which the compiled functions below take it.
        self.plan = (
            np.stack([self.orders, blocks, places[:-1]], axis=1).astype(np.int64),
            np.exp(-1 / memories),
            np.ascontiguousarray(book.T[::-1]),  # from the oldest sample to the newest, all filters side by side
            # See `half_step`; then the levels, and mu, 0 where codes are linear.
            np.array([*half_step(codec), codec.levels, codec.levels - 1 if codec.kind == "mu-law" else 0]),
        )

    @cached_property
    def edges(self):
        """See `finite_edges`."""
        return finite_edges(self.codec)

    @cached_property
    def samples(self):
        """The sample that each code stands for, float64."""
        return self.codec.decode(np.arange(self.codec.levels)).astype(np.float64)

    def begin(self, codes):
        """The state of voices that know nothing but some codes: int, (voices, samples) -> float64, (voices, width)."""
        state = np.zeros((len(codes), self.width))
        state[:, FIRST : FIRST + self.count] = START_ERROR
        state[:, MOST_POWER] = self.loudest**2
        state[:, DRIFT:FIRST] = np.exp(self.drift, dtype=np.float64)
        return self.follow(codes, state)[1]

    def room(self):
        """What the compiled functions work in; the guesses of the book outlive `expect` until `take_in`."""
        order = self.longest + 1
        return (
            np.zeros((order, order)),
            np.zeros((2, order)),
            np.zeros(self.plan[2].shape[1], np.float32),
            np.zeros(BOOK_ORDER, np.float32),
        )

    def remembers(self, state):
        """The newest samples and the newest excitations in the state of some voices: views, oldest first."""
        excitation = self.width - self.context
        return state[:, excitation - self.longest : excitation], state[:, excitation:]

    def remember(self, state, heard, excitation):
        """Put the newest of the samples heard, and of the excitations, both (voices, any length), into a state."""
        samples, missed = self.remembers(state)
        samples[:] = heard[:, heard.shape[1] - self.longest :]
        missed[:] = excitation[:, excitation.shape[1] - self.context :]

    def follow(self, codes, state):
        """Take in codes that are known, and say what was expected of each.

        Parameters
        ----------
        codes
            Int, shape (voices, samples).
        state
            Float64, shape (voices, width): from `begin` or from the call before.

        Returns
        -------
        features
            float32, shape (voices, context + samples, 3 * count + 1). Of each sample, for each guess: where it lies
            (full scale is 1), its scale, and its log-likelihood of late in nats, relative to blind chance; all from
            the codes before the sample. Last the excitation of the sample itself: how far it lay from what was
            expected, in scales, between -1 and 1. Of the `context` samples before, the excitation alone.
        state
            After the codes.
        """
        state, codes = state.copy(), np.ascontiguousarray(codes, np.int64)
        features = np.zeros((len(codes), self.context + codes.shape[1], 3 * self.count + 1), np.float32)
        past, features[:, : self.context, -1] = self.remembers(state)
        heard = np.concatenate([past, self.samples[codes]], axis=1)
        new = features[:, self.context :]

        def listen(voices):
            of_these = codes[voices], heard[voices]
            _follow(*of_these, self.longest, self.plan, self.edges, state[voices], self.room(), new[voices])

        if codes.size < MANY_SAMPLES:
            listen(slice(None))
        else:  # a batch for a graphics card, which would wait for one core
            with ThreadPoolExecutor() as pool:
                list(pool.map(listen, (slice(voice, voice + 1) for voice in range(len(codes)))))
        self.remember(state, heard, features[..., -1])
        return features, state

    def weights(self, state, number):
        """The weights that a predictor guesses with now, the newest sample's first: float64, shape (order,).

        `state` is that of one voice, shape (width,).
        """
        order, _, place = self.plan[0][number]
        return state[place + order + 1 : place + 2 * order + 1][::-1].copy()


def half_step(codec):
    """Two numbers: half a code's step at a sample x is the first * |x| + the second."""
    at_zero, at_full = codec.error_bound(np.array([0.0, 1.0]))
    return at_full - at_zero, at_zero


def finite_edges(codec):
    """`edges_of`, those at infinity far away instead, so that sums stay finite."""
    return np.clip(edges_of(codec), -FAR, FAR)


def predictors_of(settings, weights):
    """The `Predictors` of a model with some `ModelSettings` and {weight name: array}; None if it has none."""
    if not settings.guesses:
        return None
    loudest, drift = float(weights["loudest"][0]), weights["drift"]
    return Predictors(settings.predictors, settings.codec, weights.get("book"), settings.largest_frame, loudest, drift)


def levels_of(codes, codec):
    """How loud some recordings are, so that takes become as loud.

    A predictor may ring up what it hears without an end. No take shall become louder than the recordings are: at full
    scale codes are cut off, no predictor foresees that, and what none foresees sounds as noise.

    Nor shall takes be far softer. Scales follow what sounds, so the level of what is drawn from them wanders like a
    gambler's money: mostly down, and now and then far up. Where it wanders, a slight pull along the slope of the
    logarithm of how often recordings have each level leads to just these levels (Langevin's equation); so slight a pull
    costs no bits.

    Parameters
    ----------
    codes
        The `Codes` of the recordings. Of more than some minutes, pieces are looked at that lie evenly spread.
    codec
        The `Quantisation` of the codes.

    Returns
    -------
    loudest
        The level of the loudest moment, RMS over `LEVEL_MEMORY` samples; full scale is 1.
    drift
        How much wider scales are to be at each level over `LASTING_MEMORY` samples, nepers, between -MOST_DRIFT and
        MOST_DRIFT: float32, shape (LEVELS,).
    """
    keep, stay, loudest, counts = math.exp(-1 / LEVEL_MEMORY), math.exp(-1 / LASTING_MEMORY), 0.0, np.zeros(LEVELS)
    # Pieces overlap by half, so that what is loud at the beginning of one is heard in full in the one before.
    pieces = min(LEVEL_PIECES, 1 + 2 * codes.samples // LEVEL_PIECE)
    for first in np.linspace(0, max(0, codes.samples - LEVEL_PIECE), pieces).astype(int):
        power = np.square(codec.decode(codes.array[first : first + LEVEL_PIECE]), dtype=np.float64)
        loudest = max(loudest, lfilter([1 - keep], [1, -keep], power).max())
        begun = [stay * power[:LASTING_MEMORY].mean()]  # as if the piece had gone on like that before
        lasting = lfilter([1 - stay], [1, -stay], power, zi=begun)[0][::LEVEL_EVERY]
        counts += np.bincount([_level(value) for value in lasting], minlength=LEVELS)
    shares = gaussian_filter1d(counts / counts.sum(), SMOOTH, mode="nearest")
    had = np.flatnonzero(shares >= RARE)
    # Beyond the levels that recordings have, it goes on as steeply as at the last of them.
    slope = np.interp(np.arange(LEVELS), had, np.gradient(np.log(shares + RARE**2))[had])
    nepers = LEVEL_DB / 20 * math.log(10)  # of a step
    return math.sqrt(loudest), np.clip(PULL * slope / nepers, -MOST_DRIFT, MOST_DRIFT).astype(np.float32)


def book_of(codes, settings, seed=0):
    """A book for a model, and moments for its takes to begin from, both out of some recordings.

    Parameters
    ----------
    codes
        The `Codes` of the recordings. Moments are drawn at random among those that sound.
    settings
        The `ModelSettings`, which say how many filters there are, and as many moments.
    seed
        Of the draw.

    Returns
    -------
    book
        What predictors of order 32 found at some moments: float32, shape (filters, 32), the weight of the newest
        sample first.
    moments
        The last codes up to others, of which the louder ones are drawn more often: int32, shape (filters, MOMENT).
    """
    chance, codec, count = np.random.default_rng(seed), settings.codec, settings.book
    first, lengths = codes.starts[0], codes.lengths[0]
    bounds, found = np.cumsum(lengths), []
    for _ in range(BOOK_TRIES * count):
        place = int(chance.integers(bounds[-1]))
        clip = int(np.searchsorted(bounds, place, side="right"))
        end = first[clip] + lengths[clip] - (bounds[clip] - place)
        past = codes.array[max(first[clip], end - BOOK_MOMENT) : end]
        if len(past) and _power(codec.decode(past)) >= BOOK_LEAST_POWER:
            found.append(past)
    book = np.zeros((count, BOOK_ORDER), np.float32)
    moments = np.full((count, MOMENT), codec.centre, np.int32)
    if found:
        predictors = Predictors((BOOK_ORDER,), codec)
        filters = [predictors.weights(predictors.begin(past[None])[0], 0) for past in found[:count]]
        book[:] = np.resize(np.stack(filters), book.shape)
        loudness = np.array([_power(codec.decode(past[-MOMENT:])) for past in found]) + BOOK_LEAST_POWER
        for moment, drawn in zip(moments, chance.choice(len(found), count, p=loudness / loudness.sum()), strict=True):
            last = found[drawn][-MOMENT:]
            moment[MOMENT - len(last) :] = last
    return book, moments


def moments_in(weight, codec):
    """The codes of moments that a model keeps as a weight, int32; of what is no code, the nearest one."""
    return np.rint(np.clip(weight, 0, codec.levels - 1)).astype(np.int32)


def _power(samples):
    return np.mean(np.square(samples, dtype=np.float64))


def edges_of(codec):
    """Between which samples each code lies: code c from edge c to edge c + 1; float64, shape (levels + 1,).

    The outermost codes reach to infinity, since what is beyond full scale is coded as full scale. A code that is never
    written has no room.
    """
    upper = codec.decode(np.arange(codec.centre, codec.centre + codec.half))
    upper = upper + codec.error_bound(upper)
    unused = codec.levels - 2 * codec.half
    return np.concatenate([np.full(unused, -np.inf), -upper[::-1], upper, [np.inf]])


# Sums may be taken in any order: a vector of several at once is many times as fast.
fast = njit(fastmath={"reassoc", "contract"}, cache=True)


@njit(nogil=True, cache=True)
def _follow(codes, heard, origin, plan, edges, state, room, features):
    """`Predictors.follow`, compiled; `heard` holds the samples, the first of them at `origin`."""
    count = (features.shape[2] - 1) // 3
    guesses, scales, likelihoods = np.empty(count), np.empty(count), np.empty(count)
    for voice in range(len(codes)):
        for number in range(codes.shape[1]):
            now, at = features[voice, number], origin + number
            expect(heard[voice], at, plan, state[voice], room, guesses, scales, likelihoods)
            for k in range(count):
                now[3 * k], now[3 * k + 1], now[3 * k + 2] = guesses[k], scales[k], likelihoods[k]
            now[3 * count] = take_in(
                heard[voice], at, codes[voice, number], plan, edges, state[voice], room, guesses, scales, likelihoods
            )


@fast
def expect(heard, at, plan, state, room, guesses, scales, likelihoods):
    """What each predictor expects of the sample `heard[at]`, by those before it.

    Parameters
    ----------
    heard, at
        Samples, float64, of which those from `at` on are not looked at.
    plan, room
        Of the `Predictors`.
    state
        Of the voice; weights that are due are found anew in it.
    guesses, scales, likelihoods
        Filled in, float64, shape (count,).
    """
    predictors, fades, book, steps = plan
    count, moment = len(guesses), int(state[COUNT])
    for k in range(len(predictors)):
        order, block, place = predictors[k]
        weights = state[place + order + 1 : place + 2 * order + 1]  # the oldest sample's first
        if moment and moment % block == 0:
            _find_weights(heard, at - 1, fades[k], state[place : place + order + 1], weights, room)
        recent, guess = heard[at - order : at], 0.0
        for i in range(order):
            guess += weights[i] * recent[i]
        guesses[k] = guess
    if book.shape[1]:
        errors = state[FIRST + 2 * count : FIRST + 2 * count + book.shape[1]]
        if moment % BOOK_BLOCK == 0:
            state[CHOSEN] = np.argmin(errors)
        told, recent = room[2], room[3]
        for i in range(BOOK_ORDER):
            recent[i] = heard[at - BOOK_ORDER + i]
        told[:] = 0
        for i in range(BOOK_ORDER):
            row, loud = book[i], recent[i]
            for q in range(len(told)):
                told[q] += loud * row[q]
        guesses[count - 1] = told[int(state[CHOSEN])]
    wider = state[DRIFT + _level(state[LASTING_POWER])]
    damping = math.sqrt(state[MOST_POWER] / state[POWER]) if state[POWER] > state[MOST_POWER] else 1.0
    for k in range(count):
        guess = guesses[k] = min(max(damping * guesses[k], -FARTHEST), FARTHEST)
        # Of a logistic distribution of scale s, the mean absolute deviation is s * 2 ln 2.
        scales[k] = max(wider * state[FIRST + k] / (2 * math.log(2)), least_scale(guess, steps[0], steps[1]))
        likelihoods[k] = state[FIRST + count + k]


@fast
def least_scale(guess, slope, at_zero):
    """The least scale of a guess, where half a code's step is as `half_step` gives it."""
    share = SILENT_SCALE if abs(guess) < at_zero else LEAST_SCALE
    return share * (slope * min(abs(guess), 1.0) + at_zero)


@fast
def take_in(heard, at, code, plan, edges, state, room, guesses, scales, likelihoods):
    """Learn from the sample `heard[at]`, whose code is known; returns its excitation. See `expect`."""
    predictors, fades, book, steps = plan
    count, sample = len(guesses), heard[at]
    keep = math.exp(-1 / SCALE_MEMORY)
    low, high, levels = edges[code], edges[code + 1], steps[2]
    most = likelihoods[0]
    for k in range(1, count):
        most = max(most, likelihoods[k])
    trust, expected, spread = 0.0, 0.0, 0.0
    for k in range(count):
        weight = math.exp(likelihoods[k] - most)
        trust += weight
        expected += weight * guesses[k]
        spread += weight * scales[k]
    excitation = math.tanh((sample - expected / trust) * trust / spread / 4)
    for k in range(count):
        inside = _sigmoid((high - guesses[k]) / scales[k]) - _sigmoid((low - guesses[k]) / scales[k])
        likelihood = math.log((1 - FLOOR) * inside * levels + FLOOR)
        state[FIRST + k] = keep * state[FIRST + k] + (1 - keep) * abs(sample - guesses[k])
        state[FIRST + count + k] = keep * state[FIRST + count + k] + likelihood
    if book.shape[1]:
        errors, told = state[FIRST + 2 * count : FIRST + 2 * count + book.shape[1]], room[2]
        keep = math.exp(-1 / BOOK_MEMORY)
        for q in range(len(told)):
            off = sample - told[q]
            errors[q] = keep * errors[q] + off * off
    for k in range(len(predictors)):
        order, _, place = predictors[k]
        products, fade = state[place : place + order + 1], fades[k]
        for lag in range(order + 1):
            products[lag] = fade * products[lag] + sample * heard[at - lag]
    state[COUNT] += 1
    keep = math.exp(-1 / LEVEL_MEMORY)
    state[POWER] = keep * state[POWER] + (1 - keep) * sample * sample
    stay = math.exp(-1 / LASTING_MEMORY)
    state[LASTING_POWER] = stay * state[LASTING_POWER] + (1 - stay) * sample * sample
    return excitation


@fast
def _level(power):
    """The step of the level at which a power lies, 0 .. LEVELS - 1."""
    step = LEVELS + 10 * math.log10(max(power, 1e-12)) / LEVEL_DB
    return int(min(max(step, 0.0), LEVELS - 1.0))


@fast
def _sigmoid(x):
    return 1 / (1 + math.exp(-min(max(x, -700.0), 700.0)))


@fast
def _find_weights(heard, last, fade, products, weights, room):
    """The weights that would have guessed the sound up to `heard[last]` best.

    `products[lag]` is the faded sum of each sample times that `lag` before it. The equations need the same sums up to
    earlier moments, which follow from these by taking back one sample after the other.
    """
    order, (matrix, vectors) = len(weights), room[:2]
    turned = vectors[1]  # the samples, newest first
    for lag in range(order + 1):
        matrix[0, lag] = products[lag]
        turned[lag] = heard[last - lag]
    renew = 1 / fade
    for i in range(order):
        loud, size = heard[last - i], order - i
        above, row, past = matrix[i, i:order], matrix[i + 1, i + 1 : order + 1], turned[i:order]
        for j in range(size):
            row[j] = (above[j] - loud * past[j]) * renew
    power = 0.0
    for i in range(1, order + 1):
        power += matrix[i, i]
    extra = WHITENING * max(power, 0.0) / order + LEAST_POWER
    # Cholesky: rows 1 .. order hold the upper triangle of the equations, row 0 what they should give.
    solution = vectors[0]
    for k in range(1, order + 1):
        solution[k] = matrix[0, k]
        matrix[k, k] = max(matrix[k, k] + extra, extra)
    for k in range(1, order + 1):
        row = matrix[k]
        pivot = max(row[k], 0.5 * extra)  # rounding must not turn it around
        row[k] = pivot
        for i in range(k + 1, order + 1):
            share = row[i] / pivot
            below, beside = matrix[i, i : order + 1], row[i : order + 1]
            for j in range(len(below)):
                below[j] -= share * beside[j]
            solution[i] -= share * solution[k]
    for k in range(order, 0, -1):
        row, total = matrix[k], solution[k]
        for j in range(k + 1, order + 1):
            total -= row[j] * solution[j]
        solution[k] = total / row[k]
    _hold_poles(solution, order, vectors[1])
    for i in range(order):
        weights[order - 1 - i] = solution[i + 1]


@fast
def _hold_poles(solution, order, work):
    """Draw the poles of a predictor, weights `solution[1:]`, towards 0 until all lie within MOST_POLE."""
    narrow = 1.0
    for attempt in range(12):
        power = 1.0
        for i in range(1, order + 1):
            power *= narrow / MOST_POLE
            work[i] = solution[i] * power
        if _is_stable(work, order):
            power = 1.0
            for i in range(1, order + 1):
                power *= narrow
                solution[i] *= power
            return
        narrow *= 1 - 0.0005 * 2.0**attempt
    for i in range(1, order + 1):
        solution[i] = 0.0


@fast
def _is_stable(weights, order):
    """Whether all poles lie inside: each reflection coefficient below 1 (step-down recursion). `weights` is used up."""
    for m in range(order, 0, -1):
        reflection = weights[m]
        if not abs(reflection) < 1:
            return False
        rest = 1 / (1 - reflection * reflection)
        for i in range(1, m // 2 + 1):
            first, second = weights[i], weights[m - i]
            weights[i] = (first + reflection * second) * rest
            if i != m - i:
                weights[m - i] = (second + reflection * first) * rest
    return True
