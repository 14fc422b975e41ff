"""Whether models do what they are asked: the label of takes, as a classifier hears it, and their loudness.

    python benchmarks/asking.py labels CORPUS RUN [--takes 200] [--temperature 0.95]
    python benchmarks/asking.py loudness [CAPSULE ...] [--takes 8]

`labels` generates takes of 3 s from a run that was trained with labels, as many of each. A classifier (logistic
regression on timbre features), trained on pieces of 3 s of the corpus's recordings, names the label of each take. Its
accuracy on recordings that it was not trained on (five folds, whole recordings left out) is given beside it.

`loudness` asks for lines of loudness of 8 s between -50 and -12 dBFS: ramps, steps, and a random walk.
Given are Spearman's rank correlation of what was asked and what is heard, every 10 ms, the median over takes, and the
median distance in dB; "free" is the same for takes that were asked for nothing. Without a capsule, those that come with
the course are played.

Prints JSON.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prism_lessons import Corpus, Envelope, generate, load
from prism_lessons.analysis import HOP_SECONDS, at_16_khz, descriptors_of, timbre_features
from prism_lessons.audio import Clip
from prism_lessons.audio import load as load_sound
from prism_lessons.run import as_capsule

TRAINED = Path(__file__).parents[1] / "datasets_examples" / "trained"
SECONDS, LONG = 3.0, 8.0


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


def named(corpus, run, takes, temperature):
    """How often the classifier names the label that was asked for."""
    rows, labels, recordings = pieces_of(Corpus.open(corpus))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
    held_out = cross_val_predict(classifier, rows, labels, groups=recordings, cv=GroupKFold(5))
    classifier.fit(rows, labels)
    capsule = as_capsule(run)
    found = {"recordings": {"pieces": len(rows), "accuracy": float(np.mean(held_out == labels))}}
    for label in capsule.settings.labels:
        count = round(takes / len(capsule.settings.labels))
        made = generate(capsule, SECONDS, count, temperature, label=label)
        heard = classifier.predict([features(take) for take in made])
        silent = np.mean([not sounds(take) for take in made])
        found[label] = {
            "takes": count, "named": {name: int(np.sum(heard == name)) for name in np.unique(labels)},
            "silent": float(silent),
        }  # fmt: skip
    right = sum(found[label]["named"][label] for label in capsule.settings.labels)
    return found | {"accuracy": right / sum(found[label]["takes"] for label in capsule.settings.labels)}


def lines():
    """{kind: a line of loudness}, as text."""
    rng = np.random.default_rng(7)
    steps = [(time + edge, level) for time, level in enumerate(rng.uniform(-50, -12, 8)) for edge in (0.0, 1.0)]
    walk = np.clip(-30 + np.cumsum(rng.normal(0, 6, 17)), -50, -12)
    return {
        "ramps": "0:-50, 2:-12, 4:-50, 6:-12, 8:-50",
        "steps": ", ".join(f"{time:g}:{level:.1f}" for time, level in steps),
        "random walk": ", ".join(f"{number / 2:g}:{level:.1f}" for number, level in enumerate(walk)),
    }


def followed(capsule, line, takes, asked):
    """The rank correlation and the distance in dB of takes from a line, asked for or not."""
    made = generate(capsule, LONG, takes, **({"loudness": line} if asked else {}))
    heard = [descriptors_of(take.samples, take.sample_rate, ["loudness"])[:, 0] for take in made]
    wanted = Envelope.of(line, "loudness", (-80, 0)).at(np.arange(len(heard[0])) * HOP_SECONDS)
    return {
        "rank_correlation": round(float(np.median([spearmanr(wanted, each).statistic for each in heard])), 3),
        "distance_db": round(float(np.median([np.abs(wanted - each) for each in heard])), 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    labels = verbs.add_parser("labels")
    labels.add_argument("corpus")
    labels.add_argument("run")
    labels.add_argument("--takes", type=int, default=200)
    labels.add_argument("--temperature", type=float, default=0.95)
    loudness = verbs.add_parser("loudness")
    loudness.add_argument("capsules", nargs="*")
    loudness.add_argument("--takes", type=int, default=8)
    options = parser.parse_args()
    if options.verb == "labels":
        print(json.dumps(named(options.corpus, options.run, options.takes, options.temperature), indent=1))
        return
    found = {}
    for path in options.capsules or sorted(TRAINED.glob("*/epochs/*.capsule")):
        capsule = load(path)
        if capsule.settings.guesses:
            found[str(path)] = {
                f"{kind}{'' if asked else ', free'}": followed(capsule, line, options.takes, asked)
                for kind, line in lines().items()
                for asked in (True, False)
            }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
