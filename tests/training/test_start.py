"""Beginning from an epoch of another run: the same weights, whatever interrupts; and nothing of before is forgotten."""

import contextlib
import shutil
from dataclasses import replace

import numpy as np
import pytest

from prism_lessons import file_format
from prism_lessons.corpus import curate
from prism_lessons.errors import CourseError
from prism_lessons.presets import PRESETS
from prism_lessons.run import CHECKPOINT, START, Run
from prism_lessons.training import preflight, train
from prism_lessons.training.callback import TrainingCallback
from prism_lessons.training.start import describe_origin, origin_of, preset_like
from prism_lessons.training.training_state import TrainingState


class Crash(BaseException):
    """As sudden as a kill: nobody catches it."""


@pytest.fixture
def crash(monkeypatch):
    """A context in which a function of a class crashes at its call number `at`, after its work or instead of it."""

    @contextlib.contextmanager
    def context(owner, name, at=0, instead=False):
        whole, calls = getattr(owner, name), iter(range(10**6))

        def work_or_crash(*arguments, **options):
            now = next(calls) == at
            if now and instead:
                raise Crash
            value = whole(*arguments, **options)
            if now:
                raise Crash
            return value

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, work_or_crash)
            yield

    return context


@pytest.fixture(scope="module")
def first(straight):
    """The capsule that the runs of these tests begin with."""
    return straight.capsule(1)


@pytest.fixture(scope="module")
def second(go_on, first, tmp_path_factory):
    """A run of one epoch that began with it, without interruption; not to be changed."""
    return go_on(tmp_path_factory.mktemp("second") / "second run", epochs=1, start=first)


def same(weights, others):
    return weights.keys() == others.keys() and all(np.array_equal(weights[name], others[name]) for name in weights)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_first_checkpoint_holds_the_weights_of_the_capsule_and_a_fresh_optimiser(go_on, first, crash, tmp_path):
    with crash(TrainingState, "save"), pytest.raises(Crash):
        go_on(tmp_path / "run", start=first)
    _, arrays, _ = file_format.read(tmp_path / "run" / CHECKPOINT, "checkpoint")
    begun = {name.removeprefix("model/"): array for name, array in arrays.items() if name.startswith("model/")}
    assert same(begun, first.weights)
    means = [array for name, array in arrays.items() if name.startswith("optimiser/") and array.ndim]
    assert means and not any(array.any() for array in means)


def test_what_was_learned_is_not_lost_and_more_is_learned(second, straight):
    (epoch,) = second.log
    assert epoch.bits < straight.log[0].bits - 0.5 and epoch.validation_bits < straight.log[0].validation_bits
    assert not same(second.capsule(1).weights, straight.capsule(2).weights)  # it is another journey


def test_the_old_run_is_left_as_it_is(go_on, straight, tmp_path):
    shutil.copytree(straight.folder, tmp_path / "first")
    before = contents(tmp_path / "first")
    go_on(tmp_path / "second", epochs=1, start=Run(tmp_path / "first"))
    assert contents(tmp_path / "first") == before


def test_the_run_its_events_and_its_capsules_say_where_it_began(second, first, straight):
    assert second.begun_from == {
        "run": "run",
        "epoch": 1,
        "validation_bits": straight.log[0].validation_bits,
        "not_to_share": [],
        "digest": first.digest,
    }
    assert second.capsule(1).about["begun_from"] == second.begun_from
    assert second.capsule(1).about["run"] == "second run"
    (begun,) = [event for event in second.events if event["kind"] == "begun"]
    assert begun["text"].startswith('Begun from epoch 1 of "run", on a ')
    assert same(file_format.read(second.folder / START, "capsule", ("card.md",))[1], first.weights)
    assert straight.begun_from is None and "begun_from" not in straight.capsule(1).about


