"""The state and buffers of the predictors of one model, or of several that are mixed, during playing."""

import numpy as np

from ..prediction import predictors_of
from ..settings import BOOK_ORDER


class Listeners:
    """The predictors of several models, concatenated as `compiled.perform` takes them.

    Parameters
    ----------
    models
        A list of (`ModelSettings`, {weight name: float32 array}).

    Attributes
    ----------
    width
        Size of one voice's state; 0 if no model has predictors.
    """

    def __init__(self, models):
        codec = models[0][0].codec
        self.each = [predictors_of(settings, weights) for settings, weights in models]
        self.each = [predictors for predictors in self.each if predictors]
        self.width = sum(predictors.width for predictors in self.each)
        self._longest = max((predictors.longest for predictors in self.each), default=0)
        self._codec, self._rows, first, guess, book, begin = codec, [], 0, 0, 0, 0
        for predictors in self.each:
            orders, filters = len(predictors.orders), predictors.plan[2].shape[1]
            end = begin + predictors.width
            self._rows.append((first, first + orders, book, filters, predictors.count, guess, begin, end))
            first, guess, book, begin = first + orders, guess + predictors.count, book + filters * BOOK_ORDER, end
        self._guesses, self._filters = guess, book // BOOK_ORDER
        self._fixed = self._fixed_parts()

    def _fixed_parts(self):
        plans = [predictors.plan for predictors in self.each]
        one = self.each[0] if self.each else None
        return (
            np.array(self._rows, np.int64).reshape(-1, 8),
            np.concatenate([np.zeros((0, 3), np.int64), *(plan[0] for plan in plans)]),
            np.concatenate([np.zeros(0), *(plan[1] for plan in plans)]),
            np.concatenate([np.zeros(0, np.float32), *(plan[2].ravel() for plan in plans)]),
            one.plan[3] if one else np.zeros(4),
            one.edges if one else np.zeros(0),
            one.edges.astype(np.float32) if one else np.zeros(0, np.float32),
            one.samples if one else np.zeros(0),
        )

    def begin(self, past):
        """The state of voices that continue the codes `past`, float64, shape (voices, width)."""
        return np.concatenate([each.begin(past[:, -each.context :]) for each in self.each], axis=1)

    def room(self, state, past, samples):
        """The buffers of `compiled.perform` for some samples after the codes `past`; it changes `state`."""
        voices, origin = past.shape
        lead = max(0, self._longest - origin)
        heard = np.zeros((voices if self.each else 0, lead + origin + samples))
        missed = np.zeros((len(self.each), voices, origin + samples), np.float32)
        for model, (predictors, row) in enumerate(zip(self.each, self._rows, strict=True)):
            mine = state[:, row[-2] : row[-1]]
            samples_before, excitation = predictors.remembers(mine)
            heard[:, lead + origin - samples_before.shape[1] : lead + origin] = samples_before
            missed[model, :, origin - predictors.context : origin] = excitation
        order = self._longest + 1
        rooms = (
            np.zeros((len(heard), order, order)),
            np.zeros((len(heard), 2, order)),
            np.zeros((voices, self._filters), np.float32),
            np.zeros((voices, BOOK_ORDER), np.float32),
        )
        expected = np.zeros((voices, 3, self._guesses))
        return (*self._fixed, heard, missed, state, expected, rooms)

    def leave(self, listening):
        """The state after `compiled.perform` has run, with the latest samples and prediction errors stored in it."""
        heard, missed, state = listening[8:11]
        for model, (predictors, row) in enumerate(zip(self.each, self._rows, strict=True)):
            predictors.remember(state[:, row[-2] : row[-1]], heard, missed[model])
        return state
