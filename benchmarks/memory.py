"""How much memory a training on a long corpus takes: ten hours made by repeating, each hour turned down a little more.

    python benchmarks/memory.py RECORDING [--hours 10] [--minutes 0.3]

Prints the largest resident size of the process that curates and trains, as JSON.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from clean import sound
from machine import peak_mb

from prism_lessons.corpus import curate
from prism_lessons.training import train

SAMPLE_RATE = 16000


def write_hours(folder, samples, hours):
    """One FLAC for each hour, all different, written piece by piece."""
    for hour in range(hours):
        gain = np.float32(10 ** (-hour / 20))
        with soundfile.SoundFile(folder / f"hour {hour + 1:02}.flac", "w", SAMPLE_RATE, 1, "PCM_16") as file:
            for _ in range(round(3600 * SAMPLE_RATE / len(samples))):
                file.write(samples * gain)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording")
    parser.add_argument("--hours", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=0.3, help="of training")
    options = parser.parse_args()
    samples = sound(options.recording, SAMPLE_RATE)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "recordings").mkdir()
        write_hours(folder / "recordings", samples, options.hours)
        corpus = curate(folder / "recordings", folder / "corpus")
        run = train(corpus, folder / "run", minutes=options.minutes)
        results = {
            "hours": round(corpus.seconds() / 3600, 2),
            "samples_trained": run.log[-1].samples,
            "largest_resident_gb": round(peak_mb() / 1000, 2),
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
