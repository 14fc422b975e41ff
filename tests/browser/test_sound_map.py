"""The map of sounds in a real browser: what is clicked or chosen by key is what plays, and axe does not object.

How long a click, a key and the table of 2,000 sounds take is printed (pytest -s), not asserted.
"""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from accessibility import no_objections

from prism_lessons.analysis.near_duplicates import DuplicatePair
from prism_lessons.analysis.relations import Relations
from prism_lessons.audio import Clip
from prism_lessons.notebook.views import sound_map as shown_map
from prism_lessons.pages import sound_map

NASTY = "<b>&\"'</script>\n\U0001f600 a name that is rather long and_has_no_place_to_break_it_for_quite_a_while.wav"
# Keeps every player that the page makes, to look at what it plays; and what was played from its start to its end.
WATCH = """window.made = []; window.wholly = [];
const Before = window.Audio;
window.Audio = function () {
    const player = new Before();
    made.push(player);
    player.addEventListener("ended", () => wholly.push(player.src));
    return player;
};"""


WIDTHS = pytest.mark.parametrize("page", [1200, 600], ids=["wide", "narrow"], indirect=True)


def related(count, sources, seed=0):
    """`Relations` of sounds at random places; the last two are twins at one place, the first is an outlier."""
    chance = np.random.default_rng(seed)
    names = [NASTY, *(f"{number}.wav" for number in range(1, count))]
    places = chance.random((count, 2))
    places[-1] = places[-2]
    return Relations(
        names=tuple(names),
        groups=tuple(f"folder {number}" for number in chance.integers(0, sources, count)),
        seconds=tuple(chance.uniform(0.1, 3, count).round(2).tolist()),
        features=np.zeros((count, 1), np.float32),
        places=places,
        clusters=tuple((places[:, 0] < 0.5).astype(int).tolist()),
        cluster_words=("bright, struck", "dark, noisy"),
        nearest=(0,) * count,
        outliers=((0, "brighter than the rest"),),
        twins=(DuplicatePair(names[-2], names[-1], 0.97, "the same, 3 dB softer"),),
        diversity=3.0,
        learns_first="Noise, probably.",
    )


def excerpt(index):
    """A tenth of a second, another for each index."""
    return Clip(0.1 * np.random.default_rng(index).standard_normal(1600, dtype=np.float32), 16000)


def opened(browser, path, width):
    context = browser.new_context(viewport={"width": width, "height": 640})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.asked, page.wrong = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: page.wrong.append(said.text))
    page.goto(path.as_uri())
    return page


@pytest.fixture(scope="module")
def relations():
    return related(24, 3)


@pytest.fixture(scope="module")
def written(tmp_path_factory, relations):
    path = tmp_path_factory.mktemp("map") / "map.html"
    path.write_text(sound_map(relations, excerpt, NASTY), encoding="utf-8")
    return path


@pytest.fixture
def page(request, written, browser):
    page = opened(browser, written, getattr(request, "param", 1200))
    yield page
    assert not page.wrong
    page.context.close()


def data(page):
    return page.evaluate("JSON.parse(document.getElementById('data').textContent)")


def chosen(page):
    """The index of the chosen sound; that it is marked and said too is checked on the way."""
    (index,) = page.locator("#map [aria-selected=true]").evaluate_all("all => all.map(one => one.id.split('-')[1])")
    assert page.locator("#map").get_attribute("aria-activedescendant") == f"sound-{index}"
    assert page.locator("#chosen p").first.text_content() == data(page)["names"][int(index)]
    return int(index)


def heard(page):
    """The indices of the sounds that were played to their end, in order."""
    return page.evaluate("wholly.map(sound => sounds.indexOf(sound))")


def wait_for(page, indices):
    page.wait_for_function("count => wholly.length >= count", arg=len(indices), timeout=20000)
    assert heard(page) == indices


def click_on(page, index):
    """Click where the middle of a point is drawn."""
    x, y = page.locator(f"#sound-{index}").evaluate("""point => {
        const place = point.getScreenCTM();
        return [place.e, place.f];
    }""")
    page.mouse.click(x, y)


def test_nothing_plays_by_itself_and_nothing_is_asked_of_the_network(page):
    assert page.evaluate("made.length") == 0 and page.locator("audio").count() == 0
    assert page.asked == [page.url]


@WIDTHS
def test_a_click_plays_the_sound_of_that_point_to_its_end(page):
    click_on(page, 7)
    assert chosen(page) == 7
    wait_for(page, [7])
    assert page.locator("#play").inner_text() == "Play"
    assert {url.split(",")[0] for url in page.asked[1:]} <= {"data:audio/mpeg;base64"}


def test_a_sound_that_lies_on_its_twin_can_be_clicked_too(page):
    for index in (22, 23):
        click_on(page, index)
        assert chosen(page) == index


