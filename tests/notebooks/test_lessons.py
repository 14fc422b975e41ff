"""The lessons: each notebook is its source, and what `make nbval` compares is what a student has."""

import subprocess
import sys
from contextlib import nullcontext

import compare as comparing
import jupytext
import nbformat
import outputs
import pytest
from lessons import paths, read
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

LESSONS = paths()

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def cells_of(notebook):
    """What a pair shares: (type, text, tags and form view) of every cell."""
    return [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells]


def test_every_source_has_its_notebook_and_the_other_way_round():
    sources = {path.stem for path in (LESSONS[0].parent / "sources").glob("*.py")}
    assert sources == {path.stem for path in LESSONS}


@each_lesson
def test_a_notebook_is_its_source(path):
    source = jupytext.read(path.parent / "sources" / f"{path.stem}.py", fmt="py:percent")
    outputs.tidy(source)
    assert cells_of(read(path)) == cells_of(source), "edit the source, then run `make sync`"


@each_lesson
def test_a_notebook_s_own_filter_keeps_all_that_its_source_holds(path):
    """JupyterLab refuses to open a notebook that is newer than its source and would write another one."""
    written = jupytext.reads(jupytext.writes(read(path), fmt="py:percent"), fmt="py:percent")
    outputs.tidy(written)
    assert cells_of(written) == cells_of(read(path))


@each_lesson
def test_a_notebook_is_valid(path):
    nbformat.validate(read(path))


SOURCE = """\
# %% [markdown]
# # Title

# %% tags=["check", "nbval-check-output"]
print(1 + 1)

# %% cellView="form" jupyter={"source_hidden": true} tags=["setup"]
x = 1
"""


@pytest.fixture
def pair(tmp_path):
    """A notebook with its source, configured like the lessons, and a function that brings one to the other."""
    (tmp_path / "jupytext.toml").write_text((LESSONS[0].parent / "jupytext.toml").read_text())
    source, notebook = tmp_path / "sources" / "00_new.py", tmp_path / "00_new.ipynb"
    source.parent.mkdir()

    def sync(text):
        source.write_text(text)
        subprocess.run([sys.executable, "-m", "jupytext", "--quiet", "--sync", source], check=True)
        outputs.write(read(notebook), notebook)
        return read(notebook)

    return sync, notebook


def test_syncing_keeps_tags_ids_and_outputs(pair):
    sync, path = pair
    first = sync(SOURCE)
    assert [dict(cell.metadata) for cell in first.cells] == [
        {},
        {"tags": ["check", "nbval-check-output"]},
        {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["setup"]},
    ]
    first.cells[1].outputs, first.cells[1].execution_count = [new_output("stream", text="2\n")], 1
    nbformat.write(first, path)
    second = sync(SOURCE.replace("x = 1", "x = 2") + "\n# %% [markdown]\n# More\n")
    assert [cell.id for cell in second.cells[:2]] == [cell.id for cell in first.cells[:2]]
    assert second.cells[1].outputs == first.cells[1].outputs and second.cells[1].execution_count == 1
    assert [cell.source for cell in second.cells[2:]] == ["x = 2", "More"]


def test_tidying_keeps_nothing_but_the_text_of_check_cells():
    check = {"tags": ["check"], "scrolled": True}
    printed, shown = new_output("stream", text="2\n"), new_output("display_data", {"text/html": "<p>2</p>"})
    notebook = new_notebook(
        metadata={"widgets": {}},
        cells=[
            new_code_cell("1", metadata=check, execution_count=1, outputs=[printed, shown]),
            new_code_cell("2", execution_count=2, outputs=[printed]),
            new_code_cell("3", metadata=check, execution_count=3, outputs=[shown]),
            new_markdown_cell("4", metadata={"collapsed": True}),
        ],
    )
    outputs.tidy(notebook)
    saved = [(cell.execution_count, cell.outputs) for cell in notebook.cells[:3]]
    assert saved == [(1, [printed]), (None, []), (None, [])]
    assert [dict(cell.metadata) for cell in notebook.cells] == [{"tags": ["check"]}, {}, {"tags": ["check"]}, {}]
    assert "widgets" not in notebook.metadata


def a_lesson(folder, code, output):
    """Write a lesson of one check cell, whose committed output is `output`."""
    path = folder / "notebooks" / "00_small.ipynb"
    path.parent.mkdir(exist_ok=True)
    metadata = {"tags": ["check", "nbval-check-output"]}
    cell = new_code_cell(code, metadata=metadata, execution_count=1, outputs=[new_output("stream", text=output)])
    nbformat.write(new_notebook(cells=[new_code_cell("import prism_lessons"), cell]), path)
    return path


def test_storing_outputs_keeps_those_of_check_cells(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "copy", lambda: nullcontext(tmp_path))
    path = a_lesson(tmp_path, "print(6 * 7)", "out of date")
    outputs.store(path)
    plain, check = read(path).cells
    assert (plain.outputs, plain.execution_count, check.execution_count) == ([], None, 2)
    assert [output.text for output in check.outputs] == ["42\n"]
    a_lesson(tmp_path, "6 / 0", "")
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        outputs.store(path)


@pytest.mark.parametrize(
    ("code", "output", "passes"),
    [("print(6 * 7)", "42\n", True), ("print(6 * 7)", "43\n", False), ("print(6 / 0)", "42\n", False)],
)
def test_a_lesson_passes_only_if_it_shows_what_is_committed(tmp_path, capfd, code, output, passes):
    assert comparing.compare(a_lesson(tmp_path, code, output), tmp_path) == passes
    assert ("notebooks/00_small.ipynb::Cell 1" in capfd.readouterr().out) == (not passes)


@pytest.mark.parametrize(
    ("arguments", "folders"),
    [([], "one two three"), (["--together"], "one one one")],
)
def test_lessons_are_compared_each_for_itself_or_as_a_student_has_them(arguments, folders, monkeypatch, capsys):
    """In which folder each run took place; `compare` stands for nbval."""
    names, ran = iter(["one", "two", "three"]), []
    monkeypatch.setattr(comparing, "copy", lambda: nullcontext(next(names)))
    monkeypatch.setattr(
        comparing, "compare", lambda path, folder: ran.append((path.stem, folder)) or path != LESSONS[1]
    )
    monkeypatch.setattr(sys, "argv", ["compare.py", *arguments, *(path.stem for path in LESSONS[:3])])
    with pytest.raises(SystemExit, match=LESSONS[1].stem):
        comparing.main()
    assert " ".join(folder for _, folder in ran) == folders
    assert list(dict.fromkeys(name for name, _ in ran)) == [path.stem for path in LESSONS[:3]]
    assert f"{LESSONS[1].name}: FAILED" in capsys.readouterr().out
