"""The lessons in JupyterLab, in a real browser: what a student sees, hears and can do, by mouse and by keyboard."""

import re

import pytest
from accessibility import no_objections
from lessons import is_check

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
LARGEST_OUTPUT = 5_000_000  # characters: front ends cut what is much larger, and the saved notebook grows with it
QUIETEST = 0.001  # of full scale, -60 dBFS: a player whose peak is not above is taken for silent
# Players that may be silent, by their names: what a model plays that a lesson trained for two minutes. At a low
# temperature that often is silence. One of them at least has to be heard.
MAY_BE_SILENT = {
    "02_training": r"epoch \d+, temperature .*",
    "03_auditioning_epochs": r"epoch \d+, temperature .*|take_.*",
    "04_generating": r"seed \d+|temperature .*|left alone|with nudges|six voices together|goes on .*|take_.*|yours",
    "05_going_further": r"temperature .*",
}
# Lessons in which the cell under a panel plays at once, and the control whose value then shows in the players' names.
PLAYED_AGAIN = {"00_first_sound": "seed", "03_auditioning_epochs": "temperature", "04_generating": "seed"}
RESET, KEEP = "Back to the start values", "Keep in the journal"
CHOICES, SEGMENTS, SUGGESTION = "Keep these choices", "Keep these segments", "Back to the suggestion"
FORMS = r"\bnotebook\.(?:Panel|SettingsPanel|intention_form|origin_form)\(|\bcourse\.(?:journal|files)_panel\("

# What each player has: its name, whether it would start by itself, how long it is, and the peak of its samples, which
# are read at their own rate, since another would move the peak.
HEAR = """async players => Promise.all(players.map(async player => {
    if (!(player.duration > 0)) await new Promise(heard => {
        player.onloadedmetadata = player.onerror = heard;
        setTimeout(heard, 20000);
    });
    const file = await (await fetch(player.src)).arrayBuffer();
    const wave = player.src.startsWith("data:audio/wav");
    const rate = wave ? new DataView(file).getUint32(24, true) : 44100;
    const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(file);
    let peak = 0;
    for (let channel = 0; channel < sound.numberOfChannels; channel++)
        for (const sample of sound.getChannelData(channel)) peak = Math.max(peak, Math.abs(sample));
    return {
        name: player.ariaLabel,
        autoplay: player.autoplay,
        seconds: player.duration,
        peak,
        caption: player.closest("figure").querySelector("figcaption").innerText,
    };
}))"""


def test_all_cells_run_without_an_error(lesson):
    assert not lesson.errors()
    assert lesson.has_run(), lesson.numbers()


def shown(notebook):
    """What the check cells show: the text of their outputs, in a row."""
    outputs = [cell.outputs for cell in notebook.cells if is_check(cell)]
    return ["".join(output.get("text") or output.data["text/plain"] for output in some) for some in outputs]


def test_check_cells_show_what_is_committed(lesson):
    assert shown(lesson.saved()) == shown(lesson.committed) != []


def test_all_panels_are_drawn(lesson):
    written = sum(len(re.findall(FORMS, code)) for code in lesson.code)
    assert len(lesson.boxes(RESET) + lesson.boxes(KEEP)) == written > 0
    written = sum(len(re.findall(r"\bnotebook\.(?:Recordings|Segments)Panel\(", code)) for code in lesson.code)
    assert lesson.outputs.get_by_role("button", name=re.compile(f"^({CHOICES}|{SEGMENTS})$")).count() == written


def test_no_output_is_large(lesson):
    assert (
        max(lesson.outputs.evaluate_all("outputs => outputs.map(output => output.innerHTML.length)")) < LARGEST_OUTPUT
    )


def test_every_label_is_shown_in_full(lesson):
    cut = "labels => labels.filter(label => label.scrollWidth > label.clientWidth).map(label => label.innerText)"
    assert not lesson.outputs.locator("label, button").evaluate_all(cut)


def test_nothing_is_asked_of_the_network_but_the_badge(lesson):
    assert lesson.asked_outside <= {BADGE}


def test_every_player_has_a_name_and_can_be_heard(lesson):
    players = lesson.outputs.locator("audio").evaluate_all(HEAR)
    assert players
    for player in players:
        assert player["name"] and player["seconds"] > 0 and not player["autoplay"], player
    names = {player["name"] for player in players}
    silent = {player["name"] for player in players if player["peak"] <= QUIETEST}
    may_be = {name for name in names if re.fullmatch(MAY_BE_SILENT.get(lesson.name, ""), name)}
    assert silent <= may_be
    assert not may_be or silent != may_be, "the model is silent throughout"


