"""Going on elsewhere and otherwise: another batch size, other numbers, more epochs, after a crash; one at a time."""

import shutil
import time

import filelock
import numpy as np
import pytest

from prism_lessons import file_format
from prism_lessons.corpus import curate
from prism_lessons.errors import CourseError, Stopped
from prism_lessons.run import LOCK, MID_EPOCH, Run
from prism_lessons.training import callback, train
from prism_lessons.training.callback import TrainingCallback


class Crash(BaseException):
    """As sudden as a kill: nobody catches it."""


@pytest.fixture
def break_off(monkeypatch):
    """A context in which training ends with `error` at batch number `at`."""

    def context(at, error):
        end, count = TrainingCallback.on_train_batch_end, iter(range(10**6))

        def end_or_break(self, batch, logs=None):
            end(self, batch, logs)
            if next(count) == at:
                raise error

        patch = monkeypatch.context()
        patch.__enter__().setattr(TrainingCallback, "on_train_batch_end", end_or_break)
        return patch

    return context


@pytest.fixture
def stop_within(break_off, go_on):
    """A function that trains until batch 100 of the first epoch, which has some 280, and interrupts."""

    def stop(folder, **changes):
        patch = break_off(100, KeyboardInterrupt)
        try:
            with pytest.raises(Stopped):
                go_on(folder, **changes)
        finally:
            patch.__exit__(None, None, None)

    return stop


def changes_noted(run):
    return {event["setting"]: (event["old"], event["new"]) for event in run.events if event["kind"] == "changed"}


def test_an_interruption_is_a_sentence_that_says_how_to_go_on(stop_within, tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt) as stopped:
        raise Stopped("Everything so far is saved: run the same again to go on.")
    assert stopped.value._render_traceback_() == ["Everything so far is saved: run the same again to go on."]
    stop_within(tmp_path)
    assert "Stopped in epoch 1, after 3" in capsys.readouterr().out  # 100 of some 280 batches
    assert Run(tmp_path).events[-1]["kind"] == "stopped"


