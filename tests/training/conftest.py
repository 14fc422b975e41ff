"""A corpus small enough to train on in a test."""

import subprocess

import numpy as np
import pytest

from prism_lessons.audio import Clip
from prism_lessons.corpus import curate

SMALL = {"frame_sizes": (4, 16), "dim": 16, "embedding": 8, "streams": 4, "window": 64, "clip_seconds": 0.1}


def write_hums(folder, count=4, seconds=3.0, seed=0):
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        time = np.arange(round(seconds * 8000))
        hum = 0.3 * np.sin(time * 0.03 * (number + 1)) + rng.normal(0, 0.02, len(time))
        Clip(hum.astype(np.float32), 8000).save(folder / f"hum {number}.wav")
    return folder


@pytest.fixture(scope="session")
def hums():
    """The function that writes recordings of hums into a folder."""
    return write_hums


@pytest.fixture(scope="session")
def small():
    """Settings that train in seconds."""
    return dict(SMALL)


@pytest.fixture
def small_disk(tmp_path):
    """A function that gives a folder on a disk of its own with some bytes of room."""
    mounted = []

    def mount(size):
        folder = tmp_path / "disk"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return curate(write_hums(folder / "recordings"), folder / "corpus", sample_rate=8000)
