"""The engine for GPUs: the whole sampling loop inside one TensorFlow graph, compiled by XLA."""

import numpy as np

from ..backend import tf
from ..model import LOGITS_WINDOW, on_gpu, whole_frames
from .numba_engine import moments_of, numbers_asked
from .state import State


class TensorFlowEngine:
    """Plays a `SampleRNN`; its weights may change between calls.

    The first call with a new number of voices or samples compiles, which takes longer than a short take.
    """

    def __init__(self, model):
        self.model = model
        self.codec = model.settings.codec
        self.largest, self.asked = model.settings.largest_frame, numbers_asked(model.settings)
        taken = {name: weight for name, weight in model.weights_by_name().items() if name.startswith("moment")}
        moments = [(model.settings, {name: weight.numpy() for name, weight in taken.items()})]
        self.moments, self.moment_labels = moments_of(moments, self.codec)
        self._predictors, self._predictor_state = model.predictors, None
        # A GPU needs the loop as one kernel; a CPU runs it faster as a plain graph (docs/decisions.md). Predictors are
        # compiled by Numba, and calls to them cannot be part of a kernel.
        self._run = tf.function(self._piece, jit_compile=on_gpu() and not self._predictors)

    def initial_state(self, voices):
        """The state before the first sample, see `engines.Engine`."""
        past = np.full((voices, self.largest), self.codec.centre, np.int32)
        recurrent = [part.numpy() for part in self.model.initial_state(voices)]
        return State(past, recurrent + ([self._predictors.begin(past)] if self._predictors else []))

    def play(self, state, temperatures, draws, asked=None):
        """Draw codes, see `engines.Engine`."""
        temperatures, draws = (tf.constant(array, tf.float32) for array in (temperatures, draws))
        labels = self._labels(asked)
        recurrent, excitation = self._parts(state)
        past, table = (tf.constant(state.past), *excitation), self.model.sample_tier.table()
        codes, past, recurrent = self._run(past, recurrent, table, temperatures, draws, labels)
        return codes.numpy(), self._state(past.numpy(), recurrent)

    def _labels(self, asked):
        """The labels among what is asked, float32, (largest frames, voices, labels); None for any.

        This engine cannot head for a level.
        """
        count = len(self.model.settings.labels)
        return None if asked is None or not count else tf.constant(asked[..., :count], tf.float32)

    def _parts(self, state):
        """The recurrent part of a `State`, and with predictors the excitations of its past, in a list."""
        if not self._predictors:
            return state.recurrent, []
        *recurrent, self._predictor_state = state.recurrent
        return recurrent, [tf.constant(self._predictors.history(self._predictor_state)[1], tf.float32)]

    def _state(self, past, recurrent):
        return State(past, [part.numpy() for part in recurrent] + ([self._predictor_state] if self._predictors else []))

    def condition(self, state, codes, asked=None):
        """The state after these codes, see `engines.Engine`."""
        window = whole_frames(LOGITS_WINDOW, self.largest)
        for start in range(0, codes.shape[1], window):
            frames = slice(start // self.largest, (start + window) // self.largest)
            _, state = self.score(state, codes[:, start : start + window], None if asked is None else asked[frames])
        return state

    def score(self, state, codes, asked=None):
        """The logits of given codes, see `engines.Engine`."""
        codes = np.concatenate([state.past, codes], axis=1, dtype=np.int32)
        (recurrent, _), features = self._parts(state), None
        if self._predictors:
            features, self._predictor_state = self._predictors.follow(codes[:, self.largest :], self._predictor_state)
        labels = self._labels(asked)
        if labels is not None:
            labels = tf.transpose(labels, (1, 0, 2))  # the model's voices come first
        recurrent = [tf.constant(part) for part in recurrent]
        logits, recurrent = self.model.teacher_forced(codes, recurrent, features, labels)
        return logits.numpy(), self._state(codes[:, -self.largest :], recurrent)

    def _piece(self, past, state, table, temperatures, draws, labels):
        """Past, state, temperatures, draws (samples, voices) and labels -> codes, new past, new state.

        The past is a tuple: codes and, with predictors, excitations, each (voices, largest frame).
        """
        states, offset = [], 0
        for tier in self.model.tiers:
            states.append(state[offset : offset + len(tier.initial)])
            offset += len(tier.initial)
        codes = tf.TensorArray(tf.int32, size=draws.shape[0], element_shape=past[0].shape[:1])
        drawing = table, temperatures, draws
        _, (past, *_), states, codes = self._frames(0, None, (0, past, states, codes), drawing, labels)
        return tf.transpose(codes.stack()), past, [part for parts in states for part in parts]

    def _frames(self, level, above, loop_state, drawing, labels):
        """Loop over this tier's frames within one vector of the tier above and, within each, over the tiers below.

        `above` holds the vectors for these frames, (voices, frames, dim); None above the slowest tier. `loop_state` is
        (samples drawn so far, past codes and excitations, states by tier, codes drawn), `drawing` is (table,
        temperatures, draws), and `labels` are those of the slowest tier's frames, below it those of one frame.
        """
        tiers = self.model.tiers
        if level == len(tiers):
            return self._samples(above, loop_state, drawing, labels)
        tier = tiers[level]
        frames = drawing[-1].shape[0] // tier.frame_size if above is None else above.shape[1]

        def frame(number, loop_state):
            done, past, states, codes = loop_state
            here = None if above is None else above[:, number][:, None]
            told = labels if labels is None or level else labels[number][:, None]
            if self._predictors and told is not None and not level:
                told = self._kept(told, past[1])
            frame_codes, *excitation = (part[:, self.largest - tier.frame_size :] for part in past)
            vectors, new_state = tier(
                frame_codes, here, states[level], excitation=excitation[0] if excitation else None, labels=told
            )
            states = [*states[:level], new_state, *states[level + 1 :]]
            return number + 1, self._frames(level + 1, vectors, (done, past, states, codes), drawing, told)

        _, loop_state = tf.while_loop(lambda number, _: number < frames, frame, (0, loop_state))
        return loop_state

    def _samples(self, above, loop_state, drawing, labels):
        """Draw the samples of one frame of the fastest tier, one after the other."""
        tier, (table, temperatures, draws) = self.model.sample_tier, drawing
        above = tier.labelled(above, labels)
        offsets = tf.range(tier.frame_size) * self.model.settings.levels
        done, past, states, codes = loop_state

        def sample(number, past, codes):
            past, *excitation = past
            vectors, features = tf.reduce_sum(tf.gather(table, past[:, -tier.frame_size :] + offsets), axis=1), None
            if self._predictors:
                features = self._predicted(past, excitation[0])
                vectors = vectors + tier.mixture.input_vector(features, excitation[0][:, -tier.frame_size :])
            temperature = temperatures[done + number][:, None]
            logits = tier.decide(vectors, above[:, number], features=features, temperature=temperature)
            cumulative = tf.cumsum(tf.nn.softmax(logits), axis=1)
            target = draws[done + number][:, None] * cumulative[:, -1:]
            code = tf.reduce_sum(tf.cast(cumulative <= target, tf.int32), axis=1)
            # A draw may round up to the total.
            code = tf.minimum(code, self.model.settings.levels - 1)
            past = tf.concat([past[:, 1:], code[:, None]], axis=1)
            if self._predictors:
                excitation = [tf.concat([excitation[0][:, 1:], self._adapted(code)], axis=1)]
            return number + 1, (past, *excitation), codes.write(done + number, code)

        _, past, codes = tf.while_loop(lambda number, *_: number < tier.frame_size, sample, (0, past, codes))
        return done + tier.frame_size, past, states, codes

    def _predicted(self, past, excitation):
        """The predictors' features of the next sample, (voices, 3 * guesses).

        `excitation` is an input only for order: predictors must adapt to the last sample first.
        """

        def predicted(past, _):
            # Any known code will do: the features of a sample do not depend on its code.
            return self._predictors.follow(past[:, -1:], self._predictor_state)[0][:, -1, :-1]

        features = tf.numpy_function(predicted, [past, excitation], tf.float32)
        return tf.ensure_shape(features, (past.shape[0], 3 * self._predictors.count))

    def _kept(self, labels, excitation):
        """Let the predictors keep to the levels of labels, (voices, 1, labels); returns these, and see `_predicted`."""

        def kept(labels, _):
            self._predictors.keep_levels(self._predictor_state, labels[:, 0])
            return labels

        return tf.ensure_shape(tf.numpy_function(kept, [labels, excitation], tf.float32), labels.shape)

    def _adapted(self, code):
        """Adapt the predictors to codes, (voices,); returns the prediction errors, (voices, 1)."""

        def excitation(code):
            features, self._predictor_state = self._predictors.follow(code[:, None], self._predictor_state)
            return features[:, -1:, -1]

        return tf.ensure_shape(tf.numpy_function(excitation, [code], tf.float32), (code.shape[0], 1))
