"""The listening log: stars, tags, notes and guesses for the clips of a run, saved the moment they are given.

It is `listening.jsonl` in the run's folder. Each line is an act with its date and who did it, appended and never
changed, so the log survives a crash at any moment, and the logs of two people who listened to copies of one run can be
merged: the union of their acts.
"""

import getpass
import os
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from ..errors import CourseError
from ..files import append_json_lines, digest, inside, locked, read_json_lines
from ..live import counted
from ..run import LISTENING as LOG
from ..run import epoch_of
from .blind import GAMES, Guesses

STAR, UNSTAR, TAG, UNTAG, NOTE, GUESS, CHOOSE = ACTS = ("star", "unstar", "tag", "untag", "note", "guess", "choose")
MOST_LETTERS = 20_000  # of a note; nobody types more, and a damaged file may hold anything
MOST_IN_A_NAME = 200


@dataclass(frozen=True)
class Act:
    """One line of the log.

    Attributes
    ----------
    id
        A unique name: an act that is given twice counts once.
    run
        The `key` of the run it belongs to.
    when, who
        Local time, such as "2026-11-22T23:15:02", and the name of the listener.
    act
        One of `ACTS`.
    clip
        The name of a `RunClip`, "0012_1_t0.95"; for a guess about a recording, the recording's.
    text
        The tag, the note, what was chosen; for a guess, the answer given.
    game, truth
        For a guess, which of the `GAMES`, and what the clip was. Otherwise "".
    """

    id: str
    run: str
    when: str
    who: str
    act: str
    clip: str
    text: str = ""
    game: str = ""
    truth: str = ""

    def __post_init__(self):
        values = asdict(self)
        if not all(isinstance(value, str) for value in values.values()):
            raise CourseError("Each field of an act in the listening log must be text.")
        if self.act not in ACTS or not self.id or len(self.text) > MOST_LETTERS:
            raise CourseError(f'"{self.act}" is not an act of the listening log: choose among {", ".join(ACTS)}.')
        if any(len(value) > MOST_IN_A_NAME for name, value in values.items() if name != "text"):
            raise CourseError("A name in the listening log is too long.")
        if self.act != GUESS and epoch_of(self.clip) is None:
            raise CourseError(f'"{self.clip}" is not the name of a clip, such as "0012_1_t0.95".')
        datetime.fromisoformat(self.when)
        "".join(values.values()).encode()  # a lone surrogate, as a damaged file may hold, cannot be encoded
        if self.act == GUESS and not {self.text, self.truth} <= set(GAMES.get(self.game, ())):
            raise CourseError(f'A guess must be one of the two answers of its game, not "{self.text}".')


@dataclass(frozen=True)
class ClipNotes:
    """What listeners gave one clip: `stars`, who gave one; `tags`; `notes`, {who: text}."""

    stars: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    notes: dict = field(default_factory=dict)

    def __str__(self):
        notes = [f'{who}: "{text}"' for who, text in self.notes.items()]
        stars = [f"starred by {', '.join(self.stars)}"] if self.stars else []
        return "; ".join([*stars, *self.tags, *notes])


@dataclass(frozen=True)
class Merged:
    """The result of a merge: how many acts were `new`, how many lines were `left_out`, and the first one's `reason`."""

    new: int
    left_out: int = 0
    reason: str = ""

    def __str__(self):
        said = f"{self.new} new stars, tags, notes and guesses"
        return f"{said}; left out: {counted(self.left_out, 'line')}. {self.reason}" if self.left_out else f"{said}."


