"""Pitch by YIN (de Cheveigné and Kawahara 2002): of single frames, and along a sound."""

import numpy as np
from scipy import fft

from .wave_matching import SAMPLE_RATE

WINDOW, LONGEST_PERIOD = 512, 400  # samples; 40 Hz is the lowest pitch
SPAN = WINDOW + LONGEST_PERIOD  # of a frame
DIP = 0.1  # step 4: the first dip below is at the period
PITCHED = 0.8  # of the confidence: noise in a band an octave wide stays below
CANDIDATES = 8  # of a frame
# The cost of a path through the candidates, in units of the difference. The dips at all multiples of a period are about
# equally deep, so that an octave down costs more than rounding and a little noise, and less than a wrong pitch.
LOWER, LEAP, CHANGE = 0.05, 0.1, 0.05  # an octave down; an octave from one frame to the next; a pitch begins or ends
UNPITCHED, UNPITCHED_HZ = 0.3, 400.0  # a frame without a pitch costs as much as one of that difference and pitch


def yin(frames):
    """The pitch of each of some frames, 40 to 8000 Hz.

    Above 2 kHz, sounds other than pure tones may measure an octave or more too low.

    Parameters
    ----------
    frames : (frames, SPAN) float32
        At 16 kHz; each is compared with itself, its first 32 ms moved by up to 25 ms.

    Returns
    -------
    hertz : (frames,) float64
        A pitch is given for every frame, even of noise.
    confidence : (frames,) float64
        0 .. 1, one minus the cumulative mean normalised difference (equation 8) at that pitch.
    energy : (frames,) float64
        Of the first 32 ms, the sum of their squares.
    """
    normalised, energy = _difference(frames)
    inner = normalised[:, 1:-1]
    dips = (inner <= normalised[:, :-2]) & (inner <= normalised[:, 2:])
    low = dips & (inner < DIP)
    deepest = np.where(dips, inner, 2.0).argmin(axis=1)
    chosen = np.where(low.any(axis=1), low.argmax(axis=1), deepest) + 1
    rows = np.arange(len(frames))
    before, at, after = (normalised[rows, chosen + step] for step in (-1, 0, 1))
    shift, dip = _parabola(before, at, after)
    return SAMPLE_RATE / (chosen + 1 + shift), np.clip(1 - dip, 0.0, 1.0), energy


def pitch_candidates(frames):
    """The likeliest pitches of each of some frames.

    Parameters
    ----------
    frames
        As for `yin`.

    Returns
    -------
    hertz, difference : (frames, CANDIDATES) float64
        In no order; the cumulative mean normalised difference, 0 or more, 2 where a frame has fewer dips.
    """
    normalised, _ = _difference(frames)
    before, at, after = normalised[:, :-2], normalised[:, 1:-1], normalised[:, 2:]
    shifts, depths = _parabola(before, at, after)
    depths = np.where((at <= before) & (at <= after), np.maximum(depths, 0.0), 2.0)
    periods = np.arange(2.0, LONGEST_PERIOD)
    likeliest = np.argpartition(depths + LOWER * np.log2(periods), CANDIDATES, axis=1)[:, :CANDIDATES]
    depths = np.take_along_axis(depths, likeliest, axis=1)
    shifts = np.where(depths < 2, np.take_along_axis(shifts, likeliest, axis=1), 0.0)
    return SAMPLE_RATE / (periods[likeliest] + shifts), depths


def pitch_track(hertz, difference):
    """The pitch along a sound: the cheapest path through the candidates of its frames, by the algorithm of Viterbi.

    Parameters
    ----------
    hertz, difference : (frames, candidates)
        As from `pitch_candidates`.

    Returns
    -------
    (frames,) float64
        Hz, NaN where there is no pitch.
    """
    octaves = np.log2(hertz / UNPITCHED_HZ)
    costs = np.pad(difference - LOWER * octaves, ((0, 0), (0, 1)), constant_values=UNPITCHED)
    steps = np.full((costs.shape[1],) * 2, CHANGE)
    steps[-1, -1] = 0.0
    best, total = np.zeros(costs.shape, np.int8), costs[0]
    states = np.arange(costs.shape[1])
    for frame in range(1, len(costs)):
        steps[:-1, :-1] = LEAP * np.abs(octaves[frame] - octaves[frame - 1][:, None])
        paths = total[:, None] + steps
        best[frame] = paths.argmin(axis=0)
        total = paths[best[frame], states] + costs[frame]
    path = np.full(len(costs), total.argmin())
    for frame in range(len(costs) - 1, 0, -1):
        path[frame - 1] = best[frame, path[frame]]
    return np.pad(hertz, ((0, 0), (0, 1)), constant_values=np.nan)[np.arange(len(path)), path]


def _difference(frames):
    """The cumulative mean normalised difference at lags from 1 on, (frames, LONGEST_PERIOD), and energies (frames,)."""
    size = fft.next_fast_len(frames.shape[1] + WINDOW, real=True)
    head = fft.rfft(frames[:, :WINDOW][:, ::-1], size, axis=1)
    products = fft.irfft(head * fft.rfft(frames, size, axis=1), size, axis=1)
    products = products[:, WINDOW - 1 : WINDOW + LONGEST_PERIOD].astype(np.float64)
    squares = np.cumsum(np.pad(frames.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
    energies = squares[:, WINDOW:] - squares[:, : LONGEST_PERIOD + 1]
    difference = np.maximum(energies[:, :1] + energies - 2 * products, 0.0)[:, 1:]  # equation 6, lags from 1 on
    lags = np.arange(1, LONGEST_PERIOD + 1)
    mean = np.cumsum(difference, axis=1) / lags
    normalised = np.where(mean > 1e-9 * energies[:, :1] + 1e-20, difference / np.maximum(mean, 1e-20), 1.0)
    return normalised, energies[:, 0]


def _parabola(before, at, after):
    """Where the parabola through three values has its minimum, from the middle one on, and how low that is (step 5)."""
    bend = before - 2 * at + after
    shift = np.where(bend > 1e-9, 0.5 * (before - after) / np.maximum(bend, 1e-9), 0.0)
    return shift, at - 0.25 * (before - after) * shift
