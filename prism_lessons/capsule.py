"""A capsule: a model in one file, with weights, settings, sample rate, origin, and the corpus's card."""

from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property

import numpy as np

from . import file_format
from .audio import check_sample_rate
from .checks import a_path, checked
from .errors import CourseError, in_short
from .files import digest, output_path
from .marks import software
from .settings import ModelSettings, shapes_of

FORMAT = 1
CARD = "card.md"
MOST_REASONS = 3  # reasons against sharing named in an error; the card has them all
# Types of the entries of `about` that the course uses, all optional; writers may add others.
KINDS = {
    "run": str,
    "epoch": int,
    "bits": (int, float),
    "validation_bits": (int, float),
    "not_to_share": list,
    "withheld": dict,
    "begun_from": dict,
    "listening": list,
}


@dataclass(frozen=True)
class Capsule:
    """A model with everything needed to make sound; opened with `load` or returned by `Run.capsule`.

    Attributes
    ----------
    settings : ModelSettings
        The shape of the model.
    sample_rate : int
        Hz.
    weights : dict
        {name: float32 array}.
    about : dict
        Its origin (run, epoch, bits), as plain values.
    card : str
        The card of the corpus it learned from, Markdown.

    See Also
    --------
    load : Opens a capsule's file.
    Run : Has a capsule of each epoch that is kept.
    generate : Plays it.
    between : A capsule between two others.

    Examples
    --------
    >>> capsule = pl.Run("my_run").capsule(20)
    >>> capsule.sample_rate, capsule.about["epoch"]
    (16000, 20)
    >>> capsule.share("breath.capsule")
    'breath.capsule'
    >>> pl.load("breath.capsule").digest == capsule.digest
    True
    """

    settings: ModelSettings
    sample_rate: int
    weights: dict = field(repr=False)
    about: dict = field(default_factory=dict)
    card: str = field(default="", repr=False)

    @classmethod
    def of(cls, model, sample_rate, about, card):
        """The capsule of a `SampleRNN` with its current weights."""
        weights = {name: weight.numpy() for name, weight in model.weights_by_name().items()}
        return cls(model.settings, sample_rate, weights, about, card)

    @classmethod
    @checked(path=a_path)
    def load(cls, path):
        """Open a capsule's file. Nothing in it is executed, and no model is built yet.

        Parameters
        ----------
        path : str or Path
            The file; its name ends in .capsule.

        Returns
        -------
        Capsule

        Raises
        ------
        CourseError
            When it is missing, damaged or made by another version, or when its weights do not fit its settings or are
            not finite.

        See Also
        --------
        Run : Has a capsule of each epoch that is kept.
        generate : Plays a capsule.

        Examples
        --------
        >>> capsule = pl.load("bells.capsule")
        >>> capsule.sample_rate, capsule.about["epoch"]
        (16000, 12)
        """
        about, weights, texts = file_format.read(path, "capsule", (CARD,))
        if isinstance(about, dict) and about.get("format") != FORMAT:
            raise CourseError(f'"{path}" was made by another version of this course: export it again from its run.')
        try:
            settings = _settings(about["model"])
            shapes = shapes_of(settings)
            _check_fit(shapes, weights)
            _check_about(about["about"])
            weights = {name: weights[name] for name in shapes}
            capsule = cls(settings, check_sample_rate(about["sample_rate"]), weights, about["about"], texts[CARD])
        except (CourseError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise CourseError(
                f'"{path}" is not a complete capsule ({in_short(error)}): get or make it again.'
            ) from error
        for name, weight in weights.items():
            if weight.dtype != np.float32 or not np.isfinite(weight).all():
                raise CourseError(f'The weights "{name}" in "{path}" are not finite numbers: take another epoch.')
        return capsule

    @checked(path=a_path)
    def save(self, path):
        """Write the capsule as one file.

        Parameters
        ----------
        path : str or Path
            Its name ends in .capsule.

        Returns
        -------
        str or Path
            As it was given.
        """
        about = {
            "format": FORMAT,
            "software": software(),
            "model": asdict(self.settings),
            "sample_rate": self.sample_rate,
            "about": self.about,
        }
        file_format.write(output_path(path, ".capsule"), "capsule", about, self.weights, {CARD: self.card})
        return path

    def share(self, path):
        """Write the capsule as one file for others, as `save` does: see `shareable`."""
        return self.shareable().save(path)

    def shareable(self):
        """The capsule as it may be given to others.

        If a recording that it learned from may not be passed on as sound, the moments of recordings that some models
        keep are left out: takes of it start from silence.

        Raises
        ------
        CourseError
            When it learned from a source marked "no consent", or from one whose model may not be shared.
        """
        if forbidden := self.about.get("not_to_share"):
            why = "; ".join(map(str, forbidden[:MOST_REASONS]))
            more = f"; and {len(forbidden) - MOST_REASONS} more" if len(forbidden) > MOST_REASONS else ""
            raise CourseError(
                f"This model may not be shared, because of {why}{more}: ask the makers and change "
                "what the corpus says of them, or leave these recordings out, and train anew."
            )
        if not self.about.get("withheld") or "moments" not in self.weights:
            return self
        silence = np.full_like(self.weights["moments"], self.settings.codec.centre)
        return replace(self, weights=self.weights | {"moments": silence})

    @cached_property
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
    """Assign values, {name: array}, to variables, {name: variable}.

    Raises
    ------
    CourseError
        When a weight is missing, unexpected, or of another shape.
    """
    _check_fit({name: tuple(variable.shape) for name, variable in variables.items()}, weights)
    for name, variable in variables.items():
        variable.assign(weights[name])


def _check_fit(shapes, weights):
    """Raise a `CourseError` unless weights, {name: array}, have exactly these names and shapes, {name: shape}."""
    for name in sorted(shapes.keys() ^ weights.keys()):
        raise CourseError(f'The weights do not fit the settings: "{name}" is {"" if name in weights else "not "}there.')
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise CourseError(
                f'The weights do not fit the settings: "{name}" should have shape {shape} and has '
                f"{weights[name].shape}."
            )


def _settings(values):
    """`ModelSettings` from plain values."""
    if unknown := set(values) - {each.name for each in fields(ModelSettings)}:
        raise ValueError(f'it has a setting "{min(unknown)}", which this course does not know')
    return ModelSettings(**values)


def _check_about(about):
    """Raise a `ValueError` if a capsule's `about` has entries of the wrong type."""
    if not isinstance(about, dict):
        raise ValueError("it does not say where it comes from")
    for name, kind in KINDS.items():
        value = about.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ValueError(f'its "{name}" cannot be {in_short(value)}')
    if not 0 <= (about.get("epoch") or 0) < 10**9:  # it becomes part of a file's name
        raise ValueError("its epoch is no number of an epoch")
    reasons = [*(about.get("not_to_share") or ()), *(about.get("withheld") or {}).values()]
    if not all(isinstance(why, str) for why in reasons):
        raise ValueError("why it may not be shared is not said in words")


load = Capsule.load
