"""Faults in the samples themselves, for benchmarks/doctor.py: channels, clipping, inter-sample peaks, holes, clicks.

A sound is left out where it cannot have a fault, as each function says; nothing else is left out.
"""

import io
from functools import partial

import numpy as np
import scipy.fft
import scipy.signal
import soundfile
import soxr
from fault import Fault
from scipy.ndimage import maximum_filter1d

SOUNDING = 0.01  # peak, full scale is 1


def stereo(samples):
    return np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples[:, :2]


def in_phase(samples):
    """Stereo samples, or None where the channels have too little in common for an inverted one to cancel the other."""
    samples = stereo(samples)
    left, right = samples.T
    return samples if left @ right > 0.5 * np.sqrt((left @ left) * (right @ right)) else None


def inverted(samples, rate, random, decibels=0.0):
    """The right channel inverted, and softer; None where the channels correlate by less than 0.5."""
    samples = in_phase(samples)
    return None if samples is None else (samples * [1, -(10 ** (decibels / 20))], rate)


def mostly_inverted(samples, rate, random, correlation):
    """A right channel that correlates with the left by `correlation`: inverted, with reverberation of its own."""
    mono = samples.mean(axis=1)
    tail = random.standard_normal(int(0.05 * rate)) * np.exp(-np.linspace(0, 7, int(0.05 * rate)))
    room = scipy.signal.oaconvolve(mono, tail)[: len(mono)]
    room -= mono * (room @ mono) / (mono @ mono)
    room *= np.sqrt((mono @ mono) / (room @ room))
    both = np.stack([mono, correlation * mono + np.sqrt(1 - correlation**2) * room], axis=1)
    return both / max(1, np.abs(both).max()), rate


def inverted_at_times(samples, rate, random, share):
    """The right channel inverted from somewhere to the end, for a share of the energy; None as in `inverted`."""
    samples = in_phase(samples)
    if samples is None:
        return None
    energy = np.cumsum(np.sum(samples**2, axis=1))
    samples[np.searchsorted(energy, (1 - share) * energy[-1]) :, 1] *= -1
    return samples, rate


def inverted_in_a_band(samples, rate, random, share):
    """The right channel inverted below a frequency, for a share of the energy; None as in `inverted`."""
    samples = in_phase(samples)
    if samples is None:
        return None
    spectrum = np.fft.rfft(samples, axis=0)
    energy = np.cumsum(np.sum(np.abs(spectrum) ** 2, axis=1))
    spectrum[: np.searchsorted(energy, share * energy[-1]), 1] *= -1
    samples = np.fft.irfft(spectrum, len(samples), axis=0)
    return samples / max(1, np.abs(samples).max()), rate


def one_side(samples, rate, random, decibels=None):
    """All of the sound on the left; on the right nothing, or the same sound that much softer."""
    mono = samples.mean(axis=1)
    return np.stack([mono, mono * (0 if decibels is None else 10 ** (decibels / 20))], axis=1), rate


def clipped(samples, rate, random, over, then=lambda samples, rate: (samples / np.abs(samples).max(), rate)):
    """Cut off `over` dB below the highest sample; None where fewer than 10 samples of a channel lie above that."""
    level = np.abs(samples).max() / 10 ** (over / 20)
    if np.count_nonzero(np.abs(samples) > level, axis=0).max() < 10:
        return None
    return then(np.clip(samples, -level, level), rate)


def turned_down(samples, rate, decibels):
    return samples * 10 ** (-decibels / 20) / np.abs(samples).max(), rate


def dithered(samples, rate):
    noise = np.random.default_rng(0).random((2, *samples.shape))
    return samples * 0.9 / np.abs(samples).max() + (noise[0] - noise[1]) / 32768, rate


def at_another_rate(samples, rate):
    return 0.7 * soxr.resample(samples / np.abs(samples).max(), rate, 32000 if rate > 32000 else 22050), rate


