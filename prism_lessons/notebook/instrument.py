"""A model played live in a notebook: by the page, which gets the model from the kernel, or else by the kernel.

The page sends one request at a time through two hidden fields, as the table of clips does (auditioning.py). It repeats
unanswered requests; a repeated request gets the same answer. Most kernels answer only while no cell runs; newer ones
answer from a second thread meanwhile, so there is a lock. Where the page cannot play, it requests one block of sound
after another from the kernel. Otherwise it requests the model, once, and sends what is to be kept.
"""

import base64
import io
import json
import math
import threading
import time
from collections import deque
from functools import partial
from itertools import pairwise

import ipywidgets
import numpy as np

from ..audio import pcm16
from ..capsule import Capsule
from ..checks import switch
from ..errors import CourseError
from ..generation import (
    LIMITS,
    MOST_KEPT,
    MOST_SEED,
    SHARES,
    TEMPERATURES,
    Envelope,
    LiveVoice,
    Take,
    blend_in_words,
    generate,
    page_model,
    take_name,
)
from ..live import LiveLine
from ..pages import as_base64, model_values, render
from .output import PageBridge, iframe
from .panels import number, whole
from .players import play

HEIGHT = 400  # pixels, until the page reports its height
MOST_SECONDS = 2.0  # of a block: Python cannot answer while it makes one
LONGEST_TAKE = 600  # seconds
BUTTON = {"width": "auto", "align_self": "flex-start"}
WARM_UP = 0.1  # seconds made in advance, so that Play sounds at once
MOST_SHOWN = 3  # players below the instrument
MOST_TURNS = 20  # of the temperature, listed in a take one by one
MOST_MODEL = 16e6  # bytes that the page is sent; a browser would not play a larger model in real time anyway
MOST_WORDS = 200  # letters of what happened, as the page says it


