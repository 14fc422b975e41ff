"""Comparing takes with the recordings: figures for comparing models without listening.

`analyse_sound` analyses a clip once; `compare_takes` compares the analyses of takes with those of the recordings, and
`compare_recordings` gives the figures that a model could reach.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np

from ..analysis import SAMPLE_RATE, Fingerprint, at_16_khz, fingerprint
from ..audibility import is_audible
from ..audio import Clip
from .closeness.nearest import timbre_windows
from .closeness.patch_index import PatchIndex
from .closeness.timbre_distance import kernel_mmd
from .closeness.verbatim import candidate_places, longest_copy
from .measures import Measures, measure_clip, normalised_samples
from .partials import FEWEST, share_in_one_recording, steady_partials

FULL_SCALE = 10 ** (-0.3 / 20)  # a converter's last step, and what rounding leaves below it
PEAKING_SECONDS = 1.0
PEAKING_FRAME = SAMPLE_RATE // 20  # samples: a period of 20 Hz, so that each frame of a clipping sound clips
PARTS, RISING_DB = 5, 4.0  # of a take, each louder than the one before by that: from the first to the last, 16 dB
LOUD_DBFS = -20.0  # RMS of the last part: a softer take has not blown up


@dataclass(frozen=True)
class SoundAnalysis:
    """The analysis of one sound.

    Attributes
    ----------
    measures
        Its `Measures`.
    blown_up
        Whether its peak is at full scale for a second, or its level rises to the end, from fifth to fifth.
    partials
        The steady partials, Hz, (partials,); see `steady_partials`. An inaudible sound has none.
    profiles
        The timbre of its windows of a second, (windows, 80) float32; see `timbre_features`.
    fingerprint
        Its `Fingerprint`, by which copies are found; None for silence.
    """

    measures: Measures
    blown_up: bool
    partials: np.ndarray
    profiles: np.ndarray
    fingerprint: Fingerprint | None

    @property
    def audible(self):
        """Whether it can be heard without turning it up: -50 LUFS or more."""
        return is_audible(self.measures.loudness)


@dataclass(frozen=True)
class TakeComparison:
    """How takes compare with recordings. A share is 0 .. 1; None stands where there is nothing to measure.

    Attributes
    ----------
    takes
        The number of takes.
    inaudible, blown_up, copying
        The shares of takes that are inaudible; that are at full scale or rise without end; and in which a quarter of a
        second or more is nearly the wave of a recording.
    silence
        The mean share of silence in them.
    ringing
        The share with three steady partials or more.
    in_one_recording, transposed
        Means over those takes: the share of a take's partials within 30 cents of those of one recording, and the same
        over all transpositions of the take, which is chance.
    distance
        The kernel distance of timbres; see `timbre_distance`.
    partials, voiced, onsets, moves_db, loop
        Means over the audible takes: steady partials, the share of frames with a pitch, onsets a second, how much
        levels move, and how like themselves takes are after a while (`loop_likeness`); see `Measures`.
    levels_db
        The standard deviation of their loudness from take to take.
    """

    takes: int
    inaudible: float
    blown_up: float
    copying: float | None
    silence: float
    ringing: float
    in_one_recording: float | None
    transposed: float | None
    distance: float | None
    partials: float | None
    voiced: float | None
    onsets: float | None
    moves_db: float | None
    loop: float | None
    levels_db: float | None

    def as_dict(self):
        """Plain values for JSON."""
        return asdict(self)


def analyse_sound(clip):
    """Analyse a `Clip` of any sample rate, as `SoundAnalysis`."""
    samples, measures = at_16_khz(clip), measure_clip(clip)
    audible = is_audible(measures.loudness)
    return SoundAnalysis(
        measures=measures,
        blown_up=blown_up(samples),
        partials=steady_partials(normalised_samples(clip)) if audible else np.zeros(0),
        profiles=timbre_windows(samples)[2],
        fingerprint=fingerprint(samples),
    )


def blown_up(samples):
    """Whether the peak of samples at 16 kHz is at full scale for a second, or their level rises without end."""
    size = len(samples) // PEAKING_FRAME * PEAKING_FRAME
    peaking = np.abs(samples[:size]).reshape(-1, PEAKING_FRAME).max(1) >= FULL_SCALE
    run = round(PEAKING_SECONDS * SAMPLE_RATE / PEAKING_FRAME)
    if len(peaking) >= run and np.lib.stride_tricks.sliding_window_view(peaking, run).all(1).any():
        return True
    parts = [np.mean(np.square(part, dtype=np.float64)) for part in np.array_split(samples, PARTS) if len(part)]
    levels = 10 * np.log10(np.array(parts) + 1e-12)
    return len(levels) == PARTS and bool((np.diff(levels) >= RISING_DB).all() and levels[-1] >= LOUD_DBFS)


def compare_takes(takes, recordings, copies=True):
    """Compare takes with recordings, as `TakeComparison`.

    Parameters
    ----------
    takes, recordings
        Lists of `SoundAnalysis`, of one sound at least.
    copies
        Whether to search for copies, which takes longer than everything else; otherwise `copying` is None.
    """
    audible = [take for take in takes if take.audible]
    ringing = [take for take in audible if len(take.partials) >= FEWEST]
    known = [recording.partials for recording in recordings]
    matches = list(filter(None, [share_in_one_recording(take.partials, known) for take in ringing]))
    measures = [take.measures for take in audible]
    return TakeComparison(
        takes=len(takes),
        inaudible=1 - len(audible) / len(takes),
        blown_up=_mean(take.blown_up for take in takes),
        copying=_mean(_copying(takes, recordings)) if copies else None,
        silence=_mean(take.measures.silence for take in takes),
        ringing=len(ringing) / len(takes),
        in_one_recording=_mean(share for share, _ in matches),
        transposed=_mean(chance for _, chance in matches),
        distance=_distance(audible, [recording for recording in recordings if recording.audible]),
        partials=_mean(len(take.partials) for take in audible),
        voiced=_mean(one.voiced for one in measures),
        onsets=_mean(one.onsets_per_second for one in measures),
        moves_db=_mean(one.moves_db for one in measures),
        loop=_mean(one.loop_likeness for one in measures),
        levels_db=float(np.std([one.loudness for one in measures])) if audible else None,
    )


def compare_recordings(clips, analyses, seconds, takes=8):
    """Compare recordings with each other, as `TakeComparison`: what a model that copies none could reach.

    Takes joined from one half of them are compared with the other half, and vice versa; figures are means of the two.

    Parameters
    ----------
    clips
        A list of `Clip`s, two or more.
    analyses
        The `SoundAnalysis` of each, a list.
    seconds
        The length of the takes that they are compared with.
    takes
        How many takes are joined from each half.
    """
    played = [[analyse_sound(take) for take in join_clips(clips[half::2], seconds, takes)] for half in (0, 1)]
    one, other = compare_takes(played[0], analyses[1::2]), compare_takes(played[1], analyses[::2])
    both = {field.name: (getattr(one, field.name), getattr(other, field.name)) for field in fields(TakeComparison)}
    means = {name: None if None in values else sum(values) / 2 for name, values in both.items()}
    return TakeComparison(**means | {"takes": 2 * takes})


def join_clips(clips, seconds, takes, seed=0):
    """Takes of so many seconds at 16 kHz, a list of `Clip`s: clips drawn at random, one after another."""
    random, size, played = np.random.default_rng(seed), round(seconds * SAMPLE_RATE), []
    sounds = [samples for samples in map(at_16_khz, clips) if len(samples)]
    for _ in range(takes):
        parts = [np.zeros(0, np.float32)]
        while (length := sum(map(len, parts))) < size:
            sound = sounds[random.integers(len(sounds))]
            parts.append(sound[random.integers(max(1, len(sound) - size + length)) :])
        played.append(Clip(np.concatenate(parts)[:size], SAMPLE_RATE))
    return played


def _mean(values):
    values = list(values)
    return float(np.mean(values)) if values else None


def _copying(takes, recordings):
    """Whether each of some takes nearly repeats a stretch of a recording: a list of bool."""
    fingerprints, known = ([sound.fingerprint for sound in sounds] for sounds in (takes, recordings))
    found = zip(fingerprints, candidate_places(fingerprints, PatchIndex(known)), strict=True)
    return [one is not None and longest_copy(one, known, places) is not None for one, places in found]


def _distance(takes, recordings):
    """The kernel distance between two lists of `SoundAnalysis`; None where fewer than two of either have a timbre."""
    sets = [[sound.profiles for sound in sounds if len(sound.profiles)] for sounds in (takes, recordings)]
    if min(map(len, sets)) < 2:
        return None
    rows = [(np.concatenate(some), np.repeat(np.arange(len(some)), [len(one) for one in some])) for some in sets]
    return kernel_mmd(*rows[0], *rows[1])[0]
