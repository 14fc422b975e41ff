"""The compiled batch engine: many voices at once, the whole sampling loop inside one graph.

Every voice draws its samples with random numbers of its own, made from a seed and a number: the same pair gives the
same take, up to rounding, however many other voices sound beside it.
"""

import numpy as np

from ..backend import tf
from ..model import on_gpu

CHUNK = 4096  # samples made by one call of the graph, rounded to whole frames


def chances(seed, voices):
    """What each voice draws from: (seed, 0), (seed, 1) and so on; from a list of seeds, the first voice of each.

    A pair (seed, voice) in the list, voices from 0, stands for itself.
    """
    if isinstance(seed, (list, tuple)):
        return [one if isinstance(one, tuple) else (one, 0) for one in seed]
    return [(seed, voice) for voice in range(voices)]


class Engine:
    """Makes codes with a model, chunk after chunk.

    Parameters
    ----------
    model
        A `SampleRNN`; its weights may change between takes.
    """

    def __init__(self, model):
        self.model = model
        self.largest = model.settings.largest_frame
        self.chunk = max(1, CHUNK // self.largest) * self.largest
        # A GPU needs the loop as one kernel; a CPU runs it faster as a plain graph (decisions.md).
        self._run = tf.function(self._chunk, jit_compile=on_gpu())

    def codes(self, samples, temperatures, seed):
        """Make some samples with each voice, from the learned initial state and silence.

        Parameters
        ----------
        samples
            How many, exactly.
        temperatures
            Shape (voices,), above 0.
        seed
            Int, or a list with an int or a pair for each voice: see `chances`.

        Yields
        ------
        int32 codes, shape (voices, up to one chunk), until there are `samples` of each voice.
        """
        temperatures = tf.constant(temperatures, tf.float32)
        voices = len(temperatures)
        drawing = [np.random.default_rng(pair) for pair in chances(seed, voices)]
        past = tf.fill((voices, self.largest), self.model.settings.codec.centre)
        state = self.model.initial_state(voices)
        table = self.model.sample_tier.table()
        for start in range(0, samples, self.chunk):
            draws = np.stack([chance.random(self.chunk, np.float32) for chance in drawing], axis=1)
            made, past, state = self._run(past, state, table, temperatures, draws)
            yield made.numpy()[:, : samples - start]

    def _chunk(self, past, state, table, temperatures, draws):
        """One chunk: past codes (voices, largest frame) and draws (chunk, voices) -> codes, new past, new state."""
        by_tier, taken = [], 0
        for tier in self.model.tiers:
            by_tier.append(state[taken : taken + len(tier.initial)])
            taken += len(tier.initial)
        made = tf.TensorArray(tf.int32, size=self.chunk, element_shape=past.shape[:1])
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
        frames = self.chunk // tier.frame_size if above is None else above.shape[1]

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
            heights = tf.cumsum(tf.nn.softmax(logits / temperatures[:, None]), axis=1)
            drawn = draws[begun + number][:, None] * heights[:, -1:]
            code = tf.reduce_sum(tf.cast(heights <= drawn, tf.int32), axis=1)
            # A draw may round up to the total height.
            code = tf.minimum(code, self.model.settings.levels - 1)
            return number + 1, tf.concat([past[:, 1:], code[:, None]], axis=1), codes.write(begun + number, code)

        _, past, codes = tf.while_loop(lambda number, *_: number < tier.frame_size, sample, (0, past, codes))
        return begun + tier.frame_size, past, by_tier, codes
