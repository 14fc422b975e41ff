"""Whether models do what they are asked: the label of takes, as a classifier hears it, and what they head for.

    python benchmarks/asking.py labels CORPUS RUN [--takes 200] [--temperature 0.95] [--guidance 1] [--loudness DBFS]
        [--alone LABEL=CAPSULE ...]
    python benchmarks/asking.py loudness|brightness [CAPSULE ...] [--takes 8]
    python benchmarks/asking.py speed PLAIN LABELLED

`labels` generates takes of 3 s from a run that was trained with labels, as many of each, with nudges. A classifier (a
random forest on timbre features), trained on pieces of 3 s of the corpus's recordings, names the label of each take.
Its accuracy on recordings that it was not trained on (five folds, whole recordings left out) is given beside it, and
with `--alone LABEL=CAPSULE` which label it names for takes of models that were trained on one of the sets alone: what
it does not recognise there, it cannot recognise in a model of all. Of blends of two labels, half and half, it gives
where their features lie between those of the two.

`loudness` asks for lines of loudness of 8 s between -50 and -12 dBFS: ramps, steps, and a random walk; `brightness` for
lines between 60 and 96 semitones, at the model's own loudness and at -25 dBFS. Given are Spearman's rank correlation of
what was asked and what is heard, every 10 ms, the median over takes, and the median distance in dB or semitones; "free"
is the same for takes that were asked for nothing. Moments below -60 dBFS have no brightness and do not count; `heard`
is the share of the others. Without a capsule, those that come with the course are played.

`speed` plays a model without labels and one with them in turn, and gives the median ratio of the times that they take,
the second asked for nothing, then for a label, a loudness and a brightness.

Prints JSON.
"""

import argparse
import json
import time
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from prism_lessons import Corpus, Envelope, generate, load
from prism_lessons.analysis import HOP_SECONDS, at_16_khz, descriptors_of, timbre_features
from prism_lessons.audio import Clip
from prism_lessons.audio import load as load_sound
from prism_lessons.run import as_capsule

TRAINED = Path(__file__).parents[1] / "datasets_examples" / "trained"
SECONDS, LONG, TURNS = 3.0, 8.0, 9
RANGES = {"loudness": (-50, -12), "brightness": (60, 96)}


def features(clip):
    """What a `Clip` sounds like."""
    return timbre_features(at_16_khz(clip))[0]


def sounds(clip):
    """Whether it is louder than -60 dBFS, RMS."""
    return np.sqrt(np.mean(np.square(clip.samples))) > 1e-3


