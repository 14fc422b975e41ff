"""A composer's decisions about a folder of recordings, before it becomes a corpus.

They say whose the sounds are, what they are for, and which are mended, cut, left out or repeated. The recordings are
not changed: `curate` carries the choices out. Each choice is one dated line of a file, so the file also records how the
corpus came about, and any choice can be taken back.
"""

import json
import math
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

from ..checks import a_path, a_text, checked, stretches, whole
from ..errors import CourseError, as_given
from ..files import append_json_lines, locked, merge_json_lines, read_json_lines
from ..settings import LONGEST_LABEL, is_name
from .doctor import KINDS, fault_key, has_remedy

UNKNOWN = "unknown"
YES, NO = "yes", "no"
NO_CONSENT = "no consent"
# Answers to "may it be used?"; a maker's own consent is kept apart from a public licence.
CONSENTS = ("own work", "given by the maker", "by its licence", UNKNOWN, NO_CONSENT)
SHARING = (YES, NO, UNKNOWN)
SIMILAR, UNIMAGINED, BOTH = "similar to the source", "something I could not have imagined", "both alike"
PREFERENCES = (SIMILAR, UNIMAGINED, BOTH, UNKNOWN)
MOST_TIMES = 16
# How values are introduced in words, where not by their keys.
SPOKEN = {
    "why": "",
    "kinds": "",
    "segments": "",
    "hear": "to hear",
    "prefer": "what matters more",
    "share_sound": "sharing the sound",
    "share_model": "sharing the model",
}


@dataclass(frozen=True)
class Intention:
    """The purpose of a corpus: what its composer wants to hear, what success would sound like, and whether similarity
    to the source or something that could not have been imagined matters more."""

    hear: str = ""
    success: str = ""
    prefer: str = UNKNOWN


@dataclass(frozen=True)
class Origin:
    """The origin of a recording; whatever is not given is "unknown".

    `consent` is one of `CONSENTS`; `share_sound` and `share_model`, whether the recording and a model trained on it
    may be passed on, are "yes", "no" or "unknown".
    """

    maker: str = UNKNOWN
    date: str = UNKNOWN
    licence: str = UNKNOWN
    consent: str = UNKNOWN
    share_sound: str = UNKNOWN
    share_model: str = UNKNOWN

    @property
    def forbids(self):
        """Why a model trained on it may not be passed on, as a phrase; "" where nothing forbids it."""
        if self.consent == NO_CONSENT:
            return NO_CONSENT
        return "its model may not be shared" if self.share_model == NO else ""

    @property
    def withholds(self):
        """Why its sound may not be passed on, as the end of a sentence about it; "" where nothing forbids it."""
        if self.consent != NO_CONSENT and self.share_sound != NO:
            return ""
        why = " without consent" if self.consent == NO_CONSENT else ""
        return f"may not be shared{why}" + (f" (maker: {self.maker})" if self.maker != UNKNOWN else "")


@dataclass(frozen=True)
class State:
    """All choices in force. Names and patterns are as in `Choices`; segments are in seconds."""

    intention: Intention = field(default_factory=Intention)
    origins: dict = field(default_factory=dict)  # {pattern: {field: value}}
    left_out: dict = field(default_factory=dict)  # {name: why}
    remedies: dict = field(default_factory=dict)  # {name: (kinds)}
    segments: dict = field(default_factory=dict)  # {name: ((start, end), ...)}
    times: dict = field(default_factory=dict)  # {pattern: how often}
    labels: dict = field(default_factory=dict)  # {pattern: the name of a group}

    def origin(self, name):
        """The `Origin` of a recording, from all patterns that match it; more exact ones override others."""
        said = {}
        for pattern in _fitting(self.origins, name):
            said |= self.origins[pattern]
        return Origin(**said)

    def times_of(self, name):
        """How often a pass uses a recording, by the most exact pattern that matches it."""
        return [1, *(self.times[pattern] for pattern in _fitting(self.times, name))][-1]

    def label_of(self, name):
        """The group of a recording, by the most exact pattern that matches it; "" if none does."""
        return ["", *(self.labels[pattern] for pattern in _fitting(self.labels, name))][-1]


