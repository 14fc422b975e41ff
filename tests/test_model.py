"""What must hold of the model whatever its shape."""

import itertools

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import cauchy

from prism_lessons.backend import keras, ops
from prism_lessons.errors import CourseError
from prism_lessons.linear_prediction import NEARBY, SURPRISE, finite_edges
from prism_lessons.model import SampleRNN
from prism_lessons.settings import ModelSettings, shapes_of

SHAPES = [
    {"frame_sizes": (16,)},
    {"frame_sizes": (16, 64)},
    {"frame_sizes": (2, 8, 32)},
    {"frame_sizes": (4, 16), "cell": "lstm", "layers": 2},
    {"frame_sizes": (8, 32), "layers": 3, "skip_connections": True},
    {"frame_sizes": (8, 16), "cell": "lstm", "layers": 2, "skip_connections": True, "weight_normalisation": True},
    {"frame_sizes": (1, 4), "levels": 16, "quantisation": "linear"},
    {"frame_sizes": (4, 16), "predictors": (4, 16), "book": 3},
    {"frame_sizes": (8,), "predictors": (8,), "levels": 16, "quantisation": "linear", "cell": "lstm"},
    {"frame_sizes": (4, 16), "predictors": (4, 16), "book": 3, "labels": ("a", "b")},
]
ids = [", ".join(f"{name}={value}" for name, value in shape.items()) for shape in SHAPES]


def model_of(**settings):
    keras.utils.set_random_seed(5)
    return SampleRNN(ModelSettings(dim=12, embedding=6, **settings))


def random_codes(model, voices, samples, seed=0):
    return np.random.default_rng(seed).integers(model.settings.levels, size=(voices, samples))


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
def test_logits_do_not_move_when_the_present_or_the_future_changes(shape):
    model = model_of(**shape)
    largest = model.settings.largest_frame
    codes = random_codes(model, 2, largest + 96)
    before = model.logits(codes)
    for t in (largest, largest + 1, largest + 17, largest + 63, largest + 95):
        changed = codes.copy()
        changed[:, t:] = (changed[:, t:] + 1 + random_codes(model, 2, codes.shape[1] - t, t)) % model.settings.levels
        after = model.logits(changed)
        np.testing.assert_array_equal(after[:, : t - largest + 1], before[:, : t - largest + 1])
        if t + 1 < codes.shape[1]:
            assert (after[:, t - largest + 1] != before[:, t - largest + 1]).any(), "the last sample is not heard"


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
def test_a_sound_heard_in_two_windows_gives_the_logits_of_one(shape):
    model = model_of(**shape)
    largest = model.settings.largest_frame
    codes = random_codes(model, 2, largest + 128).astype(np.int32)
    features = [None, None, None]
    if predictors := model.predictors:
        all_of_them, _ = predictors.follow(codes[:, largest:], predictors.begin(codes[:, :largest]))
        features = [all_of_them, all_of_them[:, : largest + 64], all_of_them[:, 64:]]
    whole, _ = model(codes, model.initial_state(2), features=features[0])
    first, state = model(codes[:, : largest + 64], model.initial_state(2), features=features[1])
    second, _ = model(codes[:, 64:], state, features=features[2])
    halves = ops.concatenate([first, second], axis=1)
    np.testing.assert_allclose(halves, whole, atol=2e-5)  # sums of float32 products in another order


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
def test_the_table_gives_what_embedding_and_convolution_give(shape):
    tier = model_of(**shape).sample_tier
    codes = np.random.default_rng(1).integers(tier.settings.levels, size=(3, 50)).astype(np.int32)
    np.testing.assert_allclose(tier.look_up(tier.table(), codes), tier.convolve(codes), atol=1e-5)


