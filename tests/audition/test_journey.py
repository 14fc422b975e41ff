"""A journey: one sound of a run through its epochs, as loud as it was, with chapters where the epochs begin."""

import numpy as np
import pytest

from prism_lessons.audio import Clip, load
from prism_lessons.audition.journey import journey
from prism_lessons.errors import CourseError
from prism_lessons.marks import GENERATED
from prism_lessons.pages.journey import journey_page


@pytest.fixture
def run(begin_run, noise):
    run = begin_run("run")
    for epoch in (1, 2, 4):
        Clip(noise(0.5, epoch, 8000), 8000).save(run.clip_path(epoch, 1, 0.85))
        Clip(noise(0.5, 9 + epoch, 8000), 8000).save(run.clip_path(epoch, 2, 1.0))
    return run


def test_the_warmest_clips_follow_each_other_with_silence_between(run):
    made = journey(run)
    assert [(round(start, 3), round(end, 3), epoch) for start, end, epoch, _ in made.chapters] == [
        (0, 0.5, 1), (0.8, 1.3, 2), (1.6, 2.1, 4)
    ]  # fmt: skip
    second = load(run.clip_path(2, 2, 1.0)).samples
    np.testing.assert_array_equal(made.clip.samples[6400:10400], second)
    assert not made.clip.samples[4000:6400].any()


def test_every_second_epoch_and_the_last_are_taken(run):
    assert [chapter.epoch for chapter in journey(run, every=2).chapters] == [2, 4]
    with pytest.raises(CourseError, match="1 or more"):
        journey(run, every=0)


def test_a_clip_of_another_rate_is_as_long_as_it_was(run, noise):
    Clip(noise(0.5, 3, 16000), 16000).save(run.clip_path(2, 2, 1.0))
    assert journey(run).clip.seconds == pytest.approx(2.1, abs=0.001)


def test_what_is_not_there_is_said(run, begin_run):
    with pytest.raises(CourseError, match=r"choose from voice 1 at 0\.85, voice 2 at 1"):
        journey(run, temperature=0.5)
    with pytest.raises(CourseError, match="not played a clip"):
        journey(begin_run("new"))


def test_sound_chapters_and_labels_are_saved(run, tmp_path):
    sound, chapters, labels = journey(run).save(tmp_path / "take.flac")
    assert load(sound).seconds == pytest.approx(2.1)
    assert chapters.read_text().startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.500\nEpoch 1\n\n00:00:00.800")
    assert labels.read_text().splitlines()[2] == "1.600000\t2.100000\tEpoch 4"


def test_a_full_disk_is_said(run, small_disk):
    with small_disk(2**13, 2**13) as folder, pytest.raises(CourseError, match="disk is full"):
        journey(run).save(folder / "take.wav")


def test_the_page_asks_nothing_of_the_network_and_a_long_one_is_an_mp3(run):
    page = journey_page(journey(run), "</script><b>&")
    assert page.count("http") == page.count(GENERATED) == 1  # a name, never asked for
    assert "autoplay" not in page and "<h1>&lt;/script&gt;&lt;b&gt;&amp;</h1>" in page
    assert "data:audio/wav" in page and "data:audio/mpeg" in journey_page(journey(run), "", most_bytes=20_000)
