"""A copy that may vanish, fill up or hang at any time: it is a run at every moment, and the training never waits."""

import io
import itertools
import json
import os
import resource
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from prism_lessons import file_format
from prism_lessons import mirror as module
from prism_lessons.errors import CourseError
from prism_lessons.files import append_json_lines, atomic_write, read_json_lines
from prism_lessons.live import LiveLine
from prism_lessons.mirror import Mirror, bring_back
from prism_lessons.run import (
    CHECKPOINT,
    LISTENING,
    LOG,
    MID_EPOCH,
    SETTINGS,
    STARRED,
    START,
    Epoch,
    Run,
)

SAMPLES = 1000  # of an epoch
BEGUN = {
    "corpus": {"digest": "a corpus", "folder": "corpus"},
    "model": {"dim": 16},
    "training": {},
    "sample_rate": 8000,
    "references": {"uniform": 8.0},
}


def put(path, text):
    with atomic_write(path) as partial:
        partial.write_text(text)


def an_entry(epoch, share=1.0, seconds=0.25):
    """A line of a log, as it is after `share` of an epoch."""
    samples = round((epoch - 1 + share) * SAMPLES)
    return Epoch(epoch, 5.0, 6.0, seconds + epoch, samples, 0.002, whole=share == 1)


def save(run, name, epoch, share=0.0):
    """Write a checkpoint after `epoch` whole epochs and a share of the next."""
    file_format.write(run.folder / name, "checkpoint", {"epoch": epoch, "seconds": float(epoch + share)}, {})


def practise(run, *epochs):
    """Write what a training writes in each of some epochs, in its order."""
    for epoch in epochs:
        save(run, MID_EPOCH, epoch - 1, 0.5)
        save(run, CHECKPOINT, epoch - 1, 1)
        (run.folder / MID_EPOCH).unlink()
        put(run.clip_path(epoch, 1, 0.95), f"clip {epoch}")
        put(run.capsule_path(epoch), f"weights {epoch}")
        run.record(an_entry(epoch))
        with open(run.folder / "tensorboard.events", "a") as events:
            events.write(f"epoch {epoch}\n")
        save(run, CHECKPOINT, epoch)


def begin(folder, **changes):
    run = Run.begin(folder, {**BEGUN, **changes}, "the card")
    run.note("begun", "Begun.")
    return run


@pytest.fixture
def run(tmp_path):
    """A run of two epochs, on a disk beside `drive`."""
    run = begin(tmp_path / "disk" / "run")
    practise(run, 1, 2)
    return run


@pytest.fixture
def copy(tmp_path):
    """Where the copy goes; the folder around it is there."""
    (tmp_path / "drive").mkdir()
    return tmp_path / "drive" / "run"


def quiet():
    return LiveLine(io.StringIO())


def finish(mirror, **options):
    """Finish, and return the line that is left standing."""
    stream = io.StringIO()
    mirror.finish(LiveLine(stream), **options)
    return stream.getvalue().rpartition("\r")[2].strip()


def contents(folder):
    return {name: (folder / name).read_bytes() for name in module._names(folder)}


@pytest.fixture
def after_each_step(monkeypatch, tmp_path):
    """A function that calls another after every change that is made to the files in some folder."""

    def watch(folder, then):
        busy = threading.local()

        def watched(operation):
            def change(path, *arguments, **options):
                result = operation(path, *arguments, **options)
                place = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fspath(path)
                if not getattr(busy, "now", False) and place.startswith(str(folder)):
                    busy.now = True
                    then()
                    busy.now = False
                return result

            return change

        for operation in ("replace", "unlink", "mkdir", "fsync"):
            monkeypatch.setattr(os, operation, watched(getattr(os, operation)))

    return watch


