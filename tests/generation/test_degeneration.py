"""What a model falls into is found, what only sounds like it is not, and a nudge helps it out."""

import json
from pathlib import Path

import numpy as np
import pytest

from prism_lessons.audio import load
from prism_lessons.generation import generate
from prism_lessons.generation.degeneration import FREE, MOST_NUDGES, NUDGE, SILENT, TONE, DegenerationDetector
from prism_lessons.quantisation import Quantisation
from prism_lessons.run import as_capsule

EXAMPLES = Path(__file__).parents[2] / "datasets_examples"
PLAIN = EXAMPLES / "trained" / "breath_plain"
RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
RATE = 16000
PIECE = 4096


def time_of(seconds, rate=RATE):
    return np.arange(round(seconds * rate)) / rate


def noise(seconds, seed=0, level=0.1):
    return level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def sine(seconds, frequency=220.0, rate=RATE):
    return 0.3 * np.sin(2 * np.pi * frequency * time_of(seconds, rate))


def harmonic(seconds, frequency=110.0):
    """A reed-like tone, with a little hiss, and played in 256 codes, as a model would."""
    tone = sum(np.sin(2 * np.pi * frequency * n * time_of(seconds) + n) / n for n in range(1, 12))
    codec = Quantisation("mu-law", 256)
    return codec.decode(codec.encode(0.2 * tone + noise(seconds, level=0.004)))


def bell(seconds, decay=4.0):
    """Struck once; its partials are 60 dB down after `decay` seconds."""
    partials = sum(np.sin(2 * np.pi * 440 * ratio * time_of(seconds)) for ratio in (0.5, 1, 1.19, 1.56, 2, 2.67))
    return 0.15 * partials * 10 ** (-3 * time_of(seconds) / decay)


def rhythm(seconds, every=0.5):
    """The same click over and over."""
    return np.tile(np.pad(noise(0.05, level=0.3), (0, round((every - 0.05) * RATE))), round(seconds / every))


def glissando(seconds):
    """An octave in four seconds."""
    return 0.3 * np.sin(2 * np.pi * 220 * 4 / np.log(2) * 2 ** (time_of(seconds) / 4))


def tremolo(seconds):
    """A tone that swells and fades twice in five seconds."""
    return sine(seconds) * (0.55 + 0.45 * np.sin(2 * np.pi * 0.4 * time_of(seconds)))


def melody(seconds):
    """Four notes, three times; every one of them comes back just as it was."""
    return np.concatenate([sine(seconds, frequency) for frequency in (220, 247, 330, 294)] * 3)


def vibrato(seconds):
    return 0.3 * np.sin(2 * np.pi * 220 * time_of(seconds) + 3 * np.sin(2 * np.pi * 5.3 * time_of(seconds)))


def heard(*voices, rate=RATE, **how):
    """The `DegenerationDetector` that have heard some sounds of one length, a piece at a time."""
    detector, sound = DegenerationDetector(rate, len(voices), **how), np.array(voices, np.float32)
    for start in range(0, sound.shape[1], PIECE):
        piece = sound[:, start : start + PIECE]
        detector.update(piece, start + piece.shape[1])
    return detector


def found(sound, rate=RATE):
    return [event["what"] for event in heard(sound, rate=rate).events]


def test_silence_is_found_a_second_after_it_begins():
    detector = heard(np.concatenate([noise(2), np.zeros(3 * RATE)]))
    assert [(event["what"], event["voice"]) for event in detector.events] == [(SILENT, 1)]
    assert 3.0 <= detector.events[0]["seconds"] <= 3.0 + PIECE / RATE + 0.01


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_silence_may_have_an_offset_and_a_hiss_that_no_one_hears(offset):
    assert found(noise(3, level=0.0003) + offset) == [SILENT]
    assert found(noise(3, level=0.003) + offset) == []


def test_a_voice_that_goes_on_too_softly_to_be_heard_is_in_the_trap_until_it_can_be():
    """White noise measures about 3 LU more than its level in dBFS: -57 and -47 LUFS."""
    faint, soft = 10 ** (-60 / 20), 10 ** (-50 / 20)
    assert found(noise(4, level=faint)) == [SILENT]
    assert found(np.concatenate([noise(2, level=faint), noise(2, level=soft)])) == [
        SILENT,
        "is out again (fell silent)",
    ]


def test_a_bell_that_rings_away_below_what_can_be_heard_is_left_alone_until_it_is_over():
    """Struck at -18 dBFS, it falls by 10 dB a second: through -50 LUFS after about 3 s, to -60 dBFS after 4."""
    detector = heard(np.concatenate([bell(8, decay=6.0)]))
    assert [event["what"] for event in detector.events] == [SILENT]
    assert detector.events[0]["seconds"] > 4.5


