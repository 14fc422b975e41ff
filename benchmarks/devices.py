"""Whether training one model on all devices of this machine is faster than on one.

    python benchmarks/devices.py [--virtual N] [--preset NAME] [--turns N] [--streams N]

The devices are this machine's graphics cards or, with `--virtual`, so many virtual devices on its processor, which show
what sharing costs and not what cards gain. One device and all train in turn, on random codes, in single precision. It
prints the samples per second of each turn and the ratio of the medians; the first turn, which compiles, is left out.
"""

import argparse
import json
import time

import numpy as np

from prism_lessons.backend import tf
from prism_lessons.corpus import Codes
from prism_lessons.presets import PRESETS
from prism_lessons.streams import Streams
from prism_lessons.training.keras_model import build_model, devices_of

BATCHES = 40


def trained(preset, codes):
    """A function that trains on all batches of the codes, and returns samples per second."""
    model = build_model(preset, "float32", codes)
    streams = Streams.of(codes, preset, model.samplernn.predictors)

    def train():
        begun = time.perf_counter()
        model.fit(streams.dataset(0), shuffle=False, verbose=0)
        return round(codes.samples / (time.perf_counter() - begun))

    train()  # compiles
    return train


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--virtual", type=int, metavar="N", help="use N virtual devices on the processor")
    parser.add_argument("--preset", default="sketch")
    parser.add_argument("--streams", type=int, help="batch size (the preset's)")
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    if options.virtual:
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, options.virtual * [tf.config.LogicalDeviceConfiguration()])
    preset = PRESETS[options.preset]
    preset = preset.changed(streams=options.streams or preset.training.streams)
    samples = preset.training.streams * preset.training.window * BATCHES
    random = np.random.default_rng(0).integers(preset.model.levels, size=samples)
    codes = Codes.of_arrays([random], preset.model.codec.centre)
    presets = {devices: preset.changed(devices=devices) for devices in ("one", "all")}
    train = {devices: trained(each, codes) for devices, each in presets.items()}
    speeds = {devices: [] for devices in train}
    for _ in range(options.turns):
        for devices, speed in speeds.items():
            speed.append(train[devices]())
    ratio = float(np.median(speeds["all"]) / np.median(speeds["one"]))
    used = devices_of(presets["all"].training)
    print(json.dumps({"devices": used, "samples_per_second": speeds, "ratio": round(ratio, 2)}, indent=1))


if __name__ == "__main__":
    main()
