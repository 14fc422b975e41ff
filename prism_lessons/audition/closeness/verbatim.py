"""The longest stretch of a clip that is nearly the wave of a source."""

from dataclasses import asdict, dataclass

import numpy as np

from ...analysis import SAMPLE_RATE
from ...live import moment
from .alignment import SHORT, anchored, followed, sought
from .patches import PATCH_HOP, PATCH_SAMPLES, STEP, patches, pooled

SHORTEST = 0.25  # seconds: shorter stretches resemble too much
FIRST = 48  # places that are looked at closely for each clip, the most alike first
CLOSELY = 14  # lines that are followed at most
MOVED = 0.6  # agreement from which a line is also tried elsewhere
HOPEFUL = 0.35  # trust in one window of 128 ms
SURE = 0.45  # seconds from which two strikes can be told apart
# Phase agreement that a copy must reach, by its seconds: more where it is short, as two strikes of a drum can agree for
# 0.3 s, and where it is long, as two ringing drums reach 0.835 once their speeds are fitted.
SAME_BY_LENGTH = (SHORTEST, SURE, 0.5, 0.7), (0.86, 0.8, 0.8, 0.84)
PROOF = 2.5  # partials beyond the first, summed along the line
PROOF_RATE = 0.25  # of them for each short window, since a sine can be of any length


@dataclass(frozen=True)
class Verbatim:
    """A stretch of a clip that is nearly the wave of a recording.

    Attributes
    ----------
    seconds
        How long it is.
    clip_start
        Where it begins in the clip, in seconds.
    recording
        The name of the recording.
    file
        The clip file of the corpus that holds it, relative to the corpus folder.
    start
        Where it begins in that file, in seconds.
    recording_start
        Where it begins in the recording, in seconds.
    similarity
        0 .. 1: how well the waves agree where they were compared; 1 is the same wave up to its level.
    """

    seconds: float
    clip_start: float
    recording: str
    file: str
    start: float
    recording_start: float
    similarity: float

    def as_dict(self):
        """Plain values for JSON."""
        return asdict(self)

    def __str__(self):
        return (
            f"{self.seconds:.2f} s, from {moment(self.clip_start)} on, are nearly those of {self.recording} from "
            f"{moment(self.recording_start)} on"
        )


def candidates(prints, catalogue):
    """Places that may correspond to each clip, given by their `Fingerprint`s; the most alike first.

    Returns
    -------
    list of (places, owners, there)
        (n,) each: the middle of a patch of the clip, the index of a source and the middle of the patch there, in
        samples at 16 kHz.
    """
    rows = [patches(pooled(one.frames), STEP) if one else patches(np.zeros((0, 24))) for one in prints]
    likeness, owners, there = catalogue.nearest(np.concatenate(rows))
    found, ends = [], np.cumsum([len(part) for part in rows])
    for end, part in zip(ends, rows, strict=True):
        mine = slice(end - len(part), end)
        best = np.argsort(-likeness[mine], axis=None)[:FIRST]
        best = best[likeness[mine].ravel()[best] > 0]
        row = best // likeness.shape[1]
        middle = PATCH_SAMPLES / 2
        found.append((row * STEP * PATCH_HOP + middle, owners[mine].ravel()[best], there[mine].ravel()[best] + middle))
    return found


def longest(one, sources, found):
    """The longest line of a clip that is a copy: (`Line`, index of the source), or None.

    Parameters
    ----------
    one
        The `Fingerprint` of the clip.
    sources
        The `Fingerprint`s of the sources.
    found
        As `candidates` gives it for this clip.
    """
    samples = one.samples.astype(np.float32)
    tried, begun, moved = [], [], []
    for trust, place, at, owner in sought(samples, sources, found):
        if trust < HOPEFUL or len(begun) == CLOSELY:
            break
        # Neighbouring places lead to the same line; a place on a copy that was found leads to that copy.
        if any(other == owner and abs(place - x) < 4096 and abs(at - place - y) < 24 for x, y, other in begun):
            continue
        if any(other == owner and is_copy(line) and line.passes(place, at) for line, other in tried):
            continue
        begun.append((place, at - place, owner))
        line = followed(samples, sources[owner].samples, place, at)
        if line is None:
            continue
        tried.append((line, owner))
        known = any(other == owner and line.shared(here) > 0.8 * line.length for here, other in moved)
        if line.length < SHORTEST * SAMPLE_RATE or line.agreement < MOVED or known:
            continue
        moved.append((line, owner))
        places = [where for where in anchored(line, samples, sources[owner]) if not line.passes(*where[:2])]
        others = [followed(samples, sources[owner].samples, *where) for where in places]
        tried += [(other, owner) for other in others if other is not None]
    return best_of(tried)


def is_copy(line):
    """Whether a `Line` is long enough, and agrees well enough in enough partials, not to be a coincidence."""
    seconds = line.length / SAMPLE_RATE
    same = np.interp(seconds, *SAME_BY_LENGTH)
    proof = max(PROOF, PROOF_RATE * line.length / SHORT)
    return seconds >= SHORTEST and line.agreement >= same and line.proof >= proof


def best_of(tried):
    """The longest copy among (`Line`, owner) pairs, or None.

    A decaying tone matches itself a period on nearly as well, and perhaps for longer; so among lines through the same
    stretch of the clip, the one that agrees best is taken.
    """
    copies = sorted((one for one in tried if is_copy(one[0])), key=lambda one: -one[0].agreement)
    kept = []
    for line, owner in copies:
        if all(line.shared(other) < 0.5 * min(line.length, other.length) for other, _ in kept):
            kept.append((line, owner))
    return max(kept, key=lambda one: one[0].length, default=None)
