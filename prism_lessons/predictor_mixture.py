"""The predictors' guesses as probabilities of codes: a layer of the sample tier (model.py)."""

import math

import numpy as np

from .backend import keras, ops
from .linear_prediction import LEAST_SCALE, MOST_STRETCH, NEARBY, SILENT_SCALE, SURPRISE, finite_edges, half_step
from .settings import CHEBYSHEV


class PredictorMixture(keras.layers.Layer):
    """Turns the predictors' features into an input of the sample tier, and their guesses into probabilities of codes.

    Each guess is a logistic distribution (Salimans et al. 2017, https://arxiv.org/abs/1701.05517, section 2.1) over the
    codes' intervals. Its weight is its recent likelihood. The sample tier may move each mean, stretch each scale and
    change each weight; initially it changes nothing.
    """

    def __init__(self, settings, **kwargs):
        super().__init__(**kwargs)
        self.settings, self.count = settings, settings.guesses
        self.inside = _inside(finite_edges(settings.codec).astype(np.float32))
        self.half_step = half_step(settings.codec)
        # With mu-law, guesses are scaled like codes: finely near silence, coarsely far from it.
        self.mu = settings.levels - 1 if settings.quantisation == "mu-law" else 0

    def build(self, _):
        dim, inputs = self.settings.dim, (2 + CHEBYSHEV) * self.count + 2 * self.settings.frame_sizes[0]
        self.input_kernel = self.add_weight(shape=(inputs, dim), initializer="he_uniform", name="told")
        self.kernel = self.add_weight(shape=(dim, 3 * self.count + 2), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(3 * self.count + 2,), initializer="zeros", name="bias")

    def parts(self, features):
        """Features, (..., 3 * guesses) -> guesses, scales and likelihoods, each a list of float32, (...)."""
        features = ops.cast(features, "float32")  # Keras has cast them, where a model computes in half precision
        return tuple([features[..., 3 * k + part] for k in range(self.count)] for part in range(3))

    def input_vector(self, features, excitation):
        """The predictors' contribution to a sample's vector, (..., dim).

        `features`, (..., 3 * guesses), are those of the sample, and `excitation`, (..., smallest frame), that of the
        samples before it. The value of a guess is encoded by Chebyshev polynomials, from slow to fast.
        """
        guesses, scales, likelihoods = self.parts(features)
        inputs = []
        for k in range(self.count):
            inputs.append(ops.log(scales[k]) / 4 + 1)
            inputs.append(ops.tanh((likelihoods[k] - likelihoods[0]) / 4) if k else ops.tanh(likelihoods[0] / 8))
            companded = self.companded(guesses[k])
            slower, curve = ops.ones_like(companded), companded
            for _ in range(CHEBYSHEV):
                inputs.append(curve)
                slower, curve = curve, 2 * companded * curve - slower
        inputs = ops.concatenate([ops.stack(inputs, axis=-1), excitation, ops.abs(excitation)], axis=-1)
        return ops.matmul(ops.cast(inputs, self.compute_dtype), self.input_kernel)

    def companded(self, sample):
        """A sample's position among the codes: -1 (the lowest) .. 1."""
        sample = ops.clip(sample, -1.0, 1.0)
        if self.mu:
            sample = ops.sign(sample) * ops.log1p(self.mu * ops.abs(sample)) / math.log1p(self.mu)
        return sample

    def least_scale(self, guess):
        """See linear_prediction.py."""
        distance, (slope, at_zero) = ops.abs(guess), self.half_step
        return ops.where(distance < at_zero, SILENT_SCALE, LEAST_SCALE) * (slope * ops.minimum(distance, 1.0) + at_zero)

    def surprise(self, guesses, likelihoods):
        """The probability of each code if no guess is right, (..., levels): a Cauchy distribution about their mean.

        It is wide, so a sound can begin where silence was expected, and falls off, so it seldom begins with a click.
        """
        codec, trust = self.settings.codec, ops.softmax(ops.stack(likelihoods, axis=-1), axis=-1)
        centre = self.companded(ops.sum(trust * ops.stack(guesses, axis=-1), axis=-1)) * codec.half + codec.centre
        width = codec.levels / NEARBY
        distance = (np.arange(codec.levels, dtype=np.float32) - centre[..., None]) / width
        return 1 / (math.pi * width) / (1 + distance * distance)

    def call(self, x, features, temperature=1.0):
        """The log probabilities of the codes in the mixture, (..., levels), from the last hidden vector, (..., dim).

        The temperature changes the choice of a guess and the probability of a surprise, not the scales of the guesses:
        they adapt to the sound, so narrower ones would take the breath out of a take within a second, and wider ones
        would let it grow without bound.
        """
        guesses, scales, likelihoods = self.parts(features)
        adjustments = ops.cast(ops.matmul(x, self.kernel) + self.bias, "float32")
        weights, means, inverse_scales = [], [], []
        for k in range(self.count):
            move, stretch, more = (adjustments[..., 3 * k + part] for part in range(3))
            scale = scales[k] * ops.exp(ops.clip(stretch, -MOST_STRETCH, MOST_STRETCH))
            means.append(guesses[k] + scales[k] * move)
            inverse_scales.append(1 / ops.maximum(scale, self.least_scale(guesses[k])))
            weights.append(more + likelihoods[k])
        weights = ops.softmax(ops.stack([*weights, adjustments[..., -2]], axis=-1) / temperature, axis=-1)
        inside = self.inside(ops.stack(means, axis=-1), ops.stack(inverse_scales, axis=-1), weights[..., :-1])
        probabilities = ops.maximum(inside + weights[..., -1:] / self.settings.levels, 0.0)  # against rounding
        surprise_probability = ops.sigmoid((adjustments[..., -1:] + math.log(SURPRISE)) / temperature)
        return ops.log(probabilities + surprise_probability * (self.surprise(guesses, likelihoods) - probabilities))


