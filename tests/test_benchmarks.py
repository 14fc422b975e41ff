"""Benchmarks that judge on clean recordings: anybody's folder will do, and without one they refuse in a sentence."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
# Those that judge on a folder of recordings.
JUDGING = sorted(
    path.stem for path in FOLDER.glob("*.py") if "\n    add_recordings(parser)\n" in path.read_text(encoding="utf-8")
)
# Others, the arguments with which they are asked for what is not there, and the words that they answer with.
OTHERS = [
    ("hearing", ["takes"], "name the folder of the recordings"),
    ("hearing", ["takes", "not there", "not there"], 'there is no folder "not there"'),
    ("memory", ["not there.wav"], '"not there.wav" cannot be used'),
    ("learning_curve", ["not there"], "no sound can be read in not there"),
    ("preflight", ["by_heart"], "name the sound files"),
    ("quality", ["split", "not there"], "split needs a folder"),
    ("quality", ["memorise", "not there.wav"], '"not there.wav" cannot be used'),
]


@pytest.fixture
def ends(monkeypatch, capsys):
    """A function that runs a benchmark with arguments that it refuses; returns its sentence."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            importlib.import_module(name).main()
        printed = capsys.readouterr()
        assert end.value.code == 2 and printed.out == "" and printed.err.count("\n") == 1
        return printed.err

    return run


def test_findings_and_the_speed_of_a_survey_are_measured_on_a_folder_of_recordings():
    assert JUDGING == ["closeness", "diagnosis", "doctor", "near_duplicates", "survey"]


@pytest.mark.parametrize("name", JUDGING)
def test_without_enough_recordings_a_benchmark_refuses_in_a_sentence(name, ends, tmp_path, write_noise):
    assert "--recordings FOLDER" in ends(name)
    assert "there is no folder" in ends(name, "--recordings", tmp_path / "not there")
    for number in range(9):
        write_noise(tmp_path / f"{number}.wav", 0.1)
    (tmp_path / "read me.txt").touch()
    assert "holds 9 recordings" in ends(name, "--recordings", tmp_path)


@pytest.mark.parametrize(("name", "arguments", "words"), OTHERS)
def test_what_is_not_there_is_named_in_a_sentence(name, arguments, words, ends):
    assert ends(name, *arguments).startswith(f"{name}.py: {words}")


def test_copies_are_not_sought_among_recordings_that_cannot_be_read_or_are_too_short(ends, tmp_path, write_noise):
    for number in range(9):
        write_noise(tmp_path / f"{number}.wav", 0.1)
    (tmp_path / "9.FLAC").write_bytes(b"no FLAC")
    assert "no recording in" in ends("near_duplicates", "--recordings", tmp_path)


def test_faults_that_certain_recordings_have_are_taken_from_the_count_only_where_these_are_tried():
    doctor = importlib.import_module("doctor")
    rows = [(f"{name}.wav", "", "", True, {}) for name in range(10)]
    alarms = doctor.summary(rows)["false_alarms"]
    assert alarms and all(row["known"] == {} for row in alarms.values())
    assert doctor.summary([*rows, ("tabla_ke1.flac", "", "", True, {})])["false_alarms"]["short"]["known"]


def test_each_folder_of_takes_is_a_line_of_figures_after_that_of_the_recordings(
    monkeypatch, capsys, tmp_path, write_sound
):
    time = np.arange(32000) / 16000
    for folder, root in (("recordings", 1.0), ("near", 1.0), ("far", 1.08)):
        for number, step in enumerate((1, 1.5, 1.25, 1.125)):
            chord = sum(np.sin(2 * np.pi * hertz * root * step * time) for hertz in (262, 659, 1568))
            write_sound(tmp_path / folder / f"{number}.wav", 0.1 * chord)
    folders = [str(tmp_path / name) for name in ("recordings", "near", "far")]
    monkeypatch.setattr(sys, "argv", ["hearing.py", "takes", *folders])
    importlib.import_module("hearing").main()
    reached, near, far = map(json.loads, capsys.readouterr().out.splitlines())
    assert [line["folder"] for line in (reached, near, far)] == folders
    assert reached["ringing"] == near["ringing"] == far["ringing"] == 1
    assert near["in_one_recording"] == near["copying"] == 1 and reached["in_one_recording"] < 1
    assert far["in_one_recording"] <= far["transposed"] + 0.2 and far["distance"] >= near["distance"]
