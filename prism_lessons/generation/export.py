"""Pages that hold a model and play it in any recent browser, without Python, and a page that leads to many of them."""

import json
import re
from pathlib import Path
from urllib.parse import quote

from ..checks import a_path, checked
from ..errors import CourseError
from ..files import output_path, read_error, write_text
from ..marks import GENERATED
from ..pages import model_script, render
from ..prose import deeper
from ..run import as_capsule
from .envelopes import TEMPERATURES
from .live_voice import MOST_KEPT, MOST_SEED
from .page_model import page_model

MOST_VOICES = 4
INDEX = "index.html"
# What a page says of its model is JSON without "<" (templating.py); a gallery is known by its main part.
ABOUT = re.compile(r'<script type="application/json" id="about">([^<]*)</script>')
GALLERY = '<main id="gallery">'


@checked(path=a_path)
def write_page(capsule, path, precision="half"):
    """Write a model as one HTML page that plays it live in any recent browser, without a network.

    The page holds the weights, so it is written only if the capsule may be shared: see `Capsule.share`.

    Parameters
    ----------
    capsule : Capsule, Run, str or Path
        A `Capsule`, a `Run`, or the path of one.
    path : str or Path
        The page, such as "bells.html".
    precision : str
        Of the weights: "half", or "single" for twice the bytes. With "single", one voice of the page plays as
        `LiveVoice` does until its first nudge: with the seeds 0 .. 7, or with any if the model keeps no moments of its
        recordings.

    Returns
    -------
    Path

    Raises
    ------
    CourseError
        When the model may not be shared, for an unknown precision, or when the page cannot be written.

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
    rate = capsule.sample_rate
    about = {"epoch": capsule.about.get("epoch"), "sample_rate": rate, "card": deeper(capsule.card, 2)}
    data = {
        "name": path.stem, "rate": rate, "temperature": 0.95, "seed": 0, "nudge": True, "label": {}, "loudness": None,
        "brightness": None, "labels": header["labels"], "descriptors": header["descriptors"], "most_kept": MOST_KEPT,
    }  # fmt: skip
    lowest, highest = TEMPERATURES
    page = render(
        "model_page.html", title=path.stem, data=data, model=model_script(header, model),
        about=about, rate=rate, same=precision == "single", lowest=lowest, highest=highest, most_seed=MOST_SEED,
        most_kept=MOST_KEPT, most_voices=MOST_VOICES, source_type=GENERATED,
    )  # fmt: skip
    write_text(path, page)
    return path


@checked(folder=a_path)
def write_gallery(folder):
    """Write a page that leads to all pages of models in a folder, each with what is known of its model.

    Parameters
    ----------
    folder : str or Path
        A folder with pages of `write_page`, also in folders below it, such as those that a class has handed in.

    Returns
    -------
    Path
        The page, `index.html` in the folder.

    Raises
    ------
    CourseError
        When there is no such page in it, when its `index.html` is another page, and for what cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CourseError(f'There is no folder "{folder}": name the one that holds the pages of models.')
    path, models = folder / INDEX, []
    if path.exists() and GALLERY not in _read(path):
        raise CourseError(f'"{path}" is another page: move it, or the pages of models, to a folder of their own.')
    for page in sorted(folder.rglob("*.html")):
        if about := _about(_read(page)):
            models.append({"name": page.stem, "address": quote(page.relative_to(folder).as_posix()), **about})
    if not models:
        raise CourseError(f'No page in "{folder}" plays a model: write one with  prism-lessons export RUN NAME.html')
    write_text(path, render("gallery.html", title="Models to play", models=models))
    return path


def _read(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CourseError(read_error(path, "page", error)) from error


def _about(page):
    """What a page says of its model, as plain values; None if it has none."""
    try:
        about = json.loads(ABOUT.search(page)[1])
        return {"epoch": about["epoch"], "sample_rate": about["sample_rate"], "card": str(about["card"])}
    except (ValueError, RecursionError, TypeError, KeyError):
        return None  # somebody else's page
