"""Import of models from PRiSM SampleRNN (https://github.com/rncm-prism/prism-samplernn, 2021).

Its checkpoint and its JSON configuration go in; a `SampleRNN` with the same weights, or a `Capsule`, comes out:

    capsule = pl.prism.capsule_of("logdir/default/26.07.2020_20.48.51", "default.config.json", sample_rate=16000)

The logits are the same up to float32 rounding: the two SampleRNNs parametrise the same computation differently, see
`_tier`. PRiSM SampleRNN itself is not needed.

Its codes are kept, and decoded by the `Quantisation` of this course, in which a code is up to one step from its place
in PRiSM SampleRNN. With linear codes, that makes all sound louder by the factor 128/127, 0.07 dB. With mu-law, whose
codes are symmetric about 127.5 there and about 128 here, the lower half of a wave gets up to 4.5 % larger, the upper
half up to 2.3 % smaller, above -40 dBFS (each up to 11 % at -60 dBFS, where there are few steps); no sample moves by
more than 0.043. For a sine at half of full scale, this adds an octave at -41 dB and a constant offset at -37 dB
relative to the sine, while the noise of 256 codes is at -38 dB. Digital silence, -81 dBFS there, is 0 here. When
scoring, codes of a recording are the same or one higher: for a small model and four recordings, that changed the score
by -0.01 to 0.02 bits. (PRiSM SampleRNN rescales each file to its lowest and highest sample before linear quantisation,
so silence may be off the centre there, and then here too.)
"""

import json
import math
import os
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .audio import check_sample_rate
from .backend import tf
from .capsule import Capsule, fill
from .checks import a_path, checked
from .errors import CourseError
from .files import read_json
from .model import SampleRNN
from .settings import ModelSettings

SOURCE = "PRiSM SampleRNN"
# PRiSM SampleRNN's documented defaults of settings that a configuration may omit. Others do not affect what its weights
# compute: seq_len and rnn_dropout are for training, and q_levels is used in place of emb_size.
DEFAULTS = {
    "frame_sizes": [16, 64],
    "dim": 1024,
    "rnn_type": "gru",
    "num_rnn_layers": 4,
    "q_type": "mu-law",
    "q_levels": 256,
    "skip_conn": False,
}
TIERS = ("frame_rnn", "big_frame_rnn")  # from fast to slow
GATES = {"gru": 3, "lstm": 4}
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"  # TensorFlow's suffix for the name of a variable's value
NO_WEIGHT = re.compile(r"/(\.OPTIMIZER_SLOT|_?states)/")  # stored beside the weights by its older versions


@checked(checkpoint=a_path, config=a_path)
def load(checkpoint, config):
    """The model in a checkpoint of PRiSM SampleRNN.

    Parameters
    ----------
    checkpoint : str or Path
        Any of its names, "model.ckpt-3", "model.ckpt-3.index" or "model.ckpt-3.data-00000-of-00001"; or its folder. If
        that has several, the one named in TensorFlow's file "checkpoint", or else the one with the highest number.
    config : str or Path
        The JSON file with which the model was trained. Missing settings have PRiSM's documented defaults.

    Returns
    -------
    SampleRNN
        In float32. Its settings are taken from the checkpoint, and the quantisation from the configuration.

    Raises
    ------
    CourseError
        When a file is missing or damaged, when the checkpoint holds something else, or when the two do not fit: the
        sentence names the setting.
    """
    settings, weights = _read(_find(checkpoint), config)
    model = SampleRNN(settings, dtype="float32")
    fill(model.weights_by_name(), weights)
    return model


@checked(checkpoint=a_path, config=a_path)
def capsule_of(checkpoint, config, sample_rate):
    """The model in a checkpoint of PRiSM SampleRNN, as a `Capsule`.

    Parameters
    ----------
    checkpoint, config : str or Path
        See `load`.
    sample_rate : int
        Hz, of the recordings that it was trained on, which neither file states. With another one it plays too high or
        too low.

    Returns
    -------
    Capsule
        Its `about` has "from", "checkpoint" (folder and name) and, if the name ends with a number, "epoch".

    Raises
    ------
    CourseError
        As `load` does, and for a sample rate out of range.
    """
    sample_rate, prefix = check_sample_rate(sample_rate), _find(checkpoint)
    settings, weights = _read(prefix, config)
    number = _number(prefix)
    about = {"from": SOURCE, "checkpoint": f"{_text(prefix.resolve().parent.name)}/{_text(prefix.name)}"}
    if number is not None:
        about["epoch"] = number
    return Capsule(settings, sample_rate, weights, about, _card(about, _text(Path(config).name), sample_rate))


