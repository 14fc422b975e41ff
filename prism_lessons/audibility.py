"""Whether a sound is audible: its loudness by the standard, and the threshold.

Level alone is not enough: a hum of 40 Hz is softer to the ear than a whisper of the same RMS level.
"""

import numpy as np
import soxr

# If speech at broadcast level (-23 LUFS, EBU R 128) is played at the loudness of somebody talking a metre away (60
# dB(A), ISO 9921), -50 LUFS comes to 33 dB(A). That is the noise of a quiet room (30 dB(A) in a bedroom, 35 dB(A) in a
# classroom: WHO, Guidelines for Community Noise, 1999), which masks softer sounds.
FAINT_LUFS = -50.0
WINDOW_SECONDS = 0.4  # of the standard: shorter sounds are padded with silence
LEAST_RATE, USUAL_RATE = 4000, 16000  # Hz: below the first, the standard's filter does not work


def loudness(samples, sample_rate):
    """Integrated loudness (ITU-R BS.1770-4) of a sound in memory, in LUFS, ignoring a constant offset.

    Parameters
    ----------
    samples : (samples,) float
    sample_rate
        Hz.

    Returns
    -------
    float or None
        None if nothing is above -70 LUFS, the standard's absolute gate.
    """
    from pyloudnorm import Meter  # here, since most importers of this module measure nothing

    samples = np.asarray(samples, np.float64)
    if not len(samples):
        return None
    samples = samples - samples.mean()  # the filter would respond to the onset of an offset
    if sample_rate < LEAST_RATE:
        samples, sample_rate = soxr.resample(samples, sample_rate, USUAL_RATE), USUAL_RATE
    window = int(np.ceil(WINDOW_SECONDS * sample_rate))
    samples = np.pad(samples, (0, max(0, window - len(samples))))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = Meter(sample_rate).integrated_loudness(samples)
    return round(float(found), 1) if np.isfinite(found) else None


def is_audible(lufs):
    """Whether a sound of this loudness, in LUFS or None, can be heard beside louder ones without turning it up."""
    return lufs is not None and lufs >= FAINT_LUFS
