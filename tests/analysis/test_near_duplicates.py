import io
import re

import numpy as np
import pytest
import soxr
from scipy.signal import butter, sosfiltfilt

from prism_lessons.analysis import near_duplicates
from prism_lessons.analysis.near_duplicates import (
    DuplicatePair,
    Sound,
    candidate_pairs,
    compare,
    duplicate_groups,
    find_near_duplicates,
    fingerprint,
)
from prism_lessons.audio import Clip, load
from prism_lessons.live import LiveLine

RATE = 16000
SHIFT = RATE // 20


def strike(seed, pitch=220.0, seconds=1.2):
    """A drum: partials that die away, each strike with its own levels, phases, noise, and 0.3 % of its own tuning."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    wave = 0.3 * random.standard_normal(len(time)) * np.exp(-40 * time)
    for mode in (1, 1.6, 2.1, 2.7, 3.5, 4.2):
        phase = random.uniform(0, 2 * np.pi)
        ratio = mode * (1 + 0.003 * random.uniform(-1, 1))
        level = random.uniform(0.3, 1) / ratio * np.exp(-3 * ratio * time)
        wave += level * np.sin(2 * np.pi * pitch * ratio * time + phase)
    return (0.3 * wave + 0.001 * random.standard_normal(len(time))).astype(np.float32)


def phrase(seed, seconds):
    """Strikes of one instrument at random, up to 0.9 s apart."""
    random = np.random.default_rng(seed)
    wave, at = 0.001 * random.standard_normal(round(seconds * RATE)), 0
    while at < len(wave):
        note = strike(random.integers(2**31), 110 * 2 ** (random.integers(36) / 12))[: len(wave) - at]
        wave[at : at + len(note)] += note
        at += round(random.uniform(0.1, 0.9) * RATE)
    return (0.3 * wave).astype(np.float32)


def duplicates_of(*waves, rate=RATE):
    sounds = [Sound(f"sound {number}", "all", Clip(wave, rate)) for number, wave in enumerate(waves)]
    return find_near_duplicates(iter(sounds), live=LiveLine(io.StringIO()))


def noisy(wave):
    noise = np.random.default_rng(9).standard_normal(len(wave)) * np.sqrt(np.mean(wave**2)) * 10**-1.5
    return (wave + noise).astype(np.float32)


COPIES = {
    "12 dB softer": (lambda x: x * np.float32(10**-0.6), "12 dB softer"),
    "6 dB louder": (lambda x: x * np.float32(10**0.3), "6 dB louder"),
    "polarity": (lambda x: -x, "upside down"),
    "via 8 kHz": (lambda x: soxr.resample(soxr.resample(x, RATE, 8000), 8000, RATE), "the same"),
    "5 kHz": (lambda x: sosfiltfilt(butter(8, 5000, fs=RATE, output="sos"), x).astype(np.float32), "the same"),
    "later": (lambda x: np.concatenate([np.zeros(SHIFT, np.float32), x]), "starts 0.05 s later"),
    "cut off": (lambda x: x[SHIFT:], "starts 0.05 s earlier"),
    "faster": (lambda x: soxr.resample(x, 101, 100), "1 % faster"),
    "slower": (lambda x: soxr.resample(x, 99, 100), "1 % slower"),
    "noise": (noisy, "the same"),
    "half": (lambda x: x[len(x) // 2 :], "a part of it, from 0:01 on"),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found_among_strikes_of_the_same_drum_and_told_in_words(name):
    change, words = COPIES[name]
    strikes = [strike(seed) for seed in range(4)]
    found = duplicates_of(*strikes, change(strikes[1]).astype(np.float32))
    (pair,) = (pair for pair in found if pair.second == "sound 4")
    assert pair.first == "sound 1"
    assert words in pair.how
    assert 0.9 <= pair.similarity <= 1


def test_the_words_say_what_the_second_is_to_the_first():
    wave = strike(0)
    assert duplicates_of(soxr.resample(wave, 101, 100), wave)[0].how == "the same, 1 % slower"
    assert duplicates_of(wave[: len(wave) // 2], wave)[0].how == "a longer one that holds it, from 0:00 on"


def test_different_strikes_of_one_drum_are_hardly_ever_twins():
    # benchmarks/near_duplicates.py: fewer than 1 in 100 pairs of synthetic strikes, so of these 66 one at most
    assert len(duplicates_of(*[strike(seed) for seed in range(12)])) <= 1


def test_a_sound_is_found_again_at_another_sample_rate():
    wave = strike(3)
    sounds = [Sound("a", "x", Clip(wave, RATE)), Sound("b", "y", Clip(soxr.resample(wave, RATE, 44100), 44100))]
    assert [(pair.first, pair.second) for pair in find_near_duplicates(sounds, live=LiveLine(io.StringIO()))] == [
        ("a", "b")
    ]


def test_pieces_of_steady_noise_are_no_twins_but_a_copy_of_one_is(noise):
    waves = [noise(2, seed) for seed in range(6)]
    assert duplicates_of(*waves) == []
    assert len(duplicates_of(*waves, 0.2 * waves[2])) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.float32(10**-0.6) * x,
        lambda x: soxr.resample(soxr.resample(x, RATE, 8000), 8000, RATE),
        lambda x: soxr.resample(x, 99, 100),
        lambda x: -x,
    ],
    ids=["12 dB softer", "by way of 8 kHz", "1 % slower", "upside down"],
)
def test_two_seconds_cut_out_of_twenty_are_found(change):
    phrases = [phrase(seed, 20) for seed in range(4)]
    piece = change(phrases[2][round(7.3 * RATE) : round(9.3 * RATE)]).astype(np.float32)
    (pair,) = duplicates_of(*phrases, piece)
    assert (pair.first, pair.second) == ("sound 2", "sound 4")
    assert pair.how.startswith("a part of it, from 0:07 on")


def test_a_stretch_that_two_recordings_share_is_found_amid_what_they_do_not():
    phrases = [phrase(seed, 12) for seed in range(4)]
    phrases[3][round(5 * RATE) : round(8 * RATE)] = 0.5 * phrases[1][round(2 * RATE) : round(5 * RATE)]
    (pair,) = duplicates_of(*phrases)
    assert (pair.first, pair.second) == ("sound 1", "sound 3")
    here, there = re.fullmatch(
        r"they have a stretch in common, round 0:0(.+) in the first and round 0:0(.+) in the second", pair.how
    ).groups()
    assert float(there) - float(here) == pytest.approx(3, abs=0.2)  # each is rounded to a tenth, and by half a frame
    assert 2 <= float(here) <= 4


def test_half_a_second_cut_out_of_a_phrase_is_found():
    phrases = [phrase(seed, 10) for seed in range(4)]
    (pair,) = duplicates_of(*phrases, phrases[0][round(4.1 * RATE) : round(4.7 * RATE)])
    assert (pair.first, pair.second) == ("sound 0", "sound 4")


def test_sounds_of_one_group_are_not_compared_where_only_others_matter():
    wave = phrase(0, 3)
    sounds = [Sound(name, group, Clip(wave, RATE)) for name, group in (("a", "x"), ("b", "x"), ("c", "y"))]
    found = find_near_duplicates(sounds, LiveLine(io.StringIO()), across_groups=True)
    assert {(pair.first, pair.second) for pair in found} == {("a", "c"), ("b", "c")}


def test_silences_and_dither_are_no_twins():
    random = np.random.default_rng(0)
    dither = [(random.integers(-1, 2, RATE) / 2**15).astype(np.float32) for _ in range(3)]
    silence = [np.zeros(RATE, np.float32)] * 3
    assert duplicates_of(*silence, *dither, np.zeros(0, np.float32)) == []


def test_one_sound_and_none_have_no_twins():
    assert duplicates_of(strike(0)) == []
    assert duplicates_of() == []


def test_the_copies_in_the_set_that_needs_work_are_found_and_nothing_else(pytestconfig):
    sounds = []
    for path in sorted((pytestconfig.rootpath / "datasets_examples" / "needs_work").iterdir()):
        if path.name not in ("CARD.md", "Take 5.wav"):
            sounds.append(Sound(path.name, "", load(path)))
    found = find_near_duplicates(sounds, live=LiveLine(io.StringIO()))
    copies = {"Take 1.wav", "Unbenannt.flac", "mix 3.wav"}
    assert duplicate_groups([sound.name for sound in sounds], found) == [copies]
    hows = {(pair.first, pair.second): pair.how for pair in found}
    assert hows["Take 1.wav", "Unbenannt.flac"] == "the same"
    assert hows["Take 1.wav", "mix 3.wav"] == "the same, 3 dB softer and 1 % faster"


def test_the_first_look_keeps_the_pairs_that_are_copies_and_drops_what_is_unlike(noise):
    fingerprints = [fingerprint(wave) for wave in (strike(0), noise(2), 0.1 * strike(0), strike(1, pitch=900))]
    assert candidate_pairs(fingerprints) == [(0, 2)]
    assert compare(fingerprints[0], fingerprints[3]) is None


def test_groups_hang_together_by_their_twins():
    pairs = [DuplicatePair("a", "c", 1.0, ""), DuplicatePair("c", "e", 1.0, ""), DuplicatePair("b", "f", 1.0, "")]
    assert duplicate_groups(list("abcdef"), pairs) == [{"a", "c", "e"}, {"b", "f"}]
    assert duplicate_groups(list("abc"), []) == []


def test_many_are_compared_in_several_processes_with_the_same_outcome(monkeypatch):
    waves = [strike(seed) for seed in range(4)]
    waves += [-waves[0], soxr.resample(waves[1], 101, 100)]
    alone = duplicates_of(*waves)
    monkeypatch.setattr(near_duplicates, "WORTH_PROCESSES", 1)
    assert duplicates_of(*waves) == alone and len(alone) == 2
