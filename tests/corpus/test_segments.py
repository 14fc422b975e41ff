"""Segments: silences are left out, strikes keep their decay, and what is suggested always lies within the file."""

from itertools import pairwise

import numpy as np
import pytest

from prism_lessons.corpus.segments import MARGIN_STEPS, STEP_SECONDS, segment_clips, suggest_segments
from prism_lessons.errors import CourseError

MARGIN = MARGIN_STEPS * STEP_SECONDS
BLUR = 2 * STEP_SECONDS  # a sound that begins within a step is in all of it; resampling adds its ringing


@pytest.fixture(scope="session")
def bursts(noise):
    """A function that gives silence, float32, with noise where it is told: {start: seconds} in seconds."""

    def make(where, seconds, sample_rate=16000, floor=0.0):
        samples = floor * noise(seconds, 9, sample_rate)
        for start, length in where.items():
            first = round(start * sample_rate)
            burst = noise(length, round(1000 * start), sample_rate)
            samples[first : first + len(burst)] += burst
        return samples

    return make


@pytest.fixture(scope="session")
def strikes():
    """A function that gives decaying tones, float32, that begin at some seconds."""

    def make(times, seconds, sample_rate=16000):
        samples = np.zeros(round(seconds * sample_rate), np.float32)
        for number, start in enumerate(times):
            rest = samples[round(start * sample_rate) :]
            time = np.arange(len(rest)) / sample_rate
            overtones = (300 + 50 * number) * np.array([1, 2.8, 5.4, 8.9])  # of a struck bar
            rest += 0.05 * np.exp(-5 * time) * np.sin(2 * np.pi * overtones[:, None] * time).sum(0)
        return samples

    return make


def assert_in_order_and_inside(segments, seconds):
    assert all(type(second) is float for segment in segments for second in segment)  # not NumPy's: they are printed
    assert all(0 <= start < end <= seconds for start, end in segments)
    assert all(end <= start for (_, end), (start, _) in pairwise(segments))


