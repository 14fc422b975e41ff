"""What trials are compared by, other than bits: the clips that they play."""

import shutil

import numpy as np
import pytest
import soundfile

import prism_lessons as pl
from prism_lessons.tuning import CRITERIA, tune

RATE = 8000
TIME = np.arange(2 * RATE) / RATE


@pytest.fixture
def playing(straight, tmp_path):
    """A function that gives a run whose last epoch plays these sounds and nothing else."""

    def play(*sounds):
        folder = tmp_path / f"run {len(list(tmp_path.iterdir()))}"
        shutil.copytree(straight.folder, folder, ignore=shutil.ignore_patterns("clips", "epochs"))
        (folder / "clips").mkdir()
        for voice, sound in enumerate(sounds, start=1):
            soundfile.write(folder / "clips" / f"0002_{voice}_t1.wav", sound, RATE)
        return pl.Run(folder)

    return play


def tone(hertz):
    return 0.3 * np.sin(2 * np.pi * hertz * TIME)


def noise(seed):
    return 0.1 * np.random.default_rng(seed).standard_normal(len(TIME))


SILENCE = 0 * TIME
HUMS = [0.3 * np.sin(0.03 * number * RATE * TIME) + 0.2 * noise(number) for number in (1, 2, 3, 4)]  # as recorded


@pytest.mark.parametrize(
    ("criterion", "better", "worse"),
    [
        ("audible", [tone(220), tone(330)], [tone(220), SILENCE]),
        ("pitch", [tone(220), tone(330)], [noise(1), noise(2)]),
        ("pitch", [tone(220), tone(330)], [tone(220), SILENCE]),
        ("closeness", HUMS, [tone(1800), tone(2500), tone(1500), tone(3000)]),
        ("closeness", HUMS, [SILENCE, SILENCE]),
        ("diversity", [tone(220), noise(1)], [noise(1), noise(2)]),
        ("diversity", [tone(220), noise(1)], [SILENCE, SILENCE]),
    ],
)
def test_what_is_wanted_has_the_lower_figure(criterion, better, worse, playing):
    measure, _ = CRITERIA[criterion]
    assert measure(playing(*better)) < measure(playing(*worse))


def test_bits_are_those_of_the_best_epoch(straight):
    assert CRITERIA["bits"][0](straight) == min(entry.validation_bits for entry in straight.log)


def test_a_criterion_that_does_not_exist_is_refused_in_a_sentence(hum_corpus, tmp_path):
    with pytest.raises(pl.CourseError, match='"closeness" or "diversity", not'):
        tune(hum_corpus, tmp_path / "search", criterion="beauty")
    assert not (tmp_path / "search").exists()
