"""How near promises come to the truth: the plan made before a training, and the forecast after a tenth of it.

    python benchmarks/promises.py CORPUS --minutes 1.5
    python benchmarks/promises.py CORPUS --epochs 10 --set dim=64

Prints JSON. Each promise has the seconds and the epochs that it gave and, relative to the truth, what it was wrong by:
`seconds_error` counts from the beginning of the training, `left_error` from the moment of the promise. What the
forecast after a tenth is wrong by should stay within 0.15 on a machine whose speed does not change: `cores` says how
many processor cores the training was given, on average, before that moment and after it.
"""

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from machine import report

from prism_lessons.cli import setting
from prism_lessons.training import plan, train
from prism_lessons.training.callback import TrainingCallback

TENTH = 0.1


class Watched(TrainingCallback):
    """Keeps what the forecast says at the first batch after a tenth of the budget, and where the training gets to."""

    said = None

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        Watched.epochs = self.state.epochs
        if Watched.said is None and self.budget.share(self.state) >= TENTH and self.forecast.ready:
            epochs, left = self.forecast.predict_end()
            Watched.said = {"at": time.monotonic(), "worked": time.process_time(), "epochs": epochs, "left": left}


def trial(corpus, preset, budget, changes):
    """Plan a training, do it, and compare."""
    planned = plan(corpus, preset, **budget, **changes)
    with tempfile.TemporaryDirectory() as folder, patch("prism_lessons.training.trainer.TrainingCallback", Watched):
        began, worked = time.monotonic(), time.process_time()
        run = train(corpus, Path(folder) / "run", preset, **budget, **changes)
        ended, worked_in_all = time.monotonic(), time.process_time()
        size = sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())
        clips = sum(len(paths) for paths in run.clips.values())
    seconds, epochs, said = ended - began, Watched.epochs, Watched.said
    return {
        "plan": {
            "text": str(planned),
            "seconds": round(planned.seconds, 1),
            "epochs": round(planned.epochs, 2),
            "seconds_error": error(planned.seconds, seconds),
            "epochs_error": error(planned.epochs, epochs),
            "clips_error": planned.clips - clips,
            "bytes_error": error(planned.bytes, size),
        },
        "forecast": {
            "at": round(said["at"] - began, 1),
            "seconds": round(said["at"] - began + said["left"], 1),
            "epochs": round(said["epochs"], 2),
            "seconds_error": error(said["at"] - began + said["left"], seconds),
            "left_error": error(said["left"], ended - said["at"]),
            "epochs_error": error(said["epochs"], epochs),
        },
        "cores": {
            "before": round((said["worked"] - worked) / (said["at"] - began), 2),
            "after": round((worked_in_all - said["worked"]) / (ended - said["at"]), 2),
        },
        "truth": {"seconds": round(seconds, 1), "epochs": round(epochs, 2), "clips": clips, "bytes": size},
    }


def error(promised, true):
    """By what share of the truth a promise is too high, or too low where it is negative."""
    return round(promised / true - 1, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="folder of a corpus")
    parser.add_argument("--preset", default="sketch")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", help="file for the JSON")
    options = parser.parse_args()
    budget = {"minutes": options.minutes, "epochs": options.epochs}
    report(trial(options.corpus, options.preset, budget, dict(options.set)), options.out)


if __name__ == "__main__":
    main()
