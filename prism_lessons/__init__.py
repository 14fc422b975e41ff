"""PRiSM lessons: train and play your own neural instrument.

The face of the library; each name is loaded when it is first used, so that `import prism_lessons` stays quick.

    corpus  = pl.curate("recordings/", "my_corpus/", sample_rate=16000)
    run     = pl.train(corpus, "my_run/", preset="sketch", minutes=3)
    capsule = run.capsule()                   # or pl.load("bells.capsule")
    clips   = pl.generate(capsule, seconds=4, voices=4, temperature=0.95, seed=1)
    clips[0].save("take.wav")
"""

from importlib import import_module

from .errors import CourseError

_FACE = {
    "Capsule": "capsule",
    "Choices": "corpus",
    "Clip": "audio",
    "Corpus": "corpus",
    "PRESETS": "presets",
    "Run": "run",
    "curate": "corpus",
    "generate": "generation",
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
}
__all__ = ["CourseError", *_FACE]


def __getattr__(name):
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_FACE[name]}", __name__), name)
    # A module may bear the name of what it gives (`prism_lessons.corpus`, say); the face is what was asked for.
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
