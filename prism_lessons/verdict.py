"""What the numbers of a run do, in plain words, with what can be done; never a verdict on its music.

The log, the reference lines and the events of a `Run` go in, a `Verdict` comes out.

Validation bits scatter from epoch to epoch, upwards most of all, so what counts as falling is decided by ranks, as
Mann (Econometrica 13, 1945) and Kendall do it: of all pairs among the last epochs, how many fall and how many rise.
Without a trend their difference has the mean 0 and the variance n (n - 1)(2 n + 5) / 18 for n epochs. The scatter
itself thus sets what counts, and a few epochs that jump do no harm.
"""

import math
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import median

LATEST = 10  # epochs that a trend is looked for in
LEAST_EPOCHS = 3  # before them nothing is said
LEAST_FOR_FLAT = 6
LEAST_FOR_COUNTING = LEAST_FOR_HEART = 5
TREND = 1.96  # standard deviations: to one side, chance goes as far once in 40 times
NO_TREND = 1.0  # once in 6: an order of epochs that chance gives easily
LEAST_BITS = 0.01  # a change over the last epochs that is smaller counts as none: curves are read to two decimals

LISTEN = "listen to the newest clips"


@dataclass(frozen=True)
class Verdict:
    """What a run's numbers do.

    `kind` is one of "too early", "blown up", "by heart", "learning", "above chance", "above counting", "flat" and
    "unclear"; `text` says it in one sentence, `advice` says in one more what can be done.
    """

    kind: str
    text: str
    advice: str

    def __str__(self):
        return f"{self.text} {self.advice}"


def verdict(run):
    """The `Verdict` on a run as it is now.

    Parameters
    ----------
    run
        A `Run`, or whatever has its `log`, `references` and `events`.
    """
    log = run.log
    if log and not _are_numbers(log[-1]):
        return Verdict(
            "blown up",
            f"Blown up: the bits of epoch {log[-1].epoch} are no number.",
            "Begin a new run with a lower learning rate, and survey the recordings for faults.",
        )
    backs = [event for event in run.events if event["kind"] == "blown up"]
    if backs and (log[-1].epoch if log else 0) < backs[-1]["back_to"] + LEAST_EPOCHS:
        return _blown_up(backs[-1])
    log = [entry for entry in log if _are_numbers(entry)]
    if len(log) < LEAST_EPOCHS:
        return Verdict(
            "too early",
            f"Too early to say: a trend needs at least {LEAST_EPOCHS} epochs.",
            f"Wait for them, and {LISTEN} meanwhile.",
        )
    return _verdict_on_the_curve(log, run.references)


def _verdict_on_the_curve(log, references):
    """The `Verdict` on at least three epochs whose bits are numbers."""
    epochs, bits = [entry.epoch for entry in log], [entry.validation_bits for entry in log]
    latest, now = bits[-LATEST:], median(bits[-LEAST_EPOCHS:])
    beyond = ""
    if now < references.get("linear_prediction", 0):
        beyond = "; it now foresees more than a listener who only knows the last moments of the wave"
    lowest = min(range(len(bits)), key=bits.__getitem__)
    since = [-risen for risen in bits[lowest + 1 :]]
    if len(since) >= LEAST_FOR_HEART and _falls(since) and _falls([entry.bits for entry in log[lowest:]]):
        return Verdict(
            "by heart",
            f"Learning by heart: training falls while validation has risen since epoch {epochs[lowest]}{beyond}.",
            f"If your recordings are to come back, go on; if not, compare with epoch {epochs[lowest]} by ear, or begin "
            "a new run with more recordings or with variations of them.",
        )
    if _falls(latest):
        return Verdict(
            "learning",
            f"Still learning: validation has fallen by about {_fall(latest):.2f} bits since epoch "
            f"{epochs[-len(latest)]}{beyond}.",
            f"More minutes will probably bring the bits lower still; {LISTEN} to hear what that does to the sound.",
        )
    if now > references["uniform"]:
        return Verdict(
            "above chance",
            f"More wrong than blind chance: validation needs {now:.2f} bits, blind chance {references['uniform']:.2f}.",
            "Begin a new run with a lower learning rate, and check that training and validation sound alike.",
        )
    if len(log) >= LEAST_FOR_COUNTING and now > references["unigram"]:
        return Verdict(
            "above counting",
            f"No further than counting: validation needs {now:.2f} bits, knowing only how often each value occurs "
            f"{references['unigram']:.2f}.",
            "Listen to whether the corpus is mostly noise, which nobody can foresee; if it is not, give it more "
            "minutes or begin a new run with another learning rate.",
        )
    if len(latest) in _standing(latest):
        return Verdict(
            "flat",
            f"Flat for {_flat_for(bits)} epochs: validation stays near {now:.2f} bits{beyond}.",
            "Choose among the epochs by ear; to go lower, begin a new run with a larger size or with more recordings.",
        )
    return Verdict(
        "unclear",
        f"Not to be told yet: the curve goes up and down by about {_scatter(latest):.2f} bits from one epoch to "
        f"the next, which hides where it leads{beyond}.",
        f"A few more epochs will tell; {LISTEN} meanwhile.",
    )


