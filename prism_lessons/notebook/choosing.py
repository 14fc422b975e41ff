"""Choosing by ear: players with inputs beside them that set the `Choices` about a folder of recordings.

A cell that ends in a panel shows it. `keep()` in the next cell saves its values, as its button does.
"""

import math

import ipywidgets

from ..audio import AudioError, Clip, Recording, resample
from ..corpus import (
    KINDS,
    MENDABLE,
    MOST_TIMES,
    finding_in_words,
    repair_recording,
    segment_clips,
    segment_name,
    suggest_segments,
)
from ..errors import CourseError
from ..live import counted, wrapped
from ..pages import MP3, after_cuts, excerpt, html, plan_sounds, player, sound_url
from .panels import _BUTTON, _Box, number, status, tick, whole
from .players import MOST_BYTES

MOST_RECORDINGS = 20  # in one panel: with more, each could be played only for a moment
MOST_SEGMENTS = 60
# Hz; long recordings are played as MP3 at this rate, which most corpora have, so that more of them fits into the cell.
LOWER_RATE = 16000
LEAD_SECONDS = 0.5  # played before a fault

_ROW = {"border": "1px solid #888", "padding": "0 8px 4px", "margin": "0 0 8px", "max_width": "56em"}
_COMPACT = """<style>
.prism-choosing :is(figure, p) { margin: 0; line-height: 1.6 } .prism-choosing audio { height: 2.4em }
</style>"""
_SIDE_BY_SIDE = {"flex_flow": "row wrap", "align_items": "center"}


class _Rows(_Box):
    """Rows of players and inputs, over a button that saves their values."""

    def __init__(self, rows, button, *beside):
        keep = ipywidgets.Button(description=button, layout=_BUTTON)
        keep.on_click(lambda _: self._tell())
        self._said = ipywidgets.HTML()
        super().__init__({}, [ipywidgets.HTML(_COMPACT), *rows, ipywidgets.HBox([keep, *beside]), self._said])
        self._box.add_class("prism-choosing")

    def keep(self):
        """Write the panel's values into the choices, unless they are there already."""
        print(wrapped(self._keep()))

    def _tell(self):
        try:
            said = self._keep()
        except CourseError as error:  # raised from a button, it would not be shown
            said = str(error)
        self._said.value = status(said)


class RecordingsPanel(_Rows):
    """Recordings to hear, with the findings on each, and inputs for whether to use, mend or repeat it.

    A second player plays a recording with the remedies that are ticked.

    Parameters
    ----------
    choices
        The `Choices` that the panel begins with, and that it changes.
    survey
        The `Survey` of the recordings.
    names
        Which recordings, at most 20, as the survey names them. If not given: the first 20 that can be used, those
        with the worst findings first.

    Raises
    ------
    CourseError
        When there is no recording of a name, one cannot be used, or there are too many.
    """

    def __init__(self, choices, survey, names=None):
        self._choices = choices
        if names is None:
            files = sorted(survey.usable, key=lambda file: -file.severity)
        else:
            files = [_usable(survey, name) for name in dict.fromkeys(names)]
            if len(files) > MOST_RECORDINGS:
                raise CourseError(f"{len(files)} recordings are too many for a panel: name at most {MOST_RECORDINGS}.")
        shown = files[:MOST_RECORDINGS]
        inputs = [_inputs_for(place, file, choices.state) for place, file in enumerate(shown, start=1)]
        self._recordings = {file.name: one for file, one in zip(shown, inputs, strict=True)}
        most = MOST_BYTES / max(1, len(shown) + sum(bool(one["mend"]) for one in inputs))
        rows, paths = [], survey.paths
        for place, (file, one) in enumerate(zip(shown, inputs, strict=True), start=1):
            sound = ipywidgets.HTML(_recording(place, file, paths[file.name], most) + _findings(file))
            mended = _heard_mended(place, file, paths[file.name], one["mend"], most)
            rows.append(_row([sound, mended], one["use"], *one["mend"].values(), one["times"]))
        if len(shown) < len(files):
            more = f"These are {len(shown)} of {len(files)} recordings; to show others, give the panel their names."
            rows.append(ipywidgets.HTML(html("<p>{{ words }}</p>", words=more)))
        super().__init__(rows, "Keep these choices")

    @property
    def values(self):
        """{name: {"use": True, "mend": ["hum"], "times": 1}}, the current values of the controls."""
        return {
            name: {
                "use": inputs["use"].value,
                "mend": [kind for kind, control in inputs["mend"].items() if control.value],
                "times": inputs["times"].value,
            }
            for name, inputs in self._recordings.items()
        }

    def __repr__(self):
        return "\n".join(f"{name}: {_wanted_in_words(wanted)}" for name, wanted in self.values.items())

    def _keep(self):
        kept = [words for name, wanted in self.values.items() for words in self._keep_one(name, wanted)]
        if not kept:
            return "Nothing new to keep: the choices say all this already."
        return f"Kept {counted(len(kept), 'choice')} in {self._choices.path}: {'; '.join(kept)}."

    def _keep_one(self, name, wanted):
        """Write what has changed for one recording; yield it in words."""
        state = self._choices.state
        if wanted["use"] and name in state.left_out:
            self._choices.take_in(name)
            yield f"{name} is used again"
        if not wanted["use"] and name not in state.left_out:
            self._choices.leave_out(name)
            yield f"{name} is left out"
        mended = state.remedies.get(name, ())
        for kind in self._recordings[name]["mend"]:
            if kind in wanted["mend"] and kind not in mended:
                self._choices.repair(name, kind)
                yield f"{KINDS[kind].title} is mended in {name}"
            if kind not in wanted["mend"] and kind in mended:
                self._choices.leave_as_it_is(name, kind)
                yield f"{KINDS[kind].title} is left in {name}"
        if wanted["times"] != state.times_of(name):
            self._choices.weigh(name, wanted["times"])
            yield f"{name} is heard {counted(wanted['times'], 'time')} in each epoch"


