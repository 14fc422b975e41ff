"""Near-duplicates: which recordings hold the same sound, so that no copy ends up on both sides of the split.

`find_near_duplicates` takes recordings, one at a time, and returns the pairs that share a sound, in words. A copy is
found even if it is softer, inverted in polarity, resampled, coded, filtered a little, noisy, shifted or 1 % faster or
slower; so is a part of a recording. Two strikes of one drum are not copies: their spectrograms look alike, but their
waves differ.

Three passes, each over fewer pairs than the one before: (1) mean spectra, in matrix products; (2) the spectrograms,
cross-correlated at three speeds, which gives the alignment; (3) the waves at eight places so aligned, with the weaker
partials lifted (`wave_matching`): their phases agree in a copy only. A piece of one recording inside another is not a
copy of the whole, so the first two passes are also made for segments of a second (`shared_segments`); the third is the
same.
"""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy import fft
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..audio import Clip
from ..live import LiveLine, clock, moment
from .fingerprints import BANDS, HOP, LOW_BANDS, at_16_khz, fingerprint
from .shared_segments import similar_segments
from .wave_matching import PLACES, SAME, SAMPLE_RATE, SPEEDS, WINDOW, match_waves

NEIGHBOURS = 8  # pairs that are looked at more closely, for each recording
SHORTEST_PART = 12  # frames: shorter parts are too much like everything
OCTAVES = 0.6  # between the lengths of a part and of the recording that it may hold: about the same
ALIKE = 0.95  # cosine of the mean spectra
AT_ONCE = 2**23  # cosines held in memory
SPECTRA_AT_ONCE = 2**22  # numbers in the spectra of the probes that are compared at once
# Correlation of the spectrograms. Among 2,449 copies of recordings and of half seconds of them, one with noise gives
# 0.76, and all others 0.83 and more, even at the original speed: 1 % of 4 s costs about 0.1.
CORRELATION, LEAST_CORRELATION = 0.6, 0.5
TOLERANCE = 0.03  # of that correlation
PROBE_FRAMES = 400
# The same for segments that were chosen as alike: pieces of real recordings give 0.93 and more.
SEGMENT_CORRELATION = 0.85
SECOND = 100  # frames
MOST_OF_IT = 0.9  # of a recording that is in another as a whole
MARGIN = 6  # frames that a copy may lack at either end
WORTH_PROCESSES = 5000  # pairs: starting processes takes as long as comparing some hundreds


@dataclass(frozen=True)
class Sound:
    """A sound to be compared with others.

    Attributes
    ----------
    name
        A unique name in words, such as "Take 1.wav, 0:03".
    group
        The source that it belongs to: a subfolder or a recording.
    clip
        A `Clip` of any sample rate.
    """

    name: str
    group: str
    clip: Clip


@dataclass(frozen=True)
class DuplicatePair:
    """Two recordings that share a sound.

    Attributes
    ----------
    first, second
        Their names, in the order in which they came.
    similarity
        0 .. 1: how well the waves agree where they were compared; 1 is the same wave up to its level.
    how
        What `second` is to `first`, in words: "the same, 3 dB softer and 1 % faster".
    """

    first: str
    second: str
    similarity: float
    how: str


def find_near_duplicates(sounds, live=None, across_groups=False):
    """Find the recordings that share a sound with another one.

    Parameters
    ----------
    sounds
        An iterable of `Sound`; consumed one at a time, no clip is kept.
    live
        The `LiveLine` to report progress on; one on standard output if not given.
    across_groups
        Look for copies in other groups only: sounds of one group may well be alike.

    Returns
    -------
    list of DuplicatePair
        The most similar first.
    """
    live = live or LiveLine()
    names, groups, fingerprints = [], [], []
    for sound in sounds:
        names.append(sound.name)
        groups.append(sound.group)
        fingerprints.append(fingerprint(at_16_khz(sound.clip)))
        live.text(f"Listening to recordings: {len(names)}")
    return near_duplicates_among(names, fingerprints, live, groups if across_groups else names)


