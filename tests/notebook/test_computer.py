"""What the machine has is said in words, and a lesson's minutes can be capped."""

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


def test_a_library_that_does_not_fit_is_said(monkeypatch):
    monkeypatch.setattr(computer, "versions", lambda: [("numpy", "1.26.4", "2.0 or newer", False)])
    assert "DOES NOT FIT" in notebook.machine().html and "numpy 1.26.4: DOES NOT FIT" in repr(notebook.machine())


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