@WIDTHS
def test_hovering_says_the_name_and_plays_nothing(page):
    box = page.locator("#sound-5").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.locator("#hover").inner_text() == "5.wav" and page.evaluate("made.length") == 0
    page.keyboard.press("Escape")
    assert page.locator("#hover").is_hidden()


@WIDTHS
def test_an_arrow_leads_to_the_nearest_sound_in_its_direction(page):
    known = data(page)
    page.locator("#map").focus()
    directions = {"ArrowRight": (1, 0), "ArrowLeft": (-1, 0), "ArrowUp": (0, -1), "ArrowDown": (0, 1)}
    moved = 0
    for key in ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowUp"] * 2:
        start = chosen(page)
        page.keyboard.press(key)
        across, down = directions[key]
        steps = [(x - known["x"][start], y - known["y"][start]) for x, y in zip(known["x"], known["y"], strict=True)]
        along = [dx * across + dy * down for dx, dy in steps]
        inside = [index for index, (dx, dy) in enumerate(steps) if along[index] >= math.hypot(dx, dy) / 2**0.5 > 0]
        side = inside or [index for index in range(len(steps)) if along[index] > 0]
        assert chosen(page) == min(side, key=lambda index: math.hypot(*steps[index]), default=start), key
        moved += chosen(page) != start
    assert moved > 5


def test_every_sound_can_be_reached_and_played_by_keyboard_alone(page):
    page.locator("#filter").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "map"
    page.keyboard.press("Home")
    visited = [chosen(page)]
    for _ in range(25):
        page.keyboard.press("PageDown")
        visited.append(chosen(page))
    assert visited == [*range(24), 23, 23]
    page.keyboard.press("PageUp")
    assert chosen(page) == 22
    page.keyboard.press("Enter")
    wait_for(page, [22])
    page.keyboard.press("End")
    page.keyboard.press("Space")
    wait_for(page, [22, 23])
    assert page.evaluate("scrollY") == 0  # the keys that scroll a page do not scroll this one meanwhile


def test_the_same_key_again_stops(page):
    # A sound that never ends, so that it is the key that stops it.
    page.evaluate("() => { HTMLMediaElement.prototype.play = () => Promise.resolve(); }")
    page.locator("#map").focus()
    for stops in ("Enter", "Space", "Escape"):
        page.keyboard.press("Enter")
        assert page.locator("#play").inner_text() == "Stop" and page.locator("#halo.playing").count() == 1
        page.keyboard.press(stops)
        assert page.locator("#play").inner_text() == "Play" and page.locator("#halo.playing").count() == 0


def test_what_is_known_of_a_sound_is_said_in_a_live_region(page):
    status, known = page.get_by_role("status"), data(page)
    said = status.inner_text()
    cluster = known["cluster"][0]
    for words in (
        known["groups"][known["group"][0]],
        f"{known['seconds'][0]:g} s, RMS −{-known['levels'][0]:.1f} dBFS",
        f"Cluster {cluster + 1}: {known['clusters'][cluster]}",
        "Outlier: brighter than the rest.",
    ):
        assert words in said, words
    page.locator("#map").press("End")
    assert "Twin of 22.wav: the same, 3 dB softer." in status.inner_text()


def test_a_filter_dims_the_rest_and_keys_stay_within_it(page):
    known = data(page)
    for kind, number in (("group", 1), ("cluster", 0)):
        page.locator("#filter").select_option(f"{kind} {number}")
        inside = {index for index, value in enumerate(known[kind]) if value == number}
        dimmed = page.locator("#map path.dimmed").evaluate_all("all => all.map(one => Number(one.id.split('-')[1]))")
        assert set(dimmed) == set(range(24)) - inside and chosen(page) in inside
        page.locator("#map").focus()
        for key in ("Home", "ArrowRight", "ArrowDown", "PageDown", "ArrowLeft", "ArrowUp", "End"):
            page.keyboard.press(key)
            assert chosen(page) in inside
        click_on(page, dimmed[0])
        assert chosen(page) in inside
    page.locator("#filter").select_option("")
    assert page.locator("#map .dimmed").count() == 0


def test_neighbours_play_in_turn_and_the_choice_comes_back(page):
    known = data(page)
    page.locator("#map").focus()
    page.keyboard.press("PageDown")
    page.locator("#tour").click()
    places = list(zip(known["x"], known["y"], strict=True))
    wait_for(page, sorted(range(24), key=lambda index: math.dist(places[index], places[1]))[:6])
    assert chosen(page) == 1


def test_a_sound_that_the_browser_cannot_play_is_said(page):
    page.evaluate("() => { HTMLMediaElement.prototype.play = () => Promise.reject(new Error('none')); }")
    page.locator("#play").click()
    page.get_by_role("status").get_by_text("could not play").wait_for()
    assert page.locator("#play").inner_text() == "Play"


