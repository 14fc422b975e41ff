"""A model while it plays: its voices, the chance of each, the lines that they follow, and how far they are."""

import numpy as np

from .lines import Line
from .state import State

MOST_VOICES = 256
PIECE = 4096  # samples made at a time, rounded to whole frames


def chances(seed, voices):
    """What each voice draws from: (seed, 0), (seed, 1) and so on; from a list of seeds, the first voice of each.

    A pair (seed, voice) in the list, voices from 0, stands for itself.
    """
    if isinstance(seed, (list, tuple)):
        return [one if isinstance(one, tuple) else (one, 0) for one in seed]
    return [(seed, voice) for voice in range(voices)]


def pieces(engine, sample_rate, samples, temperatures, drawing):
    """Yield the codes of some voices from their beginning on, each at a temperature of its own, see `Player.pieces`."""
    return Player(engine, sample_rate, [Line.of(one) for one in temperatures], drawing).pieces(samples)


def after(engine, codes):
    """The `State` of voices that have heard some codes and nothing before: int, shape (voices, samples).

    Frames end where the codes end; before their beginning lies silence.
    """
    before = -codes.shape[1] % engine.largest
    heard = np.pad(codes, ((0, 0), (before, 0)), constant_values=engine.codec.centre)
    return engine.hear(engine.begin(len(codes)), heard)


def begun(engine, drawing):
    """The `State` that voices begin in, a pair from `chances` for each.

    Each has just heard a moment of the recordings, drawn by its chance; of a model that keeps none, it knows silence.
    """
    moments = engine.moments
    if not len(moments):
        return engine.begin(len(drawing))
    which = [np.random.default_rng([*pair, len(moments)]).integers(len(moments)) for pair in drawing]
    return after(engine, moments[which])


class Player:
    """Goes on from sample to sample; however it is cut into pieces, the codes are the same.

    But for nudges: traps listen at the end of each piece, so these need the same pieces to come at the same samples.

    Parameters
    ----------
    engine
        An `engines.Engine`.
    sample_rate
        Hz, which turns samples into the seconds of the lines.
    lines
        The `Line` of temperature of each voice.
    drawing
        A pair for each voice, from `chances`.
    state
        The `State` to begin from, of a prime say; if not given, see `begun`.
    share
        Where two models are mixed: the `Line` of the second one's share, 0 .. 1.
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
        """The next codes, int32, shape (voices, samples): a piece, or some samples, rounded up to whole frames."""
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
        """Let some voices hear another moment of the recordings and go on from there."""
        fresh = begun(self.engine, [(*self.drawing[voice], self.played) for voice in voices])
        parts = [self.state.past.copy(), *(part.copy() for part in self.state.recurrent)]
        for part, new in zip(parts, [fresh.past, *fresh.recurrent], strict=True):
            part[voices] = new
        self.state = State(parts[0], parts[1:])

    def pieces(self, samples):
        """Yield codes, int32, shape (voices, up to a piece), until there are `samples` of each voice, exactly."""
        done = 0
        while done < samples:
            codes = self.play()
            yield codes[:, : samples - done]
            done += codes.shape[1]
