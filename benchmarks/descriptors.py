"""Pitch on trial: the descriptor and other methods, on sounds whose pitch is known; and how long all descriptors take.

    python benchmarks/descriptors.py [--with yin pyin swift] [--seed 1]

Sounds of 3 s at 16 kHz are made by formula, ten of a kind. Prints, as JSON, for each kind the share of the pitched
frames that are found to be pitched, the share of those within 50 cents, the share an octave or a twelfth off, and the
share of the other frames that are called pitched, in per cent; then seconds of processor time for a minute of sound,
the noisiness of some sounds, and the time that each descriptor takes. `swift` needs the package swift-f0. The costs in
`prism_lessons/analysis/pitch.py` were chosen on other sounds of these kinds.
"""

import argparse
import json
import time
from functools import cache

import librosa
import numpy as np
from diagnosis import EXAMPLES, any_pitch, band_of_noise, coloured
from scipy.signal import lfilter

from prism_lessons.analysis import DESCRIPTORS, HOP_SECONDS, descriptors_of
from prism_lessons.audio import load

RATE, SECONDS, SOUNDS = 16000, 3.0, 10
HOP = round(HOP_SECONDS * RATE)
LOWEST, HIGHEST = 40.0, 4000.0  # Hz, of the methods that have to be told
MOMENTS = np.arange(round(SECONDS * RATE)) / RATE
# The first three formants of some vowels, and their bandwidths, in Hz.
VOWELS = ((700, 1220, 2600), (300, 2300, 3000), (320, 800, 2300), (500, 1800, 2500))
BANDWIDTHS = (80, 100, 140)


# ---- sounds: each function takes a random generator and gives samples and their pitch in Hz, (samples,) each;
# ---- NaN is no pitch


def wavering(random, lowest, highest):
    """A glide of up to an octave, with vibrato of up to 60 cents."""
    start = any_pitch(random, lowest, highest)
    depth, speed = random.uniform(0, 60) / 1200, random.uniform(3, 7)
    octaves = random.uniform(-1, 1) * MOMENTS / SECONDS + depth * np.sin(2 * np.pi * speed * MOMENTS)
    return start * 2**octaves


def harmonics(hertz, random, slope=1.2):
    turns = 2 * np.pi * np.cumsum(hertz) / RATE
    return sum((n * hertz < 7500) * np.sin(n * turns + random.uniform(0, 6)) / n**slope for n in range(1, 40))


def noisy(wave, random, decibels):
    """A sound so many decibels above white noise."""
    noise = random.standard_normal(len(wave))
    return 0.1 * (wave / wave.std() + noise * 10 ** (-decibels / 20))


def tone(random, decibels=40, lowest=50, highest=700):
    hertz = wavering(random, lowest, highest)
    return noisy(harmonics(hertz, random, random.uniform(0.7, 2)), random, decibels), hertz


def sine(random):
    hertz = np.full(len(MOMENTS), any_pitch(random, 50, 4000))
    return 0.3 * np.sin(2 * np.pi * hertz * MOMENTS), hertz


def melody(random):
    """Notes of 0.1 s, many of them octaves apart."""
    notes = random.choice((45, 57, 69, 48, 60, 72, 52, 64), round(SECONDS / 0.1))
    hertz = np.repeat(librosa.midi_to_hz(notes), round(0.1 * RATE))
    return noisy(harmonics(hertz, random), random, 30), hertz


def voice(random, decibels=40):
    """Pulses of the glottis through formants (Rosenberg 1971), with an "s" and a rest."""
    hertz = wavering(random, 80, 300)
    phase = np.cumsum(hertz) / RATE % 1
    falling = np.where(phase < 0.56, np.cos(np.pi / 2 * (phase - 0.4) / 0.16), 0)
    wave = np.diff(np.where(phase < 0.4, 0.5 - 0.5 * np.cos(np.pi * phase / 0.4), falling), prepend=0)
    for centre, bandwidth in zip(VOWELS[random.integers(len(VOWELS))], BANDWIDTHS, strict=True):
        radius = np.exp(-np.pi * bandwidth / RATE)
        resonance = [1, -2 * radius * np.cos(2 * np.pi * centre / RATE), radius**2]
        wave = lfilter([sum(resonance)], resonance, wave)
    hiss, rest = slice(16000, 20000), slice(30000, 36000)
    sharp = np.diff(random.standard_normal(4001))
    wave[hiss], wave[rest] = 0.5 * wave.std() * sharp / sharp.std(), 0
    hertz[hiss] = hertz[rest] = np.nan
    return noisy(wave, random, decibels), hertz


def noise(random):
    choice = random.integers(4)
    wave = band_of_noise(random, len(MOMENTS)) if choice == 3 else coloured(random, len(MOMENTS), choice)
    return 0.1 * wave / wave.std(), np.full(len(MOMENTS), np.nan)


