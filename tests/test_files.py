"""Nothing half-written, nothing outside."""

import errno
import json
import os
import subprocess
import sys
import threading

import pytest

from prism_lessons.errors import CourseError
from prism_lessons.files import (
    MOST_DEEP,
    append_json_lines,
    atomic_write,
    digest,
    inside,
    locked,
    output_path,
    read_json,
    read_json_lines,
    write_json,
    write_json_lines,
)


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("old")
    return path


def test_a_file_is_replaced_when_it_is_whole(old_file):
    with atomic_write(old_file) as partial:
        partial.write_text("new")
        assert old_file.read_text() == "old"
    assert old_file.read_text() == "new"
    assert os.listdir(old_file.parent) == [old_file.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_stops_the_writing_the_old_file_stays(old_file, error):
    with pytest.raises(error), atomic_write(old_file) as partial:
        partial.write_text("ne")
        raise error
    assert old_file.read_text() == "old"
    assert os.listdir(old_file.parent) == [old_file.name]


def test_what_a_killed_program_left_is_written_over(old_file):
    old_file.with_name("settings.json.partial").write_text("left by a killed program, and longer")
    with atomic_write(old_file) as partial:
        partial.write_text("new")
    assert old_file.read_text() == "new"


def test_folders_are_made_on_the_way(tmp_path):
    write_json(tmp_path / "a" / "b" / "c.json", {"one": 1})
    assert read_json(tmp_path / "a" / "b" / "c.json", "thing") == {"one": 1}


def test_a_full_disk_leaves_the_old_file(small_disk):
    with small_disk() as folder:
        path = folder / "settings.json"
        write_json(path, {"old": 1})
        with pytest.raises(CourseError, match="disk is full"):
            write_json(path, {"new": "x" * 2**20})
        assert read_json(path, "thing") == {"old": 1}
        assert os.listdir(folder) == ["settings.json"]


def test_a_folder_that_may_not_be_written_is_said(public_folder, as_guest):
    public_folder.chmod(0o555)
    with as_guest(), pytest.raises(CourseError, match=r"Permission denied.*choose a folder"):
        write_json(public_folder / "settings.json", {})
    assert os.listdir(public_folder) == []


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "that you may write to"),
        (errno.EROFS, "another disk"),
        (errno.EIO, "check the disk, or the connection"),
        (errno.ENOTCONN, "check the disk, or the connection"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.EISDIR, "a folder has that name"),
        (errno.EMFILE, "close some programs"),
        (errno.ENOMEM, "do the same again"),
    ],
)
def test_what_to_do_fits_what_the_system_says(old_file, number, remedy):
    with pytest.raises(CourseError) as refusal, atomic_write(old_file):
        raise OSError(number, os.strerror(number))
    assert os.strerror(number) in str(refusal.value) and remedy in str(refusal.value)
    assert ("may write to" in str(refusal.value)) == (number == errno.EACCES)
    assert old_file.read_text() == "old"


def test_a_name_that_is_too_long_is_said(tmp_path):
    with pytest.raises(CourseError, match="choose a shorter name"):
        write_json(tmp_path / ("a" * 300), {})


def test_a_failing_disk_is_said_when_something_is_read(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("pathlib.Path.read_text", fail)
    monkeypatch.setattr("pathlib.Path.read_bytes", fail)
    for read in (read_json, read_json_lines):
        with pytest.raises(CourseError, match=r"The card .*cannot be read.*check the disk, or the connection"):
            read(tmp_path / "card", "card")


def test_what_may_not_be_read_is_said(public_folder, as_guest):
    write_json(public_folder / "a.json", {})
    (public_folder / "a.json").chmod(0)
    with as_guest(), pytest.raises(CourseError, match=r"Permission denied.*that you may read"):
        read_json(public_folder / "a.json", "card")


def test_a_name_that_is_no_text_is_written_and_read_back(tmp_path):
    value = {"name": "caf\udce9 ü"}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json", "card") == value
    write_json_lines(tmp_path / "a.jsonl", [value])
    append_json_lines(tmp_path / "a.jsonl", [value])
    assert read_json_lines(tmp_path / "a.jsonl", "log", growing=True) == [value, value]
    assert digest("caf\udce9") != digest("caf\\udce9")


def test_a_file_in_place_of_a_folder_is_said(old_file):
    with pytest.raises(CourseError, match=r"could not be written.*a file has the name of a folder on the way"):
        write_json(old_file / "more.json", {})
    assert old_file.read_text() == "old"


def test_a_value_that_is_no_json_leaves_the_old_file(old_file):
    with pytest.raises(ValueError):
        write_json(old_file, {"bits": float("nan")})
    assert old_file.read_text() == "old"


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"text"', "\xff\xfe", "[" * 100_000], ids=lambda text: text[:9])
def test_json_that_is_none_or_no_object_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CourseError, match="cannot be read as the corpus it should be"):
        read_json(tmp_path / "a.json", "corpus")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"There is no corpus in .*: corpus.json is missing"):
        read_json(tmp_path / "corpus.json", "corpus")