def check_usable(copy):
    """Raise unless a copy is a run whose parts are whole and fit together, or not yet a run."""
    whole = contents(copy)
    if SETTINGS not in whole:
        assert set(whole) <= {"card.md"}
        return
    run = Run(copy)
    log = run.log
    assert [entry.epoch for entry in log] == list(range(1, len(log) + 1))
    for epoch, clips in run.clips.items():
        assert clips[0].read_text() == f"clip {epoch}"
    for epoch in run.epochs:
        assert run.capsule_path(epoch).read_text() == f"weights {epoch}"
    found = [name for name in (CHECKPOINT, MID_EPOCH) if name in whole]
    checkpoints = [file_format.read(copy / name, "checkpoint")[0]["epoch"] for name in found]
    if checkpoints:
        # Training goes on after the last epoch of the checkpoint: every one up to there has its line and clips.
        assert max(checkpoints) <= len(log) and set(range(1, max(checkpoints) + 1)) <= set(run.clips)


def test_a_copy_holds_all_of_the_run_but_locks_and_what_is_half_written(run, copy):
    save(run, MID_EPOCH, 2, 0.5)
    (run.folder / "training.lock").touch()
    (run.folder / "clips" / "0003_1_t1.wav.partial").touch()
    mirror = Mirror(run.folder, copy)
    assert finish(mirror) == f'The run is copied to "{copy}".' and mirror.paused == ""
    assert contents(copy) == contents(run.folder) and MID_EPOCH in contents(copy)
    assert not list(copy.rglob("*.lock")) and not list(copy.rglob("*.partial"))
    assert Run(copy).log == run.log and Run(copy).events == run.events


def test_the_model_that_a_run_begins_with_is_in_the_copy_before_its_settings(run, copy, after_each_step, tmp_path):
    put(run.folder / START, "weights")
    seen = set()
    after_each_step(copy, lambda: seen.add((START in contents(copy), SETTINGS in contents(copy))))
    Mirror(run.folder, copy).finish(quiet())
    assert (False, True) not in seen and (True, False) in seen
    bring_back(copy, tmp_path / "home" / "run", quiet())
    assert contents(tmp_path / "home" / "run") == contents(run.folder)


def test_a_copy_that_was_cut_off_after_the_model_a_run_begins_with_is_completed(run, copy):
    put(run.folder / START, "weights")
    put(copy / START, "weights")
    assert finish(Mirror(run.folder, copy)) == f'The run is copied to "{copy}".'
    assert contents(copy) == contents(run.folder)


def test_only_what_has_changed_is_written_again_by_this_mirror_and_by_the_next(run, copy):
    mirror = Mirror(run.folder, copy)
    finish(mirror)
    before = {path: path.stat().st_ino for path in copy.rglob("*.*")}
    practise(run, 3)
    finish(mirror)
    finish(Mirror(run.folder, copy))
    changed = {path.name for path, number in before.items() if path.stat().st_ino != number}
    assert changed == {LOG, CHECKPOINT, "tensorboard.events"}
    assert contents(copy) == contents(run.folder)


def test_a_copy_of_the_same_size_and_another_content_is_mended(run, copy):
    finish(Mirror(run.folder, copy))
    (copy / "epochs" / "0001.capsule").write_text("weights 9")
    finish(Mirror(run.folder, copy))
    assert contents(copy) == contents(run.folder)


def test_weights_that_the_run_has_deleted_go_and_clips_stay(run, copy):
    save(run, MID_EPOCH, 2, 0.5)
    mirror = Mirror(run.folder, copy)
    finish(mirror)
    run.capsule_path(1).unlink()
    run.clip_path(1, 1, 0.95).unlink()
    practise(run, 3)
    finish(mirror)
    assert Run(copy).epochs == [2, 3] and set(Run(copy).clips) == {1, 2, 3}
    assert (
        not (copy / MID_EPOCH).exists() and (copy / CHECKPOINT).read_bytes() == (run.folder / CHECKPOINT).read_bytes()
    )


def test_a_run_that_is_gone_does_not_empty_its_copy(run, copy):
    mirror = Mirror(run.folder, copy)
    finish(mirror)
    before = contents(copy)
    shutil.rmtree(run.folder)
    assert "no run" in finish(mirror)
    assert contents(copy) == before


