"""Fingerprints for comparing recordings: the mel spectrogram of each, and its wave at 16 kHz."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr
from scipy import fft
from scipy.sparse import csr_array

from .blocks import power_spectrum
from .wave_matching import SAMPLE_RATE

FRAME, HOP, BANDS = 1024, 160, 48  # samples, samples, mel bands from 60 to 7600 Hz
LOW_BANDS = 32  # those below 3.5 kHz, which survive a rate of 8 kHz
SILENT_PEAK = 2.0**-14  # two steps of 16 bits: what stays below is dither


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of a recording: about 150 MB for an hour.

    Attributes
    ----------
    frames
        Amplitudes in mel bands, to the power of 0.5, every 10 ms: (frames, 48) float16.
    samples
        The wave at 16 kHz, its peak at full scale: (samples,) float16.
    peak
        The original peak.
    """

    frames: np.ndarray
    samples: np.ndarray
    peak: float

    def wave(self, start, size):
        """`size` samples from `start` on, float32, zero-padded beyond the ends."""
        low, high = max(0, start), min(len(self.samples), start + size)
        wave = np.zeros(size, np.float32)
        if high > low:
            wave[low - start : high - start] = self.samples[low:high]
        return wave


def at_16_khz(clip):
    """The samples of a `Clip` at 16 kHz, float32, shape (samples,)."""
    samples = np.asarray(clip.samples, np.float32)
    return samples if clip.sample_rate == SAMPLE_RATE else soxr.resample(samples, clip.sample_rate, SAMPLE_RATE)


@cache
def _bands():
    """The mel bands, (bands, bins of a spectrum) float32; sparse, as each bin is in at most two of them."""
    import librosa

    return csr_array(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=FRAME, n_mels=BANDS, fmin=60, fmax=7600, norm=None))


def fingerprint(samples):
    """The `Fingerprint` of samples at 16 kHz, shape (samples,); None for silence, or for less than 10 ms."""
    samples = samples - samples.mean() if len(samples) else samples
    peak = float(np.abs(samples).max(initial=0.0))
    if len(samples) < HOP or peak < SILENT_PEAK:
        return None
    samples = samples / np.float32(peak)
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    padded = np.pad(samples, FRAME // 2)
    views = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    frames = np.empty((len(views), BANDS), np.float16)
    for start in range(0, len(views), 1000):
        spectra = fft.rfft(views[start : start + 1000] * window, axis=1)
        frames[start : start + 1000] = np.sqrt(np.sqrt(_bands() @ power_spectrum(spectra).T)).T
    return Fingerprint(frames, samples.astype(np.float16), peak)
