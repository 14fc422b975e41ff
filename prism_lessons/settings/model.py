"""The shape of a model."""

from dataclasses import dataclass
from itertools import pairwise

from ..errors import CourseError
from ..quantisation import KINDS, Quantisation
from .setting import AUTHORS, HERE, PAPER, PRISM, Checked, setting, yes_or_no

CHEBYSHEV = 12  # polynomials that encode the height of a guess for the sample tier
BOOK_ORDER = 32  # order of the book's filters, in samples
LEVELS = 48  # level steps of a sound, for each of which a model stores the drift of the level
MOMENT = 512  # codes in a moment of the recordings from which a take may begin
MOST_PREDICTORS = 8
MOST_LABELS, LONGEST_LABEL = 64, 40  # how many; characters


@dataclass(frozen=True)
class ModelSettings(Checked):
    """The shape of a model.

    Its settings are fields with descriptions; `described(ModelSettings)` lists them. `frame_sizes` are one to three
    sizes in samples, from the fastest recurrent tier to the slowest, each dividing the next: (16,) is the paper's
    2-tier model, (2, 8) its 3-tier model, (16, 64) that of PRiSM SampleRNN.

    Raises
    ------
    CourseError
        For a value out of range; the sentence names the setting.
    """

    frame_sizes: tuple[int, ...] = setting(
        (16, 64),
        "Frame sizes",
        "How many samples each tier reads in a step: one to three sizes, from fast to slow, each dividing the next. "
        "A larger last size covers more time in as many steps, and leaves more detail to the tiers below.",
        f"tiers: {PAPER}; 16 and 64: {PRISM}; 8 and 32 for a sketch: measured, docs/decisions.md",
        low=1,
        high=4096,
    )
    dim: int = setting(
        128,
        "Size",
        "From coarse towards fine: how many numbers each layer works with. A larger model can store more of a sound "
        "and learns more slowly: twice the size is about four times the work. It also learns a small corpus by heart "
        "sooner.",
        f"1024 in {AUTHORS}; 64 for a sketch: measured, docs/decisions.md",
        low=1,
        high=4096,
    )
    cell: str = setting(
        "gru",
        "Cell",
        "How a tier keeps its memory from step to step. No rule says which sounds better: train both and listen.",
        f"both in {PAPER}, where the LSTM's forget gate begins at 3; GRU: Cho et al. 2014, "
        "https://arxiv.org/abs/1406.1078",
        choices=("gru", "lstm"),
    )
    layers: int = setting(
        1,
        "Layers",
        "Recurrent layers in each tier. More of them can follow more involved changes of a sound, and are slower.",
        f"1 in the 3-tier and 3 in the 2-tier model of {AUTHORS}; 4 in {PRISM}",
        low=1,
        high=10,
    )
    skip_connections: bool = yes_or_no(
        False,
        "Skip connections",
        "Every layer receives the tier's input, and every layer's output reaches the tier below. This can make tiers "
        "of several layers easier to train.",
        f"{AUTHORS}, off there too",
    )
    weight_normalisation: bool = yes_or_no(
        False,
        "Weight normalisation",
        "Linear layers learn the direction and the length of their weights separately; the recurrent cells stay as "
        "they are. It changes how training proceeds, not what a model can play.",
        f"Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868; on in {PAPER}",
    )
    embedding: int = setting(
        32,
        "Embedding",
        "How many numbers represent each code in the tier that decides single samples. You will seldom hear it.",
        f"256 in {AUTHORS}; narrower here, {HERE}",
        low=1,
        high=4096,
    )
    dropout: float = setting(
        0.0,
        "Dropout",
        "The share of each layer's values left out at random in training. More makes learning by heart harder; too "
        "much may blur the sound.",
        "Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html",
        low=0,
        high=0.9,
    )
    quantisation: str = setting(
        "mu-law",
        "Quantisation",
        "How samples are rounded to codes. With mu-law, steps are fine near silence, where the ear notices most; with "
        "linear, all steps are equal, and quiet sounds become grainy.",
        f"mu-law: ITU-T G.711, https://www.itu.int/rec/T-REC-G.711, as in {PRISM}; linear: {PAPER}",
        choices=KINDS,
    )
    levels: int = setting(
        256,
        "Levels",
        "How many codes there are. Fewer give more hiss and grain; more give a finer sound, and more to learn.",
        PAPER,
        low=3,
        high=65536,
    )

    predictors: tuple[int, ...] = setting(
        (),
        "Predictors",
        "Predictors continue a wave as it has just moved, which is how sounds ring: each number says how many samples "
        "one of them looks back. The model starts from their predictions and learns the rest. With long ones, strings "
        "and bells ring; without any, the model has to learn everything by itself.",
        "none in " + PAPER + "; Valin & Skoglund 2018, https://arxiv.org/abs/1810.11846",
        low=1,
        high=1024,
    )
    book: int = setting(
        0,
        "Book",
        "How many resonances of your recordings the model stores, besides its predictors. A predictor has to adapt to "
        "a sound first; a stored resonance works at once, so that takes ring as your recordings do. The model also "
        "stores as many moments of them, of 512 samples each, and every take starts from one: a model with a book "
        "contains that much of your recordings, also when you give it away.",
        HERE,
        low=0,
        high=4096,
    )
    labels: tuple[str, ...] = setting(
        (),
        "Labels",
        "Names of groups of your recordings, such as the folders they lie in. In training, the model is told the group "
        "of each recording, so that you can ask it for one of them, or for a blend.",
        "none in " + PAPER + "; Kong et al. 2019, Acoustic Scene Generation with Conditional SampleRNN, ICASSP",
        low=1,
        high=LONGEST_LABEL,
    )

    def __post_init__(self):
        super().__post_init__()
        if twice := sorted({name for name in self.labels if self.labels.count(name) > 1}):
            raise CourseError(f'labels must differ from one another, and "{twice[0]}" is there twice.')
        if len(self.labels) > MOST_LABELS:
            raise CourseError(f"There may be up to {MOST_LABELS} labels, not {len(self.labels)}.")
        if len(self.predictors) > MOST_PREDICTORS:
            raise CourseError(f"There may be up to {MOST_PREDICTORS} predictors, not {len(self.predictors)}.")
        sizes = self.frame_sizes
        if not 1 <= len(sizes) <= 3:
            raise CourseError(f"frame_sizes must be one to three whole numbers of samples, not {list(sizes)}.")
        for faster, slower in pairwise(sizes):
            if slower % faster or slower == faster:
                raise CourseError(
                    f"frame_sizes must each divide the next, and {faster} does not divide {slower} into several "
                    f"frames: try {faster} and {4 * faster}."
                )

    @property
    def codec(self):
        """The `Quantisation` of the model's codes."""
        return Quantisation(self.quantisation, self.levels)

    @property
    def guesses(self):
        """The number of guesses for a sample: one from each predictor, and one from the book if there is one."""
        return len(self.predictors) + (self.book > 0)

    @property
    def largest_frame(self):
        """Samples in one step of the slowest tier."""
        return self.frame_sizes[-1]


