"""Gestures: how a recording or a MIDI file moves, for a take to follow."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import convolve1d

from ..analysis import DESCRIPTORS, HOP_SECONDS, LEAST_DBFS, SAMPLE_RATE, descriptors_of
from ..audio import SILENCE_DBFS, AudioError, Clip, load, reading_error
from ..checks import a_path, a_text, checked, need, number, optional
from ..errors import CourseError, as_given
from ..files import as_text
from ..live import clock

MOST_SECONDS = 600.0
MOST_SMOOTHING = 60.0  # seconds
USUAL = ("loudness", "brightness", "pitch")
MIDI_SUFFIXES = (".mid", ".midi")
PERCUSSION = 9  # the channel whose notes are instruments, not pitches; MIDI programs show it as 10
BEND = 2 / 8192  # semitones for each step of the pitch wheel, as long as a file does not change its range
LOUDEST_DBFS = -10.0  # of a note with the highest velocity: about as loud as loud passages of recordings
VOLUME, EXPRESSION = 7, 11  # controllers


def _names(name, value):
    """The rule for names of descriptors, see `checks`."""
    if isinstance(value, (tuple, list)) and value and all(one in DESCRIPTORS for one in value):
        return tuple(dict.fromkeys(value))
    raise CourseError(f"{name} must be some of {', '.join(DESCRIPTORS)}, in a list, not {as_given(value)}.")


@dataclass(frozen=True, eq=False)
class Gesture:
    """How a recording or a MIDI file moves over time, for a take to follow.

    Parameters
    ----------
    name : str
        The name of the recording or the file.
    seconds : float
        Its length.
    lines : dict of {str: ndarray of float32}
        For each descriptor its values every `HOP_SECONDS`, as `analysis.descriptors_of` measures them, NaN where there
        is none.

    See Also
    --------
    Prime : An excerpt of sound that a model continues, rather than follows.
    Envelope : A line that you write, such as one of temperature or loudness.

    Examples
    --------
    >>> gesture = pl.Gesture.of("recordings/bells.flac")
    >>> print(gesture)
    bells, 0:07: loudness, brightness, pitch
    >>> softer = gesture.line("loudness", offset=-6, smoothing=0.2)
    >>> len(softer), round(gesture.seconds, 2)
    (710, 7.1)
    """

    name: str
    seconds: float
    lines: dict

    @classmethod
    @checked(names=optional(_names))
    def of(cls, recording, names=None):
        """The gesture of a recording, or of a MIDI file.

        Of a MIDI file, the pitch is that of the highest note that sounds, with its pitch bend, and the loudness that of
        the loudest, by velocity, volume and expression. Percussion has a loudness and no pitch.

        Parameters
        ----------
        recording : Clip, str, Path or Gesture
            A `Clip`, or the path of a sound file or of a MIDI file (.mid or .midi), up to ten minutes long; a gesture
            is returned unchanged.
        names : sequence of str, optional
            Some of "loudness", "brightness", "noisiness" and "pitch"; if not given, all that it has except
            noisiness.

        Returns
        -------
        Gesture

        Raises
        ------
        CourseError
            When it cannot be read, is too long or silent, or lacks one of `names`.
        """
        if isinstance(recording, Gesture):
            return recording
        if not isinstance(recording, (Clip, str, os.PathLike)):
            raise CourseError(
                f"A gesture is that of a clip, or of the path of a sound or MIDI file, not {as_given(recording)}."
            )
        if not isinstance(recording, Clip) and Path(a_path("recording", recording)).suffix.lower() in MIDI_SUFFIXES:
            name, seconds, lines = _of_midi(recording)
        else:
            name, seconds, lines = _of_sound(recording, names or USUAL)
        lines = {descriptor: line for descriptor, line in lines.items() if np.isfinite(line).any()}
        for missing in (descriptor for descriptor in names or () if descriptor not in lines):
            raise CourseError(f'"{name}" has no {missing} to follow: leave "{missing}" out of names.')
        return cls(name, seconds, {descriptor: lines[descriptor] for descriptor in names or lines})

    @checked(name=a_text, amount=number(), offset=number(), smoothing=number(0, MOST_SMOOTHING))
    def line(self, name, amount=1.0, offset=0.0, smoothing=0.0):
        """One descriptor over time.

        Parameters
        ----------
        name : str
            Of the descriptor, one of `lines`.
        amount : float
            What its distance from its median is multiplied by: 0 is constant, 2 exaggerates, -1 mirrors. The median is
            that of the moments above -60 dBFS.
        offset : float
            Added to it: decibels for the loudness, semitones for brightness and pitch.
        smoothing : float
            Seconds, 0 .. 60, of the window (Hann's) over which it is averaged.

        Returns
        -------
        ndarray of float32
            Its values every `HOP_SECONDS`, in its unit, NaN where there is none.

        Raises
        ------
        CourseError
            When the gesture does not have it, or a number is out of range.
        """
        if name not in self.lines:
            raise CourseError(f'The gesture of "{self.name}" has {", ".join(self.lines)}, not {as_given(name)}.')
        values = self.lines[name]
        median = np.nanmedian(values[values >= SILENCE_DBFS] if name == "loudness" else values)
        return (median + amount * (_smoothed(values, smoothing) - median) + offset).astype(np.float32)

    def __str__(self):
        return f"{as_text(self.name)}, {clock(self.seconds)}: {', '.join(self.lines)}"


def _smoothed(values, seconds):
    """Values averaged over a window of so many seconds, leaving out, and leaving as they are, those that are NaN."""
    window = np.hanning(2 * round(seconds / HOP_SECONDS / 2) + 3)  # its ends are 0
    there = np.isfinite(values)
    total = convolve1d(np.where(there, values, 0.0), window, mode="constant")
    weight = convolve1d(there.astype(float), window, mode="constant")
    return np.where(there, total / np.maximum(weight, 1e-12), np.nan)


def _check_length(name, seconds):
    if seconds > MOST_SECONDS:
        raise CourseError(
            f'"{name}" is longer than {clock(MOST_SECONDS)}, the most that a gesture may last: cut out what is to be '
            "followed."
        )


def _of_sound(sound, names):
    """(name, seconds, {descriptor: values}) of a `Clip` or a sound file: the names given, and the loudness."""
    if not isinstance(sound, Clip):
        sound = load(sound, SAMPLE_RATE, seconds=MOST_SECONDS + 1)
    _check_length(sound.name, sound.seconds)
    names = tuple({"loudness": 0} | dict.fromkeys(names))
    lines = dict(zip(names, descriptors_of(sound.samples, sound.sample_rate, names).T, strict=True))
    if not (lines["loudness"] >= SILENCE_DBFS).any():
        raise CourseError(f'"{sound.name}" is silent, nowhere above {SILENCE_DBFS:g} dBFS: a gesture needs sound.')
    return sound.name, sound.seconds, lines


def _of_midi(path):
    """(name, seconds, {descriptor: values}) of a MIDI file, which has a loudness and a pitch."""
    messages, name = _messages(path), Path(path).stem
    seconds = sum(message.time for message in messages)
    _check_length(name, seconds)
    loudness, pitch = np.full((2, round(seconds / HOP_SECONDS)), np.nan, np.float32)
    keys, now = _Keys(), 0.0
    for message in messages:
        start, now = now, now + message.time
        during = slice(round(start / HOP_SECONDS), round(now / HOP_SECONDS))
        loudness[during], pitch[during] = keys.loudness, keys.pitch
        keys.receive(message)
    if not (loudness >= SILENCE_DBFS).any():
        raise CourseError(f'"{name}" holds no notes: a gesture needs some.')
    return name, seconds, {"loudness": loudness, "pitch": pitch}


def _messages(path):
    """The messages of a MIDI file in order, with the seconds since the one before as `time`."""
    need("Following a MIDI file", "mido")
    import mido

    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise AudioError(f'"{path}" cannot be used: {reading_error(error)}.') from None
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        if file.ticks_per_beat <= 0:
            raise ValueError("its time is that of film frames")
        return list(file)
    except Exception:  # of whatever kind: damaged files raise seven
        raise AudioError(
            f'"{path}" cannot be used: it is damaged, or not a usual MIDI file; export it again from the program that '
            "made it."
        ) from None


class _Keys:
    """The keys that are held down while a MIDI file plays."""

    def __init__(self):
        self._velocities = {}  # {(channel, note): velocity}
        self._bends, self._controls = {}, {}

    def receive(self, message):
        """Take the next message into account."""
        match message.type:
            case "note_on" if message.velocity:
                self._velocities[message.channel, message.note] = message.velocity
            case "note_on" | "note_off":
                self._velocities.pop((message.channel, message.note), None)
            case "pitchwheel":
                self._bends[message.channel] = message.pitch * BEND
            case "control_change":
                self._controls[message.channel, message.control] = message.value

    @property
    def pitch(self):
        """That of the highest note, in semitones; NaN without one."""
        pitches = [note + self._bends.get(channel, 0) for channel, note in self._velocities if channel != PERCUSSION]
        return max(pitches, default=np.nan)

    @property
    def loudness(self):
        """That of the loudest note, dBFS: 40 times the logarithm of its velocity, as General MIDI recommends."""
        gains = [
            velocity * self._controls.get((channel, VOLUME), 127) * self._controls.get((channel, EXPRESSION), 127)
            for (channel, _), velocity in self._velocities.items()
        ]
        if not gains:
            return LEAST_DBFS
        return max(SILENCE_DBFS, LOUDEST_DBFS + 40 * np.log10(max(*gains, 1) / 127**3))
