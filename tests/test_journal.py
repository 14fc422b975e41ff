"""The journal keeps every answer, once, and says when it has been damaged."""

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
