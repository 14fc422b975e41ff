"""A model as `sampling_loop.run` takes it: instructions, and weights that are folded, padded and cut into panels.

Consecutive linear maps are multiplied in advance: embedding, convolution and first hidden layer become one table with a
row for each code at each place of the frame; input projections and upsampling are folded into the gates of the
recurrent layers that follow. This is the same model up to rounding, with fewer products.
"""

import math
from itertools import pairwise

import numpy as np

from ..linear_prediction import predictors_of
from ..settings import LEVELS
from . import sampling_loop as op
from .sampling_loop import PANEL

# Below any logit, so that a panel's padding columns are never drawn; finite, so that no sum becomes NaN.
NEVER = np.float32(-1e30)


class CompiledModel:
    """The instructions and weights of one model, or of several whose logits are mixed.

    Parameters
    ----------
    models
        A list of (`ModelSettings`, {weight name: float32 array}), with the names of `SampleRNN.weights_by_name`.
    half
        Store the panels in half precision, half the bytes to read.
    """

    def __init__(self, models, half=False):
        self.largest = math.lcm(*(settings.largest_frame for settings, _ in models))
        self.levels = models[0][0].levels
        self.width = 0  # of `values`
        self.states = []  # (offset in `values`, initial values), in the order of `SampleRNN.initial_state`
        self.logits = []  # offset of each model's logits in `values`
        self._table, self._sections = [], []
        self._panels, self._biases, self._rows = _Store(), _Store(), _Store()
        self._predictors = 0  # models with predictors so far
        self.asked = 0  # numbers in what can be asked of all models
        for settings, weights in models:
            self._add(settings, weights)
        self._add_sampling()
        self.table = np.array(self._table, np.int64)
        self.sections = np.array(self._sections, np.int64)
        self.weights, self.biases, self.rows = (store.joined() for store in (self._panels, self._biases, self._rows))
        if half:
            self.weights = self.weights.astype(np.float16).view(np.uint16)
        # In steps of this many samples no frame is skipped: frames of two models need not divide one another.
        self.smallest = np.gcd.reduce(self.sections[:, 2][self.sections[:, 4] == 0])
        self.most_inputs = max(self.table[:, op.INPUTS])

    def _allocate(self, size):
        self.width += size
        return self.width - size

    def _append(self, opcode, **columns):
        row = [0] * op.COLUMNS
        row[op.OPCODE], row[op.CONDITIONING], row[op.PREDICTORS] = opcode, -1, -1
        for name, value in columns.items():
            row[getattr(op, name)] = value
        self._table.append(row)

    def _section(self, start, frame, frame_above, only_logits):
        """Run the instructions since `start` at each frame; if `only_logits`, not in the mode CONDITION."""
        self._sections.append((start, len(self._table), frame, frame_above, only_logits))

    def _matmul(self, x, matrix, bias, **columns):
        """Add a product with `matrix`, (inputs, whole panels of columns); returns the offset of its result."""
        inputs, size = matrix.shape
        y = self._allocate(size)
        panels = matrix.reshape(inputs, size // PANEL, PANEL).transpose(1, 0, 2)
        self._append(
            op.MATMUL, X=x, Y=y, WEIGHTS=self._panels.add(panels), INPUTS=inputs, PANELS=size // PANEL,
            BIAS=self._biases.add(bias), **columns,
        )  # fmt: skip
        return y

    def _add(self, settings, weights):
        matrices = _Matrices(settings, weights)
        sizes, padded = settings.frame_sizes, matrices.padded
        predictors = self._predictors if settings.guesses else -1
        self._predictors += predictors >= 0
        labels = self._asked(matrices, predictors)
        conditioning, step = labels.pop(0), 0
        for tier in reversed(range(len(sizes))):
            frame, name = sizes[tier], f"tier_{sizes[tier]}"
            frame_above = sizes[tier + 1] if tier + 1 < len(sizes) else frame
            start = len(self._table)
            output = self._tier(matrices, name, frame, predictors, conditioning, step)
            self._section(start, frame, frame_above, False)
            # The conditioning of the tier below, or of the samples by the fastest tier.
            start = len(self._table)
            matrix, bias, step = matrices.upsample(name, f"tier_{sizes[tier - 1]}" if tier else None)
            conditioning = self._matmul(output, matrix, bias, CONDITIONING=labels.pop(0))
            self._section(start, frame, frame_above, tier == 0)
        if settings.guesses:
            start = len(self._table)
            features = self._allocate(matrices.features)
            self._append(op.PREDICT, Y=features, FRAME=sizes[0], SIZE=op.PREDICTOR_WORK, PREDICTORS=predictors)
            self._section(start, 1, 1, False)
        start = len(self._table)
        if settings.guesses:
            folded = matrices.features_to_hidden()
            conditioning = self._matmul(features, *folded, CONDITIONING=conditioning, CONDITIONING_STEP=step)
            step = 0
        hidden = self._allocate(padded)
        self._append(
            op.EMBED, Y=hidden, CONDITIONING=conditioning, CONDITIONING_STEP=step, SIZE=padded, LEVELS=settings.levels,
            FRAME=sizes[0], WEIGHTS=self._rows.add(matrices.rows()),
        )  # fmt: skip
        hidden = self._matmul(hidden, *matrices.hidden(), RELU=1, SPARSE=1)
        logits, size = self._matmul(hidden, *matrices.output(), SPARSE=1), _whole_panels(settings.levels)
        if settings.guesses:
            self._append(
                op.MIX_PREDICTIONS, X=logits, Y=self._allocate(2 * size + PANEL), CELL=self._allocate(PANEL), SIZE=size,
                LEVELS=settings.levels, PREDICTORS=predictors,
            )  # fmt: skip
        self.logits.append(logits)
        self._section(start, 1, sizes[0], True)

    def _asked(self, matrices, predictors):
        """Add what is asked in each frame of the slowest tier: labels for the network, level and rise for predictors.

        Returns the offsets of what the labels add to each tier, from slow to fast, and to the samples; -1 without any.
        """
        settings = matrices.settings
        sizes, count = settings.frame_sizes, len(settings.labels)
        start, x = len(self._table), self._allocate(count)
        if count or predictors >= 0:
            self._append(op.ASK, X=self.asked, Y=x, SIZE=count, FRAME=self.largest, PREDICTORS=predictors)
            self.asked += count + (2 if predictors >= 0 else 0)
        offsets = [-1] * (len(sizes) + 1)
        if count:
            parts = [(part, np.zeros(part.shape[1])) for part in matrices.labels()]
            if predictors >= 0:
                parts.append(matrices.drifts())
            matrix, bias = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
            added = self._matmul(x, matrix, bias)
            offsets = list(added + np.cumsum([0, *(part.shape[1] for part, _ in parts[:-1])]))
            if predictors >= 0:
                self._append(op.KEEP_LEVELS, X=offsets.pop(), SIZE=LEVELS, PREDICTORS=predictors)
        if len(self._table) > start:
            self._section(start, sizes[-1], sizes[-1], False)
        return offsets

    def _tier(self, matrices, name, frame, predictors, conditioning, step):
        """Add one step of a recurrent tier; returns the offset of its output."""
        settings, padded = matrices.settings, matrices.padded
        codes = self._allocate(2 * frame if settings.guesses else frame)
        self._append(op.READ_FRAME, Y=codes, FRAME=frame, SIZE=frame, LEVELS=settings.levels, PREDICTORS=predictors)
        x = self._matmul(codes, *matrices.input(name), CONDITIONING=conditioning, CONDITIONING_STEP=step)
        states = [self._allocate(padded) for _ in range(settings.layers)]  # contiguous: all of them may be outputs
        for layer, state in enumerate(states):
            from_input = x
            if layer:
                skipped = {"CONDITIONING": x + layer * matrices.gates * padded} if settings.skip_connections else {}
                from_input = self._matmul(states[layer - 1], *matrices.kernel(name, layer), **skipped)
            from_state = self._matmul(state, *matrices.recurrent(name, layer))
            self.states.append((state, matrices.initial(name, layer, "h")))
            cell = {}
            if settings.cell == "lstm":
                cell = {"CELL": self._allocate(padded)}
                self.states.append((cell["CELL"], matrices.initial(name, layer, "c")))
            opcode = op.LSTM if cell else op.GRU
            self._append(opcode, X=from_input, Y=from_state, STATE=state, SIZE=padded, **cell)
        return self._matmul(states[0], *matrices.skip_output(name)) if settings.skip_connections else states[-1]

    def _add_sampling(self):
        start, size = len(self._table), _whole_panels(self.levels)
        self._append(op.SAMPLE, Y=self._allocate(size), X=self._allocate(op.LANES), SIZE=size, LEVELS=self.levels)
        self._section(start, 1, 1, True)
        if self._predictors:
            start = len(self._table)
            self._append(op.ADAPT, SIZE=op.PREDICTOR_WORK)
            self._section(start, 1, 1, False)


class _Store:
    """Arrays concatenated into one."""

    def __init__(self):
        self._arrays, self._size = [], 0

    def add(self, array):
        self._arrays.append(np.ascontiguousarray(array, np.float32).ravel())
        self._size += array.size
        return self._size - array.size

    def joined(self):
        return np.concatenate(self._arrays)


def _whole_panels(size):
    """`size` rounded up to whole panels."""
    return math.ceil(size / PANEL) * PANEL


class _Matrices:
    """A model's weights as folded matrices, (inputs, outputs), with the last axis padded with zeros."""

    def __init__(self, settings, weights):
        self.settings, self._weights = settings, weights
        self.padded = _whole_panels(settings.dim)
        self.gates = 3 if settings.cell == "gru" else 4

    def _linear(self, name):
        """The kernel and bias of a `Linear`, normalised if set."""
        kernel, bias = self._weights[f"{name}/kernel"], self._weights[f"{name}/bias"]
        if self.settings.weight_normalisation:
            kernel = kernel * (self._weights[f"{name}/length"] / np.linalg.norm(kernel, axis=0))
        return kernel, bias

    def _pad(self, matrix, pieces=1):
        """Pad each of `pieces` along the last axis to `padded`."""
        cut = matrix.reshape(*matrix.shape[:-1], pieces, -1)
        widths = [(0, 0)] * (cut.ndim - 1) + [(0, self.padded - cut.shape[-1])]
        return np.pad(cut, widths).reshape(*matrix.shape[:-1], -1)

    def _pad_inputs(self, matrix):
        return np.pad(matrix, ((0, self.padded - len(matrix)), (0, 0)))

    def _cell(self, name, layer, weight):
        cell = self.settings.cell
        return self._pad(self._weights[f"{name}/recurrent_{layer}/{cell}/{cell}_cell/{weight}"], self.gates)

    def _biases(self, name, layer):
        """The biases of a layer's gates: for the product with the input, and for that with the state."""
        bias = self._cell(name, layer, "bias")
        return bias if self.settings.cell == "gru" else (bias, np.zeros_like(bias))

    def initial(self, name, layer, state):
        return self._weights[f"{name}/recurrent_{layer}/{state}"]

    def _input_kernels(self, name):
        """The kernels from a tier's input to all gates that use it: (dim, layers that use it * gates * padded)."""
        dim = self.settings.dim
        kernels = [self._cell(name, 0, "kernel")]
        if self.settings.skip_connections:
            kernels += [self._cell(name, layer, "kernel")[dim:] for layer in range(1, self.settings.layers)]
        return np.concatenate(kernels, axis=1)

    def input(self, name):
        kernel, bias = self._linear(f"{name}/hear")
        kernels = self._input_kernels(name)
        layers = self.settings.layers if self.settings.skip_connections else 1
        gate_biases = np.concatenate([self._biases(name, layer)[0] for layer in range(layers)])
        return kernel @ kernels, bias @ kernels + gate_biases

    def kernel(self, name, layer):
        """From the layer below; the tier's input has been added already."""
        matrix = self._pad_inputs(self._cell(name, layer, "kernel")[: self.settings.dim])
        bias = self._biases(name, layer)[0]
        return matrix, np.zeros_like(bias) if self.settings.skip_connections else bias

    def recurrent(self, name, layer):
        return self._pad_inputs(self._cell(name, layer, "recurrent_kernel")), self._biases(name, layer)[1]

    def skip_output(self, name):
        all_layers = [self._linear(f"{name}/speak_{layer}") for layer in range(self.settings.layers)]
        matrix = np.concatenate([self._pad_inputs(self._pad(kernel)) for kernel, _ in all_layers])
        return matrix, self._pad(sum(bias for _, bias in all_layers))

    def labels(self):
        """From the labels to the gates of the slowest tier, then to what `upsample` gives each one below it."""
        sizes = self.settings.frame_sizes
        names = [*(f"tier_{size}" for size in reversed(sizes)), "sample_tier"]
        into = [*map(self._input_kernels, names[:-1]), self._pad(self._linear("sample_tier/hidden_0")[0])]
        steps = [1, *(slower // faster for faster, slower in reversed(list(pairwise((1, *sizes)))))]
        return [
            np.tile(self._weights[f"{name}/label"] @ kernel, count)
            for name, kernel, count in zip(names, into, steps, strict=True)
        ]

    def drifts(self):
        """From the labels to the drifts of the predictors, and those without a label: see `Predictors.keep_levels`."""
        first, *rows = np.pad(predictors_of(self.settings, self._weights).drift, ((0, 0), (0, -LEVELS % PANEL)))
        return np.stack(rows) - first, first

    def upsample(self, name, below):
        """Into the gates of the tier below, or into the first hidden layer; and the size of a step."""
        kernel, bias = self._linear(f"{name}/upsample")
        into = self._input_kernels(below) if below else self._pad(self._linear("sample_tier/hidden_0")[0])
        dim = self.settings.dim
        matrix = kernel.reshape(-1, dim) @ into
        return self._pad_inputs(matrix.reshape(dim, -1)), (bias.reshape(-1, dim) @ into).ravel(), into.shape[1]

    def rows(self):
        """What each code at each place of the frame adds to the first hidden layer: (frame * levels, padded)."""
        into, bias = self._linear("sample_tier/hidden_0")
        kernel = self._weights["sample_tier/kernel"]
        kernel = (kernel.reshape(-1, kernel.shape[-1]) @ into).reshape(kernel.shape)
        rows = self._weights["sample_tier/embedding"] @ kernel
        rows[0] += bias
        return self._pad(rows).reshape(-1, self.padded)

    @property
    def features(self):
        """The number of features that the sample tier gets from the predictors."""
        return len(self._weights["sample_tier/mixture/told"])

    def features_to_hidden(self):
        """From these features to the first hidden layer."""
        matrix = self._pad(self._weights["sample_tier/mixture/told"] @ self._linear("sample_tier/hidden_0")[0])
        return matrix, np.zeros(self.padded, np.float32)

    def hidden(self):
        kernel, bias = self._linear("sample_tier/hidden_1")
        return self._pad_inputs(self._pad(kernel)), self._pad(bias)

    def output(self):
        """To the logits and, beside them, to the adjustments of the predictors' mixture."""
        kernel, bias = self._linear("sample_tier/output")
        more = _whole_panels(self.settings.levels) - self.settings.levels
        kernel, bias = np.pad(kernel, ((0, 0), (0, more))), np.pad(bias, (0, more), constant_values=NEVER)
        if self.settings.guesses:
            adjustments, first = (self._weights[f"sample_tier/mixture/{name}"] for name in ("kernel", "bias"))
            more = _whole_panels(len(first)) - len(first)
            kernel = np.concatenate([kernel, np.pad(adjustments, ((0, 0), (0, more)))], axis=1)
            bias = np.concatenate([bias, np.pad(first, (0, more))])
        return self._pad_inputs(kernel), bias
