"""What is advised for a clip that cannot be heard is what the clips of its run show."""

from types import SimpleNamespace

import pytest

from prism_lessons.audition import DIAGNOSES
from prism_lessons.audition.diagnosis import WAYS, advice

EPOCHS = [1, 2, 3, 4]


def clip(epoch, temperature, diagnosis):
    played = SimpleNamespace(epoch=epoch, temperature=temperature)
    return SimpleNamespace(played=played, diagnosis=diagnosis, audible=DIAGNOSES[diagnosis].audible)


def test_another_temperature_is_advised_only_where_the_epoch_is_awake_at_it():
    silent = clip(3, 0.85, "silence")
    run = [silent, clip(3, 1.0, "faint"), clip(3, 1.1, "alive"), clip(3, 1.2, "noise"), clip(2, 0.9, "tone")]
    assert advice(silent, run, EPOCHS).startswith("At temperature 1.1 this epoch can be heard: take that one, or ")
    run = [silent, clip(3, 1.0, "faint"), clip(3, 1.1, "silence"), clip(2, 0.9, "tone")]
    said = advice(silent, run, EPOCHS)
    assert said.startswith("At temperatures 1 and 1.1 this epoch cannot be heard either")
    assert said.endswith("Epoch 2 can be heard, and its model still exists.") and WAYS in said


def test_another_voice_that_can_be_heard_comes_first():
    silent = clip(3, 0.85, "silence")
    said = advice(silent, [silent, clip(3, 0.85, "alive"), clip(3, 1.0, "alive")], EPOCHS)
    assert said.startswith("At this temperature another voice can be heard")


def test_without_a_clip_at_a_higher_temperature_nothing_is_claimed_of_it():
    silent = clip(3, 1.0, "silence")
    said = advice(silent, [clip(3, 0.85, "silence"), silent], EPOCHS)
    assert said.startswith("No clip shows whether a higher temperature would wake this epoch")
    assert said.endswith("No other epoch whose model still exists can be heard.")


def test_of_epochs_as_far_away_the_later_one_is_named():
    silent = clip(3, 1.0, "faint")
    run = [silent, clip(2, 1.0, "alive"), clip(4, 1.0, "alive")]
    assert "Epoch 4 can be heard" in advice(silent, run, EPOCHS)
    assert "Epoch 2 can be heard" in advice(silent, run, [1, 2, 3]), "the model of epoch 4 is not there"


@pytest.mark.parametrize("key", [key for key, kind in DIAGNOSES.items() if kind.audible])
def test_what_can_be_heard_keeps_the_advice_of_its_diagnosis(key):
    assert advice(clip(1, 1.0, key), [clip(1, 1.0, key)], EPOCHS) == DIAGNOSES[key].advice
