"""Players in a notebook play the clip itself, unchanged, and keep a cell's output small."""

import base64
import io
import re

import numpy as np
import pytest
import soundfile
from encoded import chirp, encode

from prism_lessons import notebook
from prism_lessons.audio import Clip
from prism_lessons.errors import CourseError
from prism_lessons.notebook.players import MOST_BYTES


@pytest.fixture
def quiet(noise):
    return Clip(0.001 * noise(1.0), 16000, "quiet")


def sounds_in(shown):
    """What each player of some HTML plays: (int16 samples, sample rate)."""
    sources = re.findall(r'src="data:audio/wav;base64,([^"]+)"', shown.html)
    return [soundfile.read(io.BytesIO(base64.b64decode(source)), dtype="int16") for source in sources]


def test_a_quiet_clip_stays_quiet_sample_for_sample(quiet):
    ((samples, rate),) = sounds_in(notebook.play(quiet))
    assert rate == 16000
    assert np.array_equal(samples, np.rint(32768 * quiet.samples))


def test_a_file_is_played_at_its_own_rate_under_its_name(write_noise, tmp_path):
    path = write_noise(tmp_path / "rain at night.wav", 0.5, sample_rate=44100)
    shown = notebook.play(path, str(path), names=None)
    assert [rate for _, rate in sounds_in(shown)] == [44100, 44100]
    assert shown.html.count('aria-label="rain at night"') == 2


def test_a_sound_of_two_channels_is_played_in_one(noise, tmp_path):
    left = noise(0.5)
    soundfile.write(tmp_path / "left.wav", np.stack([left, 0 * left], axis=1), 16000, subtype="FLOAT")
    ((samples, _),) = sounds_in(notebook.play(tmp_path / "left.wav"))
    assert samples.ndim == 1
    np.testing.assert_allclose(samples / 2**15, left / 2, atol=2**-15)


def test_what_no_browser_plays_is_played_as_wav(tmp_path):
    """A phone's recording, say: WMA and AMR too."""
    path = encode(tmp_path / "memo.m4a", "aac", chirp(0.5, 44100), 44100)
    ((samples, rate),) = sounds_in(notebook.play(path))
    assert (len(samples), rate) == (22050, 44100)


def test_words_say_the_same_as_the_players(quiet):
    assert repr(notebook.play(quiet, names=["one"])).startswith("one: 1.0 s, peak -")


def test_too_much_sound_is_cut_and_the_caption_says_so(noise):
    long = Clip(np.tile(noise(10.0), 30), 16000, "long")
    shown = notebook.play(long, long)
    assert len(shown.html) < MOST_BYTES + 2000
    assert shown.html.count("here its first") == 2 and "300.0 s" in shown.html


def test_a_grid_has_headed_rows_and_columns_and_one_name_for_each_player(quiet):
    shown = notebook.play_grid({"epoch 1": {"calm": quiet, "wild": quiet}, "epoch 2": {"wild": quiet}}, "Growing")
    assert re.findall(r'<audio[^>]* aria-label="([^"]+)"', shown.html) == [
        "epoch 1, calm",
        "epoch 1, wild",
        "epoch 2, wild",
    ]
    assert "<caption>Growing</caption>" in shown.html
    assert shown.html.count('scope="row"') == 2 and shown.html.count('scope="col"') == 2
    assert shown.html.count("<td></td>") == 2  # the corner, and the place without a clip


def test_the_clips_of_a_run_stand_by_epoch_and_temperature(straight):
    names = re.findall(r'<audio[^>]* aria-label="([^"]+)"', notebook.play_epochs(straight).html)
    assert names == [f"epoch {epoch}, temperature {one}" for epoch in (1, 2) for one in ("0.85", "1")]
    only = notebook.play_epochs(straight, [2]).html
    assert only.count("<audio") == 2 and "epoch 1" not in only


def test_nothing_to_play_is_no_error():
    assert notebook.play().html == "" and "<table>" in notebook.play_grid({}, "nothing yet").html


def test_a_grid_can_be_reached_by_keyboard_and_its_words_are_text(quiet):
    shown = notebook.play_grid({"<b>": {"<i>": quiet}}, '"<u>" & more')
    assert 'role="group" aria-label="&#34;&lt;u&gt;&#34; &amp; more" tabindex="0"' in shown.html
    assert not re.search("<[biu]>", shown.html)


def test_a_missing_file_is_said_in_a_sentence():
    with pytest.raises(CourseError, match="no longer there"):
        notebook.play("gone.wav")


def test_each_name_needs_its_sound(quiet):
    with pytest.raises(ValueError):
        notebook.play(quiet, names=["one", "two"])
