"""Where a stretch of sound might come from: small patches of a spectrogram against every place of the sources.

This first pass only proposes a few places, at which the waves are then compared. A matrix product compares all patches
of the clips with one block of the sources at a time, so an hour of sources needs little memory.
"""

import numpy as np

from ...analysis import FINGERPRINT_BANDS, FINGERPRINT_HOP

POWER = 1.5  # of the square roots of amplitudes in a `Fingerprint`: noise 20 dB below counts less
POOLED = 2  # frames, and bands, that are averaged: a copy may fall between two frames, and be 1 % faster
LENGTH = 10  # pooled frames in a patch: 0.2 s
STEP = 2  # pooled frames from one patch of a clip to the next
PATCH_HOP = FINGERPRINT_HOP * POOLED  # samples at 16 kHz
PATCH_SAMPLES = LENGTH * PATCH_HOP
STEADY = 0.1  # of the norm of the spectrum, added to that of its movement, so that noise in a steady tone stays small
BLOCK = 2048  # places of the sources in one product
ROWS = 4096  # patches of clips in one product
APART = 8  # neighbouring places, 160 ms, of which only the best counts, to leave room for other sources
EACH = 4  # places proposed for each patch
SILENT = 1e-3  # mean of a patch whose loudest could be about 1


def pool_frames(frames):
    """Frames of a `Fingerprint`, (n, 48), averaged in pairs over time and bands: (n // 2, 24) float32.

    The values are amplitudes to the power of 0.75.
    """
    whole = len(frames) // POOLED * POOLED
    groups = (frames[:whole].astype(np.float32) ** POWER).reshape(-1, POOLED, FINGERPRINT_BANDS // POOLED, POOLED)
    return groups.mean((1, 3))


def extract_patches(frames, step=1):
    """Patches of pooled frames (n, 24), each a unit vector, or 0 for silence: (places, 240) float32.

    A patch is the sum of its mean spectrum, which tells bells apart, and its movement, which tells winds apart; each is
    normalised separately.
    """
    if len(frames) < LENGTH:
        return np.zeros((0, LENGTH * frames.shape[1]), np.float32)
    views = np.lib.stride_tricks.sliding_window_view(frames, LENGTH, axis=0)[::step]
    spectrum = views.mean(2, keepdims=True)
    movement = (views - spectrum).reshape(len(views), -1)
    spectrum = spectrum - spectrum.mean(1, keepdims=True)
    norm = np.sqrt(LENGTH * (spectrum**2).sum((1, 2), keepdims=False))[:, None] + 1e-6
    movement /= np.linalg.norm(movement, axis=1, keepdims=True) + STEADY * norm
    spectrum = np.repeat(spectrum, LENGTH, axis=2).reshape(len(views), -1) / norm
    rows = spectrum + movement
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    rows[views.mean((1, 2)) < SILENT] = 0
    return rows


class PatchIndex:
    """The patches of all sources, computed for each search, as they take ten times the memory of their frames.

    Parameters
    ----------
    fingerprints
        A list of `Fingerprint`s; None stands for silence.
    """

    def __init__(self, fingerprints):
        self._frames = [pool_frames(one.frames).astype(np.float16) if one else np.zeros((0, 1)) for one in fingerprints]

    def nearest(self, rows):
        """The places most like each patch, rows (n, 240).

        Returns
        -------
        likeness, owner, place
            (n, EACH) each, in no order: a cosine, the index of the source, and the sample at 16 kHz where the patch
            begins there. Only the best of neighbouring places is given. A likeness of -1 stands for no place.
        """
        likeness = np.full((len(rows), EACH), -1, np.float32)
        owner, place = np.zeros((2, len(rows), EACH), np.int32)
        for block, owners, places in self._blocks():
            for start in range(0, len(rows), ROWS):
                part = slice(start, start + ROWS)
                found = (rows[part] @ block.T).reshape(-1, len(block) // APART, APART)
                groups = found.max(2)
                values = np.concatenate([likeness[part], groups], axis=1)
                kept = np.argpartition(-values, EACH - 1, axis=1)[:, :EACH]
                new = np.maximum(kept - EACH, 0)
                at = new * APART + found[np.arange(len(found))[:, None], new].argmax(2)
                old = np.minimum(kept, EACH - 1)
                is_new = kept >= EACH
                owner[part] = np.where(is_new, owners[at], np.take_along_axis(owner[part], old, 1))
                place[part] = np.where(is_new, places[at], np.take_along_axis(place[part], old, 1))
                likeness[part] = np.take_along_axis(values, kept, 1)
        return likeness, owner, place

    def _blocks(self):
        """Yield (patches, their sources, the samples they begin at), a multiple of APART at a time.

        Each source is padded with empty patches, which match nothing, so that no group spans two sources.
        """
        gathered, size = [], 0
        for index, frames in enumerate(self._frames):
            for start in range(0, len(frames) - LENGTH + 1, BLOCK):
                rows = extract_patches(frames[start : start + BLOCK + LENGTH - 1].astype(np.float32))
                places = (start + np.arange(len(rows))) * PATCH_HOP
                missing = -len(rows) % APART
                gathered.append(
                    (np.pad(rows, ((0, missing), (0, 0))), index, np.pad(places, (0, missing), mode="edge"))
                )
                size += len(rows) + missing
                if size >= BLOCK:
                    yield _joined(gathered)
                    gathered, size = [], 0
        if gathered:
            yield _joined(gathered)


def _joined(gathered):
    rows, indices, places = zip(*gathered, strict=True)
    return np.concatenate(rows), np.repeat(indices, [len(part) for part in rows]), np.concatenate(places)
