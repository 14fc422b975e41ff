"""The model that Keras trains: a SampleRNN that carries each stream's state from batch to batch.

On several devices, each one computes the gradients of its share of the streams. All else, from the variables to Adam,
is on the first one, as if there were no others.
"""

import math

import numpy as np

from ..backend import keras, ops, tf
from ..capsule import fill
from ..linear_prediction import book_of, levels_of
from ..model import SampleRNN, on_gpu
from ..scoring import nats
from ..streams import label_shares

# Compiling the step with XLA makes narrow models faster on a CPU and wide ones slower (decisions.md).
WIDEST_JIT = 512
# Variables that a checkpoint may lack, or have in excess: see `StatefulSampleRNN.named_variables`.
OPTIONAL = ("carried/", "chance/", "scaler/")


def build_model(preset, precision, codes=None):
    """The `StatefulSampleRNN` of a `Preset`, with its initial weights, ready for `fit`.

    Parameters
    ----------
    precision
        "float32" or "mixed_float16".
    codes
        The `Codes` to take the model's levels, book and moments from, if it has them; without codes, the loudest level
        is full scale, and the rest is empty.
    """
    keras.utils.set_random_seed(preset.training.seed)
    samplernn, streams = SampleRNN(preset.model, dtype=precision), preset.training.streams
    devices = devices_of(preset.training)
    several = len(devices) > 1
    model = SharedSampleRNN(samplernn, streams, devices) if several else StatefulSampleRNN(samplernn, streams)
    if codes is not None and preset.model.guesses:
        loudest, drift = levels_of(codes, preset.model.codec, preset.model.labels)
        model.samplernn.loudest.assign([loudest])
        model.samplernn.drift.assign(drift.reshape(model.samplernn.drift.shape))
    if codes is not None and preset.model.book:
        book, moments, places = book_of(codes, preset.model, preset.training.seed)
        model.samplernn.book.assign(book)
        model.samplernn.moments.assign(moments)
        if preset.model.labels:
            model.samplernn.moment_labels.assign(label_shares(codes, places, preset.model.labels))
    model.compile_for(preset.training)
    return model


def resolve_precision(precision):
    """The precision to compute in: "auto" is single. On the one card that was measured, half was four times slower."""
    return "float32" if precision == "auto" else precision


def devices_of(settings):
    """Names of the devices that a training by `TrainingSettings` uses: no more than it has streams."""
    devices = keras.distribution.list_devices()
    return devices[: settings.streams if settings.devices == "all" else 1]


class StatefulSampleRNN(keras.Model):
    """Wraps a `SampleRNN` for `fit`: batches in, logits out, recurrent state carried in variables between them.

    Parameters
    ----------
    samplernn
        The `SampleRNN`.
    streams
        The number of streams in a batch.
    """

    def __init__(self, samplernn, streams):
        super().__init__(dtype=samplernn.dtype_policy)
        self.samplernn = samplernn
        self.streams = streams
        self.stream_states = [
            self.add_weight(
                shape=state.shape,
                initializer="zeros",
                trainable=False,
                dtype=samplernn.compute_dtype,
                name=f"carried_{i}",
            )
            for i, state in enumerate(samplernn.initial_state(streams))
        ]
        # Counted inside the training step, so that no interruption can separate a step from its count.
        self.batches_seen = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="int32", name="heard")
        self.bits = MeanBits(name="bits")
        self.built = True

    def call(self, inputs, training=False):
        """{"codes", "starts", ...} as `Streams.batches` yields them -> logits, float32, (streams, window, levels)."""
        codes, starts = inputs["codes"], inputs["starts"]
        more = {"features": inputs.get("features"), "labels": inputs.get("labels")}
        logits, state = self.samplernn(codes, list(self.stream_states), starts, training=training, **more)
        for old, new in zip(self.stream_states, state, strict=True):
            old.assign(ops.cast(new, old.dtype))
        self.batches_seen.assign_add(1)
        return logits

    def compile_for(self, settings):
        """Compile with Adam and the loss in nats, by `TrainingSettings`."""
        self.adam = Adam(settings.learning_rate, settings.clip_norm)
        self.compile(
            optimizer=self.adam,  # Keras wraps it in a loss scaler where half precision needs one
            loss=Nats(reduction="mean_with_sample_weight"),
            weighted_metrics=[self.bits],
            jit_compile=not on_gpu() and self.samplernn.settings.dim <= WIDEST_JIT,
        )
        self.optimizer.build(self.trainable_variables)

    def reset_counts(self):
        """Reset the counts of bits, batches and gradient norms for a new epoch."""
        self.bits.reset_state()
        self.batches_seen.assign(0)
        self.adam.norms.assign(ops.zeros(2))

    def named_variables(self):
        """{name: variable} of everything that a training needs to resume exactly.

        Names that begin with one of `OPTIONAL` (stream states, dropout's random state, the loss scaler of half
        precision) depend on the machine or the batch size; the others do not.
        """
        named = {f"model/{name}": weight for name, weight in self.samplernn.weights_by_name().items()}
        for i, variable in enumerate(self.adam.variables):
            named[f"optimiser/{i}"] = variable
        for i, variable in enumerate(self.stream_states):
            named[f"carried/{i}"] = variable
        named["heard"] = self.batches_seen
        known = {id(variable) for variable in named.values()}
        for kind, variables in (("chance", self.variables), ("scaler", self.optimizer.variables)):
            rest = [variable for variable in variables if id(variable) not in known]
            named |= {f"{kind}/{i}": variable for i, variable in enumerate(rest)}
        return named

    def restore(self, arrays):
        """Set all variables to the values of `named_variables`, {name: array}, cast to their own precision.

        With another batch size, the streams begin from the model's initial state; other optional variables without a
        fitting value stay as they are.

        Raises
        ------
        CourseError
            When a variable that is not optional is missing or does not fit.
        """
        variables = self.named_variables()
        optional = {name for name in variables.keys() | arrays.keys() if name.startswith(OPTIONAL)}
        fitting = {
            name for name in optional & variables.keys() & arrays.keys() if variables[name].shape == arrays[name].shape
        }
        unfit = optional - fitting
        fill(
            {name: variable for name, variable in variables.items() if name not in unfit},
            {name: array for name, array in arrays.items() if name not in unfit},
        )
        if any(name.startswith("carried/") for name in unfit):
            for state, first in zip(self.stream_states, self.samplernn.initial_state(self.streams), strict=True):
                state.assign(first)