def test_a_run_that_is_renamed_while_it_trains_is_whole_under_its_new_name(go_on, straight, tmp_path, monkeypatch):
    end, count = TrainingCallback.on_train_batch_end, iter(range(10**6))

    def end_and_rename(self, batch, logs=None):
        end(self, batch, logs)
        if next(count) == 100:
            (tmp_path / "run").rename(tmp_path / "renamed")

    monkeypatch.setattr(TrainingCallback, "on_train_batch_end", end_and_rename)
    with pytest.raises(CourseError, match=r'run\.json" is no longer there: if its folder was renamed'):
        go_on(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["renamed"]
    assert [entry.bits for entry in go_on(tmp_path / "renamed").log] == [entry.bits for entry in straight.log]


def test_another_batch_size_goes_on_from_the_same_share_of_the_epoch(stop_within, go_on, tmp_path):
    stop_within(tmp_path)
    about, _, _ = file_format.read(tmp_path / MID_EPOCH, "checkpoint")
    run = go_on(tmp_path, streams=8)
    assert changes_noted(run) == {"streams": (4, 8)}
    assert [entry.whole for entry in run.log] == [True, True]
    assert run.log[-1].bits < run.log[0].bits and run.log[0].validation_bits < 8
    assert run.settings["training"]["streams"] == 8 and 0.3 < about["share"] < 0.45


def test_what_predictors_know_goes_on_to_the_last_bit(stop_within, go_on, tmp_path):
    """They are in no checkpoint: whatever they know comes from the codes before."""
    predictors = {"predictors": (4, 16), "book": 3}
    stop_within(tmp_path / "stopped", **predictors)
    stopped, straight = (go_on(tmp_path / name, **predictors).capsule() for name in ("stopped", "straight"))
    assert np.abs(stopped.weights["book"]).max() > 0.1
    for name, weight in straight.weights.items():
        np.testing.assert_array_equal(stopped.weights[name], weight, err_msg=name)


def test_what_is_left_out_of_labels_goes_on_to_the_last_bit(stop_within, go_on, hums, tmp_path):
    corpus = curate(hums(tmp_path / "hums" / "hum").parent, tmp_path / "corpus", sample_rate=8000)
    labelled = {"labels": corpus.labels, "corpus": corpus}
    stop_within(tmp_path / "stopped", **labelled)
    stopped, straight = (go_on(tmp_path / name, **labelled).capsule() for name in ("stopped", "straight"))
    assert np.abs(stopped.weights["sample_tier/label"]).max() > 0
    for name, weight in straight.weights.items():
        np.testing.assert_array_equal(stopped.weights[name], weight, err_msg=name)


@pytest.mark.parametrize(("first", "then"), [("mixed_float16", "float32"), ("float32", "mixed_float16")])
def test_a_run_in_half_precision_goes_on_in_single_and_the_other_way_round(stop_within, go_on, tmp_path, first, then):
    """What a graphics card and a processor differ in: the loss scaler, and the numbers of the carried states."""
    stop_within(tmp_path, precision=first)
    _, before, _ = file_format.read(tmp_path / MID_EPOCH, "checkpoint")
    assert any(name.startswith("scaler/") for name in before) == (first == "mixed_float16")
    run = go_on(tmp_path, precision=then, epochs=1)
    assert run.log[0].whole and run.log[0].validation_bits < 8
    assert changes_noted(run) == {"precision": (first, then)}
    assert all(weight.dtype == np.float32 for weight in run.capsule().weights.values())


def test_a_finished_run_is_extended_by_more_epochs(hum_corpus, small, tmp_path):
    train(hum_corpus, tmp_path, epochs=1, **small)
    run = train(hum_corpus, tmp_path, epochs=2, **small)
    assert [entry.epoch for entry in run.log] == [1, 2] and run.log[1].seconds > run.log[0].seconds


def test_a_change_of_learning_rate_and_dropout_is_honoured_and_noted(hum_corpus, small, tmp_path):
    train(hum_corpus, tmp_path, epochs=1, **small)
    run = train(hum_corpus, tmp_path, epochs=2, **small, learning_rate=1e-4, dropout=0.5)
    assert changes_noted(run) == {"learning_rate": (0.002, 1e-4), "dropout": (0.3, 0.5)}
    assert run.log[1].learning_rate <= 1e-4
    assert Run(tmp_path).settings["model"]["dropout"] == run.capsule().settings.dropout == 0.5
    # Taken up without naming them, they hold on.
    assert changes_noted(train(hum_corpus, tmp_path, epochs=2)) == changes_noted(run)


def test_a_crash_costs_no_more_than_the_time_between_checkpoints(break_off, go_on, straight, tmp_path, monkeypatch):
    ticks = iter(range(10**9))
    monkeypatch.setattr(callback, "time", type("Clock", (), {"monotonic": lambda: float(next(ticks))}))
    # The clock moves a second at each look, which is once a batch and once more at each checkpoint.
    patch = break_off(200, Crash)
    with pytest.raises(Crash):
        go_on(tmp_path, checkpoint_minutes=0.5)
    patch.__exit__(None, None, None)
    _, arrays, _ = file_format.read(tmp_path / MID_EPOCH, "checkpoint")
    assert 200 - 30 <= arrays["heard"] <= 200
    monkeypatch.undo()
    run = go_on(tmp_path, checkpoint_minutes=0.5)
    for name, weight in straight.capsule(2).weights.items():
        np.testing.assert_array_equal(run.capsule(2).weights[name], weight)


def test_a_lost_machine_costs_no_more_than_its_last_copy(break_off, go_on, straight, tmp_path):
    (tmp_path / "drive").mkdir()
    copy = tmp_path / "drive" / "run"
    patch = break_off(400, KeyboardInterrupt)  # within the second epoch
    with pytest.raises(Stopped):
        go_on(tmp_path / "lost", copy_to=copy)
    patch.__exit__(None, None, None)
    shutil.rmtree(tmp_path / "lost")
    run = go_on(tmp_path / "elsewhere", copy_to=copy)
    assert Run(copy).log == run.log and run.log[0].validation_bits == straight.log[0].validation_bits
    for name, weight in straight.capsule(2).weights.items():
        np.testing.assert_array_equal(run.capsule(2).weights[name], weight)


def test_a_drive_that_vanishes_does_not_stop_the_training(hum_corpus, small, tmp_path, capsys):
    drive = tmp_path / "drive"
    drive.mkdir()

    def vanish(run):
        if len(run.log) == 1:
            drive.rename(tmp_path / "gone")

    run = train(hum_corpus, tmp_path / "run", epochs=2, copy_to=drive / "run", each_epoch=vanish, **small)
    assert run.epochs == [1, 2]
    assert "copying waits" in capsys.readouterr().out
    (tmp_path / "gone").rename(drive)
    train(hum_corpus, tmp_path / "run", epochs=2, copy_to=drive / "run", **small)
    assert Run(drive / "run").log == run.log


def test_a_second_training_in_the_same_folder_is_refused(hum_corpus, small, straight, tmp_path):
    with filelock.FileLock(tmp_path / LOCK), pytest.raises(CourseError, match="Another training is running"):
        train(hum_corpus, tmp_path, epochs=1, **small)
    assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK]


def test_a_clock_that_is_set_back_changes_nothing(hum_corpus, small, tmp_path, monkeypatch):
    now = time.time()
    times = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now - 3600 * next(times))
    run = train(hum_corpus, tmp_path, epochs=1, **small)
    assert run.log[0].whole and 0 < run.log[0].seconds < 600


def test_a_folder_that_cannot_be_written_is_a_sentence(hum_corpus, small, public_folder, as_guest):
    public_folder.chmod(0o555)
    folder = public_folder / "run"
    with as_guest(), pytest.raises(CourseError, match="choose a folder that you may write to"):
        train(hum_corpus, folder, epochs=1, **small)
    assert not folder.exists()
