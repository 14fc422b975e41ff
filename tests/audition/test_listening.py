"""The listening log: written at once, never lost, put together from several listeners, and weights that it keeps."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from prism_lessons.audition import listening
from prism_lessons.audition.listening import LOG, Act, ListeningLog, run_key
from prism_lessons.errors import CourseError
from prism_lessons.run import Run

CLIP = "0002_1_t0.85"


@pytest.fixture
def log(made_run):
    return ListeningLog(made_run, who="Ana")


@pytest.fixture
def other(made_run, tmp_path):
    """Somebody else's log, in a copy of the run."""
    shutil.copytree(made_run.folder, tmp_path / "copy of the run")
    return ListeningLog(Run(tmp_path / "copy of the run"), who="Ben")


def lines(log):
    return [json.loads(line) for line in log.path.read_text().splitlines()]


def test_what_is_said_is_in_the_file_when_the_call_returns_and_is_there_again_later(log, made_run):
    log.star(CLIP)
    assert [line["act"] for line in lines(log)] == ["star"]
    log.tag(CLIP, "breath")
    log.note(CLIP, 'like "wind" <b>\n& rain 🎻')
    heard = ListeningLog(made_run).heard[CLIP]
    assert heard.stars == ("Ana",) and heard.tags == ("breath",)
    assert heard.notes == {"Ana": 'like "wind" <b>\n& rain 🎻'}


def test_a_long_log_is_read_again_only_where_somebody_else_has_written(log, other, monkeypatch):
    log.star(CLIP)
    reads, read = [], listening.read_json_lines
    monkeypatch.setattr(listening, "read_json_lines", lambda *told, **more: reads.append(told) or read(*told, **more))
    log.tag(CLIP, "breath")
    log.note(CLIP, "like wind")
    assert [act.act for act in log.acts] == ["star", "tag", "note"] and log.heard[CLIP].tags == ("breath",)
    assert not reads
    another = ListeningLog(log.run, who="Cem")
    another.tag(CLIP, "dark")
    reads.clear()
    assert log.heard[CLIP].tags == ("breath", "dark") and len(reads) == 1


def test_the_file_only_grows(log):
    log.star(CLIP)
    before = log.path.read_bytes()
    log.unstar(CLIP)
    log.note(CLIP, "first")
    log.note(CLIP, "second")
    assert log.path.read_bytes().startswith(before) and len(lines(log)) == 4
    assert log.heard[CLIP].notes == {"Ana": "second"} and not log.heard[CLIP].stars


def test_what_is_taken_back_is_not_said_any_more(log):
    log.star(CLIP)
    log.tag(CLIP, "breath")
    log.note(CLIP, "a note")
    log.unstar(CLIP)
    log.untag(CLIP, "breath")
    log.note(CLIP, "")
    log.take([Act("1", log.key, "2026-11-22T10:00:00.000", "Eva", "note", CLIP, " \n ")])
    assert log.heard == {} and log.starred == []
    assert str(log) == "Nothing has been starred or noted yet."


def test_a_star_keeps_the_weights_of_its_epoch_for_ever(log, made_run):
    assert "kept for ever" in log.star(CLIP)
    log.unstar(CLIP)
    made_run.prune(0, recent=0)
    assert made_run.starred == [2] and 2 in made_run.epochs


def test_a_star_for_an_epoch_whose_model_is_gone_stays_and_says_so(log):
    assert "epoch 4 is no longer there" in log.star("0004_1_t1")
    assert log.starred == ["0004_1_t1"]


def test_a_star_whose_weights_could_not_be_kept_is_tried_again_with_the_same_act(log, made_run):
    act = Act("1", log.key, "2026-11-22T10:00:00.000", "Eva", "star", CLIP)
    (made_run.folder / "starred.json").mkdir()  # as if the disk were full
    with pytest.raises(CourseError):
        log.take([act])
    (made_run.folder / "starred.json").rmdir()
    assert log.starred == [CLIP] and made_run.starred == []
    log.take([act])  # a page sends again what was not answered
    assert made_run.starred == [2] and len(lines(log)) == 1


def test_logs_of_two_listeners_are_put_together_whatever_the_order(log, other):
    log.star(CLIP)
    log.note(CLIP, "mine")
    other.star(CLIP)
    other.note(CLIP, "yours")
    other.star("0003_1_t1")
    assert log.merge(other.path).new == 3 and log.merge(other.run.folder).new == 0
    assert other.merge(log.path).new == 2
    assert log.heard == other.heard
    assert log.heard[CLIP].stars == ("Ana", "Ben") and log.heard[CLIP].notes == {"Ana": "mine", "Ben": "yours"}
    assert log.run.starred == [2, 3], "what the other has starred is kept here too"


def test_my_taking_back_leaves_the_star_of_somebody_else(log, other):
    other.star(CLIP)
    log.merge(other.path)
    log.star(CLIP)
    log.unstar(CLIP)
    assert log.heard[CLIP].stars == ("Ben",)