def test_the_copy_is_a_usable_run_after_every_step_and_can_be_brought_back(run, copy, after_each_step, tmp_path):
    """Each step is where a crash may come: what lies in the copy then is what is brought back."""
    snapshots = (tmp_path / f"crash {number}" / "run" for number in itertools.count())
    taken = []

    def keep():
        taken.append(next(snapshots))
        shutil.copytree(copy, taken[-1])

    after_each_step(copy, keep)
    mirror = Mirror(run.folder, copy)
    mirror.finish(quiet())
    run.capsule_path(1).unlink()
    practise(run, 3)
    mirror.finish(quiet())
    assert len(taken) > 2 * len(contents(copy))
    for snapshot in taken:
        check_usable(snapshot)
        home = snapshot.parent / "home"
        bring_back(snapshot, home, quiet())
        assert (contents(home) if home.exists() else {}) == (contents(snapshot) if (home / SETTINGS).exists() else {})
        finish(Mirror(run.folder, snapshot))  # the copy that crashed is completed
        assert contents(snapshot) == contents(run.folder)


@pytest.mark.parametrize("step", range(0, 24, 3))
def test_a_training_that_goes_on_while_it_is_copied_never_gets_ahead_of_its_log(run, copy, after_each_step, step):
    save(run, MID_EPOCH, 2, 0.5)
    failures, steps = [], itertools.count()

    def go_on_and_check():
        number = next(steps)
        if number == step:
            run.capsule_path(1).unlink()
            practise(run, 3)
        if number == step + 2:
            practise(run, 4)
        try:
            check_usable(copy)
        except AssertionError as error:
            failures.append(error)

    after_each_step(copy, go_on_and_check)
    mirror = Mirror(run.folder, copy)
    mirror.finish(quiet())
    mirror.finish(quiet())
    assert not failures and len(run.log) == 4
    assert contents(copy) == contents(run.folder)


def test_the_checkpoint_of_the_copy_never_goes_back(run, copy, after_each_step, monkeypatch):
    """An epoch ends after the checkpoints were opened: the one from within it stays until there is a newer one."""
    save(run, MID_EPOCH, 2, 0.5)
    mirror = Mirror(run.folder, copy)
    finish(mirror)
    names = module._names

    def names_once_the_epoch_ended(folder):
        if folder == run.folder and 3 not in run.epochs:
            practise(run, 3)
        return names(folder)

    monkeypatch.setattr(module, "_names", names_once_the_epoch_ended)
    seconds = []
    after_each_step(copy, lambda: seconds.append(module._seconds_trained(copy)))
    finish(mirror)
    finish(mirror)
    assert seconds == sorted(seconds) and seconds[0] == 2.5 and seconds[-1] == 3
    assert contents(copy) == contents(run.folder)


def test_what_changed_on_a_drive_while_it_was_gone_is_mended(run, copy):
    mirror = Mirror(run.folder, copy)
    finish(mirror)
    copy.parent.rename(copy.parent.with_name("away"))
    assert "is not there" in finish(mirror)
    copy.parent.with_name("away").rename(copy.parent)
    (copy / "epochs" / "0001.capsule").write_text("weights 9")
    finish(mirror)
    assert contents(copy) == contents(run.folder)


def test_a_drive_that_vanishes_in_the_middle_pauses_copying_and_later_gets_everything(run, copy, after_each_step):
    steps = itertools.count()

    def vanish():
        if next(steps) == 9:
            shutil.rmtree(copy.parent)

    after_each_step(copy, vanish)
    mirror = Mirror(run.folder, copy)
    said = finish(mirror)
    assert said == mirror.paused and said.count(". ") == 0
    assert "copying waits" in said and str(run.folder) in said and "is not there" in said
    assert not copy.parent.exists()  # nothing was made in its place
    practise(run, 3)
    copy.parent.mkdir()
    mirror.wanted()
    assert "is copied" in finish(mirror) and mirror.paused == ""
    assert contents(copy) == contents(run.folder)


