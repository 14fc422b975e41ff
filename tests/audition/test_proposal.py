"""The epoch that is proposed can be heard, and it is said what its bits are worth."""

from types import SimpleNamespace

import pytest

from prism_lessons.audition.proposal import decided_by_one, proposal
from prism_lessons.run import Epoch

RATE = 16000


def a_run(bits, kept=None, **references):
    """`bits` are those in validation of epochs 1, 2, ...; those in training are 3.25."""
    log = [Epoch(epoch, 3.25, value, 30.0, 1000, 1e-3) for epoch, value in enumerate(bits, start=1)]
    kept = [entry.epoch for entry in log] if kept is None else kept
    return SimpleNamespace(log=log, epochs=kept, references={"uniform": 8.0, **references})


def clips(**audible):
    """Clips of some epochs: `e3="10"` is one of epoch 3 that can be heard, and one that cannot."""
    return [
        SimpleNamespace(played=SimpleNamespace(epoch=int(epoch[1:])), audible=one == "1")
        for epoch, several in audible.items()
        for one in several
    ]


def corpus(**seconds):
    kept_aside = [SimpleNamespace(recording=name, samples=round(RATE * length)) for name, length in seconds.items()]
    learned = [SimpleNamespace(recording="learned", samples=RATE)]
    return SimpleNamespace(sample_rate=RATE, clips=kept_aside + learned, of={"validation": kept_aside}.get)


def test_the_fewest_bits_count_among_the_epochs_of_which_half_of_the_clips_can_be_heard():
    found = proposal(a_run([6, 5, 4, 3]), clips(e1="11", e2="10", e3="100", e4="00"), [])
    assert found.epoch == 2
    assert str(found) == (
        "Epoch 2 has the fewest bits (5.00) of the epochs that can be heard. Epoch 4 has fewer (3.00), but 2 of its 2 "
        "clips cannot be heard."
    )


def test_where_all_can_be_heard_it_is_the_one_with_the_fewest_bits_and_of_equals_the_later():
    assert str(proposal(a_run([6, 5]), clips(e1="1", e2="1"), [])) == (
        "Epoch 2 has the fewest bits (5.00) of the epochs that can be heard."
    )
    assert proposal(a_run([5, 5, 6]), clips(e1="1", e2="1", e3="1"), []).epoch == 2


def test_where_most_is_silent_everywhere_the_epoch_that_is_heard_most_is_proposed():
    found = proposal(a_run([6, 5, 4]), clips(e1="1000", e2="100", e3="000"), [])
    assert found.epoch == 2 and "of epoch 2, 1 of 3 can be heard" in str(found)


def test_where_nothing_can_be_heard_that_is_said():
    found = proposal(a_run([6, 5]), clips(e1="0", e2="0"), [])
    assert str(found) == "No clip of these epochs can be heard; epoch 2 has the fewest bits (5.00)."


def test_stars_come_before_bits_also_where_nothing_can_be_heard():
    assert proposal(a_run([6, 5]), clips(e1="0", e2="1"), ["0001_1_t1"]).epoch == 1
    assert proposal(a_run([6, 5], kept=[2]), clips(e1="1", e2="1"), ["0001_1_t1"]).epoch == 2


def test_without_a_model_no_epoch_is_proposed():
    assert proposal(a_run([6], kept=[]), clips(e1="1"), []).epoch is None


def test_an_epoch_without_clips_or_bits_is_proposed_only_for_want_of_others():
    assert proposal(a_run([6, 5]), clips(e1="1"), []).epoch == 1
    assert proposal(a_run([], kept=[3]), [], []).epoch == 3


def test_one_recording_that_decides_the_validation_is_named_with_its_figures():
    run = a_run([6, 5.83], linear_prediction=4.65)
    said = decided_by_one(run, corpus(odd=7.4))
    assert said == (
        'One recording decides the bits of the validation: "odd" (7.4 s) is the only recording kept aside. It needs '
        "5.83 bits after epoch 2, against 3.25 in training and 4.65 for linear prediction. Bits of one recording say "
        "little of the others, so go by ear."
    )
    assert said in str(proposal(run, clips(e1="1", e2="1"), [], corpus(odd=7.4)))


@pytest.mark.parametrize(
    ("seconds", "decides"), [({"a": 5, "b": 4.9}, True), ({"a": 5, "b": 5}, False), ({"learned": 5}, False)]
)
def test_a_recording_decides_from_more_than_half_of_the_seconds_on(seconds, decides):
    assert bool(decided_by_one(a_run([5]), corpus(**seconds))) == decides
    assert not decided_by_one(a_run([5]), None)
