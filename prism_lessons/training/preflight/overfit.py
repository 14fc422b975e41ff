"""Overfitting: whether a small model of the requested kind can memorise a second of the corpus and play it back.

This exercises everything: reading sound, quantising it, training, state across windows, sampling, and decoding.
"""

import math
import time

import numpy as np

from ...audio import SILENCE_DBFS, SILENCE_FRAME_SECONDS, Clip, load
from ...corpus import TRAINING, Codes
from ...files import inside
from ...generation import of_model, pieces
from ...model import on_gpu, whole_frames
from ...streams import Streams
from ..keras_model import build_model
from .results import Check

BY_HEART = "by heart"
CLIP_SECONDS, MOST_SAMPLES = 1.0, 22_050  # a second or, at high sample rates, as much as can be memorised in the time
EXCERPT_SECONDS, MOST_EXCERPTS = 10.0, 32  # searched for it
DIM, EMBEDDING, WINDOW, MOST_STREAMS = 128, 32, 256, 8
# In each stream, which begins from the initial state: with fewer, the model would hardly learn to continue.
LEAST_WINDOWS = 8
LEARNING_RATE, WARM_UP = 3e-3, 20
CPU_SECONDS, GPU_SECONDS = 45.0, 15.0  # of learning, compilation not counted
REPLAY_SECONDS = 15.0
# Played back for the first time below these bits, and again whenever they have halved: some clips are played back
# sample for sample at 0.09 bits, one not at 0.014 but at 0.008 (benchmarks/preflight.py).
FIRST_BITS, MOST_BITS, LEAST_CORRELATION = 0.04, 0.05, 0.9
TEMPERATURE = 0.05
MOST_STEPS = 1500  # half as many again as the slowest clip took: 968, half a second at 44.1 kHz


def busiest_second(corpus):
    """The busiest second of the training clips, as a `Clip`; None if all are shorter than two frames of 20 ms.

    Liveliness is spectral flux (Dixon 2006, https://www.dafx.de/paper-archive/2006/papers/p_133.pdf), how much the
    spectrum changes from one 20 ms frame to the next; as nothing is normalised, it grows with energy too. Its sum over
    the second is multiplied by the share of frames that sound, so that a click in silence does not win. In a long
    corpus, only evenly spaced excerpts are searched.
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
    """The clips to search, each with the second to start from."""
    places = [
        (clip, start)
        for clip in corpus.of(TRAINING)
        for start in np.arange(0, clip.samples / corpus.sample_rate, EXCERPT_SECONDS)
    ]
    chosen = np.linspace(0, len(places) - 1, min(len(places), MOST_EXCERPTS)).round().astype(int)
    return [places[number] for number in chosen]


def _seconds(excerpt):
    """Yield (first sample, samples, liveliness) of each second of a `Clip`, with one starting at every frame."""
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


def small_preset(preset, samples):
    """A preset with a small model of the same kind that quickly memorises this many samples.

    It has no predictors and no book: the network has to learn the sound alone. With them, the whisper from the example
    set "breath" took four times as long and was replayed as another sound, because a low temperature divides what the
    network adds to the guesses' probabilities, but not their widths.

    Parameters
    ----------
    preset
        The `Preset` to take the cell, tiers and quantisation from.
    """
    window = whole_frames(WINDOW, preset.model.largest_frame)
    return preset.changed(
        dim=DIM,
        layers=1,
        embedding=min(EMBEDDING, preset.model.embedding),
        predictors=(),
        book=0,
        dropout=0.0,
        window=window,
        streams=max(1, min(MOST_STREAMS, samples // (LEAST_WINDOWS * window))),
        learning_rate=LEARNING_RATE,
        warm_up=WARM_UP,
    )


def check_overfitting(preset, clip, live):
    """Memorise a clip with a small model, and play it back from the initial state.

    Parameters
    ----------
    preset
        The `Preset` to take the small model's cell, tiers and quantisation from.
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
        sentence = "No training clip is long enough to memorise a moment of it: curate longer recordings."
        return Check(BY_HEART, False, sentence), None
    preset = small_preset(preset, len(clip.samples))
    codec = preset.model.codec
    codes = codec.encode(clip.samples)
    heard = Clip(codec.decode(codes), clip.sample_rate)
    if heard.levels.rms_dbfs < SILENCE_DBFS:
        return Check(
            BY_HEART,
            False,
            f'The busiest moment of the corpus ("{clip.name}") is nearly silent at the resolution of the model '
            f"({heard.levels.rms_dbfs:.0f} dBFS): listen to the corpus, and choose louder recordings or turn them up.",
        ), None
    trial = OverfitTrial(preset, codes, GPU_SECONDS if on_gpu() else CPU_SECONDS)
    enough, similarity = FIRST_BITS, 0.0
    while similarity < LEAST_CORRELATION and not trial.ended:
        trial.learn(enough, live)
        live.text("Pre-flight: playing the memorised moment back")
        replay = codec.decode(trial.play_back())
        similarity = correlation(heard.samples[: len(replay)], replay)
        enough /= 2
    return judge(trial, clip.name, similarity), Clip(replay, clip.sample_rate, "replay")


