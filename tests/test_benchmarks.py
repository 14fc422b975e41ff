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
    ("changes", ["not there", "Muon"], 'There is no corpus in "not there"'),
    ("changes", ["not there", "sketch", "muon"], '"muon" should read NAME=VALUE'),
    ("gpu", ["not there"], 'There is no corpus in "not there"'),
    ("memory", ["not there.wav"], '"not there.wav" cannot be used'),
    ("learning_curve", ["not there"], "no sound can be read in not there"),
    ("preflight", ["by_heart"], "name the sound files"),
    ("search", ["not there"], 'There is no corpus in "not there"'),
    ("quality", ["split", "not there"], "split needs a folder"),
    ("quality", ["corpus", "not there", "takes"], "corpus needs a folder of recordings"),
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


def test_damage_is_what_its_name_says():
    hearing = importlib.import_module("hearing")
    takes, others = np.arange(40.0).reshape(4, 10), np.full((4, 10), -1.0)
    looping = hearing.looping(np.tile(np.arange(20000.0), (4, 1)), 1, None, None)
    assert (looping[:, :8000] == looping[:, 8000:16000]).all() and (looping[:, 7999:8001] == [7999, 0]).all()
    assert hearing.silenced(takes, 0.5, others, None)[1].tolist() == [10, 11, 12, 13, 14, 0, 0, 0, 0, 0]
    assert (hearing.copied(takes, 0.5, others, None) == -1).all(axis=1).sum() == 2
    assert (hearing.alike(takes, 1, others, None) == takes[0]).all()
    assert np.allclose(hearing.warped(takes[0], 2.0), [2, 4, 6, 8, 1, 3, 5, 7, 0, 2])


def differing(**changes):
    """The differences of a `TakeComparison` from one like it but for some figures."""
    from prism_lessons.audition.take_comparison import TakeComparison

    hearing = importlib.import_module("hearing")
    figures = {
        **{"takes": 6, "inaudible": 0, "blown_up": 0, "copying": 0.25, "silence": 0, "ringing": 1, "distance": 0.1},
        **{"in_one_recording": 0.7, "transposed": 0.2, "partials": 2.5, "voiced": 0.75, "onsets": 0.5},
        **{"moves_db": 10, "loop": 0, "levels_db": 3},
    }
    return hearing.differences(TakeComparison(**figures | changes), TakeComparison(**figures))


@pytest.mark.parametrize(
    ("figure", "value", "difference"),
    [
        *[("inaudible", 0.5, 0.5), ("silence", 0.3, 0.3), ("voiced", 0.25, 0.5), ("loop", 0.1, 0.1)],
        *[("moves_db", 25, 1.5), ("partials", 27, 1), ("onsets", 0, 1 / 3), ("in_one_recording", 0.3, 0.4)],
        *[("in_one_recording", 1.0, -0.3), ("in_one_recording", None, 0), ("distance", 0.7, 0.6)],
        *[("distance", -0.1, -0.2), ("copying", 0.5, 0.25), ("copying", 0.0, -0.25)],
    ],
)
def test_a_figure_differs_by_what_it_lies_from_that_of_the_recordings(figure, value, difference):
    assert not any(differing().values())
    found = differing(**{figure: value})
    assert found.pop(figure) == pytest.approx(difference)
    assert not any(found.values())


def test_takes_that_cannot_be_heard_differ_in_all_that_cannot_be_measured():
    nothing = dict.fromkeys(("in_one_recording", "transposed", "distance", "partials", "voiced", "onsets", "loop"))
    found = differing(inaudible=1, ringing=0, moves_db=None, levels_db=None, **nothing)
    assert [name for name, value in found.items() if value != 1] == ["blown_up", "copying", "silence"]


def test_damage_that_is_not_in_order_is_not_counted_and_in_bold():
    hearing = importlib.import_module("hearing")
    figures = [figure for *_, figure in hearing.DAMAGE.values()]
    found = {name: [dict.fromkeys(figures, value / 4) for value in range(4)] for name, *_ in hearing.DAMAGE.values()}
    found |= {"rings": False, "low-pass": found["low-pass"][::-1]}
    written = hearing.page({"bells": found, "organ, by formula": found | {"rings": True}})
    assert "| low-pass | 2000, 700, 250 Hz | `distance` | 0 of 1 | 0 of 1 | 0 of 1 | 0 of 1 |" in written
    assert "| noise added | 20, 10, 0 dB below | `distance` | 1 of 1 | 1 of 1 | 1 of 1 | 1 of 1 |" in written
    assert "`ringing` | 1 of 1 | 0 of 0 | 1 of 1 | 0 of 0 |" in written
    assert written.count("**") == 2 * 2 * 2 and written.count("**0.75, 0.50, 0.25, 0.00**") == 2
    assert written.count(" |  |  | ") == 2, "what does not ring is not judged by its partials"
