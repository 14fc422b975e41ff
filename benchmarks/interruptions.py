"""Kill a training at random moments, resume it each time, and compare what comes out with an uninterrupted one.

    python benchmarks/interruptions.py --kills 50 --epochs 10

Exits with 1 unless the final weights are the same to the last bit, the logs agree, no file was ever unreadable, and no
kill cost more training than lies between two checkpoints.
"""

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from prism_lessons import file_format
from prism_lessons.audio import Clip, load
from prism_lessons.capsule import Capsule
from prism_lessons.corpus import curate
from prism_lessons.run import CHECKPOINT, MID_EPOCH, SETTINGS, Run

# A small model with dropout, augmentation and LSTM cells, so that everything that has a state takes part.
SETTINGS_UNDER_TEST = {
    "frame_sizes": [4, 16],
    "dim": 24,
    "cell": "lstm",
    "dropout": 0.1,
    "versions": 2,
    "streams": 4,
    "window": 64,
    "clip_seconds": 0.2,
    "checkpoint_minutes": 0.02,
}
INTERVAL = 60 * SETTINGS_UNDER_TEST["checkpoint_minutes"]  # seconds
SLACK = 1.0  # seconds: the live line may be a quarter old, and this moment slower than the average of the run


def training(corpus, run, epochs, said):
    """Begin a training in a process of its own; what it says goes to the file `said`."""
    changes = [f"--set={name}={json.dumps(value)}" for name, value in SETTINGS_UNDER_TEST.items()]
    command = [sys.executable, "-m", "prism_lessons.cli", "train", corpus, run, f"--epochs={epochs}", *changes]
    with open(said, "wb") as file:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)


def finish(process, said):
    if process.wait(timeout=1200):
        raise SystemExit(f"training failed with {process.returncode}: {said.read_text()[-2000:]}")


def seconds_lost(folder, said):
    """The seconds of training between the newest checkpoint of a run and what it last said of its progress."""
    places = [
        (int(epoch) - 1) + int(share) / 100 for epoch, share in re.findall(r"Epoch (\d+), (\d+)%", said.read_text())
    ]
    checkpoints = [
        file_format.read(folder / name, "checkpoint")[0] for name in (CHECKPOINT, MID_EPOCH) if (folder / name).exists()
    ]
    if not places or not checkpoints:
        return 0.0
    newest = max(checkpoints, key=lambda about: about["epoch"] + about["share"])
    epochs = newest["epoch"] + newest["share"]
    # Before the first checkpoint within the run there is no pace to go by; then the whole time of the run is too much.
    pace = newest["seconds"] / epochs if epochs else 0.0
    return max(0.0, places[-1] - epochs) * pace


def check_readable(folder):
    """Open every file a composer could open; nothing may be half written under its own name."""
    if not (folder / SETTINGS).exists():
        return
    run = Run(folder)
    logged = [entry.epoch for entry in run.log]
    assert logged == list(range(1, len(logged) + 1)), logged
    for epoch in run.epochs:
        run.capsule(epoch)
    for clip in (path for paths in run.clips.values() for path in paths):
        load(clip)


def write_recordings(folder):
    rng = np.random.default_rng(0)
    for number in range(4):
        hum = np.sin(np.arange(48000) * 0.02 * (number + 1)) + rng.normal(0, 0.1, 48000)
        Clip((0.3 * hum).astype(np.float32), 16000).save(folder / f"hum {number}.wav")


def trial(kills, epochs, seed, live=print):
    """Run the comparison; returns a description of what was done."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "recordings").mkdir()
        write_recordings(folder / "recordings")
        curate(folder / "recordings", folder / "corpus")
        # Both runs bear one name, which their clips tell.
        straight, killed = folder / "straight" / "run", folder / "killed" / "run"
        said, lost = folder / "said.txt", []
        began = time.monotonic()
        finish(training(folder / "corpus", straight, epochs, said), said)
        whole = time.monotonic() - began
        live(f"uninterrupted: {whole:.0f} s")
        done = 0
        for number in range(kills):
            process = training(folder / "corpus", killed, epochs, said)
            time.sleep(rng.uniform(0.2, 1.0) * min(whole, 30))
            process.send_signal(signal.SIGKILL)
            process.wait()
            check_readable(killed)
            lost.append(seconds_lost(killed, said))
            assert lost[-1] <= INTERVAL + SLACK, f"{lost[-1]:.1f} s of training were lost"
            reached = len(Run(killed).log) if (killed / SETTINGS).exists() else 0
            live(f"kill {number + 1}: {reached} epochs stand, {lost[-1]:.2f} s of training lost")
            assert reached >= done, "a finished epoch was lost"
            done = reached
            if done == epochs:  # begin again, so that every kill meets a training under way
                compare(straight, killed, epochs)
                killed.parent.rename(folder / f"finished {number}")
                done = 0
        finish(training(folder / "corpus", killed, epochs, said), said)
        compare(straight, killed, epochs)
    return {
        "kills": kills,
        "epochs": epochs,
        "weights": "equal to the last bit",
        "seconds_between_checkpoints": INTERVAL,
        "most_seconds_lost": round(max(lost), 2),
    }


def compare(straight, killed, epochs):
    """The run that was killed and resumed, a folder, must be the uninterrupted one."""
    straight, killed = Run(straight), Run(killed)
    one, two = (Capsule.load(run.capsule_path(epochs)) for run in (straight, killed))
    for name, weight in one.weights.items():
        assert np.array_equal(weight, two.weights[name]), f"{name} differs"
    for first, second in zip(straight.log, killed.log, strict=True):
        assert first.validation_bits == second.validation_bits, (first, second)
        # The bits of an interrupted epoch are pieced together from several float32 sums.
        assert abs(first.bits - second.bits) < 1e-4, (first, second)
    for epoch, paths in straight.clips.items():
        for path, other in zip(paths, killed.clips[epoch], strict=True):
            assert path.read_bytes() == other.read_bytes(), path.name


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(trial(options.kills, options.epochs, options.seed)))


if __name__ == "__main__":
    main()
