"""Both engines play the model that was trained: the same logits, the same memory, the same draws."""

import hashlib
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import chi2
from shapes import SHAPES

from prism_lessons import linear_prediction
from prism_lessons.audio import load
from prism_lessons.errors import CourseError
from prism_lessons.generation import engines, numba_engine, sampling_loop
from prism_lessons.generation.envelopes import Envelope
from prism_lessons.generation.sampler import Sampler, random_keys
from prism_lessons.generation.state import State
from prism_lessons.run import as_capsule
from prism_lessons.settings import ModelSettings

EXAMPLES = Path(__file__).parents[2] / "datasets_examples"
PLAIN = {"frame_sizes": (4, 16)}
ids = [", ".join(f"{name}={value}" for name, value in shape.items()) for shape in SHAPES]
# TensorFlow's plays the model itself, layer by layer: a few shapes will do, and a graph takes seconds to make.
every_shape_and_engine = pytest.mark.parametrize(
    ("name", "shape"),
    [("numba", shape) for shape in SHAPES] + [("tensorflow", shape) for shape in SHAPES[2:5] + SHAPES[7:8]],
    ids=[f"numba: {name}" for name in ids] + [f"tensorflow: {name}" for name in ids[2:5] + ids[7:8]],
)
both_engines = pytest.mark.parametrize("name", engines.ENGINES)


SAMPLES = 480  # whole frames of any of these shapes; TensorFlow takes seconds for each new number of samples or voices
THREE = np.array([0.7, 1.0, 1.3])


def drawn(engine, temperatures, seed, calls=1, heard=None):
    """Codes from silence on, (voices, SAMPLES), or several times as many; or from codes on that were heard."""
    lines, state = [Envelope.of(float(one)) for one in temperatures], engine.initial_state(len(temperatures))
    state = state if heard is None else engine.condition(state, heard)
    sampler = Sampler(engine, 16000, lines, random_keys(seed, len(lines)), state)
    return np.concatenate([sampler.play(SAMPLES) for _ in range(calls)], axis=1)


def any_codes(engine, voices, frames, seed=0):
    """Codes as a wild sound has them, (voices, frames of the largest size)."""
    levels = engine.codec.levels
    return np.random.default_rng(seed).integers(0, levels, (voices, frames * engine.largest)).astype(np.int32)


def after_silence(engine, codes):
    silence = np.full((len(codes), engine.largest), engine.codec.centre)
    return np.concatenate([silence, codes], axis=1)


def probabilities(logits):
    powers = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def logits_at(temperatures, model, codes):
    """What a model draws from at a temperature of each voice: with predictors, that is not its logits divided."""
    predictors, largest = model.predictors, model.settings.largest_frame
    if not predictors:
        return model.logits(codes) / temperatures[:, None, None]
    features, _ = predictors.follow(codes[:, largest:], predictors.begin(codes[:, :largest]))
    decide = model.sample_tier.decide
    model.sample_tier.decide = partial(decide, temperature=np.float32(temperatures)[:, None, None])
    try:
        return model(codes.astype(np.int32), model.initial_state(len(codes)), features=features)[0].numpy()
    finally:
        model.sample_tier.decide = decide


def assert_same_state(one, other, atol):
    np.testing.assert_array_equal(one.past, other.past)
    assert len(one.recurrent) == len(other.recurrent)
    for mine, its in zip(one.recurrent, other.recurrent, strict=True):
        np.testing.assert_allclose(mine, its, rtol=0, atol=atol)


@every_shape_and_engine
def test_an_engine_scores_codes_as_the_model_does(engine_of, made, shape, name):
    engine = engine_of(name, **shape)
    codes = any_codes(engine, 3, 20)
    logits, _ = engine.score(engine.initial_state(3), codes)
    expected = made(**shape).model.logits(after_silence(engine, codes))
    assert np.abs(probabilities(logits) - probabilities(expected)).max() < 1e-4
    # Sums in another order: float32 keeps seven digits, of which a long sum may cost one or two. The logarithm of what
    # predictors give a code that they hold for all but impossible costs two more.
    precision = 1e-3 if "predictors" in shape else 1e-5
    assert np.abs(logits - expected).max() < precision * np.abs(expected).max()
    assert np.ptp(expected, axis=-1).mean() > 1  # they do say something


