"""The table of clips in a notebook: what the page says through its field is kept, what it asks for is handed out."""

import base64
import html
import io
import json
import re
import shutil

import numpy as np
import pytest
import soundfile

from prism_lessons import notebook
from prism_lessons.audition import ListeningLog, audition
from prism_lessons.audition.listening import Act
from prism_lessons.live import LiveLine


@pytest.fixture(scope="module")
def heard(straight, tmp_path_factory):
    """An audition of a run that may be changed."""
    folder = shutil.copytree(straight.folder, tmp_path_factory.mktemp("heard") / "run")
    return audition(folder, live=LiveLine(io.StringIO()))


@pytest.fixture
def table(heard):
    heard.log.path.unlink(missing_ok=True)
    yield notebook.AuditionTable(heard)
    heard.log.path.unlink(missing_ok=True)


def ask(table, acts=(), sounds=(), number=1):
    """What the page would be answered."""
    message = {"number": number, "acts": [vars(act) for act in acts], "sounds": list(sounds)}
    table._from_page.value = json.dumps(message)
    return json.loads(html.unescape(re.fullmatch(r"<pre>(.*)</pre>", table._to_page.value, re.DOTALL)[1]))


def star(heard, identity="1", **changes):
    values = {"who": "Eva", "act": "star", "clip": heard.clips[0].name, "when": "2026-11-22T10:00:00.000"}
    return Act(**{"id": identity, "run": heard.log.key, **values, **changes})


def test_a_sound_is_handed_out_as_it_is(table, heard):
    answer = ask(table, sounds=["clip 2", "source 0", "clip 99", "nonsense"])
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(answer["sounds"]["clip 2"].split(",")[1])), dtype="float32")
    np.testing.assert_array_equal(samples, heard.clips[2].sound.samples)
    assert answer["sounds"]["source 0"].startswith("data:audio/flac")
    assert answer["sounds"]["clip 99"] == answer["sounds"]["nonsense"] == ""


def test_what_the_page_says_is_in_the_log_before_it_is_answered(table, heard):
    answer = ask(table, [star(heard)])
    assert answer["kept"] == ["1"] and "kept for ever" in answer["said"]
    assert ListeningLog(heard.run).starred == [heard.clips[0].name]


def test_what_comes_twice_since_the_answer_came_late_counts_once(table, heard):
    ask(table, [star(heard)])
    answer = ask(table, [star(heard), star(heard, "2", act="note", text="<b>&</b>")], number=2)
    assert answer["kept"] == ["1", "2"]
    assert len(heard.log.acts) == 2 and heard.log.heard[heard.clips[0].name].notes == {"Eva": "<b>&</b>"}


def test_an_act_that_is_none_is_refused_in_a_sentence_and_nothing_is_kept(table, heard):
    table._from_page.value = json.dumps({"number": 1, "acts": [vars(star(heard)) | {"act": "explode"}], "sounds": []})
    answer = json.loads(html.unescape(table._to_page.value[5:-6]))
    assert answer["kept"] == [] and "not an act of the listening log" in answer["said"]
    assert answer["refused"] == ["1"], "the page would send it again for ever"
    assert heard.log.acts == []


def test_one_act_that_is_none_does_not_keep_the_others_from_the_log(table, heard):
    acts = [vars(star(heard)), vars(star(heard, "2")) | {"text": "x" * 30_000}, {"x": 1}]
    table._from_page.value = json.dumps({"number": 1, "acts": acts, "sounds": []})
    answer = json.loads(html.unescape(table._to_page.value[5:-6]))
    assert answer["kept"] == ["1"] and answer["refused"] == ["2", None]
    assert "__init__" not in answer["said"]
    assert [act.id for act in heard.log.acts] == ["1"]


def test_a_log_that_cannot_be_written_is_said_and_the_page_keeps_what_it_has(table, heard, monkeypatch):
    heard.log.path.mkdir()
    try:
        answer = ask(table, [star(heard)])
        assert answer["kept"] == answer["refused"] == [] and "cannot be read" in answer["said"]
    finally:
        heard.log.path.rmdir()


def test_the_frame_holds_no_sound_and_is_told_apart_from_other_tables(table, heard):
    frame = table._box.children[0].value
    assert "data:audio" not in frame and len(frame) < 1_000_000
    wire = re.search(r'"wire":"(prism-\w+)"', html.unescape(frame))[1]
    assert f"{wire}-out" in table._from_page._dom_classes and f"{wire}-in" in table._to_page._dom_classes
    assert wire not in notebook.AuditionTable(heard)._box.children[0].value


def test_where_no_widget_can_be_shown_its_clips_are_in_words(table, heard):
    bundle = table._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
    assert all(clip.played.title in bundle["text/plain"] for clip in heard.clips)


def test_a_clip_stands_beside_the_recording_that_it_is_nearest_to(heard):
    shown = notebook.beside_recordings(heard)
    clip = min((one for one in heard.clips if one.nearest), key=lambda one: one.nearest.distance_db)
    assert clip.played.title in shown.words and clip.nearest.recording in shown.words
    assert shown.html.count("<audio") == 2 + bool(clip.verbatim)


def test_without_recordings_the_clip_stands_alone(heard, monkeypatch):
    from dataclasses import replace

    alone = [replace(clip, nearest=None, verbatim=None) for clip in heard.clips]
    monkeypatch.setattr(heard, "clips", alone)
    assert notebook.beside_recordings(heard).html.count("<audio") == 1
