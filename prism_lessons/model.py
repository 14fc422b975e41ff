"""SampleRNN (Mehri et al. 2017, https://arxiv.org/abs/1612.07837), top to bottom.

Codes go in, and a logit for each possible next code comes out. The slowest tier has the largest frames, and each tier
conditions the next faster one; the sample tier, at the bottom, predicts one code at a time:

    frames of 64 codes -> recurrent tier -> 4 vectors, one for each frame of 16
    frames of 16 codes -> recurrent tier -> 16 vectors, one for each sample
    the 16 codes before a sample -> sample tier -> logits of that sample

With predictors (linear_prediction.py), the model starts as adaptive linear prediction and learns the rest: their
predictions and errors are inputs, and its probabilities are a mixture of theirs, times its own.

With labels, all tiers are told which group of recordings the sound belongs to, as the share of each label, 0 .. 1; all
0 is any of them.

Recurrent state is passed to the call and returned by it: a list of arrays, shape (voices, dim), one (GRU) or two (LSTM:
h, c) for each layer of each tier, from slow to fast. Written in `keras.ops`, so any Keras backend runs it.
"""

import math

import numpy as np

from .backend import keras, ops, tf
from .errors import CourseError
from .linear_prediction import predictors_of
from .predictor_mixture import PredictorMixture
from .settings import BOOK_ORDER, MOMENT, shapes_of

LOGITS_WINDOW = 4096
CURVES = 64  # cosines mixed into the initial rows of the output kernel
# Dropout masks differ at each step but are shared by all voices: a mask for each voice takes a third of a training. The
# same mask at all steps (Gal and Ghahramani 2016) is as quick and showed no gain (decisions.md).
NOISE_SHAPE = (1, None, None)
RECENCY = 0.5  # initial weight of each sample in the sample tier's kernel, relative to the next one


class Linear(keras.layers.Layer):
    """A linear map of the last axis, with weight normalisation on request."""

    def __init__(self, units, weight_normalisation, activation=None, initializer="he_uniform", **kwargs):
        super().__init__(**kwargs)
        self.units, self.weight_normalisation, self.initializer = units, weight_normalisation, initializer
        self.activation = keras.activations.get(activation)

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer=self.initializer, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        if self.weight_normalisation:
            self.length = self.add_weight(shape=(self.units,), initializer="ones", name="length")
            self.length.assign(ops.norm(self.kernel, axis=0))

    def call(self, x):
        kernel = self.kernel
        if self.weight_normalisation:
            kernel = kernel * (self.length / ops.norm(kernel, axis=0))
        return self.activation(ops.matmul(x, kernel) + self.bias)


class Recurrent(keras.layers.Layer):
    """One GRU or LSTM layer with explicit state and a learned initial state.

    It wraps Keras's own layer, so that a GPU can use its fast kernel.
    """

    def __init__(self, cell, dim, **kwargs):
        super().__init__(**kwargs)
        self.cell, self.dim = cell, dim
        if cell == "gru":
            self.layer = keras.layers.GRU(
                dim, return_sequences=True, return_state=True, name="gru", dtype=self.dtype_policy
            )
        else:
            self.layer = keras.layers.LSTM(
                dim,
                return_sequences=True,
                return_state=True,
                unit_forget_bias=False,
                bias_initializer=_forget_bias,
                name="lstm",
                dtype=self.dtype_policy,
            )
        self.states = 1 if cell == "gru" else 2

    def build(self, shape):
        self.layer.build(shape)
        self.initial = [
            self.add_weight(shape=(self.dim,), initializer="zeros", name=name) for name in "hc"[: self.states]
        ]

    def call(self, x, state):
        """x, shape (voices, frames, features), and a list of states -> (voices, frames, dim), new states."""
        if x.shape[1] == 1:  # as in sampling: a loop of one step would only cost time
            x, state = self.layer.cell(x[:, 0], state)
            return x[:, None], list(state)
        x, *state = self.layer(x, initial_state=state if self.states == 2 else state[0])
        return x, state


def _forget_bias(shape, dtype=None):
    """LSTM biases as in the paper: the forget gate's 3, so that it begins by remembering; the others' 0."""
    units = shape[0] // 4
    return ops.concatenate([ops.zeros(units, dtype), 3 * ops.ones(units, dtype), ops.zeros(2 * units, dtype)])


