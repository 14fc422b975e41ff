"""A corpus on disk: mono FLAC clips at one sample rate, and `corpus.json`, which says where each came from."""

import os
import re
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path

from ..checks import a_path, checked, one_of, optional
from ..errors import CourseError
from ..files import digest, inside, read_error, read_json
from ..live import some, wrapped
from ..settings import LONGEST_LABEL
from .card import card, warnings_about, what_it_allows
from .choices import MOST_TIMES, Intention, Origin
from .clips import md5_of
from .sharing import Sharing

SETTINGS = "corpus.json"
CARD = "card.md"
FORMAT = 1
TRAINING, VALIDATION = "training", "validation"


@dataclass(frozen=True)
class ClipFile:
    """One clip of a corpus.

    `file` is its path inside the corpus folder, `recording` the name of the source file, `start` the sample of the
    prepared recording at which it begins, `samples` its length, `gain_db` the gain that keeps it from clipping,
    `digest` a hash of its 16-bit samples, and `md5` the hash that the FLAC file holds, "" in corpora of an earlier
    version. `treatment` lists what was mended, `times` is how often a pass of the training uses the clip, and `label`
    the name that was chosen for its group, "" if none was.
    """

    file: str
    recording: str
    split: str
    start: int
    samples: int
    peak_dbfs: float
    rms_dbfs: float
    silence: float
    gain_db: float
    digest: str
    recording_digest: str
    notes: tuple[str, ...] = ()
    treatment: tuple[str, ...] = ()
    times: int = 1
    md5: str = ""
    label: str = ""

    @property
    def group(self):
        """The name of its group: its label or, without one, the folder it lies in; "" if it has neither."""
        folder, _, inside = self.recording.partition("/")
        # Commas and colons separate names in a list (`settings.is_name`).
        return self.label or (" ".join(re.split(r"[\s,:;]+", folder)).strip()[:LONGEST_LABEL].strip() if inside else "")


def _fits(corpus):
    """Whether values read from a file have the types and ranges that the rest of the course relies on."""
    texts = [corpus.source]
    texts += [
        text
        for clip in corpus.clips
        for text in (
            clip.file,
            clip.recording,
            clip.recording_digest,
            clip.md5,
            clip.label,
            *clip.notes,
            *clip.treatment,
        )
    ]
    texts += [file[key] for file in corpus.unused for key in ("name", "reason")]
    texts += [twin[key] for twin in corpus.twins for key in ("first", "second", "how")]
    texts += [text for words in (corpus.intention, *corpus.origins.values()) for text in astuple(words)]
    levels = [level for clip in corpus.clips for level in (clip.peak_dbfs, clip.rms_dbfs, clip.silence, clip.gain_db)]
    return (
        type(corpus.sample_rate) is type(corpus.seed) is int
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(level, (int, float)) for level in levels)
        and all(type(clip.start) is int and clip.start >= 0 for clip in corpus.clips)
        and all(type(clip.samples) is int and clip.samples > 0 for clip in corpus.clips)
        and all(type(clip.times) is int and 1 <= clip.times <= MOST_TIMES for clip in corpus.clips)
        and {clip.split for clip in corpus.clips} == {TRAINING, VALIDATION}
    )


def _check(folder, clip):
    """Raise a `CourseError` unless a clip is there and is, by the MD5 in its header, the one that the corpus was made
    with; code that reads all of it checks the `digest` too."""
    place = inside(folder, clip.file)
    if not os.path.isfile(place):
        raise CourseError(f'The clip "{clip.file}" is missing from "{folder}": curate the recordings again.')
    try:
        exchanged = clip.md5 and md5_of(place) != clip.md5
    except OSError as error:
        raise read_error(place, "clip", error) from error
    if exchanged:
        raise CourseError(
            f'The clip "{clip.file}" in "{folder}" is not the one that the corpus was made with: put that one back, '
            "or curate the recordings again."
        )


