"""The table of a large run's clips in JupyterLab, by keyboard alone: what is said in it is in the log at once.

How long it took to open is left in artefacts/timings.json.
"""

import shutil
import time

import nbformat
import pytest
from accessibility import no_objections
from in_jupyterlab import SCREEN, Lesson, keep_times, serving
from many_clips import many_clips

from prism_lessons.audition import ListeningLog
from prism_lessons.run import Run

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
CELLS = """
import prism_lessons as pl
from prism_lessons import notebook

heard = pl.audition("run", who="Ana")
print(heard.summary)
---
notebook.AuditionTable(heard)
"""
LOADED = """player => new Promise(heard => {
    const look = () => player.currentTime > 0 ? heard([player.duration, player.dataset.sound]) : setTimeout(look, 10);
    look();
})"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of 360 clips, in a folder with a notebook that opens its table."""
    folder = tmp_path_factory.mktemp("table")
    _, corpus = many_clips(folder)
    shutil.rmtree(corpus)  # benchmarks/many_clips.py times how long clips are sought in it
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.split("---")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), folder / "table.ipynb")
    return Run(folder / "run")


@pytest.fixture(scope="module")
def server(run, tmp_path_factory):
    """JupyterLab on that folder."""
    with serving(run.folder.parent, tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="module")
def lesson(run, server, browser):
    """The notebook, with its first cell run."""
    context = browser.new_context(viewport=SCREEN)
    try:
        lesson = Lesson(run.folder.parent / "table.ipynb", server, context)
        lesson.open()
        lesson.choose(0)
        timed(lesson, lambda: lesson.numbers()[0] == "[1]:")
        assert not lesson.errors()
        yield lesson
    finally:
        context.close()


@pytest.fixture(scope="module")
def table(lesson):
    """The table in its frame, opened."""
    frame = lesson.page.frame_locator("iframe[srcdoc]")
    lesson.choose(1)
    seconds = timed(lesson, lambda: frame.locator("#frame button").count() == 360)
    keep_times(lesson.name, {"seconds until the table of 360 clips is open": seconds})
    return frame


def timed(lesson, condition):
    """Run the chosen cell; the seconds until something is the case."""
    lesson.keys.press("Shift+Enter")
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 600, lesson.outputs.all_inner_texts()
        lesson.page.wait_for_timeout(50)
    return round(time.monotonic() - begun, 1)


def said(run):
    return [(act.who, act.act, act.clip, act.text) for act in ListeningLog(run).acts]


def test_a_clip_comes_from_python_when_it_is_played(table, lesson):
    assert table.locator("#player").get_attribute("src") is None
    table.locator("#frame button").first.focus()
    lesson.keys.press("ArrowDown")
    lesson.keys.press("Enter")
    assert table.locator("#player").evaluate(LOADED) == [3, "clip 6"]


def test_what_is_said_by_keyboard_is_in_the_log_in_a_moment(table, lesson, run):
    table.locator("#frame button").first.focus()
    for key in ("ArrowDown", "s", "w"):
        lesson.keys.press(key)
    lesson.keys.type('nice & <b>"warm"</b> 🎻')
    lesson.keys.press("Escape")
    lesson.keys.press("t")
    lesson.keys.type("breath")
    lesson.keys.press("Enter")
    clip = "0002_1_t0.8"
    wanted = [("star", ""), ("note", 'nice & <b>"warm"</b> 🎻'), ("tag", "breath")]
    assert lesson.eventually(lambda: said(run) == [("Ana", act, clip, text) for act, text in wanted])
    assert lesson.has_run() or lesson.numbers()[:2] == ["[1]:", "[2]:"], "a key reached the notebook"


def test_what_is_said_while_python_is_busy_is_kept_as_soon_as_it_is_not(table, lesson, run):
    before = len(said(run))
    table.locator("body").evaluate("""() => {
        for (let n = 0; n < 30; n++) act("note", clips[10 + n].name, `note ${n}`);
    }""")
    assert lesson.eventually(lambda: len(said(run)) == before + 30)
    assert [text for *_, text in said(run)[before:]] == [f"note {n}" for n in range(30)]


def test_axe_finds_nothing_to_object_to(table, lesson):
    no_objections(lesson.page, {"include": [[".jp-OutputArea-output"]]})


def test_nothing_is_lost_when_python_dies_and_what_is_said_afterwards_waits_in_the_browser(table, lesson, run, server):
    before, (kernel,) = said(run), server.kernels()
    kernel.kill()
    assert lesson.eventually(lambda: server.kernels() not in ([], [kernel]))  # JupyterLab begins another
    assert said(run) == before
    table.locator("body").evaluate("act('star', clips[50].name)")
    waiting = "JSON.parse(localStorage.getItem(STORE)).map(act => act.clip)"
    assert table.locator("body").evaluate(waiting) == [run.played[50].name]
    lesson.page.get_by_role("dialog").get_by_role("button", name="Ok").click()  # it says so
    lesson.cells.first.locator(".jp-InputPrompt").click()
    for number in ("[1]:", "[2]:"):
        timed(lesson, lambda number=number: number in lesson.numbers() and "[*]:" not in lesson.numbers())
    assert lesson.eventually(lambda: said(run)[len(before) :] == [("Ana", "star", run.played[50].name, "")])
