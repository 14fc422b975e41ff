"""Players: named, honest about level, safe whatever a file is called."""

from html.parser import HTMLParser

import numpy as np

from prism_lessons.audio import measure_levels
from prism_lessons.pages import player


class Tags(HTMLParser):
    """Collects (tag, attributes), and the text between."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(str(text))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_a_player_has_a_name_and_levels_and_does_not_start_by_itself():
    time = np.arange(16000) / 16000
    levels = measure_levels(0.5 * np.sin(2 * np.pi * 440 * time), 16000)
    found = Tags(player("a sine", levels, "sine.wav", note="; half of it"))
    (audio,) = [attributes for tag, attributes in found.tags if tag == "audio"]
    assert audio["aria-label"] == "a sine" and audio["preload"] == "metadata" and "controls" in audio
    assert "autoplay" not in audio
    words = "a sine: 1.0 s, peak -6.0 dBFS, RMS -9.0 dBFS, 0% silence; half of it"
    assert " ".join(found.text.split()) == words


def test_a_name_is_text_whatever_it_holds():
    name = "<img src=x onerror=alert(1)>\"'&"
    found = Tags(player(name, measure_levels(np.zeros(100), 8000), '"><script>'))
    assert [tag for tag, _ in found.tags] == ["figure", "figcaption", "strong", "audio"]
    (audio,) = [attributes for tag, attributes in found.tags if tag == "audio"]
    assert audio["aria-label"] == name and audio["src"] == '"><script>'
