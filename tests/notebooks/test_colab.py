"""The course in Google Colab: its set-up cell as it is, and a student's files, with a stand-in for Colab's package."""

import io
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from badges import REPOSITORY, Home
from lessons import copy
from packaging.requirements import Requirement

import prism_lessons as pl
from prism_lessons import notebook
from prism_lessons.errors import CourseError
from prism_lessons.mirror import Mirror
from prism_lessons.notebook import colab
from prism_lessons.run import LOG, RESUME

FAKE = Path(__file__).parent / "fake_colab"
HOME = Home.read()
SETUP = HOME.setup()
# Runs cells as a notebook does, so that what is printed of an error is what a student sees.
KERNEL = """
import sys
from IPython.core.interactiveshell import InteractiveShell

if sys.argv[1] == "colab":
    import google.colab
shell = InteractiveShell.instance()
sys.exit(not all(shell.run_cell(cell).success for cell in sys.argv[2:]))
"""
WHERE = "import os, prism_lessons; print('lessons in', os.getcwd()); print('library in', prism_lessons.__path__[0])"


def test_the_course_accepts_the_versions_that_colab_has():
    lines = (FAKE.parent / "colab-pins.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed = [Requirement(line) for line in project["dependencies"]]
    # TensorFlow needs the first, librosa the others: every runtime has them.
    assert {need.name for need in needed} - pins.keys() <= {"packaging", "platformdirs", "psutil", "scikit-learn"}
    assert [need for need in needed if need.name in pins and pins[need.name] not in need.specifier] == []


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A git repository that holds this working tree under the tag that the set-up cell names."""
    with copy() as folder:
        for name in ("pyproject.toml", "README.md", ".gitignore"):
            shutil.copy(REPOSITORY / name, folder)
        shutil.copytree(REPOSITORY / "prism_lessons", folder / "prism_lessons")

        def git(*words):
            identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
            subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

        git("init", "--quiet")
        git("add", "--all")
        git("commit", "--quiet", "--message", "The course")
        git("tag", HOME.version)
        yield folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder to install from without a network: the one library that the set-up cell brings, packed up again."""
    installed = distribution("pyloudnorm")
    folder = tmp_path_factory.mktemp("shelf")
    with zipfile.ZipFile(folder / f"pyloudnorm-{installed.version}-py3-none-any.whl", "w") as wheel:
        for file in installed.files:
            if file.suffix != ".pyc" and file.name not in ("INSTALLER", "REQUESTED", "direct_url.json"):
                wheel.write(file.locate(), file)
    return folder


@pytest.fixture
def runtime(tmp_path, shelf):
    """A function that starts a kernel in a runtime of Colab and runs cells in it; the runtime outlives the kernel."""
    content, library = tmp_path / "content", tmp_path / "library"
    content.mkdir()
    library.mkdir()

    def start(*cells, published=None, place="colab"):
        offline = {"https_proxy": "http://127.0.0.1:9", "no_proxy": "", "PIP_NO_INDEX": "1"}
        offline["PIP_FIND_LINKS"] = str(shelf)
        repository = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{published}.insteadOf",
            "GIT_CONFIG_VALUE_0": HOME.address,
        }
        # What Colab installs goes into a folder of its own; the value 0 means no isolation, so nothing is downloaded.
        installing = {"PIP_TARGET": str(library), "PIP_NO_BUILD_ISOLATION": "0"}
        environment = os.environ | offline | installing | (repository if published else {})
        environment |= {"PYTHONPATH": f"{library}:{FAKE}", "IPYTHONDIR": str(tmp_path / "ipython")}
        command = [sys.executable, "-c", KERNEL, place, *cells]
        return subprocess.run(command, cwd=content, env=environment, capture_output=True, text=True)

    return start


def test_set_up_begins_goes_on_and_survives_a_restart(published, runtime, tmp_path):
    lessons, library = tmp_path / "content" / "prism-lessons" / "notebooks", tmp_path / "library" / "prism_lessons"
    fresh = runtime(SETUP, WHERE, SETUP, WHERE, published=published)
    assert fresh.returncode == 0, fresh.stdout + fresh.stderr
    assert fresh.stdout.count(f"lessons in {lessons}\nlibrary in {library}\n") == 2
    assert fresh.stdout.count("graphics card (GPU)") == 2  # what the runtime has is said each time
    (lessons / "a student's note.txt").touch()
    restarted = runtime(SETUP, WHERE)  # the repository cannot be reached this time
    assert restarted.returncode == 0, restarted.stdout + restarted.stderr
    assert f"lessons in {lessons}\nlibrary in {library}\n" in restarted.stdout
    assert (lessons / "a student's note.txt").exists()
    assert [path.name for path in (tmp_path / "content").iterdir()] == ["prism-lessons"]


def test_without_a_network_set_up_says_so_in_one_sentence_and_later_goes_on(published, runtime, tmp_path):
    failed = runtime(SETUP, WHERE)
    assert failed.returncode == 1
    (line,) = (failed.stdout + failed.stderr).strip().splitlines()
    assert line.startswith("Set-up failed (") and line.endswith("check that you are online, then run this cell again.")
    assert not (tmp_path / "content" / "prism-lessons").exists()
    (tmp_path / "content" / "fetched").mkdir(exist_ok=True)  # as a download that was cut off leaves it
    (tmp_path / "content" / "fetched" / "half").touch()
    assert runtime(SETUP.partition("    from prism_lessons")[0], published=published).returncode == 0


def test_on_a_computer_of_one_s_own_set_up_does_nothing(runtime, tmp_path):
    done = runtime("before = {*globals()}", SETUP, "print(sorted({*globals()} - before))", place="here")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sys" in done.stdout and "subprocess" not in done.stdout
    assert not any((tmp_path / "content").iterdir())


@pytest.fixture
def google(tmp_path, monkeypatch):
    """Colab's package, and a runtime whose current folder is that of the lessons."""
    monkeypatch.syspath_prepend(FAKE)
    from google.colab import drive, files

    monkeypatch.setattr(files, "chosen", {})
    monkeypatch.setattr(files, "downloaded", [])
    monkeypatch.setattr(drive, "refused", None)
    monkeypatch.setattr(colab, "CONTENT", tmp_path / "content")
    monkeypatch.setattr(colab, "DRIVE", tmp_path / "content" / "drive")
    lessons = tmp_path / "content" / "prism-lessons" / "notebooks"
    lessons.mkdir(parents=True)
    monkeypatch.chdir(lessons)
    yield sys.modules["google.colab"]
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]


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
    assert run.log == straight.log and (run.folder / RESUME).read_bytes() == (straight.folder / RESUME).read_bytes()
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


@pytest.mark.parametrize("name", ["../evil.wav", "winds/../../evil.wav", "/evil.wav"])
def test_a_zip_that_leads_out_of_its_folder_is_refused(google, tmp_path, name):
    course = notebook.Course()
    google.files.chosen = {"winds.zip": a_zip({name: b"evil"})}
    with pytest.raises(CourseError, match="outside"):
        course.bring()
    assert not list(tmp_path.rglob("evil.wav")) and not Path("/evil.wav").exists()


@pytest.mark.parametrize("chosen", [{}, {"winds.zip": b"no zip at all"}])
def test_an_upload_that_brings_nothing_is_said(google, chosen):
    google.files.chosen = chosen
    with pytest.raises(CourseError):
        notebook.Course().bring()


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
