"""How fast the model trains and plays on this machine, beside the speed of its matrix products.

    python benchmarks/speed.py [--out FILE]

Every figure is samples per second, all voices or streams together, and that figure per GFLOP/s of a 2048^3 float32
matrix product measured just before and after: compare the ratios, not the speeds.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from machine import matrix_product_gflops, report

from prism_lessons.backend import keras
from prism_lessons.corpus.codes import Codes
from prism_lessons.generation.engine import Engine
from prism_lessons.model import SampleRNN
from prism_lessons.settings import ModelSettings, TrainingSettings
from prism_lessons.streams import Streams
from prism_lessons.training.learner import Learner

SMALL = ModelSettings(frame_sizes=(16, 64), dim=256, layers=1, embedding=32)
SKETCH = ModelSettings(frame_sizes=(8, 32), dim=128, layers=1, embedding=32)


class Stopwatch(keras.callbacks.Callback):
    """Keeps when each batch ended."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())


def training(settings, streams, window, steps=40):
    """Samples per second of `fit` on streams of random codes; the first step, which compiles, is left out."""
    codes = np.random.default_rng(0).integers(settings.levels, size=streams * window * steps)
    windows = Streams(
        Codes.of_arrays([codes.astype(np.uint8)], 128),
        streams=streams,
        window=window,
        context=settings.largest_frame,
        seed=0,
    )
    learner = Learner(SampleRNN(settings, dtype="float32"), streams)
    learner.compile_for(TrainingSettings())
    watch = Stopwatch()
    learner.fit(windows.dataset(0), callbacks=[watch], shuffle=False, verbose=0)
    return streams * window / float(np.median(np.diff(watch.ends)))


def generation(settings, voices, chunks=4):
    """Samples per second of all voices together; the first chunk, which compiles, is left out."""
    engine = Engine(SampleRNN(settings, dtype="float32"))
    begun, made = None, 0
    for codes in engine.codes(engine.chunk * (chunks + 1), np.ones(voices), 0):
        if begun is not None:
            made += codes.size
        else:
            begun = time.perf_counter()
    return made / (time.perf_counter() - begun)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", help="file for the JSON")
    options = parser.parse_args()
    tasks = {
        "training, dim 256, 1 layer, frames 16/64, 16 streams, window 512": lambda: training(SMALL, 16, 512),
        "training, preset sketch": lambda: training(SKETCH, 8, 256, steps=200),
        "16 voices, dim 256, 1 layer, frames 16/64": lambda: generation(SMALL, 16),
        "1 voice, dim 256, 1 layer, frames 16/64": lambda: generation(SMALL, 1),
        "2 voices, preset sketch": lambda: generation(SKETCH, 2),
    }
    results = {}
    for name, task in tasks.items():
        before = matrix_product_gflops()
        speed = task()
        gflops = (before + matrix_product_gflops()) / 2
        results[name] = {
            "samples_per_second": round(speed),
            "matrix_product_gflops": round(gflops, 1),
            "per_gflops": round(speed / gflops, 1),
        }
    report(results, options.out)


if __name__ == "__main__":
    main()
