"""Blind listening: the interval is exact, and the words say what it allows and no more."""

import numpy as np
import pytest
from scipy.stats import binom

from prism_lessons.audition.blind import GAMES, Guesses
from prism_lessons.errors import CourseError


@pytest.mark.parametrize("right, total", [(0, 1), (1, 1), (5, 10), (14, 20), (20, 20), (3, 50), (57, 100)])
def test_at_the_ends_of_the_interval_so_many_right_answers_come_with_a_chance_of_2_5_percent(right, total):
    low, high = Guesses("source", right, total).interval
    assert low == 0 if right == 0 else binom.sf(right - 1, total, low) == pytest.approx(0.025, rel=1e-6)
    assert high == 1 if right == total else binom.cdf(right, total, high) == pytest.approx(0.025, rel=1e-6)


def test_the_interval_holds_the_true_rate_in_at_least_95_percent_of_all_experiments():
    for rate in (0.5, 0.6, 0.9):
        for total in (7, 20, 60):
            held = [low <= rate <= high for low, high in (Guesses("age", k, total).interval for k in range(total + 1))]
            assert np.dot(held, binom.pmf(range(total + 1), total, rate)) >= 0.95


def test_somebody_who_cannot_tell_is_told_that_they_can_in_at_most_5_percent_of_all_experiments():
    for total in (5, 10, 20, 47):
        told = ["this may be luck" not in str(Guesses("source", k, total)) for k in range(total + 1)]
        assert np.dot(told, binom.pmf(range(total + 1), total, 0.5)) <= 0.05


def test_the_words_say_luck_skill_and_confusion():
    assert "this may be luck" in str(Guesses("source", 12, 20))
    assert str(Guesses("source", 18, 20)).endswith("you can tell.")
    assert "mistake one for the other" in str(Guesses("source", 2, 20))
    assert "have not guessed yet" in str(Guesses("source", 0, 0))
    assert "More trials would say more" in str(Guesses("age", 5, 8))
    assert "More trials" not in str(Guesses("age", 30, 60))
    assert "95% confidence, exact binomial interval" in str(Guesses("age", 30, 60))


def test_one_trial_is_written_as_one():
    assert "in 1 trial and" in str(Guesses("source", 1, 1))


@pytest.mark.parametrize("values", [("source", 3, 2), ("source", -1, 2), ("colour", 1, 2)])
def test_what_cannot_be_counted_is_refused(values):
    with pytest.raises(CourseError):
        Guesses(*values)


def test_each_game_has_two_answers():
    assert all(len(answers) == len(set(answers)) == 2 for answers in GAMES.values())