def test_the_name_of_the_folder_does_not_matter_but_the_run_does(log, other, made_run):
    assert log.key == other.key
    entry = made_run.log[0]
    other.run.record(type(entry)(**{**vars(entry), "bits": 1.0}))
    assert run_key(other.run) != log.key
    stranger = ListeningLog(other.run)
    stranger.star(CLIP)
    with pytest.raises(CourseError, match="another run"):
        log.merge(stranger.path)
    assert log.acts == []


def test_a_run_that_goes_on_keeps_its_log(log, made_run):
    log.star(CLIP)
    entry = made_run.log[-1]
    made_run.record(type(entry)(**{**vars(entry), "epoch": 5}))
    assert ListeningLog(made_run).key == log.key


def test_a_line_cut_off_in_a_crash_costs_that_line_alone(log, made_run):
    log.star(CLIP)
    whole = log.path.read_bytes()
    log.note(CLIP, "é" * 50)
    note = log.path.read_bytes()[len(whole) :]
    for size in range(len(note) - 1):
        log.path.write_bytes(whole + note[:size])
        again = ListeningLog(made_run, who="Ana")
        assert [act.act for act in again.acts] == ["star"]
        again.tag(CLIP, "after")
        assert [line["act"] for line in lines(again)] == ["star", "tag"]


def test_a_line_that_lacks_only_its_end_counts_and_is_given_it(log, made_run):
    log.star(CLIP)
    log.note(CLIP, "é")
    log.path.write_bytes(log.path.read_bytes().rstrip(b"\n"))  # as some text editors save it
    again = ListeningLog(made_run, who="Ana")
    assert again.starred == [CLIP] and again.heard[CLIP].notes == {"Ana": "é"}
    again.tag(CLIP, "after")
    again.path.write_bytes(again.path.read_bytes().rstrip(b"\n"))
    again.unstar(CLIP)
    assert [line["act"] for line in lines(again)] == ["star", "note", "tag", "unstar"]
    assert again.path.read_bytes().endswith(b"}\n")


def test_whatever_had_been_said_before_a_kill_is_there(log, made_run):
    """A listener who writes without pause is killed at any moment: what a call has returned for is in the log."""
    code = (
        "import sys; from prism_lessons.run import Run; from prism_lessons.audition.listening import ListeningLog\n"
        "log = ListeningLog(Run(sys.argv[1]), who=sys.argv[2])\n"
        "print('ready', flush=True)\n"
        "for number in range(10**6):\n"
        f"    log.note('{CLIP}', str(number) + 'x' * 5000); print(number, flush=True)\n"
    )
    for kill in range(6):
        listener = f"listener {kill}"
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(made_run.folder), listener], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        for _ in range(3 + 7 * kill):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        said = [int(line) for line in process.stdout.read().split()] or [2 + 7 * kill]
        process.wait()
        written = [act.text for act in ListeningLog(made_run).acts if act.who == listener]
        assert len(written) >= said[-1] + 1
        assert all(text == str(number) + "x" * 5000 for number, text in enumerate(written))
    log.star(CLIP)
    assert log.starred == [CLIP]


def test_two_at_once_lose_nothing(log, made_run):
    code = (
        "import sys; from prism_lessons.run import Run; from prism_lessons.audition.listening import ListeningLog\n"
        "log = ListeningLog(Run(sys.argv[1]), who=sys.argv[2])\n"
        f"for number in range(40): log.note('{CLIP}', str(number))\n"
    )
    command = [sys.executable, "-c", code, str(made_run.folder)]
    both = [subprocess.Popen([*command, who]) for who in ("one", "two")]
    assert [process.wait() for process in both] == [0, 0]
    for who in ("one", "two"):
        assert [act.text for act in log.acts if act.who == who] == [str(number) for number in range(40)]


def test_two_programs_that_star_at_once_lose_no_star(made_run):
    for epoch in range(3, 43):
        shutil.copy(made_run.capsule_path(2), made_run.capsule_path(epoch))
    code = "import sys; from prism_lessons.run import Run\n[Run(sys.argv[1]).star(int(one)) for one in sys.argv[2:]]"
    command = [sys.executable, "-c", code, str(made_run.folder)]
    both = [subprocess.Popen([*command, *map(str, range(first, 43, 2))]) for first in (3, 4)]
    assert [process.wait() for process in both] == [0, 0]
    assert made_run.starred == [*range(3, 43)]


def test_a_second_folder_is_kept_up_to_date_and_taken_in(made_run, tmp_path):
    (tmp_path / "drive").mkdir()
    log = ListeningLog(made_run, who="Ana", copy=tmp_path / "drive")
    log.star(CLIP)
    (made_run.folder / LOG).unlink()  # a runtime that was taken away
    again = ListeningLog(made_run, who="Ana", copy=tmp_path / "drive")
    assert again.starred == [CLIP]


def test_a_second_folder_that_is_gone_hinders_nobody_and_catches_up_later(made_run, tmp_path):
    log = ListeningLog(made_run, who="Ana", copy=tmp_path / "drive")
    log.star(CLIP)
    (tmp_path / "drive").mkdir()
    log.note(CLIP, "back")
    assert len((tmp_path / "drive" / LOG).read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["nothing", "0009_1_t1", "../../etc/passwd", ""])
