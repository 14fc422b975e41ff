"""How long a survey takes: an hour of 44.1 kHz stereo, ten thousand short files, and the same again unchanged.

    python benchmarks/survey.py --recordings FOLDER [--files 10000] [--out FILE.json]

Each survey runs in a process of its own, so that its memory can be told. The user's cache is a temporary one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from clean import add_recordings, recordings_in

RATE = 44100
SURVEY = """
import io, json, resource, sys, time
import prism_lessons as pl
from prism_lessons.live import LiveLine
pl.survey
begun = time.monotonic()
found = pl.survey(sys.argv[1], LiveLine(io.StringIO()))
seconds = time.monotonic() - begun
print(json.dumps({"files": len(found.files), "minutes_of_sound": round(found.seconds / 60, 1),
  "seconds": round(seconds, 2), "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))
"""


def sounds(recordings):
    """The recordings, as if all were stereo at 44.1 kHz, float32, shape (frames, 2)."""
    for path in recordings_in(recordings):
        samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
        yield np.repeat(samples, 2, axis=1)[:, :2]


def survey(folder, cache):
    process = subprocess.run(
        [sys.executable, "-c", SURVEY, str(folder)],
        env=os.environ | {"XDG_CACHE_HOME": str(cache)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(process.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--files", type=int, default=10000, help="how many short files (10000)")
    parser.add_argument("--out", help="write the figures there, as JSON")
    options = parser.parse_args()
    long = np.concatenate(list(sounds(options.recordings)))
    results = {}
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        for name in ("one file of an hour", "60 files of a minute", "short files"):
            (place / name).mkdir()
        with soundfile.SoundFile(place / "one file of an hour" / "hour.wav", "w", RATE, 2, "PCM_16") as file:
            written = 0
            while written < 3600 * RATE:
                file.write(long[: 3600 * RATE - written])
                written += len(long)
        for minute in range(60):
            soundfile.write(
                place / "60 files of a minute" / f"{minute}.wav", np.roll(long, -minute * RATE, 0)[: 60 * RATE], RATE
            )
        chance = np.random.default_rng(0)
        for number in range(options.files):
            start = chance.integers(len(long) - RATE)
            soundfile.write(place / "short files" / f"{number:05}.wav", long[start : start + RATE // 2], RATE)
        for name in ("one file of an hour", "60 files of a minute", "short files"):
            cache = place / f"cache of {name}"
            results[name] = {"first": survey(place / name, cache), "second": survey(place / name, cache)}
            print(name, json.dumps(results[name]), flush=True)
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
