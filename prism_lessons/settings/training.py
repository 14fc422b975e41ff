"""The way a model is trained."""

from dataclasses import dataclass, field, fields

from .setting import AUTHORS, HERE, PAPER, PRISM, Checked, setting, yes_or_no

MOST_CLIP_VOICES = 16


@dataclass(frozen=True)
class Augmentation(Checked):
    """Small variations of the training clips, made once; each epoch takes one version of every clip.

    Its settings are fields with descriptions; `described(Augmentation)` lists them.

    Raises
    ------
    CourseError
        For a value out of range; the sentence names the setting.
    """

    versions: int = setting(
        1,
        "Versions",
        "How many versions of each recording there are, including the original; each epoch uses one of them. With "
        "more, takes may lie between the versions, most audibly in pitch. With 1, nothing is varied.",
        "3 in Ko et al. 2015, https://www.isca-archive.org/interspeech_2015/ko15_interspeech.html; off in this course",
        low=1,
        high=16,
    )
    polarity: bool = yes_or_no(
        True,
        "Turn versions upside down",
        "Versions are turned upside down at random. You cannot hear that, but to the model their numbers are new.",
        HERE,
    )
    gain_db: float = setting(
        3.0,
        "Softer by, in dB",
        "Versions are softer at random, by up to this many decibels. The model may then play at levels between them.",
        HERE,
        low=0,
        high=24,
    )
    stretch: float = setting(
        0.03,
        "Faster or slower",
        "Versions are faster and higher, or slower and lower, by up to this share, at random: 0.03 is half a semitone. "
        "The model may then play any pitch between them.",
        "0.1 in Ko et al. 2015, https://www.isca-archive.org/interspeech_2015/ko15_interspeech.html, for speech; less "
        f"here, {HERE}",
        low=0,
        high=0.2,
    )


def _as_in(settings, name):
    """A field like that of another class of settings."""
    (like,) = [each for each in fields(settings) if each.name == name]
    return field(default=like.default, metadata=like.metadata)


