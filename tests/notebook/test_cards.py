"""The card of a model is shown as a page, without its long list, and no heading of it stands alone."""

import re
from dataclasses import replace

import pytest

import prism_lessons as pl
from prism_lessons import notebook


@pytest.fixture
def capsule(straight, hum_corpus):
    said = "## What was heard\n\nNothing has been starred or noted of this epoch.\n"
    return replace(straight.capsule(), card=hum_corpus.card().rstrip() + "\n\n" + said)


def test_a_card_is_shown_as_headings_and_tables_and_not_as_the_signs_for_them(capsule):
    shown = notebook.card(capsule)
    assert "##" not in shown.html and "<h3>Card of this corpus</h3>" in shown.html and "<table>" in shown.html
    assert "What was heard" in shown.html


def test_every_heading_of_what_is_shown_has_something_below_it_and_clips_are_left_out(capsule):
    text = repr(notebook.card(capsule))
    assert "## Clips" not in text and "## Clips" in capsule.card
    sections = re.split(r"^#+ .*$", text, flags=re.MULTILINE)[1:]
    assert len(sections) > 4 and all(section.strip() for section in sections)


def test_a_card_of_an_earlier_version_is_shown_up_to_its_list(capsule):
    card = "# Card of this corpus\n\n2 clips.\n\n| recording |\n|---|\n| a |\n\n## What was heard\n\nSurf.\n"
    assert repr(notebook.card(replace(capsule, card=card))) == (
        "# Card of this corpus\n\n2 clips.\n## What was heard\n\nSurf."
    )


def test_a_capsule_without_a_card_shows_nothing_and_no_error():
    assert repr(notebook.card(pl.Capsule(None, 8000, {}))) == ""
