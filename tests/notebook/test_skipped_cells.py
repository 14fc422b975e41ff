"""A cell that was skipped is named in a sentence; errors of the course's own code keep their traceback."""

import ast
import re

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from lessons import paths, read
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from prism_lessons.notebook import skipped_cells


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """A function that runs a cell of a notebook that lies in the working folder, and gives what is printed."""
    cells = [
        new_markdown_cell("# Lesson\n\n## Draw"),
        new_code_cell("import numpy as np\nline = np.ones(3)"),
        new_markdown_cell("More of it."),
        new_code_cell("line = [line]\nfor point in line:\n    first, second = point, None"),
        new_markdown_cell("## Play"),
        new_code_cell("!ls"),
        new_code_cell("print(line, second)"),
        new_code_cell("line = 3"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "00_lesson.ipynb")
    (tmp_path / "01_broken.ipynb").write_text("[")
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    monkeypatch.setattr(skipped_cells, "get_ipython", lambda: shell)
    skipped_cells.explain_skipped_cells()

    def run(source):
        assert not shell.run_cell(source, store_history=True).success
        return capsys.readouterr().out

    return run


def test_the_last_cell_above_that_makes_what_is_missing_is_named(run):
    said = run("print(line, second)").strip()
    assert said == (
        '"line" is not there yet, since a cell further up has not been run: run the one under "Draw" that has the line '
        '"line = [line]", then this one again.'
    )


def test_of_a_cell_that_is_in_no_lesson_the_name_is_said(run):
    said = run("print(lien)")
    assert '"lien" is not there yet' in said and "Traceback" not in said


def test_errors_within_functions_of_a_library_and_others_keep_their_traceback(run, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "room.py").write_text("def play():\n    return nowhere")
    assert re.search(r"room\.py.*nowhere", run("import room; room.play()"), re.DOTALL)
    assert "ZeroDivisionError" in run("1 / 0")


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_whatever_cell_of_a_lesson_is_skipped_those_that_need_it_say_which(path):
    made = set()
    for cell in read(path).cells:
        if cell.cell_type == "code":
            names = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)]
            for name in made & {node.id for node in names if isinstance(node.ctx, ast.Load)}:
                assert 'run the one under "' in skipped_cells.sentence(name, cell.source, path.parent)
            made |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    assert "journal" in made
