"""Linear prediction: what it needs is what theory says, and it never knows what comes."""

import numpy as np
import pytest

from prism_lessons.corpus.codes import Codes, unigram_bits
from prism_lessons.quantisation import Quantisation
from prism_lessons.training import baselines
from prism_lessons.training.baselines import FLOOR, linear_prediction_bits, probabilities, sample_bits

MU_LAW, LINEAR = Quantisation(), Quantisation("linear")


def bits(samples, quantisation=MU_LAW):
    return sample_bits(quantisation.encode(samples), quantisation)


def normal(count, seed=0):
    return np.random.default_rng(seed).standard_normal(count)


@pytest.mark.parametrize(
    "quantisation",
    [Quantisation(kind, levels) for kind in ("mu-law", "linear") for levels in (256, 255, 16, 3)],
    ids=str,
)
def test_the_probabilities_of_all_codes_sum_to_one(quantisation):
    chance = np.random.default_rng(0)
    guesses, scale = chance.uniform(-1.5, 1.5, (200, 1)), 10 ** chance.uniform(-6, 1, (200, 1))
    found = probabilities(np.arange(quantisation.levels), guesses, scale, quantisation)
    assert np.all(found > 0)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("quantisation", [MU_LAW, LINEAR, Quantisation("mu-law", 15)], ids=str)
def test_the_likeliest_code_is_that_of_the_guess(quantisation):
    guesses = np.random.default_rng(0).uniform(-1, 1, 1000)
    found = probabilities(np.arange(quantisation.levels), guesses[:, None], 1e-6, quantisation)
    assert np.mean(found.argmax(axis=1) == quantisation.encode(guesses)) > 0.99  # some lie on an edge, within 1e-6


def test_no_later_sample_changes_what_an_earlier_one_costs():
    sound = 0.3 * np.sin(np.arange(4000) * 0.1) + 0.02 * normal(4000)
    whole = bits(sound)
    for moment in (1, 63, 64, 1000, 2029):
        changed = np.concatenate([sound[:moment], 0.9 * np.sign(normal(4000 - moment, seed=1))])
        assert np.array_equal(bits(changed)[:moment], whole[:moment])
        assert not np.allclose(bits(changed)[moment:], whole[moment:])
        assert np.allclose(bits(sound[:moment]), whole[:moment])


def test_white_noise_needs_about_its_entropy():
    codes = MU_LAW.encode(0.1 * normal(64000))
    counts = np.bincount(codes) / len(codes)
    entropy = -np.sum(counts[counts > 0] * np.log2(counts[counts > 0]))
    # Above it lie, in bits: 0.03 for a logistic curve in place of the normal one, 0.02 for finding 32 weights from
    # about 2 x 512 samples (log2(1 + 32 / 1024) / 2), 0.01 for finding the scale from about 2 x 32.
    assert entropy < sample_bits(codes, MU_LAW).mean() < entropy + 0.1


def test_silence_costs_nothing_once_it_is_expected():
    # The floor costs FLOOR / ln 2 bits, the two tails of the distribution 2 exp(-10) / ln 2.
    assert bits(np.zeros(64000))[1000:].max() < 1.01 * (FLOOR + 2 * np.exp(-10)) / np.log(2)
    assert bits(np.zeros(64000)).mean() < 0.05


def test_a_sine_in_noise_needs_the_noise_s_entropy_whatever_the_sine():
    step = 1 / LINEAR.half
    tone, noise = 0.5 * np.sin(2 * np.pi * 440 / 16000 * np.arange(64000)), 4 * step * normal(64000)
    entropy = np.log2(4 * np.sqrt(2 * np.pi * np.e))
    found, alone = bits(tone + noise, LINEAR).mean(), bits(noise, LINEAR).mean()
    counting = Codes.of_arrays([LINEAR.encode(tone + noise)], LINEAR.centre)
    # As for white noise; and the guess sums up the noise of 32 samples, with weights of a mean of 1/16 at the best
    # for one tone: their squares sum to 2 / 32, which is 0.04 bits.
    assert entropy < alone < found < entropy + 0.15
    assert unigram_bits(counting, counting, 256) > found + 2


def test_what_repeats_within_the_memory_of_a_moment_is_predicted_and_what_does_not_is_not():
    swell = np.convolve(normal(64000), np.hanning(32), "same")
    swell *= 0.2 / swell.std()
    assert bits(swell).mean() < bits(np.random.default_rng(0).permutation(swell)).mean() - 3


def test_nothing_costs_much_more_than_blind_chance():
    chance = np.random.default_rng(0)
    for quantisation in (MU_LAW, LINEAR):
        anything = chance.integers(0, 256, 64000)
        assert sample_bits(anything, quantisation).mean() < 8 + 0.01
    traps = np.where(np.arange(64000) % 1000, MU_LAW.centre, chance.integers(1, 256, 64000))
    # Of a code that was thought impossible, the floor is left.
    assert sample_bits(traps, MU_LAW).max() <= np.log2(256 / FLOOR) + 1e-9


def test_pieces_are_begun_without_knowing_anything_and_count_by_their_samples():
    sounds = [MU_LAW.encode(level * normal(count)) for level, count in ((0.1, 3000), (0.01, 1), (0.0, 500), (0.3, 70))]
    codes = Codes.of_arrays(sounds, MU_LAW.centre)
    begin = codes.starts[0]
    found = linear_prediction_bits(codes, MU_LAW, begin, begin + codes.lengths[0])
    assert found == pytest.approx(np.concatenate([sample_bits(sound, MU_LAW) for sound in sounds]).mean())


def test_of_much_sound_evenly_spread_pieces_are_listened_to(monkeypatch):
    heard = []
    monkeypatch.setattr(baselines, "MOST_SAMPLES", 500)
    monkeypatch.setattr(baselines, "sample_bits", lambda codes, _: heard.append(codes[0]) or np.ones(len(codes)))
    codes = Codes.of_arrays([np.full(100, number) for number in range(21)], MU_LAW.centre)
    begin = codes.starts[0]
    assert linear_prediction_bits(codes, MU_LAW, begin, begin + codes.lengths[0]) == 1
    assert heard == [0, 5, 10, 15, 20]
