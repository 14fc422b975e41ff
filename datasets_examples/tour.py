"""The whole journey without a browser: from recordings to takes and a page, in some minutes on two CPU cores.

    python datasets_examples/tour.py FOLDER [--minutes 2.5]

It uses the command line as a composer would, and prints every command it gives.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from prism_lessons.live import print_any_name

# Winds and whispers: a small model learns noisy textures in minutes, the partials of bells take it far longer.
RECORDINGS = Path(__file__).parent / "breath"


def step(*words):
    """Print a command and run it; a failure ends the tour."""
    command = ["prism-lessons", *map(str, words)]
    print(f"\n$ {shlex.join(command)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "prism_lessons.cli", *command[1:]])
    if done.returncode:
        raise SystemExit(done.returncode)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to leave corpus, run and takes; what a tour left is replaced")
    parser.add_argument("--minutes", type=float, default=2.5, help="of training (2.5)")
    options = parser.parse_args()
    corpus, run, takes = (options.folder / name for name in ("corpus", "run", "takes"))
    for left_over in (corpus, run, takes):
        shutil.rmtree(left_over, ignore_errors=True)
    began = time.monotonic()
    step("survey", RECORDINGS)
    step("curate", RECORDINGS, corpus)
    step("train", corpus, run, "--preset", "sketch", "--minutes", options.minutes)
    step("generate", run, "--out", takes, "--seconds", 4, "--voices", 4, "--temperature", 0.9, 0.95, 1.0, 1.05)
    step("score", run, min(RECORDINGS.glob("*.flac")))
    step("export", run, options.folder / "breath.capsule")
    step("audition", run, "--html")
    print(f"\nDone in {time.monotonic() - began:.0f} s. Listen to {takes}, and open {run / 'audition.html'}.")


if __name__ == "__main__":
    print_any_name()
    main()
