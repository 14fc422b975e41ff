"""Two thousand capsules that somebody, or a disk, has made worse: each is the same model still, or refused in a
sentence; and some thousand other files of the course, which are read or refused in one."""

import io
import json
import random
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import mutants
import pytest

from prism_lessons.capsule import Capsule
from prism_lessons.errors import CourseError

SCRIPT = Path(mutants.__file__)
MUTANTS = 2000
SECONDS = 2.0  # of processor time that the slowest may take
MEMORY = 2**26  # bytes that reading one may take
SIGNED = (mutants.hostile_description,)  # what it says of itself may then be another, never the model


@pytest.fixture(scope="module")
def capsule():
    return mutants.capsule()


@pytest.fixture
def whole(capsule, tmp_path):
    """The bytes of that capsule's file."""
    return capsule.save(tmp_path / "whole.capsule").read_bytes()


def is_the_same_or_refused(path, content, capsule, about=True):
    """Load a capsule that has these bytes: whether it is the same; asserts that it is refused in a sentence if not."""
    path.write_bytes(content)
    try:
        loaded = Capsule.load(path)
    except CourseError as refused:
        sentence = str(refused)
        assert len(sentence) < 500 and sentence.isprintable() and sentence.endswith("."), sentence
        return False
    assert (loaded.settings, loaded.sample_rate) == (capsule.settings, capsule.sample_rate)
    assert list(loaded.weights) == list(capsule.weights) and loaded.digest == capsule.digest
    assert not about or (loaded.about, loaded.card) == (capsule.about, capsule.card)
    return True


def test_two_thousand_mutants_are_the_same_model_or_refused_in_a_sentence(capsule, whole, tmp_path):
    assert is_the_same_or_refused(tmp_path / "a.capsule", whole, capsule)
    chance, refused, slowest = random.Random(0), dict.fromkeys(mutants.CAPSULES, 0), 0.0
    tracemalloc.start()
    for number in range(MUTANTS):
        kind = mutants.CAPSULES[number % len(mutants.CAPSULES)]
        mutant = kind(whole, chance)
        tracemalloc.reset_peak()
        before, began = tracemalloc.get_traced_memory()[0], time.process_time()
        refused[kind] += not is_the_same_or_refused(tmp_path / "a.capsule", mutant, capsule, kind not in SIGNED)
        slowest = max(slowest, time.process_time() - began)
        assert tracemalloc.get_traced_memory()[1] - before < MEMORY, kind
    tracemalloc.stop()
    assert slowest < SECONDS
    assert all(refused.values()), refused
    for kind in (mutants.cut, mutants.said_twice, mutants.exchanged, mutants.no_numbers, mutants.something_else):
        assert refused[kind] == len(range(mutants.CAPSULES.index(kind), MUTANTS, len(mutants.CAPSULES))), kind
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".capsule"] == []


def test_a_flipped_bit_is_refused_or_harmless(capsule, whole, tmp_path):
    """Every bit of the zip's headers, and one of each byte between them, which its checksums cover.

    Harmless are those that say when and by which system a part was written, and how it was to be unpacked elsewhere:
    nothing of that is read.
    """
    content = set()
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        for info in file.infolist():
            begin = whole.find(file.read(info), info.header_offset)
            content |= set(range(begin, begin + info.file_size))
    chance, same = random.Random(0), []
    for place in range(len(whole)):
        for bit in [chance.randrange(8)] if place in content else range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            if is_the_same_or_refused(tmp_path / "a.capsule", data, capsule):
                same.append(place)
    assert same and not content & set(same)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no clock of a process's own work")
def test_mutants_of_all_formats_of_the_course_are_read_or_refused_in_a_sentence():
    command = [sys.executable, SCRIPT, f"--files={100 * len(mutants.FORMATS)}", "--seed=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    formats = json.loads(done.stdout)["formats"]
    assert all(counts["read"] and counts["refused"] for counts in formats.values()), formats
