"""PRiSM lessons: train and play your own neural instrument.

The library's public names; each is loaded when it is first used, which keeps `import prism_lessons` quick.

    corpus  = pl.curate("recordings/", "my_corpus/", sample_rate=16000)
    run     = pl.train(corpus, "my_run/", preset="sketch", minutes=3)
    audition = pl.audition(run)               # its clips, measured, and what you hear in them
    capsule = run.capsule()                   # or pl.load("bells.capsule")
    clips   = pl.generate(capsule, seconds=4, voices=4, temperature=0.95, seed=1)
    clips[0].save("take.wav")
"""

import sys
from importlib import import_module
from types import ModuleType

from .caches import redirect_caches
from .errors import CourseError

redirect_caches()  # before any library with a cache is imported

_FACE = {
    "Capsule": "capsule",
    "Choices": "corpus",
    "Clip": "audio",
    "Envelope": "generation",
    "Gesture": "generation",
    "Prime": "generation",
    "Corpus": "corpus",
    "PRESETS": "presets",
    "Run": "run",
    "curate": "corpus",
    "between": "generation",
    "generate": "generation",
    "mix": "generation",
    "perform": "generation",
    "render": "generation",
    "audition": "audition",
    "load": "capsule",
    "plan": "training",
    "preflight": "training",
    "score": "scoring",
    "segment_clips": "corpus",
    "sounds_of": "corpus",
    "suggest_segments": "corpus",
    "survey": "corpus",
    "train": "training",
    "train_class": "classroom",
    "tune": "tuning",
    "write_page": "generation",
}
_ALIASES = {"Line": "Envelope"}  # earlier names, kept for one version
_ROOMS = ("prism",)  # modules used by name: pl.prism.load
__all__ = ["CourseError", *_FACE, *_ROOMS]


def __getattr__(name):
    name = _ALIASES.get(name, name)
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_FACE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)


class _Face(ModuleType):
    def __setattr__(self, name, value):
        # Importing a submodule sets its name here; `audition` is also a public function, which takes precedence.
        if name not in _FACE or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