@dataclass(frozen=True)
class TrainingSettings(Checked):
    """How a model learns.

    Its settings are fields with descriptions; `described(TrainingSettings)` lists them.

    Raises
    ------
    CourseError
        For a value out of range; the sentence names the setting.
    """

    streams: int = setting(
        8,
        "Streams",
        "The batch size: how many clips the model learns from side by side in each step. More make learning steadier "
        "and use a graphics card better; on a processor, fewer steps then fit into as many minutes. You do not hear "
        "them as such.",
        f"128 in {AUTHORS}, 64 in {PRISM}; 16 for a sketch: measured, docs/training.md; the others {HERE}",
        low=1,
        high=1024,
    )
    window: int = setting(
        256,
        "Length of memory",
        "From textures towards gestures: how far back training traces a mistake, in samples, a multiple of the largest "
        "frame. A longer memory teaches the model to connect moments further apart, and each step takes longer. The "
        "model may connect moments even further apart, but is not taught to.",
        f"{PAPER}, in which 32 samples gave 1.575 bits on speech, 256 gave 1.391 and 512 gave 1.364; 1024 in {PRISM}; "
        "128 for a sketch: measured, docs/training.md",
        low=1,
        high=65536,
    )
    learning_rate: float = setting(
        2e-3,
        "Learning rate",
        "How far the weights move in a step, at most; it rises over the first steps and falls towards the end. If "
        "it is too high, the model may never settle and play noise; if it is too low, the model may still crackle when "
        "the time is up.",
        f"Adam: Kingma & Ba 2015, https://arxiv.org/abs/1412.6980; its fall: Loshchilov & Hutter 2017, "
        f"https://arxiv.org/abs/1608.03983; 0.001 in {PAPER}; 0.002 for a sketch: measured, docs/decisions.md",
        low=1e-7,
        high=0.1,
    )
    warm_up: int = setting(
        100,
        "Warm-up",
        "Steps over which the learning rate rises. A rise that is too short can upset a large model at the beginning; "
        "otherwise you do not hear it.",
        f"Goyal et al. 2017, https://arxiv.org/abs/1706.02677; the number of steps is {HERE}",
        low=0,
        high=100_000,
    )
    clip_norm: float = setting(
        5.0,
        "Gradient limit",
        "Gradients longer than this are shortened to it, so that one odd moment in a recording cannot undo what was "
        "learned.",
        f"Pascanu et al. 2013, https://arxiv.org/abs/1211.5063; 5 {HERE}",
        low=0.001,
        high=10_000,
    )
    versions: int = _as_in(Augmentation, "versions")
    polarity: bool = _as_in(Augmentation, "polarity")
    gain_db: float = _as_in(Augmentation, "gain_db")
    stretch: float = _as_in(Augmentation, "stretch")
    clip_seconds: float = setting(
        2.0,
        "Seconds of each clip",
        "How long the clips of each epoch are. This does not change the model; longer clips take longer to make.",
        HERE,
        low=0.1,
        high=60,
    )
    clip_temperatures: tuple[float, ...] = setting(
        (0.85, 1.0),
        "Temperatures of clips",
        "Each epoch plays at each of these temperatures, always from the same seed. At 1, the model uses the "
        "probabilities it has learned; below 1, it prefers what is likely.",
        HERE,
        low=0.05,
        high=5,
    )
    clip_voices: int = setting(
        1,
        "Voices of each clip",
        "How many clips each epoch plays at each temperature. A voice has the same seed at all temperatures and in all "
        "epochs, so that you can compare them; another voice plays what else might have come, and in a model with "
        "labels, it plays the next label. This does not change the model; more clips take longer to make.",
        HERE,
        low=1,
        high=MOST_CLIP_VOICES,
    )
    validation_seconds: float = setting(
        60.0,
        "Seconds of validation",
        "How much of the validation sound is measured after each epoch, at most. This does not change the model: with "
        "more, the bits are more reliable, and you wait longer.",
        HERE,
        low=1,
        high=36_000,
    )
    patience: int | None = setting(
        None,
        "Patience",
        "Stop when the bits of validation have not fallen for this many epochs, or never (None). In further epochs a "
        "model may learn the recordings by heart, which can be what you want. Nothing is deleted.",
        f"Prechelt 1998, https://doi.org/10.1007/3-540-49430-8_3; 3 in {PRISM}; off in this course, since the fewest "
        "bits need not be the best sound",
        low=1,
        high=1_000_000,
    )
    disk_gb: float = setting(
        4.0,
        "Disk space, in GB",
        "If a run takes more, weights of old epochs are deleted, except for starred, best and recent ones. All clips "
        "stay.",
        HERE,
        low=0,
        high=1e6,
    )
    seed: int = setting(
        0,
        "Seed",
        "The number that all random choices follow from: the first weights, the order of the clips, their versions and "
        "the clips played. Another seed gives another performance of the same settings, no better or worse for its "
        "size.",
        HERE,
        low=0,
        high=2**31,
    )
    checkpoint_minutes: float = setting(
        5.0,
        "Minutes per save",
        "How often training saves its state within an epoch: if the computer stops, you lose at most this much. You do "
        "not hear it.",
        HERE,
        low=0.01,
        high=1440,
    )
    precision: str = setting(
        "auto",
        "Precision",
        'How finely the training computes. "auto" is single precision ("float32"). Half precision ("mixed_float16") '
        "needs about half the memory of a graphics card, but was four times slower on the one that was tried. You "
        "should not hear it.",
        "Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740",
        choices=("auto", "float32", "mixed_float16"),
    )
    devices: str = setting(
        "one",
        "Graphics cards",
        'Whether one graphics card trains, or "all" of this machine share the streams; best if their number divides '
        "that of the streams. Without a card, the processor trains. You do not hear it.",
        HERE,
        choices=("one", "all"),
    )

    @property
    def clips(self):
        """The clips that each epoch plays, as pairs of temperature and voice, voices from 1."""
        temperatures = dict.fromkeys(self.clip_temperatures)  # without duplicates
        return [(temperature, voice) for temperature in temperatures for voice in range(1, self.clip_voices + 1)]

    @property
    def augmentation(self):
        """The `Augmentation` of the training clips."""
        return Augmentation(self.versions, self.polarity, self.gain_db, self.stretch)
