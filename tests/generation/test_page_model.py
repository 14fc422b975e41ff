"""The core of a web page plays what Numba's engine plays, code for code: here in wasmtime, without a browser."""

from dataclasses import replace

import numpy as np
import pytest
from page_player import Core
from shapes import SHAPES

from prism_lessons.errors import CourseError
from prism_lessons.generation import LiveVoice, engines, page_model
from prism_lessons.generation.numba_engine import NumbaEngine
from prism_lessons.generation.page_model import VERSION
from prism_lessons.generation.sampler import state_after
from prism_lessons.generation.state import State

every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: " ".join(map(str, shape.values())))
BOOK = SHAPES[7]
SAMPLES = 3840  # whole frames of any of these shapes
PIECE = 43  # samples in a call: no whole frames


def expected(engine, state, temperatures, seed=0, samples=SAMPLES, asked=None):
    """The same by Numba's engine, with the same random numbers; what is asked of each voice holds all the time."""
    if asked is not None:
        asked = np.tile(np.float32(asked), (samples // engine.largest, 1, 1))
    voices = range(len(temperatures))
    draws = np.stack([np.random.default_rng([seed, voice]).random(samples, np.float32) for voice in voices], axis=1)
    codes, after = engine.play(state, np.tile(np.float32(temperatures), (samples, 1)), draws, asked)
    return engine.codec.decode(codes), after


@every_shape
@pytest.mark.parametrize("temperatures", [(0.9,), (0.7, 1.0, 1.3)], ids=["one voice", "three voices"])
def test_the_core_plays_the_codes_that_numba_plays(engine_of, made, shape, temperatures):
    engine = engine_of(**shape)
    _, model = page_model(made(**shape), engine.initial_state(1))
    core = Core(model, len(temperatures))
    core.begin(seed=5, temperatures=temperatures)
    sound, _ = expected(engine, engine.initial_state(len(temperatures)), temperatures, seed=5)
    np.testing.assert_array_equal(core.play(SAMPLES, PIECE), sound)
    assert len(np.unique(sound)) > 1


@pytest.mark.parametrize("shape", [*SHAPES[9:], BOOK], ids=["labels", "labels and a level", "a level"])
def test_the_core_does_what_is_asked_of_each_voice(engine_of, made, shape):
    engine = engine_of(**shape)
    asked = np.random.default_rng(1).random((2, engine.asked))
    core = Core(page_model(made(**shape), engine.initial_state(1))[1], 2)
    core.begin(seed=5, temperatures=(1.0, 1.0))
    core.ask(asked)
    sound, _ = expected(engine, engine.initial_state(2), (1.0, 1.0), seed=5, asked=asked)
    np.testing.assert_array_equal(core.play(SAMPLES, PIECE), sound)
    unasked, _ = expected(engine, engine.initial_state(2), (1.0, 1.0), seed=5)
    assert (sound != unasked).any(axis=1).all()


@pytest.mark.parametrize("shape", [SHAPES[3], BOOK], ids=["network", "predictors"])
def test_without_a_multiply_add_it_plays_them_until_rounding_tips_a_draw(engine_of, made, shape):
    engine = engine_of(**shape)
    core = Core(page_model(made(**shape), engine.initial_state(1))[1], name="core.wasm")
    core.begin(seed=5, temperatures=(1.0,))
    sound, _ = expected(engine, engine.initial_state(1), (1.0,), seed=5)
    np.testing.assert_array_equal(core.play(SAMPLES, PIECE), sound)


@pytest.mark.parametrize("shape", [SHAPES[3], BOOK], ids=["network", "predictors"])
def test_a_voice_continues_a_state_it_is_given_and_begins_again_at_a_whole_frame(engine_of, made, shape):
    engine, chance = engine_of(**shape), np.random.default_rng(0)
    heard = chance.integers(0, engine.codec.levels, (1, 20 * engine.largest)).astype(np.int32)
    states = State.together([engine.initial_state(1), state_after(engine, heard)])
    header, model = page_model(made(**shape), states)
    assert header["states"] == 2
    core = Core(model)
    core.begin(state=1, seed=3, temperatures=(1.0,))
    primed, _ = expected(engine, state_after(engine, heard), (1.0,), seed=3)
    np.testing.assert_array_equal(core.play(2 * engine.largest - 1, PIECE), primed[:, : 2 * engine.largest - 1])
    core.begin(
        state=1, seed=3, temperatures=(1.0,)
    )  # one sample before the end of the frame, which is played to its end
    again = core.play(SAMPLES, PIECE)
    np.testing.assert_array_equal(again[0, 0], primed[0, 2 * engine.largest - 1])
    np.testing.assert_array_equal(again[:, 1:], primed[:, : SAMPLES - 1])
    core = Core(model)
    core.begin(state=0, seed=3, temperatures=(1.0,))
    assert (core.play(engine.largest) != primed[:, : engine.largest]).any()


def test_the_seeds_of_a_live_voice_sound_the_same_in_a_page(made):
    capsule = made(**BOOK)
    header, model = page_model(capsule)
    beginnings = header.pop("beginnings")
    assert header == {
        "version": VERSION, "sample_rate": 16000, "largest": 8, "labels": [],
        "descriptors": ["loudness", "brightness"], "states": 8,
    }  # fmt: skip
    for seed in (0, 7):
        core = Core(model)
        core.begin(state=seed, seed=seed)
        sound = LiveVoice(capsule, 0.95, seed).play(0.1)
        np.testing.assert_array_equal(core.play(len(sound))[0], sound)
    _, later = page_model(capsule, seed=100)
    assert later[:beginnings] == model[:beginnings] and len(later) == len(model)
    core = Core(later)
    core.begin(state=3, seed=103)
    np.testing.assert_array_equal(core.play(len(sound))[0], LiveVoice(capsule, 0.95, 103).play(0.1))
    silent, _ = page_model(made(**SHAPES[0]))
    assert silent["states"] == 1


def test_a_label_begins_from_its_own_moments_in_a_page(made):
    capsule = made(**BOOK, labels=("bells", "breath"))
    labels = np.repeat(np.eye(2, dtype=np.float32), [2, 3], axis=0)
    capsule = replace(capsule, weights=capsule.weights | {"moment_labels": labels})
    header, model = page_model(capsule)
    assert header["labels"] == ["bells", "breath"] and header["states"] == 8
    for group, label in enumerate((None, "bells", "breath")):
        core = Core(model)
        core.ask(np.eye(3, dtype=np.float32)[:, 1:][[group]] @ np.eye(2, 4, dtype=np.float32))
        core.begin(state=8 * group + 5, seed=5)
        sound = LiveVoice(capsule, 0.95, 5, label=label).play(0.1)
        np.testing.assert_array_equal(core.play(len(sound))[0], sound)


def test_half_precision_halves_the_bytes_and_rounds_the_matrices_alone(made):
    capsule = made(**SHAPES[3])
    _, model = page_model(capsule)
    _, half = page_model(capsule, precision="half")
    assert 0.5 < len(half) / len(model) < 0.55
    engine = NumbaEngine([(capsule.settings, capsule.weights)])
    for name in ("weights", "rows"):
        setattr(engine.model, name, getattr(engine.model, name).astype(np.float16).astype(np.float32))
    core = Core(half)
    core.begin(temperatures=(1.0,))
    sound, _ = expected(engine, engine.initial_state(1), (1.0,))
    np.testing.assert_array_equal(core.play(SAMPLES, PIECE), sound)
    with pytest.raises(CourseError, match='no precision "quarter"'):
        page_model(capsule, precision="quarter")


def test_a_temperature_counts_from_the_next_call_on(engine_of, made):
    engine = engine_of(**SHAPES[0])
    core = Core(page_model(made(**SHAPES[0]))[1])
    core.begin(temperatures=(1.0,))
    draws = np.random.default_rng([0, 0]).random((160, 1), np.float32)
    temperatures = np.repeat(np.float32([[1], [0.5]]), 80, axis=0)
    codes, _ = engine.play(engine.initial_state(1), temperatures, draws)
    first = core.play(80)
    core.call("set_temperature", 0, 0.5)
    np.testing.assert_array_equal(np.concatenate([first, core.play(80)], axis=1), engine.codec.decode(codes))


def test_bytes_of_another_version_are_refused(made):
    _, model = page_model(made(**SHAPES[0]))
    assert Core(model).loaded
    assert not Core((VERSION + 1).to_bytes(4, "little") + model[4:]).loaded


def test_a_model_too_large_to_be_played_is_refused(made, monkeypatch):
    monkeypatch.setattr(engines, "MOST_TABLE", 1000)
    with pytest.raises(CourseError, match="to be played"):
        page_model(replace(made(**SHAPES[0]), about={}))
