"""How takes sound beside the recordings, in figures, to compare models with; and whether these figures tell damage.

    python benchmarks/hearing.py takes RECORDINGS TAKES...    a line of JSON for each folder, that of recordings first
    python benchmarks/hearing.py damage FOLDER... [--page FILE.md] [--out FILE.json]

`prism_lessons/audition/take_comparison.py` says what each figure is. The first line gives those of the recordings among
themselves: what there is to reach.

Damage: each folder is a corpus, or where its recordings are named "kind_name", each kind of four and more is one; five
more are made by formula. Takes are put together of one half of a corpus, damaged in eight ways and three degrees, and
held against the other half. What was chosen was chosen on the corpora made by formula; the others are held out.
"""

import argparse
import itertools
import json
import math
import sys
from operator import itemgetter
from pathlib import Path

import numpy as np
from clean import recordings_in, refuse, sound
from scipy.signal import butter, lfilter, sosfilt

from prism_lessons.analysis import SAMPLE_RATE
from prism_lessons.audio import Clip
from prism_lessons.audition.take_comparison import analyse_sound, compare_recordings, compare_takes, join_clips

FEWEST = 2  # recordings, or takes: of fewer there is no distance
FEWEST_OF_A_KIND = 4
TAKES, SECONDS = 6, 4.0  # of each kind and degree of damage
SHARES = (1 / 3, 2 / 3, 1.0)
LOOP_SECONDS = 0.5
BY_FORMULA = "by formula"
OF_RINGING = ("in_one_recording", "ringing")  # what holds no partials cannot lose them
OCTAVES, SPREAD_DB = 3.0, 10.0  # a difference as great as that counts as much as a share of 1 against 0
INTRODUCTION = """\
# Hearing on trial

Whether the figures of `prism_lessons/audition/take_comparison.py` tell damage, and more of it from less. Takes are put
together of one half of a corpus and held against the other half; what there is to reach is that other half held against
this one. A damage is in order where each degree is farther from that than the one before, and the least is farther than
what is untouched: by the figure that is meant to tell it, and by all of them together as one length (`differences` and
`together` in the benchmark). Detuning and wobbling are counted in corpora that ring.

How differences are scaled and put together was chosen on the corpora made by formula (of a sum, a length and the
largest, the length had most in order); the others are held out. Six takes of four seconds leave some differences to
chance. Written by `python benchmarks/hearing.py damage datasets_examples/bells datasets_examples/breath RECORDINGS
--page docs/hearing.md`, not by hand.

Copies of plain tones that die away, such as chimes, are not found: these fit themselves a period on as well, so that
nothing proves the copy (docs/closeness.md). Recordings that differ much from each other, such as drum loops, lie
farther apart than some noise takes them. All together, copies hide what else is wrong, since they sound as the
recordings do, and detuning is lost among what chance adds to a dozen other figures. So `takes` prints each figure, and
not one number.
"""
ONE_FIGURE = (
    "The figure's difference, untouched and from the least degree to the greatest; in bold what is not in order:"
)
TOGETHER = "All differences together, likewise:"


def clips_in(folder, fewest=FEWEST):
    """{name: `Clip` at 16 kHz} of the sounds in a folder."""
    return {path.name: Clip(sound(path, SAMPLE_RATE), SAMPLE_RATE) for path in recordings_in(folder, fewest)}


def takes(recordings, folders):
    """Yield the figures of the recordings and of each folder of takes, as plain values."""
    clips = list(clips_in(recordings).values())
    played = {folder: [analyse_sound(clip) for clip in clips_in(folder).values()] for folder in folders}
    seconds = np.median([take.measures.seconds for heard in played.values() for take in heard])
    known = [analyse_sound(clip) for clip in clips]
    yield {"folder": recordings} | rounded(compare_recordings(clips, known, seconds))
    for folder, heard in played.items():
        yield {"folder": folder} | rounded(compare_takes(heard, known))


def rounded(heard):
    return {name: value and round(value, 3) for name, value in heard.as_dict().items()}


# --- corpora ---------------------------------------------------------------------------------------------------------

