"""What validation listens to: all of a short corpus, a bounded and spread-out part of a long one."""

import numpy as np

from prism_lessons.corpus.codes import Codes
from prism_lessons.scoring import excerpts

RATE = 100  # Hz, so that an excerpt of four seconds is 400 samples


def codes_of_lengths(*lengths):
    return Codes.of_arrays([np.zeros(length, np.uint8) for length in lengths], 128)


def test_a_short_corpus_is_heard_whole_once():
    first, begin, end = excerpts(codes_of_lengths(1000, 50, 400), RATE, seconds=60)
    heard = np.concatenate([np.arange(start, stop) for start, stop in zip(begin, end, strict=True)])
    np.testing.assert_array_equal(heard, np.arange(1450))
    np.testing.assert_array_equal(first, [0, 0, 0, 1000, 1050])
    assert (end - begin).max() == 400


def test_a_long_corpus_costs_no_more_than_asked_and_is_heard_from_end_to_end():
    first, begin, end = excerpts(codes_of_lengths(*[40_000] * 10), RATE, seconds=60)
    assert (end - begin).sum() <= 60 * RATE
    assert len(set(first)) == 10 and begin[0] == 0 and end[-1] == 400_000
