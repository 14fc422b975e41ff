"""What a model is asked for while it plays: labels, and a line of loudness."""

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

LABEL, LOUDNESS, FOLLOW, GUIDANCE = "label", "loudness", "follow", "guidance"
LOUDNESSES = (-80.0, 0.0)  # dBFS
GUIDANCES = (0.0, 10.0)


@dataclass(frozen=True)
class Asked:
    """What is asked of one voice.

    Attributes
    ----------
    labels
        {name: `Envelope` of its share}.
    loudness
        An `Envelope`, or an array of values every `HOP_SECONDS`, dBFS, NaN where nothing is asked; or None.
    about
        What a take's metadata says of this, {name: text}.
    """

    labels: dict
    loudness: object
    about: dict

    def labels_at(self, seconds, names):
        """The shares of a model's labels at some times: (times, names)."""
        shares = np.zeros((len(seconds), len(names)))
        for column, name in enumerate(names):
            if name in self.labels:
                shares[:, column] = self.labels[name].at(seconds)
        return shares

    def level_at(self, seconds):
        """The level at some times, RMS, full scale is 1, 0 where none is asked: (times,)."""
        if self.loudness is None:
            return np.zeros(len(seconds))
        if isinstance(self.loudness, Envelope):
            return 10 ** (self.loudness.at(seconds) / 20)
        places = np.rint(seconds / HOP_SECONDS).astype(int)
        values = np.where(
            places < len(self.loudness), self.loudness[np.minimum(places, len(self.loudness) - 1)], np.nan
        )
        return np.where(np.isfinite(values), 10 ** (np.nan_to_num(values) / 20), 0)


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

    def at(self, place, frames, largest, level=True):
        """What is asked in some frames from a sample on, see `engines.Engine.play`; without a level unless `level`."""
        seconds = (place + (np.arange(frames) + 0.5) * largest) / self._rate
        return np.stack([self._voice(asked, seconds, level) for asked in self._asked], axis=1, dtype=np.float32)

    def _voice(self, asked, seconds, level):
        parts = []
        for number, settings in enumerate(self._settings):
            labels = asked.labels_at(seconds, settings.labels)
            parts.append(labels * (not (self._guided and number)))
            if settings.guesses:
                parts.append(asked.level_at(seconds)[:, None] * level)
        return np.concatenate(parts, axis=1)


def labels_of(capsules):
    """The labels of some models, each once."""
    return tuple(dict.fromkeys(name for capsule in capsules for name in capsule.settings.labels))


def has_loudness(capsules):
    """Whether any of some models can be asked for a loudness."""
    return any(capsule.settings.guesses for capsule in capsules)


def asked_of(capsules, voices, label=None, loudness=None, follow=None):
    """Check what is asked of each voice.

    Parameters
    ----------
    capsules
        The `Capsule`s that are played together; a request is valid if at least one of them can meet it.
    voices
        How many.
    label, loudness, follow
        As for `generate`.

    Returns
    -------
    list of Asked

    Raises
    ------
    CourseError
        When the models cannot be asked for it; the sentence says what they know.
    """
    names, loud = labels_of(capsules), has_loudness(capsules)
    if label is not None and not names:
        raise CourseError("This model cannot be asked for a label: it was trained without labels.")
    if loudness is not None and follow is not None:
        raise CourseError("A take follows either a gesture or a line of loudness: leave out follow or loudness.")
    if (loudness is not None or follow is not None) and not loud:
        raise CourseError("This model cannot be asked for a loudness: it has no predictors.")
    blends = [_blend(one, names) for one in _each(label, voices, LABEL)]
    lines = [None if one is None else _line(one) for one in _each(loudness, voices, LOUDNESS)]
    gestures = [None if one is None else Gesture.of(one, [LOUDNESS]) for one in _each(follow, voices, FOLLOW)]
    return [_of_voice(*values, capsules) for values in zip(blends, lines, gestures, strict=True)]


def _of_voice(blend, line, gesture, capsules):
    about = {LABEL: blend_in_words(blend)} if blend else {}
    if line is not None:
        about[LOUDNESS] = str(line) if isinstance(line, Envelope) else f"as drawn, {digest(line.tobytes())}"
    if gesture:
        line, about[FOLLOW] = _moved(gesture.line(LOUDNESS), capsules), gesture.name
    return Asked(blend, line, about)


def _moved(line, capsules):
    """A gesture's loudness, moved so that its loudest moment is as loud as the recordings ever were."""
    loudest = max(float(capsule.weights["loudest"][0]) for capsule in capsules if capsule.settings.guesses)
    return line + 20 * math.log10(loudest) - np.nanmax(line)


def _each(value, voices, what):
    """A list with a value for each voice: from one for all, or from a list with one for each."""
    several = value if isinstance(value, (list, tuple)) else [value]
    if len(several) not in (1, voices):
        raise CourseError(f"{len(several)} values of {what} were given for {voices} voices: give one, or one each.")
    return list(several) * (voices if len(several) == 1 else 1)


def _line(value):
    """A line of loudness, checked: an `Envelope`, or an array as `Gesture.line` gives it, within what can be asked."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f" and len(value):
        return np.clip(value, *LOUDNESSES)  # a larger amount may lead beyond full scale
    return Envelope.of(value, LOUDNESS, LOUDNESSES)


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
