"""What a trained model does when it is played: notes that it never heard go on, and many long takes hold.

    python benchmarks/playing.py notes MODEL    20 struck and plucked notes, half a second of each as a prime
    python benchmarks/playing.py long MODEL     100 takes of 30 s at temperatures from 0.8 to 1.2

MODEL is a run or a capsule. A note goes on where at least three of the four strongest partials of its half second lie
within 1 % of a partial of the take, a second after the model took over; beside it stands how often they would by
chance, held against the next note's take. Takes blow up as `take_comparison.blown_up` says.
"""

import argparse

import numpy as np
from clean import refuse
from machine import report
from scipy.signal import find_peaks
from scipy.signal.windows import blackmanharris

import prism_lessons as pl
from prism_lessons.audio import Clip
from prism_lessons.audition.take_comparison import analyse_sound
from prism_lessons.run import as_capsule

RATE = 16000
PRIME_SECONDS, LATER_SECONDS = 0.5, 1.0
STRONGEST, ENOUGH, MOST = 4, 3, 12  # partials: of a note, found again, and looked at in a take
WITHIN = 0.01
RANGE_DB, APART_HERTZ = 50.0, 16.0  # what lies deeper below the strongest partial, or nearer to a stronger one, is none
BAR = (1, 2.756, 5.404, 8.933)  # the partials of a bar that is free at both ends
TAKES, TAKE_SECONDS, VOICES = 100, 30.0, 20
TEMPERATURES = (0.8, 0.9, 1.0, 1.1, 1.2)


def notes():
    """Ten struck bars and ten plucked strings, pitches and decays by chance: {name: samples}."""
    random, made = np.random.default_rng(0), {}
    time = np.arange(2 * RATE) / RATE
    for number in range(20):
        struck = number % 2
        hertz, ratios = random.uniform(110, 750), np.array(BAR) if struck else np.arange(1, 9)
        ratios = ratios[ratios * hertz < 7000]
        decays = random.uniform(0.7, 1.5) * np.sqrt(ratios)
        waves = np.sin(2 * np.pi * (hertz * ratios[:, None] * time + random.uniform(size=(len(ratios), 1))))
        samples = (waves * np.exp(-decays[:, None] * time) / ratios[:, None] ** (0.5 if struck else 1)).sum(0)
        made[f"{'bar' if struck else 'string'}, {hertz:.0f} Hz"] = np.float32(0.5 * samples / np.abs(samples).max())
    return made


def partials(samples, most):
    """The strongest partials of samples, Hz; none where nothing can be heard."""
    if samples.std() < 1e-4:  # -80 dBFS
        return np.zeros(0)
    size = 4 * len(samples)
    spectrum = np.abs(np.fft.rfft(samples * blackmanharris(len(samples)), size))
    least = spectrum.max() * 10 ** (-RANGE_DB / 20)
    at, found = find_peaks(spectrum, height=least, distance=round(APART_HERTZ * size / RATE))
    return at[np.argsort(-found["peak_heights"])[:most]] * RATE / size


def go_on(model, sounds, temperature):
    """How many notes go on, and which do not."""
    primes = [pl.Prime(Clip(samples, RATE), 0, PRIME_SECONDS) for samples in sounds.values()]
    seconds = LATER_SECONDS + PRIME_SECONDS / 2
    takes = pl.generate(model, seconds, voices=len(primes), temperature=temperature, seed=0, prime=primes)
    size = round(PRIME_SECONDS * RATE)
    wanted = [partials(prime.clip(RATE).samples, STRONGEST) for prime in primes]
    played = [partials(take.samples[-size:], MOST) for take in takes]

    def enough(ours, theirs):
        found = sum(bool((np.abs(theirs / hertz - 1) <= WITHIN).any()) for hertz in ours)
        return found >= min(ENOUGH, len(ours))

    gone_on = [enough(*pair) for pair in zip(wanted, played, strict=True)]
    by_chance = [enough(*pair) for pair in zip(wanted, played[1:] + played[:1], strict=True)]
    lost = [name for name, well in zip(sounds, gone_on, strict=True) if not well]
    return {"notes": len(sounds), "go_on": sum(gone_on), "by_chance": sum(by_chance), "lost": lost}


def long_takes(model, takes, seconds):
    """How many of many takes blow up, and how many can be heard."""
    blown_up, audible, levels = 0, 0, []
    for begin in range(0, takes, VOICES):
        temperatures = [TEMPERATURES[voice % len(TEMPERATURES)] for voice in range(VOICES)]
        for take in pl.generate(model, seconds, voices=VOICES, temperature=temperatures, seed=begin):
            heard = analyse_sound(take)
            blown_up, audible = blown_up + heard.blown_up, audible + heard.audible
            levels.append(take.levels.rms_dbfs)
    percentiles = np.percentile(levels, [0, 10, 50, 90, 100])
    return {
        "takes": len(levels), "seconds": seconds, "blown_up": blown_up, "audible": audible,
        "rms_dbfs": dict(zip(("least", "10 %", "median", "90 %", "most"), percentiles.round(1), strict=True)),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["notes", "long"])
    parser.add_argument("model", help="a run or a capsule")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the notes (1)")
    parser.add_argument("--takes", type=int, default=TAKES, help="how many long ones, in twenties (100)")
    parser.add_argument("--seconds", type=float, default=TAKE_SECONDS, help="of each long take (30)")
    parser.add_argument("--out", help="file for the JSON")
    options = parser.parse_args()
    try:
        model = as_capsule(options.model)
    except pl.CourseError as error:
        refuse(str(error))
    if options.task == "notes":
        results = go_on(model, notes(), options.temperature)
    else:
        results = long_takes(model, options.takes, options.seconds)
    report({"task": options.task, "model": options.model, **results}, options.out)


if __name__ == "__main__":
    main()
