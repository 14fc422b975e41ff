"""The codes of a corpus: written once for each quantisation, then memory-mapped, so a corpus may have any length.

Augmentation is applied here, to the sound itself: varying the codes would round twice.
"""

import hashlib
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import soundfile
import soxr

from ..audio import native_path, pcm16
from ..errors import CourseError
from ..files import atomic_write, digest, inside, locked, read_json, write_json
from ..settings import Augmentation

FORMAT = 1
STRETCH_RATE = 48000  # a stretch by s is a resampling from 48 kHz to 48 kHz * s: fine steps, any corpus rate


@dataclass(frozen=True)
class Codes:
    """The codes of one split of a corpus.

    `array` holds all clips end to end, uint8 or uint16, on disk. `starts` and `lengths`, int64, shape (versions,
    clips), locate each version of each clip in it. `silence` is the code of silence; `repeats`, int, shape (clips,), is
    how often a pass uses each clip; `labels` has the name of each clip's group, "" for none.
    """

    array: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    silence: int
    repeats: np.ndarray
    labels: tuple

    @classmethod
    def of_arrays(cls, arrays, silence):
        """Codes that are in memory already: one int array, shape (samples,), for each clip."""
        lengths = np.array([[len(array) for array in arrays]], np.int64)
        once = np.ones(len(arrays), np.int64)
        unlabelled = ("",) * len(arrays)
        return cls(np.concatenate(arrays), np.cumsum(lengths, axis=1) - lengths, lengths, silence, once, unlabelled)

    def clip_at(self, place):
        """The numbers of the clips at these places in the array, int, of the same shape."""
        return (np.searchsorted(self.starts.ravel(), place, side="right") - 1) % len(self.labels)

    @property
    def samples(self):
        """The number of samples of one version of every clip."""
        return int(self.lengths[0].sum())

    @property
    def samples_per_epoch(self):
        """The number of samples in an epoch, repeats included."""
        return int(self.lengths[0] @ self.repeats)


def codes_of(corpus, split, quantisation, augmentation=None, seed=0):
    """The codes of one split of a corpus, written into its folder `codes/` unless they are there, undamaged.

    Parameters
    ----------
    corpus, split
        A `Corpus` and "training" or "validation".
    quantisation
        The `Quantisation` to use.
    augmentation, seed
        The `Augmentation`, if any, and the seed of its random numbers.

    Raises
    ------
    CourseError
        When the disk is full, or a clip of the corpus is damaged.
    """
    augmentation = augmentation or Augmentation()
    clips = corpus.of(split)
    name = digest(FORMAT, corpus.digest, split, asdict(quantisation), asdict(augmentation), seed)
    path, lengths_path = corpus.folder / "codes" / f"{name}.codes", corpus.folder / "codes" / f"{name}.json"
    shape = (augmentation.versions, len(clips))
    with locked(path):  # two trainings that begin on one corpus at once
        try:
            lengths, array = _read(path, lengths_path, shape, quantisation.dtype)
        except (CourseError, OSError, ValueError, KeyError, TypeError, OverflowError):  # not there, or damaged
            lengths, check = np.zeros(shape, np.int64), 0
            with atomic_write(path) as partial, open(partial, "wb") as file:
                for version, index in np.ndindex(shape):
                    chance = np.random.default_rng([seed, version, index])
                    for block in _vary(_blocks(corpus, clips[index]), augmentation, version, chance):
                        codes = quantisation.encode(block).tobytes()
                        file.write(codes)
                        check = zlib.crc32(codes, check)
                        lengths[version, index] += len(block)
            write_json(lengths_path, {"lengths": lengths.tolist(), "crc32": zlib.crc32(lengths, check)})
            array = np.memmap(path, quantisation.dtype, mode="r")
    ends = np.cumsum(lengths).reshape(lengths.shape)
    repeats = np.array([clip.times for clip in clips], np.int64)
    labels = tuple(clip.group for clip in clips)
    return Codes(array, ends - lengths, lengths, quantisation.centre, repeats, labels)


def unigram_bits(training, validation, levels):
    """Bits per sample of a unigram model: validation predicted from how often each code occurs in training.

    A model must beat this to have learned anything about the order of samples. Each code is counted once more than it
    occurs (Laplace), so that none is impossible.
    """
    seen, due = (
        np.bincount(codes.array[: codes.samples], minlength=levels).astype(float) for codes in (training, validation)
    )
    return float(-(due @ np.log2((seen + 1) / (seen.sum() + levels))) / due.sum())


def _read(path, lengths_path, shape, dtype):
    """The lengths and the codes on disk; raises `ValueError`, among others, when they are not as written.

    A CRC-32 is compared, at some gigabytes a second: wrong codes would raise no error, only sound wrong.
    """
    about = read_json(lengths_path, "list of clip lengths")
    lengths, array = np.array(about["lengths"], np.int64), np.memmap(path, dtype, mode="r")
    check = 0
    for start in range(0, len(array), 2**24):
        check = zlib.crc32(array[start : start + 2**24], check)
    if lengths.shape != shape or lengths.sum() != len(array) or zlib.crc32(lengths, check) != about["crc32"]:
        raise ValueError("the codes are not those that were written")
    return lengths, array


def _blocks(corpus, clip):
    """Yield a clip in float32 blocks, then raise a `CourseError` if it is not the one the corpus was made with."""
    sha = hashlib.sha256()
    with suppress(soundfile.LibsndfileError):
        for block in soundfile.blocks(native_path(inside(corpus.folder, clip.file)), 2**18, dtype="float32"):
            sha.update(pcm16(block).astype("<i2").tobytes())
            yield block
    if sha.hexdigest()[:16] != clip.digest:
        raise CourseError(
            f'The clip "{clip.file}" in "{corpus.folder}" is damaged or was exchanged: curate the recordings again.'
        )


def _vary(blocks, augmentation, version, chance):
    """Yield the blocks of one version of a clip; version 0 is the clip itself."""
    if version == 0:
        yield from blocks
        return
    sign = chance.choice([-1, 1]) if augmentation.polarity else 1
    gain = np.float32(sign * 10 ** (-chance.uniform(0, augmentation.gain_db) / 20))
    rate = STRETCH_RATE * (1 + chance.uniform(-augmentation.stretch, augmentation.stretch))
    resampler = soxr.ResampleStream(STRETCH_RATE, rate, 1, dtype="float32")
    for block in blocks:
        yield resampler.resample_chunk(block * gain)
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
