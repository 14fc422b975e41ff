"""The course in Google Colab: its libraries and a student's files, with a stand-in for Colab's package."""

import io
import os
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest
from badges import REPOSITORY
from packaging.requirements import Requirement

import prism_lessons as pl
from prism_lessons import notebook
from prism_lessons.errors import CourseError
from prism_lessons.mirror import Mirror
from prism_lessons.notebook import colab
from prism_lessons.run import CHECKPOINT, LOG


def test_the_course_accepts_the_versions_that_colab_has():
    lines = (Path(__file__).parent / "colab-pins.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed = [Requirement(line) for line in project["dependencies"]]
    # TensorFlow needs the first, librosa the next, scikit-learn the last: every runtime has them.
    elsewhere = {"packaging", "joblib", "platformdirs", "psutil", "scikit-learn", "threadpoolctl"}
    assert {need.name for need in needed} - pins.keys() <= elsewhere
    assert [need for need in needed if need.name in pins and pins[need.name] not in need.specifier] == []


@pytest.fixture
def google(google_colab, tmp_path, monkeypatch):
    """Colab's package, and a runtime whose current folder is that of the lessons."""
    monkeypatch.setattr(colab, "CONTENT", tmp_path / "content")
    monkeypatch.setattr(colab, "DRIVE", tmp_path / "content" / "drive")
    lessons = tmp_path / "content" / "prism-lessons" / "notebooks"
    lessons.mkdir(parents=True)
    monkeypatch.chdir(lessons)
    return google_colab


def a_zip(files):
    """The bytes of a zip of {name: bytes}."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_with_drive_files_are_kept_on_it(google, tmp_path, capsys):
    course = notebook.Course(drive=True)
    assert course.home.is_relative_to(tmp_path / "content" / "drive" / "MyDrive")
    assert "Drive" in capsys.readouterr().out
    assert notebook.Course(drive=True).home == course.home  # mounted already


def test_with_drive_a_run_is_trained_on_the_runtime_s_own_disk_and_copied_to_drive(google, tmp_path, capsys):
    course = notebook.Course(drive=True)
    folder = course.new_run("mine")
    assert folder == tmp_path / "content" / "course_files" / "runs" / "mine"
    assert course.copy_of(folder) == course.home / "runs" / "mine"
    assert course.copy_of(course.home / "elsewhere") is None
    assert str(folder.parent.parent) in capsys.readouterr().out
    assert course.lent_hours == 12


def test_without_drive_no_copy_is_kept(google):
    course = notebook.Course()
    assert course.copy_of(course.new_run("mine")) is None


@pytest.fixture
def next_runtime(google, tmp_path, straight):
    """A course on a new runtime after one on which "mine" was trained and copied to Drive."""
    course = notebook.Course(drive=True)
    folder = course.new_run("mine")
    shutil.copytree(straight.folder, folder)
    Mirror(folder, course.copy_of(folder)).finish()
    shutil.rmtree(tmp_path / "content" / "course_files")  # the runtime ends, and Drive stays
    return notebook.Course(drive=True)


@pytest.mark.parametrize(
    "find",
    [
        lambda course: pl.Run(course.new_run("mine")),
        lambda course: course.run("mine"),
        lambda course: course.run(),
    ],
)
def test_a_run_on_drive_is_brought_back_to_the_next_runtime(next_runtime, straight, find):
    run = find(next_runtime)
    assert run.folder == next_runtime.runs / "mine"
    assert (
        run.log == straight.log
        and (run.folder / CHECKPOINT).read_bytes() == (straight.folder / CHECKPOINT).read_bytes()
    )
    assert next_runtime.capsule().digest == straight.capsule().digest


def test_of_runs_here_and_on_drive_the_one_worked_on_last_is_the_newest(next_runtime, straight):
    older = next_runtime.new_run("older")
    shutil.copytree(straight.folder, older)
    on_drive = next_runtime.home / "runs" / "mine" / LOG
    for seconds, newest in ((-100, "mine"), (100, "older")):
        os.utime(older / LOG, (on_drive.stat().st_mtime + seconds,) * 2)
        assert next_runtime.run().folder.name == newest  # brought back, "mine" is as old as it was


def test_a_drive_that_is_gone_stops_only_what_is_on_it_alone(next_runtime, capsys):
    here = next_runtime.new_run("mine")
    shutil.rmtree(next_runtime.home)
    capsys.readouterr()
    assert next_runtime.new_run("mine") == here
    assert "is not there" in capsys.readouterr().out
    with pytest.raises(CourseError, match="is not there"):  # it may hold a run of that name, which is not begun anew
        next_runtime.new_run("other")
    assert not next_runtime.home.exists()


def test_a_star_lasts_on_drive(next_runtime):
    next_runtime.choose(next_runtime.audition(next_runtime.run()), 1)
    assert pl.Run(next_runtime.copy_of(next_runtime.runs / "mine")).starred == [1]


def test_a_run_trained_with_drive_is_taken_home_from_where_it_is(next_runtime, google, straight):
    folder = next_runtime.new_run("mine")
    for packed in (next_runtime.take_home(folder), next_runtime.take_home()):
        with zipfile.ZipFile(packed) as archive:
            assert {"runs/mine/run.json", "runs/mine/resume.bin"} <= set(archive.namelist())
            assert len(archive.namelist()) == len(set(archive.namelist()))
    google.files.chosen = {"mine.zip": (next_runtime.home / "mine.zip").read_bytes()}
    shutil.rmtree(folder)
    next_runtime.bring()
    assert pl.Run(folder).log == straight.log


def test_drive_is_left_alone_unless_it_is_asked_for(google, tmp_path):
    assert notebook.Course().home == tmp_path / "content" / "course_files"
    assert not (tmp_path / "content" / "drive").exists()


def test_a_refused_drive_is_said_and_the_course_goes_on(google, tmp_path, capsys):
    google.drive.refused = "mount failed"
    course = notebook.Course(drive=True)
    assert course.home == tmp_path / "content" / "course_files"
    said = capsys.readouterr().out
    assert "mount failed" in said and "take_home" in said


def test_uploads_and_what_is_in_a_zip_become_recordings(google):
    course = notebook.Course()
    google.files.chosen = {"a bell.wav": b"one", "winds.zip": a_zip({"winds/föhn.flac": b"two"})}
    course.bring()
    received = {path.name: path.read_bytes() for path in course.recordings.rglob("*.*")}
    assert received == {"a bell.wav": b"one", "föhn.flac": b"two"}
    assert not any(Path.cwd().iterdir())  # the copies that Colab leaves among the lessons


def test_an_upload_of_a_name_that_is_taken_gets_a_number_and_it_is_said(google, capsys):
    course = notebook.Course()
    for content in (b"one", b"two", b"one", b"two"):
        google.files.chosen = {"Take.wav": content}
        course.bring()
    received = {path.name: path.read_bytes() for path in course.recordings.rglob("*.*")}
    assert received == {"Take.wav": b"one", "Take_2.wav": b"two"}
    assert 'There is another "Take.wav" already, so this one is called "Take_2.wav"' in capsys.readouterr().out


def test_an_upload_of_notes_replaces_no_file_of_the_course(google, straight):
    course = notebook.Course()
    course.journal.write("03", {"What?": "surf"})
    google.files.chosen = {"journal.jsonl": b"chosen by mistake"}
    course.bring_notes(course.audition(straight))
    assert course.journal.answers("03") == {"What?": "surf"}


@pytest.mark.parametrize("name", ["../evil.wav", "winds/../../evil.wav", "/evil.wav"])
def test_a_zip_that_leads_out_of_its_folder_is_refused(google, tmp_path, name):
    course = notebook.Course()
    google.files.chosen = {"winds.zip": a_zip({name: b"evil"})}
    with pytest.raises(CourseError, match="outside"):
        course.bring()
    assert not list(tmp_path.rglob("evil.wav")) and not Path("/evil.wav").exists()


def test_a_damaged_zip_is_refused(google):
    google.files.chosen = {"winds.zip": b"no zip at all"}
    with pytest.raises(CourseError, match="cannot be unpacked"):
        notebook.Course().bring()


@pytest.mark.parametrize("refused", ["", "Cannot read properties of undefined"])
def test_an_upload_that_brings_nothing_is_said_and_what_is_there_will_do(google, write_noise, capsys, refused):
    course = notebook.Course()
    google.files.chosen, google.files.refused = {}, refused
    course.bring()
    assert (refused or "No file was uploaded") in capsys.readouterr().out
    write_noise(course.recordings / "of yesterday.wav", 1)
    course.bring()
    said = capsys.readouterr().out
    assert (refused or "No file was uploaded") in said and "of which 1 can be used" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("av", None, "16 or newer", False), ["av: missing", "a phone's M4A cannot be read. Everything else works"]),
        (("pyloudnorm", None, "0.2 or newer", False), ["pyloudnorm: missing", "recordings cannot be looked over."]),
        (("keras", "3.0.0", "3.12 or newer", False), ["keras: 3.0.0, but the course needs 3.12", "tell the course's"]),
        (("keras", "3.13.2", "3.12 or newer", True), ["Every library that the course needs is installed"]),
    ],
)
def test_set_up_says_what_a_library_that_is_missing_or_old_means(row, said, monkeypatch, capsys):
    monkeypatch.setattr(colab, "versions", lambda: [row])
    colab.check()
    printed = capsys.readouterr().out
    assert [words for words in said if words not in printed] == []
    assert ("cannot be" in printed) == (row[1] is None)


def test_files_are_taken_home_as_a_zip(google):
    course = notebook.Course()
    course.takes.mkdir(parents=True)
    (course.takes / "take 1.wav").write_bytes(b"sound")
    path = course.take_home(course.takes)
    assert google.files.downloaded == [path]
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["takes/take 1.wav"]


def test_a_run_taken_home_is_found_again_on_the_next_runtime(google, straight, tmp_path):
    course = notebook.Course()
    shutil.copytree(straight.folder, course.new_run("mine"))
    taken = course.take_home().read_bytes()
    shutil.rmtree(course.home)  # the runtime ends, with all that is on it
    course = notebook.Course()
    google.files.chosen = {"course_files.zip": taken}
    course.bring()
    run = course.run()
    assert run.folder == course.new_run("mine") and run.epochs == straight.epochs
    assert len(pl.generate(run.capsule(), seconds=0.01)) >= 1
