"""Controls: what they say is what the next cell gets; each has a name; Run All never waits for a hand."""

import ipywidgets
import pytest

from prism_lessons import notebook
from prism_lessons.journal import Journal

# Their label stands in a <label> that belongs to the input, in ipywidgets 7.7.1 and 8.1; a slider's does not.
LABELLED = (
    ipywidgets.BoundedFloatText,
    ipywidgets.BoundedIntText,
    ipywidgets.Checkbox,
    ipywidgets.Dropdown,
    ipywidgets.Text,
    ipywidgets.Textarea,
)


@pytest.fixture
def panel():
    return notebook.Panel(
        temperature=notebook.number("Temperature", 0.95, 0.05, 5),
        voices=notebook.whole("Voices", 2, 1, 8),
        size=notebook.choice("Size", {"small": 64, "large": 256}, 64),
        name=notebook.text("Name", "first"),
        note=notebook.lines("Note"),
        last=notebook.tick("The last one too", True),
    )


def widgets_of(panel):
    return panel._box.children


def test_values_are_plain_arguments(panel):
    expected = {"temperature": 0.95, "voices": 2, "size": 64, "name": "first", "note": "", "last": True}
    assert panel.values == expected
    assert panel.temperature == 0.95 and panel.size == 64


def test_a_changed_control_changes_the_value_and_the_python_shown(panel):
    temperature, *_, python, _ = widgets_of(panel)
    temperature.value = 1.2
    assert panel.temperature == 1.2
    assert "temperature=1.2" in python.value


def test_a_number_out_of_range_becomes_the_nearest_in_range(panel):
    temperature, voices, *_ = widgets_of(panel)
    temperature.value, voices.value = 99, 0
    assert panel.temperature == 5 and panel.voices == 1


def test_the_button_puts_everything_back(panel):
    *controls, _, button = widgets_of(panel)
    controls[0].value, controls[3].value, controls[5].value = 2, "second", False
    button.click()
    assert panel.values["temperature"] == 0.95 and panel.name == "first" and panel.last is True


def test_every_input_is_of_a_kind_whose_label_is_found(panel):
    *controls, _, _ = widgets_of(panel)
    assert all(isinstance(control, LABELLED) and control.description for control in controls)


def test_text_in_a_control_is_shown_as_text(panel):
    widgets_of(panel)[3].value = "<script>"
    assert "<script>" not in widgets_of(panel)[-2].value


def test_a_control_that_is_not_there_is_named(panel):
    with pytest.raises(AttributeError, match="temprature"):
        panel.temprature  # noqa: B018


def test_a_panel_is_shown_as_a_widget_and_as_text(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel._box.model_id
    assert "Temperature (0.05 to 5): 0.95" in bundle["text/plain"]


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.jsonl")


def test_the_journal_button_and_keep_write_what_stands_in_the_fields(journal, capsys):
    panel = notebook.JournalPanel(journal, "02", ["Why?", "What?"])
    why, _, button, said = panel._box.children
    why.value = "because"
    button.click()
    assert journal.answers("02") == {"Why?": "because"} and "Kept 1 answer in" in said.value
    panel.keep()
    assert "Nothing new" in capsys.readouterr().out
    assert len(journal.entries) == 1


def test_answers_stand_in_the_fields_when_the_lesson_is_opened_again(journal):
    journal.write("02", {"Why?": "because"})
    assert notebook.JournalPanel(journal, "02", ["Why?"]).values == {"Why?": "because"}
