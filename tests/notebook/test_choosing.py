"""Choosing by ear: panels begin with what was chosen, write what differs, and let everything be heard as it is."""

import base64
import errno
import io
import os
import re
from dataclasses import replace

import ipywidgets
import numpy as np
import pytest
import soundfile

from prism_lessons.corpus import choices as choices_module
from prism_lessons.corpus.choices import Choices
from prism_lessons.corpus.doctor import Finding
from prism_lessons.corpus.doctor import findings as findings_module
from prism_lessons.corpus.survey import Survey, SurveyedFile
from prism_lessons.errors import CourseError
from prism_lessons.notebook import choosing
from prism_lessons.notebook.choosing import MOST_RECORDINGS, MOST_SEGMENTS, RecordingsPanel, SegmentsPanel
from prism_lessons.notebook.players import MOST_BYTES
from prism_lessons.pages import WAV, sound_url

# Their label stands in a <label> that belongs to the input, in ipywidgets 7.7.1 and 8.1.
LABELLED = (ipywidgets.BoundedFloatText, ipywidgets.BoundedIntText, ipywidgets.Checkbox)


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """Three kinds of fault, of which the last cannot be mended, and the remedy of hum halves every sample."""
    kinds = {key: findings_module.FaultKind(key, f"the {key}", "", "", "", "") for key in ("clicks", "hum", "short")}
    for module in (choices_module, choosing):
        monkeypatch.setattr(module, "KINDS", kinds)
        monkeypatch.setattr(module, "MENDABLE", ("clicks", "hum"))

    def repair_recording(recording, findings, sample_rate=None):
        gain = 0.5 if "hum" in [finding.kind for finding in findings] else 1.0
        return (np.float32(gain) * block for block in recording.blocks(sample_rate))

    monkeypatch.setattr(choosing, "repair_recording", repair_recording)
    monkeypatch.setattr(choosing, "finding_in_words", lambda finding: f"<clear> the {finding.kind}: {finding.measured}")


@pytest.fixture
def choices(tmp_path):
    return Choices(tmp_path / "choices.jsonl")


@pytest.fixture
def surveyed(tmp_path, noise, write_sound):
    """A function that writes noise of some seconds and gives its `SurveyedFile`, with findings made by hand."""

    def make(name, seconds=2.0, findings=(), sample_rate=16000, seed=1):
        write_sound(tmp_path / "recordings" / name, noise(seconds, seed, sample_rate), sample_rate)
        found = tuple(Finding(kind, severity, "measured", places) for kind, severity, places in findings)
        return SurveyedFile(name, sample_rate=sample_rate, channels=1, seconds=seconds, findings=found)

    return make


@pytest.fixture
def survey(tmp_path, surveyed):
    """Of four recordings, one of which cannot be used."""
    files = (
        surveyed("a.wav", findings=[("short", 1, ())]),
        SurveyedFile("broken.wav", "it is damaged"),
        surveyed("clean.wav"),
        surveyed("kitchen & <b>.wav", findings=[("hum", 3, ()), ("clicks", 2, ((0.5, 0.51),)), ("short", 1, ())]),
    )
    return Survey(str(tmp_path / "recordings"), files)


