"""Makes the example data sets of the course: `bells/`, `breath/`, `waves/` and `needs_work/`.

    python datasets_examples/make.py [FOLDER]

The sounds are computed, not recorded: struck metal as sums of decaying partials, wind, whispers and surf as filtered
noise. Every sound draws its chance from its own name, so the same call gives the same samples again, and a sound that
is added changes no other. Samples are floats until they are written; full scale is at -1 and 1.
"""

import argparse
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from scipy.interpolate import PchipInterpolator
from scipy.signal import istft, resample_poly, stft

RATE = 16000  # Hz
END_DBFS = -52.0  # where a ringing sound may end,
FADE_SECONDS = 0.4  # with a fade of this length


def chance(name):
    """The random numbers that belong to `name`, the same on every run."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def to_peak(samples, dbfs):
    """`samples` turned up or down until their peak is at `dbfs`."""
    return samples * (10 ** (dbfs / 20) / np.max(np.abs(samples)))


def fade(samples, rate, fade_in=0.0, fade_out=0.3):
    """`samples` with cosine fades from and to zero, in seconds."""
    gain = np.ones(len(samples))
    for seconds, ramp in ((fade_in, gain), (fade_out, gain[::-1])):
        size = min(len(samples), round(seconds * rate))
        ramp[:size] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(size) / max(1, size))
    return samples * gain


# --- struck metal ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """A kind of metal body.

    `name` seeds what makes one body differ from the next. `ratios` are the frequencies of its modes against the strike
    pitch, `strengths` how strongly they answer a blow. `ring` is how long, in seconds, the lowest mode of a body at
    440 Hz takes to fall by 60 dB; a mode an octave higher takes 2 ** -`damping` of that. `split` is how far apart the
    two halves of a mode lie, as a share of its frequency. `bloom` is the time, in seconds, that modes near 2 kHz take
    to come up: slow in large thin gongs, where the low modes feed them.
    """

    name: str
    ratios: tuple
    strengths: tuple
    ring: float
    damping: float
    split: float
    bloom: float = 0.0


# Church bell: hum, prime, tierce (a minor third), quint, nominal, then tenth, eleventh, twelfth, double octave and
# three above (Rossing, "Science of Percussion Instruments").
BELL = Shape(
    "bell",
    ratios=(0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0, 5.3, 6.7, 8.2),
    strengths=(0.6, 0.7, 1.0, 0.3, 1.0, 0.25, 0.2, 0.5, 0.5, 0.35, 0.25, 0.15),
    ring=7.5, damping=0.4, split=0.0011,
)  # fmt: skip
# Bar with free ends, as in chimes and the glockenspiel (same source).
CHIME = Shape(
    "chime",
    ratios=(1.0, 2.756, 5.404, 8.933),
    strengths=(1.0, 0.6, 0.35, 0.2),
    ring=5.5, damping=0.4, split=0.0006,
)  # fmt: skip
# Round plate with a free edge: its lowest modes, from two nodal diameters up (Fletcher and Rossing, "The Physics of
# Musical Instruments", vibrations of plates).
ROUND = (1.0, 1.73, 2.328, 3.91, 4.11, 6.3, 6.71, 7.34, 10.07, 11.4, 13.92, 15.97, 18.24, 21.19, 27.18, 33.31)
PLATE = Shape("plate", ROUND, tuple(ratio**-0.15 for ratio in ROUND), ring=7.0, damping=0.35, split=0.004)
GONG = Shape("gong", ROUND, tuple(ratio**-0.3 for ratio in ROUND), ring=5.5, damping=0.25, split=0.006, bloom=0.25)


@dataclass(frozen=True)
class Mallet:
    """What strikes: modes above `corner` (Hz) get less and less of the blow, which lasts `contact` seconds."""

    name: str
    corner: float
    contact: float
    tick: float  # how loud the contact itself is, against the peak of the body


SOFT = Mallet("soft", corner=800.0, contact=0.006, tick=0.0)
HARD = Mallet("hard", corner=3500.0, contact=0.0015, tick=0.04)


def pitch(note):
    """Hz of a note such as "D4", in equal temperament with A4 at 440 Hz, or of a plain number such as "187"."""
    if note.isdigit():
        return float(note)
    semitone = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[note[0]]
    return 440 * 2 ** ((semitone + 12 * int(note[1]) - 57) / 12)


def cast(shape, hertz):
    """Cast one body whose strike pitch is `hertz`.

    No metal body is quite round or even, so each mode is a pair a fraction of a hertz apart, which beats, and lies a
    little off its ideal ratio. A body keeps its faults: the same shape and pitch give the same body.

    Returns
    -------
    Modes, shape (modes, 5): frequency in Hz, strength, the seconds it takes to fall by 60 dB, the beat in Hz and the
    strength of the other half of the pair, as a share.
    """
    random = chance(f"{shape.name} {hertz:.1f}")
    ratios = np.array(shape.ratios)
    frequencies = hertz * ratios * (1 + 0.002 * random.standard_normal(len(ratios)))
    falls = shape.ring * (440 / hertz) ** 0.4 / (ratios / ratios[0]) ** shape.damping
    beats = np.maximum(0.25, shape.split * frequencies * random.uniform(0.5, 1.5, len(ratios)))
    return np.stack([frequencies, shape.strengths, falls, beats, random.uniform(0.2, 0.7, len(ratios))], axis=1)


def strike(shape, hertz, mallet, random, rate=RATE):
    """Strike a body once and let it ring far below what is heard.

    Each mode is a sine that starts at zero, as the answer to a blow does. Where the blow lands decides how strongly
    each mode answers and in which direction. The peak is near 1.
    """
    modes = cast(shape, hertz)
    time = np.arange(round(1.3 * modes[:, 2].max() * rate)) / rate
    sound = np.zeros(len(time))
    for frequency, strength, fall, beat, other in modes:
        if frequency > 0.45 * rate:
            continue
        answer = strength * random.uniform(0.6, 1.4) * random.choice((-1, 1)) / (1 + (frequency / mallet.corner) ** 2)
        envelope = 10 ** (-3 * time / fall)
        if shape.bloom:
            envelope *= 1 - np.exp(-time / (shape.bloom * frequency / 2000))
        pair = np.sin(2 * np.pi * frequency * time) + other * np.sin(2 * np.pi * (frequency + beat) * time)
        sound += answer * envelope * pair
    tick = mallet.tick * random.standard_normal(len(time)) * np.exp(-time / 0.002)
    return (to_peak(sound, 0) + tick) * np.clip(time / mallet.contact, 0, 1)


def phrase(shape, notes, mallet, name, rate=RATE, pace=0.65):
    """Several strikes, `pace` seconds apart, a little uneven in time and force, each ringing into the next.

    `notes` is a string such as "D4 A4 - F5"; "-" is a rest.
    """
    random = chance(name)
    strikes = []
    for place, note in enumerate(notes.split()):
        if note != "-":
            start = pace * (place + (place > 0) * random.uniform(-0.08, 0.08))
            struck = strike(shape, pitch(note), mallet, random, rate)
            strikes.append((round(start * rate), struck * random.uniform(0.6, 1)))
    sound = np.zeros(max(start + len(struck) for start, struck in strikes))
    for start, struck in strikes:
        sound[start : start + len(struck)] += struck
    sound = to_peak(sound, random.uniform(-7, -2))
    heard = np.flatnonzero(np.abs(sound) > 10 ** (END_DBFS / 20))[-1] + 1  # an editor's cut, into what is hardly heard
    return fade(sound[: heard + round(FADE_SECONDS * rate)], rate, fade_out=FADE_SECONDS)


# What is struck, with which notes, soft or hard. Bells and chimes are tuned to D minor pentatonic, so that the minor
# thirds inside the bells belong to the scale; plates and gongs are given in Hz.
STRUCK = (
    *((BELL, note, SOFT) for note in ("D4", "G4", "C5", "F5", "A5")),
    *((BELL, note, HARD) for note in ("F4", "A4", "D5", "G5", "C6")),
    *((CHIME, note, SOFT) for note in ("C5", "F5", "A5")),
    *((CHIME, note, HARD) for note in ("A4", "D5", "G5")),
    *((PLATE, hertz, mallet) for hertz, mallet in (("187", HARD), ("241", SOFT), ("313", HARD))),
    *((GONG, hertz, mallet) for hertz, mallet in (("103", SOFT), ("131", HARD))),
    *((BELL, notes, SOFT) for notes in ("D5 A4 F4", "A4 C5 - D5 A5")),
    *((BELL, notes, HARD) for notes in ("G5 F5 - D5", "C6 A5 G5 D5")),
    *((CHIME, notes, SOFT) for notes in ("A5 F5 D5 - A4", "F5 A5 C5 D5")),
    (CHIME, "D5 G5 A5 - C5", HARD),
)


def bells():
    """Yield (file name, samples): single strikes of bells, chimes, plates and gongs, and short phrases."""
    for shape, notes, mallet in STRUCK:
        name = f"{shape.name}_{notes.replace(' - ', ' ').replace(' ', '_')}_{mallet.name}.flac"
        yield name, phrase(shape, notes, mallet, name)


# --- breath ----------------------------------------------------------------------------------------------------------

# The first three formants of five vowels, men's averages (Peterson and Barney, 1952); the fourth and fifth are those
# of a plain tube of 17.5 cm (Fant). Hz.
VOWELS = {
    "a": (730, 1090, 2440, 3500, 4500),
    "e": (530, 1840, 2480, 3500, 4500),
    "i": (270, 2290, 3010, 3500, 4500),
    "o": (570, 840, 2410, 3500, 4500),
    "u": (300, 870, 2240, 3500, 4500),
}
BANDWIDTHS = (90, 110, 160, 220, 280)  # Hz; wider than in speech, since the glottis stands open in a whisper


def through(noise, response):
    """Filter `noise` (samples at 16 kHz) with a filter that moves.

    `response(frequency, time)` gives amplitudes, shape (bins, frames), for frequencies in Hz, shape (bins, 1), and
    times in seconds, shape (frames,).
    """
    window = {"fs": RATE, "nperseg": 512, "noverlap": 384}  # 32 ms: short against the movement, long for a formant
    frequency, time, spectrum = stft(noise, **window)
    _, sound = istft(spectrum * response(frequency[:, None], time), **window)
    return sound[: len(noise)]


def resonance(frequency, centre, bandwidth):
    """The amplitude that a resonance at `centre` lets through at `frequency`; 1 at 0 Hz. All in Hz."""
    return centre**2 / np.sqrt((centre**2 - frequency**2) ** 2 + (bandwidth * frequency) ** 2)


def drift(random, seconds, every):
    """A smooth random curve between 0 and 1, as a function of time in seconds, with a new aim `every` seconds."""
    times = np.arange(0, seconds + 2 * every, every)
    return PchipInterpolator(times, random.uniform(0, 1, len(times)))


def wind(name, low, high, seconds=7.5):
    """Wind that whistles between `low` and `high` Hz: the stronger it blows, the louder and the higher it is."""
    random = chance(name)
    gust, flutter = drift(random, seconds, 1.6), drift(random, seconds, 0.25)

    def response(frequency, time):
        force = 0.8 * gust(time) + 0.2 * flutter(time)
        centre = low * (high / low) ** force
        whistle = frequency / centre * resonance(frequency, centre, centre / 7) / 7
        rumble = 0.3 * frequency / (frequency + 60) / (1 + (frequency / 350) ** 2)
        return (whistle + rumble) * 10 ** (force - 1)

    sound = through(random.standard_normal(round(seconds * RATE)), response)
    return to_peak(fade(sound, RATE, 0.4, 0.8), random.uniform(-6, -2))


def whisper(name, words, tract=1.0):
    """Whispered vowels: each word of `words`, such as "aiu oe", is one breath that moves from vowel to vowel.

    `tract` multiplies the formants: above 1 for a shorter throat.
    """
    random = chance(name)
    held, moving, between = 0.6, 0.4, 0.35  # seconds: a vowel, the way to the next, the pause after a breath
    times, formants, breath_times, breaths, now = [], [], [0.0], [0.02], 0.05
    for word in words.split():
        start = now
        for vowel in word:
            length = held * random.uniform(0.85, 1.3)
            times += [now + moving / 2, now + moving / 2 + length]
            formants += [np.multiply(VOWELS[vowel], tract)] * 2
            now += moving + length
        breath_times += [start, start + 0.4, now - 0.5, now + 0.1]
        breaths += [0.02, random.uniform(0.7, 1), 0.6, 0.02]
        now += between
    mouth = PchipInterpolator(times, np.log(formants))
    air = PchipInterpolator([*breath_times, now], [*breaths, 0.02])
    flutter = drift(random, now, 0.15)

    def response(frequency, time):
        places = np.exp(mouth(np.clip(time, times[0], times[-1]))).T
        gain = frequency / (frequency + 1000)  # the lips radiate high sounds better
        teeth = 0.03 * gain
        for centre, bandwidth in zip(places, BANDWIDTHS, strict=True):
            gain = gain * resonance(frequency, centre, bandwidth)
        gain = gain + teeth
        gain = gain / np.sqrt(np.mean(gain**2, axis=0)) ** 0.7  # who whispers evens most of the vowels' loudness out
        return gain * air(np.clip(time, 0, now)) * (0.8 + 0.4 * flutter(time))

    sound = through(random.standard_normal(round(now * RATE)), response)
    return to_peak(fade(sound, RATE, 0.05, 0.3), random.uniform(-6, -2))


WHISPERS = (
    "aiu oea", "eou ai", "iae uo", "oui ea", "uao ie", "aeiou ai", "uoaei ou", "ai ui oi", "oe ue ie", "ea oa ua",
    "iu eo aia", "ao ei ua",
)  # fmt: skip


def breath():
    """Yield (file name, samples): wind, and whispered vowels of one throat."""
    winds = [(180, 500), (220, 700), (260, 900), (300, 800), (350, 1200), (420, 1000), (500, 1500), (600, 1800)]
    for low, high in winds:
        yield (name := f"wind_{low}_to_{high}Hz.flac"), wind(name, low, high)
    for words in WHISPERS:
        yield (name := f"whisper_{words.replace(' ', '_')}.flac"), whisper(name, words)


# --- surf ------------------------------------------------------------------------------------------------------------


def surf(name, depth, crest, seconds=7.5):
    """Waves heard from behind a dune: a rumble below `depth` Hz that swells, and breaks with a dull roar up to `crest`
    Hz.
    """
    random = chance(name)
    swell, flutter = drift(random, seconds, 1.3), drift(random, seconds, 0.2)

    def response(frequency, time):
        force = 0.85 * swell(time) + 0.15 * flutter(time)
        rumble = frequency / (frequency + 40) / (1 + (frequency / depth) ** 2)
        roar = 0.35 * force**2 / (1 + (frequency / (crest * (0.5 + 0.5 * force))) ** 4)
        return (rumble + roar) * 10 ** (0.8 * (force - 1))

    sound = through(random.standard_normal(round(seconds * RATE)), response)
    return to_peak(fade(sound, RATE, 0.4, 0.8), random.uniform(-6, -2))


def waves():
    """Yield (file name, samples): surf, from near and from far."""
    for depth in (60, 80, 100, 130):
        for crest in (220, 280, 350, 450, 600):
            yield (name := f"surf_{depth}_{crest}Hz.flac"), surf(name, depth, crest)


# --- a folder that needs work ----------------------------------------------------------------------------------------


def hum(samples):
    """50 Hz mains hum with its harmonics, `samples` long, as a bad cable lets in; the peak is near 0.1."""
    time = np.arange(samples) / RATE
    return sum(level * np.sin(2 * np.pi * 50 * k * time) for k, level in ((1, 0.05), (2, 0.03), (3, 0.03), (5, 0.015)))


def dropouts(samples, random):
    """`samples` with twelve stretches of 4 to 30 ms replaced by zeros, as a computer too slow to record leaves them."""
    samples = samples.copy()
    for start in random.integers(0, round(0.6 * len(samples)), 12):
        samples[start : start + round(RATE * random.uniform(0.004, 0.03))] = 0
    return samples


def clicks(samples, random):
    """`samples` with 25 clicks of one or two samples."""
    samples = samples.copy()
    for start in random.integers(0, len(samples) - 2, 25):
        samples[start : start + random.integers(1, 3)] += random.choice((-1, 1)) * random.uniform(0.3, 0.6)
    return np.clip(samples, -0.99, 0.99)


def two_microphones(samples, rate, random):
    """Stereo, shape (samples, 2): the right microphone stands 30 cm further off, is softer and has its own hiss."""
    late = round(rate * 0.3 / 343)
    right = 0.7 * np.concatenate([np.zeros(late), samples[:-late]])
    return np.stack([samples, right], axis=1) + 1e-4 * random.standard_normal((len(samples), 2))


YARD_BELL = replace(BELL, name="yard bell", ring=4.5)


def needs_work():
    """Yield (file name, samples) and, where they are not the usual ones, rate in Hz and sample format.

    Bells and chimes, with every fault that curating repairs.
    """

    def take(notes, mallet=SOFT, rate=RATE, shape=YARD_BELL):
        return phrase(shape, notes, mallet, f"needs_work {notes}", rate, pace=0.5)

    def silent(seconds):
        return np.zeros(round(seconds * RATE))

    first = take("A4 D5")
    yield "Take 1.wav", first
    yield "Take 2.wav", take("F5 C5", HARD)
    yield "Take 3.wav", np.clip(to_peak(take("G5 A5 C6", HARD), 9), -1, 1)
    yield "Take 4.wav", take("C5 D5", rate=8000), 8000
    yield "Take 6.wav", take("D5 A5")
    yield "field 02.flac", take("C6 G5", HARD)
    yield "field 05.flac", two_microphones(take("A5 F5", HARD, 44100), 44100, chance("field 05")), 44100
    yield "field 07.flac", take("D5 G5", HARD, 96000, CHIME), 96000, "PCM_24"
    side = take("G4 F5", rate=44100)
    yield "Glocke übung.wav", np.stack([side, -0.98 * side], axis=1), 44100
    yield "Cloche n° 2.aiff", to_peak(take("F4 A4"), -6) + 0.2
    noisy = take("C5 A5")
    yield "kitchen.wav", to_peak(noisy, -6) + hum(len(noisy))
    hissy = take("G5 D5")
    yield "Zoom0012.wav", to_peak(hissy, -6) + 0.02 * chance("Zoom0012").standard_normal(len(hissy))
    yield "Zoom0013.wav", to_peak(take("A4 C6", HARD), -48)
    yield "Audio 5.wav", np.concatenate([silent(3), take("F5"), silent(4)])
    long = take("D5 A5 F5 D5 A5 G5 F5 D5 C5 A4")
    yield "bounce_final_v2.wav", long * 10 ** (-3 * np.linspace(0, 1, len(long)) ** 0.7)
    yield "REC_0004.wav", dropouts(take("D5 C5", HARD), chance("REC_0004"))
    yield "REC_0007.flac", clicks(take("F5 A5"), chance("REC_0007"))
    yield "Unbenannt.flac", first
    yield "mix 3.wav", 0.7 * resample_poly(first, 100, 101)
    yield "Audio 3.wav", take("A5", HARD)[: round(0.015 * RATE)]
    yield "memo 4.wav", whisper("needs_work memo", "aeo", tract=1.15)
    yield "field 08.flac", take("A4 G4 D5", HARD)


BROKEN = "field 08.flac"  # loses the last third of its bytes, as on a card pulled out too early
TEXT = ("Take 5.wav", "Tuesday: bells in the yard. Take 5 is on the other recorder, copy it before the weekend!\n")


# --- writing ---------------------------------------------------------------------------------------------------------


def write(path, samples, rate=RATE, subtype="PCM_16"):
    """Write samples, shape (samples,) or (samples, channels), rounded to the nearest step of their format."""
    bits = int(subtype.removeprefix("PCM_"))
    steps = np.rint(np.clip(samples, -1, 1) * (2 ** (bits - 1) - 1)).astype(np.int32)
    soundfile.write(path, steps << (32 - bits), rate, subtype=subtype)  # integers are written from the top bit down


def make(folder):
    """Write the data sets into `folder`."""
    folder = Path(folder)
    for sounds in (bells, breath, waves, needs_work):
        (folder / sounds.__name__).mkdir(parents=True, exist_ok=True)
        for name, *sound in sounds():
            write(folder / sounds.__name__ / name, *sound)
    broken = folder / "needs_work" / BROKEN
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size * 2 // 3])
    name, text = TEXT
    (folder / "needs_work" / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the example data sets of the course.")
    parser.add_argument("folder", nargs="?", default=Path(__file__).parent, help="default: where this script lies")
    make(parser.parse_args().folder)
