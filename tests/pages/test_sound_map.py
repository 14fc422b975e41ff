"""The map of sounds as a file: each sound is in it once, as loud as it is; the file stays as small as was asked."""

import base64
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from prism_lessons.analysis.near_duplicates import DuplicatePair
from prism_lessons.analysis.relations import Relations
from prism_lessons.audio import Clip, to_dbfs
from prism_lessons.errors import CourseError
from prism_lessons.pages import sound_map
from prism_lessons.pages.sound_map import LENGTHS, SAMPLE_RATE, apart
from prism_lessons.pages.sounds import FADE_SECONDS, shortened

NASTY = ["</script><b>&\"'.wav", "two\nlines \U0001f600.wav", "disk byte \udcff.wav", "$title ${x} \\u003c.wav"]


@pytest.fixture
def related():
    """A function that makes `Relations` by hand: sounds on a circle, from two sources."""

    def make(names, **changes):
        count = len(names)
        angles = np.arange(count) * 2 * np.pi / count
        places = 0.5 + 0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        values = {
            "names": tuple(names),
            "groups": tuple("one" if index < 3 else "<two>" for index in range(count)),
            "seconds": (1.0,) * count,
            "features": np.zeros((count, 1), np.float32),
            "places": places,
            "clusters": (0,) * count,
            "cluster_words": ("dark & noisy",),
            "nearest": (0,) * count,
            "outliers": ((0, "<i>brighter</i> than the rest"),),
            "twins": (DuplicatePair(names[0], names[-1], 0.97, "3 dB < softer"),),
            "diversity": 1.0,
            "learns_first": "Noise, probably & early.",
        }
        return Relations(**{**values, **changes})

    return make


@pytest.fixture
def excerpts(noise):
    """A function that makes an `excerpt`, each sound 1 dB softer than the one before; asked for counts them."""

    def make(seconds, rate=16000):
        def excerpt(index):
            excerpt.asked.append(index)
            return Clip(noise(seconds, index % 20, rate) * 10 ** (-(index % 40) / 20), rate)

        excerpt.asked = []
        return excerpt

    return make