@pytest.mark.parametrize("sample_rate", [8000, 16000, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_lies_between_silences_is_suggested_with_a_little_margin(
    bursts, write_sound, tmp_path, sample_rate, channels
):
    where = {0.5: 1.0, 2.0: 0.4, 3.5: 1.5}
    samples = bursts(where, 6, sample_rate)
    path = write_sound(tmp_path / "a.wav", np.stack([samples] * channels, axis=1), sample_rate)
    segments = suggest_segments(path)
    assert_in_order_and_inside(segments, 6)
    assert len(segments) == 3
    for (start, end), (wanted, length) in zip(segments, where.items(), strict=True):
        assert wanted - MARGIN - BLUR <= start <= wanted - MARGIN + BLUR
        assert wanted + length + MARGIN - BLUR <= end <= wanted + length + MARGIN + BLUR


def test_a_decay_is_kept_well_below_the_threshold(strikes, write_sound, tmp_path):
    path = write_sound(tmp_path / "a.wav", strikes([1.0], 6))
    ((_, end),) = suggest_segments(path, quieter_by=35)
    # Falling by 43.4 dB a second (20 log10 of e, times 5), it is 35 dB down after 0.81 s and 55 dB down after 1.27 s.
    assert abs(end - 2.27) < 0.05


def test_hiss_in_the_pauses_is_silence_if_it_is_soft_enough(bursts, write_sound, tmp_path):
    path = write_sound(tmp_path / "a.wav", bursts({0.5: 1.0, 2.5: 1.0}, 4, floor=10 ** (-45 / 20)))
    assert len(suggest_segments(path, quieter_by=30)) == 2
    assert suggest_segments(path, quieter_by=60) == [(0, 4)]


@pytest.mark.parametrize("offset", [0.2, -0.3])
def test_an_offset_and_a_drift_hide_no_silence(bursts, write_sound, tmp_path, offset):
    samples = bursts({0.5: 1.0, 2.5: 1.0}, 4)
    drift = offset * np.linspace(0.5, 1, len(samples), dtype=np.float32)
    assert len(suggest_segments(write_sound(tmp_path / "a.wav", samples + drift))) == 2


def test_a_pause_shorter_than_the_gap_does_not_cut(bursts, write_sound, tmp_path):
    path = write_sound(tmp_path / "a.wav", bursts({0.0: 1.0, 1.15: 1.0}, 2.25))
    assert suggest_segments(path, gap=0.2) == [(0, 2.25)]
    assert len(suggest_segments(path, gap=0.1)) == 2


def test_a_sound_shorter_than_the_shortest_is_left_out(bursts, write_sound, tmp_path):
    path = write_sound(tmp_path / "a.wav", bursts({0.5: 1.0, 2.5: 0.05}, 4))
    assert len(suggest_segments(path, shortest=0.1)) == 1
    assert len(suggest_segments(path, shortest=0.03)) == 2


def test_a_file_that_nothing_cuts_is_one_segment(noise, write_sound, tmp_path):
    whole = write_sound(tmp_path / "a.wav", noise(3.0))
    time = np.arange(48000) / 16000
    drone = write_sound(tmp_path / "b.wav", 0.3 * np.sin(2 * np.pi * 98 * time) + 0.2 * np.sin(2 * np.pi * 147 * time))
    silent = write_sound(tmp_path / "c.wav", np.zeros(48000))
    constant = write_sound(tmp_path / "d.wav", np.full(48000, 0.25))
    click = write_sound(tmp_path / "e.wav", np.eye(1, 48000, 20000)[0])
    for path in (whole, drone, silent, constant):
        assert suggest_segments(path) == suggest_segments(path, "onsets") == [(0, 3)], path
    assert suggest_segments(click) == [(0, 3)]


def test_each_strike_is_a_segment_that_begins_just_before_it(strikes, write_sound, tmp_path):
    times = [0.5, 1.1, 1.5, 2.25, 2.6, 4.0]
    for sample_rate in (16000, 44100):
        path = write_sound(tmp_path / "a.wav", strikes(times, 6, sample_rate), sample_rate)
        segments = suggest_segments(path, "onsets")
        assert_in_order_and_inside(segments, 6)
        assert len(segments) == len(times)
        for (start, _), struck, before in zip(segments, times, [MARGIN, 0, 0, 0, 0, MARGIN], strict=True):
            assert struck - before - BLUR <= start < struck
        # Each lasts until the next one, save where all is silent in between.
        assert [end == start for (_, end), (start, _) in pairwise(segments)] == [True, True, True, True, False]


def test_an_onset_too_soon_after_another_does_not_cut(strikes, write_sound, tmp_path):
    path = write_sound(tmp_path / "a.wav", strikes([0.5, 0.7, 1.5], 2))
    assert len(suggest_segments(path, "onsets")) == 3
    assert len(suggest_segments(path, "onsets", shortest=0.4)) == 2


@pytest.mark.parametrize("longest", [0.3, 0.5, 0.7, 1.9, 2.9])
def test_no_segment_is_longer_than_the_longest_nor_shorter_than_the_shortest(noise, write_sound, tmp_path, longest):
    path = write_sound(tmp_path / "a.wav", noise(3.0))
    segments = suggest_segments(path, longest=longest, shortest=0.1)
    assert segments[0][0] == 0 and segments[-1][1] == 3
    assert all(end == start for (_, end), (start, _) in pairwise(segments))
    # Times are rounded to the millisecond, cuts to the step.
    assert all(0.1 - STEP_SECONDS <= end - start <= longest + STEP_SECONDS + 0.001 for start, end in segments)


def test_what_is_too_long_is_divided_where_it_is_quietest(noise, write_sound, tmp_path):
    samples = noise(3.0)
    samples[round(1.7 * 16000) : round(1.75 * 16000)] *= 0.1  # too short a pause to cut by itself
    ((_, end), (start, _)) = suggest_segments(write_sound(tmp_path / "a.wav", samples), longest=2)
    assert 1.7 <= end == start <= 1.75


def test_sounds_longer_than_a_block_are_cut_where_they_pause(bursts, write_sound, tmp_path):
    path = write_sound(tmp_path / "a.flac", bursts({0.0: 9.9, 10.5: 14.0}, 25))
    (_, end), (start, last) = suggest_segments(path)
    assert abs(end - 9.95) <= BLUR and abs(start - 10.45) <= BLUR and abs(last - 24.55) <= BLUR


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"by": "beats"}, 'not by "beats"'),
        ({"quieter_by": 0}, "give 1 to 120 dB"),
        ({"quieter_by": -40}, "quieter_by=-40"),
        ({"quieter_by": "40 dB"}, 'quieter_by="40 dB"'),
        ({"gap": 0}, "give 0.02 to 100000 s"),
        ({"gap": float("nan")}, "gap=nan"),
        ({"shortest": -1}, "shortest=-1"),
        ({"shortest": None}, "shortest=None"),
        ({"shortest": 0.5, "longest": 0.9}, "give 1 to 200000 s"),
        ({"shortest": None, "longest": 1}, "shortest=None"),
        ({"shortest": True}, "shortest=True"),
        ({"gap": True}, "gap=True"),
        ({"gap": float("inf")}, "gap=inf"),
        ({"longest": 0}, "longest=0"),
        ({"longest": float("inf")}, "longest=inf"),
        ({"longest": 10**5000}, "longest=something so large"),
        ({"by": np.zeros(3)}, "not by array"),
    ],
)
def test_an_argument_that_makes_no_sense_is_named(write_noise, tmp_path, wrong, said):
    with pytest.raises(CourseError) as refused:
        suggest_segments(write_noise(tmp_path / "a.wav", 1), **wrong)
    assert said in str(refused.value)


def test_a_file_that_cannot_be_read_is_said_in_a_sentence(tmp_path, write_sound):
    (tmp_path / "text.wav").write_text("no sound")
    write_sound(tmp_path / "none.wav", np.zeros(0))
    for name, reason in (("text.wav", "damaged"), ("none.wav", "too short"), ("gone.wav", "no longer there")):
        for by in ("silence", "onsets"):
            with pytest.raises(CourseError, match=f'{name}" cannot be used: .*{reason}'):
                suggest_segments(tmp_path / name, by)
    with pytest.raises(CourseError, match="no longer there"):
        segment_clips(tmp_path / "gone.wav", [(0, 1)])


def test_segments_are_heard_as_they_lie_in_the_file(noise, write_sound, tmp_path):
    samples = noise(70.0, sample_rate=8000)
    path = write_sound(tmp_path / "Audio 5.wav", samples, 8000, "FLOAT")
    first, last = segment_clips(path, [(3.125, 4.625), (59.96, 65.0)])
    assert first.name == "Audio 5.wav, 0:03.1 to 0:04.6" and last.name == "Audio 5.wav, 1:00.0 to 1:05.0"
    assert first.sample_rate == last.sample_rate == 8000
    assert np.array_equal(first.samples, samples[25000:37000])
    assert np.array_equal(last.samples[: 5 * 8000], samples[479680 : 479680 + 5 * 8000])
