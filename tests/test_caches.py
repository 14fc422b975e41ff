"""Where nothing of the user's can be written, libraries keep what they make among temporary files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prism_lessons import caches

REPOSITORY = Path(__file__).parents[1]
# Everything can be read and nothing written, as on a shared hub; root alone could write anywhere.
GUEST = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
READING = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]  # a Python in root's own folder too

USE = """
import prism_lessons as pl
from prism_lessons import notebook
from prism_lessons.corpus.sounds import sounds_of

print(pl.survey("recordings"))
(take,) = pl.generate("bells.capsule", 0.01, 1)
print(notebook.waveform(take), notebook.spectrogram(take))
"""


def as_guest(command):
    """A command without the rights of root; of another user it has none to lose."""
    if os.geteuid():
        return command
    able = subprocess.run([*GUEST, *READING, "true"], capture_output=True).returncode == 0
    return [*GUEST, *(READING if able else []), *command]


@pytest.fixture
def unset(monkeypatch):
    for name in caches.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def shared_hub(public_folder, write_noise):
    """A folder in which a guest may write, with an installation where they may not."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "prism_lessons", public_folder / "lib" / "prism_lessons", ignore=ignored)
    for path in (public_folder / "lib").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    work = public_folder / "work"
    write_noise(work / "recordings" / "noise.wav", 1)
    (capsule,) = (REPOSITORY / "datasets_examples" / "trained" / "bells" / "epochs").glob("*.capsule")
    shutil.copy(capsule, work / "bells.capsule")
    for path in (work, work / "recordings", public_folder / "lib"):
        path.chmod(0o777 if path != public_folder / "lib" else 0o555)
    (work / "tmp").mkdir()
    (work / "tmp").chmod(0o777)
    yield public_folder
    for path in (public_folder / "lib").rglob("*"):
        path.chmod(0o755)


def test_without_a_place_to_write_a_model_plays_and_nothing_is_complained_of(shared_hub, unset):
    work = shared_hub / "work"
    environment = os.environ | {
        "HOME": "/nonexistent",
        "PYTHONPATH": str(shared_hub / "lib"),
        "TMPDIR": str(work / "tmp"),
    }
    done = subprocess.run(
        as_guest([sys.executable, "-c", USE]), cwd=work, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0 and "Warning" not in done.stderr and "writable" not in done.stderr, done.stderr
    assert "1 of 1 files can be used" in done.stdout and "Spectrogram" in done.stdout
    (room,) = (work / "tmp").glob("prism-lessons-*")
    assert room.stat().st_mode & 0o077 == 0
    assert list(room.glob("numba/**/sampling_loop.run-*.nbc")), "it would be compiled at every start"


def test_where_the_user_s_folders_can_be_written_nothing_is_changed(unset, tmp_path):
    unset.setenv("HOME", str(tmp_path))
    caches.redirect_caches()
    assert not set(caches.VARIABLES) & set(os.environ)


def test_a_variable_that_is_set_stays(unset, tmp_path):
    unset.setenv("HOME", "/dev/null/nobody")
    unset.setenv("NUMBA_CACHE_DIR", "/somewhere/else")
    unset.setattr(caches.tempfile, "tempdir", str(tmp_path))
    caches.redirect_caches()
    assert os.environ["NUMBA_CACHE_DIR"] == "/somewhere/else"
    assert Path(os.environ["MPLCONFIGDIR"]).is_relative_to(tmp_path)


def test_a_folder_that_somebody_else_could_have_filled_is_not_taken(unset, tmp_path):
    """What lies there is run: compiled code."""
    unset.setenv("HOME", "/dev/null/nobody")
    unset.setattr(caches.tempfile, "tempdir", str(tmp_path))
    taken = tmp_path / f"prism-lessons-{os.getuid()}"
    taken.mkdir(mode=0o777)
    taken.chmod(0o777)
    caches.redirect_caches()
    room = Path(os.environ["XDG_CACHE_HOME"])
    assert room != taken and room.stat().st_mode & 0o077 == 0


def test_where_nothing_at_all_can_be_written_nothing_is_promised(unset):
    unset.setenv("HOME", "/dev/null/nobody")
    unset.setattr(caches.tempfile, "tempdir", "/dev/null/nowhere")
    caches.redirect_caches()
    assert not set(caches.VARIABLES) & set(os.environ)
