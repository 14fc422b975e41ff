"""Adaptive predictors: they guess what least squares would, from the past alone, and never run away."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest

from prism_lessons import linear_prediction
from prism_lessons.corpus.codes import Codes
from prism_lessons.linear_prediction import (
    BLOCK_SHARE,
    LEAST_POWER,
    MEMORY_SHARE,
    WHITENING,
    Predictors,
    book_of,
    levels_of,
    moments_in,
)
from prism_lessons.quantisation import Quantisation
from prism_lessons.settings import BOOK_ORDER, LEVELS, MOMENT, ModelSettings

MU_LAW, LINEAR = Quantisation(), Quantisation("linear")
ORDERS = (8, 32, 64)


def noise(samples, seed=0):
    return np.random.default_rng(seed).standard_normal(samples)


def chime(samples, rate=16000):
    """A struck sound of four partials with a little noise."""
    time = np.arange(samples) / rate
    partials = ((523, 0.3, 1.0), (1341, 0.2, 1.5), (2210, 0.1, 2.0), (3707, 0.05, 3.0))
    return sum(loud * np.exp(-fall * time) * np.sin(2 * np.pi * pitch * time) for pitch, loud, fall in partials)


HARD = {
    "silence": np.zeros(8000),
    "a pure tone": 0.5 * np.sin(np.arange(8000) * 0.2),
    "clipping at full scale": np.clip(3 * np.sin(np.arange(8000) * 0.05), -1, 1),
    "a constant offset": np.full(8000, 0.4),
    "a click in silence": np.where(np.arange(8000) == 4000, 1.0, 0.0),
    "silence, then all at once": np.where(np.arange(8000) < 4000, 0.0, np.sign(noise(8000))),
    "noise at full scale": np.sign(noise(8000)),
}
each_hard_sound = pytest.mark.parametrize("sound", HARD.values(), ids=HARD.keys())
each_codec = pytest.mark.parametrize(
    "codec", [MU_LAW, LINEAR, Quantisation("mu-law", 15), Quantisation("linear", 1024)], ids=str
)


def followed(predictors, sound):
    """The features of a sound, (samples, 3 * guesses + 1), and the state after it."""
    codes = predictors.codec.encode(sound)[None]
    features, state = predictors.follow(codes, predictors.begin(codes[:, :0]))
    return features[0], state[0]


def test_the_weights_are_those_of_faded_least_squares():
    """Solved at once, with every product written out, by NumPy."""
    order, samples = 8, 1024
    predictors = Predictors((order,), LINEAR)
    assert samples % (MEMORY_SHARE * order // BLOCK_SHARE) == 0
    _, state = followed(predictors, 0.3 * chime(samples + 1) + 0.05 * noise(samples + 1))
    heard = LINEAR.decode(LINEAR.encode(0.3 * chime(samples + 1) + 0.05 * noise(samples + 1))).astype(float)[:samples]
    padded = np.concatenate([np.zeros(order), heard])
    rows = np.stack([padded[order - 1 - lag : len(padded) - 1 - lag] for lag in range(order)], axis=1)
    fading = np.exp(-np.arange(samples)[::-1] / (MEMORY_SHARE * order))[:, None]
    equations = (rows * fading).T @ rows
    equations += np.eye(order) * (WHITENING * np.trace(equations) / order + LEAST_POWER)
    expected = np.linalg.solve(equations, (rows * fading).T @ heard)
    np.testing.assert_allclose(predictors.weights(state, 0), expected, rtol=1e-6)


def test_a_guess_is_the_weighted_sum_of_the_samples_before():
    predictors = Predictors((8,), LINEAR)
    sound = 0.3 * chime(2000)
    codes = LINEAR.encode(sound)[None]
    _, state = predictors.follow(codes[:, :1000], predictors.begin(codes[:, :0]))
    features, after = predictors.follow(codes[:, 1000:1004], state)
    heard = LINEAR.decode(codes[0])[:1004].astype(float)
    for sample in range(1001, 1004):  # the first one may have come with new weights
        guess = predictors.weights(after[0], 0) @ heard[sample - 8 : sample][::-1]
        assert features[0, sample - 1000, 0] == pytest.approx(guess, abs=1e-6)


def test_no_later_sample_changes_what_is_expected_of_an_earlier_one():
    predictors = Predictors(ORDERS, MU_LAW, 0.1 * noise(5 * BOOK_ORDER).reshape(5, BOOK_ORDER))
    sound = 0.3 * chime(3000)
    whole, _ = followed(predictors, sound)
    for moment in (1, 64, 1000, 2047):
        changed, _ = followed(predictors, np.concatenate([sound[:moment], np.sign(noise(3000 - moment))]))
        np.testing.assert_array_equal(changed[:moment], whole[:moment])
        np.testing.assert_array_equal(changed[moment, :-1], whole[moment, :-1])
        assert (changed[moment + 1 :] != whole[moment + 1 :]).any()


def test_many_voices_side_by_side_are_followed_as_each_by_itself(monkeypatch):
    predictors = Predictors(ORDERS, MU_LAW, 0.1 * noise(5 * BOOK_ORDER).reshape(5, BOOK_ORDER), context=16)
    codes = MU_LAW.encode(0.3 * noise(4 * 500).reshape(4, 500))
    begun = predictors.begin(codes[:, :16])
    alone = predictors.follow(codes[:, 16:], begun)
    monkeypatch.setattr(linear_prediction, "MANY_SAMPLES", 4 * 484)
    monkeypatch.setattr(linear_prediction, "ThreadPoolExecutor", used := Mock(wraps=ThreadPoolExecutor))
    together = predictors.follow(codes[:, 16:], begun)
    assert used.called
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("cut", [1, 63, 64, 777])
def test_a_sound_in_two_parts_is_expected_as_the_whole_is(cut):
    predictors = Predictors(ORDERS, MU_LAW, 0.1 * noise(5 * BOOK_ORDER).reshape(5, BOOK_ORDER), context=16)
    codes = MU_LAW.encode(np.stack([0.3 * chime(1600), 0.1 * noise(1600)]))
    begun = predictors.begin(codes[:, :16])
    whole, after = predictors.follow(codes[:, 16:], begun)
    first, state = predictors.follow(codes[:, 16 : 16 + cut], begun)
    second, end = predictors.follow(codes[:, 16 + cut :], state)
    np.testing.assert_array_equal(np.concatenate([first, second[:, 16:]], axis=1), whole)
    np.testing.assert_array_equal(second[:, :16, -1], whole[:, cut : cut + 16, -1])
    np.testing.assert_array_equal(end, after)


@each_hard_sound
@each_codec
def test_all_features_of_any_sound_are_finite_and_every_scale_is_above_zero(sound, codec):
    features, state = followed(Predictors(ORDERS, codec), sound)
    assert np.isfinite(features).all() and np.isfinite(state).all()
    assert (features[:, 1:-1:3] > 0).all()
    assert (np.abs(features[:, -1]) <= 1).all()


@each_hard_sound
def test_every_pole_lies_inside_the_unit_circle(sound):
    for order in ORDERS:
        predictors = Predictors((order,), MU_LAW)
        codes = MU_LAW.encode(sound)[None]
        state = predictors.begin(codes[:, :0])
        for start in range(0, len(sound), 500):
            _, state = predictors.follow(codes[:, start : start + 500], state)
            poles = np.roots([1, *-predictors.weights(state[0], 0)])
            assert np.abs(poles).max(initial=0) < 1 + 1e-7  # what np.roots loses in double poles


@pytest.mark.parametrize("sound", [chime(16000), 0.5 * np.sin(np.arange(16000) * 0.2)], ids=["chime", "tone"])
def test_a_predictor_that_hears_only_itself_never_grows(sound):
    predictors = Predictors((64,), MU_LAW)
    _, state = followed(predictors, sound)
    weights, past = predictors.weights(state, 0), list(MU_LAW.decode(MU_LAW.encode(sound))[-64:].astype(float))
    loudest = np.abs(past).max()
    for _ in range(16000):
        past.append(float(weights @ past[:-65:-1]))
    played = np.abs(past[64:])
    assert played[-4000:].max() <= played[:4000].max() * 1.0001
    assert played.max() < 4 * loudest


def rung_up(loudest):
    """Half a second in which each sample is what was expected and a little more, as a careless model would play it."""
    predictors = Predictors((8,), LINEAR, loudest=loudest)
    sound = 0.1 * np.sin(np.arange(1000))
    codes = LINEAR.encode(sound)[None]
    _, state = predictors.follow(codes, predictors.begin(codes[:, :0]))
    played = []
    for _ in range(4000):
        guess = predictors.follow(codes[:, -1:], state)[0][0, 0, 0]
        codes = LINEAR.encode(np.array([[np.clip(1.02 * guess, -1, 1)]]))
        _, state = predictors.follow(codes, state)
        played.append(LINEAR.decode(codes)[0, 0])
    return np.array(played)


def test_what_is_rung_up_stays_about_as_loud_as_the_recordings():
    assert np.abs(rung_up(1.0)).max() > 0.9
    assert np.abs(rung_up(0.1)).max() < 0.1 * math.sqrt(2) * 1.25


def test_the_loudest_moment_is_found_in_clips_of_any_length(monkeypatch):
    clips = [MU_LAW.encode(np.repeat(level, 3000)) for level in (0.1, 0.7, 0.01)]
    assert levels_of(Codes.of_arrays(clips, 128), MU_LAW)[0] == pytest.approx(0.7, rel=0.03)
    monkeypatch.setattr(linear_prediction, "LEVEL_PIECE", 1000)
    assert levels_of(Codes.of_arrays(clips, 128), MU_LAW)[0] == pytest.approx(0.7, rel=0.03)
    short = Codes.of_arrays([MU_LAW.encode(np.full(3, 0.5))], 128)
    assert levels_of(short, MU_LAW)[0] == pytest.approx(
        0.5 * math.sqrt(1 - math.exp(-3 / linear_prediction.LEVEL_MEMORY)), rel=0.03
    )


def test_recordings_are_never_damped():
    """A model learns from them what predictors say of them, and none of them is louder than the loudest."""
    sound = 0.5 * chime(8000)
    codes = Codes.of_arrays([MU_LAW.encode(sound)], 128)
    damped = Predictors(ORDERS, MU_LAW, loudest=levels_of(codes, MU_LAW)[0] * (1 + 1e-9))
    np.testing.assert_array_equal(followed(damped, sound)[0], followed(Predictors(ORDERS, MU_LAW), sound)[0])


def drawn(predictors, sounds, samples, chance, labels=None):
    """Codes, (voices, samples), that go on after `sounds`, each drawn round what was expected of it."""
    codes, played = predictors.codec.encode(sounds), []
    state = predictors.begin(codes)
    predictors.keep_levels(state, labels)
    for _ in range(samples):
        guess, scale = predictors.follow(codes[:, -1:], state)[0][:, 0, :2].T  # whatever the code is that comes now
        codes = predictors.codec.encode(np.clip(guess + scale * chance.logistic(size=len(codes)), -1, 1))[:, None]
        _, state = predictors.follow(codes, state)
        played.append(codes[:, 0])
    return np.stack(played, axis=1)


def levels_drawn(drift, labels=None):
    """The level of each of 16 voices, dBFS, a second after they were noise."""
    predictors, chance = Predictors((8,), MU_LAW, loudest=0.5, drift=drift), np.random.default_rng(0)
    codes = drawn(predictors, 0.05 * chance.standard_normal((16, 1000)), 16000, chance, labels)
    return 10 * np.log10(np.mean(MU_LAW.decode(codes[:, -1600:]) ** 2, axis=1))


def test_what_is_drawn_stays_about_as_loud_as_the_recordings():
    """By themselves scales wander: after a second, most of these are far softer, and one is far louder."""
    hiss = Codes.of_arrays([MU_LAW.encode(0.05 * noise(16000, seed)) for seed in range(4)], MU_LAW.centre)
    level = 20 * math.log10(0.05)
    held, wandering = (levels_drawn(drift) - level for drift in (levels_of(hiss, MU_LAW)[1], np.zeros((1, LEVELS))))
    assert np.abs(held).max() < 12 < np.median(np.abs(wandering))


def test_voices_keep_to_the_levels_of_their_label():
    clips = [MU_LAW.encode(level * noise(16000, seed)) for seed, level in enumerate((0.3, 0.01, 0.3, 0.01))]
    codes = replace(Codes.of_arrays(clips, MU_LAW.centre), labels=("loud", "soft", "loud", "soft"))
    everything, *each, unknown = drift = levels_of(codes, MU_LAW, ("loud", "soft", "unknown"))[1]
    for own, level in zip(each, (0.3, 0.01), strict=True):
        alone = Codes.of_arrays([MU_LAW.encode(level * noise(32000))], MU_LAW.centre)
        occurring = linear_prediction._level(level**2)
        around = slice(occurring - 1, occurring + 2)
        np.testing.assert_allclose(own[around], levels_of(alone, MU_LAW)[1][0][around], atol=0.02)
    np.testing.assert_array_equal(unknown, everything)  # no recording, so those of all
    loud, soft = np.split(levels_drawn(drift, np.repeat(np.eye(3)[:2], 8, axis=0)), 2)
    assert abs(np.median(loud) - 20 * math.log10(0.3)) < 6 and abs(np.median(soft) - 20 * math.log10(0.01)) < 6
    blended = Predictors((8,), MU_LAW, drift=drift)
    state = blended.begin(MU_LAW.encode(np.zeros((2, 8))))
    blended.keep_levels(state, np.array([[0.5, 0.5, 0], [1, 1, 1]]))
    factors = state[:, linear_prediction.DRIFT : linear_prediction.FIRST]
    np.testing.assert_allclose(factors[0], np.exp(drift[1:3]).mean(axis=0), rtol=1e-6)
    assert factors[1].max() <= linear_prediction.MOST_WIDER  # shares of more than 1 together are no stronger pull


@each_codec
def test_only_silence_is_expected_surely(codec):
    """Of what stands still, however well it was guessed."""
    for level in (0.0, 0.4, -0.9):
        guess, scale = followed(Predictors((8,), codec), np.full(4000, level))[0][-1, :2]
        half_step = codec.error_bound(np.array([guess]))[0]
        stays = math.tanh(half_step / scale / 2)  # what of a logistic distribution lies within the code's step
        assert stays < 0.99 if level else stays > 0.999


def test_what_stands_still_moves_on():
    """Recordings hardly hold a code for longer than ten milliseconds, unless they are silent."""
    codes = drawn(Predictors((8,), MU_LAW), np.full((16, 1000), 0.3), 3000, np.random.default_rng(0))
    for voice in codes:
        held = np.diff(np.flatnonzero(np.diff(voice, prepend=-1, append=-1)))
        assert held.max() < 600


def test_levels_that_recordings_have_as_often_as_those_beside_them_are_left_alone():
    swell = noise(160_000) * 10 ** (np.linspace(-60, -20, 160_000) / 20)
    (drift,) = levels_of(Codes.of_arrays([MU_LAW.encode(swell)], MU_LAW.centre), MU_LAW)[1]
    steps = [linear_prediction._level(10 ** (level / 10)) for level in (-50, -45, -40, -35, -30)]
    assert np.abs(drift[steps]).max() < 0.01
    assert drift[linear_prediction._level(1e-8)] > 0.03 and drift[-1] < -0.03


def test_a_longer_predictor_hears_partials_that_a_short_one_cannot_tell_apart():
    sound = sum(0.05 * np.sin(np.arange(16000) * 2 * np.pi * pitch / 16000) for pitch in range(400, 2400, 97))
    features, _ = followed(Predictors((8, 128), Quantisation("linear", 65536)), sound)  # fine codes: no noise
    missed = np.abs(features[4000:, (0, 3)] - sound[4000:, None]).mean(axis=0)
    assert missed[1] < missed[0] / 2


def test_the_excitation_is_small_while_a_sound_rings_and_large_where_it_is_struck():
    sound = 0.3 * np.concatenate([chime(4000), chime(4000)])
    features, _ = followed(Predictors(ORDERS, LINEAR), sound)
    ringing, struck = np.abs(features[3000:3900, -1]), np.abs(features[4000:4010, -1])
    assert struck.max() > 0.9 and np.median(ringing) < 0.5


def test_the_excitation_tells_in_scales_how_far_the_sample_lay_from_what_was_expected():
    features, _ = followed(Predictors((8,), LINEAR), 0.1 * noise(1000))
    heard = LINEAR.decode(LINEAR.encode(0.1 * noise(1000)))
    guess, scale, missed = features[:, 0], features[:, 1], features[:, -1]
    np.testing.assert_allclose(missed, np.tanh((heard - guess) / scale / 4), atol=1e-4)


def recordings():
    """Two sounds with one resonance each, as codes."""
    tones = [0.3 * np.sin(np.arange(8000) * step) * np.exp(-np.arange(8000) / 4000) for step in (0.3, 0.7)]
    return Codes.of_arrays([MU_LAW.encode(tone + 0.001 * noise(8000)) for tone in tones], MU_LAW.centre)


def settings_of(**changes):
    return ModelSettings(predictors=(8,), **changes)


def test_a_book_knows_the_resonances_of_its_recordings_at_once():
    """Half a second in, a predictor has learned them; in the first hundredth of a second it has not."""
    book, *_ = book_of(recordings(), settings_of(book=16))
    assert book.shape == (16, BOOK_ORDER) and book.dtype == np.float32
    sound = 0.3 * np.sin(np.arange(2000) * 0.7)
    features, _ = followed(Predictors((32,), MU_LAW, book), sound)
    missed = np.abs(features[:, (0, 3)] - sound[:, None])
    assert missed[40:100, 1].mean() < missed[40:100, 0].mean() / 2


def test_a_book_is_the_same_for_the_same_seed_and_another_for_another():
    codes, settings = recordings(), settings_of(book=4)
    for part in range(2):
        one, same, other = (book_of(codes, settings, seed=seed)[part] for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()


def test_moments_are_stretches_of_the_recordings_mostly_of_their_loud_places():
    """Half a second is loud and 1.5 s are a hundredth of that."""
    level = np.repeat([0.5, 0.005], [8000, 24000])
    codes = Codes.of_arrays([MU_LAW.encode(level * noise(32000))], MU_LAW.centre)
    _, moments, _ = book_of(codes, settings_of(book=32))
    assert moments.shape == (32, MOMENT) and moments.dtype == np.int32
    after_silence = np.pad(codes.array, (MOMENT, 0), constant_values=MU_LAW.centre)
    windows = np.lib.stride_tricks.sliding_window_view(after_silence, MOMENT)
    assert all((windows == moment).all(axis=1).any() for moment in moments)
    loudness = np.sqrt(np.mean(np.square(MU_LAW.decode(moments)), axis=1))
    assert np.mean(loudness > 0.1) > 0.9


@pytest.mark.parametrize("lengths", [(1,), (5, 3), (40,)])
@pytest.mark.parametrize("loud", [0.0, 0.3])
def test_recordings_that_are_short_or_silent_give_a_book_too(lengths, loud):
    codes = Codes.of_arrays([MU_LAW.encode(loud * noise(length)) for length in lengths], MU_LAW.centre)
    book, moments, _ = book_of(codes, settings_of(book=8))
    assert book.shape == (8, BOOK_ORDER) and np.isfinite(book).all()
    assert moments.shape == (8, MOMENT) and moments.min() >= 0 and moments.max() < 256


def test_what_is_likely_of_late_is_told_in_nats_beyond_blind_chance():
    """On a tone a predictor gains on blind chance, on noise that fills all codes alike it does not."""
    predictors = Predictors((32,), LINEAR)
    tone, _ = followed(predictors, 0.5 * np.sin(np.arange(8000) * 0.1))
    assert tone[4000:, 2].min() > math.log(256) / 2 * 32  # half of what can be gained, over some 32 samples
    anything, _ = followed(predictors, np.random.default_rng(0).uniform(-1, 1, 8000))
    assert anything[4000:, 2].mean() < 0


def test_moments_that_are_no_codes_become_some():
    """A stranger's capsule may hold any finite number where codes are looked up without a check."""
    weight = np.array([[-3e38, -1, 0, 127.0, 255, 256, 3e38]], np.float32)
    np.testing.assert_array_equal(moments_in(weight, MU_LAW), [[0, 0, 0, 127, 255, 255, 255]])


def test_moments_between_two_epochs_of_a_run_stay_what_they_are():
    """Weights between two models are sums of shares, which rounding leaves a little below the codes of both."""
    codes = np.arange(256, dtype=np.float32)[None]
    for share in np.linspace(0, 1, 11):
        between = ((1 - share) * codes + share * codes).astype(np.float32)
        np.testing.assert_array_equal(moments_in(between, MU_LAW), codes)
        np.testing.assert_array_equal(moments_in(np.nextafter(between, np.float32(-1)), MU_LAW), codes)
