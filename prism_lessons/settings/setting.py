"""The description of a setting, in its dataclass field: its text, its range, its default, and its source."""

from dataclasses import dataclass, field, fields
from decimal import Decimal
from numbers import Integral, Real
from typing import get_args

from ..errors import CourseError, as_given

# Sources cited by several settings.
PAPER = "Mehri et al. 2017, https://arxiv.org/abs/1612.07837"
AUTHORS = "the authors' code, https://github.com/soroushmehr/sampleRNN_ICLR2017"
PRISM = "PRiSM SampleRNN, https://github.com/rncm-prism/prism-samplernn"
HERE = "chosen for this course"


@dataclass(frozen=True)
class Setting:
    """The description of a setting.

    Attributes
    ----------
    name
        The field's name in Python.
    kind
        int, float, bool or str: the type of its value, or of each of its values if it has several.
    label, effect
        Its name in plain words, and sentences on what it is and does to the sound.
    low, high
        The range of a number, both included, or of a name's length in characters; None for other settings.
    choices
        The values to choose from; empty for numbers.
    default
        Its default value; a tuple if the setting has several values.
    source
        The source of the setting or its default, in words with URLs.
    """

    name: str
    kind: type
    label: str
    effect: str
    low: float | None
    high: float | None
    choices: tuple
    default: object
    source: str

    @property
    def several(self):
        """Whether its value is a sequence of values."""
        return isinstance(self.default, tuple)

    @property
    def example(self):
        """An example of its several values."""
        return self.default or (("bells", "breath") if self.kind is str else (8, 32))

    @property
    def range(self):
        """Its allowed values, in words."""
        if self.choices:
            *others, last = [str(choice) if self.kind is bool else f'"{choice}"' for choice in self.choices]
            return f"{', '.join(others)} or {last}"
        if self.kind is str:
            return f"each a name of {self.low} to {self.high} characters, without commas, colons and semicolons"
        whole = "a whole number from " if self.kind is int else ""
        return f"{'each ' if self.several else ''}{whole}{in_figures(self.low)} to {in_figures(self.high)}"

    def check(self, value):
        """Raise `CourseError`, with the allowed values, if it cannot have this value."""
        if self.several and not isinstance(value, (tuple, list)):
            what, example = ("names", '"{}"') if self.kind is str else ("numbers", "{}")
            example = ", ".join(map(example.format, self.example))
            raise CourseError(f"{self.name} must be {what} in brackets, such as ({example}), not {as_given(value)}.")
        if all(map(self._fits, value if self.several else [value])):
            return
        said = f"must each be {self.range.removeprefix('each ')}" if self.several else f"must be {self.range}"
        raise CourseError(f"{self.name} {said}, not {as_given(list(value) if self.several else value)}.")

    def _fits(self, value):
        if self.choices:
            return any(type(value) is type(choice) and value == choice for choice in self.choices)
        if value is None:
            return self.default is None
        if self.kind is str:
            return isinstance(value, str) and self.low <= len(value) <= self.high and is_name(value)
        return is_number(value, Integral if self.kind is int else Real) and self.low <= value <= self.high


def is_number(value, kind=Real):
    """Whether a value is a single number, of Python or NumPy, but not a bool."""
    return isinstance(value, kind) and not isinstance(value, bool)


def is_name(text):
    """Whether a text can be a name in a list: "breath:0.5, bells:0.5" is split at commas and colons."""
    return text.isprintable() and text == text.strip() and not set(text) & set(",:;")


def in_figures(number):
    """A number in plain decimal notation: 0.0000001, not 1e-07; 1,000,000, not 1e+06."""
    return f"{Decimal(str(number)):,f}".removesuffix(".0")


def described(settings):
    """The descriptions of all settings of a class.

    Parameters
    ----------
    settings
        `ModelSettings`, `TrainingSettings` or `Augmentation`.

    Returns
    -------
    list of Setting
        In the order of the fields.
    """
    return [
        Setting(name=each.name, kind=(*get_args(each.type), each.type)[0], default=each.default, **each.metadata)
        for each in fields(settings)
    ]


def setting(default, label, effect, source, low=None, high=None, choices=()):
    """A dataclass field with the description of a setting; for the parameters see `Setting`."""
    about = {"label": label, "effect": effect, "low": low, "high": high, "choices": choices, "source": source}
    return field(default=default, metadata=about)


def yes_or_no(default, label, effect, source):
    """A dataclass field of a setting that is True or False."""
    return setting(default, label, effect, source, choices=(True, False))


class Checked:
    """Settings that check each of their values when they are made."""

    def __post_init__(self):
        for about in described(self):
            value = getattr(self, about.name)
            about.check(value)
            # JSON gives lists, and loops over NumPy arrays give NumPy numbers, which JSON does not accept.
            value = tuple(map(_of_python, value)) if about.several else _of_python(value)
            object.__setattr__(self, about.name, value)


def _of_python(value):
    return value.item() if hasattr(value, "item") else value