class OverfitTrial:
    """A small model that memorises codes.

    Parameters
    ----------
    preset
        The `Preset` to learn with, see `small_preset`.
    codes
        Int, shape (samples,).
    patience
        Longest learning time in seconds, compilation and playing not counted.

    Attributes
    ----------
    bits
        Bits per sample in the last pass.
    steps, seconds
        Trained so far.
    """

    def __init__(self, preset, codes, patience):
        self.settings, self.patience = preset.training, patience
        codes = Codes.of_arrays([codes], preset.model.codec.centre)
        self.model = build_model(preset, "float32", codes)
        self.streams = Streams.of(codes, preset)
        self.bits, self.steps, self.seconds, self._passes = math.inf, 0, 0.0, 0

    @property
    def ended(self):
        """Whether its time is up, or its loss has become NaN."""
        return self.seconds >= self.patience or math.isnan(self.bits)

    def learn(self, bits, live):
        """Train until an epoch takes fewer than `bits` per sample, or time is up."""
        while not (self.ended or self.bits < bits):
            self.model.reset_counts()
            for batch in self.streams.batches(self._passes):
                self._step(*batch)
                if self.ended:
                    break
            self._passes += 1
            self.bits = float(self.model.bits.result())
            live.text(f"Pre-flight: memorising a moment, {self.bits:.2f} bits")

    def _step(self, inputs, targets, weights):
        began = time.monotonic()
        rise = min(1.0, (self.steps + 1) / self.settings.warm_up)
        self.model.optimizer.learning_rate.assign(self.settings.learning_rate * rise)
        self.model.train_on_batch(inputs, targets, sample_weight=weights)
        if self.steps:  # the first one compiles
            self.seconds += time.monotonic() - began
        self.steps += 1

    def play_back(self):
        """Play from the initial state at a low temperature; returns as many codes as there is time for."""
        codes, until = [], math.inf
        # With a constant temperature, the sample rate makes no difference.
        for piece in pieces(of_model(self.model.samplernn), 1, self.streams.codes.samples, [TEMPERATURE], [(0, 0)]):
            codes.append(piece[0])
            now = time.monotonic()
            if now > until:
                break
            until = min(until, now + REPLAY_SECONDS)  # the time before the first piece is compilation
        return np.concatenate(codes)


def correlation(original, replay):
    """The correlation of two waves of equal length, -1 .. 1; 0 if one of them is constant."""
    if not (np.ptp(original) and np.ptp(replay)):
        return 0.0
    return float(np.corrcoef(original, replay)[0, 1])


def judge(trial, name, similarity):
    """The `Check` of an `OverfitTrial`, given the similarity of its replay to the clip `name`."""
    found = (
        f'"{name}" took {trial.bits:.2f} bits per sample after {trial.steps} steps, and was played back with '
        f"a similarity of {similarity:.2f} (1 is the same)"
    )
    if similarity >= LEAST_CORRELATION and trial.bits < MOST_BITS:
        return Check(BY_HEART, True, f"{found}.")
    if trial.steps < MOST_STEPS and math.isfinite(trial.bits):
        return Check(
            BY_HEART,
            None,
            f"{found}; this computer was too slow to finish memorising it, which is no fault. Check by ear whether the "
            "replay begins to resemble the original.",
        )
    return Check(
        BY_HEART,
        False,
        f"{found}; every sound that was tried while making this course succeeded. Listen to both: if the original is "
        "not what you want the model to learn, look at the corpus; if it is, try the preset without changed settings.",
    )
