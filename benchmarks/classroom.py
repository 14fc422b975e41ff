"""A class of six on this machine: are turns fair, and do those who can finish, whatever happens to others?

One student has a corpus whose clips are damaged, and one a disk that is nearly full (where this program may mount one,
as root may on Linux). A worker is killed with signal 9 in the middle of a turn.

    python benchmarks/classroom.py --minutes 1 --slice-minutes 0.25

Prints JSON: the largest spread, at any moment, between the seconds trained by those who were not over; how long the
class took for a second of training; and what became of each.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from prism_lessons.audio import Clip
from prism_lessons.classroom import train_class
from prism_lessons.corpus import curate
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.run import SETTINGS, Run

SOUND = ("Ana", "Ben", "Cem", "Due")  # those who can finish
NAMES = (*SOUND, "Full disk", "Damaged")
LOOK = 0.5  # seconds
WORKER, BEFORE_THE_KILL = "^ray::_turn", 30  # seconds
NEARLY_FULL = 2**21  # bytes


def write_corpus(folder, seed):
    rng = np.random.default_rng(seed)
    (folder / "recordings").mkdir(parents=True)
    for number in range(4):
        hum = np.sin(np.arange(160_000) * 0.02 * (number + seed + 1)) + rng.normal(0, 0.1, 160_000)
        Clip((0.3 * hum).astype(np.float32), 16000).save(folder / "recordings" / f"hum {number}.wav")
    curate(folder / "recordings", folder / "corpus", live=LiveLine(sys.stderr))


def prepare(folder, minutes):
    """Write six corpora and the list; returns the path of the list, and whether a nearly full disk was mounted."""
    lines = ["name,corpus,minutes"]
    for seed, name in enumerate(NAMES):
        write_corpus(folder / "corpora" / name, seed)
        lines.append(f"{name},corpora/{name}/corpus,{minutes}")
    for clip in (folder / "corpora" / "Damaged" / "corpus").rglob("*.flac"):
        clip.write_bytes(clip.read_bytes()[:100])
    (folder / "class" / "Full disk").mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={NEARLY_FULL}", "tmpfs", folder / "class" / "Full disk"]
    mounted = subprocess.run(mount, capture_output=True).returncode == 0
    path = folder / "class.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path, mounted


def watch(folder, minutes, spreads, over):
    """Note every spread until it is over."""
    while not over.wait(LOOK):
        seconds = []
        for name in SOUND:
            with suppress(CourseError):
                seconds.append(Run(folder / name).seconds if (folder / name / SETTINGS).exists() else 0.0)
        if len(seconds) == len(SOUND) and max(seconds) < 60 * minutes:
            spreads.append(max(seconds) - min(seconds))


def kill_a_worker(over):
    """Kill the first worker that has trained for a while; Ray names its processes by what they do."""
    while not over.wait(LOOK):
        if subprocess.run(["pgrep", "-f", WORKER], capture_output=True).returncode == 0:
            over.wait(BEFORE_THE_KILL)
            subprocess.run(["pkill", f"-{signal.SIGKILL.value}", "-f", WORKER])
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="of training for each student")
    parser.add_argument("--slice-minutes", type=float, default=0.25)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, mounted = prepare(Path(folder), options.minutes)
        spreads, over, began = [], threading.Event(), time.monotonic()
        helpers = [
            threading.Thread(target=watch, args=(path.with_suffix(""), options.minutes, spreads, over)),
            threading.Thread(target=kill_a_worker, args=(over,)),
        ]
        for helper in helpers:
            helper.start()
        try:
            words = train_class(path, options.slice_minutes, live=LiveLine(sys.stderr))
        finally:
            over.set()
            for helper in helpers:
                helper.join()
            spent = time.monotonic() - began
            trained = sum(Run(path.with_suffix("") / name).seconds for name in SOUND)
            if mounted:
                subprocess.run(["umount", path.with_suffix("") / "Full disk"], check=True)
        print(
            json.dumps(
                {
                    "slice_seconds": 60 * options.slice_minutes,
                    "largest_spread_seconds": round(max(spreads), 1),
                    "seconds_for_a_second_of_training": round(spent / trained, 2),
                    "nearly_full_disk": mounted,
                    "students": words,
                },
                indent=1,
            )
        )


if __name__ == "__main__":
    main()