def near_duplicates_among(names, fingerprints, live, groups=None):
    """The `DuplicatePair`s among recordings with these `Fingerprint`s (or None); see `find_near_duplicates`.

    Those with the same value in `groups` are not compared.
    """
    groups = groups or names
    pairs = [pair for pair in candidate_pairs(fingerprints) if groups[pair[0]] != groups[pair[1]]]
    compared = set(pairs)
    # A segment of less than a second counts only for a recording inside another as a whole; pairs looked at are done.
    segments = [
        segment
        for segment in similar_segments(fingerprints, groups)
        if segment[-1] >= SECOND or tuple(sorted(segment[:2])) not in compared
    ]
    found = {}
    for done, (pair, match) in enumerate(_compared(fingerprints, pairs)):
        live.share("Comparing recordings", done, len(pairs) + len(segments))
        if match:
            found[pair] = match
    for done, segment in enumerate(segments, start=len(pairs)):
        live.share("Comparing recordings", done, len(pairs) + len(segments))
        one, other = sorted(segment[:2])
        if (one, other) not in found and (match := compare_segment(fingerprints, *segment)):
            found[one, other] = match
    found = [DuplicatePair(names[one], names[other], *match) for (one, other), match in sorted(found.items())]
    count = "1 pair shares" if len(found) == 1 else f"{len(found)} pairs share"
    live.end(f"Compared {len(names)} recordings: {count} a sound.")
    # Rounded, so that equally similar pairs are in the same order on every machine.
    return sorted(found, key=lambda pair: -round(pair.similarity, 2))


def duplicate_groups(names, pairs):
    """Sets of names connected by `DuplicatePair`s, each with at least two; in the order of `names`."""
    place = {name: index for index, name in enumerate(names)}
    rows, columns = [place[pair.first] for pair in pairs], [place[pair.second] for pair in pairs]
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(names), len(names)))
    groups = {}
    for name, label in zip(names, connected_components(graph, directed=False)[1], strict=True):
        groups.setdefault(label, set()).add(name)
    return [group for group in groups.values() if len(group) > 1]


# The first pass


