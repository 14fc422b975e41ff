"""What the pre-flight's bounds rest on: memory of a training step on a CPU, and what learning by heart comes to.

    python benchmarks/preflight.py memory              peak memory beside the estimate, several models and batches
    python benchmarks/preflight.py by_heart FILE ...   bits against likeness of the replay, a lively second of each file

Figures are printed as JSON, a line for each trial. Each trial of memory is a process of its own.
"""

import argparse
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from clean import refuse, sound
from machine import peak_mb

TRIALS = [
    {},
    {"streams": 32, "window": 512},
    {"streams": 64, "window": 1024},
    {"dim": 256, "streams": 32, "window": 1024},
    {"levels": 1024, "streams": 32, "window": 1024},
    {"frame_sizes": [16, 64], "streams": 32, "window": 1024},
    {"dim": 128, "frame_sizes": [2, 8], "cell": "lstm", "layers": 3, "streams": 32, "window": 512},
    {"preset": "study", "streams": 1},
    {"preset": "study", "streams": 8},
    {"preset": "study", "streams": 16},
    {"preset": "piece", "streams": 1},
    {"preset": "piece", "streams": 4},
    {"preset": "piece", "streams": 8},
    {"dim": 640, "cell": "lstm", "layers": 2, "streams": 16, "window": 512},
    {"dim": 640, "levels": 1024, "streams": 16, "window": 512},
    {"dim": 640, "frame_sizes": [2, 8], "streams": 16, "window": 512},
]


def preset_of(changes):
    from prism_lessons.presets import PRESETS

    changes = dict(changes)
    return PRESETS[changes.pop("preset", "sketch")].changed(**changes)


def resident():
    """Bytes of memory this process has now."""
    import psutil

    return psutil.Process().memory_info().rss


def step_memory(changes):
    """Train two steps; the largest resident size beyond that of the libraries, and the estimate."""
    from prism_lessons.backend import tf

    tf.constant(1) + 1
    before = resident()
    from prism_lessons.training.keras_model import build_model
    from prism_lessons.training.preflight.machine import bytes_of_training, weights_of

    preset = preset_of(changes)
    streams, window, largest = preset.training.streams, preset.training.window, preset.model.largest_frame
    model = build_model(preset, "float32")
    for _ in range(2):
        codes = np.random.default_rng(0).integers(0, preset.model.levels, (streams, largest + window)).astype(np.int32)
        inputs = {"codes": codes, "starts": np.zeros(streams, bool)}
        if guesses := preset.model.guesses:
            inputs["features"] = np.ones((*codes.shape, 3 * guesses + 1), np.float32)
        model.train_on_batch(inputs, codes[:, largest:], sample_weight=np.ones((streams, window), np.float32))
    largest_size = 1e6 * peak_mb()
    measured, estimate = largest_size - before, bytes_of_training(preset)
    return {
        **changes,
        "weights_estimated_share": round(weights_of(preset.model) / model.samplernn.count_params(), 3),
        "measured_gb": round(measured / 1e9, 2),
        "estimated_gb": round(estimate / 1e9, 2),
        "estimated_share": round(estimate / measured, 2),
    }


def by_heart(path, sample_rate, changes, seconds):
    """Bits per sample and likeness of the replay, at several moments of learning a lively second by heart."""
    from prism_lessons.audio import Clip
    from prism_lessons.live import LiveLine
    from prism_lessons.training.preflight import overfit as room

    _, samples, _ = max(room._seconds(Clip(sound(path, sample_rate), sample_rate)), key=lambda second: second[2])
    preset = room.small_preset(preset_of(changes), len(samples))
    codes = preset.model.codec.encode(samples)
    original = preset.model.codec.decode(codes)
    trial = room.OverfitTrial(preset, codes, seconds)
    for bits in (0.1, 0.05, 0.04, 0.02, 0.01):
        trial.learn(bits, LiveLine(io.StringIO()))
        began = time.perf_counter()
        replay = preset.model.codec.decode(trial.play_back())
        yield {
            "file": Path(path).name, "sample_rate": sample_rate, **changes, "samples": len(codes), "steps": trial.steps,
            "seconds": round(trial.seconds, 1), "bits": round(trial.bits, 3),
            "likeness": round(room.correlation(original[: len(replay)], replay), 3),
            "replay_seconds": round(time.perf_counter() - began, 1),
        }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["memory", "by_heart", "trial"])
    parser.add_argument("paths", nargs="*", help="sound files; for a trial, its changes as JSON")
    parser.add_argument("--sample-rate", type=int, default=16000)
    parser.add_argument("--seconds", type=float, default=45, help="of learning, at most")
    parser.add_argument("--set", default="{}", metavar="JSON", help="settings to change")
    options = parser.parse_args()
    if options.task == "trial":
        print(json.dumps(step_memory(json.loads(options.paths[0]))))
    elif options.task == "memory":
        for changes in TRIALS:
            subprocess.run([sys.executable, __file__, "trial", json.dumps(changes)], check=True)
    elif not options.paths:
        refuse("name the sound files to learn by heart.")
    else:
        for path in options.paths:
            for figures in by_heart(path, options.sample_rate, json.loads(options.set), options.seconds):
                print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
