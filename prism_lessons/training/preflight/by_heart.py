"""By heart: whether a small model of the wanted kind learns a moment of the corpus, and plays it back by itself.

Everything has to work for that: the sound is read, made into codes, learned, remembered across windows, decided
sample by sample and made into sound again.
"""

import math
import time
from dataclasses import dataclass

import numpy as np

from ...audio import SILENCE_DBFS, SILENCE_FRAME_SECONDS, Clip, load
from ...corpus.codes import Codes
from ...corpus.corpus import TRAINING
from ...files import inside
from ...generation.engine import Engine
from ...model import on_gpu, whole_frames
from ...streams import Streams
from ..learner import make_learner
from .results import Check

BY_HEART = "by heart"
CLIP_SECONDS, MOST_SAMPLES = 1.0, 22_050  # a second or, at high sample rates, as much as can be learned in the time
EXCERPT_SECONDS, MOST_EXCERPTS = 10.0, 32  # listened to in search of it
DIM = 128
SAMPLES_IN_A_BATCH = 2048
LEARNING_RATE, WARM_UP = 3e-3, 20
CPU_SECONDS, GPU_SECONDS = 45.0, 15.0  # of learning, compilation not counted
REPLAY_SECONDS = 15.0
# Measured (benchmarks/preflight.py): below 0.02 bits every clip was played back sample for sample; at 0.045, some were.
ENOUGH_BITS, MOST_BITS, LEAST_LIKENESS = 0.02, 0.05, 0.9
MOST_STEPS = 1000
TEMPERATURE = 0.05


def liveliest(corpus):
    """The liveliest second of the training clips, as a `Clip`; None where all are shorter than two frames of 20 ms.

    Liveliness is spectral flux (Dixon 2006, https://www.dafx.de/paper-archive/2006/papers/p_133.pdf), how much the
    spectrum changes from one 20 ms frame to the next; as nothing is normalised, it grows with energy too. Its sum
    over the second is multiplied by the share of frames that sound, so that a click in silence does not win. In a long
    corpus, excerpts are listened to that lie evenly spread.
    """
    best, found = -1.0, None
    for clip, start in _excerpts(corpus):
        excerpt = load(inside(corpus.folder, clip.file), start=start, seconds=EXCERPT_SECONDS)
        for begin, samples, lively in _seconds(excerpt):
            if lively > best:
                where = (clip.start + begin) / corpus.sample_rate + start
                best, found = lively, Clip(samples, corpus.sample_rate, f"{clip.recording}, from {where:.1f} s")
    return found


def _excerpts(corpus):
    """Which clips to listen to, and from which second on."""
    places = [
        (clip, start)
        for clip in corpus.of(TRAINING)
        for start in np.arange(0, clip.samples / corpus.sample_rate, EXCERPT_SECONDS)
    ]
    chosen = np.linspace(0, len(places) - 1, min(len(places), MOST_EXCERPTS)).round().astype(int)
    return [places[number] for number in chosen]


