"""The codes of a corpus on disk, and its variations."""

import dataclasses
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from prism_lessons.corpus import codes as codes_module
from prism_lessons.corpus import curate
from prism_lessons.corpus.codes import Codes, codes_of
from prism_lessons.errors import CourseError
from prism_lessons.quantisation import Quantisation
from prism_lessons.settings import Augmentation

MU_LAW = Quantisation("mu-law", 256)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory, write_noise):
    """Clips of several lengths, one of them of several of the blocks (2 ** 18 samples) that codes are written in."""
    folder = tmp_path_factory.mktemp("recordings")
    for seed, seconds in enumerate([40, 3.3, 5, 0.05, 2.7, 4]):
        write_noise(folder / f"{seed}.wav", seconds, seed)
    return folder


@pytest.fixture
def corpus(tmp_path, recordings):
    return curate(recordings, tmp_path / "corpus", 16000)


def clips_of(corpus, split="training"):
    return [soundfile.read(corpus.folder / clip.file, dtype="float32")[0] for clip in corpus.of(split)]


def version(codes, number, clip):
    start = codes.starts[number, clip]
    return codes.array[start : start + codes.lengths[number, clip]]


def files_of(corpus):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (corpus.folder / "codes").iterdir()}


@pytest.mark.parametrize("split", ["training", "validation"])
@pytest.mark.parametrize("quantisation", [MU_LAW, Quantisation("linear", 16), Quantisation("linear", 65536)], ids=str)
def test_codes_are_those_of_the_clips(corpus, split, quantisation):
    codes = codes_of(corpus, split, quantisation)
    clips = clips_of(corpus, split)
    assert isinstance(codes.array, np.memmap) and codes.array.dtype == quantisation.dtype
    assert not codes.array.flags.writeable
    assert codes.starts.shape == codes.lengths.shape == (1, len(clips))
    assert np.array_equal(codes.array, quantisation.encode(np.concatenate(clips)))
    for index, clip in enumerate(clips):
        assert np.array_equal(version(codes, 0, index), quantisation.encode(clip))
    assert codes.samples == sum(map(len, clips)) == corpus.seconds(split) * 16000
    assert codes.silence == quantisation.centre


def test_codes_are_written_once(corpus):
    first = codes_of(corpus, "training", MU_LAW)
    files = files_of(corpus)
    second = codes_of(corpus, "training", MU_LAW)
    assert files_of(corpus) == files and len(files) == 2
    assert np.array_equal(first.array, second.array) and np.array_equal(first.lengths, second.lengths)


def test_two_trainings_that_begin_at_once_write_them_in_turn(corpus, monkeypatch):
    read, together = codes_module._blocks, threading.Barrier(2)

    def read_slowly(*clip):
        time.sleep(0.1)
        return read(*clip)

    def begin(_):
        together.wait()
        return codes_of(corpus, "training", MU_LAW)

    monkeypatch.setattr(codes_module, "_blocks", read_slowly)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(begin, range(2))
    assert np.array_equal(first.array, MU_LAW.encode(np.concatenate(clips_of(corpus))))
    assert np.array_equal(second.array, first.array) and len(files_of(corpus)) == 2


def test_another_split_kind_number_or_seed_is_another_file(corpus):
    two = Augmentation(versions=2)
    codes_of(corpus, "training", MU_LAW)
    codes_of(corpus, "validation", MU_LAW)
    codes_of(corpus, "training", Quantisation("linear", 256))
    codes_of(corpus, "training", Quantisation("mu-law", 128))
    codes_of(corpus, "training", MU_LAW, two)
    codes_of(corpus, "training", MU_LAW, two, seed=1)
    assert len(files_of(corpus)) == 2 * 6


def shorten(path):
    os.truncate(path, path.stat().st_size - 2)


def lengthen(path):
    os.truncate(path, path.stat().st_size + 2)


