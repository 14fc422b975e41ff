"""What one change at a time is worth: bits on held-out recordings after some passes of a sketch.

    python benchmarks/changes.py FOLDER [CHANGE ...] [--passes 5] [--out FILE]

FOLDER is a curated corpus, or holds FLACs in train/ and in validation/. A CHANGE is "sketch", which changes nothing, a
setting (learning_rate=0.004), or one of those that are no settings:

    averaged            at the end of each pass, the weights become their running average over a few hundred steps
    to nothing          the learning rate falls to 0 at the end, not to a fiftieth
    Muon                for matrices (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon), Adam for the rest
    schedule-free       Adam without a schedule (Defazio et al. 2024, https://arxiv.org/abs/2405.15682)
    tiers: no excitation, tiers: no codes
                        what the recurrent tiers are told of each sample, less one of the two
    sample tier: no guesses
                        the sample tier is not told what the predictors expect; they still take part in the mixture

The budget is in passes, not in seconds, so that changes may be tried side by side, on a core each.
"""

import argparse
import contextlib
import sys
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent))
from clean import refuse
from machine import report
from quality import learn, whole_clips

import prism_lessons as pl
from prism_lessons.audio import load
from prism_lessons.backend import keras, ops
from prism_lessons.corpus import TRAINING, VALIDATION, Codes, codes_of
from prism_lessons.errors import CourseError
from prism_lessons.model import Tier
from prism_lessons.predictor_mixture import PredictorMixture
from prism_lessons.presets import PRESETS
from prism_lessons.scoring import Scorer
from prism_lessons.training import callback, keras_model, schedule

AVERAGED_OVER = 0.995  # how much of a running average stays at each step


class Averaging(keras_model.Adam):
    """Adam that keeps a running average of the weights."""

    def __init__(self, *settings):
        super().__init__(*settings, use_ema=True, ema_momentum=AVERAGED_OVER)


def like_the_courses(optimiser, **settings):
    """A class of Keras optimisers, made like the course's Adam and with the variable that its watch reads."""

    class Optimiser(optimiser):
        def __init__(self, learning_rate, longest):
            super().__init__(learning_rate, global_clipnorm=longest, **settings)

        def build(self, variables):
            super().build(variables)
            self.norms = self.add_variable(shape=(2,), initializer="zeros", dtype="float32", name="norms")

    return patch.object(keras_model, "Adam", Optimiser)


def schedule_free():
    stack = contextlib.ExitStack()
    stack.enter_context(like_the_courses(keras.optimizers.ScheduleFreeAdamW, warmup_steps=100))
    stack.enter_context(
        patch.object(callback, "learning_rate", lambda settings, batches, share: settings.learning_rate)
    )
    return stack


def without_excitation():
    call = Tier.call
    return patch.object(
        Tier,
        "call",
        lambda *arguments, excitation, **rest: call(*arguments, excitation=ops.zeros_like(excitation), **rest),
    )


def without_codes():
    call = Tier.call

    def changed(self, codes, *arguments, **rest):
        return call(self, ops.full_like(codes, self.settings.levels // 2), *arguments, **rest)

    return patch.object(Tier, "call", changed)


def without_guesses():
    input_vector = PredictorMixture.input_vector
    return patch.object(PredictorMixture, "input_vector", lambda *arguments: 0 * input_vector(*arguments))


CHANGES = {
    "sketch": contextlib.nullcontext,
    "averaged": lambda: patch.object(keras_model, "Adam", Averaging),
    "to nothing": lambda: patch.object(schedule, "FINAL_RATE", 0.0),
    "Muon": lambda: like_the_courses(keras.optimizers.Muon, exclude_layers=["output"]),
    "schedule-free": schedule_free,
    "tiers: no excitation": without_excitation,
    "tiers: no codes": without_codes,
    "sample tier: no guesses": without_guesses,
}


def codes_in(folder, preset):
    """The codes to train on and those to validate on, of a corpus or of a folder with train/ and validation/."""
    codec = preset.model.codec
    parts = [sorted(Path(folder, part).glob("*.flac")) for part in ("train", "validation")]
    if all(parts):
        return [Codes.of_arrays([codec.encode(load(path).samples) for path in part], codec.centre) for part in parts]
    corpus, training = pl.Corpus.open(folder), preset.training
    return (
        codes_of(corpus, TRAINING, codec, training.augmentation, training.seed),
        codes_of(corpus, VALIDATION, codec),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("changes", nargs="*", metavar="CHANGE", default=["sketch"])
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--out", help="file for the JSON")
    options = parser.parse_args()
    from prism_lessons.cli import setting

    results = {"task": "changes", "folder": Path(options.folder).name, "passes": options.passes}
    try:
        settings = {name: {} if name in CHANGES else dict([setting(name)]) for name in options.changes}
        presets = {name: PRESETS["sketch"].changed(**values) for name, values in settings.items()}
        for name, preset in presets.items():
            codes, held_out = codes_in(options.folder, preset)
            with CHANGES.get(name, contextlib.nullcontext)():
                model, spent = learn(codes, preset, epochs=options.passes)
                bits = round(Scorer(model)(held_out, *whole_clips(held_out)), 4)
            results[name] = {"bits_per_sample": bits, "training_seconds": round(spent, 1)}
            print(name, results[name], flush=True)
    except (CourseError, argparse.ArgumentTypeError) as error:
        refuse(str(error))
    report(results, options.out)


if __name__ == "__main__":
    main()
