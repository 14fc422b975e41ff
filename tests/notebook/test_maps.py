"""The map of sounds in a cell: the whole page in a frame, small enough, with the same in words."""

import html
import re

import numpy as np
import pytest

from prism_lessons.audio import Clip
from prism_lessons.corpus.relations import Sound, relate
from prism_lessons.notebook.maps import MOST_BYTES, sound_map


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
    assert "<h1>Bells&#x27; &amp; &quot;breath&quot;</h1>" in document
    assert 'it\'s \\"0\\" & \\u003cmore>.wav' in document  # in the data of the script, unharmed


def test_words_say_the_same(shown, relations):
    assert repr(shown) == str(relations) and 'it\'s "2"' in repr(shown)


def test_a_cell_stays_small(clips):
    long = Clip(np.tile(clips[0].samples, 10), 16000)
    many = relate(Sound(str(number), "one", clips[number % 3]) for number in range(300))
    # What else a cell holds is the frame's own tag and a few signs that are written as entities.
    assert len(sound_map(many, lambda _: long).html.encode()) < MOST_BYTES * 1.01