def _blown_up(event):
    place = f"to epoch {event['back_to']}" if event["back_to"] else "to the beginning"
    if not event["rate_factor"]:
        return Verdict(
            "blown up",
            f"Blown up too often: it went back {place} and was stopped.",
            "Go on with a learning rate a tenth as large, and survey the recordings for faults.",
        )
    return Verdict(
        "blown up",
        f"Blown up: it went back {place}, and goes on with {event['rate_factor']:.2g} times the learning rate.",
        "Let it go on; if it happens again, ask for a lower learning rate, and survey the recordings for faults.",
    )


def _are_numbers(entry):
    return math.isfinite(entry.bits) and math.isfinite(entry.validation_bits)


def _trend(bits):
    """How far pairs of epochs fall more often than they rise, in standard deviations of what chance gives."""
    *_, trend = _trends(bits)
    return trend


def _trends(bits):
    """Yield the trend of the last two bits, of the last three, and so on to all of them."""
    last, *before = reversed(bits)
    later, balance = [last], 0  # sorted, so that a night of short epochs does not wait for its pairs
    for count, earlier in enumerate(before, start=2):
        balance += bisect_left(later, earlier) - (len(later) - bisect_right(later, earlier))
        insort(later, earlier)
        yield balance / math.sqrt(count * (count - 1) * (2 * count + 5) / 18)


def _falls(bits):
    """Whether bits fall by more than chance and `LEAST_BITS`; three or four, if each lies below the one before."""
    count = len(bits)
    all_fall = _trend(range(count, 0, -1))
    return _trend(bits) >= min(TREND, all_fall) and _fall(bits) >= LEAST_BITS


def _fall(bits):
    """By how much bits have fallen: from the first to the last or, of six and more, between medians of three."""
    around = 3 if len(bits) >= 6 else 1
    return median(bits[:around]) - median(bits[-around:])


def _standing(bits):
    """The numbers of epochs, six at least, for which the last bits show no fall: not even a trend that chance would
    seldom give."""
    if len(bits) < LEAST_FOR_FLAT:
        return []
    trends = enumerate(_trends(bits), start=2)
    return [
        count
        for count, trend in trends
        if count >= LEAST_FOR_FLAT and (trend < NO_TREND or _fall(bits[-count:]) < LEAST_BITS)
    ]


def _flat_for(bits):
    """For how many epochs bits have stood, the last ones standing; without what is left of a fall before."""
    count = max(_standing(bits))
    highest = list(accumulate(reversed(bits), max))  # of the last, of the last two, and so on
    while bits[-count] > highest[count - 2] + LEAST_BITS:
        count -= 1
    return count


def _scatter(bits):
    return median(abs(later - earlier) for earlier, later in pairwise(bits))
