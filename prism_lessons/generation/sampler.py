"""A model while it plays: its voices, their random generators, the envelopes they follow, and their position."""

import numpy as np

from .envelopes import Envelope
from .state import State

MOST_VOICES = 256
PIECE = 4096  # samples made at a time, rounded to whole frames


def random_keys(seed, voices):
    """The random seed of each voice: (seed, 0), (seed, 1) and so on; for a list of seeds, the first voice of each.

    A pair (seed, voice) in the list, voices from 0, is used as it is.
    """
    if isinstance(seed, (list, tuple)):
        return [one if isinstance(one, tuple) else (one, 0) for one in seed]
    return [(seed, voice) for voice in range(voices)]


def pieces(engine, sample_rate, samples, temperatures, keys, asking=None):
    """Yield the codes of voices from the beginning, each at its own temperature, see `Sampler.pieces`."""
    envelopes = [Envelope.of(one) for one in temperatures]
    return Sampler(engine, sample_rate, envelopes, keys, asking=asking).pieces(samples)


def state_after(engine, codes, asked=None):
    """The `State` of voices after `codes`, int, shape (voices, samples), and nothing before.

    Frames are aligned to the end of the codes; the start is padded with silence. `asked`, (voices, numbers), see
    `engines.Engine`, holds all the time.
    """
    padding = -codes.shape[1] % engine.largest
    padded = np.pad(codes, ((0, 0), (padding, 0)), constant_values=engine.codec.centre)
    if asked is not None:
        asked = np.tile(asked, (padded.shape[1] // engine.largest, 1, 1))
    return engine.condition(engine.initial_state(len(codes)), padded, asked)


def starting_state(engine, keys, asked=None):
    """The initial `State` of voices, given a pair from `random_keys` for each.

    Each continues a moment of the recordings, drawn from its seed, or silence if the model keeps none. If a label is
    among what is `asked`, (voices, numbers), it is a moment with this label.
    """
    if not len(engine.moments):
        return engine.initial_state(len(keys))
    which = [_moment(engine, pair, None if asked is None else asked[voice]) for voice, pair in enumerate(keys)]
    return state_after(engine, engine.moments[which], asked)


def _moment(engine, pair, asked):
    """The number of a moment."""
    count = len(engine.moments)
    chance = np.random.default_rng([*pair, count])
    fitting = np.zeros(count) if asked is None else np.maximum(engine.moment_labels @ asked, 0)
    return chance.choice(count, p=fitting / fitting.sum()) if fitting.sum() > 0 else chance.integers(count)


class Sampler:
    """Plays on from sample to sample; the codes do not depend on how they are cut into pieces.

    Degeneration is looked for after each `piece` of samples, however many are asked for at a time.

    Parameters
    ----------
    engine
        An `engines.Engine`.
    sample_rate
        Hz, to convert samples to the seconds of the envelopes.
    envelopes
        The temperature `Envelope` of each voice.
    keys
        A pair for each voice, from `random_keys`.
    state
        The `State` to begin from, for example after a prime; if not given, see `starting_state`.
    share
        When two models are mixed: the `Envelope` of the second one's share, 0 .. 1.
    detector
        The `DegenerationDetector` that watches the voices, or None.
    asking
        The `Asking`, or None: nothing is asked.

    Attributes
    ----------
    played
        Samples of each voice so far.
    """

    def __init__(
        self, engine, sample_rate, envelopes, keys, state=None, share=None, detector=None, asking=None
    ):  # fmt: skip
        self.engine, self.sample_rate = engine, sample_rate
        self.envelopes, self.share, self.detector, self.asking = envelopes, share, detector, asking
        self.keys, self.rngs = keys, [np.random.default_rng(pair) for pair in keys]
        self.played = 0
        self.state = state or starting_state(engine, keys, self._labels())

    def _labels(self):
        """The labels that are asked of each voice in the next frame, (voices, numbers), or None."""
        return self.asking and self.asking.at(self.played, 1, self.engine.largest, steered=False)[0]

    @property
    def piece(self):
        """Samples of a piece."""
        return max(1, PIECE // self.engine.largest) * self.engine.largest

    def play(self, samples=None):
        """The next codes, int32, shape (voices, samples): a piece, or `samples` rounded up to whole frames."""
        largest = self.engine.largest
        samples = self.piece if samples is None else -(-samples // largest) * largest
        if not self.detector:
            return self._play(samples)
        end, parts = self.played + samples, []
        while self.played < end:
            codes = self._play(min(end - self.played, self.piece - self.played % self.piece))
            self._watch(self.engine.codec.decode(codes))
            parts.append(codes)
        return np.concatenate(parts, axis=1)

    def _play(self, samples):
        """The next codes, `samples` of them, whole frames."""
        seconds = (self.played + np.arange(samples)) / self.sample_rate
        temperatures = np.stack([envelope.at(seconds) for envelope in self.envelopes], axis=1)
        if self.detector:
            temperatures = self.detector.nudged(temperatures, self.played)
        draws = np.stack([rng.random(samples, np.float32) for rng in self.rngs], axis=1)
        more = {}
        if self.asking:
            more["asked"] = self.asking.at(self.played, samples // self.engine.largest, self.engine.largest)
        if self.share:
            second = self.share.at(seconds)
            more["mix"] = np.stack([1 - second, second], axis=1)
        codes, self.state = self.engine.play(self.state, temperatures, draws, **more)
        self.played += samples
        return codes

    def _watch(self, sound):
        """Let the detector have sound, (voices, samples), and follow it at the end of a piece."""
        if self.played % self.piece:
            self.detector.append(sound)
            return
        self.detector.update(sound, self.played)
        if self.detector.restarts:
            self.restart(self.detector.restarts)

    def restart(self, voices):
        """Restart these voices, counted from 0, from another moment of the recordings, or else from silence."""
        keys, labels = [(*self.keys[voice], self.played) for voice in voices], self._labels()
        restarted = starting_state(self.engine, keys, None if labels is None else labels[voices])
        parts = [self.state.past.copy(), *(part.copy() for part in self.state.recurrent)]
        for part, new in zip(parts, [restarted.past, *restarted.recurrent], strict=True):
            part[voices] = new
        self.state = State(parts[0], parts[1:])

    def pieces(self, samples):
        """Yield codes, int32, shape (voices, up to a piece), until there are exactly `samples` for each voice."""
        done = 0
        while done < samples:
            codes = self.play()
            yield codes[:, : samples - done]
            done += codes.shape[1]
