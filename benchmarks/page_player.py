"""What plays a model in a web page, beside Numba's engine: whether its codes are the same, and how fast it is.

    python benchmarks/page_player.py [CAPSULE ...] [--seconds 10] [--seeds 3] [--out FILE]

For each capsule (those that come with the course, if none is named) and each seed, one voice at temperature 0.95 is
played by Numba's engine and by both builds of the core, here in wasmtime. Given are how many codes differ, and the
first that does: from there on the takes are two, since a model hears what it has played.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import wasmtime

sys.path.insert(0, str(Path(__file__).parent))
from machine import report

from prism_lessons import load
from prism_lessons.generation import engines, page_model
from prism_lessons.generation.sampler import starting_state
from prism_lessons.pages.core.build import CORES, HERE

TRAINED = Path(__file__).parents[1] / "datasets_examples" / "trained"
TEMPERATURE = 0.95
PIECE = 1000  # samples of each call


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
        self.store, module = wasmtime.Store(engine), wasmtime.Module.from_file(engine, str(HERE / name))
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("capsules", nargs="*", metavar="CAPSULE", help="default: those that come with the course")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", metavar="FILE")
    arguments = parser.parse_args()
    paths = arguments.capsules or sorted(TRAINED.glob("*/epochs/*.capsule"))
    report(
        {
            str(path): {seed: differing(load(path), seed, arguments.seconds) for seed in range(arguments.seeds)}
            for path in paths
        },
        arguments.out,
    )


if __name__ == "__main__":
    main()