def test_a_drive_that_is_not_there_at_first_is_no_obstacle(run, copy):
    copy.parent.rmdir()
    mirror = Mirror(run.folder, copy)
    assert f'"{copy}" is not there' in mirror.paused
    assert not copy.parent.exists()
    copy.parent.mkdir()
    assert "is copied" in finish(mirror)
    assert contents(copy) == contents(run.folder)


def test_a_copy_that_may_not_be_written_waits(public_folder, as_guest):
    run = begin(public_folder / "run")
    practise(run, 1)
    (public_folder / "drive").mkdir()
    (public_folder / "drive").chmod(0o555)
    with as_guest():
        mirror = Mirror(run.folder, public_folder / "drive" / "run")
        assert "Permission denied" in finish(mirror) and "Permission denied" in mirror.paused
    assert "is copied" in finish(mirror)


def test_a_full_drive_waits_until_there_is_room(run, small_disk):
    run.clip_path(1, 1, 0.95).write_bytes(bytes(150_000))
    with small_disk(size=2**18, largest_file=100_000) as folder:
        filler = folder / "holiday.mp4"
        filler.write_bytes(bytes(100_000))
        mirror = Mirror(run.folder, folder / "run")
        assert "its disk is full: free some space" in finish(mirror)
        assert Run(folder / "run").sample_rate == 8000 and not list(folder.rglob("*.partial"))
        filler.unlink()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert "is copied" in finish(mirror)
        assert contents(folder / "run") == contents(run.folder)


def test_a_write_that_reads_differently_is_noticed_and_done_again(run, copy, monkeypatch):
    fsync, spoiling = os.fsync, [True]

    def spoil(number):
        if spoiling and os.readlink(f"/proc/self/fd/{number}").endswith(f"{LOG}.partial"):
            os.pwrite(number, b"?", 0)
        fsync(number)

    monkeypatch.setattr(os, "fsync", spoil)
    mirror = Mirror(run.folder, copy)
    assert "reads differently" in finish(mirror)
    assert LOG not in os.listdir(copy) and not list(copy.rglob("*.partial"))
    spoiling.clear()
    assert "is copied" in finish(mirror)
    assert contents(copy) == contents(run.folder)


@pytest.fixture
def silence(monkeypatch):
    """A copy's disk that answers only when it is let go: a function of `mirror.py` that hangs until then."""
    answers, hangs = threading.Event(), threading.Event()

    def hang(name):
        function = getattr(module, name)

        def silent(*arguments):
            hangs.set()
            answers.wait()
            return function(*arguments)

        monkeypatch.setattr(module, name, silent)
        return SimpleNamespace(answers=answers, hangs=hangs)

    yield hang
    answers.set()


def test_a_drive_that_hangs_holds_nobody_up(run, copy, silence, monkeypatch):
    drive = silence("_write_beside")
    mirror = Mirror(run.folder, copy)
    drive.hangs.wait()
    for epoch in (3, 4):
        practise(run, epoch)
        mirror.wanted()
    assert mirror.paused == ""  # a moment is no silence
    assert "has not answered for 0.05 seconds" in finish(mirror, seconds=0.05)
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    assert "has not answered" in mirror.paused
    monkeypatch.undo()
    drive.answers.set()
    assert "is copied" in finish(mirror) and mirror.paused == ""
    assert contents(copy) == contents(run.folder)


