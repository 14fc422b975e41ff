"""How fast the model trains and plays on this machine, beside what the machine can do.

    python benchmarks/speed.py [--out FILE] [--only WORD]

Speeds are samples per second, all voices or streams together. Beside each stands that figure per GFLOP/s of a 2048^3
float32 matrix product measured just before and after: compare the ratios, not the speeds. Beside those of playing
stands also which share of the machine's limit that is: for one voice, the weights read for each sample over the speed
at which this machine reads an array of the same size again and again; for several, the arithmetic over the matrix
product. `--only` runs the tasks whose names hold a word, or one of several with | between.

The waits are taken in fresh processes, from the call of `generate` to its first piece of sound, with what Numba has
compiled before (warm) and without (cold).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from machine import matrix_product_gflops, report

from prism_lessons.backend import keras
from prism_lessons.capsule import Capsule
from prism_lessons.corpus import Codes
from prism_lessons.generation import sampling_loop
from prism_lessons.generation.numba_engine import NumbaEngine
from prism_lessons.generation.sampler import random_keys
from prism_lessons.generation.tensorflow_engine import TensorFlowEngine
from prism_lessons.model import SampleRNN
from prism_lessons.presets import PRESETS
from prism_lessons.settings import ModelSettings, TrainingSettings
from prism_lessons.streams import Streams
from prism_lessons.training.keras_model import StatefulSampleRNN

SMALL = ModelSettings(frame_sizes=(16, 64), dim=256, layers=1, embedding=32)
LARGE = ModelSettings(frame_sizes=(16, 64), dim=1024, layers=4, embedding=32)
SKETCH = PRESETS["sketch"]
SECONDS = 4.0  # of playing that are timed
PIECE = 2048  # samples of each call, all voices together


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
    model = StatefulSampleRNN(SampleRNN(settings, dtype="float32"), streams)
    windows = Streams(
        Codes.of_arrays([codes.astype(np.uint8)], 128),
        streams=streams,
        window=window,
        context=settings.largest_frame,
        seed=0,
        predictors=model.samplernn.predictors,
    )
    model.compile_for(TrainingSettings())
    watch = Stopwatch()
    model.fit(windows.dataset(0), callbacks=[watch], shuffle=False, verbose=0)
    return {"samples_per_second": round(streams * window / float(np.median(np.diff(watch.ends))))}


def model_of(settings):
    keras.utils.set_random_seed(0)
    return SampleRNN(settings, dtype="float32")


def numpy_weights(model):
    return {name: weight.numpy() for name, weight in model.weights_by_name().items()}


def playing(settings, voices, half=False, tensorflow=False):
    """Samples per second of all voices together, and the share of the limit; the first calls are left out."""
    model = model_of(settings)
    engine = TensorFlowEngine(model) if tensorflow else NumbaEngine([(settings, numpy_weights(model))], half)
    samples = max(1, PIECE // voices // engine.largest) * engine.largest
    draw = [np.random.default_rng(pair) for pair in random_keys(0, voices)]
    temperatures, state = np.ones((samples, voices), np.float32), engine.initial_state(voices)

    def play():
        nonlocal state
        codes, state = engine.play(state, temperatures, np.stack([one.random(samples, np.float32) for one in draw], 1))
        return codes.size

    for _ in range(4):  # compiles, and tries one core and two
        play()
    begun, made = time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS:
        made += play()
    speed = made / (time.perf_counter() - begun)
    result = {"samples_per_second": round(speed), "times_real_time_at_16_kHz": round(speed / 16000, 2)}
    if tensorflow:
        return result
    products = work(engine.model, silent_share(model) if voices == 1 and not settings.guesses else 0.0)
    if voices == 1:
        read = products * (2 if half else 4)
        gigabytes = bandwidth(engine.model.weights)
        result |= {
            "weight_bytes_per_sample": round(read),
            "reading_gigabytes_per_second": round(gigabytes, 1),
            "share_of_reading": round(speed * read / gigabytes / 1e9, 3),
        }
    else:
        result["gflops"] = round(speed * 2 * products / 1e9, 1)
    return result


def work(compiled_model, silent):
    """Multiplications for each sample of a voice; `silent` is the share of inputs after a ReLU that are 0."""
    total = 0.0
    for first, last, frame, *_ in compiled_model.sections:
        for row in compiled_model.table[first:last]:
            if row[sampling_loop.OPCODE] == sampling_loop.MATMUL:
                inputs = row[sampling_loop.INPUTS] * (1 - silent if row[sampling_loop.SPARSE] else 1)
                total += inputs * row[sampling_loop.PANELS] * sampling_loop.PANEL / frame
    return total


def silent_share(model):
    """The share of what comes out of the sample tier's ReLUs that is 0, in a take of this model."""
    settings = model.settings
    engine = NumbaEngine([(settings, numpy_weights(model))])
    samples = 8 * settings.largest_frame
    draws = np.random.default_rng(0).random((samples, 1), np.float32)
    codes, _ = engine.play(engine.initial_state(1), np.ones_like(draws), draws)
    codes = np.concatenate([engine.initial_state(1).past, codes], axis=1)
    above, state, taken = None, model.initial_state(1), 0
    for tier in model.tiers:
        count = len(tier.initial)
        frames = codes[:, settings.largest_frame - tier.frame_size : codes.shape[1] - tier.frame_size]
        above, _ = tier(frames, above, state[taken : taken + count])
        taken += count
    tier, zeros = model.sample_tier, []
    x = tier.look_up(tier.table(), codes[:, settings.largest_frame - tier.frame_size : -1]) + above
    for hidden in tier.hidden:
        x = hidden(x)
        zeros.append(float(np.mean(x.numpy() == 0)))
    return float(np.mean(zeros))


