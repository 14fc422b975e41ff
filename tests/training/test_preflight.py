"""The pre-flight: a sound corpus passes every check, and each check says what is wrong where something is."""

import io
import json
import math
import os
import shutil
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from prism_lessons import file_format
from prism_lessons.audio import Clip, load
from prism_lessons.backend import tf
from prism_lessons.corpus import curate
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.presets import PRESETS
from prism_lessons.training.keras_model import StatefulSampleRNN
from prism_lessons.training.preflight import (
    Check,
    Preflight,
    machine,
    overfit,
    preflight,
    preflight_done,
)  # fmt: skip

RATE = 8000
BREATH = Path(__file__).parents[2] / "datasets_examples" / "breath"


def fly(*arguments, **changes):
    return preflight(*arguments, live=LiveLine(io.StringIO()), **changes)


@pytest.fixture(scope="module")
def preset(small):
    return PRESETS["sketch"].changed(**small)


@pytest.fixture(scope="module")
def flown(hum_corpus, small, tmp_path_factory):
    """A whole pre-flight with a fifth of a second to learn by heart, and its folder."""
    folder = tmp_path_factory.mktemp("flown")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overfit, "CLIP_SECONDS", 0.2)
        patch.setattr(overfit, "DIM", 64)
        patch.setattr(overfit, "CPU_SECONDS", 600)  # however busy the machine is
        return fly(hum_corpus, folder / "run", copy_to=folder / "copy", **small), folder


@pytest.fixture
def no_learning(monkeypatch):
    """Learning by heart passes at once; training changes all weights without any sound."""

    def train_on_nothing(model, state):
        for weight in model.samplernn.weights:
            weight.assign(1.5 * weight + 1)

    monkeypatch.setattr(machine, "_train", train_on_nothing)
    monkeypatch.setattr(sys.modules[preflight.__module__], "check_overfitting", lambda *_: (Check("", True, ""), None))


def places(preset, folder, copy_to=None):
    return machine.check_checkpoints(preset, RATE, np.arange(256), folder, copy_to)


# A whole pre-flight


def test_a_sound_corpus_passes_everything(flown):
    check, _ = flown
    names = ["folder", "copy", "going on", "numbers", "memory", "corpus", "by heart"]
    assert [one.name for one in check.checks] == names
    assert check.passed and check.advised == {} and all(one.passed for one in check.checks), str(check)
    assert str(check).endswith("\nEverything is set up.")


def test_a_corpus_that_is_mostly_silence_fails_with_the_corpus_s_own_sentence(
    mostly_silent, small, tmp_path, no_learning
):
    failed = fly(mostly_silent, tmp_path / "run", **small)
    (one,) = (one for one in failed.checks if one.name == "corpus")
    assert one.passed is False and one.sentence == " ".join(mostly_silent.warnings)
    assert not failed.passed and failed.end == "Fix what failed, and try again."


def test_it_leaves_its_results_and_nothing_else(flown):
    check, folder = flown
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left == {"run/preflight.json", "run/preflight/original.wav", "run/preflight/replay.wav"}
    assert os.listdir(folder) == ["run"] and os.listdir(folder / "run" / "preflight") != ["trial"]
    written = json.loads((folder / "run" / "preflight.json").read_text())
    assert {name: written[name] for name in check.as_dict()} == json.loads(json.dumps(check.as_dict()))


def test_what_was_learned_by_heart_can_be_heard_beside_the_original(flown):
    _, folder = flown
    original, replay = (load(folder / "run" / "preflight" / f"{name}.wav").samples for name in ("original", "replay"))
    assert len(original) == len(replay) == 0.2 * RATE
    assert np.corrcoef(original, replay)[0, 1] >= 0.9


