"""The page of an audition in a real browser, opened as a file: heard, starred, noted, compared, by keyboard alone."""

import html
import io
import json
import shutil

import pytest
from accessibility import no_objections
from many_clips import many_clips

import prism_lessons as pl
from prism_lessons.audio import load
from prism_lessons.audition.blind import Guesses
from prism_lessons.audition.page import PageSounds, document
from prism_lessons.live import LiveLine
from prism_lessons.run import Run

WIDTHS = [1280, 800, 320]
# Plays what a button would, and waits until it sounds: the name of the sound and the time that has passed.
SOUNDS = """player => new Promise(heard => {
    const look = () => player.currentTime > 0 ? heard(player.dataset.sound) : setTimeout(look, 20);
    look();
})"""

BORDERS = "all => all.map(one => getComputedStyle(one).borderStyle)"


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """An audition of six epochs, one of which is silent, with stars and notes of somebody else."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        many_clips(folder, 6)
        for clip in Run(folder / "run").played:
            if clip.epoch == 2:
                sound = load(clip.path)
                type(sound)(0 * sound.samples, sound.sample_rate).save(clip.path)
        heard = pl.audition(folder / "run", who="Ana", live=LiveLine(io.StringIO()))
        heard.log.star("0003_1_t0.9")
        heard.log.note("0003_1_t0.9", '<b>warm</b> & "round"')
        heard.page(folder / "page.html")
    return heard


@pytest.fixture(params=WIDTHS[:1])
def page(request, heard, browser):
    context = browser.new_context(viewport={"width": request.param, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.asked, page.faults = [], []
    page.on("request", lambda asked: page.asked.append(asked.url[:40]))
    page.on("pageerror", lambda fault: page.faults.append(str(fault)))
    page.goto((heard.run.folder.parent / "page.html").as_uri())
    page.locator("#frame button").first.wait_for()
    yield page
    assert not page.faults
    context.close()


def chosen(page):
    return page.locator("#name").inner_text()


def acts(page):
    return page.evaluate("[...acts.values()]")


def enter_table(page):
    """Press Tab until the table has the focus."""
    for _ in range(40):
        if page.evaluate("document.activeElement.closest('#frame') !== null"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab does not lead to the table")


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_axe_finds_nothing_to_object_to_whatever_is_open(page):
    no_objections(page)
    page.locator("#frame button").nth(4).click()
    page.get_by_role("button", name="Recording or model?").click()
    page.get_by_role("button", name="Hear it").click()
    no_objections(page)


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_nothing_sticks_out_of_the_page(page):
    page.locator("#frame button").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_in_high_contrast_the_chosen_clip_and_a_star_have_a_frame_of_their_own(page):
    page.emulate_media(forced_colors="active")
    page.locator("#frame button").nth(4).click()
    page.locator("#star").click()
    marked = page.locator("#frame button[aria-current], #star")
    assert marked.count() == 2 and all(style == "double" for style in marked.evaluate_all(BORDERS))
    assert "double" not in page.locator("button:not([aria-current]):not(#star)").evaluate_all(BORDERS)
    no_objections(page)


def test_nothing_plays_by_itself_and_nothing_is_asked_of_the_network(page):
    assert page.locator("audio").evaluate_all("all => all.every(one => one.paused && !one.src)")
    assert len(page.asked) == 1


def test_a_clip_is_loaded_when_it_is_played_and_plays_as_it_is(page, heard):
    page.locator("#frame button").nth(3).click()
    assert page.locator("#player").evaluate(SOUNDS) == f"clip {heard.clips.index(heard.select(voice=2)[1])}"
    samples = page.evaluate("""async () => {
        const file = await (await fetch(embedded["clip 3"])).arrayBuffer();
        const sound = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(file);
        return [...sound.getChannelData(0).slice(0, 4000)];
    }""")
    assert samples == pytest.approx(list(heard.clips[3].sound.samples[:4000]), abs=2**-15)
    assert page.locator("#player").evaluate("player => player.volume") == 1


def test_everything_about_a_clip_is_done_by_keyboard_alone(page, heard):
    enter_table(page)
    first = chosen(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert chosen(page) == first == "epoch 1, temperature 0.8, voice 1"
    page.keyboard.press("Enter")
    assert page.locator("#player").evaluate(SOUNDS) == "clip 0"
    page.keyboard.press("Space")
    assert page.locator("#player").evaluate("player => player.paused")
    page.keyboard.press("n")
    assert chosen(page) == "epoch 2, temperature 0.8, voice 1"
    page.keyboard.press("s")
    page.keyboard.press("w")
    page.keyboard.type("so still, next: s n x")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.keyboard.type("quiet")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    said = [(act["act"], act["clip"], act["text"]) for act in acts(page)[2:]]
    clip = "0002_1_t0.8"
    assert said == [("star", clip, ""), ("note", clip, "so still, next: s n x"), ("tag", clip, "quiet")]
    name = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert name == "epoch 2, temperature 0.8, voice 1: silence, starred, noted, quiet"


def test_the_tab_key_goes_through_the_table_in_one_step(page):
    enter_table(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#frame') === null")


def test_next_goes_down_a_column_and_on_to_the_next_one(page):
    enter_table(page)
    seen = []
    for _ in range(7):
        seen.append(chosen(page))
        page.keyboard.press("n")
    assert seen[5:] == ["epoch 6, temperature 0.8, voice 1", "epoch 1, temperature 0.8, voice 2"]


def test_every_second_epoch_of_a_short_run_is_left_by_one_press_and_filters_work_together(page):
    page.get_by_role("button", name="Every second").click()
    rows = page.locator("#frame tbody tr:visible th")
    assert rows.all_inner_texts() == ["2", "4", "6"]
    page.locator("#temperature").select_option("0.9")
    assert page.locator("#frame thead th:visible").all_inner_texts() == [
        "epoch", "temp. 0.9, voice 1", "temp. 0.9, voice 2",
    ]  # fmt: skip
    assert "6 of 36 clips are shown" in page.locator("#shown").inner_text()
    page.get_by_role("spinbutton", name="Every").fill("1")
    page.get_by_label("only starred, tagged or noted").check()
    assert page.locator("#frame tbody button:visible").count() == 1
    page.get_by_label("only starred, tagged or noted").uncheck()
    page.locator("#kind").select_option("silence")
    assert rows.all_inner_texts() == ["2"]
    enter_table(page)
    page.keyboard.press("ArrowDown")
    assert chosen(page) == "epoch 2, temperature 0.9, voice 1"


def test_what_somebody_else_has_said_is_shown_as_text(page):
    page.get_by_label("Your name").fill("Ben")
    page.get_by_label("Your name").press("Tab")
    page.locator("#frame [aria-label^='epoch 3, temperature 0.9, voice 1']").click()
    others = page.locator("#others").inner_text()
    assert "Starred by Ana." in others and 'Ana: <b>warm</b> & "round"' in others
    assert page.locator("#star").get_attribute("aria-pressed") == "false"


def test_notes_stay_in_the_browser_and_come_back_through_a_file(page, heard, browser, tmp_path):
    page.locator("#frame button").nth(1).click()
    page.locator("#star").click()
    page.get_by_role("textbox", name="Note").fill("later: öäü 🎻")
    page.get_by_role("button", name="Keep the note").click()
    page.reload()
    assert [act["act"] for act in acts(page)] == ["star", "note", "star", "note"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the notes as a file").click()
    download.value.save_as(tmp_path / "notes.jsonl")

    shutil.copytree(heard.run.folder, tmp_path / "run")
    log = pl.audition(tmp_path / "run", heard.corpus, live=LiveLine(io.StringIO())).log
    assert log.merge(tmp_path / "notes.jsonl").new == 2 and log.merge(tmp_path / "notes.jsonl").new == 0
    assert log.heard["0001_2_t0.8"].notes == {"a listener": "later: öäü 🎻"}

    elsewhere = browser.new_context().new_page()
    elsewhere.goto(page.url)
    elsewhere.get_by_label("Load a file of notes").set_input_files(tmp_path / "notes.jsonl")
    elsewhere.get_by_text("Added 2 that were new.").wait_for()
    assert len(acts(elsewhere)) == 4
    elsewhere.context.close()


def test_what_a_notebook_refuses_is_said_once_and_not_sent_again(heard, browser, tmp_path):
    frame = html.escape(document(heard, PageSounds(heard), {}, "wire"))
    fields = '<div class="wire-out"><textarea></textarea></div><div class="wire-in"></div>'
    (tmp_path / "notebook.html").write_text(f'{fields}<iframe srcdoc="{frame}"></iframe>', encoding="utf-8")
    page = browser.new_context().new_page()
    page.goto((tmp_path / "notebook.html").as_uri())
    table = page.frame_locator("iframe")
    table.locator("#star").wait_for(state="attached")

    def sent():
        return json.loads(page.locator("textarea").input_value())["acts"]

    def say(kind):
        page.frames[1].evaluate(f"act({kind!r}, clips[0].name)")

    def answer(**answered):
        said = {"number": 1, "kept": [], "refused": [], "sounds": {}, "said": "", **answered}
        page.evaluate(
            "said => { document.querySelector('.wire-in').innerHTML = `<pre>${said}</pre>`; }", json.dumps(said)
        )

    say("explode")
    (refused,) = sent()
    answer(refused=[refused["id"]], said="It cannot be kept.")
    table.locator("#kept", has_text="It cannot be kept.").wait_for()
    say("star")
    assert [act["act"] for act in sent()] == ["star"]
    page.context.close()


@pytest.mark.parametrize("content", ["", "nonsense", '{"id": 1}', '[{"id": "a"}]', '{"a": null}\n{'])
def test_a_file_that_holds_no_notes_is_said_and_changes_nothing(page, tmp_path, content):
    (tmp_path / "file.jsonl").write_text(content)
    before = acts(page)
    page.get_by_label("Load a file of notes").set_input_files(tmp_path / "file.jsonl")
    page.locator("#kept").filter(has_text="no notes" if content else "Added 0").wait_for()
    assert acts(page) == before


def test_notes_about_another_run_are_refused(page, tmp_path):
    act = {"id": "a", "run": "b", "when": "2026-11-22T10:00:00", "who": "c", "act": "star", "clip": "0001_1_t0.8"}
    (tmp_path / "file.jsonl").write_text(json.dumps(act))
    page.get_by_label("Load a file of notes").set_input_files(tmp_path / "file.jsonl")
    page.locator("#kept").filter(has_text="another run").wait_for()


def test_of_two_clips_the_louder_one_is_turned_down_and_none_is_turned_up(page, heard):
    loudness = [clip.loudness for clip in heard.clips]
    loud = max(range(len(loudness)), key=lambda index: loudness[index] or -100)
    soft = min((index for index in range(len(loudness)) if loudness[index]), key=lambda index: loudness[index])
    enter_table(page)
    for index, key in ((loud, "a"), (soft, "b")):
        page.evaluate("index => goTo(index)", index)
        page.keyboard.press(key)
    page.get_by_role("button", name="Play A").click()
    assert page.locator("#player").evaluate(SOUNDS) == f"clip {loud}"
    expected = 10 ** ((loudness[soft] - loudness[loud]) / 20)
    assert page.locator("#player").evaluate("player => player.volume") == pytest.approx(expected, rel=1e-6)
    assert "turned down by" in page.locator("#matched").inner_text()
    page.evaluate("goTo(0)")
    page.keyboard.press("x")
    assert page.locator("#player").evaluate(SOUNDS) == f"clip {soft}"
    assert page.locator("#player").evaluate("player => player.volume") == 1
    page.get_by_label("match levels").uncheck()
    page.get_by_role("button", name="Play A").click()
    page.wait_for_timeout(200)
    assert page.locator("#player").evaluate("player => player.volume") == 1


def test_a_silent_clip_does_not_silence_the_other_one(page):
    assert page.evaluate("turnedDown([null, -20])") == [1, 1]


def test_the_report_of_the_page_is_that_of_the_library(page):
    for total in (0, 1, 5, 12, 20, 33, 100, 400):
        for right in {0, 1, total // 3, total // 2, round(0.7 * total), total - 1, total}:
            if 0 <= right <= total:
                said = page.evaluate("([right, total]) => reportInWords('source', right, total)", [right, total])
                assert said == str(Guesses("source", right, total))


def test_blind_listening_hides_what_is_played_and_counts_what_was_guessed(page, heard):
    page.evaluate("Math.random = () => 0.25")  # the coin falls on the first of the two
    page.get_by_role("button", name="Recording or model?").click()
    for number in range(6):
        before = page.locator("body").inner_text()
        page.get_by_role("button", name="Hear it").press("Enter")
        assert page.locator("#hidden").evaluate(SOUNDS).startswith("source")
        assert page.locator("#hidden").get_attribute("aria-label") == "hidden clip"
        assert ".wav" not in page.locator("#trial").inner_text() and "right in" not in before
        page.get_by_role("button", name="A recording" if number < 4 else "The model").press("Enter")
    page.get_by_role("button", name="That is enough").click()
    assert str(Guesses("source", 4, 6)) in page.locator("#report").inner_text()
    assert page.locator("#report li").count() == 6
    guesses = [act for act in acts(page) if act["act"] == "guess"]
    assert [act["text"] for act in guesses] == ["recording"] * 4 + ["model"] * 2
    assert all(act["truth"] == "recording" and act["game"] == "source" for act in guesses)


def test_the_coin_decides_and_nothing_comes_twice_before_all_have_come(page):
    page.get_by_role("button", name="Earlier or later epoch?").click()
    told = page.evaluate("""() => {
        const told = [];
        for (let n = 0; n < 400; n++) { told.push([trial.truth, trial.item[3]]); draw(); }
        return told;
    }""")
    later = sum(truth == "later" for truth, _ in told)
    assert 140 < later < 260, "400 throws of a fair coin are within six standard deviations"
    names = [name for truth, name in told if truth == "later"]
    pool = len(set(names))
    assert pool == 18 and len(set(names[:pool])) == pool
    assert all(int(name[:4]) >= 4 for name in names)


def test_silent_clips_are_left_out_of_blind_listening_unless_they_are_wanted(page):
    count = "() => { begin('source'); return pools.model.length; }"
    assert page.evaluate(count) == 30
    page.get_by_label("leave silent and faint clips out").uncheck()
    assert page.evaluate(count) == 36


def test_in_blind_listening_the_louder_ones_are_turned_down(page):
    volumes = page.evaluate("""() => { begin('source'); return Object.values(pools).flat().filter(Array.isArray).map(
        ([, , loudness]) => loudness === null ? 1 : Math.min(1, 10 ** ((pools.softest - loudness) / 20))); }""")
    assert max(volumes) <= 1 and min(volumes) < 1


def test_the_journey_goes_through_the_epochs_and_says_which_one_sounds(page):
    page.evaluate(
        "document.querySelectorAll('audio').forEach(one => { one.playbackRate = one.defaultPlaybackRate = 8; })"
    )
    page.get_by_label("Through").select_option("temperature 1, voice 2")
    page.get_by_role("button", name="Play the journey").click()
    for epoch in range(1, 7):
        page.locator("#marker").filter(has_text=f"Epoch {epoch}").wait_for(timeout=15000)
    page.locator("#marker").filter(has_text="The end.").wait_for(timeout=15000)
    assert page.get_by_role("button", name="Play the journey").is_visible()


def test_another_sound_ends_the_journey(page):
    page.get_by_role("button", name="Play the journey").click()
    page.locator("#marker").filter(has_text="Epoch 1").wait_for()
    page.locator("#frame button").nth(7).click()
    page.locator("#marker").filter(has_text="Stopped.").wait_for()
    assert page.locator("#player").evaluate(SOUNDS) == "clip 7"


def test_the_recording_that_is_nearest_can_be_heard_beside_the_clip(page, heard):
    page.locator("#frame button").first.click()
    said = page.locator("#near").inner_text()
    assert str(heard.clips[0].nearest)[1:] in said
    page.locator("#near button").first.click()
    assert page.locator("#near audio").first.evaluate(SOUNDS).startswith("source")
    assert page.locator("#player").evaluate("player => player.paused")


def test_a_silent_clip_says_that_there_is_nothing_to_compare(page):
    page.locator("#frame .inaudible").first.click()
    assert "nothing to compare" in page.locator("#near").inner_text()
