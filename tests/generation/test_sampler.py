"""A sampler goes on from sample to sample: its chances, its lines, its pieces."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.stats import kstest

from prism_lessons.generation.degeneration import DegenerationDetector
from prism_lessons.generation.envelopes import Envelope
from prism_lessons.generation.sampler import PIECE, Sampler, pieces, random_keys, starting_state
from prism_lessons.generation.state import State
from prism_lessons.quantisation import Quantisation

SHAPE = {"frame_sizes": (3, 12), "levels": 100}


@dataclass
class Recorder:
    """An engine that plays silence and keeps what it was asked for."""

    largest: int = 12
    codec = Quantisation()

    moments: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int32))

    def __post_init__(self):
        self.temperatures, self.draws, self.mixes = [], [], []

    def initial_state(self, voices):
        return State(np.zeros((voices, self.largest), np.int32), [])

    def condition(self, state, codes, asked=None):
        return State(codes[:, -self.largest :], [codes])

    def play(self, state, temperatures, draws, **mix):
        assert temperatures.dtype == draws.dtype == np.float32 and temperatures.shape == draws.shape
        self.temperatures.append(temperatures)
        self.draws.append(draws)
        self.mixes.append(mix)
        return np.full(draws.T.shape, self.codec.centre, np.int32), state

    def asked(self, what):
        return np.concatenate(getattr(self, what))


def sampler_of(engine, lines, seed=0, **more):
    lines = [Envelope.of(line) for line in lines]
    return Sampler(engine, 16000, lines, random_keys(seed, len(lines)), **more)


def test_each_voice_has_a_chance_of_its_own_that_no_other_changes():
    assert random_keys(7, 3) == [(7, 0), (7, 1), (7, 2)]
    assert random_keys([7, 9], 2) == [(7, 0), (9, 0)]
    assert random_keys([(7, 2), 7, (7, 1)], 3) == [(7, 2), (7, 0), (7, 1)]


def test_voices_begin_from_moments_of_the_recordings_that_the_model_keeps():
    engine = Recorder(moments=np.arange(5 * 40, dtype=np.int32).reshape(5, 40))
    (heard,) = starting_state(engine, random_keys(3, 64)).recurrent
    assert heard.shape == (64, 48)  # whole frames, silence before them
    assert (heard[:, :8] == engine.codec.centre).all()
    which = heard[:, 8] // 40
    np.testing.assert_array_equal(heard[:, 8:], engine.moments[which])
    assert set(which) == set(range(5))
    (alone,) = starting_state(engine, [(3, 17)]).recurrent
    np.testing.assert_array_equal(alone[0], heard[17])


def test_a_model_without_moments_begins_from_silence():
    assert starting_state(Recorder(), random_keys(0, 2)).recurrent == []


def test_draws_are_even_and_of_no_voice_like_those_of_another():
    engine = Recorder()
    sampler_of(engine, [1] * 64, seed=5).play(1200)
    draws = engine.asked("draws")
    expected = np.stack([np.random.default_rng((5, voice)).random(1200, np.float32) for voice in range(64)], axis=1)
    np.testing.assert_array_equal(draws, expected)
    assert draws.min() >= 0 and draws.max() < 1
    assert kstest(draws.ravel(), "uniform").pvalue > 0.001
    assert kstest(draws[0], "uniform").pvalue > 0.001  # across voices as well as in time
    likeness = np.corrcoef(draws.T)
    assert np.abs(likeness[~np.eye(64, dtype=bool)]).max() < 5 / np.sqrt(1200)  # five deviations, of 2,016 pairs


@pytest.mark.parametrize("name", ["numba", "tensorflow"])
def test_a_list_of_pairs_gives_these_voices_of_their_seeds(engine_of, name):
    engine = engine_of(name, **SHAPE)
    lines = [Envelope.of(1)] * 3
    all_three, some = (
        Sampler(engine, 16000, lines, random_keys(seed, 3)).play(120) for seed in (7, [(7, 2), 7, (7, 1)])
    )
    np.testing.assert_array_equal(some, all_three[[2, 0, 1]])


@pytest.mark.parametrize("cuts", [[1], [12, 24, 1200, 13], [500] * 3, [None]])
def test_however_it_is_cut_it_plays_the_same(engine_of, cuts):
    engine = engine_of(**SHAPE)
    lines = ["0:0.4, 0.05:2", 1]
    whole = sampler_of(engine, lines).play(1500)
    sampler, parts, given = sampler_of(engine, lines), [], 0
    while given < 1500:
        parts.append(sampler.play(cuts[len(parts) % len(cuts)]))
        given += parts[-1].shape[1]
        assert sampler.played == given and not parts[-1].shape[1] % 12
    np.testing.assert_array_equal(np.concatenate(parts, axis=1)[:, :1500], whole)


@pytest.mark.parametrize("samples", [1, 11, 12, 13, PIECE, PIECE + 1, 10000])
def test_pieces_come_to_the_exact_number_of_samples(engine_of, samples):
    engine = engine_of(**SHAPE)
    some = list(pieces(engine, 16000, samples, [0.8, 1.2], random_keys(1, 2)))
    codes = np.concatenate(some, axis=1)
    assert codes.shape == (2, samples) and codes.dtype == np.int32
    assert max(piece.shape[1] for piece in some) <= PIECE
    longer = next(pieces(engine, 16000, samples + 1, [0.8, 1.2], random_keys(1, 2)))
    shorter = min(samples, longer.shape[1])
    np.testing.assert_array_equal(codes[:, :shorter], longer[:, :shorter])


@pytest.mark.parametrize("largest", [1, 12, 4095, 4096, 5000])
def test_a_piece_is_whole_frames_and_one_at_least(largest):
    piece = sampler_of(Recorder(largest), [1]).piece
    assert piece >= 1 and piece % largest == 0 and (piece <= PIECE or piece == largest)


def test_a_line_counts_from_the_first_sample_played_and_at_the_right_one():
    engine = Recorder()
    step = 1234
    lines = [
        Envelope(((0, 0.05), (step / 16000, 0.05), (step / 16000, 5))),
        Envelope.of("0.1:0.5, 0.2:1.5"),
        Envelope.of(0.9),
    ]
    sampler = Sampler(engine, 16000, lines, random_keys(0, 3))
    for samples in (12, 1200, 24, 3000):
        sampler.play(samples)
    asked = engine.asked("temperatures")
    np.testing.assert_array_equal(asked[:, 0], np.where(np.arange(len(asked)) < step, np.float32(0.05), 5))
    expected = np.interp(np.arange(len(asked)), [1600, 3200], [0.5, 1.5])
    np.testing.assert_allclose(asked[:, 1], expected, rtol=1e-6)
    assert set(asked[:, 2]) == {np.float32(0.9)}


@pytest.mark.parametrize("name", ["numba", "tensorflow"])
def test_a_step_of_temperature_is_heard_at_its_sample(engine_of, made, name):
    """Before it a code is taken that is as likely as any, from it on nearly any code."""
    engine, model = engine_of(name, **SHAPE), made(**SHAPE).model
    step = 62  # in the middle of a frame
    line = Envelope(((0, 0.05), (step / 16000, 0.05), (step / 16000, 5)))
    below = []  # the logit of the likeliest code, and in this
    for seed in range(20):
        codes = Sampler(engine, 16000, [line] * 3, random_keys(seed, 3)).play(120)
        logits = model.logits(np.pad(codes, ((0, 0), (12, 0)), constant_values=engine.codec.centre))
        below.append(logits.max(-1) - np.take_along_axis(logits, codes[..., None], -1)[..., 0])
    below = np.concatenate(below)
    assert below[:, :step].max() < 0.8  # e^-16 at 0.05, for each of 100 codes and of 3,720 draws
    assert below[:, step:].mean(axis=0).min() > 1


def test_a_share_moves_with_its_line():
    engine = Recorder()
    sampler = sampler_of(engine, [1, 1], share=Envelope.of("0:0, 0.1:1", "share", (0, 1)))
    sampler.play(1200)
    sampler.play(1200)
    mix = np.concatenate([given["mix"] for given in engine.mixes])
    assert mix.shape == (2400, 2)
    np.testing.assert_allclose(mix[:, 1], np.minimum(np.arange(2400) / 1600, 1), atol=1e-6)
    np.testing.assert_allclose(mix.sum(axis=1), 1, atol=1e-6)


def test_traps_hear_what_is_played_and_nudge_what_comes_next():
    engine = Recorder()
    sampler = sampler_of(engine, [0.5, 0.5], detector=DegenerationDetector(16000, 2, nudge=True))
    for _ in range(6):
        sampler.play(4800)
    asked = engine.asked("temperatures")
    heard = 4 * sampler.piece  # the first pieces that hold a second of silence, 16,368 samples, however it is played
    assert (asked[:heard] == 0.5).all()
    assert (asked[heard : heard + 8000] > 0.9).all()
    assert sampler.detector.events[0] == {"seconds": 1.02, "voice": 1, "what": "fell silent"}


class Remembering(Recorder):
    """A recorder that remembers the last code it has heard, -1 before that."""

    def initial_state(self, voices):
        return State(np.zeros((voices, self.largest), np.int32), [np.full((voices, 1), -1)])

    def condition(self, state, codes, asked=None):
        return State(codes[:, -self.largest :], [codes[:, -1:]])


@pytest.mark.parametrize("nudge", [False, True])
def test_a_nudge_in_silence_is_another_moment_of_the_recordings(nudge):
    engine = Remembering(moments=np.arange(50 * 40, dtype=np.int32).reshape(50, 40))
    detector = DegenerationDetector(16000, 2, nudge, moments=True)
    sampler = sampler_of(engine, [0.5, 0.5], state=engine.initial_state(2), detector=detector)
    for _ in range(3):
        sampler.play(4800)
    assert (sampler.state.recurrent[0] == -1).all()  # not yet a second of silence
    heard = []
    for _ in range(3):
        sampler.play(4800)
        heard.append(sampler.state.recurrent[0][:, 0])
    assert (engine.asked("temperatures") == 0.5).all()
    if nudge:
        assert set(np.ravel(heard)) <= set(engine.moments[:, -1]) and len(set(np.ravel(heard))) > 3
        assert {
            "seconds": 1.02,
            "voice": 2,
            "what": "nudged, has heard another moment of the recordings",
        } in detector.events
    else:
        assert (np.ravel(heard) == -1).all()


def test_it_begins_from_the_state_it_is_given(engine_of):
    engine = engine_of(**SHAPE)
    first = sampler_of(engine, [1, 1])
    first.play(600)
    state = first.state
    draws = [np.random.default_rng((3, voice)).random(600, np.float32) for voice in range(2)]
    expected, _ = engine.play(state, np.ones((600, 2), np.float32), np.stack(draws, axis=1))
    np.testing.assert_array_equal(sampler_of(engine, [1, 1], seed=3, state=state).play(600), expected)
    assert (sampler_of(engine, [1, 1], seed=3).play(600) != expected).any()
