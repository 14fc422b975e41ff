import numpy as np
import pytest

from prism_lessons.corpus.doctor.channels import Channels

RATE = 16000
RANDOM = np.random.default_rng(1)
MONO, OTHER = (RANDOM.standard_normal((2, 4 * RATE)) * 0.1).astype(np.float32)


def findings(left, right, cuts=()):
    frames = np.stack([left, right], axis=1).astype(np.float32)
    detector = Channels(RATE, 2)
    for block in np.split(frames, cuts):
        detector.add(block, block.mean(axis=1))
    return detector.findings()


def test_an_inverted_channel_is_found_and_the_louder_one_named():
    (finding,) = findings(0.9 * MONO, -MONO)
    assert finding.kind == "cancelling" and finding.values == {"channel": 1}
    assert finding.places == ()  # it is in all of it


@pytest.mark.parametrize("correlation", [1, 0.5, 0, -0.3])
def test_stereo_that_is_merely_wide_is_left_alone(correlation):
    assert findings(MONO, correlation * MONO + np.sqrt(1 - correlation**2) * OTHER) == []


def test_channels_of_a_correlation_of_minus_0_7_are_found():
    (finding,) = findings(MONO, -0.7 * MONO + np.sqrt(0.51) * OTHER)
    assert finding.kind == "cancelling"


def test_a_stretch_that_cancels_is_placed():
    right = MONO.copy()
    right[RATE : 3 * RATE] *= -1
    (finding,) = findings(MONO, right)
    ((start, end),) = finding.places
    assert start == pytest.approx(1, abs=0.1) and end == pytest.approx(3, abs=0.1)  # a frame is 0.1 s long


def test_a_bass_that_cancels_is_found_below_treble_that_does_not():
    time = np.arange(4 * RATE) / RATE
    bass = np.sin(2 * np.pi * 60 * time) * 0.2
    (finding,) = findings(bass + MONO, -bass + MONO)
    assert finding.kind == "cancelling"


def test_one_silent_channel_is_one_sided():
    (finding,) = findings(0 * MONO, MONO)
    assert finding.kind == "one_sided" and finding.values == {"channel": 1}
    (finding,) = findings(MONO, 0.005 * OTHER)
    assert finding.values == {"channel": 0}


def test_a_channel_20_db_softer_is_not_silent():
    assert findings(MONO, 0.1 * OTHER) == []


def test_silence_mono_and_no_sound_at_all_have_no_findings():
    assert findings(0 * MONO, 0 * MONO) == []
    assert findings(MONO[:0], MONO[:0]) == []
    mono = Channels(RATE, 1)
    mono.add(MONO[:, None], MONO)
    assert mono.findings() == []


def test_the_findings_do_not_depend_on_the_cuts():
    right = MONO.copy()
    right[: 3 * RATE] *= -1
    whole = findings(MONO, right)
    assert whole and findings(MONO, right, [1, 777, 30000]) == whole == findings(MONO, right, range(999, 64000, 999))
