"""Bringing models along from PRiSM SampleRNN: what they compute stays, and what does not fit is named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons.backend import keras, tf
from prism_lessons.cli import main

# Small checkpoints that PRiSM SampleRNN's own code has written, and the logits that it computed with them.
CHECKPOINTS = Path(__file__).parent / "data" / "prism_checkpoints"
CONFIG, EXPECTED = "test.config.json", "expected.npz"
DATA = "model.ckpt-3.data-00000-of-00001"

# A small model in the words of PRiSM SampleRNN's configuration.
SMALL = {
    "frame_sizes": [2, 6], "dim": 4, "rnn_type": "gru", "num_rnn_layers": 2, "q_type": "linear", "q_levels": 10,
    "skip_conn": False,
}  # fmt: skip


def made(config, seed=0):
    """Weights of a model as PRiSM SampleRNN calls them: {name: array}, at random."""
    (fast, slow), dim, levels = config["frame_sizes"], config["dim"], config["q_levels"]
    gates = {"gru": 3, "lstm": 4}[config["rnn_type"]] * dim
    bias = (2, gates) if config["rnn_type"] == "gru" else (gates,)
    shapes = {"sample_mlp/embedding/embeddings": (levels, levels), "sample_mlp/inputs/kernel": (fast, levels, dim)}
    for name, width in (("hidden1", dim), ("hidden2", dim), ("outputs", levels)):
        shapes |= {f"sample_mlp/{name}/kernel": (dim, width), f"sample_mlp/{name}/bias": (width,)}
    for tier, frame, steps in (("frame_rnn", fast, fast), ("big_frame_rnn", slow, slow // fast)):
        shapes |= {f"{tier}/inputs/kernel": (frame, dim), f"{tier}/inputs/bias": (dim,)}
        shapes[f"{tier}/upsample"] = (steps, dim, dim)
        for layer in range(config["num_rnn_layers"]):
            cell, twice = f"{tier}/rnn/layer_{layer}/cell", config["skip_conn"] and layer == 0
            shapes |= {f"{cell}/kernel": (dim * (1 + twice), gates), f"{cell}/recurrent_kernel": (dim, gates)}
            shapes[f"{cell}/bias"] = bias
            if config["skip_conn"]:
                shapes[f"{tier}/rnn/layer_{layer}_skip_out/kernel"] = (dim, dim)
            if twice:
                shapes[f"{tier}/rnn/layer_0_skip_out/bias"] = (dim,)
    chance = np.random.default_rng(seed)
    return {name: chance.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}


def write(prefix, weights):
    """Write {name: array} as a checkpoint of TensorFlow, as Keras 2 names what it saves; returns its path."""
    tree = {}
    for name, value in weights.items():
        *path, last = name.split("/")
        place = tree
        for step in path:
            place = place.setdefault(step, {})
        place[last] = tf.Variable(value)

    def tracked(tree):
        parts = {name: tracked(part) if isinstance(part, dict) else part for name, part in tree.items()}
        return tf.train.Checkpoint(**parts)

    prefix.parent.mkdir(parents=True, exist_ok=True)
    tracked(tree).write(str(prefix))
    return prefix


def as_prism_computes(weights, config, codes):
    """Teacher-forced logits from a fresh state, step by step as PRiSM SampleRNN describes itself."""
    (fast, slow), dim, levels = config["frame_sizes"], config["dim"], config["q_levels"]
    samples, above = codes.shape[1] - slow, 0

    def dense(name, x):
        return x @ weights[f"{name}/kernel"] + weights.get(f"{name}/bias", 0)

    for tier, frame, steps in (("big_frame_rnn", slow, slow // fast), ("frame_rnn", fast, fast)):
        heard = codes[:, slow - frame : codes.shape[1] - frame].reshape(len(codes), -1, frame)
        x = dense(f"{tier}/inputs", ((heard / (levels / 2) - 1) * 2).astype(np.float32)) + above
        spoken = 0
        for layer in range(config["num_rnn_layers"]):
            kind = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[config["rnn_type"]]
            cell, name = kind(dim, return_sequences=True), f"{tier}/rnn/layer_{layer}"
            x = np.concatenate([x, x], axis=-1) if config["skip_conn"] and layer == 0 else x
            cell.build(x.shape)
            cell.set_weights([weights[f"{name}/cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias")])
            x = np.asarray(cell(x))
            if config["skip_conn"]:
                spoken = spoken + dense(f"{name}_skip_out", x)
        x = spoken if config["skip_conn"] else x
        size = (len(codes), x.shape[1] * steps, dim)
        above = tf.nn.conv1d_transpose(x.astype(np.float32), weights[f"{tier}/upsample"], size, steps).numpy()
    embedded = weights["sample_mlp/embedding/embeddings"][codes[:, slow - fast : -1]]
    x = sum(embedded[:, i : i + samples] @ weights["sample_mlp/inputs/kernel"][i] for i in range(fast)) + above
    for hidden in ("hidden1", "hidden2"):
        x = np.maximum(dense(f"sample_mlp/{hidden}", x), 0)
    return dense("sample_mlp/outputs", x)


@pytest.fixture
def folder(tmp_path):
    """A folder with a small checkpoint, model.ckpt-3, and its configuration."""
    folder = tmp_path / "a läb/26.07.2020_20.48.51"
    write(folder / "model.ckpt-3", made(SMALL))
    (folder / CONFIG).write_text(json.dumps(SMALL))
    return folder


def say(folder, **changes):
    """Write another configuration, without what is `...`; returns its path."""
    path = folder / "changed.json"
    path.write_text(json.dumps({name: value for name, value in (SMALL | changes).items() if value is not ...}))
    return path


@pytest.mark.parametrize("name", ["gru_mulaw", "lstm_skip_linear", "gru_linear_one_layer"])
def test_logits_are_those_of_prism_over_two_windows(name):
    model = pl.prism.load(CHECKPOINTS / name, CHECKPOINTS / name / CONFIG)
    expected = np.load(CHECKPOINTS / name / EXPECTED)
    samples, logits = expected["samples"], expected["logits"]
    window, state, heard = logits.shape[1] // 2, model.initial_state(len(samples)), []
    for start in (0, window):
        codes = samples[:, start : start + window + model.settings.largest_frame]
        piece, state = model.teacher_forced(codes, state)
        heard.append(np.asarray(piece))
    np.testing.assert_allclose(np.concatenate(heard, axis=1), logits, rtol=0, atol=1e-4)
    np.testing.assert_allclose(model.logits(samples), logits, rtol=0, atol=1e-4)


@pytest.mark.parametrize("skip_conn", [False, True])
@pytest.mark.parametrize("rnn_type", ["gru", "lstm"])
@pytest.mark.parametrize(("num_rnn_layers", "frame_sizes"), [(1, [3, 6]), (3, [1, 4])])
def test_every_shape_of_model_computes_the_same(rnn_type, skip_conn, num_rnn_layers, frame_sizes, tmp_path):
    config = SMALL | {
        "rnn_type": rnn_type, "skip_conn": skip_conn, "num_rnn_layers": num_rnn_layers, "frame_sizes": frame_sizes,
    }  # fmt: skip
    weights = made(config, seed=1)
    (tmp_path / CONFIG).write_text(json.dumps(config))
    model = pl.prism.load(write(tmp_path / "model.ckpt-1", weights), tmp_path / CONFIG)
    codes = np.random.default_rng(2).integers(0, 10, (2, 5 * frame_sizes[1]))
    expected = as_prism_computes(weights, config, codes)
    np.testing.assert_allclose(model.logits(codes), expected, rtol=0, atol=1e-4)


def test_a_capsule_says_where_it_comes_from_and_plays(tmp_path):
    source = CHECKPOINTS / "gru_mulaw"
    capsule = pl.prism.capsule_of(source / "model.ckpt-3", source / CONFIG, 22050)
    assert capsule.about == {"from": "PRiSM SampleRNN", "checkpoint": "gru_mulaw/model.ckpt-3", "epoch": 3}
    for words in ("PRiSM SampleRNN", "`gru_mulaw/model.ckpt-3`, after epoch 3", "unknown", "22050 Hz, as stated"):
        assert words in capsule.card
    opened = pl.load(capsule.save(tmp_path / "mine.capsule"))
    assert (opened.settings.cell, opened.settings.quantisation, opened.sample_rate) == ("gru", "mu-law", 22050)
    assert opened.digest == capsule.digest and opened.card == capsule.card
    (clip,) = pl.generate(opened, seconds=0.02, voices=1)
    assert clip.sample_rate == 22050 and len(clip.samples) == 441


@pytest.mark.parametrize("name", ["model.ckpt-3", "model.ckpt-3.index", DATA, ""])
def test_any_of_its_names_will_do(name, folder):
    capsule = pl.prism.capsule_of(str(folder / name), folder / CONFIG, 16000)
    assert capsule.about["checkpoint"] == "26.07.2020_20.48.51/model.ckpt-3"
    assert pl.prism.load(folder / name, folder / CONFIG).settings == capsule.settings


def checkpoint_of(folder):
    return pl.prism.capsule_of(folder, folder / CONFIG, 16000).about["checkpoint"].partition("/")[2]


def test_of_several_it_is_the_newest_unless_tensorflow_notes_another(folder):
    for name in ("model.ckpt-10", "model.ckpt-9", "best"):
        write(folder / name, made(SMALL))
    (folder / "model.ckpt-11.index").write_bytes(b"its weights are gone")
    assert checkpoint_of(folder) == "model.ckpt-10"
    for noted in ("best", "/gone/logdir/best", r"C:\\Users\\me\\best"):
        (folder / "checkpoint").write_text(
            f'model_checkpoint_path: "{noted}"\nall_model_checkpoint_paths: "model.ckpt-9"\n'
        )
        assert checkpoint_of(folder) == "best"
    assert "epoch" not in pl.prism.capsule_of(folder / "checkpoint", folder / CONFIG, 16000).about
    for noted in (b'model_checkpoint_path: "model.ckpt-8"', b"\xff\x00", b""):  # not there; no note at all
        (folder / "checkpoint").write_bytes(noted)
        assert checkpoint_of(folder) == "model.ckpt-10"


def test_what_a_configuration_leaves_out_is_as_prism_documents_it(tmp_path):
    config = {
        "frame_sizes": [16, 64], "dim": 4, "rnn_type": "gru", "num_rnn_layers": 4, "q_levels": 256, "skip_conn": False,
    }  # fmt: skip
    write(tmp_path / "model.ckpt-1", made(config))
    (tmp_path / CONFIG).write_text('{"dim": 4, "skip_conn": null, "seq_len": "any", "rnn_dropout": 0.2, "colour": 1}')
    settings = pl.prism.load(tmp_path, tmp_path / CONFIG).settings
    assert (settings.frame_sizes, settings.layers, settings.cell) == ((16, 64), 4, "gru")
    assert (settings.quantisation, settings.levels, settings.skip_connections) == ("mu-law", 256, False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frame_sizes": [2, 8]}, r"has frame_sizes \[2, 6\] and its configuration says frame_sizes \[2, 8\]"),
        ({"frame_sizes": [2, 6, 12, 24]}, r"says frame_sizes \[2, 6, 12, 24\]"),
        ({"frame_sizes": "2, 6"}, 'says frame_sizes "2, 6"'),
        ({"dim": 1024}, "has dim 4 and its configuration says dim 1024"),
        ({"dim": ...}, "has dim 4 and its configuration does not say, which means 1024"),
        ({"dim": "4"}, 'says dim "4"'),
        ({"rnn_type": "lstm"}, 'has rnn_type "gru" and its configuration says rnn_type "lstm"'),
        ({"num_rnn_layers": 4}, "has num_rnn_layers 2 and its configuration says num_rnn_layers 4"),
        ({"num_rnn_layers": 2.5}, "says num_rnn_layers 2.5"),
        ({"q_levels": 256}, "has q_levels 10 and its configuration says q_levels 256"),
        ({"q_type": "mu-law"}, 'has q_levels 10 and its configuration says q_type "mu-law", which always has 256'),
        ({"q_type": "a-law"}, 'There is no q_type "a-law"'),
        ({"q_type": ["linear"]}, r'There is no q_type \["linear"\]'),
        ({"skip_conn": True}, "has skip_conn false and its configuration says skip_conn true"),
        ({"skip_conn": 0}, "says skip_conn 0"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(changes, said, folder):
    with pytest.raises(pl.CourseError, match=said):
        pl.prism.load(folder, say(folder, **changes))


@pytest.mark.parametrize("text", ["", "[1]", "{'dim': 4}", '{"dim": 4', "\xff\x00", "null"])
def test_what_is_no_configuration_is_refused(text, folder):
    (folder / CONFIG).write_text(text, encoding="latin-1")
    with pytest.raises(pl.CourseError, match="configuration"):
        pl.prism.load(folder, folder / CONFIG)


def test_what_is_not_there_is_named(folder, tmp_path):
    with pytest.raises(pl.CourseError, match="There is no configuration"):
        pl.prism.load(folder, folder / "other.json")
    with pytest.raises(pl.CourseError, match="There is no checkpoint in"):
        pl.prism.load(tmp_path, folder / CONFIG)
    with pytest.raises(pl.CourseError, match=r"model.ckpt-4.index is missing"):
        pl.prism.load(folder / "model.ckpt-4", folder / CONFIG)
    (folder / DATA).unlink()
    with pytest.raises(pl.CourseError, match=rf"{DATA} is missing"):
        pl.prism.load(folder / "model.ckpt-3", folder / CONFIG)
    with pytest.raises(pl.CourseError, match="There is no checkpoint in"):
        pl.prism.load(folder, folder / CONFIG)


@pytest.mark.parametrize("name", ["model.ckpt-3.index", DATA])
@pytest.mark.parametrize("fault", ["empty", "cut", "changed"])
def test_damage_is_one_sentence(name, fault, folder):
    whole = (folder / name).read_bytes()
    middle = len(whole) // 2
    changed = whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 8]) + whole[middle + 8 :]
    (folder / name).write_bytes({"empty": b"", "cut": whole[:middle], "changed": changed}[fault])
    with pytest.raises(pl.CourseError, match=r'The checkpoint ".*model.ckpt-3" cannot be read'):
        pl.prism.load(folder, folder / CONFIG)


def test_weights_that_are_no_numbers_are_refused(folder):
    weights = made(SMALL)
    weights["frame_rnn/upsample"][1, 2, 3] = np.nan
    write(folder / "model.ckpt-4", weights)
    with pytest.raises(pl.CourseError, match=r'"frame_rnn/upsample" in .* not finite numbers'):
        pl.prism.load(folder, folder / CONFIG)


def other(**changes):
    """The weights of a small model with some of them in another shape, or without them."""
    weights = made(SMALL) | {name.replace("__", "/"): value for name, value in changes.items()}
    return {name: value for name, value in weights.items() if value is not None}


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        ({"dense/kernel": np.ones((3, 3), np.float32)}, ""),
        (other(frame_rnn__upsample=None), "frame_rnn/upsample"),
        (other(frame_rnn__inputs__kernel=None), ""),
        (other(sample_mlp__hidden1__kernel=np.ones((4, 5), np.float32)), "sample_mlp/hidden1/kernel"),
        (other(sample_mlp__inputs__bias=np.ones(4, np.float32)), "sample_mlp/inputs/bias"),
        (other(big_frame_rnn__rnn__layer_2__cell__kernel=np.ones((4, 12), np.float32)), "layer_2"),
        (other(frame_rnn__inputs__kernel=np.ones((2, 4), np.float64)), ""),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(weights, named, folder):
    write(folder / "model.ckpt-4", weights)
    with pytest.raises(pl.CourseError, match=f"is no checkpoint of PRiSM SampleRNN.*{named}"):
        pl.prism.load(folder, folder / CONFIG)


def test_what_this_course_has_no_room_for_is_refused(folder):
    config = SMALL | {"num_rnn_layers": 11}
    write(folder / "model.ckpt-4", made(config))
    with pytest.raises(pl.CourseError, match="cannot be imported: layers must be"):
        pl.prism.load(folder, say(folder, num_rnn_layers=11))
    write(folder / "model.ckpt-5", made(SMALL | {"frame_sizes": [4, 6]}))
    with pytest.raises(pl.CourseError, match="cannot be imported: frame_sizes must each divide"):
        pl.prism.load(folder, say(folder, frame_sizes=[4, 6]))


def test_what_the_optimiser_kept_is_left_out(folder):
    write(folder / "model.ckpt-4", made(SMALL) | {"optimizer/_variables/1": np.ones(3, np.float32)})
    assert pl.prism.load(folder, folder / CONFIG).settings.dim == 4


def test_the_command_writes_a_capsule(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["import-prism", str(folder), "--config", str(folder / CONFIG), "--sample-rate", "16000"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["capsule"] == "26.07.2020_20.48.51_epoch3.capsule"
    assert (told["epoch"], told["sample_rate"], told["model"]["layers"]) == (3, 16000, 2)
    assert pl.load(told["capsule"]).about["epoch"] == 3

    assert main([*words, "--out", "sub/mine.capsule"]) == 0
    assert main([*words, "--out", "sub/mine.capsule"]) == 0  # a capsule may be made anew
    assert "26.07.2020_20.48.51/model.ckpt-3" in capsys.readouterr().out
    Path("kept.txt").write_text("not a capsule")
    for kept in ("kept.txt", "sub"):
        assert main([*words, "--out", kept]) == 2
        assert "is not a capsule" in capsys.readouterr().err
    assert Path("kept.txt").read_text() == "not a capsule"


@pytest.mark.parametrize("rate", ["0", "-5", "10000000"])
def test_the_command_refuses_a_sample_rate_out_of_range(rate, folder, capsys):
    words = ["import-prism", str(folder), "--config", str(folder / CONFIG), "--sample-rate", rate]
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("prism-lessons: A sample rate of")
    assert len(printed.err.strip().splitlines()) == 1


@pytest.mark.parametrize("left_out", ["--config", "--sample-rate"])
def test_the_command_says_what_it_needs(left_out, folder, capsys):
    words = ["import-prism", str(folder), "--config", str(folder / CONFIG), "--sample-rate", "16000"]
    at = words.index(left_out)
    with pytest.raises(SystemExit) as stop:
        main(words[:at] + words[at + 2 :])
    assert stop.value.code == 2 and left_out in capsys.readouterr().err


def test_a_copy_of_the_files_elsewhere_gives_the_same_model(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    ours, theirs = (pl.prism.capsule_of(place, place / CONFIG, 16000) for place in (folder, copy))
    assert ours.digest == theirs.digest
