"""What a sound is like: one row of figures for its timbre and how that moves, whatever its level."""

import numpy as np
from scipy import fft

from .blocks import power_spectrum
from .wave_matching import SAMPLE_RATE

FRAME, HOP, BANDS = 512, 160, 40  # samples, samples, mel bands
RANGE_DB = 60.0  # below the loudest: anything softer counts as silence
SOUNDING_DB = 40.0  # below the loudest: softer frames do not show the timbre
COEFFICIENTS = 12
ONSET_DB = 6.0  # risen within 50 ms: twice the amplitude
DESCRIPTORS = (
    "brightness",
    "brightness moves",
    "noisiness",
    "noisiness moves",
    "level moves",
    "energy comes",
    "onsets",
)
BRIGHTNESS, NOISINESS, LEVEL_MOVES, ENERGY_COMES, ONSETS = 0, 2, 4, 5, 6


def frame_timbre(frames):
    """The timbre of each of some frames, whatever its level.

    Parameters
    ----------
    frames : (frames, FRAME) float32
        At 16 kHz, 32 ms each.

    Returns
    -------
    power : (frames, FRAME // 2)
        The power spectrum above 0 Hz.
    centre : (frames,)
        The spectral centroid, averaged in octaves: octaves above 1 Hz.
    flatness : (frames,)
        The spectral flatness within bands of 500 Hz, in units of 10 dB: noise of any colour is at -0.25.
    energy : (frames,)
        The sum of the power.
    """
    window = np.hanning(FRAME).astype(np.float32)
    octaves = np.log2(np.maximum(fft.rfftfreq(FRAME, 1 / SAMPLE_RATE), 20))
    power = power_spectrum(fft.rfft(frames * window, axis=1))[:, 1:]
    energy = power.sum(1) + 1e-20
    power = power + 1e-7 * energy[:, None]  # 70 dB down: anything below is from the file format
    # In blocks of 500 Hz, so that coloured noise counts as noise; weighted by amplitude, so that hiss does not win.
    blocks = power.reshape(len(power), -1, 16)
    flat, share = np.log10(blocks).mean(2) - np.log10(blocks.mean(2)), np.sqrt(blocks.sum(2))
    flatness = (flat * share).sum(1) / share.sum(1)
    return power, power @ octaves[1:] / power.sum(1), flatness, energy


def timbre_features(samples):
    """What a sound is like, whatever its level.

    Parameters
    ----------
    samples
        At 16 kHz, shape (samples,), from a few samples to minutes.

    Returns
    -------
    row : (43,) float64
        `DESCRIPTORS` (octaves above 1 Hz, its spread; flatness in units of 10 dB, noise of any colour being at -0.25,
        its spread; the spread of the level in units of 10 dB; when half of the energy has come, 0 .. 1; onsets a
        second), then the mean, the spread, and the spread of the differences of 12 mel-frequency cepstral coefficients
        (units of 10 dB).
    profile : (80,) float64
        Mean and spread of the mel bands, in dB relative to the loudest band of each frame.
    """
    import librosa

    samples = np.pad(np.asarray(samples, np.float32), (0, max(0, FRAME - len(samples))))
    peak = float(np.abs(samples).max())
    if peak < 1e-9:  # silence has no timbre: all figures are 0
        return np.zeros(len(DESCRIPTORS) + 3 * COEFFICIENTS), np.zeros(2 * BANDS)
    views = np.lib.stride_tricks.sliding_window_view(samples / peak, FRAME)[::HOP]
    filters = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=FRAME, n_mels=BANDS, fmin=50, fmax=8000).T
    parts = []
    for start in range(0, len(views), 1000):
        power, centre, flatness, energy = frame_timbre(views[start : start + 1000])
        parts.append((power @ filters[1:], centre, flatness, energy))
    bands, centre, flatness, energy = (np.concatenate(part).astype(np.float64) for part in zip(*parts, strict=True))
    bands = 10 * np.log10(np.maximum(bands, bands.max() * 10 ** (-RANGE_DB / 10)) / bands.max())
    level = 10 * np.log10(np.maximum(energy / energy.max(), 10 ** (-RANGE_DB / 10)))
    sounding = level > -SOUNDING_DB
    bands, centre, flatness = bands[sounding], centre[sounding], flatness[sounding]
    # Each frame relative to its own loudest band: the decay of a strike shows in the level alone.
    shapes = bands - bands.max(1, keepdims=True)
    cepstra = fft.dct(shapes, axis=1, norm="ortho")[:, 1 : COEFFICIENTS + 1] / 10 / np.sqrt(BANDS) * 4
    half = float(np.interp(0.5, np.cumsum(energy) / energy.sum(), np.linspace(0, 1, len(energy))))
    smooth = 10 * np.log10(np.convolve(10 ** (level / 10), np.ones(5) / 5, "same") + 1e-9)
    before = np.pad(smooth, (5, 0), constant_values=-RANGE_DB)[: len(smooth)]
    rising = (smooth - before > ONSET_DB) & (smooth > -30)
    onsets = np.count_nonzero(rising & ~np.pad(rising, (1, 0))[:-1])
    described = [centre.mean(), centre.std(), flatness.mean(), flatness.std(), level[sounding].std() / 10, half]
    described.append(onsets / max(1.0, len(samples) / SAMPLE_RATE))
    changes = np.diff(cepstra, axis=0) if len(cepstra) > 1 else np.zeros((1, COEFFICIENTS))
    row = np.concatenate([described, cepstra.mean(0), cepstra.std(0), changes.std(0)])
    return row, np.concatenate([shapes.mean(0), shapes.std(0)])
