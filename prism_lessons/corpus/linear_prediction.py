"""Linear prediction: how many bits a listener needs who knows only the last moments of the wave, and no model.

Codes go in, bits per sample come out: the third reference line of a learning curve. Every sample is guessed as a
weighted sum of those before it, with the weights that would have guessed the last few hundredths of a second best
(J. Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 63(4), 1975, covariance method), as lossless audio
coding does. The listener learns while it listens and keeps nothing; what it needs, a model has to beat by having
understood more than the course of the last moments.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import lfilter
from scipy.special import expit

# Chosen by bits on real recordings and on the example sets at 16 kHz.
ORDER = 32  # samples that a guess is made of
BLOCK = 64  # samples that share one set of weights
MEMORY = 512  # samples after which what was heard counts 1/e, in finding the weights
SCALE_MEMORY = 32  # the same, in finding how far guesses are off, and whether to trust them
WHITENING = 1e-4  # of the wave's power, added as white noise: without it, weights for a pure tone have no one solution
LEAST_POWER = 1e-9  # of full scale, likewise, for silence
START_SCALE = 0.1  # how far guesses are taken to be off before the first one
LEAST_SCALE = 0.1  # of half a code's step: nearly sure, and never surer
FLOOR = 1e-4  # the share of blind chance in every guess, so that no sample costs more than log2(levels) + 13.3 bits
MOST_SAMPLES = 960_000  # a minute at 16 kHz


def linear_prediction_bits(codes, quantisation, begin, end):
    """Bits per sample that linear prediction needs for pieces of sound, each begun without knowing anything.

    Parameters
    ----------
    codes
        The `Codes` that the pieces lie in.
    quantisation
        The `Quantisation` that made them.
    begin, end
        Int, shape (pieces,): where each piece begins and ends, a few seconds each. Of more than 960,000 samples in
        all, only evenly spread pieces are listened to, so that this takes seconds.

    Returns
    -------
    float
    """
    samples = int(np.sum(end - begin))
    wanted = min(len(begin), max(1, len(begin) * MOST_SAMPLES // samples))
    chosen = np.linspace(0, len(begin) - 1, wanted).round().astype(int)
    bits = [sample_bits(codes.array[begin[piece] : end[piece]], quantisation) for piece in chosen]
    return float(np.concatenate(bits).mean())


def sample_bits(codes, quantisation):
    """The bits that each sample of one piece costs, given those before it.

    Parameters
    ----------
    codes
        Int, shape (samples,).
    quantisation
        The `Quantisation` that made them.

    Returns
    -------
    Bits, float64, shape (samples,). None depends on a later sample.
    """
    codes = np.asarray(codes, np.int64)
    samples = quantisation.decode(codes).astype(np.float64)
    guesses = _guesses(samples)
    keep = np.exp(-1 / SCALE_MEMORY)
    off, _ = lfilter([0, 1 - keep], [1, -keep], np.abs(samples - guesses), zi=[START_SCALE])
    # Of a logistic distribution of scale s, the mean absolute deviation is s * 2 ln 2.
    scale = np.maximum(off / (2 * np.log(2)), LEAST_SCALE * quantisation.error_bound(guesses))
    expected = probabilities(codes, guesses, scale, quantisation)
    # The guesses are trusted by how far they were ahead of blind chance of late: on noise without a wave they are not.
    ahead = lfilter([0, 1], [1, -keep], np.log(expected * quantisation.levels))
    trust = expit(ahead)
    return -np.log2(trust * expected + (1 - trust) / quantisation.levels)


def probabilities(codes, guesses, scale, quantisation):
    """How probable codes are when the wave is expected near `guesses`.

    A logistic distribution (Salimans et al. 2017, https://arxiv.org/abs/1701.05517, section 2.1) over each code's own
    stretch of the wave's range, mixed with a little blind chance. Over all codes it sums to 1.

    Parameters
    ----------
    codes
        Int, any shape.
    guesses, scale
        Float, shapes that broadcast with it: where the distribution lies, in samples, and its scale, above 0.
    quantisation
        The `Quantisation`.
    """
    edges = _edges(quantisation)
    inside = expit((edges[codes + 1] - guesses) / scale) - expit((edges[codes] - guesses) / scale)
    return (1 - FLOOR) * inside + FLOOR / quantisation.levels


def _guesses(samples):
    """What is expected of each sample, float64, shape (samples,): from the `ORDER` before, with a block's weights."""
    count = -(-len(samples) // BLOCK)
    padded = np.pad(samples, (ORDER, count * BLOCK - len(samples)))
    rows = sliding_window_view(padded, ORDER + 1).reshape(count, BLOCK, ORDER + 1)
    products = rows.transpose(0, 2, 1) @ rows
    # The products of all blocks before, older ones fading: what the weights of this block may know.
    heard = lfilter([0, 1], [1, -np.exp(-BLOCK / MEMORY)], products, axis=0)
    equations, due = heard[:, :-1, :-1], heard[:, :-1, -1:]
    diagonal = np.arange(ORDER)
    power = equations[:, diagonal, diagonal].mean(axis=1, keepdims=True)
    equations[:, diagonal, diagonal] += WHITENING * power + LEAST_POWER
    return (rows[:, :, :-1] @ np.linalg.solve(equations, due)).reshape(-1)[: len(samples)]


def _edges(quantisation):
    """Between which samples each code lies: code c from edge c to edge c + 1; float64, shape (levels + 1,).

    The outermost codes reach to infinity, since what is beyond full scale is coded as full scale. A code that is never
    written has no room.
    """
    upper = quantisation.decode(np.arange(quantisation.centre, quantisation.centre + quantisation.half))
    upper = upper + quantisation.error_bound(upper)
    unused = quantisation.levels - 2 * quantisation.half
    return np.concatenate([np.full(unused, -np.inf), -upper[::-1], upper, [np.inf]])
