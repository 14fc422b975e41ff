"""Several devices for one model. Virtual ones must be there before TensorFlow starts, so another process has them."""

import subprocess
import sys
from pathlib import Path

from prism_lessons.cli import main
from prism_lessons.presets import PRESETS
from prism_lessons.training.keras_model import StatefulSampleRNN, build_model


def test_two_devices_train_as_one_does():
    tests = Path(__file__).with_name("on_two_devices.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_where_there_is_one_device_all_is_the_same_as_one():
    assert type(build_model(PRESETS["sketch"].changed(devices="all"), "float32")) is StatefulSampleRNN


def test_devices_are_one_or_all(hum_corpus, tmp_path, capsys):
    assert main(["train", str(hum_corpus.folder), str(tmp_path / "run"), "--devices", "two"]) == 2
    assert 'devices must be "one" or "all", not "two".' in capsys.readouterr().err