class Labelled(keras.layers.Layer):
    """A layer whose vectors depend on the labels, if its model has any, by a linear map."""

    def build(self, _):
        shape = (len(self.settings.labels), self.settings.dim)
        # From zero on: a label means nothing until it has been learned.
        self.label = self.add_weight(shape=shape, initializer="zeros", name="label") if shape[0] else None

    def labelled(self, vectors, labels):
        """Vectors, (voices, steps, dim), with what labels, (voices, frames, labels), add; frames divide the steps."""
        if labels is None:
            return vectors
        added = ops.matmul(ops.cast(labels, self.compute_dtype), self.label)
        return vectors + ops.repeat(added, vectors.shape[1] // labels.shape[1], axis=1)


class Tier(Labelled):
    """A recurrent tier: one vector for each frame of the next faster tier (or for each sample, from the fastest)."""

    def __init__(self, settings, frame_size, steps_below, **kwargs):
        super().__init__(**kwargs)
        self.settings, self.frame_size, self.steps_below = settings, frame_size, steps_below
        linear = {"weight_normalisation": settings.weight_normalisation, "dtype": self.dtype_policy}
        # The layers' names, "hear" and so on, are those of the weights in capsules (`settings.shapes_of`).
        self.input_projection = Linear(settings.dim, name="hear", **linear)
        self.recurrent = [
            Recurrent(settings.cell, settings.dim, name=f"recurrent_{layer}", dtype=self.dtype_policy)
            for layer in range(settings.layers)
        ]
        self.dropout = keras.layers.Dropout(settings.dropout, NOISE_SHAPE, dtype=self.dtype_policy)
        self.output_projections = [
            Linear(settings.dim, name=f"speak_{layer}", **linear)
            for layer in range(settings.layers if settings.skip_connections else 0)
        ]
        self.upsample = Linear(steps_below * settings.dim, name="upsample", **linear)

    def build(self, shape):
        super().build(shape)
        dim = self.settings.dim
        # For each sample, its code and, with predictors, its excitation.
        self.input_projection.build((None, self.frame_size * (2 if self.settings.guesses else 1)))
        for layer, recurrent in enumerate(self.recurrent):
            recurrent.build((None, None, 2 * dim if layer and self.settings.skip_connections else dim))
        for projection in self.output_projections:
            projection.build((None, None, dim))
        self.upsample.build((None, None, dim))

    @property
    def initial(self):
        return [state for recurrent in self.recurrent for state in recurrent.initial]

    def call(self, codes, above, state, training=False, excitation=None, labels=None):
        """Process whole frames.

        Parameters
        ----------
        codes
            Shape (voices, frames * frame_size), int.
        above
            The slower tier's vectors, shape (voices, frames, dim), or None in the slowest.
        state
            This tier's list of states.
        excitation
            With predictors: the prediction error of each sample, shape as `codes`.
        labels
            The share of each label, (voices, frames, labels), or None for any; its frames divide this tier's.

        Returns
        -------
        Vectors, shape (voices, frames * steps_below, dim), and the new states.
        """
        levels, dim = self.settings.levels, self.settings.dim
        frames = codes.shape[1] // self.frame_size
        x = ops.cast(ops.reshape(codes, (-1, frames, self.frame_size)), self.compute_dtype)
        x = (x / (levels / 2) - 1) * 2
        if excitation is not None:
            excitation = ops.cast(ops.reshape(excitation, (-1, frames, self.frame_size)), self.compute_dtype)
            x = ops.concatenate([x, excitation], axis=-1)
        x = self.labelled(self.input_projection(x), labels)
        if above is not None:
            x = x + above
        inputs, new_state, outputs = x, [], []
        for layer, recurrent in enumerate(self.recurrent):
            if layer and self.settings.skip_connections:
                x = ops.concatenate([x, inputs], axis=-1)
            first = layer * recurrent.states
            x, layer_state = recurrent(x, state[first : first + recurrent.states])
            new_state += layer_state
            x = self.dropout(x, training=training)
            outputs.append(x)
        if self.settings.skip_connections:
            x = sum(projection(output) for projection, output in zip(self.output_projections, outputs, strict=True))
        return ops.reshape(self.upsample(x), (-1, frames * self.steps_below, dim)), new_state


def cosines(count, levels):
    """Cosines over the codes, from slow to fast, the fast ones smaller: shape (count, levels).

    Number k has k / 2 periods between the lowest and the highest code and amplitude 1 / sqrt(k). Mixtures of them are
    similar for neighbouring codes, so a model need not learn first that codes are ordered.
    """
    swings = 1 + np.arange(count) % (levels - 1)  # a faster cosine is an alias of a slower one
    places = (np.arange(levels) + 0.5) / levels
    return np.cos(np.pi * np.outer(swings, places)) / np.sqrt(swings)[:, None]


def _with_rms(array, deviation):
    return (array * (deviation / np.sqrt(np.mean(array**2)))).astype(np.float32)


def _smooth_embedding(shape, dtype=None):
    """An embedding, (levels, embedding), that varies smoothly with the code, with a mean square of 1."""
    levels, embedding = shape
    return ops.cast(_with_rms(cosines(embedding, levels).T, 1.0), dtype)


def _recent_first(shape, dtype=None):
    """A kernel (frame_size, embedding, dim) with He's variance, in which the last samples have the largest weights."""
    weight = RECENCY ** np.arange(shape[0])[::-1, None, None]
    white = ops.convert_to_numpy(keras.initializers.RandomNormal(stddev=1.0)(shape))
    return ops.cast(_with_rms(white * weight, math.sqrt(2 / (shape[0] * shape[1]))), dtype)


def _small_output(shape, dtype=None):
    """A tenth of `_smooth_output`, for a model that starts as its predictors."""
    return _smooth_output(shape, dtype) / 10


def _smooth_output(shape, dtype=None):
    """A kernel (dim, levels) whose logits vary smoothly with the code, with He's variance."""
    dim, levels = shape
    basis = cosines(min(CURVES, levels - 1), levels)
    mixture = ops.convert_to_numpy(keras.initializers.RandomNormal(stddev=1.0)((dim, len(basis))))
    return ops.cast(_with_rms(mixture @ basis, math.sqrt(2 / dim)), dtype)


class SampleTier(Labelled):
    """The bottom tier: from the codes just before a sample and the tiers above to the logits of that sample."""

    def __init__(self, settings, **kwargs):
        super().__init__(**kwargs)
        self.settings, self.frame_size = settings, settings.frame_sizes[0]
        linear = {"weight_normalisation": settings.weight_normalisation, "dtype": self.dtype_policy}
        self.hidden = [Linear(settings.dim, activation="relu", name=f"hidden_{i}", **linear) for i in range(2)]
        self.dropout = keras.layers.Dropout(settings.dropout, NOISE_SHAPE, dtype=self.dtype_policy)
        output = _small_output if settings.guesses else _smooth_output
        self.output_layer = Linear(settings.levels, initializer=output, name="output", **linear)
        self.mixture = PredictorMixture(settings, name="mixture", dtype=self.dtype_policy) if settings.guesses else None

    def build(self, shape):
        settings = self.settings
        self.embedding = self.add_weight(
            shape=(settings.levels, settings.embedding),
            initializer=_smooth_embedding,
            name="embedding",
        )
        self.kernel = self.add_weight(
            shape=(self.frame_size, settings.embedding, settings.dim), initializer=_recent_first, name="kernel"
        )
        super().build(shape)
        for layer in [*self.hidden, self.output_layer, *([self.mixture] if self.mixture else [])]:
            layer.build((None, None, settings.dim))

    def table(self):
        """The contribution of each code at each place of the frame to a sample's vector: (frame_size * levels, dim).

        Embedding followed by convolution is a linear map of one-hot codes; computed in advance, it is a look-up.
        """
        table = ops.einsum("qe,ked->kqd", self.embedding, self.kernel)
        return ops.reshape(table, (self.frame_size * self.settings.levels, self.settings.dim))

    def look_up(self, table, codes):
        """Codes, shape (voices, samples + frame_size - 1) -> vectors, (voices, samples, dim), from the table."""
        samples = codes.shape[1] - self.frame_size + 1
        return sum(
            ops.take(table, codes[:, place : place + samples] + place * self.settings.levels, axis=0)
            for place in range(self.frame_size)
        )

    def convolve(self, codes):
        """The same vectors as `look_up`, by embedding and convolution: cheaper for a few samples only."""
        return ops.conv(ops.take(self.embedding, codes, axis=0), self.kernel, padding="valid")

    def call(self, codes, above, training=False, features=None, excitation=None, labels=None):
        """Logits, float32, (voices, samples, levels).

        Parameters
        ----------
        codes
            Shape (voices, samples + frame_size - 1).
        above
            Vectors of the tiers above, (voices, samples, dim).
        features, excitation
            With predictors: the features of the samples, (voices, samples, 3 * guesses), and the excitation of the
            samples that `codes` holds.
        labels
            See `Tier.call`.
        """
        # The table costs levels * frame_size products, the convolution samples * frame_size.
        many = codes.shape[0] is None or codes.shape[0] * above.shape[1] > self.settings.levels
        x = self.look_up(self.table(), codes) if many else self.convolve(codes)
        if self.mixture:
            samples = above.shape[1]
            frames = [excitation[:, place : place + samples] for place in range(self.frame_size)]
            x = x + self.mixture.input_vector(features, ops.stack(frames, axis=-1))
        return self.decide(x, self.labelled(above, labels), training, features)

    def decide(self, vectors, above, training=False, features=None, temperature=1.0):
        """Vectors of the preceding samples and of the tiers above, (..., dim) -> logits, float32, (..., levels).

        The softmax of the logits is the distribution to sample from at this temperature, (..., 1) or a number.
        """
        x = vectors + above
        for hidden in self.hidden:
            x = self.dropout(hidden(x), training=training)
        logits = ops.cast(self.output_layer(x), "float32") / temperature
        return logits + self.mixture(x, features, temperature=temperature) if self.mixture else logits


class SampleRNN(keras.Model):
    """The complete model.

    Parameters
    ----------
    settings
        `ModelSettings`.

    The initial weights follow from `keras.utils.set_random_seed`.
    """

    def __init__(self, settings, **kwargs):
        super().__init__(name="samplernn", **kwargs)
        self.settings = settings
        sizes = settings.frame_sizes
        self.tiers = [
            Tier(settings, size, size // below, name=f"tier_{size}", dtype=self.dtype_policy)
            for below, size in reversed(list(zip((1, *sizes), sizes, strict=False)))
        ]
        self.sample_tier = SampleTier(settings, name="sample_tier", dtype=self.dtype_policy)
        for layer in [*self.tiers, self.sample_tier]:
            layer.build(None)
        if settings.guesses:
            self.loudest = self.add_weight(
                shape=(1,), initializer="ones", trainable=False, dtype="float32", name="loudest"
            )
            self.drift = self.add_weight(
                shape=shapes_of(settings)["drift"], initializer="zeros", trainable=False, dtype="float32", name="drift"
            )
        if settings.book:
            self.book = self.add_weight(
                shape=(settings.book, BOOK_ORDER), initializer="zeros", trainable=False, dtype="float32", name="book"
            )
            # Codes of the recordings from which takes begin; floats, like all weights.
            self.moments = self.add_weight(
                shape=(settings.book, MOMENT),
                initializer=keras.initializers.Constant(settings.codec.centre),
                trainable=False,
                dtype="float32",
                name="moments",
            )
        if settings.book and settings.labels:
            self.moment_labels = self.add_weight(
                shape=(settings.book, len(settings.labels)), initializer="zeros", trainable=False, dtype="float32",
                name="moment_labels",
            )  # fmt: skip
        self.built = True

    @property
    def predictors(self):
        """The `Predictors` for the features of a call, with the current weights; None in a plain SampleRNN."""
        fixed = [self.loudest, self.drift] if self.settings.guesses else []
        fixed += [self.book] if self.settings.book else []
        return predictors_of(self.settings, {weight.name: ops.convert_to_numpy(weight) for weight in fixed})

    def initial_state(self, voices):
        """The learned initial state for some number of voices: a list of arrays, shape (voices, dim)."""
        return [
            ops.repeat(ops.cast(state, self.compute_dtype)[None], voices, axis=0)
            for tier in self.tiers
            for state in tier.initial
        ]

    def call(self, codes, state, starts=None, training=False, features=None, labels=None):
        """Teacher-forced logits.

        Parameters
        ----------
        codes
            Int, shape (voices, largest frame + samples): the codes to predict, preceded by one largest frame of context
            (silence at the beginning of a clip). `samples` is a multiple of the largest frame.
        state
            From `initial_state` or from the previous call.
        starts
            Bool, shape (voices,): which voices begin a new clip here, with the initial state. None: none does.
        features
            With predictors: features of these codes from `Predictors.follow`, (voices, largest frame + samples, ...).
        labels
            The share of each label, (voices, frames, labels), or None for any: in one frame, which stands for all, or
            in each largest frame of the samples.

        Returns
        -------
        Logits, float32, shape (voices, samples, levels), and the new state. Row t depends only on codes before that
        sample.
        """
        largest = self.settings.largest_frame
        if starts is not None:
            fresh = self.initial_state(codes.shape[0])
            state = [ops.where(starts[:, None], new, old) for new, old in zip(fresh, state, strict=True)]
        excitation = None if features is None else features[..., -1]
        above, new_state, offset = None, [], 0
        for tier in self.tiers:
            count, frames = len(tier.initial), slice(largest - tier.frame_size, codes.shape[1] - tier.frame_size)
            tier_excitation = None if excitation is None else excitation[:, frames]
            above, tier_state = tier(
                codes[:, frames], above, state[offset : offset + count], training=training, excitation=tier_excitation,
                labels=labels,
            )  # fmt: skip
            new_state += tier_state
            offset += count
        last = slice(largest - self.sample_tier.frame_size, codes.shape[1] - 1)
        predicted = {}
        if features is not None:
            predicted = {"features": features[:, largest:, :-1], "excitation": excitation[:, last]}
        return self.sample_tier(codes[:, last], above, training=training, labels=labels, **predicted), new_state

    def logits(self, codes, labels=None):
        """Teacher-forced logits from the initial state.

        Parameters
        ----------
        codes
            Int, shape (voices, samples), in 0 .. levels - 1.
        labels
            The share of each label, (voices, labels), all the time; any if not given.

        Returns
        -------
        float32, shape (voices, samples - largest frame, levels): row t holds the logits of `codes[:, largest + t]`.

        Raises
        ------
        CourseError
            When there are no more codes than the largest frame, or codes out of range.
        """
        codes, largest = np.asarray(codes), self.settings.largest_frame
        samples = codes.shape[1] - largest if codes.ndim == 2 else 0
        if samples < 1:
            raise CourseError(f"logits needs codes of shape (voices, more than {largest} samples), not {codes.shape}.")
        if codes.min() < 0 or codes.max() >= self.settings.levels:
            raise CourseError(f"Codes must lie in 0 to {self.settings.levels - 1} for this model.")
        window = min(whole_frames(LOGITS_WINDOW, largest), whole_frames(samples, largest))
        if labels is not None:
            labels = np.float32(labels)[:, None]
        padded = np.pad(codes.astype(np.int32), ((0, 0), (0, -samples % window)))
        state, pieces, predictors = self.initial_state(len(codes)), [], self.predictors
        predictor_state = predictors and predictors.begin(padded[:, :largest])
        for start in range(0, samples, window):
            features = None
            if predictors:
                new = padded[:, start + largest : start + largest + window]
                features, predictor_state = predictors.follow(new, predictor_state)
            piece, state = self.teacher_forced(padded[:, start : start + largest + window], state, features, labels)
            pieces.append(ops.convert_to_numpy(piece))
        return np.concatenate(pieces, axis=1)[:, :samples]

    def teacher_forced(self, codes, state, features=None, labels=None):
        """`call` without training, compiled where the backend can."""
        if not hasattr(self, "_compiled"):
            self._compiled = compiled(
                lambda codes, state, features, labels: self(codes, state, features=features, labels=labels)
            )
        return self._compiled(codes, state, features, labels)

    def weights_by_name(self):
        """{name: variable}: the names depend only on the settings."""
        return {weight.path.removeprefix("samplernn/"): weight for weight in self.weights}


def whole_frames(samples, frame):
    """`samples` rounded up to whole frames."""
    return math.ceil(samples / frame) * frame


def on_gpu():
    """Whether Keras sees a GPU."""
    return any(device.startswith(("gpu", "cuda")) for device in keras.distribution.list_devices())


def compiled(function, jit=False):
    """`function` as a TensorFlow graph; as it is on other backends."""
    return tf.function(function, jit_compile=jit) if tf else function
