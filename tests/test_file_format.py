"""What is refused at the door: files that are damaged, hostile, or something else."""

import hashlib
import io
import json
import os
import pickle
import random
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

from prism_lessons import file_format
from prism_lessons.errors import CourseError

ARRAYS = {
    "a/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "count": np.array(7, np.int32),
    "flag": np.array([True]),
}


TEXTS = ("card.md",)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.capsule"
    file_format.write(path, "capsule", {"wörd": [1, 2]}, ARRAYS, {"card.md": "# Card – ü"})
    return path


def test_what_is_written_is_read(file):
    about, arrays, texts = file_format.read(file, "capsule", TEXTS)
    assert about == {"wörd": [1, 2]} and texts == {"card.md": "# Card – ü"}
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape


def test_the_same_content_is_the_same_file(file, tmp_path):
    file_format.write(tmp_path / "b", "capsule", {"wörd": [1, 2]}, ARRAYS, {"card.md": "# Card – ü"})
    assert (tmp_path / "b").read_bytes() == file.read_bytes()


def test_a_byte_changed_in_the_arrays_is_noticed(file):
    data = bytearray(file.read_bytes())
    place = data.find(ARRAYS["a/kernel"].tobytes())
    data[place + 5] ^= 1
    file.write_bytes(data)
    with pytest.raises(CourseError, match="damaged"):
        file_format.read(file, "capsule", TEXTS)


def test_a_truncated_file_is_refused_wherever_it_ends(file):
    data = file.read_bytes()
    for end in range(0, len(data), 37):
        file.write_bytes(data[:end])
        with pytest.raises(CourseError):
            file_format.read(file, "capsule", TEXTS)


def test_five_hundred_mutated_files_are_read_right_or_refused(file):
    data, rng = file.read_bytes(), random.Random(0)
    for _ in range(500):
        mutated = bytearray(data)
        for _ in range(rng.randint(1, 8)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        file.write_bytes(mutated)
        try:
            _, arrays, _ = file_format.read(file, "capsule", TEXTS)
        except CourseError:
            continue
        blob = b"".join(array.tobytes() for array in arrays.values())
        assert blob == b"".join(array.tobytes() for array in ARRAYS.values())


def test_another_kind_is_refused(file):
    with pytest.raises(CourseError, match="it is a capsule"):
        file_format.read(file, "checkpoint")


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVEfmt ", pickle.dumps({"weights": 1}), b"\x89HDF\r\n"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "x.capsule").write_bytes(content)
    with pytest.raises(CourseError):
        file_format.read(tmp_path / "x.capsule", "capsule")


def test_a_missing_file_and_a_folder_are_told_apart_from_damage(tmp_path):
    for path in (tmp_path / "none.capsule", tmp_path):
        with pytest.raises(CourseError, match="There is no capsule"):
            file_format.read(path, "capsule")


def rebuilt(file, change, sign=True):
    """The file with its description changed by a function, and with the checksum that such a file should have."""
    with zipfile.ZipFile(file) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    header = json.loads(parts.pop(file_format.ABOUT))
    change(header)
    texts = {name: parts[name].decode() for name in TEXTS}
    if sign:
        header["sha256"] = file_format.checksum(header, texts, [parts[file_format.ARRAYS]])
    with zipfile.ZipFile(file, "w") as new:
        new.writestr(file_format.ABOUT, json.dumps(header))
        for name, content in parts.items():
            new.writestr(name, content)
    return file


def twice(header):
    header["arrays"][1][0] = header["arrays"][0][0]


def true_is_two(header):
    header["arrays"] = [["a", "bool", [53]]]


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
        lambda h: h["arrays"][0].__setitem__(2, [3.5, 4]),
        lambda h: h["arrays"][0].__setitem__(2, "34"),
        lambda h: h["arrays"][2].__setitem__(2, [True]),
        lambda h: h["arrays"][0].__setitem__(2, [10**4000] * 500),
        lambda h: h["arrays"].append(["more", "float32", [0] * 60]),
        lambda h: h["arrays"][0].__setitem__(0, 3),
        lambda h: h["arrays"][0].__setitem__(0, "a\x1b[31m"),
        lambda h: h["arrays"][0].__setitem__(0, "a" * 10_000),
        lambda h: h.update(about={"deep": json.loads("[" * 300 + "]" * 300)}),
        twice,
        true_is_two,
    ],
)
def test_a_description_that_lies_is_refused(file, change):
    with pytest.raises(CourseError, match="damaged") as refused:
        file_format.read(rebuilt(file, change), "capsule", TEXTS)
    assert len(str(refused.value)) < 400 and str(refused.value).isprintable()