def _a_survey(name, value):
    """The rule for a `Survey`, whose module is not imported here: it needs much that choices do not; see `checks`."""
    if not hasattr(value, "usable"):
        raise CourseError(f"{name} must be what prism_lessons.survey gave, not {as_given(value)}.")
    return value


def _keys_of(kinds):
    """The keys of kinds of fault given by key or title."""
    return [fault_key(a_text("A kind", kind)) for kind in kinds]


class Choices:
    """The choices about one folder of recordings; each is written to the file at once.

    A recording is named as in the survey, `voices/anna.wav`. A pattern stands for several: `voices/*`, `*.mp3`, `*`. If
    two match a recording, the longer one counts, so `*` never overrides a name.

    Parameters
    ----------
    path : str or Path
        The file of the choices; the first one creates it.

    Attributes
    ----------
    taken_back : int
        How many choices were taken back.

    Raises
    ------
    CourseError
        When a line of the file is damaged; the message names it.

    See Also
    --------
    survey : Finds the faults that can be mended.
    suggest_segments : Suggests where to cut a recording.
    curate : Carries the choices out.

    Examples
    --------
    >>> choices = pl.Choices("choices.jsonl")
    >>> choices.origin("*", maker="me", consent="own work")
    >>> choices.leave_out("gong.flac", "too dark")
    >>> choices.undo()
    'leave out gong.flac: "too dark"'
    >>> choices.cut("chimes.flac", [(0, 2.6)])
    >>> choices.state.segments
    {'chimes.flac': ((0.0, 2.6),)}
    """

    @checked(path=a_path)
    def __init__(self, path):
        self.path = Path(path)
        self._standing = []  # the acts in force, each with the state after it
        self.taken_back = 0

        def carry_out(act):
            datetime.fromisoformat(act["when"])
            self._carry_out(act)

        read_json_lines(self.path, "choices", carry_out, growing=True)

    @checked(hear=a_text, success=a_text, prefer=a_text)
    def intend(self, hear="", success="", prefer=UNKNOWN):
        """Say what you want to hear, what success would sound like, and what matters more: one of `PREFERENCES`."""
        self._do("intend", hear=hear.strip(), success=success.strip(), prefer=prefer)

    @checked(pattern=a_text)
    def origin(self, pattern, **said):
        """Say where recordings come from: any of `maker`, `date`, `licence` (text), `consent` (one of `CONSENTS`),
        `share_sound`, `share_model` ("yes", "no" or "unknown")."""
        said = {name: a_text(name, text).strip() or UNKNOWN for name, text in said.items()}
        self._do("origin", pattern=pattern, said=said)

    @checked(name=a_text, why=a_text)
    def leave_out(self, name, why=""):
        """Leave a recording out of the corpus."""
        self._do("leave out", name=name, why=why)

    @checked(name=a_text)
    def take_in(self, name):
        """Include again a recording that was left out."""
        self._do("take in", name=name)

    @checked(name=a_text)
    def repair(self, name, *kinds):
        """Mend faults of a recording: kinds that the survey found in it, by key or title ("hum", "mains hum")."""
        kinds = _keys_of(kinds)
        for kind in kinds:
            if kind not in MENDABLE:
                titles = ", ".join(_titles(MENDABLE))
                raise CourseError(f'What can be mended is one of: {titles}; not "{kind}".')
        self._do("repair", name=name, kinds=kinds)

    @checked(name=a_text)
    def leave_as_it_is(self, name, *kinds):
        """Stop mending these faults of a recording; all, if no kinds are given."""
        self._do("leave as it is", name=name, kinds=_keys_of(kinds))

    @checked(survey=_a_survey)
    def repair_all(self, survey, *kinds):
        """Mend every fault found by a survey that can be mended, or only those of some kinds.

        Parameters
        ----------
        survey : Survey
            As returned by `survey`.
        *kinds : str
            By key or title, as in `repair`.

        Returns
        -------
        int
            The number of recordings with such faults.
        """
        kinds = _keys_of(kinds)
        found = {
            file.name: tuple(
                one.kind for one in file.findings if one.kind in MENDABLE and (not kinds or one.kind in kinds)
            )
            for file in survey.usable
        }
        found = {name: tuple(dict.fromkeys(kinds)) for name, kinds in found.items() if kinds}
        for name, mended in found.items():
            self.repair(name, *mended)
        return len(found)

    @checked(name=a_text, segments=stretches)
    def cut(self, name, segments):
        """Take only some stretches of a recording: [(start, end), ...] in seconds; [] for all of it again."""
        self._do("cut", name=name, segments=sorted(segments))

    @checked(pattern=a_text, times=whole())
    def weigh(self, pattern, times):
        """Use recordings 1 to 16 times in each pass of the training."""
        self._do("weigh", pattern=pattern, times=times)

    @checked(pattern=a_text, group=a_text)
    def label(self, pattern, group):
        """Name the group of recordings, to train a model with `labels`; if not named, it is the folder they lie in."""
        self._do("label", pattern=pattern, group=group)

    def undo(self):
        """Take back the last choice; returns it in words, or "" when there is none."""
        with locked(self.path):
            self._catch_up()
            if not self._standing:
                return ""
            gone, _ = self._standing[-1]
            self._do("undo", choice=gone)
        return _in_words(gone)

    @checked(other=a_path)
    def merge(self, other):
        """Merge in the choices of another file about the same recordings, by their dates.

        Parameters
        ----------
        other : str or Path
            The file, such as that of an earlier day.

        Returns
        -------
        list of CourseError
            One for each damaged line that was left out.
        """
        faults = []

        def checked(act):
            datetime.fromisoformat(act["when"])
            if act["act"] != "undo":
                _after(State(), act)
            return act

        merge_json_lines(self.path, read_json_lines(other, "choices", checked, True, faults))
        self._catch_up()
        return faults

    @property
    def state(self):
        """The `State` of all choices together."""
        return self._standing[-1][1] if self._standing else State()

    def __str__(self):
        """The choices in order, without those taken back."""
        acts = [f"{act['when'].replace('T', ' ')}  {_in_words(act)}" for act, _ in self._standing]
        return "\n".join(acts) or "Nothing has been chosen yet."

    def _catch_up(self):
        """Read what another `Choices` of the same file, or a text editor, has written since."""
        newest = Choices(self.path)
        self._standing, self.taken_back = newest._standing, newest.taken_back

    def _do(self, act, **values):
        act = json.loads(json.dumps({"when": datetime.now().isoformat(timespec="minutes"), "act": act, **values}))
        with locked(self.path):
            self._catch_up()
            if act["act"] != "undo" and self.state == _after(self.state, act):
                return  # so a lesson's cell that is run again changes nothing
            append_json_lines(self.path, [act])
            self._carry_out(act)

    def _carry_out(self, act):
        if act["act"] != "undo":
            self._standing.append((act, _after(self.state, act)))
            return
        standing = [act for act, _ in self._standing]
        # An undo names its choice, since others may have come between; older ones meant the last choice.
        gone = act["choice"] if "choice" in act else standing[-1]
        if not isinstance(gone, dict):
            raise TypeError("an undo names a choice")
        if gone in standing:
            place = len(standing) - 1 - standing[::-1].index(gone)
            del self._standing[place:]
            self.taken_back += 1
            for later in standing[place + 1 :]:
                self._carry_out(later)