def change_one_byte(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 64
    path.write_bytes(data)


def empty(path):
    os.truncate(path, 0)


def remove(path):
    path.unlink()


def other_json(path):
    path.write_text("{}")


def wrong_lengths(path):
    values = json.loads(path.read_text())
    values["lengths"][0][0] += 1
    path.write_text(json.dumps(values))


def moved_lengths(path):
    values = json.loads(path.read_text())
    values["lengths"][0][0] += 1
    values["lengths"][0][1] -= 1
    path.write_text(json.dumps(values))


def lengths_of_another_kind(path):
    values = json.loads(path.read_text()) | {"lengths": "long"}
    path.write_text(json.dumps(values))


DAMAGES = [(".codes", damage) for damage in (shorten, lengthen, change_one_byte, empty, remove)]
DAMAGES += [
    (".json", damage) for damage in (empty, remove, other_json, wrong_lengths, moved_lengths, lengths_of_another_kind)
]


@pytest.mark.parametrize(("suffix", "damage"), DAMAGES)
def test_damaged_codes_are_noticed_and_written_again(corpus, suffix, damage):
    quantisation = Quantisation("linear", 1024)
    before = codes_of(corpus, "training", quantisation)
    whole, lengths = np.array(before.array), before.lengths
    del before
    (path,) = (corpus.folder / "codes").glob(f"*{suffix}")
    damage(path)
    after = codes_of(corpus, "training", quantisation)
    assert np.array_equal(after.array, whole) and np.array_equal(after.lengths, lengths)
    files = files_of(corpus)
    codes_of(corpus, "training", quantisation)
    assert files_of(corpus) == files


@pytest.mark.parametrize("damage", [shorten, empty, remove, "text", "other sound", "other sound as long"])
def test_a_damaged_clip_is_named(corpus, noise, damage):
    clip = corpus.of("training")[0]
    path = corpus.folder / clip.file
    if damage == "text":
        path.write_text("no sound")
    elif damage == "other sound":
        soundfile.write(path, noise(1), 16000)
    elif damage == "other sound as long":
        soundfile.write(path, noise(clip.samples / 16000, seed=99), 16000)
    else:
        damage(path)
    with pytest.raises(
        CourseError, match=f'The clip "{clip.file}" .* is damaged or was exchanged: curate the recordings'
    ):
        codes_of(corpus, "training", MU_LAW)
    assert not list((corpus.folder / "codes").iterdir())


def test_a_clip_outside_the_corpus_is_not_read(corpus):
    outside = dataclasses.replace(corpus.clips[0], file="../x.flac")
    corpus = dataclasses.replace(corpus, clips=(outside, *corpus.clips[1:]))
    with pytest.raises(CourseError, match="outside itself"):
        codes_of(corpus, outside.split, MU_LAW)


def test_a_full_disk_is_said_and_nothing_is_left(small_disk, write_noise):
    with small_disk() as folder:
        write_noise(folder.parent / "recordings" / "a.wav", 16, sample_rate=4000)
        write_noise(folder.parent / "recordings" / "b.wav", 4, 1, sample_rate=4000)
        corpus = curate(folder.parent / "recordings", folder / "corpus", 4000)  # 20 s of noise are below 160 KB
        with pytest.raises(CourseError, match="disk is full"):
            codes_of(corpus, "training", Quantisation("linear", 65536), Augmentation(versions=4))  # 4 * 128 KB
        assert not list((corpus.folder / "codes").iterdir())
        assert codes_of(corpus, "training", Quantisation("linear", 16)).samples  # 64 KB


# --- augmentation


def test_version_0_is_the_clip_itself(corpus):
    codes = codes_of(corpus, "training", MU_LAW, Augmentation(versions=3))
    assert codes.lengths.shape == (3, len(corpus.of("training")))
    for index, clip in enumerate(clips_of(corpus)):
        assert np.array_equal(version(codes, 0, index), MU_LAW.encode(clip))
    assert codes.samples == codes.lengths[0].sum() < len(codes.array) == codes.lengths.sum()


def test_versions_are_as_long_as_the_stretch_allows(corpus):
    codes = codes_of(corpus, "training", MU_LAW, Augmentation(versions=6, stretch=0.2))
    clips = np.array([[len(clip) for clip in clips_of(corpus)]])
    assert np.all(np.abs(codes.lengths - clips) <= 0.2 * clips + 1)  # the last sample may be rounded up
    ratios = codes.lengths[1:] / clips
    assert ratios.min() < 0.95 and ratios.max() > 1.05  # all of 25 draws within a quarter of the range: 1e-15
    joined = np.concatenate([version(codes, v, i) for v, i in np.ndindex(codes.lengths.shape)])
    assert np.array_equal(joined, codes.array)  # they lie end to end, none over another


def test_a_stretched_version_is_played_faster_or_slower(tmp_path, write_sound):
    """The pitch goes with the length: 440 Hz over a longer time is a lower tone."""
    sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(12 * 16000) / 16000)
    write_sound(tmp_path / "recordings" / "sine.wav", sine)
    corpus = curate(tmp_path / "recordings", tmp_path / "corpus", 16000)
    linear = Quantisation("linear", 65536)
    codes = codes_of(corpus, "training", linear, Augmentation(versions=2, stretch=0.2))
    played = linear.decode(version(codes, 1, 0))
    ratio = codes.lengths[1, 0] / codes.lengths[0, 0]
    frequency = np.argmax(np.abs(np.fft.rfft(played))) * 16000 / len(played)
    assert abs(ratio - 1) > 0.01
    assert frequency == pytest.approx(440 / ratio, abs=16000 / len(played))  # one bin


