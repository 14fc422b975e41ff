"""The shape of a model and the way it is trained, as values that can be written down, checked and compared."""

from dataclasses import dataclass
from itertools import pairwise

from .errors import CourseError
from .quantisation import Quantisation

CELLS = ("gru", "lstm")


@dataclass(frozen=True)
class ModelSettings:
    """The shape of a model.

    Parameters
    ----------
    frame_sizes
        Samples that one step of each recurrent tier hears, from fast to slow, each dividing the next: (16,) is the
        paper's 2-tier model, (16, 64) its 3-tier model; at most three.
    dim
        Width of every layer, 1 .. 4096: how much the model can keep in mind.
    cell
        "gru" or "lstm".
    layers
        Recurrent layers in each tier, 1 .. 10.
    skip_connections
        Whether the layers above the first also see the tier's input, and all layers speak to the tier below, as in
        the authors' code (https://github.com/soroushmehr/sampleRNN_ICLR2017).
    weight_normalisation
        Whether all linear maps learn direction and length apart (Salimans & Kingma 2016,
        https://arxiv.org/abs/1602.07868). The recurrent cells are the library's and stay as they are.
    embedding
        Width of the vector that stands for a code in the sample tier, 1 .. 4096.
    dropout
        Share of each layer's values left out at random while training, 0 .. 0.9.
    quantisation, levels
        How codes mean sound: "mu-law" or "linear", and how many there are.

    Raises
    ------
    CourseError
        For a value out of its range, named in the sentence.
    """

    frame_sizes: tuple[int, ...] = (16, 64)
    dim: int = 128
    cell: str = "gru"
    layers: int = 1
    skip_connections: bool = False
    weight_normalisation: bool = False
    embedding: int = 32
    dropout: float = 0.0
    quantisation: str = "mu-law"
    levels: int = 256

    def __post_init__(self):
        object.__setattr__(self, "frame_sizes", tuple(self.frame_sizes))  # JSON brings a list
        sizes = self.frame_sizes
        if not 1 <= len(sizes) <= 3 or not all(_whole(size, 1, 4096) for size in sizes):
            raise CourseError(f"frame_sizes must be one to three whole numbers of samples, not {list(sizes)}.")
        for faster, slower in pairwise(sizes):
            if slower % faster or slower == faster:
                raise CourseError(
                    f"frame_sizes must each divide the next, and {faster} does not divide {slower} into several "
                    f"frames: try {faster} and {4 * faster}."
                )
        for name, high in (("dim", 4096), ("layers", 10), ("embedding", 4096)):
            if not _whole(getattr(self, name), 1, high):
                raise CourseError(f"{name} must be a whole number from 1 to {high}, not {getattr(self, name)}.")
        if self.cell not in CELLS:
            raise CourseError(f'There is no cell "{self.cell}": choose "gru" or "lstm".')
        if not 0 <= self.dropout <= 0.9:
            raise CourseError(f"dropout must be 0 to 0.9, not {self.dropout}.")
        Quantisation(self.quantisation, self.levels)

    @property
    def codec(self):
        """The `Quantisation` that these codes are written in."""
        return Quantisation(self.quantisation, self.levels)

    @property
    def largest_frame(self):
        """Samples of the past that one step of the slowest tier hears."""
        return self.frame_sizes[-1]


def _whole(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


@dataclass(frozen=True)
class Augmentation:
    """Small variations of the training clips, made once; each epoch takes one version of every clip.

    Parameters
    ----------
    versions
        How many versions of every clip there are, the untouched one among them, 1 .. 16. 1 is no augmentation.
    polarity
        Whether versions are turned upside down at random; nobody hears it, and a model sees new numbers.
    gain_db
        Versions are turned down by 0 .. gain_db decibels at random, 0 .. 24.
    stretch
        Versions are played faster or slower by up to this share, pitch with it (0.03 is half a semitone), 0 .. 0.2.
    """

    versions: int = 1
    polarity: bool = True
    gain_db: float = 3.0
    stretch: float = 0.03

    def __post_init__(self):
        limits = {"versions": (1, 16), "gain_db": (0, 24), "stretch": (0, 0.2)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise CourseError(f"Augmentation's {name} must be {low} to {high}, not {getattr(self, name)}.")


@dataclass(frozen=True)
class TrainingSettings:
    """How a model learns.

    Parameters
    ----------
    streams
        Clips heard side by side (the batch size), 1 .. 1024.
    window
        Samples that an error is traced back over (truncated back-propagation), a multiple of the largest frame.
    learning_rate
        The highest step of Adam, above 0 and at most 0.1; it rises over the first steps and falls along a cosine.
    warm_up
        Steps of that rise, 0 .. 100,000.
    clip_norm
        Gradients longer than this are shortened to it, above 0.
    versions, polarity, gain_db, stretch
        See `Augmentation`.
    clip_seconds, clip_temperatures
        What every epoch plays: one clip for each temperature, of this length; always from the same seed.
    validation_seconds
        At most this much of the validation sound is listened to after an epoch, so that its cost stays bounded.
    patience
        Stop when the validation bits have not fallen for this many epochs; None: never. Nothing is deleted.
    disk_gb
        Weights of old epochs are deleted, but for starred, best and recent ones, beyond this.
    seed
        Of the initial weights, the order of the clips, the augmentation and the clips played.
    """

    streams: int = 8
    window: int = 256
    learning_rate: float = 2e-3
    warm_up: int = 100
    clip_norm: float = 5.0
    versions: int = 1
    polarity: bool = True
    gain_db: float = 3.0
    stretch: float = 0.03
    clip_seconds: float = 2.0
    clip_temperatures: tuple[float, ...] = (0.85, 1.0)
    validation_seconds: float = 60.0
    patience: int | None = None
    disk_gb: float = 4.0
    seed: int = 0

    def __post_init__(self):
        object.__setattr__(self, "clip_temperatures", tuple(self.clip_temperatures))  # JSON brings a list
        limits = {
            "streams": (1, 1024),
            "window": (1, 2**16),
            "learning_rate": (1e-7, 0.1),
            "warm_up": (0, 100_000),
            "clip_norm": (1e-6, 1e6),
            "clip_seconds": (0.1, 60),
            "validation_seconds": (1, 36_000),
            "disk_gb": (0, 1e6),
            "seed": (0, 2**31),
        }
        if self.patience is not None:
            limits["patience"] = (1, 1_000_000)
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise CourseError(f"{name} must be {low:g} to {high:g}, not {value}.")
        if not all(0.05 <= temperature <= 5 for temperature in self.clip_temperatures):
            raise CourseError(f"clip_temperatures must each be 0.05 to 5, not {list(self.clip_temperatures)}.")
        self.augmentation  # noqa: B018  checks its values

    @property
    def augmentation(self):
        """The `Augmentation` of the training clips."""
        return Augmentation(self.versions, self.polarity, self.gain_db, self.stretch)
