"""Warnings before training on a corpus: sentences, each with what can be done about it.

They are shown when a `Corpus` is made, in its card, in a plan and in a pre-flight.
"""

from collections import Counter

from ..analysis import DuplicatePair, duplicate_groups

# A well-trained model is silent as often as its corpus. Below a temperature of 1, likely samples become more frequent
# than in the corpus: above one half, that is silence, whatever else there is.
MOSTLY = 0.5
MOST_NAMED = 3


def is_mostly_silent(share):
    """Whether a share of silence, 0 .. 1, is so large that a model will mostly be silent; False where it is None."""
    return share is not None and share > MOSTLY


def warnings_about(corpus):
    """The warnings about a `Corpus`, as a list of sentences; empty if there are none."""
    return [*_silence(corpus), *_validation(corpus)]


def _silence(corpus):
    if not is_mostly_silent(corpus.silence):
        return []
    silent = Counter()
    for clip in corpus.of("training"):
        silent[clip.recording] += clip.silence * clip.samples * clip.times
    names = ", ".join(f'"{name}"' for name, _ in silent.most_common(MOST_NAMED))
    return [
        f"{corpus.silence:.0%} of the sound to train on is silence (below -60 dBFS), above all in {names}, so the "
        "model will mostly be silent too: leave silent recordings out, keep only the segments that sound, or have very "
        "soft recordings raised."
    ]


def _validation(corpus):
    kept = {clip.recording for clip in corpus.of("validation")}
    if len({clip.recording for clip in corpus.clips}) == 1:
        return [
            f"All sound is from one recording, and its last {corpus.seconds('validation'):.1f} s are kept for "
            "validation, so validation says how well the model goes on with that recording and nothing about others: "
            "add a second recording if you can."
        ]
    pairs = [DuplicatePair(twin["first"], twin["second"], 1.0, twin["how"]) for twin in corpus.twins]
    pairs = [pair for pair in pairs if {pair.first, pair.second} <= kept]
    if len(kept) - sum(len(group) - 1 for group in duplicate_groups(kept, pairs)) > 1:
        return []
    name = max(kept, key=lambda name: sum(c.samples for c in corpus.of("validation") if c.recording == name))
    return [
        f'Validation is one recording, "{name}" ({corpus.seconds("validation"):.1f} s), so a single odd moment in it '
        "can decide which epoch looks best: choose epochs by ear, or add recordings."
    ]
