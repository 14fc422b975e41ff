"""Suggests where to cut a recording, from its silences or its onsets, to be heard and corrected by hand.

From a path, it makes stretches in seconds. Those that are kept go into the `Choices`, and `curate` does the cutting;
the recording is not changed.
"""

import math
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from ..analysis import true_runs
from ..audio import FLOOR_DBFS, AudioError, Recording, load
from ..checks import a_path, checked, stretches
from ..errors import CourseError, as_given
from ..live import moment
from ..settings import is_number
from .folder import MINIMUM_CLIP_SECONDS

SILENCE, ONSETS = "silence", "onsets"
# Analysed at 16 kHz, in steps of 10 ms. Measured: an hour takes 30 MB for silences, 350 MB for onsets.
SAMPLE_RATE = 16000
STEP = 160
STEP_SECONDS = STEP / SAMPLE_RATE
# Spectra of 64 ms windows in 40 mel bands, compared with those two steps before and their neighbours in pitch, so that
# neither vibrato nor beating is taken for an onset: S. Boeck and G. Widmer, "Maximum Filter Vibrato Suppression for
# Onset Detection" (DAFx 2013).
WINDOW, BANDS = 1024, 40
LAG_STEPS, NEIGHBOURS = 2, 3
# The least rise of an onset, dB, on average over the bands. Measured: strikes of drums, tabla and bells rise by 3 and
# more, a string plucked while others ring by 1.5 and more; drones, machines and whispers rise by less.
RISE_DB = 1.5
# Sounds begin softly and decay below the threshold, so a cut leaves 50 ms of the silence on either side, and more until
# it is 20 dB below the threshold or about as soft as that silence gets.
MARGIN_STEPS = 5
DECAY_DB = 20.0
DYNAMICS_DB = 60.0  # of the spectra: softer onsets are hardly audible
MOST_SECONDS = 100_000  # more than a day: no recording is longer


@checked(path=a_path)
def suggest_segments(path, by=SILENCE, quieter_by=35.0, gap=0.2, shortest=0.1, longest=None):
    """Suggest where to cut a recording.

    Parameters
    ----------
    path : str or Path
        A sound file.
    by : str
        "silence": silences are left out. "onsets": a segment from each onset to the next, with the decay of the sound;
        long silences are left out too.
    quieter_by : float
        dB, 1 to 120: what is quieter than the loudest part by more than this counts as silence.
    gap : float
        Seconds, at least 0.02: a shorter silence does not cut.
    shortest : float
        Seconds, at least 0.02: a shorter sound between silences is left out, and an onset closer to another cut is
        ignored.
    longest : float, optional
        Seconds, at least twice `shortest`: a longer segment is divided where it is quietest. None for any length.

    Returns
    -------
    list of (float, float)
        (start, end) in seconds, in order, not overlapping, within the file. The whole file if there is no cut.

    Raises
    ------
    CourseError
        When the file cannot be read or an argument is invalid.

    See Also
    --------
    segment_clips : Makes clips of the segments.
    Choices : Its `cut` keeps those that you choose.

    Examples
    --------
    >>> segments = pl.suggest_segments("recordings/chimes.flac", by="onsets")
    >>> len(segments)
    4
    >>> segments[0]
    (0.0, 0.68)
    """
    _check(by, quieter_by, gap, shortest, longest)
    power, bands, seconds = _analyse(path, spectra=by == ONSETS)
    silent = power.max() * 10 ** (-quieter_by / 10)
    stretches = _segments_between_silences(power, silent, gap, shortest, seconds) or [(0.0, seconds)]
    if by == ONSETS:
        onsets = _onsets(bands, power)
        stretches = [part for stretch in stretches for part in _divide(stretch, onsets, shortest)]
    if longest is not None:
        stretches = [
            part
            for stretch in stretches
            for part in _divide(stretch, _quietest(stretch, power, shortest, longest), shortest)
        ]
    return [(round(float(start), 3), round(float(end), 3)) for start, end in stretches]


@checked(path=a_path, segments=stretches)
def segment_clips(path, segments):
    """Stretches of a recording, as clips.

    Parameters
    ----------
    path : str or Path
        A sound file.
    segments : list of (float, float)
        (start, end) in seconds.

    Returns
    -------
    list of Clip
        Mono, at the recording's own sample rate, and named after it and the place in it.

    Raises
    ------
    CourseError
        When the file cannot be read or a segment is invalid; the message says why.

    See Also
    --------
    suggest_segments : Suggests where to cut.
    Choices : Its `cut` keeps those that you choose.

    Examples
    --------
    >>> (clip,) = pl.segment_clips("recordings/chimes.flac", [(0, 0.68)])
    >>> clip.name
    'chimes.flac, 0:00.0 to 0:00.7'
    >>> len(clip.samples), clip.sample_rate
    (10880, 16000)
    """
    for start, end in segments:
        if not 0 <= start < end < math.inf:
            raise CourseError(
                f"segments must begin at 0 s or later and end after that, not last from {start:g} to {end:g} s."
            )
    return [
        replace(load(path, start=start, seconds=end - start), name=segment_name(path, start, end))
        for start, end in segments
    ]


def segment_name(path, start, end):
    """The name of a stretch of a recording, in seconds: "Audio 5.wav, 0:03.1 to 0:04.6"."""
    return f"{Path(path).name}, {moment(start)} to {moment(end)}"


