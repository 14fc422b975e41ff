"""What a model is asked for while it plays: labels, and lines of loudness and brightness."""

import math
from dataclasses import dataclass

import numpy as np

from ..analysis import HOP_SECONDS
from ..errors import CourseError, as_given
from ..files import digest
from ..live import some
from ..settings import is_number
from .envelopes import SHARES, Envelope
from .gesture import Gesture

LABEL, FOLLOW, GUIDANCE = "label", "follow", "guidance"
LOUDNESS, BRIGHTNESS = STEERED = ("loudness", "brightness")  # descriptors that a model with predictors can head for
LIMITS = {LOUDNESS: (-80.0, 0.0), BRIGHTNESS: (36.0, 120.0)}  # dBFS; semitones as MIDI counts them
GUIDANCES = (0.0, 10.0)
HEADROOM_DB = 6.0  # a model's loudest level is that of 2 ms of its recordings, a gesture's that of 20 ms
HIGHEST = 0.45  # of the sample rate: what is asked of brightness above is this


@dataclass(frozen=True)
class Asked:
    """What is asked of one voice.

    Attributes
    ----------
    labels
        {name: `Envelope` of its share}.
    lines
        {one of `STEERED`: an `Envelope`, or an array of values every `HOP_SECONDS`, NaN where nothing is asked}.
    about
        What a take's metadata says of this, {name: text}.
    """

    labels: dict
    lines: dict
    about: dict

    def labels_at(self, seconds, names):
        """The shares of a model's labels at some times: (times, names)."""
        shares = np.zeros((len(seconds), len(names)))
        for column, name in enumerate(names):
            if name in self.labels:
                shares[:, column] = self.labels[name].at(seconds)
        return shares

    def predicted_at(self, seconds, sample_rate):
        """What the predictors are to head for at some times, 0 where nothing is asked: (times, 2), see
        `engines.Engine`."""
        level, hertz = 10 ** (self._line_at(LOUDNESS, seconds) / 20), midi_to_hz(self._line_at(BRIGHTNESS, seconds))
        rise = 4 * np.sin(np.pi * np.minimum(hertz / sample_rate, HIGHEST)) ** 2
        return np.nan_to_num(np.stack([level, rise], axis=1))

    def _line_at(self, name, seconds):
        """The values of a line at some times, NaN where nothing is asked: (times,)."""
        line = self.lines.get(name)
        if line is None:
            return np.full(len(seconds), np.nan)
        if isinstance(line, Envelope):
            return line.at(seconds).astype(float)
        places = np.rint(seconds / HOP_SECONDS).astype(int)
        return np.where(places < len(line), line[np.minimum(places, len(line) - 1)], np.nan).astype(float)


def midi_to_hz(semitones):
    """Hz, from semitones as MIDI counts them."""
    return 440 * 2 ** ((semitones - 69) / 12)


class Asking:
    """What is asked of all voices, as an engine takes it for the models that it plays together.

    Parameters
    ----------
    asked
        An `Asked` for each voice.
    settings
        The `ModelSettings` of each model.
    guided
        Whether the second model is the first again, asked for any label.
    sample_rate
        Hz.
    """

    def __init__(self, asked, settings, guided, sample_rate):
        self._asked, self._settings, self._guided, self._rate = asked, settings, guided, sample_rate

    @classmethod
    def of_labels(cls, labels, settings, sample_rate):
        """One label for each voice of a model with some `ModelSettings`, and nothing else."""
        asked = [Asked({label: Envelope(((0, 1),))}, {}, {LABEL: label}) for label in labels]
        return cls(asked, [settings], False, sample_rate)

    def at(self, place, frames, largest, steered=True):
        """What is asked in some frames from a sample on, see `engines.Engine.play`; labels alone unless `steered`."""
        seconds = (place + (np.arange(frames) + 0.5) * largest) / self._rate
        return np.stack([self._voice(asked, seconds, steered) for asked in self._asked], axis=1, dtype=np.float32)

    def _voice(self, asked, seconds, steered):
        parts = []
        for number, settings in enumerate(self._settings):
            labels = asked.labels_at(seconds, settings.labels)
            parts.append(labels * (not (self._guided and number)))
            if settings.guesses:
                parts.append(asked.predicted_at(seconds, self._rate) * steered)
        return np.concatenate(parts, axis=1)


def labels_of(capsules):
    """The labels of some models, each once."""
    return tuple(dict.fromkeys(name for capsule in capsules for name in capsule.settings.labels))


def steered_by(capsules):
    """The descriptors that some models, or one of them, can be asked for."""
    return STEERED if any(capsule.settings.guesses for capsule in capsules) else ()