class SegmentsPanel(_Rows):
    """The segments of a recording to hear, to correct, and to keep or not.

    Segments that were kept before are ticked; if there are none, all suggested ones are.

    Parameters
    ----------
    choices
        The `Choices` that the panel begins with, and that it changes.
    survey
        The `Survey` that the recording is in.
    name
        The recording, as the survey names it.
    segments
        [(start, end), ...] in seconds, at most 60; those from `suggest_segments` if not given.

    Raises
    ------
    CourseError
        When there is no recording of that name, it cannot be used, or there are too many segments.
    """

    def __init__(self, choices, survey, name, segments=None):
        self._choices, self._file, self._path = choices, _usable(survey, name), survey.paths[name]
        suggested = [(*segment, True) for segment in (suggest_segments(self._path) if segments is None else segments)]
        self._table = ipywidgets.VBox()
        back = ipywidgets.Button(description="Back to the suggestion", layout=_BUTTON)
        back.on_click(lambda _: self._show(suggested))
        self._show(_with_what_was_kept(suggested, choices.state.segments.get(name, ())))
        super().__init__([self._table], "Keep these segments", back)

    @property
    def values(self):
        """[(start, end), ...] in seconds, of the segments that are ticked now."""
        return sorted((start.value, end.value) for keep, start, end in self._segments if keep.value)

    def __repr__(self):
        kept = [f"{start:g} to {end:g} s" for start, end in self.values]
        return f"{self._file.name}: {', '.join(kept) or 'no segment'}"

    def _show(self, segments):
        if len(segments) > MOST_SEGMENTS:
            raise CourseError(
                f"{len(segments)} segments are too many for one panel, which can show {MOST_SEGMENTS}: suggest fewer, "
                "longer ones, or give the panel some of them and pass the others to `choices.cut` by hand."
            )
        most = MOST_BYTES / max(1, len(segments))
        self._segments, rows = [], []
        for place, (start, end, ticked) in enumerate(segments, start=1):
            inputs = (
                _narrow(tick(f"{place}: keep this segment", ticked)),
                _narrow(number(f"{place}: start in s", start, 0, self._file.seconds, 0.01), "22em"),
                _narrow(number(f"{place}: end in s", end, 0, self._file.seconds, 0.01), "22em"),
            )
            sound = ipywidgets.HTML()

            def hear(_=None, place=place, sound=sound, inputs=inputs):
                sound.value = _segment(place, self._file, self._path, (inputs[1].value, inputs[2].value), most)

            hear()
            for control in inputs[1:]:
                control.observe(hear, "value")
            self._segments.append(inputs)
            rows.append(_row([sound], *inputs))
        self._table.children = rows

    def _keep(self):
        name, seconds, wanted = self._file.name, self._file.seconds, self.values
        if not wanted:
            return f"Nothing was changed: tick a segment, or leave out all of {name}."
        if len(wanted) == 1 and wanted[0][0] == 0 and wanted[0][1] > seconds - 0.001:
            wanted = []  # all of it, to the millisecond
        before = self._choices.state.segments.get(name, ())
        self._choices.cut(name, wanted)
        if self._choices.state.segments.get(name, ()) == before:
            return "Nothing new to keep: the choices say all this already."
        if not wanted:
            return f"All of {name} is kept, in {self._choices.path}."
        length = sum(end - start for start, end in wanted)
        count = counted(len(wanted), "segment")
        return f"Kept {count} of {name}, {length:.1f} of {seconds:.1f} s, in {self._choices.path}."


def _usable(survey, name):
    file = survey[name]
    if not file.usable:
        raise CourseError(f'"{name}" cannot be used: {file.reason}.')
    return file


