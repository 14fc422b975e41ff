"""Baselines: the bits per sample that need no model, the reference lines of a learning curve.

They are blind chance, the frequencies of codes (unigram), and linear prediction, which uses only the latest samples of
the wave. The linear predictor (linear_prediction.py) adapts as it goes and stores nothing; a model beats it only by
learning more than the latest course of the wave.
"""

import math

import numpy as np
from scipy.special import expit

from ..corpus import unigram_bits
from ..linear_prediction import FLOOR, Predictors, edges_of
from ..scoring import excerpts

# Chosen by bits on real recordings and on the example sets at 16 kHz.
ORDER = 32  # samples that a guess is made from
MOST_SAMPLES = 960_000  # a minute at 16 kHz


def reference_lines(codes, validation_codes, preset, sample_rate):
    """Bits per sample of three baselines on the validation sound, see `Run.references`.

    Parameters
    ----------
    codes, validation_codes
        The `Codes` of the training and the validation clips.
    preset
        The `Preset` of the run.
    sample_rate
        Hz.

    Returns
    -------
    {name: bits}
    """
    codec = preset.model.codec
    _, begin, end = excerpts(validation_codes, sample_rate, preset.training.validation_seconds)
    return {
        "uniform": math.log2(codec.levels),
        "unigram": unigram_bits(codes, validation_codes, codec.levels),
        "linear_prediction": linear_prediction_bits(validation_codes, codec, begin, end),
    }


def linear_prediction_bits(codes, quantisation, begin, end):
    """Mean bits per sample of linear prediction on pieces of sound, with a fresh predictor for each.

    Parameters
    ----------
    codes
        The `Codes` that contain the pieces.
    quantisation
        The `Quantisation` that made them.
    begin, end
        Int, shape (pieces,): where each piece, a few seconds long, begins and ends. Beyond 960,000 samples in all, only
        evenly spaced pieces are used, which keeps this to seconds.

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
    predictors = Predictors((ORDER,), quantisation)
    features, _ = predictors.follow(codes[None], predictors.begin(codes[None, :0]))
    guesses, scale, likelihood = features[0, :, :3].astype(np.float64).T
    expected = probabilities(codes, guesses, scale, quantisation)
    # The guesses are weighted by their recent advantage over blind chance; on plain noise they have none.
    trust = expit(likelihood)
    return -np.log2(trust * expected + (1 - trust) / quantisation.levels)


def probabilities(codes, guesses, scale, quantisation):
    """The probability of codes when the wave is expected near `guesses`.

    A logistic distribution (Salimans et al. 2017, https://arxiv.org/abs/1701.05517, section 2.1) over each code's
    interval of the wave's range, mixed with a little blind chance. It sums to 1 over all codes.

    Parameters
    ----------
    codes
        Int, any shape.
    guesses, scale
        Float, shapes that broadcast with it: the distribution's centre, as a sample value, and its scale, above 0.
    quantisation
        The `Quantisation`.
    """
    edges = edges_of(quantisation)
    inside = expit((edges[codes + 1] - guesses) / scale) - expit((edges[codes] - guesses) / scale)
    return (1 - FLOOR) * inside + FLOOR / quantisation.levels