@pytest.mark.parametrize(
    "name", ["clip.flac", "clips/a.flac", "clips/../a.flac", "Übung 🎻.wav", "..a", "not/there/yet"]
)
def test_names_that_stay_inside_are_taken(tmp_path, name):
    (tmp_path / "clips").mkdir()
    assert inside(tmp_path, name) == tmp_path / name


def test_json_that_is_nested_too_deeply_is_refused(tmp_path):
    for levels in (MOST_DEEP - 1, MOST_DEEP, 900, 100_000):
        (tmp_path / "run.json").write_text('{"a": ' + "[" * levels + "]" * levels + "}")
        if levels < MOST_DEEP:
            read_json(tmp_path / "run.json", "run")
        else:
            with pytest.raises(CourseError, match="cannot be read as the run it should be"):
                read_json(tmp_path / "run.json", "run")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "..", "/etc/passwd", "", "a\0b", None, 3, ["x"], {"x": 1}])
def test_names_that_lead_out_are_refused(tmp_path, name):
    with pytest.raises(CourseError, match="names a file outside itself"):
        inside(tmp_path, name)


def test_a_sister_folder_that_begins_alike_is_outside(tmp_path):
    with pytest.raises(CourseError):
        inside(tmp_path / "corpus", "../corpus_2/x")


def test_links_are_followed_before_judging(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    (folder / "here").symlink_to(folder)
    for name in ("out", "out/x"):
        with pytest.raises(CourseError, match="names a file outside itself"):
            inside(folder, name)
    assert inside(folder, "here/x") == folder / "here" / "x"


def test_a_link_that_goes_round_in_circles_cannot_be_opened(tmp_path):
    (tmp_path / "round").symlink_to(tmp_path / "about")
    (tmp_path / "about").symlink_to(tmp_path / "round")
    with pytest.raises((CourseError, OSError)):  # Pythons differ in which of the two calls notices
        inside(tmp_path, "round").read_bytes()


def test_a_digest_tells_parts_apart():
    parts = [("ab",), ("a", "b"), (b"ab",), ("ab", ""), ({"a": "b"},), (["a", "b"],), ()]
    names = {digest(*part) for part in parts}
    assert len(names) == len(parts)
    assert all(len(name) == 16 and int(name, 16) >= 0 for name in names)


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest(json.loads('{"b": 2, "a": 1}'))


@pytest.mark.parametrize("name", ["page.html", "new folder/PAGE.HTML", "Übung 🎻.html"])
def test_a_file_of_the_right_kind_may_be_written(tmp_path, name):
    assert output_path(tmp_path / name, ".html") == tmp_path / name


@pytest.mark.parametrize("name", ["run.json", "log.jsonl", "bell.wav", "page", ".html", "page.html.gz", "gone/..", ""])
def test_a_file_of_another_kind_and_a_folder_are_not_written_over(tmp_path, name):
    with pytest.raises(CourseError, match=r"\.html"):
        output_path(tmp_path / name, ".html")


def test_this_folder_is_no_file():
    with pytest.raises(CourseError, match="is a folder"):
        output_path(".", ".html")


def test_programs_that_add_lines_at_the_same_time_lose_none(tmp_path):
    """Neither whole lines nor, taken for what a crash left, lines that another program is just writing."""
    code = (
        "import sys; from prism_lessons.files import append_json_lines\n"
        "for number in range(100):\n"
        "    append_json_lines(sys.argv[1], [{'who': sys.argv[2], 'number': number, 'text': 'x' * 100_000}])\n"
    )
    path = tmp_path / "log.jsonl"
    both = [subprocess.Popen([sys.executable, "-c", code, path, who]) for who in "ab"]
    assert [program.wait() for program in both] == [0, 0]
    lines = read_json_lines(path, "log")
    assert [[line["number"] for line in lines if line["who"] == who] for who in "ab"] == [[*range(100)]] * 2
    assert os.listdir(tmp_path) == ["log.jsonl"]


def test_turns_wait_for_each_other_and_may_lie_in_each_other(tmp_path):
    path, order = tmp_path / "log.jsonl", []
    with locked(path), locked(path):
        other = threading.Thread(target=lambda: (append_json_lines(path, [{"second": 2}]), order.append("second")))
        other.start()
        append_json_lines(path, [{"first": 1}])
        order.append("first")
    other.join()
    assert order == ["first", "second"] and read_json_lines(path, "log") == [{"first": 1}, {"second": 2}]


def test_where_no_lock_can_be_made_lines_are_added_without(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    append_json_lines(tmp_path / "log.jsonl", [{"a": 1}])
    assert read_json_lines(tmp_path / "log.jsonl", "log") == [{"a": 1}]