class Instrument(PageBridge):
    """A model that plays live while its temperature and its faders are moved, shown by a cell that ends in it.

    The browser makes the sound, also while a cell runs. If it cannot, Python does, which may pause while a cell runs;
    the page says who does. If a front end cannot play live at all, make takes one by one, with the button below it or
    with `take`.

    Parameters
    ----------
    capsule
        A `Capsule`, a `Mixture`, a `Run`, or the path of one.
    temperature
        How freely the model chooses at first, 0.05 .. 5.
    seed
        The seed of its random numbers, a whole number, 0 or more.
    nudge
        Whether to nudge it when it falls silent or gets stuck on a tone; the page has a switch for this, and says
        when it nudges.
    label
        A label that the model was trained with, or shares of several, as for `generate` but without lines over time;
        the page has a fader for each. If not given, it plays any.
    loudness, brightness
        What it heads for at first if the model has predictors, -80 .. 0 dBFS, and 36 .. 120 in semitones as MIDI counts
        them; the page has a fader for each, which counts while its box is ticked. If not given, they are left to the
        model.

    Attributes
    ----------
    kept
        A list of `Take`: what was kept while it played, and the takes that were made without playing live.

    Raises
    ------
    CourseError
        For a value out of its range.
    """

    def __init__(self, capsule, temperature=0.95, seed=0, nudge=True, label=None, loudness=None, brightness=None):
        self._now = {
            "temperature": _checked_temperature(temperature), "seed": _checked_seed(seed),
            "nudge": switch("nudge", nudge), "label": {},
            "loudness": _checked_descriptor("loudness", loudness),
            "brightness": _checked_descriptor("brightness", brightness),
        }  # fmt: skip
        self._voice = LiveVoice(capsule, **(self._now | {"label": label}))
        self._now["label"] = self._shares()
        self._voice.play(WARM_UP)
        self._voice.begin(seed)
        self.kept = []
        self._history = _History(MOST_KEPT, self._voice.sample_rate)
        self._version = 1  # of the values that Python has set: a page that has not received them must not override them
        self._answered = self._answer = None
        self._lock = threading.RLock()
        self._build()

    def _build(self):
        data = {
            "wire": self._connect(self._receive),
            "rate": self._voice.sample_rate,
            "labels": self._voice.labels,
            "descriptors": self._voice.descriptors,
            "most_kept": MOST_KEPT,
            **self._now,
        }
        title = "Your instrument"
        lowest, highest = TEMPERATURES
        page = render(
            "instrument.html", title=title, data=data, lowest=lowest, highest=highest, most_seed=MOST_SEED,
            most_kept=MOST_KEPT,
        )  # fmt: skip
        frame = ipywidgets.HTML(iframe(page, title, HEIGHT))
        self._fields = [
            number("Temperature", self.temperature, *TEMPERATURES),
            whole("Seed", self.seed, 0, MOST_SEED),
        ]
        for field, name in zip(self._fields, ("temperature", "seed"), strict=True):
            field.observe(lambda change, name=name: setattr(self, name, change["new"]), "value")
        # Until a page has sent something, it may not work at all: then only these can set the values.
        self._by_hand = ipywidgets.VBox(self._fields)
        self._seconds = number("Seconds of a take", 8, 0.5, LONGEST_TAKE, step=0.5)
        button = ipywidgets.Button(description="Make a take", layout=BUTTON)
        button.on_click(lambda _: self._make_take())
        self._shown = ipywidgets.HTML()
        words = ipywidgets.HTML("<p>Without playing live: a take of some seconds.</p>")
        below = [words, self._by_hand, self._seconds, button, self._shown]
        self._box = ipywidgets.VBox([frame, self._from_page, self._to_page, *below])

    @property
    def temperature(self):
        """How freely the model chooses, 0.05 .. 5; a new value applies from the next block."""
        return self._now["temperature"]

    @temperature.setter
    def temperature(self, value):
        self._set(temperature=_checked_temperature(value))

    @property
    def seed(self):
        """The seed of its random numbers; a new value applies from the next start, and to takes."""
        return self._now["seed"]

    @seed.setter
    def seed(self, value):
        self._set(seed=_checked_seed(value))

    @property
    def nudge(self):
        """Whether it is nudged when it falls silent or gets stuck; a new value applies from the next block."""
        return self._now["nudge"]

    @nudge.setter
    def nudge(self, value):
        self._set(nudge=switch("nudge", value))

    @property
    def label(self):
        """The share of each label that it plays, {name: share}, {} for any; a new value applies from the next block."""
        return dict(self._now["label"])

    @label.setter
    def label(self, value):
        with self._lock:
            before, self._voice.label = self._voice.label, value or None
            try:
                self._set(label=self._shares())
            except CourseError:
                self._voice.label = before
                raise

    @property
    def loudness(self):
        """The loudness that it heads for, dBFS, None for its own; a new value applies from the next block."""
        return self._now["loudness"]

    @loudness.setter
    def loudness(self, value):
        self._set(loudness=_checked_descriptor("loudness", value))

    @property
    def brightness(self):
        """The brightness that it heads for, in semitones, None for its own; a new value applies from the next block."""
        return self._now["brightness"]

    @brightness.setter
    def brightness(self, value):
        self._set(brightness=_checked_descriptor("brightness", value))

    def _shares(self):
        """The share of each label that the voice plays."""
        if not self._voice.steady:
            raise CourseError('Live, labels are moved by hand: give shares, such as "bells:0.5", and no line.')
        return self._voice.shares

    def take(self, seconds=8.0):
        """Generate a take with the current values, without playing it live.

        Parameters
        ----------
        seconds
            How long it is, up to 600.

        Returns
        -------
        Take
            Also the last of `kept`.
        """
        if not 0 < _finite(seconds) <= LONGEST_TAKE:
            raise CourseError(f"seconds must be above 0 and up to {LONGEST_TAKE}, not {seconds}.")
        silent = LiveLine(io.StringIO())  # a button has no cell to print into
        asked = {"label": self.label or None, "loudness": self.loudness, "brightness": self.brightness}
        self.kept += generate(
            self._voice.capsule, seconds, 1, self.temperature, self.seed, silent, nudge=self.nudge, **asked
        )
        return self.kept[-1]

    def _make_take(self):
        self._shown.value = '<p role="status">Making the take …</p>'
        self.take(self._seconds.value)
        self._show_kept()

    def _show_kept(self):
        numbered = list(enumerate(self.kept, 1))[: -MOST_SHOWN - 1 : -1]
        names = [f"{number}: {take.name}" for number, take in numbered]
        self._shown.value = play(*(take for _, take in numbered), names=names).html

    def _set(self, by_page=False, **values):
        with self._lock:
            changed = {name: value for name, value in values.items() if value != self._now[name]}
            if not changed:
                return
            for name in changed.keys() - {"seed"}:  # first, since the model may refuse
                setattr(self._voice, name, None if changed[name] == {} else changed[name])
            self._now |= changed
            if not by_page:
                self._version += 1
                self._send(self._values())
            for field, name in zip(self._fields, ("temperature", "seed"), strict=True):
                field.value = self._now[name]

    def _receive(self, message):
        """Handle a request of the page; a repeated one is answered again, but not carried out again."""
        try:
            request = json.loads(message)
        except (ValueError, RecursionError):
            return
        if not isinstance(request, dict):
            return
        identity = [request.get("page"), request.get("number")]
        with self._lock:
            if identity != self._answered:
                self._answered, self._answer = identity, self._respond(request)
            about = {"page": identity[0], "number": identity[1], "attempt": request.get("attempt")}
            self._send(about | self._answer)

    def _values(self):
        return {"version": self._version} | self._now

    def _respond(self, request):
        begun, said, happened, samples = time.perf_counter(), "", "", np.zeros(0, np.float32)
        self._by_hand.layout.display = "none"  # the page can set both itself
        if request.get("version") == self._version:
            self._set(by_page=True, **self._valid(request))
        if _is_seed(request.get("began")):
            self._history = _History(MOST_KEPT, self._voice.sample_rate)  # of what the page has played itself
            self._voice.begin(request["began"])
        for block in self._blocks(request.get("heard")):
            self._history.add(*block)
        place = _finite(request.get("place"))
        place = int(place) if self._history.begin <= place <= self._history.end else self._history.end
        more = {}
        try:
            if request.get("model"):
                more = {"seed": self.seed, "model": self._model()}
            if _is_seed(request.get("beginnings")):
                more = {"beginnings": self._beginnings(request["beginnings"])}
            if request.get("keep"):
                said = self._keep(_finite(request["keep"]), place)
            if request.get("begin"):
                self._history.begin_again(place)  # blocks made in advance will not be played
                self._voice.begin(self.seed)
            seconds = min(_finite(request.get("seconds")), MOST_SECONDS)
            if seconds > 0:
                before = len(self._voice.events)
                samples, events = self._voice.play(seconds), self._voice.events[before:]
                self._history.add(samples, self._now, events)
                happened = _in_words(events)
        except CourseError as error:
            said = str(error)
        return self._values() | {
            "samples": as_base64(pcm16(samples).astype("<i2").tobytes()),
            "end": self._history.end,
            "took": time.perf_counter() - begun,
            "said": said,
            "happened": happened,
            **more,
        }

    def _valid(self, values):
        """Those of some values from a page that are as they should be."""
        return {name: values[name] for name, valid in self._rules.items() if name in values and valid(values[name])}

    @property
    def _rules(self):
        """{name: whether a value from a page is one}."""
        labels = set(self._voice.labels)
        return {
            "temperature": lambda value: _is_in(value, TEMPERATURES),
            "seed": _is_seed,
            "nudge": lambda value: isinstance(value, bool),
            "label": lambda value: (
                isinstance(value, dict)
                and value.keys() <= labels
                and all(_is_in(share, SHARES) for share in value.values())
            ),
            **{name: partial(self._may_be, name) for name in LIMITS},
        }

    def _may_be(self, name, value):
        return value is None or (name in self._voice.descriptors and _is_in(value, LIMITS[name]))

    def _blocks(self, heard):
        """What a page has played: yields (samples, values, events) as far as they are valid."""
        for block in heard if isinstance(heard, list) else []:
            try:
                values = self._valid(block)
                samples = np.frombuffer(base64.b64decode(block["samples"], validate=True), "<i2") / np.float32(32768)
                events = [
                    {"seconds": float(event["seconds"]), "what": str(event["what"])[:MOST_WORDS]}
                    for event in block["events"]
                    if abs(event["seconds"]) <= MOST_KEPT
                ]
            except (TypeError, ValueError, LookupError, OverflowError):
                return
            if "temperature" not in values:
                return
            yield samples, self._now | values, events

    def _model(self):
        """The model as the page plays it, with the beginning of the seed that is set."""
        if not isinstance(self._voice.capsule, Capsule):
            raise CourseError("The browser cannot play a mixture of two models.")
        header, model = page_model(self._voice.capsule, seed=self.seed)
        if len(model) > MOST_MODEL:
            raise CourseError(f"The model is too large for the browser: {len(model) / 1e6:.0f} MB.")
        return model_values(header, model)

    def _beginnings(self, seed):
        """The states from which this seed and the next ones begin."""
        header, model = page_model(self._voice.capsule, seed=seed)
        return as_base64(model[header["beginnings"] :])

    def _keep(self, seconds, place):
        """Keep the last seconds before a place as a `Take`; returns a sentence about it."""
        rate = self._voice.sample_rate
        start = place - round(min(max(seconds, 0), MOST_KEPT) * rate)
        samples = self._history.samples(start, place)
        if not len(samples):
            return "There is nothing to keep yet: play first."
        asked, events = self._history.lines(start, place), self._history.events(start, place)
        about = {**self._voice.about, **dict.fromkeys(["label", *LIMITS]), **asked, "live": True, "events": events}
        about = {name: value for name, value in about.items() if value is not None}
        take = Take(samples, rate, take_name(about), about)
        self.kept.append(take)
        self._show_kept()
        return f"Kept {take.seconds:.1f} s: {take.name}, number {len(self.kept)}."

    def __repr__(self):
        values = f"temperature {self.temperature:g}, seed {self.seed}"
        return f"An instrument at {self._voice.sample_rate} Hz: {values}. It plays where its cell was run."


