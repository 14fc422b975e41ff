"""Takes beside recordings, both made by formula, so that the right figures are known."""

import numpy as np
import pytest

from prism_lessons.audio import Clip
from prism_lessons.audition.take_comparison import (
    analyse_sound,
    blown_up,
    compare_recordings,
    compare_takes,
    join_clips,
)

RATE = 16000
TIME = np.arange(4 * RATE) / RATE
CHORDS = [[262, 659, 1568], [294, 740, 1760], [349, 880, 2093]]


def clip(samples, rate=RATE):
    return Clip(np.float32(samples), rate)


def chord(hertz, scale=0.1):
    return clip(scale * np.exp(-TIME) * sum(np.sin(2 * np.pi * one * TIME) for one in hertz))


@pytest.fixture(scope="module")
def chords():
    return [analyse_sound(chord(hertz)) for hertz in CHORDS]


def test_takes_that_ring_as_recordings_do_are_known_as_such(chords):
    softer = [analyse_sound(chord(hertz, 0.05)) for hertz in CHORDS]
    found = compare_takes(softer, chords)
    assert (found.takes, found.inaudible, found.blown_up, found.ringing, found.partials) == (3, 0, 0, 1, 3)
    assert found.in_one_recording == 1 and found.transposed < 0.5
    assert found.distance < 0.05 and found.levels_db < 2 and found.copying == 1


def test_a_take_that_rings_at_pitches_of_its_own_is_no_better_than_chance(chords):
    strange = compare_takes([analyse_sound(chord(np.array([277, 700, 1660])))], chords)
    assert strange.ringing == 1 and strange.in_one_recording < strange.transposed


def test_noise_lies_far_from_chords_and_holds_neither_partial_nor_pitch(chords, noise):
    hiss = [analyse_sound(clip(0.1 * noise(4, seed=seed))) for seed in range(3)]
    found = compare_takes(hiss, chords)
    assert (found.inaudible, found.copying, found.ringing, found.partials, found.voiced) == (0, 0, 0, 0, 0)
    assert found.in_one_recording is None and found.transposed is None
    assert found.distance > 0.5


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_take_is_heard_alike_at_any_sample_rate(rate):
    time = np.arange(2 * rate) / rate
    found = analyse_sound(clip(0.1 * sum(np.sin(2 * np.pi * hertz * time) for hertz in CHORDS[0]), rate))
    assert found.audible and np.abs(1200 * np.log2(found.partials / CHORDS[0])).max() < 5


@pytest.mark.parametrize("samples", [[], [0.0], np.zeros(RATE), np.full(RATE, 0.3), 1e-4 * np.sin(TIME * 2000)])
def test_what_cannot_be_heard_holds_nothing_and_is_counted(samples, chords):
    found = compare_takes([analyse_sound(clip(samples))], chords)
    assert (found.inaudible, found.ringing, found.blown_up) == (1, 0, 0)
    assert found.distance is found.partials is found.voiced is found.onsets is found.levels_db is None


def test_onsets_are_counted_a_second():
    strikes = np.exp(-20 * (TIME % 0.5)) * np.sin(2 * np.pi * 500 * TIME)
    strikes = analyse_sound(clip(0.3 * strikes))
    assert compare_takes([strikes], [strikes]).onsets == pytest.approx(2)


def test_a_take_blows_up_at_full_scale_for_a_second_or_rising_to_its_end(noise):
    tone = np.sin(2 * np.pi * 100 * TIME)
    assert blown_up(tone) and blown_up(np.clip(30 * noise(4), -1, 1))
    assert blown_up(np.clip(10 ** (TIME - 4) * tone, -1, 1))  # 20 dB a second
    assert not blown_up(0.9 * tone)
    assert not blown_up(np.where(TIME % 1 < 0.8, tone, 0))  # never for a whole second
    assert not blown_up(np.exp(-TIME) * tone)
    assert not blown_up(0.01 * 10 ** (TIME / 4) * tone)  # rising, and soft at its end
    assert not blown_up(np.zeros(0)) and not blown_up(np.ones(3))


def test_a_stretch_of_a_recording_in_a_take_is_a_copy(noise):
    recordings = [clip(0.1 * noise(3, seed=seed)) for seed in range(2)]
    known = [analyse_sound(one) for one in recordings]
    own, copied = 0.1 * noise(3, seed=5), np.array(0.1 * noise(3, seed=6))
    copied[RATE : 2 * RATE] = recordings[1].samples[RATE // 2 : RATE // 2 + RATE]
    assert compare_takes([analyse_sound(clip(own)), analyse_sound(clip(copied))], known).copying == 0.5


def test_takes_are_joined_of_whole_recordings_in_any_order():
    sounds = [clip(np.full(size, size / RATE)) for size in (2000, 3000)] + [clip([])]
    takes = join_clips(sounds, 2, 3)
    assert len(takes) == 3 and all(len(take.samples) == 2 * RATE for take in takes)
    assert {float(value) for take in takes for value in np.unique(take.samples)} == {2000 / RATE, 3000 / RATE}
    assert all((one.samples == other.samples).all() for one, other in zip(takes, join_clips(sounds, 2, 3), strict=True))


def test_recordings_among_themselves_are_near_and_none_is_a_copy():
    recordings = [chord(np.array(hertz) * 2 ** (step / 12)) for hertz in CHORDS for step in (0, 4)]
    heard = [analyse_sound(one) for one in recordings]
    found = compare_recordings(recordings, heard, 4, takes=4)
    assert (found.takes, found.inaudible, found.ringing, found.copying) == (8, 0, 1, 0)
    assert found.voiced == pytest.approx(np.mean([one.measures.voiced for one in heard]), abs=0.15)