def test_a_pre_flight_counts_for_its_corpus_and_its_model_alone(flown, preset, hum_corpus, hums, tmp_path):
    folder = flown[1] / "run"
    assert preflight_done(folder, hum_corpus, preset)
    assert preflight_done(folder, hum_corpus, preset.changed(streams=2, learning_rate=1e-4))
    assert not preflight_done(folder, hum_corpus, preset.changed(dim=17))
    other = curate(hums(tmp_path / "other", seed=9), tmp_path / "corpus", sample_rate=RATE)
    assert not preflight_done(folder, other, preset)
    assert not preflight_done(tmp_path, hum_corpus, preset)
    (tmp_path / "preflight.json").write_text('{"format": 1, "dig')
    assert not preflight_done(tmp_path, hum_corpus, preset)


def test_a_run_in_the_folder_is_not_touched(straight, hum_corpus, small, tmp_path, no_learning):
    run = shutil.copytree(straight.folder, tmp_path / "run")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    fly(hum_corpus, run)
    for path in [run / "preflight.json", *(run / "preflight").iterdir()]:
        path.unlink()
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_an_earlier_pre_flight_is_replaced(hum_corpus, small, tmp_path, no_learning):
    (tmp_path / "preflight").mkdir()
    (tmp_path / "preflight" / "replay.wav").write_text("old")
    (tmp_path / "preflight.json").write_text("{}")
    fly(hum_corpus, tmp_path, **small)
    assert not (tmp_path / "preflight" / "replay.wav").exists()
    assert json.loads((tmp_path / "preflight.json").read_text())["passed"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"preset": "symphony"}, '"sketch"'), ({"dimension": 3}, "dimension"), ({"window": 100}, "96")],
)
def test_what_training_refuses_is_refused_before_anything_is_made(hum_corpus, tmp_path, changes, named):
    with pytest.raises(CourseError, match=named):
        fly(hum_corpus, tmp_path / "run", **changes)
    with pytest.raises(CourseError, match="no corpus"):
        fly(tmp_path / "corpus", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_other_things_is_left_alone(hum_corpus, tmp_path):
    (tmp_path / "thesis.txt").write_text("chapter 1")
    with pytest.raises(CourseError, match="something other"):
        fly(hum_corpus, tmp_path)
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_results_that_cannot_be_kept_are_no_exception(hum_corpus, small, tmp_path, monkeypatch, no_learning):
    def full(*_):
        raise CourseError("The disk is full.")

    monkeypatch.setattr(sys.modules[preflight.__module__], "save_results", full)
    check = fly(hum_corpus, tmp_path / "run", **small)
    assert str(check.checks[0]) == "folder: failed. The disk is full." and not check.passed


def test_what_to_do_now_is_said_in_one_sentence():
    def end(*checks):
        return Preflight(checks).end

    passed, unknown, failed = (Check("", passed, "") for passed in (True, None, False))
    advised = Check("", False, "", {"streams": 4}), Check("", False, "", {"precision": "float32"})
    assert end(passed, unknown) == "Everything is set up."
    assert end(passed, *advised) == "Train with streams=4, precision='float32'."
    assert end(*advised, failed) == "Fix what failed, and try again."
    assert Preflight(advised).advised == {"streams": 4, "precision": "float32"}
    assert Preflight((passed, unknown)).passed and not Preflight(advised).passed


# The place


def test_a_folder_that_may_not_be_written_is_told(preset, public_folder, as_guest, no_learning):
    public_folder.chmod(0o555)
    with as_guest():
        folder, going_on = places(preset, public_folder / "run")
    assert folder.passed is False and "choose a folder that you may write to" in folder.sentence
    assert going_on.passed is None
    assert not os.listdir(public_folder)


def test_too_small_a_disk_is_told(preset, small_disk, no_learning):
    with small_disk() as disk:
        folder, _ = places(preset, disk / "run")
    assert folder.passed is False and "free some space" in folder.sentence


def test_a_disk_that_fills_up_is_told(preset, small_disk, monkeypatch, no_learning):
    plenty = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: plenty)
    with small_disk(size=2**17, largest_file=2**16) as disk:
        folder, _ = places(preset, disk / "run")
        assert not [path for path in disk.rglob("*") if path.is_file()]
    assert folder.passed is False and "The disk is full" in folder.sentence