def test_a_version_is_the_sound_turned_down_and_perhaps_upside_down(corpus):
    linear = Quantisation("linear", 65536)
    codes = codes_of(corpus, "training", linear, Augmentation(versions=8, gain_db=6, stretch=0))
    gains = []
    for index, clip in enumerate(np.float64(clip) for clip in clips_of(corpus)):
        for number in range(1, 8):
            played = linear.decode(version(codes, number, index)).astype(np.float64)
            # Least squares. Where every sample is off by at most e, that gain is off by at most e sum|c| / sum c ** 2.
            gain = np.dot(played, clip) / np.dot(clip, clip)
            uncertainty = np.sum(np.abs(clip)) / np.dot(clip, clip)
            step = 0.5 / 32767 + 2.0**-23  # half a step of the code, and two roundings of samples below 1
            assert np.max(np.abs(played - gain * clip)) <= step * (1 + uncertainty * np.max(np.abs(clip)))
            gains.append(gain)
    decibels = 20 * np.log10(np.abs(gains))
    # For noise at 0.1 that uncertainty is 0.8 / 0.1, and 8 steps are 0.002 dB of a gain of 0.5.
    assert decibels.min() >= -6.003 and decibels.max() <= 0.003
    assert {-1.0, 1.0} == set(np.sign(gains))
    assert decibels.max() - decibels.min() > 1


def test_polarity_gain_and_stretch_can_be_left_alone(corpus):
    codes = codes_of(corpus, "training", MU_LAW, Augmentation(versions=2, polarity=False, gain_db=0, stretch=0))
    for index, clip in enumerate(clips_of(corpus)):
        assert np.array_equal(version(codes, 1, index), MU_LAW.encode(clip))


def test_versions_depend_on_the_seed_and_on_nothing_else(tmp_path, recordings, corpus):
    again = curate(recordings, tmp_path / "again", 16000)
    three = Augmentation(versions=3)
    first, same = (codes_of(c, "training", MU_LAW, three, seed=5) for c in (corpus, again))
    other = codes_of(corpus, "training", MU_LAW, three, seed=6)
    assert np.array_equal(first.array, same.array)
    assert not np.array_equal(first.lengths[1:], other.lengths[1:])
    assert np.array_equal(first.lengths[0], other.lengths[0])


def test_codes_in_memory_are_laid_out_the_same_way():
    codes = Codes.of_arrays([np.array([1, 2, 3]), np.array([4]), np.array([5, 6])], 128)
    assert codes.array.tolist() == [1, 2, 3, 4, 5, 6]
    assert (codes.starts.tolist(), codes.lengths.tolist()) == ([[0, 3, 4]], [[3, 1, 2]])
    assert (codes.samples, codes.silence) == (6, 128)