TIME = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE


def tone(hertz, partials, time=TIME):
    """Harmonics (or others) with their amplitudes, and the phase of a pitch that may move."""
    phase = 2 * np.pi * (np.cumsum(hertz) / SAMPLE_RATE if np.ndim(hertz) else hertz * time)
    return sum(amplitude * np.sin(ratio * phase) for ratio, amplitude in partials)


def plucked(random):
    hertz = 110 * 2 ** (random.integers(0, 25) / 12)
    return np.exp(-2 * TIME) * tone(hertz, [(n, 1 / n) for n in range(1, 9)])


def organ(random):
    root = 110 * 2 ** (random.integers(0, 13) / 12)
    swell = np.sin(np.pi * TIME / 3) ** 0.5
    return swell * sum(tone(root * 2 ** (step / 12), [(1, 1), (2, 0.5), (4, 0.2)]) for step in (0, 7, 16))


def voice(random):
    hertz = random.uniform(100, 250) * 2 ** (0.3 * np.sin(2 * np.pi * random.uniform(0.2, 0.5) * TIME) / 12)
    pulses = np.diff(np.floor(np.cumsum(hertz) / SAMPLE_RATE), prepend=0)
    for formant in (random.uniform(300, 800), random.uniform(900, 2200), 2700):
        radius, angle = np.exp(-np.pi * 90 / SAMPLE_RATE), 2 * np.pi * formant / SAMPLE_RATE
        pulses = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], pulses)
    return pulses * np.clip(8 * np.sin(np.pi * TIME / 1.5 + random.uniform(0, 3)), 0.05, 1)


def drums(random):
    beat = random.choice([0.25, 0.375, 0.5])
    kick = np.exp(-15 * (TIME % (2 * beat))) * np.sin(2 * np.pi * 20 * np.exp(-20 * (TIME % (2 * beat))) + 300 * TIME)
    return kick + 0.4 * np.exp(-60 * (TIME % beat)) * random.standard_normal(len(TIME))


def surf(random):
    band = butter(2, [random.uniform(150, 500), random.uniform(900, 3000)], "bandpass", fs=SAMPLE_RATE, output="sos")
    return sosfilt(band, random.standard_normal(len(TIME))) * np.sin(np.pi * TIME / random.uniform(1, 3)) ** 2


FORMULAS = (plucked, organ, voice, drums, surf)


def by_formula(make, count=12):
    """A corpus of sounds of 3 s that a formula makes, a list of `Clip`s."""
    sounds = [make(np.random.default_rng(seed)) for seed in range(count)]
    return [Clip(np.float32(0.5 * one / np.abs(one).max()), SAMPLE_RATE) for one in sounds]


def corpora(folders):
    """{name: list of `Clip`s} of folders, and those by formula."""
    found = {}
    for folder in folders:
        clips = clips_in(folder, FEWEST_OF_A_KIND)
        kinds = {name: name.partition("_")[0] if "_" in name else "" for name in clips}
        for kind, names in itertools.groupby(sorted(clips, key=kinds.get), key=kinds.get):
            names = list(names)
            if len(names) >= FEWEST_OF_A_KIND:
                found[f"{Path(folder).name}, {kind}".rstrip(", ")] = [clips[name] for name in names]
    return found | {f"{make.__name__}, {BY_FORMULA}": by_formula(make) for make in FORMULAS}


# --- damage: each a function of samples (takes, samples), a degree, recordings alike, and a chance -----------------


def noisy(played, decibels, others, random):
    hiss = random.standard_normal(played.shape)
    return played + hiss * np.sqrt((played**2).mean(1, keepdims=True)) * 10 ** (-decibels / 20)


def muffled(played, hertz, others, random):
    return sosfilt(butter(6, hertz, fs=SAMPLE_RATE, output="sos"), played)


def transposed(played, share, others, random):
    """A share of the takes, each up or down by 1.5 to 6 semitones."""
    steps = random.uniform(1.5, 6, len(played)) * random.choice([-1, 1], len(played))
    return replaced(played, share, [warped(one, 2 ** (step / 12)) for one, step in zip(played, steps, strict=True)])


