"""Which recordings validation gets, as a pure function of their lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prism_lessons.corpus.split import choose_validation, hash_position


def recordings(count, low=0.5, high=30.0, seed=0):
    lengths = np.random.default_rng(seed).uniform(low, high, count)
    return {f"digest {seed} {index}": float(length) for index, length in enumerate(lengths)}


def share_of(chosen, lengths):
    return sum(lengths[key] for key in chosen) / sum(lengths.values())


lengths_of_any_folder = st.dictionaries(st.text(max_size=8), st.floats(0.02, 36000), min_size=1, max_size=40)
any_share = st.floats(0.001, 0.5)


@given(lengths_of_any_folder, any_share, st.integers(), st.data())
def test_training_and_validation_both_get_something_or_a_recording_has_to_be_cut(lengths, share, seed, data):
    before = data.draw(st.sets(st.sampled_from(sorted(lengths))))
    chosen = choose_validation(lengths, share, seed, before)
    assert chosen < set(lengths)  # never all of them
    if not chosen:  # then there are two at most: the shortest of three or more is a third of the sound at most
        assert len(lengths) <= 2


@given(lengths_of_any_folder, any_share, st.integers())
def test_validation_is_no_more_than_asked_for_by_half_or_one_short_recording(lengths, share, seed):
    chosen = choose_validation(lengths, share, seed)
    if len(chosen) > 1:
        assert share_of(chosen, lengths) <= 1.5 * share + 1e-9  # float sums in another order
    elif chosen:
        assert share_of(chosen, lengths) <= max(1.5 * share, 1 / 3) + 1e-9


def test_three_thousand_recordings_give_about_the_share_asked_for():
    lengths = recordings(3000)
    share = share_of(choose_validation(lengths, 0.1, 0), lengths)
    # Each is chosen with probability 0.1. The share's variance is p (1 - p) sum(length ** 2) / sum(length) ** 2, which
    # for lengths spread evenly from 0.5 to 30 s is 0.09 * 1.31 / 3000: a deviation of 0.0063. Six of them:
    assert abs(share - 0.1) < 0.038


def test_three_hundred_more_recordings_move_none_of_three_thousand():
    lengths = recordings(3000)
    more = lengths | recordings(300, seed=1)
    before, after = choose_validation(lengths, 0.1, 0), choose_validation(more, 0.1, 0)
    assert after & set(lengths) == before
    assert after - before


@given(st.integers(3, 12), st.integers(1, 12), st.integers(0, 5))
def test_adding_to_a_small_corpus_takes_none_out_of_validation(few, more, seed):
    lengths = recordings(few, seed=seed)
    before = choose_validation(lengths, 0.1, seed)
    after = choose_validation(lengths | recordings(more, seed=seed + 100), 0.1, seed, before)
    assert before <= after


def test_what_is_left_of_a_corpus_is_divided_anew():
    """Only what was kept for validation is still there: something must be left to train on."""
    lengths = {"a": 20.0, "b": 20.0, "c": 20.0, "d": 20.0}
    chosen = choose_validation(lengths, 0.1, 0, before=set(lengths))
    assert len(chosen) == 1


def test_recordings_that_are_gone_are_forgotten():
    assert choose_validation({"a": 20.0, "b": 20.0, "c": 20.0}, 0.1, 0, before={"gone"}) == choose_validation(
        {"a": 20.0, "b": 20.0, "c": 20.0}, 0.1, 0
    )


@pytest.mark.parametrize("length", [0.1, 4.0, 7.3, 3600.0])
def test_of_three_equal_recordings_one_is_kept(length):
    assert len(choose_validation({"a": length, "b": length, "c": length}, 0.1, 0)) == 1


@pytest.mark.parametrize("lengths", [{"a": 60.0}, {"a": 60.0, "b": 50.0}])
def test_where_a_whole_recording_would_be_too_much_none_is_chosen(lengths):
    assert choose_validation(lengths, 0.1, 0) == set()


def test_a_long_recording_among_short_ones_stays_in_training():
    lengths = {"long": 3600.0} | recordings(40, 5, 10)
    for seed in range(20):
        assert "long" not in choose_validation(lengths, 0.1, seed)


def test_the_seed_decides_and_the_order_of_files_does_not():
    lengths = recordings(200)
    backwards = dict(reversed(lengths.items()))
    choices = [choose_validation(lengths, 0.1, seed) for seed in (0, 1)]
    assert choices[0] == choose_validation(lengths, 0.1, 0) == choose_validation(backwards, 0.1, 0)
    assert choices[0] != choices[1]  # the chance that two choices of 20 of 200 agree is below 1e-25


def test_positions_are_spread_evenly():
    positions = np.sort([hash_position(f"recording {index}", 0) for index in range(2000)])
    # The greatest distance from even is above 1.95 / sqrt(n) by chance once in a thousand (Kolmogorov-Smirnov);
    # nothing here is left to chance, so it is either there or not.
    assert np.max(np.abs(positions - np.arange(2000) / 2000)) < 1.95 / np.sqrt(2000)
