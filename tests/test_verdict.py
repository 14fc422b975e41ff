"""The verdict says what the numbers do, in all clear cases, and nothing about the music."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from prism_lessons.run import Epoch
from prism_lessons.verdict import NO_TREND, TREND, _trend_statistic, verdict

CURVES = range(60)
REFERENCES = {"uniform": 8.0, "unigram": 7.5}


def run(validation, training=None, events=(), **references):
    training = validation if training is None else training
    log = [
        Epoch(number, float(bits), float(validation_bits), 30.0 * number, 1000 * number, 1e-3)
        for number, (bits, validation_bits) in enumerate(zip(training, validation, strict=True), start=1)
    ]
    return SimpleNamespace(log=log, references={**REFERENCES, **references}, events=list(events))


def kinds(curves):
    return [verdict(run(*curve)).kind for curve in curves]


def chances():
    for seed in CURVES:
        yield np.random.default_rng(seed)


def exponential(chance, epochs, pace):
    """Bits that fall towards a floor, and come a share 1 / `pace` nearer with each epoch."""
    return chance.uniform(1, 5) + chance.uniform(1, 2) * np.exp(-np.arange(epochs) / pace)


def falling(chance, noise=1.0):
    """A falling curve whose last steps are as large as its scatter, which chance cannot hide in ten epochs."""
    epochs = int(chance.integers(10, 40))
    curve = exponential(chance, epochs, pace=epochs / 2)
    return curve + noise * (curve[-2] - curve[-1]) * chance.standard_normal(epochs)


def plateau(chance, noise):
    """A curve that fell at once and has stood, but for scatter, for at least twenty epochs."""
    fall, stand = exponential(chance, int(chance.integers(2, 20)), pace=1), int(chance.integers(20, 40))
    curve = np.concatenate([fall + 0.3, np.full(stand, fall[-1])])
    return curve + noise * chance.standard_normal(len(curve))


def by_heart(chance):
    """A validation curve that turns and rises in steps as large as its scatter, over training that falls on."""
    training = exponential(chance, 40, pace=10) + 0.002 * chance.standard_normal(40)
    turn, end = int(chance.integers(5, 20)), int(chance.integers(32, 40))
    epochs, step = np.arange(end), chance.uniform(0.02, 0.1)
    # On the way to its lowest point it falls twice as steeply as it rises from there.
    validation = 4 + step * np.maximum(epochs - turn, 2 * (turn - epochs)) + step * chance.standard_normal(end)
    return validation, training[:end], turn + 1


def test_a_falling_curve_is_still_learning_whatever_its_scatter():
    assert set(kinds([falling(chance)] for chance in chances())) == {"learning"}
    assert set(kinds([falling(chance, noise=0)] for chance in chances())) == {"learning"}


def test_one_epoch_that_jumps_up_does_not_hide_a_fall():
    for chance in chances():
        curve = falling(chance, noise=0.3)
        curve[-chance.integers(2, 10)] += 2
        assert verdict(run(curve)).kind == "learning"


def test_a_few_first_epochs_that_fall_each_are_still_learning():
    for epochs in (3, 4, 5, 6, 7, 8, 9):
        assert set(kinds([exponential(chance, epochs, pace=3)] for chance in chances())) == {"learning"}


def test_the_size_of_the_fall_is_that_of_the_curve():
    assert "fallen by about 0.60 bits since epoch 1." in verdict(run([4, 3.6, 3.4])).text
    straight = 6 - 0.1 * np.arange(20)
    # From the median of epochs 11 to 13 to that of 18 to 20.
    assert "fallen by about 0.70 bits since epoch 11." in verdict(run(straight)).text


def test_a_curve_that_stands_without_scatter_is_flat():
    for chance in chances():
        found = verdict(run(plateau(chance, noise=0)))
        assert found.kind == "flat"
    assert verdict(run([5, 4, 3] + 20 * [2.5])).text.startswith("Flat for 20 epochs: validation stays near 2.50 bits")


def test_scatter_passes_for_learning_no_more_often_than_said():
    curves = [[plateau(np.random.default_rng(seed), noise=0.05)] for seed in range(300)]
    found = kinds(curves)
    # Chance goes as far as TREND once in 40 times, as far as NO_TREND once in 6. Only 1 of 1,000 sets of curves would
    # be beyond these limits.
    assert found.count("learning") <= binom.ppf(0.999, 300, 0.025)
    assert found.count("flat") >= binom.ppf(0.001, 300, 1 - 1 / 6 - 0.025)
    assert set(found) <= {"flat", "unclear", "learning", "by heart"}
    assert found.count("by heart") == 0  # training is the same curve here: it cannot fall while validation rises


def test_the_trend_goes_as_far_as_chance_would_have_it():
    chance = np.random.default_rng(0)
    trends = np.array([_trend_statistic(chance.standard_normal(10).tolist()) for _ in range(4000)])
    assert abs(trends.mean()) < 4 / np.sqrt(4000) and trends.std() == pytest.approx(1, abs=0.05)
    assert np.mean(trends >= TREND) < 1 / 40 + 0.01 and np.mean(trends >= NO_TREND) < 1 / 6 + 0.025


def test_validation_that_rises_while_training_falls_is_learning_by_heart():
    for chance in chances():
        validation, training, turn = by_heart(chance)
        found = verdict(run(validation, training))
        assert found.kind == "by heart"
        since = int(re.search(r"since epoch (\d+)", found.text)[1])
        # Of a scatter of one step, four come once in 15,000; that is as far as the lowest point can lie from the turn.
        assert abs(since - turn) <= 4


def test_validation_that_rises_with_training_is_not_learning_by_heart():
    rising = 3 + 0.1 * np.arange(20)
    assert verdict(run(rising, rising)).kind != "by heart"
    assert verdict(run(rising, rising[::-1])).kind == "by heart"


def test_fewer_than_three_epochs_are_too_early():
    assert kinds([[], [5.0], [5.0, 4.0]][n : n + 1] for n in range(3)) == 3 * ["too early"]


def test_a_few_epochs_that_jump_are_not_taken_for_anything():
    for epochs in ([4, 5, 4.5], [5, 4, 4.5, 4.4], [5, 3, 4, 3.5, 3.6]):
        assert verdict(run(epochs)).kind == "unclear"
    assert "goes up and down by about 0.45 bits" in verdict(run([5, 4, 4.5, 4.1, 4.4])).text
    assert "goes up and down by less than 0.01 bits" in verdict(run([4.0, 4.0, 4.0, 3.9])).text
    assert "stays near 4.00 bits, but 4 epochs are too few" in verdict(run(4 * [4.0])).text


def test_validation_above_the_lines_is_said():
    assert verdict(run([8.2, 8.3, 8.25, 8.3, 8.28, 8.3])).kind == "above chance"
    assert verdict(run([7.6, 7.7, 7.65, 7.7, 7.68, 7.7])).kind == "above counting"
    assert verdict(run([7.6, 7.7, 7.65])).kind == "unclear"  # after several epochs only
    assert verdict(run([7.9, 7.8, 7.7, 7.65, 7.6, 7.55])).kind == "learning"  # on its way


def test_passing_below_linear_prediction_is_said_by_those_runs_that_know_it():
    passed = "it now predicts more than the last moments of the wave alone can tell"
    curves = {
        "learning": ([3.5, 3.2, 3.0],),
        "flat": (12 * [3.0],),
        "by heart": (np.r_[4, 3.0 + 0.01 * np.arange(9)], 4 - 0.1 * np.arange(10)),
    }
    for kind, curve in curves.items():
        below = verdict(run(*curve, linear_prediction=3.3))
        assert below.kind == kind and passed in below.text
        assert passed not in verdict(run(*curve, linear_prediction=2.9)).text
        assert passed not in verdict(run(*curve)).text


BACK = {"kind": "blown up", "epoch": 9, "back_to": 7, "rate_factor": 0.5, "text": "."}


def test_a_run_that_has_just_blown_up_says_where_it_went_back_to():
    found = verdict(run(np.linspace(5, 4, 8), events=[{"kind": "begun", "epoch": 0, "text": "."}, BACK]))
    assert found.kind == "blown up"
    assert "went back to epoch 7" in found.text and "0.5 times the learning rate" in found.text
    assert "to the beginning" in verdict(run([], events=[{**BACK, "back_to": 0}])).text


def test_three_epochs_after_blowing_up_the_curve_is_looked_at_again():
    assert verdict(run(np.linspace(5, 4, 9), events=[BACK])).kind == "blown up"
    assert verdict(run(np.linspace(5, 4, 10), events=[BACK])).kind == "learning"


def test_bits_that_are_no_number_are_said_and_otherwise_passed_over():
    for bits in (np.nan, np.inf):
        last = verdict(run([5, 4, bits]))
        assert last.kind == "blown up" and "epoch 3" in last.text
        assert verdict(run([5, 4, bits, 3.5])).kind == "learning"
        assert verdict(run([bits, bits, 5])).kind == "too early"


def test_no_verdict_judges_and_each_is_two_sentences():
    seen = {}
    for chance in chances():
        for curve in (
            [falling(chance)],
            [plateau(chance, 0.05)],
            by_heart(chance)[:2],
            [chance.uniform(7, 9, 8)],
            [[5]],
        ):
            found = verdict(run(*curve))
            seen[found.kind] = found
    jumping = verdict(run([4, 5, 4.5]))
    backs = [verdict(run([], events=[BACK])), verdict(run([np.nan]))]
    counting = verdict(run([7.6, 7.7, 7.65, 7.7, 7.68, 7.7]))
    for found in [*seen.values(), jumping, *backs, counting]:
        assert not re.search(
            r"\b(good|bad|better|best|worse|worst|poor|improve\w*|success\w*|fail\w*)\b", str(found), re.I
        )
        for sentence in (found.text, found.advice):
            assert re.fullmatch(r"[A-Z].*\.", sentence) and ". " not in sentence
    assert len({*seen} | {jumping.kind, counting.kind, "blown up"}) == 8


def test_twice_as_many_epochs_are_not_four_times_the_work():
    class Counted(float):
        compared = 0

        def __lt__(self, other):
            Counted.compared += 1
            return float.__lt__(self, other)

        def __gt__(self, other):
            Counted.compared += 1
            return float.__gt__(self, other)

    def compared(epochs):
        bits = [Counted(4 + each) for each in 0.05 * np.random.default_rng(0).standard_normal(epochs)]
        Counted.compared = 0
        log = [Epoch(number, one, one, 30.0, 1000, 1e-3) for number, one in enumerate(bits, start=1)]
        assert verdict(SimpleNamespace(log=log, references=REFERENCES, events=[])).text.startswith("Flat for")
        return Counted.compared

    assert compared(1000) < 3 * compared(500)
