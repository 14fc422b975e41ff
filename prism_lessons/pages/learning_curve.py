"""The learning curve of a run as an SVG picture, and in words."""

import math
from itertools import groupby, pairwise

from ..errors import CourseError
from ..live import clock
from .templating import render

WIDTH, HEIGHT, MARGIN, BESIDE = 640, 300, 48, 196  # in pixels; BESIDE is the space for the lines' names
LINE_HEIGHT = 17  # from one name to the next, at a font size of 13
LEAST_BITS = 0.5  # least range of the axis: smaller ups and downs do not matter
STEPS = (0.1, 0.2, 0.5, 1, 2, 5)  # between the axis labels
MOST_NUMBERS = 6
TRAINING, VALIDATION, REFERENCE = "#00558b", "#b34700", "#444"
# The reference lines: their names in the picture, and in text.
REFERENCES = {
    "uniform": ("blind chance", "Blind chance would need"),
    "unigram": ("counting", "knowing only how often each value occurs"),
    "linear_prediction": ("linear prediction", "knowing only the last moments of the wave (linear prediction)"),
}
MARKED = ("blown up", "changed")  # kinds of events


def learning_curve(run):
    """The bits of a run's epochs as an SVG picture, with reference lines of baselines without a model.

    The axis covers the curve and need not begin at 0: a reference line far outside is named at the edge, with an arrow.
    Triangles mark where training diverged, a setting changed or bits are not finite. Bits far beyond blind chance are
    drawn at the upper edge.

    Raises
    ------
    CourseError
        When the run has no epoch yet.
    """
    log, references = run.log, _references(run)
    if not log:
        raise CourseError(f'The run in "{run.folder}" has no finished epoch yet: train it first.')
    low, high = _reach(run)
    right, bottom = WIDTH - BESIDE, HEIGHT - MARGIN

    def across(epoch):
        epoch = min(max(epoch, 1), log[-1].epoch)
        return MARGIN + (right - MARGIN) * (epoch - 1) / max(1, log[-1].epoch - 1)

    def height(bits):
        return bottom - (bottom - MARGIN) * (min(max(bits, low), high) - low) / (high - low)

    def line(points):
        """An SVG path that skips points that are not finite; `h0` draws a single point as a dot."""
        pieces = groupby(points, key=lambda point: math.isfinite(point[1]))
        drawn = (
            " L".join(f"{across(epoch):.1f},{height(bits):.1f}" for epoch, bits in piece)
            for is_, piece in pieces
            if is_
        )
        return "".join(f"M{piece} h0 " for piece in drawn)

    training = [(entry.epoch, entry.bits) for entry in log]
    validation = [(entry.epoch, entry.validation_bits) for entry in log]
    step = next((step for step in STEPS if (high - low) / step <= MOST_NUMBERS), STEPS[-1])
    ticks = [step * tick for tick in range(math.ceil(low / step), math.floor(high / step) + 1)]
    arrows = {name: "↑ " * (bits > high) + "↓ " * (bits < low) for name, bits in references.items()}
    names = [(arrows[name] + REFERENCES[name][0], bits, REFERENCE) for name, bits in references.items()]
    names += [("training", training[-1][1], TRAINING), ("validation", validation[-1][1], VALIDATION)]
    names = [(name, bits, colour) for name, bits, colour in names if math.isfinite(bits)]
    places = _spread([height(bits) for _, bits, _ in names], LINE_HEIGHT, bottom)
    return render(
        "curve.svg",
        words=curve_in_words(run),
        width=WIDTH,
        height=HEIGHT,
        left=MARGIN,
        right=right,
        top=MARGIN,
        bottom=bottom,
        colours={"training": TRAINING, "validation": VALIDATION, "reference": REFERENCE},
        ticks=[(f"{bits:.3g}", height(bits)) for bits in ticks],
        references=[height(bits) for bits in references.values() if low <= bits <= high],
        training=line(training),
        validation=line(validation),
        dots=[(across(epoch), height(bits)) for epoch, bits in validation if math.isfinite(bits)],
        marks=[(across(epoch), words) for epoch, words in _marks(run)],
        names=[
            (f"{name} {bits:.2f}", colour, height(bits), place)
            for (name, bits, colour), place in zip(names, places, strict=True)
        ],
        beyond=any(arrows.values()),
        epochs=log[-1].epoch,
    )


def curve_in_words(run):
    """Everything that the picture shows, as sentences in plain text."""
    log = run.log
    epochs = "; ".join(
        f"epoch {entry.epoch}: {_in_words(entry.validation_bits)}, training {_in_words(entry.bits)}" for entry in log
    )
    references = ", ".join(f"{REFERENCES[name][1]} {bits:.2f}" for name, bits in _references(run).items())
    low, high = _reach(run)
    marks = "".join(f" {words}" for _, words in _marks(run))
    return (
        f"Bits per sample in validation and training, {clock(log[-1].seconds)} of it: {epochs}. {references}. The "
        f"picture shows {low:.1f} to {high:.1f} bits.{marks}"
    )


def _reach(run):
    """The range of bits in the picture, which holds all epochs, and the reference lines near them.

    The curve takes up at least half of the height.
    """
    references = _references(run)
    known = [bits for entry in run.log for bits in (entry.bits, entry.validation_bits) if math.isfinite(bits)]
    known = [min(bits, 2 * references["uniform"]) for bits in known] or list(references.values())
    low, high = min(known), max(known)
    more = max(0.0, LEAST_BITS - (high - low)) / 2
    low, high = max(0.0, low - more), high + more
    most = 2 * (high - low)
    for bits in sorted(references.values(), key=lambda bits: max(low - bits, bits - high)):
        if max(high, bits) - min(low, bits) <= most:
            low, high = min(low, bits), max(high, bits)
    return max(0.0, low - 0.05 * (high - low)), high + 0.05 * (high - low)


def _references(run):
    """A run's reference lines, in order; runs of earlier versions may lack one."""
    return {name: run.references[name] for name in REFERENCES if name in run.references}


def _marks(run):
    """Events that the curve does not show: (epoch, sentence) of each."""
    marks = [
        (event["epoch"], f"After epoch {event['epoch']}: {event['text']}" if event["epoch"] else event["text"])
        for event in run.events
        if event["kind"] in MARKED
    ]
    lacking = [entry.epoch for entry in run.log if not math.isfinite(entry.bits + entry.validation_bits)]
    return marks + [(epoch, f"Some bits of epoch {epoch} are not a number.") for epoch in lacking]


def _in_words(bits):
    return f"{bits:.2f}" if math.isfinite(bits) else "no number"


def _spread(places, apart, lowest):
    """Positions for labels near `places`: at least `apart`, in the same order, none below `lowest`.

    From the top down, each moves clear of the one above it; at the bottom, they are pushed back up.
    """
    spread, order = list(places), sorted(range(len(places)), key=places.__getitem__)
    for above, below in pairwise(order):
        spread[below] = max(spread[below], spread[above] + apart)
    for below in reversed(order):
        spread[below] = lowest = min(spread[below], lowest)
        lowest -= apart
    return spread
