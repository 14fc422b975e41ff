"""Sounds made with NumPy, files of them, and the misfortunes that files meet."""

import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture(scope="session")
def noise():
    """A function that gives quiet noise, float32, shape (samples,); another seed is another sound."""

    def make(seconds, seed=0, sample_rate=16000):
        chance = np.random.default_rng(seed)
        return 0.1 * chance.standard_normal(round(seconds * sample_rate), dtype=np.float32)

    return make


@pytest.fixture(scope="session")
def write_sound():
    """A function that writes samples, shape (samples,) or (samples, channels), as the sound file `path`."""

    def write(path, samples, sample_rate=16000, subtype=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(os.fsencode(path), samples, sample_rate, subtype=subtype)
        return path

    return write


@pytest.fixture(scope="session")
def write_noise(noise, write_sound):
    """A function that writes `seconds` of noise as the 16-bit sound file `path`."""

    def write(path, seconds, seed=0, sample_rate=16000):
        return write_sound(path, noise(seconds, seed, sample_rate), sample_rate)

    return write


@pytest.fixture
def public_folder():
    """An empty folder that every user can reach; pytest's own are for one."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_guest():
    """A context without the rights of root, which permissions do not bind; of any other user they do."""

    @contextlib.contextmanager
    def context():
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)

    return context


@pytest.fixture
def small_disk(tmp_path):
    """A context with a folder that takes 256 KiB: a disk of its own or, where none can be mounted, a limit on files."""

    @contextlib.contextmanager
    def context():
        folder = tmp_path / "small disk"
        folder.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True).returncode:
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**18, limits[1]))
            undo = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)  # noqa: E731
        else:
            undo = lambda: subprocess.run(["umount", "-l", folder], check=True)  # noqa: E731
        try:
            yield folder
        finally:
            undo()

    return context
