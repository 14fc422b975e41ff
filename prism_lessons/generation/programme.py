"""A model as a programme for `compiled.perform`: instructions, and weights that are folded, padded and cut into panels.

Consecutive linear maps are multiplied in advance: embedding, convolution and first hidden layer become one table with a
row for each code at each place of the frame; input maps and upsampling are folded into the gates of the recurrent
layers that follow. This is the same model up to rounding, with fewer products.
"""

import math

import numpy as np

from . import compiled as row
from .compiled import PANEL

# Below any logit, so that a panel's padding columns are never drawn; finite, so that no sum becomes NaN.
NEVER = np.float32(-1e30)


class Programme:
    """The input of `compiled.perform` for one model, or for several whose logits are mixed.

    Parameters
    ----------
    models
        A list of (`ModelSettings`, {weight name: float32 array}), with the names of `SampleRNN.weights_by_name`.
    half
        Keep the panels in half precision, which reads half the bytes.
    """

    def __init__(self, models, half=False):
        self.largest = math.lcm(*(settings.largest_frame for settings, _ in models))
        self.levels = models[0][0].levels
        self.width = 0  # of `values`
        self.states = []  # (place in `values`, initial values), in the order of `SampleRNN.initial_state`
        self.logits = []  # offset of each model's logits in `values`
        self._table, self._sections = [], []
        self._panels, self._plain, self._rows = _Store(), _Store(), _Store()
        self._listeners = 0
        for settings, weights in models:
            self._add(settings, weights)
        self._draw()
        self.table = np.array(self._table, np.int64)
        self.sections = np.array(self._sections, np.int64)
        self.weights, self.plain, self.rows = (store.joined() for store in (self._panels, self._plain, self._rows))
        if half:
            self.weights = self.weights.astype(np.float16).view(np.uint16)
        # In steps of this many samples no frame is skipped: frames of two models need not divide one another.
        self.smallest = np.gcd.reduce(self.sections[:, 2][self.sections[:, 4] == 0])
        self.most_inputs = max(self.table[:, row.INPUTS])

    def _place(self, size):
        self.width += size
        return self.width - size

    def _instruct(self, kind, **columns):
        line = [0] * row.COLUMNS
        line[row.KIND], line[row.ABOVE] = kind, -1
        for name, value in columns.items():
            line[getattr(row, name)] = value
        self._table.append(line)

    def _section(self, begun, frame, frame_above, sounding):
        """Run the instructions since `begun` at each frame; if `sounding`, only when samples are made."""
        self._sections.append((begun, len(self._table), frame, frame_above, sounding))

    def _product(self, x, matrix, bias, **columns):
        """Add a product with `matrix`, (inputs, columns of whole panels); returns the offset of its result."""
        inputs, size = matrix.shape
        y = self._place(size)
        panels = matrix.reshape(inputs, size // PANEL, PANEL).transpose(1, 0, 2)
        self._instruct(
            row.PRODUCT, X=x, Y=y, WEIGHTS=self._panels.add(panels), INPUTS=inputs, PANELS=size // PANEL,
            BIAS=self._plain.add(bias), **columns,
        )  # fmt: skip
        return y

    def _add(self, settings, weights):
        parts = _Parts(settings, weights)
        sizes, padded = settings.frame_sizes, parts.padded
        self._listener = self._listeners if settings.guesses else -1
        self._listeners += self._listener >= 0
        above, above_step = -1, 0
        for tier in reversed(range(len(sizes))):
            frame, name = sizes[tier], f"tier_{sizes[tier]}"
            frame_above = sizes[tier + 1] if tier + 1 < len(sizes) else frame
            begun = len(self._table)
            told = self._tier(parts, name, frame, above, above_step)
            self._section(begun, frame, frame_above, False)
            # The conditioning of the tier below, or of the samples by the fastest tier.
            begun = len(self._table)
            matrix, bias, above_step = parts.upsample(name, f"tier_{sizes[tier - 1]}" if tier else None)
            above = self._product(told, matrix, bias)
            self._section(begun, frame, frame_above, tier == 0)
        step = padded
        if settings.guesses:
            begun = len(self._table)
            said = self._place(parts.told)
            self._instruct(
                row.EXPECT, Y=said, FRAME=sizes[0], SIZE=row.LISTENING, LISTENER=self._listener,
            )  # fmt: skip
            self._section(begun, 1, 1, False)
        begun = len(self._table)
        if settings.guesses:
            above, step = self._product(said, *parts.told_to_hidden(), ABOVE=above, ABOVE_STEP=step), 0
        hidden = self._place(padded)
        self._instruct(
            row.LOOK_UP, Y=hidden, ABOVE=above, ABOVE_STEP=step, SIZE=padded, INPUTS=settings.levels, FRAME=sizes[0],
            WEIGHTS=self._rows.add(parts.rows()),
        )  # fmt: skip
        hidden = self._product(hidden, *parts.hidden(), RELU=1, LISTED=1)
        logits, size = self._product(hidden, *parts.output(), LISTED=1), _whole(settings.levels)
        if settings.guesses:
            self._instruct(
                row.MIX_IN, X=logits, Y=self._place(2 * size + PANEL), CELL=self._place(PANEL), SIZE=size,
                INPUTS=settings.levels, LISTENER=self._listener,
            )  # fmt: skip
        self.logits.append(logits)
        self._section(begun, 1, sizes[0], True)

    def _tier(self, parts, name, frame, above, above_step):
        """Add one step of a recurrent tier; returns the offset of its vector."""
        padded, gates, skip = parts.padded, parts.gates, parts.settings.skip_connections
        layers = parts.settings.layers
        codes = self._place(2 * frame if parts.settings.guesses else frame)
        self._instruct(row.HEAR, Y=codes, FRAME=frame, SIZE=parts.settings.levels, LISTENER=self._listener)
        heard = self._product(codes, *parts.hear(name), ABOVE=above, ABOVE_STEP=above_step)
        states = [self._place(padded) for _ in range(layers)]  # contiguous, since all of them may be outputs
        for layer, state in enumerate(states):
            gated = heard
            if layer:
                of_heard = {"ABOVE": heard + layer * gates * padded} if skip else {}
                gated = self._product(states[layer - 1], *parts.kernel(name, layer), **of_heard)
            kept = self._product(state, *parts.recurrent(name, layer))
            self.states.append((state, parts.initial(name, layer, "h")))
            cell = {}
            if parts.settings.cell == "lstm":
                cell = {"CELL": self._place(padded)}
                self.states.append((cell["CELL"], parts.initial(name, layer, "c")))
            kind = row.LSTM if cell else row.GRU
            self._instruct(kind, X=gated, Y=kept, STATE=state, SIZE=padded, **cell)
        return self._product(states[0], *parts.speak(name)) if skip else states[-1]

    def _draw(self):
        begun, size = len(self._table), _whole(self.levels)
        self._instruct(row.DRAW, Y=self._place(size), X=self._place(row.LANES), SIZE=size, INPUTS=self.levels)
        self._section(begun, 1, 1, True)
        if self._listeners:
            begun = len(self._table)
            self._instruct(row.FOLLOW, SIZE=row.LISTENING)
            self._section(begun, 1, 1, False)


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


def _whole(size):
    """`size` rounded up to whole panels."""
    return math.ceil(size / PANEL) * PANEL


class _Parts:
    """The matrices of a programme, (inputs, outputs), from a model's weights; the last axis padded with zeros."""

    def __init__(self, settings, weights):
        self.settings, self._weights = settings, weights
        self.padded = _whole(settings.dim)
        self.gates = 3 if settings.cell == "gru" else 4

    def _linear(self, name):
        """The kernel and bias of a `Linear`, normalised if set."""
        kernel, bias = self._weights[f"{name}/kernel"], self._weights[f"{name}/bias"]
        if self.settings.weight_normalisation:
            kernel = kernel * (self._weights[f"{name}/length"] / np.linalg.norm(kernel, axis=0))
        return kernel, bias

    def _fill(self, matrix, pieces=1):
        """Pad each of `pieces` along the last axis to `padded`."""
        cut = matrix.reshape(*matrix.shape[:-1], pieces, -1)
        widths = [(0, 0)] * (cut.ndim - 1) + [(0, self.padded - cut.shape[-1])]
        return np.pad(cut, widths).reshape(*matrix.shape[:-1], -1)

    def _fill_inputs(self, matrix):
        return np.pad(matrix, ((0, self.padded - len(matrix)), (0, 0)))

    def _cell(self, name, layer, which):
        cell = self.settings.cell
        return self._fill(self._weights[f"{name}/recurrent_{layer}/{cell}/{cell}_cell/{which}"], self.gates)

    def _biases(self, name, layer):
        """The biases of a layer's gates: for the product with the input, and for that with the state."""
        bias = self._cell(name, layer, "bias")
        return bias if self.settings.cell == "gru" else (bias, np.zeros_like(bias))

    def initial(self, name, layer, which):
        return self._weights[f"{name}/recurrent_{layer}/{which}"]

    def _intake(self, name):
        """The kernels from a tier's input to all gates that use it: (dim, layers that use it * gates * padded)."""
        dim = self.settings.dim
        kernels = [self._cell(name, 0, "kernel")]
        if self.settings.skip_connections:
            kernels += [self._cell(name, layer, "kernel")[dim:] for layer in range(1, self.settings.layers)]
        return np.concatenate(kernels, axis=1)

    def hear(self, name):
        kernel, bias = self._linear(f"{name}/hear")
        intake = self._intake(name)
        layers = self.settings.layers if self.settings.skip_connections else 1
        of_gates = np.concatenate([self._biases(name, layer)[0] for layer in range(layers)])
        return kernel @ intake, bias @ intake + of_gates

    def kernel(self, name, layer):
        """From the layer below; the tier's input has been added already."""
        matrix = self._fill_inputs(self._cell(name, layer, "kernel")[: self.settings.dim])
        bias = self._biases(name, layer)[0]
        return matrix, np.zeros_like(bias) if self.settings.skip_connections else bias

    def recurrent(self, name, layer):
        return self._fill_inputs(self._cell(name, layer, "recurrent_kernel")), self._biases(name, layer)[1]

    def speak(self, name):
        all_layers = [self._linear(f"{name}/speak_{layer}") for layer in range(self.settings.layers)]
        matrix = np.concatenate([self._fill_inputs(self._fill(kernel)) for kernel, _ in all_layers])
        return matrix, self._fill(sum(bias for _, bias in all_layers))

    def upsample(self, name, below):
        """Into the gates of the tier below, or into the first hidden layer; and the size of a step."""
        kernel, bias = self._linear(f"{name}/upsample")
        into = self._intake(below) if below else self._fill(self._linear("sample_tier/hidden_0")[0])
        dim = self.settings.dim
        matrix = kernel.reshape(-1, dim) @ into
        return self._fill_inputs(matrix.reshape(dim, -1)), (bias.reshape(-1, dim) @ into).ravel(), into.shape[1]

    def rows(self):
        """What each code at each place of the frame adds to the first hidden layer: (frame * levels, padded)."""
        into, bias = self._linear("sample_tier/hidden_0")
        kernel = self._weights["sample_tier/kernel"]
        kernel = (kernel.reshape(-1, kernel.shape[-1]) @ into).reshape(kernel.shape)
        heard = self._weights["sample_tier/embedding"] @ kernel
        heard[0] += bias
        return self._fill(heard).reshape(-1, self.padded)

    @property
    def told(self):
        """How many features the sample tier gets from the predictors."""
        return len(self._weights["sample_tier/mixture/told"])

    def told_to_hidden(self):
        """From these features to the first hidden layer."""
        matrix = self._fill(self._weights["sample_tier/mixture/told"] @ self._linear("sample_tier/hidden_0")[0])
        return matrix, np.zeros(self.padded, np.float32)

    def hidden(self):
        kernel, bias = self._linear("sample_tier/hidden_1")
        return self._fill_inputs(self._fill(kernel)), self._fill(bias)

    def output(self):
        """To the logits and, beside them, to the changes of the predictors' mixture."""
        kernel, bias = self._linear("sample_tier/output")
        more = _whole(self.settings.levels) - self.settings.levels
        kernel, bias = np.pad(kernel, ((0, 0), (0, more))), np.pad(bias, (0, more), constant_values=NEVER)
        if self.settings.guesses:
            moves, first = (self._weights[f"sample_tier/mixture/{name}"] for name in ("kernel", "bias"))
            more = _whole(len(first)) - len(first)
            kernel = np.concatenate([kernel, np.pad(moves, ((0, 0), (0, more)))], axis=1)
            bias = np.concatenate([bias, np.pad(first, (0, more))])
        return self._fill_inputs(kernel), bias