def test_the_checksum_covers_all_that_is_read(file):
    def swap(header):
        header["arrays"][0][0], header["arrays"][1][0] = header["arrays"][1][0], header["arrays"][0][0]

    def reword(header):
        header["about"] = {"wörd": [1, 3]}

    whole = file.read_bytes()
    for change in (swap, reword, lambda header: header.update(sha256="0")):
        file.write_bytes(whole)
        with pytest.raises(CourseError, match="checksum"):
            file_format.read(rebuilt(file, change, sign=False), "capsule", TEXTS)


def test_a_file_of_an_earlier_version_whose_checksum_is_of_its_arrays_is_read(file):
    arrays = b"".join(array.tobytes() for array in ARRAYS.values())
    change = {"sha256": hashlib.sha256(arrays).hexdigest()}
    about, read, _ = file_format.read(rebuilt(file, lambda header: header.update(change), sign=False), "capsule", TEXTS)
    assert about == {"wörd": [1, 2]} and list(read) == list(ARRAYS)


def test_half_a_letter_which_could_not_be_written_again_is_refused(file):
    with pytest.raises(CourseError, match="damaged"):
        file_format.read(rebuilt(file, lambda header: header.update(about="\ud800"), sign=False), "capsule", TEXTS)


def test_a_description_that_says_something_twice_is_refused(file):
    with zipfile.ZipFile(file) as old:
        about = old.read(file_format.ABOUT).decode()
        parts = {name: old.read(name) for name in (file_format.ARRAYS, *TEXTS)}
    with zipfile.ZipFile(file, "w") as new:
        new.writestr(file_format.ABOUT, about.replace('"kind"', '"kind": "checkpoint", "kind"'))
        for name, content in parts.items():
            new.writestr(name, content)
    with pytest.raises(CourseError, match="twice"):
        file_format.read(file, "capsule", TEXTS)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.capsule"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(file_format.ABOUT, b" " * 50_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(CourseError, match="compressed"):
        file_format.read(path, "capsule")


def test_deeply_nested_json_is_refused(file):
    with zipfile.ZipFile(file, "w") as new:
        new.writestr(file_format.ABOUT, "[" * 100_000)
        new.writestr(file_format.ARRAYS, b"")
    with pytest.raises(CourseError):
        file_format.read(file, "capsule", TEXTS)


@pytest.mark.parametrize("name", ["../../escaped.txt", "/tmp/escaped.txt", "more.txt", "card.md", "about.json"])
def test_what_no_container_holds_is_refused_and_nothing_is_unpacked(tmp_path, file, name):
    buffer = io.BytesIO(file.read_bytes())
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
        warnings.simplefilter("ignore")  # zipfile's, about a name that stands there twice
        archive.writestr(name, "x")
    file.write_bytes(buffer.getvalue())
    with pytest.raises(CourseError, match="damaged"):
        file_format.read(file, "capsule", TEXTS)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.capsule"]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.capsule")
    with pytest.raises(CourseError, match="There is no capsule"):
        file_format.read(tmp_path / "x.capsule", "capsule")


def test_a_folder_that_may_not_be_read_is_said(public_folder, as_guest):
    (public_folder / "shut").mkdir(mode=0)
    with as_guest(), pytest.raises(CourseError, match="Permission denied"):
        file_format.read(public_folder / "shut" / "x.capsule", "capsule")


def test_a_part_that_claims_to_be_larger_than_the_file_makes_no_room_for_it(file):
    data = bytearray(file.read_bytes())
    listed = data.rfind(b"PK\x01\x02")  # the entry of arrays.bin
    data[listed + 20 : listed + 24] = (2**31 - 1).to_bytes(4, "little")  # its compressed size
    file.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(CourseError, match="larger than it is"):
        file_format.read(file, "capsule", TEXTS)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
