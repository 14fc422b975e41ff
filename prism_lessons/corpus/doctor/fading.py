"""One long fade over much of a recording, as opposed to the natural decay of a sound."""

import numpy as np
from scipy.ndimage import grey_closing
from scipy.optimize import isotonic_regression

from .findings import CLEAR, SEVERE, FaultKind, Finding

CUT_FADE_SECONDS = 0.01  # at either end of a segment that is kept
SOFT = 25.0  # dB below the loudest part
MOST_SOFT = 1 / 3  # of the file
SHORTEST_SECONDS = 3.0
KEPT = 30.0  # dB below the loudest part
WINDOWS = 20
DEEP = 30.0  # dB from the loudest part to the end
SINKING = 3.0  # dB between the halves of a stretch
STEADY = 10.0  # dB RMS by which the envelope may deviate from a monotonic fall: pauses and accents
MOST_AT_ONCE = 0.75  # of the fall between two twentieths; more is a sound that ends
# dB by which the spectral balance changes from the start of the fall to its end.
DARKENING, INTO_HISS = -5.5, 15.0
ROUGH = 1.1  # dB; single tones, chords and bells give 0.0 to 1.0, wind and speech 1.2 to 2.2
HOLE_FRAMES, HOLE_DB = 5, 15.0  # a dip this short and this deep is a dropout
EVENT = 6.0  # dB of rise within 60 ms: the least that is audible as a new attack after a loud one


def keep_segments(blocks, sample_rate, values):
    """A remedy: yield only the segments `values["keep"]`, [[start, end], ...] in seconds, in order, one after another.

    Each begins and ends with a fade of 10 ms, except where the sound itself begins; mono float32 blocks in and out.
    """
    fade = round(CUT_FADE_SECONDS * sample_rate)
    keep = [(round(start * sample_rate), round(end * sample_rate)) for start, end in values["keep"]]
    position = 0
    for block in blocks:
        for start, end in keep:
            first, last = max(start, position), min(end, position + len(block))
            if first < last:
                place = np.arange(first, last, dtype=np.float32)
                gain = np.minimum(1, (np.float32(end) - place) / fade)
                if start:
                    gain = np.minimum(gain, (place - np.float32(start)) / fade)
                yield block[first - position : last - position] * gain
        position += len(block)


FADE = FaultKind(
    "fade",
    "long fade",
    "Most of it is far softer than its loud part, and a model learns to fade away and to stay soft.",
    "Have the course keep the part before it sinks, or undo the fade with a gain curve.",
    f"level sinks or rises steadily, and {MOST_SOFT:.0%} of it or more lies {SOFT:.0f} dB below its loudest part, "
    "though it holds several attacks or a rough texture",
    "measured: benchmarks/doctor.py (struck and plucked sounds sink as far by themselves, but without new attacks)",
    keep_segments,
    "faded part cut off",
)


def fade_finding(levels, changes, frame_seconds, seconds, keep):
    """The `Finding` of a fade, or None.

    Parameters
    ----------
    levels, changes
        dB of each frame, and of the differences between its samples, shape (frames,).
    frame_seconds, seconds
        The length of a frame and of the sound.
    keep
        The parts that no other remedy cuts, [[start, end], ...] in seconds; the finding keeps no others.
    """
    if not keep:
        return None
    sounding = _without_silence(levels, round(keep[0][0] / frame_seconds), round(keep[-1][1] / frame_seconds))
    if (sounding.stop - sounding.start) * frame_seconds < SHORTEST_SECONDS:
        return None
    for backwards in (False, True):
        there = levels[sounding][::-1] if backwards else levels[sounding]
        share = _soft_share(there)
        if share < MOST_SOFT or not _steady_fall(there):
            continue
        if not backwards and not _artificial(there, changes[sounding]):
            continue
        loud = np.flatnonzero(_envelope(levels) > _envelope(levels).max() - KEPT)
        window = seconds / WINDOWS
        start = round(float(loud[0] * window), 3) if backwards else 0.0
        end = round(seconds if backwards else float((loud[-1] + 1) * window), 3)
        kept = [[max(first, start), min(last, end)] for first, last in keep if min(last, end) > max(first, start)]
        words = f"fades {'in' if backwards else 'out'}, {share:.0%} lies {SOFT:.0f} dB or more below the loudest part"
        faded = (0.0, start) if backwards else (end, round(seconds, 3))
        return Finding(FADE.key, SEVERE if share > 0.6 else CLEAR, words, (faded,), {"keep": kept})
    return None


