"""Measuring a run's clips, diagnosing them and comparing them with the recordings; results are cached.

`analyse_clips` turns a `Run` and its corpus into `AuditionClip`s. Nothing is written into the run.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..analysis import FileCache, code_version
from ..audio import SILENCE_DBFS, AudioError, load
from ..errors import CourseError
from ..files import inside
from ..run import RunClip
from .closeness import Nearest, TimbreDistance, Verbatim, timbre_distance
from .diagnosis import DIAGNOSES, diagnose, remarks
from .measures import Measures, measure_clip, normalised_samples
from .partials import FEWEST, steady_partials

OUTLINE_STEPS = 48  # of the envelope that a page draws
OUTLINE_DB = 54.0  # of the outline's height: 6 dB for each of the digits 1 to 9
MOST_RECORDINGS, SECONDS = 50, 10.0  # for the share that rings, and of each: this takes some seconds


@dataclass(frozen=True)
class AuditionClip:
    """A clip of a run with its measurements.

    Attributes
    ----------
    played
        The `RunClip`: epoch, temperature, voice, path.
    measures, diagnosis, remarks
        Its `Measures`, a key of `DIAGNOSES`, and further observations as phrases.
    outline
        Its peak envelope in 48 moments from beginning to end, each a digit: 0 is silence, 9 is within 6 dB of full
        scale.
    partials
        The number of its steady partials, see `steady_partials`.
    nearest, verbatim
        The stretch of a recording that is most like it, and the longest one that it nearly repeats; None if there is
        none, or if the recordings are missing.
    """

    played: RunClip
    measures: Measures
    diagnosis: str
    remarks: tuple[str, ...]
    outline: str
    partials: int
    nearest: Nearest | None = None
    verbatim: Verbatim | None = None

    @property
    def name(self):
        return self.played.name

    @property
    def seconds(self):
        return self.measures.seconds

    @property
    def loudness(self):
        """LUFS, or None where nothing is above -70 LUFS."""
        return self.measures.loudness

    @property
    def audible(self):
        """Whether it can be heard without turning it up."""
        return DIAGNOSES[self.diagnosis].audible

    @property
    def rings(self):
        """Whether it can be heard and holds three steady partials or more."""
        return self.audible and self.partials >= FEWEST

    @property
    def sound(self):
        """The `Clip` itself."""
        return load(self.played.path)

    def as_dict(self):
        """Plain values for JSON."""
        return {
            "name": self.name,
            "epoch": self.played.epoch,
            "temperature": self.played.temperature,
            "voice": self.played.voice,
            "label": self.played.label,
            "file": str(self.played.path),
            "diagnosis": self.diagnosis,
            "remarks": list(self.remarks),
            "measures": self.measures.as_dict(),
            "audible": self.audible,
            "partials": self.partials,
            "nearest": self.nearest and self.nearest.as_dict(),
            "verbatim": self.verbatim and self.verbatim.as_dict(),
        }

    def __str__(self):
        lines = [f"{self.played.title}: {DIAGNOSES[self.diagnosis].title}. {self.measures}", *self.remarks]
        return "\n".join([*lines, *(str(found) for found in (self.nearest, self.verbatim) if found)])


def analyse_clips(run, corpus, sources, live):
    """Every clip of a `Run` as an `AuditionClip`.

    Parameters
    ----------
    corpus
        The `Corpus` that it was trained on, or None: then clips are not compared with it.
    sources
        A function that returns its `Sources`; it is called only if a clip is not in the cache.
    live
        The `LiveLine` to report progress on.

    Returns
    -------
    clips, unheard
        Tuples: an `AuditionClip` for each clip that can be read, and a sentence for each that cannot.
    """
    cache = FileCache(run.folder, "auditions", _version("measures", "partials"))
    wanted, clips, values, unheard = run.played, [], [], []
    for done, played in enumerate(wanted):
        live.share("Measuring clips", done, len(wanted))
        found = cache.get(played.path)
        try:
            if found is None:
                found = _measure(load(played.path))
                cache.put(played.path, found)
        except AudioError as error:
            unheard.append(str(error))
            continue
        clips.append(played)
        values.append(found)
    cache.save()
    near = _near(run, clips, corpus, sources, live)
    live.end(f"Measured {len(clips)} clips.")
    return tuple(
        AuditionClip(
            played,
            measures := Measures(**found["measures"]),
            diagnose(measures),
            tuple(found["remarks"]),
            found["outline"],
            found["partials"],
            *near.get(played.path, (None, None)),
        )
        for played, found in zip(clips, values, strict=True)
    ), tuple(unheard)


def _near(run, clips, corpus, sources, live):
    """The nearest stretches for each `RunClip`, {path: (Nearest or None, Verbatim or None)}."""
    if corpus is None:
        return {}
    cache = _closeness_cache(run, corpus)
    found = {clip.path: cache.get(clip.path) for clip in clips}
    new = [path for path, values in found.items() if values is None]
    compared = sources().compare([load(path) for path in new], live) if new else []
    for path, (nearest, verbatim) in zip(new, compared, strict=True):
        found[path] = [nearest and nearest.as_dict(), verbatim and verbatim.as_dict()]
        if not sources().unread:  # a recording that could not be read may be the nearest once it can
            cache.put(path, found[path])
    cache.save()
    return {path: (near and Nearest(**near), same and Verbatim(**same)) for path, (near, same) in found.items()}


def timbre_distance_of(run, clips, corpus, sources):
    """The `TimbreDistance` of a run's `AuditionClip`s from its corpus; None without a corpus."""
    if corpus is None:
        return None
    cache, clips_folder = _closeness_cache(run, corpus), run.folder / "clips"  # changes with every clip
    found = cache.get(clips_folder)
    if found is None:
        audible = [clip.sound for clip in clips if clip.audible]
        found = timbre_distance(sources(), audible, inaudible=len(clips) - len(audible)).as_dict()
        if not sources().unread:
            cache.put(clips_folder, found)
            cache.save()
    return TimbreDistance(**found)


