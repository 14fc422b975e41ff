"""From the codes of a corpus to windows to train on: clips of any length, packed end to end into parallel streams.

A batch is one window from each of B streams; the next batch holds the windows that follow (stateful training). Where a
clip begins, the stream's state is reset, but mostly not after a clip that has died away. A clip fills whole windows;
the padding of its last window has weight 0. Long clips are cut into pieces. All windows of a pass, piece after piece in
shuffled order, form one ring, which is cut into B equal streams: nothing is left over, whatever the lengths are.
"""

import math
from dataclasses import dataclass

import numpy as np

from .corpus import Codes

LONGEST_PIECE = 2**16  # samples, 4 s at 16 kHz: long recordings are cut into pieces and shuffled among others
# Slips, see `Streams`: mean distance in samples; range of lengths in samples; and range of loudness relative to the
# window's, as a power of ten.
SLIP_EVERY, SLIP_SAMPLES, SLIP_LOUDNESS = 8192, (4, 96), (-2.0, 0.3)
# Sequels, see `Streams`: a clip has died away if this many samples at its end are softer than -50 dBFS; and the share
# of such clips that a sequel follows, which makes four in a row on average, few enough for a training to resume in
# seconds.
END_SAMPLES, END_POWER, SEQUELS = 256, 1e-5, 0.75
LABEL_LEFT_OUT = 0.1
LABELS = 1  # added to the seed, for which labels are left out


@dataclass(frozen=True)
class Windows:
    """One pass through some codes: arrays of shape (steps, streams), one entry for each window.

    `position` is where the window begins in the array of codes, `first` and `end` are the bounds of its clip there, and
    `starts` says whether its stream's state is reset here. Where there is no window left, `position` equals `end`.
    """

    position: np.ndarray
    first: np.ndarray
    end: np.ndarray
    starts: np.ndarray


class Streams:
    """Windows of codes for training, shuffled differently in each pass.

    Parameters
    ----------
    codes
        `Codes` of a corpus.
    streams
        The batch size.
    window
        Samples in one window.
    context
        Samples of context before each window: the model's largest frame. Before a clip there is silence.
    seed
        Random seed. The windows of pass n depend only on `seed` and n.
    predictors
        `Predictors` to compute the features, or None.
    labels
        The model's labels. They are left out of a tenth of the stretches of sound, so that it can play without them.
    as_played
        Whether, with predictors, to imitate the input of a model that plays, which no recording contains:

        slips: noise is added now and then, for a few milliseconds, to the inputs but not to the targets, so the model
        learns to recover from its own mistakes, which are its input when it plays. Without it, one mistake became noise
        at full scale for a second in three takes of 16.

        sequels: after a clip that has died away, the next one mostly begins without a reset of the state, since a model
        that plays has to go on after a silence. Without it, takes of single strokes were silent for 0.70 of the time.
    """

    def __init__(self, codes: Codes, *, streams, window, context, seed, predictors=None, labels=(), as_played=True):
        self.codes, self.streams, self.window, self.context, self.seed = codes, streams, window, context, seed
        self.predictors, self.as_played = predictors, as_played and predictors is not None
        self.labels = labels

    @classmethod
    def of(cls, codes, preset, predictors=None, as_played=True):
        """The streams for a `Preset`; `predictors` are those of its model."""
        training = preset.training
        return cls(
            codes,
            streams=training.streams,
            window=training.window,
            context=preset.model.largest_frame,
            seed=training.seed,
            predictors=predictors,
            labels=preset.model.labels,
            as_played=as_played,
        )

    def windows(self, epoch):
        """The `Windows` of pass number `epoch`."""
        rng = np.random.default_rng([self.seed, epoch])
        clips = np.repeat(np.arange(len(self.codes.repeats)), self.codes.repeats)
        version = rng.integers(len(self.codes.lengths), size=len(clips))
        first = self.codes.starts[version, clips]
        end = first + self.codes.lengths[version, clips]
        windows = pack_windows(*_pieces(first, end, self.window, rng), self.window, self.streams, rng)
        if self.as_played:
            self._add_sequels(windows, rng)
        return windows

    def _add_sequels(self, windows, rng):
        """Drop the state reset of clips that follow one that has died away, in place."""
        over = windows.position[:-1] + self.window >= windows.end[:-1]
        step, stream = np.nonzero(windows.starts[1:] & (windows.position == windows.first)[1:] & over)
        first, end = windows.first[step, stream], windows.end[step, stream]
        tails, _ = read_windows(self.codes, end, first, end, END_SAMPLES, 0)
        power = np.square(self.predictors.decoded, dtype=np.float32)[tails].mean(axis=1)
        windows.starts[step + 1, stream] = (power >= END_POWER) | (rng.random(len(power)) >= SEQUELS)

    def steps(self, epoch):
        """The number of batches in pass number `epoch`."""
        return len(self.windows(epoch).starts)

    def batches(self, epoch, from_step=0):
        """Yield (inputs, targets, weights) of pass number `epoch`, beginning at batch `from_step`.

        inputs
            {"codes": int32, shape (streams, context + window), with slips, "starts": bool, shape (streams,)}, and with
            predictors "features": see `Predictors.follow`; with labels "labels": float32, (streams, 1, labels).
        targets
            int32, shape (streams, window): the codes to predict.
        weights
            float32, shape (streams, window): 1 for samples, 0 after a clip's end.
        """
        reader = _Reader(self, epoch, from_step)
        for step in range(from_step, reader.steps):
            yield self._batch(*reader.read(step))

    def dataset(self, epoch, from_step=0):
        """The batches of pass number `epoch` as a `tf.data.Dataset`, prepared ahead of the training step."""
        from .backend import tf  # here, so that windows can be used without it

        reader = _Reader(self, epoch, from_step)
        more = {}  # the shape of each further input
        if self.predictors:
            more["features"] = (self.streams, self.context + self.window, 3 * self.predictors.count + 1)
        if self.labels:
            more["labels"] = (self.streams, 1, len(self.labels))
        kinds = [tf.int32, tf.bool, tf.int32, tf.float32, *(tf.float32 for _ in more)]

        def batch(step):
            # Not `from_generator`: once used, it slows every later step of the process (decisions.md).
            codes, starts, targets, weights, *others = tf.numpy_function(reader.read, [step], kinds)
            codes.set_shape((self.streams, self.context + self.window))
            starts.set_shape((self.streams,))
            targets.set_shape((self.streams, self.window))
            weights.set_shape((self.streams, self.window))
            for each, shape in zip(others, more.values(), strict=True):
                each.set_shape(shape)
            return self._batch(codes, starts, targets, weights, *others)

        # Sequential: the predictors' state is carried from batch to batch.
        return tf.data.Dataset.range(from_step, reader.steps).map(batch).prefetch(8)

    def _batch(self, codes, starts, targets, weights, *more):
        names = ["features"] * bool(self.predictors) + ["labels"] * bool(self.labels)
        return {"codes": codes, "starts": starts, **dict(zip(names, more, strict=True))}, targets, weights


