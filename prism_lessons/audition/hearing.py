"""How takes sound beside the recordings: figures for whoever compares models, without listening.

`hear` takes a clip in, once; `hearing` compares what was heard of some takes with what was heard of the recordings.
"""

from dataclasses import asdict, dataclass

import numpy as np

from ..audible import is_audible, loudness
from ..corpus.fingerprints import at_16_khz
from ..corpus.timbre import LEVEL_MOVES, ONSETS, describe
from ..corpus.waves import SAMPLE_RATE
from .closeness.gap import compared
from .closeness.nearest import windows_of
from .measures import PITCHED, pitches, prepared
from .partials import FEWEST, in_one, steady_partials

FULL_SCALE = 10 ** (-0.3 / 20)  # a converter's last step, and what rounding leaves below it
PEAKING_SECONDS = 1.0
PEAKING_FRAME = SAMPLE_RATE // 20  # samples: of a sound that clips, each period of 20 Hz and more does
PARTS, RISING_DB = 5, 4.0  # of a take, each louder than the one before by that: from the first to the last, 16 dB
LOUD_DBFS = -20.0  # RMS of the last part: what stays softer has not blown up


@dataclass(frozen=True)
class Heard:
    """One sound, as it was heard.

    Attributes
    ----------
    audible
        Whether it can be heard without turning it up: -50 LUFS or more.
    blown_up
        Whether its peak is at full scale for a second, or its level rises to the end, from fifth to fifth.
    loudness
        LUFS, or None where nothing lies above -70 LUFS.
    level_moves
        The standard deviation of its level from 10 ms to 10 ms, dB, over what sounds.
    onsets
        A second.
    voiced
        The share, 0 .. 1, of the frames that sound in which there is a pitch.
    partials
        The steady ones, Hz, (partials,); see `steady_partials`.
    profiles
        Of its windows of a second, (windows, 80) float32; see `describe`.
    """

    audible: bool
    blown_up: bool
    loudness: float | None
    level_moves: float
    onsets: float
    voiced: float
    partials: np.ndarray
    profiles: np.ndarray


@dataclass(frozen=True)
class Hearing:
    """How takes sound beside recordings. A share is 0 .. 1; None stands where there is nothing to measure.

    Attributes
    ----------
    takes
        How many there are.
    inaudible, blown_up
        The share of them that cannot be heard, and that of those at full scale or rising without end.
    ringing
        The share with three steady partials or more.
    in_one_recording, transposed
        The share of the partials of such a take that lie within 30 cents of those of one and the same recording, and
        the same for the take transposed at random, which is chance; means over them.
    distance
        The kernel distance of timbres; see `timbre_gap`.
    partials, voiced, onsets, level_moves
        Of the takes that can be heard, the mean number of steady partials, the mean share of frames with a pitch, the
        mean of onsets a second, and that of the level's standard deviation in dB.
    levels
        The standard deviation of their loudness from take to take, dB.
    """

    takes: int
    inaudible: float
    blown_up: float
    ringing: float
    in_one_recording: float | None
    transposed: float | None
    distance: float | None
    partials: float | None
    voiced: float | None
    onsets: float | None
    level_moves: float | None
    levels: float | None

    def as_dict(self):
        """Plain values for JSON."""
        return asdict(self)


def hear(clip):
    """What is heard of a `Clip` of any sample rate, as `Heard`. Where it cannot be heard, it holds no partials."""
    samples, sound = at_16_khz(clip), prepared(clip)
    lufs, described = loudness(clip.samples, clip.sample_rate), describe(sound)[0]
    audible = is_audible(lufs)
    confidence = pitches(sound)[1]
    return Heard(
        audible=audible,
        blown_up=blown_up(samples),
        loudness=lufs,
        level_moves=float(10 * described[LEVEL_MOVES]),
        onsets=float(described[ONSETS]),
        voiced=float((confidence >= PITCHED).mean()) if len(confidence) else 0.0,
        partials=steady_partials(sound) if audible else np.zeros(0),
        profiles=windows_of(samples)[2],
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


def hearing(takes, recordings):
    """How takes sound beside recordings, as `Hearing`; both are lists of `Heard`, of one take or recording at least.

    A recording among the takes is not held against itself.
    """
    heard = [take for take in takes if take.audible]
    ringing = [take for take in heard if len(take.partials) >= FEWEST]
    matches = [in_one(take.partials, [one.partials for one in recordings if one is not take]) for take in ringing]
    matches = list(filter(None, matches))
    there = [recording for recording in recordings if recording.audible]
    return Hearing(
        takes=len(takes),
        inaudible=1 - len(heard) / len(takes),
        blown_up=_mean(takes, "blown_up"),
        ringing=len(ringing) / len(takes),
        in_one_recording=float(np.mean([share for share, _ in matches])) if matches else None,
        transposed=float(np.mean([chance for _, chance in matches])) if matches else None,
        distance=_distance(heard, there),
        partials=float(np.mean([len(take.partials) for take in heard])) if heard else None,
        voiced=_mean(heard, "voiced"),
        onsets=_mean(heard, "onsets"),
        level_moves=_mean(heard, "level_moves"),
        levels=float(np.std([take.loudness for take in heard])) if heard else None,
    )


def _mean(sounds, figure):
    return float(np.mean([getattr(sound, figure) for sound in sounds])) if sounds else None


def _distance(takes, recordings):
    """The kernel distance between two lists of `Heard`; None where either has fewer than two sounds with a timbre."""
    sets = [[sound.profiles for sound in sounds if len(sound.profiles)] for sounds in (takes, recordings)]
    if min(map(len, sets)) < 2:
        return None
    rows = [(np.concatenate(some), np.repeat(np.arange(len(some)), [len(one) for one in some])) for some in sets]
    return compared(*rows[0], *rows[1])[0]
