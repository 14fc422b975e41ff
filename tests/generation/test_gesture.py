"""Gestures: the descriptors of a recording, and of MIDI files, as lines that a take follows."""

import math
import random

import mido
import numpy as np
import pytest

from prism_lessons import checks
from prism_lessons.audio import AudioError, Clip
from prism_lessons.errors import CourseError
from prism_lessons.generation import Gesture

RATE = 16000
TICKS = 480  # a second: a beat of 480 ticks at 60 beats a minute


def glide(seconds=2.0, rate=RATE):
    """From 220 to 440 Hz, growing by 20 dB."""
    time = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * 220 * seconds / math.log(2) * 2 ** (time / seconds)
    return (0.05 * 10 ** (time / seconds) * np.sin(phase)).astype(np.float32)


@pytest.fixture
def midi(tmp_path):
    """A function that writes tracks of (message, seconds since the one before) as a MIDI file."""

    def write(*tracks):
        file = mido.MidiFile(ticks_per_beat=TICKS)
        tempo = mido.MetaMessage("set_tempo", tempo=10**6)
        for track in tracks:
            timed = [message.copy(time=round(seconds * TICKS)) for message, seconds in track]
            file.tracks.append(mido.MidiTrack([tempo, *timed]))
        file.save(tmp_path / "tune.mid")
        return tmp_path / "tune.mid"

    return write


def on(note, velocity=127, channel=0):
    return mido.Message("note_on", note=note, velocity=velocity, channel=channel)


def off(note, channel=0):
    return mido.Message("note_off", note=note, channel=channel)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_recording_of_any_rate_gives_the_same_lines(rate, tmp_path, write_sound):
    of_clip = Gesture.of(Clip(glide(rate=rate), rate, "voice"))
    of_file = Gesture.of(write_sound(tmp_path / "voice.wav", glide(rate=rate), rate))
    for gesture in (of_clip, of_file):
        assert gesture.seconds == 2 and list(gesture.lines) == ["loudness", "brightness", "pitch"]
        assert str(gesture) == "voice, 0:02: loudness, brightness, pitch"
        moments = np.arange(20, 180)
        np.testing.assert_allclose(gesture.line("pitch")[moments], 57 + 0.06 * moments, atol=0.3)
        np.testing.assert_allclose(gesture.line("loudness")[moments], -29.03 + 0.1 * moments, atol=0.2)


def test_amount_and_offset_change_how_far_from_the_median_and_where_it_lies():
    gesture = Gesture.of(Clip(np.concatenate([glide(), np.zeros(4 * RATE, np.float32)]), RATE))
    pitch = gesture.line("pitch")
    assert np.isnan(pitch[210:]).all()  # a rest is left as one
    median = np.nanmedian(pitch)
    for amount, offset in ((0, 0), (0.5, 12), (2, -7), (-1, 0)):
        changed = gesture.line("pitch", amount=amount, offset=offset)
        np.testing.assert_allclose(changed, median + amount * (pitch - median) + offset, atol=1e-4)
    # Four seconds of silence do not decide which loudness is the middle one.
    np.testing.assert_allclose(gesture.line("loudness", amount=0), -19, atol=0.3)


def test_smoothing_averages_without_reaching_into_rests():
    rests = np.repeat([1, 0, 1, 1], RATE).astype(np.float32)
    wobbly = np.sin(
        2 * np.pi * 330 * np.arange(4 * RATE) / RATE + 8 * np.sin(2 * np.pi * 5 * np.arange(4 * RATE) / RATE)
    )
    gesture = Gesture.of(Clip(0.3 * rests * wobbly.astype(np.float32), RATE))
    plain, smooth = gesture.line("pitch"), gesture.line("pitch", smoothing=1)
    np.testing.assert_array_equal(np.isnan(plain), np.isnan(smooth))
    assert np.nanstd(smooth[250:350]) < 0.1 * np.nanstd(plain[250:350])
    assert abs(np.nanmean(smooth) - np.nanmean(plain)) < 0.1
    assert len(gesture.line("loudness", smoothing=60)) == 400  # a window longer than the gesture


def test_only_descriptors_that_a_recording_has_are_there_unless_one_is_asked_for(noise):
    breath = Clip(noise(1), RATE, "breath")
    assert list(Gesture.of(breath).lines) == ["loudness", "brightness"]
    assert list(Gesture.of(breath, ("noisiness",)).lines) == ["noisiness"]
    with pytest.raises(CourseError, match='"breath" has no pitch to follow: leave "pitch" out of names'):
        Gesture.of(breath, names=["loudness", "pitch"])
    with pytest.raises(CourseError, match='has loudness, brightness, not "pitch"'):
        Gesture.of(breath).line("pitch")


def test_a_gesture_is_taken_as_it_is():
    gesture = Gesture.of(Clip(glide(), RATE))
    assert Gesture.of(gesture) is gesture


