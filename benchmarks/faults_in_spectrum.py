"""Faults of spectrum and level for the trial of the doctor: how each is put into a clean recording.

Whether a sound can show a fault is decided by the clean sound alone, never by what the doctor finds.
"""

import io

import numpy as np
import soundfile
import soxr
from fault import Fault
from scipy.signal import ellip, sosfilt


def decibels(power):
    return 10 * np.log10(power + 1e-12)


def frame_levels(samples, rate, seconds=0.05):
    """dB of each 50 ms of the mono mix, shape (frames,)."""
    mono = samples.mean(axis=1)
    size = int(seconds * rate)
    return decibels(np.mean(mono[: len(mono) // size * size].reshape(-1, size) ** 2, axis=1))


def written(samples):
    """Clipped where it is beyond full scale."""
    return np.clip(samples, -1, 1)


def fitted(samples):
    """Turned down where it is beyond full scale: clipping would fill the band that was just emptied."""
    return samples / max(1, np.abs(samples).max())


# --- hum -------------------------------------------------------------------------------------------------------------


def hum(fundamental, level, harmonics=((1, 1), (2, 0.6), (3, 0.6), (4, 0.2), (5, 0.3), (7, 0.15))):
    """A comb at `level` dBFS.

    None below 2 s, or where the sound's own bass hides all but one of its lines even in its quietest fifth.
    """

    def inject(samples, rate, random):
        if len(samples) < 2 * rate:
            return None
        time = np.arange(len(samples)) / rate
        comb = sum(a * np.sin(2 * np.pi * (k * fundamental * time + random.random())) for k, a in harmonics)
        comb *= 10 ** (level / 20) / np.sqrt(np.mean(comb**2))
        size = rate // 4
        frames = samples.mean(axis=1)[: len(samples) // size * size].reshape(-1, size) * np.hanning(size)
        own = np.abs(np.fft.rfft(frames)) ** 2
        quietest = np.argsort(own[:, 5:250].sum(axis=1))[: max(1, len(own) // 5)]  # between 20 Hz and 1 kHz
        own = own[quietest].mean(axis=0)
        there = np.abs(np.fft.rfft(comb[:size] * np.hanning(size))) ** 2
        lines = [round(k * fundamental / 4) for k, _ in harmonics]
        if sum(there[line] > own[line - 2 : line + 3].mean() for line in lines) < 2:
            return None
        return written(samples + comb[:, None]), rate

    return inject


# --- noise -----------------------------------------------------------------------------------------------------------


def noise(below, pink=False):
    """Noise `below` dB under the loudest 50 ms. None below 1 s, or where less than 15 % of the sound is softer."""

    def inject(samples, rate, random):
        if len(samples) < rate:
            return None
        levels = frame_levels(samples, rate)
        level = levels.max() - below
        if np.percentile(levels, 15) > level - 3:
            return None
        sound = random.standard_normal(len(samples))
        if pink:
            spectrum = np.fft.rfft(sound)
            frequency = np.fft.rfftfreq(len(sound), 1 / rate)
            sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequency, 20)), len(sound))
        sound *= 10 ** (level / 20) / np.sqrt(np.mean(sound**2))
        return written(samples + sound[:, None]), rate

    return inject


# --- bandwidth -------------------------------------------------------------------------------------------------------


def reaches(samples, rate, cutoff):
    """Whether the fullest tenth of a sound is 25 dB over the rounding of 16 bits below `cutoff`, and 12 dB above."""
    if len(samples) < 0.1 * rate:
        return False
    mono = np.pad(samples.mean(axis=1), (0, 2048))
    frames = np.lib.stride_tricks.sliding_window_view(mono, 2048)[::1024] * np.hanning(2048)
    power = np.abs(np.fft.rfft(frames)) ** 2 / np.sum(np.hanning(2048) ** 2)
    full = np.sort(np.log10(power + 1e-12).mean(axis=1))[-max(1, len(power) // 10)]
    spectrum = decibels(power[np.log10(power + 1e-12).mean(axis=1) >= full].mean(axis=0)) - decibels(2**-30 / 12)
    hertz = rate / 2048

    def level(low, high):
        return np.median(spectrum[round(low * cutoff / hertz) : round(high * cutoff / hertz)])

    return 1.02 * cutoff < rate / 2 and level(0.75, 0.9) > 25 and level(1.02, min(1.2, rate / 2 / cutoff)) > 12


def upsampled(from_rate):
    def inject(samples, rate, random):
        if rate < 1.3 * from_rate or not reaches(samples, rate, from_rate / 2):
            return None
        return fitted(soxr.resample(soxr.resample(samples, rate, from_rate), from_rate, rate)), rate

    return inject


def low_passed(cutoff):
    """An elliptic low-pass, 100 dB down within 6 % of its edge."""

    def inject(samples, rate, random):
        if not reaches(samples, rate, cutoff):
            return None
        return fitted(sosfilt(ellip(14, 0.1, 100, cutoff, fs=rate, output="sos"), samples, axis=0)), rate

    return inject


def mp3(compression, cutoff):
    """Coded as mono MP3 by LAME at a constant bit rate; `cutoff` Hz is where it cuts white noise at that setting."""

    def inject(samples, rate, random):
        mono = samples.mean(axis=1, keepdims=True)
        if rate < 44100 or len(samples) < 0.1 * rate or not reaches(mono, rate, cutoff):
            return None
        file = io.BytesIO()
        soundfile.write(file, mono, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=compression)
        file.seek(0)
        return fitted(soundfile.read(file, always_2d=True)[0]), rate

    return inject


def low_rate(rate):
    def inject(samples, own, random):
        return (fitted(soxr.resample(samples, own, rate)), rate) if len(samples) > 0.1 * own else None

    return inject


# --- level -----------------------------------------------------------------------------------------------------------


def offset(amount):
    """None below 0.5 s, or where the sound's own slow swing leaves its mean uncertain by a fifth of the offset."""

    def inject(samples, rate, random):
        size = rate // 10
        means = samples.mean(axis=1)[: len(samples) // size * size].reshape(-1, size).mean(axis=1)
        if len(means) < 5 or np.std(means) / np.sqrt(len(means)) > amount / 5:
            return None
        return written(samples + amount), rate

    return inject


def peak_at(level):
    def inject(samples, rate, random):
        return samples * 10 ** (level / 20) / np.abs(samples.mean(axis=1)).max(), rate

    return inject


def silence(seconds, where, hiss=None):
    """`seconds` of nothing, or of hiss at `hiss` dBFS, before, after or in the middle of the sound."""

    def inject(samples, rate, random):
        if decibels(np.mean(samples**2)) < -50:
            return None
        shape = (round(seconds * rate), samples.shape[1])
        nothing = np.zeros(shape) if hiss is None else 10 ** (hiss / 20) * random.standard_normal(shape)
        cut = {"before": 0, "middle": len(samples) // 2, "after": len(samples)}[where]
        return written(np.concatenate([samples[:cut], nothing, samples[cut:]])), rate

    return inject


def faded(depth, start=0.0, fade_in=False):
    """A fade of `depth` dB, a straight line in dB from `start` (share of the file) to its end.

    None below 4 s, and where the sound is not as loud in each third as in the others, to 6 dB.
    """

    def inject(samples, rate, random):
        peaks = [np.abs(third).max() for third in np.array_split(samples, 3)]
        if len(samples) < 4 * rate or min(peaks) < 0.5 * max(peaks):
            return None
        line = np.clip((np.linspace(0, 1, len(samples)) - start) / (1 - start), 0, 1)
        gain = 10 ** (-depth / 20 * line)
        return samples * (gain[::-1] if fade_in else gain)[:, None], rate

    return inject


ODD = ((1, 1), (3, 0.6), (5, 0.3), (7, 0.15))
FAULTS = [
    *(Fault("hum", f"{f} Hz at {level} dBFS", hum(f, level)) for f in (50, 60) for level in (-20, -25, -30)),
    Fault("hum", "49.95 Hz at -30 dBFS", hum(49.95, -30)),
    Fault("hum", "60 Hz, odd harmonics, at -30 dBFS", hum(60, -30, ODD)),
    Fault("hum", "100 Hz and harmonics, at -30 dBFS", hum(100, -30, ((1, 1), (2, 0.5), (3, 0.3)))),
    *(Fault("hum", f"{f} Hz at {level} dBFS", hum(f, level), stated=False) for f in (50, 60) for level in (-40, -50)),
    Fault("hum", "60 Hz, odd harmonics, at -40 dBFS", hum(60, -40, ODD), stated=False),
    Fault("hum", "50 Hz alone at -30 dBFS", hum(50, -30, ((1, 1), (2, 0.001))), stated=False),
    *(Fault("noise", f"white, {below} dB below the loudest", noise(below)) for below in (20, 25, 30, 35)),
    *(Fault("noise", f"pink, {below} dB below the loudest", noise(below, pink=True)) for below in (20, 25, 30)),
    Fault("noise", "pink, 35 dB below the loudest", noise(35, pink=True), stated=False),
    Fault("noise", "white, 42 dB below the loudest", noise(42), stated=False),
    *(Fault("bandwidth", f"upsampled from {rate} Hz", upsampled(rate)) for rate in (8000, 11025, 16000, 22050, 32000)),
    *(Fault("bandwidth", f"low-passed at {cutoff} Hz", low_passed(cutoff)) for cutoff in (3400, 5000, 10000)),
    Fault("bandwidth", "MP3, 32 kbit/s, 8.5 kHz", mp3(0.99, 8500), stated=False),
    Fault("bandwidth", "MP3, 48 kbit/s, 11.3 kHz", mp3(0.95, 11300)),
    Fault("bandwidth", "MP3, 57 kbit/s, 16.8 kHz", mp3(0.9, 16800), stated=False),
    Fault("bandwidth", "MP3, 163 kbit/s, 20.2 kHz", mp3(0.6, 20200), stated=False),
    *(Fault("low_rate", f"{rate} Hz", low_rate(rate)) for rate in (8000, 11025, 12000)),
    *(Fault("dc", f"{amount} of full scale", offset(amount)) for amount in (0.2, 0.02, 0.005)),
    Fault("dc", "0.002 of full scale", offset(0.002), stated=False),
    *(Fault("quiet", f"peak at {level} dBFS", peak_at(level)) for level in (-50, -40, -30)),
    Fault("quiet", "peak at -20 dBFS", peak_at(-20), stated=False),
    *(Fault("silence", f"3 s {where}", silence(3, where)) for where in ("before", "middle", "after")),
    Fault("silence", "3 s after, hiss at -75 dBFS", silence(3, "after", -75)),
    Fault("silence", "2.5 s before, hiss at -65 dBFS", silence(2.5, "before", -65)),
    Fault("silence", "3 s after, hiss at -55 dBFS", silence(3, "after", -55), stated=False),
    Fault("silence", "1.5 s after", silence(1.5, "after"), stated=False),
    Fault("fade", "60 dB out, whole file", faded(60)),
    Fault("fade", "60 dB out, last two thirds", faded(60, 1 / 3)),
    Fault("fade", "60 dB in, whole file", faded(60, fade_in=True)),
    Fault("fade", "50 dB out, whole file", faded(50)),
    Fault("fade", "40 dB out, whole file", faded(40), stated=False),
]
KNOWN = {
    f"tabla_ghe{take}.flac": {
        "dc": "the mean of every 100 ms lies near -0.03 (take 5: -0.015) up to the fade at the end"
    }
    for take in range(1, 9)
}
