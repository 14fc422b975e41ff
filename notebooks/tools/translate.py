"""Lessons in other languages: the paragraphs of a lesson as a gettext catalogue, and the notebook made from it.

    python notebooks/tools/translate.py                       bring all translations up to date, and say what is missing
    python notebooks/tools/translate.py 00_first_sound fr     begin one

A catalogue, notebooks/translations/LESSON.LANGUAGE.po, is what translators edit, with Poedit or any other program for
such files. The notebook beside the lesson, LESSON.LANGUAGE.ipynb, has the lesson's own code. A paragraph that is not
translated, or whose English has changed since, appears in English.
"""

import argparse
import re

import lessons
import outputs
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from badges import Home

CODE = "```"
HEADER = "# A lesson in another language: edit it with Poedit or as text, then run `make sync`."
HOME = Home.read()
CATALOGUES = lessons.REPOSITORY / "notebooks" / "translations"


def split(cell):
    """The paragraphs of a Markdown cell, each in one line but for lists and code: where lines break does not matter.

    Links to Colab, which a release brings, are left out.
    """
    source = Home(HOME.version).links(cell.source)
    parts = re.split(r"\n{2,}(?=(?:[^`]|`(?!``)|```.*?```)*\Z)", source, flags=re.DOTALL)
    return [part if part.startswith(CODE) else re.sub(r"\n(?![-*] |\d+\. |[|>#<])\s*", " ", part) for part in parts]


def is_prose(paragraph):
    """Whether a paragraph is translated: code, lone tags and the badge are not."""
    return not paragraph.startswith((CODE, "</", "[!["))


def catalogue_of(notebook, language):
    """The catalogue of a lesson without a translation: each paragraph once, with the cells it stands in."""
    catalogue = Catalog(language, header_comment=HEADER, project="PRiSM lessons", version=HOME.version, fuzzy=False)
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            for paragraph in filter(is_prose, split(cell)):
                catalogue.add(paragraph, auto_comments=[f"cell {number}"])
    return catalogue


def read(path):
    """The catalogue in a file."""
    with open(path, "rb") as file:
        return read_po(file, locale=lessons.language(path))


def renew(path, notebook):
    """Bring the catalogue in a file up to date with its lesson, or begin it."""
    fresh = catalogue_of(notebook, lessons.language(path))
    if path.is_file():
        begun = read(path)
        created = begun.creation_date
        begun.update(fresh)
        begun.creation_date, fresh = created, begun  # the same paragraphs give the same file
    path.parent.mkdir(exist_ok=True)
    with open(path, "wb") as file:
        write_po(file, fresh, width=100, ignore_obsolete=True)


def translated(path, catalogue):
    """The notebook of a lesson with the paragraphs of a catalogue in place of its own, each with its links to Colab."""
    made = lessons.read(path)
    made.metadata["jupytext"] = {"formats": "ipynb"}  # it has no source of its own to be saved to
    for cell in made.cells:
        if cell.cell_type == "markdown":
            text = "\n\n".join(in_language(paragraph, catalogue) for paragraph in split(cell))
            cell.source = HOME.links(text)
            if HOME.released:
                here = f"{path.stem}.{catalogue.locale}"
                cell.source = cell.source.replace(HOME.in_colab(path.stem), HOME.in_colab(here))
    return made


def in_language(paragraph, catalogue):
    """A paragraph in the language of a catalogue, in English if it has none that is finished."""
    message = catalogue.get(paragraph)
    return message.string if message and message.string and not message.fuzzy else paragraph


def missing(catalogue):
    """The paragraphs that appear in English."""
    return [message.id for message in catalogue if message.id and (message.fuzzy or not message.string)]


def main():
    """Bring translated lessons up to date, or begin one."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("lesson", nargs="?", help='to begin: such as "00_first_sound"')
    parser.add_argument("language", nargs="?", help='to begin: such as "fr"')
    chosen = parser.parse_args()
    if chosen.lesson and not chosen.language:
        parser.error('name the language too, such as "fr"')
    begun = [CATALOGUES / f"{chosen.lesson}.{chosen.language}.po"] if chosen.lesson else []
    for path in sorted({*CATALOGUES.glob("*.po"), *begun}):
        [original] = lessons.paths([path.stem.partition(".")[0]])
        renew(path, lessons.read(original))
        catalogue = read(path)
        outputs.write(translated(original, catalogue), original.with_name(f"{path.stem}.ipynb"))
        left = len(missing(catalogue))
        print(f"{path.name}: {f'{left} of {len(catalogue)} paragraphs are in English' if left else 'complete'}")


if __name__ == "__main__":
    main()