class SharedSampleRNN(StatefulSampleRNN):
    """A `StatefulSampleRNN` whose streams are shared out among several devices.

    A step gives what it would give on one device, but for the order in which gradients are added up. The variables are
    the same, and so are checkpoints.

    Parameters
    ----------
    devices
        Their names; the first one has the variables.
    """

    def __init__(self, samplernn, streams, devices):
        super().__init__(samplernn, streams)
        self.devices = devices

    def compile_for(self, settings):
        super().compile_for(settings)
        # XLA compiles for one device, so it compiles the share of each and not the whole step.
        self._share = tf.function(self._gradients, jit_compile=True) if self.jit_compile else self._gradients
        self.jit_compile = False

    def train_step(self, data):
        weights, fixed = self.samplernn.trainable_variables, self.samplernn.non_trainable_variables
        whole = data, [tf.convert_to_tensor(state) for state in self.stream_states]
        sizes = [len(share) for share in np.array_split(range(self.streams), len(self.devices))]
        shares = zip(*(tf.split(each, sizes) for each in tf.nest.flatten(whole)), strict=True)
        factor = self.optimizer.scale_loss(1 / ops.sum(data[2]))  # the mean is that of the whole batch
        fixed_values = [tf.convert_to_tensor(variable) for variable in fixed]
        gradients, states = [], []
        for device, share in zip(self.devices, shares, strict=True):
            (inputs, targets, counted), state = tf.nest.pack_sequence_as(whole, share)
            with tf.device(device):
                copies = [tf.identity(weight) for weight in weights]
                # All get the same random state, since all streams of a batch have the same dropout.
                share_gradients, logits, state, after = self._share(
                    copies, fixed_values, inputs, targets, counted, state, factor
                )
                self.compute_metrics(inputs, targets, logits, counted)
            gradients.append(share_gradients)
            states.append(state)
        self.optimizer.apply_gradients(
            (tf.add_n(each), weight) for *each, weight in zip(*gradients, weights, strict=True)
        )
        for variable, value in zip(fixed, after, strict=True):
            variable.assign(value)
        for variable, parts in zip(self.stream_states, zip(*states, strict=True), strict=True):
            variable.assign(ops.cast(ops.concatenate(parts), variable.dtype))
        self.batches_seen.assign_add(1)
        return {"bits": self.bits.result()}

    def _gradients(self, weights, fixed, inputs, targets, counted, state, factor):
        """Of one share: gradients of its sum of nats times `factor`, logits, new states, new values of `fixed`."""
        codes, starts, features = inputs["codes"], inputs["starts"], inputs.get("features")
        with tf.GradientTape() as tape:
            tape.watch(weights)
            (logits, state), fixed = self.samplernn.stateless_call(
                weights, fixed, codes, state, starts, training=True, features=features, labels=inputs.get("labels")
            )
            loss = ops.sum(nats(targets, logits) * counted) * factor
        return [dense(gradient) for gradient in tape.gradient(loss, weights)], logits, state, fixed


class Adam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2014, https://arxiv.org/abs/1412.6980) with gradients clipped by their global norm (Pascanu et
    al. 2013, https://arxiv.org/abs/1211.5063) and the norms summed.

    Parameters
    ----------
    longest
        The largest global norm; gradients above it are scaled down to it.

    `norms`, shape (2,), holds the sum of the norms, before clipping, since it was last set to 0, and their number.
    """

    def __init__(self, learning_rate, longest, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.longest = longest

    def build(self, variables):
        super().build(variables)
        self.norms = self.add_variable(shape=(2,), initializer="zeros", dtype="float32", name="norms")

    def apply(self, grads, trainable_variables=None):
        grads = [dense(gradient) for gradient in grads]
        norm = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in grads))
        self.norms.assign_add(ops.stack([norm, ops.ones_like(norm)]))
        shorter = ops.minimum(1.0, self.longest / norm)
        super().apply([gradient * shorter for gradient in grads], trainable_variables)

    @property
    def mean_norm(self):
        """The mean gradient norm since `norms` was last set to 0; 0 if there was none."""
        total, count = self.norms.numpy()
        return float(total / max(count, 1))


def dense(gradient):
    """A gradient as a tensor: TensorFlow's of an embedding is a list of rows, in which a code may occur repeatedly."""
    return tf.convert_to_tensor(gradient) if tf else gradient


class Nats(keras.losses.Loss):
    """Cross-entropy in nats, of each sample."""

    def call(self, targets, logits):
        return nats(targets, logits)


class MeanBits(keras.metrics.Metric):
    """Bits per sample, weighted by sample; the total and the count can be added up across an interruption."""

    def __init__(self, name="bits", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, targets, logits, sample_weight=None):
        losses = ops.cast(nats(targets, logits), self.dtype)
        weights = ops.cast(sample_weight, self.dtype)
        self.total.assign_add(ops.sum(losses * weights) / math.log(2))
        self.count.assign_add(ops.sum(weights))

    def result(self):
        return self.total / ops.maximum(self.count, 1)
