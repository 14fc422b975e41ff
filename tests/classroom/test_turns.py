"""A class trains in turns: who comes next, what an edited list changes, and that one who fails stops nobody."""

import io
import json
import os
import sys
import types

import pytest

import prism_lessons as pl
from prism_lessons.classroom import train_class, turns
from prism_lessons.cli import main
from prism_lessons.live import LiveLine
from prism_lessons.training.callback import TrainingCallback

SLICE = 60.0  # seconds


class Cluster:
    """Ray as far as turns need it, with room for so many: `work` is what a turn does, given a student's name."""

    class exceptions:
        class RayError(Exception):
            pass

        class TaskCancelledError(RayError):
            pass

    def __init__(self, room, work):
        self.room, self.work, self.cancelled, self.begun = room, work, set(), []

    def begin(self, place, folder, slice_minutes):
        self.begun.append(place.name)
        return len(self.begun) - 1

    def wait(self, turns, timeout):
        return turns[:1], turns[1:]

    def get(self, turn):
        if turn in self.cancelled:
            raise self.exceptions.TaskCancelledError
        return self.work(self.begun[turn])

    def cancel(self, turn):
        self.cancelled.add(turn)


@pytest.fixture
def class_of(tmp_path, monkeypatch):
    """A function that makes the turns of a list; training adds a slice to `seconds`, {name: seconds}."""

    def make(text, room=1, work=lambda name: ""):
        seconds, path = {}, tmp_path / "monday.csv"

        def train(name):
            if why := work(name):
                return turns.FAILED, why
            most = 60 * queue.students[name].place.minutes
            seconds[name] = min(seconds.get(name, 0.0) + SLICE, most)
            return turns.DONE if seconds[name] == most else turns.WAITING, ""

        ray = Cluster(room, train)
        monkeypatch.setitem(sys.modules, "ray", ray)
        monkeypatch.setattr(turns, "training_resources", lambda: ({"CPU": 1}, room))
        monkeypatch.setattr(turns, "_remote", lambda needed: types.SimpleNamespace(remote=ray.begin))
        monkeypatch.setattr(
            turns.Student, "measure", lambda student: setattr(student, "seconds", seconds.get(student.place.name, 0.0))
        )
        path.write_text("name,corpus,minutes,preset\n" + text)
        queue = turns.Turns(path, tmp_path / "monday", SLICE / 60, LiveLine(io.StringIO()))
        queue.look()
        return queue, ray, path

    return make


def go_on(queue, most=100):
    """Give turns until all are over; yields after each one has begun."""
    for _ in range(most):
        queue.look()
        queue.start()
        queue.tell()
        if queue.over:
            return
        yield
        queue.wait()
    raise AssertionError("the class does not end")


@pytest.mark.parametrize("room", [1, 2])
def test_nobody_is_more_than_a_slice_ahead_for_each_training_at_a_time(class_of, room):
    queue, ray, _ = class_of("Ana,a,3\nBen,b,3\nCem,c,3\nDue,d,3\n", room)
    for _ in go_on(queue):
        assert len(queue.running) <= room
        seconds = [student.seconds for student in queue.students.values()]
        assert max(seconds) - min(seconds) <= room * SLICE
    assert ray.begun == ["Ana", "Ben", "Cem", "Due"] * 3
    assert {student.state for student in queue.students.values()} == {turns.DONE}


def test_one_who_fails_stops_nobody_and_is_tried_again_when_the_line_changes(class_of):
    queue, ray, path = class_of("Ana,a,2\nBen,b,2\n", work=lambda name: "No clips." if name == "Ana" else "")
    for _ in go_on(queue):
        pass
    assert queue.summary == "2 students: 1 done, 1 failed." and queue.students["Ana"].problem == "No clips."
    assert ray.begun == ["Ana", "Ben", "Ben"]
    write(path, "Ana,mended,1\nBen,b,2\n")
    queue.look()
    assert queue.students["Ana"].state == turns.WAITING and not queue.students["Ana"].problem


def test_one_that_ends_before_its_minutes_is_over(class_of):
    queue, ray, _ = class_of("Ana,a,9\nBen,b,1\n")
    work = ray.work
    ray.work = lambda name: (work(name), (turns.DONE, ""))[1]  # no better validation for a while
    for _ in go_on(queue):
        pass
    assert ray.begun == ["Ana", "Ben"] and queue.summary == "2 students: 2 done."


def test_a_lost_worker_costs_a_turn_and_only_several_in_a_row_give_up(class_of):
    failures = iter([True, True, False, True, True, True])

    def work(name):
        if name == "Ana" and next(failures):
            raise Cluster.exceptions.RayError("the node died")
        return ""

    queue, _, _ = class_of("Ana,a,9\nBen,b,2\n", work=work)
    for _ in go_on(queue):
        pass
    assert queue.summary == "2 students: 1 done, 1 failed."
    assert queue.students["Ana"].seconds == SLICE
    assert queue.students["Ana"].problem == "Its turn was lost 3 times in a row (the node died)."


def write(path, text):
    """Save the list, with a time of its own even where a disk's clock is coarse."""
    before = path.stat().st_mtime_ns
    path.write_text("name,corpus,minutes\n" + text)
    os.utime(path, ns=(before + 10**9,) * 2)


