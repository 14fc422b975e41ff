"""What is brought: zips, uploads and what was taken home are put beside what is there, and nothing is lost."""

import errno
import io
import json
import os
import shutil
import zipfile

import numpy as np
import pytest

from prism_lessons import notebook
from prism_lessons.corpus import Choices, curate
from prism_lessons.errors import CourseError
from prism_lessons.files import exclusive_lock, lock_for, write_error
from prism_lessons.generation import Take, render
from prism_lessons.journal import Journal
from prism_lessons.notebook import colab
from prism_lessons.notebook.transfer import STAGING


@pytest.fixture
def course(tmp_path, monkeypatch):
    lessons = tmp_path / "notebooks"
    lessons.mkdir()
    monkeypatch.chdir(lessons)
    return notebook.Course()


def zip_of(course, name, **files):
    course.recordings.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(course.recordings / name, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)


def recordings(course):
    return {
        path.relative_to(course.recordings).as_posix(): path.read_text()
        for path in course.recordings.rglob("*")
        if path.is_file()
    }


def test_zips_with_files_of_the_same_names_are_both_kept_and_it_is_said(course, capsys):
    zip_of(course, "monday.zip", **{"Take 1.wav": "monday", "Take 2.wav": "again"})
    zip_of(course, "tuesday.zip", **{"Take 1.wav": "tuesday", "Take 3.wav": "more"})
    course.bring()
    brought = {
        "Take 1.wav": "monday", "Take 2.wav": "again", "tuesday/Take 1.wav": "tuesday", "tuesday/Take 3.wav": "more",
    }  # fmt: skip
    assert recordings(course) == brought
    assert 'the files of "tuesday" are in "course_files/recordings/tuesday"' in capsys.readouterr().out
    zip_of(course, "tuesday.zip", **{"Take 1.wav": "tuesday", "Take 3.wav": "more"})  # the same once more
    course.bring()
    assert recordings(course) == brought
    zip_of(course, "tuesday.zip", **{"Take 1.wav": "of another week"})
    course.bring()
    assert recordings(course) == brought | {"tuesday_2/Take 1.wav": "of another week"}


def test_a_zip_leaves_a_recording_of_one_s_own_where_it_is(course):
    zip_of(course, "card.zip", **{"REC1.wav": "brought", "take": "a file", "deep/REC1.wav": "deep"})
    (course.recordings / "REC1.wav").write_text("mine")
    (course.recordings / "take").mkdir()
    (course.recordings / "take" / "x.wav").write_text("mine too")
    course.bring()
    assert recordings(course) == {
        "REC1.wav": "mine", "take/x.wav": "mine too",
        "card/REC1.wav": "brought", "card/take": "a file", "card/deep/REC1.wav": "deep",
    }  # fmt: skip


def test_two_files_of_one_name_within_a_zip_are_both_kept(course):
    course.recordings.mkdir(parents=True)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(course.recordings / "a.zip", "w") as archive:
        archive.writestr("Take.wav", "one")
        archive.writestr("Take.wav", "two")
    course.bring()
    assert recordings(course) == {"Take.wav": "one", "Take_2.wav": "two"}


