"""What a model remembers while it plays."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class State:
    """All that the next sample of each voice depends on, but for chance and temperature.

    `past` are the codes just before, int32, shape (voices, largest frame); `recurrent` is a list of float32 arrays,
    shape (voices, dim), in the order of `SampleRNN.initial_state`; of several models, one model's after the other's.
    """

    past: np.ndarray
    recurrent: list

    @classmethod
    def together(cls, states):
        """Some states, side by side: all voices of the first, then those of the second, and so on."""
        parts = zip(*(state.recurrent for state in states), strict=True)
        return cls(np.concatenate([state.past for state in states]), [np.concatenate(part) for part in parts])