def through_mp3(samples, rate):
    file = io.BytesIO()
    soundfile.write(file, 0.7 * samples / np.abs(samples).max(), rate, format="MP3")
    file.seek(0)
    return soundfile.read(file, always_2d=True)[0], rate


def true_peak(samples):
    """The highest value of the curve between the samples, by 16-fold oversampling of the whole."""
    padded = np.pad(samples, ((0, scipy.fft.next_fast_len(len(samples)) - len(samples)), (0, 0)))
    return max(np.abs(scipy.signal.resample(channel, 16 * len(channel))).max() for channel in padded.T)


def between_samples(samples, rate, random, dbtp, beyond=False):
    """A true peak of exactly `dbtp`; None where samples would lie beyond full scale too, unless that is meant.

    Of 8 shifts by a part of a sample, the one with the lowest samples is taken: digital limiters leave such sounds.
    """
    frequencies = np.fft.rfftfreq(len(samples))[:, None]
    spectrum = np.fft.rfft(samples, axis=0)
    shifts = [np.fft.irfft(spectrum * np.exp(2j * np.pi * frequencies * n / 8), len(samples), axis=0) for n in range(8)]
    samples = min(shifts, key=lambda shifted: np.abs(shifted).max())
    samples *= 10 ** (dbtp / 20) / true_peak(samples)
    return (samples, rate) if beyond or np.abs(samples).max() <= 1 else None