def _check(by, quieter_by, gap, shortest, longest):
    if not isinstance(by, str) or by not in (SILENCE, ONSETS):
        raise CourseError(f'A recording is cut by "{SILENCE}" or by "{ONSETS}", not by {as_given(by)}.')
    limits = {
        "quieter_by": (quieter_by, 1, 120, "dB"),
        "gap": (gap, MINIMUM_CLIP_SECONDS, MOST_SECONDS, "s"),
        "shortest": (shortest, MINIMUM_CLIP_SECONDS, MOST_SECONDS, "s"),
    }
    for name, limit in limits.items():
        _check_limit(name, *limit)
    if longest is not None:
        _check_limit("longest", longest, 2 * shortest, 2 * MOST_SECONDS, "s")


def _check_limit(name, value, low, high, unit):
    if not is_number(value) or not low <= value <= high:
        raise CourseError(f"{name}={as_given(value)} cannot be used: give {low:g} to {high:g} {unit}.")


def _analyse(path, spectra):
    """Read a file once.

    Returns
    -------
    The power of each step, shape (steps,), less its mean, since an offset or a drift would hide every silence; with
    `spectra`, mel spectra in dB of the windows that begin with a step, shape (bands, steps), otherwise None; the length
    in seconds, in whole milliseconds.
    """
    power, mels, rest = [], [], np.zeros(0, np.float32)
    try:
        with Recording(path) as recording:
            for block in chain(recording.blocks(SAMPLE_RATE), [np.zeros(WINDOW, np.float32)]):
                rest = np.concatenate([rest, block])
                count = max(0, (len(rest) - WINDOW) // STEP + 1)
                steps = rest[: count * STEP].reshape(count, STEP)
                power.append(np.maximum(np.var(steps, axis=1, dtype=np.float64), 10 ** (FLOOR_DBFS / 10)))
                if spectra and count:
                    mels.append(_mel(rest[: (count - 1) * STEP + WINDOW]))
                rest = rest[count * STEP :]
            milliseconds = recording.frames_read * 1000 // recording.sample_rate
        if milliseconds < 1000 * MINIMUM_CLIP_SECONDS:
            raise AudioError(f"too short ({milliseconds} ms)")
    except AudioError as error:
        raise AudioError(f'"{path}" cannot be used: {error}.') from None
    return np.concatenate(power), np.concatenate(mels, axis=1) if spectra else None, milliseconds / 1000


def _mel(samples):
    import librosa  # here, since curating does without it

    return librosa.power_to_db(
        librosa.feature.melspectrogram(
            y=samples, sr=SAMPLE_RATE, n_fft=WINDOW, hop_length=STEP, n_mels=BANDS, center=False
        ),
        top_db=None,
    )


def _segments_between_silences(power, silent, gap, shortest, seconds):
    """The stretches between silences, [(start, end), ...] in seconds.

    Parameters
    ----------
    power
        Of each step, shape (steps,).
    silent
        The power up to which a step is silent.
    gap, shortest, seconds
        As in `suggest_segments`, and the length of the file.
    """
    silences = true_runs(power <= silent)
    long = silences[(silences[:, 1] - silences[:, 0]) * STEP_SECONDS >= gap]
    stretches, free = [], 0
    for (before, start), (end, after) in pairwise([(0, 0), *long, (len(power), len(power))]):
        if (end - start) * STEP_SECONDS >= shortest:
            start = max(free, start - _decay_steps(power[before:start][::-1], silent))
            free = end + _decay_steps(power[end:after], silent)
            stretches.append((start * STEP_SECONDS, min(seconds, free * STEP_SECONDS)))
    return stretches


def _decay_steps(silence, silent):
    """How many steps of a silence, in order away from the sound beside it, still belong to that sound."""
    if not len(silence):
        return 0
    softest = max(silent * 10 ** (-DECAY_DB / 10), np.quantile(silence, 0.25))
    return max(int(np.argmax(silence <= softest)), min(MARGIN_STEPS, len(silence) // 2))


def _onsets(bands, power):
    """When sounds begin, in seconds: just before the attack."""
    import librosa  # here, since curating does without it

    bands = np.maximum(bands, bands.max() - DYNAMICS_DB)
    rise = librosa.onset.onset_strength(
        S=bands, sr=SAMPLE_RATE, hop_length=STEP, lag=LAG_STEPS, max_size=NEIGHBOURS, center=False
    )
    found = librosa.onset.onset_detect(
        onset_envelope=rise, sr=SAMPLE_RATE, hop_length=STEP, normalize=False, delta=RISE_DB
    )
    # The attack is somewhere in the window: where the level rises most.
    inside = np.minimum(found[:, None] + np.arange(WINDOW // STEP + 1), len(power) - 2)
    attacks = np.argmax(power[inside + 1] / power[inside], axis=1)
    return inside[np.arange(len(found)), attacks] * STEP_SECONDS


def _quietest(stretch, power, shortest, longest):
    """Times at which to divide a stretch into parts no longer than `longest`: the quietest near an even division."""
    start, end = stretch
    parts = math.ceil((end - start) / longest)
    even = (end - start) / parts
    room = min(longest - even, even - shortest) / 2  # for each cut to move, without a part too long or too short
    places = []
    for number in range(1, parts):
        first, last = (round((start + number * even + side) / STEP_SECONDS) for side in (-room, room))
        places.append((first + int(np.argmin(power[first : last + 1]))) * STEP_SECONDS)
    return places


def _divide(stretch, places, shortest):
    """A stretch, in seconds, divided at those of some places that leave no part shorter than `shortest`."""
    start, end = stretch
    places, cuts = np.asarray(places, float), [start]
    for place in places[(start < places) & (places <= end - shortest)].tolist():
        if place >= cuts[-1] + shortest:
            cuts.append(place)
    return list(pairwise([*cuts, end]))