def test_a_new_clip_forgets_the_voice_s_past_and_only_that_voice_s():
    model = model_of(frame_sizes=(8, 32), cell="lstm")
    for state in model.tiers[0].initial + model.tiers[1].initial:
        state.assign(np.random.default_rng(2).normal(size=state.shape))  # a learned initial state is not zero
    codes = random_codes(model, 2, 96).astype(np.int32)
    _, state = model(codes, model.initial_state(2))
    fresh, _ = model(codes, model.initial_state(2))
    kept, _ = model(codes, state)
    mixed, _ = model(codes, state, np.array([True, False]))
    np.testing.assert_allclose(mixed[0], fresh[0], atol=1e-6)
    np.testing.assert_allclose(mixed[1], kept[1], atol=1e-6)
    assert np.abs(np.array(fresh[0]) - np.array(kept[0])).max() > 1e-3


def test_the_initial_state_is_learned():
    model = model_of(frame_sizes=(8, 32))
    states = {id(state) for tier in model.tiers for state in tier.initial}
    assert states <= {id(variable) for variable in model.trainable_variables}


def test_logits_may_end_anywhere():
    model = model_of(frame_sizes=(8, 32))
    codes = random_codes(model, 1, 32 + 101)
    whole = model.logits(codes)
    assert whole.shape == (1, 101, 256) and whole.dtype == np.float32
    np.testing.assert_allclose(model.logits(codes[:, : 32 + 37]), whole[:, :37], atol=1e-5)


def test_long_logits_are_worked_out_in_windows_without_a_seam(monkeypatch):
    model = model_of(frame_sizes=(8, 32))
    codes = random_codes(model, 1, 32 + 300)
    whole = model.logits(codes)
    monkeypatch.setattr("prism_lessons.model.LOGITS_WINDOW", 64)
    np.testing.assert_allclose(model.logits(codes), whole, atol=2e-5)


@pytest.mark.parametrize(
    "codes", [np.zeros((1, 32), int), np.zeros(100, int), np.full((1, 100), 256), np.full((1, 100), -1)]
)
def test_logits_refuses_codes_that_do_not_fit(codes):
    with pytest.raises(CourseError):
        model_of(frame_sizes=(8, 32)).logits(codes)


def test_the_paper_s_choices_are_there():
    model = model_of(frame_sizes=(8, 32), cell="lstm", weight_normalisation=True)
    bias = np.asarray(model.tiers[0].recurrent[0].layer.cell.bias)
    np.testing.assert_array_equal(bias[12:24], 3)  # the forget gate's, of i, f, c, o
    assert bias[:12].sum() == bias[24:].sum() == 0
    projection = model.tiers[0].input_projection
    np.testing.assert_allclose(projection.length, np.linalg.norm(projection.kernel, axis=0), rtol=1e-6)
    projection.kernel.assign(3 * np.asarray(projection.kernel))  # its length is a weight of its own
    x = np.random.default_rng(0).normal(size=(1, 32)).astype(np.float32)
    expected = x @ (np.asarray(projection.kernel) / 3)
    np.testing.assert_allclose(projection(x), expected, rtol=1e-4, atol=1e-5)


def test_linear_maps_begin_with_he_s_variance():
    kernel = np.asarray(SampleRNN(ModelSettings(dim=256)).tiers[1].upsample.kernel)
    # He et al. 2015: variance 2 / fan_in; the estimate from 1M values lies within 1 %.
    assert kernel.std() == pytest.approx(np.sqrt(2 / 256), rel=0.01)


@pytest.mark.parametrize("levels", [4, 16, 256])
def test_neighbouring_codes_begin_alike_and_distant_ones_do_not(levels):
    keras.utils.set_random_seed(5)
    tier = SampleRNN(ModelSettings(frame_sizes=(8,), dim=64, embedding=32, levels=levels)).sample_tier
    for vectors in (np.asarray(tier.embedding), np.asarray(tier.output_layer.kernel).T):  # one for each code
        assert len(vectors) == levels and np.isfinite(vectors).all()
        next_door = np.linalg.norm(np.diff(vectors, axis=0), axis=1).mean()
        anywhere = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1).sum() / (levels * (levels - 1))
        assert 0 < next_door < anywhere


