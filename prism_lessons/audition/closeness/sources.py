"""The recordings that a model was trained on, read once for many comparisons."""

from dataclasses import dataclass, field, replace

import numpy as np

from ...analysis import SAMPLE_RATE, at_16_khz, fingerprint
from ...audio import AudioError, load
from ...corpus import Corpus
from ...errors import CourseError
from ...files import inside
from ...live import LiveLine, moment
from .nearest import Nearest, profile_distances, timbre_windows
from .patch_index import PatchIndex
from .verbatim import Verbatim, candidate_places, longest_copy

BATCH = 64  # clips that are compared together, in one pass through the sources


@dataclass(frozen=True)
class Sources:
    """The sounds of a corpus, prepared for comparison with clips; made by `Sources.of`.

    An hour of sound takes about 250 MB.

    Attributes
    ----------
    corpus
        The `Corpus`.
    windows
        (source, start in samples at 16 kHz, length) of each window of a second that is not silent, (n, 3) int.
    profiles
        Their timbre, (n, 80) float32; see `timbre_features`.
    silent
        How many silent windows were left out.
    unread
        A sentence for each clip of the corpus that cannot be read, and is left out.
    """

    corpus: Corpus
    windows: np.ndarray
    profiles: np.ndarray
    silent: int
    unread: tuple[str, ...]
    _fingerprints: list = field(repr=False)
    _patch_index: PatchIndex = field(repr=False)

    @classmethod
    def of(cls, corpus, live=None):
        """Read all clips of a corpus, those kept for validation too.

        Parameters
        ----------
        corpus
            A `Corpus` or its folder.
        live
            The `LiveLine` to report progress on; one on standard output if not given.

        Raises
        ------
        CourseError
            When there is no corpus.
        """
        corpus = Corpus.open(corpus)
        live = live or LiveLine()
        fingerprints, windows, profiles, silent, unread = [], [], [], 0, []
        for index, clip in enumerate(corpus.clips):
            live.share("Reading the sources", index, len(corpus.clips))
            try:
                samples = at_16_khz(_read(corpus, clip))
            except CourseError as error:  # the others are compared all the same
                unread.append(str(error))
                samples = np.zeros(0, np.float32)
            fingerprints.append(fingerprint(samples))
            starts, sizes, rows, left_out = timbre_windows(samples)
            windows += [(index, start, size) for start, size in zip(starts, sizes, strict=True)]
            profiles.append(rows)
            silent += left_out
        windows = np.array(windows, int).reshape(-1, 3)
        return cls(
            corpus, windows, np.concatenate(profiles), silent, tuple(unread), fingerprints, PatchIndex(fingerprints)
        )

    @property
    def recordings(self):
        """The name of the recording of each of `windows`, a list."""
        return [self.corpus.clips[index].recording for index in self.windows[:, 0]]

    def nearest(self, clip):
        """The moment nearest to a `Clip` in timbre, as `Nearest`; None where the clip or every source is silent."""
        return self._nearest(at_16_khz(clip))

    def verbatim(self, clip):
        """The longest stretch of a `Clip` that is nearly the wave of a source, as `Verbatim`, or None."""
        return self._verbatim([at_16_khz(clip)])[0]

    def compare(self, clips, live=None):
        """`nearest` and `verbatim` for many clips at once, which is faster.

        Parameters
        ----------
        clips
            A list of `Clip`s, of any sample rates.
        live
            The `LiveLine` to report progress on; one on standard output if not given.

        Returns
        -------
        list of (Nearest or None, Verbatim or None)
            In the order of the clips.
        """
        live = live or LiveLine()
        found = []
        for start in range(0, len(clips), BATCH):
            live.share("Comparing clips with the sources", start, len(clips))
            samples = [at_16_khz(clip) for clip in clips[start : start + BATCH]]
            found += zip([self._nearest(one) for one in samples], self._verbatim(samples), strict=True)
        return found

    def _place(self, index, start):
        """The place of sample `start` (at 16 kHz) of a source, as the fields that `Nearest` and `Verbatim` share."""
        clip = self.corpus.clips[index]
        seconds = max(0.0, float(start) / SAMPLE_RATE)
        from_start = clip.start / self.corpus.sample_rate + seconds
        return {"recording": clip.recording, "file": clip.file, "start": seconds, "recording_start": from_start}

    def _nearest(self, samples):
        starts, sizes, profiles, _ = timbre_windows(samples)
        if not len(starts) or not len(self.windows):
            return None
        apart = profile_distances(profiles, self.profiles)
        ours, theirs = np.unravel_index(apart.argmin(), apart.shape)
        index, start, size = self.windows[theirs]
        return Nearest(
            clip_start=float(starts[ours]) / SAMPLE_RATE,
            seconds=float(min(size, sizes[ours])) / SAMPLE_RATE,
            distance_db=float(apart[ours, theirs]),
            **self._place(index, start),
        )

    def _verbatim(self, clips):
        """The `Verbatim`, or None, of each clip, given as samples at 16 kHz."""
        fingerprints = [fingerprint(samples) for samples in clips]
        found = []
        for one, places in zip(fingerprints, candidate_places(fingerprints, self._patch_index), strict=True):
            copy = longest_copy(one, self._fingerprints, places) if one else None
            found.append(copy and self._in_seconds(*copy))
        return found

    def _in_seconds(self, match, index):
        return Verbatim(
            seconds=float(match.length) / SAMPLE_RATE,
            clip_start=float(match.start) / SAMPLE_RATE,
            similarity=min(1.0, float(match.coherence)),
            **self._place(index, match.source_start),
        )


def excerpt(corpus, found):
    """The segment that a `Nearest` or a `Verbatim` points at: a `Clip` at the corpus's rate, named by `excerpt_title`.

    Raises
    ------
    CourseError
        When that clip of the corpus is gone or damaged.
    """
    clip = next((clip for clip in corpus.clips if clip.file == found.file), None)
    if clip is None:
        raise CourseError(f'There is no clip "{found.file}" in "{corpus.folder}": audition the run again.')
    sound = _read(corpus, clip, found.start, found.seconds)
    return replace(sound, name=excerpt_title(found))


def excerpt_title(found):
    """The title of the stretch that a `Nearest` or a `Verbatim` points at: "bell.wav, 0:04.2"."""
    return f"{found.recording}, {moment(found.recording_start)}"


def _read(corpus, clip, start=0.0, seconds=np.inf):
    """A clip of the corpus, or `seconds` of it, as a `Clip`."""
    try:
        sound = load(inside(corpus.folder, clip.file), start=start, seconds=seconds)
    except AudioError as error:
        raise CourseError(f"{str(error).rstrip('.')}; curate the recordings again.") from None
    if seconds == np.inf and len(sound.samples) != clip.samples:  # a truncated FLAC still opens
        raise CourseError(f'The clip "{clip.file}" in "{corpus.folder}" is damaged: curate the recordings again.')
    return sound
