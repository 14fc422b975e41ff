"""What Keras trains: a SampleRNN that remembers, from one batch to the next, the state each stream was left in."""

import math

from ..backend import keras, ops
from ..scoring import nats


class Learner(keras.Model):
    """Wraps a `SampleRNN` for `fit`: batches in, logits out, recurrent state carried in variables between them.

    Parameters
    ----------
    model
        The `SampleRNN`.
    streams
        The number of streams in a batch.
    """

    def __init__(self, model, streams):
        super().__init__(dtype=model.dtype_policy)
        self.model = model
        self.carried = [
            self.add_weight(
                shape=state.shape, initializer="zeros", trainable=False, dtype=model.compute_dtype, name=f"carried_{i}"
            )
            for i, state in enumerate(model.initial_state(streams))
        ]
        # Counted inside the training step, so that an interruption cannot come between a step and its count.
        self.batches_heard = self.add_weight(
            shape=(), initializer="zeros", trainable=False, dtype="int32", name="heard"
        )
        self.bits = MeanBits(name="bits")
        self.built = True

    def call(self, inputs, training=False):
        """{"codes", "starts"} as `Streams.batches` yields them -> logits, float32, (streams, window, levels)."""
        logits, state = self.model(inputs["codes"], list(self.carried), inputs["starts"], training=training)
        for carried, new in zip(self.carried, state, strict=True):
            carried.assign(ops.cast(new, carried.dtype))
        self.batches_heard.assign_add(1)
        return logits

    def compile_for(self, settings, jit):
        """Compile with Adam and the loss in nats, by `TrainingSettings`; `jit` as in `keras.Model.compile`."""
        self.compile(
            optimizer=keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.clip_norm),
            loss=Nats(reduction="mean_with_sample_weight"),
            weighted_metrics=[self.bits],
            jit_compile=jit,
        )
        self.optimizer.build(self.trainable_variables)

    def everything(self):
        """{name: variable} of all that has to be kept to go on exactly: weights, optimiser, streams, chance, counts."""
        named = {f"model/{name}": weight for name, weight in self.model.weights_by_name().items()}
        known = {id(variable) for variable in named.values()}
        own = [variable for variable in self.variables if id(variable) not in known]
        named |= {f"learner/{i}": variable for i, variable in enumerate(own)}
        return named | {f"optimiser/{i}": variable for i, variable in enumerate(self.optimizer.variables)}


class Nats(keras.losses.Loss):
    """Cross-entropy in nats, of each sample."""

    def call(self, targets, logits):
        return nats(targets, logits)


class MeanBits(keras.metrics.Metric):
    """Bits per sample, weighted by sample: the total and the count are kept apart so that an epoch can be pieced
    together from before and after an interruption."""

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
