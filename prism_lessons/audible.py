"""Whether a sound can be heard: its loudness as the standard measures it, and how loud it has to be.

Level alone does not say so: a hum of 40 Hz is softer to the ear than a whisper of the same RMS level.
"""

import numpy as np
import soxr

# Play speech that is levelled as broadcasts are (-23 LUFS, EBU R 128) as loud as somebody who talks at a metre's
# distance (60 dB(A), ISO 9921): then -50 LUFS comes to 33 dB(A). That is what a quiet room itself makes (30 dB(A) in a
# bedroom, 35 dB(A) in a classroom: WHO, Guidelines for Community Noise, 1999), and what is softer drowns in it.
FAINT_LUFS = -50.0
WINDOW_SECONDS = 0.4  # of the standard: what is shorter is measured with silence around it
LEAST_RATE, USUAL_RATE = 4000, 16000  # Hz: below the former, the filter of the standard has no room


def loudness(samples, sample_rate):
    """Integrated loudness (ITU-R BS.1770-4) of a sound in memory, in LUFS; a constant offset counts for nothing.

    Parameters
    ----------
    samples : (samples,) float
    sample_rate
        Hz.

    Returns
    -------
    float or None
        None where nothing lies above -70 LUFS, the standard's absolute gate.
    """
    from pyloudnorm import Meter  # here, since most of what imports this measures nothing

    samples = np.asarray(samples, np.float64)
    if not len(samples):
        return None
    samples = samples - samples.mean()  # the filter would hear an offset begin
    if sample_rate < LEAST_RATE:
        samples, sample_rate = soxr.resample(samples, sample_rate, USUAL_RATE), USUAL_RATE
    window = int(np.ceil(WINDOW_SECONDS * sample_rate))
    samples = np.pad(samples, (0, max(0, window - len(samples))))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = Meter(sample_rate).integrated_loudness(samples)
    return round(float(found), 1) if np.isfinite(found) else None


def is_audible(lufs):
    """Whether a sound of so many LUFS, or None, can be heard beside louder ones without turning it up."""
    return lufs is not None and lufs >= FAINT_LUFS