# Kinds that have a remedy.
MENDABLE = tuple(filter(has_remedy, KINDS))


def _fitting(patterns, name):
    """The patterns that match a name, the most exact one last."""
    # Only "*" is special: names may hold brackets and question marks.
    fitting = [pattern for pattern in patterns if fnmatchcase(name, re.sub(r"[\[?]", r"[\g<0>]", pattern))]
    return sorted(fitting, key=lambda pattern: (pattern == name, len(pattern.replace("*", ""))))


def _after(state, act):
    """The `State` after one more act."""
    values = {key: value for key, value in act.items() if key not in ("when", "act")}
    _check(act["act"], values)
    act, name = act["act"], values.get("name")
    if act == "intend":
        return replace(state, intention=Intention(**values))
    if act == "origin":
        said = state.origins.get(values["pattern"], {}) | values["said"]
        return replace(state, origins=state.origins | {values["pattern"]: said})
    if act == "leave out":
        return replace(state, left_out={**state.left_out, name: values["why"]})
    if act == "take in":
        return replace(state, left_out={key: why for key, why in state.left_out.items() if key != values["name"]})
    if act == "repair":
        kinds = tuple(key for key in KINDS if key in {*state.remedies.get(name, ()), *values["kinds"]})
        return replace(state, remedies=state.remedies | ({name: kinds} if kinds else {}))
    if act == "leave as it is":
        gone = values["kinds"] or KINDS
        left = tuple(key for key in state.remedies.get(name, ()) if key not in gone)
        remedies = {key: kinds for key, kinds in state.remedies.items() if key != name}
        return replace(state, remedies=remedies | ({name: left} if left else {}))
    if act == "cut":
        segments = {key: parts for key, parts in state.segments.items() if key != name}
        parts = tuple(map(tuple, values["segments"]))
        return replace(state, segments=segments | ({name: parts} if parts else {}))
    if act == "weigh":
        return replace(state, times=state.times | {values["pattern"]: values["times"]})
    if act == "label":
        return replace(state, labels=state.labels | {values["pattern"]: values["group"]})
    raise ValueError(f"no choice is called {act}")