def test_a_training_that_blows_up_is_told_in_a_sentence_and_the_others_end(
    class_of, hum_corpus, small, tmp_path, monkeypatch
):
    """Turns are real trainings here, in this process."""
    begin = TrainingCallback.on_train_batch_begin

    def far_too_fast(self, batch, logs=None):
        begin(self, batch, logs)
        if self.settings.learning_rate == 0.1:
            self.model.optimizer.learning_rate.assign(1e5)

    monkeypatch.setattr(TrainingCallback, "on_train_batch_begin", far_too_fast)
    for name, rate in (("wild", 0.1), ("tame", 0.002)):
        pl.PRESETS["sketch"].changed(**small, learning_rate=rate).save(tmp_path / f"{name}.json")
    corpus = hum_corpus.folder
    queue, ray, _ = class_of(f"Ana,{corpus},0.05,wild.json\nBen,{corpus},0.01,tame.json\n")
    ray.work = lambda name: turns._turn(queue.students[name].place, str(queue.folder / name), slice_minutes=1)
    for _ in go_on(queue):
        pass
    ana, ben = queue.students.values()
    assert (ana.state, ben.state) == (turns.FAILED, turns.DONE) and ray.begun == ["Ana", "Ben"]
    assert ana.problem.startswith("The training has blown up 4 times") and ana.problem in page(queue)
    assert ben.run.log[-1].seconds >= 0.6


def test_lines_may_come_go_and_move_while_the_class_trains(class_of):
    queue, ray, path = class_of("Ana,a,2\nBen,b,2\n")
    steps = go_on(queue)
    next(steps)
    write(path, "Cem,c,2\nBen,b,2\n")  # Ana, who is training, is gone, and Cem is first
    queue.look()
    for _ in steps:
        pass
    assert ray.begun == ["Ana", "Cem", "Ben", "Cem", "Ben"] and ray.cancelled == {0}
    assert queue.students["Ana"].state == turns.CANCELLED
    write(path, "Ana,a,1\nBen,b,3\n")  # back, and longer
    for _ in go_on(queue):
        pass
    assert ray.begun[5:] == ["Ana", "Ben"]
    assert queue.summary == "3 students: 2 done, 1 taken off the list."


def test_a_list_that_cannot_be_read_meanwhile_leaves_the_last_one_in_force(class_of):
    queue, _, path = class_of("Ana,a,2\n")
    steps = go_on(queue)
    next(steps)
    path.write_text("nothing")
    next(steps)
    assert queue.trouble.startswith("The list cannot be read, so the last one that could be read is followed")
    assert queue.trouble in page(queue)
    path.unlink()
    for _ in steps:
        pass
    assert queue.summary == "1 student: 1 done."


def page(queue):
    return (queue.folder / turns.STATUS).read_text(encoding="utf-8").replace("&#34;", '"')


def test_the_end_is_foretold_from_what_turns_took_and_from_whom_there_is_to_wait_for(class_of):
    queue, _, _ = class_of("Ana,a,1\nBen,b,3\n")
    assert queue.ends(queue.students["Ana"]) is None  # nothing is known yet
    queue.trained, queue.spent = 60.0, 120.0  # half of the time goes to beginnings and ends
    assert queue.ends(queue.students["Ana"]) == 2 * (60 + 60)
    assert queue.ends(queue.students["Ben"]) == 2 * (60 + 180)


def test_the_page_says_how_far_each_is_and_runs_nothing_from_the_list(class_of):
    queue, _, _ = class_of("Ana,a,2\nBen,b,2\n", work=lambda name: "<script>No</script>" if name == "Ben" else "")
    steps = go_on(queue)
    next(steps)
    assert "Training now: 0:00 of 2:00." in page(queue)
    for _ in steps:
        pass
    queue.tell(over="Over.")
    assert "Done, after 2:00 of training." in page(queue) and "Over." in page(queue)
    assert "&lt;script&gt;" in page(queue) and "<script>No" not in page(queue)


def test_a_disk_that_is_full_for_the_page_stops_nobody(class_of, monkeypatch):
    queue, _, _ = class_of("Ana,a,2\n")
    monkeypatch.setattr(turns, "write_text", lambda *_: (_ for _ in ()).throw(pl.CourseError("The disk is full.")))
    for _ in go_on(queue):
        pass
    assert queue.summary == "1 student: 1 done."


def test_a_stopped_class_waits_until_all_is_saved(class_of):
    queue, ray, _ = class_of("Ana,a,2\nBen,b,2\nCem,c,2\n", room=2)
    next(go_on(queue))
    queue.stop()
    assert not queue.running and ray.cancelled == {0, 1}
    assert queue.summary == "3 students: 3 waiting."


def test_a_list_without_an_ending_or_without_a_file_is_refused(tmp_path):
    with pytest.raises(pl.CourseError, match=r"should end in \.csv"):
        train_class(tmp_path / "monday")
    with pytest.raises(pl.CourseError, match=r'list ".*monday\.csv" cannot be read .* check its name'):
        train_class(tmp_path / "monday.csv")


def test_what_ray_prints_is_no_part_of_the_result(tmp_path, monkeypatch, capsys):
    def train_class(*_):
        print("(raylet) A worker died.")
        return {"Ana": "Done."}

    monkeypatch.setattr("prism_lessons.classroom.train_class", train_class)
    assert main(["class", str(tmp_path / "monday.csv"), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"Ana": "Done."} and "A worker died" in said.err