def _card(about, config, sample_rate):
    """The model's card, in place of a corpus's, Markdown."""
    after = f", after epoch {about['epoch']}" if "epoch" in about else ""
    return "\n".join(
        [
            "# Card of this model",
            "",
            f"Imported from {SOURCE} (https://github.com/rncm-prism/prism-samplernn): the checkpoint "
            f"`{about['checkpoint']}`{after}, with the configuration `{config}`.",
            "",
            f"{sample_rate} Hz, as stated by whoever imported it: the checkpoint does not say.",
            "",
            "## Origin and consent",
            "",
            "What it learned from is unknown to this course: which recordings, whose, and with whose consent. Ask "
            "before you pass on sounds or models.",
            "",
        ]
    )


def _text(name):
    """The name of a file as printable text, even if it is not valid UTF-8 or has line breaks."""
    return " ".join(os.fsencode(name).decode("utf-8", "replace").replace("`", "'").split())


def _number(prefix):
    """The number at the end of a checkpoint's name, which is that of its epoch; None if there is none."""
    numbered = re.search(r"-(\d+)$", prefix.name)
    return int(numbered[1]) if numbered else None


def _find(checkpoint):
    """The path without an ending, "model.ckpt-3", of the requested checkpoint; its files exist."""
    path = Path(checkpoint)
    folder = path.parent if path.name == "checkpoint" and os.path.isfile(path) else path
    if os.path.isdir(folder):
        return _newest(folder)
    prefix = path.with_name(re.sub(r"\.(index|data-\d+-of-\d+)$", "", path.name))
    index, data = f"{prefix.name}.index", f"{prefix.name}.data-00000-of-00001"
    for name, there in ((index, os.path.isfile(prefix.with_name(index))), (data, _data(prefix))):
        if not there:
            raise CourseError(
                f'There is no complete checkpoint "{prefix}": {name} is missing. It takes both files that TensorFlow '
                "wrote, one that ends with .index and one with .data and numbers."
            )
    return prefix


def _data(prefix):
    """The files with the weights of a checkpoint: one, or several that are numbered."""
    return [path for path in prefix.parent.glob("*.data-*-of-*") if path.name.rpartition(".data-")[0] == prefix.name]


def _newest(folder):
    """The checkpoint in a folder that TensorFlow's own note names, or else the one with the highest number."""
    found = [path.with_suffix("") for path in folder.glob("*.index")]
    found = [prefix for prefix in found if _data(prefix)]
    if not found:
        raise CourseError(
            f'There is no checkpoint in "{folder}": name the folder that holds files such as model.ckpt-3.index.'
        )
    note = folder / "checkpoint"
    if os.path.isfile(note):
        text = note.read_text(encoding="utf-8", errors="replace")
        named = re.search(r'^model_checkpoint_path: "(.*)"', text, re.MULTILINE)
        # The path in it is from when it was written, so only the name counts.
        name = re.split(r"[/\\]+", named[1])[-1] if named else None
        for prefix in found:
            if prefix.name == name:
                return prefix
    return max(found, key=lambda prefix: (-1 if _number(prefix) is None else _number(prefix), prefix.name))


