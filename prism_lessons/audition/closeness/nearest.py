"""The moment of the sources that is nearest to a clip in timbre, whatever its level."""

from dataclasses import asdict, dataclass

import numpy as np

from ...analysis import SAMPLE_RATE, timbre_features
from ...audio import SILENCE_DBFS
from ...live import moment

WINDOW, WINDOW_HOP = SAMPLE_RATE, SAMPLE_RATE // 4  # samples: a second, every quarter
SHORTEST = 160  # samples: less than 10 ms has no timbre
# Distance in dB from a second of a recording to the nearest one in another recording of its set: the median, and just
# above the upper quartile, in docs/closeness.md. Three quarters of the distances to another set exceed the latter.
USUAL, FAR = 3.1, 5.2


@dataclass(frozen=True)
class Nearest:
    """The moment of the sources that is nearest to a clip in timbre.

    Attributes
    ----------
    recording
        The name of the recording.
    file
        The clip file of the corpus that holds the moment, relative to the corpus folder.
    start
        Where it begins in that file, in seconds.
    recording_start
        Where it begins in the recording, in seconds.
    clip_start
        Where the nearest moment of the clip begins, in seconds.
    seconds
        The length of that moment, 1 s where both are that long.
    distance_db
        How far the two are apart: the RMS difference of their profiles, in dB.
    """

    recording: str
    file: str
    start: float
    recording_start: float
    clip_start: float
    seconds: float
    distance_db: float

    def as_dict(self):
        """Plain values for JSON."""
        return asdict(self)

    def __str__(self):
        return (
            f"nearest to {self.recording} at {moment(self.recording_start)}, {self.distance_db:.1f} dB apart: "
            f"{_in_words(self.distance_db)}"
        )


def _in_words(distance):
    if distance < USUAL:
        return "at least as near as recordings of one set usually are to each other"
    if distance < FAR:
        return "as far as recordings of one set can be from each other"
    return "as far as recordings of different sets are from each other"


def timbre_windows(samples):
    """Windows of a second of samples at 16 kHz, (samples,), every quarter of a second; silent ones are left out.

    Returns
    -------
    starts
        (n,) in samples.
    sizes
        (n,) in samples; a shorter sound is one window.
    profiles
        (n, 80) float32, as `timbre_features` gives them.
    silent
        How many were left out: softer than -60 dBFS (RMS), or shorter than 10 ms.
    """
    size = min(WINDOW, len(samples))
    last = len(samples) - size
    starts = np.arange(0, last + 1, WINDOW_HOP)
    if size and starts[-1] != last:
        starts = np.append(starts, last)
    kept, profiles = [], []
    for start in starts if size >= SHORTEST else []:
        window = samples[start : start + size]
        if np.mean(np.square(window, dtype=np.float64)) >= 10 ** (SILENCE_DBFS / 10):
            kept.append(start)
            profiles.append(timbre_features(window)[1])
    profiles = np.array(profiles, np.float32).reshape(-1, 80)
    return np.array(kept, int), np.full(len(kept), size), profiles, len(starts) - len(kept)


def profile_distances(ours, theirs):
    """RMS differences in dB of profiles (n, 80) and (m, 80): (n, m) float32."""
    squares = (ours**2).sum(1)[:, None] + (theirs**2).sum(1) - 2 * ours @ theirs.T
    return np.sqrt(np.maximum(squares, 0) / ours.shape[1])