def test_the_sample_tier_begins_with_he_s_variance_everywhere():
    tier = SampleRNN(ModelSettings(frame_sizes=(8,), dim=256, embedding=32)).sample_tier
    assert np.mean(np.square(tier.embedding)) == pytest.approx(1, rel=1e-5)
    assert np.mean(np.square(tier.kernel)) == pytest.approx(2 / (8 * 32), rel=1e-5)  # He et al. 2015
    assert np.mean(np.square(tier.output_layer.kernel)) == pytest.approx(2 / 256, rel=1e-5)


def test_the_sample_tier_begins_by_hearing_the_last_samples_best():
    kernel = np.asarray(SampleRNN(ModelSettings(frame_sizes=(4,), dim=256)).sample_tier.kernel)
    heights = np.sqrt(np.mean(kernel**2, axis=(1, 2)))
    # Each is estimated from 8192 normal values: within 2 %, and so is a ratio of two within 3 %.
    np.testing.assert_allclose(heights[1:] / heights[:-1], 2, rtol=0.04)


def test_the_embedding_has_the_width_asked_for():
    assert model_of(frame_sizes=(8,)).sample_tier.embedding.shape == (256, 6)


def test_skip_connections_show_the_upper_layers_the_tier_s_input():
    plain = model_of(frame_sizes=(8,), layers=2).tiers[0].recurrent[1].layer.cell.kernel
    skipping = model_of(frame_sizes=(8,), layers=2, skip_connections=True).tiers[0].recurrent[1].layer.cell.kernel
    assert plain.shape[0] == 12 and skipping.shape[0] == 24


@pytest.mark.parametrize("quantisation", ["mu-law", "linear"])
def test_a_model_with_predictors_begins_as_what_they_know(quantisation):
    """The network's own logits are a tenth of what they usually begin with; without them, only the mixture is left."""
    model = model_of(frame_sizes=(4, 16), predictors=(8, 32), quantisation=quantisation)
    model.sample_tier.output_layer.kernel.assign(np.zeros((12, 256)))
    codes = model.settings.codec.encode(0.4 * np.sin(np.arange(600) * 0.1))[None]
    logits = model.logits(codes)[0].astype(np.float64)
    features, _ = model.predictors.follow(codes[:, 16:], model.predictors.begin(codes[:, :16]))
    guesses, scales, likelihoods = (features[0, 16:, part:-1:3].astype(np.float64) for part in range(3))
    weights = np.exp(np.concatenate([likelihoods, np.zeros((len(logits), 1))], axis=1))
    weights /= weights.sum(axis=1, keepdims=True)
    edges = finite_edges(model.settings.codec)
    below = expit((edges - guesses[..., None]) / scales[..., None])
    chances = (weights[:, :-1, None] * np.diff(below, axis=-1)).sum(axis=1) + weights[:, -1:] / 256
    trust = weights[:, :-1] / weights[:, :-1].sum(axis=1, keepdims=True)
    middle = model.sample_tier.mixture.companded((trust * guesses).sum(axis=1).astype(np.float32)) * 127.0 + 128
    surprise = cauchy.pdf(np.arange(256), np.array(middle)[:, None], 256 / NEARBY)
    chances = chances + SURPRISE / (1 + SURPRISE) * (surprise - chances)
    np.testing.assert_allclose(logits, np.log(chances), atol=2e-3)  # the logarithm of a chance that float32 holds
    assert np.log2(chances[np.arange(len(codes[0]) - 16), codes[0, 16:]]).mean() > -3  # a tone is predicted


def test_a_book_is_no_weight_that_training_moves():
    model = model_of(frame_sizes=(4,), predictors=(8,), book=3)
    assert model.weights_by_name()["book"].shape == (3, 32)
    assert all(weight is not model.book for weight in model.trainable_variables)


