"""Recordings that share a sound: no part of what is kept for validation is trained on."""

import io
import sys

import numpy as np
import pytest
import soxr

from prism_lessons.analysis.near_duplicates import DuplicatePair, Sound, find_near_duplicates
from prism_lessons.audio import Clip
from prism_lessons.corpus import Choices, ClipFile, curate
from prism_lessons.corpus.split import split_clips
from prism_lessons.live import LiveLine

RATE = 16000
curating = sys.modules["prism_lessons.corpus.curating"]


@pytest.fixture
def source(tmp_path):
    return tmp_path / "recordings"


@pytest.fixture(scope="module")
def chirps():
    """A function that gives sound whose pitch wanders by chance; another seed is another sound."""

    def make(seconds, seed):
        chance = np.random.default_rng(seed)
        corners = chance.uniform(200, 2000, round(5 * seconds) + 1)
        pitch = np.interp(np.arange(round(seconds * RATE)) / RATE * 5, np.arange(len(corners)), corners)
        noise = 0.002 * chance.standard_normal(len(pitch))
        turns = np.cumsum(pitch) / RATE
        return sum(0.1 * np.sin(2 * np.pi * turns * partial) / partial for partial in (1, 2, 3)) + noise

    return make


def sides(corpus):
    return {clip.recording: clip.split for clip in corpus.clips}


def pairs(corpus):
    return {frozenset((twin["first"], twin["second"])) for twin in corpus.twins}


def test_a_piece_is_on_the_side_of_the_recording_it_was_cut_from(source, tmp_path, chirps, write_sound):
    """Softer, at another rate, and far too short to be like it as a whole."""
    whole = {name: chirps(12, seed) for seed, name in enumerate("abcd")}
    for name, samples in whole.items():
        write_sound(source / f"{name}.wav", samples, RATE)
        piece = 0.3 * samples[round(7.7 * RATE) : round(9.4 * RATE)]
        write_sound(source / f"piece of {name}.wav", soxr.resample(piece, RATE, 44100), 44100)
    corpus = curate(source, tmp_path / "corpus", validation=0.3)
    side = sides(corpus)
    assert pairs(corpus) == {frozenset((f"{name}.wav", f"piece of {name}.wav")) for name in whole}
    assert set(side.values()) == {"training", "validation"}
    assert all(side[f"{name}.wav"] == side[f"piece of {name}.wav"] for name in whole)
    assert all("a part of it" in twin["how"] or "holds it" in twin["how"] for twin in corpus.twins)


def test_what_shares_a_sound_with_the_recording_that_is_cut_is_left_out(source, tmp_path, chirps, write_sound):
    """Of two recordings one has to be cut for validation, and the other holds the very end of it."""
    whole = chirps(20, 0)
    write_sound(source / "whole.wav", whole, RATE)
    write_sound(source / "the end.wav", 0.5 * whole[-5 * RATE :], RATE)
    corpus = curate(source, tmp_path / "corpus")
    assert {clip.recording for clip in corpus.clips} == {"whole.wav"}
    assert [(file["name"], file["reason"]) for file in corpus.unused] == [
        ("the end.wav", 'shares a sound with "whole.wav", the end of which is kept for validation')
    ]
    assert sorted(path.name for path in (corpus.folder / "clips").iterdir()) == sorted(
        clip.file.removeprefix("clips/") for clip in corpus.clips
    )


def test_a_recording_that_shares_nothing_is_cut_rather_than_a_longer_one_that_does(tmp_path, write_sound, noise):
    (tmp_path / "clips").mkdir()
    clips = []
    for name, seconds in (("long", 12), ("copy", 10), ("alone", 11.5)):
        write_sound(tmp_path / "clips" / f"{name}.flac", noise(seconds, len(clips)))
        clips.append(clip_of(name, seconds))
    divided, left_out = split_clips(tmp_path, clips, RATE, 0.1, 0, (), [DuplicatePair("long", "copy", 1.0, "the same")])
    assert left_out == []
    assert {clip.recording for clip in divided if clip.split == "validation"} == {"alone"}
    assert {clip.recording for clip in divided if clip.split == "training"} == {"long", "copy", "alone"}


def clip_of(name, seconds):
    return ClipFile(
        f"clips/{name}.flac", name, "training", 0, round(seconds * RATE), -10.0, -20.0, 0.0, 0.0, name, name
    )


@pytest.mark.parametrize("by", ["segment", "long recording"])
def test_every_part_of_a_recording_is_compared(by, source, tmp_path, chirps, write_sound, monkeypatch):
    """Not the longest segment alone, and not its beginning alone."""
    whole, choices = chirps(12, 0), Choices(tmp_path / "choices.jsonl")
    write_sound(source / "whole.wav", whole, RATE)
    write_sound(source / "piece.wav", whole[9 * RATE : 11 * RATE], RATE)
    for seed in (1, 2, 3):
        write_sound(source / f"other {seed}.wav", chirps(6, seed), RATE)
    if by == "segment":
        choices.cut("whole.wav", [(0, 6), (8, 12)])
    else:
        monkeypatch.setattr(curating, "COMPARED_SECONDS", 6.0)
    corpus = curate(source, tmp_path / "corpus", choices=choices)
    assert pairs(corpus) == {frozenset(("piece.wav", "whole.wav"))}
    assert len({clip.split for clip in corpus.clips if clip.recording in ("whole.wav", "piece.wav")}) == 1
    begins = "0:08" if by == "segment" else "0:06"
    assert f"(compared from 0:00 of the first and from {begins} of the second on)" in corpus.twins[0]["how"]


def test_the_split_and_the_map_find_the_same_pairs(chirps):
    """One measure serves both: all that differs is how the map cuts recordings up."""
    whole = chirps(9, 0)
    sounds = [Sound("piece", "piece", clip(whole[4 * RATE : 6 * RATE]))]
    sounds += [Sound(f"whole, {at}", "whole", clip(whole[at * RATE : (at + 3) * RATE])) for at in (0, 3, 6)]
    found = find_near_duplicates(sounds, LiveLine(io.StringIO()))
    assert {(pair.first, pair.second) for pair in found} == {("piece", "whole, 3")}


def clip(samples):
    return Clip(np.asarray(samples, np.float32), RATE)
