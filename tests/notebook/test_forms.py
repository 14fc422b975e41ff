"""Forms for intention and origin hand on what was said, and begin with it the next time."""

import pytest

from prism_lessons.corpus import Choices, Intention
from prism_lessons.notebook import intention_form, origin_form


@pytest.fixture
def choices(tmp_path):
    return Choices(tmp_path / "choices.jsonl")


def test_what_nobody_has_said_is_unknown_and_run_all_changes_nothing(choices):
    choices.intend(**intention_form(choices).values)
    choices.origin("*", **origin_form(choices).values)
    assert choices.state.intention == Intention()
    assert set(origin_form(choices).values.values()) == {"unknown"}


def test_a_form_begins_with_what_was_said(choices):
    choices.intend("rain", "I look up", "both alike")
    choices.origin("*", maker="Ada", consent="own work")
    choices.origin("b.wav", maker="Ben")
    assert intention_form(choices).values == {"hear": "rain", "success": "I look up", "prefer": "both alike"}
    assert origin_form(choices, "b.wav").values == {
        "maker": "Ben", "date": "unknown", "licence": "unknown", "consent": "own work",
        "share_sound": "unknown", "share_model": "unknown",
    }  # fmt: skip


def test_what_a_form_says_is_what_choices_take(choices):
    form = origin_form(choices)
    form._inputs["consent"].value = "no consent"
    choices.origin("memo.wav", **form.values)
    assert choices.state.origin("memo.wav").forbids == "no consent"
    assert not choices.state.origin("other.wav").forbids