def test_a_pause_is_no_silence():
    assert found(np.concatenate([noise(2), np.zeros(round(0.9 * RATE)), noise(2)])) == []


@pytest.mark.parametrize(
    "tone", [sine(5), sine(5, 55.0), sine(5, 3000.0), harmonic(5), harmonic(5, 30.0), sine(5) + sine(5, 330.0)]
)
def test_a_tone_that_stands_is_found_within_three_seconds(tone):
    detector = heard(np.concatenate([noise(2), tone]))
    assert [event["what"] for event in detector.events] == [TONE]
    assert 4.0 < detector.events[0]["seconds"] < 2 + 2.45 + PIECE / RATE + 0.01


@pytest.mark.parametrize("rate", [2000, 8000, 44100, 48000])
def test_at_any_sample_rate(rate):
    assert found(sine(4, rate=rate), rate) == [TONE]
    assert found(np.zeros(4 * rate), rate) == [SILENT]
    assert found(0.1 * np.random.default_rng(0).standard_normal(4 * rate), rate) == []


MOVING = {
    "noise": noise(8),
    "brown noise": np.cumsum(noise(8)) / 50,
    "a tone in the wind": sine(8) + noise(8, level=0.07),
    "a bell": bell(3.8),
    "a long bell": bell(5, 6.0),
    "a rhythm": rhythm(8),
    "a fast rhythm": rhythm(8, 0.2),
    "a glissando": glissando(8),
    "a tremolo": tremolo(8),
    "vibrato": vibrato(8),
    "a melody": melody(0.5),
    "a slow melody": melody(1.5),
}


@pytest.mark.parametrize("sound", MOVING.values(), ids=MOVING.keys())
def test_what_moves_is_not_stuck(sound):
    assert found(sound) == []


@pytest.mark.parametrize("name", ["bells", "breath"])
def test_recordings_of_the_examples_are_in_no_trap(name):
    """Bells ring on and whispers hold their vowels, and both pause."""
    for path in sorted((EXAMPLES / name).glob("*.flac"))[::3]:
        assert found(load(path).samples) == [], path.stem


