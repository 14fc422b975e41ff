"""The lessons' lint: it catches every fault it is meant to catch, and the lessons have none."""

import badges
import lint
import nbformat
import pytest
from lessons import paths
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

CHECK = {"tags": ["check", "nbval-check-output"]}


RELEASED = badges.Home("9.1", "https://github.com/school/course", "0123456789abcdef0123456789abcdef01234567")
NOT_RELEASED = badges.Home("9.1")


@pytest.fixture(params=[RELEASED, NOT_RELEASED], ids=["released", "not released"])
def home(request, monkeypatch):
    """Where the course lives."""
    monkeypatch.setattr(badges.Home, "read", lambda: request.param)
    return request.param


@pytest.fixture
def lesson(tmp_path, monkeypatch, home):
    """A tidy little lesson and its path; its glossary explains codes."""
    monkeypatch.setattr(lint, "GLOSSARY", tmp_path / "glossary.md")
    lint.GLOSSARY.write_text("# Glossary\n\n## Code\n\nA number.\n")
    path = tmp_path / "00_tidy.ipynb"
    (tmp_path / "01_more.ipynb").touch()
    badge = f"{home.badge('00_tidy')}\n\n" if home.released else ""
    opening = f"# Tidy\n\n{badge}**You will hear:** one.\n\n**Time:** none.\n\n**Needed:** nothing."
    cells = [
        new_markdown_cell(opening),
        new_code_cell(home.setup(), metadata=badges.SETUP_METADATA),
        new_markdown_cell("## Codes\n\nA **code** is a number; `**kwargs` and this are none:\n\n```\n# **x**\n```"),
        new_code_cell("print(1)", metadata=CHECK, execution_count=2, outputs=[new_output("stream", text="1\n")]),
        new_markdown_cell("## What you did\n\n- one\n- two\n- three"),
        new_markdown_cell("## Check yourself\n\nWhy?\n\n<details><summary>Answer</summary>\n\nSo.\n\n</details>"),
        new_markdown_cell("## Exercise\n\nDo.\n\n<details><summary>Solution</summary>\n\n```\n## 1\n```\n\n</details>"),
        new_markdown_cell("## Journal\n\nWrite."),
        new_code_cell('journal = course.journal_panel("00 Tidy", "What?")\njournal'),
        new_markdown_cell("Then keep it."),
        new_code_cell("journal.keep()"),
        new_markdown_cell(home.links("## Next\n\n[More](01_more.ipynb)")),
    ]
    return new_notebook(cells=cells), path


def found(lesson):
    notebook, path = lesson
    nbformat.write(notebook, path)
    return lint.findings(path)


def change(lesson, number, before, after):
    cell = lesson[0].cells[number - 1]
    assert before in cell.source
    cell.source = cell.source.replace(before, after)


def test_a_tidy_lesson_has_no_findings(lesson):
    assert found(lesson) == []


@pytest.mark.parametrize(
    ("number", "before", "after", "what"),
    [
        (1, "# Tidy", "## Tidy", "one heading of the first level"),
        (3, "## Codes", "# Codes", "one heading of the first level"),
        (3, "## Codes", "### Codes", "leaves out a level"),
        (4, "print(1)", "print(1)\n" * 16, "16 lines of code"),
        (4, "print(1)", "if True:\n    notebook.play(clip)", "players or a panel that nobody would see"),
        (4, "print(1)", "if True:\n    said = notebook.play(clip)\nnotebook.play(clip)", None),
        (2, "import sys", "import os", "the set-up cell is not current"),
        (3, "A **code**", "![](01_more.ipynb) A code", "a picture without words"),
        (3, "A **code**", '<img src="01_more.ipynb" alt=""> A code', "a picture without words"),
        (3, "A **code**", '<img src="01_more.ipynb"> A code', "a picture without words"),
        (1, "**Time:**", "Time:", "the opening is not complete"),
        (1, "**Needed:**", "**Time:** none.\n\n**Needed:**", None),
        (5, "## What you did", "## What I did", "the closing is not complete"),
        (5, "- three", "", "a list of three"),
        (6, "<details>", "", 'no folded "Answer"'),
        (7, "</summary>\n\n", "</summary>\n", 'no folded "Solution"'),
        (9, "journal_panel", "panel", "no room for the journal"),
        (11, "keep", "leave", "no room for the journal"),
        (3, "**code**", "**Codes**", None),
        (3, "**code**", "**capsule**", '"capsule" is not in the glossary'),
        (3, "A **code**", "A [code](../nowhere.md)", '"../nowhere.md" leads nowhere'),
        (3, "A **code**", "A [code](glossary.md#code) [there](https://example.org)", None),
    ],
)
def test_a_fault_in_a_cell_is_found_and_nothing_else(lesson, number, before, after, what):
    change(lesson, number, before, after)
    findings = found(lesson)
    assert [(cell, text) for cell, text, _ in findings if what not in text] == [] if what else findings == []
    assert bool(findings) == bool(what)