def test_what_cannot_be_brought_holds_up_nothing_else_that_is_uploaded(course, monkeypatch):
    course.recordings.mkdir(parents=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("c.wav", "c")
    uploaded = {"bad.zip": b"no zip", "a.wav": b"a", "worse.zip": b"", "good.zip": packed.getvalue(), "b.wav": b"b"}
    monkeypatch.setattr(colab, "on_colab", lambda: True)
    monkeypatch.setattr(colab, "upload", lambda: uploaded)
    with pytest.raises(CourseError, match=r'"bad\.zip" cannot be unpacked[^\n]*\n"worse\.zip" cannot be unpacked'):
        course.bring()
    assert recordings(course) == {"a.wav": "a", "b.wav": "b", "c.wav": "c"}
    with pytest.raises(CourseError, match="outside itself"):
        monkeypatch.setattr(colab, "upload", lambda: {"": b"", "x.txt": b"x"})
        course.bring_notes(None)
    assert (course.home / "x.txt").read_text() == "x"


def test_what_cannot_be_written_is_named_as_it_was_brought(course, monkeypatch):
    def write(folder, name, content):
        raise write_error(folder / name, OSError(errno.ENOSPC, "No space left on device"))

    course.recordings.mkdir(parents=True)
    monkeypatch.setattr(colab, "on_colab", lambda: True)
    monkeypatch.setattr(colab, "upload", lambda: {"a.wav": b"a", "b.wav": b"b"})
    monkeypatch.setattr("prism_lessons.notebook.transfer._write", write)
    with pytest.raises(CourseError) as refused:
        course.bring()
    assert [line.partition(" could")[0] for line in str(refused.value).splitlines()] == [
        'The disk is full, so "a.wav"', 'The disk is full, so "b.wav"',
    ]  # fmt: skip


def test_what_keeps_several_zips_from_being_brought_is_said_once(course, monkeypatch):
    for name in ("a.zip", "b.zip"):
        zip_of(course, name, **{"c.wav": "c"})

    def receive(name, content):
        raise CourseError("The disk is full.")

    monkeypatch.setattr(course, "_add_file", receive)
    with pytest.raises(CourseError) as refused:
        course.bring()
    assert str(refused.value) == "The disk is full."
    assert {path.name for path in course.recordings.iterdir()} == {"a.zip", "b.zip"}


def test_a_zip_that_cannot_be_brought_holds_up_no_other_and_stays(course):
    zip_of(course, "b.zip", **{"b.wav": "b"})
    (course.recordings / "a.zip").write_text("no zip")
    (course.recordings / "c.zip").symlink_to("nowhere")
    (course.recordings / "d.zip").mkdir()
    with pytest.raises(CourseError, match=r'^"a\.zip" cannot be unpacked[^\n]*$'):
        course.bring()
    assert recordings(course) == {"a.zip": "no zip", "b.wav": "b"}


def test_a_zip_with_an_odd_name_is_unpacked_within_the_recordings(course):
    for number, name in enumerate(("..zip", "...zip", ".zip.zip")):
        zip_of(course, name, **{"a.wav": str(number)})
    course.bring()
    assert recordings(course) == {"a.wav": "1", "zip/a.wav": "0", "zip_2/a.wav": "2"}


def test_a_list_of_takes_that_is_brought_where_there_is_none_holds_no_formula(course, tmp_path):
    write(course.takes / "takes.csv", "file,model\n=1+1,@SUM(1)\n")
    packed = course.take_home().rename(tmp_path / "monday.zip")
    shutil.rmtree(course.takes)
    bring(course, packed)
    _, row = (course.takes / "takes.csv").read_text().splitlines()
    assert row.startswith("'=1+1,") and "'@SUM(1)" in row


def test_a_zip_that_would_lead_out_by_a_link_in_the_recordings_is_refused_and_kept(course, tmp_path):
    zip_of(course, "a.zip", **{"first.wav": "x", "out/evil.wav": "x"})
    (course.recordings / "out").symlink_to(tmp_path)
    with pytest.raises(CourseError, match="outside"):
        course.bring()
    assert sorted(path.name for path in course.recordings.iterdir()) == ["a.zip", "out"]
    assert not (tmp_path / "evil.wav").exists()


@pytest.mark.parametrize("damage", ["its list lies before the file", "a name has become another, very long one"])
def test_a_zip_that_leads_astray_is_refused_in_one_short_sentence(course, damage):
    zip_of(course, "a.zip", **{"a.wav": "x" * 2000})
    path = course.recordings / "a.zip"
    content = bytearray(path.read_bytes())
    if damage.startswith("its list"):
        content[-6:-2] = (2**20).to_bytes(4, "little")  # where the list of what is in it begins
    else:
        content[26:28] = (1500).to_bytes(2, "little")  # the length of the name before the content
    path.write_bytes(content)
    with pytest.raises(CourseError, match="bring it again, or pack it again") as refused:
        course.bring()
    assert len(str(refused.value)) < 300 and path.read_bytes() == content


def write(path, text, day=0):
    """Write a file that was changed on some day."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1.8e9 + 86400 * day,) * 2)


def texts(folder):
    files = (path for path in folder.rglob("*.*") if path.is_file() and path.suffix != ".zip")
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@pytest.fixture
def monday(course, tmp_path):
    """The zip that was taken home on a Monday, by which time there were an answer, a choice and three recordings."""
    course.journal.write("01", {"What do you bring?": "bells"})
    course.choices.weigh("*", 2)
    for name in "abc":
        write(course.recordings / f"{name}.wav", f"{name} of monday")
    packed = course.take_home().rename(tmp_path / "monday.zip")
    assert not list(course.home.glob("*.zip"))
    return packed


def bring(course, packed):
    course.recordings.mkdir(parents=True, exist_ok=True)
    shutil.copy(packed, course.recordings)
    course.bring()


def test_an_older_zip_of_one_s_own_turns_nothing_back(course, monday, capsys):
    course.journal.write("01", {"What do you bring?": "gongs"})
    course.choices.leave_out("b.wav")
    write(course.recordings / "a.wav", "a of tuesday", day=1)
    (course.recordings / "c.wav").unlink()
    panels_choices = course.choices
    bring(course, monday)
    said = " ".join(capsys.readouterr().out.split())
    assert [entry.answer for entry in course.journal.entries] == ["bells", "gongs"]
    assert panels_choices.state == Choices(course.choices.path).state
    assert list(panels_choices.state.left_out) == ["b.wav"] and panels_choices.state.times == {"*": 2}
    assert texts(course.recordings) == {"a.wav": "a of tuesday", "b.wav": "b of monday", "c.wav": "c of monday"}
    assert "Newer here than in your zip, so left unchanged: recordings/a.wav" in said
    aside = course.home / "set_aside" / "monday.zip"
    assert str(aside) in said and aside.read_bytes() == monday.read_bytes()
    before = texts(course.home)
    bring(course, monday)
    assert texts(course.home) == before


def test_what_two_computers_have_written_is_put_together_by_its_dates(course, monday, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    with zipfile.ZipFile(monday) as archive:
        archive.extractall(elsewhere)
    here, there = course.journal, Journal(elsewhere / "journal.jsonl")
    for journal, answers in ((here, "ac"), (there, "bd")):
        for answer in answers:
            journal.write("02", {answer: answer})
            lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
            lines[-1]["when"] = f"2099-01-01T00:00:0{ord(answer) - ord('a')}"
            journal.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    course.choices.leave_out("b.wav")
    other = Choices(elsewhere / "choices.jsonl")
    assert other.undo().startswith("weigh")
    repack(monday, elsewhere)
    bring(course, monday)
    assert [entry.answer for entry in here.entries] == ["bells", *"abcd"]
    assert course.choices.state.times == {} and list(course.choices.state.left_out) == ["b.wav"]


def repack(packed, folder):
    with zipfile.ZipFile(packed) as archive:
        mark = archive.comment
    with zipfile.ZipFile(packed, "w") as archive:
        archive.comment = mark
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, path.relative_to(folder))


def test_what_is_newer_in_the_zip_takes_its_place_and_what_was_here_is_set_aside(course, monday, capsys):
    write(course.recordings / "a.wav", "a of sunday", day=-1)
    write(course.home / "chosen.capsule", "mine", day=-1)
    bring(course, monday)
    assert (course.recordings / "a.wav").read_text() == "a of monday"
    assert texts(course.home / "set_aside") == {"recordings/a.wav": "a of sunday"}
    assert "so the one that was here is now in" in " ".join(capsys.readouterr().out.split())
    assert (course.home / "chosen.capsule").read_text() == "mine", "what the zip does not hold stays"


@pytest.mark.parametrize("newer", [False, True])
def test_a_corpus_is_put_back_as_a_whole_or_not_at_all(course, tmp_path, newer):
    corpus = course.home / "corpus"
    for name in ("corpus.json", "clips/1.flac", "clips/2.flac"):
        write(corpus / name, "of monday")
    packed = course.take_home().rename(tmp_path / "monday.zip")
    shutil.rmtree(corpus)
    mine = {"corpus.json": "mine", "clips/1.flac": "mine"}
    for name, text in mine.items():
        write(corpus / name, text, day=1 if newer else -1)
    bring(course, packed)
    brought = dict.fromkeys(("corpus.json", "clips/1.flac", "clips/2.flac"), "of monday")
    assert texts(corpus) == (mine if newer else brought)
    assert newer or texts(course.home / "set_aside" / "corpus") == mine


def test_lists_of_takes_are_put_together(course, tmp_path):
    write(course.takes / "takes.csv", "file,seed,mine\na.wav,1,x\nb.wav,2,y\n")
    packed = course.take_home().rename(tmp_path / "monday.zip")
    write(course.takes / "takes.csv", "file,seed\nb.wav,3\nc.wav,4\n", day=1)
    bring(course, packed)
    header, *rows = (course.takes / "takes.csv").read_text().splitlines()
    assert header.endswith(",mine") and [row.split(",")[0] for row in rows] == ["b.wav", "c.wav", "a.wav"]
    assert ",3," in rows[0] and rows[2].endswith(",x")


def test_a_damaged_line_of_what_is_brought_costs_that_line_alone_and_the_zip_is_kept(course, monday, tmp_path, capsys):
    with zipfile.ZipFile(monday) as archive:
        archive.extractall(tmp_path / "elsewhere")
    for name in ("journal.jsonl", "choices.jsonl"):
        with open(tmp_path / "elsewhere" / name, "a") as file:
            file.write("no line\n")
    repack(monday, tmp_path / "elsewhere")
    course.choices.leave_out("b.wav")
    bring(course, monday)
    said = " ".join(capsys.readouterr().out.split())
    assert "Left out: Line 2 of the journal" in said and "Left out: Line 2 of the choices" in said
    assert [entry.answer for entry in course.journal.entries] == ["bells"]
    assert list(course.choices.state.left_out) == ["b.wav"]
    assert (course.home / "set_aside" / "monday.zip").is_file()


def test_what_is_taken_home_says_what_it_leaves_out_and_why(course, capsys):
    for name in ("a.wav", "other.zip", "../takes/a.wav", "../takes/long/voice1.codes", "../takes/long/x.wav.partial"):
        write(course.recordings / name, "x")
    write(course.takes / "long" / "performance.lock", "")
    for folder in (None, course.takes, None):
        course.take_home(folder)
    whole, takes, again = " ".join(capsys.readouterr().out.split()).split("MB.")[1:4]
    assert "Left out: other.zip (a zip, which course.bring() unpacks)." in whole
    assert "performance.lock, x.wav.partial (half-written, or a lock)." in whole and "voice1.codes" not in whole
    assert "voice1.codes (only needed to continue a long take; course.take_home() packs it)." in takes
    assert "takes.zip" in again and "course_files.zip (" not in again, "its own of before needs no word"


def test_a_file_of_1970_can_be_taken_home_and_back(course, tmp_path):
    write(course.recordings / "a.wav", "a")
    os.utime(course.recordings / "a.wav", (0, 0))
    packed = course.take_home().rename(tmp_path / "old.zip")
    (course.recordings / "a.wav").unlink()
    bring(course, packed)
    assert (course.recordings / "a.wav").read_text() == "a"


def test_a_small_zip_that_unpacks_to_much_is_asked_for_room_first_and_says_what_it_writes(course, monkeypatch, capsys):
    course.recordings.mkdir(parents=True)
    path = course.recordings / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.wav", bytes(20_000_000))
    assert path.stat().st_size < 100_000
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=19_000_000))
    with pytest.raises(CourseError, match=r'"bomb.zip" unpacks to 20 MB, and ".*" has room for 19 MB: free some space'):
        course.bring()
    assert os.listdir(course.recordings) == ["bomb.zip"] and not list(course.home.rglob(STAGING))
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=21_000_000))
    course.bring()
    assert 'Unpacking "bomb.zip": 1 file, 20 MB.' in capsys.readouterr().out
    assert os.listdir(course.recordings) == ["zeros.wav"]


@pytest.mark.skipif(not hasattr(os, "sync"), reason="Windows waits for each file by itself")
def test_a_zip_of_many_files_waits_for_the_disk_once(course, monkeypatch):
    zip_of(course, "many.zip", **{f"{number}.wav": str(number) for number in range(100)})
    waited, sync, fsync = [], os.sync, os.fsync
    monkeypatch.setattr(os, "sync", lambda: waited.append("all") or sync())
    monkeypatch.setattr(os, "fsync", lambda file: waited.append(file) or fsync(file))
    course.bring()
    assert len(recordings(course)) == 100 and "all" in waited and len(waited) < 10


def test_what_a_killed_bring_has_left_is_not_taken_home_and_is_gone_after_the_next(course):
    write(course.work / STAGING / "half of a zip.wav", "half")
    course.journal.write("01", {"What do you bring?": "bells"})
    with zipfile.ZipFile(course.take_home()) as archive:
        assert archive.namelist() == ["journal.jsonl"]
    zip_of(course, "a.zip", **{"a.wav": "a"})
    with (
        exclusive_lock(lock_for(course.work / STAGING), ""),
        pytest.raises(CourseError, match="Another program is bringing"),
    ):
        course.bring()
    assert (course.work / STAGING / "half of a zip.wav").exists(), "what another bring is at work on stays"
    course.bring()
    assert recordings(course) == {"a.wav": "a"} and not (course.work / STAGING).exists()


def test_a_zip_of_takes_is_for_others_and_one_of_everything_for_oneself(course, noise, write_sound, capsys):
    for number in range(4):
        write_sound(course.recordings / f"{number}.wav", noise(3, number))
    choices = course.choices
    choices.origin("*", consent="own work", share_sound="yes")
    choices.origin("0.wav", maker="Anna", share_sound="no")
    choices.origin("1.wav", share_sound="unknown")
    curate(course.recordings, course.home / "corpus", choices=choices)
    about = {"seed": 1, "voice": 1, "temperature": "1", "date": "2026-08-01T12:00:00+02:00", "capsule": "0"}
    primed = about | {"not_to_share": ["continues 0.wav, which may not be shared (maker: Anna)"]}
    copy = np.concatenate([noise(1, 9), noise(3, 0)[8000:24000]])
    takes = [Take(noise(1, 7), 16000, "", about), Take(noise(1, 8), 16000, "", primed), Take(copy, 16000, "", about)]
    paths = render(takes, course.takes)
    capsys.readouterr()
    with zipfile.ZipFile(course.take_home(course.takes)) as archive:
        assert sorted(archive.namelist()) == sorted([f"takes/{paths[0].name}", "takes/takes.csv"])
    said = " ".join(capsys.readouterr().out.split())
    assert f"{paths[1].name} (it continues 0.wav, which may not be shared (maker: Anna)" in said
    assert f"{paths[2].name} (it nearly repeats 0.wav, which may not be shared (maker: Anna)" in said
    assert "Whether 1 of 4 recordings may be shared is unknown" in said
    with zipfile.ZipFile(course.take_home()) as archive:
        assert {f"takes/{path.name}" for path in paths} | {"recordings/0.wav"} <= {*archive.namelist()}
    said = " ".join(capsys.readouterr().out.split())
    assert "It is for yourself alone, since some recordings may not be shared: 0.wav." in said
