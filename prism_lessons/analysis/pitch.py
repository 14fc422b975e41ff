"""Pitch by YIN, frame by frame (de Cheveigné and Kawahara 2002)."""

import numpy as np
from scipy import fft

from .wave_matching import SAMPLE_RATE

WINDOW, LONGEST_PERIOD = 512, 400  # samples; 40 Hz is the lowest pitch
SPAN = WINDOW + LONGEST_PERIOD  # of a frame
DIP = 0.1  # step 4: the first dip below is at the period
PITCHED = 0.8  # of the confidence: noise in a band an octave wide stays below


def yin(frames, tolerance=0.0):
    """The pitch of each of some frames, 40 to 8000 Hz.

    Above 2 kHz, sounds other than pure tones may measure an octave or more too low.

    Parameters
    ----------
    frames : (frames, SPAN) float32
        At 16 kHz; each is compared with itself, its first 32 ms moved by up to 25 ms.
    tolerance : float
        Where no dip of the difference is below 0.1, the first that is at most so much shallower than the deepest is
        chosen. The dips at all multiples of a period are about equally deep, and noise makes any of them the deepest.

    Returns
    -------
    hertz : (frames,) float64
        A pitch is given for every frame, even of noise.
    confidence : (frames,) float64
        0 .. 1, one minus the cumulative mean normalised difference (equation 8) at that pitch.
    energy : (frames,) float64
        Of the first 32 ms, the sum of their squares.
    """
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
    inner = normalised[:, 1:-1]
    dips = (inner <= normalised[:, :-2]) & (inner <= normalised[:, 2:])
    deepest = np.where(dips, inner, 2.0).min(axis=1, keepdims=True)
    low = dips & ((inner < DIP) | (inner <= deepest + tolerance))
    chosen = low.argmax(axis=1) + 1
    rows = np.arange(len(frames))
    before, at, after = (normalised[rows, chosen + step] for step in (-1, 0, 1))
    bend = before - 2 * at + after
    shift = np.where(bend > 1e-9, 0.5 * (before - after) / np.maximum(bend, 1e-9), 0.0)
    dip = at - 0.25 * (before - after) * shift
    return SAMPLE_RATE / (lags[chosen] + shift), np.clip(1 - dip, 0.0, 1.0), energies[:, 0]