def _inputs_for(place, file, state):
    """The inputs of a recording, set to the `State` of the choices."""
    kinds = dict.fromkeys(finding.kind for finding in file.findings if finding.kind in MENDABLE)
    mended = state.remedies.get(file.name, ())
    return {
        "use": _narrow(tick(f"{place}: use this recording", file.name not in state.left_out)),
        "mend": {kind: _narrow(tick(f"{place}: mend: {KINDS[kind].title}", kind in mended)) for kind in kinds},
        "times": _narrow(whole(f"{place}: times heard in a pass", state.times_of(file.name), 1, MOST_TIMES), "24em"),
    }


def _wanted_in_words(wanted):
    used = f"heard {counted(wanted['times'], 'time')} in a pass" if wanted["use"] else "left out"
    return "; ".join([used, *(f"{KINDS[kind].title} mended" for kind in wanted["mend"])])


def _with_what_was_kept(suggested, kept):
    """Segments with their ticks, (start, end, ticked): those kept, and those suggested that overlap none of them."""
    if not kept:
        return suggested
    free = [
        (start, end, False) for start, end, _ in suggested if all(end <= first or last <= start for first, last in kept)
    ]
    return sorted([(start, end, True) for start, end in kept] + free)


def _narrow(control, width="auto"):
    control.layout = {"width": width, "margin": "2px 16px 2px 0"}
    if width != "auto":
        control.style.description_width = "max-content"
    return control


def _row(sounds, *inputs):
    """Players above their inputs, in a frame."""
    return ipywidgets.VBox([*sounds, ipywidgets.HBox(inputs, layout=_SIDE_BY_SIDE)], layout=_ROW)


def _recording(place, file, path, most):
    """The player of a recording; if that is long, from just before its worst fault."""
    return _player(f"{place}: {file.name}", file, path, (0.0, file.seconds), _before_the_worst(file), most)


def _before_the_worst(file):
    """The second from which to play a long recording."""
    found = [finding for finding in sorted(file.findings, key=lambda finding: -finding.severity) if finding.places]
    return found[0].places[0][0] - LEAD_SECONDS if found else 0.0


def _heard_mended(place, file, path, ticks, most):
    """The player of a recording with the remedies that are ticked; it follows the ticks, {kind: input}."""
    sound = ipywidgets.HTML()

    def hear(_=None):
        chosen = [finding for finding in file.findings if finding.kind in ticks and ticks[finding.kind].value]
        sound.value = _mended(f"{place}: {file.name}, mended", file, path, chosen, most) if chosen else ""

    hear()
    for control in ticks.values():
        control.observe(hear, "value")
    return sound


def _mended(name, file, path, findings, most):
    """The player of a recording with the remedies of some findings, beginning at the same place as its own player."""
    start, end, rate, form, notes = _what_fits(file, (0.0, file.seconds), _before_the_worst(file), most)
    kept = [finding.values["keep"] for finding in findings if "keep" in finding.values]
    first = after_cuts(start, kept[0]) if kept else start
    try:
        with Recording(path) as recording:
            samples, _ = excerpt(repair_recording(recording, findings, rate), rate, first, end - start)
    except AudioError as error:
        return html("<p><strong>{{ name }}</strong>: {{ error }}</p>", name=name, error=error)
    return _heard(name, Clip(samples, rate), form, notes)


def _findings(file):
    said = [finding_in_words(finding) for finding in file.findings] or ["Nothing was found."]
    return html("{% for words in said %}<p>{{ words }}</p>{% endfor %}", said=said)


def _segment(place, file, path, segment, most):
    """The player of a segment."""
    if segment[0] >= segment[1]:
        return html("<p>{{ place }}: its end must be after its start.</p>", place=place)
    return _player(f"{place}: {segment_name(path, *segment)}", file, path, segment, segment[0], most)


def _player(name, file, path, part, first, most):
    """The player of a part, (start, end) in seconds, of a file, in at most `most` bytes of HTML.

    A long part is played as MP3 and, if that is still too long, only from the second `first`, or as near as possible.
    """
    start, end, rate, form, notes = _what_fits(file, part, first, most)
    try:
        (clip,) = segment_clips(path, [(start, end)])
    except AudioError as error:
        return html("<p><strong>{{ name }}</strong>: {{ error }}</p>", name=name, error=error)
    if clip.sample_rate != rate:
        clip = Clip(resample(clip.samples, clip.sample_rate, rate), rate)
    return _heard(name, clip, form, notes)


def _what_fits(file, part, first, most):
    """The section of a part of a file to play: start and end in seconds, sample rate, form, and notes on both."""
    (start, end), rate, notes = part, file.sample_rate, []
    length = end - start
    form, seconds = plan_sounds([(rate, length)], most)
    if form == MP3:
        rate = min(rate, LOWER_RATE)
        _, seconds = plan_sounds([(rate, math.inf)], most)
        notes.append(f"here as MP3 at {rate:,} Hz")
    if length > seconds:
        start = min(max(start, first), end - seconds)
        end = start + seconds
        notes.append(f"here from {start:.1f} s on, of {length:.1f} s")
    return start, end, rate, form, notes


def _heard(name, clip, form, notes):
    return player(name, clip.levels, sound_url(clip, form), "".join(f"; {note}" for note in notes))
