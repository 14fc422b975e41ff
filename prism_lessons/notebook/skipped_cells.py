"""One sentence that names a skipped cell, in place of the traceback of a `NameError`."""

import ast
import json
import linecache
import traceback
from pathlib import Path

from IPython import get_ipython

LONGEST = 60  # letters of a line of code in a sentence


def explain_skipped_cells():
    """From now on, show one sentence if a cell needs a name that a skipped cell would have defined."""
    if shell := get_ipython():
        shell.set_custom_exc((NameError,), _explain)


def _explain(shell, kind, error, where, tb_offset=None):
    frame = list(traceback.walk_tb(where))[-1][0]
    if frame.f_globals is shell.user_global_ns and not isinstance(error, UnboundLocalError):  # else it is a bug
        said = sentence(error.name, "".join(linecache.getlines(frame.f_code.co_filename)))
        error._render_traceback_ = lambda: [said]  # which IPython asks for, as with a `CourseError`
    shell.showtraceback((kind, error, where))


def sentence(name, source, lessons=Path()):
    """The sentence for a cell, found by its source in a folder of lessons, that needs an undefined name."""
    for path in sorted(Path(lessons).glob("*.ipynb")):
        if found := _defining_cell(name, source, path):
            heading, line = found
            return (
                f'"{name}" is not there yet, since a cell further up has not been run: run the one under "{heading}" '
                f'that has the line "{line}", then this one again.'
            )
    return (
        f'"{name}" is not there yet: run the cells above this one first, or look whether the name is written as it is '
        "above."
    )


def _defining_cell(name, source, path):
    """The heading and the line of code of the last cell above the one with this source that defines a name, or None."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = [(cell["cell_type"], "".join(cell["source"]).strip()) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    heading, found = "", None
    for kind, text in sources:
        if kind == "markdown":
            heading = next((line.lstrip("# ") for line in text.split("\n")[::-1] if line.startswith("#")), heading)
        elif text == source.strip():
            return found
        elif line := _defining_line(name, text):
            found = heading, line
    return None


def _defining_line(name, source):
    """The line of a cell that defines a name, or None."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):  # such as a cell that begins with "!"
        return None
    made = [
        node.lineno for node in nodes if isinstance(node, ast.Name) and (node.id, type(node.ctx)) == (name, ast.Store)
    ]
    made += [node.lineno for node in nodes if isinstance(node, ast.alias) and (node.asname or node.name) == name]
    if not made:
        return None
    line = source.split("\n")[min(made) - 1].strip()
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