def test_of_real_recordings_two_are_in_a_trap_guitars_that_have_faded_out():
    """A drone as still as a computed one would be in one too, and is music all the same."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not there")
    flagged = {}
    for path in sorted(RECORDINGS.glob("*.flac")):
        if events := found(load(path, RATE).samples):
            flagged[path.stem] = events
    assert flagged == {"guit_e_slide": [SILENT], "guit_em9": [SILENT]}


def test_every_voice_is_watched_for_itself():
    detector = heard(noise(6), np.concatenate([noise(1), np.zeros(5 * RATE)]), np.concatenate([noise(1), sine(5)]))
    assert [(event["voice"], event["what"]) for event in detector.events] == [(2, SILENT), (3, TONE)]


def test_it_is_said_when_a_voice_is_out_again():
    detector = heard(np.concatenate([noise(1), np.zeros(2 * RATE), noise(2), sine(4), noise(2)]))
    assert [event["what"] for event in detector.events] == [
        SILENT,
        "is out again (fell silent)",
        TONE,
        "is out again (stuck on a tone)",
    ]
    seconds = [event["seconds"] for event in detector.events]
    for at, due in zip(seconds, (2, 3, 7.4, 9), strict=True):
        assert due <= at <= due + 0.5


def temperatures(samples, voices, value=0.5):
    return np.full((samples, voices), value, np.float32)


def test_without_leave_nothing_is_nudged():
    detector = heard(np.zeros(4 * RATE))
    np.testing.assert_array_equal(detector.nudged(temperatures(PIECE, 1), 4 * RATE), temperatures(PIECE, 1))
    assert [event["what"] for event in detector.events] == [SILENT]


def test_a_nudge_raises_the_temperature_of_that_voice_for_half_a_second():
    detector = heard(noise(1), np.zeros(RATE), nudge=True)
    asked = detector.nudged(temperatures(RATE, 2), RATE)
    np.testing.assert_array_equal(asked[:, 0], 0.5)
    np.testing.assert_allclose(asked[: RATE // 2, 1], FREE * NUDGE)
    np.testing.assert_array_equal(asked[RATE // 2 :, 1], 0.5)
    # What is freer already is made freer still.
    np.testing.assert_allclose(detector.nudged(temperatures(9, 2, 1.2), RATE)[:, 1], 1.2 * NUDGE)
    assert [event["what"] for event in detector.events] == [SILENT, "nudged, 1.25 times as free"]


def test_the_temperatures_given_are_left_as_they_are():
    detector, given = heard(np.zeros(RATE), nudge=True), temperatures(RATE, 1)
    detector.nudged(given, RATE)
    np.testing.assert_array_equal(given, temperatures(RATE, 1))


def test_nudges_grow_until_it_is_out_and_begin_anew():
    detector, strengths = DegenerationDetector(RATE, 1, nudge=True), []
    for number in range(24):  # half seconds
        detector.update(np.zeros((1, RATE // 2), np.float32), (number + 1) * RATE // 2)
        strengths.append(detector.nudged(temperatures(1, 1), (number + 1) * RATE // 2)[0, 0])
    expected = [0.5, *(FREE * NUDGE ** min(number, MOST_NUDGES) for number in range(1, 24))]
    np.testing.assert_allclose(strengths, expected, rtol=1e-6)
    detector.update(noise(0.5)[None].astype(np.float32), 25 * RATE // 2)
    assert detector.events[-1]["what"] == "is out again (fell silent)"
    for number in range(25, 27):
        detector.update(np.zeros((1, RATE // 2), np.float32), (number + 1) * RATE // 2)
    assert detector.nudged(temperatures(1, 1), 27 * RATE // 2)[0, 0] == pytest.approx(FREE * NUDGE)


def test_a_voice_that_is_out_is_no_longer_nudged_though_half_a_second_is_not_over():
    detector = heard(np.zeros(RATE), nudge=True)
    detector.update(noise(0.25)[None].astype(np.float32), RATE + RATE // 4)
    assert detector.nudged(temperatures(1, 1, 1.0), RATE + RATE // 4)[0, 0] == 1


def test_watching_goes_on_after_a_pause_as_if_there_had_been_none():
    sound = np.concatenate([noise(1), np.zeros(2 * RATE), sine(5), noise(1)]).astype(np.float32)[None]
    middle = 2 * RATE + RATE // 2
    whole, first, second = (DegenerationDetector(RATE, 1, nudge=True) for _ in range(3))
    for start in range(0, sound.shape[1], RATE // 4):
        end = start + RATE // 4
        whole.update(sound[:, start:end], end)
        if end <= middle:
            first.update(sound[:, start:end], end)
    state = json.loads(json.dumps(first.state()))
    first.update(sound[:, :RATE], middle + RATE)  # what comes later changes nothing of what was kept
    second.append(sound[:, :middle])
    second.restore(state)
    for start in range(middle, sound.shape[1], RATE // 4):
        second.update(sound[:, start : start + RATE // 4], start + RATE // 4)
    assert second.events == whole.events and len(whole.events) > 4
    assert second.state() == whole.state()


def silent_shares(takes):
    """The share of each take's last two seconds in which it is silent."""
    ends = [take.samples[-2 * RATE :].reshape(40, -1) for take in takes]
    return [float((end.std(axis=1) < 0.001).mean()) for end in ends]


def test_a_model_that_falls_silent_at_a_low_temperature_is_brought_out_by_nudges():
    capsule = as_capsule(PLAIN)
    left, nudged = (generate(capsule, 5, voices=3, temperature=0.5, seed=1, nudge=nudge) for nudge in (False, True))
    assert min(silent_shares(left)) == 1
    assert all([event["what"] for event in take.about["events"]] == [SILENT] for take in left)
    assert max(silent_shares(nudged)) < 0.6
    for take in nudged:
        events = [event["what"] for event in take.about["events"]]
        assert events[0] == SILENT and events[1].startswith("nudged") and "is out again (fell silent)" in events
        first = round(take.about["events"][0]["seconds"] * RATE)
        np.testing.assert_array_equal(take.samples[:first], left[take.about["voice"] - 1].samples[:first])


def test_a_voice_that_fell_silent_hears_another_moment_of_the_recordings_if_the_model_keeps_some():
    capsule = as_capsule(EXAMPLES / "trained" / "bells")
    left, nudged = (generate(capsule, 5, voices=16, temperature=0.95, seed=3, nudge=nudge) for nudge in (False, True))
    woken = 0
    for alone, take in zip(left, nudged, strict=True):
        if not take.about["events"] or take.about["events"][0]["seconds"] > 4:
            continue
        fell, moved, out = take.about["events"][:3]
        assert (fell["what"], moved["what"]) == (SILENT, "nudged, has heard another moment of the recordings")
        assert out["what"] == "is out again (fell silent)" and out["seconds"] - moved["seconds"] < 0.5
        first = 512 * round(moved["seconds"] * RATE / 512)  # said to a hundredth of a second, at the end of a piece
        np.testing.assert_array_equal(take.samples[:first], alone.samples[:first])
        after = [one.samples[first : first + 4000].std() for one in (alone, take)]
        assert after[1] > 0.01
        woken += after[1] > 4 * after[0]  # some would have struck by themselves
    assert woken >= 3
