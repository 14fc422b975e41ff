"""How to train, as data: the settings and the presets that a composer chooses from."""

from dataclasses import dataclass, fields, replace

from ..corpus.codes import Augmentation
from ..errors import CourseError
from ..settings import ModelSettings


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


@dataclass(frozen=True)
class Preset:
    """A model, a way of training, a budget in minutes of training, and what they are for."""

    purpose: str
    minutes: float
    model: ModelSettings
    training: TrainingSettings

    def changed(self, **changes):
        """The preset with some settings of its model or training changed.

        Raises
        ------
        CourseError
            For a setting that does not exist, or a value out of its range.
        """
        parts = {"model": self.model, "training": self.training}
        names = {field.name: part for part, value in parts.items() for field in fields(value)}
        for name in changes:
            if name not in names:
                raise CourseError(f'There is no setting "{name}": choose from {", ".join(sorted(names))}.')
        for part, value in parts.items():
            parts[part] = replace(value, **{name: new for name, new in changes.items() if names[name] == part})
        largest = parts["model"].largest_frame
        if parts["training"].window % largest:
            raise CourseError(
                f"window must be a multiple of the largest frame, and {parts['training'].window} is no multiple of "
                f"{largest}: try {max(1, round(parts['training'].window / largest)) * largest}."
            )
        return replace(self, **parts)


PRESETS = {
    "sketch": Preset(
        purpose="a first idea in under three minutes on any computer: textures and fragments, small memory",
        minutes=2.75,
        model=ModelSettings(frame_sizes=(8, 32), dim=128),
        training=TrainingSettings(),
    ),
    "study": Preset(
        purpose="a sound worth keeping in about 45 minutes on Colab's free GPU: gestures of a second or so",
        minutes=45,
        model=ModelSettings(frame_sizes=(16, 64), dim=512, layers=2, embedding=64),
        training=TrainingSettings(streams=32, window=1024, learning_rate=1e-3, warm_up=500, clip_seconds=4),
    ),
    "piece": Preset(
        purpose="overnight on a GPU, the size that the field's recipes settled on: the longest memory",
        minutes=600,
        model=ModelSettings(frame_sizes=(16, 64), dim=1024, layers=4, embedding=128),
        training=TrainingSettings(
            streams=64, window=1024, learning_rate=5e-4, warm_up=1000, clip_seconds=4, disk_gb=12
        ),
    ),
}


def find_preset(name):
    """The `Preset` of that name."""
    if name not in PRESETS:
        choices = "; ".join(f'"{known}" ({preset.purpose})' for known, preset in PRESETS.items())
        raise CourseError(f'There is no preset "{name}": choose {choices}.')
    return PRESETS[name]
