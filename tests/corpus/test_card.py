"""What a card says in words."""

import pytest

from prism_lessons.corpus.card import what_it_allows


@pytest.mark.parametrize(
    "seconds, words",
    [(60, "1.0 minutes to train on: enough to try"), (121, "enough for a texture"), (3601, "too much for a sketch")],
)
def test_what_some_minutes_allow(seconds, words):
    assert words in what_it_allows(seconds)


def test_minutes_of_silence_allow_nothing():
    assert what_it_allows(900, 0.99) == "15.0 minutes to train on, of which only 9 s are sound."
