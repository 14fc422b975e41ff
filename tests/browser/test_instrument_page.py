"""The instrument's page in Chromium, in a frame as in a notebook: it gets the model from Python, and plays it."""

import dataclasses
import html
import re
from pathlib import Path

import numpy as np
import pytest
from polling import until

import prism_lessons as pl
from prism_lessons import notebook
from prism_lessons.audio import pcm16
from prism_lessons.generation import LiveVoice

TRAINED = Path(__file__).parents[2] / "datasets_examples" / "trained"
# A front end: two fields, of which Python has one and answers in the other, and the page in a frame.
FRONT_END = """<!DOCTYPE html>{policy}
<div class="{wire}-out"><textarea></textarea></div><div class="{wire}-in"></div>{frame}
<script>
const show = (answer) => {{ if (answer) document.querySelector(".{wire}-in").innerHTML = answer; }};
document.querySelector("textarea").addEventListener("change", async ({{ target }}) => show(await python(target.value)));
</script>"""
OWN, BY_PYTHON = "Your browser makes the sound", "Python makes the sound"


class FrontEnd:
    """An `Instrument` and its page.

    Attributes
    ----------
    busy
        Whether Python has no time.
    questions
        How many Python has answered.
    page
        What is in the frame.
    """

    def __init__(self, instrument, page, folder, policy=""):
        self.instrument, self._page, self.busy, self.questions = instrument, page, False, 0
        frame = instrument._box.children[0].value
        wire = re.search(r'"wire":"(prism-\w+)"', html.unescape(frame))[1]
        (folder / "notebook.html").write_text(FRONT_END.format(policy=policy, wire=wire, frame=frame), encoding="utf-8")
        page.expose_function("python", self._answer)
        page.goto((folder / "notebook.html").as_uri())
        self.page = page.frames[1]

    def _answer(self, question):
        if self.busy:
            return None
        self.questions += 1
        self.instrument._from_page.value = question
        return self.instrument._to_page.value

    def run_cell(self, **values):
        """Set values of the instrument in Python."""
        for name, value in values.items():
            setattr(self.instrument, name, value)
        self._page.evaluate("(answer) => show(answer)", self.instrument._to_page.value)

    def until(self, condition):
        until(self.page, condition)

    def said_by(self, who):
        self.until(f"by('maker').textContent.startsWith('{who}')")

    def play(self, seconds):
        """Play so many seconds more."""
        self.until("!request")
        if not self.page.evaluate("playing"):
            self.page.evaluate("by('play').click()")
        self.until(f"heard() > {self.page.evaluate('heard()')} + {seconds} * rate")

    def keep(self):
        """The newest take, after Keep."""
        before = len(self.instrument.kept)
        self.page.evaluate("() => { by('seconds').value = 300; by('keep').click(); }")
        self.until("by('told').textContent.startsWith('Kept')")
        assert len(self.instrument.kept) == before + 1
        self.page.evaluate("tell('')")
        return self.instrument.kept[-1]


@pytest.fixture
def shown(browser, tmp_path):
    """A function that shows an instrument."""
    contexts, errors = [], []

    def show(instrument, policy=""):
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return FrontEnd(instrument, page, tmp_path, policy)

    yield show
    for context in contexts:
        context.close()
    assert errors == []


def as_python(capsule, take, temperature=0.95, seed=0):
    """Whether a take begins as Python plays the seed, to the rounding to 16 bits."""
    expected = pcm16(LiveVoice(capsule, temperature, seed).play(take.seconds)) / np.float32(32768)
    return np.array_equal(take.samples, expected[: len(take.samples)])


def test_what_is_kept_is_the_take_that_python_makes_of_the_seed_from_any_beginning(shown):
    capsule = pl.Run(TRAINED / "breath").capsule()
    front_end = shown(notebook.Instrument(capsule, seed=11))
    front_end.said_by(OWN)
    assert len(front_end.instrument._to_page.value) < 1000, "the model does not stay in the field"
    front_end.play(1)
    take = front_end.keep()
    assert as_python(capsule, take, seed=11)
    assert take.name == "live_seed11_voice1_t0.95" and take.about["live"] is True
    front_end.run_cell(seed=500)
    front_end.page.evaluate("stop(); beginAgain()")
    front_end.until("!request")
    begun = front_end.page.evaluate("place")
    front_end.play(1)
    front_end.page.evaluate("stop()")
    take = front_end.keep()
    later = dataclasses.replace(take, samples=take.samples[begun:])
    assert as_python(capsule, later, seed=500) and take.about["seed"] == 500


def test_it_plays_on_without_a_gap_while_python_is_busy_and_what_is_kept_then_comes_later(shown):
    front_end = shown(notebook.Instrument(pl.Run(TRAINED / "bells"), nudge=False))
    front_end.said_by(OWN)
    front_end.play(0.3)
    front_end.busy, asked = True, front_end.questions
    front_end.page.evaluate("() => { by('slider').value = 1.3; by('slider').dispatchEvent(new Event('input')); }")
    front_end.play(1)
    front_end.page.evaluate("() => { by('seconds').value = 300; by('keep').click(); }")
    front_end.until("by('told').textContent.startsWith('Python will keep it')")
    front_end.play(1)
    front_end.page.evaluate("() => { by('seconds').value = 1; by('keep').click(); }")
    front_end.until("!wish.keep && !request?.keep")
    assert front_end.page.evaluate("gaps") == 0 and front_end.questions == asked
    assert front_end.instrument.temperature == 0.95 and not front_end.instrument.kept
    front_end.busy = False
    front_end.until("by('told').textContent.endsWith('number 2.')")
    take, later = front_end.instrument.kept
    assert 1.3 < take.seconds < 2.3 and later.seconds == 1 and front_end.instrument.temperature == 1.3
    assert re.fullmatch(r"0:0.95, [\d.]+:0.95, [\d.]+:1.3", take.about["temperature"])


def test_what_a_cell_sets_counts_while_the_page_plays(shown):
    front_end = shown(notebook.Instrument(pl.Run(TRAINED / "breath")))
    front_end.said_by(OWN)
    front_end.play(0.2)
    front_end.run_cell(temperature=1.2, nudge=False)
    front_end.play(1)
    assert front_end.page.evaluate("[temperature, nudge]") == [1.2, False]
    assert front_end.keep().about["temperature"].endswith(":1.2")


@pytest.mark.parametrize("forbidding", ["worker-src 'none'", "script-src 'unsafe-inline' blob:"])
def test_where_a_policy_forbids_it_python_makes_the_sound(shown, forbidding):
    """One forbids workers, the other WebAssembly."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{forbidding}">'
    front_end = shown(notebook.Instrument(pl.Run(TRAINED / "breath")), policy)
    front_end.said_by(f"{BY_PYTHON}, so it may pause while a cell runs. The browser does not let this page play")
    front_end.play(0.5)
    assert front_end.keep().seconds > 0.5


def test_python_makes_the_sound_of_what_a_page_cannot_play(shown, monkeypatch):
    bells, breath = (pl.Run(TRAINED / name).capsule() for name in ("bells", "breath"))
    front_end = shown(notebook.Instrument(pl.mix(bells, breath, share=0.5)))
    front_end.said_by(f"{BY_PYTHON}, so it may pause while a cell runs. The browser cannot play a mixture")
    front_end.play(0.5)
    assert front_end.keep().seconds > 0.5
