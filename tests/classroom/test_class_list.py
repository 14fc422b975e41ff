"""The list of a class: what a spreadsheet saves is read, and what is not clear is a sentence."""

import pytest

import prism_lessons as pl
from prism_lessons.classroom import Place, read_list


@pytest.fixture
def listed(tmp_path):
    """A function that writes a list and reads it."""

    def read(text, encoding="utf-8"):
        path = tmp_path / "monday.csv"
        path.write_bytes(text.encode(encoding))
        return read_list(path)

    return read


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_as_any_spreadsheet_saves_it(listed, tmp_path, separator):
    rows = [
        ["Name", "corpus", "Preset", "minutes"],
        ["Ana", "hum/ana", "", "1,5" if separator == ";" else "1.5"],
        ["", "", "", ""],
        ["Zoë O’Neill", "hum/zoë", "study", ""],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    assert listed(text, "utf-8-sig") == [
        Place("Ana", tmp_path / "hum" / "ana", "sketch", 1.5),
        Place("Zoë O’Neill", tmp_path / "hum" / "zoë", "study", 45),
    ]


def test_a_preset_in_a_file_lies_beside_the_list(listed, tmp_path):
    pl.PRESETS["sketch"].changed(dim=48).save(tmp_path / "mine.json")
    assert listed("name,corpus,preset\nAna,hum,mine.json\n") == [
        Place("Ana", tmp_path / "hum", str(tmp_path / "mine.json"), 2.75)
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "should name the columns"),
        ("name,minutes\nAna,3\n", "should name the columns"),
        ("name,corpus,colour\nAna,hum,red\n", "should name the columns"),
        ("name,corpus\n", "has no line for a student"),
        ("name,corpus\n../Ana,hum\n", 'Line 2 of ".*monday.csv" needs a name of letters'),
        ("name,corpus\n,hum\n", "Line 2 .* needs a name of letters"),
        ("name,corpus\nAna,\n", "names no corpus for Ana"),
        ("name,corpus,minutes\nAna,hum,soon\n", "Line 2 .* cannot be used"),
        ("name,corpus,minutes\nAna,hum,-1\n", "minutes must be a number"),
        ("name,corpus,preset\nAna,hum,opera\n", 'There is no preset "opera"'),
        ("name,corpus,preset\nAna,hum,none.json\n", r"none\.json"),
        ("name,corpus\nAna,hum\nana,drum\n", "several lines for Ana and ana|several lines for Ana, ana"),
    ],
)
def test_what_is_not_clear_is_a_sentence(listed, text, said):
    with pytest.raises(pl.CourseError, match=said):
        listed(text)


def test_a_file_that_is_no_table_is_a_sentence(listed, tmp_path):
    with pytest.raises(pl.CourseError, match='save it from the spreadsheet as "CSV UTF-8"'):
        listed("name,corpus\nZoë,hum\n", "latin-1")
    with pytest.raises(pl.CourseError, match="cannot be read"):
        read_list(tmp_path / "tuesday.csv")
