"""The exported journal: whole, safe to open, and nothing of anybody else's is touched."""

import io
import re
import shutil
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from prism_lessons.audio import Clip
from prism_lessons.audition import portfolio
from prism_lessons.audition.listening import Act, ListeningLog
from prism_lessons.audition.portfolio import export_journal
from prism_lessons.corpus.choices import Choices
from prism_lessons.errors import CourseError
from prism_lessons.journal import Journal
from prism_lessons.live import LiveLine
from prism_lessons.run import Epoch, Run

SETTINGS = {
    "model": {"dim": 128}, "training": {"patience": None}, "sample_rate": 8000,
    "corpus": {"digest": "0", "folder": "corpus", "not_to_share": ["a <b>.wav: no consent"]},
    "references": {"uniform": 8.0},
}  # fmt: skip
CARD = "# Card of this corpus\n\n## Intention\n\n- What to hear: air\n\n## Clips\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
HOSTILE = "# <script>alert(1)</script> | ![x](http://example.org/a.png)\n\n1. 😀 " + "long " * 2000


@pytest.fixture
def run(tmp_path, noise):
    run = Run.begin(tmp_path / "run", SETTINGS, CARD)
    for epoch in (1, 2):
        run.record(Epoch(epoch, 5.0, 5.0, 1.0, 1, 0.001))
        Clip(noise(0.5, epoch, 8000), 8000).save(run.clip_path(epoch, 1, 0.95))
    return run


def export(run, folder, *others):
    page = export_journal(run, folder, *others, live=LiveLine(io.StringIO()))
    return page.read_text(encoding="utf-8"), (page.parent / "journal.md").read_text(encoding="utf-8")


def test_nothing_heard_yet_is_said(run, tmp_path):
    page, markdown = export(run, tmp_path / "out")
    assert "Nothing has been starred or noted yet" in page and "Nothing has been starred or noted yet" in markdown
    assert not (tmp_path / "out" / "clips").exists()


def test_all_is_told_in_order_and_nobody_s_text_is_markup(run, tmp_path):
    log, journal, choices = ListeningLog(run, "Anna"), Journal(tmp_path / "j"), Choices(tmp_path / "c")
    log.star("0002_1_t0.95")
    log.note("0002_1_t0.95", HOSTILE)
    log.take([Act("1", log.key, "2026-11-24T08:45", "Anna", "choose", "0001_1_t0.95", HOSTILE)])
    journal.write("01_curating", {HOSTILE: HOSTILE})
    choices.intend(HOSTILE)
    choices.leave_out("a.wav")
    choices.undo()
    page, markdown = export(run, tmp_path / "out", log, journal, choices)
    assert "- Undone, and therefore not listed: 1 choice." in markdown
    assert "<script" not in page and "<img" not in page and 'href="http' not in page and "autoplay" not in page
    assert page.count("<audio") == 2 and page.count("<h1") == 1 and "](http" not in markdown.replace("\\](http", "")
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    told = re.findall(r"^## (.*)", markdown, re.MULTILINE)
    assert told == [
        "Intention", "What was decided about the recordings", "The corpus", "Settings", "The learning curve",
        "What happened", "What was heard", "Questions and answers", "What was chosen",
    ]  # fmt: skip
    assert page.index("may not be shared") < page.index("Intention") and "a &lt;b&gt;.wav" in page


def test_the_picture_beside_the_markdown_is_one_that_any_program_opens(run, tmp_path):
    export(run, tmp_path / "out")
    picture = ElementTree.parse(tmp_path / "out" / "curve.svg").getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg" and "Bits per sample" in picture.get("aria-label")


def test_clips_are_copied_as_they_are_and_those_no_longer_told_of_go(run, tmp_path):
    log, folder = ListeningLog(run, "Anna"), tmp_path / "out"
    log.star("0002_1_t0.95")
    export(run, folder)
    assert (folder / "clips/epoch_002_t0.95_voice1.wav").read_bytes() == run.clip_path(2, 1, 0.95).read_bytes()
    (folder / "clips" / "mine.wav").write_bytes(b"mine")
    log.unstar("0002_1_t0.95")
    export(run, folder)
    assert [path.name for path in (folder / "clips").iterdir()] == ["mine.wav"]


def test_somebody_else_s_files_and_the_run_s_own_clips_are_left_alone(run, tmp_path):
    for folder in (run.folder, run.folder / "clips"):
        with pytest.raises(CourseError, match="export into another folder"):
            export(run, folder)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "journal.md").write_text("mine")
    with pytest.raises(CourseError, match="choose another folder"):
        export(run, tmp_path / "out")
    assert (tmp_path / "out" / "journal.md").read_text() == "mine"


def test_a_page_that_would_be_too_large_codes_its_sounds_then_leaves_some_out(run, tmp_path, monkeypatch):
    ListeningLog(run).star("0001_1_t0.95")
    ListeningLog(run).star("0002_1_t0.95")
    monkeypatch.setattr(portfolio, "MOST_WAV_BYTES", 0)
    assert "coded as FLAC" in export(run, tmp_path / "out")[0]
    size = len(export(run, tmp_path / "out")[0])
    monkeypatch.setattr(portfolio, "MOST_BYTES", size - 14_000)
    page, _ = export(run, tmp_path / "out")
    assert "MP3" in page and len(page) <= size - 14_000


def test_a_damaged_and_a_missing_clip_are_said(run, tmp_path):
    log = ListeningLog(run, "Anna")
    log.star("0001_1_t0.95")
    log.star("0002_1_t0.95")
    run.clip_path(1, 1, 0.95).unlink()
    run.clip_path(2, 1, 0.95).write_bytes(b"RIFF")
    page, _ = export(run, tmp_path / "out")
    assert "its clip is no longer there" in page and "No player:" in page


def test_a_full_disk_is_said(run, small_disk):
    ListeningLog(run).star("0001_1_t0.95")
    with small_disk(2**12, 2**12) as folder, pytest.raises(CourseError, match="disk is full"):
        export(run, folder / "out")


def test_a_run_without_epochs_is_told_too(run, tmp_path):
    (run.folder / "log.jsonl").unlink()
    shutil.rmtree(run.folder / "clips")
    assert "No epoch has been finished yet" in export(run, tmp_path / "out")[0]
