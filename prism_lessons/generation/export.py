"""A model in a page of its own, which plays it in any browser, without Python."""

from ..checks import a_path, checked
from ..files import output_path, write_text
from ..marks import GENERATED
from ..pages import model_script, render
from ..prose import deeper
from ..run import as_capsule
from .envelopes import TEMPERATURES
from .live_voice import MOST_KEPT, MOST_SEED
from .page_model import page_model

MOST_VOICES = 4


@checked(path=a_path)
def write_page(capsule, path, precision="half"):
    """Write a model as one HTML page that plays it live, in any browser, without a network.

    The page holds the weights, so it is given away only where the capsule could be: see `Capsule.share`.

    Parameters
    ----------
    capsule : Capsule, Run, str or Path
        A `Capsule`, a `Run`, or the path of one.
    path : str or Path
        The page, such as "bells.html".
    precision : str
        Of the weights: "half", or "single" for twice the bytes. With "single", the page plays the seeds 0 .. 7 in one
        voice as `LiveVoice` does.

    Returns
    -------
    Path

    Raises
    ------
    CourseError
        When the model may not be shared, for an unknown precision, and where the page cannot be written.

    See Also
    --------
    Capsule.share : The model as a file for Python.

    Examples
    --------
    >>> page = pl.write_page("bells.capsule", "bells.html")
    >>> page.name
    'bells.html'
    """
    path = output_path(path, ".html")
    capsule = as_capsule(capsule).shareable()
    header, model = page_model(capsule, precision=precision)
    about, rate = capsule.about, capsule.sample_rate
    data = {"name": path.stem, "rate": rate, "temperature": 0.95, "seed": 0, "nudge": True, "most_kept": MOST_KEPT}
    lowest, highest = TEMPERATURES
    page = render(
        "model_page.html", title=path.stem, data=data, model=model_script(header, model), text=deeper(capsule.card, 2),
        about=about, rate=rate, same=precision == "single", lowest=lowest, highest=highest, most_seed=MOST_SEED,
        most_kept=MOST_KEPT, most_voices=MOST_VOICES, source_type=GENERATED,
    )  # fmt: skip
    write_text(path, page)
    return path
