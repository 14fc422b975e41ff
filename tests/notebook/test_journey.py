"""A journey in a cell: its page in a frame, small enough, with the same in words."""

import pytest

from prism_lessons.audio import Clip
from prism_lessons.audition.journey import Chapter, Journey
from prism_lessons.errors import CourseError
from prism_lessons.notebook import views
from prism_lessons.notebook.views import journey_shown


@pytest.fixture
def journey(noise):
    return Journey(Clip(noise(2), 16000, "Epoch 1"), (Chapter(0.0, 2.0, 1, "Epoch 1"),))


def test_the_frame_holds_the_page_and_words_say_the_same(journey):
    shown = journey_shown(journey, "it's")
    assert shown.html.startswith('<iframe title="it&#39;s" srcdoc=\'<!DOCTYPE html>')
    assert repr(shown) == "Epoch 1: 2.0 s, 1 chapters"


def test_what_does_not_fit_into_a_cell_says_what_to_do(journey, monkeypatch):
    monkeypatch.setattr(views, "MOST_BYTES", 10_000)
    with pytest.raises(CourseError, match="every="):
        journey_shown(journey)
