"""Find what is untidy in the lessons: python notebooks/tools/lint.py. One line a finding, with how to mend it."""

import ast
import re
import sys
from itertools import pairwise
from pathlib import Path

from badges import SETUP_CELL, SETUP_METADATA, Home
from lessons import GLOSSARY, REPOSITORY, explained, is_check, language, paths, read, singular
from outputs import is_text

LONGEST_CELL = 15  # lines
OPENING = ("**You will hear:**", "**Time:**", "**Needed:**")
CLOSING = ("What you did", "Check yourself", "Exercise", "Journal", "Next")
FOLDED = {"Check yourself": "Answer", "Exercise": "Solution"}
HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)
TAG = re.compile(r"<img\b[^>]*>")


def is_setup(cell):
    """Whether a cell is the set-up cell."""
    return "setup" in cell.metadata.get("tags", ())


def prose(cell):
    """The text of a Markdown cell with a word in place of its code, in which # and * mean something else."""
    return re.sub(r"^```.*?^```|`[^`\n]*`", "code", cell.source, flags=re.MULTILINE | re.DOTALL)


def written(notebook):
    """(number, text) of the Markdown cells; cells are counted from 1."""
    return [(number, prose(cell)) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "markdown"]


def coded(notebook):
    """(number, cell) of the code cells."""
    return [(number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]


def outline(notebook):
    """(number, level, title) of the headings."""
    return [(number, len(marks), title) for number, text in written(notebook) for marks, title in HEADING.findall(text)]


def headings(notebook, path):
    """One heading of the first level; none leaves out a level."""
    found = outline(notebook)
    if [level for _, level, _ in found].count(1) != 1 or found[0][1] != 1:
        yield 1, "a lesson has one heading of the first level, and begins with it", "write the others as ##"
    for (_, before, _), (number, after, title) in pairwise(found):
        if after > before + 1:
            yield number, f'"{title}" leaves out a level of headings', f"give it {before + 1} #"


def code(notebook, path):
    """Short cells, each introduced."""
    for number, cell in coded(notebook):
        lines = len(cell.source.splitlines())
        if lines > LONGEST_CELL and not is_setup(cell):
            yield number, f"{lines} lines of code", f"split it at {LONGEST_CELL}, or move code into the library"
        if number == 1 or notebook.cells[number - 2].cell_type != "markdown":
            yield number, "code that nothing introduces", "write a sentence before it"


def shown(notebook, path):
    """What `notebook` gives to show is the last thing in its cell: inside an `if`, nobody would see it."""
    for number, cell in coded(notebook):
        if is_setup(cell):
            continue
        blocks = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.If | ast.For | ast.With)]
        inside = (line for block in blocks for line in ast.walk(block) if isinstance(line, ast.Expr))
        if any(ast.unparse(line).startswith("notebook.") for line in inside):
            yield number, "players or a panel that nobody would see", "end the cell with it, outside the block"


def course_home(notebook, path):
    """Badge, set-up cell and addresses in Colab as `make sync` writes them; none of these while there is no release."""
    home = Home.read()
    badges = [line for line in notebook.cells[0].source.splitlines() if "colab-badge" in line]
    if badges != ([home.badge(path.stem)] if home.released else []):
        yield 1, "the badge is missing or not current", "run `make sync`"
    setup = [(number, cell) for number, cell in coded(notebook) if is_setup(cell)]
    if len(setup) != 1 or setup[0][0] != coded(notebook)[0][0]:
        mend = f"begin the code with an empty cell {SETUP_CELL}, then run `make sync`"
        yield 1, "the first code cell, and only that, is the set-up cell", mend
    for number, cell in setup:
        if cell.source != home.setup() or cell.metadata != SETUP_METADATA:
            yield number, "the set-up cell is not current", "run `make sync`"
    if home.links(notebook.cells[-1].source) != notebook.cells[-1].source:
        yield len(notebook.cells), "the address in Colab is missing or not current", "run `make sync`"


def folded(notebook, path):
    """No cell is folded away but the set-up cell, which is no part of the lesson."""
    for number, cell in enumerate(notebook.cells, 1):
        if "jupyter" in cell.metadata and not (cell.cell_type == "code" and is_setup(cell)):
            yield number, "a cell is folded away", "unfold it in its source, then run `make sync`"


