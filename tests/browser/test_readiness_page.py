"""The page of `prism-lessons check` in a real browser: it plays, fits, asks for nothing, and axe does not object."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from prism_lessons.readiness import Line, Readiness, readiness_page

LINES = (Line("memory", True, "Enough."), Line("lessons", False, f'They are not in "{"a_long_name/" * 20}": go there.'))


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("lines", [LINES, LINES[:1]], ids=["red", "green"])
def test_page_fits_plays_and_axe_finds_nothing_to_object_to(lines, width, browser, tmp_path):
    path = tmp_path / "check.html"
    path.write_text(readiness_page(Readiness(lines)), encoding="utf-8")
    page, asked = browser.new_page(viewport={"width": width, "height": 900}), []
    try:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        sound = page.locator("audio")
        assert sound.evaluate("audio => audio.paused")
        sound.evaluate("audio => audio.play()")
        page.wait_for_function("document.querySelector('audio').currentTime > 0.1")
        assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    finally:
        page.close()
