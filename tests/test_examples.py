"""The examples of the reference: each name of the face has some, and they show what they say."""

import doctest
import inspect
import io
import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons.live import LiveLine

EXAMPLES = Path(__file__).parents[1] / "datasets_examples"
# Of the sketch in the examples, beside the settings of `small`: a pass of it is then some hundred steps.
BATCHES = {"streams": 16, "window": 128}
RECORDINGS = {"bells": "bell_A4_C5_D5_A5_soft", "chimes": "chime_D5_G5_A5_C5_hard", "gong": "gong_131_hard"}

each_name = pytest.mark.parametrize("name", sorted(pl._FACE))


def explained(name):
    """What explains a name: its value or, where that is data and cannot say what it is, its module."""
    value = getattr(pl, name)
    return value if callable(value) else import_module(f"prism_lessons.{pl._FACE[name]}")


@pytest.fixture(scope="session")
def beginning(tmp_path_factory):
    """What lies in the folder in which an example begins: recordings, a corpus of them, a run and a capsule."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "recordings").mkdir()
    for name, file in RECORDINGS.items():
        shutil.copy(EXAMPLES / "bells" / f"{file}.flac", folder / "recordings" / f"{name}.flac")
    pl.curate(folder / "recordings", folder / "my_corpus")
    shutil.copytree(EXAMPLES / "trained" / "breath_plain", folder / "my_run")
    shutil.copy(EXAMPLES / "trained" / "bells" / "epochs" / "0012.capsule", folder / "bells.capsule")
    return folder


@pytest.fixture
def in_a_folder_of_its_own(beginning, tmp_path, monkeypatch):
    shutil.copytree(beginning, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    # Progress is written over while the work goes on: an example shows what a reader sees at its end.
    monkeypatch.setattr(LiveLine, "_write", lambda *_, **__: None)


@pytest.fixture
def on_a_quick_computer(small, monkeypatch):
    """The sketch is small, how fast it trains is known, and a pre-flight tries in no time what takes it a minute."""
    from prism_lessons.training.plan import Throughput  # here, so that tests without a model need no TensorFlow
    from prism_lessons.training.preflight import Check, machine

    throughput = Throughput(
        samples_per_second=28_000,
        samples_per_epoch=224_000,
        start_seconds=10,
        end_seconds=2,
        checkpoint_bytes=10**6,
        weights_bytes=10**5,
        clips_bytes=10**5,
    )
    learned = Check("by heart", True, "It was learned by heart, and played back.")
    monkeypatch.setitem(pl.PRESETS, "sketch", pl.PRESETS["sketch"].changed(**{**small, **BATCHES}))
    monkeypatch.setattr(sys.modules[pl.plan.__module__], "measure_throughput", lambda *_: throughput)
    monkeypatch.setattr(sys.modules[pl.preflight.__module__], "check_overfitting", lambda *_: (learned, None))
    monkeypatch.setattr(machine, "_train", lambda *_: None)  # two models would be compiled


@each_name
def test_name_has_examples_and_says_what_else_to_see(name):
    sections = inspect.getdoc(explained(name)).split("\n\n")
    assert any(section.startswith("Examples\n--------\n>>> ") for section in sections)
    assert any(section.startswith("See Also\n--------\n") for section in sections)


@each_name
def test_examples_show_what_they_say(name, in_a_folder_of_its_own, on_a_quick_computer):
    report, runner = io.StringIO(), doctest.DocTestRunner()
    for examples in doctest.DocTestFinder().find(explained(name), name, globs={"pl": pl, "np": np}):
        assert "SKIP" not in examples.docstring
        runner.run(examples, out=report.write)
    assert runner.tries and not runner.failures, report.getvalue()
