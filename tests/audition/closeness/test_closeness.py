"""A clip is known by its source: the nearest timbre, and the wave itself."""

import dataclasses
import io
import re

import numpy as np
import pytest
import soxr

from prism_lessons.audio import Clip
from prism_lessons.audition.closeness import Sources, excerpt
from prism_lessons.corpus import Corpus, curate
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine

RATE = 16000


def breath(seed, seconds=4.0):
    """Noise whose colour and level move: another seed is another sound of the same kind."""
    chance = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    noise = chance.standard_normal(len(time))
    smooth = np.convolve(noise, np.ones(12) / 12, "same")
    moves = 0.5 + 0.5 * np.sin(2 * np.pi * chance.uniform(0.5, 2) * time)
    return (0.1 * (0.3 + 0.7 * moves) * (moves * noise + 3 * (1 - moves) * smooth)).astype(np.float32)


def strikes(seed, seconds=4.0):
    """Four strikes of a bar whose partials are in no harmonic order."""
    chance = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    wave = np.zeros(len(time))
    for number in range(4):
        since = np.maximum(time - number * seconds / 4 - 0.05, 0)
        for mode in (1, 2.76, 5.4, 8.93):
            hertz, phase = 330 * mode * chance.uniform(0.99, 1.01), chance.uniform(0, 6.28)
            part = np.exp(-3 * mode**0.5 * since) * np.sin(2 * np.pi * hertz * since + phase)
            wave += np.where(since > 0, part / mode, 0)
    return (0.2 * wave + 1e-4 * chance.standard_normal(len(time))).astype(np.float32)