def test_a_clip_that_is_not_there_is_refused_by_name(log, name):
    with pytest.raises(CourseError, match="no clip"):
        log.star(name)
    assert not log.path.exists()


@pytest.mark.parametrize("text", [None, 3, b"bytes", ["a"]])
def test_what_is_no_text_is_refused(log, text):
    with pytest.raises(CourseError, match="must be text"):
        log.note(CLIP, text)


def test_an_empty_tag_is_refused(log):
    with pytest.raises(CourseError, match="write one"):
        log.tag(CLIP, "  ")


GOOD = {"id": "a", "run": "r", "when": "2026-11-22T10:00:00", "who": "w", "act": "star", "clip": "0002_1_t1"}


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "nonsense",
        '{"act": "star"}',
        *(
            json.dumps(GOOD | change)
            for change in (
                {"id": 1},
                {"id": ""},
                {"when": "yesterday"},
                {"act": "explode"},
                {"evil": "x"},
                {"clip": "../x"},
                {"who": "\ud800"},
                {"who": "w" * 1000},
                {"act": "note", "text": "x" * 100_000},
                {"act": "guess", "text": "?"},
            )
        ),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_changed(log, line):
    log.star(CLIP)
    log.path.write_text(log.path.read_text() + line + "\n")
    before = log.path.read_bytes()
    with pytest.raises(CourseError, match="Line 2 of the listening log"):
        ListeningLog(log.run)
    with pytest.raises(CourseError, match="Line 2 of the listening log"):
        log.star(CLIP)
    assert log.path.read_bytes() == before


def test_a_file_that_is_not_there_or_no_notes_is_said(log, tmp_path):
    with pytest.raises(CourseError, match="no notes"):
        log.merge(tmp_path / "nothing.jsonl")
    (tmp_path / "take.wav").write_bytes(os.urandom(1000) + b"\n")
    with pytest.raises(CourseError, match="is damaged"):
        log.merge(tmp_path / "take.wav")


def test_lines_that_cannot_be_taken_hold_up_no_other_and_are_counted(log, other):
    other.star(CLIP)
    other.note(CLIP, "yours")
    first, second = other.path.read_text().splitlines()
    stranger = json.dumps(json.loads(first) | {"id": "x", "run": "another"})
    other.path.write_text("\n".join([first, "nonsense", json.dumps({"x": 1}), stranger, second]))
    merged = log.merge(other.path)
    assert (merged.new, merged.left_out) == (2, 3) and log.heard[CLIP].notes == {"Ben": "yours"}
    assert str(merged).startswith("2 new stars, tags, notes and guesses; left out: 3 lines. Line 2 of the notes")
    assert str(log.merge(log.path)) == "0 new stars, tags, notes and guesses."


def test_a_second_folder_whose_log_is_damaged_is_said_when_it_is_opened(log, made_run, tmp_path):
    log.star(CLIP)
    (tmp_path / "drive").mkdir()
    (tmp_path / "drive" / LOG).write_text(log.path.read_text() + "nonsense\n")
    with pytest.raises(CourseError, match="Line 2 of the notes"):
        ListeningLog(made_run, copy=tmp_path / "drive")


def test_a_full_disk_is_said_and_what_was_there_stays(small_disk, made_run):
    with small_disk(holding=made_run.folder, size=2**21, largest_file=2**16) as disk:
        log = ListeningLog(Run(disk / "run"), who="Ana")
        log.star(CLIP)
        with pytest.raises(CourseError, match="disk is full"):
            for _ in range(300):
                log.note(CLIP, "x" * 20_000)
        again = ListeningLog(Run(disk / "run"), who="Ana")
        assert again.starred == [CLIP]


def test_an_act_given_twice_counts_once(log):
    act = Act("1", log.key, "2026-11-22T10:00:00.000", "Eva", "star", CLIP)
    log.take([act, act])
    log.take([act])
    assert len(lines(log)) == 1


def guess(log, who, guesses):
    log.take(
        Act(f"{who} {n}", log.key, "2026-11-22T10:00:00.000", who, "guess", CLIP, said, "source", truth)
        for n, (said, truth) in enumerate(guesses)
    )


def test_a_guess_counts_for_its_game_alone(log):
    guesses = [("recording", "recording"), ("model", "recording"), ("model", "model")]
    guess(log, "Ana", guesses)
    assert (log.guesses("source").right, log.guesses("source").total) == (2, 3)
    assert log.guesses("age").total == 0
    assert "in 3 trials and were right in 2" in str(log)


def test_guesses_of_others_are_told_apart_from_yours(log):
    guess(log, "Ana", [("model", "model")])
    guess(log, "Ben", [("model", "recording"), ("model", "model")])
    assert (log.guesses("source").right, log.guesses("source").total) == (1, 1)
    assert "You guessed whether you heard a recording or the model in 1 trial and were right in 1" in str(log)
    assert str(log).endswith("Ben guessed whether you heard a recording or the model in 2 trials, and was right in 1.")
