"""What is refused at the door: files that are damaged, hostile, or something else."""

import io
import json
import pickle
import random
import zipfile

import numpy as np
import pytest

from prism_lessons import container
from prism_lessons.errors import CourseError

ARRAYS = {
    "a/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "count": np.array(7, np.int32),
    "flag": np.array([True]),
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.capsule"
    container.write(path, "capsule", {"wörd": [1, 2]}, ARRAYS, {"card.md": "# Card – ü"})
    return path


def test_what_is_written_is_read(file):
    about, arrays, texts = container.read(file, "capsule")
    assert about == {"wörd": [1, 2]} and texts == {"card.md": "# Card – ü"}
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape


def test_the_same_content_is_the_same_file(file, tmp_path):
    container.write(tmp_path / "b", "capsule", {"wörd": [1, 2]}, ARRAYS, {"card.md": "# Card – ü"})
    assert (tmp_path / "b").read_bytes() == file.read_bytes()


def test_a_byte_changed_in_the_arrays_is_noticed(file):
    data = bytearray(file.read_bytes())
    place = data.find(ARRAYS["a/kernel"].tobytes())
    data[place + 5] ^= 1
    file.write_bytes(data)
    with pytest.raises(CourseError, match="damaged"):
        container.read(file, "capsule")


def test_a_truncated_file_is_refused_wherever_it_ends(file):
    data = file.read_bytes()
    for end in range(0, len(data), 37):
        file.write_bytes(data[:end])
        with pytest.raises(CourseError):
            container.read(file, "capsule")


def test_five_hundred_mutated_files_are_read_right_or_refused(file):
    data, rng = file.read_bytes(), random.Random(0)
    for _ in range(500):
        mutated = bytearray(data)
        for _ in range(rng.randint(1, 8)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        file.write_bytes(mutated)
        try:
            _, arrays, _ = container.read(file, "capsule")
        except CourseError:
            continue
        blob = b"".join(array.tobytes() for array in arrays.values())
        assert blob == b"".join(array.tobytes() for array in ARRAYS.values())


def test_another_kind_is_refused(file):
    with pytest.raises(CourseError, match="it is a capsule"):
        container.read(file, "checkpoint")


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVEfmt ", pickle.dumps({"weights": 1}), b"\x89HDF\r\n"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "x.capsule").write_bytes(content)
    with pytest.raises(CourseError):
        container.read(tmp_path / "x.capsule", "capsule")


def test_a_missing_file_and_a_folder_are_told_apart_from_damage(tmp_path):
    for path in (tmp_path / "none.capsule", tmp_path):
        with pytest.raises(CourseError, match="There is no capsule"):
            container.read(path, "capsule")


def rebuilt(file, change):
    """The file with its description changed by a function."""
    with zipfile.ZipFile(file) as old:
        header = json.loads(old.read(container.ABOUT))
        arrays = old.read(container.ARRAYS)
    change(header)
    with zipfile.ZipFile(file, "w") as new:
        new.writestr(container.ABOUT, json.dumps(header))
        new.writestr(container.ARRAYS, arrays)
    return file


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h["arrays"].append(["more", "float32", [10**12]]),
        lambda h: h["arrays"].append(["more", "float32", [-1]]),
        lambda h: h["arrays"].append(["more", "object", [1]]),
        lambda h: h["arrays"].append(["more", "O", [1]]),
        lambda h: h["arrays"].pop(),
        lambda h: h["arrays"].append(["more"]),
        lambda h: h.pop("arrays"),
        lambda h: h.update(arrays={"a": 1}),
        lambda h: h.update(sha256="0"),
        lambda h: h["arrays"][0].__setitem__(2, [3.5, 4]),
        lambda h: h["arrays"][0].__setitem__(2, "34"),
    ],
)
def test_a_description_that_lies_is_refused(file, change):
    with pytest.raises(CourseError, match="damaged"):
        container.read(rebuilt(file, change), "capsule")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.capsule"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(container.ABOUT, b" " * 50_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(CourseError, match="compressed"):
        container.read(path, "capsule")


def test_deeply_nested_json_is_refused(file):
    with zipfile.ZipFile(file, "w") as new:
        new.writestr(container.ABOUT, "[" * 100_000)
        new.writestr(container.ARRAYS, b"")
    with pytest.raises(CourseError):
        container.read(file, "capsule")


def test_nothing_is_unpacked_to_the_disk(tmp_path, file):
    """Names inside are only keys: one that leads out of a folder writes nothing anywhere."""
    buffer = io.BytesIO(file.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("../../escaped.txt", "x")
    file.write_bytes(buffer.getvalue())
    container.read(file, "capsule")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.capsule"]
