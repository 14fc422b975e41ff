"""`prism-lessons check`: green where all is well, and for each fault a red line that says what to do."""

import json
import re
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from prism_lessons import readiness
from prism_lessons.cli import _lessons, main
from prism_lessons.errors import CourseError
from prism_lessons.readiness import Line, Readiness, readiness_page, three_notes, versions

NAMES = ["versions", "lessons", "memory", "M4A", "JupyterLab", "training"]


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """No other process is started and nothing is trained, which tests/test_setup.py does; where the page goes."""
    monkeypatch.setattr(readiness, "_run", lambda *_: 1.0)
    monkeypatch.setattr(readiness, "_check_training", lambda folder: "A model was trained.")
    return tmp_path / "check.html"


def test_all_that_is_well_is_green_and_ends_with_status_0(quick, capsys):
    assert main(["check", str(quick)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said[:-2]] == NAMES and all(": ready. " in line for line in said[:-2])
    assert said[-2] == "This computer is ready." and str(quick) in said[-1]
    page = quick.read_text(encoding="utf-8")
    assert "✓ This computer is ready." in page and page.count("✓ ready") == len(NAMES) and "✗" not in page


def test_one_fault_is_red_and_ends_with_status_2(quick, monkeypatch, capsys):
    monkeypatch.setattr(readiness.psutil, "virtual_memory", lambda: SimpleNamespace(available=1e9))
    assert main(["check", str(quick), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert not said["ready"] and said["page"] == str(quick)
    (red,) = (line for line in said["checks"] if not line["ready"])
    assert red["name"] == "memory"
    assert red["sentence"] == "1.0 GB are free, and a lesson takes 2.3 GB: close other programs."
    page = quick.read_text(encoding="utf-8")
    assert "✗ This computer is not ready: follow the advice on memory, and check again." in page
    assert page.count("✗ not ready") == 1 and page.count("✓ ready") == len(NAMES) - 1


def test_the_page_needs_nothing_beside_it_and_plays_three_notes_when_asked():
    page = readiness_page(Readiness((Line("a <name>", False, "One & two."),)))
    assert "a &lt;name&gt;" in page and "One &amp; two." in page
    assert not re.search(r"https?:|\bsrc=\"(?!data:)|autoplay", page)
    assert page.count("<audio controls") == 1 and 'aria-label="three notes"' in page


def test_the_notes_are_three_that_rise_and_do_not_click():
    notes = three_notes()
    parts = notes.samples.reshape(3, -1)
    peaks = [np.argmax(np.abs(np.fft.rfft(part))) * notes.sample_rate / len(part) for part in parts]
    assert peaks == pytest.approx(readiness.NOTES, abs=notes.sample_rate / parts.shape[1])
    assert np.all(np.abs(parts[:, [0, -1]]) < 0.005) and -13 < notes.levels.peak_dbfs < -10


def test_a_name_that_is_no_page_is_refused_before_anything_is_tried(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(readiness, "check_computer", None)
    assert main(["check", str(tmp_path / "check.txt")]) == 2
    assert capsys.readouterr().err.startswith("prism-lessons: ")


def test_here_every_library_fits():
    rows = {name: fits for name, _, _, fits in versions()}
    assert {"tensorflow", "keras", "numpy", "librosa", "ipywidgets"} <= set(rows)
    assert all(rows.values())


def test_libraries_of_the_extras_are_not_asked_for():
    assert not {"jupyterlab", "pytest", "ray", "sphinx"} & {name for name, *_ in versions()}


@pytest.mark.parametrize("found", ["1.26.4", None])
def test_a_library_that_is_too_old_or_missing_is_said(monkeypatch, found):
    def version(name):
        if name != "numpy":
            return "99"
        if found is None:
            raise readiness.PackageNotFoundError
        return found

    monkeypatch.setattr(readiness, "version", version)
    assert [row[:2] for row in versions() if not row[3]] == [("numpy", found)]
    with pytest.raises(CourseError, match=f"needs numpy 2.0 or newer, not {found or 'none'}: set the course up again"):
        readiness._check_versions()


@pytest.fixture
def course(tmp_path):
    """The folder of the lessons of a course."""
    (tmp_path / "datasets_examples").mkdir()
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks"


def test_lessons_without_the_sounds_beside_them_are_not_ready(course):
    assert readiness._check_lessons(course).startswith(f'They lie in "{course}"')
    (course.parent / "datasets_examples").rmdir()
    with pytest.raises(CourseError, match="unpack the whole zip"):
        readiness._check_lessons(course)


def test_lessons_where_nothing_can_be_written_are_not_ready(course, as_guest):
    course.chmod(0o555)
    with as_guest(), pytest.raises(CourseError, match="choose a folder that you may write to"):
        readiness._check_lessons(course)
    assert not [*course.iterdir()]


def test_lessons_on_a_full_disk_are_not_ready(course, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=3e8))
    with pytest.raises(CourseError, match=r'There are 300 MB free for ".*": make room for 1.0 GB\.'):
        readiness._check_lessons(course)


def test_lessons_of_the_working_folder_come_before_those_of_the_installation(course, monkeypatch):
    (course / "00_first_sound.ipynb").touch()
    for folder in (course, course.parent):
        monkeypatch.chdir(folder)
        assert _lessons() == course


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-c", "import no_such_library"], r"status 1 \(.*No module named 'no_such_library'\): set the course up"),
        (["-c", "import os; os._exit(4)"], "status 4: set the course up again"),
        (["-m", "prism_lessons.cli", "score", "none.capsule", "none.wav"], '^.*"none.capsule"'),
        (["-c", "import time; time.sleep(60)"], "took longer than 1 second"),
    ],
)
def test_a_process_that_fails_is_a_sentence(words, sentence, monkeypatch):
    monkeypatch.setattr(readiness, "PATIENCE", 1 if "sleep" in words[-1] else readiness.PATIENCE)
    with pytest.raises(CourseError, match=sentence) as error:
        readiness._run(*words)
    assert "prism-lessons: " not in str(error.value)


def test_whatever_a_broken_installation_raises_is_a_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    line = readiness._tried("M4A", lambda: readiness._check_m4a("memo.m4a"))
    assert not line.ready and line.sentence.startswith("It failed (import of av halted")
    assert line.sentence.endswith('set the course up again, as "Get the course" in its documentation says.')
