"""What must hold of the windows that a model is trained on."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from prism_lessons import streams as room
from prism_lessons.corpus.codes import Codes
from prism_lessons.linear_prediction import Predictors
from prism_lessons.quantisation import Quantisation
from prism_lessons.streams import Streams

SILENCE = 128


@pytest.fixture(params=[room.LONGEST_PIECE, 40], ids=["clips", "pieces"], autouse=True)
def longest_piece(request, monkeypatch):
    """Everything holds for clips that are heard whole, and for clips that are cut into pieces of 32 samples or less."""
    monkeypatch.setattr(room, "LONGEST_PIECE", request.param)
    return request.param


def codes_of_lengths(*lengths):
    """Clips whose samples are all different, so that each can be recognised wherever it turns up."""
    ends = np.cumsum(lengths)
    numbers = np.arange(1000, 1000 + ends[-1]).astype(np.uint16)
    return Codes.of_arrays(np.split(numbers, ends[:-1]), SILENCE)


def streams_of(codes, **changes):
    return Streams(codes, **{"streams": 3, "window": 16, "context": 8, "seed": 1, **changes})


LENGTHS = [(50,), (1, 1, 1), (16, 32, 48), (5, 200, 17, 16, 99), (3,) * 40]


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("count", [1, 3, 8])
def test_every_sample_of_a_pass_is_a_target_exactly_once(lengths, count):
    streams = streams_of(codes_of_lengths(*lengths), streams=count)
    heard = [targets[weights > 0] for _, targets, weights in streams.batches(0)]
    np.testing.assert_array_equal(np.sort(np.concatenate(heard)), streams.codes.array)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_context_is_the_clip_s_own_past_or_silence(lengths):
    codes = codes_of_lengths(*lengths)
    begins = set((codes.starts[0] + 1000).tolist())
    for inputs, targets, weights in streams_of(codes).batches(0):
        for voice in range(3):
            if not weights[voice, 0]:
                continue
            sequence = inputs["codes"][voice][: 8 + int(weights[voice].sum())]
            for place in range(8, len(sequence)):
                past, here = sequence[place - 1], sequence[place]
                assert past == (SILENCE if here in begins else here - 1)
            np.testing.assert_array_equal(targets[voice], inputs["codes"][voice][8:])


@pytest.mark.parametrize("lengths", LENGTHS)
def test_state_is_kept_only_where_the_window_before_is_the_clip_s_past(lengths):
    last = np.full(3, -1)
    starts_of_clips = 0
    codes = codes_of_lengths(*lengths)
    begins = set((codes.starts[0] + 1000).tolist())
    for inputs, targets, weights in streams_of(codes).batches(0):
        for voice in range(3):
            if not weights[voice, 0]:
                continue
            if not inputs["starts"][voice]:
                assert targets[voice, 0] == last[voice] + 1
            if targets[voice, 0] in begins:
                assert inputs["starts"][voice]
                starts_of_clips += 1
            last[voice] = targets[voice, int(weights[voice].sum()) - 1]
    assert starts_of_clips == len(lengths)


def test_long_clips_are_heard_in_pieces_among_those_of_others(longest_piece):
    codes = codes_of_lengths(5000, 5000)
    heard, since = [set(), set(), set()], np.zeros(3, int)
    for inputs, targets, _ in streams_of(codes).batches(0):
        since = np.where(inputs["starts"], 0, since + 16)
        assert (since < longest_piece).all()
        for voice in range(3):
            heard[voice].add(int(targets[voice, 0] >= 6000))
    # Each stream has some hundred pieces, of both clips alike.
    assert longest_piece > 5000 or heard == [{0, 1}] * 3


def test_every_pass_begins_all_streams_anew():
    inputs, _, _ = next(streams_of(codes_of_lengths(500)).batches(3))
    assert inputs["starts"].all()


def test_passes_are_shuffled_by_seed_and_number_alone():
    codes = codes_of_lengths(*range(20, 60))

    def order(seed, epoch):
        return np.concatenate([b[1].ravel() for b in streams_of(codes, seed=seed).batches(epoch)])

    np.testing.assert_array_equal(order(1, 4), order(1, 4))
    assert not np.array_equal(order(1, 4), order(1, 5))
    assert not np.array_equal(order(1, 4), order(2, 4))


def test_the_streams_are_balanced_whatever_the_lengths():
    streams = streams_of(codes_of_lengths(16 * 1000, *[5] * 20), streams=4)
    windows = 1000 + 20
    assert streams.steps(0) == -(-windows // 4)


def test_the_data_set_yields_what_the_batches_are_from_any_step():
    streams = streams_of(codes_of_lengths(5, 200, 17, 16, 99))
    for from_step in (0, 3):
        expected = list(streams.batches(2, from_step))
        got = list(streams.dataset(2, from_step))
        assert len(got) == len(expected) == streams.steps(2) - from_step
        for (inputs, targets, weights), (inputs2, targets2, weights2) in zip(expected, got, strict=True):
            np.testing.assert_array_equal(inputs["codes"], inputs2["codes"])
            np.testing.assert_array_equal(inputs["starts"], inputs2["starts"])
            np.testing.assert_array_equal(targets, targets2)
            np.testing.assert_array_equal(weights, weights2)


def test_each_pass_takes_one_version_of_every_clip():
    array = np.arange(400).astype(np.uint16)
    starts, lengths = np.array([[0, 100], [200, 290]]), np.array([[100, 100], [90, 110]])
    streams = streams_of(
        Codes(array, starts, lengths, SILENCE, np.ones(lengths.shape[1], int), ("",) * lengths.shape[1]), streams=2
    )
    seen = set()
    for epoch in range(40):  # chance misses one of the four once in 20,000 times
        heard = np.sort(np.concatenate([t[w > 0] for _, t, w in streams.batches(epoch)]))
        first = 0 if 0 in heard else 1
        second = 0 if 100 in heard else 1
        clips = [(starts[first, 0], lengths[first, 0]), (starts[second, 1], lengths[second, 1])]
        np.testing.assert_array_equal(heard, np.sort(np.concatenate([np.arange(s, s + n) for s, n in clips])))
        seen.add((first, second))
    assert len(seen) == 4


def test_what_predictors_say_of_a_batch_does_not_depend_on_where_the_reading_began(monkeypatch):
    monkeypatch.setattr(room, "SLIP_EVERY", 40)
    chance = np.random.default_rng(0)
    clips = [chance.integers(100, 156, length) for length in (300, 40, 17, 120)]
    streams = streams_of(Codes.of_arrays(clips, SILENCE), predictors=Predictors((4, 8), Quantisation(), context=8))
    whole = [inputs["features"] for inputs, _, _ in streams.batches(1)]
    assert np.abs(np.diff(whole, axis=0)).max() > 0.1
    for from_step in range(1, len(whole)):
        features = next(streams.batches(1, from_step))[0]["features"]
        np.testing.assert_array_equal(features, whole[from_step])
    for inputs, expected in zip(streams.dataset(1), whole, strict=True):
        np.testing.assert_array_equal(inputs[0]["features"], expected)


def test_slips_are_heard_and_not_to_be_predicted(monkeypatch):
    monkeypatch.setattr(room, "SLIP_EVERY", 40)
    codes = Codes.of_arrays([np.random.default_rng(0).integers(60, 196, 2000)], SILENCE)
    predictors = Predictors((4,), Quantisation(), context=8)
    clean = list(streams_of(codes, predictors=predictors, as_played=False).batches(0))
    slipped = windows = 0
    for (inputs, targets, _), (before, same, _) in zip(
        streams_of(codes, predictors=predictors).batches(0), clean, strict=True
    ):
        np.testing.assert_array_equal(targets, same)
        np.testing.assert_array_equal(before["codes"][:, 8:], same)
        # What goes before a window is its clip's own past.
        np.testing.assert_array_equal(inputs["codes"][:, :8], before["codes"][:, :8])
        changed = (inputs["codes"] != before["codes"]).any(axis=1)
        slipped, windows = slipped + changed.sum(), windows + len(changed)
    # Some are too soft to change a code.
    assert 0.5 * 16 / 40 < slipped / windows < 1.2 * 16 / 40
    for inputs, _, _ in streams_of(codes).batches(0):  # nothing listens ahead: nothing slips
        assert set(np.diff(inputs["codes"][:, 8:]).ravel()) <= set(np.diff(np.pad(codes.array, 16)).ravel())


def test_predictors_hear_a_clip_from_its_beginning_to_its_end():
    codes = np.random.default_rng(0).integers(100, 156, 320)
    predictors = Predictors((4, 8), Quantisation(), context=8)
    streams = streams_of(Codes.of_arrays([codes], SILENCE), streams=1, predictors=predictors, as_played=False)
    expected, _ = predictors.follow(codes[None], predictors.begin(np.full((1, 8), SILENCE)))
    windows = streams.windows(0)
    begun, heard = False, 0
    for step, (inputs, _, _) in enumerate(streams.batches(0)):
        at = int(windows.position[step, 0])
        # The ring is cut anywhere: from the clip's beginning to the end of its first piece, all is heard in a row.
        begun = at == 0 or (begun and not inputs["starts"][0])
        heard += begun
        if begun:
            np.testing.assert_array_equal(inputs["features"][0, 8:], expected[0, 8 + at : 8 + at + 16])
    assert heard > 1


@pytest.fixture
def whole(monkeypatch):
    monkeypatch.setattr(room, "LONGEST_PIECE", 2**16)


def strokes(count, end):
    """Clips that are loud and then stay on the code `end`, and predictors for them."""
    chance = np.random.default_rng(0)
    clips = [np.concatenate([chance.integers(60, 196, 300), np.full(300, end)]) for _ in range(count)]
    return Codes.of_arrays(clips, SILENCE), Predictors((4,), Quantisation(), context=8)


def beginnings(windows):
    """The windows, as two index arrays, that are the first of a clip behind the end of another."""
    first, over = windows.position == windows.first, windows.position + 16 >= windows.end
    step, stream = np.nonzero(first[1:] & over[:-1])
    return step + 1, stream


def test_most_clips_that_have_died_away_are_followed_by_another(whole):
    codes, predictors = strokes(200, SILENCE + 2)
    streams = streams_of(codes, predictors=predictors)
    windows = streams.windows(0)
    followed = beginnings(windows)
    assert len(followed[0]) > 190 and 0.15 < windows.starts[followed].mean() < 0.35
    # All others are what they are without.
    before = streams_of(codes, as_played=False).windows(0).starts
    before[followed] = windows.starts[followed]
    np.testing.assert_array_equal(windows.starts, before)
    np.testing.assert_array_equal(windows.starts, streams.windows(0).starts)


@pytest.mark.parametrize(("end", "changes"), [(30, {}), (2, {"as_played": False}), (2, {"predictors": None})])
def test_clips_that_end_loudly_or_are_learned_by_heart_begin_anew(end, changes):
    codes, predictors = strokes(40, SILENCE + end)
    windows = streams_of(codes, **{"predictors": predictors, **changes}).windows(0)
    followed = windows.starts[beginnings(windows)]
    assert len(followed) and followed.all()


def test_predictors_hear_a_clip_that_follows_after_the_one_before(whole, monkeypatch):
    monkeypatch.setattr(room, "SLIP_EVERY", 1e9)
    codes, predictors = strokes(12, SILENCE + 2)
    streams = streams_of(codes, streams=1, predictors=predictors)
    windows = streams.windows(0)
    heard = np.concatenate([inputs["codes"][:, 8:] for inputs, _, _ in streams.batches(0)], axis=1)
    features = np.concatenate([inputs["features"][:, 8:] for inputs, _, _ in streams.batches(0)], axis=1)
    begun = [*np.flatnonzero(windows.starts[:, 0]), len(windows.starts)]
    followed = set(beginnings(windows)[0]) - set(begun)
    assert followed
    for first, last in itertools.pairwise(begun):
        if followed & set(range(first, last)):
            at = int(windows.position[first, 0])
            past = codes.array[at - 8 : at] if at > windows.first[first, 0] else np.full(8, SILENCE)
            part = slice(16 * first, 16 * last)
            expected, _ = predictors.follow(heard[:, part], predictors.begin(past[None]))
            np.testing.assert_array_equal(features[:, part], expected[:, 8:])


def labelled(streams=3, **changes):
    codes = replace(codes_of_lengths(*[20] * 900), labels=("a", "b", "") * 300)
    return streams_of(codes, streams=streams, labels=("b", "a"), **changes)


def test_windows_are_told_the_label_of_their_clip_and_sometimes_none():
    streams = labelled()
    windows, told = streams.windows(0), []
    for step, (inputs, *_) in enumerate(streams.batches(0)):
        labels = inputs["labels"]
        assert labels.shape == (3, 1, 2) and labels.dtype == np.float32
        own = np.array([[0, 1], [1, 0], [0, 0]])[streams.codes.clip_at(windows.first[step]) % 3]
        assert ((labels[:, 0] == own).all(axis=-1) | (labels[:, 0] == 0).all(axis=-1)).all()
        told.append(labels[:, 0].sum(axis=-1)[own.sum(axis=-1) > 0])
    assert np.concatenate(told).mean() == pytest.approx(1 - room.LABEL_LEFT_OUT, abs=0.03)


def test_a_label_is_left_out_of_a_whole_stretch_of_sound():
    streams = labelled()
    windows = streams.windows(0)
    labels = np.stack([inputs["labels"][:, 0] for inputs, *_ in streams.batches(0)])
    goes_on = np.diff(windows.position, axis=0) == streams.window
    assert (labels[1:] == labels[:-1])[goes_on].all() and goes_on.any()


def test_labels_are_the_same_when_a_pass_is_read_from_the_middle_or_as_a_dataset():
    straight = [inputs["labels"] for inputs, *_ in labelled().batches(0)]
    np.testing.assert_array_equal([inputs["labels"] for inputs, *_ in labelled().batches(0, 7)], straight[7:])
    dataset = labelled().dataset(0).take(5)
    np.testing.assert_array_equal([inputs["labels"].numpy() for inputs, *_ in dataset], straight[:5])