@pytest.mark.parametrize(
    ("owner", "name", "instead", "named_again"),
    [
        pytest.param(Run, "begin", True, True, id="after the model is kept, with start"),
        pytest.param(Run, "begin", True, False, id="after the model is kept, without"),
        pytest.param(TrainingState, "save", True, True, id="before the first checkpoint, with start"),
        pytest.param(TrainingState, "save", True, False, id="before the first checkpoint, without"),
        pytest.param(TrainingState, "save", False, False, id="after the first checkpoint, without"),
        pytest.param(TrainingCallback, "on_train_batch_end", True, True, id="in the first batch, with start"),
    ],
)
def test_a_kill_at_any_moment_changes_nothing(owner, name, instead, named_again, go_on, first, second, crash, tmp_path):
    with crash(owner, name, instead=instead), pytest.raises(Crash):
        go_on(tmp_path / "second run", epochs=1, start=first)
    run = go_on(tmp_path / "second run", epochs=1, **({"start": first} if named_again else {}))
    assert same(run.capsule(1).weights, second.capsule(1).weights)
    assert [entry.validation_bits for entry in run.log] == [entry.validation_bits for entry in second.log]
    assert run.begun_from == second.begun_from and (run.folder / START).exists()


def test_a_lost_machine_goes_on_from_the_copy(go_on, first, second, crash, tmp_path):
    (tmp_path / "drive").mkdir()
    copy = tmp_path / "drive" / "run"
    with crash(TrainingCallback, "on_train_batch_end", 100), pytest.raises(Crash):
        go_on(tmp_path / "second run", epochs=1, start=first, copy_to=copy)
    shutil.rmtree(tmp_path / "second run")
    assert (copy / START).exists()
    run = go_on(tmp_path / "second run", epochs=1, copy_to=copy)
    assert same(run.capsule(1).weights, second.capsule(1).weights)
    assert (run.folder / START).read_bytes() == (copy / START).read_bytes()


def test_a_run_that_lost_the_model_it_began_with_does_not_begin_from_nothing(go_on, first, crash, tmp_path):
    with crash(TrainingState, "save", instead=True), pytest.raises(Crash):
        go_on(tmp_path / "run", start=first)
    (tmp_path / "run" / START).unlink()
    with pytest.raises(CourseError, match="no capsule"):
        go_on(tmp_path / "run")


@pytest.mark.parametrize("began", [True, False], ids=["from another epoch", "from nothing"])
def test_a_run_goes_on_from_no_other_start(began, go_on, straight, second, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree((second if began else straight).folder, folder)
    before = contents(folder)
    origin = 'epoch 1 of "run"' if began else "nothing"
    with pytest.raises(CourseError, match=f"began from {origin}, and you asked to begin from epoch 2 of .*: leave "):
        go_on(folder, start=straight.capsule(2))
    assert contents(folder) == before


def test_how_it_learns_is_free_and_so_is_dropout(hum_corpus, first, tmp_path):
    run = train(hum_corpus, tmp_path / "run", epochs=1, start=first, window=32, learning_rate=1e-4, dropout=0.0, seed=5)
    assert run.settings["training"]["window"] == 32 and run.log[0].learning_rate <= 1e-4
    assert run.capsule().settings == replace(first.settings, dropout=0.0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"dim": 24}, r'begin from \(epoch 1 of "run"\) has dim = 16, and you asked for dim = 24: '),
        ({"levels": 128, "cell": "lstm"}, "has cell = gru, levels = 256, and you asked for cell = lstm, levels = 128"),
        ({"preset": "study"}, r"embedding = 8, predictors = \(\), book = 0, and you asked for .*dim = 512, layers = 2"),
        ({"window": 100}, "window must be a multiple of the largest frame"),
        ({"learning_rate": 3}, "learning_rate"),
    ],
)
def test_another_size_is_refused_by_name(arguments, named, hum_corpus, first, tmp_path):
    with pytest.raises(CourseError, match=named):
        train(hum_corpus, tmp_path / "run", start=first, **arguments)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (12, "start must be a capsule, such as run.capsule"),
        (True, "start must be a capsule"),
        ({"epoch": 12}, "start must be a capsule"),
        ("missing.capsule", 'no capsule ".*missing.capsule": check the name'),
        ("damaged.capsule", "damaged"),
        ("young", "no finished epoch yet"),
        ("empty", "check the name"),
        ("faster.capsule", "plays at 16000 Hz and the corpus has 8000 Hz: curate the recordings at sample_rate=16000"),
        ("unfit.capsule", "weights do not fit the settings"),
    ],
)
def test_what_is_no_model_for_this_corpus_is_refused_before_anything_is_made(
    start, named, hum_corpus, straight, first, tmp_path
):
    whole = first.save(tmp_path / "first.capsule").read_bytes()
    (tmp_path / "damaged.capsule").write_bytes(whole[:-100])
    replace(first, sample_rate=16000).save(tmp_path / "faster.capsule")
    replace(first, weights=dict(list(first.weights.items())[1:])).save(tmp_path / "unfit.capsule")
    Run.begin(tmp_path / "young", straight.settings, "card")
    (tmp_path / "empty").mkdir()
    if isinstance(start, str):
        start = tmp_path / start
    for verb in (train, preflight):
        if start != tmp_path / "unfit.capsule" or verb is train:  # the pre-flight tries another model of that size
            with pytest.raises(CourseError, match=named):
                verb(hum_corpus, tmp_path / "run", start=start)
    assert not (tmp_path / "run").exists()


