"""Players and curves as HTML: named, honest about level, safe whatever a file is called."""

from html.parser import HTMLParser

import numpy as np
import pytest

from prism_lessons import markup
from prism_lessons.audio import measure
from prism_lessons.corpus.codes import Codes, unigram_bits
from prism_lessons.errors import CourseError
from prism_lessons.run import Run


class Tags(HTMLParser):
    """Collects (tag, attributes) and the text between."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_a_player_has_a_name_and_levels_and_does_not_start_by_itself():
    time = np.arange(16000) / 16000
    levels = measure(0.5 * np.sin(2 * np.pi * 440 * time), 16000)
    found = Tags(markup.player("a sine", levels, "sine.wav", note="; half of it"))
    (audio,) = [attributes for tag, attributes in found.tags if tag == "audio"]
    assert audio["aria-label"] == "a sine" and audio["preload"] == "metadata" and "controls" in audio
    assert "autoplay" not in audio
    words = "a sine: 1.0 s, peak -6.0 dBFS, RMS -9.0 dBFS, 0% silence; half of it"
    assert " ".join(found.text.split()) == words


def test_a_name_is_text_whatever_it_holds():
    name = "<img src=x onerror=alert(1)>\"'&"
    found = Tags(markup.player(name, measure(np.zeros(100), 8000), '"><script>'))
    assert [tag for tag, _ in found.tags] == ["figure", "figcaption", "strong", "audio"]
    (audio,) = [attributes for tag, attributes in found.tags if tag == "audio"]
    assert audio["aria-label"] == name and audio["src"] == '"><script>'


def test_the_curve_says_in_words_what_it_shows(straight):
    svg = Tags(markup.learning_curve(straight))
    _, attributes = svg.tags[0]
    assert attributes["role"] == "img"
    for entry in straight.log:
        assert f"epoch {entry.epoch}: {entry.validation_bits:.2f}" in attributes["aria-label"]
    assert "blind chance" in svg.text


def test_a_curve_of_one_epoch_can_be_drawn(straight, tmp_path):
    class Young:
        log, references = straight.log[:1], straight.references

    assert "epoch 1" in markup.learning_curve(Young)


def test_a_run_without_an_epoch_has_no_curve_and_says_so(straight, tmp_path):
    run = Run.begin(tmp_path / "young", straight.settings, "card")
    with pytest.raises(CourseError, match="no finished epoch yet"):
        markup.learning_curve(run)
    assert "epochs trained: 0" in repr(run) and "epochs trained: 2, " in repr(straight)


def test_a_run_knows_what_guessing_without_listening_would_need(straight):
    assert straight.references["uniform"] == 8
    assert 0 < straight.references["unigram"] < 8


def test_unigram_bits_are_the_entropy_when_both_parts_have_the_same_codes():
    codes = Codes.of_arrays([np.repeat([10, 20, 30, 40], 100_000)], 128)
    assert abs(unigram_bits(codes, codes, 256) - 2) < 0.01


def test_unigram_bits_stay_finite_for_codes_that_training_never_saw():
    seen, new = (Codes.of_arrays([np.full(1000, code)], 128) for code in (1, 2))
    assert np.isfinite(unigram_bits(seen, new, 256))
    assert unigram_bits(seen, new, 256) > 8
