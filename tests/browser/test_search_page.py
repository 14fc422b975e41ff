"""The page of a search in a real browser: it fits, plays, asks for nothing, and axe does not object."""

import pytest
from axe_playwright_python.sync_playwright import Axe


@pytest.mark.parametrize("width", [1280, 320])
def test_page_fits_plays_and_axe_finds_nothing_to_object_to(width, browser, made_search, tmp_path):
    path = made_search.page(tmp_path / "search.html")
    page, asked = browser.new_page(viewport={"width": width, "height": 900}), []
    try:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        sound = page.locator("audio").first
        assert sound.evaluate("audio => audio.paused")
        assert sound.evaluate("audio => audio.play().then(() => audio.error === null)")
        assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    finally:
        page.close()