@pytest.mark.parametrize("shape", SHAPES[9:], ids=ids[9:])
@both_engines
def test_an_engine_is_told_labels_as_the_model_is(engine_of, made, shape, name):
    engine, model = engine_of(name, **shape), made(**shape).model
    codes, labels = any_codes(engine, 3, 20), np.random.default_rng(1).random((3, 2), np.float32)
    asked = np.zeros((20, 3, engine.asked), np.float32)  # no level
    asked[..., :2] = labels
    logits, state = engine.score(engine.initial_state(3), codes, asked)
    expected = model.logits(after_silence(engine, codes), labels)
    assert np.abs(probabilities(logits) - probabilities(expected)).max() < 1e-4
    unasked, _ = engine.score(engine.initial_state(3), codes)
    assert (np.abs(probabilities(logits) - probabilities(unasked)).max(axis=(1, 2)) > 0.01).all()
    assert_same_state(engine.condition(engine.initial_state(3), codes, asked), state, 1e-5)
    temperatures, draws = np.ones((SAMPLES, 3)), np.random.default_rng(2).random((SAMPLES, 3), np.float32)
    played, _ = engine.play(state, temperatures, draws, np.tile(asked[:1], (SAMPLES // engine.largest, 1, 1)))
    everything, features = after_silence(engine, np.concatenate([codes, played], axis=1)).astype(np.int32), None
    if predictors := model.predictors:  # they keep to the levels of the labels from the first code that is drawn
        heard, known = predictors.follow(codes, predictors.begin(everything[:, : engine.largest]))
        predictors.keep_levels(known, labels)
        features = np.concatenate([heard, predictors.follow(played, known)[0][:, engine.largest :]], axis=1)
    expected, _ = model.teacher_forced(everything, model.initial_state(3), features, labels[:, None])
    heights = np.cumsum(probabilities(expected.numpy()[:, codes.shape[1] :].astype(float)), axis=-1)
    upper = np.take_along_axis(heights, played[..., None], -1)[..., 0]
    lower = np.where(played > 0, np.take_along_axis(heights, np.maximum(played[..., None] - 1, 0), -1)[..., 0], 0)
    assert (lower - 1e-4 <= draws.T).all() and (upper + 1e-4 >= draws.T).all()


@every_shape_and_engine
def test_what_an_engine_has_heard_is_what_the_model_remembers(engine_of, made, shape, name):
    engine, model = engine_of(name, **shape), made(**shape).model
    codes = any_codes(engine, 3, 20)
    silence, known, features = after_silence(engine, codes)[:, : engine.largest], [], None
    if predictors := model.predictors:
        features, state = predictors.follow(codes, predictors.begin(silence))
        known = [state]
    _, expected = model.teacher_forced(after_silence(engine, codes).astype(np.int32), model.initial_state(3), features)
    heard = engine.condition(engine.initial_state(3), codes)
    assert_same_state(heard, State(codes[:, -engine.largest :], [part.numpy() for part in expected] + known), 1e-5)
    middle = 10 * engine.largest
    in_two = engine.condition(engine.condition(engine.initial_state(3), codes[:, :middle]), codes[:, middle:])
    assert_same_state(in_two, heard, 1e-5)
    fresh = engine.initial_state(3).recurrent
    assert all(np.abs(was - now).max() > 1e-3 for was, now in zip(fresh, heard.recurrent, strict=True))


@both_engines
@pytest.mark.parametrize("shape", SHAPES[3:5] + SHAPES[7:8], ids=ids[3:5] + ids[7:8])
def test_hearing_a_beginning_and_playing_is_going_on(engine_of, shape, name):
    """The chance of the second half is the same; played after the first, or after the first was heard."""
    engine = engine_of(name, **shape)
    temperatures = np.ones((SAMPLES, 3), np.float32)
    draws = np.random.default_rng(1).random((2, SAMPLES, 3), np.float32)
    first, played = engine.play(engine.initial_state(3), temperatures, draws[0])
    heard = engine.condition(engine.initial_state(3), first)
    assert_same_state(heard, played, 1e-5)
    one, _ = engine.play(played, temperatures, draws[1])
    other, _ = engine.play(heard, temperatures, draws[1])
    np.testing.assert_array_equal(one, other)
    from_silence, _ = engine.play(engine.initial_state(3), temperatures, draws[1])
    assert (from_silence != one).any()


@every_shape_and_engine
def test_fed_back_a_take_explains_its_own_draws(engine_of, made, shape, name):
    """Fed back through `logits`, a take gives the probabilities it was drawn from: the chance that drew it falls,
    every time, into the code that was drawn (to 1e-4)."""
    engine, model = engine_of(name, **shape), made(**shape).model
    noise = any_codes(engine, 3, 20)  # after silence, predictors would be sure of silence
    codes = drawn(engine, THREE, 11, calls=3, heard=noise)
    everything = after_silence(engine, np.concatenate([noise, codes], axis=1))
    logits = logits_at(THREE, model, everything)[:, noise.shape[1] :].astype(np.float64)
    heights = np.cumsum(probabilities(logits), axis=-1)
    upper = np.take_along_axis(heights, codes[..., None], -1)[..., 0]
    lower = np.where(codes > 0, np.take_along_axis(heights, np.maximum(codes[..., None] - 1, 0), -1)[..., 0], 0)
    draws = np.stack([np.random.default_rng((11, voice)).random(3 * SAMPLES, np.float32) for voice in range(3)])
    assert (lower - 1e-4 <= draws).all() and (draws <= upper + 1e-4).all()
    assert (upper - lower < 0.5).sum() > 100  # so draws of other samples would not do
    assert len(np.unique(codes)) > min(20, engine.codec.levels / 2)


@pytest.mark.parametrize("shape", SHAPES[3:5], ids=ids[3:5])
def test_both_engines_play_the_same_from_the_same_chance(engine_of, shape):
    """But where a draw falls onto the border between two codes: that changes the voice from there on."""
    apart = 0
    for seed in range(8):
        one, other = (drawn(engine_of(name, **shape), THREE, seed) for name in engines.ENGINES)
        apart += (one != other).any(axis=1).sum()
    # Chances, laid end to end, differ by about a millionth, so that of 11,520 draws few fall between if any does.
    assert apart <= 1


@both_engines
def test_the_same_seed_gives_the_same_codes_and_another_seed_or_voice_others(engine_of, name):
    engine = engine_of(name, **SHAPES[4])
    one, again = (drawn(engine, THREE, 1) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert (one != drawn(engine, THREE, 2)).mean() > 0.3
    assert (one[0] != one[1]).mean() > 0.3


@pytest.mark.parametrize("precision", engines.PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES[3:6] + SHAPES[7:8], ids=ids[3:6] + ids[7:8])
def test_a_voice_is_the_same_alone_and_among_up_to_nine(engine_of, shape, precision):
    """Bit for bit: what a composer found with one voice comes back when more are asked for."""
    engine = engine_of(precision=precision, **shape)
    samples = 10 * engine.largest
    temperatures = np.ones((samples, 9), np.float32)
    draws = np.random.default_rng(2).random((samples, 9), np.float32)
    codes, state = engine.play(engine.initial_state(9), temperatures, draws)
    scores, _ = engine.score(engine.initial_state(9), codes)
    for voices in range(1, 9):
        some, its = engine.play(engine.initial_state(voices), temperatures[:, :voices], draws[:, :voices])
        np.testing.assert_array_equal(some, codes[:voices])
        for mine, all_of_them in zip(its.recurrent, state.recurrent, strict=True):
            np.testing.assert_array_equal(mine, all_of_them[:voices])
        np.testing.assert_array_equal(engine.score(engine.initial_state(voices), codes[:voices])[0], scores[:voices])
    # Not the first only, but each on a place of its own.
    for voice in (3, 6, 8):
        alone, _ = engine.play(engine.initial_state(1), temperatures[:, :1], draws[:, voice : voice + 1])
        np.testing.assert_array_equal(alone[0], codes[voice])


class Always:
    """So many cores, whatever the clock says."""

    def __init__(self, count):
        self.count = count

    @contextmanager
    def timed(self, samples):
        yield self.count


@pytest.mark.parametrize("cores", [2, 3])
@pytest.mark.parametrize("voices", [1, 6])
@pytest.mark.parametrize("shape", [SHAPES[5], SHAPES[7]], ids=[ids[5], ids[7]])
def test_several_cores_make_the_same_sound_as_one(engine_of, monkeypatch, shape, cores, voices):
    monkeypatch.setattr(numba_engine, "LEAST_WORK", 0)  # else a model as small as this is never shared out
    engine = engine_of(**shape)
    samples = 12 * engine.largest
    playing = (
        np.ones((samples, voices), np.float32),
        np.random.default_rng(voices).random((samples, voices), np.float32),
    )
    monkeypatch.setattr(numba_engine, "Cores", lambda most: Always(1))
    monkeypatch.setattr(engine, "_cores", {})
    alone, state = engine.play(engine.initial_state(voices), *playing)
    scores, _ = engine.score(engine.initial_state(voices), alone)
    monkeypatch.setattr(numba_engine, "Cores", lambda most: Always(cores))
    monkeypatch.setattr(engine, "_cores", {})
    together, its = engine.play(engine.initial_state(voices), *playing)
    np.testing.assert_array_equal(together, alone)
    assert_same_state(its, state, 0)
    np.testing.assert_array_equal(engine.score(engine.initial_state(voices), alone)[0], scores)
    assert_same_state(engine.condition(engine.initial_state(voices), alone), state, 0)


def test_a_model_too_small_for_it_stays_on_one_core_and_a_large_one_tries_all(engine_of, monkeypatch):
    monkeypatch.setattr(numba_engine, "_available_cores", lambda: 8)
    assert engine_of(**PLAIN)._useful_cores(1) == 1
    assert engine_of(**SHAPES[5])._useful_cores(256) == numba_engine.MOST_CORES


def test_the_faster_number_of_cores_is_taken_and_the_other_tried_again_at_times(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(numba_engine.time, "perf_counter", lambda: clock[0])
    cores, taken = numba_engine.Cores(2), []
    for piece in range(100):
        with cores.timed(10) as count:
            clock[0] += {1: 1.0, 2: 0.5 if piece < 50 else 2.0}[count]  # from then on others use the second core
            taken.append(count)
    assert set(taken[:2]) == {1, 2}
    assert taken[2:50].count(2) >= 45
    assert taken[60:].count(1) >= 37


def test_the_seconds_of_compiling_are_not_taken_for_the_pace_of_one_core(made, monkeypatch):
    """Compiling comes with the first sound that an engine makes, which is nobody's; here others use the second core."""
    clock, seconds, taken = [0.0], iter([20.0]), []

    def together(count, *_):
        taken.append(count)
        clock[0] += next(seconds, {1: 1.0, 2: 2.0}[count])

    monkeypatch.setattr(numba_engine, "_run_on", together)
    monkeypatch.setattr(numba_engine.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(numba_engine.NumbaEngine, "_useful_cores", lambda *_: 2)
    capsule = made(**PLAIN)
    engine = numba_engine.NumbaEngine([(capsule.settings, capsule.weights)])
    del taken[:]
    for _ in range(10):
        engine.play(engine.initial_state(1), *np.ones((2, engine.largest, 1), np.float32))
    assert sorted(taken[:2]) == [1, 2] and taken[2:] == 8 * [1]


def test_a_model_plays_where_what_was_compiled_cannot_be_kept(made, monkeypatch):
    """On a full disk, say: Numba then fails once for each function, which is compiled by then."""
    failing = [OSError("No space left on device"), PermissionError("Read-only file system")]
    together = numba_engine._run_on

    def keeping(*arguments):
        if failing:
            raise failing.pop()
        together(*arguments)

    monkeypatch.setattr(numba_engine, "_run_on", keeping)
    capsule = made(**PLAIN)
    numba_engine.NumbaEngine([(capsule.settings, capsule.weights)])
    assert not failing


def test_hearing_which_is_quicker_is_not_taken_for_the_pace_of_playing(made, monkeypatch):
    clock, taken = [0.0], []

    def together(count, what, _):
        samples, step, _ = what
        taken.append(count)
        clock[0] += {1: 1.0, 2: 2.0}[count] * samples / step

    monkeypatch.setattr(numba_engine, "_run_on", together)
    monkeypatch.setattr(numba_engine.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(numba_engine.NumbaEngine, "_useful_cores", lambda *_: 2)
    capsule = made(**PLAIN)
    engine = numba_engine.NumbaEngine([(capsule.settings, capsule.weights)])
    for _ in range(4):
        engine.play(engine.initial_state(1), *np.ones((2, engine.largest, 1), np.float32))
    for _ in range(numba_engine.AGAIN + 4):
        engine.condition(engine.initial_state(1), np.zeros((1, engine.largest), np.int32))
    del taken[:]
    for _ in range(4):
        engine.play(engine.initial_state(1), *np.ones((2, engine.largest, 1), np.float32))
    assert taken == 4 * [1]


@both_engines
@pytest.mark.parametrize("shape", [SHAPES[4], SHAPES[7]], ids=[ids[4], ids[7]])
def test_however_a_take_is_cut_into_pieces_it_is_the_same(engine_of, shape, name):
    engine = engine_of(name, **shape)
    draws = np.random.default_rng(3).random((SAMPLES, 3), np.float32)
    temperatures = np.linspace(0.5, 1.5, 3 * SAMPLES, dtype=np.float32).reshape(-1, 3)
    whole, end = engine.play(engine.initial_state(3), temperatures, draws)
    state, parts = engine.initial_state(3), []
    for start in range(0, SAMPLES, SAMPLES // 4):
        here = slice(start, start + SAMPLES // 4)
        codes, state = engine.play(state, temperatures[here], draws[here])
        parts.append(codes)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    assert_same_state(state, end, 0)


@pytest.mark.parametrize("levels", [3, 33, 100, 112, 256])
@both_engines
def test_no_code_is_drawn_that_is_none(engine_of, name, levels):
    """A draw just below 1 may round up to the height of all chances together, and panels are fuller than codes."""
    engine = engine_of(name, frame_sizes=(4,), levels=levels)
    top = np.nextafter(np.float32(1), np.float32(0))
    for temperature in (0.05, 1.0, 5.0):
        many = np.full((40, 16), temperature, np.float32)
        assert engine.play(engine.initial_state(16), many, np.full((40, 16), top))[0].max() < levels
        assert engine.play(engine.initial_state(16), many, np.zeros((40, 16), np.float32))[0].min() >= 0


SIXTEEN = {"frame_sizes": (4,), "levels": 16, "quantisation": "linear"}
DRAWS = 40_000


def p_value(codes, logits, temperature):
    """How likely codes as far from their chances as these are, by Pearson's chi-square."""
    expected = probabilities(logits / temperature) * len(codes)
    found = np.bincount(codes, minlength=len(expected))
    common = expected >= 5  # the statistic is no chi-square where less is expected: those are counted as one
    found, expected = (np.append(part[common], part[~common].sum()) for part in (found, expected))
    if expected[-1] < 5:
        found, expected = found[:-1], expected[:-1]
    return chi2.sf(np.sum((found - expected) ** 2 / expected), len(expected) - 1)


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.3])
@both_engines
def test_codes_are_drawn_as_often_as_their_probabilities_say(engine_of, made, name, temperature):
    """Over the first sample of many voices, which is drawn from the same chances by all of them."""
    engine = engine_of(name, **SIXTEEN)
    draws = np.random.default_rng(3).random((4, DRAWS), np.float32)
    codes = engine.play(engine.initial_state(DRAWS), np.full((4, DRAWS), temperature, np.float32), draws)[0][:, 0]
    logits = made(**SIXTEEN).model.logits(np.full((1, 5), engine.codec.centre))[0, 0].astype(np.float64)
    assert p_value(codes, logits, temperature) > 0.001  # the seed is fixed: this is no matter of luck
    for wrong in (0.95, 1.05):
        assert p_value(codes, logits, temperature * wrong) < 1e-6


@both_engines
def test_a_low_temperature_keeps_to_the_likeliest(engine_of, made, name):
    codes = drawn(engine_of(name, **SHAPES[3]), np.full(3, 0.05), 1)
    logits = made(**SHAPES[3]).model.logits(after_silence(engine_of(**SHAPES[3]), codes))
    best = np.sort(logits, axis=-1)
    clear = best[..., -1] - best[..., -2] > 1.2  # e^24 at this temperature
    np.testing.assert_array_equal(codes[clear], logits.argmax(-1)[clear])
    assert clear.sum() > 50


def test_half_precision_changes_logits_by_less_than_a_five_hundredth_of_their_range(engine_of):
    """Weights are rounded to 11 bits, each wrong by a 4096th on average, in all directions."""
    for shape in SHAPES:
        engine, half = engine_of(**shape), engine_of(precision="half", **shape)
        codes = any_codes(engine, 3, 20)
        logits, rounded = (one.score(one.initial_state(3), codes)[0] for one in (engine, half))
        difference = np.abs(logits - rounded).max()
        assert 0 < difference < 0.002 * np.ptp(logits)


@pytest.mark.parametrize(("name", "recording"), [("breath", "whisper_oui_ea"), ("bells", "bell_A4_hard")])
def test_half_precision_predicts_a_recording_as_well(name, recording):
    """To a five-hundredth of a bit, of nearly 4: no one hears that."""
    capsule = as_capsule(EXAMPLES / "trained" / name)
    bits = {}
    for precision in engines.PRECISIONS:
        engine = engines.of_capsules([capsule], "numba", precision)
        codes = engine.codec.encode(load(EXAMPLES / name / f"{recording}.flac").samples[:16000])[None]
        logits, _ = engine.score(engine.initial_state(1), codes)
        chosen = np.take_along_axis(probabilities(logits[0]), codes[0, :, None].astype(int), -1)
        bits[precision] = -np.log2(chosen).mean()
    assert abs(bits["half"] - bits["single"]) < 0.002


def assert_alike(logits, expected, predictors):
    """The same chances; without predictors the same logits, too.

    With them, a chance of a billionth, as surprises far from the guesses have, is all rounding where guesses overlap.
    """
    np.testing.assert_allclose(softmax(logits, axis=-1), softmax(expected, axis=-1), rtol=0, atol=1e-4)
    assert predictors or np.abs(logits - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("sizes", [((4,), (4, 16)), ((6,), (4, 8)), ((3, 9), (2, 4, 8))])
@pytest.mark.parametrize(
    ("one", "other"),
    [({}, {}), ({}, {"predictors": (8,)}), ({"predictors": (16, 4)}, {"predictors": (8,), "book": 3})],
    ids=["plain", "one with predictors", "both with predictors"],
)
def test_of_two_models_the_logits_are_mixed(made, sizes, one, other):
    """Frames need not fit: a call takes whole frames of both."""
    shapes = [{"frame_sizes": sizes[0], **one}, {"frame_sizes": sizes[1], "dim": 40, "cell": "lstm", **other}]
    capsules = [made(number, **shape) for number, shape in enumerate(shapes)]
    engine = engines.of_capsules(capsules, "numba")
    assert engine.largest == np.lcm(*(frames[-1] for frames in sizes))
    codes = any_codes(engine, 2, 10)
    second = np.linspace(0, 1, codes.shape[1], dtype=np.float32)
    mixed, scored = engine.score(engine.initial_state(2), codes, mix=np.stack([1 - second, second], axis=1))
    alone = []
    for capsule in capsules:
        silence = np.full((2, capsule.settings.largest_frame), engine.codec.centre)
        alone.append(capsule.model.logits(np.concatenate([silence, codes], axis=1)))
    expected = (1 - second)[:, None] * alone[0] + second[:, None] * alone[1]
    predictors = "predictors" in one or "predictors" in other
    assert_alike(mixed, expected, predictors)
    assert np.abs(alone[0] - alone[1]).mean() > 1
    assert_same_state(engine.condition(engine.initial_state(2), codes), scored, 0)
    halves, _ = engine.score(engine.initial_state(2), codes)
    assert_alike(halves, (alone[0] + alone[1]) / 2, predictors)


def test_an_engine_goes_by_the_weights_and_is_made_once_for_them(made):
    capsule, other = made(**PLAIN), made(1, **PLAIN)
    one = engines.of_capsules([capsule], "numba")
    again = engines.of_capsules([type(capsule)(capsule.settings, 8000, dict(capsule.weights))], "numba")
    assert one is again
    assert engines.of_capsules([other], "numba") is not one


def test_a_model_in_training_is_played_with_the_weights_it_has_now(made):
    capsule = made(9, **PLAIN)
    engine = engines.of_model(capsule.model)
    assert type(engine).__name__ == "NumbaEngine" or engines.choose() == "tensorflow"
    codes = any_codes(engine, 1, 5)
    before, _ = engine.score(engine.initial_state(1), codes)
    output = capsule.model.sample_tier.output_layer
    output.bias.assign(output.bias + 1.5)
    after, _ = engines.of_model(capsule.model).score(engine.initial_state(1), codes)
    np.testing.assert_allclose(after, before + 1.5, atol=1e-4)


def test_what_an_engine_cannot_do_is_said(made):
    capsule = made(**PLAIN)
    with pytest.raises(CourseError, match='There is no engine "cuda"'):
        engines.of_capsules([capsule], "cuda")
    with pytest.raises(CourseError, match='There is no precision "double"'):
        engines.of_capsules([capsule], "numba", "double")
    with pytest.raises(CourseError, match='are for the engine "numba"'):
        engines.of_capsules([capsule, made(1, **PLAIN)], "tensorflow")
    with pytest.raises(CourseError, match='are for the engine "numba"'):
        engines.of_capsules([capsule], "tensorflow", "half")


def test_a_machine_without_a_card_plays_with_numba_without_asking_tensorflow(monkeypatch, tmp_path):
    monkeypatch.setattr(engines, "Path", lambda _: tmp_path / "no such card")
    assert engines.choose() == "numba"
    assert engines.choose("tensorflow") == "tensorflow"


def test_models_with_predictors_are_played_by_the_processor_also_beside_a_card(monkeypatch):
    monkeypatch.setattr(engines, "_gpu", lambda: True)
    plain, predicting = ModelSettings(), ModelSettings(predictors=(8,))
    assert engines.choose() == engines.choose(settings=[plain]) == "tensorflow"
    assert engines.choose(settings=[plain, predicting]) == "numba"
    assert engines.choose("tensorflow", [predicting]) == "tensorflow"


def test_what_was_compiled_with_other_predictors_is_not_played():
    """Numba looks at sampling_loop.py alone to see whether what it kept is out of date."""
    assert hashlib.sha256(Path(linear_prediction.__file__).read_bytes()).hexdigest()[:16] == sampling_loop.PREDICTION
