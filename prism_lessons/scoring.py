"""How well a model predicts sound: bits per sample, the loss divided by ln 2. Lower is better."""

import math
import os

import numpy as np

from .audio import AudioError, Clip, TransientError, load
from .backend import keras, ops
from .checks import a, a_path, checked
from .corpus import Codes, list_files, refuse_by_name
from .errors import CourseError
from .model import compiled, whole_frames
from .run import as_capsule
from .streams import label_shares, read_windows

WINDOW = 1024  # samples processed at a time
VOICES = 8  # pieces processed in parallel
EXCERPT_SECONDS = 4.0  # longest excerpt of a clip that is scored, see `excerpts`


def nats(targets, logits):
    """Cross-entropy of each sample in nats: int targets (...,), logits (..., levels) -> float32 (...,)."""
    return keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)


class Scorer:
    """Measures bits per sample of one model on pieces of sound, in batches.

    Parameters
    ----------
    model
        A `SampleRNN`; its weights may change between calls.
    """

    def __init__(self, model):
        self.model = model
        self.context = model.settings.largest_frame
        self.window = whole_frames(WINDOW, self.context)
        self._predictors = model.predictors
        self._step = compiled(self._sum_of_nats)

    def _sum_of_nats(self, codes, weights, state, features, labels):
        logits, state = self.model(codes, state, features=features, labels=labels)
        return ops.sum(nats(codes[:, self.context :], logits) * weights), state

    def __call__(self, codes, first, begin, end):
        """Mean bits per sample over pieces of sound, teacher-forced, each from the initial state.

        Parameters
        ----------
        codes
            The `Codes` that contain the pieces; the model is told their labels.
        first, begin, end
            Int, shape (pieces,): where each piece's clip begins, and where the piece begins and ends.
        """
        voices = min(VOICES, len(begin))
        longest_first = np.argsort(begin - end, kind="stable")
        total = 0.0
        for group in range(0, len(begin), voices):
            pieces = longest_first[group : group + voices]
            idle = voices - len(pieces)
            first_, begin_ = (np.pad(bounds[pieces], (0, idle), mode="edge") for bounds in (first, begin))
            end_ = np.concatenate([end[pieces], begin_[len(pieces) :]])
            state, predictor_state, features = self.model.initial_state(voices), None, None
            labels = label_shares(codes, first_, names)[:, None] if (names := self.model.settings.labels) else None
            for offset in range(0, int((end_ - begin_).max()), self.window):
                position = np.minimum(begin_ + offset, end_)
                window, weights = read_windows(codes, position, first_, end_, self.context, self.window)
                if predictors := self._predictors:
                    if predictor_state is None:
                        predictor_state = predictors.begin(window[:, : self.context])
                    features, predictor_state = predictors.follow(window[:, self.context :], predictor_state)
                loss, state = self._step(window, weights, state, features, labels)
                total += float(loss)
        return total / math.log(2) / int(np.sum(end - begin))


def excerpts(codes, sample_rate, seconds):
    """Evenly spaced excerpts of clips, at most `seconds` in all (but always one), each to be scored by itself.

    Returns
    -------
    first, begin, end
        Int, shape (excerpts,): where the clip begins in the codes, and where the excerpt begins and ends.
    """
    length = round(EXCERPT_SECONDS * sample_rate)
    first, begin, end = [], [], []
    for start, samples in zip(codes.starts[0], codes.lengths[0], strict=True):
        places = np.arange(start, start + samples, length)
        first += [start] * len(places)
        begin += list(places)
        end += list(np.minimum(places + length, start + samples))
    total = codes.samples / sample_rate
    wanted = len(first) if total <= seconds else max(1, int(len(first) * seconds / total))
    chosen = np.linspace(0, len(first) - 1, wanted).round().astype(int)
    return tuple(np.array(bounds, np.int64)[chosen] for bounds in (first, begin, end))


@checked(audio=a(Clip, a_path))
def score(capsule, audio):
    """Bits per sample of a model on unseen sound: a measure of its surprise.

    Parameters
    ----------
    capsule : Capsule, Run, str or Path
        A `Capsule`, a `Run`, or the path of one.
    audio : Clip, str or Path
        A `Clip`, a sound file, or a folder of them; resampled to the capsule's rate.

    Returns
    -------
    float
        Mean over all samples, each sound from the initial state. Blind chance has log2(levels), 8 for 256.

    Raises
    ------
    CourseError
        When nothing in `audio` can be used.

    See Also
    --------
    audition : Describes what the clips of a run sound like.
    Run : Its `log` holds the bits of each epoch in validation.

    Examples
    --------
    >>> clip = pl.segment_clips("recordings/bells.flac", [(0, 1)])[0]
    >>> bits = pl.score("bells.capsule", clip)
    >>> 0 < bits < 8
    True
    """
    capsule = as_capsule(capsule)
    codec = capsule.settings.codec
    clips = [audio] if isinstance(audio, Clip) else list(_clips(audio, capsule.sample_rate))
    for clip in clips:
        if clip.sample_rate != capsule.sample_rate:
            raise CourseError(
                f"This clip has {clip.sample_rate} Hz and the capsule {capsule.sample_rate} Hz: score its file instead."
            )
    clips = [clip for clip in clips if len(clip.samples)]
    if not clips:
        raise CourseError(f'There is no sound to score in "{audio}".')
    codes = Codes.of_arrays([codec.encode(clip.samples) for clip in clips], codec.centre)
    first, end = codes.starts[0], codes.starts[0] + codes.lengths[0]
    return Scorer(capsule.model)(codes, first, first, end)


def _clips(source, sample_rate):
    if os.path.isfile(source):
        yield load(source, sample_rate)
        return
    for path in list_files(source):
        try:
            refuse_by_name(path)
            yield load(path, sample_rate)
        except TransientError:  # a file that cannot be read now may matter
            raise
        except AudioError:
            continue