def test_a_drive_that_is_gone_is_told_and_nothing_is_made_in_its_place(preset, tmp_path, no_learning):
    folder, copy, going_on = places(preset, tmp_path / "run", copy_to=tmp_path / "drive" / "MyDrive" / "copy")
    assert copy.passed is False and "is not there" in copy.sentence
    assert folder.passed and going_on.passed
    assert not (tmp_path / "drive").exists()


def test_a_drive_that_does_not_answer_is_told(preset, tmp_path, monkeypatch, no_learning):
    def silent(path):
        raise OSError(107, "Transport endpoint is not connected")

    monkeypatch.setattr(shutil, "disk_usage", silent)
    folder, _ = places(preset, tmp_path / "run")
    assert folder.passed is False and "Transport endpoint is not connected" in folder.sentence


def test_a_folder_for_the_copy_is_left_as_it_was(preset, tmp_path, no_learning):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "run.json").write_text("{}")
    checks = places(preset, tmp_path / "run", copy_to=tmp_path / "copy")
    assert all(check.passed for check in checks)
    assert os.listdir(tmp_path / "copy") == ["run.json"]


def test_a_checkpoint_that_comes_back_changed_is_told(preset, tmp_path, monkeypatch, no_learning):
    def changed(path, kind, read=file_format.read):
        about, arrays, texts = read(path, kind)
        return about, arrays | {"optimiser/0": arrays["optimiser/0"] + 1}, texts

    monkeypatch.setattr(file_format, "read", changed)
    folder, _ = places(preset, tmp_path)
    assert folder.passed is False and "came back changed" in folder.sentence


def test_a_training_that_does_not_go_on_where_it_stopped_is_told(preset, tmp_path, monkeypatch, no_learning):
    monkeypatch.setattr(machine.TrainingState, "restore", lambda *_: None)
    folder, going_on = places(preset, tmp_path)
    assert folder.passed and going_on.passed is False and "course's makers" in going_on.sentence