def test_notes_have_the_pitch_of_the_highest_and_the_loudness_of_the_loudest(midi):
    gesture = Gesture.of(
        midi(
            [(on(60, 127), 0.5), (off(60), 1), (on(62, 64), 0.5), (off(62), 0.5)],
            [(on(48, 100), 1), (off(48), 2)],
        )
    )
    assert gesture.seconds == 3 and str(gesture) == "tune, 0:03: loudness, pitch"
    pitch, loudness = gesture.line("pitch"), gesture.line("loudness")
    for first, last, note, velocity in ((0, 50, None, 0), (50, 150, 60, 127), (150, 200, 48, 100), (200, 250, 62, 100)):
        expected = -10 + 40 * math.log10(velocity / 127) if velocity else -80
        np.testing.assert_array_equal(pitch[first:last], np.float32(note or np.nan))
        np.testing.assert_allclose(loudness[first:last], expected, atol=1e-4)
    np.testing.assert_array_equal(pitch[250:300], 48)


def test_pitch_bend_volume_and_expression_are_followed(midi):
    bend = mido.Message("pitchwheel", pitch=-4096)
    expression, volume = (mido.Message("control_change", control=number, value=64) for number in (11, 7))
    gesture = Gesture.of(midi([(on(60), 0), (bend, 1), (expression, 1), (volume, 1), (off(60), 1)]))
    np.testing.assert_array_equal(gesture.line("pitch")[[50, 150, 250, 350]], [60, 59, 59, 59])
    np.testing.assert_allclose(gesture.line("loudness")[[50, 150, 250, 350]], [-10, -10, -21.9, -33.81], atol=0.01)


def test_the_softest_note_is_no_rest(midi):
    loudness = Gesture.of(midi([(on(60, 1), 0), (off(60), 1), (on(60), 1), (off(60), 1)])).line("loudness")
    np.testing.assert_allclose(loudness[[50, 150, 250]], [-60, -80, -10])


def test_percussion_has_a_loudness_and_no_pitch(midi):
    path = midi([(on(36, channel=9), 0), (off(36, channel=9), 1)])
    assert list(Gesture.of(path).lines) == ["loudness"]
    with pytest.raises(CourseError, match='"tune" has no brightness to follow'):
        Gesture.of(path, ["brightness"])


def test_a_note_of_velocity_0_ends_a_note(midi):
    pitch = Gesture.of(midi([(on(60), 0), (on(60, 0), 1), (on(62), 1), (off(62), 1)])).line("pitch")
    np.testing.assert_array_equal(pitch[[50, 150, 250]], [60, np.nan, 62])


@pytest.mark.parametrize(
    ("tracks", "said"),
    [
        ([], "holds no notes"),
        ([[(on(60), 0), (off(60), 0)]], "holds no notes"),
        ([[(on(60), 0), (off(60), 601)]], "longer"),
    ],
)
def test_a_midi_file_that_cannot_be_followed_says_why(tracks, said, midi):
    with pytest.raises(CourseError, match=said):
        Gesture.of(midi(*tracks))


def test_a_damaged_midi_file_is_read_or_refused_in_a_sentence(midi):
    path = midi([(on(60), 0), (mido.MetaMessage("key_signature", key="C"), 0), (off(60), 1)])
    whole, chance, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(300):
        damaged = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.randrange(3) if damaged else 0):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            Gesture.of(path)
        except CourseError as error:
            refused += 1
            assert str(error).count(".mid") <= 1 and str(error).endswith(".")
    assert refused > 50
    path.unlink()
    with pytest.raises(AudioError, match="no longer there"):
        Gesture.of(path)


def test_without_the_library_a_midi_file_says_what_to_install(midi, monkeypatch):
    path = midi([(on(60), 0), (off(60), 1)])
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="Following a MIDI file needs mido: type  python -m pip install mido"):
        Gesture.of(path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((3,), "A gesture is that of a clip, or of the path of a sound or MIDI file, not 3"),
        (("not there.wav",), "cannot be used"),
        (("a\0b.mid",), "zero byte"),
        ((Clip(np.zeros(RATE, np.float32), RATE, "rest"),), '"rest" is silent, nowhere above -60 dBFS'),
        ((Clip(np.zeros(0, np.float32), RATE, "nothing"),), '"nothing" is silent'),
        ((Clip(np.ones(RATE * 601, np.float32), RATE, "opera"),), '"opera" is longer than 10:00'),
        (
            (Clip(glide(), RATE), "pitch"),
            'some of loudness, brightness, noisiness, pitch, in a list, not "pitch"',
        ),
        ((Clip(glide(), RATE), ["volume"]), "names must be some of"),
        ((Clip(glide(), RATE), []), "names must be some of"),
    ],
)
def test_what_cannot_be_followed_says_why(arguments, said):
    with pytest.raises(CourseError) as refused:
        Gesture.of(*arguments)
    assert said in str(refused.value)


@pytest.mark.parametrize("numbers", [{"amount": "much"}, {"offset": math.nan}, {"smoothing": -1}, {"smoothing": 61}])
def test_numbers_out_of_range_are_refused(numbers):
    with pytest.raises(CourseError, match=next(iter(numbers))):
        Gesture.of(Clip(glide(), RATE)).line("pitch", **numbers)
