import builtins
import io
import json

import numpy as np
import pytest

from prism_lessons.analysis.near_duplicates import Sound
from prism_lessons.analysis.relations import relate, vendi_score
from prism_lessons.analysis.timbre import timbre_features
from prism_lessons.audio import Clip, load
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine

RATE = 16000


def tone(hertz, seconds=1.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * hertz * time) + 0.1 * np.sin(4 * np.pi * hertz * time)).astype(np.float32)


def struck(hertz, seconds=1.0):
    return tone(hertz, seconds) * np.exp(-6 * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def related(waves, **settings):
    sounds = (Sound(f"sound {n}", "all", Clip(wave, RATE)) for n, wave in enumerate(waves))
    return relate(sounds, live=LiveLine(io.StringIO()), **settings)


@pytest.fixture(scope="module")
def two_kinds(noise):
    """Ten pieces of noise and five struck tones."""
    return [noise(1, seed) for seed in range(10)] + [struck(300 + 5 * n) for n in range(5)]


def test_noises_and_strikes_are_two_clusters_in_order_of_size_and_in_words(two_kinds):
    relations = related(two_kinds)
    assert relations.clusters == (0,) * 10 + (1,) * 5
    assert "bright, noisy, steady" in relations.cluster_words[0]
    assert "dark, tonal, struck, around 3" in relations.cluster_words[1]  # 300 Hz and a little


def test_what_is_alike_lies_together_within_the_unit_square(two_kinds):
    relations = related(two_kinds)
    assert relations.places.shape == (15, 2) and relations.places.min() >= 0 and relations.places.max() <= 1
    noises, strikes = relations.places[:10], relations.places[10:]
    between = np.linalg.norm(noises.mean(0) - strikes.mean(0))
    assert between > np.linalg.norm(noises - noises.mean(0), axis=1).max()
    assert all(n < 10 for n in relations.nearest[:10]) and all(n >= 10 for n in relations.nearest[10:])


def test_the_same_seed_gives_the_same_relations(two_kinds):
    assert related(two_kinds).as_dict() == related(two_kinds).as_dict()


def test_the_level_of_a_sound_plays_no_part(noise):
    for wave in (noise(1), struck(440), tone(200)):
        loud, soft = timbre_features(wave)[0], timbre_features(0.01 * wave)[0]
        np.testing.assert_allclose(soft, loud, atol=1e-3)


def test_a_whisper_among_bells_stands_apart(pytestconfig):
    examples = pytestconfig.rootpath / "datasets_examples"
    paths = [*sorted((examples / "bells").glob("bell_*.flac")), examples / "breath" / "whisper_oui_ea.flac"]
    sounds = [Sound(path.name, path.parent.name, load(path)) for path in paths]
    relations = relate(sounds, live=LiveLine(io.StringIO()))
    assert len(paths) - 1 in dict(relations.outliers)
    assert "than the rest" in dict(relations.outliers)[len(paths) - 1]
    assert f"stands apart: {dict(relations.outliers)[len(paths) - 1]}" in str(relations)


def test_alike_sounds_have_no_outliers_and_are_one_cluster(noise):
    relations = related([noise(1, seed) for seed in range(12)])
    assert relations.outliers == () and set(relations.clusters) == {0}
    assert relations.diversity < 1.5
    assert "much like the others" in relations.diversity_in_words


def test_diversity_counts_kinds_of_sounds():
    same, other = np.zeros((4, 80)), np.full((4, 80), 100.0)
    assert vendi_score(same) == pytest.approx(1, abs=1e-6)
    assert vendi_score(np.concatenate([same, other])) == pytest.approx(2, abs=1e-6)
    assert vendi_score(100.0 * np.arange(5)[:, None] * np.ones(80)) == pytest.approx(5, abs=1e-6)


def test_copies_are_told_as_twins(noise):
    relations = related([noise(1), noise(1, 1), 0.25 * noise(1)])
    assert [(pair.first, pair.second) for pair in relations.twins] == [("sound 0", "sound 2")]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_sounds_can_be_related(count, noise):
    relations = related([noise(0.5, seed) for seed in range(count)])
    assert len(relations.nearest) == count and relations.outliers == ()
    assert relations.nearest[0] == (-1 if count == 1 else relations.nearest[0])
    assert np.isfinite(relations.places).all() and 1 <= relations.diversity <= count


@pytest.mark.parametrize(
    "waves",
    {
        "silence": [np.zeros(RATE)] * 3,
        "the same sound": [struck(300)] * 8,
        "next to nothing": [np.zeros(0), np.zeros(5), 0.1 * np.ones(30), struck(300, 0.05)],
        "a constant": [np.ones(RATE), 0.5 * np.ones(RATE)],
        "silence among sounds": [np.zeros(RATE), *[struck(100 * n) for n in range(1, 8)]],
    }.values(),
    ids=["silence", "same", "short", "constant", "mixed"],
)
@pytest.mark.filterwarnings("error")
def test_odd_sounds_give_figures_and_no_warnings(waves):
    relations = related([np.asarray(wave, np.float32) for wave in waves])
    assert "nan" not in json.dumps(relations.as_dict()).lower()
    assert np.isfinite(relations.features).all() and np.isfinite(relations.diversity)


def test_the_same_sound_many_times_is_one_kind():
    relations = related([struck(300)] * 8)
    assert relations.diversity == pytest.approx(1, abs=1e-6)
    assert relations.clusters == (0,) * 8 and len(relations.twins) == 28


def test_what_is_steady_and_frequent_is_probably_learnt_first(two_kinds):
    said = related(two_kinds).learns_first
    assert said.startswith("The model will probably first learn cluster 1 (bright, noisy, steady")
    assert "67% of the time" in said and "Cluster 2" in said and "probably come last" in said


def test_the_table_names_every_sound_and_reads_as_text(two_kinds):
    relations = related(two_kinds)
    text = str(relations)
    assert all(name in text for name in relations.names)
    assert (
        "Cluster 2, 5 sounds: dark" in text and relations.learns_first in text and relations.diversity_in_words in text
    )


def test_unknown_layouts_and_empty_sets_are_refused_in_one_sentence(two_kinds):
    with pytest.raises(CourseError, match='no layout "map"'):
        related(two_kinds, layout="map")
    with pytest.raises(CourseError, match="no sounds to relate"):
        related([])


def test_a_missing_umap_is_said_with_what_to_do(monkeypatch, two_kinds):
    real = builtins.__import__

    def refuse(name, *rest, **named):
        if name == "umap":
            raise ImportError
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(CourseError, match=r'pip install umap-learn, or use "pca"'):
        related(two_kinds, layout="umap")
