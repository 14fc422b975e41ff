"""How long a large run takes to be opened: 60 epochs x 3 temperatures x 2 voices of 3 s, and 5 minutes of recordings.

    python benchmarks/many_clips.py [--epochs 60] [--clips 6] [--seconds 3] [--out FILE.json]
    python benchmarks/many_clips.py --epochs 2000 --clips 1 --seconds 0.5    # a night of short epochs

The clips are noises and tones that move, in the steps that a model plays; the user's cache is a temporary one. "first"
is a run that was never looked at, "again" the same a second time, in a process of its own. How long JupyterLab takes to
show the table is noted by tests/browser/test_audition_table.py in artefacts/timings.json. "processor_seconds" were
worked for the page, which tells more where other programs take their share.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from machine import report

from prism_lessons.audio import Clip
from prism_lessons.corpus import curate
from prism_lessons.quantisation import Quantisation
from prism_lessons.run import Epoch, Run
from prism_lessons.settings import ModelSettings, TrainingSettings

RATE = 16000
PLAYED = [(0.9, 1), (0.9, 2), (0.8, 1), (0.8, 2), (1.0, 1), (1.0, 2)]  # (temperature, voice) of an epoch's clips
RECORDINGS, RECORDING_SECONDS = 60, 5.0
LOOK = """
import json, sys, time
from machine import peak_mb
begun = time.monotonic()
import prism_lessons as pl
heard = pl.audition(sys.argv[1], sys.argv[2])
heard.gap
looked, worked = time.monotonic(), time.process_time()
page = heard.page()
print("\\n" + json.dumps({"seconds": round(looked - begun, 1), "page_seconds": round(time.monotonic() - looked, 1),
  "page_processor_seconds": round(time.process_time() - worked, 1),
  "page_mb": round(page.stat().st_size / 1e6, 1), "clips": len(heard.clips),
  "peak_mb": peak_mb()}))
"""


def sound(seed, seconds):
    """A sound that moves: noise and a tone whose colour, pitch and level wander, by seed."""
    random = np.random.default_rng(seed)
    size = int(seconds * RATE)
    points = np.linspace(0, size, 8)
    level, pitch, share = (np.interp(np.arange(size), points, random.random(8)) for _ in range(3))
    tone = np.sin(2 * np.pi * np.cumsum(80 * 2 ** (3 * pitch)) / RATE)
    noise = np.convolve(random.standard_normal(size), np.hanning(random.integers(4, 30)), "same")
    noise /= np.abs(noise).max()
    return (0.6 * level * (share * tone + (1 - share) * noise)).astype(np.float32)


def many_clips(folder, epochs=60, clips=6, seconds=3.0):
    """Make a run of so many epochs, each with so many clips of some seconds, and the corpus that it learned from;
    returns their folders."""
    for number in range(RECORDINGS):
        Clip(sound(number, RECORDING_SECONDS), RATE).save(folder / "recordings" / f"recording {number:02}.wav")
    corpus = curate(folder / "recordings", folder / "corpus")
    settings = {
        "model": json.loads(json.dumps(vars(ModelSettings()))),
        "training": json.loads(json.dumps(vars(TrainingSettings(clip_seconds=seconds)))),
        "sample_rate": RATE,
        "minutes": 60,
        "references": {"uniform": 8.0, "unigram": 7.0},
        "corpus": {"folder": str(corpus.folder), "digest": corpus.digest, "not_to_share": []},
        "versions": {},
    }
    run = Run.begin(folder / "run", settings, corpus.card())
    codec = Quantisation()
    for epoch in range(1, epochs + 1):
        run.record(Epoch(epoch, 3 + 3 / epoch, 3.2 + 3 / epoch, 60.0 * epoch, 10000 * epoch, 1e-3))
        for temperature, voice in PLAYED[:clips]:
            samples = sound([epoch, round(100 * temperature), voice], seconds)
            played = Clip(codec.decode(codec.encode(samples)), RATE)
            played.save(run.clip_path(epoch, voice, temperature))
    return run.folder, corpus.folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--clips", type=int, default=6, help="of each epoch, at most 6 (6)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each clip (3)")
    parser.add_argument("--out", help="file for the figures, JSON")
    chosen = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        places = many_clips(Path(folder), chosen.epochs, chosen.clips, chosen.seconds)
        environment = os.environ | {"XDG_CACHE_HOME": f"{folder}/cache"}
        for name in ("first", "again"):
            command = [sys.executable, "-c", LOOK, *map(str, places)]
            done = subprocess.run(
                command, cwd=Path(__file__).parent, env=environment, capture_output=True, text=True, check=True
            )
            results[name] = json.loads(done.stdout.splitlines()[-1])
    report(results, chosen.out)


if __name__ == "__main__":
    main()
