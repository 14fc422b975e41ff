"""Segments that two recordings may share: where a piece of one is inside another, whatever is around it.

`similar_segments` turns fingerprints into places at which `near_duplicates` compares the waves. Every half second, a
second of a recording is compared with every place of the others by how its spectrum moves: a piece keeps that movement
when it is made softer, resampled, coded or filtered a little.
"""

import numpy as np
from scipy import fft

from .fingerprints import HOP, LOW_BANDS
from .wave_matching import PLACES, WINDOW

# Frames of 10 ms that are averaged, and how many of those averages make a pattern: a second, and 0.4 of one for
# recordings that are too short for a second.
SCALES = ((5, 20), (2, 20))
ACROSS, ALONG = slice(1, 13), slice(1, 9)  # of the cosine transform of a pattern, less what is steady or flickers
# Cosine of two patterns. Copies in benchmarks/near_duplicates.py reach 0.9 and more.
ALIKE = 0.85
# Frames of recordings that may hold none of the seconds compared as a whole. In shorter ones the windows in which waves
# are compared overlap, and prove less.
SHORT_FRAMES = range(PLACES * WINDOW // HOP, 150)
SOFT_DB = 50.0  # below the loudest pattern of a recording: reverberation tails are too much alike
MOST = 4  # segments that are compared, for each recording
AT_ONCE, MANY = 2**23, 2**20  # likenesses and segments held in memory
SEGMENT = np.dtype([("likeness", "f4")] + [(name, "i8") for name in ("one", "other", "start", "at", "count")])


def similar_segments(fingerprints, groups):
    """Where segments of recordings are alike.

    Parameters
    ----------
    fingerprints
        `Fingerprint`s, or None for silences.
    groups
        A value for each; those with the same value are not compared.

    Returns
    -------
    list of (one, other, start, at, count)
        `count` frames of recording `one` from frame `start` on are like those of `other` from `at` on: for each pair of
        recordings the most alike, if it is among the `MOST` most alike of either.
    """
    short = [one is not None and len(one.frames) in SHORT_FRAMES for one in fingerprints]
    found = _alike(fingerprints, groups, *SCALES[0], [True] * len(fingerprints))
    if any(short):
        closer = _alike(fingerprints, groups, *SCALES[1], short)
        found = np.concatenate([found, closer[~np.isin(_pairs(closer), _pairs(found))]])
    return _most_alike(found)[["one", "other", "start", "at", "count"]].tolist()


def _alike(fingerprints, groups, pooled, length, asking):
    """The most alike segments of recordings, as `_most_alike` keeps them: an array of SEGMENT."""
    found = [np.zeros(0, SEGMENT)]
    patterns = [np.zeros((0, 0)) if one is None else _patterns(one.frames, pooled, length) for one in fingerprints]
    owners = np.repeat(np.arange(len(fingerprints)), [len(one) for one in patterns])
    if len(np.unique(owners)) < 2:
        return found[0]
    all_patterns = np.concatenate([one for one in patterns if len(one)])
    starts = np.concatenate([np.arange(len(one)) for one in patterns])
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    group = np.array([numbers[one] for one in groups])
    asked = np.flatnonzero((starts % (length // 2) == 0) & np.array(asking)[owners])
    rows = max(1, AT_ONCE // len(all_patterns))
    for begin in range(0, len(asked), rows):
        chosen = asked[begin : begin + rows]
        likeness = all_patterns[chosen] @ all_patterns.T
        row, there = np.nonzero(likeness >= ALIKE)
        here = chosen[row]
        apart = group[owners[here]] != group[owners[there]]
        row, here, there = row[apart], here[apart], there[apart]
        more = np.zeros(len(row), SEGMENT)
        more["likeness"], more["count"] = likeness[row, there], length * pooled
        more["one"], more["start"] = owners[here], starts[here] * pooled
        more["other"], more["at"] = owners[there], starts[there] * pooled
        found.append(more)
        if sum(map(len, found)) > MANY:
            found = [_most_alike(np.concatenate(found))]
    return _most_alike(np.concatenate(found))


def _pairs(segments):
    """A number for each pair of recordings, in either order."""
    one, other = segments["one"], segments["other"]
    return np.minimum(one, other) << 32 | np.maximum(one, other)


def _most_alike(segments):
    """The most alike segment of each pair, if among the `MOST` most alike of either recording; most alike first."""
    segments = segments[np.argsort(-segments["likeness"], kind="stable")]
    segments = segments[np.sort(np.unique(_pairs(segments), return_index=True)[1])]
    members = np.stack([segments["one"], segments["other"]], axis=1).ravel()
    by_member = np.argsort(members, kind="stable")
    firsts = np.flatnonzero(np.r_[True, np.diff(members[by_member]) > 0])
    ranks = np.arange(len(members)) - np.repeat(firsts, np.diff(np.r_[firsts, len(members)]))
    return segments[np.unique(by_member[ranks < MOST] // 2)]


def _patterns(frames, pooled, length):
    """How the spectrum moves from each place of a recording on: unit vectors, float32, shape (places, 96).

    The mean of each frame and that of each band are subtracted, to remove filters, level and a common decay. Where it
    is very soft, the vector is 0.
    """
    count = len(frames) // pooled
    if count < length:
        return np.zeros((0, 96), np.float32)
    means = frames[: count * pooled, :LOW_BANDS].astype(np.float32).reshape(count, pooled, LOW_BANDS).mean(1)
    windows = np.lib.stride_tricks.sliding_window_view(means, length, axis=0)
    level = 40 * np.log10(windows.mean((1, 2)) + 1e-9)  # frames hold amplitudes to the power of 0.5
    vectors = np.empty((len(windows), 96), np.float32)
    for start in range(0, len(windows), 1000):
        part = windows[start : start + 1000]
        part = part - part.mean(1, keepdims=True)
        part = fft.dctn(part - part.mean(2, keepdims=True), axes=(1, 2), norm="ortho")[:, ACROSS, ALONG]
        vectors[start : start + 1000] = part.reshape(len(part), -1)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    vectors[level < level.max() - SOFT_DB] = 0
    return vectors