def pieces_of(corpus):
    """Features, labels and recordings of all pieces of a corpus's clips that sound."""
    rows, labels, recordings = [], [], []
    for clip in corpus.clips:
        sound = load_sound(corpus.folder / clip.file)
        size = round(SECONDS * sound.sample_rate)
        for start in range(0, max(1, len(sound.samples) - size // 2), size):
            piece = Clip(sound.samples[start : start + size], sound.sample_rate, clip.file)
            if sounds(piece):
                rows.append(features(piece))
                labels.append(clip.group)
                recordings.append(clip.recording)
    return np.array(rows), np.array(labels), np.array(recordings)


def between(first, second, blend, spread):
    """Where a blend lies on the line from the mean of some takes' features, 0, to that of others, 1: the median take's
    place, and the share of takes that are between."""
    first, second, blend = (each / np.maximum(spread, 1e-9) for each in (first, second, blend))
    line = second.mean(0) - first.mean(0)
    places = (blend - first.mean(0)) @ line / (line @ line)
    return {"median": round(float(np.median(places)), 2), "share": float(np.mean((places > 0) & (places < 1)))}


def named(corpus, run, takes, temperature, guidance, loudness, alone):
    """How often the classifier names the label that was asked for, or that a model was trained on alone."""
    rows, labels, recordings = pieces_of(Corpus.open(corpus))
    # Trees do not extrapolate: takes lie outside of what the recordings have in some features (docs/decisions.md).
    classifier = RandomForestClassifier(500, class_weight="balanced", random_state=0)
    held_out = cross_val_predict(classifier, rows, labels, groups=recordings, cv=GroupKFold(5))
    classifier.fit(rows, labels)
    capsule = as_capsule(run)
    found = {"recordings": {"pieces": len(rows), "accuracy": float(np.mean(held_out == labels))}}

    def heard(capsule, count, **asked):
        made = generate(capsule, SECONDS, count, temperature, nudge=True, **asked)
        described = np.array([features(take) for take in made])
        names = classifier.predict(described)
        levels = [10 * np.log10(np.mean(np.square(take.samples)) + 1e-12) for take in made]
        return described, {
            "takes": count, "named": {name: int(np.sum(names == name)) for name in np.unique(labels)},
            "silent": float(np.mean([not sounds(take) for take in made])),
            "level_dbfs": [round(level, 1) for level in np.percentile(levels, (10, 50, 90))],
        }  # fmt: skip

    asked, count, described = capsule.settings.labels, round(takes / len(capsule.settings.labels)), {}
    for label in asked:
        described[label], found[label] = heard(capsule, count, label=label, guidance=guidance, loudness=loudness)
    found["accuracy"] = sum(found[name]["named"][name] for name in asked) / (count * len(asked))
    for one, other in combinations(asked, 2):
        blend, found[f"{one}:0.5, {other}:0.5"] = heard(capsule, count, label={one: 0.5, other: 0.5})
        found[f"{one}:0.5, {other}:0.5"]["between"] = between(described[one], described[other], blend, rows.std(0))
    for label, path in (each.split("=", 1) for each in alone):
        found[f"{label} alone"] = heard(load(path), count)[1]
    return found


def lines(low, high):
    """{kind: a line between two values}, as text."""
    rng, middle = np.random.default_rng(7), (low + high) / 2 + 1
    steps = [(time + edge, value) for time, value in enumerate(rng.uniform(low, high, 8)) for edge in (0.0, 1.0)]
    walk = np.clip(middle + np.cumsum(rng.normal(0, (high - low) / 6.4, 17)), low, high)
    return {
        "ramps": f"0:{low}, 2:{high}, 4:{low}, 6:{high}, 8:{low}",
        "steps": ", ".join(f"{time:g}:{value:.1f}" for time, value in steps),
        "random walk": ", ".join(f"{number / 2:g}:{value:.1f}" for number, value in enumerate(walk)),
    }


def followed(capsule, name, line, takes, **asked):
    """The rank correlation and the distance of takes from a line of a descriptor."""
    made = generate(capsule, LONG, takes, **asked)
    heard = [descriptors_of(take.samples, take.sample_rate, [name])[:, 0] for take in made]
    wanted = Envelope.of(line, name, (-80, 120)).at(np.arange(len(heard[0])) * HOP_SECONDS)
    there = [np.isfinite(each) for each in heard]
    pairs = [(wanted[here], each[here]) for here, each in zip(there, heard, strict=True) if here.sum() > 1]
    return {
        "rank_correlation": round(float(np.median([spearmanr(*pair).statistic for pair in pairs])), 3),
        "distance": round(float(np.median([np.median(np.abs(asked - heard)) for asked, heard in pairs])), 1),
        "heard": round(float(np.mean(there)), 2),
    }


def steered(capsule, name, takes):
    """{kind of line: figures} of a model, asked for a descriptor and not."""
    found, free = {}, {}
    for kind, line in lines(*RANGES[name]).items():
        found[kind] = followed(capsule, name, line, takes, **{name: line})
        if name == "brightness":
            found[f"{kind}, at -25 dBFS"] = followed(capsule, name, line, takes, brightness=line, loudness=-25)
        free[f"{kind}, free"] = followed(capsule, name, line, takes)
    return found | free


def slower(plain, labelled):
    """{what is asked: the time that a model with labels takes, as a multiple of that of one without}."""
    plain, labelled = as_capsule(plain), as_capsule(labelled)
    asked = {"label": labelled.settings.labels[0], "loudness": -20, "brightness": 80}

    def seconds(capsule, **what):
        begun = time.perf_counter()
        generate(capsule, SECONDS, 1, **what)
        return time.perf_counter() - begun

    turns = [(seconds(plain), seconds(labelled), seconds(labelled, **asked)) for _ in range(TURNS + 1)][1:]
    first, *others = np.array(turns).T
    return dict(zip(("nothing", "all"), (round(float(np.median(each / first)), 3) for each in others), strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    labels = verbs.add_parser("labels")
    labels.add_argument("corpus")
    labels.add_argument("run")
    labels.add_argument("--takes", type=int, default=200)
    labels.add_argument("--temperature", type=float, default=0.95)
    labels.add_argument("--guidance", type=float, default=1.0)
    labels.add_argument("--loudness", type=float)
    labels.add_argument("--alone", nargs="*", default=[])
    for name in RANGES:
        one = verbs.add_parser(name)
        one.add_argument("capsules", nargs="*")
        one.add_argument("--takes", type=int, default=8)
    speed = verbs.add_parser("speed")
    speed.add_argument("plain")
    speed.add_argument("labelled")
    options = parser.parse_args()
    if options.verb == "speed":
        print(json.dumps(slower(options.plain, options.labelled)))
        return
    if options.verb == "labels":
        print(
            json.dumps(
                named(
                    options.corpus,
                    options.run,
                    options.takes,
                    options.temperature,
                    options.guidance,
                    options.loudness,
                    options.alone,
                ),
                indent=1,
            )
        )
        return
    found = {}
    for path in options.capsules or sorted(TRAINED.glob("*/epochs/*.capsule")):
        capsule = load(path)
        if capsule.settings.guesses:
            found[str(path)] = steered(capsule, options.verb, options.takes)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
