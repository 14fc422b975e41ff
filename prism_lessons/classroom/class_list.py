"""The list of a class: a table, as a spreadsheet saves it, with a line for each student's training."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from ..checks import number
from ..errors import CourseError, as_given
from ..files import read_error
from ..live import some
from ..presets import ENDING, PRESETS, find_preset

NEEDED, OPTIONAL = ("name", "corpus"), ("preset", "minutes")
A_NAME = re.compile(r"[^\W_][\w .'’-]{0,59}(?<![ .])")  # a folder's name on any system


@dataclass(frozen=True)
class Place:
    """A student's line in the list.

    Attributes
    ----------
    name : str
        Whose it is; the run's folder is called so too.
    corpus : Path
        The folder of the corpus.
    preset : str
        A preset's name, or the path of one in a file.
    minutes : float
        Of training, in all.
    """

    name: str
    corpus: Path
    preset: str
    minutes: float


def read_list(path):
    """The lines of a class's list.

    Parameters
    ----------
    path : str or Path
        A CSV file whose first line names its columns: name and corpus, and if wanted preset ("sketch" where it is
        empty) and minutes (the preset's). Commas, semicolons or tabs may separate them. A path in it begins at the
        list's own folder.

    Returns
    -------
    list of Place

    Raises
    ------
    CourseError
        When the file cannot be read, or a line of it is not clear. Whether there is a corpus is not looked at.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise read_error(path, "list", error) from error
    except ValueError as error:
        raise CourseError(f'"{path}" is not a table in UTF-8: save it from the spreadsheet as "CSV UTF-8".') from error
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=head.count), skipinitialspace=True)
    columns = [column.strip().lower() for column in rows.fieldnames or ()]
    unknown = [column for column in columns if column not in NEEDED + OPTIONAL]
    if unknown or not set(NEEDED) <= set(columns):
        raise CourseError(
            f'The first line of "{path}" should name the columns name, corpus, preset and minutes; the last two may be '
            f"missing. It says {as_given(head.strip())}."
        )
    rows.fieldnames = columns
    places = []
    for row in rows:
        values = {name: (row.get(name) or "").strip() for name in columns}
        if any(values.values()):
            places.append(_place(values, f'Line {rows.line_num} of "{path}"', path.parent))
    _check_names([place.name for place in places], path)
    return places


def _place(values, where, folder):
    name, preset = values["name"], values.get("preset") or "sketch"
    if not A_NAME.fullmatch(name):
        raise CourseError(f"{where} needs a name of letters, digits and spaces, not {as_given(name)}.")
    if not values["corpus"]:
        raise CourseError(f"{where} names no corpus for {name}.")
    if preset not in PRESETS and preset.endswith(ENDING):
        preset = str(folder / preset)
    try:
        minutes = values.get("minutes") or find_preset(preset).minutes
        minutes = number(0.01, 100_000)("minutes", float(str(minutes).replace(",", ".")))
    except (CourseError, ValueError) as error:
        raise CourseError(f"{where} cannot be used: {error}") from error
    return Place(name, (folder / values["corpus"]).resolve(), preset, minutes)


def _check_names(names, path):
    """Two lines must not share a folder, also where a system takes Ana and ana for one name."""
    folded = [name.casefold() for name in names]
    twice = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if twice:
        raise CourseError(f'"{path}" has several lines for {some(twice)}: give each line a name of its own.')
    if not names:
        raise CourseError(f'"{path}" has no line for a student: add one below the names of the columns.')