def asked_of(capsules, voices, label=None, loudness=None, brightness=None, follow=None):
    """Check what is asked of each voice.

    Parameters
    ----------
    capsules
        The `Capsule`s that are played together; a request is valid if at least one of them can meet it.
    voices
        How many.
    label, loudness, brightness, follow
        As for `generate`.

    Returns
    -------
    list of Asked

    Raises
    ------
    CourseError
        When the models cannot be asked for it; the sentence says what they know.
    """
    names, lines = labels_of(capsules), {LOUDNESS: loudness, BRIGHTNESS: brightness}
    if label is not None and not names:
        raise CourseError("This model cannot be asked for a label: it was trained without labels.")
    drawn = [name for name, line in lines.items() if line is not None]
    if loudness is not None and follow is not None:
        raise CourseError("A take follows either a gesture or a line of loudness: leave out follow or loudness.")
    if (drawn or follow is not None) and not steered_by(capsules):
        raise CourseError(f"This model cannot be asked for a {(drawn or STEERED)[0]}: it has no predictors.")
    blends = [_blend(one, names) for one in _each(label, voices, LABEL)]
    gestures = [None if one is None else Gesture.of(one, [LOUDNESS]) for one in _each(follow, voices, FOLLOW)]
    each = [[None if one is None else _line(one, name) for one in _each(lines[name], voices, name)] for name in STEERED]
    each = zip(*each, strict=True)
    return [_of_voice(*values, capsules) for values in zip(blends, gestures, each, strict=True)]


def _of_voice(blend, gesture, lines, capsules):
    lines = {name: line for name, line in zip(STEERED, lines, strict=True) if line is not None}
    about = {LABEL: blend_in_words(blend)} if blend else {}
    for name, line in lines.items():
        about[name] = str(line) if isinstance(line, Envelope) else f"as drawn, {digest(line.tobytes())}"
    if gesture:
        lines[LOUDNESS], about[FOLLOW] = _moved(gesture.line(LOUDNESS), capsules), gesture.name
    return Asked(blend, lines, about)


def _moved(line, capsules):
    """A gesture's loudness, moved so that its loudest moment is about as loud as the recordings ever were."""
    loudest = max(float(capsule.weights["loudest"][0]) for capsule in capsules if capsule.settings.guesses)
    return line + 20 * math.log10(loudest) - HEADROOM_DB - np.nanmax(line)


def _each(value, voices, what):
    """A list with a value for each voice: from one for all, or from a list with one for each."""
    several = value if isinstance(value, (list, tuple)) else [value]
    if len(several) not in (1, voices):
        raise CourseError(f"{len(several)} values of {what} were given for {voices} voices: give one, or one each.")
    return list(several) * (voices if len(several) == 1 else 1)


def _line(value, name):
    """A line, checked: an `Envelope`, or an array as `Gesture.line` gives it, within what can be asked."""
    limits = LIMITS[name]
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f" and len(value):
        return np.clip(value, *limits)  # a larger amount may lead beyond
    return Envelope.of(value, name, limits)


def _blend(label, names):
    """{name: `Envelope` of its share}, from one label, shares of several, or labels over time."""
    if label is None:
        return {}
    if isinstance(label, str):
        label = _parsed(label, names)
    if not isinstance(label, dict) or not label:
        raise CourseError(
            f'label must be a name, shares such as "{names[0]}:0.5", or {{name: share or line}}, not {as_given(label)}.'
        )
    if unknown := [name for name in label if name not in names]:
        raise CourseError(f"This model has no label {as_given(unknown[0])}: choose from {some(names)}.")
    return {name: Envelope.of(share, f'The share of "{name}"', SHARES) for name, share in label.items()}


def _parsed(text, names):
    """Shares from text: "bells", "bells:0.5, breath:0.5", or labels over time, "0:breath, 10:bells"."""
    shares, times = {}, {}
    for part in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
        first, colon, last = (word.strip() for word in part.rpartition(":"))
        if not colon:
            shares[last] = 1.0
        elif last in names:
            times[first] = last
        else:
            shares[first] = last
    if times and shares:
        raise CourseError(f'"{text[:60]}" mixes shares and times: write "{names[0]}:0.5", or "0:{names[0]}".')
    return shares or {
        name: ", ".join(f"{time}:{int(there == name)}" for time, there in times.items())
        for name in dict.fromkeys(times.values())
    }


def blend_in_words(blend):
    """{name: `Envelope` of its share} as text.

    As `_parsed` reads it if nothing changes, otherwise "bells 0:1, 10:0; breath 0:0, 10:1".
    """
    if all(share.constant for share in blend.values()):
        return ", ".join(name if str(share) == "1" else f"{name}:{share}" for name, share in blend.items())
    return "; ".join(f"{name} {share}" for name, share in blend.items())


def guidance_of(value):
    """A checked guidance."""
    low, high = GUIDANCES
    if not is_number(value) or not low <= value <= high:
        raise CourseError(f"guidance must be {low:g} to {high:g}, not {as_given(value)}: 1 is the model as it is.")
    return float(value)
