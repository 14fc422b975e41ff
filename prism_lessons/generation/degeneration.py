"""Detection of degenerate output, silence and sustained tones, and the nudges that end it.

Silence means inaudible (`audible`), so a voice that goes on too softly to hear counts too. A sound that rings and fades
does not, until it is over: the pause after a bell belongs to the music.

A model seldom recovers by itself, since its input is its own output.
"""

import numpy as np
from scipy.signal import correlate

from ..audibility import is_audible, loudness
from ..audio import SILENCE_DBFS

SILENT, TONE = "fell silent", "stuck on a tone"
SILENT_SECONDS = 1.0
TONE_SECONDS = (2.0, 1.3, 0.7)  # two moments this far apart, for each of these (a rhythm returns after just one),
MOMENT_SECONDS = 0.4  # are the same wave,
CORRELATION = 0.97  # by their correlation,
LEVEL_TOLERANCE = 0.12  # and equally loud to a decibel: a sound that rings and fades is not stuck
LONGEST_PERIOD = 0.05  # seconds; a slower repetition is a rhythm, not a tone
NUDGE_SECONDS = 0.5
NUDGE = 1.25  # factor of the temperature, applied once more each time it did not help
FREE = 0.9  # the lowest temperature that a nudge starts from: from 0.5, a quarter more would change nothing
MOST_NUDGES = 5


class DegenerationDetector:
    """Checks each voice for silence and sustained tones while it is played.

    Parameters
    ----------
    sample_rate
        Hz.
    voices
        How many.
    nudge
        Whether to raise the temperature of a degenerate voice for half a second, more each time until it recovers.
    moments
        Whether the model keeps moments of its recordings: a voice that fell silent then restarts from another.

    Attributes
    ----------
    restarts
        Voices, from 0, to restart from a moment of the recordings now.
    events
        Dictionaries with `seconds` (float), `voice` (from 1) and `what` (the end of a sentence).
    """

    def __init__(self, sample_rate, voices, nudge=False, moments=False):
        self.sample_rate, self.nudge, self.moments, self.events, self.restarts = sample_rate, nudge, moments, [], []
        self._sound = np.zeros((voices, 0), np.float32)
        self._history = round((max(TONE_SECONDS) + MOMENT_SECONDS + LONGEST_PERIOD) * sample_rate)
        self._current = [None] * voices
        self._nudges = [0] * voices
        self._until = [0] * voices

    def nudged(self, temperatures, played):
        """Temperatures, (samples, voices), from the sample `played` on, with active nudges applied."""
        temperatures = temperatures.copy()
        for voice, until in enumerate(self._until):
            here = temperatures[: max(0, until - played), voice]
            here[:] = np.maximum(here, FREE) * NUDGE ** self._nudges[voice]
        return temperatures

    def update(self, sound, played):
        """Check what was just played, float32, (voices, samples), up to the sample `played`; record new events."""
        self.append(sound)
        self.restarts = []
        for voice, recent in enumerate(self._sound):
            previous = self._current[voice]
            found = self._detect(recent, previous)

            def note(what, voice=voice):
                self.events.append({"seconds": round(played / self.sample_rate, 2), "voice": voice + 1, "what": what})

            if found and found != previous:
                note(found)
            elif previous and not found:
                note(f"is out again ({previous})")
                self._nudges[voice] = 0
            self._current[voice] = found
            if found == SILENT and self.nudge and self.moments:
                self.restarts.append(voice)
                note("nudged, has heard another moment of the recordings")
            elif found and self.nudge and played >= self._until[voice]:
                self._nudges[voice] = min(self._nudges[voice] + 1, MOST_NUDGES)
                self._until[voice] = played + round(NUDGE_SECONDS * self.sample_rate)
                note(f"nudged, {NUDGE ** self._nudges[voice]:.2f} times as free")

    def append(self, sound):
        """Add sound, (voices, samples), without checking it, such as that from before a pause."""
        self._sound = np.concatenate([self._sound, sound], axis=1)[:, -self._history :]

    def state(self):
        """The state needed to resume later, beside the sound, as plain values."""
        state = {"in": self._current, "nudges": self._nudges, "until": self._until, "events": self.events}
        return {name: list(values) for name, values in state.items()}

    def restore(self, state):
        """Restore the state from `state`."""
        self._current, self._nudges, self._until = (list(state[name]) for name in ("in", "nudges", "until"))
        self.events = list(state["events"])

    def _detect(self, recent, previous):
        second = recent[-round(SILENT_SECONDS * self.sample_rate) :]
        if len(second) < round(SILENT_SECONDS * self.sample_rate):
            return None
        if not is_audible(loudness(second, self.sample_rate)) and (previous == SILENT or not _is_fading(second)):
            return SILENT
        return TONE if len(recent) == self._history and self._is_sustained(recent) else None

    def _is_sustained(self, recent):
        """Whether the last moment equals the waves `TONE_SECONDS` earlier, each shifted by less than a period."""
        size = round(MOMENT_SECONDS * self.sample_rate)
        recent = recent - recent.mean(dtype=np.float64)  # a shared offset would make any two moments alike
        ends = (len(recent) - round(seconds * self.sample_rate) for seconds in TONE_SECONDS)
        slack = round(LONGEST_PERIOD * self.sample_rate)
        return all(_is_same_wave(recent[-size:], recent[max(0, end - size - slack) : end]) for end in ends)


def _is_fading(second):
    """Whether a sound that is no longer audible still fades, by a decibel or more from one half to the next."""
    first, last = (half.std() for half in np.array_split(second, 2))
    over = np.sqrt(np.square(second - second.mean()).mean()) < 10 ** (SILENCE_DBFS / 20)
    return not over and last < (1 - LEVEL_TOLERANCE) * first


def _is_same_wave(now, previous):
    """Whether a longer stretch somewhere contains the same wave as `now`, equally loud."""
    size = len(now)
    products = correlate(previous, now, "valid", "fft")
    ends = np.cumsum(np.concatenate([[0], previous**2]))
    energy, own = np.maximum(ends[size:] - ends[:-size], 1e-12), max(now @ now, 1e-12)
    best = int(np.argmax(products / np.sqrt(energy)))
    alike = products[best] / np.sqrt(energy[best] * own)
    return alike > CORRELATION and abs(np.sqrt(energy[best] / own) - 1) < LEVEL_TOLERANCE