def test_the_path_of_a_capsule_will_do_and_its_reasons_not_to_share_and_its_card_come_along(
    hums, first, small, tmp_path
):
    secret = replace(first, about={**first.about, "not_to_share": ["hum 1.wav: no consent"]}, card="# Card of before")
    path = secret.save(tmp_path / "secret.capsule")
    other = curate(hums(tmp_path / "other", seed=9), tmp_path / "corpus", sample_rate=8000)
    run = train(other, tmp_path / "run", epochs=1, start=str(path), **small)
    assert run.not_to_share == run.capsule().about["not_to_share"] == ["hum 1.wav: no consent"]
    with pytest.raises(CourseError, match=r"may not be shared, because of hum 1.wav: no consent"):
        run.capsule().share(tmp_path / "shared.capsule")
    assert run.card.startswith(other.card()) and run.card.endswith('epoch 1 of "run"\n\n# Card of before')
    # A third run inherits it too; and what is said of the corpus anew comes beside it.
    third = origin_of(run.capsule())
    assert third["not_to_share"] == run.not_to_share and third["begun_from"] == run.begun_from
    run.settings["corpus"]["not_to_share"] = ["new.wav: no consent", "hum 1.wav: no consent"]
    assert run.not_to_share == ["new.wav: no consent", "hum 1.wav: no consent"]


def test_going_on_with_the_same_corpus_does_not_repeat_its_card(second, hum_corpus):
    assert second.card == hum_corpus.card()


def test_not_named_the_preset_is_that_of_the_model_or_the_sketch(first):
    for preset in PRESETS.values():
        grown = replace(first, settings=replace(preset.model, dropout=0.3))
        assert preset_like(grown) == replace(preset, model=grown.settings)
    assert preset_like(first) == replace(PRESETS["sketch"], model=first.settings)


@pytest.mark.parametrize("about", [{}, [], None, {"epoch": None, "not_to_share": None}])
def test_a_capsule_that_says_nothing_of_itself_is_named_by_its_weights(about, first):
    origin = origin_of(replace(first, about=about))
    assert origin == {"not_to_share": [], "digest": first.digest}
    assert describe_origin(origin) == f"the capsule {first.digest}"
    assert describe_origin({"epoch": 3, "digest": "0"}) == "epoch 3"


def test_runs_that_began_with_other_models_are_other_runs(second):
    before = second.identity
    other = Run(second.folder)
    other.settings["begun_from"]["digest"] = "another"
    assert other.identity != before == Run(second.folder).identity
    del other.settings["begun_from"]
    assert other.identity["start"] is None
