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


def test_trials_can_be_heard_blind_in_another_order_until_each_is_asked_for(browser, made_search, tmp_path):
    page = browser.new_page()
    try:
        page.goto(made_search.page(tmp_path / "search.html").as_uri())
        names = page.locator("audio").evaluate_all("all => all.map(audio => audio.ariaLabel)")
        page.get_by_role("button", name="Listen blind").click()
        assert not page.locator("table").first.is_visible() and "trial 0" not in page.locator("main").inner_text()
        hidden = page.locator("audio").evaluate_all("all => all.map(audio => audio.ariaLabel)")
        assert hidden == [f"Clip {number + 1}" for number in range(len(names))]
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        captions = []
        for _ in names:
            page.get_by_role("button", name="Which trial is clip").first.click()
            captions.append(page.locator("figcaption:focus").inner_text())
        order = [next(name for name in names if name in caption) for caption in captions]
        assert sorted(order) == sorted(names) and order != names  # by chance the same once in millions, of ten clips
        page.get_by_role("button", name="Listen blind").click()
        assert page.locator("audio").evaluate_all("all => all.map(audio => audio.ariaLabel)") == names
        assert page.locator("table").first.is_visible() and page.locator("#blind-clips li").count() == 0
    finally:
        page.close()