@numba.njit(fastmath=True)
def _read(array):
    total = array.dtype.type(0)
    for place in range(len(array)):
        total += array[place]
    return total


def bandwidth(array, seconds=1.0):
    """GB/s at which one core reads an array again and again: from cache, if it fits."""
    _read(array)
    times, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        _read(array)
        times.append(time.perf_counter() - begun)
    return array.nbytes / float(np.median(times)) / 1e9


WAIT = """
import io, sys, time
imported = time.perf_counter()
import prism_lessons as pl
from prism_lessons.generation import LiveVoice
capsule = pl.load(sys.argv[1])
begun = time.perf_counter()
LiveVoice(capsule).play(0.01)
print(time.perf_counter() - begun, begun - imported)
"""


def waiting(cold):
    """Seconds until the first sound of a small model in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        capsule = Capsule.of(model_of(SMALL), 16000, {}, "").save(Path(folder) / "small.capsule")
        results = []
        for number in range(1 if cold else 4):
            cache = Path(folder) / (f"cache{number}" if cold else "cache")
            done = subprocess.run(
                [sys.executable, "-c", WAIT, str(capsule)], capture_output=True, text=True, check=True,
                env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
            )  # fmt: skip
            results.append([float(number) for number in done.stdout.split()])
        first, imports = np.median(results if cold else results[1:], axis=0)
    return {"seconds_to_the_first_sound": round(float(first), 3), "seconds_of_imports_before": round(float(imports), 2)}


def half_precision(settings):
    """How far logits and chances of half-precision weights are from those of single precision, teacher-forced."""
    model = model_of(settings)
    codes = np.random.default_rng(0).integers(settings.levels, size=(2, 16 * settings.largest_frame))
    single, half = (NumbaEngine([(settings, numpy_weights(model))], half) for half in (False, True))
    exact, rounded = (engine.score(engine.initial_state(2), codes)[0].astype(np.float64) for engine in (single, half))
    random_keys = [np.exp(one - one.max(-1, keepdims=True)) for one in (exact, rounded)]
    random_keys = [one / one.sum(-1, keepdims=True) for one in random_keys]
    return {
        "largest_logit": round(float(np.abs(exact).max()), 2),
        "largest_logit_error": round(float(np.abs(exact - rounded).max()), 5),
        "largest_chance_error": round(float(np.abs(random_keys[0] - random_keys[1]).max()), 6),
    }


TASKS = {
    "training, dim 256, 1 layer, frames 16/64, 16 streams, window 512": lambda: training(SMALL, 16, 512),
    "training, preset sketch": lambda: training(
        SKETCH.model, SKETCH.training.streams, SKETCH.training.window, steps=200
    ),
    "1 voice, dim 256, 1 layer": lambda: playing(SMALL, 1),
    "1 voice, dim 1024, 4 layers": lambda: playing(LARGE, 1),
    "16 voices, dim 256, 1 layer": lambda: playing(SMALL, 16),
    "16 voices, dim 1024, 4 layers": lambda: playing(LARGE, 16),
    "1 voice, dim 256, 1 layer, half precision": lambda: playing(SMALL, 1, half=True),
    "1 voice, dim 1024, 4 layers, half precision": lambda: playing(LARGE, 1, half=True),
    "16 voices, dim 1024, 4 layers, half precision": lambda: playing(LARGE, 16, half=True),
    "1 voice, preset sketch": lambda: playing(SKETCH.model, 1),
    "16 voices, preset sketch": lambda: playing(SKETCH.model, 16),
    "16 voices, dim 256, 1 layer, TensorFlow": lambda: playing(SMALL, 16, tensorflow=True),
    "1 voice, dim 256, 1 layer, TensorFlow": lambda: playing(SMALL, 1, tensorflow=True),
    "wait, dim 256, 1 layer, warm": lambda: waiting(cold=False),
    "wait, dim 256, 1 layer, cold": lambda: waiting(cold=True),
    "error of half precision, dim 256, 1 layer": lambda: half_precision(SMALL),
    "error of half precision, dim 1024, 4 layers": lambda: half_precision(LARGE),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", help="file for the JSON")
    parser.add_argument("--only", default="", metavar="WORD", help="run the tasks whose names hold it")
    options = parser.parse_args()
    results = {}
    for name, task in TASKS.items():
        if not any(word in name for word in options.only.split("|")):
            continue
        before = matrix_product_gflops()
        result = task()
        gflops = (before + matrix_product_gflops()) / 2
        if "samples_per_second" in result:
            result["per_gflops"] = round(result["samples_per_second"] / gflops, 1)
        if "gflops" in result:
            result["share_of_matrix_product"] = round(result["gflops"] / gflops, 3)
        results[name] = result | {"matrix_product_gflops": round(gflops, 1)}
    report(results, options.out)


if __name__ == "__main__":
    main()
