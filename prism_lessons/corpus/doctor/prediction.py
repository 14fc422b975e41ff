"""Linear prediction: which samples stick out of a sound, and how to fill a gap in it.

Godsill & Rayner, "Digital Audio Restoration", Springer 1998, chapter 5, for the first; Janssen, Veldhuis & Vries, IEEE
Transactions ASSP 34(2), 1986, for the second.
"""

import numpy as np
import scipy.fft
import scipy.linalg
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter1d

STEP = 1 / 32768  # of 16-bit samples
FRAME_SECONDS = 0.023  # half the stretch that one set of prediction coefficients holds for: sound hardly changes in it
OUTLIER = 20.0  # times the median of a frame; the filter is estimated again without such samples
GAP_ORDER, GAP_CONTEXT_SECONDS = 160, 0.05


def prediction(power, order):
    """Prediction error filters, shape (frames, order + 1), from power spectra of frames: Levinson's recursion."""
    correlation = scipy.fft.irfft(power, axis=1)[:, : order + 1].astype(np.float64)
    # A little white noise, 90 dB below the sound and half a 16-bit step, keeps pure tones and silence solvable.
    correlation[:, 0] += 1e-9 * correlation[:, 0] + (STEP / 2) ** 2 * power.shape[1]
    filters = np.zeros_like(correlation)
    filters[:, 0] = 1
    error = correlation[:, 0].copy()
    for i in range(1, order + 1):
        reflection = -np.einsum("ij,ij->i", filters[:, :i], correlation[:, i:0:-1]) / error
        filters[:, 1 : i + 1] += reflection[:, None] * filters[:, i - 1 :: -1]
        error *= 1 - reflection**2
    return filters


def power_of(spectra):
    return spectra.real**2 + spectra.imag**2


def unpredicted(samples, hop, order):
    """The error of linear prediction from both sides at each sample.

    Prediction forwards and backwards is one filter; its response is the power of the prediction error filter's, scaled
    so that a lone click of height h gives h in its place. Each filter covers a frame of 2 `hop`, of which the middle
    half is used. Where something sticks out, the filter is estimated again without it: a tall click hides itself.

    Parameters
    ----------
    samples
        float32, shape (samples,).

    Returns
    -------
    Magnitudes, float32, shape (samples,).
    """
    count = -(-len(samples) // hop)
    padded = np.pad(samples, (hop // 2, count * hop - len(samples) + hop // 2))
    frames = sliding_window_view(padded, 2 * hop)[::hop]
    spectra = scipy.fft.rfft(frames, axis=1)
    window = np.hanning(2 * hop).astype(np.float32)

    def sticking_out(spectra, frames):
        filters = prediction(power_of(scipy.fft.rfft(frames * window, axis=1)), order)
        filters /= np.sqrt(np.sum(filters**2, axis=1, keepdims=True))
        response = power_of(scipy.fft.rfft(filters.astype(np.float32), 2 * hop, axis=1))
        return np.abs(scipy.fft.irfft(spectra * response, axis=1))

    out = sticking_out(spectra, frames)
    out[:, :order] = out[:, -order:] = 0  # the two ends of a frame run into each other there
    limits = OUTLIER * (np.median(out[:, ::8], axis=1) + STEP)
    again = np.flatnonzero(out.max(axis=1) > limits)
    if len(again):
        mended = frames[again]
        far = maximum_filter1d((out[again] > limits[again, None] / 2).view(np.uint8), 7, axis=1).view(bool)
        for frame, hidden in zip(mended, far, strict=True):
            frame[hidden] = np.interp(hidden.nonzero()[0], (~hidden).nonzero()[0], frame[~hidden])
        out[again] = sticking_out(spectra[again], mended)
    return out[:, hop // 2 : hop // 2 + hop].reshape(-1)[: len(samples)]


def grid(sample_rate):
    """The frame (a power of two, in samples) and the order of prediction for a sample rate."""
    return 1 << max(8, round(np.log2(FRAME_SECONDS * sample_rate))), 24 if sample_rate > 24000 else 16


def filled(samples, start, stop, sample_rate):
    """`samples`, with those from `start` to `stop` replaced, in place, by linear prediction from both sides."""
    context = max(int(GAP_CONTEXT_SECONDS * sample_rate), 4 * (stop - start))
    first, last = max(0, start - context), min(len(samples), stop + context)
    part, gap = samples[first:last].astype(np.float64), slice(start - first, stop - first)
    order = min(GAP_ORDER, len(part) // 4)
    outside = np.r_[0 : gap.start, gap.stop : len(part)]
    part[gap] = np.interp(np.arange(gap.start, gap.stop), outside, part[outside])
    for _ in range(3):  # each time, the filter is estimated from a better filled gap
        power = power_of(scipy.fft.rfft(part * np.hanning(len(part)), 2 * len(part)))
        correlation = scipy.fft.irfft(power)[: order + 1]
        correlation[0] += 1e-9 * correlation[0] + STEP**2
        error_filter = np.r_[1, scipy.linalg.solve_toeplitz(correlation[:-1], -correlation[1:])]
        coupling = np.correlate(error_filter, error_filter, "full")
        part[gap] = 0
        column = np.zeros(stop - start)
        column[: order + 1] = coupling[order:][: stop - start]
        pull = np.convolve(part, coupling, "same")[gap]
        part[gap] = np.clip(-scipy.linalg.solve_toeplitz(column, pull), -1, 1)
    samples[start:stop] = part[gap]
    return samples
