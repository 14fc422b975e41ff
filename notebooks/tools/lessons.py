"""The lessons as files: where they are, how to copy what they need, and what of an output is kept."""

import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).parents[2]
CHECK = "check"  # the tag of a cell whose text output is committed, and compared by nbval
VARIABLE = "PRISM_LESSONS_MINUTES"  # caps the minutes of training that the lessons ask for
MINUTES = {VARIABLE: "0.05"}  # so that running them all takes minutes
GLOSSARY = REPOSITORY / "docs" / "glossary.md"


def paths(names=(), translated=False):
    """The notebooks of the lessons, in their order; all, or those named ("02_training").

    With `translated`, those in other languages too ("00_first_sound.de", which translate.py makes).
    """
    every = sorted(path for path in (REPOSITORY / "notebooks").glob("[0-9]*.ipynb") if translated or not language(path))
    unknown = set(names) - {path.stem for path in every}
    if unknown:
        raise SystemExit(
            f"There is no lesson {', '.join(sorted(unknown))}: there are {', '.join(p.stem for p in every)}."
        )
    return [path for path in every if path.stem in names or not names]


def language(path):
    """The language of a lesson's notebook or catalogue, such as "de"; empty for English."""
    return path.stem.partition(".")[2]


def read(path):
    """A notebook as nbformat 4."""
    return nbformat.read(path, as_version=4)


def is_check(cell):
    """Whether a cell's output is committed."""
    return cell.cell_type == "code" and CHECK in cell.metadata.get("tags", ())


@contextmanager
def copy():
    """A temporary folder in which lessons can run: notebooks/ and datasets_examples/, nothing that a student made."""
    with tempfile.TemporaryDirectory() as folder:
        ignored = shutil.ignore_patterns("course_files", ".ipynb_checkpoints", "__pycache__")
        for name in ("notebooks", "datasets_examples"):
            shutil.copytree(REPOSITORY / name, Path(folder, name), ignore=ignored)
        yield Path(folder)


def singular(term):
    """A term as it is looked up: lower case, each word without the s of the plural."""
    return " ".join(re.sub(r"(?<=\w\w)s$", "", word) for word in term.lower().split())


def explained(glossary):
    """The terms that a glossary, Markdown, explains: {term as it is looked up: its heading}."""
    return {singular(heading): heading for heading in re.findall(r"^## +(.+?) *$", glossary, re.MULTILINE)}
