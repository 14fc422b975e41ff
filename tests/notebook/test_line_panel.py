"""A line of temperature, drawn or written: text and picture say the same, and what is no line changes nothing."""

import html
import json
import re

import pytest

from prism_lessons import notebook
from prism_lessons.errors import CourseError


@pytest.fixture
def panel():
    return notebook.LinePanel(20, "0:0.7, 10:1.1, 20:0.8")


def drawn(panel):
    """What the picture is told to show."""
    return json.loads(html.unescape(re.fullmatch(r"<pre>(.*)</pre>", panel._to_page.value, re.DOTALL)[1]))["points"]


def test_its_value_is_what_it_was_given(panel):
    assert panel.value == panel._field.value == "0:0.7, 10:1.1, 20:0.8"
    assert '"points":[[0.0,0.7],[10.0,1.1],[20.0,0.8]]' in html.unescape(panel._box.children[0].value)


def test_what_is_written_in_the_field_counts_and_is_drawn(panel):
    panel._field.value = "0:1, 1m:0.5"
    assert panel.value == "0:1, 60:0.5" and drawn(panel) == [[0, 1], [60, 0.5]]


def test_what_is_set_in_python_is_in_the_field_and_drawn(panel):
    panel.value = 0.9
    assert panel.value == panel._field.value == "0.9" and drawn(panel) == [[0, 0.9]]


def test_an_answer_names_the_text_that_it_is_about(panel):
    """So that the page can tell it from what was drawn meanwhile."""
    panel._field.value = " 0:1,5:1.2 "
    assert json.loads(html.unescape(panel._to_page.value[5:-6]))["text"] == " 0:1,5:1.2 "


WRONG = ["", "warm", "0:9", "0:nan", "0:inf", "5:1, 2:1", "0:0.7, 10", "<b>", "0" * 100_000, "0:1," * 2000, ":"]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_line_is_said_in_a_sentence_and_the_last_line_stays(panel, text):
    panel._field.value = text
    assert panel.value == "0:0.7, 10:1.1, 20:0.8"
    said = html.unescape(panel._said.value)
    assert "Until then it is 0:0.7, 10:1.1, 20:0.8." in said and len(said) < 400
    assert "<b>" not in panel._said.value
    panel._field.value = "0:1, 3:1.2"
    assert panel._said.value == "" and panel.value == "0:1, 3:1.2"


@pytest.mark.parametrize(("what", "line"), [("loudness", "0:-50, 5:-12.5"), ("brightness", "0:60, 6:105")])
def test_a_loudness_and_a_brightness_are_drawn_likewise(what, line):
    panel = notebook.LinePanel(8, line, what)
    assert panel.value == line and repr(panel) == f"Line (seconds:{what}, ...): {line}"
    assert f"{what.capitalize()} as a line" in panel._box.children[0].value
    panel._field.value = "0:200"
    assert f"{what} must be" in html.unescape(panel._said.value) and panel.value == line
    assert notebook.LinePanel(what=what).value.count(":") == 3


def test_only_what_a_take_can_follow_is_drawn():
    with pytest.raises(CourseError, match="temperature, loudness, brightness"):
        notebook.LinePanel(what="pitch")


def test_what_is_no_line_cannot_be_set_or_begun_with(panel):
    with pytest.raises(CourseError):
        panel.value = "5:1, 2:1"
    with pytest.raises(CourseError):
        notebook.LinePanel(20, "0:9")
    assert panel.value == panel._field.value == "0:0.7, 10:1.1, 20:0.8"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "long"])
def test_a_length_that_is_none_is_refused(seconds):
    with pytest.raises(CourseError, match="seconds must be a number above 0"):
        notebook.LinePanel(seconds)


def test_its_field_has_a_label_and_is_the_wire(panel):
    assert panel._field.description == "Line (seconds:temperature, ...)"
    wire = re.search(r'"wire":"(prism-\w+)"', html.unescape(panel._box.children[0].value))[1]
    assert f"{wire}-out" in panel._field._dom_classes and f"{wire}-in" in panel._to_page._dom_classes


def test_where_no_widget_can_be_shown_the_line_is_in_words(panel):
    assert panel._repr_mimebundle_()["text/plain"] == "Line (seconds:temperature, ...): 0:0.7, 10:1.1, 20:0.8"