def _without_silence(levels, first, last):
    """The slice of a sound without the silence before frame `first` and after `last`, unless that is part of a fade.

    A sound that fades to nothing keeps falling there; a silence has one level.
    """

    def sinks(part):
        return len(part) > 1 and abs(np.median(part[: len(part) // 2]) - np.median(part[len(part) // 2 :])) > SINKING

    return slice(0 if sinks(levels[:first]) else first, len(levels) if sinks(levels[last:]) else last)


def _envelope(levels):
    """The envelope: the 90th percentile of the frames' levels in each twentieth, dB, shape (WINDOWS,)."""
    return np.array([np.percentile(part, 90) for part in np.array_split(levels, WINDOWS)])


def _soft_share(levels):
    """The share, 0 .. 1, of a sound that comes after its loudest part and is very soft."""
    envelope = _envelope(levels)
    return np.count_nonzero(envelope[int(envelope.argmax()) :] < envelope.max() - SOFT) / WINDOWS


def _steady_fall(levels):
    """Whether a sound falls steadily, and far, from its loudest part to its end."""
    envelope = _envelope(levels)
    fall = envelope[int(envelope.argmax()) :]
    depth = fall[0] - np.median(fall[-2:])
    away = np.sqrt(np.mean((fall - isotonic_regression(fall, increasing=False).x) ** 2))
    return depth > DEEP and away < STEADY and np.max(-np.diff(fall), initial=0) < MOST_AT_ONCE * (fall[0] - fall[-1])


def _artificial(levels, changes):
    """Whether a falling sound was faded, from its levels and those of its differences, dB, shape (frames,).

    A fade attenuates attacks or a rough texture, high and low alike, and the hiss too. A natural decay loses its high
    partials first, or falls into a constant hiss.
    """
    top = (int(_envelope(levels).argmax()) + 1) * len(levels) // WINDOWS
    falling = levels[top:]
    audible = falling > levels.max() - 70
    whole = grey_closing(falling, HOLE_FRAMES)  # the end of a dropout is no attack
    whole = np.where(whole > falling + HOLE_DB, whole, falling)
    before = np.minimum(np.minimum(whole[:-3], whole[1:-2]), whole[2:-1])
    attacks = np.flatnonzero((whole[3:] - before >= EVENT) & audible[3:])
    attacks = np.count_nonzero(np.diff(attacks, prepend=-WINDOWS) > 5)  # one attack rises for some frames
    if np.count_nonzero(audible) < 3:
        return False
    brightness = (changes[top:] - falling)[audible]
    brighter = np.polyfit(np.linspace(0, 1, len(brightness)), brightness, 1)[0]
    roughness = min(_roughness(falling[audible]), _roughness(_pairs(falling[audible])))
    return brighter < INTO_HISS and (attacks >= 3 or (roughness > ROUGH and (attacks or brighter > DARKENING)))


def _roughness(levels):
    """Twice the median distance of a frame's level from the mean of its neighbours, dB."""
    return np.median(np.abs(np.diff(levels, 2))) if len(levels) > 2 else 0.0


def _pairs(levels):
    """The levels of frames twice as long: single frames of a low tone vary with where they cut its periods."""
    return 10 * np.log10(np.mean(10 ** (levels[: len(levels) // 2 * 2].reshape(-1, 2) / 10), axis=1))
