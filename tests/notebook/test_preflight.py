"""What a lesson shows of a pre-flight: words for how each check went, and players with names."""

import re

import numpy as np

from prism_lessons.audio import Clip
from prism_lessons.notebook.views import preflight_shown
from prism_lessons.training.preflight import Check, Preflight

CHECKS = (
    Check("folder", True, "It can be <written>."),
    Check("memory", False, "Train with streams=4.", {"streams": 4}),
    Check("by heart", None, "This computer was too slow."),
)


def tone(name):
    return Clip(np.float32(0.1) * np.sin(np.arange(800) / 10, dtype=np.float32), 8000, name)


def test_each_check_says_in_words_how_it_went():
    shown = preflight_shown(Preflight(CHECKS))
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>', shown.html)
    assert rows == [
        ("folder", "passed", "It can be &lt;written&gt;."),
        ("memory", "failed", "Train with streams=4."),
        ("by heart", "not finished", "This computer was too slow."),
    ]
    assert "Train with streams=4.</p>" in shown.html
    for line in ("folder: passed. It can be <written>.", "by heart: not finished. This computer was too slow."):
        assert line in repr(shown).splitlines()


def test_what_was_learned_by_heart_has_players_with_names():
    shown = preflight_shown(Preflight(CHECKS, tone("a bell, from 1.0 s"), tone("replay")))
    assert re.findall(r'<audio[^>]* aria-label="([^"]+)"', shown.html) == ["original", "replay"]
    assert [line.partition(":")[0] for line in repr(shown).splitlines()[-2:]] == ["original", "replay"]


def test_what_was_not_played_has_no_player():
    shown = preflight_shown(Preflight(CHECKS, tone("silence"), None))
    assert re.findall(r'<audio[^>]* aria-label="([^"]+)"', shown.html) == ["original"]
    assert "<audio" not in preflight_shown(Preflight(CHECKS)).html
    assert repr(preflight_shown(Preflight(CHECKS))) == str(Preflight(CHECKS))