def ringing_share(corpus):
    """The share, 0 .. 1, of a `Corpus`'s clips, or of 50 of them, that hold three steady partials or more."""
    cache = FileCache(corpus.folder, "partials", _version("measures", "partials"))
    counts = []
    for clip in corpus.clips[:: max(1, -(-len(corpus.clips) // MOST_RECORDINGS))]:
        path = inside(corpus.folder, clip.file)
        count = cache.get(path)
        if count is None:
            try:
                count = _partials(load(path, seconds=SECONDS))
            except CourseError:  # the others suffice
                continue
            cache.put(path, count)
        counts.append(count)
    cache.save()
    return sum(count >= FEWEST for count in counts) / max(1, len(counts))


def _closeness_cache(run, corpus):
    """The `FileCache` for the comparison of a `Run`'s clips with its `Corpus`."""
    return FileCache(run.folder, f"auditions/{corpus.digest}", _version("closeness", "diagnosis"))


def _measure(clip):
    """The measurements of a `Clip`, as plain values."""
    return {
        "measures": measure_clip(clip).as_dict(),
        "remarks": remarks(clip),
        "outline": outline(clip.samples),
        "partials": _partials(clip),
    }


def _partials(clip):
    return len(steady_partials(normalised_samples(clip)))


def outline(samples):
    """The peaks of 48 moments as digits, 6 dB apart, see `AuditionClip`."""
    peaks = [float(np.abs(part).max(initial=0.0)) for part in np.array_split(samples, OUTLINE_STEPS)]
    levels = 20 * np.log10(np.maximum(peaks, 10 ** (SILENCE_DBFS / 20)))
    return "".join(str(int(np.clip(np.ceil((level + OUTLINE_DB) / 6), 0, 9))) for level in levels)


def _version(*parts):
    """A version name for the code that analyses clips."""
    here = Path(__file__).parent
    files = [here.parent / "audibility.py", Path(__file__)]
    for room in (here.parent / "audio", here.parent / "analysis", *(here / part for part in parts)):
        files += sorted(room.glob("*.py")) or [room.with_suffix(".py")]
    return code_version(*files)