def test_the_table_names_and_plays_every_sound(page):
    page.locator("summary").click()
    rows = page.locator("#rows tr")
    rows.nth(23).wait_for()
    assert rows.count() == 24 and rows.locator("th").all_text_contents() == data(page)["names"]
    page.get_by_role("button", name="Play 9.wav").last.click()
    wait_for(page, [9])
    assert "Twin of 23.wav" in rows.nth(22).inner_text()


def test_a_name_in_a_sentence_plays_its_sound(page):
    page.get_by_role("button", name="Play 22.wav").first.click()
    wait_for(page, [22])
    assert chosen(page) == 22


def test_points_differ_by_colour_and_shape_and_the_legend_says_how(page):
    looks = page.locator("#map path").evaluate_all(
        "all => all.map(one => one.getAttribute('fill') + one.getAttribute('d'))"
    )
    of_groups = {(group, look) for group, look in zip(data(page)["group"], looks, strict=True)}
    assert len(of_groups) == len({look for _, look in of_groups}) == 3
    legend = page.locator("#legend").inner_text()
    assert all(words in legend for words in ("blue circle", "orange square", "green triangle", "dashed ring"))


def test_in_high_contrast_the_map_keeps_its_ground(page):
    ground = "getComputedStyle(document.querySelector('#map')).backgroundColor"
    before = page.evaluate(ground)
    page.emulate_media(forced_colors="active")
    assert page.evaluate(ground) == before != page.evaluate("getComputedStyle(document.body).backgroundColor")


@WIDTHS
@pytest.mark.parametrize("table", ["folded", "open"])
def test_axe_finds_nothing_to_object_to(page, table):
    if table == "open":
        page.locator("summary").click()
        page.locator("#rows tr").nth(23).wait_for()
    no_objections(page)


@WIDTHS
def test_headings_are_in_order_and_nothing_is_cut(page):
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in pairwise(levels))
    page.locator("summary").click()
    page.locator("#rows tr").nth(23).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_in_a_notebook_s_frame_a_click_plays(relations, browser, tmp_path):
    path = tmp_path / "cell.html"
    shown = shown_map(relations, excerpt, NASTY)
    path.write_text(f"<!DOCTYPE html><body style='background: #111'>{shown.html}", encoding="utf-8")
    page = opened(browser, path, 800)
    frame = page.frames[-1]
    frame.locator("#rows").wait_for(state="attached")
    assert page.locator("iframe").get_attribute("title") == NASTY
    assert frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"
    frame.locator("#play").click()
    frame.wait_for_function("wholly.length == 1")
    frame.locator("summary").click()
    frame.locator("#rows tr").nth(23).wait_for()
    frame.wait_for_function("document.documentElement.scrollHeight <= innerHeight")  # no second scroll bar
    assert not page.wrong
    page.context.close()


@pytest.mark.parametrize("count, sources, other", [(2000, 40, "24 other sources"), (300, 300, "284 other sources")])
def test_many_sounds_and_many_sources(browser, tmp_path, count, sources, other):
    relations = replace(related(count, sources), groups=tuple(f"folder {index % sources}" for index in range(count)))
    # The sounds of a few, again and again: making 2,000 would take longer than looking at them.
    clips = [excerpt(index) for index in range(10)]
    path = tmp_path / "map.html"
    path.write_text(sound_map(relations, lambda index: clips[index % 10], "Many"), encoding="utf-8")
    page = opened(browser, path, 1200)
    assert page.locator("#map path").count() == count
    assert other in page.locator("#legend").inner_text()
    took = page.evaluate("""() => {
        const took = {};
        const time = (name, act) => {
            const began = performance.now();
            act();
            document.body.getBoundingClientRect(); // the layout that follows is part of the work
            document.getElementById("chosen").offsetHeight;
            took[name] = Math.round((performance.now() - began) * 10) / 10;
        };
        const picture = document.getElementById("map"), filter = document.getElementById("filter");
        const key = key => () => picture.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        const place = document.getElementById("sound-50").getBoundingClientRect();
        const at = { clientX: place.x + place.width / 2, clientY: place.y + place.height / 2, bubbles: true };
        time("arrow", key("ArrowRight"));
        time("hover", () => picture.dispatchEvent(new PointerEvent("pointermove", at)));
        time("click", () => picture.dispatchEvent(new PointerEvent("click", at)));
        time("neighbours", () => document.getElementById("tour").click());
        filter.value = "group 1";
        time("filter", () => filter.dispatchEvent(new Event("change")));
        filter.value = "";
        filter.dispatchEvent(new Event("change"));
        time("table", fillTable);
        time("arrow with the table open", key("ArrowLeft"));
        const [load] = performance.getEntriesByType("navigation");
        took.load = Math.round(load.loadEventEnd);
        return took;
    }""")
    print(f"\n{count} sounds, {path.stat().st_size / 1e6:.1f} MB, milliseconds: {json.dumps(took)}")
    assert page.locator("#rows tr").count() == count and not page.wrong
    page.context.close()
