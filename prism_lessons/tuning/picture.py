"""The trials of a search as an SVG picture with parallel coordinates."""

from ..pages import render
from .results import scores_at_equal_time

LEFT, TOP, BOTTOM, HEIGHT = 70, 60, 320, 345  # pixels
APART, BESIDE = 118, 190  # from axis to axis; the space for the names of lines
ASIDE = 16  # the most by which lines with the same value lie apart
LINE_HEIGHT = 17
MOST_LETTERS = 15  # of a value
BEST, OWN, OTHER = "#b34700", "#00558b", "#767676"


def value_in_words(value):
    """A setting's value as a search stores it: "8, 32", "none", "yes"."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def parallel_coordinates(search):
    """A `Search` as a picture: one line for each trial, across its settings to its score at equal training time.

    Settings stand in the order of how much they decided. Trials without a score then are left out. None where fewer
    than two have one.
    """
    scores = scores_at_equal_time(search.trials)
    trials = [trial for trial in reversed(search.ranked) if trial.name in scores]  # the best is drawn last, on top
    if len(trials) < 2:
        return None
    space = {name: search.space[name] for name in search.importance or search.space if len(search.space[name]) > 1}
    low, high = min(scores.values()), max(scores.values())
    last = LEFT + APART * len(space)

    def height(share):
        return BOTTOM - (BOTTOM - TOP) * share

    lines, names = [], []
    for number, trial in enumerate(trials):
        aside, end = ASIDE * (number / (len(trials) - 1) - 0.5), height((scores[trial.name] - low) / (high - low or 1))
        points = [
            (LEFT + APART * place, height((values.index(trial.changes[name]) + 0.5) / len(values)) + aside)
            for place, (name, values) in enumerate(space.items())
        ]
        is_best, is_own = trial == search.best, trial == search.unchanged
        colour = BEST if is_best else OWN if is_own else OTHER
        path = " L".join(f"{x:.1f},{y:.1f}" for x, y in [*points, (last, end)])
        lines.append((f"M{path}", colour, 3 if is_best or is_own else 1, is_own and not is_best, _title(trial, scores)))
        if is_best or is_own:
            names.append((f"{trial.name}, {'the best' if is_best else 'the preset'}", colour, end))
    if len(names) == 2 and abs(names[0][2] - names[1][2]) < LINE_HEIGHT:  # the best, which is last, is the lower one
        names[0] = (*names[0][:2], names[1][2] - LINE_HEIGHT)
    return render(
        "search.svg",
        words=f"{len(trials)} trials, each a line across its settings to what it was compared by. "
        + "; ".join(title for *_, title in reversed(lines)),
        width=last + BESIDE,
        height=HEIGHT,
        top=TOP,
        bottom=BOTTOM,
        last=last,
        axes=[
            (
                LEFT + APART * place,
                name,
                f"{search.importance[name]:.0%}" if search.importance else "",
                [(_short(value), height((at + 0.5) / len(values))) for at, value in enumerate(values)],
            )
            for place, (name, values) in enumerate(space.items())
        ],
        unit=search.criterion,
        ends=[(f"{high:.3f}", TOP), (f"{low:.3f}", BOTTOM)],
        lines=lines,
        names=names,
    )


def _title(trial, scores):
    changes = ", ".join(f"{name} {value_in_words(value)}" for name, value in trial.changes.items())
    return f"trial {trial.name}: {scores[trial.name]:.3f}, {changes}"


def _short(value):
    words = value_in_words(value)
    return words if len(words) <= MOST_LETTERS else f"{words[: MOST_LETTERS - 1]}…"
