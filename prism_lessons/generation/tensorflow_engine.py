"""The engine for GPUs: the whole sampling loop inside one TensorFlow graph, compiled by XLA."""

import numpy as np

from ..backend import tf
from ..model import LOGITS_WINDOW, on_gpu, whole_frames
from ..prediction import moments_in
from .state import State


class TensorFlowEngine:
    """Plays a `SampleRNN`; its weights may change between calls.

    The first call with a new number of voices or samples compiles, which takes longer than a short take.
    """

    def __init__(self, model):
        self.model = model
        self.codec = model.settings.codec
        self.largest = model.settings.largest_frame
        self.moments = moments_in(model.moments.numpy() if model.settings.book else np.zeros((0, 0)), self.codec)
        self._predictors, self._following = model.predictors, None
        # A GPU needs the loop as one kernel; a CPU runs it faster as a plain graph (docs/decisions.md). Predictors are
        # compiled by Numba, and calls to them cannot be part of a kernel.
        self._run = tf.function(self._piece, jit_compile=on_gpu() and not self._predictors)

    def begin(self, voices):
        """The state before the first sample, see `engines.Engine`."""
        past = np.full((voices, self.largest), self.codec.centre, np.int32)
        recurrent = [part.numpy() for part in self.model.initial_state(voices)]
        return State(past, recurrent + ([self._predictors.begin(past)] if self._predictors else []))

    def play(self, state, temperatures, draws):
        """Draw codes, see `engines.Engine`."""
        temperatures, draws = (tf.constant(array, tf.float32) for array in (temperatures, draws))
        recurrent, missed = self._parts(state)
        past = (tf.constant(state.past), *missed)
        made, past, recurrent = self._run(past, recurrent, self.model.sample_tier.table(), temperatures, draws)
        return made.numpy(), self._state(past.numpy(), recurrent)

    def _parts(self, state):
        """The recurrent part of a `State`, and with predictors the excitations of its past, in a list."""
        if not self._predictors:
            return state.recurrent, []
        *recurrent, self._following = state.recurrent
        return recurrent, [tf.constant(self._predictors.remembers(self._following)[1], tf.float32)]

    def _state(self, past, recurrent):
        return State(past, [part.numpy() for part in recurrent] + ([self._following] if self._predictors else []))

    def hear(self, state, codes):
        """The state after these codes, see `engines.Engine`."""
        window = whole_frames(LOGITS_WINDOW, self.largest)
        for start in range(0, codes.shape[1], window):
            _, state = self.score(state, codes[:, start : start + window])
        return state

    def score(self, state, codes):
        """The logits of given codes, see `engines.Engine`."""
        codes = np.concatenate([state.past, codes], axis=1, dtype=np.int32)
        (recurrent, _), features = self._parts(state), None
        if self._predictors:
            features, self._following = self._predictors.follow(codes[:, self.largest :], self._following)
        logits, recurrent = self.model.teacher_forced(codes, [tf.constant(part) for part in recurrent], features)
        return logits.numpy(), self._state(codes[:, -self.largest :], recurrent)

    def _piece(self, past, state, table, temperatures, draws):
        """Past, temperatures and draws (samples, voices) -> codes, the last of the past, and new state.

        The past is a tuple: codes and, with predictors, excitations, each (voices, largest frame).
        """
        by_tier, taken = [], 0
        for tier in self.model.tiers:
            by_tier.append(state[taken : taken + len(tier.initial)])
            taken += len(tier.initial)
        made = tf.TensorArray(tf.int32, size=draws.shape[0], element_shape=past[0].shape[:1])
        _, (past, *_), by_tier, made = self._frames(0, None, (0, past, by_tier, made), table, temperatures, draws)
        return tf.transpose(made.stack()), past, [part for parts in by_tier for part in parts]

    def _frames(self, level, above, carried, table, temperatures, draws):
        """Loop over this tier's frames within one vector of the tier above and, within each, over the tiers below.

        `above` holds the vectors for these frames, (voices, frames, dim); None above the slowest tier. `carried` is
        (samples made so far, past codes and excitations, states by tier, codes made).
        """
        tiers = self.model.tiers
        if level == len(tiers):
            return self._samples(above, carried, table, temperatures, draws)
        tier = tiers[level]
        frames = draws.shape[0] // tier.frame_size if above is None else above.shape[1]

        def frame(number, carried):
            made, past, by_tier, codes = carried
            here = None if above is None else above[:, number][:, None]
            heard, *missed = (part[:, self.largest - tier.frame_size :] for part in past)
            vectors, new_state = tier(heard, here, by_tier[level], excitation=missed[0] if missed else None)
            by_tier = [*by_tier[:level], new_state, *by_tier[level + 1 :]]
            return number + 1, self._frames(
                level + 1, vectors, (made, past, by_tier, codes), table, temperatures, draws
            )

        _, carried = tf.while_loop(lambda number, _: number < frames, frame, (0, carried))
        return carried

    def _samples(self, above, carried, table, temperatures, draws):
        """Draw the samples of one frame of the fastest tier, one after the other."""
        tier = self.model.sample_tier
        places = tf.range(tier.frame_size) * self.model.settings.levels
        begun, past, by_tier, codes = carried

        def sample(number, past, codes):
            past, *missed = past
            vectors, features = tf.reduce_sum(tf.gather(table, past[:, -tier.frame_size :] + places), axis=1), None
            if self._predictors:
                features = self._expected(past, missed[0])
                vectors = vectors + tier.mixture.hear(features, missed[0][:, -tier.frame_size :])
            temperature = temperatures[begun + number][:, None]
            logits = tier.decide(vectors, above[:, number], features=features, temperature=temperature)
            heights = tf.cumsum(tf.nn.softmax(logits), axis=1)
            drawn = draws[begun + number][:, None] * heights[:, -1:]
            code = tf.reduce_sum(tf.cast(heights <= drawn, tf.int32), axis=1)
            # A draw may round up to the total height.
            code = tf.minimum(code, self.model.settings.levels - 1)
            past = tf.concat([past[:, 1:], code[:, None]], axis=1)
            if self._predictors:
                missed = [tf.concat([missed[0][:, 1:], self._missed(code)], axis=1)]
            return number + 1, (past, *missed), codes.write(begun + number, code)

        _, past, codes = tf.while_loop(lambda number, *_: number < tier.frame_size, sample, (0, past, codes))
        return begun + tier.frame_size, past, by_tier, codes

    def _expected(self, past, missed):
        """The predictors' features of the next sample, (voices, 3 * guesses).

        `missed` is an input only for order: predictors must adapt to the last sample first.
        """

        def expected(past, _):
            # Any known code will do: the features of a sample do not depend on its code.
            return self._predictors.follow(past[:, -1:], self._following)[0][:, -1, :-1]

        features = tf.numpy_function(expected, [past, missed], tf.float32)
        return tf.ensure_shape(features, (past.shape[0], 3 * self._predictors.count))

    def _missed(self, code):
        """Adapt the predictors to codes, (voices,); returns the prediction errors, (voices, 1)."""

        def missed(code):
            features, self._following = self._predictors.follow(code[:, None], self._following)
            return features[:, -1:, -1]

        return tf.ensure_shape(tf.numpy_function(missed, [code], tf.float32), (code.shape[0], 1))
