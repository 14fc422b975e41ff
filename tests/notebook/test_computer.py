"""What the machine has is said in words, and a lesson's minutes can be capped."""

import pytest

from prism_lessons import notebook
from prism_lessons.notebook import computer
from prism_lessons.notebook.output import LiveFigure, RichOutput


def test_minutes_are_those_of_the_lesson_unless_the_variable_says_less(monkeypatch):
    monkeypatch.delenv(computer.MINUTES, raising=False)
    assert notebook.budget(2) == 2
    monkeypatch.setenv(computer.MINUTES, "0.05")
    assert notebook.budget(2) == 0.05
    monkeypatch.setenv(computer.MINUTES, "10")
    assert notebook.budget(2) == 2


def test_here_every_library_fits():
    rows = {name: fits for name, _, _, fits in computer.versions()}
    assert {"tensorflow", "keras", "numpy", "librosa", "ipywidgets"} <= set(rows)
    assert all(rows.values())


def test_libraries_of_the_extras_are_not_asked_for():
    assert not {"jupyterlab", "pytest", "ray", "sphinx"} & {name for name, *_ in computer.versions()}


@pytest.mark.parametrize("found", ["1.26.4", None])
def test_a_library_that_is_too_old_or_missing_is_said(monkeypatch, found):
    def version(name):
        if name != "numpy":
            return "99"
        if found is None:
            raise computer.PackageNotFoundError
        return found

    monkeypatch.setattr(computer, "version", version)
    assert [row[:2] for row in computer.versions() if not row[3]] == [("numpy", found)]
    assert "DOES NOT FIT" in notebook.machine().html


def test_the_table_has_heads_for_rows_and_columns():
    html = notebook.machine().html
    assert html.count('scope="col"') == 4 and '<th scope="row">keras</th>' in html


def test_a_live_figure_is_drawn_again_in_the_same_place(monkeypatch):
    shown = []

    class Handle:
        def update(self, what):
            shown.append(what.words)

    def display(what, display_id):
        shown.append(what.words)
        return Handle()

    monkeypatch.setattr("prism_lessons.notebook.output.display", display)
    figure = LiveFigure(lambda epoch: RichOutput(f"<p>{epoch}</p>", f"epoch {epoch}"))
    figure(1), figure(2)
    assert shown == ["The picture comes after the first epoch.", "epoch 1", "epoch 2"]