def _inside(edges):
    """The mass of a mixture of logistic distributions between edges, as a function with a custom gradient.

    It takes `mean`, `inverse_scale` and `weight`, all (..., guesses), and returns (..., edges - 1). A backend's
    automatic gradient passes through every edge several times and took half of a training step.
    """
    lines = np.stack([edges, np.ones_like(edges)], axis=1)

    def tails(mean, inverse_scale, k):
        """Whether each edge is above the mean of guess k, and the tail of the guess beyond it on that side."""
        place = (edges - mean[..., k : k + 1]) * inverse_scale[..., k : k + 1]
        return place > 0, ops.sigmoid(-ops.abs(place))

    @ops.custom_gradient
    def inside(mean, inverse_scale, weight):
        # The mass below each edge is `whole + part`: guesses with a lower mean in whole, less their tails above the
        # edge, and the tails below it of the others. Kept apart, differences are exact to float precision in both
        # tails.
        part = whole = 0.0
        for k in range(weight.shape[-1]):
            passed, tail = tails(mean, inverse_scale, k)
            share = weight[..., k : k + 1]
            part = part + share * ops.where(passed, -tail, tail)
            whole = whole + ops.where(passed, share, 0.0)

        def gradient(*arguments, upstream=None):
            upstream = arguments[0] if upstream is None else upstream
            nothing = ops.zeros_like(upstream[..., :1])
            # Gradient by the mass below each edge, which adds to the code before the edge and takes from the one after
            # it.
            below = ops.concatenate([nothing, upstream], axis=-1) - ops.concatenate([upstream, nothing], axis=-1)
            by_mean, by_narrow, by_weight = [], [], []
            for k in range(weight.shape[-1]):
                passed, tail = tails(mean, inverse_scale, k)
                by_weight.append(ops.sum(below * ops.where(passed, 1 - tail, tail), axis=-1))
                by_edge = ops.matmul(below * (tail * (1 - tail)), lines) * weight[..., k : k + 1]
                by_mean.append(-by_edge[..., 1] * inverse_scale[..., k])
                by_narrow.append(by_edge[..., 0] - by_edge[..., 1] * mean[..., k])
            return tuple(ops.stack(parts, axis=-1) for parts in (by_mean, by_narrow, by_weight))

        return part[..., 1:] - part[..., :-1] + (whole[..., 1:] - whole[..., :-1]), gradient

    return inside