@pytest.mark.parametrize("home", [RELEASED], indirect=True)
@pytest.mark.parametrize(
    ("number", "before", "after", "what"),
    [
        (1, "v9.1", "v9.0", "the badge is missing or not current"),
        (1, RELEASED.badge("00_tidy"), "", "the badge is missing or not current"),
        (2, RELEASED.commit, RELEASED.commit[::-1], "the set-up cell is not current"),
        (12, "v9.1", "main", "the address in Colab is missing or not current"),
    ],
)
def test_another_version_in_a_released_lesson_is_found(lesson, number, before, after, what):
    change(lesson, number, before, after)
    assert [(cell, text) for cell, text, _ in found(lesson)] == [(number, what)]


@pytest.mark.parametrize("home", [NOT_RELEASED], indirect=True)
def test_an_address_in_a_lesson_that_is_not_released_is_found(lesson):
    change(lesson, 1, "# Tidy", f"# Tidy\n\n{RELEASED.badge('00_tidy')}")
    change(lesson, 12, "(01_more.ipynb)", f"(01_more.ipynb), [in Colab]({RELEASED.in_colab('01_more')})")
    assert [cell for cell, _, _ in found(lesson)] == [1, 12]


def test_a_set_up_cell_that_is_not_folded_and_another_cell_that_is_are_found(lesson):
    del lesson[0].cells[1].metadata["jupyter"]
    lesson[0].cells[8].metadata.jupyter = {"source_hidden": True}
    assert [(cell, what) for cell, what, _ in found(lesson)] == [
        (2, "the set-up cell is not current"),
        (9, "a cell is folded away"),
    ]


def test_code_that_nothing_introduces_is_found(lesson):
    lesson[0].cells.insert(4, new_code_cell("print(2)"))
    assert [(cell, what) for cell, what, _ in found(lesson)] == [(5, "code that nothing introduces")]


def test_a_second_set_up_cell_and_a_late_one_are_found(lesson):
    cells = lesson[0].cells
    cells[1].metadata.tags = []
    whats = {what for _, what, _ in found(lesson)}
    assert "the first code cell, and only that, is the set-up cell" in whats
    cells[1].metadata.tags = cells[3].metadata.tags = ["setup"]
    whats = {what for _, what, _ in found(lesson)}
    assert "the first code cell, and only that, is the set-up cell" in whats


def test_what_must_not_be_saved_is_found(lesson):
    notebook = lesson[0]
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {}}
    notebook.cells[8].execution_count = 3
    notebook.cells[10].outputs = [new_output("stream", text="Kept.\n")]
    assert [cell for cell, _, _ in found(lesson)] == [1, 9, 11]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"outputs": []}, "a check cell without its text output"),
        ({"execution_count": None}, "a check cell without its text output"),
        ({"outputs": [new_output("display_data", {"text/html": "<p>1</p>"})]}, "a check cell without its text output"),
        ({"metadata": {"tags": ["check"]}}, "a check cell that nbval does not compare"),
        ({"metadata": {}, "outputs": [], "execution_count": None}, "no cell shows what it should"),
    ],
)
def test_a_check_that_checks_nothing_is_found(lesson, changes, what):
    lesson[0].cells[3].update(nbformat.from_dict(changes))
    assert [text for _, text, _ in found(lesson)] == [what]


def test_the_command_names_lesson_cell_fault_and_remedy(lesson, monkeypatch, capsys):
    change(lesson, 3, "**code**", "**capsule**")
    found(lesson)
    monkeypatch.setattr(lint, "REPOSITORY", lesson[1].parent)
    monkeypatch.setattr(lint, "paths", lambda names, translated: [lesson[1]])
    assert lint.main([]) == 1
    line = (
        '00_tidy.ipynb, cell 3: "capsule" is not in the glossary: explain it in docs/glossary.md, or make it plain.\n'
    )
    assert capsys.readouterr().out == line


@pytest.mark.parametrize("path", paths(translated=True), ids=lambda path: path.stem)
def test_the_lessons_are_tidy(path):
    assert lint.findings(path) == []
