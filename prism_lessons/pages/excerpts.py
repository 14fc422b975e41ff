"""Excerpts of a recording in which a fault is most audible, before and after its remedy.

A file and a `Finding` go in, clips come out. Levels are unchanged.
"""

from pathlib import Path

import numpy as np

from ..audio import FLOOR_DBFS, AudioError, Clip, Recording
from ..corpus import KINDS, has_remedy, kept_channel, repair_recording, shown_name
from ..live import moment

EXCERPT_SECONDS = 4.0
LEAD_SECONDS = 1.0  # before the first place of a fault, for comparison
LOOK_SECONDS = 60.0  # searched for an excerpt of a fault that is everywhere: long files are not read twice
FRAME_SECONDS = 0.05
SOFTEST = 40.0  # dB below the loudest frame: softer frames are hardly audible beside it


def of_the_mix(finding):
    return kept_channel([finding]) is not None


def before_and_after(path, finding, seconds=EXCERPT_SECONDS, others=()):
    """A fault as a model would get it, and the same place with its remedy.

    Parameters
    ----------
    path
        Of the recording; it is read in mono at its own rate and not changed.
    finding
        One of its `Finding`s.
    seconds
        The maximum length of each. It is taken where most places of the finding are close together; around the cut, if
        the remedy cuts silence out; at the end of a truncated file; and where the level varies most, if the fault is
        everywhere.
    others
        The other findings of the file. If one of them requires a single channel, both excerpts are of that channel, not
        of the mix.

    Returns
    -------
    (Clip, Clip or None)
        At the same gain, with names that describe them. The second is None if there is no remedy.

    Raises
    ------
    AudioError
        When the file cannot be read; the message names it and the reason.
    """
    path, title = Path(path), finding.title
    name = f"{shown_name(path, path.parent)}, {title}"
    try:
        mixing = [] if of_the_mix(finding) else [other for other in others if of_the_mix(other)]
        with Recording(path) as recording:
            start, start_after = _starts(recording, finding, mixing, seconds)
        with Recording(path) as recording:
            samples, start = excerpt(repair_recording(recording, mixing), recording.sample_rate, start, seconds)
        if not has_remedy(finding.kind):
            return Clip(samples, recording.sample_rate, f"{name}, from {moment(start)}"), None
        before = Clip(samples, recording.sample_rate, f"{name}, before, from {moment(start)}")
        with Recording(path) as recording:
            samples, _ = excerpt(
                repair_recording(recording, [*mixing, finding]), recording.sample_rate, start_after, seconds
            )
    except AudioError as error:
        raise AudioError(f'"{path.name}" cannot be heard here: {error}.') from None
    done = KINDS[finding.kind].repaired
    return before, Clip(samples, recording.sample_rate, f"{name}, after{': ' if done else ''}{done}")


def _starts(recording, finding, mixing, seconds):
    """The starts of the two excerpts of a finding, in seconds; a start beyond the end means the end."""
    if "keep" in finding.values:
        return _round_the_longest_cut(finding.values["keep"], recording.seconds, seconds)
    if finding.kind == "broken":
        start = np.inf
    elif finding.places:
        begins = np.maximum(0, np.array([place[0] for place in finding.places]) - min(LEAD_SECONDS, seconds / 4))
        places = np.array(finding.places)[:, 0]
        inside = (places >= begins[:, None]) & (places < begins[:, None] + seconds)
        start = float(begins[np.argmax(np.sum(inside, axis=1))])
    else:
        length = int(LOOK_SECONDS * recording.sample_rate)
        samples, _ = excerpt(repair_recording(recording, mixing), recording.sample_rate, 0, LOOK_SECONDS)
        start = _widest_contrast(samples[:length], recording.sample_rate, seconds)
    return start, start


def _round_the_longest_cut(keep, length, seconds):
    """Starts of two excerpts: with an edge of the longest part not in `keep` in the middle, and after the cut."""
    edges = [0.0, *(edge for part in keep for edge in part), max(length, keep[-1][1])]
    cuts = list(zip(edges[::2], edges[1::2], strict=True))
    first, last = max(cuts, key=lambda cut: cut[1] - cut[0])
    middle = last if first == 0 else first
    start = max(0.0, middle - seconds / 2)
    return start, after_cuts(start, keep)


def after_cuts(moment, keep):
    """Where a moment of a sound is, in seconds, when only its parts `keep` are left."""
    return sum(max(0.0, min(end, moment) - begin) for begin, end in keep if begin < moment)


def _widest_contrast(samples, sample_rate, seconds):
    """The start, in seconds, of the excerpt whose level varies most."""
    frame, frames = int(FRAME_SECONDS * sample_rate), int(seconds / FRAME_SECONDS)
    whole = len(samples) // frame
    if whole <= frames:
        return 0.0
    power = np.mean(np.square(samples[: whole * frame].reshape(whole, frame)), axis=1, dtype=np.float64)
    levels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DBFS / 10)))
    levels = np.maximum(levels, levels.max() - SOFTEST)
    spread = np.std(np.lib.stride_tricks.sliding_window_view(levels, frames), axis=1)
    return float(np.argmax(spread) * FRAME_SECONDS)


def excerpt(blocks, sample_rate, start, seconds):
    """`seconds` of a sound in blocks from `start` on, or the last ones if it ends before: samples, and their start."""
    length = round(seconds * sample_rate)
    held, passed = np.zeros(0, np.float32), 0
    for block in blocks:
        held = np.concatenate([held, block])
        if passed + len(held) >= start * sample_rate + length:
            break
        gone = int(max(0, min(len(held) - length, start * sample_rate - passed)))
        held, passed = held[gone:], passed + gone
    first = max(0, int(min(round(min(start, 1e9) * sample_rate) - passed, len(held) - length)))
    return held[first : first + length], (passed + first) / sample_rate
