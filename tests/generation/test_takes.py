"""What a take promises: its length, its seed, and the probabilities it was drawn from."""

import numpy as np
import pytest

from prism_lessons.backend import keras
from prism_lessons.capsule import Capsule
from prism_lessons.errors import CourseError
from prism_lessons.generation import generate
from prism_lessons.generation.engine import Engine
from prism_lessons.model import SampleRNN
from prism_lessons.settings import ModelSettings

SHAPES = [
    {"frame_sizes": (16,)},
    {"frame_sizes": (4, 16)},
    {"frame_sizes": (2, 8, 32), "cell": "lstm", "layers": 2, "skip_connections": True},
    {"frame_sizes": (4, 16), "weight_normalisation": True, "levels": 1024, "quantisation": "linear"},
]
ids = [", ".join(f"{name}={value}" for name, value in shape.items()) for shape in SHAPES]


def model_of(**settings):
    keras.utils.set_random_seed(5)
    return SampleRNN(ModelSettings(dim=12, embedding=6, **settings))


def drawn(engine, samples, temperatures, seed):
    return np.concatenate(list(engine.codes(samples, temperatures, seed)), axis=1)


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
def test_teacher_forced_equals_generated(shape):
    """Fed back through `logits`, a take gives the probabilities it was drawn from: the random numbers that drew it
    fall, every one, into the code that was drawn (to 1e-4)."""
    model = model_of(**shape)
    temperatures, seed, samples = np.array([0.7, 1.0, 1.3], np.float32), 11, 5000
    codes = drawn(Engine(model), samples, temperatures, seed)
    silence = np.full((3, model.settings.largest_frame), model.settings.codec.centre)
    logits = model.logits(np.concatenate([silence, codes], axis=1)).astype(np.float64)
    logits /= temperatures[:, None, None]
    heights = np.cumsum(np.exp(logits - logits.max(-1, keepdims=True)), axis=-1)
    heights /= heights[..., -1:]
    draws = np.stack([np.random.default_rng([seed, voice]).random(2 * samples, np.float32) for voice in range(3)])
    draws = draws[:, :samples, None]
    upper = np.take_along_axis(heights, codes[..., None], -1)
    lower = np.where(codes[..., None] > 0, np.take_along_axis(heights, np.maximum(codes[..., None] - 1, 0), -1), 0)
    assert (lower - 1e-4 <= draws).all() and (draws <= upper + 1e-4).all()
    assert len(np.unique(codes)) > 10


def test_a_take_has_its_exact_length_whatever_it_is():
    capsule = Capsule.of(model_of(frame_sizes=(4, 16)), 16000, {}, "")
    for seconds, samples in ((3, 48000), (0.0001, 2), (0.3, 4800), (4097 / 16000, 4097)):
        clips = generate(capsule, seconds=seconds, voices=2)
        assert [len(clip.samples) for clip in clips] == [samples, samples]
        assert clips[0].sample_rate == 16000 and clips[0].samples.dtype == np.float32


def test_the_same_seed_gives_the_same_take_and_another_another():
    engine = Engine(model_of(frame_sizes=(4, 16)))
    one, again = (drawn(engine, 500, np.ones(2), 1) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert (one != drawn(engine, 500, np.ones(2), 2)).mean() > 0.5
    assert (one[0] != one[1]).mean() > 0.5


def test_a_voice_does_not_depend_on_how_many_sing_beside_it():
    engine = Engine(model_of(frame_sizes=(4, 16)))
    alone, among = drawn(engine, 500, np.ones(1), 1), drawn(engine, 500, np.ones(5), 1)
    # Rounding in products of another size may move a draw that falls on a border, and all that follows it.
    assert (alone[0, :50] == among[0, :50]).all()


def test_a_list_of_seeds_gives_the_first_voice_of_each():
    capsule = Capsule.of(model_of(frame_sizes=(4, 16)), 16000, {}, "")
    clips = generate(capsule, seconds=0.003, voices=3, temperature=1.0, seed=[7, 8, 7])
    assert [clip.name for clip in clips] == ["take_seed7_voice1_t1", "take_seed8_voice1_t1", "take_seed7_voice1_t1"]
    np.testing.assert_array_equal(clips[0].samples, clips[2].samples)
    (first,) = generate(capsule, seconds=0.003, voices=1, temperature=1.0, seed=8)
    np.testing.assert_array_equal(first.samples, clips[1].samples)


def test_a_list_of_pairs_gives_these_voices_of_their_seeds():
    engine = Engine(model_of(frame_sizes=(4, 16)))
    all_three, some = drawn(engine, 500, np.ones(3), 7), drawn(engine, 500, np.ones(3), [(7, 2), 7, (7, 1)])
    np.testing.assert_array_equal(some, all_three[[2, 0, 1]])


@pytest.mark.parametrize("seed", [[1, 2], [1, 2, -1], [1, 2, 3, 4], [1.5, 1, 1], [(1, 0)] * 3, [], "abc", -1, None])
def test_seeds_that_do_not_fit_the_voices_are_refused(seed):
    capsule = Capsule.of(model_of(frame_sizes=(4, 16)), 16000, {}, "")
    with pytest.raises(CourseError, match="seed must be"):
        generate(capsule, seconds=0.01, voices=3, seed=seed)


def test_a_low_temperature_keeps_to_the_likeliest():
    model = model_of(frame_sizes=(4, 16))
    kernel = model.sample_tier.output_layer.kernel
    kernel.assign(np.random.default_rng(0).normal(size=kernel.shape))  # a model that has not learned is never sure
    codes = drawn(Engine(model), 300, np.full(1, 0.05), 1)
    silence = np.full((1, 16), model.settings.codec.centre)
    logits = model.logits(np.concatenate([silence, codes], axis=1))
    likeliest = np.sort(logits, axis=-1)
    clear = likeliest[..., -1] - likeliest[..., -2] > 1  # by e^20 at this temperature
    np.testing.assert_array_equal(codes[clear], logits.argmax(-1)[clear])
    assert clear.sum() >= 5


def test_codes_are_drawn_as_often_as_their_probabilities_say():
    """Chi-square over the first sample of many voices, whose distribution is the same for all of them."""
    model = model_of(frame_sizes=(4,), levels=16, quantisation="linear")
    codes = drawn(Engine(model), 1, np.ones(256), 3)[:, 0]
    for seed in range(4, 12):
        codes = np.concatenate([codes, drawn(Engine(model), 1, np.ones(256), seed)[:, 0]])
    logits = model.logits(np.full((1, 5), model.settings.codec.centre))[0, 0].astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum() * len(codes)
    statistic = np.sum((np.bincount(codes, minlength=16) - expected) ** 2 / expected)
    # 15 degrees of freedom: above 44.3 by luck once in ten thousand; the seeds are fixed.
    assert statistic < 44.3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"seconds": 0}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"seconds": -1}, "seconds"),
        ({"voices": 0}, "voices"),
        ({"voices": 1.5}, "voices"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": [1.0, 1.0]}, "2 temperatures"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_what_cannot_be_is_refused_by_name(arguments, named):
    capsule = Capsule.of(model_of(frame_sizes=(4, 16)), 16000, {}, "")
    with pytest.raises(CourseError, match=named):
        generate(capsule, **arguments)
