"""The engine for GPUs: the whole sampling loop inside one TensorFlow graph, compiled by XLA."""

import numpy as np

from ..backend import tf
from ..model import LOGITS_WINDOW, on_gpu, whole_frames
from .state import State


class TensorFlowEngine:
    """Plays a `SampleRNN`; its weights may change between calls.

    The first call for a number of voices and of samples compiles, which takes longer than a short take.
    """

    def __init__(self, model):
        self.model = model
        self.codec = model.settings.codec
        self.largest = model.settings.largest_frame
        # A GPU needs the loop as one kernel; a CPU runs it faster as a plain graph (docs/decisions.md).
        self._run = tf.function(self._piece, jit_compile=on_gpu())

    def begin(self, voices):
        """The state before the first sample, see `engines.Engine`."""
        past = np.full((voices, self.largest), self.codec.centre, np.int32)
        return State(past, [part.numpy() for part in self.model.initial_state(voices)])

    def play(self, state, temperatures, draws):
        """Draw codes, see `engines.Engine`."""
        temperatures, draws = (tf.constant(array, tf.float32) for array in (temperatures, draws))
        made, past, recurrent = self._run(
            tf.constant(state.past), state.recurrent, self.model.sample_tier.table(), temperatures, draws
        )
        return made.numpy(), State(past.numpy(), [part.numpy() for part in recurrent])

    def hear(self, state, codes):
        """The state after some codes have been taken in, see `engines.Engine`."""
        window = whole_frames(LOGITS_WINDOW, self.largest)
        for start in range(0, codes.shape[1], window):
            _, state = self.score(state, codes[:, start : start + window])
        return state

    def score(self, state, codes):
        """The logits of given codes, see `engines.Engine`."""
        codes = np.concatenate([state.past, codes], axis=1, dtype=np.int32)
        logits, recurrent = self.model.teacher_forced(codes, [tf.constant(part) for part in state.recurrent])
        return logits.numpy(), State(codes[:, -self.largest :], [part.numpy() for part in recurrent])

    def _piece(self, past, state, table, temperatures, draws):
        """Past codes (voices, largest frame), temperatures and draws (samples, voices) -> codes, new past and state."""
        by_tier, taken = [], 0
        for tier in self.model.tiers:
            by_tier.append(state[taken : taken + len(tier.initial)])
            taken += len(tier.initial)
        made = tf.TensorArray(tf.int32, size=draws.shape[0], element_shape=past.shape[:1])
        _, past, by_tier, made = self._frames(0, None, (0, past, by_tier, made), table, temperatures, draws)
        return tf.transpose(made.stack()), past, [part for parts in by_tier for part in parts]

    def _frames(self, level, above, carried, table, temperatures, draws):
        """All that happens below one vector of the tier above: loop over this tier's frames, each of them inside out.

        `above` holds the vectors for these frames, (voices, frames, dim); None above the slowest tier. `carried` is
        (samples made so far, past codes, states by tier, codes made).
        """
        tiers = self.model.tiers
        if level == len(tiers):
            return self._samples(above, carried, table, temperatures, draws)
        tier = tiers[level]
        frames = draws.shape[0] // tier.frame_size if above is None else above.shape[1]

        def frame(number, carried):
            made, past, by_tier, codes = carried
            here = None if above is None else above[:, number][:, None]
            vectors, new_state = tier(past[:, self.largest - tier.frame_size :], here, by_tier[level])
            by_tier = [*by_tier[:level], new_state, *by_tier[level + 1 :]]
            return number + 1, self._frames(
                level + 1, vectors, (made, past, by_tier, codes), table, temperatures, draws
            )

        _, carried = tf.while_loop(lambda number, _: number < frames, frame, (0, carried))
        return carried

    def _samples(self, above, carried, table, temperatures, draws):
        """Decide the samples of one fastest frame, one after the other."""
        tier = self.model.sample_tier
        places = tf.range(tier.frame_size) * self.model.settings.levels
        begun, past, by_tier, codes = carried

        def sample(number, past, codes):
            rows = tf.gather(table, past[:, self.largest - tier.frame_size :] + places)
            logits = tier.decide(tf.reduce_sum(rows, axis=1), above[:, number])
            heights = tf.cumsum(tf.nn.softmax(logits / temperatures[begun + number][:, None]), axis=1)
            drawn = draws[begun + number][:, None] * heights[:, -1:]
            code = tf.reduce_sum(tf.cast(heights <= drawn, tf.int32), axis=1)
            # A draw may round up to the total height.
            code = tf.minimum(code, self.model.settings.levels - 1)
            return number + 1, tf.concat([past[:, 1:], code[:, None]], axis=1), codes.write(begun + number, code)

        _, past, codes = tf.while_loop(lambda number, *_: number < tier.frame_size, sample, (0, past, codes))
        return begun + tier.frame_size, past, by_tier, codes
