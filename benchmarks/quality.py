"""How fast a model learns: the fixed task, sources of known entropy, and memorising one clip.

    python benchmarks/quality.py split FOLDER     165 s on FOLDER/train, bits per sample on FOLDER/validation
    python benchmarks/quality.py corpus RECORDINGS TAKES    as in lessons: curated, a sketch of 165 s, 64 takes of 6 s
    python benchmarks/quality.py entropy          a Markov chain, a noisy sine and uniform noise against their entropy
    python benchmarks/quality.py predictors FOLDER    what a model's predictors need by themselves, before any training
    python benchmarks/quality.py memorise         a 2-second clip by heart, played back from the fresh state

Every figure is printed as JSON beside the machine's speed; `--out FILE` writes it too.
"""

import argparse
import math
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from clean import refuse, sound
from machine import report

import prism_lessons as pl
from prism_lessons.audio import load
from prism_lessons.corpus import Codes
from prism_lessons.generation import of_model, pieces
from prism_lessons.live import LiveLine
from prism_lessons.presets import PRESETS
from prism_lessons.quantisation import Quantisation
from prism_lessons.scoring import Scorer
from prism_lessons.streams import Streams
from prism_lessons.training.budget import Budget
from prism_lessons.training.callback import TrainingCallback
from prism_lessons.training.keras_model import build_model
from prism_lessons.training.training_state import TrainingState

SAMPLE_RATE = 16000
TAKES = 64  # 16 were tried: the same kind of training gave half the distance with other ones


def learn(codes, preset, seconds=None, epochs=None, note=None, as_played=True):
    """Train on `codes` with the library's own step and schedule; the model and the seconds spent.

    The budget is in seconds of training or in passes. `note` is called after each pass with the bits of that pass.
    """
    model = build_model(preset, "float32", codes)
    streams = Streams.of(codes, preset, model.samplernn.predictors, as_played)
    state, budget = TrainingState(streams), Budget(epochs, seconds and seconds / 60)
    callback = TrainingCallback(state, preset.training, budget, LiveLine(sys.stderr))
    while not budget.spent(state):
        model.fit(streams.dataset(state.epoch), callbacks=[callback], shuffle=False, verbose=0)
        total, count = state.bits(model)
        state.next_epoch(model)
        if note:
            note(total / count)
    return model.samplernn, state.seconds


def whole_clips(codes):
    first, lengths = codes.starts[0], codes.lengths[0]
    return first, first, first + lengths


def predecessors_mu_law(samples):
    """The codes that the predecessor's quantiser gives (256 levels, -1 .. 1 in 255 steps)."""
    compressed = np.sign(samples) * np.log1p(255 * np.minimum(np.abs(samples), 1)) / np.log(256)
    return ((compressed + 1) / 2 * 255 + 0.5).astype(np.uint8)


def split(folder, seconds, changes):
    """The fixed task: bits on the validation pieces, in the predecessor's codes (to compare) and in ours."""
    preset = PRESETS["sketch"].changed(**changes)
    results = {"task": "split", "seconds": seconds, "changes": changes}
    for name, encode in (("predecessor's codes", predecessors_mu_law), ("own codes", Quantisation().encode)):

        def read(part, encode=encode):
            clips = [load(path).samples for path in sorted((Path(folder) / part).glob("*.flac"))]
            return Codes.of_arrays([encode(clip) for clip in clips], 128)

        model, spent = learn(read("train"), preset, seconds)
        validation = read("validation")
        results[name] = {
            "bits_per_sample": round(Scorer(model)(validation, *whole_clips(validation)), 4),
            "training_seconds": round(spent, 1),
        }
    return results