def drum(seconds=3.0):
    """One stroke of a low drum that rings: in a short window it fits itself at every period."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave = sum(
        np.exp(-1.2 * mode * time) * np.sin(2 * np.pi * 92 * mode * time) / mode for mode in (1, 1.51, 1.99, 2.44)
    )
    return (0.3 * wave + 1e-4 * np.random.default_rng(6).standard_normal(len(time))).astype(np.float32)


@pytest.fixture(scope="module")
def recordings():
    sounds = {f"breath {seed}.wav": breath(seed) for seed in range(3)}
    return sounds | {"strikes.wav": strikes(0), "drum.wav": drum()}


@pytest.fixture(scope="module")
def corpus(recordings, write_sound, tmp_path_factory):
    folder = tmp_path_factory.mktemp("closeness")
    for name, samples in recordings.items():
        write_sound(folder / "recordings" / name, samples)
    return curate(folder / "recordings", folder / "corpus", live=LiveLine(io.StringIO()))


@pytest.fixture(scope="module")
def sources(corpus):
    return Sources.of(corpus, live=LiveLine(io.StringIO()))


def planted(samples, at, size, change=lambda copy: copy):
    """A clip of 2 s of other breath, with a piece of `samples` put into it at 0.8 s."""
    clip, copy = breath(99, 2.0), change(samples[at : at + size])
    clip[round(0.8 * RATE) :][: len(copy)] = copy
    return Clip(clip, RATE)


def softer_and_noisy(copy):
    noise = np.random.default_rng(5).standard_normal(len(copy)) * np.sqrt(np.mean(copy**2)) / 10
    return ((copy + noise) / 4).astype(np.float32)


def points_at(found, name, at):
    """Whether a copy planted at 0.8 s from sample `at` is where it says, within 50 ms."""
    beside = (found.recording_start - at / RATE) - (found.clip_start - 0.8)
    return found.recording == name and abs(beside) < 0.05


@pytest.mark.parametrize("name", ["breath 1.wav", "strikes.wav"])
def test_half_a_second_of_a_recording_is_found_though_softer_and_noisy(sources, recordings, name):
    found = sources.verbatim(planted(recordings[name], 16500, 8000, softer_and_noisy))
    assert points_at(found, name, 16500)
    assert found.seconds == pytest.approx(0.5, abs=0.1)
    assert 0.8 <= found.similarity <= 1


@pytest.mark.parametrize("at", [3000, 17222, 24000])
def test_a_piece_of_a_ringing_drum_is_found_where_it_is_not_some_periods_on(sources, recordings, at):
    assert points_at(sources.verbatim(planted(recordings["drum.wav"], at, 8000, softer_and_noisy)), "drum.wav", at)


def test_what_surrounds_a_copy_does_not_make_it_less_alike(sources, recordings):
    copy = planted(recordings["drum.wav"], 24000, 8000, lambda x: x / 8)
    assert sources.verbatim(copy).similarity > 0.99


@pytest.mark.parametrize("percent", [99, 101])
def test_half_a_second_is_found_though_played_a_hundredth_faster_or_slower(sources, recordings, percent):
    copy = planted(recordings["breath 2.wav"], 9000, 8000, lambda x: soxr.resample(x, 100 * percent, 10000))
    assert points_at(sources.verbatim(copy), "breath 2.wav", 9000)


def test_the_longest_of_two_copies_is_told(sources, recordings):
    clip = planted(recordings["breath 0.wav"], 20000, 12000)
    clip.samples[1000:9000] = recordings["breath 1.wav"][5000:13000]
    assert sources.verbatim(clip).recording == "breath 0.wav"


def test_a_copy_upside_down_is_found(sources, recordings):
    assert sources.verbatim(planted(recordings["breath 0.wav"], 20000, 8000, lambda x: -x)) is not None


@pytest.mark.parametrize("seed", [50, 51, 52])
def test_another_sound_of_the_same_kind_is_no_copy(sources, seed):
    assert sources.verbatim(Clip(breath(seed, 2.0), RATE)) is None
    assert sources.verbatim(Clip(strikes(seed, 2.0), RATE)) is None


def test_a_steady_sine_of_the_same_pitch_proves_nothing(write_sound, tmp_path):
    time = np.arange(12 * RATE) / RATE
    write_sound(tmp_path / "sounds" / "sine.wav", (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32))
    quiet = LiveLine(io.StringIO())
    sources = Sources.of(curate(tmp_path / "sounds", tmp_path / "corpus", live=quiet), live=quiet)
    clip = Clip((0.2 * np.sin(2 * np.pi * 440 * time[: 2 * RATE] + 1)).astype(np.float32), RATE)
    assert sources.verbatim(clip) is None
    assert sources.nearest(clip).distance_db < 1


def test_a_piece_of_a_recording_is_nearest_to_itself_whatever_its_level(sources, recordings):
    found = sources.nearest(Clip(recordings["strikes.wav"][16000:32000] / 8, RATE))
    assert found.recording == "strikes.wav"
    assert found.recording_start == pytest.approx(1.0, abs=0.01)
    assert found.distance_db < 0.5
    assert str(found).startswith("nearest to strikes.wav at 0:01.0, 0.")


def test_a_clip_at_another_rate_is_compared_all_the_same(sources, recordings):
    clip = planted(recordings["breath 1.wav"], 16500, 12000)
    clip = Clip(soxr.resample(clip.samples, RATE, 44100), 44100)
    assert points_at(sources.verbatim(clip), "breath 1.wav", 16500)
    assert sources.nearest(clip) is not None


def test_many_clips_at_once_give_what_each_gives_alone(sources, recordings):
    clips = [planted(recordings["breath 1.wav"], 16500, 8000), Clip(np.zeros(RATE, np.float32), RATE)]
    both = sources.compare(clips, live=LiveLine(io.StringIO()))
    assert both[0] == (sources.nearest(clips[0]), sources.verbatim(clips[0]))
    assert both[1] == (None, None)


@pytest.mark.parametrize("size", [0, 1, 10, 500, 2000])
def test_the_shortest_of_clips_does_no_harm(sources, size):
    clip = Clip(breath(7)[:size], RATE)
    assert sources.verbatim(clip) is None
    assert (sources.nearest(clip) is None) == (size < 160)


def test_no_clips_are_no_findings(sources):
    assert sources.compare([], live=LiveLine(io.StringIO())) == []


def test_the_excerpt_is_the_stretch_of_the_source_with_its_place_for_a_name(sources, recordings):
    found = sources.verbatim(planted(recordings["breath 1.wav"], 16500, 8000))
    heard = excerpt(sources.corpus, found)
    assert heard.sample_rate == RATE
    assert heard.seconds == pytest.approx(found.seconds, abs=0.001)
    assert heard.name.startswith("breath 1.wav, 0:01.")
    start = round(found.start * RATE)
    assert np.allclose(heard.samples, recordings["breath 1.wav"][start : start + len(heard.samples)], atol=1e-3)


def test_a_finding_says_where_in_words(sources, recordings):
    found = sources.verbatim(planted(recordings["breath 1.wav"], 16000, 9600))
    assert str(found).endswith("s, from 0:00.8 on, are nearly those of breath 1.wav from 0:01.0 on")
    assert found.as_dict()["recording"] == "breath 1.wav"


def test_a_clip_file_that_vanished_is_left_out_and_said_in_one_sentence(corpus):
    vanished = dataclasses.replace(corpus.clips[0], file="clips/gone.flac")
    sources = Sources.of(dataclasses.replace(corpus, clips=(vanished, *corpus.clips[1:])), LiveLine(io.StringIO()))
    (said,) = sources.unread
    assert re.search(r"gone\.flac.*no longer there; curate the recordings again\.$", said)
    assert set(sources.recordings) == {clip.recording for clip in corpus.clips[1:]}


def test_a_folder_that_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(CourseError):
        Sources.of(tmp_path)


def test_a_folder_will_do_for_a_corpus(corpus, sources):
    assert isinstance(Sources.of(corpus.folder, live=LiveLine(io.StringIO())).corpus, Corpus)
