"""A training that blows up goes back by itself, with smaller steps; not for ever, and nothing is lost."""

import math

import numpy as np
import pytest

from prism_lessons.errors import CourseError
from prism_lessons.run import Run
from prism_lessons.training import train
from prism_lessons.training.callback import TrainingCallback
from prism_lessons.training.divergence import LOOK_BACK, Diverged, DivergenceMonitor


def see(watch, bits_of_batches):
    for bits in bits_of_batches:
        watch.update(bits, norms=1.0)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_is_an_explosion_at_once(number):
    with pytest.raises(Diverged, match="without bound"):
        DivergenceMonitor(256, first_epoch=True).update(number, 1.0)
    with pytest.raises(Diverged, match="without bound"):
        DivergenceMonitor(256, first_epoch=True).update(8.0, number)


@pytest.mark.parametrize("first_epoch", [True, False])
def test_worse_than_blind_chance_for_long_is_an_explosion(first_epoch):
    with pytest.raises(Diverged, match=r"8\.9 bits"):
        see(DivergenceMonitor(256, first_epoch), [5.0] + [9.0] * LOOK_BACK)


@pytest.mark.parametrize("first_epoch", [True, False])
def test_a_strange_sound_among_others_is_no_explosion(first_epoch):
    see(DivergenceMonitor(256, first_epoch), [3.0] * 100 + [12.0] * (LOOK_BACK // 2) + [3.0] * 100 + [8.0] * 500)


def test_a_model_that_has_just_begun_may_fall_slowly_from_a_wild_first_guess():
    falling = np.linspace(11, 7, 1000)
    see(DivergenceMonitor(256, first_epoch=True), falling)
    with pytest.raises(Diverged):
        see(DivergenceMonitor(256, first_epoch=False), falling)
    with pytest.raises(Diverged):
        see(DivergenceMonitor(256, first_epoch=True), [11.0] * 20 + [12.0] * LOOK_BACK)


@pytest.fixture
def train_with_rate(hum_corpus, small, monkeypatch):
    """A function that trains with the learning rate multiplied by what a function of the `TrainingState` says."""
    begin = TrainingCallback.on_train_batch_begin

    def go(folder, times, epochs, **changes):
        def multiplied(self, batch, logs=None):
            begin(self, batch, logs)
            rate = self.model.optimizer.learning_rate
            rate.assign(rate * times(self.state))

        with monkeypatch.context() as patch:
            patch.setattr(TrainingCallback, "on_train_batch_begin", multiplied)
            return train(hum_corpus, folder, epochs=epochs, **{**small, **changes})

    return go


def test_a_rate_a_thousand_times_too_high_for_an_epoch_is_survived_and_logged(train_with_rate, tmp_path, capsys):
    run = train_with_rate(tmp_path, lambda at: 1000 if at.epoch == 1 and not at.rollbacks else 1, epochs=4)
    assert [entry.epoch for entry in run.log] == [1, 2, 3, 4]
    assert run.log[-1].bits < run.log[0].bits and run.log[-1].validation_bits < run.log[0].validation_bits
    (event,) = [event for event in run.events if event["kind"] == "blown up"]
    assert (event["epoch"], event["back_to"], event["rate_factor"]) == (1, 1, 0.5)
    assert event["text"] in capsys.readouterr().out
    # The cosine gives the rate at the end of an epoch; after the setback it is half of that.
    fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi / 2))
    assert run.log[1].learning_rate == pytest.approx(0.002 * fall / 2, rel=0.05)
    assert all(np.isfinite(weight).all() for weight in run.capsule().weights.values())


def test_what_blows_up_again_and_again_is_stopped_with_everything_kept(train_with_rate, tmp_path):
    with pytest.raises(CourseError, match=r"blown up 4 times .* the end of epoch 1 is kept: ask for"):
        train_with_rate(tmp_path, lambda at: 1e6 if at.epoch == 1 else 1, epochs=3)
    run = Run(tmp_path)
    assert run.epochs == [1] and run.log[0].whole
    assert [event["rate_factor"] for event in run.events if event["kind"] == "blown up"] == [0.5, 0.25, 0.125, 0]
    run = train_with_rate(tmp_path, lambda at: 1, epochs=3, learning_rate=1e-3)
    assert run.epochs == [1, 2, 3]
    assert [event["kind"] for event in run.events][-2:] == ["changed", "resumed"]


def test_an_explosion_in_the_first_epoch_goes_back_to_the_beginning(train_with_rate, tmp_path):
    run = train_with_rate(tmp_path, lambda at: 1e6 if not at.rollbacks else 1, epochs=1)
    (event,) = [event for event in run.events if event["kind"] == "blown up"]
    assert event["back_to"] == 0 and "the beginning" in event["text"]
    assert run.log[0].validation_bits < 8
