"""The predictors' mixture: its gradient, which is written by hand, is that of what it computes."""

import numpy as np
import pytest
from scipy.special import expit

from prism_lessons.backend import tf
from prism_lessons.linear_prediction import finite_edges
from prism_lessons.predictor_mixture import _inside
from prism_lessons.quantisation import Quantisation

GUESSES = 3


def in_numpy(edges, mean, narrow, weight):
    """What lies between the edges, float64, by its definition."""
    return sum(
        weight[:, k : k + 1] * np.diff(expit((edges - mean[:, k : k + 1]) * narrow[:, k : k + 1]), axis=1)
        for k in range(GUESSES)
    )


@pytest.mark.parametrize("kind", ["mu-law", "linear"])
def test_the_gradient_is_that_of_small_changes(kind):
    rng = np.random.default_rng(0)
    edges = finite_edges(Quantisation(kind=kind, levels=64))
    mean, narrow = rng.uniform(-0.9, 0.9, (20, GUESSES)), 1 / rng.uniform(0.02, 0.3, (20, GUESSES))
    weight = rng.dirichlet(np.ones(GUESSES), 20)
    upstream = rng.normal(size=(20, 64))
    arguments = [tf.constant(array, tf.float32) for array in (mean, narrow, weight)]
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        given = _inside(edges.astype(np.float32))(*arguments)
        total = tf.reduce_sum(given * tf.constant(upstream, tf.float32))
    np.testing.assert_allclose(given, in_numpy(edges, mean, narrow, weight), atol=1e-6)
    for place, gradient in enumerate(tape.gradient(total, arguments)):
        for k in range(GUESSES):
            sides = []
            for change in (1e-5, -1e-5):
                changed = [array.copy() for array in (mean, narrow, weight)]
                changed[place][:, k] += change
                sides.append(np.sum(in_numpy(edges, *changed) * upstream, axis=1))
            np.testing.assert_allclose(gradient[:, k], (sides[0] - sides[1]) / 2e-5, rtol=1e-3, atol=1e-4)
