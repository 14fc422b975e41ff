"""Lays out what the site is built from, in `docs/_build/source`.

    PYTHONPATH=notebooks/tools python docs/gather.py

Lessons are run there, in a copy, so that they write nothing beside the originals. The pages of docs/ become the root
of the site; `notebooks/` and `datasets_examples/` lie below it, so that the paths in the lessons hold.
"""

import hashlib
import io
import os
import re
import shutil
from contextlib import redirect_stdout, suppress
from importlib.metadata import packages_distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import nbformat
from lessons import GLOSSARY, REPOSITORY, VARIABLE, explained, paths, read, singular
from quiz import QUIZ

import prism_lessons as pl
from prism_lessons.cli import main

HERE = Path(__file__).parent
SOURCE, CACHE, SITE = (HERE / "_build" / name for name in ("source", "cache", "html"))
AUDITION = CACHE / "audition.html"
# Whatever these hold, or say, can change what a lesson shows.
MAKES_A_DIFFERENCE = ("prism_lessons", "datasets_examples")
LIBRARIES = ("tensorflow", "keras", "numpy", "librosa", "matplotlib", "ipywidgets")

BADGE = re.compile(r"^\[!\[Open in Colab\]\([^)]*\)\]\(([^)]*)\)\n+", re.MULTILINE)
INVITATION = (
    "This page shows the lesson with everything that it made when it was run. To work through it yourself, "
    "{colab}[get the course](../index.md#get-the-course)."
)
HELP = "<!-- what --help says -->"  # where it goes on the page of the command line
TABLE = "notebook.AuditionTable(heard)"  # in lesson 03; a page of the site cannot ask Python for its sounds
INSTEAD = (
    "Here you see the table in words. [Open it as a page](audition.html) to hear every clip, to compare two, and to "
    "listen blind. Your stars and notes stay in your browser."
)
COLUMNS = 88  # of it: as wide as a block of code on the site
# Sphinx does not know these pages, and would offer them as downloads.
MADE_ELSEWHERE = re.compile(r"\[([^]]+)\]\(([./\w]*(?:quiz|audition)\.html[#\w-]*)\)")
BOLD = re.compile(r"\*\*(?=\S)([^*\n]+(?:\n[^*\n]+)?)(?<=\S)\*\*(?!\])")


def anchors(glossary):
    """Where a glossary, Markdown, explains its terms: {term as it is looked up: the anchor of its heading}."""
    return {
        term: re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for term, heading in explained(glossary).items()
    }


def inviting(opening):
    """The opening of a lesson with a sentence in place of the badge, whose picture would come from elsewhere."""
    badge = BADGE.search(opening)
    colab = f"[open it in Google Colab]({badge[1]}) or " if badge else ""
    title, _, rest = BADGE.sub("", opening).partition("\n\n")
    return f"{title}\n\n{INVITATION.format(colab=colab)}\n\n{rest}"


def by_address(text):
    """Markdown whose links to the quiz and to the page of clips are HTML."""
    return MADE_ELSEWHERE.sub(r'<a href="\2">\1</a>', text)


def page_of(notebook, glossary):
    """A lesson as it stands on the site.

    Its opening says how to work through it; the set-up cell is folded away; words that are explained lead to their
    entry in the glossary; where there is a table of clips, a link leads to one that can be used.
    """
    known = anchors(glossary)

    def linked(bold):
        anchor = known.get(singular(bold[1]))
        return f"[{bold[0]}](../glossary.md#{anchor})" if anchor else bold[0]

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = by_address(cell.source.replace("](../docs/", "](../"))
            cell.source = BOLD.sub(linked, inviting(text) if text.startswith("# ") else text)
        elif "setup" in cell.metadata.get("tags", []):
            cell.metadata.tags = [*cell.metadata.tags, "hide-input"]
    if place := next((place for place, cell in enumerate(notebook.cells, 1) if cell.source == TABLE), None):
        notebook.cells.insert(place, nbformat.v4.new_markdown_cell(by_address(INSTEAD), id="instead"))
    return notebook


def said(*arguments):
    """What the command line prints with some arguments and `--help`, in lines of `COLUMNS` letters on any terminal."""
    text = io.StringIO()
    with patch.dict(os.environ, COLUMNS=str(COLUMNS)), redirect_stdout(text), suppress(SystemExit):
        main([*arguments, "--help"])
    return text.getvalue()


def commands():
    """The names of all commands, as `--help` lists them."""
    return re.findall(r"^    ([a-z-]+)\b", said(), re.MULTILINE)


def help_of_commands():
    """Markdown: what each command says of itself, under its name."""
    return "\n".join(f"## {name}\n\n```text\n{said(name)}```\n" for name in commands())


def write_audition(path):
    """Write the page of clips of the run that lesson 03 shows, under 5 MB."""
    examples = REPOSITORY / "datasets_examples"
    with TemporaryDirectory() as folder:
        choices = pl.Choices(Path(folder, "choices.jsonl"))
        choices.origin("*", maker="this course", consent="own work", share_sound="yes", share_model="yes")
        run = shutil.copytree(examples / "trained" / "breath_plain", Path(folder, "breath_plain"))
        corpus = pl.curate(examples / "breath", Path(folder, "breath"), choices=choices)
        pl.audition(run, corpus, who="a listener").page(path, most_bytes=5_000_000)


def fingerprint():
    """A name for all that decides what the lessons show, but for the lessons themselves."""
    digest = hashlib.sha256(str(os.environ.get(VARIABLE)).encode())
    brought_by = packages_distributions()  # what brings TensorFlow may be called tensorflow-cpu
    digest.update(" ".join(version(brought_by[library][0]) for library in LIBRARIES).encode())
    for folder in MAKES_A_DIFFERENCE:
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(REPOSITORY).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def forget_what_changed():
    """Empty the cache of outputs if the lessons would show something else now; it looks at their cells alone."""
    mark, name = CACHE / "made_with.txt", fingerprint()
    if not mark.exists() or mark.read_text() != name:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        mark.write_text(name)


def gather():
    """Lay everything out anew, and take away the site that was built before."""
    for folder in (SOURCE, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    (SOURCE / "notebooks").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "datasets_examples", SOURCE / "datasets_examples")
    (SOURCE / "teaching").mkdir()
    for page in [*HERE.glob("*.md"), *HERE.glob("teaching/*.md")]:
        # Links out of docs/ begin at the root of the site here.
        place = page.relative_to(HERE)
        out = "../" * len(place.parts)
        text = page.read_text(encoding="utf-8").replace(f"]({out}", f"]({out[3:]}")
        if HELP in text:
            text = text.replace(HELP, help_of_commands())
        (SOURCE / place).write_text(by_address(text), encoding="utf-8")
    for picture in HERE.glob("*.png"):
        shutil.copy(picture, SOURCE)
    shutil.copytree(HERE / "patches", SOURCE / "patches")
    glossary = GLOSSARY.read_text(encoding="utf-8")
    for lesson in paths():
        notebook = page_of(read(lesson), glossary)
        nbformat.write(notebook, SOURCE / "notebooks" / lesson.name)
    (SITE / "notebooks").mkdir(parents=True)
    shutil.copy(QUIZ, SITE / "notebooks")
    (SITE / "play").mkdir()
    for name in ("bells", "breath", "needs_work"):
        pl.write_page(REPOSITORY / "datasets_examples" / "trained" / name, SITE / "play" / f"{name}.html")
    if not AUDITION.exists():
        write_audition(AUDITION)
    shutil.copy(AUDITION, SITE / "notebooks")


if __name__ == "__main__":
    forget_what_changed()
    gather()
