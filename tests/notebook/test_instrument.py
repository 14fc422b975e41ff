"""The instrument in a notebook: what its page asks for is made once, in order, and nothing that it says does harm."""

import base64
import html
import json
import re

import ipywidgets
import numpy as np
import pytest
import soundfile

from prism_lessons import notebook
from prism_lessons.audio import pcm16
from prism_lessons.errors import CourseError
from prism_lessons.generation import LiveVoice, Take, generate, mix, page_model, render
from prism_lessons.notebook import instrument as module

RATE = 8000
ASKED = {"nudge": True, "label": None, "loudness": None, "brightness": None}  # of a take, if nothing is set


class Counting:
    """A voice whose samples tell their place and the temperature that they were made at, nudged each second."""

    labels, descriptors, steady = ("bells", "breath"), ("loudness", "brightness"), True

    def __init__(self, capsule, temperature=0.95, seed=0, nudge=False, label=None, loudness=None, brightness=None):
        self.capsule, self.sample_rate, self.temperature, self.nudge = capsule, RATE, temperature, nudge
        self.label, self.loudness, self.brightness = label, loudness, brightness
        self.begin(seed)

    @property
    def shares(self):
        return self.label or {}

    @property
    def about(self):
        return {"seed": self.seed, "voice": 1, "temperature": f"{self.temperature:g}", "nudge": self.nudge}

    @property
    def events(self):
        return [{"seconds": float(second), "what": "nudged"} for second in range(1, self.place // RATE + 1)]

    def begin(self, seed):
        self.seed, self.place = seed, 0

    def play(self, seconds):
        places = np.arange(self.place, self.place + max(1, round(seconds * RATE)))
        self.place += len(places)
        return (places % 1000 / 32768 + self.temperature / 32).astype(np.float32)


def sound(start, stop, temperature=0.95):
    return (np.arange(start, stop) % 1000 / 32768 + temperature / 32).astype(np.float32)


@pytest.fixture
def instrument(monkeypatch):
    monkeypatch.setattr(module, "LiveVoice", Counting)
    return notebook.Instrument("a capsule", seed=3)


@pytest.fixture
def made_by(monkeypatch):
    """What takes are made from, instead of takes: capsule, seconds, voices, temperature, seed, and the rest."""
    calls = []

    def generate(capsule, seconds, voices, temperature, seed, live, **more):
        calls.append((capsule, seconds, voices, temperature, seed, more))
        return [Take(sound(0, 800), RATE, f"seed {seed}", {"seed": seed})]

    monkeypatch.setattr(module, "generate", generate)
    return calls


class Page:
    """What the page in the browser says and is answered."""

    def __init__(self, instrument, name="page"):
        self.instrument, self.name, self.number, self.attempt = instrument, name, 0, 0
        self.values = {
            "version": 0, "temperature": 5, "seed": 99, "nudge": False, "label": {"bells": 1}, "loudness": -3,
            "brightness": 50,
        }  # fmt: skip
        self.ask()

    def ask(self, **wishes):
        self.number += 1
        self.message = {"page": self.name, "number": self.number, **self.values, **wishes}
        return self.send()

    def send(self):
        self.attempt += 1
        self.instrument._from_page.value = json.dumps(self.message | {"attempt": self.attempt})
        answer = said(self.instrument)
        assert (answer["page"], answer["number"]) == (self.name, self.number)
        self.values = {name: answer[name] for name in self.values}
        return answer


def said(instrument):
    return json.loads(html.unescape(re.fullmatch(r"<pre>(.*)</pre>", instrument._to_page.value, re.DOTALL)[1]))


def heard(answer):
    return np.frombuffer(base64.b64decode(answer["samples"]), "<i2") / np.float32(32768)


def same(samples, wanted):
    np.testing.assert_allclose(samples, wanted, atol=1 / 65536 + 1e-9)


def test_blocks_follow_upon_each_other_and_a_new_temperature_counts_from_the_next(instrument):
    page = Page(instrument)
    first = page.ask(seconds=0.1)
    page.values["temperature"] = 1.2
    second = page.ask(seconds=0.2)
    same(heard(first), sound(0, 800))
    same(heard(second), sound(800, 2400, 1.2))
    assert (first["end"], second["end"]) == (800, 2400)
    assert instrument.temperature == 1.2 and second["took"] >= 0


def test_a_question_that_comes_twice_is_answered_alike_and_nothing_is_made_twice(instrument):
    page = Page(instrument)
    first = page.ask(seconds=0.1)
    again = page.send()
    assert again.pop("attempt") == first.pop("attempt") + 1 and again == first
    same(heard(page.ask(seconds=0.1)), sound(800, 1600))


def test_the_first_words_of_a_page_are_not_taken_for_the_composer_s(instrument):
    page = Page(instrument)
    assert (instrument.temperature, instrument.seed, instrument.nudge) == (0.95, 3, True)
    assert page.values == {
        "version": 1, "temperature": 0.95, "seed": 3, "nudge": True, "label": {}, "loudness": None, "brightness": None
    }  # fmt: skip


def test_what_a_cell_sets_reaches_the_page_and_is_not_overruled_by_what_was_on_its_way(instrument):
    page = Page(instrument)
    instrument.temperature = 0.7
    instrument.seed = 8
    assert said(instrument) == {
        "version": 3, "temperature": 0.7, "seed": 8, "nudge": True, "label": {}, "loudness": None, "brightness": None
    }  # fmt: skip
    answer = page.ask(seconds=0.1)  # of a page that has not seen it
    same(heard(answer), sound(0, 800, 0.7))
    assert page.values == {
        "version": 3, "temperature": 0.7, "seed": 8, "nudge": True, "label": {}, "loudness": None, "brightness": None
    }  # fmt: skip
    page.values["temperature"] = 0.8
    page.ask()
    assert instrument.temperature == 0.8


def test_begin_again_plays_the_seed_that_is_set_and_forgets_what_was_not_heard(instrument):
    page = Page(instrument)
    page.ask(seconds=0.5)
    page.values["seed"] = 4
    answer = page.ask(begin=True, place=1000, seconds=0.1)
    same(heard(answer), sound(0, 800))
    assert instrument._voice.seed == 4 and answer["end"] == 1800
    page.ask(keep=1, place=1800)
    same(instrument.kept[0].samples, np.concatenate([sound(0, 1000), sound(0, 800)]))


def test_what_was_heard_last_is_kept_and_not_what_is_still_ahead(instrument):
    page = Page(instrument)
    page.ask(seconds=1)
    answer = page.ask(keep=0.5, place=6000)
    (take,) = instrument.kept
    same(take.samples, sound(2000, 6000))
    assert take.sample_rate == RATE and take.name == "live_seed3_voice1_t0.95"
    assert take.name in answer["said"] and "0.5 s" in answer["said"]
    assert "<audio" in instrument._shown.value and f"1: {take.name}" in instrument._shown.value


def test_what_is_kept_says_how_its_temperature_moved_and_with_which_seed_it_began(instrument):
    page = Page(instrument)
    page.values["seed"] = 5  # counts from the next beginning
    for temperature in (0.95, 1.2, 1.2, 0.7):
        page.values["temperature"] = temperature
        page.ask(seconds=0.5)
    page.ask(keep=1.5, place=14000)
    (take,) = instrument.kept
    assert take.about == {
        "seed": 3,
        "voice": 1,
        "temperature": "0:0.95, 0.25:0.95, 0.25:1.2, 1.25:1.2, 1.25:0.7",
        "nudge": True,
        "live": True,
        "events": [{"seconds": 0.75, "what": "nudged"}],
    }
    assert take.name == "live_seed3_voice1_t0.95to0.7"


def test_faders_are_moved_by_the_page_and_by_a_cell_and_kept_takes_say_how(instrument):
    page = Page(instrument)
    assert page.values["label"] == {} and page.values["loudness"] is None
    for label, loudness in (({}, None), ({"bells": 0.5}, -30), ({"bells": 0.5, "breath": 1}, -20)):
        page.values |= {"label": label, "loudness": loudness, "brightness": 90}
        page.ask(seconds=0.5)
        assert (instrument.label, instrument.loudness) == (label, loudness)
        assert (instrument._voice.label or {}, instrument._voice.loudness) == (label, loudness)
    page.ask(keep=10)
    about = instrument.kept[0].about
    assert about["label"] == "bells 0:0, 0.5:0, 0.5:0.5; breath 0:0, 1:0, 1:1"
    assert about["loudness"] == "0:-30, 1:-30, 1:-20" and about["brightness"] == "90"
    assert instrument.kept[0].name.endswith("_bells_breath")
    instrument.label, instrument.loudness, instrument.brightness = {"breath": 1.0}, None, None
    assert (page.ask()["label"], page.ask()["loudness"]) == ({"breath": 1.0}, None)
    page.ask(heard=[block(0, 800, label={"bells": 1}, loudness=-12)], began=3)
    page.ask(keep=10)
    assert (instrument.kept[1].about["label"], instrument.kept[1].about["loudness"]) == ("bells", "-12")


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": {"gongs": 1}}, {"label": {"bells": 2}}, {"label": {"bells": None}}, {"label": "bells"},
        {"loudness": 3}, {"loudness": "loud"}, {"loudness": True},
        {"brightness": 200},
    ],
)  # fmt: skip
def test_a_fader_that_is_none_stays_where_it_was(instrument, wrong):
    instrument.label, instrument.loudness = {"breath": 1.0}, -20
    page = Page(instrument)
    page.values |= wrong
    page.ask()
    assert (instrument.label, instrument.loudness) == ({"breath": 1.0}, -20)


