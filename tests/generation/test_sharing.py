"""What a model and its takes carry of recordings that may not be passed on: moments and primes."""

import csv
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from prism_lessons.audio import load
from prism_lessons.capsule import Capsule
from prism_lessons.errors import CourseError
from prism_lessons.generation import Prime, between, generate, perform, render, why_not_to_share
from prism_lessons.generation.engines import of_capsules

WITHHELD = {"voices/anna.wav": "may not be shared (maker: Anna)"}
WHY = "continues voices/anna.wav, which may not be shared (maker: Anna)"


@pytest.fixture(scope="module")
def capsule(made):
    """A model with predictors, a book, and moments that are sure to sound, of a recording that may not be shared."""
    plain = made(predictors=(4,), book=3)
    moments = np.random.default_rng(0).integers(0, 256, plain.weights["moments"].shape).astype(np.float32)
    return replace(plain, weights=plain.weights | {"moments": moments}, about=plain.about | {"withheld": WITHHELD})


def test_a_capsule_for_others_holds_no_moment_of_the_recordings_and_plays(capsule, tmp_path):
    mine = Capsule.load(capsule.save(tmp_path / "mine.capsule"))
    shared = Capsule.load(capsule.share(tmp_path / "shared.capsule"))
    np.testing.assert_array_equal(mine.weights["moments"], capsule.weights["moments"])
    assert (shared.weights["moments"] == capsule.settings.codec.centre).all()
    others = {name: weight for name, weight in capsule.weights.items() if name != "moments"}
    assert all(np.array_equal(shared.weights[name], weight) for name, weight in others.items())
    assert shared.about["withheld"] == WITHHELD
    assert [len(of_capsules([each], "numba", "single").moments) for each in (mine, shared)] == [3, 0]
    assert generate(shared, 0.1, 1)[0].seconds == 0.1


def test_where_all_may_be_shared_a_capsule_is_passed_on_as_it_is(capsule, tmp_path):
    free = replace(capsule, about={"epoch": 1})
    assert Capsule.load(free.share(tmp_path / "free.capsule")).digest == free.digest


def test_a_model_between_two_keeps_the_recordings_of_both_to_itself(capsule):
    other = replace(capsule, about={"withheld": {"b.wav": "may not be shared"}})
    assert between(capsule, other).about["withheld"] == WITHHELD | {"b.wav": "may not be shared"}


def test_what_a_stranger_s_capsule_says_of_its_recordings_has_to_be_words(capsule, tmp_path):
    for withheld in (["a"], {"a": 3}, "a"):
        path = replace(capsule, about={"withheld": withheld}).save(tmp_path / "a.capsule")
        with pytest.raises(CourseError, match="not a complete capsule"):
            Capsule.load(path)


@pytest.mark.parametrize(
    ("file", "told"),
    [("voices/anna.wav", True), ("corpus/clips/0003_anna_2.flac", True), ("other/anna.wav", False), ("b.wav", False)],
)
def test_a_take_that_continues_a_recording_says_so_and_stays_out_of_the_zip(file, told, capsule, write_noise, tmp_path):
    path = write_noise(tmp_path / file, 0.3)
    primed = generate(capsule, 0.1, 1, prime=path, keep_prime=True)
    free = generate(capsule, 0.1, 1)
    assert primed[0].about.get("not_to_share") == ([WHY] if told else None) and "not_to_share" not in free[0].about
    first, second, packed = render(primed + free, tmp_path / "takes", zipped=True)
    assert why_not_to_share(first) == (WHY if told else "") and why_not_to_share(second) == ""
    with open(tmp_path / "takes" / "takes.csv", encoding="utf-8") as file:
        assert [row["not_to_share"] for row in csv.DictReader(file)] == [WHY if told else "", ""]
    with zipfile.ZipFile(packed) as archive:
        assert (first.name in archive.namelist()) != told and second.name in archive.namelist()


def test_a_clip_of_that_name_is_that_recording(write_noise, tmp_path):
    clip = load(write_noise(tmp_path / "anna.wav", 0.3))
    assert Prime(clip).is_of("voices/anna.wav") and not Prime(clip).is_of("voices/ann.wav")


def test_a_long_take_says_it_too(capsule, write_noise, tmp_path):
    prime = write_noise(tmp_path / "voices" / "anna.wav", 0.3)
    (take,) = perform(capsule, tmp_path / "long", 0.1, prime=prime)
    assert why_not_to_share(take.path) == WHY
    (again,) = perform(capsule, tmp_path / "long", 0.2, prime=prime)
    assert again.seconds == 0.2
