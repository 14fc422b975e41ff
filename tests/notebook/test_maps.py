"""The map of sounds in a cell: the whole page in a frame, small enough, with the same in words."""

import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from prism_lessons.analysis.near_duplicates import Sound
from prism_lessons.analysis.relations import relate
from prism_lessons.audio import Clip
from prism_lessons.notebook import views
from prism_lessons.notebook.views import sound_map


@pytest.fixture
def clips(noise):
    return [Clip(noise(0.3, seed), 16000) for seed in range(3)]


@pytest.fixture
def relations(clips):
    return relate(Sound(f'it\'s "{number}" & <more>.wav', "one", clip) for number, clip in enumerate(clips))


@pytest.fixture
def shown(relations, clips):
    return sound_map(relations, clips.__getitem__, 'Bells\' & "breath"')


def test_the_frame_holds_a_whole_document_and_has_a_title(shown):
    ((title, document),) = re.findall("<iframe title=\"([^\"]*)\" srcdoc='([^']*)'", shown.html)
    assert html.unescape(title) == 'Bells\' & "breath"'
    document = html.unescape(document)
    assert document.startswith("<!DOCTYPE html>") and document.endswith("</html>\n")
    assert "<h1>Bells&#39; &amp; &#34;breath&#34;</h1>" in document
    (data,) = re.findall('<script type="application/json" id="data">(.*?)</script>', document, re.DOTALL)
    assert 'it\'s "0" & <more>.wav' in json.loads(data)["names"] and "<more>" not in document


def test_words_say_the_same(shown, relations):
    assert repr(shown) == str(relations) and 'it\'s "2"' in repr(shown)


def test_a_cell_is_no_larger_than_it_may_be(relations, noise, monkeypatch):
    assert views.MOST_BYTES <= 4_000_000  # as for players
    monkeypatch.setattr(views, "MOST_BYTES", 300_000)  # reached with fewer sounds, sooner
    count = 30
    names = tuple(str(number) for number in range(count))
    many = replace(
        relations,
        names=names,
        groups=names,
        seconds=(3.0,) * count,
        places=np.eye(count, 2),
        clusters=(0,) * count,
        nearest=(0,) * count,
    )
    loud = Clip(5 * noise(3.0, sample_rate=44100), 44100)
    shown = sound_map(many, lambda _: loud)
    # What else a cell holds is the frame's own tag and a few signs that are written as entities.
    assert len(shown.html.encode()) < 300_000 * 1.01
    assert "at most the first 3 s" not in shown.html
