"""What a search may change: for each setting, the values from which it chooses."""

from ..errors import CourseError
from ..presets import PART_OF, check_settings
from ..settings import ModelSettings, TrainingSettings, described

# By name of a setting. The values lie around those of the presets and leave out what nobody waits for on two cores.
SPACE = {
    "dim": (32, 48, 64, 96, 128),
    "frame_sizes": ((4, 16), (8, 32), (16, 64), (2, 8, 32), (8, 32, 128)),
    "layers": (1, 2),
    "cell": ("gru", "lstm"),
    "embedding": (16, 32, 64),
    "skip_connections": (False, True),
    "predictors": ((), (32,), (8, 32, 128), (4, 8, 16, 32, 128, 512)),
    "book": (0, 128, 512),
    "window": (128, 256, 512),
    "streams": (8, 16, 32),
    "learning_rate": (0.0005, 0.001, 0.002, 0.004, 0.008),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
    "quantisation": ("mu-law", "linear"),
    "levels": (128, 256, 512),
}
USUAL = ("dim", "frame_sizes", "predictors", "learning_rate", "dropout")  # without a wish
# Bits per sample tell how well codes are guessed: with other codes, the same bits are another sound.
DECIDE_THE_CODES = ("quantisation", "levels")
DESCRIBED = {about.name: about for settings in (ModelSettings, TrainingSettings) for about in described(settings)}


def choose_space(asked, preset, by_bits):
    """What is searched: {setting: its values, the preset's own among them}.

    Parameters
    ----------
    asked
        Names of settings in `SPACE`, or {setting: values}, or None for the `USUAL` ones.
    preset
        The `Preset` that the search starts from.
    by_bits
        Whether trials are compared by their bits, which settings that decide the codes would change.

    Raises
    ------
    CourseError
        For a name that is no setting or has no values here, for a value out of range, for nothing to choose from.
    """
    asked = USUAL if asked is None else asked
    check_settings(asked)
    space = {}
    for name in asked:
        if by_bits and name in DECIDE_THE_CODES:
            raise CourseError(
                f"A search that compares bits cannot change {name}, since bits of other codes mean another sound: "
                "leave it out, or give a criterion of your own."
            )
        values = asked[name] if isinstance(asked, dict) else SPACE.get(name)
        if not values:
            raise CourseError(f"Say between which values of {name} to search, as in {{{name!r}: [first, second]}}.")
        space[name] = _with_its_own(name, values, preset)
    if not any(len(values) > 1 for values in space.values()):
        raise CourseError("A search needs something to choose from: give at least one setting two values.")
    return space


def _with_its_own(name, values, preset):
    """The values as settings have them, numbers in order, the preset's own included."""
    values = [tuple(value) if isinstance(value, list) else value for value in (*values, value_of(preset, name))]
    for value in values:
        DESCRIBED[name].check(value)
    distinct = list(dict.fromkeys(values))
    return tuple(sorted(distinct) if is_ordered(distinct) else distinct)


def value_of(preset, name):
    """The value that a `Preset` has for a setting."""
    return getattr(getattr(preset, PART_OF[name]), name)


def is_ordered(values):
    """Whether values are numbers, so that neighbours are alike."""
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
