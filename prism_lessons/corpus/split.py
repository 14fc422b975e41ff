"""Chooses the recordings for validation, which a model is not trained on."""

import hashlib
import math
from collections import Counter
from dataclasses import replace

from ..analysis import duplicate_groups
from .clips import divide_clip
from .corpus import TRAINING, VALIDATION

# The least that is kept for validation where a recording has to be divided.
MINIMUM_VALIDATION_SECONDS = 1.0


def hash_position(key, seed):
    """A number in 0 .. 1 that depends on `key` and `seed` alone, so recordings that are added move no others."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{key}".encode()).digest()[:8], "big") / 2**64


def choose_validation(recordings, share, seed, before=frozenset()):
    """Choose whole recordings for validation.

    Parameters
    ----------
    recordings
        {key: seconds}, the key being a digest of the recording's sound.
    share
        The wanted share of the total duration, 0 .. 0.5.
    seed
        Another seed, another choice.
    before
        Keys that an earlier version of this corpus held for validation: they stay there, unless they are now more than
        half of the sound and more than 1.5 times `share` of it.

    Returns
    -------
    The set of keys for validation. It is empty when no choice of whole recordings would leave at least two thirds of
    the sound for training: then a piece has to be cut off the end of one.

    Notes
    -----
    A recording goes to validation when its `hash_position` is below `share`, so with many recordings, those added later
    move no others. If that misses the wanted duration by more than half, as it does with a handful of
    recordings, they are taken in order of position until the duration fits.
    """
    total = sum(recordings.values())
    target = share * total
    by_position = sorted(recordings, key=lambda key: (hash_position(key, seed), key))

    def seconds(keys):
        return sum(recordings[key] for key in keys)

    kept = {key for key in before if key in recordings}
    if seconds(kept) > max(0.5 * total, 1.5 * target):
        kept = set()
    chosen = kept | {key for key in recordings if hash_position(key, seed) < share}
    if 0.5 * target <= seconds(chosen) <= 1.5 * target:
        return chosen
    chosen = kept
    for key in by_position:
        if seconds(chosen) >= 0.75 * target:
            break
        if seconds(chosen | {key}) <= 1.5 * target:
            chosen = chosen | {key}
    if not chosen:
        shortest = min(by_position, key=recordings.get)
        chosen = {shortest} if recordings[shortest] <= total / 3 else set()
    return chosen


def split_clips(work, clips, sample_rate, share, seed, before, duplicates):
    """Mark the clips of the recordings chosen for validation; where there are none, the end of the longest.

    Recordings that share a sound go to the same split. Those kept for validation `before` (in the clips of the corpus
    that is being replaced) stay there.

    Returns
    -------
    The clips, and the recordings that had to be left out, as {"name", "reason"}: they share a sound with the divided
    one.
    """
    key = {clip.recording_digest: clip.recording_digest for clip in clips}
    by_name = {clip.recording: clip.recording_digest for clip in clips}
    for group in duplicate_groups(by_name, duplicates):
        together = {by_name[name] for name in group}
        key |= dict.fromkeys(together, min(together))
    lengths = Counter()
    for clip in clips:
        lengths[key[clip.recording_digest]] += clip.samples / sample_rate
    trained = {clip.recording_digest for clip in before if clip.split == TRAINING}
    kept = [clip for clip in before if clip.split == VALIDATION]
    whole = {key.get(clip.recording_digest) for clip in kept if clip.recording_digest not in trained}
    cuts = {}  # {recording: the first sample kept for validation}
    for clip in kept:
        if clip.recording_digest in trained:
            cuts[clip.recording_digest] = min(clip.start, cuts.get(clip.recording_digest, clip.start))
    chosen = choose_validation(lengths, share, seed, whole)
    if not chosen:
        samples = Counter()
        for clip in clips:
            samples[clip.recording_digest] += clip.samples
        shared = {by_name[name] for pair in duplicates for name in (pair.first, pair.second)}
        longest = max(samples, key=lambda digest: (digest not in shared, samples[digest]))
        end = max(share * samples.total(), MINIMUM_VALIDATION_SECONDS * sample_rate)
        cut = _cut_place([clip for clip in clips if clip.recording_digest == longest], round(end))
        cuts[longest] = min(cut, cuts.get(longest, cut))
    left_out = _duplicates_of_the_cut(by_name, {digest for digest in cuts if key.get(digest) not in chosen}, duplicates)
    divided = []
    for clip in clips:
        if clip.recording in left_out:
            (work / clip.file).unlink()
            continue
        cut = cuts.get(clip.recording_digest, math.inf) - clip.start
        if key[clip.recording_digest] in chosen or cut <= 0:
            divided.append(replace(clip, split=VALIDATION, times=1))
        elif cut < clip.samples:
            ends = divide_clip(work, clip, [(0, cut), (cut, clip.samples)], sample_rate, fade_seconds=0)
            divided += [ends[0], replace(ends[1], split=VALIDATION, times=1)]
        else:
            divided.append(clip)
    return divided, [{"name": name, "reason": reason} for name, reason in left_out.items()]


def _duplicates_of_the_cut(digests, cut, duplicates):
    """Recordings that share a sound with one that is divided, and why they are left out, {name: reason}.

    They may hold sound that is kept for validation, and would be trained on.
    """
    found = {}
    for pair in duplicates:
        for name, other in ((pair.first, pair.second), (pair.second, pair.first)):
            if digests[other] in cut and digests[name] not in cut:
                found[name] = f'shares a sound with "{other}", the end of which is kept for validation'
    return found


def _cut_place(clips, samples):
    """The sample of a recording after which its clips, in order of time, hold at least `samples`."""
    for clip in reversed(clips):
        if clip.samples >= samples:
            return clip.start + clip.samples - samples
        samples -= clip.samples
    return clips[0].start
