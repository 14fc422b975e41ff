"""How long a take of an hour takes to be played onto the disk, and that it needs no more memory than one of a minute.

    python benchmarks/long_take.py [--seconds 3600] [--out FILE]

Each model plays with `perform`, one voice, in a fresh process. The resident size of that process is read after every
piece; its largest by the first minute of sound stands beside the largest by the end, when the WAV is written too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent))
from machine import report

from prism_lessons.generation import perform
from prism_lessons.live import LiveLine

SKETCH = Path(__file__).parents[1] / "datasets_examples" / "trained" / "breath"
EARLY = 60  # seconds of sound


class Watch(LiveLine):
    """Reads the memory while it shows how far the performance is."""

    def __init__(self, seconds):
        super().__init__(sys.stderr)
        self.seconds, self.early, self.largest = seconds, None, 0.0
        self.process = psutil.Process()

    def read(self):
        # What the system calls the largest of a process may be that of the one which began it.
        self.largest = max(self.largest, self.process.memory_info().rss / 1e6)

    def share(self, what, done, total, part=None):
        self.read()
        if self.early is None and part * self.seconds >= min(EARLY, self.seconds / 2):
            self.early = self.largest
        super().share(what, done, total, part)

    def text(self, text, part=None):
        self.read()
        super().text(text, part)


def play(capsule, folder, seconds):
    """Play, and print what it took; in a process of its own."""
    watch, begun = Watch(seconds), time.perf_counter()
    (take,) = perform(capsule, folder, seconds, live=watch)
    taken = time.perf_counter() - begun
    watch.read()
    assert abs(take.seconds - seconds) < 1
    result = {
        "seconds_of_sound": seconds,
        "seconds_taken": round(taken, 1),
        "times_real_time": round(seconds / taken, 2),
        "largest_megabytes_after_a_minute_of_sound": round(watch.early, 1),
        "largest_megabytes_at_the_end": round(watch.largest, 1),
        "megabytes_on_disk": round(sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6, 1),
    }
    print(json.dumps(result))


def small_capsule(path):
    """A model of dim 256, one layer, frames 16 and 64, as it begins before it has learned anything."""
    from prism_lessons.backend import keras
    from prism_lessons.capsule import Capsule
    from prism_lessons.model import SampleRNN
    from prism_lessons.settings import ModelSettings

    keras.utils.set_random_seed(0)
    model = SampleRNN(ModelSettings(frame_sizes=(16, 64), dim=256, layers=1, embedding=32), dtype="float32")
    return Capsule.of(model, 16000, {"run": "never trained"}, "").save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--out", help="file for the JSON")
    parser.add_argument("--play", nargs=2, metavar=("CAPSULE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.play:
        return play(*options.play, options.seconds)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        models = {
            "dim 256, 1 layer, frames 16/64": small_capsule(Path(folder) / "small.capsule"),
            f"the shipped {SKETCH.name}, preset sketch": SKETCH,
        }
        for number, (name, model) in enumerate(models.items()):
            playing = ["--play", model, Path(folder) / str(number), "--seconds", str(options.seconds)]
            command = [sys.executable, __file__, *map(os.fspath, playing)]
            results[name] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    report(results, options.out)


if __name__ == "__main__":
    main()
