"""The settings in words: few controls, the rest behind a tick, and a table; what they say can be trained with."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import ipywidgets
import matplotlib
import pytest
from PIL import ImageFont

from prism_lessons import notebook
from prism_lessons.errors import CourseError
from prism_lessons.presets import PRESETS
from prism_lessons.settings import ModelSettings, TrainingSettings, described

ALL = [*described(ModelSettings), *described(TrainingSettings)]
FACE = ("window", "dim", "minutes", "patience", "literal")
# Their label stands in a <label> that belongs to the input, in ipywidgets 7.7.1 and 8.1 (test_panels.py).
LABELLED = (
    ipywidgets.BoundedFloatText,
    ipywidgets.BoundedIntText,
    ipywidgets.Checkbox,
    ipywidgets.Dropdown,
    ipywidgets.Text,
)


@pytest.fixture
def panel():
    return notebook.SettingsPanel(
        "sketch", 2, name=notebook.text("Name", "first"), seed=notebook.whole("Seed", 0, 0, 9)
    )


def put(panel, **values):
    for name, value in values.items():
        panel._inputs[name].value = value


def trained_with(panel, preset="sketch"):
    """The preset that `train` would work with."""
    values = panel.values
    for name in ("minutes", "name"):
        values.pop(name, None)
    return PRESETS[preset].changed(**values)


def shown(panel):
    """The widgets that are shown, from top to bottom."""

    def within(box):
        for child in box.children:
            yield from within(child) if isinstance(child, ipywidgets.Box) else [child]

    return list(within(panel._box))


def inputs(panel):
    return [widget for widget in shown(panel) if isinstance(widget, LABELLED)]


def more(panel):
    (tick,) = [widget for widget in shown(panel) if widget.description == "More settings"]
    return tick


@pytest.mark.parametrize("preset", PRESETS)
def test_a_panel_left_alone_gives_the_preset(preset):
    panel = notebook.SettingsPanel(preset)
    assert trained_with(panel, preset) == PRESETS[preset]
    assert panel.minutes == PRESETS[preset].minutes
    assert {name for name in FACE if name != "literal"} < panel.values.keys()


def test_a_lesson_s_own_controls_and_minutes_come_first_and_in_one_panel(panel):
    assert list(panel.values)[:2] == ["name", "seed"] and panel.name == "first" and panel.minutes == 2
    assert [widget.description for widget in inputs(panel)][:2] == ["Name", "Seed (0 to 9)"]
    assert "name=&#39;first&#39;, seed=0, window=128" in panel._python.value
    assert "seed" not in panel._rest


def test_few_controls_are_shown_at_first_each_over_what_it_does_to_the_sound(panel):
    controls = [panel._inputs[name] for name in ("name", "seed", *FACE)]
    assert inputs(panel) == [*controls, more(panel)]
    widgets = shown(panel)
    for name in FACE:
        note = widgets[widgets.index(panel._inputs[name]) + 1]
        assert isinstance(note, ipywidgets.HTML) and len(note.value) > 100


def test_the_tick_shows_every_other_setting_with_its_range_default_and_source(panel):
    more(panel).value = True
    widgets = shown(panel)
    for about in ALL:
        if about.name in {"window", "dim", "patience", "dropout", "versions", "seed"}:
            continue
        note = widgets[widgets.index(panel._inputs[about.name]) + 1].value
        plain = re.sub("<[^>]*>", "", note).replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")
        assert f"Range: {about.range}. Default: " in plain and f"Source: {about.source}." in plain
        assert note.count("<a ") == about.source.count("https://")
    more(panel).value = False
    assert inputs(panel)[-1] is more(panel)


def test_every_setting_stands_in_the_panel_once_and_can_be_changed(panel):
    stands_for = {"dropout": "literal", "versions": "literal"}
    assert {stands_for.get(about.name, about.name) for about in ALL} == panel._inputs.keys() - {"name", "minutes"}
    changes = {
        "window": 512, "dim": 128, "patience": 6, "literal": "free", "frame_sizes": "4,16", "cell": "lstm", "layers": 2,
        "skip_connections": True, "weight_normalisation": True, "embedding": 16, "quantisation": "linear",
        "levels": 128, "streams": 4, "learning_rate": 1e-3, "warm_up": 0, "clip_norm": 1, "polarity": False,
        "gain_db": 6, "stretch": 0, "clip_seconds": 1, "clip_temperatures": "(0.9,)", "clip_voices": 2,
        "validation_seconds": 5, "disk_gb": 1, "seed": 3, "checkpoint_minutes": 1, "precision": "float32",
        "devices": "all", "predictors": "8, 32", "book": 16, "labels": "bells, soft breath",
    }  # fmt: skip
    assert changes.keys() == panel._inputs.keys() - {"name", "minutes"}
    put(panel, **{name: value for name, value in changes.items() if name != "window"})
    put(panel, window=512)  # after the frames: it is a multiple of theirs
    changed, preset = trained_with(panel), PRESETS["sketch"]
    for before, after in ((preset.model, changed.model), (preset.training, changed.training)):
        assert [name for name in vars(before) if getattr(before, name) == getattr(after, name)] == []


def test_where_the_preset_has_none_of_several_numbers_the_field_says_so_and_may_be_emptied_again(monkeypatch):
    preset = replace(PRESETS["study"], model=replace(PRESETS["study"].model, predictors=(), book=0))
    monkeypatch.setitem(PRESETS, "plain", preset)
    panel = notebook.SettingsPanel("plain")
    more(panel).value = True
    assert panel._inputs["predictors"].value == "none" and panel.predictors == ()
    put(panel, predictors="8, 32")
    assert panel.predictors == (8, 32)
    for empty in ("none", "", "()"):
        put(panel, predictors=empty)
        assert panel.predictors == ()


def test_of_the_rest_only_what_was_changed_is_passed_on(panel):
    assert not panel._rest.keys() & panel.values.keys()
    put(panel, learning_rate=1e-3)
    assert panel.values["learning_rate"] == panel.learning_rate == 1e-3
    assert "learning_rate=0.001" in panel._python.value
    assert panel.warm_up == PRESETS["sketch"].training.warm_up


def test_how_literal_stands_for_dropout_and_versions(panel):
    assert panel.literal == "close"
    steps = panel._inputs["literal"].options
    assert steps[0] == "by heart" and steps[-1] == "free"
    settings = []
    for step in steps:
        put(panel, literal=step)
        assert "literal" not in panel.values
        settings.append((panel.values["dropout"], panel.values["versions"]))
    for before, after in pairwise(settings):
        assert before[0] < after[0] and before[1] <= after[1]


def test_never_is_no_patience(panel):
    assert panel.values["patience"] is None and panel.patience is None
    for epochs in (3, 6, 12):
        put(panel, patience=epochs)
        assert trained_with(panel).training.patience == epochs


def test_several_numbers_are_read_from_a_line(panel):
    for line in ("4, 16", "4,16", " (4, 16) ", "[4, 16],"):
        put(panel, frame_sizes=line)
        assert panel.frame_sizes == (4, 16)
    put(panel, clip_temperatures="1, 0.9")
    assert panel.values["clip_temperatures"] == (1.0, 0.9)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "8 and 32",
            'Frame sizes cannot be read from "8 and 32": write numbers with commas between them, such as 16, 64.',
        ),
        ("", "cannot be read"),
        ("8, 2.5", "cannot be read"),
        ("0, 16", "frame_sizes must each be a whole number from 1 to 4,096"),
    ],
)
def test_what_cannot_be_read_is_said_in_the_page_and_by_the_next_cell(panel, line, sentence):
    put(panel, frame_sizes=line)
    said = panel._python.value
    assert 'role="status"' in said and sentence.replace('"', "&#34;") in said and "As Python" not in said
    with pytest.raises(CourseError, match=re.escape(sentence)):
        panel.values  # noqa: B018
    put(panel, frame_sizes="8, 32")
    assert "As Python" in panel._python.value and trained_with(panel) == PRESETS["sketch"]


def test_settings_that_do_not_go_together_are_said_in_the_page(panel):
    put(panel, frame_sizes="8, 20")
    assert "8 does not divide 20" in panel._python.value


def test_every_length_of_memory_goes_with_the_frames(panel):
    for frames in ("48, 192", "3", "4096", "8, 32"):
        put(panel, frame_sizes=frames)
        for words, window in panel._inputs["window"].options:
            put(panel, window=window)
            assert trained_with(panel).training.window == window
            assert words.startswith(f"{window} samples, {window / 16:.3g} ms")


def test_other_frames_keep_the_length_of_memory_as_near_as_they_can(panel):
    put(panel, frame_sizes="16, 64")
    assert panel.window == 256
    put(panel, frame_sizes="3, 48")
    assert panel.window == 192  # 4, 8, ... frames of 48: 192, 384, ...


def test_the_button_puts_everything_back(panel):
    before = panel.values
    put(panel, name="second", seed=4, frame_sizes="48, 192", literal="close", patience=3, minutes=9, layers=3)
    put(panel, window=768)
    (button,) = [widget for widget in shown(panel) if isinstance(widget, ipywidgets.Button)]
    button.click()
    assert panel.values == before and trained_with(panel) == PRESETS["sketch"]


def test_every_input_is_of_a_kind_whose_label_is_found_and_has_one_of_its_own(panel):
    more(panel).value = True
    inside = inputs(panel)
    assert len(inside) == len(panel._inputs) + 1
    labels = [widget.description for widget in inside]
    assert all(labels) and len(set(labels)) == len(labels)


def test_every_label_fits_beside_its_field():
    """In 18em of the 13 px that notebooks have, in DejaVu Sans, which is wider than most."""
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", 13)
    for control in notebook.SettingsPanel()._inputs.values():
        assert font.getlength(control.description) < 18 * 13, control.description


def test_a_page_where_no_widget_can_live_shows_the_few_controls_in_words(panel):
    words = panel._repr_mimebundle_()["text/plain"]
    assert "Name: first" in words and "Length of memory: 128 samples, 8 ms at 16,000 Hz" in words
    assert "Patience: never" in words and "How literal: close" in words and len(words.splitlines()) == 8


def test_a_control_that_is_not_there_is_named(panel):
    with pytest.raises(AttributeError, match="temprature"):
        panel.temprature  # noqa: B018


def test_a_preset_that_is_not_there_is_named():
    with pytest.raises(CourseError, match="symphony"):
        notebook.SettingsPanel("symphony")


class Cells(HTMLParser):
    """The rows of tables, as lists of the text in their cells."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.inside = [], False
        self.feed(html)

    def handle_starttag(self, tag, _):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside &= tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def test_the_table_has_every_setting_with_its_range_its_defaults_and_its_source():
    table = notebook.settings_table()
    rows = {row[0]: row[1:] for row in Cells(table.html).rows}
    for about in ALL:
        effect, limits, default = rows[f"{about.label}{about.name}"]
        assert (effect, limits) == (f"{about.effect}Source: {about.source}.", about.range) and default
        assert about.effect in table.words and about.source in table.words
    assert rows["Sizedim"][2] == "sketch: 64; study: 512; piece: 1,024"
    assert rows["Dropoutdropout"][2] == "0.3"
    assert table.html.count('scope="row"') == len(ALL)
