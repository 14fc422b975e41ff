"""Between two models: weights in between, or two opinions on each sample."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prism_lessons.capsule import Capsule
from prism_lessons.errors import CourseError
from prism_lessons.generation import between, generate, mix
from prism_lessons.run import Run

EXAMPLES = Path(__file__).parents[2] / "datasets_examples"
SHAPE = {"frame_sizes": (3, 12), "levels": 100}
OTHER = {"frame_sizes": (4, 8), "levels": 100, "cell": "lstm"}


@pytest.fixture
def two(made):
    return made(1, **SHAPE), made(2, **SHAPE)


def played(capsule, seconds=0.1, voices=2, **how):
    return np.stack([take.samples for take in generate(capsule, seconds, voices=voices, temperature=1, seed=4, **how)])


def test_weights_lie_between_those_of_two_models(two):
    first, second = two
    for share in (0, 0.25, 0.5, 1):
        capsule = between(first, second, share)
        assert capsule.weights.keys() == first.weights.keys()
        for name, weight in capsule.weights.items():
            expected = (1 - share) * first.weights[name] + share * second.weights[name]
            np.testing.assert_allclose(weight, expected, atol=1e-6)
            assert weight.dtype == np.float32
    assert between(first, second, 0).digest == first.digest and between(first, second, 1).digest == second.digest
    np.testing.assert_array_equal(played(between(first, second, 1)), played(second))


@pytest.mark.parametrize(("share", "nearer"), [(0.3, 0), (0.7, 1)])
def test_filters_and_moments_of_recordings_are_those_of_the_nearer_model(made, share, nearer):
    """Halfway between two recordings' codes lies noise."""
    two = [made(seed, **SHAPE, predictors=(8,), book=4) for seed in (1, 2)]
    rng = np.random.default_rng(0)
    for capsule in two:
        capsule.weights["book"] = rng.uniform(-0.1, 0.1, capsule.weights["book"].shape).astype(np.float32)
        capsule.weights["moments"] = rng.integers(0, 100, capsule.weights["moments"].shape).astype(np.float32)
    weights = between(*two, share).weights
    for name in ("book", "moments"):
        np.testing.assert_array_equal(weights[name], two[nearer].weights[name])


def test_what_lies_between_is_a_capsule_that_can_be_kept(two, tmp_path):
    capsule = between(*two)
    again = Capsule.load(capsule.save(tmp_path / "between.capsule"))
    assert again.digest == capsule.digest
    assert again.about == {"between": ["made 1, epoch 1", "made 2, epoch 1"], "share": 0.5}
    (take,) = generate(again, 0.01, voices=1)
    assert take.about["between"] == ["made 1, epoch 1", "made 2, epoch 1"] and take.about["share"] == 0.5


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"frame_sizes": (4, 12)}, r"frame_sizes is \(3, 12\) in the first and \(4, 12\) in the second"),
        ({"dim": 13}, "dim is 12 in the first and 13"),
        ({"cell": "lstm"}, "cell is gru in the first and lstm"),
        ({"layers": 2}, "layers is 1"),
        ({"levels": 101}, "levels is 100"),
        ({"quantisation": "linear"}, "quantisation is mu-law in the first and linear"),
        ({"weight_normalisation": True}, "weight_normalisation is False"),
    ],
)
def test_weights_of_another_shape_are_refused_by_the_name_of_the_setting(made, changed, named):
    with pytest.raises(CourseError, match=named):
        between(made(1, **SHAPE), made(2, **{**SHAPE, **changed}))


def test_dropout_is_no_matter_of_shape(made):
    assert between(made(1, **SHAPE), made(2, **SHAPE, dropout=0.2))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), "0.5", None, True, [0.5], 10**400])
def test_a_share_of_weights_is_a_number_from_0_to_1(two, share):
    with pytest.raises(CourseError, match="share must be a number from 0 to 1, not"):
        between(*two, share)


@pytest.mark.parametrize("second", [SHAPE, OTHER], ids=["of one shape", "of another"])
def test_mixed_with_a_share_of_nothing_or_all_one_model_plays_alone(made, second):
    """Bit for bit, though the other one listens."""
    first, second = made(1, **SHAPE), made(2, **second)
    np.testing.assert_array_equal(played(mix(first, second, 0)), played(first))
    np.testing.assert_array_equal(played(mix(first, second, 1)), played(second))
    half = played(mix(first, second))
    assert (half != played(first)).mean() > 0.1 and (half != played(second)).mean() > 0.1