def _read(prefix, config):
    """(`ModelSettings`, {name: array} as this course calls them) of a checkpoint and its configuration."""
    config = read_json(config, "configuration")
    with _whole(prefix):
        reader = tf.train.load_checkpoint(str(prefix))
        types, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    shapes = {
        name.removesuffix(VALUE): tuple(shape)
        for name, shape in shapes.items()
        if name.startswith((*TIERS, "sample_mlp")) and name.endswith(VALUE) and types[name] == tf.float32
        if not NO_WEIGHT.search(name)
    }
    model = _model(prefix, shapes)
    settings = _settings(prefix, model, config)
    with _whole(prefix):
        if 4 * sum(map(math.prod, shapes.values())) > sum(path.stat().st_size for path in _data(prefix)):
            raise ValueError("its data ends too early")  # before memory is allocated
        values = {name: reader.get_tensor(name + VALUE) for name in shapes}
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise CourseError(f'The weights "{name}" in "{prefix}" are not finite numbers: take another checkpoint.')
    return settings, _weights(values, settings)


@contextmanager
def _whole(prefix):
    """Turn any error of TensorFlow in reading a checkpoint into a `CourseError`."""
    try:
        yield
    except Exception as error:
        raise CourseError(
            f'The checkpoint "{prefix}" cannot be read, so it is damaged or only a part of it is there: copy its files '
            "again."
        ) from error


def _model(prefix, shapes):
    """A model's settings from the shapes of its variables, {name: shape}, under a configuration's names."""
    try:
        (fast, dim), (slow, _) = (shapes[f"{tier}/inputs/kernel"] for tier in TIERS)
        levels, _ = shapes["sample_mlp/embedding/embeddings"]
        gates = shapes["frame_rnn/rnn/layer_0/cell/recurrent_kernel"][-1] // dim
        cell = next(cell for cell, count in GATES.items() if count == gates)
        layers = sum(re.fullmatch(r"frame_rnn/rnn/layer_\d+/cell/kernel", name) is not None for name in shapes)
        skip = "frame_rnn/rnn/layer_0_skip_out/kernel" in shapes
        expected = _shapes(fast, slow, dim, cell, layers, levels, skip)
    except (LookupError, ValueError, StopIteration, ZeroDivisionError):
        expected = None
    strange = None if expected is None else sorted(expected.items() ^ shapes.items())
    if strange != []:
        at = f' (as "{strange[0][0]}" shows)' if strange else ""
        raise CourseError(
            f'"{prefix}" is no checkpoint of {SOURCE} as of 2021{at}: those of other programs, and of its earlier '
            "versions, cannot be imported."
        )
    found = {"frame_sizes": [fast, slow], "dim": dim, "rnn_type": cell, "num_rnn_layers": layers}
    return {**found, "q_levels": levels, "skip_conn": skip}


