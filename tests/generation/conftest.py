"""Models that were never trained but whose every weight counts, and what plays them."""

from functools import cache

import numpy as np
import pytest

from prism_lessons.capsule import Capsule
from prism_lessons.generation import engines
from prism_lessons.settings.model import ModelSettings, shapes_of

RATE = 16000


@cache
def _made(seed, sample_rate, settings):
    settings = ModelSettings(**{"frame_sizes": (4, 16), "dim": 12, "embedding": 6, **dict(settings)})
    chance, weights = np.random.default_rng(seed), {}
    for name, shape in shapes_of(settings).items():
        if name == "loudest":  # a level, not something learned
            weights[name] = np.full(shape, 0.5, np.float32)
            continue
        deviation = 0.3 if len(shape) == 1 else (2 / np.prod(shape[:-1])) ** 0.5
        weights[name] = chance.normal(0, deviation, shape).astype(np.float32)
        if name.endswith("/length"):  # of a column of a kernel, as the deviation above makes it
            weights[name] += np.float32(2**0.5)
    weights["sample_tier/output/kernel"] *= 3  # so that the model is rather sure of some codes
    if settings.guesses:
        # A trained model moves a guess by a few scales. By dozens, and each millionth in a move can be heard.
        weights["sample_tier/mixture/kernel"] *= 0.1
    return Capsule(settings, sample_rate, weights, {"run": f"made {seed}", "epoch": 1})


@pytest.fixture(scope="session")
def made():
    """A function that gives a `Capsule` with random weights, biases and initial states too; the same for a seed."""

    def make(seed=0, sample_rate=RATE, **settings):
        return _made(seed, sample_rate, tuple(settings.items()))

    return make


@pytest.fixture(scope="session")
def engine_of(made):
    """A function that gives one of the engines for what `made` makes; compiled once."""

    @cache
    def engine(name="numba", precision="single", **settings):
        return engines.of_capsules([made(**settings)], name, precision)

    return engine
