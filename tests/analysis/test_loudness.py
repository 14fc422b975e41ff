"""How loud a recording sounds, gathered block by block, against the standard's own meter over the whole sound."""

import numpy as np
import pytest

from prism_lessons.analysis import Loudness

RATE = 16000


@pytest.mark.parametrize("rate", [16000, 44100, 11025])
def test_loudness_is_that_of_the_standard_across_blocks(rate):
    from pyloudnorm import Meter

    chance = np.random.default_rng(0)
    steps = np.repeat(chance.uniform(0.01, 0.3, 25), rate)
    sound = (steps * chance.standard_normal(len(steps))).astype(np.float32)
    loudness = Loudness(rate)
    for start in range(0, len(sound), 77777):
        loudness.add(sound[start : start + 77777])
    assert loudness.lufs == pytest.approx(Meter(rate).integrated_loudness(sound), abs=0.1)


@pytest.mark.parametrize("samples", [0, 100, 40000])
def test_silence_and_what_is_too_short_have_no_loudness(samples):
    loudness = Loudness(RATE)
    loudness.add(np.zeros(samples, np.float32))
    assert loudness.lufs is None