def test_a_line_over_time_is_for_takes(instrument, monkeypatch):
    instrument.label = {"bells": 1.0}
    monkeypatch.setattr(Counting, "steady", False)
    with pytest.raises(CourseError, match="give shares"):
        instrument.label = "0:bells, 3:breath"
    assert instrument.label == instrument._voice.label == {"bells": 1.0}
    with pytest.raises(CourseError, match="-80 to 0"):
        instrument.loudness = "0:-30, 5:-10"


def test_what_happens_is_said_when_it_does_and_nudging_can_be_switched_off_by_the_page_and_by_a_cell(instrument):
    page = Page(instrument)
    assert page.ask(seconds=0.5)["happened"] == ""
    assert page.ask(seconds=1.6)["happened"] == "At 1.0 s: nudged; nudged."
    page.values["nudge"] = False
    page.ask()
    assert not instrument.nudge and not instrument._voice.nudge
    instrument.nudge = True
    assert said(instrument)["nudge"] and instrument._voice.nudge


def test_what_happened_after_a_new_beginning_is_counted_from_there(instrument):
    page = Page(instrument)
    page.ask(seconds=1.5)
    page.ask(begin=True, place=8800, seconds=1.2)
    page.ask(keep=300)
    assert [event["seconds"] for event in instrument.kept[0].about["events"]] == [1.0, 2.1]