def test_a_share_may_move_from_one_model_to_the_other(made):
    first, second = made(1, **SHAPE), made(2, **OTHER)
    takes = played(mix(first, second, "0:0, 0.05:0, 0.05:1"))
    np.testing.assert_array_equal(takes[:, :800], played(first)[:, :800])
    # From there on the second has heard what the first played, and draws from the same chance.
    assert (takes[:, 800:] != played(first)[:, 800:]).mean() > 0.1
    slow = mix(first, second, "0:0, 0.1:1")
    assert str(slow.share) == "0:0, 0.1:1"
    assert (played(slow) != takes).any()


def test_a_mixture_says_what_it_is_made_of(two):
    first, second = two
    mixture = mix(first, second, "0:0, 10:1")
    (take,) = generate(mixture, 0.01, voices=1)
    assert take.about["mix"] == ["made 1, epoch 1", "made 2, epoch 1"] and take.about["share"] == "0:0, 10:1"
    assert take.about["capsule"] == mixture.digest and take.sample_rate == first.sample_rate
    json.dumps(take.about)
    others = {mix(first, second).digest, mix(second, first).digest, mix(first, second, 0.25).digest, first.digest}
    assert len(others | {mixture.digest}) == 5
    assert mix(first, second).digest == mix(first, second, "0.5").digest


def test_a_model_without_a_name_goes_by_its_weights(two):
    assert between(replace(two[0], about={}), two[1]).about["between"][0] == two[0].digest[:6]


@pytest.mark.parametrize("combine", [between, mix])
def test_models_of_two_sample_rates_do_not_go_together(made, combine):
    with pytest.raises(CourseError, match="plays at 16000 Hz and the second at 8000 Hz"):
        combine(made(1, **SHAPE), made(2, 8000, **SHAPE))


@pytest.mark.parametrize("changed", [{"levels": 256}, {"quantisation": "linear"}])
def test_models_that_write_other_codes_cannot_be_mixed(made, changed):
    with pytest.raises(CourseError, match="these two differ in quantisation or levels"):
        mix(made(1, **SHAPE), made(2, **{**SHAPE, **changed}))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), "half", None, True, [0.5], "0:0, 1:2"])
def test_a_share_of_a_mixture_is_a_line_from_0_to_1(two, share):
    with pytest.raises(CourseError, match="share"):
        mix(*two, share)


@pytest.mark.parametrize("combine", [between, mix])
def test_what_is_no_capsule_is_refused(two, combine, tmp_path):
    for wrong in (None, 5, mix(*two), tmp_path / "none.capsule"):
        with pytest.raises(CourseError, match=r"A model is a capsule|no capsule"):
            combine(two[0], wrong)


def test_paths_and_runs_will_do(two, tmp_path):
    paths = [capsule.save(tmp_path / f"{number}.capsule") for number, capsule in enumerate(two)]
    assert mix(*paths).digest == mix(*two).digest
    folder = EXAMPLES / "trained" / "breath"
    run = Run(folder)
    assert between(run, folder).digest == run.capsule().digest
    assert mix(folder, run).about["mix"] == mix(run, folder).about["mix"]


def test_what_may_not_be_shared_stays_so(two, tmp_path):
    first, second = two
    second = replace(second, about={**second.about, "not_to_share": ["voices/d.wav: no consent"]})
    for capsule in (between(first, second), between(second, first)):
        assert capsule.about["not_to_share"] == ["voices/d.wav: no consent"]
        with pytest.raises(CourseError, match=r"may not be shared, because of voices/d.wav: no consent"):
            capsule.share(tmp_path / "shared.capsule")
    assert mix(first, second).about["not_to_share"] == ["voices/d.wav: no consent"]
    assert "not_to_share" not in between(*two).about


def test_a_mixture_is_for_the_engine_that_can(two):
    with pytest.raises(CourseError, match="ask for that one"):
        generate(mix(*two), 0.01, engine="tensorflow")