class _Reader:
    """Reads the batches of a pass in order, and runs the predictors over them.

    Where a stream is reset, its predictors begin from the context alone. So the features of a batch do not depend on
    where the reading began, and an interrupted training goes on as if it had not been interrupted.
    """

    def __init__(self, streams, epoch, from_step):
        self._streams, self._epoch, self._windows = streams, epoch, streams.windows(epoch)
        self.steps = len(self._windows.starts)
        if streams.labels:
            self._labels = _labels_of(streams, self._windows, np.random.default_rng([streams.seed, epoch, LABELS]))
        if streams.predictors and from_step < self.steps:
            self._state = streams.predictors.begin(np.zeros((streams.streams, 0)))
            for stream in range(streams.streams):
                reset = np.flatnonzero(self._windows.starts[: from_step + 1, stream])[-1]
                for step in range(reset, from_step):
                    codes, _ = self._read(step, slice(stream, stream + 1))
                    self._slip(codes, step, slice(stream, stream + 1))
                    self._features(codes, self._windows.starts[step, stream : stream + 1], slice(stream, stream + 1))

    def read(self, step):
        """Codes with slips, starts, targets, weights and, with predictors, features of a batch; with labels, those."""
        codes, weights = self._read(step)
        starts, targets = self._windows.starts[step], codes[:, self._streams.context :].copy()
        self._slip(codes, step)
        more = [self._features(codes, starts)] if self._streams.predictors else []
        more += [self._labels[step][:, None]] if self._streams.labels else []
        return codes, starts, targets, weights, *more

    def _read(self, step, which=slice(None)):
        windows = self._windows
        at = (bounds[step][which] for bounds in (windows.position, windows.first, windows.end))
        return read_windows(self._streams.codes, *at, self._streams.context, self._streams.window)

    def _slip(self, codes, step, which=slice(None)):
        """Add the slips of a step to the codes of some streams, in place."""
        if not self._streams.as_played:
            return
        count, window, context = self._streams.streams, self._streams.window, self._streams.context
        rng, codec = np.random.default_rng([self._streams.seed, self._epoch, step]), self._streams.predictors.codec
        slips = rng.random(count) < window / SLIP_EVERY
        lengths = np.exp(rng.uniform(*np.log(SLIP_SAMPLES), count)).astype(int)
        places, powers = rng.random(count), rng.uniform(*SLIP_LOUDNESS, count)
        noise = rng.logistic(size=(count, SLIP_SAMPLES[1])) * math.sqrt(3) / math.pi  # as loud as 1
        for stream_codes, stream in zip(codes, np.arange(count)[which], strict=True):
            if slips[stream]:
                length = min(lengths[stream], window)
                start = context + int(places[stream] * (window - length + 1))
                sound, loudness = codec.decode(stream_codes), 10 ** powers[stream]
                sound[start : start + length] += noise[stream, :length] * loudness * np.sqrt(np.mean(np.square(sound)))
                stream_codes[start : start + length] = codec.encode(np.clip(sound[start : start + length], -1, 1))

    def _features(self, codes, starts, which=slice(None)):
        """The features of some streams' windows; updates the predictors' state."""
        predictors, context = self._streams.predictors, self._streams.context
        state = self._state[which]
        if starts.any():
            state = np.where(starts[:, None], predictors.begin(codes[:, :context]), state)
        features, self._state[which] = predictors.follow(codes[:, context:], state)
        return features


