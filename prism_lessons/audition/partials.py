"""The steady partials of a sound, and whether they are those of a recording.

A partial is a peak of the spectrum that stands out from its surroundings. It is steady where it stays within 1 % of
one frequency for half a second, as those of bells, strings and held voices do and those of noise and glides do not.
"""

import numpy as np

from ..analysis import SAMPLE_RATE

WINDOW, HOP = 4096, 512  # samples: 256 ms resolve partials 16 Hz apart
LOWEST = 40.0  # Hz: below, 1 % is less than such a window can resolve
BACKGROUND = 128  # bins of 2 Hz, whose median is the background of a peak
STANDS_OUT_DB = 20.0  # above that median: 1 peak of noise in 10^30 does
RANGE_DB = 60.0  # below the loudest peak of the sound: anything softer is masked by the rest
MOST = 20  # peaks of a frame, the loudest
STEADY = 0.01  # to either side
HELD_SECONDS = 0.5
SAME_CENTS = 30.0  # two partials within that have one frequency
APART_CENTS = 50.0  # between the partials of one sound: closer ones beat and are one
FEWEST = 3  # partials: with fewer, nearly every recording has them
TRANSPOSED_CENTS = 600  # half an octave up and down


def steady_partials(samples):
    """The steady partials of samples at 16 kHz, shape (samples,): Hz, ascending, (partials,) float64.

    Those within 50 cents of each other count as one, as does one that recurs.
    """
    if len(samples) < 2 * WINDOW:  # half a second
        return np.zeros(0)
    held = [track.hertz for track in _tracks(_peaks(samples)) if track.seconds >= HELD_SECONDS]
    apart = []
    for hertz in sorted(held):
        if not apart or _cents(hertz, apart[-1]) > APART_CENTS:
            apart.append(hertz)
    return np.array(apart)


def share_in_one_recording(partials, recordings):
    """Whether partials are those of one recording: (share, share by chance), 0 .. 1 each, or None.

    Parameters
    ----------
    partials
        Hz, (partials,), at least one.
    recordings
        The same for each recording, a list; those with fewer than three partials are left out.

    Returns
    -------
    (float, float) or None
        The share of the partials within 30 cents of those of the recording that has the most of them; and the mean of
        that share when the partials are transposed together, by every tenth of a semitone within half an octave. None
        where all recordings are left out.
    """
    recordings = [recording for recording in recordings if len(recording) >= FEWEST]
    if not recordings:
        return None
    steps = np.arange(-TRANSPOSED_CENTS, TRANSPOSED_CENTS + 1, 10)
    shares = np.max([_shares(partials, recording, steps) for recording in recordings], axis=0)
    return float(shares[steps == 0][0]), float(shares.mean())


def _shares(partials, recording, steps):
    """The share of partials that a recording has, transposed by each of `steps` in cents: (steps,)."""
    moved = 1200 * np.log2(partials) + steps[:, None]
    return (np.abs(moved[..., None] - 1200 * np.log2(recording)).min(-1) <= SAME_CENTS).mean(1)


def _cents(hertz, other):
    return abs(1200 * np.log2(hertz / other))


def _peaks(samples):
    """The frequencies of the peaks of each frame, loudest first: a list of arrays, Hz."""
    import librosa

    # A window with side lobes below RANGE_DB, since they would be as steady as the partial between them.
    shape = {"n_fft": 2 * WINDOW, "win_length": WINDOW, "hop_length": HOP, "window": "blackmanharris"}
    spectra = np.abs(librosa.stft(samples, **shape))
    whole = len(spectra) // BACKGROUND * BACKGROUND
    blocks = np.median(spectra[:whole].reshape(-1, BACKGROUND, spectra.shape[1]), axis=1)
    centres = (np.arange(len(blocks)) + 0.5) * BACKGROUND
    beside = np.array([np.interp(np.arange(len(spectra)), centres, column) for column in blocks.T]).T
    least = np.maximum(beside * 10 ** (STANDS_OUT_DB / 20), spectra.max() * 10 ** (-RANGE_DB / 20))
    hertz, loud = librosa.piptrack(S=spectra, sr=SAMPLE_RATE, fmin=LOWEST, fmax=SAMPLE_RATE / 2, ref=least)
    loudest = np.argsort(-loud, axis=0)[:MOST]
    return [
        column[order][loudness[order] > 0] for column, loudness, order in zip(hertz.T, loud.T, loudest.T, strict=True)
    ]


class _Track:
    """A partial tracked from its first frame on."""

    def __init__(self, hertz):
        self.frequencies = [hertz]

    @property
    def hertz(self):
        return float(np.median(self.frequencies))

    @property
    def seconds(self):
        return (len(self.frequencies) - 1) * HOP / SAMPLE_RATE

    def continues_at(self, hertz):
        """Whether it stays steady if it continues at that frequency."""
        return max(hertz, *self.frequencies) <= min(hertz, *self.frequencies) * (1 + STEADY) / (1 - STEADY)


def _tracks(frames):
    """Join peaks into partials for as long as they stay steady: an iterable of `_Track`s."""
    active = []
    for peaks in frames:
        continued = []
        for hertz in peaks:
            near = [track for track in active if track.continues_at(hertz)]
            if near:
                track = min(near, key=lambda track: _cents(hertz, track.frequencies[-1]))
                active.remove(track)
                track.frequencies.append(hertz)
            else:
                track = _Track(hertz)
            continued.append(track)
        yield from active
        active = continued
    yield from active
