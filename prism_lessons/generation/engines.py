"""Which engine plays a model: Numba's on a CPU, TensorFlow's on a GPU.

Both draw from the same probabilities and give the same codes, except where rounding tips a draw to the next code.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ..errors import CourseError, as_given
from .numba_engine import NumbaEngine

ENGINES = ("numba", "tensorflow")
PRECISIONS = ("single", "half")
MOST_TABLE = 4e9  # bytes: the look-up table with a row for each code at each place of the smallest frame


class Engine(Protocol):
    """The interface of an engine. Codes are int32, shape (voices, samples); samples come in whole largest frames.

    Attributes
    ----------
    codec
        The `Quantisation` of its codes.
    largest
        The largest frame, in samples; for several models, the least common multiple of theirs.
    asked
        How many numbers `play` can be given for a voice: for one model after the other, the share of each label,
        0 .. 1 (all 0: any), then, with predictors, the level to head for, RMS, full scale is 1 (0: none), and
        the power of the rises from sample to sample beside that of the samples (0: any).
    moments
        Codes of recordings from which takes may begin, shape (moments, codes), from the first model that has some.
    moment_labels
        For each moment, numbers as in `asked`, 1 for its label and 0 elsewhere: float32, (moments, numbers).
    """

    def initial_state(self, voices):
        """The `State` before the first sample: silence, and the model's learned initial state."""

    def condition(self, state, codes, asked=None):
        """The `State` after these codes; `asked` as for `play`."""

    def play(self, state, temperatures, draws, asked=None):
        """Draw codes: temperatures and draws (0 .. 1) are float32, shape (samples, voices) -> codes, new `State`.

        `asked` is float32, (largest frames, voices, numbers); all 0 if not given.
        Numba's also takes `mix`, shape (samples, models): the weight of each model.
        """

    def score(self, state, codes, asked=None):
        """The logits of given codes, float32, shape (voices, samples, levels), and the new `State`."""


def choose(engine=None, settings=()):
    """The name of the engine for models with these `ModelSettings` on this machine, unless one is given.

    Predictors are compiled for the CPU; a graphics card would have to call them for each sample, which is slower.

    Raises
    ------
    CourseError
        When there is no engine of that name.
    """
    if engine is not None and not (isinstance(engine, str) and engine in ENGINES):
        raise CourseError(f'There is no engine {as_given(engine)}: choose "numba" for a CPU or "tensorflow" for a GPU.')
    predictors = any(one.guesses for one in settings)
    return engine or ("numba" if predictors or not _gpu() else "tensorflow")


def check_precision(precision):
    """Raise a `CourseError` if a precision is not one of PRECISIONS."""
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise CourseError(f'There is no precision {as_given(precision)} for playing: choose "single" or "half".')


def _gpu():
    """Whether TensorFlow sees a GPU; asking takes seconds, so it is done only if the system lists a card."""
    if not (any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()):
        return False
    from ..model import on_gpu

    return on_gpu()


def _check(settings):
    """Refuse a model whose look-up table would fill the memory: even a small file can need many gigabytes."""
    if settings.frame_sizes[0] * settings.levels * settings.dim * 4 > MOST_TABLE:
        raise CourseError(
            f"A model with a smallest frame of {settings.frame_sizes[0]}, {settings.levels} levels and a size of "
            f"{settings.dim} needs more than {MOST_TABLE / 1e9:g} GB to be played: make one of these three smaller."
        )


def of_model(model):
    """The engine for a `SampleRNN` with its current weights.

    Raises
    ------
    CourseError
        When the model is too large to be played.
    """
    _check(model.settings)
    if choose(settings=[model.settings]) == "tensorflow":
        return _tensorflow(model)
    return NumbaEngine([(model.settings, {name: weight.numpy() for name, weight in model.weights_by_name().items()})])


def of_capsules(capsules, engine=None, precision="single"):
    """The engine for a `Capsule`, or for several whose logits are mixed.

    Parameters
    ----------
    capsules
        A list of them, with the same kind of codes.
    engine
        One of ENGINES, or None: see `choose`.
    precision
        One of PRECISIONS, for the weights in Numba's engine. With "half", which reads half the bytes, logits change by
        0.0002 to 0.0006 of their range (tests/generation/test_engines.py holds them to 0.002).

    Raises
    ------
    CourseError
        For an unknown name, when TensorFlow's engine is asked for what only Numba's can do, and when a model is too
        large to be played.
    """
    check_precision(precision)
    for capsule in capsules:
        _check(capsule.settings)
    if choose(engine, [capsule.settings for capsule in capsules]) == "numba":
        return _numba(_Same(tuple(capsule.digest for capsule in capsules), capsules), precision == "half")
    if len(capsules) > 1 or precision == "half":
        raise CourseError('Mixing models and half precision are for the engine "numba": ask for that one.')
    return _tensorflow(capsules[0].model)


@dataclass(frozen=True)
class _Same:
    """Capsules that compare equal if their weights do."""

    digests: tuple
    capsules: list = field(compare=False)


@lru_cache(maxsize=4)
def _numba(same, half):
    return NumbaEngine([(capsule.settings, capsule.weights) for capsule in same.capsules], half)


@lru_cache(maxsize=4)
def _tensorflow(model):
    from .tensorflow_engine import TensorFlowEngine

    return TensorFlowEngine(model)
