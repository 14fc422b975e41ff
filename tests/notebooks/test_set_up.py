"""The set-up cell, as it is: where in Google Colab the course comes from, and what is refused."""

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pack
import pytest
from badges import REPOSITORY, Home

from prism_lessons.notebook import installing

HOME = Home("9.1")
PACKED = "prism-lessons-9.1.zip"
COURSE = {
    "pyproject.toml": b'[project]\nname = "prism-lessons"\nversion = "9.1"\n',
    "notebooks/00_first_sound.ipynb": b"{}",
    "prism_lessons/__init__.py": b"",
    "datasets_examples/bells/bell.wav": b"a sound",
}


def a_zip(folder="prism-lessons-9.1/", course=COURSE, more=None):
    """The bytes of a zip of the course, or of other files {name: bytes}, in a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in ({folder + name: content for name, content in course.items()} | (more or {})).items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def content(google_colab, tmp_path, monkeypatch):
    """The folder in which a runtime begins."""
    folder = tmp_path / "content"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def drive(content):
    """The folder of a student's Drive."""
    folder = content / "drive" / "MyDrive"
    folder.mkdir(parents=True)
    return folder


def bring(home=HOME):
    """Run the set-up cell until the course is there and would be installed."""
    cell, found, _ = home.setup().partition("        if why := failed(sys.executable")
    assert found
    exec(compile(cell, "set-up", "exec"), {"__name__": "__main__"})


def is_there(content):
    """Whether the course lies where lessons look for it, and nothing else that set-up made."""
    course = content / "prism-lessons"
    files = {path.relative_to(course).as_posix() for path in course.rglob("*") if path.is_file()}
    return files >= COURSE.keys() and not (content / "brought").exists()


def test_a_zip_on_drive_is_taken_and_it_is_said(content, drive, capsys):
    (drive / PACKED).write_bytes(a_zip())
    bring()
    assert is_there(content)
    assert capsys.readouterr().out.endswith(f'The course was unpacked from "{PACKED}" on your Google Drive.\n')


@pytest.mark.parametrize("refused", [None, "mount failed"])
def test_where_drive_has_no_zip_or_is_refused_an_upload_is_taken_and_it_is_said(content, google_colab, refused, capsys):
    google_colab.drive.refused = refused
    google_colab.files.chosen = {"prism-lessons-9.1 (1).zip": a_zip()}
    bring()
    assert is_there(content)
    said = capsys.readouterr().out
    assert said.endswith('The course was unpacked from "prism-lessons-9.1 (1).zip", which you uploaded.\n')
    assert ("Google Drive could not be opened (mount failed)." in said) == bool(refused)


def test_a_drive_that_fails_while_it_is_read_is_said(content, drive, google_colab, monkeypatch, capsys):
    glob = Path.glob

    def failing(path, pattern):
        if path.name == "MyDrive":
            raise OSError(5, "Input/output error")
        return glob(path, pattern)

    monkeypatch.setattr(Path, "glob", failing)
    google_colab.files.chosen = {PACKED: a_zip()}
    bring()
    assert is_there(content)
    assert "Google Drive could not be opened ([Errno 5] Input/output error)." in capsys.readouterr().out


def test_a_zip_on_the_runtime_is_taken_without_asking_for_anything(content, capsys):
    (content / PACKED).write_bytes(a_zip())
    bring()
    assert is_there(content) and not (content / "drive").exists()
    assert capsys.readouterr().out == f'The course was unpacked from "{PACKED}" on this runtime.\n'


MAC = {"__MACOSX/prism-lessons-9.1/._pyproject.toml": b"\0\5\x16\7", "prism-lessons-9.1/.DS_Store": b""}


@pytest.mark.parametrize(
    "packed", [a_zip(""), a_zip("course/prism-lessons-9.1/"), a_zip(more=MAC)], ids=["flat", "deeper", "by Finder"]
)
def test_a_zip_that_another_program_packed_again_will_do(content, drive, packed):
    (drive / "prism-lessons again.zip").write_bytes(packed)
    bring()
    assert is_there(content)


@pytest.mark.parametrize("folder", ["prism-lessons-9.1/", "prism-lessons-9.1/prism-lessons-9.1/"])
def test_a_folder_on_drive_that_a_browser_made_of_the_zip_will_do(content, drive, folder, capsys):
    zipfile.ZipFile(io.BytesIO(a_zip(folder))).extractall(drive)
    bring()
    assert is_there(content)
    assert '"prism-lessons-9.1" on your Google Drive' in capsys.readouterr().out
    assert (drive / folder / "pyproject.toml").exists()  # a student's Drive is left as it is


