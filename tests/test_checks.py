"""A value of a wrong kind is refused before any work, in one sentence that begins with the argument's name."""

from inspect import signature

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons import checks
from prism_lessons.audition import audition
from prism_lessons.errors import CourseError
from prism_lessons.settings import ModelSettings

NO_PATHS = [None, True, 3, 0.5, b"recordings", ["recordings"], "a\0b", np.int64(1)]
NO_WHOLE_NUMBERS = [None, True, False, 0.5, 1.0, float("nan"), "1", [1], np.float64(1), np.bool_(True), 10**5000, 1j]
CLIP = pl.Clip(np.zeros(100, np.float32), 8000)
CAPSULE = pl.Capsule(ModelSettings(), 8000, {})
PATHS = {
    "curate source": lambda value: pl.curate(value, "corpus"),
    "curate destination": lambda value: pl.curate("recordings", value),
    "survey source": pl.survey,
    "sounds_of source": pl.sounds_of,
    "Choices path": pl.Choices,
    "Corpus.open folder": pl.Corpus.open,
    "load path": pl.load,
    "Capsule.save path": CAPSULE.save,
    "Capsule.share path": CAPSULE.share,
    "Clip.save path": CLIP.save,
    "Run folder": pl.Run,
    "audition run": audition,
    "suggest_segments path": pl.suggest_segments,
    "segment_clips path": lambda value: pl.segment_clips(value, [(0, 1)]),
}
PATHS_OF_MODELS = {
    "train corpus": lambda value: pl.train(value, "run"),
    "train run": lambda value: pl.train("corpus", value),
    "train copy_to": lambda value: pl.train("corpus", "run", copy_to=value),
    "plan corpus": pl.plan,
    "preflight corpus": lambda value: pl.preflight(value, "run"),
    "preflight run": lambda value: pl.preflight("corpus", value),
    "perform folder": lambda value: pl.perform("a.capsule", value, 1),
    "render folder": lambda value: pl.render([], value),
    "score audio": lambda value: pl.score("a.capsule", value),
}
OTHERS = {
    "curate seed": (lambda value: pl.curate("recordings", "corpus", seed=value), NO_WHOLE_NUMBERS),
    "curate choices": (lambda value: pl.curate("recordings", "corpus", choices=value), ["x", {}, b"x", True]),
    "intend hear": (lambda value: pl.Choices("none.jsonl").intend(value), [None, 3, b"x", ["x"]]),
    "origin maker": (lambda value: pl.Choices("none.jsonl").origin("*", maker=value), [None, 3, b"x", ["x"]]),
    "cut segments": (
        lambda value: pl.Choices("none.jsonl").cut("a.wav", value),
        [None, 3, "x", [1], [("a", 1)], [(0, 10**400)], [(0, 1, 2)]],
    ),
    "weigh times": (lambda value: pl.Choices("none.jsonl").weigh("*", value), NO_WHOLE_NUMBERS),
}
# Without a budget or a seed that is none, these would play or train.
OF_MODELS = {
    "voices": NO_WHOLE_NUMBERS,
    "seed": [*NO_WHOLE_NUMBERS, -1, [True, 1, 2, 3]],
}


def is_refused(call, name, value):
    with pytest.raises(CourseError) as refused:
        call(value)
    said = str(refused.value)
    assert said.startswith(f"{name} ") and len(said) < 300 and "\n" not in said and said.endswith("."), said


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """An empty folder, in which nothing may appear."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not [path for path in tmp_path.iterdir() if path.name != "kept"]


@pytest.mark.parametrize("what", PATHS)
def test_what_is_no_path_is_refused_by_the_name_of_the_argument(what):
    for value in NO_PATHS:
        is_refused(PATHS[what], what.split()[1], value)


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_number_no_text_and_no_choices_is_refused_too(what):
    call, values = OTHERS[what]
    for value in values:
        is_refused(call, what.split()[1], value)


@pytest.mark.slow
@pytest.mark.parametrize("what", PATHS_OF_MODELS)
def test_training_and_playing_refuse_what_is_no_path(what):
    for value in NO_PATHS:
        if not (what == "train copy_to" and value is None):
            is_refused(PATHS_OF_MODELS[what], what.split()[1], value)


@pytest.mark.slow
def test_playing_refuses_what_is_no_number(straight):
    capsule = straight.capsule()
    for name, values in OF_MODELS.items():
        for value in values:
            is_refused(lambda value, name=name: pl.generate(capsule, 0.01, **{name: value}), name, value)
    one, two = (pl.generate(capsule, np.float64(0.01), voices=voices, seed=7) for voices in (np.int64(2), 2))
    assert all(np.array_equal(ours.samples, theirs.samples) for ours, theirs in zip(one, two, strict=True))


@pytest.mark.slow
def test_training_refuses_what_is_no_number_and_settings_that_lie_in_each_other(hum_corpus):
    deep = []
    for _ in range(20_000):
        deep = [deep, deep]  # written down, it would have no end
    for name, value in {"epochs": "1", "minutes": [1], "frame_sizes": deep, "dim": 10**5000, "preset": ["x"]}.items():
        with pytest.raises(CourseError) as refused:
            pl.train(hum_corpus, "run", **{name: value})
        assert name in str(refused.value) and len(str(refused.value)) < 400


def test_numbers_of_numpy_become_plain_ones(tmp_path, write_noise):
    for seed in range(4):
        write_noise(tmp_path / "kept" / "recordings" / f"{seed}.wav", 4, seed)
    corpus = pl.curate("kept/recordings", "kept/corpus", np.int64(16000), np.float32(0.25), np.int32(3))
    assert pl.Corpus.open("kept/corpus").seed == 3 and type(corpus.seed) is int
    choices = pl.Choices("kept/choices.jsonl")
    choices.weigh("*", np.int64(2))
    choices.cut("0.wav", np.array([[0, 1.5], [2, 3]]))
    assert pl.Choices("kept/choices.jsonl").state == choices.state
    assert choices.state.times == {"*": 2} and choices.state.segments == {"0.wav": ((0, 1.5), (2, 3))}


def test_the_face_keeps_its_signature_and_python_s_own_complaint():
    assert list(signature(pl.curate).parameters)[:3] == ["source", "destination", "sample_rate"]
    with pytest.raises(TypeError, match="destination"):
        pl.curate("recordings")


def test_a_rule_says_its_range():
    for rule, said in {
        checks.whole(): "a whole number, not",
        checks.whole(1): "a whole number, 1 or more, not",
        checks.whole(1, 4): "a whole number from 1 to 4, not",
        checks.number(0, 1): "a number from 0 to 1, not",
    }.items():
        for wrong in (-1, "1", True, float("nan"), float("inf")):
            if (wrong, said) != (-1, "a whole number, not"):
                with pytest.raises(CourseError, match=f"^n must be {said} "):
                    rule("n", wrong)
    assert checks.number(0, 1)("n", np.float32(0.5)) == 0.5


def test_a_folder_that_was_deleted_while_one_worked_in_it_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for call in (lambda: pl.curate(".", "corpus"), lambda: pl.survey("x"), lambda: pl.Run("run")):
        with pytest.raises(CourseError, match="The folder that you are in is no longer there"):
            call()
