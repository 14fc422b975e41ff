"""Trains a model that the course ships, and leaves its run in `trained/NAME/`.

    python datasets_examples/train.py breath

The budget is in epochs, so the same machine and versions give the same weights again, to the last bit. "breath_plain"
is a SampleRNN that begins without knowing anything, so that lesson 03 can show it learn; it was trained before the
weights of such a model began smooth over the codes (docs/decisions.md).
"""

import argparse
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

import prism_lessons as pl
from prism_lessons.run import CHECKPOINT, LOCK, MID_EPOCH

FOLDER = Path(__file__).resolve().parent
# The sets that each learns from, what is not as in a sketch, and the epochs that are shipped beside the last one.
# If there are several sets, each has a label.
RUNS = {
    "bells": (("bells",), {"epochs": 12}, ()),
    "breath": (("breath",), {"epochs": 6, "dropout": 0.0}, ()),
    "needs_work": (("needs_work",), {"epochs": 12, "dropout": 0.0}, ()),
    "breath_plain": (("breath",), {"epochs": 20, "dim": 128, "dropout": 0.0, "predictors": (), "book": 0}, (5, 13)),
    "three": (("bells", "breath", "waves"), {"epochs": 20}, ()),
}


def gather(sets, folder):
    """Copy a set into a folder, or several into a folder `three` in it, each into one of its own; returns which."""
    source = folder / (sets[0] if len(sets) == 1 else "three")
    for name in sets:
        shutil.copytree(FOLDER / name, source if len(sets) == 1 else source / name)
    return source


def train(name, home):
    """Train the run called `name` on its sets as they lie there, and put what a listener needs of it into `home`."""
    sets, settings, shipped = RUNS[name]
    home = home.resolve()
    # The run writes down where its corpus and its recordings lie: from inside the folder, without the names of ours.
    with tempfile.TemporaryDirectory() as work, chdir(work):
        source = gather(sets, Path(FOLDER.name))
        corpus = pl.curate(source, source.name)
        run = pl.train(corpus, "run", preset="sketch", **settings, labels=corpus.labels)
        for epoch in run.epochs[:-1]:
            if epoch not in shipped:
                run.capsule_path(epoch).unlink()
        if len(sets) > 1:  # so that the course stays small; no lesson compares its epochs
            for clip in run.played:
                if clip.epoch != run.epochs[-1]:
                    clip.path.unlink()
        for only_to_go_on in (CHECKPOINT, MID_EPOCH, LOCK):
            (run.folder / only_to_go_on).unlink(missing_ok=True)
        shutil.rmtree(run.folder / "tensorboard")
        shutil.rmtree(home, ignore_errors=True)
        shutil.move(run.folder, home)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=RUNS, help="which run")
    parser.add_argument("folder", nargs="?", type=Path, help="where to leave the run (trained/NAME)")
    options = parser.parse_args()
    train(options.name, options.folder or FOLDER / "trained" / options.name)


if __name__ == "__main__":
    main()
