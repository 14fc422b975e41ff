"""A model while it plays: its voices, their random generators, the lines they follow, and their position."""

import numpy as np

from .lines import Line
from .state import State

MOST_VOICES = 256
PIECE = 4096  # samples made at a time, rounded to whole frames


def chances(seed, voices):
    """The random seed of each voice: (seed, 0), (seed, 1) and so on; for a list of seeds, the first voice of each.

    A pair (seed, voice) in the list, voices from 0, is used as it is.
    """
    if isinstance(seed, (list, tuple)):
        return [one if isinstance(one, tuple) else (one, 0) for one in seed]
    return [(seed, voice) for voice in range(voices)]


def pieces(engine, sample_rate, samples, temperatures, drawing):
    """Yield the codes of voices from the beginning, each at its own temperature, see `Player.pieces`."""
    return Player(engine, sample_rate, [Line.of(one) for one in temperatures], drawing).pieces(samples)


def after(engine, codes):
    """The `State` of voices after `codes`, int, shape (voices, samples), and nothing before.

    Frames are aligned to the end of the codes; the start is padded with silence.
    """
    before = -codes.shape[1] % engine.largest
    heard = np.pad(codes, ((0, 0), (before, 0)), constant_values=engine.codec.centre)
    return engine.condition(engine.initial_state(len(codes)), heard)


def begun(engine, drawing):
    """The initial `State` of voices, given a pair from `chances` for each.

    Each continues a moment of the recordings, drawn from its seed, or silence if the model keeps none.
    """
    moments = engine.moments
    if not len(moments):
        return engine.initial_state(len(drawing))
    which = [np.random.default_rng([*pair, len(moments)]).integers(len(moments)) for pair in drawing]
    return after(engine, moments[which])


class Player:
    """Plays on from sample to sample; the codes do not depend on how they are cut into pieces.

    Nudges are the exception: traps are checked at the end of each piece, so nudges depend on where pieces end.

    Parameters
    ----------
    engine
        An `engines.Engine`.
    sample_rate
        Hz, to convert samples to the seconds of the lines.
    lines
        The temperature `Line` of each voice.
    drawing
        A pair for each voice, from `chances`.
    state
        The `State` to begin from, for example after a prime; if not given, see `begun`.
    share
        When two models are mixed: the `Line` of the second one's share, 0 .. 1.
    traps
        `Traps` that watch the voices, or None.

    Attributes
    ----------
    played
        Samples of each voice so far.
    """

    def __init__(self, engine, sample_rate, lines, drawing, state=None, share=None, traps=None):
        self.engine, self.sample_rate, self.lines, self.share, self.traps = engine, sample_rate, lines, share, traps
        self.state = state or begun(engine, drawing)
        self.drawing, self.chances = drawing, [np.random.default_rng(pair) for pair in drawing]
        self.played = 0

    @property
    def piece(self):
        """Samples of a piece."""
        return max(1, PIECE // self.engine.largest) * self.engine.largest

    def play(self, samples=None):
        """The next codes, int32, shape (voices, samples): a piece, or `samples` rounded up to whole frames."""
        largest = self.engine.largest
        samples = self.piece if samples is None else -(-samples // largest) * largest
        seconds = (self.played + np.arange(samples)) / self.sample_rate
        temperatures = np.stack([line.at(seconds) for line in self.lines], axis=1)
        if self.traps:
            temperatures = self.traps.nudged(temperatures, self.played)
        draws = np.stack([chance.random(samples, np.float32) for chance in self.chances], axis=1)
        mix = {}
        if self.share:
            second = self.share.at(seconds)
            mix = {"mix": np.stack([1 - second, second], axis=1)}
        codes, self.state = self.engine.play(self.state, temperatures, draws, **mix)
        self.played += samples
        if self.traps:
            self.traps.watch(self.engine.codec.decode(codes), self.played)
            if self.traps.anew:
                self._begin_anew(self.traps.anew)
        return codes

    def _begin_anew(self, voices):
        """Restart these voices from another moment of the recordings."""
        fresh = begun(self.engine, [(*self.drawing[voice], self.played) for voice in voices])
        parts = [self.state.past.copy(), *(part.copy() for part in self.state.recurrent)]
        for part, new in zip(parts, [fresh.past, *fresh.recurrent], strict=True):
            part[voices] = new
        self.state = State(parts[0], parts[1:])

    def pieces(self, samples):
        """Yield codes, int32, shape (voices, up to a piece), until there are exactly `samples` for each voice."""
        done = 0
        while done < samples:
            codes = self.play()
            yield codes[:, : samples - done]
            done += codes.shape[1]