def embedded(page, name):
    return json.loads(re.search(f'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)[1])


def heard(page):
    """What the browser will play: samples of each sound, None for those left out."""
    files = [base64.b64decode(url.partition(",")[2]) for url in embedded(page, "sounds")]
    return [soundfile.read(io.BytesIO(file))[0] if file else None for file in files]


def test_every_sound_is_asked_for_once_and_stands_in_its_place(related, excerpts):
    names = [f"{index}.wav" for index in range(100)]
    excerpt = excerpts(0.1)
    page = sound_map(related(names), excerpt, "Map")
    assert sorted(excerpt.asked) == list(range(100))
    assert embedded(page, "data")["names"] == names
    for index, samples in enumerate(heard(page)):
        wanted = excerpt(index).samples
        # 0.45 dB is what MP3 of a constant bit rate takes away; neighbours are 1 dB apart.
        assert abs(to_dbfs(np.std(samples)) - to_dbfs(np.std(wanted))) < 0.45, index


def test_each_level_is_said_as_it_is(related, excerpts):
    excerpt = excerpts(0.5, 44100)
    page = sound_map(related(["a", "b", "c"]), excerpt, "Map")
    levels = [round(excerpt(index).levels.rms_dbfs, 1) for index in range(3)]
    assert embedded(page, "data")["levels"] == levels


@pytest.mark.parametrize("most_bytes", [120_000, 500_000])
def test_the_page_is_no_larger_than_asked_for_and_all_sounds_are_heard_for_one_length(related, excerpts, most_bytes):
    page = sound_map(related([str(index) for index in range(20)]), excerpts(4.0), "Map", most_bytes)
    assert len(page.encode()) <= most_bytes
    lengths = {round(len(samples) / SAMPLE_RATE, 2) for samples in heard(page)}
    (length,) = lengths
    assert length in LENGTHS and f"at most the first {length:g} s are heard" in page
    assert (length == 3.0) == (most_bytes == 500_000)


def test_where_not_even_the_shortest_fit_some_are_left_out_evenly_and_the_page_says_so(related, excerpts):
    page = sound_map(related([str(index) for index in range(100)]), excerpts(0.4), "Map", 150_000)
    assert len(page.encode()) <= 150_000
    sounds = embedded(page, "sounds")
    assert 0 < sounds.count("") < 100 and f"{sounds.count('')} of the 100 points are left out" in page
    there = np.flatnonzero(sounds)
    assert np.ptp(np.diff(there)) <= 1  # steps that differ by one at most


def test_a_sound_that_is_cut_fades_out_and_one_that_is_not_stays_itself():
    clip = Clip(np.ones(1000, np.float32), 1000)
    assert shortened(clip, 1.0) is clip
    cut = shortened(clip, 0.5).samples
    fade = round(1000 * FADE_SECONDS)
    assert len(cut) == 500 and cut[-1] == 0 and (cut[:-fade] == 1).all() and (np.diff(cut) <= 0).all()
    assert (clip.samples == 1).all()


def test_names_stay_text_whatever_they_hold(related, excerpts):
    page = sound_map(related(NASTY), excerpts(0.1), '<b>"Bells"</b> & $title')
    page.encode()
    assert page.count("</script>") == page.count("<script")
    assert not re.search("<(b|i|two)>", page) and "$title" in page
    assert "<title>&lt;b&gt;&#34;Bells&#34;&lt;/b&gt; &amp; $title</title>" in page
    assert embedded(page, "data")["names"] == [name.replace("\udcff", "?") for name in NASTY]


def test_what_was_found_is_said_in_sentences(related, excerpts):
    relations = related(["a", "b", "c", "d"])
    page = sound_map(relations, excerpts(0.1), "Map")
    for words in (
        "4 sounds from 2 sources.",
        relations.diversity_in_words,
        "Noise, probably &amp; early.",
        "<strong>dark &amp; noisy</strong>: 4 sounds",
        "&lt;i&gt;brighter&lt;/i&gt; than the rest",
        "3 dB &lt; softer (similarity 0.97)",
    ):
        assert words in page, words


def test_long_lists_say_how_many_more_there_are(related, excerpts):
    names = [str(index) for index in range(30)]
    page = sound_map(related(names, outliers=tuple((index, "odd") for index in range(30))), excerpts(0.05), "Map")
    assert page.count(": odd</li>") == 8 and "<li>22 more: the table lists all.</li>" in page


def test_sounds_at_one_place_are_set_side_by_side():
    places = np.array([[100.0, 100.0]] * 2 + [[300.0, 100.0]])
    moved = apart(places, 10.0)
    assert np.linalg.norm(moved[0] - moved[1]) == pytest.approx(10.0)
    assert np.linalg.norm(moved[:2].mean(axis=0) - 100) < 1e-9 and (moved[2] == places[2]).all()


def test_distances_are_true_to_scale(related, excerpts):
    corners = np.array([[0, 0.4], [1, 0.4], [1, 0.6], [0, 0.6]])
    data = embedded(sound_map(related("abcd", places=corners), excerpts(0.1), "Map"), "data")
    across, down = np.ptp(data["x"]), np.ptp(data["y"])
    assert across == pytest.approx(5 * down, abs=1) and data["y"][0] > data["y"][2]  # upwards is up


@pytest.mark.parametrize("count", [1, 2])
def test_few_sounds_at_the_same_place_make_a_map(related, excerpts, count):
    names = ["a", "b"][:count]
    relations = related(names, places=np.full((count, 2), 0.5), outliers=(), twins=())
    page = sound_map(relations, excerpts(0.1), "Map")
    assert np.isfinite(embedded(page, "data")["x"]).all() and "None: every sound" in page


def test_a_clip_without_samples_is_left_out(related):
    page = sound_map(related(["a", "b"]), lambda index: Clip(np.zeros(0, np.float32), 16000), "Map")
    assert embedded(page, "sounds") == ["", ""] and "2 of the 2 points are left out" in page


def test_the_page_needs_no_network_and_plays_nothing_by_itself(related, excerpts):
    page = sound_map(related(["a", "b"]), excerpts(0.1), "Map")
    assert set(re.findall(r"https?://[^\"']+", page)) == {"http://www.w3.org/2000/svg"}  # a name, never asked for
    assert "autoplay" not in page and "localStorage" not in page


def test_a_page_that_cannot_be_is_said_in_a_sentence(related, excerpts):
    with pytest.raises(CourseError, match="no sound"):
        sound_map(SimpleNamespace(names=()), excerpts(0.1), "Map")
    with pytest.raises(CourseError, match="map fewer sounds"):
        sound_map(related("ab"), excerpts(0.1), "Map", 1000)
