"""What test_devices.py runs in a process of its own: one model on two virtual devices, as on one."""

import numpy as np
import pytest

from prism_lessons.backend import keras, tf
from prism_lessons.corpus import Codes
from prism_lessons.errors import Stopped
from prism_lessons.presets import PRESETS
from prism_lessons.streams import Streams
from prism_lessons.training import keras_model
from prism_lessons.training.callback import TrainingCallback
from prism_lessons.training.schedule import learning_rate

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])

BATCHES, WINDOW = 50, 64
PREDICTORS = {"predictors": (4, 16), "book": 3}
QUICK = {"epochs": 1, "streams": 16, "window": 256, "validation_seconds": 1}  # an epoch of some 18 batches
CLOSE = {"rtol": 0, "atol": 1e-4}


class Losses(keras.callbacks.Callback):
    """Sets the learning rate of each batch, and keeps its bits; of all together, single precision loses places."""

    def __init__(self, settings):
        super().__init__()
        self.settings, self.bits = settings, []

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate.assign(learning_rate(self.settings, batch, 0.0))

    def on_train_batch_end(self, batch, logs=None):
        self.bits.append(float(self.model.bits.result()))
        self.model.bits.reset_state()


def learnt(preset, codes):
    """The model after all batches of a pass, and the bits of each."""
    model, losses = keras_model.build_model(preset, "float32", codes), Losses(preset.training)
    dataset = Streams.of(codes, preset, model.samplernn.predictors).dataset(0)
    model.fit(dataset, callbacks=[losses], shuffle=False, verbose=0)
    return model, losses.bits


@pytest.fixture(scope="module", autouse=True)
def without_xla():
    """As on a graphics card, and quicker here, where compiling takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras_model, "WIDEST_JIT", 0)
        yield


@pytest.mark.parametrize(
    ("streams", "predictors", "widest_jit"), [(3, PREDICTORS, 0), (2, {}, 512)], ids=["predictors", "XLA"]
)
def test_two_devices_learn_what_one_does(small, monkeypatch, streams, predictors, widest_jit):
    """Of three streams, one has two. In the last batch the other has only padding, which must not count in the mean."""
    monkeypatch.setattr(keras_model, "WIDEST_JIT", widest_jit)
    changes = {"dropout": 0.0, "streams": streams, "window": WINDOW, "clip_norm": 0.5, **predictors}
    preset = PRESETS["sketch"].changed(**small | changes)
    time = np.arange(((BATCHES - 1) * streams + 1) * WINDOW)
    sound = 0.3 * np.sin(0.03 * time) + np.random.default_rng(0).normal(0, 0.02, len(time))
    codec = preset.model.codec
    codes = Codes.of_arrays([codec.encode(sound)], codec.centre)
    (one, one_bits), (two, two_bits) = (learnt(preset.changed(devices=devices), codes) for devices in ("one", "all"))
    assert len(one_bits) == BATCHES
    np.testing.assert_allclose(two_bits, one_bits, **CLOSE)
    assert 0.5 < one.adam.mean_norm == pytest.approx(two.adam.mean_norm, rel=1e-4)  # clipped, and by the same norm
    of_two = two.named_variables()
    assert of_two.keys() == one.named_variables().keys()
    for name, variable in one.named_variables().items():
        tolerance = {"rtol": 1e-4} if name.startswith("optimiser/") else {}
        np.testing.assert_allclose(of_two[name].numpy(), variable.numpy(), **CLOSE | tolerance, err_msg=name)


@pytest.fixture(scope="module")
def trained(go_on, tmp_path_factory):
    """A function that trains an epoch; stopped and resumed if the devices for the rest of it are given."""

    def trained(devices, then=None):
        folder = tmp_path_factory.mktemp("run") / "run"
        if then:
            end, count = TrainingCallback.on_train_batch_end, iter(range(10**6))

            def end_or_stop(self, batch, logs=None):
                end(self, batch, logs)
                if next(count) == 8:
                    raise KeyboardInterrupt

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(TrainingCallback, "on_train_batch_end", end_or_stop)
                with pytest.raises(Stopped):
                    go_on(folder, **QUICK, devices=devices)
        return go_on(folder, **QUICK, devices=then or devices)

    return trained


@pytest.fixture(scope="module")
def on_one(trained):
    return trained("one")


@pytest.fixture(scope="module")
def on_two(trained):
    return trained("all")


def notes(run):
    return {event["kind"]: event["text"] for event in run.events}


def test_a_run_says_on_how_many_devices_it_trained(on_one, on_two):
    assert notes(on_one)["begun"] == "Begun on a CPU, in single precision."
    assert notes(on_two)["begun"] == "Begun on 2 CPUs, in single precision."


def test_a_training_on_two_devices_resumes_to_the_last_bit(trained, on_two):
    resumed = trained("all", then="all")
    assert "resumed" in notes(resumed)
    for name, weight in on_two.capsule().weights.items():
        np.testing.assert_array_equal(resumed.capsule().weights[name], weight, err_msg=name)


@pytest.mark.parametrize(("first", "then"), [("one", "all"), ("all", "one")])
def test_a_training_goes_on_with_more_devices_or_fewer_as_if_nothing_had_changed(trained, on_one, first, then):
    """With dropout: the devices share its masks, as streams do."""
    run = trained(first, then=then)
    assert notes(run)["changed"] == f"devices was {first} and is {then} from here on."
    for name, weight in on_one.capsule().weights.items():
        np.testing.assert_allclose(run.capsule().weights[name], weight, **CLOSE, err_msg=name)