def test_a_temperature_that_was_turned_all_the_time_is_told_in_short(instrument):
    page = Page(instrument)
    for number in range(100):
        page.values["temperature"] = round(0.5 + number / 100, 2)
        page.ask(seconds=0.1)
    page.ask(keep=10)
    points = [part.split(":") for part in instrument.kept[0].about["temperature"].split(", ")]
    assert len(points) == module.MOST_TURNS
    # It rises by 0.01 in each 0.1 s, in steps.
    for seconds, temperature in points:
        assert float(temperature) == pytest.approx(0.5 + 0.1 * float(seconds), abs=0.0101)


def test_only_the_last_minutes_are_remembered(instrument, monkeypatch):
    monkeypatch.setattr(instrument, "_history", module._History(0.5, RATE))
    page = Page(instrument)
    for _ in range(20):
        page.ask(seconds=0.1)
    page.ask(keep=300)
    same(instrument.kept[0].samples, sound(12000, 16000))


def test_nothing_can_be_kept_before_something_was_heard(instrument):
    assert "play first" in Page(instrument).ask(keep=10)["said"] and instrument.kept == []


@pytest.mark.parametrize("message", ["not JSON", "[]", "7", "null", '"words"', "[" * 100_000, '{"a":' * 5000, "\ud800"])
def test_what_is_no_question_is_let_pass(instrument, message):
    before = instrument._to_page.value
    instrument._from_page.value = message
    assert instrument._to_page.value == before and instrument._voice.place == 0


@pytest.mark.parametrize("temperature", [float("nan"), float("inf"), -1, 0, 1e9, 10**400, "1", None, True, [1], {}])
def test_a_temperature_that_is_none_leaves_the_one_before(instrument, temperature):
    page = Page(instrument)
    page.values["temperature"] = temperature
    same(heard(page.ask(seconds=0.1)), sound(0, 800))
    assert instrument.temperature == 0.95


@pytest.mark.parametrize("seed", [-1, 1.5, 2**32, float("nan"), "1", None, True, []])
def test_a_seed_that_is_none_leaves_the_one_before(instrument, seed):
    page = Page(instrument)
    page.values["seed"] = seed
    page.ask(begin=True)
    assert instrument.seed == instrument._voice.seed == 3


