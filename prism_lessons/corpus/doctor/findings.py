"""What the doctor can find in a recording, and the words for it."""

from collections.abc import Callable
from dataclasses import dataclass, field

SLIGHT, CLEAR, SEVERE = 1, 2, 3
SEVERITY_WORDS = {SLIGHT: "slight", CLEAR: "clear", SEVERE: "severe"}
# A composer needs to hear only a few of thousands of clicks; the finding counts them all.
MOST_PLACES = 20


def merge_overlapping(places):
    """Places (start, stop) in order, overlapping ones merged: a list of tuples."""
    merged = []
    for start, stop in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault.

    Attributes
    ----------
    key
        Its name in Python and JSON, such as "hum".
    title
        Its name in the field, such as "mains hum".
    effect
        What it will do to the model: one sentence.
    advice
        What a composer can do, by the course or by hand: one sentence.
    threshold
        When it is reported: a phrase with figures and units.
    source
        Where that threshold comes from.
    repair
        The remedy: `repair(blocks, sample_rate, values)` takes an iterable of mono float32 blocks of any length at
        `sample_rate` Hz and the `values` of the finding, and yields the repaired sound as blocks. None where there is
        none, or where one channel has to be read alone (`cancelling`, `one_sided`).
    repaired
        What the remedy does, as a phrase for the card, such as "hum taken out with notch filters"; "" without one.
    """

    key: str
    title: str
    effect: str
    advice: str
    threshold: str
    source: str
    repair: Callable | None = None
    repaired: str = ""


@dataclass(frozen=True)
class Finding:
    """One fault of one recording.

    Attributes
    ----------
    kind
        The key of its `FaultKind`.
    severity
        SLIGHT (1), CLEAR (2) or SEVERE (3).
    measured
        What was measured, a phrase with figures: "213 places, the longest 14 samples".
    places
        ((start, end), ...) in seconds, at most `MOST_PLACES`, in order of time; () where it affects all of the sound.
    values
        The numbers that the remedy needs, plain values for JSON.
    """

    kind: str
    severity: int
    measured: str
    places: tuple[tuple[float, float], ...] = ()
    values: dict = field(default_factory=dict)

    @property
    def title(self):
        """The title of its kind: "mains hum"."""
        from . import KINDS  # they are made of the detectors, which import this module

        return KINDS[self.kind].title