def test_a_drive_that_hangs_from_the_start_does_not_stop_a_training_from_beginning(run, copy, silence, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    drive = silence("_is_ahead")
    mirror = Mirror(run.folder, copy)
    assert "has not answered" in mirror.paused
    monkeypatch.setattr(module, "PATIENCE", 60)
    drive.answers.set()
    assert "is copied" in finish(mirror)


def test_there_is_one_thread_at_most_and_none_when_all_is_copied(run, copy, silence):
    before = set(threading.enumerate())
    drive = silence("_write_beside")
    mirror = Mirror(run.folder, copy)
    for _ in range(5):
        mirror.wanted()
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    drive.answers.set()
    finish(mirror)
    thread.join()


def refused(run, copy):
    """The sentence with which a copy is refused, after a look whether all is as it was."""
    before = contents(run.folder), contents(copy.parent)
    with pytest.raises(CourseError) as error:
        Mirror(run.folder, copy)
    assert (contents(run.folder), contents(copy.parent)) == before
    return str(error.value)


@pytest.mark.parametrize("changes", [{"corpus": {"digest": "another", "folder": "corpus"}}, {"model": {"dim": 32}}])
def test_the_copy_of_a_run_with_other_settings_is_refused(run, copy, changes):
    practise(begin(copy, **changes), 1, 2)
    assert "holds another run" in refused(run, copy)
    with pytest.raises(CourseError, match="holds another run"):
        bring_back(copy, run.folder, quiet())


def test_the_copy_of_another_training_with_the_same_settings_is_refused(run, copy):
    other = begin(copy)
    other.record(an_entry(1, seconds=0.5))
    assert "holds another run" in refused(run, copy)
    for epoch in (2, 3):
        other.record(an_entry(epoch))
    assert "holds another run" in refused(run, copy)


def test_a_folder_of_other_things_is_refused(run, copy):
    put(copy / "thesis.txt", "chapter 1")
    assert "is not a copy of a run" in refused(run, copy)
    shutil.rmtree(copy)
    copy.write_text("a file")
    assert "is not a copy of a run" in refused(run, copy)


def test_a_copy_that_is_further_is_refused_until_it_is_brought_back(run, copy):
    finish(Mirror(run.folder, copy))
    practise(Run(copy), 3)
    assert "bring it back first" in refused(run, copy)
    bring_back(copy, run.folder, quiet())
    assert "is copied" in finish(Mirror(run.folder, copy))
    assert [entry.epoch for entry in run.log] == [1, 2, 3]


def test_a_run_begun_anew_does_not_replace_a_first_epoch_that_is_under_way_in_the_copy(copy, tmp_path):
    save(begin(copy), MID_EPOCH, 0, 0.5)
    again = begin(tmp_path / "disk" / "run")
    save(again, CHECKPOINT, 0)
    assert "bring it back first" in refused(again, copy)
    bring_back(copy, again.folder, quiet())
    assert (again.folder / MID_EPOCH).exists()


def test_a_copy_that_crashed_before_its_checkpoint_is_not_further(run, copy):
    save(run, MID_EPOCH, 2, 0.5)
    finish(Mirror(run.folder, copy))
    practise(run, 3)
    shutil.copy(run.folder / LOG, copy / LOG)
    bring_back(copy, run.folder, quiet())
    assert file_format.read(run.folder / CHECKPOINT, "checkpoint")[0]["epoch"] == 3
    finish(Mirror(run.folder, copy))
    assert contents(copy) == contents(run.folder)


@pytest.mark.parametrize("damage", [b"", b"half of it"])
def test_a_checkpoint_that_is_damaged_is_brought_back_from_the_copy(run, copy, damage):
    finish(Mirror(run.folder, copy))
    (run.folder / CHECKPOINT).write_bytes(damage)
    bring_back(copy, run.folder, quiet())
    assert contents(run.folder) == contents(copy)


def test_an_epoch_that_a_budget_cut_short_and_that_went_on_is_the_same_run(run, copy):
    run.record(an_entry(3, share=0.4))
    finish(Mirror(run.folder, copy))
    run.record(an_entry(3))
    assert "is copied" in finish(Mirror(run.folder, copy))
    assert Run(copy).log == run.log


def test_settings_that_changed_when_the_run_went_on_are_copied(run, copy):
    finish(Mirror(run.folder, copy))
    begin(run.folder, training={"dropout": 0.1})
    finish(Mirror(run.folder, copy))
    assert Run(copy).settings["training"] == {"dropout": 0.1}


@pytest.mark.parametrize("place", [".", "clips", ".."])
def test_a_copy_inside_the_run_or_around_it_is_refused(run, place):
    with pytest.raises(CourseError, match="lie in each other"):
        Mirror(run.folder, run.folder / place)


def test_where_there_is_no_run_nothing_is_copied(copy, tmp_path):
    with pytest.raises(CourseError, match="no run"):
        Mirror(tmp_path, copy)
    assert not copy.exists()


def test_a_run_that_is_only_in_the_copy_is_brought_back(run, copy, tmp_path):
    finish(Mirror(run.folder, copy))
    stream = io.StringIO()
    bring_back(copy, tmp_path / "new disk" / "run", LiveLine(stream))
    assert contents(tmp_path / "new disk" / "run") == contents(run.folder)
    assert "was brought back" in stream.getvalue()


def test_a_run_that_is_behind_its_copy_catches_up(run, copy, tmp_path):
    shutil.copytree(run.folder, copy)
    save(run, MID_EPOCH, 2, 0.5)
    practise(Run(copy), 3, 4)
    (copy / "epochs" / "0001.capsule").unlink()
    bring_back(copy, run.folder, quiet())
    assert contents(run.folder) == contents(copy) | {"epochs/0001.capsule": b"weights 1"}


def test_a_run_that_is_as_far_as_its_copy_or_further_is_left_alone(run, copy):
    bring_back(copy, run.folder, quiet())  # there is no copy
    finish(Mirror(run.folder, copy))
    save(run, MID_EPOCH, 2, 0.5)
    for _ in range(2):
        before = contents(run.folder)
        stream = io.StringIO()
        bring_back(copy, run.folder, LiveLine(stream))
        assert contents(run.folder) == before and stream.getvalue() == ""
        practise(run, 3)


@pytest.mark.parametrize("epochs_before", [0, 1])
def test_bringing_back_that_was_killed_is_completed_and_until_then_nothing_is_lost(
    epochs_before, copy, tmp_path, after_each_step
):
    """`epochs_before` of the three in the copy are in the run's folder already; with 0 there is no folder."""
    practise(begin(copy), 1, 2, 3)
    home, taken = tmp_path / "home" / "run", []
    if epochs_before:
        practise(begin(home), 1)
        (home / "events.jsonl").write_bytes((copy / "events.jsonl").read_bytes())
    old = contents(home) if epochs_before else {}

    def keep():
        taken.append(tmp_path / f"killed {len(taken)}" / "run")
        shutil.copytree(home, taken[-1])

    after_each_step(home, keep)
    bring_back(copy, home, quiet())
    assert len(taken) > 2 * len(contents(copy)) - 6
    for killed in taken:
        found = contents(killed)
        assert found.keys() >= old.keys()
        assert (SETTINGS in found) == bool(epochs_before) or found == contents(copy)
        bring_back(copy, killed, quiet())
        assert contents(killed) == contents(copy)


def test_what_is_brought_back_several_times_at_once_comes_whole(copy, tmp_path):
    practise(begin(copy), 1, 2, 3)
    for number in range(10):
        home, begin_at_once = tmp_path / str(number) / "run", threading.Barrier(3)

        def bring(_, home=home, begin_at_once=begin_at_once):
            begin_at_once.wait()
            bring_back(copy, home, quiet())

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(bring, range(3)))
        assert contents(home) == contents(copy)


