"""The page of a search in a real browser: it fits, plays, asks for nothing, and axe does not object."""

import pytest
from accessibility import looked_over, no_objections


@pytest.mark.parametrize("width", [1280, 320])
def test_page_fits_plays_and_axe_finds_nothing_to_object_to(width, browser, made_search, tmp_path):
    path = made_search.page(tmp_path / "search.html")
    with looked_over(browser, path, width) as page:
        sound = page.locator("audio").first
        assert sound.evaluate("audio => audio.paused")
        assert sound.evaluate("audio => audio.play().then(() => audio.error === null)")


def test_trials_can_be_heard_blind_in_another_order_until_each_is_asked_for(browser, made_search, tmp_path):
    with looked_over(browser, made_search.page(tmp_path / "search.html"), 1280) as page:
        names = page.locator("audio").evaluate_all("all => all.map(audio => audio.ariaLabel)")
        page.get_by_role("button", name="Listen blind").click()
        assert not page.locator("table").first.is_visible() and "trial 0" not in page.locator("main").inner_text()
        hidden = page.locator("audio").evaluate_all("all => all.map(audio => audio.ariaLabel)")
        assert hidden == [f"Clip {number + 1}" for number in range(len(names))]
        no_objections(page)
        captions = []
        for _ in names:
            page.get_by_role("button", name="Which trial is clip").first.click()
            captions.append(page.locator("figcaption:focus").inner_text())
        order = [next(name for name in names if name in caption) for caption in captions]
        assert sorted(order) == sorted(names) and order != names  # by chance the same once in millions, of ten clips
        page.get_by_role("button", name="Listen blind").click()
        assert page.locator("audio").evaluate_all("all => all.map(audio => audio.ariaLabel)") == names
        assert page.locator("table").first.is_visible() and page.locator("#blind-clips li").count() == 0