def corpus(recordings, folder, seconds, temperature, nudge, changes):
    """Curate, train and generate with the library's own verbs and split; the takes are left in `folder`."""
    with tempfile.TemporaryDirectory() as work:
        run = pl.train(pl.curate(recordings, f"{work}/corpus"), f"{work}/run", minutes=seconds / 60, **changes)
        began = time.perf_counter()
        capsule = run.capsule(run.epochs[-1])
        takes = pl.generate(capsule, seconds=6, voices=TAKES, temperature=temperature, seed=0, nudge=nudge)
        spent = time.perf_counter() - began
        for number, take in enumerate(takes, 1):
            take.save(Path(folder) / f"{number:02d}.wav")
        last = run.log[-1]
        return {
            "task": "corpus",
            "seconds": round(last.seconds),
            "changes": changes,
            "epochs": len(run.log),
            "validation_bits": round(last.validation_bits, 4),
            "temperature": temperature,
            "nudge": nudge,
            "seconds_to_generate": round(spent, 1),
        }


def alone(folder, changes):
    """What a model's predictors need by themselves for the FLACs of a folder, and how long they take for a sample."""
    preset = PRESETS["sketch"].changed(**changes)
    clips = [load(path, SAMPLE_RATE).samples for path in sorted(Path(folder).glob("*.flac"))]
    codes = Codes.of_arrays([preset.model.codec.encode(clip) for clip in clips], preset.model.codec.centre)
    model = build_model(preset, "float32", codes).model
    kernel = model.sample_tier.output_layer.kernel
    kernel.assign(np.zeros(kernel.shape))  # what is left of the logits is the predictors' mixture
    predictors, some = model.predictors, codes.array[None, :SAMPLE_RATE]
    predictors.follow(some, predictors.begin(some[:, :0]))
    began = time.process_time()
    predictors.follow(some, predictors.begin(some[:, :0]))
    spent = time.process_time() - began
    return {
        "task": "predictors",
        "changes": changes,
        "bits_per_sample": round(Scorer(model)(codes, *whole_clips(codes)), 4),
        "microseconds_per_sample": round(1e6 * spent / some.size, 2),
    }


def markov_chain(samples, rng, states=16):
    """A chain on the codes from 100 on, always the same one, and its entropy rate, from its transition matrix."""
    matrix = np.random.default_rng(7).dirichlet(np.full(states, 0.3), size=states)
    stationary = np.linalg.matrix_power(matrix, 4096)[0]
    surprise = -np.log2(np.maximum(matrix, 1e-300))
    heights, codes, state = np.cumsum(matrix, axis=1), np.empty(samples, np.uint8), 0
    for i, draw in enumerate(rng.random(samples)):
        state = min(int(np.searchsorted(heights[state], draw)), states - 1)
        codes[i] = 100 + state
    return codes, float(stationary @ np.sum(matrix * surprise, axis=1))


def noisy_sine(samples, rng, noise=8):
    """A sine of period 32 and random phase, plus whole noise of `noise` values: log2(noise) once the phase is known."""
    time = np.arange(samples) + rng.integers(32)
    sine = np.round(60 * np.sin(2 * np.pi * time / 32)).astype(np.int64)
    return (128 + sine + rng.integers(noise, size=samples)).astype(np.uint8), math.log2(noise)


def uniform_noise(samples, rng):
    """All 256 codes alike: 8 bits, and no model that does not cheat gets below."""
    return rng.integers(256, size=samples).astype(np.uint8), 8.0


SOURCES = {"markov chain": markov_chain, "noisy sine": noisy_sine, "uniform noise": uniform_noise}


def entropy(seconds, changes):
    """Bits above the entropy rate, on fresh clips of each source, after `seconds` of training on others."""
    changes = {"dropout": 0.0, **changes}  # no sound comes twice
    results = {"task": "entropy", "seconds": seconds, "changes": changes}
    for name, source in SOURCES.items():
        made = [source(25_000, np.random.default_rng(number)) for number in range(88)]
        clips, bound = [clip for clip, _ in made], made[0][1]
        model, spent = learn(Codes.of_arrays(clips[:80], 128), PRESETS["sketch"].changed(**changes), seconds)
        fresh = Codes.of_arrays(clips[80:], 128)
        bits = Scorer(model)(fresh, *whole_clips(fresh))
        results[name] = {
            "entropy": round(bound, 4),
            "bits_per_sample": round(bits, 4),
            "above": round(bits - bound, 4),
            "training_seconds": round(spent, 1),
        }
    return results


