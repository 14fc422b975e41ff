"""What is watched while a training runs: the numbers, what they do, and sounds that are small, named, as they are."""

import base64
import io
import re
import shutil

import numpy as np
import pytest
import soundfile

from prism_lessons import notebook
from prism_lessons.errors import CourseError
from prism_lessons.pages import curve_in_words
from prism_lessons.run import Epoch, Run
from prism_lessons.verdict import verdict


@pytest.fixture
def run(tmp_path, write_noise):
    """A run of two epochs with the clips of both."""
    settings = {"sample_rate": 16000, "references": {"uniform": 8.0, "unigram": 7.5}}
    run = Run.begin(tmp_path / "run", settings, "card")
    for epoch in (1, 2):
        run.record(Epoch(epoch, 5.0 - epoch, 5.5 - epoch, 30.0 * epoch, 1000 * epoch, 1e-3))
        for voice, temperature in enumerate((0.85, 1.0), start=1):
            write_noise(run.clip_path(epoch, voice, temperature), 2, seed=10 * epoch + voice)
    return run


def sounds(shown):
    """{name: samples} of the players."""
    found = re.findall(r'aria-label="([^"]+)" src="data:audio/wav;base64,([^"]+)"', shown.html)
    return {name: soundfile.read(io.BytesIO(base64.b64decode(sound)), dtype="float32")[0] for name, sound in found}


def test_the_view_holds_the_curve_the_verdict_and_a_player_for_each_temperature(run):
    shown = notebook.training_view(run)
    assert "<svg" in shown.html and str(verdict(run)) in re.sub("<[^>]+>", "", shown.html)
    assert list(sounds(shown)) == ["epoch 2, temperature 0.85, voice 1", "epoch 2, temperature 1, voice 2"]
    assert "autoplay" not in shown.html and "<script" not in shown.html


def test_the_words_say_all_that_the_view_shows(run):
    words = notebook.training_view(run).words
    assert str(verdict(run)) in words and curve_in_words(run) in words
    assert len(re.findall(r"epoch 2, temperature [\d.]+, voice \d: .* dBFS", words)) == 2


def test_clips_are_played_as_they_are(run):
    soundfile.write(run.clip_path(2, 1, 0.85), 0.001 * np.sin(np.arange(8000)), 16000)
    heard = sounds(notebook.training_view(run))
    for clip in run.played[2:]:
        assert np.array_equal(heard[clip.title], soundfile.read(clip.path, dtype="float32")[0])


def test_long_clips_are_cut_so_that_the_view_stays_below_a_megabyte(run):
    minute = np.random.default_rng(0).uniform(-0.5, 0.5, 60 * 44100)
    for voice, temperature in ((1, 0.5), (1, 0.85), (2, 0.85), (1, 1.0), (2, 1.0)):
        soundfile.write(run.clip_path(2, voice, temperature), minute, 44100)
    shown = notebook.training_view(run)
    assert len(sounds(shown)) == 5 and len(shown.html) < 1_000_000
    assert shown.html.count("here its first") == 5 and shown.html.count("60.0 s, peak") == 5


def test_a_run_that_plays_no_clips_has_a_view(run):
    shutil.rmtree(run.folder / "clips")
    shown = notebook.training_view(run)
    assert not sounds(shown) and str(verdict(run)) in shown.words


def test_a_run_without_an_epoch_has_no_view_and_says_so(run):
    (run.folder / "log.jsonl").unlink()
    with pytest.raises(CourseError, match="no finished epoch yet"):
        notebook.training_view(run)