def test_a_copy_that_cannot_be_read_is_said_and_the_run_stays(run, copy, after_each_step):
    shutil.copytree(run.folder, copy)
    practise(Run(copy), 3, 4)
    before, steps = contents(run.folder), itertools.count()
    after_each_step(run.folder, lambda: next(steps) == 3 and shutil.rmtree(copy.parent))
    for _ in range(2):  # gone in the middle, and gone before
        with pytest.raises(CourseError, match=r"cannot be brought back .*is not there.*nothing is lost"):
            bring_back(copy, run.folder, quiet())
        assert contents(run.folder) == before


def test_a_disk_without_room_for_what_is_brought_back_is_said(run, copy, small_disk):
    finish(Mirror(run.folder, copy))
    (copy / "clips" / "large.wav").write_bytes(bytes(2**19))
    with small_disk() as folder:
        with pytest.raises(CourseError, match="disk is full: free some space"):
            bring_back(copy, folder / "run", quiet())
        assert not (folder / "run" / SETTINGS).exists()


def note(folder, *texts):
    """Write acts as a listening log holds them; the texts are their times too."""
    append_json_lines(
        folder / LISTENING, [{"id": f"{folder.name} {text}", "when": text, "text": text} for text in texts]
    )


def noted(folder):
    return [line["text"] for line in read_json_lines(folder / LISTENING, "log", growing=True)]