def _shapes(fast, slow, dim, cell, layers, levels, skip):
    """{name: shape} of all variables of a model of PRiSM SampleRNN."""
    gates = GATES[cell] * dim
    shapes = {"sample_mlp/embedding/embeddings": (levels, levels), "sample_mlp/inputs/kernel": (fast, levels, dim)}
    for name, width in (("hidden1", dim), ("hidden2", dim), ("outputs", levels)):
        shapes |= {f"sample_mlp/{name}/kernel": (dim, width), f"sample_mlp/{name}/bias": (width,)}
    for tier, frame, steps in zip(TIERS, (fast, slow), (fast, slow // fast), strict=True):
        shapes |= {f"{tier}/inputs/kernel": (frame, dim), f"{tier}/inputs/bias": (dim,)}
        shapes[f"{tier}/upsample"] = (steps, dim, dim)
        for layer in range(layers):
            at = f"{tier}/rnn/layer_{layer}"
            shapes[f"{at}/cell/kernel"] = (2 * dim if skip and not layer else dim, gates)
            shapes[f"{at}/cell/recurrent_kernel"] = (dim, gates)
            shapes[f"{at}/cell/bias"] = (2, gates) if cell == "gru" else (gates,)
            if skip:
                shapes[f"{at}_skip_out/kernel"] = (dim, dim)
        if skip:
            shapes[f"{tier}/rnn/layer_0_skip_out/bias"] = (dim,)
    return shapes


def _settings(prefix, model, config):
    """The `ModelSettings` of a checkpoint's model, if the configuration fits."""
    configured = {name: default if config.get(name) is None else config[name] for name, default in DEFAULTS.items()}
    if configured["q_type"] not in ("mu-law", "linear"):
        raise CourseError(
            f'There is no q_type {json.dumps(configured["q_type"])} in {SOURCE}: it is "mu-law" or "linear".'
        )
    if configured["q_type"] == "mu-law":
        configured["q_levels"] = 256  # whatever the configuration says, as in PRiSM's training
    for name, found in model.items():
        found, wanted = json.dumps(found), json.dumps(configured[name])
        if found != wanted:
            how = f"says {name} {wanted}"
            if name == "q_levels" and configured["q_type"] == "mu-law":
                how = f'says q_type "mu-law", which always has {wanted}'
            elif config.get(name) is None:
                how = f"does not say, which means {wanted} to {SOURCE}"
            raise CourseError(
                f'The checkpoint "{prefix.name}" has {name} {found} and its configuration {how}: give the '
                "configuration that it was trained with, or correct it there."
            )
    try:
        return ModelSettings(
            frame_sizes=tuple(model["frame_sizes"]),
            dim=model["dim"],
            cell=model["rnn_type"],
            layers=model["num_rnn_layers"],
            skip_connections=model["skip_conn"],
            embedding=model["q_levels"],
            quantisation=configured["q_type"],
            levels=model["q_levels"],
        )
    except CourseError as error:
        raise CourseError(f'The model in "{prefix}" cannot be imported: {error}') from error


def _weights(values, settings):
    """{name: array} under this course's names, from {name: array} under PRiSM SampleRNN's."""
    weights = {
        "sample_tier/embedding": values["sample_mlp/embedding/embeddings"],
        "sample_tier/kernel": values["sample_mlp/inputs/kernel"],
    }
    for ours, theirs in (("hidden_0", "hidden1"), ("hidden_1", "hidden2"), ("output", "outputs")):
        for part in ("kernel", "bias"):
            weights[f"sample_tier/{ours}/{part}"] = values[f"sample_mlp/{theirs}/{part}"]
    for size, theirs in zip(settings.frame_sizes, TIERS, strict=True):
        tier = {name.removeprefix(f"{theirs}/"): value for name, value in values.items()}
        weights |= {f"tier_{size}/{name}": value for name, value in _tier(tier, settings)}
    return weights


def _tier(values, settings):
    """The weights of a recurrent tier, (name, array), of PRiSM's; with dim d, steps below s and g gates:

    - upsample: theirs is the kernel of a transposed convolution, (s, d, d), output before input; ours is one matrix,
      (d, s * d), whose columns are the steps one after the other, and a bias, here 0.
    - With skip connections, their layer 0 gets its input twice, concatenated: one kernel (d, g * d), the sum of the
      halves, is equivalent. Their higher layers get only the layer below, ours the tier's input too: its rows are 0.
      Only layer 0 has an output bias.
    - The initial state is not learned there: 0.
    """
    dim, cell, zeros = settings.dim, settings.cell, lambda *shape: np.zeros(shape, np.float32)
    upsample = values["upsample"]
    yield "hear/kernel", values["inputs/kernel"]
    yield "hear/bias", values["inputs/bias"]
    yield "upsample/kernel", upsample.transpose(2, 0, 1).reshape(dim, -1)
    yield "upsample/bias", zeros(len(upsample) * dim)
    for layer in range(settings.layers):
        theirs, ours = f"rnn/layer_{layer}", f"recurrent_{layer}"
        kernel = values[f"{theirs}/cell/kernel"]
        if settings.skip_connections:
            kernel = np.concatenate([kernel, zeros(*kernel.shape)]) if layer else kernel[:dim] + kernel[dim:]
            yield f"speak_{layer}/kernel", values[f"{theirs}_skip_out/kernel"]
            yield f"speak_{layer}/bias", zeros(dim) if layer else values[f"{theirs}_skip_out/bias"]
        yield f"{ours}/{cell}/{cell}_cell/kernel", kernel
        for part in ("recurrent_kernel", "bias"):
            yield f"{ours}/{cell}/{cell}_cell/{part}", values[f"{theirs}/cell/{part}"]
        for state in "h" if cell == "gru" else "hc":
            yield f"{ours}/{state}", zeros(dim)