@dataclass(frozen=True)
class Corpus:
    """Prepared clips, opened with `Corpus.open(folder)` or made by `curate`.

    Attributes
    ----------
    folder : Path
        Its folder.
    sample_rate : int
        Hz, of every clip.
    seed : int
        The seed of the choice of recordings for validation.
    clips : tuple of ClipFile
        Its clips, in order.
    unused : tuple of dict
        The files that were not taken, as {"name", "reason"}.
    intention : Intention
        What it is for.
    origins : dict
        Where each recording comes from, {name: `Origin`}.
    twins : tuple of dict
        Recordings that share a sound, as {"first", "second", "how"}.
    source : str
        The folder of the recordings as it was given to `curate`, "" where it is not known.

    See Also
    --------
    curate : Makes a corpus of recordings.
    sounds_of : Its sounds in pieces of some seconds.
    train : Trains a model on it.

    Examples
    --------
    >>> corpus = pl.Corpus.open("my_corpus")
    >>> [clip.recording for clip in corpus.of("validation")]
    ['gong.flac']
    >>> 0 <= corpus.silence < 0.5
    True
    """

    folder: Path
    sample_rate: int
    seed: int
    clips: tuple[ClipFile, ...]
    unused: tuple[dict, ...]
    intention: Intention = field(default_factory=Intention)
    origins: dict = field(default_factory=dict)
    twins: tuple[dict, ...] = ()
    source: str = ""

    @classmethod
    def open(cls, folder):
        """Open a corpus.

        Parameters
        ----------
        folder : str, Path or Corpus
            Its folder; a `Corpus` is returned as it is.

        Returns
        -------
        Corpus

        Raises
        ------
        CourseError
            When there is no corpus, or not one that this version can read.
        """
        if isinstance(folder, Corpus):
            return folder
        folder = Path(a_path("folder", folder))
        values = read_json(folder / SETTINGS, "corpus")
        if values.get("format") != FORMAT:
            raise CourseError(f'The corpus in "{folder}" was made by another version of this course: curate it again.')
        try:
            clips = tuple(
                ClipFile(**clip | {key: tuple(clip.get(key, ())) for key in ("notes", "treatment")})
                for clip in values["clips"]
            )
            corpus = cls(
                folder, values["sample_rate"], values["seed"], clips, tuple(values["unused"]),
                Intention(**values.get("intention", {})),
                {name: Origin(**origin) for name, origin in values.get("origins", {}).items()},
                tuple(values.get("twins", ())), values.get("source", ""),
            )  # fmt: skip
            whole = values["digest"] == corpus.digest and _fits(corpus)
        except (KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise CourseError(f'"{folder / SETTINGS}" has been changed or damaged: curate the recordings again.')
        for clip in clips:
            _check(folder, clip)
        return corpus

    @property
    def digest(self):
        """A hash of what a model learns from this corpus: sounds, order, split, repetitions, chosen labels and rate."""
        clips = [
            [clip.digest, clip.split, *[clip.times] * (clip.times > 1), *[clip.label] * bool(clip.label)]
            for clip in self.clips
        ]
        return digest(self.sample_rate, clips)

    @checked(split=one_of(TRAINING, VALIDATION))
    def of(self, split):
        """The clips of one split.

        Parameters
        ----------
        split : str
            "training" or "validation".

        Returns
        -------
        list of ClipFile
        """
        return [clip for clip in self.clips if clip.split == split]

    @checked(split=optional(one_of(TRAINING, VALIDATION)))
    def seconds(self, split=None):
        """Duration in seconds.

        Parameters
        ----------
        split : str, optional
            "training" or "validation"; both if not given.

        Returns
        -------
        float
        """
        return sum(clip.samples for clip in self.clips if split in (None, clip.split)) / self.sample_rate

    @property
    def heard_seconds(self):
        """Seconds of sound in one pass of the training: a clip that is used twice counts twice."""
        return sum(clip.samples * clip.times for clip in self.of(TRAINING)) / self.sample_rate

    @property
    def silence(self):
        """The share, 0 .. 1, of silence in one pass of the training: 20 ms stretches below -60 dBFS.

        Above one half (`is_mostly_silent`), a model will mostly be silent. A run keeps it as `Run.corpus_silence`.
        """
        training = self.of(TRAINING)
        samples = sum(clip.samples * clip.times for clip in training)
        return sum(clip.silence * clip.samples * clip.times for clip in training) / samples

    @property
    def warnings(self):
        """Warnings before training on it, as sentences that say what can be done; see `card.py`."""
        return warnings_about(self)

    def as_dict(self):
        """Plain values for JSON."""
        return {
            "format": FORMAT,
            "sample_rate": self.sample_rate,
            "seed": self.seed,
            "digest": self.digest,
            "source": self.source,
            "seconds": {split: round(self.seconds(split), 3) for split in (TRAINING, VALIDATION)},
            "silence": round(self.silence, 3),
            "warnings": self.warnings,
            "clips": [asdict(clip) for clip in self.clips],
            "unused": list(self.unused),
            "intention": asdict(self.intention),
            "origins": {name: asdict(origin) for name, origin in self.origins.items()},
            "twins": list(self.twins),
        }

    @property
    def labels(self):
        """Names of the groups of its training clips, in alphabetical order, for `train(..., labels=corpus.labels)`.

        A recording's group is the name given with `Choices.label` or, without one, the folder inside the folder of
        recordings that it lies in: that of "bells/large/one.wav" is "bells".
        """
        return tuple(sorted({clip.group for clip in self.of(TRAINING) if clip.group}))

    def check_labels(self, labels):
        """Raise a `CourseError` if no clip to train on has one of these labels."""
        if missing := [name for name in labels if name not in self.labels]:
            known = f"there are {some(self.labels)}" if self.labels else "none has any"
            raise CourseError(
                f'No recording to train on has the label "{missing[0]}" ({known}): put the recordings of each group '
                "into a folder of its own, or name the group with Choices.label, and curate them again."
            )

    @property
    def sharing(self):
        """Which of its recordings may be passed on as sound, a `Sharing`."""
        return Sharing.of({clip.recording: self.origins.get(clip.recording, Origin()) for clip in self.clips})

    @property
    def not_to_share(self):
        """Why a model trained on this corpus may not be passed on, as phrases; empty where nothing forbids it."""
        return [f"{name}: {origin.forbids}" for name, origin in self.origins.items() if origin.forbids]

    def __str__(self):
        recordings = len({clip.recording for clip in self.clips})
        lines = [
            f"{len(self.clips)} clips from {recordings} recordings at {self.sample_rate} Hz: "
            f"{self.seconds(TRAINING):.1f} s to train on, {self.seconds(VALIDATION):.1f} s kept for validation."
        ]
        lines += [what_it_allows(self.heard_seconds, self.silence), *self.warnings]
        noted = dict.fromkeys((clip.recording, note) for clip in self.clips for note in clip.treatment + clip.notes)
        lines += [f"  {name}: {note}" for name, note in noted]
        lines += [f"  {twin['first']} and {twin['second']} share a sound: {twin['how']}" for twin in self.twins]
        if self.unused:
            count = len(self.unused)
            lines.append(f"{count} {'file was' if count == 1 else 'files were'} not used:")
            lines += [f"  {file['name']}: {file['reason']}" for file in self.unused]
        return "\n".join(map(wrapped, lines))

    def card(self):
        """The corpus in words, as Markdown; see `card.py`."""
        return card(self)
