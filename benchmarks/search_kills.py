"""A search on a Ray cluster of two machines, made of processes here, in which driver, worker and machine are killed.

Each search of three trials is killed once, at a random moment: its driver, which is then called again; a worker; or a
machine, in whose place another comes. At the end no trial may be lost, none made twice, and the best must be that of a
search in which nothing was killed. Trials are compared by the width of their models, which no chance changes.

    python benchmarks/search_kills.py --kills 10

Prints JSON: how long a search takes after its first trial has begun, what was killed how long after which trial began,
and what was wrong in the end.
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
NAMES, MINUTES = ["01", "02", "03"], 0.05
LATEST = 0.15  # of the time of a search in which nothing is killed: from the beginning of a trial, to the kill
WORKER = "^ray::ImplicitFunc"  # as Ray names the processes of trials
ONE = {"num_cpus": 1, "include_dashboard": False}
ATTEMPTS = 5  # to start a machine: Ray gives it 30 s, which a busy computer may exceed
DRIVER = f"""
import sys, prism_lessons as pl
from prism_lessons.presets import PRESETS
PRESETS["sketch"] = PRESETS["sketch"].changed(
    frame_sizes=(4, 16), dim=16, embedding=8, predictors=(), book=0, streams=4, window=64, clip_seconds=0.1
)
def width(run):
    return run.part("model")["dim"]
corpus, folder, address = sys.argv[1:]
pl.tune(corpus, folder, {len(NAMES)}, {MINUTES}, space={{"dim": [8, 12]}}, criterion=width, address=address)
"""


def begin(corpus, folder, cluster):
    command = [sys.executable, "-c", DRIVER, corpus, folder, cluster.address]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def add_machine(cluster):
    """Add a machine of one core to the cluster; the first is its head."""
    for left in reversed(range(ATTEMPTS)):
        try:
            return cluster.add_node(**ONE)
        except Exception:  # Ray raises no narrower one
            if not left:
                raise


def killed_search(kind, corpus, folder, trial, wait):
    """Search, kill what `kind` says so many seconds after a trial began, nothing if that is None.

    Returns how long the search went on after that trial had begun, and what went wrong, as text.
    """
    cluster = Cluster()
    try:
        _, other = add_machine(cluster), add_machine(cluster)
        driver = begin(corpus, folder, cluster)
        while not (folder / "trials" / trial / "run.json").is_file():
            if driver.poll() is not None:
                return 0.0, "it ended before the trial began"
            time.sleep(0.1)
        began = time.monotonic()
        time.sleep(wait)
        if kind and driver.poll() is not None:
            return wait, "it ended before the kill"
        if kind == "driver":
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            driver = begin(corpus, folder, cluster)
        elif kind == "worker":
            raylets = [one.process.pid for node in cluster.list_all_nodes() for one in node.all_processes["raylet"]]
            mine = ",".join(map(str, raylets))  # another cluster's workers are left alone
            while subprocess.run(["pkill", f"-{signal.SIGKILL.value}", "-o", "-f", "-P", mine, WORKER]).returncode:
                if driver.poll() is not None:
                    return wait, "it ended before the kill"
                time.sleep(0.1)  # one trial has ended, and the next has not begun
        elif kind == "machine":
            cluster.remove_node(other, allow_graceful=False)
            add_machine(cluster)
        status = driver.wait(timeout=600)
        return time.monotonic() - began, "" if status == 0 else f"status {status}"
    finally:
        cluster.shutdown()


def faults(folder, best):
    """What is wrong with a search that has ended, as text; `best` is the `Trial` that is the best if all goes well."""
    found = Search(folder)
    if [trial.name for trial in found.trials] != NAMES or not found.ended:
        return f"trials {[trial.name for trial in found.trials]}"
    if sorted(path.name for path in (folder / "trials").iterdir()) != NAMES:
        return "another number of runs than of trials"
    if (found.best.name, found.best.changes) != (best.name, best.changes):
        return f"trial {found.best.name} is the best, and not {best.name}"
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
        length, wrong = killed_search(None, place / "corpus", place / "undisturbed", NAMES[0], wait=0)
        if wrong:
            raise RuntimeError(f"The search in which nothing was killed did not end: {wrong}.")
        best = Search(place / "undisturbed").best
        for number in range(options.kills):
            kind, folder = KINDS[number % len(KINDS)], place / f"search {number}"
            trial, when = rng.choice(NAMES), rng.uniform(0, LATEST * length)
            _, wrong = killed_search(kind, place / "corpus", folder, trial, when)
            wrong = wrong or faults(folder, best)
            killed.append({"killed": kind, "in_trial": trial, "after_seconds": round(when, 1), "wrong": wrong})
            print(killed[-1], file=sys.stderr)
    print(json.dumps({"undisturbed_seconds": round(length, 1), "searches": killed}, indent=1))


if __name__ == "__main__":
    main()
