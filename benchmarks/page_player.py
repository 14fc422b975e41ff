"""What plays a model in a web page, beside Numba's engine: whether its codes are the same, and how fast it is.

    python benchmarks/page_player.py codes [CAPSULE ...] [--seconds 10] [--seeds 3] [--out FILE]
    python benchmarks/page_player.py speed [CAPSULE ...] [--rounds 5] [--out FILE]
    python benchmarks/page_player.py play [CAPSULE ...] [--minutes 5] [--out FILE]

One voice is played at temperature 0.95 from each capsule: those that come with the course, if none is named. For `play`
these are the bells and the breath.

`codes` plays each seed by Numba's engine and by both builds of the core, here in wasmtime. Given are how many codes
differ, and the first that does: from there on the takes are two, since a model hears what it has played.

`speed` plays in a Worker of Chromium and, in turn with it, in Numba's engine, a second each in every round:
seconds of sound in a second, the best and the median round, and how long Chromium took for a block of 128 samples. Two
models that were never trained, of the sketch's shape but larger, are added to the capsules.

`play` opens the page that `write_page` makes, as a file. Given are
- its size in bytes,
- milliseconds from the click on Play to the first block, and to the first sample above 0.001 before the volume, in a
  new browser context each time,
- gaps in a minute in which the temperature moves ten times a second, alone and beside a process that keeps a core busy,
- after each minute of playing, the megabytes that only the page's process has, and those that its script uses. All the
  pages play at the same time here, each in a browser of its own.
The load is the system's, a mean of the minute before.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import wasmtime
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from machine import report

from prism_lessons import load, write_page
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
CLICKS = 20
# Where the first block and the first sample above 0.001 are on the clock, in seconds, and when Play was pressed.
WATCH = """() => {
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (when) {
        const audible = this.buffer.getChannelData(0).findIndex((one) => Math.abs(one) > 0.001);
        window.block ??= when;
        if (audible >= 0) window.sound ??= when + audible / rate;
        start.call(this, when);
    };
    by("play").addEventListener("click", (event) => { window.clicked = event.timeStamp; }, true);
}"""
# Milliseconds from the click to both, once they are heard, by the clock that the browser keeps for both.
LATENCY = """() => new Promise((heard) => {
    const look = () => {
        const { contextTime, performanceTime } = context ? context.getOutputTimestamp() : {};
        if (!(contextTime > window.sound)) setTimeout(look, 5);
        else heard([block, sound].map((when) => performanceTime + 1000 * (when - contextTime) - clicked));
    };
    look();
})"""
TURN = """async (seconds) => {
    const begun = performance.now(), [gapsBefore, heardBefore] = [gaps, heard()];
    for (let turn = 0; performance.now() - begun < 1000 * seconds; turn++) {
        by("slider").value = 0.95 + 0.25 * Math.sin(turn / 10);
        by("slider").dispatchEvent(new Event("input"));
        await new Promise((done) => setTimeout(done, 100));
    }
    return { gaps: gaps - gapsBefore, seconds_heard: (heard() - heardBefore) / rate };
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

    def ask(self, asked):
        """Ask something of each voice: float32, (voices, numbers), see `engines.Engine`."""
        for voice, numbers in enumerate(np.float32(asked)):
            self._exports["memory"].write(self.store, numbers.tobytes(), self.call("asked", voice))

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


@contextmanager
def chromium(playwright):
    """A new browser."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def busy_core():
    """A process that counts, as long as this lasts."""
    process = subprocess.Popen([sys.executable, "-c", "n = 0\nwhile True: n += 1"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def opened(browser, path):
    """A model's page in a browser context of its own, ready to play."""
    page = browser.new_context().new_page()
    page.goto(path.as_uri())
    page.locator("#said", has_text="Ready").wait_for()
    return page


def load_now():
    """The mean load of the system in the last minute."""
    return round(os.getloadavg()[0], 2)


def milliseconds_to_sound(browser, path):
    """How long a click on Play takes to be heard, as `main` gives it."""
    times = []
    for _ in range(CLICKS):
        page = opened(browser, path)
        page.evaluate(WATCH)
        page.locator("#play").click()
        times.append(page.evaluate(LATENCY))
        page.context.close()
    figures = {"median": np.median(times, axis=0), "largest": np.max(times, axis=0)}
    found = {name: dict(zip(("block", "sample"), each.round().tolist(), strict=True)) for name, each in figures.items()}
    return {**found, "load": load_now()}


def gaps(browser, path):
    """Gaps of a page in a minute, as `main` gives it."""
    page = opened(browser, path)
    page.locator("#play").click()
    page.locator("#said", has_text="Playing").wait_for()
    found = page.evaluate(TURN, 60)
    page.context.close()
    return {**found, "load": load_now()}


def megabytes(browser, page):
    """What only the process of a browser's one page has in memory, and what the page's script uses."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [each for each in processes if each["type"] == "renderer"]  # Chromium keeps a spare one
    process = psutil.Process(max(pages, key=lambda each: each["cpuTime"])["id"])
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    sizes = {"process": process.memory_full_info().uss, "script": metrics["JSHeapUsedSize"]}
    return {name: round(size / 1e6, 1) for name, size in sizes.items()}


def memory(playwright, paths, minutes):
    """Megabytes of each page after each minute of playing, as `main` gives it."""
    with ExitStack() as stack:
        browsers = [stack.enter_context(chromium(playwright)) for _ in paths]
        pages = [opened(*each) for each in zip(browsers, paths, strict=True)]
        found = [{"process": [], "script": [], "gaps": 0} for _ in paths]
        for page in pages:
            page.locator("#play").click()
        for _ in range(minutes):
            time.sleep(60)
            for browser, page, each in zip(browsers, pages, found, strict=True):
                for name, size in megabytes(browser, page).items():
                    each[name].append(size)
                each["gaps"] = page.evaluate("gaps")
        return [{**each, "load": load_now()} for each in found]


def play(playwright, capsules, minutes):
    """How the pages of models play, as `main` gives it."""
    with tempfile.TemporaryDirectory() as folder, chromium(playwright) as browser:
        paths = [write_page(one, Path(folder) / f"page_{n}.html") for n, one in enumerate(capsules.values())]
        found = {
            name: {
                "bytes": path.stat().st_size,
                "milliseconds_to": milliseconds_to_sound(browser, path),
                "alone": gaps(browser, path),
            }
            for name, path in zip(capsules, paths, strict=True)
        }
        for each, path in zip(found.values(), paths, strict=True):
            with busy_core():
                each["beside_a_busy_core"] = gaps(browser, path)
        for each, sizes in zip(found.values(), memory(playwright, paths, minutes), strict=True):
            each["megabytes"] = sizes
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["codes", "speed", "play"])
    parser.add_argument("capsules", nargs="*", metavar="CAPSULE", help="default: those that come with the course")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--out", metavar="FILE")
    arguments = parser.parse_args()
    runs = ("bells", "breath") if arguments.what == "play" else ("*",)
    paths = arguments.capsules or [path for run in runs for path in sorted(TRAINED.glob(f"{run}/epochs/*.capsule"))]
    capsules = {str(path): load(str(path)) for path in paths}
    if arguments.what == "codes":
        seeds, seconds = range(arguments.seeds), arguments.seconds
        found = {path: {seed: differing(one, seed, seconds) for seed in seeds} for path, one in capsules.items()}
    elif arguments.what == "speed":
        capsules |= {f"untrained, dim {dim}": untrained(dim=dim) for dim in (128, 256)}
        with sync_playwright() as playwright, chromium(playwright) as browser:
            found = {name: speed(browser, one, arguments.rounds) for name, one in capsules.items()}
    else:
        with sync_playwright() as playwright:
            found = play(playwright, capsules, arguments.minutes)
    report(found, arguments.out)


if __name__ == "__main__":
    main()
