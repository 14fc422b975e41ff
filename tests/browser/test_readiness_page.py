"""The page of `prism-lessons check` in a real browser: it plays, fits, asks for nothing, and axe does not object."""

import pytest
from accessibility import looked_over

from prism_lessons.readiness import Line, Readiness, readiness_page

LINES = (Line("memory", True, "Enough."), Line("lessons", False, f'They are not in "{"a_long_name/" * 20}": go there.'))


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("lines", [LINES, LINES[:1]], ids=["red", "green"])
def test_page_fits_plays_and_axe_finds_nothing_to_object_to(lines, width, browser, tmp_path):
    path = tmp_path / "check.html"
    path.write_text(readiness_page(Readiness(lines)), encoding="utf-8")
    with looked_over(browser, path, width) as page:
        sound = page.locator("audio")
        assert sound.evaluate("audio => audio.paused")
        sound.evaluate("audio => audio.play()")
        page.wait_for_function("document.querySelector('audio').currentTime > 0.1")