def test_every_player_is_as_loud_as_its_caption_says(lesson):
    for player in lesson.outputs.locator("audio").evaluate_all(HEAR):
        said = 10 ** (float(re.search(r"peak (\S+) dBFS", player["caption"])[1]) / 20)
        # The levels are rounded to 0.01 dB, then the caption to 0.1 dB; the file is rounded to 16 bits.
        rounding = said * (10 ** (0.055 / 20) - 1) + 2**-15
        assert abs(player["peak"] - said) <= rounding or re.search("here its first|as MP3", player["caption"]), player


def test_every_control_is_changed_by_keyboard_alone_and_put_back_by_its_button(lesson):
    for box in lesson.boxes(RESET):
        before, touched = box.values(), set()
        lesson.choose(box.cell)
        for place in range(box.controls.count()):
            left = dict(box.values())
            box.change(place)
            changed = {name for name, value in box.values() if value != left[name]}
            assert changed and not changed & touched, "each control has arguments of its own"
            touched |= changed
        assert touched == set(dict(before))
        box.reset()
        assert lesson.eventually(lambda box=box, before=before: box.values() == before), box.values()
    assert lesson.has_run(), "a key that was meant for a control changed the notebook"


def test_the_other_settings_come_and_go_by_keyboard_and_have_names(lesson):
    for box in lesson.boxes(RESET):
        more = box.box.locator(".prism-more input")
        if not more.count():
            continue
        lesson.choose(box.cell)
        few = box.controls.count()
        lesson.tab_to(more)
        lesson.keys.press("Space")
        assert lesson.eventually(lambda box=box, few=few: box.controls.count() > 2 * few)
        no_objections(lesson.page, {"include": [[".jp-OutputArea-output"]]})
        lesson.keys.press("Space")
        assert lesson.eventually(lambda box=box, few=few: box.controls.count() == few)


def test_what_a_control_says_is_heard_when_the_next_cell_is_run_again(lesson):
    if lesson.name not in PLAYED_AGAIN:
        return
    box = next(box for box in lesson.boxes(RESET) if PLAYED_AGAIN[lesson.name] in dict(box.values()))
    names = "players => players.map(player => player.ariaLabel)"
    players = lesson.cells.nth(box.cell + 1).locator("audio")
    before = players.evaluate_all(names)
    lesson.choose(box.cell)
    box.change([name for name, _ in box.values()].index(PLAYED_AGAIN[lesson.name]))
    lesson.run_cell(box.cell + 1)
    after = players.evaluate_all(names)
    assert len(after) == len(before) and not set(after) & set(before)


def test_the_journal_keeps_what_is_written_and_says_so(lesson):
    for box in lesson.boxes(KEEP):
        said = box.box.get_by_role("status")
        box.button.click()
        said.filter(has_text="Nothing new to keep").wait_for()
        lesson.choose(box.cell)
        for place in range(box.controls.count()):
            box.press(place)
        lesson.tab_to(box.button)
        lesson.keys.press("Space")
        said.filter(has_text=re.compile("^Kept .* in ")).wait_for()
        box.button.click()
        said.filter(has_text="Nothing new to keep").wait_for()
        lesson.run_cell(box.cell + 1)
        assert "Nothing new to keep" in lesson.cells.nth(box.cell + 1).inner_text()


@pytest.mark.parametrize("label", [CHOICES, SEGMENTS])
def test_what_is_ticked_by_keyboard_is_chosen_by_the_button_and_by_the_next_cell(lesson, label):
    for place, cell in enumerate(lesson.cells.all()):
        panel, button = cell.locator(".prism-choosing"), cell.get_by_role("button", name=label)
        if not button.count():
            continue
        # A segment that is the only one cannot be unticked: its start is moved instead.
        panel.locator("input").nth(0 if label == CHOICES else 1).focus()
        lesson.keys.press("Space" if label == CHOICES else "ArrowUp")
        button.focus()  # twenty players lie between, each with several stops of the Tab key
        lesson.keys.press("Space")
        panel.get_by_role("status").filter(has_text="Kept 1 ").wait_for()
        lesson.run_cell(place + 1)
        assert "Nothing new to keep" in lesson.cells.nth(place + 1).inner_text()


def test_every_button_is_one_that_is_tried_here(lesson):
    tried = {RESET, KEEP, CHOICES, SEGMENTS, SUGGESTION, "Make a take"}  # the last one in test_instrument.py
    assert set(lesson.outputs.get_by_role("button").all_inner_texts()) <= tried


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_axe_finds_nothing_to_object_to(lesson, theme):
    lesson.choose_in_menu("Settings", "Theme", theme)
    lesson.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
    no_objections(lesson.page, {"include": [[".jp-OutputArea-output"]]})