class _History:
    """The latest samples, by their places since the first, with the values that they were played at, and events.

    Parameters
    ----------
    most
        About how many seconds are kept.
    sample_rate
        Hz.
    """

    def __init__(self, most, sample_rate):
        self._most, self._rate = round(most * sample_rate), sample_rate
        self._pieces, self.begin, self.end = deque(), 0, 0
        self._began = 0  # where the voice began, whose events are counted from there
        self._changes = []  # (place, values) of each change
        self._events = []  # (place, what)

    def add(self, samples, values, events):
        values = {name: values[name] for name in ("temperature", "label", *LIMITS)}
        self._events += [(self._began + round(event["seconds"] * self._rate), event["what"]) for event in events]
        if not self._changes or self._changes[-1][1] != values:
            self._changes.append((self.end, values))
        self._pieces.append(samples)
        self.end += len(samples)
        while self.end - self.begin - len(self._pieces[0]) >= self._most:
            self.begin += len(self._pieces.popleft())
        while len(self._changes) > 1 and self._changes[1][0] <= self.begin:
            del self._changes[0]
        self._events = [(then, what) for then, what in self._events if then >= self.begin]

    def begin_again(self, place):
        """Forget what comes after a place, where another voice begins."""
        self._pieces = deque([self.samples(self.begin, place)])
        self._changes = [(turn, values) for turn, values in self._changes if turn < place]
        self._events = [(then, what) for then, what in self._events if then <= place]
        self.end = self._began = place

    def samples(self, start, stop):
        """A copy of the samples between two places, as far as they are kept."""
        whole = np.concatenate([np.zeros(0, np.float32), *self._pieces])
        return whole[max(0, start - self.begin) : max(0, stop - self.begin)].copy()

    def events(self, start, stop):
        """What happened from one place to another, as the events of a `Take`."""
        begin = max(start, self.begin)
        return [
            {"seconds": round((then - begin) / self._rate, 2), "what": what}
            for then, what in self._events
            if begin <= then <= stop
        ]

    def lines(self, start, stop):
        """What was asked from one place to another, as far as it is kept, as the entries of a `Take`."""
        start = max(start, self.begin)
        before = [(0.0, values) for place, values in self._changes if place <= start][-1:]
        turns = [((place - start) / self._rate, values) for place, values in self._changes if start < place < stop]
        changes, end = before + turns, (stop - start) / self._rate
        names = dict.fromkeys(name for _, values in changes for name in values["label"])
        blend = {name: _line([(at, values["label"].get(name, 0.0)) for at, values in changes], end) for name in names}
        lines = {"temperature": str(_line([(at, values["temperature"]) for at, values in changes], end))}
        if blend:
            lines["label"] = blend_in_words(blend)
        for name in LIMITS:
            if asked := [(at, values[name]) for at, values in changes if values[name] is not None]:
                lines[name] = str(_line(asked, end))
        return lines


