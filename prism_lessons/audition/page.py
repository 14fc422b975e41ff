"""The contents of an audition's page: the measurements of its clips as plain values, and their sounds as addresses.

Its template is audition.html in pages/templates; a notebook shows the same page and sends its sounds one by one.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from ..audibility import is_audible, loudness
from ..audio import Clip, load
from ..corpus import Sharing, left_out
from ..errors import CourseError
from ..files import inside
from ..live import counted, some
from ..pages import FLAC, FORMS_IN_WORDS, MP3, fit_sounds, learning_curve, render
from ..settings import ModelSettings
from ..verdict import verdict
from .blind import CERTAINTY, QUESTIONS, REPORT
from .closeness import excerpt_title
from .copies import copies_not_to_share
from .diagnosis import DIAGNOSES, advice
from .listening import MOST_IN_A_NAME, MOST_LETTERS

MOST_BYTES = 30_000_000
BLIND_RECORDINGS = 24  # that a blind test draws from
NO_INTENTION = (
    "The card of the recordings does not say what success would sound like. Choosing means choosing for something."
)
NO_SOURCES = "The recordings that it was trained on are missing, so there is nothing to compare with."
SHORTEST, SHORTER = 0.3, 0.7  # seconds, below which sounds are not cut again; the factor of each cut
RESERVE = 1000  # bytes for the sentence on how sounds are coded


@dataclass(frozen=True)
class Source:
    """A stretch of a recording: its name, its loudness where needed, and a function that returns its `Clip`."""

    name: str
    loudness: float | None
    sound: Callable


class PageSounds:
    """The sounds of an audition: its clips, and stretches of the recordings to compare them with.

    With `for_others`, recordings that may not be passed on are left out, and clips that nearly repeat them.

    Attributes
    ----------
    sources
        The stretches of the recordings, as `Source`s.
    near
        For each clip [(sentence, index of a source), ...].
    blind
        The indices of the sources for the blind test: spread over all recordings, as long as the clips, and quantised
        like the model's output, since quantisation noise in the clips alone would give them away.
    withheld
        The sounds that are left out, {name: the sentence in its place}.
    """

    def __init__(self, audition, for_others=False, live=None):
        self.audition, self.sources, self.near, self.withheld = audition, [], [], {}
        self._sharing = audition.corpus.sharing if for_others and audition.corpus else Sharing({}, "")
        places = {}
        for clip in audition.clips:
            self.near.append([])
            for found in filter(None, (clip.nearest, clip.verbatim)):
                if why := self._sharing.withheld.get(found.recording):
                    self.near[-1].append((f"{_sentence(found)} {left_out(found.recording, why)}", None))
                    continue
                place = (found.file, found.start, found.seconds)
                if place not in places:
                    places[place] = len(self.sources)
                    self.sources.append(Source(excerpt_title(found), None, lambda found=found: audition.excerpt(found)))
                self.near[-1].append((_sentence(found), places[place]))
        if for_others:
            copies = copies_not_to_share(audition.corpus, (clip.sound for clip in audition.clips), live)
            self.withheld = {f"clip {number}": f"This clip is left out: it {why}." for number, why in copies.items()}
        self.blind = []
        for excerpt in self._blind():
            self.blind.append(len(self.sources))
            self.sources.append(
                Source(
                    excerpt.name[:MOST_IN_A_NAME],
                    loudness(excerpt.samples, excerpt.sample_rate),
                    lambda excerpt=excerpt: excerpt,
                )
            )

    def _blind(self):
        """The excerpts of the blind test, as `Clip`s."""
        corpus = self.audition.corpus
        clips = [clip for clip in corpus.clips if clip.recording not in self._sharing.withheld] if corpus else []
        if not clips:
            return
        seconds = float(np.median([clip.seconds for clip in self.audition.clips]))
        codec = ModelSettings(**self.audition.run.settings["model"]).codec
        lengths = np.array([clip.samples / corpus.sample_rate for clip in clips])
        ends = np.cumsum(lengths)
        for middle in (np.arange(BLIND_RECORDINGS) + 0.5) / BLIND_RECORDINGS * ends[-1]:
            index = int(np.searchsorted(ends, middle))
            clip, begin = clips[index], max(0.0, float(middle - ends[index] + lengths[index] - seconds / 2))
            begin = min(begin, max(0.0, float(lengths[index]) - seconds))
            try:
                sound = load(inside(corpus.folder, clip.file), start=begin, seconds=seconds)
            except CourseError:  # damaged; there are others
                continue
            yield Clip(codec.decode(codec.encode(sound.samples)), sound.sample_rate, clip.recording)

    def clip(self, name):
        """The `Clip` of a sound by its name on the page, "clip 3" or "source 0"; None where there is none."""
        kind, _, number = name.partition(" ")
        among = {"clip": self.audition.clips, "source": self.sources}.get(kind, ())
        if not number.isdecimal() or int(number) >= len(among):
            return None
        one = among[int(number)]
        return one.sound if kind == "clip" else one.sound()

    @property
    def names(self):
        """The names of all sounds that are not left out."""
        names = [f"clip {number}" for number in range(len(self.audition.clips))]
        names += [f"source {number}" for number in range(len(self.sources))]
        return [name for name in names if name not in self.withheld]

    @property
    def remarks(self):
        """Sentences for whoever passes the page on: what is left out, and what is unknown."""
        recordings, clips = len(self._sharing.withheld), len(self.withheld)
        if recordings:
            yield f"Left out, since they may not be shared: {some(list(self._sharing.withheld))}."
        if clips:
            yield f"Left out too, since they nearly repeat them: {counted(clips, 'clip')}."
        if self._sharing.unasked:
            yield self._sharing.unasked


def document(audition, sounds, urls, wire="", note=""):
    """The page, a whole HTML document.

    Parameters
    ----------
    sounds
        The `PageSounds` of the audition.
    urls
        {name of a sound: its `data:` URL}; empty where Python sends them.
    wire
        The name of the fields that connect the page to a notebook; "" for a standalone page.
    note
        A further sentence on how sounds are played.
    """
    run = audition.run
    intention = audition.corpus and audition.corpus.intention
    page = render(
        "audition.html",
        title=f"Clips of {run.folder.resolve().name}",
        author=audition.log.who,
        counts=f"{audition.summary} {note}".strip(),
        intention=_intention(intention),
        gap=audition.corpus and str(audition.gap),
        curve=learning_curve(run),
        verdict=str(verdict(run)),
        data=_data(audition, sounds, wire),
        sounds=urls,
    )
    return str(page)


def whole(audition, most_bytes, live):
    """The page with its sounds embedded, at most so many bytes; see `Audition.page`."""
    sounds, unread = PageSounds(audition, for_others=True, live=live), {}
    places = {name: place for place, name in enumerate(sounds.names)}
    remarks = " ".join(sounds.remarks)
    room = most_bytes - len(document(audition, sounds, dict.fromkeys(places, ""), note=remarks).encode()) - RESERVE

    def read(name):
        live.share("Putting sounds on the page", places[name], len(places))
        try:
            return sounds.clip(name)
        except CourseError as error:
            unread[name] = str(error)

    seconds, choices = max(clip.seconds for clip in audition.clips), [(FLAC, math.inf), (MP3, math.inf)]
    while seconds > SHORTEST:
        seconds *= SHORTER
        choices.append((MP3, seconds))
    urls, form, seconds = fit_sounds([*places], read, room, choices)
    if len(urls) + len(unread) < len(places):
        raise CourseError(
            f"{len(places)} sounds do not fit on a page of {most_bytes / 1e6:g} MB: allow it to become larger."
        )
    live.end(f"The page has {len(urls)} sounds.")
    notes = [remarks] if remarks else []
    if form == MP3:
        length = "" if seconds == math.inf else f"; of each, the first {seconds:.1f} s are heard"
        notes.append(f"Sounds are {FORMS_IN_WORDS[MP3]}{length}.")
    if unread:
        notes.append(f"{counted(len(unread), 'sound')} could not be read. {next(iter(unread.values()))}")
    return document(audition, sounds, urls, note=" ".join(notes))


def _sentence(found):
    words = str(found)
    return f"{words[0].upper()}{words[1:]}."


def _intention(intention):
    """The intention, as paragraphs."""
    if not intention or not (intention.hear or intention.success):
        return [NO_INTENTION]
    return [
        words
        for words in (
            intention.hear and f"To hear: {intention.hear}",
            intention.success and f"Success would sound like: {intention.success}",
            f"What matters more: {intention.prefer}",
        )
        if words
    ]


def _data(audition, sounds, wire):
    """The data for the scripts of the page, ready for JSON."""
    log, kept = audition.log, audition.run.epochs
    return {
        "run": log.key,
        "who": log.who,
        "acts": [asdict(act) for act in log.acts],
        "wire": wire,
        "most": {"note": MOST_LETTERS, "tag": MOST_LETTERS, "who": MOST_IN_A_NAME},
        "certainty": CERTAINTY,
        "questions": QUESTIONS,
        "report": REPORT,
        "noSources": NO_SOURCES,
        "kinds": {
            key: {"title": kind.title, "what": kind.what, "causes": kind.causes, "audible": kind.audible}
            for key, kind in DIAGNOSES.items()
        },
        "clips": [
            {
                "name": clip.name,
                "title": clip.played.title,
                "epoch": clip.played.epoch,
                "temperature": clip.played.temperature,
                "voice": clip.played.voice,
                "label": clip.played.label,
                "seconds": round(clip.seconds, 2),
                "loudness": clip.loudness,
                "outline": clip.outline,
                "kind": clip.diagnosis,
                "words": f"{clip.measures}.",
                "remarks": list(clip.remarks),
                "advice": advice(clip, audition.clips, kept),
                "near": [{"words": words, "source": source} for words, source in near],
            }
            for clip, near in zip(audition.clips, sounds.near, strict=True)
        ],
        "sources": [
            {"name": source.name, "loudness": source.loudness, "audible": is_audible(source.loudness)}
            for source in sounds.sources
        ],
        "blind": sounds.blind,
        "withheld": sounds.withheld,
    }
