"""One voice, generated while it is played."""

import numpy as np

from ..checks import switch
from .asking import labels_of, steered_by
from .envelopes import Envelope
from .takes import GenerationRequest, events_of, samples_of

MOST_SEED = 2**32 - 1  # in the pages that play live
MOST_KEPT = 300  # seconds that can still be kept there


class LiveVoice:
    """Plays without end, a few seconds at a time, at a temperature that may change at any moment.

    Parameters
    ----------
    capsule
        A `Capsule`, a `Mixture`, a `Run`, or the path of one.
    temperature
        0.05 .. 5.
    seed
        The same seed gives the same sound if temperature and nudge are the same at every sample.
    nudge
        Whether to nudge it when it falls silent or gets stuck on a tone, as `generate` does. It may be set while it
        plays.
    label, loudness, brightness
        As for `generate`; they may be set while it plays. None is any label, and the model's own loudness and
        brightness.

    Raises
    ------
    CourseError
        For a value out of range.
    """

    def __init__(self, capsule, temperature=0.95, seed=0, nudge=False, label=None, loudness=None, brightness=None):
        self.capsule = GenerationRequest.of(capsule, voices=1).capsule
        self._sampler = None
        self._nudge = nudge
        self._asking = {"label": label, "loudness": loudness, "brightness": brightness}
        self.temperature = temperature
        self.begin(seed)

    @property
    def sample_rate(self):
        """Hz."""
        return self.capsule.sample_rate

    @property
    def about(self):
        """Its metadata, see `Take`: those of its beginning, with the settings of now."""
        return {**self._about, "temperature": str(self._envelope), "nudge": self._nudge, **self._asked.about}

    @property
    def temperature(self):
        """How freely the model chooses from the next sample on, 0.05 .. 5."""
        return self._envelope.points[0][1]

    @temperature.setter
    def temperature(self, value):
        self._envelope = Envelope.of(value)
        if self._sampler:
            self._sampler.envelopes = [self._envelope]

    @property
    def nudge(self):
        """Whether it is nudged when it falls silent or gets stuck on a tone."""
        return self._nudge

    @nudge.setter
    def nudge(self, value):
        self._nudge = switch("nudge", value)
        self._sampler.detector.nudge = self._nudge

    @property
    def label(self):
        """The label that it plays from the next piece on, or a blend of several; None for any."""
        return self._asking["label"]

    @label.setter
    def label(self, value):
        self._ask(label=value)

    @property
    def loudness(self):
        """The loudness that it heads for from the next piece on, dBFS; None for the model's own."""
        return self._asking["loudness"]

    @loudness.setter
    def loudness(self, value):
        self._ask(loudness=value)

    @property
    def brightness(self):
        """The brightness that it heads for from the next piece on, semitones; None for the model's own."""
        return self._asking["brightness"]

    @brightness.setter
    def brightness(self, value):
        self._ask(brightness=value)

    def _ask(self, **changed):
        request = GenerationRequest.of(self.capsule, voices=1, **(self._asking | changed))
        self._asking |= changed
        self._sampler.asking, (self._asked,) = request.asking, request.asked

    @property
    def events(self):
        """What happened since its beginning: dictionaries with `seconds` and `what`, see `Take`."""
        return events_of(self._sampler.detector, 0, np.inf)

    @property
    def labels(self):
        """The labels that can be asked for."""
        return labels_of(self._played)

    @property
    def shares(self):
        """What is asked of each label, {name: share}, at the beginning; labels without a share are left out."""
        first = {name: share.points[0][1] for name, share in self._asked.labels.items()}
        return {name: share for name, share in first.items() if share}

    @property
    def steady(self):
        """Whether what is asked of the labels does not change over time."""
        return all(share.constant for share in self._asked.labels.values())

    @property
    def descriptors(self):
        """The descriptors that can be asked for: some of "loudness" and "brightness"."""
        return steered_by(self._played)

    @property
    def _played(self):
        return getattr(self.capsule, "capsules", [self.capsule])

    def begin(self, seed, prime=None):
        """Begin again with a seed, as a new take does; after a prime, if one is given, see `generate`."""
        request = GenerationRequest.of(
            self.capsule, voices=1, temperature=self._envelope, seed=seed, prime=prime, nudge=self._nudge,
            **self._asking,
        )  # fmt: skip
        self._sampler, _ = request.sampler()
        (self._about,), (self._asked,) = request.abouts(), request.asked
        self._about = {name: value for name, value in self._about.items() if name not in self._asked.about}
        self.seed = seed

    def strike(self):
        """Go on at once from another moment of the recordings, or from silence if the model keeps none."""
        self._sampler.restart([0])

    def play(self, seconds):
        """The next `seconds` of sound, rounded up to whole frames: float32, shape (samples,)."""
        codes = self._sampler.play(samples_of(seconds, self.sample_rate))
        return self._sampler.engine.codec.decode(codes[0]).astype(np.float32, copy=False)