def _mean_spectra(frames):
    """Unit vectors of a recording and of its parts, (parts, 2 * LOW_BANDS) float32, and their lengths in frames.

    Parts are halves and quarters at steps of a quarter of their length, so that an excerpt finds a part like it, and
    the recording without its first 50 ms, since a strike without its attack has another spectrum. The whole is first.
    """
    frames = frames[:, :LOW_BANDS].astype(np.float32)
    count = len(frames)
    parts = [(count, frames[None])] + ([(count, frames[None, 5:])] if count > 10 else [])
    for size in (count // 2, count // 4):
        if size >= SHORTEST_PART:
            windows = np.lib.stride_tricks.sliding_window_view(frames, size, axis=0)[:: max(1, size // 4)]
            parts.append((size, windows.transpose(0, 2, 1)))
    vectors = np.concatenate([np.concatenate([part.mean(1), part.std(1)], axis=1) for _, part in parts])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors, np.repeat([size for size, _ in parts], [len(part) for _, part in parts])


def candidate_pairs(fingerprints):
    """Pairs of indices (lower, higher) whose mean spectra are near: at most NEIGHBOURS for each recording."""
    indices = np.array([index for index, one in enumerate(fingerprints) if one is not None])
    if len(indices) < 2:
        return []
    spectra, sizes = zip(*(_mean_spectra(fingerprints[index].frames) for index in indices), strict=True)
    whole, lengths = np.array([vectors[0] for vectors in spectra]), np.array([size[0] for size in sizes])
    # The first parts of all recordings, then the second ones, and so on: (vectors, their owners, octaves).
    layers = []
    for part in range(max(map(len, sizes))):
        owners = np.array([owner for owner, size in enumerate(sizes) if len(size) > part])
        vectors = np.array([spectra[owner][part] for owner in owners])
        layers.append((vectors, owners, np.log2([sizes[owner][part] for owner in owners])))
    wanted, order, pairs = np.log2(lengths), np.argsort(lengths, kind="stable"), set()
    rows, most = max(1, AT_ONCE // len(indices)), min(NEIGHBOURS, len(indices) - 1)
    for begin in range(0, len(order), rows):
        chosen = order[begin : begin + rows]  # of similar lengths, so that few of the parts have to be compared
        likeness = np.full((len(chosen), len(indices)), -1, np.float32)
        for vectors, owners, octaves in layers:
            low, high = wanted[chosen[0]] - OCTAVES, wanted[chosen[-1]] + OCTAVES
            near = np.flatnonzero((octaves >= low) & (octaves <= high))
            if len(near):
                cosines = whole[chosen] @ vectors[near].T
                cosines[np.abs(octaves[near] - wanted[chosen, None]) > OCTAVES] = -1
                likeness[:, owners[near]] = np.maximum(likeness[:, owners[near]], cosines)
        likeness[np.arange(len(chosen)), chosen] = -1
        nearest = np.argpartition(likeness, -most, axis=1)[:, -most:]
        row, place = np.nonzero(np.take_along_axis(likeness, nearest, axis=1) >= ALIKE)
        found = np.sort(np.stack([indices[chosen[row]], indices[nearest[row, place]]], axis=1), axis=1)
        pairs |= set(map(tuple, found.tolist()))
    return sorted(pairs)


# The second pass


class CrossCorrelator:
    """The frames of a recording, (frames, BANDS) float32, prepared for cross-correlation with probes.

    The mean over bands is subtracted from each frame (level, and the decay common to all strikes), the mean over time
    from each band (filters, and the steady part); once for all bands and once for those that a low rate leaves.
    """

    def __init__(self, frames):
        self._size = fft.next_fast_len(len(frames), real=True)
        self._sets, self._energies = [], {}
        for bands in (BANDS, LOW_BANDS):
            centred = frames[:, :bands] - frames[:, :bands].mean(1, keepdims=True)
            sums = np.concatenate([np.zeros((1, bands)), np.cumsum(centred, axis=0, dtype=np.float64)])
            squares = np.concatenate([[0], np.cumsum((centred**2).sum(1), dtype=np.float64)])
            self._sets.append((bands, fft.rfft(centred, self._size, axis=0), sums, squares))

    def best_lags(self, probes):
        """Where each probe (n <= frames, BANDS) correlates best: [(correlation -1 .. 1, first frame)]."""
        rows = max(1, SPECTRA_AT_ONCE // (self._size * BANDS))
        return [best for at in range(0, len(probes), rows) for best in self._best_lags(probes[at : at + rows])]

    def _best_lags(self, probes):
        padded = np.zeros((len(probes), self._size, BANDS), np.float32)
        for row, probe in zip(padded, probes, strict=True):
            row[: len(probe)] = probe - probe.mean(0)
        spectra = fft.rfft(padded, axis=1).conj()
        best = [(0.0, 0)] * len(probes)
        for bands, theirs, _, _ in self._sets:
            products = fft.irfft(np.einsum("pfb,fb->pf", spectra[:, :, :bands], theirs), self._size)
            ours = padded[:, :, :bands]
            own = np.square(ours).sum((1, 2)) - np.square(ours.sum(2)).sum(1) / bands
            for index, probe in enumerate(probes):
                energy = self._energy(len(probe), bands)
                correlations = products[index, : len(energy)] / np.sqrt(energy * max(float(own[index]), 1e-9))
                at = int(np.argmax(correlations))
                best[index] = max(best[index], (float(correlations[at]), at))
        return best

    def _energy(self, count, bands):
        """The energy of `count` frames from each frame on, less the mean of each band over them."""
        if (count, bands) not in self._energies:
            _, _, sums, squares = self._sets[bands == LOW_BANDS]
            energies = squares[count:] - squares[:-count] - ((sums[count:] - sums[:-count]) ** 2).sum(1) / count
            self._energies[count, bands] = np.maximum(energies, 1e-5 * squares[-1] + 1e-9)
        return self._energies[count, bands]


def _time_scaled(frames, speed):
    """`frames` (n, bands) as they would be if the sound were played `speed` times as fast."""
    if speed == 1:
        return frames
    at = np.minimum(np.arange(int(len(frames) / speed)) * speed, len(frames) - 1)
    low = at.astype(int)
    share = (at - low)[:, None].astype(np.float32)
    return frames[low] * (1 - share) + frames[np.minimum(low + 1, len(frames) - 1)] * share


def _probes(count):
    """Stretches (start, end) of a recording of `count` frames that are looked for in the other one."""
    margin = min(MARGIN, count // 6)
    if count - 2 * margin <= PROBE_FRAMES:
        return [(margin, count - margin)]
    last = count - margin - PROBE_FRAMES
    return [(at, at + PROBE_FRAMES) for at in (margin, (margin + last) // 2, last)]


def _by_energy(frames):
    """Where to compare waves: PLACES positions (in frames, float), closer together where it is loud."""
    grown = np.cumsum(frames.sum(1, dtype=np.float64))
    return np.interp((np.arange(PLACES) + 0.5) / PLACES * grown[-1], grown, np.arange(len(grown)))


def compare(one, other):
    """Whether two `Fingerprint`s hold the same sound: (similarity 0 .. 1, how in words), or None."""
    ((_, match),) = _compared([one, other], [(0, 1)])
    return match


def _compared(fingerprints, pairs):
    """Yield each pair of indices (lower, higher) and its result as of `compare`, grouped by the longer one."""
    shorts_of = {}
    for one, other in pairs:
        short, long = (other, one) if len(fingerprints[one].frames) > len(fingerprints[other].frames) else (one, other)
        shorts_of.setdefault(long, []).append(short)
    work = ((fingerprints[long], [fingerprints[short] for short in shorts]) for long, shorts in shorts_of.items())
    if len(pairs) < WORTH_PROCESSES:
        found = (_matches(*one) for one in work)
    else:
        found = Parallel(n_jobs=-1, return_as="generator")(delayed(_matches)(*one) for one in work)
    for (long, shorts), matches in zip(shorts_of.items(), found, strict=True):
        for short, match in zip(shorts, matches, strict=True):
            sizes = len(fingerprints[short].samples), len(fingerprints[long].samples)
            yield tuple(sorted((short, long))), match and (match[0], _in_words(match[1], *sizes, turned=long < short))


def _matches(long, shorts):
    """The `_match` of each of some `Fingerprint`s in a longer one."""
    return [_match(short, long, places) for short, places in zip(shorts, _places_in(long, shorts), strict=True)]


def _places_in(long, shorts):
    """Where each of some `Fingerprint`s may be in a longer one: lists of (probe, [(speed, frame)])."""
    outer = CrossCorrelator(long.frames.astype(np.float32))
    probes = [(number, probe) for number, short in enumerate(shorts) for probe in _probes(len(short.frames))]
    likely, correlations = probes, {}
    for speed in SPEEDS:
        played = [
            _time_scaled(shorts[number].frames[slice(*probe)].astype(np.float32), speed) for number, probe in likely
        ]
        found = outer.best_lags([probe[: len(long.frames)] for probe in played])
        correlations |= {(one, speed): best for one, best in zip(likely, found, strict=True)}
        likely = [one for one in likely if correlations[one, 1.0][0] >= LEAST_CORRELATION]
    places = [[] for _ in shorts]
    for number, probe in likely:
        best = max(correlations[(number, probe), speed][0] for speed in SPEEDS)
        # The spectrogram of a short or a steady sound fits at each of the speeds; its wave does not.
        tries = [(speed, correlations[(number, probe), speed]) for speed in SPEEDS]
        tries = [(speed, at) for speed, (correlation, at) in tries if correlation >= best - TOLERANCE]
        if best >= CORRELATION:
            places[number].append((probe, tries))
    return places


def _match(short, long, places):
    """The match of two `Fingerprint`s at the first place where they hold the same sound, or None; see `match_waves`."""
    for (start, end), tries in places:
        # Margins are included here: two strikes differ most in their attacks.
        first, last = max(0, start - MARGIN), end + MARGIN
        windows = (first + _by_energy(short.frames[first:last].astype(np.float32))) * HOP
        # Whole windows only: where the shorter one was cut, the longer one goes on.
        middle = len(short.samples) / 2
        windows = np.clip(windows, min(WINDOW / 2, middle), max(len(short.samples) - WINDOW / 2, middle))
        match = match_waves(short, long, windows, start * HOP, [(speed, at * HOP) for speed, at in tries])
        if match[0] >= SAME:
            return match
    return None


def compare_segment(fingerprints, one, other, start, at, count):
    """Whether two recordings hold the same sound at a segment of `similar_segments`; as `compare` gives it, or None.

    If the shorter one is in the longer one as a whole, that is reported; a segment of less than a second needs it.
    """
    turned = one > other
    first, second = (fingerprints[index] for index in sorted((one, other)))
    if not turned:
        start, at = at, start
    # From here on `start` is a frame of the second recording, `at` the same sound in the first.
    around = max(0, at - MARGIN)
    there = first.frames[around : at + count + MARGIN].astype(np.float32)
    probe = second.frames[start : start + count].astype(np.float32)[: len(there)]
    likeness, lag = CrossCorrelator(there).best_lags([probe])[0]
    if likeness < SEGMENT_CORRELATION:
        return None
    match = _match_segment(second, first, start, around + lag, count, SPEEDS)
    if match[0] < SAME:
        return None
    _, speed, _, begins = match[1]
    inside = len(second.frames) <= len(first.frames)
    short, long = (second, first) if inside else (first, second)
    if not inside:
        begins, speed = -begins * speed, 1 / speed
    whole = _match_segment(short, long, 0, begins / HOP, len(short.frames), [speed])
    in_common = min(len(short.samples), len(long.samples) - begins) - max(0, -begins)
    if whole[0] >= SAME and in_common >= MOST_OF_IT * len(short.samples):
        return whole[0], _in_words(whole[1], len(short.samples), len(long.samples), inside)
    if count < SECOND:
        return None
    here, there = moment(at * HOP / SAMPLE_RATE), moment(start * HOP / SAMPLE_RATE)
    return match[0], f"they have a stretch in common, round {here} in the first and round {there} in the second"


def _match_segment(short, long, start, at, count, speeds):
    """The match, as of `match_waves`, of `count` frames of `short` from `start` on, expected from `at` on in `long`."""
    places = (start + _by_energy(short.frames[start : start + count].astype(np.float32))) * HOP
    return match_waves(short, long, places, start * HOP, [(speed, at * HOP) for speed in speeds])


def _in_words(found, short, long, turned):
    """What the second recording is to the first, in words.

    `found` is the second value of `match_waves`, `short` and `long` are lengths in samples, and `turned` tells whether
    the second is the shorter one.
    """
    level, speed, upside_down, begins = found
    level, speed = (-level, 1 / speed) if turned else (level, speed)
    words, seconds = [], begins / SAMPLE_RATE
    if abs(level) >= 0.5:
        words.append(f"{abs(level):.0f} dB {'louder' if level > 0 else 'softer'}")
    if abs(speed - 1) >= 0.002:
        words.append(f"{100 * abs(speed - 1):.1g} % {'faster' if speed > 1 else 'slower'}")
    if upside_down:
        words.append("upside down")
    what = "the same"
    if short < MOST_OF_IT * long:
        place = clock(max(0, seconds))
        what = f"a part of it, from {place} on" if turned else f"a longer one that holds it, from {place} on"
    elif abs(seconds) >= 0.02:
        words.append(f"starts {abs(seconds):.2f} s {'earlier' if (seconds > 0) == turned else 'later'}")
    return ", ".join([what, " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)]).rstrip(", ")
