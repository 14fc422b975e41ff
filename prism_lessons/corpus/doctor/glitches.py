"""Clicks and dropouts: places where a recording is broken for less than a tenth of a second.

Clicks are looked for in the mono sum, which is what a model hears, as samples that linear prediction from both sides
cannot explain (Godsill & Rayner, "Digital Audio Restoration", Springer 1998, chapter 5). Dropouts are looked for in
every channel, as runs of one repeated value that sound neither runs into nor out of. Both remedies fill a gap with
what linear prediction expects there (Janssen, Veldhuis & Vries, IEEE Trans. ASSP 34(2), 1986).
"""

import numpy as np
import scipy.fft
import scipy.linalg
from numpy.lib.stride_tricks import sliding_window_view

from .blocks import Pieces, by_piece
from .findings import CLEAR, MOST_PLACES, SEVERE, SLIGHT, Finding, Kind

STEP = 1 / 32768  # of 16-bit samples

FRAME_SECONDS = 0.023  # half the stretch that one set of prediction coefficients holds for: sound hardly changes in it
CHUNKS = 8  # in a frame, of about 3 ms: the grain in which a click is compared with what surrounds it
PIECE_FRAMES, MARGIN_FRAMES = 128, 8
# A click stands out this many times from the median of the 15 ms around it.
PROMINENCE = 18.0
# And it is rare: in the 0.1 s before and after it, at most two others come near it. A sawtooth has one in each period.
RARITY, NEIGHBOURS, OTHERS = 1.5, 33, 2
WIDTH_SECONDS = 0.00075  # a click ends within this much of its highest sample

SHORTEST_HOLE, LONGEST_HOLE = 0.001, 0.1  # seconds
EDGE_SECONDS, AROUND_SECONDS = 0.00035, 0.005
EDGE_SHARE = 0.04  # of the peak around: a fade of 5 ms is below it in its last 0.35 ms
SOUNDING = 0.003  # peak, full scale is 1; about -50 dBFS
JUMP = 8 * STEP  # soft sounds rest on one value too, but leave it in steps of 1 to 3
OUTLIER = 10.0
INTERPOLATED_SECONDS, FADE_SECONDS = 0.005, 0.005
MOST_HOLES = 1000


def prediction(power, order):
    """Linear prediction coefficients, shape (frames, order + 1), from power spectra: Levinson's recursion."""
    correlation = scipy.fft.irfft(power, axis=1)[:, : order + 1].astype(np.float64)
    # A little white noise, 90 dB down or half a 16-bit step, keeps pure tones and silence from dividing by nothing.
    correlation[:, 0] += 1e-9 * correlation[:, 0] + (STEP / 2) ** 2 * power.shape[1]
    coefficients = np.zeros_like(correlation)
    coefficients[:, 0] = 1
    error = correlation[:, 0].copy()
    for i in range(1, order + 1):
        reflection = -np.einsum("ij,ij->i", coefficients[:, :i], correlation[:, i:0:-1]) / error
        coefficients[:, 1 : i + 1] += reflection[:, None] * coefficients[:, i - 1 :: -1][:, :i]
        error *= 1 - reflection**2
    return coefficients


def unpredicted(samples, hop, order):
    """How far each sample sticks out of what linear prediction expects from both sides.

    Prediction forwards and backwards is one filter, whose response is the power of the prediction error filter; scaled
    so that a lone click of height h gives h at its place. Coefficients hold for frames of 2 `hop`, of which the
    middle half is used. Where something sticks out, they are found again without it: a click hides itself otherwise.

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
    window = np.hanning(2 * hop).astype(np.float32)
    spectra = scipy.fft.rfft(frames, axis=1)

    def heights(spectra, frames):
        power = np.abs(scipy.fft.rfft(frames * window, axis=1)) ** 2
        coefficients = prediction(power, order)
        response = np.abs(scipy.fft.rfft(coefficients, 2 * hop, axis=1)) ** 2
        response /= np.sum(coefficients**2, axis=1, keepdims=True)
        return np.abs(scipy.fft.irfft(spectra * response.astype(np.float32), axis=1))

    out = heights(spectra, frames)
    medians = np.median(out[:, ::4], axis=1) + STEP
    again = np.flatnonzero(out.max(axis=1) > OUTLIER * medians)
    if len(again):
        mended = np.array(frames[again])
        for frame, far in zip(mended, out[again] > OUTLIER / 2 * medians[again, None], strict=True):
            far = np.convolve(far, np.ones(7), "same") > 0
            frame[far] = np.interp(np.flatnonzero(far), np.flatnonzero(~far), frame[~far])
        out[again] = heights(spectra[again], mended)
    return out[:, hop // 2 : hop // 2 + hop].reshape(-1)[: len(samples)]


def grid(sample_rate):
    """The frame (a power of two, in samples) and the order of prediction for a sample rate."""
    return 1 << max(6, round(np.log2(FRAME_SECONDS * sample_rate))), 24 if sample_rate > 24000 else 16


def clicks_in(samples, sample_rate):
    """The clicks in mono float32 samples, of which the first lies on the grid of frames: [(start, stop), ...]."""
    hop, order = grid(sample_rate)
    chunk, width = hop // CHUNKS, int(WIDTH_SECONDS * sample_rate)
    count = len(samples) // chunk
    if count < 5:
        return []
    heights = unpredicted(samples, hop, order)
    chunks = heights[: count * chunk].reshape(count, chunk)
    highest = chunks.max(axis=1)
    medians = np.pad(np.median(chunks, axis=1), 2, mode="edge")
    around = sliding_window_view(medians, 5).max(axis=1) + 2 * STEP
    found = np.flatnonzero(highest > PROMINENCE * around)
    found = found[
        (found > 0) & (found < count - 1)
    ]  # where a sound begins or ends, half of what surrounds it is missing
    clicks = []
    for index in found:
        near = np.r_[highest[max(0, index - NEIGHBOURS) : index - 1], highest[index + 2 : index + 1 + NEIGHBOURS]]
        if len(near) > OTHERS and np.sort(near)[-1 - OTHERS] * RARITY > highest[index]:
            continue
        top = index * chunk + int(np.argmax(chunks[index]))
        start = max(0, top - width)
        above = start + np.flatnonzero(heights[start : top + width] > heights[top] / 4)
        if clicks and above[0] - 2 <= clicks[-1][1]:
            clicks[-1] = (clicks[-1][0], int(above[-1]) + 3)
        else:
            clicks.append((max(0, int(above[0]) - 2), int(above[-1]) + 3))
    return clicks


class Glitches:
    kinds = ()

    def __init__(self, sample_rate, channels):
        pass

    def add(self, frames, mono):
        pass

    def findings(self):
        return []
