"""The page of a survey in a real browser, opened as a file: it plays, fits, prints, and axe does not object."""

import io
from dataclasses import replace

import pytest
from accessibility import no_objections

from prism_lessons.corpus import Survey, survey
from prism_lessons.corpus.doctor import KINDS, FaultKind, Finding
from prism_lessons.live import LiveLine
from prism_lessons.pages.findings import findings_page

NAME = "a name that is rather long, with <b>&\"' and \U0001f600 in it and_no_place_to_break_it_for_quite_a_while.wav"


def halved(blocks, sample_rate, values):
    for block in blocks:
        yield block / 2


@pytest.fixture(scope="module")
def written(tmp_path_factory, write_noise):
    """The path of a page on two files with findings, one without, and one that cannot be used."""
    folder = tmp_path_factory.mktemp("page")
    for name in (NAME, "b.wav", "c.wav"):
        write_noise(folder / "recordings" / name, 5.0)
    (folder / "recordings" / "notes.txt").write_text("text")
    found = (Finding("hum", 3, "50.0 Hz", tuple((each / 7, each / 7 + 0.2) for each in range(20))),)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setitem(
            KINDS, "hum", FaultKind("hum", "hum", "It teaches.", "Mend it.", "some", "book", halved, "halved")
        )
        seen = survey(folder / "recordings", LiveLine(io.StringIO()))
        findings = {NAME: found, "b.wav": found}
        files = tuple(replace(file, findings=findings.get(file.name, ())) for file in seen.files)
        text = findings_page(Survey(seen.source, files), LiveLine(io.StringIO()))
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=[1280, 320], ids=["wide", "narrow"])
def page(request, written, browser):
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    page = context.new_page()
    page.asked = []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.goto(written.as_uri())
    yield page
    context.close()


def test_axe_finds_nothing_to_object_to(page):
    no_objections(page)


def test_every_player_plays_and_none_by_itself(page):
    players = page.locator("audio")
    assert players.count() == 5  # two files before and after, one as it is
    for number in range(players.count()):
        player = players.nth(number)
        player.evaluate("player => player.duration || new Promise(heard => { player.onloadedmetadata = heard; })")
        assert player.evaluate("player => [player.paused, player.duration]") == [True, 4]
        assert player.evaluate("player => player.play().then(() => { player.pause(); return 'played'; })") == "played"


def test_nothing_is_asked_of_the_network(page):
    assert not [address for address in page.asked if not address.startswith(("file:", "data:"))]


def test_nothing_lies_beyond_the_edge(page):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_links_lead_to_their_headings(page):
    links = page.locator("nav a")
    assert links.count() == 5
    for number in range(5):
        links.nth(number).click()
        assert page.locator("h2:target").count() == 1


def test_what_is_printed_is_what_is_said(page):
    page.emulate_media(media="print")
    assert not page.locator("audio:visible").count()
    assert page.locator("figcaption:visible").count() == 5
    page.emulate_media(media="screen")
