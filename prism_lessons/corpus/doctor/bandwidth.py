"""Missing high frequencies: a low sample rate, an upsampled file, a lossy one."""

from dataclasses import replace

import numpy as np

from .findings import CLEAR, SEVERE, SLIGHT, FaultKind, Finding

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
# Shares of the range that a spectrum could fill: an octave is missing (with the 10 % that resamplers leave), or a third
# of one, the width of the bands in which hearing is measured.
AN_OCTAVE, A_THIRD_OF_AN_OCTAVE = 1.1 / 2, 2 ** (-1 / 3)
EDGE = 0.1  # of the cutoff: resamplers fall to nothing within 9 %, MP3 encoders within 6 %

LOW_RATE = FaultKind(
    "low_rate",
    "low sample rate",
    "It holds nothing above half its rate, so the model sounds as dull as it does.",
    "Look for the original at a higher rate, or choose a corpus of this rate.",
    f"sample rate below {HIGHEST:.0%} of the corpus's, which is {USUAL_RATE} Hz where none is named",
    "sampling theorem; 16000 Hz is the rate of the published SampleRNN models (Mehri et al. 2017)",
)
BANDWIDTH = FaultKind(
    "bandwidth",
    "missing high frequencies",
    "It holds nothing above the cutoff, and a model that also hears full recordings learns both sounds.",
    "Look for the original, if this was made from it at a lower rate or as MP3; otherwise choose a corpus rate of "
    "twice the cutoff, or leave it out.",
    f"a fall of {CLIFF:.0f} dB or more within {EDGE:.0%} of the cutoff to the rounding noise of 16 bits, below "
    f"{HIGHEST:.0%} of half the file's sample rate and of half the corpus's, {USUAL_RATE} Hz where none is named",
    "measured: benchmarks/doctor.py; a recorded spectrum slopes, a resampler or an MP3 encoder cuts",
)


def bandwidth_at_rate(findings, own_rate, sample_rate):
    """As `findings_at_rate`, with the low sample rate last."""
    top, kept = sample_rate / 2, []
    for finding in findings:
        if finding.kind != BANDWIDTH.key:
            kept.append(finding)
        elif (cutoff := finding.values["cutoff"]) < HIGHEST * top:
            measured = f"nothing above {cutoff} Hz, where a corpus at {sample_rate} Hz holds sound up to {top:.0f} Hz"
            if better := [rate for rate in USUAL_RATES if HIGHEST * rate / 2 <= cutoff]:
                nearest = min(better, key=lambda rate: abs(rate - 2 * cutoff))
                measured += f"; one at {nearest} Hz would lose nothing by it"
            kept.append(replace(finding, severity=_severity(cutoff, top), measured=measured))
    if own_rate < HIGHEST * sample_rate:
        measured = f"{own_rate} Hz: nothing above {own_rate / 2:.0f} Hz"
        kept.append(Finding(LOW_RATE.key, _severity(own_rate / 2, top), measured, (), {"cutoff": own_rate / 2}))
    return kept


def _severity(cutoff, top):
    """The severity of a cutoff in sound that could reach up to `top`, both in Hz."""
    return SEVERE if cutoff < AN_OCTAVE * top else CLEAR if cutoff < A_THIRD_OF_AN_OCTAVE * top else SLIGHT


def bandwidth_findings(spectra, sample_rate):
    """The `Finding` of a `Spectrum` that breaks off, if it does, for a corpus at the file's own rate."""
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
    # Measured between partials; otherwise a bell would have a cliff at its highest one.
    near, far = (
        np.percentile(levels[int(low * edge) : int(high * edge) + 1], BETWEEN_PARTIALS) for low, high in (NEAR, FAR)
    )
    fall, slope = (near - NOTHING) / (1 - np.mean(NEAR)), (far - near) / (np.mean(NEAR) - np.mean(FAR))
    if near < CLIFF or fall < STEEPER * slope:
        return []
    found = Finding(BANDWIDTH.key, SLIGHT, "", (), {"cutoff": round(cutoff)})
    return bandwidth_at_rate([found], sample_rate, sample_rate)


def _smooth(levels):
    """The median of nine bins: a single line does not count."""
    padded = np.pad(levels, 4, mode="reflect")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