def test_an_interruption_leaves_no_checkpoint_behind(preset, tmp_path, monkeypatch):
    def stop_after_saving(model, state):
        if list(tmp_path.rglob("*.bin")):
            raise KeyboardInterrupt

    monkeypatch.setattr(machine, "_train", stop_after_saving)
    with pytest.raises(KeyboardInterrupt):
        places(preset, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_model_that_memory_cannot_hold_is_not_tried(preset, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "free_memory", lambda: 1000)
    (folder,) = places(preset, tmp_path)
    assert folder.passed is None and "memory" in folder.sentence


# Numbers


@pytest.mark.parametrize("half", [3.2, 2.8, math.nan, math.inf])
def test_half_precision_that_differs_is_advised_against(half):
    check = machine.compare(3.0, half)
    assert check.passed is False and check.advised == {"precision": "float32"}


@pytest.mark.parametrize("on_a_card", [True, False])
def test_unless_it_is_asked_for_half_precision_is_not_used(preset, on_a_card, monkeypatch):
    """It was slower on the card that was measured."""
    monkeypatch.setattr("prism_lessons.training.keras_model.on_gpu", lambda: on_a_card)
    check = machine.check_precision(preset.changed(precision="auto"), np.zeros(500, int))
    assert check.passed and check.sentence == "Numbers are kept in single precision."


def test_half_precision_that_agrees_is_used():
    assert machine.compare(3.0, 3.04).passed and machine.compare(3.0, 3.04).advised == {}


@pytest.mark.parametrize("predictors", [(), (4, 16)])
def test_one_batch_costs_as_many_bits_in_half_precision_as_in_single(preset, predictors):
    codes = np.random.default_rng(0).integers(1, 256, 500)
    check = machine.check_precision(preset.changed(precision="mixed_float16", predictors=predictors), codes)
    assert check.passed and "Half precision" in check.sentence


def test_half_precision_gone_wrong_is_found(preset, monkeypatch):
    monkeypatch.setattr(machine, "bits_in", lambda name, *_: math.nan if name == "mixed_float16" else 8.0)
    assert machine.check_precision(preset.changed(precision="mixed_float16"), []).advised == {"precision": "float32"}
    for asked in ("auto", "float32"):  # "auto" is single precision on a CPU
        check = machine.check_precision(preset.changed(precision=asked), [])
        assert check.passed and "single precision" in check.sentence


# Memory


def test_streams_are_halved_until_they_fit(preset):
    check = machine.advise(preset.changed(streams=48), lambda tried: tried.training.streams <= 13, "the memory")
    assert check.passed is False and check.advised == {"streams": 12} and "streams=12" in check.sentence


def test_what_does_not_fit_with_one_stream_needs_another_model(preset):
    check = machine.advise(preset, lambda tried: False, "the memory")
    assert check.passed is False and check.advised == {} and "smaller preset" in check.sentence


def test_on_a_cpu_the_estimate_is_compared_with_the_free_memory(preset, monkeypatch):
    wide = preset.changed(streams=64, window=1024)
    for streams in (64, 16, 1):
        needed = machine.bytes_of_training(wide.changed(streams=streams))
        monkeypatch.setattr(machine, "free_memory", lambda needed=needed: needed)
        assert machine.check_memory(wide).advised == ({} if streams == 64 else {"streams": streams})
    monkeypatch.setattr(machine, "free_memory", lambda: needed - 1)
    check = machine.check_memory(wide)
    assert check.passed is False and check.advised == {}


@pytest.mark.parametrize(
    "larger",
    [
        {"streams": 9}, {"window": 512}, {"levels": 512}, {"dim": 136}, {"embedding": 64}, {"layers": 2},
        {"cell": "lstm"}, {"frame_sizes": (2, 8, 32)},
    ],
)  # fmt: skip
def test_whatever_grows_needs_more_memory(larger):
    preset = PRESETS["sketch"].changed(streams=8, window=256, embedding=32, frame_sizes=(8, 32), layers=1)
    assert machine.bytes_of_training(preset.changed(**larger)) > machine.bytes_of_training(preset)


def test_on_a_graphics_card_one_step_is_tried(preset, monkeypatch):
    def step(model, inputs, targets, sample_weight):
        assert model(inputs).shape[:2] == targets.shape == sample_weight.shape

    def exhausted(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM")

    monkeypatch.setattr(StatefulSampleRNN, "train_on_batch", step)
    assert machine.fits_on_gpu(preset)
    monkeypatch.setattr(StatefulSampleRNN, "train_on_batch", exhausted)
    assert not machine.fits_on_gpu(preset)


# By heart


def corpus_of(tmp_path, write_sound, samples):
    """A corpus of two recordings of the same length: `samples`, and silence, whichever is kept for validation."""
    write_sound(tmp_path / "recordings" / "a.wav", samples, RATE)
    return curate(tmp_path / "recordings", tmp_path / "corpus", sample_rate=RATE)


def test_the_liveliest_second_is_found():
    """Of silence, a steady tone, a click, a soft melody and a loud one, the last is the liveliest."""
    second = np.arange(RATE) / RATE
    melody = np.sin(2 * np.pi * (200 + 100 * np.repeat(np.arange(10), RATE // 10)) * second)
    click = np.zeros(RATE)
    click[RATE // 2] = 1
    parts = [np.zeros(RATE), 0.5 * np.sin(2 * np.pi * 200 * second), click, 0.05 * melody, 0.5 * melody]
    order = [3, 0, 1, 4, 2]
    sound = np.concatenate([parts[number] for number in order]).astype(np.float32)
    begin, samples, _ = max(overfit._seconds(Clip(sound, RATE)), key=lambda second: second[2])
    size = round(0.02 * RATE)
    assert abs(begin - order.index(4) * RATE) <= 2 * size  # its edges change most of all
    assert len(samples) == RATE


def test_a_clip_is_named_by_its_recording_and_place(hum_corpus):
    clip = overfit.busiest_second(hum_corpus)
    assert clip.seconds == 1 and clip.sample_rate == RATE
    assert clip.name.startswith("hum ") and clip.name.endswith(" s")


def test_at_high_sample_rates_the_clip_is_shorter():
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * 44100).astype(np.float32)
    _, samples, _ = next(overfit._seconds(Clip(noise, 44100)))
    assert overfit.MOST_SAMPLES - 882 < len(samples) <= overfit.MOST_SAMPLES


def test_sounds_too_short_for_it_are_told(preset):
    assert not list(overfit._seconds(Clip(np.ones(300, np.float32), RATE)))
    check, replay = overfit.check_overfitting(preset, None, LiveLine(io.StringIO()))
    assert check.passed is False and "longer recordings" in check.sentence and replay is None


@pytest.mark.parametrize(("quantisation", "gain"), [("mu-law", 3e-4), ("linear", 3e-3)])
def test_what_the_model_would_hear_as_silence_is_told(preset, noise, quantisation, gain):
    """256 linear levels are 1/127 apart, and so turn what lies below 1/254 into silence."""
    clip = Clip(np.clip(10 * gain * noise(1.0), -gain, gain), RATE, "far away")
    check, replay = overfit.check_overfitting(preset.changed(quantisation=quantisation), clip, LiveLine(io.StringIO()))
    assert check.passed is False and replay is None
    assert "far away" in check.sentence and "nearly silent" in check.sentence


@pytest.mark.parametrize("name", ["sketch", "piece"])
def test_a_whisper_is_learned_by_heart(name, monkeypatch):
    """Noise is what guesses know least of: where they took part, no replay of it came out the same."""
    monkeypatch.setattr(overfit, "CPU_SECONDS", 600)  # however busy the machine is
    whisper = load(BREATH / "whisper_oui_ea.flac", RATE, start=3.8, seconds=0.2)
    check, replay = overfit.check_overfitting(PRESETS[name], whisper, LiveLine(io.StringIO()))
    assert check.passed, check.sentence
    assert overfit.correlation(whisper.samples, replay.samples) > 0.9


def test_too_slow_a_machine_is_no_failure(preset, noise, monkeypatch):
    monkeypatch.setattr(overfit, "CPU_SECONDS", 0.01)
    monkeypatch.setattr(overfit, "DIM", 16)
    check, replay = overfit.check_overfitting(
        preset, Clip(noise(0.1, sample_rate=RATE), RATE, "noise"), LiveLine(io.StringIO())
    )
    assert check.passed is None and check.how == "not finished" and "too slow" in check.sentence
    assert replay.seconds == 0.1


def test_a_replay_stops_when_it_takes_too_long_and_compiling_does_not_count(preset, monkeypatch):
    trial, waits = overfit.OverfitTrial(overfit.small_preset(preset, 1000), np.arange(1000) % 256, 0), []

    def pieces(*_):
        for wait in waits:
            time.sleep(wait)
            yield np.zeros((1, 100), int)

    monkeypatch.setattr(overfit, "pieces", pieces)
    monkeypatch.setattr(overfit, "REPLAY_SECONDS", 1)
    waits[:] = 2, 0, 0
    assert len(trial.play_back()) == 300
    waits[:] = 0, 1.5, 0
    assert len(trial.play_back()) == 200


def test_what_was_not_learned_in_all_those_steps_has_failed():
    def learned(bits, steps):
        return SimpleNamespace(bits=bits, steps=steps)

    many = overfit.MOST_STEPS
    assert overfit.judge(learned(0.01, many), "a", 0.99).passed
    assert overfit.judge(learned(3.0, many - 1), "a", 0.0).passed is None
    assert overfit.judge(learned(3.0, many), "a", 0.0).passed is False
    assert overfit.judge(learned(0.01, many), "a", 0.2).passed is False
    assert overfit.judge(learned(0.06, many), "a", 0.99).passed is False
    assert overfit.judge(learned(math.nan, 10), "a", 0.0).passed is False


def test_likeness_is_correlation_and_0_without_movement(noise):
    sound = noise(0.5)
    assert overfit.correlation(sound, 0.5 * sound) == pytest.approx(1)
    # 4,000 independent samples: the correlation strays by 1 / sqrt(4000), six times that is never met.
    assert abs(overfit.correlation(sound, noise(0.5, seed=1))) < 6 / math.sqrt(4000)
    assert overfit.correlation(sound, np.zeros_like(sound)) == 0
