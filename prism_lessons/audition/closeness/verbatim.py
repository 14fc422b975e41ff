"""The longest stretch of a clip that is nearly the wave of a source."""

from dataclasses import asdict, dataclass

import numpy as np

from ...analysis import SAMPLE_RATE
from ...live import moment
from .alignment import SHORT, realign, refine_candidates, track
from .patch_index import PATCH_HOP, PATCH_SAMPLES, STEP, extract_patches, pool_frames

SHORTEST = 0.25  # seconds: shorter stretches resemble many others
MOST_CANDIDATES = 48  # places that are examined for each clip, the most similar first
MOST_TRACKED = 14  # matches that are tracked at most
REALIGN_COHERENCE = 0.6  # coherence from which a match is also tried elsewhere
LEAST_SCORE = 0.35  # score of one window of 128 ms
CERTAIN_SECONDS = 0.45  # seconds from which two strikes can be told apart
# Phase coherence that a copy must reach, by its seconds: more where it is short, as two strikes of a drum can agree for
# 0.3 s, and where it is long, as two ringing drums reach 0.835 once their speeds are fitted.
COHERENCE_BY_LENGTH = (SHORTEST, CERTAIN_SECONDS, 0.5, 0.7), (0.86, 0.8, 0.8, 0.84)
LEAST_EVIDENCE = 2.5  # partials beyond the first, summed along the match
EVIDENCE_RATE = 0.25  # of them for each short window, since a sine can be of any length


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


def candidate_places(fingerprints, patch_index):
    """Places that may correspond to each clip, given by their `Fingerprint`s; the most alike first.

    Returns
    -------
    list of (places, owners, source_places)
        (n,) each: the middle of a patch of the clip, the index of a source and the middle of the patch there, in
        samples at 16 kHz.
    """
    rows = [
        extract_patches(pool_frames(one.frames), STEP) if one else extract_patches(np.zeros((0, 24)))
        for one in fingerprints
    ]
    likeness, owners, source_places = patch_index.nearest(np.concatenate(rows))
    found, ends = [], np.cumsum([len(part) for part in rows])
    for end, part in zip(ends, rows, strict=True):
        mine = slice(end - len(part), end)
        best = np.argsort(-likeness[mine], axis=None)[:MOST_CANDIDATES]
        best = best[likeness[mine].ravel()[best] > 0]
        row = best // likeness.shape[1]
        middle = PATCH_SAMPLES / 2
        found.append(
            (row * STEP * PATCH_HOP + middle, owners[mine].ravel()[best], source_places[mine].ravel()[best] + middle)
        )
    return found


def longest_copy(one, sources, found):
    """The longest match of a clip that is a copy: (`Match`, index of the source), or None.

    Parameters
    ----------
    one
        The `Fingerprint` of the clip.
    sources
        The `Fingerprint`s of the sources.
    found
        As `candidate_places` gives it for this clip.
    """
    samples = one.samples.astype(np.float32)
    tried, started, realigned = [], [], []
    for score, place, at, owner in refine_candidates(samples, sources, found):
        if score < LEAST_SCORE or len(started) == MOST_TRACKED:
            break
        # Neighbouring places lead to the same match; a place on a copy that was found leads to that copy.
        if any(other == owner and abs(place - x) < 4096 and abs(at - place - y) < 24 for x, y, other in started):
            continue
        if any(other == owner and is_copy(match) and match.passes_near(place, at) for match, other in tried):
            continue
        started.append((place, at - place, owner))
        match = track(samples, sources[owner].samples, place, at)
        if match is None:
            continue
        tried.append((match, owner))
        done = any(other == owner and match.overlap(here) > 0.8 * match.length for here, other in realigned)
        if match.length < SHORTEST * SAMPLE_RATE or match.coherence < REALIGN_COHERENCE or done:
            continue
        realigned.append((match, owner))
        places = [where for where in realign(match, samples, sources[owner]) if not match.passes_near(*where[:2])]
        others = [track(samples, sources[owner].samples, *where) for where in places]
        tried += [(other, owner) for other in others if other is not None]
    return select_copy(tried)


def is_copy(match):
    """Whether a `Match` is long enough, and agrees well enough in enough partials, not to be a coincidence."""
    seconds = match.length / SAMPLE_RATE
    least_coherence = np.interp(seconds, *COHERENCE_BY_LENGTH)
    least_evidence = max(LEAST_EVIDENCE, EVIDENCE_RATE * match.length / SHORT)
    return seconds >= SHORTEST and match.coherence >= least_coherence and match.evidence >= least_evidence


def select_copy(tried):
    """The longest copy among (`Match`, owner) pairs, or None.

    A decaying tone matches itself a period on nearly as well, and perhaps for longer; so among matches of the same
    segment of the clip, the most coherent is taken.
    """
    copies = sorted((one for one in tried if is_copy(one[0])), key=lambda one: -one[0].coherence)
    kept = []
    for match, owner in copies:
        if all(match.overlap(other) < 0.5 * min(match.length, other.length) for other, _ in kept):
            kept.append((match, owner))
    return max(kept, key=lambda one: one[0].length, default=None)
