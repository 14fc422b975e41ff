"""How long long recordings and many short files take: surveyed, surveyed again unchanged, and curated.

    python benchmarks/survey.py --recordings FOLDER [--hours 3] [--files 20000] [--out FILE.json]

One file of so many hours of 44.1 kHz stereo, sixty files of a minute, and so many files of half a second. Each is
worked on in a process of its own, so that its memory can be told. "seconds" have passed; "processor_seconds" were
worked, which tells more where other programs take their share. The user's cache is a temporary one.
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
WORK = """
import io, json, os, sys, time
from joblib.externals.loky import get_reusable_executor
from machine import peak_mb
import prism_lessons as pl
from prism_lessons.live import LiveLine
work = getattr(pl, sys.argv[1])
begun, worked = time.monotonic(), time.process_time()
made = work(*sys.argv[2:], live=LiveLine(io.StringIO()))
seconds = time.monotonic() - begun
get_reusable_executor().shutdown()  # so that what its processes have worked is counted
helped = os.times()
print(json.dumps({"files": len(made.files if sys.argv[1] == "survey" else made.clips),
  "minutes_of_sound": round((made.seconds if sys.argv[1] == "survey" else made.seconds()) / 60, 1),
  "seconds": round(seconds, 2),
  "processor_seconds": round(time.process_time() - worked + helped.children_user + helped.children_system, 2),
  "peak_mb": peak_mb()}))
"""


def sounds(recordings):
    """The recordings, as if all were stereo at 44.1 kHz, float32, shape (frames, 2)."""
    for path in recordings_in(recordings):
        samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
        yield np.repeat(samples, 2, axis=1)[:, :2]


def excerpt(sound, chance):
    """Half a second from anywhere in a sound, each time at another speed: otherwise most would be copies of others."""
    start, places = chance.integers(len(sound) - RATE), chance.uniform(0.5, 2) * np.arange(RATE // 2)
    channels = sound[start : start + RATE].T
    return np.stack([np.interp(places, np.arange(RATE), channel) for channel in channels], axis=1)


def write_long_files(place, long, hours):
    """One file of so many hours, and sixty of a minute."""
    with soundfile.SoundFile(place / "one long file" / "long.wav", "w", RATE, 2, "PCM_16") as file:
        written, whole = 0, hours * 3600 * RATE
        while written < whole:
            file.write(long[: whole - written])
            written += len(long)
    for minute in range(60):
        path = place / "files of a minute" / f"{minute}.wav"
        soundfile.write(path, np.roll(long, -minute * RATE, 0)[: 60 * RATE], RATE)


def measured(cache, verb, *folders):
    process = subprocess.run(
        [sys.executable, "-c", WORK, verb, *map(str, folders)],
        env=os.environ | {"XDG_CACHE_HOME": str(cache)}, cwd=Path(__file__).parent,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(process.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--hours", type=int, default=3, help="how long the long file is (3); 0: short files only")
    parser.add_argument("--files", type=int, default=20000, help="how many short files (20000)")
    parser.add_argument("--out", help="write the figures there, as JSON")
    options = parser.parse_args()
    long = np.concatenate(list(sounds(options.recordings)))
    results = {}
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        names = ("one long file", "files of a minute", "short files") if options.hours else ("short files",)
        for name in names:
            (place / name).mkdir()
        if options.hours:
            write_long_files(place, long, options.hours)
        chance = np.random.default_rng(0)
        for number in range(options.files):
            soundfile.write(place / "short files" / f"{number:05}.wav", excerpt(long, chance), RATE)
        for name in names:
            cache = place / f"cache of {name}"
            results[name] = {
                "first": measured(cache, "survey", place / name),
                "again": measured(cache, "survey", place / name),
            }
            if name != "files of a minute":  # which are one recording, turned
                results[name]["curated"] = measured(cache, "curate", place / name, place / f"corpus of {name}")
            print(name, json.dumps(results[name]), flush=True)
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
