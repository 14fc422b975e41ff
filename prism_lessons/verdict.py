"""The trend of a run's numbers in plain words, with advice; never a verdict on its music.

The log, the reference lines and the events of a `Run` go in, a `Verdict` comes out.

Validation bits scatter from epoch to epoch, mostly upwards, so a fall is detected by ranks, with the Mann-Kendall test
(Mann, Econometrica 13, 1945): of all pairs among the last epochs, how many fall and how many rise. Without a trend,
their difference has the mean 0 and the variance n (n - 1)(2 n + 5) / 18 for n epochs. The threshold thus follows the
scatter, and a few outliers do no harm.
"""

import math
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import median

LATEST = 10  # epochs in which to look for a trend
LEAST_EPOCHS = 3  # no verdict before
LEAST_FOR_FLAT = 6
LEAST_FOR_COUNTING = LEAST_FOR_OVERFITTING = 5
TREND = 1.96  # standard deviations: one-sided, chance exceeds this once in 40 times
NO_TREND = 1.0  # exceeded once in 6 times: an order of epochs that easily arises by chance
LEAST_BITS = 0.01  # a smaller change over the last epochs counts as none: curves are read to two decimals

LISTEN = "listen to the newest clips"


@dataclass(frozen=True)
class Verdict:
    """The trend of a run's numbers.

    `kind` is one of "too early", "blown up", "by heart", "learning", "above chance", "above counting", "flat" and
    "unclear"; `text` describes it in one sentence, and `advice` says in another what to do.
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
        A `Run`, or any object with its `log`, `references` and `events`.
    """
    log = run.log
    if log and not _is_finite(log[-1]):
        return Verdict(
            "blown up",
            f"Blown up: the bits of epoch {log[-1].epoch} are not a number.",
            "Begin a new run with a lower learning rate, and survey the recordings for faults.",
        )
    divergences = [event for event in run.events if event["kind"] == "blown up"]
    if divergences and (log[-1].epoch if log else 0) < divergences[-1]["back_to"] + LEAST_EPOCHS:
        return _on_divergence(divergences[-1])
    log = [entry for entry in log if _is_finite(entry)]
    if len(log) < LEAST_EPOCHS:
        return Verdict(
            "too early",
            f"Too early to say: a trend needs at least {LEAST_EPOCHS} epochs.",
            f"Wait for them, and {LISTEN} meanwhile.",
        )
    return _verdict_on_the_curve(log, run.references)


def _verdict_on_the_curve(log, references):
    """The `Verdict` on at least three epochs with finite bits."""
    epochs, bits = [entry.epoch for entry in log], [entry.validation_bits for entry in log]
    latest, now = bits[-LATEST:], median(bits[-LEAST_EPOCHS:])
    beyond = ""
    if now < references.get("linear_prediction", 0):
        beyond = "; it now predicts more than the last moments of the wave alone can tell"
    lowest = min(range(len(bits)), key=bits.__getitem__)
    since = [-risen for risen in bits[lowest + 1 :]]
    if len(since) >= LEAST_FOR_OVERFITTING and _falls(since) and _falls([entry.bits for entry in log[lowest:]]):
        return Verdict(
            "by heart",
            f"Learning by heart: training falls while validation has risen since epoch {epochs[lowest]}{beyond}.",
            f"If you want your recordings back, go on; if not, compare with epoch {epochs[lowest]} by ear, or begin a "
            "new run with more recordings or with variations of them.",
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
            f"Above blind chance: validation needs {now:.2f} bits, blind chance {references['uniform']:.2f}.",
            "Begin a new run with a lower learning rate, and check that training and validation sound alike.",
        )
    if len(log) >= LEAST_FOR_COUNTING and now > references["unigram"]:
        return Verdict(
            "above counting",
            f"Above counting: validation needs {now:.2f} bits, knowing only how often each value occurs "
            f"{references['unigram']:.2f}.",
            "Check by ear whether the corpus is mostly noise, which nobody can predict; if it is not, give it more "
            "minutes or begin a new run with another learning rate.",
        )
    if len(latest) in _plateau_lengths(latest):
        return Verdict(
            "flat",
            f"Flat for {_plateau_length(bits)} epochs: validation stays near {now:.2f} bits{beyond}.",
            "Choose among the epochs by ear; to go lower, begin a new run with a larger size or with more recordings.",
        )
    if max(latest) - min(latest) < LEAST_BITS:
        course = f"validation stays near {now:.2f} bits, but {len(latest)} epochs are too few to call it flat"
    else:
        amount = _scatter(latest)
        amount = f"about {amount:.2f}" if amount >= LEAST_BITS / 2 else f"less than {LEAST_BITS}"
        course = f"the curve goes up and down by {amount} bits from one epoch to the next, which hides where it leads"
    return Verdict(
        "unclear",
        f"Unclear so far: {course}{beyond}.",
        f"A few more epochs will tell; {LISTEN} meanwhile.",
    )


def _on_divergence(event):
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


def _is_finite(entry):
    return math.isfinite(entry.bits) and math.isfinite(entry.validation_bits)


def _trend_statistic(bits):
    """The excess of falling over rising pairs of epochs, in standard deviations expected by chance."""
    *_, trend = _trend_statistics(bits)
    return trend


def _trend_statistics(bits):
    """Yield the trend of the last two values, of the last three, and so on to all of them."""
    last, *before = reversed(bits)
    later, balance = [last], 0  # sorted, so that pairs need not be compared one by one
    for count, earlier in enumerate(before, start=2):
        balance += bisect_left(later, earlier) - (len(later) - bisect_right(later, earlier))
        insort(later, earlier)
        yield balance / math.sqrt(count * (count - 1) * (2 * count + 5) / 18)


def _falls(bits):
    """Whether bits fall by more than chance and `LEAST_BITS`; three or four, if each is below the one before."""
    count = len(bits)
    all_fall = _trend_statistic(range(count, 0, -1))
    return _trend_statistic(bits) >= min(TREND, all_fall) and _fall(bits) >= LEAST_BITS


def _fall(bits):
    """How far bits have fallen: from the first to the last or, with six or more, between medians of three."""
    around = 3 if len(bits) >= 6 else 1
    return median(bits[:around]) - median(bits[-around:])


def _plateau_lengths(bits):
    """The numbers of epochs, at least six, over which the last bits do not fall by both `NO_TREND` and `LEAST_BITS`."""
    if len(bits) < LEAST_FOR_FLAT:
        return []
    trends = enumerate(_trend_statistics(bits), start=2)
    return [
        count
        for count, trend in trends
        if count >= LEAST_FOR_FLAT and (trend < NO_TREND or _fall(bits[-count:]) < LEAST_BITS)
    ]


def _plateau_length(bits):
    """For how many epochs bits have been flat up to now, without the end of an earlier fall."""
    count = max(_plateau_lengths(bits))
    highest = list(accumulate(reversed(bits), max))  # maximum of the last one, of the last two, and so on
    while bits[-count] > highest[count - 2] + LEAST_BITS:
        count -= 1
    return count


def _scatter(bits):
    return median(abs(later - earlier) for earlier, later in pairwise(bits))
