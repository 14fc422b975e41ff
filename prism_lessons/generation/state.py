"""The state of a model while it plays."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class State:
    """Everything the next sample of each voice depends on, except chance and temperature.

    `past` holds the preceding codes, int32, shape (voices, largest frame); `recurrent` is a list of float32 arrays,
    shape (voices, dim), in the order of `SampleRNN.initial_state`, model after model, and last the float64 state of the
    predictors, if there are any.
    """

    past: np.ndarray
    recurrent: list

    @classmethod
    def together(cls, states):
        """Concatenate states: all voices of the first, then those of the second, and so on."""
        parts = zip(*(state.recurrent for state in states), strict=True)
        return cls(np.concatenate([state.past for state in states]), [np.concatenate(part) for part in parts])
