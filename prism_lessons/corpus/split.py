"""Which recordings are kept aside to test a model on sounds it has not met."""

import hashlib


def position(key, seed):
    """A number in 0 .. 1 that `key` and `seed` alone decide, so a recording keeps its place whatever joins it."""
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
        Keys that an earlier version of this corpus held for validation: they stay there, unless so much has been taken
        away since that they would be more than half of the sound.

    Returns
    -------
    The set of keys for validation. It is empty when no choice of whole recordings would leave at least two thirds of
    the sound for training: then a piece has to be cut off the end of one.

    Notes
    -----
    A recording goes to validation when its own `position` lies below `share`, so with many recordings those added
    later move none of the others. Only where that misses the wanted duration by more than half, as it does with a
    handful of recordings, are they taken in the order of their positions until the duration fits.
    """
    total = sum(recordings.values())
    target = share * total
    by_position = sorted(recordings, key=lambda key: (position(key, seed), key))

    def seconds(keys):
        return sum(recordings[key] for key in keys)

    kept = {key for key in before if key in recordings}
    if seconds(kept) > max(0.5 * total, 1.5 * target):
        kept = set()
    chosen = kept | {key for key in recordings if position(key, seed) < share}
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
