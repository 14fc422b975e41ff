"""Priming: a recording that conditions a model before it plays, so that it continues from there."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio import AudioError, Clip, Recording, check_sample_rate, load, resample, safe_file_name
from ..checks import checked, whole
from ..errors import CourseError, as_given
from ..files import as_text
from ..live import moment
from ..settings import is_number
from .sampler import MOST_VOICES, starting_state, state_after
from .state import State

MOST_SECONDS = 60.0


@dataclass(frozen=True)
class Prime:
    """An excerpt of sound for a voice to continue.

    Parameters
    ----------
    sound : Clip, str or Path
        A `Clip`, or the path of a sound file, of any sample rate.
    start : float, optional
        Start of the excerpt, in seconds; if not given, the excerpt is at the end of the sound.
    seconds : float
        Its length, up to 60; shorter if the sound is.

    Raises
    ------
    CourseError
        For times out of range, or a sound of the wrong type.

    See Also
    --------
    generate : Continues from a prime.
    perform : The same for long takes.

    Examples
    --------
    >>> prime = pl.Prime("recordings/bells.flac", start=1, seconds=2)
    >>> print(prime)
    bells.flac, 1 to 3 s
    >>> [round(each.start, 1) for each in pl.Prime.several("recordings/gong.flac", voices=3, seconds=1)]
    [0.0, 2.5, 5.0]
    """

    sound: object
    start: float | None = None
    seconds: float = 8.0

    def __post_init__(self):
        if not isinstance(self.sound, (Clip, str, os.PathLike)):
            raise CourseError(f"A prime is a clip or the path of a sound file, not {as_given(self.sound)}.")
        for name, number in {"start": 0 if self.start is None else self.start, "seconds": self.seconds}.items():
            if not is_number(number) or not 0 <= number < 1e12:
                raise CourseError(f"A prime's {name} must be a number from 0 on, not {as_given(number)}.")
            if hasattr(number, "item"):  # NumPy's
                object.__setattr__(self, name, number.item())
        if not 0 < self.seconds <= MOST_SECONDS:
            raise CourseError(
                f"A prime must last more than 0 and at most {MOST_SECONDS:g} seconds, not {self.seconds}: choose how "
                "long."
            )

    @classmethod
    def of(cls, sound):
        """A prime from a `Prime`, or from the last 8 seconds of a `Clip` or sound file."""
        return sound if isinstance(sound, Prime) else cls(sound)

    @classmethod
    @checked(voices=whole(1, MOST_VOICES))
    def several(cls, sound, voices, seconds=4.0):
        """Primes for several voices, evenly spaced from the beginning of the sound to its end.

        Parameters
        ----------
        sound : Clip, str or Path
            As for one prime.
        voices : int
            How many, 1 .. 256.
        seconds : float
            Length of each.

        Returns
        -------
        list of Prime
        """
        starts = np.linspace(0, max(0.0, cls(sound, 0.0, seconds)._length() - seconds), voices)
        return [cls(sound, round(float(start), 3), seconds) for start in starts]

    def clip(self, sample_rate):
        """The excerpt as a `Clip`.

        Parameters
        ----------
        sample_rate : int
            Hz.

        Returns
        -------
        Clip

        Raises
        ------
        CourseError
            When the sound cannot be read, or ends before the excerpt starts.
        """
        sample_rate, start = check_sample_rate(sample_rate), self._start()
        if isinstance(self.sound, Clip):
            first = round(start * self.sound.sample_rate)
            samples = self.sound.samples[first : first + round(self.seconds * self.sound.sample_rate)]
            samples, name = resample(samples, self.sound.sample_rate, sample_rate), self.sound.name
        else:
            sound = load(self.sound, sample_rate, start, self.seconds)
            samples, name = sound.samples, sound.name
        samples = samples[: round(self.seconds * sample_rate)]
        if not len(samples):
            raise CourseError(f'"{name}" has no sound from {moment(start)} on: begin the prime earlier.')
        return Clip(samples, sample_rate, name)

    @property
    def end(self):
        """Where the excerpt ends in the sound, in seconds: the model continues from here."""
        return min(self._start() + self.seconds, self._length())

    def is_of(self, recording):
        """Whether it goes by the name of a recording, such as "voices/anna.wav": as a file of that path, as a clip of a
        corpus made from it, or as a `Clip` of that name."""
        recording = Path(recording)
        if isinstance(self.sound, Clip):
            path = Path(self.sound.name)
        else:
            path = Path(self.sound).absolute()
            if path.parts[-len(recording.parts) :] == recording.parts:
                return True
        of_a_corpus = re.fullmatch(rf"\d{{4}}_{re.escape(safe_file_name(recording.stem))}(_\d+)?", path.stem)
        return bool(of_a_corpus) or (isinstance(self.sound, Clip) and path.stem == recording.stem)

    def _start(self):
        if self.start is not None:
            return self.start
        return max(0.0, self._length() - self.seconds)

    def _length(self):
        """Length of the whole sound, in seconds."""
        if isinstance(self.sound, Clip):
            return self.sound.seconds
        try:
            with Recording(self.sound) as recording:
                return recording.seconds
        except AudioError as error:
            raise AudioError(f'"{self.sound}" cannot be used: {error}.') from None

    def __str__(self):
        name = self.sound.name if isinstance(self.sound, Clip) else Path(self.sound).name
        name = as_text(name)
        try:
            return f"{name}, {self._start():g} to {self.end:g} s"
        except AudioError:  # the file was deleted after use
            return name


def primes_of(prime, voices):
    """A `Prime`, or None, for each voice: from one for all, or a list with one for each."""
    several = prime if isinstance(prime, (list, tuple)) else [prime]
    if len(several) not in (1, voices):
        raise CourseError(f"{len(several)} primes were given for {voices} voices: give one, or one each.")
    primes = [None if one is None else Prime.of(one) for one in several]
    return primes * voices if len(primes) == 1 else primes


def primed(engine, primes, keys, sample_rate, asked=None):
    """Run an engine over each voice's prime.

    Parameters
    ----------
    engine
        An `engines.Engine`.
    primes
        A `Prime` or None for each voice.
    keys
        A pair for each voice, from `sampler.random_keys`: it determines how a voice without a prime begins.
    sample_rate
        The model's, in Hz.
    asked
        What is asked of each voice at its beginning, (voices, numbers), see `engines.Engine`, or None.

    Returns
    -------
    State, and a list with the codes of each voice's prime, int32, shape (samples,); empty without a prime.
    """
    states, prime_codes = {}, {}
    if not any(primes):
        return starting_state(engine, keys, asked), [np.zeros(0, np.int32)] * len(primes)
    asked = [None] * len(keys) if asked is None else asked[:, None]
    voices = []
    for prime, pair, one in zip(primes, keys, asked, strict=True):
        key = (pair if prime is None else id(prime), None if one is None else one.tobytes())
        voices.append(key)
        if key in states:  # a prime shared by voices of which the same is asked is run once
            continue
        if prime is None:
            state, codes = starting_state(engine, [pair], one), np.zeros(0, np.int32)
        else:
            codes = engine.codec.encode(prime.clip(sample_rate).samples).astype(np.int32)
            state = state_after(engine, codes[None], one)
        states[key], prime_codes[key] = state, codes
    return State.together([states[key] for key in voices]), [prime_codes[key] for key in voices]
