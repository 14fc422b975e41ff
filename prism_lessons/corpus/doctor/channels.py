"""Channels that do not add up: in the mono mix, which is all a model gets, the sound is thin, soft or gone."""

import numpy as np
import scipy.fft

from ...analysis import Sections, power_spectrum, true_runs
from ...audio import to_dbfs
from .findings import CLEAR, MOST_PLACES, SEVERE, FaultKind, Finding

FRAME_SECONDS = 0.1
SECTION_FRAMES = 32
# Uncorrelated channels add up to the sum of their powers; half of that or less means that they work against each other
# (a correlation below -0.5).
LEAST_LEFT = 0.5
LEAST_SHARE = 0.3  # of the sound's energy in the bands and frames where they do
LOWEST, OCTAVES = 40, 9  # Hz; the bands are 0 to 40 Hz, and octaves from there
ONE_SIDED_DB, SILENT_DBFS = 40.0, -60.0


CANCELLING = FaultKind(
    "cancelling",
    "channels that cancel",
    "Mixed to mono, the channels cancel: a model hears a thin remainder, or next to nothing.",
    "Invert one channel where the recording was mixed, or have the course read the louder channel alone.",
    f"{LEAST_SHARE:.0%} of the energy lies where the mono sum keeps half or less of what "
    f"unrelated channels would leave, by octaves and frames of {FRAME_SECONDS:.1f} s",
    "measured: benchmarks/doctor.py; half is a correlation of -0.5, which wide stereo does not have throughout",
    None,
    "the louder channel read alone",
)
ONE_SIDED = FaultKind(
    "one_sided",
    "sound on one side only",
    "Mixed to mono with silence, the sound is 6 dB softer than it was, and softer than other files beside it.",
    "Have the course read only the channel that sounds.",
    f"all channels but one {ONE_SIDED_DB:.0f} dB or more below it, where it is above {SILENT_DBFS:.0f} dBFS",
    "the arithmetic of a mean; 40 dB is a hundredth of the amplitude",
    None,
    "the channel that sounds read alone",
)


class Channels:
    """Finds channels that cancel or are silent, in recordings that have more than one."""

    kinds = (CANCELLING, ONE_SIDED)

    def __init__(self, sample_rate, channels):
        self.sample_rate, self.channels = sample_rate, channels
        self._frame = scipy.fft.next_fast_len(int(FRAME_SECONDS * sample_rate), real=True)
        self._sections = Sections(SECTION_FRAMES * self._frame, 0)
        frequencies = scipy.fft.rfftfreq(self._frame, 1 / sample_rate)
        edges = np.searchsorted(frequencies, LOWEST * 2.0 ** np.arange(OCTAVES))
        self._edges = np.unique(np.r_[0, edges[edges < len(frequencies)]])
        self._squares, self._samples = np.zeros(channels), 0
        self._whole, self._left, self._against = [], [], []  # energies of each frame, shape (frames,) each

    def add(self, frames, mono):
        """Take one more block into account."""
        if self.channels > 1:
            for section, _ in self._sections.add(frames):
                self._analyse(section)

    def findings(self):
        """The `Finding`s, once all has been added."""
        if self.channels == 1:
            return []
        for section, _ in self._sections.flush():
            self._analyse(section)
        if not self._samples:
            return []
        levels = [to_dbfs(np.sqrt(square / self._samples)) for square in self._squares]
        louder = int(np.argmax(levels))
        others = max(level for channel, level in enumerate(levels) if channel != louder)
        if levels[louder] < SILENT_DBFS:
            return []
        if others <= levels[louder] - ONE_SIDED_DB:
            words = f"channel {louder + 1} alone sounds; the other{'s' * (self.channels > 2)} at {others:.0f} dBFS RMS"
            return [Finding(ONE_SIDED.key, CLEAR, words, (), {"channel": louder})]
        whole, left, against = (np.concatenate(part) for part in (self._whole, self._left, self._against))
        share, kept = against.sum() / whole.sum(), left.sum() / whole.sum()
        if share < LEAST_SHARE:
            return []
        words = f"{share:.0%} of the energy cancels; the mono sum is at {10 * np.log10(max(kept, 1e-12)):.0f} dB"
        words += " beside unrelated channels"
        severity = SEVERE if kept < LEAST_LEFT else CLEAR
        return [Finding(CANCELLING.key, severity, words, self._places(whole, against), {"channel": louder})]

    def _analyse(self, section):
        self._samples += len(section)
        self._squares += np.sum(np.square(section), axis=0, dtype=np.float64)
        count = -(-len(section) // self._frame)
        section = np.pad(section, ((0, count * self._frame - len(section)), (0, 0)))
        signals = np.ascontiguousarray(section.T).reshape(self.channels, count, self._frame)
        spectra = scipy.fft.rfft(signals, axis=2)
        powers = sum(power_spectrum(spectrum) for spectrum in spectra)
        # Shape (frames, bands): the energy of the sum, and of all channels.
        left = np.add.reduceat(power_spectrum(spectra.sum(axis=0)), self._edges, axis=1)
        whole = np.add.reduceat(powers, self._edges, axis=1)
        against = np.where(left <= LEAST_LEFT * whole, whole, 0)
        for energies, part in ((self._whole, whole), (self._left, left), (self._against, against)):
            energies.append(part.sum(axis=1, dtype=np.float64))

    def _places(self, whole, against):
        """Where most of the sound cancels, in seconds; () where that is nearly everywhere."""
        sounding = whole > 1e-6 * whole.max()
        cancels = sounding & (against > whole / 2)
        if cancels.sum() > 0.9 * sounding.sum():
            return ()
        runs = true_runs(cancels)
        longest = runs[np.argsort(runs[:, 0] - runs[:, 1], kind="stable")[:MOST_PLACES]]
        seconds = np.sort(longest, axis=0) * self._frame / self.sample_rate
        end = self._samples / self.sample_rate
        return tuple((round(float(start), 3), round(min(float(stop), end), 3)) for start, stop in seconds)