def _line(changes, end):
    """An `Envelope` with a step at each of some changes, (seconds, value), the first of them at 0.

    If there are very many, it has equally spaced points until `end` instead.
    """
    changes = [changes[0], *(after for before, after in pairwise(changes) if after[1] != before[1])]
    points = [(0.0, changes[0][1])]
    for seconds, after in changes[1:]:
        points += [(seconds, points[-1][1]), (seconds, after)]
    if len(changes) > MOST_TURNS + 1:
        places = np.linspace(0, end, MOST_TURNS)
        points = zip(places.round(2), Envelope(tuple(points)).at(places).round(3), strict=True)
    return Envelope(tuple(points))


def _in_words(events):
    """What just happened, as the page says it: "At 12.0 s: fell silent; nudged, 1.25 times as free." """
    if not events:
        return ""
    return f"At {events[0]['seconds']:.1f} s: {'; '.join(event['what'] for event in events)}."


def _is_in(value, limits):
    return limits[0] <= _finite(value) <= limits[1]


def _finite(value):
    """A number as a float; minus infinity for anything else."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if known else -math.inf


def _checked_temperature(value):
    low, high = TEMPERATURES
    if not _is_in(value, TEMPERATURES):
        raise CourseError(f"temperature must be {low} to {high}, not {value}: 0.95 is a good start.")
    return float(value)


def _checked_descriptor(name, value):
    low, high = LIMITS[name]
    if value is not None and not _is_in(value, LIMITS[name]):
        raise CourseError(f"{name} must be {low:g} to {high:g}, or None, not {value}.")
    return value


def _checked_seed(value):
    if not _is_seed(value):
        raise CourseError(f"seed must be a whole number from 0 to {MOST_SEED}, not {value}.")
    return value


def _is_seed(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_SEED
