"""The shape of a model, as numbers that can be written down, checked and compared."""

from dataclasses import dataclass

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
        for faster, slower in zip(sizes, sizes[1:], strict=False):
            if slower % faster or slower == faster:
                raise CourseError(
                    f"frame_sizes must each divide the next, and {faster} does not divide {slower} into several frames: "
                    f"try {faster} and {4 * faster}."
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
