"""A value of a wrong kind is refused before any work, in one sentence that begins with the argument's name."""

from inspect import signature

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons import checks
from prism_lessons.audition import audition
from prism_lessons.errors import CourseError
from prism_lessons.generation.take_files import Rendering
from prism_lessons.settings import ModelSettings

NO_PATHS = [None, True, 3, 0.5, b"recordings", ["recordings"], "a\0b", np.int64(1)]
NO_WHOLE_NUMBERS = [None, True, False, 0.5, 1.0, float("nan"), "1", [1], np.float64(1), np.bool_(True), 10**5000, 1j]
ARRAY = np.zeros(3)
DEEP = []
for _ in range(3000):
    DEEP = [DEEP]
NO_TEXTS = [None, True, 3, b"x", ["x"], np.int64(3), ARRAY, DEEP]
NO_SWITCHES = [None, "no", 1, 0.0, b"x", [], ARRAY]
NO_LIVE_LINES = ["x", b"x", True, 0, "", [], ARRAY, DEEP]
NO_FUNCTIONS = ["x", b"x", True, 0, "", [], ARRAY]
NO_WORDS = [*NO_TEXTS, "x", "", 10**5000]
NO_STRETCHES = [None, 3, "x", [1], [("a", 1)], ["12"], [(0, 10**400)], [(0, 1, 2)], [(True, 2)], ARRAY, b"x"]
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
    "merge other": lambda value: pl.Choices("none.jsonl").merge(value),
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
    "prism.load checkpoint": lambda value: pl.prism.load(value, "config.json"),
    "prism.capsule_of checkpoint": lambda value: pl.prism.capsule_of(value, "config.json", 16000),
    "prism.capsule_of config": lambda value: pl.prism.capsule_of("model.ckpt-1", value, 16000),
}
OTHERS = {
    "curate seed": (lambda value: pl.curate("recordings", "corpus", seed=value), NO_WHOLE_NUMBERS),
    "curate choices": (lambda value: pl.curate("recordings", "corpus", choices=value), ["x", {}, b"x", True]),
    "intend hear": (lambda value: pl.Choices("none.jsonl").intend(value), [None, 3, b"x", ["x"]]),
    "origin maker": (lambda value: pl.Choices("none.jsonl").origin("*", maker=value), [None, 3, b"x", ["x"]]),
    "weigh times": (lambda value: pl.Choices("none.jsonl").weigh("*", value), NO_WHOLE_NUMBERS),
    "intend prefer": (lambda value: pl.Choices("none.jsonl").intend(prefer=value), NO_TEXTS),
    "origin pattern": (lambda value: pl.Choices("none.jsonl").origin(value, maker="me"), NO_TEXTS),
    "leave_out name": (lambda value: pl.Choices("none.jsonl").leave_out(value), NO_TEXTS),
    "leave_out why": (lambda value: pl.Choices("none.jsonl").leave_out("a.wav", value), NO_TEXTS),
    "take_in name": (lambda value: pl.Choices("none.jsonl").take_in(value), NO_TEXTS),
    "repair name": (lambda value: pl.Choices("none.jsonl").repair(value, "hum"), NO_TEXTS),
    "repair A kind": (lambda value: pl.Choices("none.jsonl").repair("a.wav", value), NO_TEXTS),
    "leave_as_it_is name": (lambda value: pl.Choices("none.jsonl").leave_as_it_is(value), NO_TEXTS),
    "repair_all survey": (lambda value: pl.Choices("none.jsonl").repair_all(value), NO_TEXTS),
    "cut name": (lambda value: pl.Choices("none.jsonl").cut(value, [(0, 1)]), NO_TEXTS),
    "cut segments": (lambda value: pl.Choices("none.jsonl").cut("a.wav", value), NO_STRETCHES),
    "weigh pattern": (lambda value: pl.Choices("none.jsonl").weigh(value, 2), NO_TEXTS),
    "segment_clips segments": (
        lambda value: pl.segment_clips("a.wav", value),
        [*NO_STRETCHES, [(1, 1)], [(-1, 1)], [(0, float("nan"))], [(float("nan"), 1)], [(0, float("inf"))]],
    ),
    "survey live": (lambda value: pl.survey("recordings", value), NO_LIVE_LINES),
    "sounds_of live": (lambda value: pl.sounds_of("recordings", value), NO_LIVE_LINES),
    "curate live": (lambda value: pl.curate("recordings", "corpus", live=value), NO_LIVE_LINES),
    "audition live": (lambda value: audition("run", live=value), NO_LIVE_LINES),
    "render live": (lambda value: pl.render([], "takes", live=value), NO_LIVE_LINES),
    "render form": (lambda value: pl.render([], "takes", value), NO_WORDS),
    "render bits": (
        lambda value: pl.render([], "takes", bits=value),
        [None, True, 8, 16.5, "x", ARRAY, DEEP, 10**5000],
    ),
    "render fade_in": (lambda value: pl.render([], "takes", fade_in=value), [None, True, -1, "x", DEEP, 10**5000]),
    "Clip samples": (
        lambda value: pl.Clip(value, 8000),
        [None, "x", b"x", [0.0], 0.0, np.zeros((2, 2)), np.array("x")],
    ),
    "Clip sample_rate": (lambda value: pl.Clip(ARRAY, value), [*NO_WHOLE_NUMBERS, 0, "x", ARRAY]),
    "Clip name": (lambda value: pl.Clip(ARRAY, 8000, value), NO_TEXTS),
    "Envelope.parse text": (pl.Envelope.parse, NO_TEXTS),
    "Envelope.of what": (lambda value: pl.Envelope.of(1.0, value), NO_TEXTS),
    "Envelope.of limits": (
        lambda value: pl.Envelope.of(1.0, "temperature", value),
        [None, 1, "ab", b"ab", [1], ["a", 1], ARRAY],
    ),
    "Envelope.of temperature": (pl.Envelope.of, [None, True, b"x", [1], ARRAY, DEEP]),
    "Envelope.at seconds": (
        pl.Envelope(((0, 1.0),)).at,
        [None, True, "x", b"x", {}, [[1], [1, 2]], 1j, ARRAY.astype(str), 10**5000],
    ),
    "Prime.several voices": (lambda value: pl.Prime.several(CLIP, value), [*NO_WHOLE_NUMBERS, 0, 257, np.int64(257)]),
}
ABOUT_A_SOUND = {
    "A prime's start": lambda value: pl.Prime(CLIP, value),
    "A prime's seconds": lambda value: pl.Prime(CLIP, 0, value),
    "A sample rate": pl.Prime(CLIP, 0, 1).clip,
    "A prime is": pl.Prime,
}
OTHERS_OF_MODELS = {
    "train live": (lambda value: pl.train("corpus", "run", live=value), NO_LIVE_LINES),
    "train each_epoch": (lambda value: pl.train("corpus", "run", each_epoch=value), NO_FUNCTIONS),
    "plan live": (lambda value: pl.plan("corpus", live=value), NO_LIVE_LINES),
    "preflight live": (lambda value: pl.preflight("corpus", "run", live=value), NO_LIVE_LINES),
    "generate live": (lambda value: pl.generate(CAPSULE, live=value), NO_LIVE_LINES),
    "generate keep_prime": (lambda value: pl.generate(CAPSULE, keep_prime=value), NO_SWITCHES),
    "generate nudge": (lambda value: pl.generate(CAPSULE, nudge=value), NO_SWITCHES),
    "perform live": (lambda value: pl.perform(CAPSULE, "folder", 1, live=value), NO_LIVE_LINES),
    "perform keep_prime": (lambda value: pl.perform(CAPSULE, "folder", 1, keep_prime=value), NO_SWITCHES),
    "perform nudge": (lambda value: pl.perform(CAPSULE, "folder", 1, nudge=value), NO_SWITCHES),
    "perform listening": (lambda value: pl.perform(CAPSULE, "folder", 1, listening=value), NO_FUNCTIONS),
    "generate There is no engine": (lambda value: pl.generate(CAPSULE, engine=value), NO_WORDS[1:]),
    "generate There is no precision": (lambda value: pl.generate(CAPSULE, precision=value), NO_WORDS),
    "perform There is no precision": (lambda value: pl.perform(CAPSULE, "folder", 1, precision=value), NO_WORDS),
    "generate A model is": (pl.generate, [None, True, 3, b"x", ARRAY, DEEP, 10**5000]),
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
        is_refused(call, what.partition(" ")[2], value)


@pytest.mark.parametrize("what", ABOUT_A_SOUND)
def test_a_prime_is_of_a_sound_and_of_numbers(what):
    others = {"A prime's start": ["x"], "A prime is": [None]}.get(what, [None, "x"])  # a path is one, no start may be
    for value in [*others, True, float("nan"), b"x", [1], ARRAY, DEEP, 10**5000]:
        is_refused(ABOUT_A_SOUND[what], what, value)


@pytest.mark.slow
@pytest.mark.parametrize("what", OTHERS_OF_MODELS)
def test_training_and_playing_refuse_other_values_of_a_wrong_kind(what):
    call, values = OTHERS_OF_MODELS[what]
    for value in values:
        is_refused(call, what.partition(" ")[2], value)


@pytest.mark.slow
@pytest.mark.parametrize("preset", [0, "", [], False, ARRAY, b"sketch"])
def test_a_preset_that_is_none_is_not_taken_for_one_that_was_not_given(hum_corpus, preset):
    for call in (pl.plan, lambda *given: pl.train(given[0], "run", given[1])):
        with pytest.raises(CourseError, match="There is no preset"):
            call(hum_corpus, preset)


def test_a_corpus_has_two_splits(hum_corpus):
    for value in NO_WORDS:
        is_refused(hum_corpus.of, "split", value)
        if value is not None:
            is_refused(hum_corpus.seconds, "split", value)
    assert hum_corpus.seconds() == hum_corpus.seconds("training") + hum_corpus.seconds("validation")


@pytest.mark.slow
def test_a_run_s_files_are_named_by_whole_numbers(straight):
    for value in [*NO_WHOLE_NUMBERS, b"x", ARRAY]:
        is_refused(straight.capsule_path, "epoch", value)
        is_refused(lambda value: straight.clip_path(value, 1, 1.0), "epoch", value)
        is_refused(lambda value: straight.clip_path(1, value, 1.0), "voice", value)
    assert straight.capsule_path(np.int64(12)).name == "0012.capsule"


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


def test_numbers_of_numpy_make_primes_and_files_as_plain_ones_do():
    assert pl.Prime(CLIP, np.int64(0), np.float32(0.5)) == pl.Prime(CLIP, 0, 0.5)
    assert type(pl.Prime(CLIP, np.int64(3)).start) is int
    assert len(pl.Prime.several(CLIP, np.int64(3), np.float64(0.001))) == 3
    assert type(pl.Clip(CLIP.samples, np.int32(8000)).sample_rate) is int
    assert str(Rendering(bits=np.int64(24))) == "WAV 24 bit"
    assert pl.Envelope(((0, 1.0), (2, 2.0))).at([0, np.int64(1)]).tolist() == [1.0, 1.5]


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
