"""A corpus on disk: mono FLAC clips at one sample rate, and `corpus.json`, which says where each came from."""

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import CourseError
from ..files import digest, inside, read_json

SETTINGS = "corpus.json"
CARD = "card.md"
FORMAT = 1
TRAINING, VALIDATION = "training", "validation"


@dataclass(frozen=True)
class ClipFile:
    """One clip of a corpus.

    `file` is its place inside the corpus folder, `recording` the name of the file it came from, `start` the sample of
    the prepared recording it begins at, `samples` its length, `gain_db` what was taken off so that nothing clips,
    `digest` names its sound (the 16-bit samples).
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


def _fits(corpus):
    """Whether values that come from a file are of the kinds that the rest of the course takes for granted."""
    texts = [text for clip in corpus.clips for text in (clip.file, clip.recording, clip.recording_digest, *clip.notes)]
    texts += [file[key] for file in corpus.unused for key in ("name", "reason")]
    levels = [level for clip in corpus.clips for level in (clip.peak_dbfs, clip.rms_dbfs, clip.silence, clip.gain_db)]
    return (
        type(corpus.sample_rate) is type(corpus.seed) is int
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(level, (int, float)) for level in levels)
        and all(type(clip.start) is int and clip.start >= 0 for clip in corpus.clips)
        and all(type(clip.samples) is int and clip.samples > 0 for clip in corpus.clips)
        and {clip.split for clip in corpus.clips} == {TRAINING, VALIDATION}
    )


@dataclass(frozen=True)
class Corpus:
    """Prepared clips, opened with `Corpus.open(folder)` or made by `curate`.

    `unused` lists the files that were not taken, as {"name", "reason"}.
    """

    folder: Path
    sample_rate: int
    seed: int
    clips: tuple[ClipFile, ...]
    unused: tuple[dict, ...]

    @classmethod
    def open(cls, folder):
        """Open the corpus in `folder` (a path, or a `Corpus`, which is handed back).

        Raises
        ------
        CourseError
            When there is no corpus, or not one that this version can read.
        """
        if isinstance(folder, Corpus):
            return folder
        folder = Path(folder)
        values = read_json(folder / SETTINGS, "corpus")
        if values.get("format") != FORMAT:
            raise CourseError(f'The corpus in "{folder}" was made by another version of this course: curate it again.')
        try:
            clips = tuple(ClipFile(**{**clip, "notes": tuple(clip["notes"])}) for clip in values["clips"])
            corpus = cls(folder, values["sample_rate"], values["seed"], clips, tuple(values["unused"]))
            whole = values["digest"] == corpus.digest and _fits(corpus)
        except (KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise CourseError(f'"{folder / SETTINGS}" has been changed or damaged: curate the recordings again.')
        for clip in clips:
            if not os.path.isfile(inside(folder, clip.file)):
                raise CourseError(f'The clip "{clip.file}" is missing from "{folder}": curate the recordings again.')
        return corpus

    @property
    def digest(self):
        """A name for what a model can learn from this corpus: the sounds, their order, the split, the rate."""
        return digest(self.sample_rate, [[clip.digest, clip.split] for clip in self.clips])

    def of(self, split):
        """The clips of "training" or of "validation"."""
        return [clip for clip in self.clips if clip.split == split]

    def seconds(self, split=None):
        """Duration in seconds, of one split or of all."""
        return sum(clip.samples for clip in self.clips if split in (None, clip.split)) / self.sample_rate

    def as_dict(self):
        """Plain values for JSON."""
        return {
            "format": FORMAT,
            "sample_rate": self.sample_rate,
            "seed": self.seed,
            "digest": self.digest,
            "seconds": {split: round(self.seconds(split), 3) for split in (TRAINING, VALIDATION)},
            "clips": [asdict(clip) for clip in self.clips],
            "unused": list(self.unused),
        }

    def __str__(self):
        recordings = len({clip.recording for clip in self.clips})
        lines = [
            f"{len(self.clips)} clips from {recordings} recordings at {self.sample_rate} Hz: "
            f"{self.seconds(TRAINING):.1f} s to train on, {self.seconds(VALIDATION):.1f} s kept for validation."
        ]
        noted = [(clip.recording, note) for clip in self.clips for note in clip.notes]
        lines += [f"  {name}: {note}" for name, note in noted]
        if self.unused:
            count = len(self.unused)
            lines.append(f"{count} {'file was' if count == 1 else 'files were'} not used:")
            lines += [f"  {file['name']}: {file['reason']}" for file in self.unused]
        return "\n".join(lines)

    def card(self):
        """The corpus in words, Markdown: what is in it, what was done to it, what was left out."""
        counts = Counter(clip.recording for clip in self.clips)
        rows = [
            f"| {clip.recording.replace('|', '/')} | {clip.samples / self.sample_rate:.2f} | {clip.peak_dbfs:.1f} "
            f"| {clip.rms_dbfs:.1f} | {clip.split} | {'; '.join(clip.notes) or '-'} |"
            for clip in self.clips
        ]
        return "\n".join(
            [
                "# Card of this corpus",
                "",
                f"{len(self.clips)} clips from {len(counts)} recordings, mono, {self.sample_rate} Hz, 16-bit FLAC. "
                f"{self.seconds(TRAINING):.1f} s for training, {self.seconds(VALIDATION):.1f} s for validation "
                f"(chosen by recording, seed {self.seed}).",
                "",
                "Channels were averaged and the sample rate changed with soxr (high quality); levels were left alone, "
                "but for sounds above full scale, which were turned down until they fit.",
                "",
                "| recording | seconds | peak, dBFS | RMS, dBFS | used for | notes |",
                "|---|---|---|---|---|---|",
                *rows,
                *(["", "Not used:", ""] if self.unused else []),
                *(f"- {file['name']}: {file['reason']}" for file in self.unused),
                "",
            ]
        )