KINDS = {
    "sines": sine,
    "tones, 50 to 700 Hz": tone,
    "10 dB above noise": lambda random: tone(random, 10),
    "1 to 2 kHz": lambda random: tone(random, 40, 1200, 1700),
    "octaves in 0.1 s": melody,
    "voices": voice,
    "15 dB above noise": lambda random: voice(random, 15),
    "noise": noise,
}

# ---- methods: each takes float32 samples and gives Hz, (frames,), NaN where there is no pitch


def descriptor(samples):
    return librosa.midi_to_hz(descriptors_of(samples, RATE, ("pitch",))[:, 0])


SHAPE = {"fmin": LOWEST, "fmax": HIGHEST, "sr": RATE, "frame_length": 1024, "hop_length": HOP}


def yin(samples):
    return librosa.yin(samples, **SHAPE)


def pyin(samples):
    return librosa.pyin(samples, **SHAPE)[0]


@cache
def _swift():
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1)


def swift(samples):
    found = _swift().detect(samples, RATE)
    nearest = np.abs(found.timestamps - np.arange(0, SECONDS, HOP_SECONDS)[:, None]).argmin(1)
    return np.where(found.confidence >= 0.5, found.pitch_hz, np.nan)[nearest]


METHODS = {method.__name__: method for method in (descriptor, yin, pyin, swift)}


def percent(part, whole):
    return round(100 * float(part.sum() / whole.sum()), 1) if whole.sum() else None


def judged(method, sounds):
    """The figures of a method for sounds of one kind."""
    known = np.concatenate([hertz[::HOP] for _, hertz in sounds])
    found = np.concatenate([method(samples)[: len(hertz[::HOP])] for samples, hertz in sounds])
    pitched, both = np.isfinite(known), np.isfinite(known) & np.isfinite(found)
    cents = np.abs(1200 * np.log2(np.where(both, found / known, 1.0)))
    far = (np.abs(cents - 1200) < 60) | (np.abs(cents - 1902) < 60)
    return {
        "found": percent(both, pitched),
        "within_50_cents": percent(both & (cents <= 50), both),
        "octave_or_twelfth_off": percent(both & far, both),
        "called_pitched": percent(~pitched & np.isfinite(found), ~pitched),
    }


def chord(*hertz):
    return sum(harmonics(np.full(len(MOMENTS), each), np.random.default_rng(0)) for each in hertz)


def noisiness():
    """The median noisiness of some sounds, {name: 0 .. 1}."""
    random = np.random.default_rng(0)
    sounds = {
        "white noise": random.standard_normal(len(MOMENTS)),
        "low voices": np.concatenate([voice(random)[0] for _ in range(SOUNDS)]),
        "chord on A3": chord(220.0, 277.2, 329.6),
        "chord on C2": chord(65.4, 82.4, 98.0),
    }
    for name in ("bells/bell_A4_hard", "bells/gong_103_soft", "breath/whisper_aeiou_ai", "breath/wind_300_to_800Hz"):
        sounds[name] = load(EXAMPLES / f"{name}.flac", RATE).samples
    return {
        name: round(float(np.nanmedian(descriptors_of(0.1 * sound / sound.std(), RATE, ("noisiness",)))), 2)
        for name, sound in sounds.items()
    }


def seconds_a_minute(measure, minutes=1):
    """Seconds of processor time that `measure` takes for a minute of sound."""
    samples = np.tile(voice(np.random.default_rng(0))[0].astype(np.float32), round(60 * minutes / SECONDS))
    measure(samples[:RATE])
    start = time.process_time()
    measure(samples)
    return round((time.process_time() - start) / minutes, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--with", dest="others", nargs="*", choices=[*METHODS][1:], default=[], help="other methods")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    made = {kind: [make(random) for _ in range(SOUNDS)] for kind, make in KINDS.items()}
    made = {kind: [(wave.astype(np.float32), hertz) for wave, hertz in sounds] for kind, sounds in made.items()}
    for name in ["descriptor", *options.others]:
        for kind, sounds in made.items():
            print(json.dumps({"method": name, "sounds": kind, **judged(METHODS[name], sounds)}))
        print(json.dumps({"method": name, "seconds_a_minute": seconds_a_minute(METHODS[name])}))
    print(json.dumps({"noisiness": noisiness()}))
    for names in [*((name,) for name in DESCRIPTORS), DESCRIPTORS]:
        taken = seconds_a_minute(lambda samples, names=names: descriptors_of(samples, RATE, names), 10)
        print(json.dumps({"descriptors": names, "seconds_a_minute": taken}))


if __name__ == "__main__":
    main()
