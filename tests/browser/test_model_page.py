"""A model in a page of its own, opened as a file in Chromium: it plays, keeps, and is used by mouse, keys and MIDI."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from accessibility import looked_over, no_objections, usable
from in_jupyterlab import ARTEFACTS
from polling import until

import prism_lessons as pl
from prism_lessons.generation import LiveVoice, write_gallery

TRAINED = Path(__file__).parents[2] / "datasets_examples" / "trained"
# A MIDI controller, connected from the beginning.
MIDI = """
const knob = {};
window.turn = (controller, value) => knob.onmidimessage({ data: [176, controller, value] });
navigator.requestMIDIAccess = async () => ({ inputs: new Map([["knob", knob]]) });
"""


@pytest.fixture(scope="module")
def wind(tmp_path_factory):
    """A page in single precision, so that its sound can be compared with Python's."""
    return pl.write_page(pl.Run(TRAINED / "breath"), tmp_path_factory.mktemp("page") / "wind.html", precision="single")


@pytest.fixture(scope="module")
def faders(tmp_path_factory):
    """The page of a model with labels, likewise."""
    return pl.write_page(pl.Run(TRAINED / "three"), tmp_path_factory.mktemp("page") / "faders.html", precision="single")


@pytest.fixture
def opened(browser, request):
    """A function that opens a page, with a list of what it asks for; at the end, it must have had no errors."""
    contexts, errors = [], []

    def open_(path, scripts="", **how):
        context = browser.new_context(**how)
        contexts.append(context)
        page = context.new_page()
        page.asked = []
        page.on("request", lambda sent: page.asked.append(sent.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.add_init_script(scripts)
        page.goto(path.as_uri())
        until(page, "by('said').textContent === 'Ready'")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


def playing(page):
    until(page, "by('said').textContent === 'Playing'")


def kept(page, path):
    """The newest sound that was kept, saved: (file name, samples, sample rate)."""
    with page.expect_download() as downloading:
        page.locator("#kept a").first.click()
    downloading.value.save_as(path)
    return downloading.value.suggested_filename, *soundfile.read(io.BytesIO(path.read_bytes()), dtype="float32")


def play_and_keep(page):
    """Play for a moment, and keep all of it."""
    page.locator("#play").click()
    playing(page)
    until(page, "heard() > 1.5 * rate")
    page.locator("#seconds").fill("300")
    page.locator("#keep").click()
    until(page, "by('kept').children.length === 1")
    page.locator("#play").click()


def test_it_plays_the_seed_as_python_does_and_what_was_heard_can_be_saved(opened, wind, tmp_path):
    page = opened(wind)
    assert page.locator("#volume").input_value() == "30", "it begins softly"
    play_and_keep(page)
    name, samples, rate = kept(page, tmp_path / "kept.wav")
    assert name == "wind_seed0_t0.95_1.wav" and rate == 16000 and len(samples) > 1.4 * rate
    expected = LiveVoice(pl.Run(TRAINED / "breath"), 0.95, 0).play(len(samples) / rate)[: len(samples)]
    # The first block fades in. Both round to 16 bits.
    np.testing.assert_allclose(samples[4096:], expected[4096:], atol=2**-15)
    assert page.locator("#kept audio").get_attribute("aria-label") == name
    assert {url.partition(":")[0] for url in page.asked} <= {"file", "blob"}


def test_temperature_seed_and_voices_count_while_it_plays(opened, wind):
    page = opened(wind)
    page.locator("#play").click()
    playing(page)
    page.locator("#temperature").fill("1.2")
    page.locator("#seed").fill("5")
    page.locator("#seed").press("Tab")
    page.locator("#voices").select_option("3")
    until(page, "by('said').textContent === 'Playing' && heard() > 0.5 * rate")
    assert page.evaluate("[temperature, seed]") == [1.2, 5] and page.evaluate("gaps") <= 2
    until(page, "by('level').textContent.includes('dBFS')")


def test_faders_play_what_python_is_asked_for(opened, faders, tmp_path):
    """By the arrow keys, and from the beginning: a moment of the breath, then as bright and as loud as is asked."""
    page = opened(faders)
    assert page.evaluate("[label, loudness, brightness]") == [{}, None, None]
    page.get_by_role("slider", name="breath").press("End")
    page.get_by_role("slider", name="Brightness").press("ArrowRight")
    page.get_by_role("slider", name="Loudness").press("ArrowLeft")
    assert page.evaluate("[label, loudness, brightness]") == [{"breath": 1}, -21, 79]
    assert page.locator("#brightness-said").text_content() == "780 Hz"
    page.locator("#begin").click()  # or else it goes on from the moment from which it began when the page was opened
    play_and_keep(page)
    _, samples, rate = kept(page, tmp_path / "kept.wav")
    voice = LiveVoice(pl.Run(TRAINED / "three"), 0.95, 0, label="breath", loudness=-21, brightness=79)
    expected = voice.play(len(samples) / rate)[: len(samples)]
    np.testing.assert_allclose(samples[4096:], expected[4096:], atol=2**-15)
    page.get_by_role("checkbox", name="head for this loudness").uncheck()
    page.get_by_role("slider", name="breath").press("Home")
    assert page.evaluate("[label, loudness, brightness]") == [{}, None, 79]


def test_a_model_that_falls_asleep_is_woken_unless_it_is_to_be_left_alone(opened, tmp_path):
    """The bells are silent most of the time if they are left alone."""
    page = opened(pl.write_page(pl.Run(TRAINED / "bells"), tmp_path / "bells.html"))
    share = """async (nudge) => {
        const maker = openMaker(), silences = [], said = [];
        for (let number = 0; number < 40; number++) {
            const { samples, happened } = await maker.answer({ temperature: 0.95, seed: 1, nudge, seconds: 1 });
            silences.push(Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length) < 0.001);
            said.push(happened);
        }
        return [silences.filter(Boolean).length, said.filter(Boolean)];
    }"""
    (left, said), (woken, told) = page.evaluate(share, False), page.evaluate(share, True)
    assert left > 20 and all("fell silent" in words or "is out again" in words for words in said)
    assert woken < left / 2 and any("nudged" in words for words in told) and "nudged" not in "".join(said)


def test_it_is_played_by_keys_alone_and_every_control_has_a_name(opened, wind):
    page = opened(wind)
    page.locator("body").press("Space")
    until(page, "heard() > 0.1 * rate")
    page.locator("body").press("Escape")
    until(page, "by('said').textContent === 'Stopped'")
    names = [name for role, name in usable(page) if role in ("button", "slider", "spinbutton", "checkbox", "combobox")]
    assert all(names) and {"Play", "Temperature", "Volume", "Begin again", "Keep", "Voices"} <= {*names}


def test_a_midi_controller_turns_what_it_was_taught(opened, wind):
    page = opened(wind, MIDI)
    page.get_by_role("button", name="MIDI learn: temperature").click()
    until(page, "by('told').textContent.startsWith('Move a knob')")
    page.evaluate("turn(21, 0)")
    assert page.locator("#temperature").input_value() == "0.5"
    page.evaluate("turn(21, 127); turn(22, 64)")
    assert page.locator("#temperature").input_value() == "1.5"
    page.get_by_role("button", name="MIDI learn: volume").click()
    page.evaluate("turn(22, 127)")
    assert page.locator("#volume").input_value() == "100"


def test_a_midi_controller_moves_a_fader(opened, faders):
    page = opened(faders, MIDI)
    page.get_by_role("button", name="MIDI learn: waves").click()
    until(page, "by('told').textContent.startsWith('Move a knob')")
    page.evaluate("turn(7, 127)")
    assert page.evaluate("label") == {"waves": 1}
    page.get_by_role("button", name="MIDI learn: brightness").click()
    page.evaluate("turn(8, 0)")
    assert page.evaluate("brightness") == 48


def test_a_browser_that_cannot_play_says_so(browser, wind, tmp_path):
    """One that takes neither of the cores for WebAssembly."""
    old = tmp_path / "old.html"
    old.write_text(re.sub(r'"cores":\[[^]]*\]', '"cores":["AAAA"]', wind.read_text(encoding="utf-8")), encoding="utf-8")
    page = browser.new_page()
    try:
        page.goto(old.as_uri())
        until(page, "by('said').textContent.startsWith('This browser is too old to play a model')")
        page.locator("#play").click()
        until(page, "by('play').textContent === 'Play'")
        assert "too old" in page.locator("#said").inner_text()
    finally:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_and_axe_finds_nothing_to_object_to(opened, faders, width, scheme):
    page = opened(faders, MIDI, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator("summary").click()
    page.locator("#play").click()
    until(page, "heard() > 0.2 * rate")
    page.locator("#keep").click()
    page.locator("#kept a").wait_for()
    no_objections(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=ARTEFACTS / f"model_{width}_{scheme}.png", full_page=True)


@pytest.mark.parametrize("width", [1280, 320])
def test_a_gallery_fits_leads_to_the_pages_and_axe_finds_nothing_to_object_to(browser, wind, width):
    with looked_over(browser, write_gallery(wind.parent), width) as page:
        page.locator("summary").first.click()
        no_objections(page)
    page = browser.new_page()
    try:
        page.goto((wind.parent / "index.html").as_uri())
        page.get_by_role("link", name="wind").click()
        page.locator("#said", has_text="Ready").wait_for()
    finally:
        page.close()
