"""A high noise floor: steady noise, measured where nothing else sounds, and its remedy.

In the quietest frames, steady noise shows two marks: its power is the same in all of them, and the mean of its decibels
is 2.5 dB below the decibels of its mean, as for any Gaussian noise. A sound that decays, breathes or holds a tone has
neither.
"""

from itertools import pairwise

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.signal import istft, stft

from ...analysis import Reblocker, map_with_context
from .findings import CLEAR, SEVERE, SLIGHT, FaultKind, Finding

QUIETEST, QUIETER = 0.1, 0.2  # shares of the frames
LEAST_FRAMES = 16
BANDS = 24  # from 200 Hz to 95 % of half the sample rate, spaced logarithmically
GAUSSIAN = (-3.4, -1.7)  # dB: -2.5 (the expected logarithm of an exponential variable), with the scatter of few frames
SAME = 1.5  # dB between the quietest tenth and the quietest fifth
OVER_ROUNDING = 6.0  # dB above the rounding noise of 16 bits
LEAST_BINS = 0.45  # share of the spectrum that shows the marks
NOISY, SAME_AS_SOUND = 40.0, 15.0  # dB from the noise to the loudest parts
MOST_BELOW = 15.0  # dB from its part above 1 kHz to all of it: pink noise gives 4; the rest of a drum more
LEAST_CONTRAST = 10.0  # dB from the quietest frames as a whole to the loudest
SOFTEST_DBFS = -70.0
MOST_REDUCTION = 10 ** (-12 / 20)
FRAME_SECONDS = 0.046


def _reduce_noise(blocks, sample_rate, values):
    """A remedy: a Wiener gain for each time and frequency, at most 12 dB down, from the measured noise.

    The power is first averaged over three frames and five bins and the noise counted twice: isolated bins would sound
    like chirps (Berouti et al. 1979).
    """
    size = 2 ** round(np.log2(FRAME_SECONDS * sample_rate))
    window = {"fs": sample_rate, "window": "hann", "nperseg": size, "noverlap": size * 3 // 4}
    frequencies, densities = np.array(values["spectrum"], np.float64).T
    noise = 10 ** (np.interp(np.fft.rfftfreq(size, 1 / sample_rate), frequencies, densities) / 10) * sample_rate / size

    def change(samples):
        _, _, spectrum = stft(np.pad(samples, (0, max(0, size - len(samples)))), **window)
        # scipy scales a sine to its amplitude; the power of noise in a bin is then 1.5 times that of a bin's width.
        power = uniform_filter(np.abs(spectrum) ** 2, (5, 3), mode="nearest")
        gain = np.sqrt(np.maximum(1 - 2 * 0.75 * noise[:, None] / (power + 1e-20), MOST_REDUCTION**2))
        _, sound = istft(spectrum * gain, **window)
        return np.clip(sound[: len(samples)], -1, 1).astype(np.float32)

    reblocker = Reblocker(64 * size)  # whole frames, however the blocks are cut

    def even():
        for block in blocks:
            yield from reblocker.add(block)
        yield reblocker.flush()

    return map_with_context(even(), change, 4 * size)


NOISE = FaultKind(
    "noise",
    "high noise floor",
    "To a model the hiss is as much a sound as the music, and it plays hiss where there should be a rest.",
    "Have the course lower it, which also dulls what is as soft as the hiss; better, record nearer to the source.",
    f"steady noise less than {NOISY:.0f} dB below the loudest parts and above {SOFTEST_DBFS:.0f} dBFS, "
    "in recordings that have louder and quieter parts",
    "minimum statistics (Martin 2001, IEEE Trans. Speech Audio Process. 9(5)); rounding to 256 values leaves 38 dB "
    "itself; measured: benchmarks/doctor.py",
    _reduce_noise,
    "noise lowered by up to 12 dB",
)


def noise_findings(spectra, sample_rate):
    """The `Finding` of a high noise floor in a `Spectrum`, if it has one."""
    if spectra.frames < LEAST_FRAMES:
        return []
    power, logs = spectra.quiet(QUIETEST)
    quieter, _ = spectra.quiet(QUIETER)
    step = sample_rate / 2 / (len(power) - 1)
    edges = np.unique(np.geomspace(max(2, 200 / step), 0.95 * len(power), BANDS + 1).astype(int))
    widths = np.diff(edges)
    flatness = _medians(logs - 10 * np.log10(power + 1e-18), edges)
    density, later = (10 * np.log10(_medians(one, edges) + 1e-18) for one in (power, quieter))
    rounding = 10 * np.log10(2**-30 / 12 / (len(power) - 1))
    steady = (GAUSSIAN[0] < flatness) & (flatness < GAUSSIAN[1]) & (later - density < SAME)
    steady &= density > rounding + OVER_ROUNDING
    if widths[steady].sum() < LEAST_BINS * widths.sum():
        return []
    level = 10 * np.log10(np.sum(widths[steady] * 10 ** (density[steady] / 10)))
    loud = 10 * np.log10(spectra.loudest())
    high = steady & (edges[:-1] * step > 1000)
    if np.sum(widths[high] * 10 ** (density[high] / 10)) < 10 ** ((level - MOST_BELOW) / 10):
        return []
    contrast = loud - level
    quiet = 10 * np.log10(np.sum(power) + 1e-18)
    if level < SOFTEST_DBFS or not SAME_AS_SOUND <= contrast <= NOISY or loud - quiet < LEAST_CONTRAST:
        return []
    severity = SLIGHT if contrast > 33 else CLEAR if contrast > 25 else SEVERE
    centres = np.sqrt(edges[:-1] * edges[1:]) * step
    # Where the marks are missing, other sound hides the noise: it is interpolated from the bands that show it.
    shown = np.interp(np.arange(len(density)), np.flatnonzero(steady), density[steady])
    shown = shown - 10 * np.log10(step)  # for each hertz
    spectrum = [[round(float(hertz), 1), round(float(one), 2)] for hertz, one in zip(centres, shown, strict=True)]
    measured = f"noise at {level:.0f} dBFS, {contrast:.0f} dB below the loudest parts"
    return [Finding(NOISE.key, severity, measured, (), {"spectrum": spectrum})]


def _medians(values, edges):
    """The median of `values` (one for each bin) in each band between two `edges`, which ignores a line or two."""
    return np.array([np.median(values[first:last]) for first, last in pairwise(edges)])
