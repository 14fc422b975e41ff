"""Trains the model that the course ships for an example set, and leaves its run in `trained/NAME/`.

    python datasets_examples/train.py breath

The budget is in epochs, so the same machine and versions give the same weights again, to the last bit.
"""

import argparse
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

import prism_lessons as pl
from prism_lessons.run import LOCK, RESUME, WITHIN

FOLDER = Path(__file__).resolve().parent
# How each is trained, as a sketch but for this, and the epochs whose weights are shipped beside the last one's.
SETS = {
    "bells": ({"epochs": 12}, ()),
    "breath": ({"epochs": 20}, (5, 13)),
    "needs_work": ({"epochs": 12}, ()),
}


def train(name, home):
    """Train on the set called `name` as it lies there, and put what a listener needs of the run into `home`."""
    settings, shipped = SETS[name]
    home = home.resolve()
    # The run writes down where its corpus lies: from inside the folder, that is its name.
    with tempfile.TemporaryDirectory() as work, chdir(work):
        corpus = pl.curate(FOLDER / name, name)
        run = pl.train(corpus, "run", preset="sketch", **settings)
        for epoch in run.epochs[:-1]:
            if epoch not in shipped:
                run.capsule_path(epoch).unlink()
        for only_to_go_on in (RESUME, WITHIN, LOCK):
            (run.folder / only_to_go_on).unlink(missing_ok=True)
        shutil.rmtree(run.folder / "tensorboard")
        shutil.rmtree(home, ignore_errors=True)
        shutil.move(run.folder, home)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=SETS, help="which example set")
    parser.add_argument("folder", nargs="?", type=Path, help="where to leave the run (trained/NAME)")
    options = parser.parse_args()
    train(options.name, options.folder or FOLDER / "trained" / options.name)


if __name__ == "__main__":
    main()
