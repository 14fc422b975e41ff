"""The cheapest path through candidates for the pitch of each frame."""

import numpy as np
import pytest

from prism_lessons.analysis.pitch import pitch_track


def tracked(*frames):
    """The path through frames, each {Hz: difference} with as many candidates; None where there is no pitch."""
    hertz, difference = ([[*part(frame)] for frame in frames] for part in (dict.keys, dict.values))
    found = pitch_track(np.array(hertz), np.array(difference))
    return [None if np.isnan(each) else each for each in found]


CLEAR = {400.0: 0.02, 200.0: 0.01}
MISLED = {400.0: 0.15, 200.0: 0.02}


def test_dips_of_equal_depth_are_of_the_highest_pitch():
    assert tracked(CLEAR) == [400]


def test_one_frame_does_not_leave_the_octave_of_those_around_it():
    assert tracked(MISLED) == [200]
    assert tracked(*[CLEAR] * 3, MISLED, *[CLEAR] * 3) == [400] * 7


def test_a_leap_that_lasts_is_followed_when_it_comes():
    assert tracked(*[CLEAR] * 10, *[{800.0: 0.02, 200.0: 0.01}] * 10) == [400] * 10 + [800] * 10


@pytest.mark.parametrize(("uncertain", "expected"), [(0.33, 400), (0.6, None)])
def test_a_frame_that_is_a_little_uncertain_is_no_rest(uncertain, expected):
    frame = {400.0: uncertain, 200.0: 0.9}
    assert tracked(CLEAR, CLEAR, frame, CLEAR, CLEAR) == [400, 400, expected, 400, 400]
    assert tracked(frame) == [None]


def test_noise_and_silence_have_no_pitch():
    assert tracked({400.0: 0.8, 200.0: 0.7}, {400.0: np.inf, 200.0: np.inf}) == [None, None]
