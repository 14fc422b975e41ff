"""The page of `prism-lessons class` in a real browser: it fits, asks for nothing, and axe does not object."""

import io

import pytest
from accessibility import looked_over
from in_jupyterlab import ARTEFACTS

from prism_lessons.classroom import turns
from prism_lessons.live import LiveLine


@pytest.fixture(scope="module")
def class_page(tmp_path_factory):
    """The page of a class with somebody in every state."""
    path = tmp_path_factory.mktemp("class") / "monday.csv"
    names = ("Ana", "Ben", "Cem", "Due", "Eve with a long name and another one")
    path.write_text("name,corpus\n" + "".join(f"{name},corpora/{name}\n" for name in names))
    queue = turns.Turns(path, path.with_suffix(""), 5, LiveLine(io.StringIO()))
    queue.look()
    for student, state in zip(queue.students.values(), turns.STATES, strict=True):
        student.state, student.seconds = state, 61.0
    queue.students["Due"].fail(f'There is no corpus in "{"a_long_name/" * 20}": check the name of the folder.')
    queue.trouble = "The list cannot be read."
    queue.tell()
    return queue.folder / turns.STATUS


@pytest.mark.parametrize("width", [1280, 320])
def test_page_fits_and_axe_finds_nothing_to_object_to(class_page, width, browser):
    with looked_over(browser, class_page, width) as page:
        page.screenshot(path=ARTEFACTS / f"class_{width}.png", full_page=True)
