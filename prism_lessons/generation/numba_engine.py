"""The engine for CPUs: `sampling_loop.run` on a `CompiledModel`. It needs neither Keras nor TensorFlow."""

import os
import threading
import time
from contextlib import contextmanager, suppress

import numpy as np

from ..linear_prediction import moments_in, predictors_of
from ..settings import BOOK_ORDER
from . import sampling_loop
from .compiled_model import CompiledModel
from .state import State

MOST_CORES = 4
LEAST_WORK = 40_000  # multiplications in a step above which more cores may be worth their synchronisation
AGAIN = 32  # pieces after which the slower core count is tried again


class NumbaEngine:
    """Plays a model, or several mixed, on a CPU.

    Parameters
    ----------
    models
        A list of (`ModelSettings`, {weight name: float32 array}).
    half
        Store weights in half precision.
    """

    def __init__(self, models, half=False):
        self.model, self._predictors = CompiledModel(models, half), PredictorBuffers(models)
        self.codec = models[0][0].codec
        self.largest, self.asked = self.model.largest, self.model.asked
        self.moments, self.moment_labels = moments_of(models, self.codec)
        self._equal_weights = np.full(len(models), 1 / len(models), np.float32)
        self._cores = {}
        self._compile()

    def _compile(self):
        """Compile, or load from the cache, before the first sound and not in the middle of it."""
        first_frame = self.initial_state(1), *np.ones((2, self.largest, 1), np.float32)
        for _ in (sampling_loop.run_worker, sampling_loop.run):
            # Numba caches each once it is compiled. On a full disk it can be played, but is not cached.
            with suppress(OSError):
                self.play(*first_frame)
                break
        else:
            self.play(*first_frame)
        self._cores.clear()  # compile times say nothing about the speed of playing

    def initial_state(self, voices):
        """The state before the first sample: silence, and the model's learned initial state."""
        past = np.full((voices, self.largest), self.codec.centre, np.int32)
        recurrent = [np.tile(initial, (voices, 1)) for _, initial in self.model.states]
        return State(past, [*recurrent, *([self._predictors.begin(past)] if self._predictors.width else [])])

    def play(self, state, temperatures, draws, asked=None, mix=None):
        """Draw codes, see `engines.Engine`."""
        codes = np.zeros((len(state.past), len(draws)), np.int32)
        return self._run(sampling_loop.GENERATE, state, codes, asked, temperatures, draws, mix)[:2]

    def condition(self, state, codes, asked=None):
        """The state after these codes, see `engines.Engine`."""
        return self._run(sampling_loop.CONDITION, state, codes, asked)[1]

    def score(self, state, codes, asked=None, mix=None):
        """The logits of given codes, see `engines.Engine`."""
        _, state, scores = self._run(sampling_loop.SCORE, state, codes, asked, mix=mix)
        return scores.transpose(1, 0, 2), state

    def _run(self, mode, state, given, asked=None, temperatures=None, draws=None, mix=None):
        model, (voices, samples) = self.model, given.shape
        values = np.zeros((voices, model.width), np.float32)
        for (offset, initial), recurrent in zip(model.states, state.recurrent[: len(model.states)], strict=True):
            values[:, offset : offset + len(initial)] = recurrent
        codes = np.concatenate([state.past, given], axis=1, dtype=np.int32)
        temperatures, draws = (
            np.zeros((0, 0), np.float32) if array is None else np.ascontiguousarray(array, np.float32)
            for array in (temperatures, draws)
        )
        mix = np.tile(self._equal_weights, (samples, 1)) if mix is None else np.ascontiguousarray(mix, np.float32)
        if asked is None:
            asked = np.zeros((samples // self.largest, voices, self.asked))
        scores = np.zeros((samples, voices, model.levels) if mode == sampling_loop.SCORE else (0, 0, 0), np.float32)
        predictor_state = state.recurrent[-1].copy() if self._predictors.width else np.zeros((voices, 0))
        predictors = self._predictors.arrays(predictor_state, state.past, samples)
        arguments = (
            model.table,
            self.largest,
            np.arange(model.most_inputs, dtype=np.int32),
            np.zeros(model.most_inputs + 1, np.int32),
            sampling_loop.Arrays(model.weights, model.biases, model.rows, values, np.array(model.logits)),
            sampling_loop.Sampling(
                codes, temperatures, draws, mix, mode, scores, np.ascontiguousarray(asked, np.float32)
            ),
            predictors,
            np.zeros(sampling_loop.SHARED, np.int64),
        )
        step = model.smallest if mode == sampling_loop.CONDITION else 1
        if (mode, voices) not in self._cores:
            self._cores[mode, voices] = Cores(self._useful_cores(voices))
        with self._cores[mode, voices].timed(samples) as count:
            _run_on(count, (samples, step, model.sections), arguments)
        recurrent = [values[:, offset : offset + len(initial)].copy() for offset, initial in model.states]
        if self._predictors.width:
            recurrent.append(self._predictors.store(predictors))
        return codes[:, self.largest :], State(codes[:, -self.largest :].copy(), recurrent), scores

    def _useful_cores(self, voices):
        """How many cores the largest product can keep busy."""
        table = self.model.table
        products = table[table[:, sampling_loop.OPCODE] == sampling_loop.MATMUL]
        largest = (products[:, sampling_loop.INPUTS] * products[:, sampling_loop.PANELS]).max() * sampling_loop.PANEL
        return min(_available_cores(), MOST_CORES) if largest * voices >= LEAST_WORK else 1


class Cores:
    """One core or all of them: whichever was faster recently, since other programs may be using them too.

    The sound does not depend on it.
    """

    def __init__(self, most):
        self._seconds = dict.fromkeys({1, most})  # per sample, by the number of cores
        self._since = 0

    @contextmanager
    def timed(self, samples):
        """Yield how many cores to use for `samples` samples, and time the block."""
        count = min(self._seconds, key=lambda cores: self._seconds[cores] or 0)  # untried counts come first
        if self._since >= AGAIN:
            count, self._since = max(self._seconds, key=self._seconds.get), 0
        started = time.perf_counter()
        yield count
        self._seconds[count] = (time.perf_counter() - started) / samples
        self._since += 1


def _run_on(cores, steps, arguments):
    """Run `sampling_loop.run`, with a worker on each core but one."""
    shared = arguments[-1]
    shared[sampling_loop.TICKET] = sampling_loop.STOP
    sampling_loop.run_worker(*arguments)  # returns at once; compiles now, or the first worker would while others wait
    shared[sampling_loop.TICKET] = 0
    workers = [threading.Thread(target=sampling_loop.run_worker, args=arguments) for _ in range(cores - 1)]
    for worker in workers:
        worker.start()
    try:
        sampling_loop.run(*steps, bool(workers), LEAST_WORK, *arguments)
    finally:
        shared[sampling_loop.TICKET] = sampling_loop.STOP
        for worker in workers:
            worker.join()


def moments_of(models, codec):
    """The moments of the first model that has some, and their labels among what can be asked.

    Parameters
    ----------
    models
        A list of (`ModelSettings`, {weight name: array}).

    Returns
    -------
    Codes, int32, (moments, codes), and float32, (moments, numbers that can be asked).
    """
    sizes = [numbers_asked(settings) for settings, _ in models]
    for number, (settings, weights) in enumerate(models):
        if "moments" in weights:
            moments = moments_in(weights["moments"], codec)
            labels, place = np.zeros((len(moments), sum(sizes)), np.float32), sum(sizes[:number])
            if settings.labels:
                labels[:, place : place + len(settings.labels)] = weights["moment_labels"][: len(moments)]
            return moments, labels
    return np.zeros((0, 0), np.int32), np.zeros((0, sum(sizes)), np.float32)


def numbers_asked(settings):
    """How many numbers can be asked of a model: its labels and, with predictors, a level and a rise."""
    return len(settings.labels) + (2 if settings.guesses else 0)


def _available_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class PredictorBuffers:
    """The predictors of several models, and the arrays in which `sampling_loop.run` works on them.

    Parameters
    ----------
    models
        A list of (`ModelSettings`, {weight name: float32 array}).

    Attributes
    ----------
    width
        Size of one voice's state; 0 if no model has predictors.
    """

    def __init__(self, models):
        found = (predictors_of(settings, weights) for settings, weights in models)
        self._models = [predictors for predictors in found if predictors]
        self.width = sum(predictors.width for predictors in self._models)
        self._longest = max((predictors.longest for predictors in self._models), default=0)
        self._layouts, first, guess, book, begin = [], 0, 0, 0, 0
        for predictors in self._models:
            orders, filters = len(predictors.orders), predictors.constants[2].shape[1]
            end = begin + predictors.width
            self._layouts.append((first, first + orders, book, filters, predictors.count, guess, begin, end))
            first, guess, book, begin = first + orders, guess + predictors.count, book + filters * BOOK_ORDER, end
        self._guesses, self._filters = guess, book // BOOK_ORDER
        self._constants = self._concatenated()

    def _concatenated(self):
        constants = [predictors.constants for predictors in self._models]
        one = self._models[0] if self._models else None
        return {
            "layouts": np.array(self._layouts, np.int64).reshape(-1, 8),
            "orders": np.concatenate([np.zeros((0, 3), np.int64), *(each[0] for each in constants)]),
            "fades": np.concatenate([np.zeros(0), *(each[1] for each in constants)]),
            "books": np.concatenate([np.zeros(0, np.float32), *(each[2].ravel() for each in constants)]),
            "coding": one.constants[3] if one else np.zeros(4),
            "edges": one.edges if one else np.zeros(0),
            "edges32": one.edges.astype(np.float32) if one else np.zeros(0, np.float32),
            "decoded": one.decoded if one else np.zeros(0),
        }

    def begin(self, past):
        """The state of voices that continue the codes `past`, float64, shape (voices, width)."""
        return np.concatenate([model.begin(past[:, -model.context :]) for model in self._models], axis=1)

    def arrays(self, state, past, samples):
        """The `PredictorArrays` for some samples after the codes `past`; `state` is changed in place."""
        voices, origin = past.shape
        lead = max(0, self._longest - origin)
        sounds = np.zeros((voices if self._models else 0, lead + origin + samples))
        excitations = np.zeros((len(self._models), voices, origin + samples), np.float32)
        for model, (predictors, layout) in enumerate(zip(self._models, self._layouts, strict=True)):
            samples_before, excitation = predictors.history(state[:, layout[-2] : layout[-1]])
            sounds[:, lead + origin - samples_before.shape[1] : lead + origin] = samples_before
            excitations[model, :, origin - predictors.context : origin] = excitation
        order = self._longest + 1
        workspace = (
            np.zeros((len(sounds), order, order)),
            np.zeros((len(sounds), 2, order)),
            np.zeros((voices, self._filters), np.float32),
            np.zeros((voices, BOOK_ORDER), np.float32),
        )
        return sampling_loop.PredictorArrays(
            **self._constants,
            samples=sounds,
            excitations=excitations,
            state=state,
            guesses=np.zeros((voices, 3, self._guesses)),
            workspace=workspace,
        )

    def store(self, arrays):
        """The state after `sampling_loop.run`, with the latest samples and excitations stored in it."""
        for model, (predictors, layout) in enumerate(zip(self._models, self._layouts, strict=True)):
            state = arrays.state[:, layout[-2] : layout[-1]]
            predictors.store_history(state, arrays.samples, arrays.excitations[model])
        return arrays.state