def shapes_of(settings):
    """The shapes of a model's weights, {name: shape}, in order, computed without building it.

    They match `SampleRNN.weights_by_name`: a kernel has shape (in, out), with all gates of an LSTM or a GRU
    concatenated.
    """
    dim, cell, sizes = settings.dim, settings.cell, settings.frame_sizes
    gates, states = {"gru": (3, "h"), "lstm": (4, "hc")}[cell]
    shapes = {}
    if settings.guesses:
        shapes = {"loudest": (1,), "drift": (1 + len(settings.labels), LEVELS) if settings.labels else (LEVELS,)}
    if settings.book:
        shapes |= {"book": (settings.book, BOOK_ORDER), "moments": (settings.book, MOMENT)}
    if settings.book and settings.labels:
        shapes["moment_labels"] = (settings.book, len(settings.labels))

    def linear(name, inputs, outputs):
        shapes[f"{name}/kernel"] = (inputs, outputs)
        shapes[f"{name}/bias"] = (outputs,)
        if settings.weight_normalisation:
            shapes[f"{name}/length"] = (outputs,)

    for below, size in reversed(list(zip((1, *sizes), sizes, strict=False))):
        tier = f"tier_{size}"
        if settings.labels:
            shapes[f"{tier}/label"] = (len(settings.labels), dim)
        linear(f"{tier}/hear", 2 * size if settings.guesses else size, dim)
        for layer in range(settings.layers):
            name = f"{tier}/recurrent_{layer}"
            cell_name = f"{name}/{cell}/{cell}_cell"
            inputs = 2 * dim if layer and settings.skip_connections else dim
            shapes |= {f"{name}/{state}": (dim,) for state in states}
            shapes[f"{cell_name}/kernel"] = (inputs, gates * dim)
            shapes[f"{cell_name}/recurrent_kernel"] = (dim, gates * dim)
            shapes[f"{cell_name}/bias"] = (2, gates * dim) if cell == "gru" else (gates * dim,)
        for layer in range(settings.layers if settings.skip_connections else 0):
            linear(f"{tier}/speak_{layer}", dim, dim)
        linear(f"{tier}/upsample", dim, size // below * dim)
    shapes["sample_tier/embedding"] = (settings.levels, settings.embedding)
    shapes["sample_tier/kernel"] = (sizes[0], settings.embedding, dim)
    if settings.labels:
        shapes["sample_tier/label"] = (len(settings.labels), dim)
    for hidden in range(2):
        linear(f"sample_tier/hidden_{hidden}", dim, dim)
    linear("sample_tier/output", dim, settings.levels)
    if guesses := settings.guesses:
        shapes["sample_tier/mixture/told"] = ((2 + CHEBYSHEV) * guesses + 2 * sizes[0], dim)
        shapes["sample_tier/mixture/kernel"] = (dim, 3 * guesses + 2)
        shapes["sample_tier/mixture/bias"] = (3 * guesses + 2,)
    return shapes
