"""The engine for CPUs: `compiled.perform` on a model's programme. It needs neither Keras nor TensorFlow."""

import os
import threading
import time
from contextlib import contextmanager, suppress

import numpy as np

from ..prediction import moments_in
from . import compiled
from .listening import Listeners
from .programme import Programme
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
        Keep weights in half precision.
    """

    def __init__(self, models, half=False):
        self.programme, self._listeners = Programme(models, half), Listeners(models)
        self.codec = models[0][0].codec
        self.largest = self.programme.largest
        kept = [weights["moments"] for _, weights in models if "moments" in weights]
        self.moments = moments_in(kept[0] if kept else np.zeros((0, 0)), self.codec)
        self._shares = np.full(len(models), 1 / len(models), np.float32)
        self._cores = {}
        self._compile()

    def _compile(self):
        """Compile, or load from the cache, before the first sound and not in the middle of it."""
        first_sound = self.begin(1), *np.ones((2, self.largest, 1), np.float32)
        for _ in (compiled.help_out, compiled.perform):
            # Numba caches each once it is compiled. On a full disk it can be played, but is not cached.
            with suppress(OSError):
                self.play(*first_sound)
                break
        else:
            self.play(*first_sound)
        self._cores.clear()  # compile times say nothing about the pace of playing

    def begin(self, voices):
        """The state before the first sample: silence, and the model's learned initial state."""
        past = np.full((voices, self.largest), self.codec.centre, np.int32)
        recurrent = [np.tile(initial, (voices, 1)) for _, initial in self.programme.states]
        return State(past, [*recurrent, *([self._listeners.begin(past)] if self._listeners.width else [])])

    def play(self, state, temperatures, draws, mix=None):
        """Draw codes, see `engines.Engine`."""
        codes = np.zeros((len(state.past), len(draws)), np.int32)
        return self._perform(compiled.PLAY, state, codes, temperatures, draws, mix)[:2]

    def hear(self, state, codes):
        """The state after these codes, see `engines.Engine`."""
        return self._perform(compiled.WARM, state, codes)[1]

    def score(self, state, codes, mix=None):
        """The logits of given codes, see `engines.Engine`."""
        _, state, scores = self._perform(compiled.SCORE, state, codes, mix=mix)
        return scores.transpose(1, 0, 2), state

    def _perform(self, mode, state, given, temperatures=None, draws=None, mix=None):
        programme, (voices, samples) = self.programme, given.shape
        values = np.zeros((voices, programme.width), np.float32)
        held_by_tiers = state.recurrent[: len(programme.states)]
        for (place, initial), held in zip(programme.states, held_by_tiers, strict=True):
            values[:, place : place + len(initial)] = held
        codes = np.concatenate([state.past, given], axis=1, dtype=np.int32)
        nothing = np.zeros((0, 0), np.float32)
        temperatures, draws = (
            nothing if array is None else np.ascontiguousarray(array, np.float32) for array in (temperatures, draws)
        )
        mix = np.tile(self._shares, (samples, 1)) if mix is None else np.ascontiguousarray(mix, np.float32)
        scores = np.zeros((samples, voices, programme.levels) if mode == compiled.SCORE else (0, 0, 0), np.float32)
        everything = np.arange(programme.most_inputs, dtype=np.int32)
        found = np.zeros(programme.most_inputs + 1, np.int32)
        stores = (programme.weights, programme.plain, programme.rows, values, np.array(programme.logits))
        playing = (codes, temperatures, draws, mix, mode, scores)
        known = state.recurrent[-1].copy() if self._listeners.width else np.zeros((voices, 0))
        listening = self._listeners.room(known, state.past, samples)
        common = (
            programme.table,
            self.largest,
            everything,
            found,
            stores,
            playing,
            listening,
            np.zeros(compiled.SHARED, np.int64),
        )
        step = programme.smallest if mode == compiled.WARM else 1
        if (mode, voices) not in self._cores:
            self._cores[mode, voices] = Cores(self._useful_cores(voices))
        with self._cores[mode, voices].timed(samples) as count:
            _together(count, (samples, step, programme.sections), common)
        recurrent = [values[:, place : place + len(initial)].copy() for place, initial in programme.states]
        if self._listeners.width:
            recurrent.append(self._listeners.leave(listening))
        return codes[:, self.largest :], State(codes[:, -self.largest :].copy(), recurrent), scores

    def _useful_cores(self, voices):
        """How many cores the largest product can keep busy."""
        table = self.programme.table
        products = table[table[:, compiled.KIND] == compiled.PRODUCT]
        work = (products[:, compiled.INPUTS] * products[:, compiled.PANELS]).max() * compiled.PANEL * voices
        return min(_there(), MOST_CORES) if work >= LEAST_WORK else 1


class Cores:
    """One core or all of them: whichever was faster recently, since other programs may be using them too.

    The sound does not depend on it.
    """

    def __init__(self, most):
        self._pace = dict.fromkeys({1, most})  # seconds for a sample
        self._since = 0

    @contextmanager
    def timed(self, samples):
        """Yield how many cores to use for `samples` samples, and time the block."""
        count = min(self._pace, key=lambda cores: self._pace[cores] or 0)  # untried counts come first
        if self._since >= AGAIN:
            count, self._since = max(self._pace, key=self._pace.get), 0
        begun = time.perf_counter()
        yield count
        self._pace[count] = (time.perf_counter() - begun) / samples
        self._since += 1


def _together(cores, what, common):
    """Run `compiled.perform`, with a helper on each core but one."""
    shared = common[-1]
    shared[compiled.TICKET] = compiled.OVER
    compiled.help_out(*common)  # returns at once; compiles now, or the first helper would while others wait
    shared[compiled.TICKET] = 0
    helpers = [threading.Thread(target=compiled.help_out, args=common) for _ in range(cores - 1)]
    for helper in helpers:
        helper.start()
    try:
        compiled.perform(*what, bool(helpers), LEAST_WORK, *common)
    finally:
        shared[compiled.TICKET] = compiled.OVER
        for helper in helpers:
            helper.join()


def _there():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