def _check(act, values):
    """Raise a `CourseError` for an invalid choice; a damaged one may raise other errors."""
    for key, value in {**values, **values.get("said", {})}.items():
        if key not in ("kinds", "segments", "times", "said") and not isinstance(value, str):
            raise CourseError(f"{key} is said in words, not as {value}.")
    if not all(isinstance(kind, str) for kind in values.get("kinds", ())):
        raise CourseError("The name of a repair must be text.")
    if act == "intend":
        _one_of(values["prefer"], PREFERENCES, "What matters more")
    elif act == "origin":
        for key in values["said"]:
            if key not in Origin.__dataclass_fields__:
                raise CourseError(f'"{key}" is not asked of an origin: {", ".join(Origin.__dataclass_fields__)} are.')
        _one_of(values["said"].get("consent", UNKNOWN), CONSENTS, "Consent")
        for key in ("share_sound", "share_model"):
            _one_of(values["said"].get(key, UNKNOWN), SHARING, "Whether it may be shared")
    elif act == "cut":
        for start, end in values["segments"]:
            if not 0 <= float(start) < float(end) < math.inf:  # a number of JSON may have 4,000 digits
                raise CourseError(
                    f"A segment from {start:g} to {end:g} s cannot be cut: its end must be after its start."
                )
        for (_, end), (start, _) in pairwise(values["segments"]):
            if start < end:
                raise CourseError(f"Two segments overlap at {start:g} s: let each begin where the one before ends.")
    elif act == "weigh":
        times = values["times"]
        if type(times) is not int or not 1 <= times <= MOST_TIMES:
            raise CourseError(f"A recording can be heard 1 to {MOST_TIMES} times in a pass, not {times}.")
    elif act == "label":
        group = values["group"]
        if not 1 <= len(group) <= LONGEST_LABEL or not is_name(group):
            raise CourseError(
                f"The name of a group has 1 to {LONGEST_LABEL} characters and no commas, colons or semicolons, unlike "
                f"{as_given(group)}."
            )


def _in_words(act):
    about = act.get("name") or act.get("pattern") or ""
    rest = {key: value for key, value in act.items() if key not in ("when", "act", "name", "pattern") and value}
    said = rest.pop("said", {})
    if kinds := rest.get("kinds"):
        rest["kinds"] = _titles(kinds)
    words = ", ".join(f"{SPOKEN.get(key, key)} {_listed(value)}".strip() for key, value in {**rest, **said}.items())
    return " ".join(filter(None, [act["act"], about])) + (f": {words}" if words else "")


def _titles(kinds):
    return [KINDS[key].title if key in KINDS else key for key in kinds]


def _listed(value):
    if not isinstance(value, list):
        return f'"{value}"' if isinstance(value, str) else str(value)
    return ", ".join(f"{part[0]:g}-{part[1]:g} s" if isinstance(part, list) else part for part in value)


def _one_of(value, allowed, what):
    if value not in allowed:
        raise CourseError(f'{what} is one of: {", ".join(allowed)}; not "{value}".')
