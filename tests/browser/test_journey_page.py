"""The page of a journey in a real browser, as a file and in a frame: it plays, says where it is, and axe is content."""

import pytest
from accessibility import no_objections

from prism_lessons.audio import Clip
from prism_lessons.audition.journey import Chapter, Journey
from prism_lessons.notebook.views import journey_shown
from prism_lessons.pages.journey import journey_page


@pytest.fixture(scope="module")
def journey(noise):
    chapters = tuple(Chapter(number * 1.3, number * 1.3 + 1, number + 1, f"Epoch {number + 1}") for number in range(3))
    return Journey(Clip(noise(3.6), 16000, "Epochs 1 to 3"), chapters)


@pytest.fixture(params=["file", "frame"])
def page(request, journey, browser, tmp_path):
    """The page, or the frame that holds it."""
    text = journey_page(journey, "A journey") if request.param == "file" else journey_shown(journey).html
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 320, "height": 700})
    tab.goto((tmp_path / "page.html").as_uri())
    yield tab if request.param == "file" else tab.frames[1]
    tab.close()


def test_buttons_and_keys_go_from_epoch_to_epoch(page):
    now = page.locator("#now")
    assert now.inner_text() == "Epoch 1" and page.evaluate("sound.paused")
    page.locator("#next").click()
    assert now.inner_text() == "Epoch 2" and page.evaluate("sound.currentTime") == pytest.approx(1.3)
    page.locator("#next").press("n")
    page.locator("#next").press("n")
    assert now.inner_text() == "Epoch 3" and page.evaluate("sound.paused")
    page.locator("#keys").uncheck()
    page.locator("#next").press("p")
    assert now.inner_text() == "Epoch 3"


def test_while_it_plays_the_epoch_follows(page):
    page.get_by_role("button", name="Epoch 2", exact=True).click()
    page.locator('#now:has-text("Epoch 3")').wait_for(timeout=10_000)
    assert page.locator("[aria-current]").inner_text() == "Epoch 3"


def test_the_chapters_are_a_track_of_the_player(page):
    page.evaluate("sound.textTracks[0].mode = 'hidden'")
    page.wait_for_function("sound.textTracks[0].cues && sound.textTracks[0].cues.length === 3")


def test_axe_finds_nothing_to_object_to_and_nothing_lies_beyond_the_edge(journey, browser):
    tab = browser.new_page(viewport={"width": 320, "height": 700})
    tab.set_content(journey_page(journey, "A journey"))
    no_objections(tab)
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    tab.close()