def outputs(notebook, path):
    """Nothing is saved but what check cells print, and that is."""
    if "widgets" in notebook.metadata:
        yield 1, "the state of widgets is saved in the notebook", "run `make sync`"
    for number, cell in coded(notebook):
        if not is_check(cell):
            if cell.outputs or cell.execution_count is not None:
                yield number, "an output is saved in a cell that is no check", "run `make sync`"
        elif not cell.outputs or cell.execution_count is None or not all(map(is_text, cell.outputs)):
            yield number, "a check cell without its text output", "print something that never varies; `make outputs`"
        elif "nbval-check-output" not in cell.metadata.tags:
            yield number, "a check cell that nbval does not compare", 'tag it "nbval-check-output" too'
    if not any(is_check(cell) for cell in notebook.cells):
        yield 1, "no cell shows what it should", 'tag a cell ["check", "nbval-check-output"], then `make outputs`'


def pictures(notebook, path):
    """Every picture has an alternative text."""
    for number, text in written(notebook):
        words = re.findall(r"!\[([^\]]*)\]\(", text)
        words += [" ".join(re.findall(r"""\balt=["']([^"']*)["']""", tag)) for tag in TAG.findall(text)]
        if not all(word.strip() for word in words):
            yield number, "a picture without words", "say in its alternative text what it shows"


def blocks(notebook, path):
    """The opening and the closing are complete."""
    opening = notebook.cells[0].source
    places = [opening.find(f"\n\n{label}") for label in OPENING]
    if -1 in places or places != sorted(places):
        yield 1, "the opening is not complete", f"begin paragraphs with {', '.join(OPENING)}, in this order"
    found = [(number, title) for number, level, title in outline(notebook) if level == 2]
    if tuple(title for _, title in found[-len(CLOSING) :]) != CLOSING:
        yield len(notebook.cells), "the closing is not complete", f"end with the headings {', '.join(CLOSING)}"
        return
    number = {title: number for number, title in found}
    cells = notebook.cells[number["What you did"] - 1 :]
    text = "\n".join(prose(cell) if cell.cell_type == "markdown" else cell.source for cell in cells)
    sections = re.split(rf"^## (?:{'|'.join(CLOSING)}) *$", text, flags=re.MULTILINE)[1:]
    section = dict(zip(CLOSING, sections, strict=True))
    if len(re.findall(r"^[-*] ", section["What you did"], re.MULTILINE)) != 3:
        yield number["What you did"], "what was done is a list of three", "name the three things that matter"
    for title, summary in FOLDED.items():
        if not re.search(rf"<details><summary>{summary}</summary>\n\n.+?\n\n</details>", section[title], re.DOTALL):
            fold = f"<details><summary>{summary}</summary>"
            yield number[title], f'no folded "{summary}"', f"put it into {fold}, with blank lines around it"
    if "journal_panel(" not in section["Journal"] or ".keep()" not in section["Journal"]:
        yield number["Journal"], "no room for the journal", "add cells with course.journal_panel(...) and .keep()"


def terms(notebook, path):
    """Every bold term is in the glossary."""
    if not GLOSSARY.is_file():
        return
    known = explained(GLOSSARY.read_text(encoding="utf-8"))
    for number, text in written(notebook):
        for term in re.findall(r"\*\*([^*]+)\*\*", text):
            if f"**{term}**" not in OPENING and singular(term) not in known:
                said = " ".join(term.split())
                yield number, f'"{said}" is not in the glossary', "explain it in docs/glossary.md, or make it plain"


def links(notebook, path):
    """Every relative link leads somewhere."""
    for number, text in written(notebook):
        targets = re.findall(r"\]\(<?([^)>\s]+)", text) + re.findall(r"""\b(?:src|href)=["']([^"']+)["']""", text)
        for target in targets:
            place = target.partition("#")[0]
            if place and not re.match(r"[a-z]+:", place) and not (path.parent / place).exists():
                yield number, f'"{target}" leads nowhere', "mend the link"


RULES = (headings, code, shown, course_home, folded, outputs, pictures, links)
ENGLISH_RULES = (blocks, terms)  # which look for words


def findings(path):
    """What is untidy in a lesson: [(cell, what, how to mend it)], cells counted from 1."""
    notebook = read(path)
    rules = RULES if language(path) else RULES + ENGLISH_RULES
    return [finding for rule in rules for finding in rule(notebook, path)]


def main(names):
    """Print the findings on the lessons named, all if none is; the exit status is 1 if there are any."""
    found = [(path, *finding) for path in paths(names, translated=True) for finding in findings(path)]
    for path, cell, what, mend in found:
        print(f"{Path(path).relative_to(REPOSITORY)}, cell {cell}: {what}: {mend}.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
