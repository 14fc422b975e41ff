"""What is promised before and during a training: sums that come out, words that are right, and no wild guesses."""

import json
import math
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from prism_lessons.errors import CourseError
from prism_lessons.presets import PRESETS
from prism_lessons.training.budget import LEAST_TRAINED, Budget, Forecast
from prism_lessons.training.plan import Throughput, make_plan, measure_throughput, next_time, plan

NOON = datetime(2026, 6, 3, 12, 0)  # a Wednesday
SETTINGS = PRESETS["sketch"].training
# An epoch is 100 s of training and 20 s for its end; the start takes 30 s.
PACE = Throughput(
    samples_per_second=20_000,
    samples_per_epoch=2_000_000,
    start_seconds=30,
    end_seconds=20,
    checkpoint_bytes=6_000_000,
    weights_bytes=2_000_000,
    clips_bytes=250_000,
)


@pytest.fixture(autouse=True)
def manchester(monkeypatch):
    """The computer stands where clocks show one hour more than UTC in summer."""
    monkeypatch.setenv("TZ", "GMT0BST,M3.5.0/1,M10.5.0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def promised(pace=PACE, settings=SETTINGS, now=NOON, until=None, most_hours=None, **budget):
    return make_plan(pace, settings, Budget(**budget), now, until, most_hours)


def test_from_minutes_follow_the_epochs():
    made = promised(minutes=5)
    assert (made.epochs, made.minutes, made.seconds) == (3, 5, 30 + 3 * 120)
    # A part of an epoch has an end, and clips, of its own.
    made = promised(minutes=4)
    assert (made.epochs, made.clips, made.seconds) == (2.4, 6, 30 + 240 + 3 * 20)


def test_from_epochs_follow_the_minutes():
    made = promised(epochs=12)
    assert (made.minutes, made.seconds, made.seconds_per_epoch) == (20, 30 + 12 * 120, 120)
    assert made.ends == NOON + timedelta(seconds=30 + 12 * 120)


def test_what_is_reached_first_counts():
    assert promised(epochs=3, minutes=60).epochs == 3
    assert promised(epochs=60, minutes=5).epochs == 3


def test_until_a_time_as_much_is_trained_as_fits():
    for minutes in range(2, 200):
        late = NOON + timedelta(minutes=minutes)
        made = promised(until=late)
        assert made.ends <= late
        # Had the budget been longer by the end of an epoch, it would have been late.
        assert promised(minutes=made.minutes + (PACE.end_seconds + 1) / 60).ends > late


def test_until_goes_together_with_other_budgets():
    late = NOON + timedelta(hours=1)
    assert promised(until=late, epochs=2).epochs == 2
    assert promised(until=late, minutes=1).minutes == 1
    assert promised(until=late, epochs=1000).ends <= late


def test_too_short_a_time_is_refused():
    with pytest.raises(CourseError, match=r"before 12:00: starting and the end of an epoch take 50 seconds"):
        promised(until=NOON + timedelta(seconds=50))
    assert promised(until=NOON + timedelta(seconds=51)).minutes == pytest.approx(1 / 60)


def test_a_clock_time_is_the_next_one():
    assert next_time("17:00", NOON) == datetime(2026, 6, 3, 17, 0)
    assert next_time("9:05", NOON) == datetime(2026, 6, 4, 9, 5)
    assert next_time("12:00", NOON) == datetime(2026, 6, 4, 12, 0)


@pytest.mark.parametrize("wrong", ["5pm", "25:00", "", "tomorrow", 17, "17:00:00"])
def test_what_is_no_clock_time_is_refused_before_anything_is_measured(wrong, hum_corpus):
    with pytest.raises(CourseError, match='such as "17:00", not'):
        plan(hum_corpus, until=wrong)


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": math.inf}, {"epochs": 1.5}, {"most_hours": 0}])
def test_what_is_no_budget_is_refused_before_anything_is_measured(wrong, hum_corpus):
    with pytest.raises(CourseError, match=f"{next(iter(wrong))} must be"):
        plan(hum_corpus, **wrong)


def test_a_computer_that_is_taken_away_cuts_an_epoch():
    # 12 hours without the start are 43,170 s: 359 epochs of 120 s, and a part of the next.
    assert promised(epochs=400, most_hours=12).cut == 360
    assert promised(epochs=359, most_hours=12).cut is None
    assert promised(minutes=1, most_hours=0.001).cut == 1


def test_disk_holds_all_clips_and_as_many_weights_as_the_settings_allow():
    def size(disk_gb, **budget):
        return promised(settings=replace(SETTINGS, disk_gb=disk_gb), **budget).bytes

    assert size(4, epochs=10) == 6_000_000 + 10 * 2_250_000
    # 0.021 GB hold 10 weights of 2 MB.
    assert size(0.021, epochs=1000) == 6_000_000 + 10 * 2_000_000 + 1000 * 250_000
    # The best and the three newest stay whatever is set.
    assert size(0, epochs=1000) == 6_000_000 + 4 * 2_000_000 + 1000 * 250_000
    # A part of an epoch leaves weights and clips, and a checkpoint of its own.
    assert size(4, minutes=4) == 2 * 6_000_000 + 3 * 2_250_000


def test_words_of_a_plan():
    text = str(promised(replace(PACE, samples_per_second=20_312), epochs=12))
    assert text == "20,000 samples a second; 1:58 minutes for an epoch. By 12:25: epoch 12, 24 clips, 33 MB."


def test_words_of_a_plan_that_the_computer_does_not_last_for():
    text = str(promised(epochs=400, most_hours=12))
    assert text.startswith("20,000 samples a second; 2:00 minutes for an epoch. By tomorrow at 01:21: epoch 400, 800 ")
    assert "yours for at most 12 hours, and that time ends in epoch 360: keep a copy" in text
    assert "at most 1 hour, " in str(promised(epochs=400, most_hours=1))


def test_words_of_small_plans():
    silent = replace(SETTINGS, clip_temperatures=())
    assert str(promised(settings=silent, epochs=1)).endswith("By 12:03: epoch 1, 8.2 MB.")
    one = replace(SETTINGS, clip_temperatures=(1.0,))
    assert str(promised(settings=one, epochs=1)).endswith("epoch 1, 1 clip, 8.2 MB.")
    assert str(promised(settings=one, minutes=1)).endswith("60% of epoch 1, 1 clip, 14 MB.")
    many = replace(SETTINGS, clip_voices=3)
    assert str(promised(settings=many, epochs=4)).endswith("epoch 4, 24 clips, 15 MB.")
    quick = replace(PACE, samples_per_epoch=2_000, end_seconds=1, weights_bytes=9_000, checkpoint_bytes=27_000)
    assert "; 1 second for an epoch. " in str(promised(quick, epochs=1))
    assert str(promised(quick, settings=silent, epochs=1)).endswith("epoch 1, 286 kB.")
    long = replace(PACE, samples_per_epoch=10**9, weights_bytes=10**9)
    assert "; 13:53:40 hours for an epoch. By tomorrow at 01:55: epoch 1, 2 clips, 1.0 GB." in str(
        promised(long, epochs=1)
    )


@pytest.mark.parametrize(
    ("epochs", "said"), [(11, "23:54"), (14, "tomorrow at 00:00"), (764, "Friday at 01:00"), (6000, "12 June at 07:32")]
)
def test_days_are_named(epochs, said):
    made = promised(epochs=epochs, now=datetime(2026, 6, 3, 23, 31, 30))
    assert f" By {said}: " in str(made)


def test_a_night_that_changes_the_clock_is_as_long_as_it_is():
    made = promised(epochs=180, now=datetime(2026, 10, 25, 0, 30))  # clocks go back from 2 to 1 in that night
    assert made.seconds == 30 + 180 * 120
    assert " By 05:31: " in str(made)


def test_a_clock_that_shows_utc_says_so(monkeypatch):
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    assert " By 12:25 UTC: " in str(promised(epochs=12))


def test_a_plan_is_plain_values_too():
    values = json.loads(json.dumps(promised(epochs=12, most_hours=12).as_dict()))
    assert values["ends"] == "2026-06-03T12:24:30"
    assert (values["epochs"], values["clips"], values["seconds"], values["cut"]) == (12, 24, 1470, None)
    assert values["text"] == str(promised(epochs=12))


def test_a_plan_says_what_its_corpus_warns_of(mostly_silent, monkeypatch):
    monkeypatch.setattr(sys.modules[plan.__module__], "measure_throughput", lambda *_: PACE)
    made = plan(mostly_silent, epochs=1)
    assert str(made).splitlines()[1:] == mostly_silent.warnings
    assert made.as_dict()["warnings"] == tuple(mostly_silent.warnings)


class Machine:
    """Moves a `TrainingState` on by simulated batches of a hundredth of an epoch, and the clock with it."""

    def __init__(self, seconds=0.0, epoch=0, step=0):
        self.seconds, self.epoch, self.step, self.now = seconds, epoch, step, 1000.0

    @property
    def epochs(self):
        return self.epoch + self.step / 100

    def run(self, forecast, budget, epoch_seconds, end_seconds, stop_at=1.0):
        """Train to a share of a budget; the first batch compiles for 7 s, which are not counted."""
        first = True
        while budget.share(self) < stop_at:
            self.now += epoch_seconds / 100 if not first else 7
            self.seconds += epoch_seconds / 100 if not first else 0
            self.step, first = self.step + 1, False
            forecast.update(self.now)
            if self.step == 100:
                self.epoch, self.step, self.now = self.epoch + 1, 0, self.now + end_seconds


def left(machine, budget, epoch_seconds, end_seconds):
    """Epochs at the end and seconds until then, by going there."""
    there = Machine(machine.seconds, machine.epoch, machine.step)
    there.run(SimpleNamespace(update=lambda now: None), budget, epoch_seconds, end_seconds)
    return there.epochs, there.now - 1000 - 7 + epoch_seconds / 100 + (end_seconds if there.step else 0)


BUDGETS = [Budget(minutes=30), Budget(epochs=15), Budget(epochs=1000, minutes=30)]


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("share", [0.03, 0.1, 0.5, 0.9])
def test_a_steady_run_is_foretold_exactly(budget, share):
    machine = Machine()
    forecast = Forecast(machine, budget, end_seconds=20)
    machine.run(forecast, budget, 100, 20, stop_at=share)
    epochs, seconds = forecast.predict_end()
    true_epochs, true_seconds = left(machine, budget, 100, 20)
    assert epochs == pytest.approx(true_epochs, abs=0.02)  # two batches: the first one has no seconds
    assert seconds == pytest.approx(true_seconds, abs=2)


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_run_that_becomes_slower_is_foretold_anew(budget):
    machine = Machine()
    forecast = Forecast(machine, budget, end_seconds=20)
    machine.run(forecast, budget, 50, 20, stop_at=0.1)
    machine.run(forecast, budget, 100, 60, stop_at=0.5)
    epochs, seconds = forecast.predict_end()
    true_epochs, true_seconds = left(machine, budget, 100, 60)
    assert epochs == pytest.approx(true_epochs, rel=0.03) and seconds == pytest.approx(true_seconds, rel=0.1)


def test_ends_that_take_longer_than_rehearsed_are_noticed():
    machine, budget = Machine(), Budget(epochs=20)
    forecast = Forecast(machine, budget, end_seconds=5)
    machine.run(forecast, budget, 10, 20, stop_at=0.16)  # a little into the fourth epoch
    assert forecast.end_seconds == pytest.approx((5 + 3 * 20) / 4)  # the rehearsal counts as an end
    machine.run(forecast, budget, 10, 20, stop_at=0.99)
    assert forecast.end_seconds == pytest.approx(20, rel=0.05)


def test_what_an_earlier_machine_trained_counts_for_the_budget_and_not_for_the_pace():
    budget = Budget(minutes=30)
    machine = Machine(seconds=900.0, epoch=90)  # there, an epoch took 10 s
    forecast = Forecast(machine, budget, end_seconds=20)
    assert not forecast.ready and forecast.words(NOON) == ""
    machine.run(forecast, budget, 100, 20, stop_at=0.51)
    epochs, _ = forecast.predict_end()
    assert epochs == pytest.approx(99, abs=0.02)


def test_going_back_after_a_run_has_blown_up_does_not_count_as_pace():
    machine, budget = Machine(), Budget(epochs=20)
    forecast = Forecast(machine, budget, end_seconds=20)
    machine.run(forecast, budget, 100, 20, stop_at=0.075)
    machine.epoch, machine.step, machine.seconds, machine.now = 1, 0, 100.0, machine.now + 500
    machine.run(forecast, budget, 100, 20, stop_at=0.2)
    assert forecast.end_seconds == pytest.approx(20)
    assert forecast.predict_end()[1] == pytest.approx(left(machine, budget, 100, 20)[1], abs=2)


def test_nothing_is_said_before_there_is_something_to_go_by():
    machine, budget, said = Machine(), Budget(minutes=29), []
    forecast = Forecast(machine, budget, end_seconds=20)
    hear = SimpleNamespace(update=lambda now: (forecast.update(now), said.append(forecast.words(NOON))))
    machine.run(hear, budget, 100, 20)
    silent = round(
        LEAST_TRAINED
    )  # the batch that compiles, and batches of a second each until there are `LEAST_TRAINED` seconds
    assert not any(said[:silent]) and all(said[silent:])
    # 29 minutes of training are 17.4 epochs, with 18 ends of 20 s; 2 s of them are over.
    assert said[silent] == "until about 12:35, epoch 18"


def test_a_real_measurement_is_sane(hum_corpus, small):
    preset = PRESETS["sketch"].changed(**small, clip_voices=3)
    began = time.monotonic()
    pace = measure_throughput(hum_corpus, preset, seconds=0.5)
    took = time.monotonic() - began
    assert all(math.isfinite(value) and value > 0 for value in vars(pace).values())
    assert pace.start_seconds + 0.5 <= took
    assert pace.clips_bytes == 2 * 2 * 6 * 800  # in files and for TensorBoard: 16 bits, 6 clips, 0.1 s at 8 kHz
    assert 2.5 < pace.checkpoint_bytes / pace.weights_bytes < 3.5  # weights and Adam's two means
    made = make_plan(pace, preset.training, Budget(epochs=2), NOON)
    assert made.epochs == 2 and made.ends > NOON
