"""The lessons: each notebook is its source, tidy, and runs from top to bottom, twice."""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

REPOSITORY = Path(__file__).parents[2]
LESSONS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 15
# What stands in place of the minutes of training that a lesson asks for, so that testing it takes seconds.
MINUTES = "minutes = 0.05"

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def cells_of(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_every_source_has_its_notebook_and_the_other_way_round():
    sources = {path.stem for path in (REPOSITORY / "notebooks" / "sources").glob("*.py")}
    assert sources == {path.stem for path in LESSONS} and sources


@each_lesson
def test_notebook_is_its_source(path):
    source = jupytext.read(path.parent / "sources" / f"{path.stem}.py", fmt="py:percent")
    assert cells_of(read(path)) == cells_of(source), "edit the source, then run `make sync`"


@each_lesson
def test_notebook_is_valid_and_holds_no_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, "in JupyterLab: Edit, Clear Outputs of All Cells"


@each_lesson
def test_headings_are_in_order(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@each_lesson
def test_cells_are_short_and_introduced(path):
    cells = read(path).cells
    for before, cell in pairwise(cells):
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= LONGEST_CELL
            assert before.cell_type == "markdown"


@pytest.fixture
def run_all(tmp_path):
    """A function that runs a lesson in a copy of what it needs, and gives it back with its outputs."""
    ignored = shutil.ignore_patterns("course_files", ".ipynb_checkpoints")
    shutil.copytree(REPOSITORY / "notebooks", tmp_path / "notebooks", ignore=ignored)
    shutil.copytree(REPOSITORY / "datasets_examples" / "bells", tmp_path / "datasets_examples" / "bells")

    def run(path):
        notebook = read(tmp_path / "notebooks" / path.name)
        for cell in notebook.cells:
            cell.source = re.sub(r"^minutes = .+$", MINUTES, cell.source, flags=re.MULTILINE)
        place = {"metadata": {"path": str(tmp_path / "notebooks")}}
        return NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()

    return run


def outputs_of(cell, kind):
    """The outputs of a cell as text: "text" is what it printed, "html" its players."""
    if cell.cell_type != "code":
        return ""
    if kind == "text":
        return "".join(output.text for output in cell.outputs if output.output_type == "stream")
    return "".join(output.data.get("text/html", "") for output in cell.outputs if "data" in output)


@each_lesson
def test_lesson_runs_from_top_to_bottom_twice(path, run_all):
    first, second = run_all(path), run_all(path)
    for notebook in (first, second):
        players = 0
        for cell in notebook.cells:
            html = outputs_of(cell, "html")
            assert html.count("<audio") == outputs_of(cell, "text").count(" dBFS\n"), "a player without name and level"
            assert "autoplay" not in html
            players += html.count("<audio")
        assert players
    assert any("reached its budget" in outputs_of(cell, "text") for cell in second.cells)
