"""Outputs in the lessons: only the text of cells tagged "check" is committed.

`make outputs` runs the lessons in a temporary copy and stores these; `make sync` (--tidy) only takes out the rest.
"""

import argparse
import os

import nbformat
from lessons import MINUTES, copy, is_check, paths, read
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

KEPT_METADATA = ("tags", "cellView", "jupyter")
TEXT = "text/plain"


def is_text(output):
    """Whether an output can be compared: what was printed, or what a cell's last line gives as text."""
    return output.output_type == "stream" or (output.output_type == "execute_result" and set(output.data) == {TEXT})


def tidy(notebook):
    """Take out of a notebook all that is not committed."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT_METADATA}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if is_check(cell) and is_text(output)]
            if not cell.outputs:
                cell.execution_count = None
            elif cell.execution_count is None:
                cell.outputs = []  # nbval would not compare them


def run(path, folder):
    """Run the copy of a lesson in `folder`; returns the notebook with its outputs."""
    notebook = read(folder / "notebooks" / path.name)
    place = {"metadata": {"path": str(folder / "notebooks")}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place)
    return client.execute(env=os.environ | MINUTES)


def store(path):
    """Run a lesson and store the outputs of its check cells in it."""
    with copy() as folder:
        try:
            fresh = run(path, folder)
        except CellExecutionError as error:
            raise SystemExit(f"{path.name} stopped at this cell, and nothing of it was stored:\n{error}") from error
    notebook = read(path)
    for cell, ran in zip(notebook.cells, fresh.cells, strict=True):
        if is_check(cell):
            if not all(is_text(output) for output in ran.outputs):
                raise SystemExit(f"{path.name}: this check cell shows more than text, print it instead:\n{cell.source}")
            cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    write(notebook, path)


def write(notebook, path):
    """Write a notebook tidily; the file stays untouched where nothing changes."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    tidy(notebook)
    after = nbformat.writes(notebook) + "\n"
    if after != before:
        path.write_text(after, encoding="utf-8")
        print(f"{path.name}: outputs renewed")


def main():
    """Store the outputs of some lessons, or tidy them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("lessons", nargs="*", help='such as "02_training"; all if none is named')
    parser.add_argument("--tidy", action="store_true", help="run nothing, only take out what is not committed")
    chosen = parser.parse_args()
    for path in paths(chosen.lessons):
        write(read(path), path) if chosen.tidy else store(path)


if __name__ == "__main__":
    main()