def all_in(widget):
    """A widget and all within it, in the order in which they are shown."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_in(child)


def inputs_in(panel):
    return {each.description: each for each in all_in(panel._box) if isinstance(each, LABELLED)}


def html_in(panel):
    return "".join(each.value for each in all_in(panel._box) if isinstance(each, ipywidgets.HTML))


def press(panel, label):
    """Press a button; returns what is said then."""
    (button,) = [
        each for each in all_in(panel._box) if isinstance(each, ipywidgets.Button) and each.description == label
    ]
    button.click()
    return re.findall('<p role="status">(.*?)</p>', html_in(panel))


def sounds_in(panel):
    """What each player plays, by its name: (int16 samples, sample rate)."""
    found = re.findall(r'aria-label="([^"]*)" src="data:audio/(?:wav|mpeg);base64,([^"]+)"', html_in(panel))
    return {name: soundfile.read(io.BytesIO(base64.b64decode(source)), dtype="int16") for name, source in found}


def test_recordings_with_the_worst_findings_come_first_each_with_its_player_findings_and_inputs(choices, survey):
    panel = RecordingsPanel(choices, survey)
    assert list(sounds_in(panel)) == ["1: kitchen &amp; &lt;b&gt;.wav", "2: a.wav", "3: clean.wav"]
    assert list(inputs_in(panel)) == [
        "1: use this recording",
        "1: mend: the hum",
        "1: mend: the clicks",
        "1: times heard in a pass (1 to 16)",
        "2: use this recording",
        "2: times heard in a pass (1 to 16)",
        "3: use this recording",
        "3: times heard in a pass (1 to 16)",
    ]
    html = html_in(panel)
    assert "&lt;clear&gt; the hum: measured" in html and html.count("Nothing was found.") == 1
    assert "<b>" not in html and "<clear>" not in html and "broken" not in html


def test_every_input_is_of_a_kind_whose_label_is_found(choices, survey):
    inputs = (ipywidgets.widgets.widget_description.DescriptionWidget, ipywidgets.ValueWidget)
    for panel in (RecordingsPanel(choices, survey), SegmentsPanel(choices, survey, "a.wav", [(0, 1)])):
        for each in all_in(panel._box):
            if isinstance(each, inputs) and not isinstance(each, (ipywidgets.HTML, ipywidgets.Box)):
                assert isinstance(each, LABELLED) and each.description


def test_what_is_heard_is_the_recording_sample_for_sample(choices, survey, noise):
    samples, rate = sounds_in(RecordingsPanel(choices, survey))["3: clean.wav"]
    assert rate == 16000
    # libsndfile rounds to 16 bits as it writes.
    assert np.max(np.abs(samples - 32768.0 * noise(2.0, 1))) <= 1


def test_a_panel_begins_with_what_was_chosen_and_keeping_it_changes_nothing(choices, survey, capsys):
    choices.leave_out("a.wav", "too short")
    choices.repair("kitchen & <b>.wav", "hum")
    choices.weigh("*", 2)
    choices.weigh("clean.wav", 3)
    before = choices.path.read_bytes()
    panel = RecordingsPanel(Choices(choices.path), survey)
    assert panel.values == {
        "kitchen & <b>.wav": {"use": True, "mend": ["hum"], "times": 2},
        "a.wav": {"use": False, "mend": [], "times": 2},
        "clean.wav": {"use": True, "mend": [], "times": 3},
    }
    panel.keep()
    assert capsys.readouterr().out == "Nothing new to keep: the choices say all this already.\n"
    assert choices.path.read_bytes() == before


def test_keep_writes_only_what_differs_and_says_what(choices, survey, capsys):
    choices.leave_out("a.wav")
    choices.repair("kitchen & <b>.wav", "hum")
    panel = RecordingsPanel(choices, survey)
    inputs = inputs_in(panel)
    inputs["1: mend: the hum"].value = False
    inputs["1: mend: the clicks"].value = True
    inputs["2: use this recording"].value = True
    inputs["3: use this recording"].value = False
    inputs["3: times heard in a pass (1 to 16)"].value = 4
    panel.keep()
    state = Choices(choices.path).state
    assert state.left_out == {"clean.wav": ""}
    assert state.remedies == {"kitchen & <b>.wav": ("clicks",)}
    assert state.times == {"clean.wav": 4}
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith(f"Kept 5 choices in {choices.path}: the hum is left in kitchen & <b>.wav; ")
    assert len(choices.path.read_text().splitlines()) == 2 + 5
    panel.keep()
    assert "Nothing new" in capsys.readouterr().out


def test_the_button_does_the_same_at_once_and_says_so(choices, survey):
    panel = RecordingsPanel(choices, survey)
    inputs_in(panel)["1: use this recording"].value = False
    (said,) = press(panel, "Keep these choices")
    assert said.startswith("Kept 1 choice in ") and "kitchen &amp; &lt;b&gt;.wav is left out." in said
    assert list(choices.state.left_out) == ["kitchen & <b>.wav"]
    assert press(panel, "Keep these choices")[0].startswith("Nothing new")


def test_what_the_disk_refuses_is_said_below_the_button(choices, survey, monkeypatch):
    def refuse(file):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    panel = RecordingsPanel(choices, survey)
    inputs_in(panel)["1: use this recording"].value = False
    (said,) = press(panel, "Keep these choices")
    assert "could not be written" in said
    with pytest.raises(CourseError, match="could not be written"):
        panel.keep()


def test_at_most_twenty_are_shown_and_others_by_their_names(choices, surveyed, tmp_path):
    files = tuple(surveyed(f"{number:02}.wav", 0.1) for number in range(MOST_RECORDINGS + 2))
    survey = Survey(str(tmp_path / "recordings"), files)
    panel = RecordingsPanel(choices, survey)
    assert len(panel.values) == MOST_RECORDINGS and "These are 20 of 22 recordings" in html_in(panel)
    assert list(RecordingsPanel(choices, survey, ["21.wav", "03.wav", "21.wav"]).values) == ["21.wav", "03.wav"]
    with pytest.raises(CourseError, match="22 recordings are too many"):
        RecordingsPanel(choices, survey, [file.name for file in files])


def test_a_name_that_is_not_there_or_cannot_be_used_is_refused(choices, survey):
    for name, reason in (("gone.wav", 'There is no "gone.wav"'), ("broken.wav", "cannot be used: it is damaged")):
        with pytest.raises(CourseError, match=reason):
            RecordingsPanel(choices, survey, [name])
        with pytest.raises(CourseError, match=reason):
            SegmentsPanel(choices, survey, name)


def test_a_recording_that_went_away_since_is_named_and_the_others_are_played(choices, survey):
    (survey.root / "a.wav").unlink()
    panel = RecordingsPanel(choices, survey)
    assert len(sounds_in(panel)) == 2 and "no longer there" in html_in(panel)


@pytest.fixture
def lossless(monkeypatch):
    """What would be MP3, whose samples cannot be compared, is WAV with as many samples."""
    monkeypatch.setattr(choosing, "sound_url", lambda clip, form: sound_url(clip, WAV))


def test_of_long_recordings_the_place_of_the_worst_fault_is_heard(choices, surveyed, tmp_path, noise, lossless):
    findings = [("hum", 3, ()), ("clicks", 1, ((5.0, 5.1),)), ("short", 2, ((1000.0, 1000.1),))]
    files = (surveyed("faulty.wav", 1500.0, findings), surveyed("clean.wav", 1500.0), surveyed("tiny.wav", 1.0))
    panel = RecordingsPanel(choices, Survey(str(tmp_path / "recordings"), files))
    html, sounds = html_in(panel), sounds_in(panel)
    assert "here from 999.5 s on, of 1500.0 s" in html and "here from 0.0 s on, of 1500.0 s" in html
    samples, _ = sounds["1: faulty.wav"]
    original = np.rint(32768 * noise(1500.0, 1)[int(999.5 * 16000) :][: len(samples)])
    assert np.max(np.abs(samples - original)) <= 1
    assert len(sounds["3: tiny.wav"][0]) == 16000


def test_what_is_too_long_is_heard_as_mp3_and_fits_into_the_cell(choices, surveyed, tmp_path):
    findings = [("hum", 3, ((100.0, 100.1),))]
    files = (surveyed("faulty.wav", 600.0, findings, 44100), surveyed("clean.wav", 600.0, (), 44100))
    choices.repair("faulty.wav", "hum")
    panel = RecordingsPanel(choices, Survey(str(tmp_path / "recordings"), files))
    assert 'src="data:audio/mpeg;base64' in html_in(panel) and "here as MP3 at 16,000 Hz" in html_in(panel)
    assert len(html_in(panel)) < MOST_BYTES + 3000
    assert {rate for _, rate in sounds_in(panel).values()} == {16000}


def test_a_recording_is_heard_with_the_remedies_that_are_ticked(choices, survey):
    panel = RecordingsPanel(choices, survey)
    as_it_is, mended = "1: kitchen &amp; &lt;b&gt;.wav", "1: kitchen &amp; &lt;b&gt;.wav, mended"
    assert mended not in sounds_in(panel)
    for kind, gain in (("clicks", 1.0), ("hum", 0.5)):
        inputs_in(panel)[f"1: mend: the {kind}"].value = True
        sounds = sounds_in(panel)
        assert np.max(np.abs(sounds[mended][0] - gain * sounds[as_it_is][0])) <= 1
    for kind in ("clicks", "hum"):
        inputs_in(panel)[f"1: mend: the {kind}"].value = False
    assert mended not in sounds_in(panel) and not choices.path.exists()


def test_a_recording_of_which_a_remedy_was_chosen_before_is_heard_with_it_at_once(choices, survey):
    choices.repair("kitchen & <b>.wav", "hum")
    assert "1: kitchen &amp; &lt;b&gt;.wav, mended" in sounds_in(RecordingsPanel(choices, survey))


def test_a_long_recording_is_heard_mended_at_the_place_of_its_fault(choices, surveyed, tmp_path, lossless):
    files = (surveyed("faulty.wav", 900.0, [("hum", 3, ((600.0, 600.1),))]),)
    choices.repair("faulty.wav", "hum")
    sounds = sounds_in(RecordingsPanel(choices, Survey(str(tmp_path / "recordings"), files)))
    (before, _), (after, _) = sounds["1: faulty.wav"], sounds["1: faulty.wav, mended"]
    assert abs(len(before) - len(after)) <= 1
    count = min(len(before), len(after))
    assert np.max(np.abs(after[:count] - 0.5 * before[:count])) <= 1


def test_where_a_remedy_cuts_silence_out_the_same_place_is_heard_mended(
    choices, surveyed, tmp_path, monkeypatch, lossless
):
    keep = [(0.0, 50.0), (90.0, 900.0)]

    def cut(recording, findings, sample_rate=None):
        (samples,) = [np.concatenate([*recording.blocks(sample_rate)])]
        yield np.concatenate([samples[int(16000 * start) : int(16000 * end)] for start, end in keep])

    monkeypatch.setattr(choosing, "repair_recording", cut)
    long = surveyed("long.wav", 900.0, [("hum", 3, ((500.0, 500.1),))])
    finding = replace(long.findings[0], values={"keep": keep})
    choices.repair("long.wav", "hum")
    panel = RecordingsPanel(choices, Survey(str(tmp_path / "recordings"), (replace(long, findings=(finding,)),)))
    sounds = sounds_in(panel)
    (before, _), (after, _) = sounds["1: long.wav"], sounds["1: long.wav, mended"]
    assert np.max(np.abs(after[:1000] - before[:1000])) <= 1


def test_what_fits_into_the_cell_as_mp3_is_heard_whole(choices, surveyed, tmp_path):
    # As samples, 60 s at 44.1 kHz are 7 MB; as MP3 at 16 kHz, 0.3 MB.
    survey = Survey(str(tmp_path / "recordings"), (surveyed("a.wav", 60.0, sample_rate=44100),))
    panel = RecordingsPanel(choices, survey)
    ((samples, rate),) = sounds_in(panel).values()
    assert rate == 16000 and len(samples) == 60 * 16000 and "here from" not in html_in(panel)


def test_segments_are_all_ticked_at_first_and_kept_by_the_next_cell(choices, survey, capsys):
    panel = SegmentsPanel(choices, survey, "a.wav", [(0.2, 0.5), (0.75, 1.5)])
    assert panel.values == [(0.2, 0.5), (0.75, 1.5)]
    assert list(sounds_in(panel)) == ["1: a.wav, 0:00.2 to 0:00.5", "2: a.wav, 0:00.8 to 0:01.5"]
    panel.keep()
    assert choices.state.segments == {"a.wav": ((0.2, 0.5), (0.75, 1.5))}
    assert " ".join(capsys.readouterr().out.split()) == f"Kept 2 segments of a.wav, 1.1 of 2.0 s, in {choices.path}."
    panel.keep()
    assert "Nothing new" in capsys.readouterr().out and len(choices.path.read_text().splitlines()) == 1


def test_a_corrected_segment_is_heard_and_kept_as_corrected(choices, survey, noise):
    panel = SegmentsPanel(choices, survey, "a.wav", [(0.2, 0.5), (0.75, 1.5)])
    inputs = inputs_in(panel)
    inputs["1: keep this segment"].value = False
    inputs["2: start in s (0 to 2)"].value = 1.0
    inputs["2: end in s (0 to 2)"].value = 99  # beyond the end
    assert panel.values == [(1.0, 2.0)]
    samples, _ = sounds_in(panel)["2: a.wav, 0:01.0 to 0:02.0"]
    assert np.max(np.abs(samples - 32768.0 * noise(2.0, 1)[16000:])) <= 1
    assert press(panel, "Keep these segments") == [f"Kept 1 segment of a.wav, 1.0 of 2.0 s, in {choices.path}."]
    assert choices.state.segments == {"a.wav": ((1.0, 2.0),)}


def test_what_was_kept_is_ticked_the_next_time_and_suggestions_beside_it_are_not(choices, survey):
    choices.cut("a.wav", [(0.8, 1.4)])
    before = choices.path.read_bytes()
    panel = SegmentsPanel(choices, survey, "a.wav", [(0.2, 0.5), (0.75, 1.5)])
    assert [each.value for label, each in inputs_in(panel).items() if "keep" in label] == [False, True]
    assert panel.values == [(0.8, 1.4)]
    panel.keep()
    assert choices.path.read_bytes() == before
    press(panel, "Back to the suggestion")
    assert panel.values == [(0.2, 0.5), (0.75, 1.5)] and choices.path.read_bytes() == before


def test_segments_that_cannot_be_cut_are_refused_in_a_sentence(choices, survey):
    panel = SegmentsPanel(choices, survey, "a.wav", [(0.2, 0.5), (0.75, 1.5)])
    inputs = inputs_in(panel)
    inputs["2: start in s (0 to 2)"].value = 0.4
    assert press(panel, "Keep these segments") == [
        "Two segments overlap at 0.4 s: let each begin where the one before ends."
    ]
    inputs["1: start in s (0 to 2)"].value = 0.6
    assert "1: its end must be after its start." in html_in(panel)
    with pytest.raises(CourseError, match="its end must be after its start"):
        panel.keep()
    assert not choices.path.exists()


def test_without_a_tick_nothing_is_cut_and_the_whole_is_no_cut(choices, survey, capsys):
    panel = SegmentsPanel(choices, survey, "a.wav")
    assert panel.values == [(0.0, 2.0)]  # noise without a pause
    panel.keep()
    inputs_in(panel)["1: keep this segment"].value = False
    panel.keep()
    assert "Nothing was changed" in capsys.readouterr().out and not choices.path.exists()
    choices.cut("a.wav", [(0, 1)])
    whole = SegmentsPanel(choices, survey, "a.wav")
    press(whole, "Back to the suggestion")
    assert press(whole, "Keep these segments") == [f"All of a.wav is kept, in {choices.path}."]
    assert choices.state.segments == {}


def test_too_many_segments_for_a_panel_are_refused(choices, survey):
    step = 2 / (MOST_SEGMENTS + 1)
    segments = [(number * step, (number + 1) * step) for number in range(MOST_SEGMENTS + 1)]
    with pytest.raises(CourseError, match="61 segments are too many"):
        SegmentsPanel(choices, survey, "a.wav", segments)
    assert len(SegmentsPanel(choices, survey, "a.wav", segments[1:]).values) == MOST_SEGMENTS


def test_panels_are_shown_as_widgets_and_as_text(choices, survey):
    recordings, segments = RecordingsPanel(choices, survey), SegmentsPanel(choices, survey, "a.wav", [(0, 1), (1, 1.5)])
    for panel in (recordings, segments):
        bundle = panel._repr_mimebundle_()
        assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel._box.model_id
        assert bundle["text/plain"] == repr(panel)
    assert repr(segments) == "a.wav: 0 to 1 s, 1 to 1.5 s"
    lines = dict(line.split(": ", 1) for line in repr(recordings).splitlines())
    assert list(lines) == list(recordings.values) and set(lines.values()) == {"heard 1 time in a pass"}
    inputs = inputs_in(recordings)
    inputs["1: mend: the hum"].value, inputs["2: use this recording"].value = True, False
    said = [line.split(": ", 1)[1] for line in repr(recordings).splitlines()]
    assert said == ["heard 1 time in a pass; the hum mended", "left out", "heard 1 time in a pass"]
