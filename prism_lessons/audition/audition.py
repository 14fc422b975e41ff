"""Auditioning a run: all its clips with their measurements, the listening log, and what is made of both."""

import os
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

from ..audio import AudioError, Recording
from ..checks import a, a_live_line, a_path, a_text, checked, optional, whole
from ..corpus import SETTINGS, Corpus, Piece, Sharing, Sounds, is_mostly_silent, sounds_of
from ..errors import CourseError
from ..files import output_path, write_text
from ..live import LiveLine, counted
from ..run import SETTINGS as RUN_SETTINGS
from ..run import Run, opened
from . import page
from .clip_analysis import analyse_clips, ringing_share, timbre_distance_of
from .closeness import Sources, excerpt
from .copies import UNCHECKED, copies_not_to_share
from .diagnosis import DIAGNOSES
from .epoch_capsule import capsule_of
from .journey import journey
from .listening import ListeningLog
from .portfolio import export_journal
from .proposal import proposal

PAGE = "audition.html"
PARTS = ("early", "middle", "late")  # of a run, on the sound map


@checked(
    run=a(Run, a_path),
    corpus=optional(a(Corpus, a_path)),
    who=optional(a_text),
    copy=optional(a_path),
    live=optional(a_live_line),
)
def audition(run, corpus=None, who=None, copy=None, live=None):
    """Measure and diagnose all clips of a run, and compare them with the recordings.

    Parameters
    ----------
    run : Run, str or Path
        A `Run` or its folder.
    corpus : Corpus, str or Path, optional
        The `Corpus` that the run was trained on, or its folder; looked for where the run names it, if not given.
    who : str, optional
        Your name in the listening log; the name of the computer's user if not given.
    copy : str or Path, optional
        A second folder of the run, such as its copy on Google Drive, in which the log is kept too.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.

    Returns
    -------
    Audition

    Raises
    ------
    CourseError
        When there is no run there, it has no clip, or the corpus given is not the run's.

    See Also
    --------
    train : Makes a run, which plays clips after each epoch.
    Run : Its stars keep epochs for good.
    generate : Lets a chosen epoch play.

    Examples
    --------
    >>> heard = pl.audition("my_run")
    >>> len(heard.clips)
    40
    >>> heard.log.star("0020_1_t0.85")
    'Starred: the model of epoch 20 is kept for ever.'
    >>> heard.page("listen.html").name
    'listen.html'
    """
    run = _with_clips(run)
    return Audition(run, corpus_of(run, corpus), ListeningLog(run, who, copy), live or LiveLine())


