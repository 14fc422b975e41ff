"""The page of a run: everything on it can be heard, has a name, and is as loud as it is."""

import re

import pytest

import prism_lessons as pl
from prism_lessons.errors import CourseError


@pytest.fixture(scope="module")
def page(straight):
    return pl.audition(straight)


def test_every_clip_of_every_epoch_has_a_player_with_a_name_and_a_level(page, straight):
    text = page.read_text(encoding="utf-8")
    players = re.findall(r'<audio controls preload="metadata" aria-label="([^"]+)" src="([^"]+)"></audio>', text)
    assert len(players) == sum(len(paths) for paths in straight.clips.values()) == text.count("<audio")
    assert all((page.parent / source).is_file() for _, source in players)
    assert len({name for name, _ in players}) == len(players)
    assert len(re.findall(r"peak -?\d+\.\d dBFS", text)) == len(players)


def test_the_table_has_the_curve_s_numbers(page, straight):
    text = page.read_text(encoding="utf-8")
    for entry in straight.log:
        assert f"validation {entry.validation_bits:.3f}" in text
        assert f"epoch {entry.epoch}: {entry.validation_bits:.2f}" in text  # the picture's text alternative


def test_the_page_needs_no_network_and_plays_nothing_by_itself(page):
    text = page.read_text(encoding="utf-8")
    assert "http" not in text and "autoplay" not in text


def test_a_folder_without_a_run_is_said(tmp_path):
    with pytest.raises(CourseError, match="no run"):
        pl.audition(tmp_path)