def wobbling(played, share, others, random):
    """A share of the takes, their pitch up and down by half a semitone, one and a half times a second."""
    time = np.arange(played.shape[1]) / SAMPLE_RATE
    phases = 2 * np.pi * (1.5 * time + random.random((len(played), 1)))
    return replaced(played, share, list(map(warped, played, 2 ** (np.sin(phases) / 24))))


def looping(played, share, others, random):
    """A share of the takes, their first half second over and over."""
    size, length = round(LOOP_SECONDS * SAMPLE_RATE), played.shape[1]
    return replaced(played, share, np.tile(played[:, :size], (1, -(-length // size)))[:, :length])


def copied(played, share, others, random):
    """A share of the takes put together of the very recordings that they are held against."""
    return replaced(played, share, others)


def alike(played, share, others, random):
    """A share of the takes are all the first one."""
    return replaced(played, share, np.repeat(played[:1], len(played), 0))


def silenced(played, share, others, random):
    """A share of each take, its end, is silent."""
    return np.where(np.arange(played.shape[1]) < (1 - share) * played.shape[1], played, 0)


def replaced(played, share, by):
    order = np.random.default_rng(7).permutation(len(played))
    return np.where((order < share * len(played))[:, None], by, played)


def warped(samples, speed):
    """Samples played at another speed, a number or one for each, from the beginning again where they end."""
    places = np.cumsum(np.broadcast_to(speed, samples.shape)) % (len(samples) - 1)
    return np.interp(places, np.arange(len(samples)), samples)


# Its name, the unit of its degrees, the degrees, and the figure that is meant to tell it.
DAMAGE = {
    noisy: ("noise added", "dB below", (20, 10, 0), "distance"),
    muffled: ("low-pass", "Hz", (2000, 700, 250), "distance"),
    transposed: ("detuned", "of the takes", SHARES, "in_one_recording"),
    wobbling: ("wobbling", "of the takes", SHARES, "ringing"),
    looping: ("loops", "of the takes", SHARES, "loop"),
    copied: ("copies", "of the takes", SHARES, "copying"),
    alike: ("one take for all", "of the takes", SHARES, "distance"),
    silenced: ("silence", "of each take", SHARES, "silence"),
}


def damaged(clips):
    """Damage to takes of a corpus: {its name: `differences` for each degree, 0 first}, and whether the corpus rings."""
    here, there = clips[::2], clips[1::2]
    known = [analyse_sound(clip) for clip in here]
    played, others = (np.array([take.samples for take in join_clips(half, SECONDS, TAKES)]) for half in (there, here))
    reached = compare_takes(
        [analyse_sound(Clip(one, SAMPLE_RATE)) for one in others], [analyse_sound(clip) for clip in there]
    )
    heard = {}

    def differing(samples, copies=False):
        for one in samples:
            if one.tobytes() not in heard:
                heard[one.tobytes()] = analyse_sound(Clip(one, SAMPLE_RATE))
        return differences(compare_takes([heard[one.tobytes()] for one in samples], known, copies), reached)

    untouched, found = differing(played, copies=True), {}
    for damage, (name, _, degrees, _) in DAMAGE.items():
        found[name] = [untouched]
        for degree in degrees:
            result = damage(played, degree, others, np.random.default_rng(11))
            one = differing(np.float32(np.clip(result, -1, 1)), damage is copied)
            # To seek copies takes longer than all the rest; other damage adds none.
            found[name].append(one if damage is copied else one | {"copying": untouched["copying"]})
    return found | {"rings": reached.ringing >= 0.5}


def differences(takes, reached):
    """How far takes are from what there is to reach, both `TakeComparison`s: {figure: difference}, below 0 if better.

    Each is in units of the difference between none and all. What no take is left to measure by differs by 1.
    """

    def apart(figure, scale=lambda value: value):
        ours, theirs = getattr(takes, figure), getattr(reached, figure)
        return 1.0 if None in (ours, theirs) else float(abs(scale(ours) - scale(theirs)))

    def beyond(ours, theirs):
        return float(takes.inaudible) if None in (ours, theirs) else ours - theirs

    def margin(heard):
        return None if heard.in_one_recording is None else heard.in_one_recording - heard.transposed

    return {
        "inaudible": takes.inaudible,
        "blown_up": takes.blown_up,
        "copying": beyond(takes.copying, reached.copying),
        "silence": apart("silence"),
        "ringing": apart("ringing"),
        "in_one_recording": beyond(margin(reached), margin(takes)),
        "distance": beyond(takes.distance, reached.distance),
        "partials": apart("partials", lambda count: np.log2(1 + count) / OCTAVES),
        "voiced": apart("voiced"),
        "onsets": apart("onsets", lambda count: np.log2(0.5 + count) / OCTAVES),
        "moves_db": apart("moves_db", lambda level: level / SPREAD_DB),
        "loop": apart("loop"),
        "levels_db": apart("levels_db", lambda level: level / SPREAD_DB),
    }


def together(differing):
    """All differences as one length: as one number, had it to be one."""
    return math.hypot(*(max(0, value) for value in differing.values()))


def rising(values):
    """Whether each of some values is greater than the one before."""
    return all(after > before + 1e-9 for before, after in itertools.pairwise(values))


def page(results):
    """What `damaged` found in each corpus, {name: its result}, as Markdown."""
    by_formula = [name for name in results if name.endswith(BY_FORMULA)]
    held_out = [name for name in results if name not in by_formula]

    def is_judged(corpus, figure):
        return results[corpus]["rings"] or figure not in OF_RINGING

    def ordered(damage, figure, value):
        """In how many corpora of either kind a damage is in the right order, as two cells."""
        judged = [[name for name in some if is_judged(name, figure)] for some in (by_formula, held_out)]
        right = [[rising(map(value, results[name][damage])) for name in some] for some in judged]
        return " | ".join(f"{sum(one)} of {len(one)}" for one in right)

    def row(corpus, damage, value):
        values = list(map(value, results[corpus][damage]))
        said = ", ".join(f"{round(one, 2) + 0:.2f}" for one in values)  # + 0: no "-0.00"
        return said if rising(values) else f"**{said}**"

    lines = [
        INTRODUCTION,
        "| damage | degrees | a figure | in order, by formula | held out | all together, by formula | held out |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, unit, degrees, figure in DAMAGE.values():
        named = ", ".join(f"{round(degree, 2):g}" for degree in degrees)
        counts = " | ".join(ordered(name, figure, value) for value in (itemgetter(figure), together))
        lines.append(f"| {name} | {named} {unit} | `{figure}` | {counts} |")
    for title, value in ((ONE_FIGURE, None), (TOGETHER, together)):
        lines += [f"\n{title}\n", f"| corpus | {' | '.join(name for name, *_ in DAMAGE.values())} |"]
        lines.append(f"|---|{len(DAMAGE) * '---|'}")
        for corpus in results:
            cells = [
                row(corpus, name, value or itemgetter(figure)) if is_judged(corpus, figure) else ""
                for name, *_, figure in DAMAGE.values()
            ]
            lines.append(f"| {corpus} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=["takes", "damage"])
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="the recordings, and then folders of takes")
    parser.add_argument("--page", help="write the tables of damage there, as Markdown")
    parser.add_argument("--out", help="write the figures of damage there, as JSON")
    options = parser.parse_args()
    if options.task == "takes":
        if len(options.folders) < 2:
            refuse("name the folder of the recordings, and then one folder of takes or more.")
        for figures in takes(options.folders[0], options.folders[1:]):
            print(json.dumps(figures), flush=True)
        return
    results = {}
    for name, clips in corpora(options.folders).items():
        results[name] = damaged(clips)
        print(name, file=sys.stderr, flush=True)
        if options.out:
            Path(options.out).write_text(json.dumps(results, indent=1), encoding="utf-8")
    written = page(results)
    if options.page:
        Path(options.page).write_text(written, encoding="utf-8")
    else:
        print(written)


if __name__ == "__main__":
    main()