def other(version):
    return COURSE | {"pyproject.toml": COURSE["pyproject.toml"].replace(b"9.1", version)}


def without(part):
    return {name: content for name, content in COURSE.items() if not name.startswith(part)}


REFUSED = {
    "no zip": (b"<html>You have to log in.</html>", "cannot be unpacked (File is not a zip file): bring"),
    "half": (a_zip()[:300], "cannot be unpacked (File is not a zip file): bring"),
    "damaged": (a_zip().replace(b"a sound", b"a sOund"), "cannot be unpacked (Bad CRC-32"),
    "leads out": (a_zip(more={"../evil": b""}), "cannot be unpacked (a file in it would lie outside of it)"),
    "leads to the root": (a_zip(more={"/evil": b""}), "cannot be unpacked (a file in it would lie outside of it)"),
    "holds a zip": (a_zip("", {PACKED: a_zip()}), "is not the whole course: bring"),
    "another program": (a_zip(course={"pyproject.toml": b'[project]\nname = "other"\n'}), "is not the whole course"),
    "lacks the lessons": (a_zip(course=without("notebooks")), "is not the whole course: bring"),
    "lacks the examples": (a_zip(course=without("datasets")), "is not the whole course: bring"),
    "another version": (a_zip(course=other(b"9.2")), f"is version 9.2: this lesson needs {PACKED}."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_the_course_is_refused_in_one_sentence(content, google_colab, name, tmp_path, capsys):
    google_colab.files.chosen = {"mine.zip": REFUSED[name][0]}
    with pytest.raises(Exception, match=f"^The course is not here yet: put {PACKED} on your Google Drive") as failed:
        bring()
    assert failed.value._render_traceback_() == [str(failed.value)]
    (said,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith('"mine.zip"')]
    assert REFUSED[name][1] in said and PACKED in said
    assert not list(tmp_path.rglob("evil")) and {*content.iterdir()} <= {content / "drive"}


def test_a_zip_of_the_right_version_is_taken_among_others(content, drive, capsys):
    (drive / "prism-lessons-9.0.zip").write_bytes(a_zip(course=other(b"9.0")))
    (drive / PACKED).write_bytes(a_zip())
    (drive / "prism-lessons recordings").mkdir()
    bring()
    assert is_there(content)
    assert '"prism-lessons-9.0.zip" is version 9.0' in capsys.readouterr().out


def test_a_bad_zip_on_drive_does_not_stand_in_the_way_of_an_upload(content, drive, google_colab):
    (drive / PACKED).write_bytes(b"half a zi")
    google_colab.files.chosen = {PACKED: a_zip()}
    bring()
    assert is_there(content)


def test_without_any_zip_set_up_says_what_to_do(content, capsys):
    with pytest.raises(Exception, match=f"^The course is not here yet: put {PACKED} on your Google Drive"):
        bring()
    assert not (content / "prism-lessons").exists()


def test_an_upload_that_the_browser_blocks_is_said(content, google_colab, capsys):
    google_colab.files.refused = "google.colab._files is undefined"
    with pytest.raises(Exception, match=r"^The course is not here yet"):
        bring()
    assert "Nothing could be uploaded (google.colab._files is undefined)." in capsys.readouterr().out


def test_a_course_that_is_there_is_not_brought_again(content, drive, capsys):
    (drive / PACKED).write_bytes(a_zip())
    bring()
    (content / "prism-lessons" / "a student's note.txt").touch()
    capsys.readouterr()
    bring()
    assert capsys.readouterr().out == ""
    assert (content / "prism-lessons" / "a student's note.txt").exists()


def test_an_attempt_that_was_cut_off_leaves_nothing_in_the_way(content, drive):
    (content / "brought").mkdir()
    (content / "brought" / "pyproject.toml").write_text("half")
    (drive / PACKED).write_bytes(a_zip())
    bring()
    assert is_there(content)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A repository in which lessons that name a commit were committed on top of it, under a tag; and its home."""
    folder, address = tmp_path / "published", "https://github.com/school/course"
    zipfile.ZipFile(io.BytesIO(a_zip("published/"))).extractall(tmp_path)
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "Test")
        monkeypatch.setenv(f"{name}_EMAIL", "test@example.org")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{folder}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", address)

    def git(*words):
        return subprocess.check_output(["git", *words], cwd=folder, text=True).strip()

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "The course")
    home = Home("9.1", address, git("rev-parse", "HEAD"))
    git("commit", "--quiet", "--allow-empty", "--message", "Its lessons")
    git("tag", "v9.1")
    return git, home


def test_a_released_course_is_fetched_at_the_commit_that_its_lessons_name(content, published, capsys):
    _, home = published
    bring(home)
    assert is_there(content) and not (content / "drive").exists()
    there = subprocess.check_output(["git", "-C", content / "prism-lessons", "rev-parse", "HEAD"], text=True)
    assert there.strip() == home.commit
    assert capsys.readouterr().out == f"The course was fetched from {home.address}.\n"


def test_a_tag_that_was_moved_is_refused_and_a_zip_is_taken(content, drive, published, capsys):
    git, home = published
    git("checkout", "--quiet", "--orphan", "another")
    git("commit", "--quiet", "--message", "The same files, another commit")
    git("tag", "--force", "v9.1")
    (drive / PACKED).write_bytes(a_zip())
    bring(home)
    assert is_there(content) and not (content / "prism-lessons" / ".git").exists()
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{home.address} is not used: its v9.1 is no longer what this lesson was made with."
    assert said[-1].endswith("on your Google Drive.")


def test_a_tag_that_was_moved_stops_set_up_where_there_is_no_zip(content, published):
    git, home = published
    for message in ("More", "And more"):
        git("commit", "--quiet", "--allow-empty", "--message", message)
    git("tag", "--force", "v9.1")
    with pytest.raises(Exception, match=r"^The course is not here yet"):
        bring(home)
    assert not (content / "prism-lessons").exists()


def test_where_the_repository_cannot_be_reached_a_zip_is_taken(content, drive, published, monkeypatch, capsys):
    _, home = published
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://somewhere.else")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    (drive / PACKED).write_bytes(a_zip())
    bring(home)
    assert is_there(content)
    assert f"{home.address} could not be fetched (" in capsys.readouterr().out


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
SETUP = Home(Home.read().version).setup()
WITHOUT_A_LOOK_AROUND = SETUP.partition("    from prism_lessons.notebook import colab")[0]  # which takes its time


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder to install from without a network: wheels that name what Colab lacks, and hold nothing."""
    folder = tmp_path_factory.mktemp("shelf")
    for name in ("av", "pyloudnorm"):
        known = f"{name}-{version(name)}"
        with zipfile.ZipFile(folder / f"{known}-py3-none-any.whl", "w") as wheel:
            about = f"{known}.dist-info"
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version(name)}\n")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
    return folder


@pytest.fixture
def pip(tmp_path, shelf):
    """A function that gives the environment in which pip meets no network, only the shelf; or not even that.

    What it installs goes into a folder of its own. The value 0 means no isolation, so nothing is downloaded.
    """
    library = tmp_path / "library"
    library.mkdir()
    settings = {"PIP_TARGET": str(library), "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    return lambda reached: os.environ | settings | ({"PIP_FIND_LINKS": str(shelf)} if reached else {})


@pytest.fixture
def runtime(tmp_path, fake_colab, pip):
    """A function that starts a kernel in a runtime of Colab and runs cells in it; the runtime outlives the kernel."""
    content = tmp_path / "content"
    (content / "drive" / "MyDrive").mkdir(parents=True)

    def start(*cells, place="colab", reached=True):
        path = {"PYTHONPATH": f"{tmp_path / 'library'}:{fake_colab}", "IPYTHONDIR": str(tmp_path / "ipython")}
        command = [sys.executable, "-c", KERNEL, place, *cells]
        return subprocess.run(command, cwd=content, env=pip(reached) | path, capture_output=True, text=True)

    return start


def test_the_zip_that_is_handed_out_sets_the_course_up_for_this_and_the_next_kernel(runtime, tmp_path):
    lessons, library = tmp_path / "content" / "prism-lessons" / "notebooks", tmp_path / "library" / "prism_lessons"
    drive = tmp_path / "content" / "drive" / "MyDrive"
    pack.pack(drive)
    fresh = runtime(SETUP, WHERE, SETUP, WHERE)
    assert fresh.returncode == 0, fresh.stdout + fresh.stderr
    assert fresh.stdout.count(f"lessons in {lessons}\nlibrary in {library}\n") == 2
    assert fresh.stdout.count("graphics card (GPU)") == 2  # what the runtime has is said each time
    assert (tmp_path / "library" / f"av-{version('av')}.dist-info").is_dir()
    installed = sorted((path, path.stat().st_mtime_ns) for path in library.iterdir())
    restarted = runtime(WITHOUT_A_LOOK_AROUND, WHERE, reached=False)
    assert restarted.returncode == 0, restarted.stdout + restarted.stderr
    assert f"lessons in {lessons}\nlibrary in {library}\n" in restarted.stdout
    assert sorted((path, path.stat().st_mtime_ns) for path in library.iterdir()) == installed


@pytest.fixture
def install(tmp_path, pip):
    """A function that installs a little course as the set-up cell does; returns what it says and what is installed."""
    course = tmp_path / "content" / "prism-lessons"
    script = course / "prism_lessons" / "notebook" / "installing.py"
    script.parent.mkdir(parents=True)
    shutil.copy(installing.__file__, script)
    (course / "pyproject.toml").write_bytes(COURSE["pyproject.toml"] + b"[tool.setuptools]\npackages = []\n")

    def run(reached):
        done = subprocess.run([sys.executable, script], env=pip(reached), capture_output=True, text=True)
        return done.stderr, {path.name.split("-")[0] for path in (tmp_path / "library").glob("*.dist-info")}

    return run


def test_where_libraries_cannot_be_fetched_set_up_goes_on_and_the_next_kernel_tries_again(install):
    assert install(reached=False) == ("", {"prism_lessons"})
    assert install(reached=True) == ("", {"prism_lessons", "av", "pyloudnorm"})


def test_a_course_that_cannot_be_installed_is_one_sentence(install, tmp_path):
    (tmp_path / "content" / "prism-lessons" / "pyproject.toml").write_text("half a tab = [")
    said, _ = install(reached=True)
    assert re.fullmatch(r"The course could not be installed \(.+\): run this cell again in some minutes\.\n", said)


def test_on_a_computer_of_one_s_own_set_up_does_nothing(runtime, tmp_path):
    done = runtime("before = {*globals()}", SETUP, "print(sorted({*globals()} - before))", place="here")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sys" in done.stdout and "subprocess" not in done.stdout
    assert not (tmp_path / "content" / "prism-lessons").exists()


def test_the_zip_holds_what_lessons_and_readers_follow_and_no_tests():
    names = pack.contents().keys()
    assert {"pyproject.toml", "README.md", "notebooks/00_first_sound.ipynb", "prism_lessons/__init__.py"} <= names
    assert {path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("notebooks/*.ipynb")} <= names
    assert not {name.split("/")[0] for name in names} & {"tests", "benchmarks", ".ci", "dist"}
    assert not [name for name in names if "__pycache__" in name or "/." in name]
    assert "docs/teaching/guide.md" in names and not [name for name in names if "answers" in name]


@pytest.mark.parametrize("name", [name for name in pack.contents() if name.endswith((".md", ".ipynb"))])
def test_the_links_of_a_page_in_the_zip_lead_into_the_zip(name):
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    targets = (target.partition("#")[0] for target in re.findall(r"\]\(<?([^)>\s]+)", text))
    relative = {target for target in targets if target and not re.match(r"[a-z]+:", target)}
    places = {os.path.normpath(os.path.join(os.path.dirname(name), target)) for target in relative}
    packed = pack.contents().keys()
    folders = {folder.as_posix() for name in packed for folder in Path(name).parents}
    assert places <= packed | folders


def test_the_same_files_give_the_same_zip(tmp_path):
    for name, content in COURSE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    first = pack.pack(tmp_path / "one", tmp_path)
    for name in COURSE:
        os.utime(tmp_path / name, (0, 0))
        (tmp_path / name).chmod(0o600)
    second = pack.pack(tmp_path / "two", tmp_path)
    assert first.name == second.name == PACKED
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {name: archive.read(f"prism-lessons-9.1/{name}") for name in COURSE} == COURSE
        times = {file.filename: file.date_time for file in archive.infolist()}
    (tmp_path / "pyproject.toml").write_bytes(COURSE["pyproject.toml"].replace(b'"', b"'"))
    with zipfile.ZipFile(pack.pack(tmp_path / "three", tmp_path)) as archive:
        changed = {file.filename for file in archive.infolist() if file.date_time != times[file.filename]}
    assert changed == {"prism-lessons-9.1/pyproject.toml"}  # as long as before
