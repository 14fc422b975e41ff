"""A run made by hand: two epochs, each at two temperatures, and the corpus that it says it learned from."""

import json

import numpy as np
import pytest

from prism_lessons.audio import Clip, load
from prism_lessons.capsule import Capsule
from prism_lessons.corpus import curate
from prism_lessons.run import Epoch, Run
from prism_lessons.settings import ModelSettings, TrainingSettings, shapes_of

RATE = 16000
MODEL = ModelSettings(frame_sizes=(2, 8), dim=2, embedding=2)


@pytest.fixture(scope="session")
def unlearned():
    """A function that gives a model that has learned nothing, as the `Capsule` of an epoch."""

    def make(epoch, sample_rate, card):
        weights = {name: np.zeros(shape, np.float32) for name, shape in shapes_of(MODEL).items()}
        return Capsule(MODEL, sample_rate, weights, {"epoch": epoch}, card)

    return make


@pytest.fixture
def begin_run(tmp_path):
    """A function that begins a run at 8 kHz under a name, with no more settings than are read."""
    settings = {
        "model": {},
        "training": {},
        "sample_rate": 8000,
        "corpus": {"digest": "0", "folder": "corpus"},
        "references": {"uniform": 8.0},
    }
    return lambda name: Run.begin(tmp_path / name, settings, "# Card of this corpus\n")


def plain(settings):
    return json.loads(json.dumps(vars(settings)))


@pytest.fixture(scope="session")
def recordings(tmp_path_factory, noise, write_sound):
    """A corpus of four recordings of noise that swells."""
    folder = tmp_path_factory.mktemp("sources")
    for number in range(4):
        swell = np.abs(np.sin(np.arange(3 * RATE) / RATE * (number + 2))).astype(np.float32)
        write_sound(folder / "recordings" / f"swell {number}.wav", swell * noise(3, seed=number))
    return curate(folder / "recordings", folder / "corpus")


@pytest.fixture
def made_run(tmp_path, recordings, noise, unlearned):
    """A run of four epochs: silence, noise, noise with half a second of a recording, a tone. Two models are kept."""
    settings = {
        "model": plain(MODEL),
        "training": plain(TrainingSettings()),
        "minutes": 3,
        "sample_rate": RATE,
        "references": {"uniform": 8.0, "unigram": 7.5},
        "corpus": {"folder": str(recordings.folder), "digest": recordings.digest, "not_to_share": []},
        "versions": {},
    }
    run = Run.begin(tmp_path / "run", settings, recordings.card())
    source = recordings.folder / recordings.clips[0].file
    copied = np.array(noise(2, seed=30))
    copied[8000:16000] = load(source).samples[12000:20000]
    sounds = {1: np.zeros(2 * RATE), 2: noise(2, seed=20), 3: copied, 4: 0.2 * np.sin(np.arange(2 * RATE) * 0.2)}
    for epoch, samples in sounds.items():
        run.record(Epoch(epoch, 5.0 - epoch / 10, 5.5 - epoch / 10, 30.0 * epoch, 1000 * epoch, 1e-3))
        for temperature in (0.85, 1.0):
            Clip((temperature * samples).astype(np.float32), RATE).save(run.clip_path(epoch, 1, temperature))
    for epoch in (2, 3):
        unlearned(epoch, RATE, run.card).save(run.capsule_path(epoch))
    return run
