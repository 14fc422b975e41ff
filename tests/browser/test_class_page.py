"""The page of `prism-lessons class` in a real browser: it fits, asks for nothing, and axe does not object."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
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
    page, asked = browser.new_page(viewport={"width": width, "height": 900}), []
    try:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(class_page.as_uri())
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert asked == [class_page.as_uri()]
        page.screenshot(path=ARTEFACTS / f"class_{width}.png", full_page=True)
    finally:
        page.close()
