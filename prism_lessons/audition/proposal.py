"""Which epoch of a run to begin with, and why: one that can be heard, and how far to trust its bits."""

import math
from collections import Counter
from dataclasses import dataclass

from ..corpus import VALIDATION
from ..live import counted
from ..run import epoch_of

AUDIBLE_SHARE = 0.5  # of the clips of an epoch
DECIDES = 0.5  # of the seconds of validation, above which one recording decides


@dataclass(frozen=True)
class Proposal:
    """An epoch whose model still exists, or None if there is none, and the `reason` in words."""

    epoch: int | None
    reason: str

    def __str__(self):
        return self.reason


def proposal(run, clips, starred, corpus=None):
    """The `Proposal` for a run.

    The epoch with the most stars comes first. Without any, it is the one with the fewest bits in validation among those
    with at least half of their clips audible, or, where there is none, with the most.

    Parameters
    ----------
    run
        The `Run`.
    clips
        Its `AuditionClip`s.
    starred
        The names of the clips that have a star.
    corpus
        The `Corpus` that it was trained on, or None if it is missing: then its recordings are not mentioned.
    """
    kept = run.epochs
    if not kept:
        return Proposal(None, "No epoch can be proposed: no model of this run exists any more.")
    stars = Counter(map(epoch_of, starred))
    if any(stars[epoch] for epoch in kept):
        epoch = max(kept, key=lambda epoch: (stars[epoch], epoch))
        return Proposal(epoch, f"Epoch {epoch} has the most stars of those whose models still exist: {stars[epoch]}.")
    bits = {entry.epoch: entry.validation_bits for entry in run.log}
    audible = {epoch: [clip.audible for clip in clips if clip.played.epoch == epoch] for epoch in kept}
    share = {epoch: sum(flags) / len(flags) if flags else 0.0 for epoch, flags in audible.items()}
    wanted = min(AUDIBLE_SHARE, max(share.values()))

    def fewest(epochs):
        return min(epochs, key=lambda epoch: (bits.get(epoch, math.inf), -epoch))

    epoch, lowest = fewest([epoch for epoch in kept if share[epoch] >= wanted]), fewest(kept)
    flags = audible[epoch]
    said = f" ({bits[epoch]:.2f})" if epoch in bits else ""
    if not share[epoch]:
        reason = f"No clip of these epochs can be heard; epoch {epoch} has the fewest bits{said}."
    elif wanted < AUDIBLE_SHARE:
        reason = (
            f"Most clips of every epoch are silent or faint; of epoch {epoch}, {sum(flags)} of {len(flags)} can be "
            "heard."
        )
    else:
        reason = f"Epoch {epoch} has the fewest bits{said} of the epochs that can be heard."
    if epoch != lowest:
        silent, all_clips = audible[lowest].count(False), counted(len(audible[lowest]), "clip")
        reason += f" Epoch {lowest} has fewer ({bits[lowest]:.2f}), but {silent} of its {all_clips} cannot be heard."
    return Proposal(epoch, " ".join(filter(None, [reason, decided_by_one(run, corpus)])))


def decided_by_one(run, corpus):
    """A warning where one recording decides the validation bits of a `Run`, with these bits; otherwise "".

    A corpus of one recording is exempt: it has no others that its bits could misjudge.

    `corpus` is the `Corpus` that it was trained on, or None, which gives "".
    """
    if not corpus or not run.log or len({clip.recording for clip in corpus.clips}) == 1:
        return ""
    seconds = Counter()
    for clip in corpus.of(VALIDATION):
        seconds[clip.recording] += clip.samples / corpus.sample_rate
    (recording, longest), last = seconds.most_common(1)[0], run.log[-1]
    if longest <= DECIDES * seconds.total():
        return ""
    only = "is the only recording" if len(seconds) == 1 else "is more than half of what was"
    figures = f"{last.validation_bits:.2f} bits after epoch {last.epoch}, against {last.bits:.2f} in training"
    if predicted := run.references.get("linear_prediction"):
        figures += f" and {predicted:.2f} for linear prediction"
    return (
        f'One recording decides the bits of the validation: "{recording}" ({longest:.1f} s) {only} kept aside. It '
        f"needs {figures}. Bits of one recording say little of the others, so go by ear."
    )
