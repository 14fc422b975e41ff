"""Adaptive linear prediction: guesses of the next sample from the last few.

Codes go in. For each sample, each of several predictors gives a guess, its scale (how far off it has been recently) and
its likelihood (how well it has done recently). A predictor of order n guesses a sample as a weighted sum of the n
before it, with the weights that fit the past best, older samples counting less (J. Makhoul, "Linear prediction: a
tutorial review", Proc. IEEE 63(4), 1975, covariance method). The weights follow from past codes alone, so they need not
be stored with a model (ITU-T G.728 calls that backward adaptation).

A book is a set of fixed filters taken from recordings; the one with the smallest recent error guesses too. At the onset
of a sound, it needs no time to adapt.

Everything that runs for each sample is compiled by Numba. generation/sampling_loop.py calls some of it and is not
recompiled when only this file changes: change `PREDICTION` there too.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from .settings import BOOK_ORDER, LEVELS, MOMENT

MEMORY_SHARE = 16  # memory over order; a memory is the number of samples after which the past counts 1/e
BLOCK_SHARE = 8  # memory over block: samples that share one set of weights
LEAST_BLOCK = 8
SCALE_MEMORY = 32  # samples, for scales and likelihoods
WHITENING = 1e-4  # share of the wave's power, added as white noise: weights for a pure tone are not unique without it
LEAST_POWER = 1e-9  # of full scale, likewise, for silence
START_ERROR = 0.0  # mean error before the first guess: silence is expected to go on
# The smallest scale of a guess, in half steps of a code. Guesses may be nearly certain of silence. If they could be
# certain of any other code, a voice would never leave a code that it once held for a few milliseconds; at 0.2 it leaves
# one within some hundred samples. (The noise of quantisation has the deviation of a scale of 0.32: docs/decisions.md.)
SILENT_SCALE, LEAST_SCALE = 0.1, 0.2
FLOOR = 1e-4  # the share of the uniform distribution in every guess
SURPRISE = 1e-4  # the initial probability that no guess is right
NEARBY = 32  # half of all surprises are within levels / NEARBY codes of the expected code
FAR = 1e3  # full scales: where the outermost codes end
MOST_STRETCH = 6.0  # e to this: how many times wider or narrower a model may make a scale
FARTHEST = 1.5  # guesses are clipped to this; full scale is 1
LEVEL_MEMORY = 32  # samples, for the current level of a voice
LASTING_MEMORY = 512  # samples, for its longer-term level
LEVEL_DB = 2.0  # one of LEVELS steps, the highest of which ends at full scale
LEVEL_PIECES, LEVEL_PIECE = 1024, 2**14  # pieces of the recordings in which levels are measured, and their samples
LEVEL_EVERY = 64  # samples between two measured levels
SMOOTH = 2.0  # level steps: standard deviation of the Gaussian that smooths the histogram of levels
RARE = 1e-4  # the share of a level below which it counts as absent from the recordings
PULL, MOST_DRIFT = 0.03, 0.1  # see `levels_of`
MOST_WIDER = math.exp(MOST_DRIFT)
# A voice that is asked for a level heads for it. While it is softer by so many nepers, guesses swell by SWELL of that
# in each sample, scales widen by WIDENING of it, and no scale is smaller than WAKING of the level, or silence stays;
# while it is louder, they shrink. Chosen on the course's bells and breath (docs/decisions.md).
SWELL, MOST_SWELL, WIDENING, MOST_WIDENING, WAKING = 0.002, 0.02, 0.5, 1.5, 0.005
# A voice that is asked for a brightness heads for it. The power of the rises from sample to sample, beside that of the
# samples, says how bright it is. While that is too low, guesses move a little further away from the sample before, so
# that high frequencies swell, the more the higher they are; while it is too high, a little nearer to it.
TILT, MOST_TILT = 0.05, 0.1
BOOK_MEMORY = 64  # samples, for the error of each filter of the book
BOOK_BLOCK = 8  # samples between two choices of a filter
BOOK_MOMENT = 2048  # samples from which a filter of the book is computed
BOOK_LEAST_POWER = 1e-6  # -60 dBFS: softer moments are not used
BOOK_TRIES = 16
MANY_SAMPLES = 2**14  # from here on, each voice has a thread of its own
MOST_POLE = 1 - 1e-5  # the largest radius of a predictor's poles, so that it is stable when it runs on its own output

# Offsets in the state of a voice, before its predictors'.
COUNT, CHOSEN, POWER, LASTING_POWER, RISE_POWER, MOST_POWER, ASKED_POWER, ASKED_RISE, DRIFT = range(9)
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
        How much wider scales are at each level, nepers, shape (rows, LEVELS): see `levels_of`; 0 if not given. The
        first row is for all recordings, the others for those of each label.

    Attributes
    ----------
    count
        How many guesses there are for each sample: one for each order, and one of the book.
    longest
        Samples of the past that a guess may depend on.
    width
        Numbers in the state of one voice.
    """

    def __init__(self, orders, codec, book=None, context=0, loudest=1.0, drift=((0.0,) * LEVELS,)):
        self.orders, self.codec, self.context, self.loudest = tuple(orders), codec, context, loudest
        # By what scales are multiplied. As factors, a blend of labels is a weighted sum.
        self.drift = np.exp(np.clip(drift, -MOST_DRIFT, MOST_DRIFT), dtype=np.float64)
        book = np.zeros((0, BOOK_ORDER), np.float32) if book is None else np.asarray(book, np.float32)
        self.count = len(self.orders) + (len(book) > 0)
        self.longest = max(*self.orders, BOOK_ORDER if len(book) else 1, 1)
        memories = np.array([MEMORY_SHARE * order for order in self.orders], np.float64)
        blocks = np.maximum(LEAST_BLOCK, memories // BLOCK_SHARE)
        places = FIRST + 2 * self.count + len(book) + np.cumsum([0, *(2 * order + 1 for order in self.orders)])
        self.width = int(places[-1]) + self.longest + context
        # In the order in which the compiled functions below take it.
        self.constants = (
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
    def decoded(self):
        """The sample that each code stands for, float64."""
        return self.codec.decode(np.arange(self.codec.levels)).astype(np.float64)

    def begin(self, codes):
        """The state of voices after some codes: int, (voices, samples) -> float64, (voices, width)."""
        state = np.zeros((len(codes), self.width))
        state[:, FIRST : FIRST + self.count] = START_ERROR
        state[:, MOST_POWER] = self.loudest**2
        self.keep_levels(state)
        return self.follow(codes, state)[1]

    def keep_levels(self, state, labels=None):
        """Let voices keep to the levels of recordings from now on, in place.

        Parameters
        ----------
        state
            Float64, shape (voices, width).
        labels
            The share of each label, (voices, labels); all recordings if not given.
        """
        drift = self.drift[:1] if labels is None else self.drift[0] + labels @ (self.drift[1:] - self.drift[0])
        state[:, DRIFT:FIRST] = np.clip(drift, 1 / MOST_WIDER, MOST_WIDER)

    def workspace(self):
        """Scratch arrays of the compiled functions; `update` reads what `predict` left of the book's guesses."""
        order = self.longest + 1
        return (
            np.zeros((order, order)),
            np.zeros((2, order)),
            np.zeros(self.constants[2].shape[1], np.float32),
            np.zeros(BOOK_ORDER, np.float32),
        )

    def history(self, state):
        """The newest samples and excitations in the state of some voices: views, oldest first."""
        excitation = self.width - self.context
        return state[:, excitation - self.longest : excitation], state[:, excitation:]

    def store_history(self, state, samples, excitation):
        """Store the newest samples and excitations, both (voices, any length), in a state."""
        past, excitations = self.history(state)
        past[:] = samples[:, samples.shape[1] - self.longest :]
        excitations[:] = excitation[:, excitation.shape[1] - self.context :]

    def follow(self, codes, state):
        """Predict each of some known codes from those before it, and adapt to it.

        Parameters
        ----------
        codes
            Int, shape (voices, samples).
        state
            Float64, shape (voices, width): from `begin` or from the call before.

        Returns
        -------
        features
            float32, shape (voices, context + samples, 3 * count + 1). Of each sample, for each guess: its value (full
            scale is 1), its scale, and its recent log-likelihood in nats, relative to blind chance; all from the codes
            before the sample. Last the excitation of the sample itself, its prediction error in scales, between -1 and
            1. Of the `context` samples before, the excitation alone.
        state
            After the codes.
        """
        state, codes = state.copy(), np.ascontiguousarray(codes, np.int64)
        features = np.zeros((len(codes), self.context + codes.shape[1], 3 * self.count + 1), np.float32)
        past, features[:, : self.context, -1] = self.history(state)
        samples = np.concatenate([past, self.decoded[codes]], axis=1)
        new = features[:, self.context :]

        def follow(voices):
            history = codes[voices], samples[voices], self.longest
            _follow(*history, self.constants, self.edges, state[voices], self.workspace(), new[voices])

        if codes.size < MANY_SAMPLES:
            follow(slice(None))
        else:  # a batch for a graphics card, which would wait for one core
            with ThreadPoolExecutor() as pool:
                list(pool.map(follow, (slice(voice, voice + 1) for voice in range(len(codes)))))
        self.store_history(state, samples, features[..., -1])
        return features, state

    def weights(self, state, number):
        """A predictor's current weights, the newest sample's first: float64, shape (order,).

        `state` is that of one voice, shape (width,).
        """
        order, _, place = self.constants[0][number]
        return state[place + order + 1 : place + 2 * order + 1][::-1].copy()


def half_step(codec):
    """Two numbers: half a code's step at a sample x is the first * |x| + the second."""
    at_zero, at_full = codec.error_bound(np.array([0.0, 1.0]))
    return at_full - at_zero, at_zero


def finite_edges(codec):
    """`edges_of` with finite outermost edges, so that sums stay finite."""
    return np.clip(edges_of(codec), -FAR, FAR)


def predictors_of(settings, weights):
    """The `Predictors` of a model with some `ModelSettings` and {weight name: array}; None if it has none."""
    if not settings.guesses:
        return None
    loudest, drift = float(weights["loudest"][0]), np.reshape(weights["drift"], (-1, LEVELS))
    return Predictors(settings.predictors, settings.codec, weights.get("book"), settings.largest_frame, loudest, drift)


def levels_of(codes, codec, labels=()):
    """Measure the levels of recordings, to keep takes at the same levels.

    A predictor that runs on its own output may grow without bound. Takes must not be louder than the recordings:
    clipping at full scale is unpredictable, and would turn into noise.

    Nor should takes be far softer. Scales follow the level of the sound, so the level of samples drawn from them is a
    random walk: mostly downwards, with rare large rises. A slight drift along the slope of the log of the histogram of
    levels leads back to that histogram (Langevin's equation); so slight a drift costs no bits.

    Parameters
    ----------
    codes
        The `Codes` of the recordings. If they last more than some minutes, evenly spaced pieces are measured.
    codec
        The `Quantisation` of the codes.
    labels
        Labels whose recordings are measured by themselves, too.

    Returns
    -------
    loudest
        The highest level, RMS over `LEVEL_MEMORY` samples; full scale is 1.
    drift
        How much to widen the scales at each level over `LASTING_MEMORY` samples, in nepers, between -MOST_DRIFT and
        MOST_DRIFT: float32, shape (1 + labels, LEVELS), first that of all recordings.
    """
    decay, lasting_decay = math.exp(-1 / LEVEL_MEMORY), math.exp(-1 / LASTING_MEMORY)
    loudest, counts = 0.0, np.zeros((1 + len(labels), LEVELS))
    groups = np.array([labels.index(name) + 1 if name in labels else 0 for name in codes.labels])
    # Pieces overlap by half, so that each moment is measured at least once with the sound before it.
    pieces = min(LEVEL_PIECES, 1 + 2 * codes.samples // LEVEL_PIECE)
    for first in np.linspace(0, max(0, codes.samples - LEVEL_PIECE), pieces).astype(int):
        power = np.square(codec.decode(codes.array[first : first + LEVEL_PIECE]), dtype=np.float64)
        loudest = max(loudest, lfilter([1 - decay], [1, -decay], power).max())
        initial = [lasting_decay * power[:LASTING_MEMORY].mean()]  # as if the sound before the piece had been as loud
        lasting = lfilter([1 - lasting_decay], [1, -lasting_decay], power, zi=initial)[0][::LEVEL_EVERY]
        group = groups[codes.clip_at(first + LEVEL_EVERY * np.arange(len(lasting)))]
        np.add.at(counts, (group, [_level(value) for value in lasting]), 1)
    counts[0] = counts.sum(axis=0)
    # A label may have no recording in any of the pieces.
    drift = [_drift(each if each.any() else counts[0]) for each in counts]
    return math.sqrt(loudest), np.stack(drift).astype(np.float32)


def _drift(counts):
    """The drift at each level, from how often it occurs: see `levels_of`."""
    shares = gaussian_filter1d(counts / counts.sum(), SMOOTH, mode="nearest")
    occurring = np.flatnonzero(shares >= RARE)
    # Beyond the levels that occur, the slope is that of the last one that does.
    slope = np.interp(np.arange(LEVELS), occurring, np.gradient(np.log(shares + RARE**2))[occurring])
    nepers = LEVEL_DB / 20 * math.log(10)  # of a step
    return np.clip(PULL * slope / nepers, -MOST_DRIFT, MOST_DRIFT)


def book_of(codes, settings, seed=0):
    """The book of a model, and the moments from which its takes begin, taken from recordings.

    Parameters
    ----------
    codes
        The `Codes` of the recordings. Moments are drawn at random, silent ones excepted.
    settings
        The `ModelSettings`, with the number of filters, which is also that of moments.
    seed
        Random seed of the draw.

    Returns
    -------
    book
        Weights of predictors of order 32 at random moments: float32, shape (filters, 32), the newest sample's first.
    moments
        Codes from the recordings, louder ones drawn more often: int32, shape (filters, MOMENT).
    places
        Where the clip of each moment begins in the codes: int, shape (filters,).
    """
    rng, codec, count = np.random.default_rng(seed), settings.codec, settings.book
    first, lengths = codes.starts[0], codes.lengths[0]
    bounds, found, clips = np.cumsum(lengths), [], []
    places = np.zeros(count, int)
    for _ in range(BOOK_TRIES * count):
        place = int(rng.integers(bounds[-1]))
        clip = int(np.searchsorted(bounds, place, side="right"))
        end = first[clip] + lengths[clip] - (bounds[clip] - place)
        past = codes.array[max(first[clip], end - BOOK_MOMENT) : end]
        if len(past) and _power(codec.decode(past)) >= BOOK_LEAST_POWER:
            found.append(past)
            clips.append(clip)
    book = np.zeros((count, BOOK_ORDER), np.float32)
    moments = np.full((count, MOMENT), codec.centre, np.int32)
    if found:
        predictors = Predictors((BOOK_ORDER,), codec)
        filters = [predictors.weights(predictors.begin(past[None])[0], 0) for past in found[:count]]
        book[:] = np.resize(np.stack(filters), book.shape)
        loudness = np.array([_power(codec.decode(past[-MOMENT:])) for past in found]) + BOOK_LEAST_POWER
        drawn = rng.choice(len(found), count, p=loudness / loudness.sum())
        for moment, number in zip(moments, drawn, strict=True):
            last = found[number][-MOMENT:]
            moment[MOMENT - len(last) :] = last
        places = first[np.array(clips)[drawn]]
    return book, moments, places


def moments_in(weight, codec):
    """The moments that a model stores as a weight, as codes, int32; other numbers become the nearest code.

    None where all are silent, as in a capsule from which they were left out.
    """
    moments = np.rint(np.clip(weight, 0, codec.levels - 1)).astype(np.int32)
    return moments if (moments != codec.centre).any() else moments[:0]


def _power(samples):
    return np.mean(np.square(samples, dtype=np.float64))


def edges_of(codec):
    """The edges of the codes' intervals: code c from edge c to edge c + 1; float64, shape (levels + 1,).

    The outermost intervals are infinite, since sound beyond full scale is clipped. That of a code that is never written
    is empty.
    """
    upper = codec.decode(np.arange(codec.centre, codec.centre + codec.half))
    upper = upper + codec.error_bound(upper)
    unused = codec.levels - 2 * codec.half
    return np.concatenate([np.full(unused, -np.inf), -upper[::-1], upper, [np.inf]])


# Sums may be reordered: with vectors they are many times as fast.
fast = njit(fastmath={"reassoc", "contract"}, cache=True)


@njit(nogil=True, cache=True)
def _follow(codes, samples, origin, constants, edges, state, workspace, features):
    """`Predictors.follow`, compiled; the first new sample is at `origin` in `samples`."""
    count = (features.shape[2] - 1) // 3
    guesses, scales, likelihoods = np.empty(count), np.empty(count), np.empty(count)
    for voice in range(len(codes)):
        own, past = state[voice], samples[voice]
        for number in range(codes.shape[1]):
            code, now, at = codes[voice, number], features[voice, number], origin + number
            predict(past, at, constants, own, workspace, guesses, scales, likelihoods)
            for k in range(count):
                now[3 * k], now[3 * k + 1], now[3 * k + 2] = guesses[k], scales[k], likelihoods[k]
            now[3 * count] = update(past, at, code, constants, edges, own, workspace, guesses, scales, likelihoods)


@fast
def predict(samples, at, constants, state, workspace, guesses, scales, likelihoods):
    """Predict the sample `samples[at]` from those before it, with each predictor.

    Parameters
    ----------
    samples, at
        Samples, float64; those from `at` on are not read.
    constants, workspace
        Those of the `Predictors`.
    state
        That of the voice; weights that are due are solved for anew, in place.
    guesses, scales, likelihoods
        Outputs, float64, shape (count,).
    """
    predictors, fades, book, coding = constants
    count, moment = len(guesses), int(state[COUNT])
    for k in range(len(predictors)):
        order, block, place = predictors[k]
        weights = state[place + order + 1 : place + 2 * order + 1]  # the oldest sample's first
        if moment and moment % block == 0:
            _solve_weights(samples, at - 1, fades[k], state[place : place + order + 1], weights, workspace)
        recent, guess = samples[at - order : at], 0.0
        for i in range(order):
            guess += weights[i] * recent[i]
        guesses[k] = guess
    if book.shape[1]:
        errors = state[FIRST + 2 * count : FIRST + 2 * count + book.shape[1]]
        if moment % BOOK_BLOCK == 0:
            state[CHOSEN] = np.argmin(errors)
        filtered, recent = workspace[2], workspace[3]
        for i in range(BOOK_ORDER):
            recent[i] = samples[at - BOOK_ORDER + i]
        filtered[:] = 0
        for i in range(BOOK_ORDER):
            row, loud = book[i], recent[i]
            for q in range(len(filtered)):
                filtered[q] += loud * row[q]
        guesses[count - 1] = filtered[int(state[CHOSEN])]
    wider = state[DRIFT + _level(state[LASTING_POWER])]
    damping = math.sqrt(state[MOST_POWER] / state[POWER]) if state[POWER] > state[MOST_POWER] else 1.0
    floor, tilt, flat = 0.0, 0.0, 1.0
    if state[ASKED_RISE] > 0 and state[LASTING_POWER] > LEAST_POWER:
        rise = state[RISE_POWER] / state[LASTING_POWER]
        tilt = min(max(TILT * math.log(state[ASKED_RISE] / max(rise, 1e-6)), -MOST_TILT), MOST_TILT)
        flat = 1 - 0.5 * tilt * rise  # so that the sound as a whole does not swell
    if state[ASKED_POWER] > 0:
        behind = 0.5 * math.log(state[ASKED_POWER] / max(state[LASTING_POWER], 1e-12))
        damping *= math.exp(min(max(SWELL * behind, -MOST_SWELL), MOST_SWELL))
        wider *= math.exp(min(max(WIDENING * behind, -MOST_WIDENING), MOST_WIDENING))
        floor = WAKING * math.sqrt(state[ASKED_POWER]) * min(max(behind, 0.0), 1.0)
    for k in range(count):
        if tilt:
            guesses[k] = flat * guesses[k] + tilt * (guesses[k] - samples[at - 1])
        guess = guesses[k] = min(max(damping * guesses[k], -FARTHEST), FARTHEST)
        # Of a logistic distribution of scale s, the mean absolute deviation is s * 2 ln 2.
        scale = max(wider * state[FIRST + k] / (2 * math.log(2)), floor)
        scales[k] = max(scale, least_scale(guess, coding[0], coding[1]))
        likelihoods[k] = state[FIRST + count + k]


@fast
def least_scale(guess, slope, at_zero):
    """The least scale of a guess, where half a code's step is as `half_step` gives it."""
    share = SILENT_SCALE if abs(guess) < at_zero else LEAST_SCALE
    return share * (slope * min(abs(guess), 1.0) + at_zero)


@fast
def update(samples, at, code, constants, edges, state, workspace, guesses, scales, likelihoods):
    """Learn from the sample `samples[at]`, whose code is known; returns its excitation. See `predict`."""
    predictors, fades, book, coding = constants
    count, sample = len(guesses), samples[at]
    decay = math.exp(-1 / SCALE_MEMORY)
    low, high, levels = edges[code], edges[code + 1], coding[2]
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
        state[FIRST + k] = decay * state[FIRST + k] + (1 - decay) * abs(sample - guesses[k])
        state[FIRST + count + k] = decay * state[FIRST + count + k] + likelihood
    if book.shape[1]:
        errors, filtered = state[FIRST + 2 * count : FIRST + 2 * count + book.shape[1]], workspace[2]
        decay = math.exp(-1 / BOOK_MEMORY)
        for q in range(len(filtered)):
            off = sample - filtered[q]
            errors[q] = decay * errors[q] + off * off
    for k in range(len(predictors)):
        order, _, place = predictors[k]
        products, fade = state[place : place + order + 1], fades[k]
        for lag in range(order + 1):
            products[lag] = fade * products[lag] + sample * samples[at - lag]
    state[COUNT] += 1
    decay = math.exp(-1 / LEVEL_MEMORY)
    state[POWER] = decay * state[POWER] + (1 - decay) * sample * sample
    lasting_decay = math.exp(-1 / LASTING_MEMORY)
    state[LASTING_POWER] = lasting_decay * state[LASTING_POWER] + (1 - lasting_decay) * sample * sample
    rise = sample - samples[at - 1]
    state[RISE_POWER] = lasting_decay * state[RISE_POWER] + (1 - lasting_decay) * rise * rise
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
def _solve_weights(samples, last, fade, products, weights, workspace):
    """The weights that would have guessed the sound up to `samples[last]` best.

    `products[lag]` is the faded sum of each sample times that `lag` before it. The equations need the same sums up to
    earlier moments, which follow from these by taking back one sample after the other.
    """
    order, (matrix, vectors) = len(weights), workspace[:2]
    turned = vectors[1]  # the samples, newest first
    for lag in range(order + 1):
        matrix[0, lag] = products[lag]
        turned[lag] = samples[last - lag]
    renew = 1 / fade
    for i in range(order):
        loud, size = samples[last - i], order - i
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
    _stabilise(solution, order, vectors[1])
    for i in range(order):
        weights[order - 1 - i] = solution[i + 1]


@fast
def _stabilise(solution, order, work):
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
