"""The capsule of an epoch remembers what was heard in it."""

import pytest

from prism_lessons.audio import Clip
from prism_lessons.audition.epoch_capsule import capsule_of
from prism_lessons.audition.listening import ListeningLog
from prism_lessons.capsule import Capsule
from prism_lessons.errors import CourseError
from prism_lessons.run import Epoch


@pytest.fixture
def run(begin_run, noise, unlearned):
    run = begin_run("run")
    for epoch in (1, 2):
        run.record(Epoch(epoch, 5.0, 5.0, 1.0, 1, 0.001))
        Clip(noise(0.1, epoch, 8000), 8000).save(run.clip_path(epoch, 1, 1.0))
    unlearned(2, 8000, run.card).save(run.capsule_path(2))
    return run


def test_what_was_heard_is_in_the_card_and_survives_saving(run, tmp_path):
    log = ListeningLog(run, who="Anna | <b>")
    log.star("0002_1_t1")
    log.note("0002_1_t1", "# <script>\n" + "😀" * 10_000)
    log.star("0001_1_t1")
    capsule_of(run, 2, log).save(tmp_path / "a.capsule")
    there = Capsule.load(tmp_path / "a.capsule")
    assert there.card.startswith("# Card of this corpus\n\n## What was heard\n") and "<script" not in there.card
    assert "- Starred by Anna \\| &lt;b>" in there.card and "\n> \\# &lt;script>\\\n" in there.card
    assert [(act["act"], act["clip"]) for act in there.about["listening"]] == [
        ("star", "0002_1_t1"), ("note", "0002_1_t1")
    ]  # fmt: skip


def test_more_notes_than_a_capsule_can_hold_are_counted(run, tmp_path):
    log = ListeningLog(run, who="Anna")
    for number in range(30):
        log.note("0002_1_t1", f"{number} " + "😀" * 15_000)
    capsule_of(run, 2, log).save(tmp_path / "a.capsule")
    there = Capsule.load(tmp_path / "a.capsule")
    kept = there.about["listening"]
    assert kept[-1]["text"].startswith("29 ") and f"The {30 - len(kept)} oldest acts" in there.card


def test_without_weights_there_is_no_capsule(run):
    with pytest.raises(CourseError, match="weights of epoch 1 are not there"):
        capsule_of(run, 1, ListeningLog(run))