class Audition:
    """A run with its clips measured, and the log of those who listen to them.

    Parameters
    ----------
    run
        The `Run`.
    corpus
        The `Corpus` that it was trained on, or None if that is missing: then clips are not compared with it.
    log
        The `ListeningLog`.
    live
        The `LiveLine` to report progress on.

    Attributes
    ----------
    clips
        An `AuditionClip` for each clip, by epoch, temperature and voice.
    unheard
        A sentence for each clip, and each piece of the corpus, that cannot be read.
    gap
        The distance in timbre between clips and recordings, a `TimbreDistance`; None if the recordings are missing.
    ringing
        The share, 0 .. 1, of the recordings with three steady partials or more; None if they are missing.
    """

    def __init__(self, run, corpus, log, live):
        self.run, self.corpus, self.log, self._live = run, corpus, log, live
        self._look()

    def _look(self):
        self.clips, self.unheard = analyse_clips(self.run, self.corpus, lambda: self.sources, self._live)
        if not self.clips:
            raise CourseError(f'No clip of the run in "{self.run.folder}" can be read: {self.unheard[0]}')
        self.gap = timbre_distance_of(self.run, self.clips, self.corpus, lambda: self.sources)
        self.ringing = self.corpus and ringing_share(self.corpus)
        if sources := vars(self).get("sources"):  # cached comparisons were with all of them
            self.unheard += sources.unread

    @cached_property
    def sources(self):
        """The `Sources` that clips are compared with; None if the recordings are missing."""
        return self.corpus and Sources.of(self.corpus, self._live)

    def excerpt(self, found):
        """The stretch of a recording that a clip's `nearest` or `verbatim` points at, as a `Clip`."""
        return excerpt(self.corpus, found)

    @checked(every=whole(1))
    def select(self, every=1, temperature=None, voice=None, diagnosis=None, starred=False):
        """Select some of the clips.

        Parameters
        ----------
        every
            5 is every fifth epoch, and the last one too.
        temperature, voice, diagnosis
            Only those; all if not given. A diagnosis is a key of `DIAGNOSES`, such as "alive".
        starred
            Only those that somebody has starred.

        Raises
        ------
        CourseError
            When `every` is not a positive integer, or there is no such diagnosis.
        """
        if diagnosis is not None and diagnosis not in DIAGNOSES:
            raise CourseError(f'There is no diagnosis "{diagnosis}": there are {", ".join(DIAGNOSES)}.')
        stars, last = set(self.log.starred), self.clips[-1].played.epoch
        return [
            clip
            for clip in self.clips
            if (clip.played.epoch % every == 0 or clip.played.epoch == last)
            and temperature in (None, clip.played.temperature)
            and voice in (None, clip.played.voice)
            and diagnosis in (None, clip.diagnosis)
            and (clip.name in stars or not starred)
        ]

    def play_more(self, epochs, temperatures, voices=1, seconds=None):
        """Generate more clips with models of the run, and add them to its others.

        Parameters
        ----------
        epochs
            Epochs whose models are kept, see `Run.epochs`.
        temperatures
            0.05 .. 5 each.
        voices
            How many voices of the run's seed are played at each temperature; of a run with labels, voice 1 plays the
            first, voice 2 the second, and so on.
        seconds
            The length of each clip; that of the clips of the training if not given.

        Returns
        -------
        list of AuditionClip
            The clips asked for; existing ones are not generated again.

        Raises
        ------
        CourseError
            When a model no longer exists, or a value is out of range; clips generated by then are kept.
        """
        from ..generation import generate  # here, since listening needs no model

        training, names = self.run.settings["training"], set()
        for epoch in epochs:
            capsule = self.run.capsule(epoch)
            for temperature in temperatures:
                paths = [self.run.clip_path(epoch, voice, temperature) for voice in range(1, voices + 1)]
                names |= {path.stem for path in paths}
                if all(path.exists() for path in paths):
                    continue
                labels = [self.run.label_of(voice) for voice in range(1, voices + 1)]
                clips = generate(
                    capsule,
                    seconds or training["clip_seconds"],
                    voices=voices,
                    temperature=temperature,
                    seed=training["seed"],
                    live=self._live,
                    label=labels if any(labels) else None,
                )
                for path, clip in zip(paths, clips, strict=True):
                    if not path.exists():
                        clip.save(path)
        self._look()
        return [clip for clip in self.clips if clip.name in names]

    @property
    def sounds(self):
        """The recordings and the clips together as `Sounds`, to be related and shown as a map."""
        return sounds_of_run(self.run, self.corpus)

    @property
    def proposed(self):
        """The epoch to begin with and why, a `Proposal`: most stars, or else fewest bits of those that can be heard."""
        return proposal(self.run, self.clips, self.log.starred, self.corpus)

    def journey(self, temperature=None, voice=None, every=1):
        """One temperature and voice through all epochs as one sound with chapters, a `Journey`.

        Its chapters name the epochs that cannot be heard. Clips that nearly repeat a recording that may not be shared
        are left out, since it can be saved and passed on.
        """
        silent = {clip.name: DIAGNOSES[clip.diagnosis].title for clip in self.clips if not clip.audible}
        return journey(self.run, temperature, voice, every, silent, self.corpus)

    def capsule(self, epoch):
        """The model of an epoch as a `Capsule`, with the listening log of its clips."""
        return capsule_of(self.run, epoch, self.log)

    def export(self, folder, journal=None, choices=None):
        """Export everything for a thesis or a portfolio: a page, Markdown and WAVs; see `export_journal`."""
        return export_journal(self.run, folder, self.log, journal, choices, self._live, self.corpus)

    def page(self, path=None, most_bytes=page.MOST_BYTES):
        """Write a page for listening, comparing, starring and taking notes without a notebook.

        Recordings that may not be shared are not on it, nor are clips that nearly repeat one; it says so.

        Parameters
        ----------
        path
            The page, ending in .html; `audition.html` in the run's folder if not given. It is self-contained.
        most_bytes
            Its largest size. Sounds are lossless (FLAC) where there is room, else MP3, else only their beginnings as
            MP3; the page says so.

        Returns
        -------
        Path
        """
        path = output_path(path or self.run.folder / PAGE, ".html")
        written = page.whole(self, most_bytes, self._live)
        write_text(path, written)
        return path

    @property
    def counts(self):
        """How many clips have each diagnosis, {diagnosis: number}, the most frequent first."""
        return dict(Counter(clip.diagnosis for clip in self.clips).most_common())

    def as_dict(self):
        """Plain values for JSON."""
        return {
            "run": str(self.run.folder),
            "clips": [clip.as_dict() for clip in self.clips],
            "counts": self.counts,
            "unheard": list(self.unheard),
            "gap": self.gap and self.gap.as_dict(),
            "starred": self.log.starred,
            "proposed": asdict(self.proposed),
        }

    @property
    def summary(self):
        """The number of clips, and of each diagnosis, in words."""
        epochs = len({clip.played.epoch for clip in self.clips})
        kinds = ", ".join(f"{count} {DIAGNOSES[kind].title}" for kind, count in self.counts.items())
        said = f"{counted(len(self.clips), 'clip')} of {counted(epochs, 'epoch')}: {kinds}."
        return " ".join([said, *self._silence(), *self._ringing(), *self.unheard])

    def _silence(self):
        """Yield sentences where most clips cannot be heard: how many, and the likely cause."""
        silent = sum(not clip.audible for clip in self.clips)
        if silent <= len(self.clips) / 2:
            return
        yield "None of them can be heard." if silent == len(self.clips) else "Most of them cannot be heard."
        if is_mostly_silent(share := self.run.corpus_silence):
            yield (
                f"The likely cause is that {share:.0%} of the sound that the model learned from is silence: leave the "
                "silences out in lesson 01, and train again."
            )

    def _ringing(self):
        """Yield a sentence on steady partials, where most recordings have them."""
        if self.ringing and self.ringing > 0.5:
            count = sum(clip.rings for clip in self.clips)
            yield (
                f"Three steady partials or more can be heard in {count} of {counted(len(self.clips), 'clip')}, and in "
                f"{self.ringing:.0%} of your recordings."
            )

    def __str__(self):
        heard = self.log.heard
        lines = [
            f"{clip.played.title}: {DIAGNOSES[clip.diagnosis].title}" + (f" ({said})" if said else "")
            for clip in self.clips
            for said in [str(heard.get(clip.name, ""))]
        ]
        return "\n".join([*lines, self.summary, *([str(self.gap)] if self.gap else []), str(self.proposed)])


