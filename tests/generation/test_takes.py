"""What a take promises: its length, its seed, what it says of itself, and what is refused."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from prism_lessons.audio import Clip
from prism_lessons.errors import CourseError
from prism_lessons.generation import Envelope, Prime, generate
from prism_lessons.generation.engines import ENGINES
from prism_lessons.generation.takes import degeneration_report
from prism_lessons.live import LiveLine

EXAMPLES = Path(__file__).parents[2] / "datasets_examples"
PLAIN = EXAMPLES / "trained" / "breath_plain"  # it falls silent at low temperatures
SHAPE = {"frame_sizes": (3, 12), "levels": 100}


@pytest.fixture
def capsule(made):
    return made(**SHAPE)


def samples(takes):
    return np.stack([take.samples for take in takes])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_take_has_its_exact_length_whatever_it_is(capsule, engine):
    for seconds, length in ((0.0001, 2), (0.3, 4800), (4097 / 16000, 4097)):
        takes = generate(capsule, seconds=seconds, voices=2, engine=engine)
        assert [len(take.samples) for take in takes] == [length] * 2
        assert takes[0].sample_rate == 16000 and takes[0].samples.dtype == np.float32
        assert takes[0].seconds == length / 16000


@pytest.mark.parametrize("rate", [8000, 22050, 44100])
def test_at_the_sample_rate_of_its_model(made, rate):
    (take,) = generate(made(0, rate, **SHAPE), 0.1, voices=1)
    assert take.sample_rate == rate and len(take.samples) == round(0.1 * rate)


def test_a_longer_take_begins_like_a_shorter_one(capsule):
    long, short = (samples(generate(capsule, seconds, voices=2, temperature=1)) for seconds in (0.4, 0.1))
    np.testing.assert_array_equal(long[:, :1600], short)


def test_the_same_seed_gives_the_same_takes_and_another_others(capsule):
    one, again, other = (samples(generate(capsule, 0.1, 2, temperature=1, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.2 and (one[0] != one[1]).mean() > 0.2


def test_a_voice_does_not_depend_on_how_many_sing_beside_it(capsule):
    alone, among = (samples(generate(capsule, 0.2, voices, temperature=1, engine="numba")) for voices in (1, 7))
    np.testing.assert_array_equal(alone[0], among[0])


def test_a_list_of_seeds_gives_the_first_voice_of_each(capsule):
    takes = generate(capsule, 0.05, voices=3, temperature=1.0, seed=[7, 8, 7])
    assert [take.name for take in takes] == ["take_seed7_voice1_t1", "take_seed8_voice1_t1", "take_seed7_voice1_t1"]
    np.testing.assert_array_equal(takes[0].samples, takes[2].samples)
    (first,) = generate(capsule, 0.05, voices=1, temperature=1.0, seed=8)
    np.testing.assert_array_equal(first.samples, takes[1].samples)


def test_each_voice_may_have_a_temperature_of_its_own(capsule):
    lines = [0.5, "0:0.6, 0.05:2", Envelope.of(1.5)]
    takes = generate(capsule, 0.1, voices=3, temperature=lines, seed=3)
    assert [take.about["temperature"] for take in takes] == ["0.5", "0:0.6, 0.05:2", "1.5"]
    for voice, line in enumerate(lines):
        alone = generate(capsule, 0.1, voices=3, temperature=line, seed=3)[voice]
        np.testing.assert_array_equal(alone.samples, takes[voice].samples)


def test_names_tell_takes_of_one_model_apart(capsule, write_noise, tmp_path):
    names = []
    for how in ({"seed": 0}, {"seed": 1}, {"temperature": 0.7}, {"temperature": "0:0.7, 10:1.1"}):
        names += [take.name for take in generate(capsule, 0.001, voices=3, **how)]
    names += [take.name for take in generate(capsule, 0.001, prime=write_noise(tmp_path / "a.wav", 0.1))]
    assert len(set(names)) == len(names)
    assert "take_seed0_voice3_t0.95" in names and "take_seed0_voice1_t0.7to1.1" in names
    assert "take_seed0_voice4_t0.95_primed" in names


def test_a_take_says_how_it_was_made_in_plain_values(capsule):
    (_, take) = generate(capsule, 0.01, voices=2, temperature="0:0.7, 1m:1", seed=5, engine="numba")
    about = json.loads(json.dumps(take.about))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", about.pop("date"))
    assert about == {
        "capsule": capsule.digest,
        "run": "made 0",
        "epoch": 1,
        "seed": 5,
        "voice": 2,
        "temperature": "0:0.7, 60:1",
        "nudge": False,
        "sample_rate": 16000,
        "engine": "numba",
        "events": [],
    }
    assert take.markers == []


def test_what_it_says_is_enough_to_make_it_again(capsule):
    take = generate(capsule, 0.1, voices=3, temperature=["0:0.7, 0.05:1.4", 1, 0.123456], seed=9)[2]
    about = take.about
    again = generate(capsule, 0.1, about["voice"], about["temperature"], about["seed"], engine=about["engine"])
    np.testing.assert_array_equal(again[about["voice"] - 1].samples, take.samples)


def test_events_are_those_of_the_take_and_become_markers(made, write_noise, tmp_path):
    """A model that knows nothing but silence, after a noise that it was given."""
    silent = made(3, **SHAPE)
    weights = {name: np.array(weight) for name, weight in silent.weights.items()}
    weights["sample_tier/output/bias"][silent.settings.codec.centre] = 500
    silent = type(silent)(silent.settings, silent.sample_rate, weights, {})
    prime = Prime(write_noise(tmp_path / "noise.wav", 1), 0, 0.5)
    takes = generate(silent, 2.5, voices=2, prime=[prime, None], keep_prime=True)
    for take in takes:
        (event,) = take.about["events"]
        assert event.keys() == {"seconds", "what"} and event["what"] == "fell silent" and 1 <= event["seconds"] <= 1.3
    assert takes[0].markers == [(0.5, "the model takes over"), (0.5 + event["seconds"], "fell silent")]
    assert takes[1].markers == [(event["seconds"], "fell silent")]
    (short,) = generate(silent, 0.9, voices=1)
    assert short.about["events"] == []  # what would come in the rest of a piece is not part of it


def test_what_happened_is_said_in_the_end(capsule, capsys):
    generate(capsule, 0.1, voices=2)
    assert "Generated 2 voices of 0.1 s." in capsys.readouterr().out
    generate(PLAIN, 1.5, voices=3, temperature=0.1)
    said = capsys.readouterr().out
    assert re.search(r"Generated 3 voices of 1.5 s. Voice 1 fell silent at 1.\d s \(2 more such events\).", said)


def test_progress_goes_to_the_line_it_is_given(capsule, capsys):
    class Envelope(LiveLine):
        def __init__(self):
            self.shares, self.ends = [], []

        def share(self, what, done, of, share):
            self.shares.append(share)

        def end(self, text):
            self.ends.append(text)

    line = Envelope()
    generate(capsule, 0.6, voices=1, live=line)
    assert line.shares == sorted(line.shares) and line.shares[-1] == 1 and len(line.shares) == 3
    assert line.ends == ["Generated 1 voice of 0.6 s."]
    assert capsys.readouterr().out == ""


def test_half_precision_is_said_and_heard(capsule):
    single, half = (
        generate(capsule, 0.5, 1, 1.0, engine="numba", precision=precision)[0] for precision in ("single", "half")
    )
    assert half.about["engine"] == "numba, half" and single.about["engine"] == "numba"
    assert half.about["capsule"] == single.about["capsule"]
    assert len(half.samples) == len(single.samples)


def test_a_path_and_a_run_will_do(capsule, tmp_path):
    path = capsule.save(tmp_path / "some.capsule")
    np.testing.assert_array_equal(samples(generate(path, 0.01)), samples(generate(capsule, 0.01)))
    (take,) = generate(EXAMPLES / "trained" / "breath", 0.01, voices=1)
    assert take.about["epoch"] == 6


def test_a_take_is_read_in_blocks(capsule):
    (take,) = generate(capsule, 0.1, voices=1)
    long = type(take)(np.arange(400_000, dtype=np.float32), 16000, take.name, take.about)
    blocks = list(long.blocks())
    assert [len(block) for block in blocks] == [160_000, 160_000, 80_000]
    np.testing.assert_array_equal(np.concatenate(blocks), long.samples)
    assert isinstance(take, Clip)


@pytest.mark.parametrize(
    "seed", [[1, 2], [1, 2, -1], [1, 2, 3, 4], [1.5, 1, 1], [(1, 0)] * 3, [], "abc", -1, None, True]
)
def test_seeds_that_do_not_fit_the_voices_are_refused(capsule, seed):
    with pytest.raises(CourseError, match="seed must be"):
        generate(capsule, seconds=0.01, voices=3, seed=seed)


NAN = float("nan")
WRONG = {
    "seconds": [0, -1, 1e-9, NAN, float("inf"), -float("inf"), 10**400, 1e300, True, None, "4", [1]],
    "voices": [0, -1, 257, 10**400, 1.0, 1.5, True, None, "4", [1]],
    "temperature": [0, 5.1, -1, NAN, 10**400, True, None, "loud", "", [1.0] * 3, [], {}, [NAN] * 4, np.array(0.9)],
    "seed": [-1, 0.5, True, None, "1", [1], [1, 2, 3, None]],
    "engine": ["cuda", 5, "Numba", []],
    "precision": ["double", None, 16, []],
    "prime": [5, True, {}, [], b"x", object()],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_what_cannot_be_is_refused_by_name_in_one_sentence(capsule, name, value):
    with pytest.raises(CourseError, match=name) as refused:
        generate(capsule, **{"seconds": 0.01, name: value})
    sentence = str(refused.value)
    assert len(sentence) < 700 and "\n" not in sentence and sentence.endswith(".")


def test_what_no_memory_would_hold_is_refused_before_it_is_played(capsule):
    with pytest.raises(CourseError, match="4 takes of 36000 s would not fit into memory"):
        generate(capsule, 36000)


@pytest.mark.parametrize("wrong", [None, 5, True, [], {}, object()])
def test_what_is_no_model_is_refused(wrong):
    with pytest.raises(CourseError, match="A model is a capsule, a run, or the path of one"):
        generate(wrong)
    with pytest.raises(CourseError, match=r"nope.capsule"):
        generate("nope.capsule")


def test_a_cpu_plays_without_tensorflow():
    """It would take seconds to import, before the first sound. Mixing, priming and streams need it no more."""
    played = """
import sys, prism_lessons as pl
from prism_lessons.generation import LiveVoice, engines
engines._gpu = lambda: False
first, second = sys.argv[1:]
pl.generate(pl.mix(first, second), 0.05, voices=2)
pl.generate(pl.between(first, first, 0.3), 0.05, prime=pl.generate(first, 0.05)[0], nudge=True)
LiveVoice(first).play(0.05)
wrong = {"tensorflow", "keras"} & sys.modules.keys()
assert not wrong, wrong
"""
    models = [str(EXAMPLES / "trained" / name) for name in ("breath", "bells")]
    subprocess.run([sys.executable, "-c", played, *models], check=True, capture_output=True, timeout=300)


def test_what_would_happen_after_the_end_of_a_take_is_not_said():
    """A piece is played in whole frames, beyond the end, and traps hear all of it."""
    detector = SimpleNamespace(events=[{"seconds": 10.2, "voice": 2, "what": "fell silent"}])
    assert degeneration_report(detector, 10) == "" and "Voice 2 fell silent at 10.2 s" in degeneration_report(
        detector, 11
    )
