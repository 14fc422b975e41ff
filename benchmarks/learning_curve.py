"""The learning curve of a sketch over some minutes, on an hour of sound made from a few minutes of recordings.

    python benchmarks/learning_curve.py FOLDER... --json curve.json --picture curve.png

Each recording in the folders becomes one long file, in which it is heard again and again at other speeds and levels, so
no variation of a recording for validation is trained on. A pass through an hour takes many minutes, so validation is
measured every half minute of training, not after each pass.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).parent))
from clean import refuse
from machine import report
from matplotlib.figure import Figure

from prism_lessons.audio import AudioError, load
from prism_lessons.corpus import TRAINING, VALIDATION, codes_of, curate, unigram_bits
from prism_lessons.live import LiveLine
from prism_lessons.presets import PRESETS
from prism_lessons.scoring import Scorer, excerpts
from prism_lessons.streams import Streams
from prism_lessons.training.baselines import linear_prediction_bits
from prism_lessons.training.budget import Budget
from prism_lessons.training.callback import TrainingCallback
from prism_lessons.training.keras_model import build_model
from prism_lessons.training.training_state import TrainingState

SAMPLE_RATE = 16000
SPEEDS = (0.7, 1.4)  # an octave of them: half an octave below and above
QUIETEST_DB = -12


def sounds(folders):
    """Yield the clips in some folders that can be used."""
    for path in sorted(path for folder in folders for path in Path(folder).iterdir() if path.is_file()):
        try:
            yield load(path, SAMPLE_RATE)
        except AudioError:
            continue


def write_hour(clips, folder, seconds):
    """Write one file for each clip, all together of about `seconds`: the clip at many speeds and levels."""
    chance = np.random.default_rng(0)
    each = seconds / len(clips)
    for number, clip in enumerate(clips):
        with soundfile.SoundFile(folder / f"{number:03}.flac", "w", SAMPLE_RATE, 1, "PCM_16") as file:
            while len(file) < each * SAMPLE_RATE:
                speed = np.exp(chance.uniform(*np.log(SPEEDS)))
                gain = 10 ** (chance.uniform(QUIETEST_DB, 0) / 20)
                file.write(gain * soxr.resample(clip.samples, speed, 1))


def follow(corpus, minutes, live):
    """Train a sketch; {"references", "curve"}, the curve as [minutes of training, training bits, validation bits]."""
    preset = PRESETS["sketch"].changed(checkpoint_minutes=0.5)
    codec = preset.model.codec
    codes, validation = (codes_of(corpus, split, codec) for split in (TRAINING, VALIDATION))
    pieces = _, begin, end = excerpts(validation, SAMPLE_RATE, preset.training.validation_seconds)
    model = build_model(preset, "float32", codes)
    state = TrainingState(Streams.of(codes, preset, model.samplernn.predictors))
    budget, scorer = Budget(minutes=minutes), Scorer(model.samplernn)
    curve, before = [], [0.0, 0.0]

    def measure():
        bits, samples = (now - then for now, then in zip(state.bits(model), before, strict=True))
        before[:] = state.bits(model)
        curve.append(
            [round(state.seconds / 60, 2), round(bits / max(1, samples), 4), round(scorer(validation, *pieces), 4)]
        )
        live.end(f"{curve[-1][0]:5.1f} minutes: training {curve[-1][1]:.3f}, validation {curve[-1][2]:.3f} bits")

    callback = TrainingCallback(state, preset.training, budget, live, measure)
    while not budget.spent(state):
        model.stop_training = False
        model.fit(state.streams.dataset(state.epoch), callbacks=[callback], shuffle=False, verbose=0)
        if state.step >= state.steps:
            state.next_epoch(model)
            before[:] = [0.0, 0.0]
    measure()
    references = {
        "blind chance": preset.model.levels.bit_length() - 1,
        "counting": round(unigram_bits(codes, validation, preset.model.levels), 4),
        "linear prediction": round(linear_prediction_bits(validation, codec, begin, end), 4),
    }
    return {"passes": round(state.epochs, 2), "references": references, "curve": curve}


def draw(results, path):
    """The curve as a picture."""
    minutes, training, validation = np.transpose(results["curve"])
    canvas = Figure((8, 4.5), layout="constrained")
    axes = canvas.add_subplot(xlabel="minutes of training", ylabel="bits per sample", xlim=(0, minutes[-1]))
    axes.plot(minutes, training, "--", label="training, since the point before")
    axes.plot(minutes, validation, "o-", label="validation")
    for name, bits in results["references"].items():
        axes.axhline(bits, linestyle=":", color="#555")
        axes.annotate(f"{name}: {bits:.2f}", (minutes[-1], bits), ha="right", va="bottom")
    axes.legend()
    canvas.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--minutes", type=float, default=15, help="of training (15)")
    parser.add_argument("--hours", type=float, default=1, help="of sound (1)")
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--picture", help="file for the curve, PNG")
    options = parser.parse_args()
    clips = list(sounds(filter(os.path.isdir, options.folders)))
    if not clips:
        refuse(f"no sound can be read in {', '.join(options.folders)}: name a folder of recordings.")
    live = LiveLine(sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        hour = Path(folder) / "hour"
        hour.mkdir()
        write_hour(clips, hour, 3600 * options.hours)
        corpus = curate(hour, Path(folder) / "corpus", live=live)
        results = {"hours": round(corpus.seconds() / 3600, 2), **follow(corpus, options.minutes, live)}
        if options.picture:
            draw(results, options.picture)
    report(results, options.json)


if __name__ == "__main__":
    main()
