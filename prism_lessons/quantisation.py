"""Sound as whole numbers: a sample in -1 .. 1 becomes one of `levels` codes, and a code becomes a sample again.

Silence has its own code, `centre`, which decodes to exactly 0, with as many codes above it as below. With an even
number of levels, code 0 is therefore never written (256 levels use the codes 1 .. 255). This costs half a step, but
digital silence comes back as silence, without a constant offset, and mirroring a code (`2 * centre - code`) inverts the
sound's polarity exactly.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .errors import CourseError

KINDS = ("mu-law", "linear")


@dataclass(frozen=True)
class Quantisation:
    """How samples become codes.

    Parameters
    ----------
    kind
        "mu-law" spends more codes on quiet sounds, as the ear does (ITU-T G.711, with mu = levels - 1); "linear"
        spaces them evenly.
    levels
        Number of codes, 3 .. 65536.

    Raises
    ------
    CourseError
        For a kind or a number of levels that does not exist.
    """

    kind: str = "mu-law"
    levels: int = 256

    def __post_init__(self):
        if self.kind not in KINDS:
            raise CourseError(f'There is no quantisation "{self.kind}": choose "mu-law" or "linear".')
        if not isinstance(self.levels, int) or not 3 <= self.levels <= 65536:
            raise CourseError(f"Quantisation needs 3 to 65536 levels, not {self.levels}: 256 is usual.")

    @property
    def centre(self):
        """The code of silence."""
        return self.levels // 2

    @property
    def half(self):
        """The number of codes above the centre, and of those below."""
        return (self.levels - 1) // 2

    @property
    def dtype(self):
        """The smallest NumPy type that holds every code: uint8 or uint16."""
        return np.dtype(np.uint8 if self.levels <= 256 else np.uint16)

    def encode(self, samples):
        """Samples, any shape, float -> codes of the same shape in 0 .. levels - 1.

        Values outside -1 .. 1 are clipped, and NaN becomes silence.
        """
        x = np.clip(np.nan_to_num(np.asarray(samples, np.float32), nan=0.0), -1.0, 1.0)
        if self.kind == "mu-law":
            mu = np.float32(self.levels - 1)
            x = np.copysign(np.log1p(mu * np.abs(x)) / np.log1p(mu), x)
        return (np.rint(x * self.half) + self.centre).astype(self.dtype)

    def decode(self, codes):
        """Codes, any shape, int in 0 .. levels - 1 -> float32 samples in -1 .. 1."""
        return self._samples[np.asarray(codes)]

    @cached_property
    def _samples(self):
        y = np.clip((np.arange(self.levels) - self.centre) / self.half, -1.0, 1.0)
        if self.kind == "mu-law":
            mu = self.levels - 1
            y = np.sign(y) * np.expm1(np.abs(y) * np.log1p(mu)) / mu
        return y.astype(np.float32)

    def error_bound(self, samples):
        """The largest |decode(encode(x)) - x| that the formula allows at each sample, same shape, float64.

        Half a code step, times the slope of the expansion at its steeper end.
        """
        x = np.clip(np.abs(np.asarray(samples, np.float64)), 0.0, 1.0)
        if self.kind == "linear":
            return np.full_like(x, 0.5 / self.half)
        mu = self.levels - 1
        return (x + 1 / mu) * np.expm1(0.5 / self.half * np.log1p(mu))