def label_shares(codes, first, labels):
    """The share of each label in the clips that begin at `first` in the codes: float32, (*first.shape, labels)."""
    groups = np.array(codes.labels)[codes.clip_at(first)]
    return (groups[..., None] == np.array(labels)).astype(np.float32)


def _labels_of(streams, windows, rng):
    """The labels of a pass, float32, (steps, streams, labels), left out of some stretches of connected sound."""
    stretch = np.cumsum(np.diff(windows.position, axis=0, prepend=windows.position[:1]) != streams.window, axis=0)
    left_in = rng.random((len(stretch) + 1, streams.streams)) >= LABEL_LEFT_OUT
    told = np.take_along_axis(left_in, stretch, axis=0)
    return label_shares(streams.codes, windows.first, streams.labels) * told[..., None]


def _pieces(first, end, window, rng):
    """Cut long clips into pieces, and shuffle them.

    Returns
    -------
    Int, shape (pieces,): where each piece begins, where its clip begins, and where the piece ends.
    """
    longest = max(1, LONGEST_PIECE // window) * window
    counts = -(-(end - first) // longest)
    clip = np.repeat(np.arange(len(first)), counts)
    number = np.arange(len(clip)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin = first[clip] + number * longest
    shuffled = rng.permutation(len(clip))
    return begin[shuffled], first[clip][shuffled], np.minimum(begin + longest, end[clip])[shuffled]


def pack_windows(begin, first, end, window, streams, rng):
    """Concatenate pieces of clips in windows, join the ends to a ring, and cut it at random into equal streams.

    A stream that begins inside a piece begins there from the initial state. If the cuts were always in the same places,
    as for a single clip, no state would ever be carried across them, and the model would be lost there.

    Parameters
    ----------
    begin, first, end
        Int, shape (pieces,): see `_pieces`.
    rng
        The `numpy.random.Generator` for the rotation of the ring.

    Returns
    -------
    `Windows`
    """
    counts = -(-(end - begin) // window)
    clip = np.repeat(np.arange(len(begin)), counts)
    number = np.arange(len(clip)) - np.repeat(np.cumsum(counts) - counts, counts)
    turn = -int(rng.integers(len(clip)))
    clip, number = np.roll(clip, turn), np.roll(number, turn)
    steps = -(-len(clip) // streams)
    missing = steps * streams - len(clip)
    position = np.concatenate([begin[clip] + number * window, np.repeat(end[-1], missing)])
    starts = np.concatenate([number == 0, np.zeros(missing, bool)])
    starts[::steps] = True
    clip = np.concatenate([clip, np.repeat(len(begin) - 1, missing)])

    def columns(line):
        return np.ascontiguousarray(line.reshape(streams, steps).T)

    return Windows(columns(position), columns(first[clip]), columns(end[clip]), columns(starts))


def read_windows(codes, position, first, end, context, window):
    """Read windows, each with the context before it, from the codes.

    Parameters
    ----------
    position, first, end
        Int, shape (streams,): where each window begins, and the bounds of its clip, outside which there is silence.

    Returns
    -------
    int32 codes, shape (streams, context + window), and float32 weights, shape (streams, window).
    """
    index = position[:, None] + np.arange(-context, window)
    real = (index >= first[:, None]) & (index < end[:, None])
    read = codes.array[np.where(real, index, first[:, None])]
    return np.where(real, read, codes.silence).astype(np.int32), real[:, context:].astype(np.float32)
