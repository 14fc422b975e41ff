"""Takes: what a capsule plays when it is asked for some seconds."""

from functools import lru_cache

import numpy as np

from ..audio import Clip
from ..errors import CourseError
from ..live import LiveLine
from ..run import as_capsule
from .engine import Engine, chances

TEMPERATURES = (0.05, 5.0)


def generate(capsule, seconds=4.0, voices=4, temperature=0.95, seed=0, live=None):
    """Let a model play.

    Parameters
    ----------
    capsule
        A `Capsule`, a `Run`, or the path of one.
    seconds
        Length of each take; 3 s at 16 kHz are 48,000 samples, exactly.
    voices
        How many takes are made side by side, 1 .. 256.
    temperature
        How freely the model chooses: one number for all voices or one for each, 0.05 .. 5. At 1 it draws as it has
        learned; below, it keeps to the likelier (too low falls silent or sticks); above, it dares more (too high is
        noise).
    seed
        The same seed gives the same takes. Voice v of a seed does not depend on how many others there are. A list has
        a seed for each voice, which is then the first voice of its seed: the same seed several times, at several
        temperatures, is the same chance taken more and less freely.
    live
        The `LiveLine` to report progress on; one on standard output if not given.

    Returns
    -------
    list of Clip
        One for each voice, at the capsule's sample rate.

    Raises
    ------
    CourseError
        For a value out of its range.
    """
    capsule = as_capsule(capsule)
    samples = _samples(seconds, capsule.sample_rate)
    if not isinstance(voices, int) or not 1 <= voices <= 256:
        raise CourseError(f"voices must be a whole number from 1 to 256, not {voices}.")
    seeds = seed if isinstance(seed, (list, tuple)) else [seed] * voices
    if len(seeds) != voices or not all(isinstance(one, int) and one >= 0 for one in seeds):
        raise CourseError(f"seed must be a whole number, 0 or more, or a list of {voices} of them, not {seed}.")
    drawing = chances(seed, voices)
    temperatures = check_temperatures(temperature, voices)
    live = live or LiveLine()
    pieces, done = [], 0
    for piece in _engine(capsule.model).codes(samples, temperatures, seed):
        pieces.append(piece)
        done += piece.shape[1]
        live.share(f"Generating {_count(voices)}, samples", done, samples)
    live.end(f"Generated {_count(voices)} of {seconds:g} s.")
    decode = capsule.settings.codec.decode
    return [
        Clip(decode(codes), capsule.sample_rate, f"take_seed{one}_voice{voice + 1}_t{temperature:g}")
        for codes, (one, voice), temperature in zip(np.concatenate(pieces, axis=1), drawing, temperatures, strict=True)
    ]


@lru_cache(maxsize=4)
def _engine(model):
    """The engine of a model; compiled once for each number of voices, which takes longer than a short take."""
    return Engine(model)


def _count(voices):
    return f"{voices} voice{'s' if voices > 1 else ''}"


def _samples(seconds, sample_rate):
    if not np.isfinite(seconds) or round(seconds * sample_rate) < 1:
        raise CourseError(f"seconds must be above 0, not {seconds}.")
    return round(seconds * sample_rate)


def check_temperatures(temperature, voices):
    """One temperature for each voice, float32, shape (voices,), from one number or a list of that many."""
    low, high = TEMPERATURES
    temperatures = np.atleast_1d(np.asarray(temperature, np.float32))
    if temperatures.size not in (1, voices):
        raise CourseError(f"{temperatures.size} temperatures were given for {voices} voices: give one, or one each.")
    if not ((temperatures >= low) & (temperatures <= high)).all():
        raise CourseError(f"temperature must be {low} to {high}, not {temperature}: 0.95 is a good start.")
    return np.broadcast_to(temperatures.ravel(), (voices,))
