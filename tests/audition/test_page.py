"""The page of an audition as a file: all in it, at most so large, the sounds as they are as long as there is room."""

import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile

import prism_lessons as pl
from prism_lessons.audio import Clip
from prism_lessons.audition.page import PageSounds
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.marks import COMPOSITE
from prism_lessons.pages import curve_in_words


@pytest.fixture
def heard(made_run):
    return pl.audition(made_run, live=LiveLine(io.StringIO()))


def parts(page, name):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)[1])


def test_every_clip_is_on_the_page_sample_for_sample(heard):
    page = heard.page()
    data, sounds = parts(page, "data"), parts(page, "sounds")
    assert page == heard.run.folder / "audition.html"
    assert [clip["name"] for clip in data["clips"]] == [clip.name for clip in heard.clips]
    for number, clip in enumerate(heard.clips):
        kind, coded = sounds[f"clip {number}"].split(",")
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(coded)), dtype="float32")
        assert kind == "data:audio/flac;base64" and rate == 16000
        np.testing.assert_array_equal(samples, clip.sound.samples)


def test_every_sound_that_the_page_names_is_in_it(heard):
    page = heard.page()
    data, sounds = parts(page, "data"), parts(page, "sounds")
    wanted = {f"clip {number}" for number in range(len(data["clips"]))}
    wanted |= {f"source {near['source']}" for clip in data["clips"] for near in clip["near"]}
    assert wanted | {f"source {number}" for number in data["blind"]} == set(sounds)


def test_recordings_of_the_blind_test_are_spread_and_in_the_steps_that_the_model_plays(heard, recordings):
    sounds = PageSounds(heard)
    excerpts = [sounds.clip(f"source {number}") for number in sounds.blind]
    assert {excerpt.name for excerpt in excerpts} == {clip.recording for clip in recordings.clips}
    assert all(len(np.unique(excerpt.samples)) <= 255 and excerpt.seconds == pytest.approx(2) for excerpt in excerpts)


def test_a_sound_that_is_not_there_is_none(heard):
    sounds = PageSounds(heard)
    for name in ("clip 8", "source 999", "clip -1", "clip", "", "other 0", "clip 1e0", "clip ²"):
        assert sounds.clip(name) is None


def test_where_there_is_less_room_sounds_are_mp3_then_shorter_then_refused(made_run, noise):
    for clip in made_run.played:
        Clip(noise(2, seed=clip.epoch), 16000).save(clip.path)
    heard = pl.audition(made_run, live=LiveLine(io.StringIO()))
    whole = heard.page(most_bytes=30_000_000).stat().st_size
    for most, words in ((whole // 2, "Sounds are MP3"), (whole // 15, "the first 0.")):
        page = heard.page(most_bytes=most)
        assert page.stat().st_size <= most
        assert words in page.read_text(encoding="utf-8")
        assert all(sound.startswith("data:audio/mpeg") for sound in parts(page, "sounds").values())
    before = page.read_bytes()
    with pytest.raises(CourseError, match="do not fit on a page"):
        heard.page(most_bytes=20_000)
    assert page.read_bytes() == before


def test_the_intention_of_the_card_stands_on_top(made_run, recordings):
    heard = pl.audition(made_run, live=LiveLine(io.StringIO()))
    assert "does not say what success would sound like" in heard.page().read_text(encoding="utf-8")
    object.__setattr__(
        heard.corpus, "intention", pl.Corpus.open(recordings.folder).intention.__class__("<i>sea</i>", "calm")
    )
    text = heard.page().read_text(encoding="utf-8")
    assert "To hear: &lt;i&gt;sea&lt;/i&gt;" in text and "Success would sound like: calm" in text


def test_the_curve_the_verdict_and_the_gap_are_on_the_page(heard):
    text = heard.page().read_text(encoding="utf-8")
    assert curve_in_words(heard.run).replace("'", "&#39;") in text
    assert str(heard.gap).partition(":")[0] in text


def test_what_was_said_is_on_the_page_and_cannot_become_markup(heard):
    heard.log.note(heard.clips[0], '</script><script>alert("x")</script>')
    text = heard.page().read_text(encoding="utf-8")
    assert "alert" in text and "<script>alert" not in text
    assert parts(heard.run.folder / "audition.html", "data")["acts"][0]["text"].startswith("</script>")


def test_the_page_needs_no_network_and_plays_nothing_by_itself(heard):
    text = heard.page().read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!data:)', text) and "autoplay" not in text
    assert set(re.findall(r"https?://[^\s\"'<)]+", text)) <= {"http://www.w3.org/2000/svg", COMPOSITE}  # names


def test_the_page_can_lie_anywhere(heard, tmp_path):
    assert heard.page(tmp_path / "new" / "page.html").is_file()
