"""Whether a search beats the preset, and whether Optuna's proposals beat random ones, all at equal training time.

    python benchmarks/search.py CORPUS... --trials 12 --minutes 0.6

For each corpus, two searches of equally many trials run side by side on a processor core each, on Linux: one as `tune`
makes it, and one whose proposals are random. The first trial of both has the preset's settings. The best of many is
also the luckiest, so the preset and the best trial of each search are then trained again, with another seed.

Minutes of training are those of a core that does nothing else: the time that the processor gave is counted, so other
work on the machine makes the searches longer and no trial worse.

Prints a line of JSON for each corpus: validation bits, and the load of the machine over the last 5 minutes.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent))
from clean import refuse

from prism_lessons import train, tune
from prism_lessons.corpus import Corpus
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.tuning.criteria import bits
from prism_lessons.tuning.results import BEST

PRESET, PROPOSED, RANDOM = "sketch", "proposed", "random"
SEEDS = {PROPOSED: 1, RANDOM: 2}  # of the trainings that are made again


def searched(proposals, core, folder, corpus, trials, minutes):
    """Search on one core, train the preset and the best trial again, and return the figures of all."""
    os.sched_setaffinity(0, {core})
    import optuna
    import ray

    if proposals == RANDOM:
        optuna.samplers.TPESampler = lambda seed, **_: optuna.samplers.RandomSampler(seed)
    # With Ray's own niceness, 15, other work on a core would nearly stop the search there, and leave the other alone.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112

    def count_processor_time():  # in here, since Ray sends to its workers what they cannot import
        from prism_lessons.training import callback

        callback.time = SimpleNamespace(monotonic=time.process_time)

    count_processor_time()
    hook = {"worker_process_setup_hook": count_processor_time}
    ray.init(num_cpus=1, include_dashboard=False, logging_level="error", log_to_driver=False, runtime_env=hook)
    live, began = LiveLine(sys.stderr), time.monotonic()
    found = tune(corpus, folder / "search", trials, minutes, PRESET, live=live)
    spent = time.monotonic() - began
    ray.shutdown()
    if found.gain is None:
        raise CourseError(f"The preset did not train for all its minutes in {found.folder}.")
    best = str(found.folder / BEST)
    again = {
        name: train(corpus, folder / f"{name} again", settings, minutes=minutes, seed=SEEDS[proposals], live=live)
        for name, settings in (("preset", PRESET), ("best", best))
    }
    return {
        "search_minutes": round(spent / 60, 1),
        "preset": round(found.unchanged.score, 4),
        "preset_samples": found.run(found.unchanged).log[-1].samples,
        "best": round(found.best.score, 4),
        "gain": round(found.gain, 4),
        **{f"{name}_again": round(bits(run), 4) for name, run in again.items()},
        "gain_again": round(bits(again["preset"]) - bits(again["best"]), 4),
        "best_changes": found.best.changes,
        "trials": [(trial.name, trial.state, trial.score, trial.scores[-1:], trial.changes) for trial in found.trials],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+", metavar="CORPUS")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=0.6, help="of training for each trial (0.6)")
    parser.add_argument("--proposals", nargs="+", choices=SEEDS, default=[*SEEDS], help="of which searches (both)")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    try:
        corpora = {Path(folder).name: Corpus.open(folder) for folder in options.corpora}
    except CourseError as error:
        refuse(str(error))
    for name, corpus in corpora.items():
        with tempfile.TemporaryDirectory() as place:
            spawn = multiprocessing.get_context("spawn")  # TensorFlow counts the cores when it begins
            with ProcessPoolExecutor(2, spawn) as pool:
                asked = corpus.folder, options.trials, options.minutes
                begun = {
                    proposals: pool.submit(searched, proposals, core, Path(place, proposals), *asked)
                    for proposals, core in zip(options.proposals, cycle(cores), strict=False)
                }
                found = {proposals: search.result() for proposals, search in begun.items()}
        print(json.dumps({"corpus": name, **found, "load": round(os.getloadavg()[1], 1)}), flush=True)


if __name__ == "__main__":
    main()