def _seconds(excerpt):
    """Yield the first sample, the samples and the liveliness of the seconds of a `Clip`, one beginning each frame."""
    size = max(1, round(SILENCE_FRAME_SECONDS * excerpt.sample_rate))
    frames = excerpt.samples[: len(excerpt.samples) // size * size].reshape(-1, size)
    if len(frames) < 2:
        return
    spectra = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1))
    flux = np.mean(np.abs(np.diff(spectra, axis=0)), axis=1)
    sounds = np.mean(np.square(frames), axis=1) > 10 ** (SILENCE_DBFS / 10)
    count = min(round(CLIP_SECONDS / SILENCE_FRAME_SECONDS), MOST_SAMPLES // size, len(frames))
    for first in range(len(frames) - count + 1):
        begin, end = first * size, (first + count) * size
        yield begin, excerpt.samples[begin:end], flux[first : first + count - 1].sum() * sounds[first:][:count].mean()


def small_preset(preset):
    """A small model of the same kind, and a way of training that is quick to learn by heart.

    Parameters
    ----------
    preset
        The `Preset` whose cell, tiers and quantisation it has.
    """
    window = whole_frames(256, preset.model.largest_frame)
    return preset.changed(
        dim=DIM, layers=1, embedding=min(32, preset.model.embedding), dropout=0.0, window=window,
        streams=max(1, SAMPLES_IN_A_BATCH // window), learning_rate=LEARNING_RATE, warm_up=WARM_UP,
    )  # fmt: skip


def try_by_heart(preset, clip, live):
    """Learn a clip by heart with a small model, and play it back from the fresh state.

    Parameters
    ----------
    preset
        The `Preset` whose cell, tiers and quantisation the small model has.
    clip
        The `Clip`, or None where the corpus has none.
    live
        The `LiveLine` to report progress on.

    Returns
    -------
    Check, Clip or None
        The check, and the replay.
    """
    if clip is None:
        sentence = "No training clip is long enough to learn a moment of it by heart: curate longer recordings."
        return Check(BY_HEART, False, sentence), None
    preset = small_preset(preset)
    codec = preset.model.codec
    codes = codec.encode(clip.samples)
    heard = Clip(codec.decode(codes), clip.sample_rate)
    if heard.levels.rms_dbfs < SILENCE_DBFS:
        return Check(
            BY_HEART,
            False,
            f'The liveliest moment that was found ("{clip.name}") is nearly silent as the model hears it '
            f"({heard.levels.rms_dbfs:.0f} dBFS): listen to the corpus, and choose louder recordings or turn them up.",
        ), None
    learned = learn(preset, codes, GPU_SECONDS if on_gpu() else CPU_SECONDS, live)
    live.text("Pre-flight: playing back what was learned by heart")
    replay = Clip(codec.decode(play_back(learned.model, len(codes))), clip.sample_rate, "replay")
    return judge(learned, clip.name, likeness(heard.samples[: len(replay.samples)], replay.samples)), replay


@dataclass(frozen=True)
class Learned:
    """A `SampleRNN`, the bits per sample it came to, and the steps and seconds that took."""

    model: object
    bits: float
    steps: int
    seconds: float


def learn(preset, codes, seconds, live):
    """Learn codes, shape (samples,), by heart until they take fewer than `ENOUGH_BITS`, or for so many seconds."""
    learner = make_learner(preset, "float32")
    streams = Streams.of(Codes.of_arrays([codes], preset.model.codec.centre), preset)
    training, steps, epoch, spent, began = preset.training, 0, 0, 0.0, None
    bits = math.inf
    while spent < seconds and not bits < ENOUGH_BITS:
        learner.begin_epoch()
        for inputs, targets, weights in streams.batches(epoch):
            steps += 1
            learner.optimizer.learning_rate.assign(training.learning_rate * min(1.0, steps / training.warm_up))
            learner.train_on_batch(inputs, targets, sample_weight=weights)
            began = began or time.monotonic()  # the first step compiles, and is not counted
            spent = time.monotonic() - began
            if spent >= seconds:
                break
        epoch += 1
        bits = float(learner.bits.result())
        live.text(f"Pre-flight: learning a moment by heart, {bits:.2f} bits")
    return Learned(learner.model, bits, steps, spent)


def play_back(model, samples):
    """What a model plays from its fresh state at a low temperature: codes, as many as there is time for."""
    pieces, until = [], time.monotonic() + REPLAY_SECONDS
    for piece in Engine(model).codes(samples, [TEMPERATURE], 0):
        pieces.append(piece[0])
        if time.monotonic() > until:
            break
    return np.concatenate(pieces)


def likeness(original, replay):
    """The correlation of two waves of one length, -1 .. 1; 0 where one of them does not move."""
    if not (np.ptp(original) and np.ptp(replay)):
        return 0.0
    return float(np.corrcoef(original, replay)[0, 1])


def judge(learned, name, alike):
    """The check of a `Learned` whose replay of the clip `name` has this likeness to it."""
    came_to = f'"{name}" took {learned.bits:.2f} bits per sample after {learned.steps} steps'
    if learned.bits < MOST_BITS and alike >= LEAST_LIKENESS:
        found = f"{came_to}, and was played back with a likeness of {alike:.2f} (1 is the same)."
        return Check(BY_HEART, True, found)
    if learned.steps < MOST_STEPS and not learned.bits < ENOUGH_BITS and math.isfinite(learned.bits):
        return Check(
            BY_HEART,
            None,
            f"{came_to}; this computer was too slow to finish learning it by heart. That is no fault: listen whether "
            "the replay begins to resemble the original.",
        )
    return Check(
        BY_HEART,
        False,
        f"{came_to}, and was played back with a likeness of {alike:.2f} (1 is the same): listen to both; if the "
        "original is not what you want the model to learn, look at the corpus, and if it is, try the preset's own "
        "settings.",
    )