def sounds_of_run(run, corpus=None):
    """The recordings that a run was trained on and the clips that it played, together as `Sounds`, as for `audition`.

    Clips are only opened, not measured; those that cannot be read are left out.
    """
    run = _with_clips(run)
    corpus = corpus_of(run, corpus)
    pieces = [replace(piece, group="recordings") for piece in sounds_of(corpus).pieces] if corpus else []
    epochs = sorted(run.clips)
    part = {epoch: PARTS[len(PARTS) * place // len(epochs)] for place, epoch in enumerate(epochs)}
    for clip in run.played:
        with suppress(AudioError), Recording(clip.path) as recording:
            group = f"clips, {part[clip.epoch]}"
            pieces.append(Piece(clip.title, group, clip.path, 0.0, recording.seconds))
    return Sounds(pieces)


def sounds_for_others(source, choices=None, live=None):
    """The sounds of a corpus, of recordings or of a run, to be shown on a page that may be passed on.

    Parameters
    ----------
    source
        The folder of one of them.
    choices
        The `Choices` about a folder of recordings; a corpus holds its own.
    live
        The `LiveLine` to report progress on; one on standard output if not given.

    Returns
    -------
    Sounds, and the arguments `withheld`, `remark` and `generated` of `sound_map`.
    """
    is_run = os.path.isfile(Path(source) / RUN_SETTINGS)
    run = _with_clips(source) if is_run else None
    is_corpus = os.path.isfile(Path(source) / SETTINGS)
    if choices and (is_run or is_corpus):
        raise CourseError(f'"{source}" holds what was chosen when its recordings were curated: leave out the choices.')
    corpus = corpus_of(run) if is_run else Corpus.open(source) if is_corpus else None
    sounds = sounds_of_run(run, corpus) if is_run else sounds_of(corpus or source, live)
    names = {piece.recording for piece in sounds.pieces if piece.recording}
    sharing = corpus.sharing if corpus else Sharing.chosen(names, choices)
    played = [index for index, piece in enumerate(sounds.pieces) if not piece.recording]
    copies = copies_not_to_share(corpus, map(sounds.excerpt, played), live)
    withheld = {played[index]: f"This clip is left out: it {why}." for index, why in copies.items()}
    remarks = [sharing.unasked, UNCHECKED if is_run and run.withheld and not corpus else ""]
    return sounds, {
        "withheld": sounds.withheld(sharing) | withheld,
        "remark": " ".join(filter(None, remarks)),
        "generated": is_run,
    }


def _with_clips(run):
    run = opened(run)
    if not run.played:
        raise CourseError(f'The run in "{run.folder}" has played no clip yet: train it first.')
    return run


def corpus_of(run, corpus=None):
    """The `Corpus` of a run; None where none was given and the run's own is gone, damaged or changed."""
    if corpus is None:
        return run.find_corpus()
    corpus = Corpus.open(corpus)
    if corpus.digest != run.settings["corpus"]["digest"]:
        raise CourseError(f'The run was not trained on the corpus in "{corpus.folder}": name the one that it was.')
    return corpus
