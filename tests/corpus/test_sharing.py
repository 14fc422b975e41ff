"""Whether the sound of a recording may be passed on: one rule, from what was said of its origin."""

import pytest

from prism_lessons.corpus import Choices, Origin, Sharing
from prism_lessons.corpus.sharing import left_out

SHARED = Origin("Cem", consent="own work", share_sound="yes")


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        (Origin(), ""),
        (SHARED, ""),
        (Origin("Anna", consent="given by the maker", share_sound="no"), "may not be shared (maker: Anna)"),
        (Origin(share_sound="no"), "may not be shared"),
        (Origin("Anna", consent="no consent", share_sound="yes"), "may not be shared without consent (maker: Anna)"),
    ],
)
def test_a_no_and_a_lack_of_consent_withhold_a_sound_and_nothing_else_does(origin, why):
    assert Sharing.of({"a.wav": origin}).withheld == ({"a.wav": why} if why else {})


def test_what_is_unknown_is_counted_and_a_no_is_not_unknown():
    origins = {"a.wav": Origin(share_sound="no"), "b.wav": Origin(), "c.wav": SHARED}
    assert (
        Sharing.of(origins).unasked
        == "Whether 1 of 3 recordings may be shared is unknown: ask before you pass this on."
    )
    assert Sharing.of({"c.wav": SHARED}).unasked == ""
    assert Sharing.of({"b.wav": Origin(consent="own work")}).unasked.startswith("Whether the recording may be shared")


def test_choices_say_it_of_files_that_are_no_corpus_yet(tmp_path):
    choices = Choices(tmp_path / "choices.jsonl")
    choices.origin("*", consent="own work", share_sound="yes")
    choices.origin("voices/*", maker="Anna", share_sound="no")
    said = Sharing.chosen(["voices/a.wav", "b.wav"], choices)
    assert said.withheld == {"voices/a.wav": "may not be shared (maker: Anna)"} and not said.unasked
    assert "2 of 2" in Sharing.chosen(["voices/a.wav", "b.wav"]).unasked
    assert left_out("a.wav", "may not be shared") == "The sound of a.wav is left out: it may not be shared."