def star(folder, *epochs):
    put(folder / STARRED, json.dumps({"epochs": [*epochs]}))


def test_what_was_starred_and_noted_in_the_copy_is_taken_into_the_run_and_back(run, copy):
    note(run.folder, "1", "4")
    star(run.folder, 1)
    mirror = Mirror(run.folder, copy)
    finish(mirror)
    note(copy, "2", "5")
    star(copy, 2)
    note(run.folder, "3")
    finish(mirror)
    assert noted(copy) == noted(run.folder) == ["1", "2", "4", "3", "5"]
    assert Run(copy).starred == run.starred == [1, 2]
    before = {name: (run.folder / name).stat().st_ino for name in (LISTENING, STARRED)}
    finish(Mirror(run.folder, copy))
    assert before == {name: (run.folder / name).stat().st_ino for name in (LISTENING, STARRED)}


def test_notes_that_only_the_copy_has_are_taken_into_the_run(run, copy):
    finish(Mirror(run.folder, copy))
    note(copy, "1")
    star(copy, 2)
    finish(Mirror(run.folder, copy))
    assert noted(run.folder) == noted(copy) == ["1"] and run.starred == Run(copy).starred == [2]


def test_weights_that_are_starred_in_the_copy_alone_stay_there_when_the_run_deletes_its_own(run, copy):
    finish(Mirror(run.folder, copy))
    star(copy, 1)
    for epoch in (1, 2):
        run.capsule_path(epoch).unlink()
    practise(run, 3)
    finish(Mirror(run.folder, copy))
    assert Run(copy).epochs == [1, 3]


@pytest.mark.parametrize("further", [False, True])
def test_bringing_back_keeps_what_was_starred_and_noted_on_either_side(run, copy, further):
    shutil.copytree(run.folder, copy)
    note(run.folder, "1", "3")
    star(run.folder, 1)
    note(copy, "2")
    star(copy, 2)
    if further:
        practise(Run(copy), 3)
    for _ in range(2):
        bring_back(copy, run.folder, quiet())
        assert noted(run.folder) == ["1", "2", "3"] and run.starred == [1, 2]
        assert noted(copy) == ["2"] and Run(copy).starred == [2], "a copy is read and not written"
    assert len(run.log) == 2 + further


def test_clips_that_were_played_in_the_copy_alone_are_brought_to_a_run_that_is_as_far(run, copy):
    shutil.copytree(run.folder, copy)
    put(copy / "clips" / "0001_1_t1.2.wav", "more")
    put(copy / "clips" / "0001_1_t0.95.wav", "another")
    before = contents(run.folder)
    bring_back(copy, run.folder, quiet())
    assert contents(run.folder) == before | {"clips/0001_1_t1.2.wav": b"more"}


@pytest.mark.parametrize("damage", ["half", "[]", "{}", '{"epochs": ["a"]}'])
def test_notes_and_stars_of_a_copy_that_are_damaged_cost_only_themselves(run, copy, damage):
    finish(Mirror(run.folder, copy))
    note(copy, "1")
    with open(copy / LISTENING, "a") as file:
        file.write(f"{damage[1:]}\n")
    note(copy, "2")
    (copy / STARRED).write_text(damage)
    star(run.folder, 1)
    assert "is copied" in finish(Mirror(run.folder, copy))
    assert noted(run.folder) == ["1", "2"] and Run(copy).starred == run.starred == [1]


def test_a_list_of_stars_that_is_damaged_in_the_run_leaves_that_of_the_copy(run, copy):
    star(run.folder, 1)
    mirror = Mirror(run.folder, copy)
    finish(mirror)
    (run.folder / STARRED).write_text("half")
    assert "is damaged" in finish(mirror) or "cannot be read" in finish(mirror)
    assert Run(copy).starred == [1]
