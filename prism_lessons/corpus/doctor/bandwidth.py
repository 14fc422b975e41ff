"""What is missing at the top of a spectrum: a low sample rate, an upsampled file, a lossy one."""

import numpy as np

from .findings import CLEAR, SEVERE, SLIGHT, Finding, Kind

USUAL_RATE = 16000
USUAL_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# dB above the rounding noise of 16 bits, up to which a band counts as empty: the dither of two channels gives 4.8.
NOTHING = 7.0
CLIFF = 18.0  # dB from the band below the edge to that noise, or more
HIGHEST = 0.9  # of half the sample rate: above, it is the filter of any converter
LOWEST_HZ = 1500.0
NEAR, FAR = (0.80, 0.90), (0.58, 0.68)  # parts of the cutoff that are compared
BETWEEN_PARTIALS = 33  # percentile
STEEPER = 1.2  # than the spectrum below it: a straight slope down to the noise gives 1
EDGE = 0.1  # of the cutoff: resamplers fall to nothing within 9 %, MP3 encoders within 6 %

LOW_RATE = Kind(
    "low_rate",
    "low sample rate",
    "Nothing above half the rate is in it, so the model plays it as dull as it is.",
    "Look for the original at a higher rate, or choose a corpus of this rate.",
    f"sample rate below {USUAL_RATE} Hz, the usual rate of a corpus",
    "sampling theorem; the rate of the published SampleRNN models (Mehri et al. 2017)",
)
BANDWIDTH = Kind(
    "bandwidth",
    "missing high frequencies",
    "Nothing above the cutoff is in it, and a model that hears it beside full recordings learns both sounds.",
    "Look for the original; otherwise choose a corpus rate of twice the cutoff, or leave it out.",
    f"a fall of {CLIFF:.0f} dB or more within {EDGE:.0%} of the cutoff to the rounding noise of 16 bits, below "
    f"{HIGHEST:.0%} of half the sample rate",
    "measured: benchmarks/doctor.py; a recorded spectrum slopes, a resampler or an MP3 encoder cuts",
)


def low_rate_findings(sample_rate):
    """The `Finding` of a file at `sample_rate` Hz, if that is low."""
    if sample_rate >= USUAL_RATE:
        return []
    severity = SEVERE if sample_rate <= USUAL_RATE / 2 else CLEAR
    measured = f"{sample_rate} Hz: nothing above {sample_rate / 2:.0f} Hz"
    return [Finding(LOW_RATE.key, severity, measured, (), {"cutoff": sample_rate / 2})]


def bandwidth_findings(spectra, sample_rate):
    """The `Finding` of a `Spectrum` that breaks off, if it does."""
    power = spectra.full(0.05)
    step = sample_rate / 2 / (len(power) - 1)
    rounding = 10 * np.log10(2**-30 / 12 / (len(power) - 1))
    levels = 10 * np.log10(power + 1e-18) - rounding
    # The top few bins are the filter of the converter or the noise shaping of a dither.
    last = int(HIGHEST * len(power))
    filled = np.flatnonzero(_smooth(levels) > NOTHING)
    filled = filled[filled > 2]
    if not len(filled):
        return []
    edge = int(filled[-1]) + 1
    cutoff = edge * step
    if edge > last or cutoff < LOWEST_HZ:
        return []
    # Between its partials, or a bell whose highest one ends there would have a cliff.
    near, far = (
        np.percentile(levels[int(low * edge) : int(high * edge) + 1], BETWEEN_PARTIALS) for low, high in (NEAR, FAR)
    )
    fall, slope = (near - NOTHING) / (1 - np.mean(NEAR)), (far - near) / (np.mean(NEAR) - np.mean(FAR))
    if near < CLIFF or fall < STEEPER * slope:
        return []
    rate = next((rate for rate in USUAL_RATES if 0.95 * rate / 2 < cutoff < 1.01 * rate / 2), None)
    if cutoff > 14500:
        reason = "as MP3 and AAC leave it"
    elif rate:
        reason = f"as in a file brought up from {rate} Hz"
    else:
        reason = "as a lossy format or a steep filter leaves it"
    corpus = next(rate for rate in USUAL_RATES if rate / 2 > 0.9 * cutoff)
    severity = SLIGHT if cutoff >= USUAL_RATE / 2 * 0.95 else SEVERE if cutoff < USUAL_RATE / 4 * 1.1 else CLEAR
    measured = f"nothing above {cutoff:.0f} Hz, {reason}; a corpus at {corpus} Hz loses nothing by it"
    return [Finding(BANDWIDTH.key, severity, measured, (), {"cutoff": round(cutoff)})]


def _smooth(levels):
    """The median of nine bins: a line alone is no sound."""
    padded = np.pad(levels, 4, mode="reflect")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
