"""A run's journey: one of its sounds through all epochs, joined into one listening file with chapters."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..audio import LABELS, Clip, audacity_labels, load
from ..errors import CourseError
from ..files import write_text
from .copies import copies_not_to_share

SILENCE_SECONDS = 0.3  # between two epochs


class Chapter(NamedTuple):
    """One epoch of a journey: the start and end of its clip, in seconds, and its title."""

    start: float
    end: float
    epoch: int
    title: str


@dataclass(frozen=True)
class Journey:
    """The clips of one temperature and voice, one after another.

    Attributes
    ----------
    clip
        All of it as a `Clip`; its name says which sound it is.
    chapters
        A `Chapter` for each epoch, in order.
    """

    clip: Clip
    chapters: tuple[Chapter, ...]

    @property
    def webvtt(self):
        """The chapters as WebVTT, which browsers and media players read (https://www.w3.org/TR/webvtt1/)."""
        cues = [f"{_time(start)} --> {_time(end)}\n{title}\n" for start, end, _, title in self.chapters]
        return "\n".join(["WEBVTT\n", *cues])

    @property
    def labels(self):
        """The chapters as labels for Audacity and others, see `audio.audacity_labels`."""
        return audacity_labels((start, end, title) for start, end, _, title in self.chapters)

    def save(self, path):
        """Write the sound, and its chapters beside it. Nothing is normalised.

        Parameters
        ----------
        path
            The sound file, 16-bit WAV or FLAC by its ending.

        Returns
        -------
        tuple of Path
            The sound; its chapters as WebVTT, `.vtt`; and as labels for Audacity and others, `.labels.txt`.

        Raises
        ------
        CourseError
            When the ending is neither, or the files cannot be written.
        """
        sound = Path(self.clip.save(path))
        beside = {sound.with_suffix(".vtt"): self.webvtt, sound.with_suffix(LABELS): self.labels}
        for path, text in beside.items():
            write_text(path, text)
        return sound, *beside

    def __str__(self):
        return f"{self.clip.name}: {self.clip.seconds:.1f} s, {len(self.chapters)} chapters"


def journey(run, temperature=None, voice=None, every=1, remarks=None, corpus=None):
    """Join the clips of one temperature and voice of a run, epoch after epoch, with 0.3 s of silence between.

    Parameters
    ----------
    run
        A `Run`. Epochs that have no such clip, or one without a sample, are left out.
    temperature
        If not given, the one with most clips, the highest of several.
    voice
        1 or more; the first one that played at this temperature, if not given.
    every
        5 is every fifth epoch, and the last one too.
    remarks
        Words added to the title of a chapter, {name of a clip: words}; none if not given.
    corpus
        The `Corpus` that it learned from: clips that nearly repeat a recording that may not be shared are left out, and
        the name of the sound says so.

    Returns
    -------
    Journey

    Raises
    ------
    CourseError
        When there is no such clip; the sentence lists those that there are. When a clip cannot be read.
    """
    if type(every) is not int or every < 1:
        raise CourseError(f"every must be a whole number, 1 or more, not {every}.")
    chosen = _chosen(run, temperature, voice)
    # Somebody may have put clips of another rate into the run's folder.
    clips = [
        (played, load(played.path, run.sample_rate))
        for played in chosen
        if played.epoch % every == 0 or played is chosen[-1]
    ]
    clips = [(played, clip) for played, clip in clips if len(clip.samples)]
    copies = copies_not_to_share(corpus, [clip for _, clip in clips])
    left = [f"; epoch {clips[index][0].epoch} is left out: it {why}" for index, why in copies.items()]
    clips = [one for index, one in enumerate(clips) if index not in copies]
    if not clips and left:
        raise CourseError(f"No clip of this journey may be shared{left[0]}: choose another temperature or voice.")
    if not clips:
        raise CourseError(f'The clips in "{run.folder}" are empty: choose another temperature or voice.')
    silence = np.zeros(round(SILENCE_SECONDS * run.sample_rate), np.float32)
    pieces, chapters, place = [], [], 0
    for played, clip in clips:
        end = place + len(clip.samples)
        remark = (remarks or {}).get(played.name)
        title = f"Epoch {played.epoch}" + (f", {remark}" if remark else "")
        chapters.append(Chapter(place / run.sample_rate, end / run.sample_rate, played.epoch, title))
        pieces += [clip.samples, silence]
        place = end + len(silence)
    first, last = clips[0][0], clips[-1][0]
    epochs = f"Epochs {first.epoch} to {last.epoch}" if last.epoch > first.epoch else f"Epoch {first.epoch}"
    labelled = f", {first.label}" if first.label else ""
    name = f"{epochs}, temperature {first.temperature:g}, voice {first.voice}{labelled}{''.join(left)}"
    return Journey(Clip(np.concatenate(pieces[:-1]), run.sample_rate, name), tuple(chapters))


def _chosen(run, temperature, voice):
    """The `RunClip`s of one temperature and voice, by epoch; at least one."""
    played = run.played
    if not played:
        raise CourseError(f'The run in "{run.folder}" has not played a clip yet: train it first.')
    if temperature is None:  # one epoch may have played more, at temperatures of its own
        counts = Counter(clip.temperature for clip in played)
        temperature = max(counts, key=lambda one: (counts[one], one))
    warm = [clip for clip in played if clip.temperature == temperature]
    voice = min((clip.voice for clip in warm), default=1) if voice is None else voice
    chosen = [clip for clip in warm if clip.voice == voice]
    if not chosen:
        there = dict.fromkeys(
            f"voice {clip.voice} at {clip.temperature:g}"
            for clip in sorted(played, key=lambda clip: (clip.temperature, clip.voice))
        )
        raise CourseError(
            f"This run has no clip of voice {voice} at temperature {temperature}: choose from {', '.join(there)}."
        )
    return chosen


def _time(seconds):
    """A time as WebVTT writes it: "00:01:02.345"."""
    minutes, milliseconds = divmod(round(1000 * seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"