@pytest.mark.parametrize("seconds", [2.1, 1e9, 10**14])
def test_a_block_is_never_so_long_that_python_is_deaf(instrument, seconds):
    assert len(heard(Page(instrument).ask(seconds=seconds))) == module.MOST_SECONDS * RATE


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "2", None, [], True, 1e300, 10**400])
def test_a_length_that_is_none_makes_nothing(instrument, seconds):
    assert Page(instrument).ask(seconds=seconds)["samples"] == "" and instrument._voice.place == 0


@pytest.mark.parametrize("place", [-5, 1e12, float("nan"), "3", None, []])
@pytest.mark.parametrize("keep", [1, 1e9, "2", float("nan"), [3]])
def test_places_and_lengths_that_are_none_do_no_harm(instrument, place, keep):
    page = Page(instrument)
    page.ask(seconds=0.1)
    page.ask(keep=keep, place=place)
    page.ask(begin=True, place=place)
    same(heard(page.ask(seconds=0.1)), sound(0, 800))


def test_what_the_model_refuses_is_said_and_the_page_is_answered(instrument, monkeypatch):
    def refuse(seconds):
        raise CourseError("The model is gone.")

    monkeypatch.setattr(instrument._voice, "play", refuse)
    answer = Page(instrument).ask(seconds=0.1)
    assert answer["said"] == "The model is gone." and answer["samples"] == ""


def block(start, stop, temperature=0.95, events=(), **values):
    """A block that the page has played itself, as it says it."""
    coded = base64.b64encode(pcm16(sound(start, stop, temperature)).astype("<i2").tobytes()).decode()
    return {"temperature": temperature, "samples": coded, "events": list(events), **values}


def test_what_the_page_has_played_itself_is_kept_as_if_python_had(instrument):
    page = Page(instrument)
    nudged = {"seconds": 0.5, "what": "nudged"}
    page.ask(heard=[block(0, 4000, events=[nudged]), block(4000, 6000, 1.2)], began=7)
    page.ask(heard=[block(6000, 8000, 1.2)])
    page.ask(keep=10)
    (take,) = instrument.kept
    same(take.samples, np.concatenate([sound(0, 4000), sound(4000, 8000, 1.2)]))
    assert take.about == {
        "seed": 7, "voice": 1, "temperature": "0:0.95, 0.5:0.95, 0.5:1.2", "nudge": True, "live": True,
        "events": [nudged],
    }  # fmt: skip
    page.ask(heard=[block(0, 800)], began=7)  # the next take has nothing of the last one
    page.ask(keep=10)
    same(instrument.kept[1].samples, sound(0, 800))


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 99}, {"temperature": float("nan")}, {"temperature": None}, {"samples": "no base64"},
        {"samples": "QUFB"}, {"samples": 7}, {"events": 7}, {"events": [{}]},
        {"events": [{"seconds": "1", "what": ""}]},
    ],
)  # fmt: skip
def test_a_block_that_is_none_is_left_out(instrument, wrong):
    page = Page(instrument)
    page.ask(heard=[block(0, 800), block(800, 1600) | wrong], began=3)
    page.ask(heard=7)
    page.ask(heard=["block"])
    page.ask(keep=10)
    same(instrument.kept[0].samples, sound(0, 800))


def test_the_page_gets_the_model_with_the_seed_that_is_set_and_the_beginnings_of_others(straight):
    instrument = notebook.Instrument(straight, seed=2)
    page = Page(instrument)
    instrument.seed = 5
    answer = page.ask(model=True)
    header, model = page_model(LiveVoice(straight).capsule, seed=5)
    assert answer["seed"] == 5 and answer["model"]["header"] == header
    assert base64.b64decode(answer["model"]["bytes"]) == model
    _, other = page_model(LiveVoice(straight).capsule, seed=9)
    assert base64.b64decode(page.ask(beginnings=9)["beginnings"]) == other[header["beginnings"] :]
    assert "model" not in page.ask() and "beginnings" not in page.ask(beginnings=-1)


def test_the_page_gets_no_model_that_it_could_not_play(straight, monkeypatch):
    mixture = Page(notebook.Instrument(mix(straight, straight, share=0.5)))
    assert "mixture" in mixture.ask(model=True)["said"]
    monkeypatch.setattr(module, "MOST_MODEL", 1000)
    answer = Page(notebook.Instrument(straight)).ask(model=True)
    assert "too large" in answer["said"] and "model" not in answer


