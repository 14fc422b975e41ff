"""What plays a model in a web page, beside Numba's engine: whether its codes are the same, and how fast it is.

    python benchmarks/page_player.py codes [CAPSULE ...] [--seconds 10] [--seeds 3] [--out FILE]
    python benchmarks/page_player.py speed [CAPSULE ...] [--rounds 5] [--out FILE]

One voice is played at temperature 0.95 from each capsule: those that come with the course, if none is named.

`codes` plays each seed by Numba's engine and by both builds of the core, here in wasmtime. Given are how many codes
differ, and the first that does: from there on the takes are two, since a model hears what it has played.

`speed` plays in a Worker of Chromium and, in turn with it, in Numba's engine, a second each in every round:
seconds of sound in a second, the best and the median round, and how long Chromium took for a block of 128 samples. Two
models that were never trained, of the sketch's shape but larger, are added to the capsules.
"""

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import wasmtime
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from machine import report

from prism_lessons import load
from prism_lessons.capsule import Capsule
from prism_lessons.generation import engines, page_model
from prism_lessons.generation.sampler import starting_state
from prism_lessons.pages import html, model_script
from prism_lessons.pages.core import CORES, FOLDER
from prism_lessons.presets import PRESETS

TRAINED = Path(__file__).parents[1] / "datasets_examples" / "trained"
TEMPERATURE = 0.95
PIECE = 1000  # samples of each call
BLOCK = 128
ROUND = """async (block) => {
    const made = [], begun = performance.now();
    while (performance.now() - begun < 1000)
        made.push((await model.play(block, [{ temperature: 0.95, level: 1 }])).seconds);
    return made;
}"""


class Core:
    """A core in wasmtime, as a page has it in the browser.

    Parameters
    ----------
    model
        Bytes from `page_model`.
    voices
        How many.
    name
        One of `CORES`. The fused one rounds as Numba does, unless the processor is older than 2013 and cannot.
    most
        Samples in a call.
    """

    def __init__(self, model, voices=1, name="core_fused.wasm", most=PIECE):
        self.voices, engine = voices, wasmtime.Engine()
        self.store, module = wasmtime.Store(engine), wasmtime.Module.from_file(engine, str(FOLDER / name))
        self._exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        place = self.call("room", len(model))
        self._exports["memory"].write(self.store, model, place)
        self.loaded = bool(self.call("load", place) and self.call("prepare", voices, most))

    def call(self, name, *arguments):
        """Call an exported function of core.c."""
        return self._exports[name](self.store, *arguments)

    def begin(self, state=0, seed=0, temperatures=(TEMPERATURE,)):
        """Begin a take with all voices, as `begin` in core.c does."""
        for voice, temperature in zip(range(self.voices), temperatures, strict=True):
            self.call("begin", voice, state, seed, voice)
            self.call("set_temperature", voice, temperature)

    def play(self, samples, piece=PIECE):
        """Samples made in pieces, float32, shape (voices, samples)."""
        pieces = []
        for start in range(0, samples, piece):
            count = min(piece, samples - start)
            self.call("play", count)
            places = [self.call("sound", voice) for voice in range(self.voices)]
            read = self._exports["memory"].read
            pieces.append([np.frombuffer(read(self.store, place, place + 4 * count), "<f4") for place in places])
        return np.concatenate(pieces, axis=1)


def differing(capsule, seed, seconds):
    """How many codes of a take differ between Numba's engine and each core, and the first that does."""
    engine = engines.of_capsules([capsule], "numba")
    state = starting_state(engine, [(seed, 0)])
    samples = round(seconds * capsule.sample_rate / engine.largest) * engine.largest
    draws = np.random.default_rng([seed, 0]).random((samples, 1), np.float32)
    codes, _ = engine.play(state, np.full((samples, 1), TEMPERATURE, np.float32), draws)
    _, model = page_model(capsule, state)
    found = {"codes": samples}
    for name in CORES:
        core = Core(model, name=name)
        core.begin(seed=seed)
        other = core.play(samples)[0] != engine.codec.decode(codes[0])
        found[name] = {"differ": int(other.sum()), "first": int(other.argmax()) if other.any() else None}
    return found


def untrained(**changes):
    """A `Capsule` of the sketch's shape, but for some changes, with the weights of a new model."""
    from prism_lessons.backend import keras
    from prism_lessons.model import SampleRNN

    keras.utils.set_random_seed(0)
    return Capsule.of(SampleRNN(replace(PRESETS["sketch"].model, **changes)), 16000, {}, "")


def in_chromium(browser, capsule, rounds, between):
    """Seconds of sound in a second, each round, and the seconds of each block of 128 samples; `between` in between."""
    page = browser.new_page()
    source = html("<!DOCTYPE html><script>{{ script }}</script>", script=model_script(*page_model(capsule)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(source, encoding="utf-8")
        page.goto(path.as_uri())
        page.evaluate("async () => { window.model = startModel(MODEL); await model.ready; }")
        speeds, blocks = [], []
        for _ in range(rounds + 1):
            made = page.evaluate(ROUND, BLOCK)
            speeds.append(len(made) * BLOCK / capsule.sample_rate / sum(made))
            blocks += made
            between()
    page.close()
    return speeds[1:], blocks[-(len(blocks) * rounds // (rounds + 1)) :]  # browsers compile better while it plays


def speed(browser, capsule, rounds):
    """How fast a capsule plays in Chromium and in Numba's engine, as `main` gives it."""
    engine, numba = engines.of_capsules([capsule], "numba"), []
    state = engine.initial_state(1)
    temperatures = np.full((32 * engine.largest, 1), TEMPERATURE, np.float32)
    chance = np.random.default_rng(0)

    def by_numba():
        nonlocal state
        made, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < 1:
            _, state = engine.play(state, temperatures, chance.random(temperatures.shape, np.float32))
            made += len(temperatures)
        numba.append(made / capsule.sample_rate / (time.perf_counter() - begun))

    chromium, blocks = in_chromium(browser, capsule, rounds, by_numba)
    rounds = {"chromium": chromium, "numba": numba}
    return {
        "best": {name: round(max(each), 1) for name, each in rounds.items()},
        "median": {name: round(float(np.median(each)), 1) for name, each in rounds.items()},
        "milliseconds_of_a_block": {str(q): round(1000 * float(np.quantile(blocks, q)), 2) for q in (0.5, 0.99)},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["codes", "speed"])
    parser.add_argument("capsules", nargs="*", metavar="CAPSULE", help="default: those that come with the course")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", metavar="FILE")
    arguments = parser.parse_args()
    paths = arguments.capsules or sorted(TRAINED.glob("*/epochs/*.capsule"))
    capsules = {str(path): load(str(path)) for path in paths}
    if arguments.what == "codes":
        seeds, seconds = range(arguments.seeds), arguments.seconds
        found = {path: {seed: differing(one, seed, seconds) for seed in seeds} for path, one in capsules.items()}
    else:
        capsules |= {f"untrained, dim {dim}": untrained(dim=dim) for dim in (128, 256)}
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            found = {name: speed(browser, one, arguments.rounds) for name, one in capsules.items()}
            browser.close()
    report(found, arguments.out)


if __name__ == "__main__":
    main()