def memorise(sounds, changes, **budget):
    """Learn each clip of {name: float samples} by heart within a budget, and play it back from the fresh state."""
    codec = Quantisation()
    changes = {"frame_sizes": (16, 64), "dropout": 0.0, "learning_rate": 3e-3, "warm_up": 20, **changes}
    results = {"task": "memorise", **budget, "changes": changes}
    for name, samples in sounds.items():
        codes = Codes.of_arrays([codec.encode(samples)], codec.centre)
        began = time.perf_counter()
        reached = []

        def note_five_hundredths(bits, began=began, reached=reached):
            if bits < 0.05 and not reached:
                reached.append(round(time.perf_counter() - began, 1))

        model, spent = learn(
            codes, PRESETS["sketch"].changed(**changes), note=note_five_hundredths, as_played=False, **budget
        )
        replay = np.concatenate(list(pieces(of_model(model), 1, len(samples), [0.05], [(0, 0)])), axis=1)[0]
        results[name] = {
            "bits_per_sample": round(Scorer(model)(codes, *whole_clips(codes)), 4),
            "training_seconds": round(spent, 1),
            "seconds_until_below_0.05_with_compilation": reached[0] if reached else None,
            "correlation_of_replay": round(
                float(np.corrcoef(codec.decode(replay), codec.decode(codes.array))[0, 1]), 4
            ),
        }
    return results


def two_seconds(path=None):
    """What to memorise: two seconds of white noise, and of the sound file `path` if one is named."""
    sounds = {"white noise": np.random.default_rng(3).uniform(-0.5, 0.5, 2 * SAMPLE_RATE).astype(np.float32)}
    if path:
        sounds[Path(path).name] = sound(path, SAMPLE_RATE)[: 2 * SAMPLE_RATE]
    return sounds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["split", "corpus", "predictors", "entropy", "memorise"])
    parser.add_argument("path", nargs="?", help="the task's folder; a sound file to memorise")
    parser.add_argument("takes", nargs="?", help="a new folder for the takes of a corpus")
    parser.add_argument("--temperature", type=float, default=1.0, help="of these takes (1)")
    parser.add_argument("--nudge", action="store_true", help="these takes are nudged where they fall silent")
    parser.add_argument("--seconds", type=float, help="of training (165; 110 for entropy; 60 for memorise)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change a setting")
    parser.add_argument("--out", help="file for the JSON")
    options = parser.parse_args()
    from prism_lessons.cli import setting

    changes = dict(setting(text) for text in options.set)
    if options.task == "split":
        if not all(any(Path(options.path or "", part).glob("*.flac")) for part in ("train", "validation")):
            refuse("split needs a folder that holds FLACs in train/ and in validation/: name it.")
        results = split(options.path, options.seconds or 165, changes)
    elif options.task == "corpus":
        if not options.takes or not Path(options.path).is_dir() or Path(options.takes).exists():
            refuse("corpus needs a folder of recordings and the name of a new one for the takes: name both.")
        Path(options.takes).mkdir(parents=True)
        results = corpus(
            options.path, options.takes, options.seconds or 165, options.temperature, options.nudge, changes
        )
    elif options.task == "predictors":
        if not any(Path(options.path or "").glob("*.flac")):
            refuse("predictors needs a folder of FLACs: name it.")
        results = alone(options.path, {"predictors": (8, 32, 128), **changes})
    elif options.task == "entropy":
        results = entropy(options.seconds or 110, changes)
    else:
        results = memorise(two_seconds(options.path), changes, seconds=options.seconds or 60)
    report(results, options.out)


if __name__ == "__main__":
    main()