def places(samples, rate, random, count, seconds=0.0):
    """Up to `count` random places, at most 5 a second and one at least: [(start, peak around), ...].

    The peak is that of the 10 ms on either side. There is sound (-40 dBFS) in the 5 ms before a place, and in the 5 ms
    after `seconds` from it.
    """
    size = np.abs(samples).max(axis=1)
    near, length = int(0.005 * rate), int(seconds * rate)
    peaks = maximum_filter1d(size, near)  # of a stretch around
    starts = np.arange(4 * near, len(size) - length - 4 * near)
    starts = starts[(peaks[starts - near // 2] >= SOUNDING) & (peaks[starts + length + near // 2] >= SOUNDING)]
    chosen = []
    for start in random.permutation(starts):
        if all(abs(start - other) > length + 2 * near for other in chosen):
            chosen.append(int(start))
        if len(chosen) >= max(1, min(count, 5 * len(size) / rate)):
            break
    return [(start, size[start - 2 * near : start + length + 2 * near].max()) for start in chosen]


def clicks(samples, rate, random, count, height, seconds=0.0, channels=slice(None)):
    """Clicks as tall as `height` times the sound's peak around them, of one sample or bursts of some length.

    What would lie beyond full scale is held there. None where there is no sound at -40 dBFS.
    """
    length = max(1, int(seconds * rate))
    chosen = places(samples, rate, random, count)
    for start, peak in chosen:
        shape = random.choice([-1, 1], length) * (random.uniform(0.3, 1, length) if length > 1 else 1)
        samples[start : start + length, channels] += (height * peak * shape)[:, None]
    return (np.clip(samples, -1, 1 - 2**-15), rate) if chosen else None


def holes(samples, rate, random, count, seconds, held=False, channels=slice(None)):
    """Zeros, or the last value held; None where there is no sound at -40 dBFS on either side of such a hole."""
    length = int(seconds * rate)
    chosen = places(samples, rate, random, count, seconds)
    for start, _ in chosen:
        samples[start : start + length, channels] = samples[start - 1, channels] if held else 0
    return (samples, rate) if chosen else None


def in_one_channel(inject):
    """`inject` in the left channel of what has two; None for mono."""

    def left(samples, rate, random):
        return inject(samples, rate, random, channels=slice(0, 1)) if samples.shape[1] > 1 else None

    return left


FAULTS = [
    Fault("cancelling", "right channel inverted", inverted),
    Fault("cancelling", "right channel inverted and 1 dB softer", partial(inverted, decibels=-1)),
    Fault("cancelling", "right channel inverted and 6 dB softer", partial(inverted, decibels=-6)),
    Fault("cancelling", "correlation -0.9", partial(mostly_inverted, correlation=-0.9)),
    Fault("cancelling", "correlation -0.7", partial(mostly_inverted, correlation=-0.7)),
    Fault("cancelling", "correlation -0.5", partial(mostly_inverted, correlation=-0.5), False),
    Fault("cancelling", "inverted for a stretch with 80 % of the energy", partial(inverted_at_times, share=0.8)),
    Fault("cancelling", "inverted for a stretch with 60 % of the energy", partial(inverted_at_times, share=0.6), False),
    Fault("cancelling", "inverted in a band with 90 % of the energy", partial(inverted_in_a_band, share=0.9)),
    Fault("cancelling", "inverted in a band with 70 % of the energy", partial(inverted_in_a_band, share=0.7), False),
    Fault("one_sided", "right channel digital silence", one_side),
    Fault("one_sided", "right channel 60 dB softer", partial(one_side, decibels=-60)),
    Fault("one_sided", "right channel 42 dB softer", partial(one_side, decibels=-42)),
    Fault("one_sided", "right channel 35 dB softer", partial(one_side, decibels=-35), False),
    Fault("clipping", "12 dB over", partial(clipped, over=12)),
    Fault("clipping", "6 dB over", partial(clipped, over=6)),
    Fault(
        "clipping",
        "6 dB over, then turned down by 6 dB",
        partial(clipped, over=6, then=partial(turned_down, decibels=6)),
    ),
    Fault("clipping", "3 dB over", partial(clipped, over=3)),
    Fault(
        "clipping",
        "3 dB over, then turned down by 20 dB",
        partial(clipped, over=3, then=partial(turned_down, decibels=20)),
    ),
    Fault(
        "clipping", "3 dB over, 24 bits with 16-bit dither", partial(clipped, over=3, then=dithered), subtype="PCM_24"
    ),
    Fault("clipping", "3 dB over, float", partial(clipped, over=3), subtype="FLOAT"),
    Fault("clipping", "2 dB over", partial(clipped, over=2)),
    Fault("clipping", "1 dB over", partial(clipped, over=1), False),
    Fault("clipping", "3 dB over, then resampled", partial(clipped, over=3, then=at_another_rate), False),
    Fault("clipping", "6 dB over, then MP3", partial(clipped, over=6, then=through_mp3), False),
    Fault("intersample", "float, +3 dBTP", partial(between_samples, dbtp=3, beyond=True), subtype="FLOAT"),
    Fault("intersample", "float, +1 dBTP", partial(between_samples, dbtp=1, beyond=True), subtype="FLOAT"),
    Fault("intersample", "float, +0.5 dBTP", partial(between_samples, dbtp=0.5, beyond=True), subtype="FLOAT"),
    Fault("intersample", "+0.5 dBTP, all samples within full scale", partial(between_samples, dbtp=0.5)),
    Fault("intersample", "+0.3 dBTP, all samples within full scale", partial(between_samples, dbtp=0.3), False),
    Fault("intersample", "+0.1 dBTP, all samples within full scale", partial(between_samples, dbtp=0.1), False),
    Fault("dropouts", "3 of 30 ms", partial(holes, count=3, seconds=0.03)),
    Fault("dropouts", "5 of 10 ms, last value held", partial(holes, count=5, seconds=0.01, held=True)),
    Fault("dropouts", "3 of 10 ms, in one channel", in_one_channel(partial(holes, count=3, seconds=0.01))),
    Fault("dropouts", "3 of 5 ms", partial(holes, count=3, seconds=0.005)),
    Fault("dropouts", "3 of 2 ms", partial(holes, count=3, seconds=0.002)),
    Fault("dropouts", "1 of 2 ms, last value held", partial(holes, count=1, seconds=0.002, held=True)),
    Fault("dropouts", "1 of 5 ms", partial(holes, count=1, seconds=0.005), False),
    Fault("dropouts", "1 of 2 ms", partial(holes, count=1, seconds=0.002), False),
    Fault("dropouts", "5 of 0.8 ms", partial(holes, count=5, seconds=0.0008), False),
    Fault("clicks", "1 of 4 x the sound's peak", partial(clicks, count=1, height=4)),
    Fault("clicks", "1 of 2 x", partial(clicks, count=1, height=2)),
    Fault("clicks", "5 of 1 x", partial(clicks, count=5, height=1)),
    Fault("clicks", "30 of 1 x", partial(clicks, count=30, height=1)),
    Fault("clicks", "5 of 2 x, in one channel", in_one_channel(partial(clicks, count=5, height=2))),
    Fault("clicks", "30 bursts of 0.5 ms, 1 x", partial(clicks, count=30, height=1, seconds=0.0005)),
    Fault("clicks", "1 of 1 x", partial(clicks, count=1, height=1), False),
    Fault("clicks", "5 of 0.5 x", partial(clicks, count=5, height=0.5), False),
    Fault("clicks", "30 bursts of 1 ms, 1 x", partial(clicks, count=30, height=1, seconds=0.001), False),
]

FLAT = "flat tops in the waveform, drawn: "
KNOWN = {
    "loop_industrial.flac": {
        "clipping": FLAT
        + "9 runs of 2 or 3 samples at full scale, entered and left in steps of a fifth of full scale or more",
        "intersample": "+2.3 dBTP by 16-fold oversampling of the whole",
    },
    "tabla_dhec.flac": {
        "clipping": FLAT + "4 and 3 samples at -0.5 dBFS, reached and left in steps of a quarter or more"
    },
    "tabla_ghe2.flac": {"clipping": FLAT + "up to 111 samples at -0.1 dBFS, on both sides"},
    "tabla_ghe3.flac": {"clipping": FLAT + "up to 80 samples at -0.1 dBFS, on both sides"},
    "tabla_ghe4.flac": {"clipping": FLAT + "up to 90 samples at -0.1 dBFS, on both sides"},
    "tabla_ghe6.flac": {"clipping": FLAT + "50 samples at -0.1 dBFS, below zero"},
    "tabla_ghe7.flac": {"clipping": FLAT + "up to 104 samples at -0.1 dBFS, with ringing of 4 steps"},
    "tabla_ghe8.flac": {"clipping": FLAT + "up to 118 samples at -0.1 dBFS, on both sides"},
    "tabla_ke1.flac": {"clipping": FLAT + "up to 26 samples at -1.5 dBFS, with ringing of 45 steps"},
    "tabla_ke2.flac": {"clipping": FLAT + "up to 13 samples at -0.1 dBFS, with ringing of 20 steps"},
    "tabla_na_o.flac": {
        "clipping": FLAT + "up to 9 samples at -0.5 dBFS, on both sides",
        "intersample": "+2.3 dBTP by 16-fold oversampling of the whole",
    },
    "tabla_na_s.flac": {
        "clipping": FLAT + "7 and 3 samples at -0.5 dBFS",
        "intersample": "+0.8 dBTP by 16-fold oversampling of the whole",
    },
    "tabla_tas1.flac": {"clipping": FLAT + "7 samples at -0.5 dBFS"},
    "tabla_tas2.flac": {"clipping": FLAT + "10 and 6 samples at -0.5 dBFS"},
    "tabla_tas3.flac": {"clipping": FLAT + "10 samples at full scale, on both sides"},
    "tabla_te1.flac": {"clipping": FLAT + "up to 19 samples at -0.5 dBFS, on both sides"},
    "tabla_te2.flac": {"clipping": FLAT + "7 and 3 samples at full scale"},
    "tabla_tun1.flac": {"clipping": FLAT + "up to 6 samples at -0.5 dBFS, on both sides"},
}
