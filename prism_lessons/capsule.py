"""A capsule: one file that is a model. Weights, settings, sample rate, where it comes from, and the corpus's card."""

from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np

from . import container
from .audio import check_sample_rate
from .errors import CourseError
from .files import digest
from .settings import ModelSettings

FORMAT = 1
CARD = "card.md"


@dataclass(frozen=True)
class Capsule:
    """A model with all that is needed to make sound with it.

    `weights` is {name: float32 array}; `about` says where it comes from (run, epoch, bits), as plain values; `card`
    is the card of the corpus it learned from, Markdown.
    """

    settings: ModelSettings
    sample_rate: int
    weights: dict = field(repr=False)
    about: dict = field(default_factory=dict)
    card: str = field(default="", repr=False)

    @classmethod
    def of(cls, model, sample_rate, about, card):
        """The capsule of a `SampleRNN` as it is now."""
        weights = {name: weight.numpy() for name, weight in model.weights_by_name().items()}
        return cls(model.settings, sample_rate, weights, about, card)

    @classmethod
    def load(cls, path):
        """Open a capsule's file. Nothing in it is executed.

        Raises
        ------
        CourseError
            When it is missing, damaged or made by another version, or its numbers are no numbers.
        """
        about, weights, texts = container.read(path, "capsule")
        try:
            if about["format"] != FORMAT:
                raise CourseError(f'"{path}" was made by another version of this course: export it again from its run.')
            settings = ModelSettings(**about["model"])
            capsule = cls(settings, check_sample_rate(about["sample_rate"]), weights, about["about"], texts[CARD])
        except (KeyError, TypeError, ValueError) as error:
            raise CourseError(f'"{path}" is no whole capsule ({error}): get or make it again.') from error
        for name, weight in weights.items():
            if weight.dtype != np.float32 or not np.isfinite(weight).all():
                raise CourseError(f'The weights "{name}" in "{path}" are no finite numbers: take another epoch.')
        return capsule

    def save(self, path):
        """Write the capsule as one file; returns the path."""
        about = {
            "format": FORMAT,
            "model": asdict(self.settings),
            "sample_rate": self.sample_rate,
            "about": self.about,
        }
        container.write(path, "capsule", about, self.weights, {CARD: self.card})
        return path

    def share(self, path):
        """Write the capsule as one file for others; returns the path.

        Raises
        ------
        CourseError
            When it has learned from a source that was marked "no consent", or whose model may not be shared.
        """
        if forbidden := self.about.get("not_to_share"):
            raise CourseError(
                f"This model may not be shared, because of {'; '.join(map(str, forbidden))}: ask the makers and change "
                "what the corpus says of them, or leave these recordings out, and train anew."
            )
        return self.save(path)

    @property
    def digest(self):
        """A name for the weights: 16 hexadecimal digits."""
        return digest(*(part for name in sorted(self.weights) for part in (name, self.weights[name].tobytes())))

    @cached_property
    def model(self):
        """The `SampleRNN` with these weights, in float32.

        Raises
        ------
        CourseError
            When the weights do not fit the settings.
        """
        from .model import SampleRNN

        model = SampleRNN(self.settings, dtype="float32")
        fill(model.weights_by_name(), self.weights)
        return model


def fill(variables, weights):
    """Give variables, {name: variable}, the values {name: array}.

    Raises
    ------
    CourseError
        When a weight is missing, too many, or of another shape.
    """
    for name in variables.keys() ^ weights.keys():
        raise CourseError(f'The weights do not fit the settings: "{name}" is {"" if name in weights else "not "}there.')
    for name, variable in variables.items():
        if tuple(variable.shape) != weights[name].shape:
            raise CourseError(
                f'The weights do not fit the settings: "{name}" should have shape {tuple(variable.shape)} '
                f"and has {weights[name].shape}."
            )
        variable.assign(weights[name])


load = Capsule.load
