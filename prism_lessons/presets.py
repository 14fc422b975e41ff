"""Presets: a model, training settings and a budget, for a composer to choose from.

`PRESETS` is {name: `Preset`}.

See Also
--------
prism_lessons.plan : Predicts how far a preset will get on this machine.
prism_lessons.train : Takes a preset's name and changes to its settings.

Examples
--------
>>> list(pl.PRESETS)
['sketch', 'study', 'piece']
>>> sketch = pl.PRESETS["sketch"]
>>> sketch.minutes
2.75
>>> sketch.changed(dim=256, window=256).model.dim
256
"""

from dataclasses import asdict, dataclass, fields, replace

from .errors import CourseError, in_short
from .files import output_path, read_json, write_json
from .settings import MOST_CLIP_VOICES, ModelSettings, TrainingSettings

FORMAT = 1  # of a preset's file
ENDING = ".json"

# {name of a setting: the part of a preset that has it}
PART_OF = {
    field.name: part
    for part, settings in (("model", ModelSettings), ("training", TrainingSettings))
    for field in fields(settings)
}


@dataclass(frozen=True)
class Preset:
    """Settings of a model and its training, a budget in minutes of training, and their purpose."""

    purpose: str
    minutes: float
    model: ModelSettings
    training: TrainingSettings

    def changed(self, /, **changes):
        """The preset with some settings of its model or training changed.

        With labels, each epoch plays at least one voice for each, unless `clip_voices` is given, too.

        Raises
        ------
        CourseError
            For a setting that does not exist, or a value out of range.
        """
        parts = {"model": self.model, "training": self.training}
        check_settings(changes)
        if changes.get("labels") and "clip_voices" not in changes:
            changes["clip_voices"] = max(self.training.clip_voices, min(len(changes["labels"]), MOST_CLIP_VOICES))
        for part, value in parts.items():
            parts[part] = replace(value, **{name: new for name, new in changes.items() if PART_OF[name] == part})
        largest = parts["model"].largest_frame
        if parts["training"].window % largest:
            raise CourseError(
                f"window must be a multiple of the largest frame, and {parts['training'].window} is no multiple of "
                f"{largest}: try {max(1, round(parts['training'].window / largest)) * largest}."
            )
        return replace(self, **parts)

    def save(self, path):
        """Write the preset to a file, "mine.json", whose path then stands wherever the name of a preset does."""
        write_json(output_path(path, ENDING), {"format": FORMAT, **asdict(self)})

    @classmethod
    def load(cls, path):
        """The preset in a file.

        Raises
        ------
        CourseError
            When there is no such file, or no preset in it.
        """
        written = read_json(path, "preset")
        try:
            if written["format"] != FORMAT:
                raise CourseError("it was written by another version of this course")
            model, training = ModelSettings(**written["model"]), TrainingSettings(**written["training"])
            return cls(str(written["purpose"]), float(written["minutes"]), model, training).changed()
        except (CourseError, TypeError, ValueError, LookupError) as error:
            raise CourseError(f'"{path}" holds no preset that this version can read ({in_short(error)}).') from error


PRESETS = {
    "sketch": Preset(
        purpose="a first idea in under three minutes on any computer: if your recordings ring, its takes ring too",
        minutes=2.75,
        model=ModelSettings(frame_sizes=(8, 32), dim=64, dropout=0.3, predictors=(8, 32, 128), book=128),
        training=TrainingSettings(streams=16, window=128),
    ),
    "study": Preset(
        purpose="three quarters of an hour on a graphics card: for gestures of a second",
        minutes=45,
        model=ModelSettings(
            frame_sizes=(16, 64), dim=512, layers=2, embedding=64, dropout=0.3, predictors=(8, 32, 128), book=128
        ),
        training=TrainingSettings(streams=32, window=1024, learning_rate=1e-3, warm_up=500, clip_seconds=4),
    ),
    "piece": Preset(
        purpose="overnight on a graphics card: the size of published models, with the longest memory",
        minutes=600,
        model=ModelSettings(
            frame_sizes=(16, 64), dim=1024, layers=4, embedding=128, dropout=0.3, predictors=(8, 32, 128), book=128
        ),
        training=TrainingSettings(
            streams=64, window=1024, learning_rate=5e-4, warm_up=1000, clip_seconds=4, disk_gb=12
        ),
    ),
}


def check_settings(names):
    """Raise a `CourseError` unless each name is that of a setting."""
    for name in names:
        if name not in PART_OF:
            raise CourseError(
                f'There is no setting "{in_short(name)}": choose from {", ".join(sorted(PART_OF))}; a budget is '
                "an argument of its own, minutes=3 in Python and --minutes 3 on the command line."
            )


def find_preset(name):
    """The `Preset` of that name, or in the file of that name."""
    if isinstance(name, str) and name.endswith(ENDING):
        return Preset.load(name)
    if not isinstance(name, str) or name not in PRESETS:
        choices = "; ".join(f'"{known}" ({preset.purpose})' for known, preset in PRESETS.items())
        raise CourseError(f'There is no preset "{in_short(name)}": choose {choices}.')
    return PRESETS[name]