def test_dropout_acts_in_training_only():
    model = model_of(frame_sizes=(8, 32), dropout=0.5)
    codes = random_codes(model, 2, 64).astype(np.int32)
    state = model.initial_state(2)
    one, two = (model(codes, state)[0] for _ in range(2))
    np.testing.assert_array_equal(one, two)
    one, two = (model(codes, state, training=True)[0] for _ in range(2))
    assert np.abs(np.array(one) - np.array(two)).max() > 0.01


def test_dropout_takes_away_the_same_units_of_all_voices_and_others_at_each_step():
    model = model_of(frame_sizes=(8, 32), dropout=0.5)
    for layer in (*model.tiers, model.sample_tier):
        left = np.array(layer.dropout(np.ones((3, 40, 16), np.float32), training=True)) > 0
        assert (left == left[0]).all() and 0.4 < left.mean() < 0.6
        assert (left[0, 1:] != left[0, :-1]).any(axis=1).all()


def test_mixed_precision_gives_float32_logits_close_to_full_precision():
    keras.utils.set_random_seed(5)
    full = SampleRNN(ModelSettings(dim=12, frame_sizes=(8, 32)), dtype="float32")
    mixed = SampleRNN(ModelSettings(dim=12, frame_sizes=(8, 32)), dtype="mixed_float16")
    for to, of in zip(mixed.weights, full.weights, strict=True):
        to.assign(of)
    codes = random_codes(full, 2, 96).astype(np.int32)
    logits, state = mixed(codes, mixed.initial_state(2))
    assert logits.dtype == "float32" and state[0].dtype == "float16" and mixed.weights[0].dtype == "float32"
    reference, _ = full(codes, full.initial_state(2))
    # float16 keeps 11 bits; a sum of a few dozen products of order 1 is off by some hundredths at most.
    np.testing.assert_allclose(logits, reference, atol=0.05)


def test_weights_have_the_same_names_whenever_the_model_is_made():
    one, two = (model_of(frame_sizes=(8, 32), layers=2).weights_by_name() for _ in range(2))
    assert list(one) == list(two) and len(set(one)) == len(two)
    assert all(not name.startswith("samplernn") for name in one)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"frame_sizes": ()}, "frame_sizes"),
        ({"frame_sizes": (2, 4, 8, 16)}, "frame_sizes"),
        ({"frame_sizes": (16, 24)}, "divide"),
        ({"frame_sizes": (16, 16)}, "divide"),
        ({"frame_sizes": (64, 16)}, "divide"),
        ({"frame_sizes": (0, 16)}, "frame_sizes"),
        ({"frame_sizes": (1.5,)}, "frame_sizes"),
        ({"dim": 0}, "dim"),
        ({"dim": 2.5}, "dim"),
        ({"layers": 0}, "layers"),
        ({"embedding": -1}, "embedding"),
        ({"cell": "rnn"}, "gru"),
        ({"dropout": 1.0}, "dropout"),
        ({"quantisation": "a-law"}, "quantisation"),
        ({"levels": 2}, "levels"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings, word):
    with pytest.raises(CourseError, match=word):
        ModelSettings(**settings)


MORE_SHAPES = [
    {"frame_sizes": sizes, "cell": cell, "layers": layers, "skip_connections": skip, "weight_normalisation": normalised}
    for sizes, cell, layers, skip, normalised in itertools.product(
        [(1,), (2, 8, 32)], ["gru", "lstm"], [1, 3], [False, True], [False, True]
    )
]


@pytest.mark.parametrize("shape", [*SHAPES, *MORE_SHAPES], ids=str)
def test_the_shapes_of_the_weights_are_known_without_a_model(shape):
    settings = ModelSettings(dim=3, embedding=2, **shape)
    made = {name: tuple(weight.shape) for name, weight in SampleRNN(settings).weights_by_name().items()}
    assert list(shapes_of(settings).items()) == list(made.items())