def test_a_take_is_made_without_a_page_and_leaves_what_is_played_alone(instrument, made_by):
    page = Page(instrument)
    page.ask(seconds=0.1)
    instrument.temperature = 0.8
    take = instrument.take(1.5)
    assert made_by == [("a capsule", 1.5, 1, 0.8, 3, ASKED)] and instrument.kept == [take] and take.name == "seed 3"
    same(heard(page.ask(seconds=0.1)), sound(800, 1600, 0.8))


@pytest.mark.parametrize("seconds", [0, -1, 601, float("nan"), "3"])
def test_a_take_of_no_length_is_refused(instrument, seconds):
    with pytest.raises(CourseError, match="seconds must be above 0"):
        instrument.take(seconds)


def test_the_button_makes_a_take_with_what_the_fields_say_and_shows_a_player(instrument, made_by):
    temperature, seed = instrument._fields
    temperature.value, seed.value, instrument._seconds.value = 1.1, 5, 1
    (button,) = [one for one in instrument._box.children if isinstance(one, ipywidgets.Button)]
    button.click()
    assert made_by == [("a capsule", 1, 1, 1.1, 5, ASKED)]
    assert instrument._shown.value.count("<audio") == 1 and "1: seed 5" in instrument._shown.value


def test_fields_for_values_are_there_until_a_page_has_spoken(instrument):
    assert instrument._by_hand.layout.display != "none"
    Page(instrument)
    assert instrument._by_hand.layout.display == "none"


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0}, {"temperature": "warm"}, {"seed": -1}, {"seed": 1.5}, {"nudge": 1}]
)
def test_values_out_of_range_are_refused_in_a_sentence(monkeypatch, wrong):
    monkeypatch.setattr(module, "LiveVoice", Counting)
    (name,) = wrong
    with pytest.raises(CourseError, match=f"{name} must be"):
        notebook.Instrument("a capsule", **wrong)
    instrument = notebook.Instrument("a capsule")
    with pytest.raises(CourseError, match=f"{name} must be"):
        setattr(instrument, name, wrong[name])


def test_no_sound_is_in_its_frame_and_two_instruments_are_told_apart(instrument):
    frame = instrument._box.children[0].value
    assert "data:audio" not in frame and "autoplay" not in frame and len(frame) < 100_000
    wire = re.search(r'"wire":"(prism-\w+)"', html.unescape(frame))[1]
    assert f"{wire}-out" in instrument._from_page._dom_classes and f"{wire}-in" in instrument._to_page._dom_classes
    assert wire not in notebook.Instrument("a capsule")._box.children[0].value


def test_where_no_widget_can_be_shown_it_is_the_same_words_each_time(instrument):
    bundle = instrument._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
    assert bundle["text/plain"] == repr(notebook.Instrument("another", seed=3))


def test_a_model_is_played_as_a_stream_plays_it(straight):
    instrument = notebook.Instrument(straight, temperature=0.9, seed=2)
    page, stream = Page(instrument), LiveVoice(straight, temperature=0.9, seed=2)
    for _ in range(3):
        np.testing.assert_array_equal(heard(page.ask(seconds=0.1)), pcm16(stream.play(0.1)) / np.float32(32768))


def test_what_is_kept_becomes_a_file_like_every_take_and_a_take_is_what_generate_gives(straight, tmp_path):
    instrument = notebook.Instrument(straight, temperature=0.9, seed=2)
    page = Page(instrument)
    page.ask(seconds=0.2)
    page.ask(keep=1)
    live, take = instrument.kept[0], instrument.take(0.25)
    (alike,) = generate(straight, 0.25, 1, 0.9, 2)
    np.testing.assert_array_equal(take.samples, alike.samples)
    np.testing.assert_array_equal(live.samples[:1600], alike.samples[:1600])
    names = [path.name for path in render([live, take], tmp_path, bits=24, sample_rate=48000)]
    assert names[0].startswith("live_seed2_voice1_t0.9_0.2s_epoch2_") and names[1].startswith("take_seed2_voice1_t0.9_")
    assert all(name in (tmp_path / "takes.csv").read_text() for name in names)
    assert soundfile.info(tmp_path / names[0]).subtype == "PCM_24"
