"""How fast a preset trains on a graphics card and what it learns there, on any Keras backend that sees one.

    python benchmarks/gpu.py CORPUS [--preset study] [--minutes 2] [--precision float32] [--set NAME=VALUE]
        [--takes FOLDER] [--out FILE]

CORPUS is a curated one (`prism-lessons curate`). The environment variable KERAS_BACKEND names the backend: tensorflow
(if none is named), jax or torch. The library's own model, streams and schedule are used; the loop around them
is the benchmark's, since the library trains with TensorFlow alone. Without a card the processor works, and the figures
say so.

`samples_per_second` is that of the median step. `waiting` is the share of the time in which a step waits for its batch:
predictors listen ahead on the processor. Validation is measured on the corpus's own split, from its first sample to its
last, with the state carried along. `--takes` leaves 16 takes of 6 s at temperature 1, made on the processor.
"""

import argparse
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # so that the memory in use says something
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
sys.path.insert(0, str(Path(__file__).parent))
from clean import refuse
from machine import report

import prism_lessons as pl
from prism_lessons.backend import keras
from prism_lessons.corpus import TRAINING, VALIDATION, codes_of
from prism_lessons.errors import CourseError
from prism_lessons.presets import find_preset
from prism_lessons.streams import Streams
from prism_lessons.training.budget import Budget
from prism_lessons.training.keras_model import Nats, StatefulSampleRNN, build_model
from prism_lessons.training.schedule import learning_rate
from prism_lessons.training.training_state import TrainingState

MEASUREMENTS = 6  # of validation, spread evenly over the budget
AHEAD = 8  # batches that are read before their step, as in the library
VALIDATION_STREAMS = 8
COMPILING_STEPS = 2  # at the beginning, which are not timed


def card():
    """The name of the graphics card and the memory in use on it, MB, as its driver says; None without one."""
    if not shutil.which("nvidia-smi"):
        return None
    asked = ["nvidia-smi", "--query-gpu=name,memory.used", "--format=csv,noheader,nounits"]
    name, used = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0].split(", ")
    return name, int(used)


def ahead(batches):
    """Yield what an iterator does, read by a thread of its own some items ahead."""
    line, end = queue.Queue(AHEAD), object()

    def read():
        for batch in batches:
            line.put(batch)
        line.put(end)

    threading.Thread(target=read, daemon=True).start()
    while (batch := line.get()) is not end:
        yield batch


def compiled(model):
    """The model, compiled as a whole where the backend is JAX, which runs each operation by itself otherwise."""
    if keras.backend.backend() == "jax":
        model.jit_compile = True
    return model


class Validation:
    """Bits per sample of a model on some codes.

    Parameters
    ----------
    model
        The `SampleRNN`; its weights may change between calls.
    """

    def __init__(self, model, codes, preset):
        self.streams = Streams(
            codes,
            streams=VALIDATION_STREAMS,
            window=preset.training.window,
            context=preset.model.largest_frame,
            seed=0,
            predictors=model.predictors,
            as_played=False,
        )
        self.stateful = StatefulSampleRNN(model, VALIDATION_STREAMS)
        self.stateful.compile(loss=Nats(), weighted_metrics=[self.stateful.bits], jit_compile=False)
        compiled(self.stateful)

    def bits(self):
        self.stateful.bits.reset_state()
        for batch in self.streams.batches(0):
            self.stateful.test_on_batch(*batch)
        return round(float(self.stateful.bits.result()), 4)


def train(corpus, preset, minutes, precision):
    """The trained model, and the figures."""
    codec, training = preset.model.codec, preset.training
    codes = codes_of(corpus, TRAINING, codec, training.augmentation, training.seed)
    model = compiled(build_model(preset, precision, codes))
    validation = Validation(model.samplernn, codes_of(corpus, VALIDATION, codec), preset)
    streams = Streams.of(codes, preset, model.samplernn.predictors)
    state, budget = TrainingState(streams), Budget(minutes=minutes)
    curve, times, waits, steps = [{"passes": 0, "bits": validation.bits()}], [], [], 0
    while not budget.spent(state):
        began = time.perf_counter()
        for batch in ahead(streams.batches(state.epoch)):
            ready = time.perf_counter()
            model.optimizer.learning_rate.assign(learning_rate(training, steps, budget.share(state)))
            model.train_on_batch(*batch)
            steps, now = steps + 1, time.perf_counter()
            state.step += 1
            if steps > COMPILING_STEPS:
                state.seconds += now - began
                times.append(now - began)
                waits.append(ready - began)
            if budget.share(state) >= len(curve) / MEASUREMENTS:
                curve.append({"passes": round(state.epochs, 2), "bits": validation.bits()})
                now = time.perf_counter()
            if budget.spent(state):
                break
            began = now
        else:
            state.next_epoch(model)
    return model.samplernn, {
        "samples_per_second": round(training.streams * training.window / float(np.median(times))),
        "waiting": round(sum(waits) / sum(times), 3),
        "steps": steps,
        "training_seconds": round(state.seconds, 1),
        "validation": curve,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="a curated corpus")
    parser.add_argument("--preset", default="study")
    parser.add_argument("--minutes", type=float, default=2, help="of training (2)")
    parser.add_argument("--precision", choices=["float32", "mixed_float16"], default="float32")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change a setting")
    parser.add_argument("--takes", help="a new folder for takes")
    parser.add_argument("--out", help="file for the JSON")
    options = parser.parse_args()
    from prism_lessons.cli import setting

    changes = dict(setting(text) for text in options.set)
    try:
        corpus, preset = pl.Corpus.open(options.corpus), find_preset(options.preset).changed(**changes)
    except CourseError as error:
        refuse(str(error))
    model, figures = train(corpus, preset, options.minutes, options.precision)
    seen = card()
    results = {
        "preset": options.preset,
        "changes": changes,
        "precision": options.precision,
        "backend": keras.backend.backend(),
        "card": seen and seen[0],
        "card_memory_mb": seen and seen[1],
        "weights": model.count_params(),
        **figures,
    }
    if options.takes:
        capsule = pl.Capsule.of(model, corpus.sample_rate, {}, "")
        Path(options.takes).mkdir(parents=True)
        began = time.perf_counter()
        takes = pl.generate(capsule, seconds=6, voices=16, temperature=1.0, seed=0, engine="numba")
        results["seconds_to_generate"] = round(time.perf_counter() - began, 1)
        for number, take in enumerate(takes, 1):
            take.save(Path(options.takes) / f"{number:02d}.wav")
    report(results, options.out)


if __name__ == "__main__":
    main()
