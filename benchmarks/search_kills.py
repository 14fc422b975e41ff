"""A search on a Ray cluster of two machines, made of processes here, in which driver, worker and machine are killed.

Each search of three trials is killed once, at a random moment: its driver, which is then called again; a worker; or a
machine, in whose place another comes. At the end no trial may be lost, and none made twice.

    python benchmarks/search_kills.py --kills 3

Prints JSON: what was killed and when, and the searches that did not hold.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from interruptions import write_recordings
from ray.cluster_utils import Cluster

from prism_lessons.corpus import curate
from prism_lessons.live import LiveLine
from prism_lessons.tuning import Search

KINDS = ("driver", "worker", "machine")
TRIALS, MINUTES = 3, 0.05
WORKER = "^ray::ImplicitFunc"  # as Ray names the processes of trials
ONE = {"num_cpus": 1, "include_dashboard": False}
DRIVER = f"""
import sys, prism_lessons as pl
from prism_lessons.presets import PRESETS
PRESETS["sketch"] = PRESETS["sketch"].changed(
    frame_sizes=(4, 16), dim=16, embedding=8, predictors=(), book=0, streams=4, window=64, clip_seconds=0.1
)
pl.tune(sys.argv[1], sys.argv[2], {TRIALS}, {MINUTES}, space={{"dim": [8, 12]}}, address=sys.argv[3])
"""


def begin(corpus, folder, cluster):
    command = [sys.executable, "-c", DRIVER, corpus, folder, cluster.address]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed_search(kind, corpus, folder, rng):
    """Search, kill once what `kind` says, and look at what came of it; returns when it was killed and what is wrong."""
    cluster = Cluster(initialize_head=True, head_node_args=ONE)
    try:
        other = cluster.add_node(num_cpus=1)
        driver, began = begin(corpus, folder, cluster), time.monotonic()
        while not (folder / "trials" / "01" / "run.json").is_file():
            if driver.poll() is not None:
                return 0.0, "it ended before a trial began"
            time.sleep(0.1)
        time.sleep(rng.uniform(0, 20))
        when = time.monotonic() - began
        if kind == "driver":
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            driver = begin(corpus, folder, cluster)
        elif kind == "worker":
            subprocess.run(["pkill", f"-{signal.SIGKILL.value}", "-o", "-f", WORKER])
        else:
            cluster.remove_node(other, allow_graceful=False)
            cluster.add_node(num_cpus=1)
        status = driver.wait(timeout=600)
        return when, "" if status == 0 else f"status {status}"
    finally:
        cluster.shutdown()


def faults(folder):
    """What is wrong with a search that has ended, as text."""
    found = Search(folder)
    names = [f"{number + 1:02}" for number in range(TRIALS)]
    if [trial.name for trial in found.trials] != names or not found.ended:
        return f"trials {[trial.name for trial in found.trials]}"
    if sorted(path.name for path in (folder / "trials").iterdir()) != names:
        return "another number of runs than of trials"
    logs = [[entry.epoch for entry in found.run(trial).log] for trial in found.trials]
    return "" if all(log == list(range(1, len(log) + 1)) for log in logs) else f"epochs {logs}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, killed = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        (place / "recordings").mkdir()
        write_recordings(place / "recordings")
        curate(place / "recordings", place / "corpus", live=LiveLine(sys.stderr))
        for number in range(options.kills):
            kind, folder = KINDS[number % len(KINDS)], place / f"search {number}"
            when, wrong = killed_search(kind, place / "corpus", folder, rng)
            killed.append({"killed": kind, "after_seconds": round(when, 1), "wrong": wrong or faults(folder)})
            print(killed[-1], file=sys.stderr)
    print(json.dumps(killed, indent=1))


if __name__ == "__main__":
    main()
