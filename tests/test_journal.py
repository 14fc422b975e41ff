"""The journal keeps every answer, once, and says when it has been damaged."""

import subprocess
import sys

import pytest

from prism_lessons.errors import CourseError
from prism_lessons.journal import Journal


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "course" / "journal.jsonl")


def test_an_answer_comes_back_when_the_file_is_opened_again(journal):
    assert journal.write("02", {"What do you hear?": "Zwölf Glocken, leise\nund fern"}) == 1
    (entry,) = Journal(journal.path).entries
    assert (entry.lesson, entry.answer) == ("02", "Zwölf Glocken, leise\nund fern")


def test_a_new_answer_is_added_and_the_old_one_stays(journal):
    journal.write("02", {"Why?": "because"})
    journal.write("02", {"Why?": "because of the swell"})
    assert [entry.answer for entry in journal.entries] == ["because", "because of the swell"]
    assert journal.answers("02") == {"Why?": "because of the swell"}
    assert journal.answers("03") == {}


@pytest.mark.parametrize("answer", ["", "  \n ", "because", " because "])
def test_nothing_is_written_for_an_empty_answer_or_the_same_again(journal, answer):
    journal.write("02", {"Why?": "because"})
    assert journal.write("02", {"Why?": answer}) == 0
    assert len(journal.entries) == 1


def test_it_reads_as_text(journal):
    assert str(journal) == "The journal is empty so far."
    journal.write("02", {"Why?": "because"})
    assert "**Why?** (02, " in str(journal) and str(journal).endswith("because")


@pytest.mark.parametrize("damage", ["{", "[]", '{"when": "now"}', "3"])
def test_a_damaged_line_is_named_and_nothing_is_overwritten(journal, damage):
    journal.write("02", {"Why?": "because"})
    text = journal.path.read_text() + damage + "\n"
    journal.path.write_text(text)
    with pytest.raises(CourseError, match="Line 2"):
        journal.write("02", {"Why?": "else"})
    assert journal.path.read_text() == text


def test_line_ends_that_only_some_programs_know_are_part_of_an_answer(tmp_path):
    answer = "one\u2028two\u0085three\x0bfour"
    Journal(tmp_path / "journal.jsonl").write("01", {"What?": answer})
    assert Journal(tmp_path / "journal.jsonl").answers("01") == {"What?": answer}


def test_two_notebooks_that_write_at_once_lose_nothing(journal):
    code = (
        "import sys; from prism_lessons.journal import Journal\n"
        "for number in range(60): assert Journal(sys.argv[1]).write(sys.argv[2], {'What?': str(number)}) == 1\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, journal.path, lesson]) for lesson in ("02", "03")]
    assert [program.wait() for program in both] == [0, 0]
    for lesson in ("02", "03"):
        answers = [entry.answer for entry in journal.entries if entry.lesson == lesson]
        assert answers == [str(number) for number in range(60)]


def test_what_was_written_stays_as_it_is_and_a_line_cut_off_in_a_crash_costs_that_line_alone(journal):
    journal.write("02", {"Why?": "because"})
    before = journal.path.read_bytes()
    journal.path.write_bytes(before + b'{"when": "2026-11-22T23:15", "les')
    assert [entry.answer for entry in journal.entries] == ["because"]
    journal.write("02", {"Why?": "else"})
    assert journal.path.read_bytes().startswith(before)
    assert [entry.answer for entry in journal.entries] == ["because", "else"]