class ListeningLog:
    """The stars, tags, notes and guesses for the clips of a run.

    Parameters
    ----------
    run
        The `Run`. A star keeps the weights of its epoch for ever, as `Run.star` does.
    who
        The name of the listener; the name of the computer's user if not given.
    copy
        A second folder of the run, such as its copy on Google Drive: acts are written there too, and its own are merged
        in. While it cannot be written, acts go only to the log in the run's own folder.

    Raises
    ------
    CourseError
        When a line of the file is damaged; the sentence names it. A last line that was cut off in a crash is not
        damage: it never counted as written.
    """

    def __init__(self, run, who=None, copy=None):
        self.run, self.path = run, inside(run.folder, LOG)
        self.who = (who or _user()).strip()[:MOST_IN_A_NAME]
        self.key = run_key(run)
        self._copy = Path(copy) / LOG if copy else None
        self._read, self._acts = None, []
        self.acts  # noqa: B018 - a damaged log is reported now, not at the first star
        if self._copy and os.path.isfile(self._copy) and (merged := self.merge(self._copy)).left_out:
            raise CourseError(merged.reason)

    @property
    def acts(self):
        """All acts, oldest first, as `Act`s."""
        if self._read is None or self._read != _state(self.path):  # others write into it too
            self._read = _state(self.path)
            acts = read_json_lines(self.path, "listening log", lambda line: Act(**line), growing=True)
            self._acts = _in_order(acts)
        return list(self._acts)

    def star(self, clip):
        """Star a clip (a `RunClip` or its name); returns a sentence that says what is kept."""
        return self._do(STAR, clip)

    def unstar(self, clip):
        """Remove your star. The weights that it kept stay."""
        return self._do(UNSTAR, clip)

    def tag(self, clip, tag):
        """Tag a clip with a short word, such as "breath"."""
        return self._do(TAG, clip, tag)

    def untag(self, clip, tag):
        """Remove a tag from a clip."""
        return self._do(UNTAG, clip, tag)

    def note(self, clip, text):
        """Write about a clip; your newest note counts, earlier ones stay in the file."""
        return self._do(NOTE, clip, text)

    def chosen(self, epoch):
        """Record that the model of an epoch was chosen, unless it was the last choice already."""
        choices = [act.clip for act in self.acts if act.act == CHOOSE]
        names = [clip.name for clip in self.run.played if clip.epoch == epoch]
        if names and choices[-1:] != names[:1]:
            self._do(CHOOSE, names[0], f"the model of epoch {epoch}")

    def _do(self, act, clip, text=""):
        name = getattr(clip, "name", clip)
        if name not in {played.name for played in self.run.played}:
            raise CourseError(f'There is no clip "{name}" in this run: name one as in "0012_1_t0.95".')
        if not isinstance(text, str):
            raise CourseError(f"A tag or a note must be text, not {text!r}.")
        text = text.strip().encode("utf-8", "replace").decode()
        if act in (TAG, UNTAG) and not text:
            raise CourseError("A tag is a word: write one.")
        when = datetime.now().isoformat(timespec="milliseconds")
        return self.take([Act(uuid.uuid4().hex[:16], self.key, when, self.who, act, name, text)])

    def take(self, acts):
        """Add `Act`s that are not there yet, and keep the weights of the epochs they star.

        Returns
        -------
        str
            A sentence: what is kept, or which starred models no longer exist; "" if no act is new.
        """
        acts = {act.id: act for act in acts}
        with locked(self.path):
            known = {act.id for act in self.acts}
            new = [act for act in acts.values() if act.id not in known]
            if new:
                append_json_lines(self.path, map(asdict, new))
                self._read, self._acts = _state(self.path), _in_order([*self._acts, *new])
        if new and self._copy and os.path.isdir(self._copy.parent):
            with suppress(CourseError), locked(self._copy):  # such as a Drive that is gone: the run's own log has it
                there = {act.id for act in read_json_lines(self._copy, "listening log", lambda line: Act(**line), True)}
                append_json_lines(self._copy, [asdict(act) for act in self.acts if act.id not in there])
        # Also for known acts: one may have been written when a full disk prevented its weights from being kept.
        said = self._keep_weights([act for act in acts.values() if act.act == STAR])
        return said if new else ""

    def _keep_weights(self, stars):
        epochs = sorted({epoch_of(act.clip) for act in stars})
        there = set(self.run.epochs)
        for epoch in epochs:
            if epoch in there and epoch not in self.run.starred:
                self.run.star(epoch)
        gone = [str(epoch) for epoch in epochs if epoch not in there]
        if gone:
            return f"Starred. The model of epoch {', '.join(gone)} is no longer there; its clips stay."
        return f"Starred: the model of epoch {', '.join(map(str, epochs))} is kept for ever." if epochs else "Kept."

    def merge(self, other):
        """Merge the acts that somebody else, or a page, has written about the same run.

        Parameters
        ----------
        other
            A file that the page saved, another `listening.jsonl`, or the folder of a copy of this run.

        Returns
        -------
        Merged
            The number of new acts. Lines that are damaged, or about another run, are left out.

        Raises
        ------
        CourseError
            When it cannot be read, or nothing in it is about this run.
        """
        path = Path(other) / LOG if os.path.isdir(other) else Path(other)
        if not os.path.isfile(path):
            raise CourseError(f'There are no notes in "{other}": name the file that the page saved.')
        faults = []
        acts = read_json_lines(path, "notes", lambda line: Act(**line), growing=True, damaged=faults)
        ours = [act for act in acts if act.run == self.key]
        if len(ours) < len(acts):
            stranger = CourseError(f'The notes in "{path}" are about another run: merge them into that one.')
            faults += [stranger] * (len(acts) - len(ours))
        if faults and not ours:
            raise faults[0]
        known = {act.id for act in self.acts}
        self.take(ours)
        return Merged(len({act.id for act in ours} - known), len(faults), str(faults[0]) if faults else "")

    @property
    def heard(self):
        """The current stars, tags and notes of each clip, {clip: `ClipNotes`}; clips without any are left out."""
        stars, tags, notes = {}, {}, {}
        for act in self.acts:
            if act.act in (STAR, UNSTAR):
                stars.setdefault(act.clip, {})[act.who] = act.act == STAR
            elif act.act in (TAG, UNTAG):
                tags.setdefault(act.clip, {})[act.text] = act.act == TAG
            elif act.act == NOTE:
                notes.setdefault(act.clip, {})[act.who] = act.text
        said = {}
        for clip in sorted({*stars, *tags, *notes}):
            heard = ClipNotes(
                tuple(who for who, given in stars.get(clip, {}).items() if given),
                tuple(tag for tag, given in tags.get(clip, {}).items() if given),
                {who: text for who, text in notes.get(clip, {}).items() if text.strip()},
            )
            if heard.stars or heard.tags or heard.notes:
                said[clip] = heard
        return said

    @property
    def starred(self):
        """The names of the clips that somebody has starred."""
        return [clip for clip, heard in self.heard.items() if heard.stars]

    def guesses(self, game, who=None):
        """How often a listener, you if not given, has guessed right in one of the `GAMES`, as `Guesses`."""
        who = self.who if who is None else who
        pairs = [(act.text, act.truth) for act in self.acts if (act.act, act.game, act.who) == (GUESS, game, who)]
        return Guesses(game, sum(said == truth for said, truth in pairs), len(pairs))

    @property
    def guesses_in_words(self):
        """A report for each of the `GAMES` in which you have guessed, and a sentence for each of another listener."""
        others = dict.fromkeys(act.who for act in self.acts if act.act == GUESS and act.who != self.who)
        own = [str(guesses) for guesses in map(self.guesses, GAMES) if guesses.total]
        theirs = [(who, self.guesses(game, who)) for who in others for game in GAMES]
        return own + [guesses.of(who) for who, guesses in theirs if guesses.total]

    def __str__(self):
        """Stars, tags and notes in words, a line for each clip, and a report of guesses."""
        titles = {clip.name: clip.title for clip in self.run.played}
        lines = [f"{titles.get(clip, clip)}: {heard}" for clip, heard in self.heard.items()]
        lines += self.guesses_in_words
        return "\n".join(lines) or "Nothing has been starred or noted yet."


def _in_order(acts):
    return sorted({act.id: act for act in acts}.values(), key=lambda act: act.when)


def _state(path):
    """A value that changes with each line added to a file; None where there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def run_key(run):
    """A name for a run that its copies share, whatever their folders are called: 16 hexadecimal digits.

    It is a hash of the corpus and the figures of the first epoch, which no two trainings share.
    """
    first = [[entry.bits, entry.validation_bits, entry.seconds, entry.samples] for entry in run.log[:1]]
    return digest(run.settings["corpus"]["digest"], run.sample_rate, first)


def _user():
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        return "listener"
