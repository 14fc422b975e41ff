"""A model that plays in Chromium, without Python: the same samples as a live voice of that seed."""

from pathlib import Path

import numpy as np
import pytest

from prism_lessons.capsule import Capsule
from prism_lessons.generation import LiveVoice, page_model
from prism_lessons.generation.page_model import VERSION
from prism_lessons.pages import html, model_script

TRAINED = Path(__file__).parents[2] / "datasets_examples" / "trained"
SAMPLES = 6400  # more than core.c makes in a call
PLAY = """async ([seeds, count, levels]) => {
    const model = startModel(MODEL, seeds.length);
    await model.ready;
    const blocks = [], settings = (now) => now.map((level) => ({ temperature: 0.95, level }));
    for (const [voice, seed] of seeds.entries()) model.begin(voice, { state: seed, seed });
    for (const now of levels) blocks.push(...(await model.play(count, settings(now))).samples);
    model.end();
    return blocks;
}"""


@pytest.fixture(scope="module")
def capsule():
    return Capsule.load(TRAINED / "bells" / "epochs" / "0012.capsule")


@pytest.fixture
def page_with(browser, tmp_path):
    """A function that opens a page, a file, with a model."""
    contexts = []

    def open_(header, model):
        source = html("<!DOCTYPE html><script>{{ script }}</script>", script=model_script(header, model))
        (tmp_path / "page.html").write_text(source, encoding="utf-8")
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def takes(capsule):
    """The takes of seeds 2 and 5, as Python plays them live."""
    return {seed: LiveVoice(capsule, 0.95, seed).play(2 * SAMPLES / 16000) for seed in (2, 5)}


def test_a_page_plays_the_take_of_a_seed_sample_for_sample(page_with, capsule, takes):
    page = page_with(*page_model(capsule))
    sound = page.evaluate(PLAY, [[5], SAMPLES, [[1], [1]]])
    np.testing.assert_array_equal(np.float32(sound)[SAMPLES:], takes[5][SAMPLES:])


def test_voices_are_summed_and_levels_are_reached_by_the_end_of_a_block(page_with, capsule, takes):
    page = page_with(*page_model(capsule))
    sound = page.evaluate(PLAY, [[2, 5], SAMPLES, [[1, 0], [0.5, 0.25]]])
    rising = np.arange(1, SAMPLES + 1) / SAMPLES
    first = np.concatenate([rising, 1 - 0.5 * rising]) * takes[2]
    second = np.concatenate([0 * rising, 0.25 * rising]) * takes[5]
    np.testing.assert_allclose(sound, first + second, atol=1e-6)


def test_a_model_of_another_version_is_refused_in_a_sentence(page_with, capsule):
    header, model = page_model(capsule)
    page = page_with(header, (VERSION + 1).to_bytes(4, "little") + model[4:])
    said = page.evaluate("startModel(MODEL).ready.catch((error) => error.message)")
    assert said == "This page and its model do not have the same version: make the page again."


def test_a_browser_without_simd_is_told_which_ones_have_it(page_with, capsule):
    page = page_with(*page_model(capsule))
    said = page.evaluate("startModel({ ...MODEL, cores: [btoa('old')] }).ready.catch((error) => error.message)")
    assert said.startswith("This browser is too old to play a model")


def test_a_voice_that_is_stuck_on_a_tone_is_told_from_one_that_rings_glides_or_repeats(page_with, capsule):
    time = np.arange(round(2.45 * 16000)) / 16000
    tone = 0.3 * np.sin(2 * np.pi * 220 * time)
    sounds = {
        "sine": tone,
        "offset": tone + 0.2,
        "bell": tone * 10 ** (-time),
        "glissando": 0.3 * np.sin(2 * np.pi * 220 * 2**time),
        "rhythm": tone * (time % 0.5 < 0.05),
        "noise": np.random.default_rng(0).normal(0, 0.1, len(time)),
        "silence": 0 * time,
    }
    page = page_with(*page_model(capsule))
    found = [name for name, sound in sounds.items() if page.evaluate("(sound) => isTone(sound, 16000)", sound.tolist())]
    assert found == ["sine", "offset"]
