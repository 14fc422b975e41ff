"""Measurements of one clip: how loud, how bright, how noisy, which pitch, and whether it repeats.

`measure_clip` turns a `Clip` of any sample rate and length into `Measures`: plain values that JSON can hold. All but
the levels, the loudness and the silence are measured at 16 kHz, high-passed at 20 Hz and normalised to full scale, so
that they are the same for a soft clip as for a loud one.
"""

from dataclasses import asdict, dataclass

import numpy as np
import soxr
from scipy import fft
from scipy.ndimage import median_filter
from scipy.signal import sosfilt, sosfilt_zi

from ..analysis import (
    BRIGHTNESS,
    HIGHPASS,
    NOISINESS,
    ONSETS,
    PITCHED,
    SAMPLE_RATE,
    YIN_SPAN,
    power_spectrum,
    timbre_features,
    yin,
)
from ..audibility import loudness
from ..audio import SILENCE_DBFS, SILENCE_FRAME_SECONDS

SHORT, LONG = 512, 4096  # samples: 32 ms follow an attack, 256 ms resolve the lines of a spectrum
SHORT_HOP, LONG_HOP = 64, 1024  # samples
SLOWLY = 5  # long windows, one hop apart: half a second
LOWEST, HIGHEST, BANDS = 20.0, 8000.0, 24  # Hz, Hz, bands of equal width on the ERB-rate scale
FRAMES_AT_ONCE = 2000  # so that the spectra of a long clip are not all in memory at once
RANGE_DB = 40.0  # below the loudest: anything softer is rounding or room, and does not show how a sound moves
LOOP_RANGE_DB = 22.0  # the same for a loop: anything softer need not repeat
LINE_HZ = 30.0  # to either side: two sines that beat are one line, as they are one tone for the ear
NEIGHBOURS = 31  # bins of 3.9 Hz, in which a line must stand out
LINE_RATIO = 6.0  # power, above the median beside it: in noise averaged over some frames, 1 bin in 1000 reaches it
SHORTEST_LOOP = 0.05  # seconds: a faster repetition is heard as a tone
LONGEST_LOOP = 0.52  # of the clip: half, and a little for repetitions that are 1 % late and for the last window
SAID_LIKENESS = 0.5  # below, nobody would call it likeness
SAME_LIKENESS = 0.05  # smaller differences do not count
BUZZ_LIKENESS = 0.3  # a short period falls between two frames, which costs some likeness
LOOP_VALLEY = 0.15  # how far the likeness has to drop before a period is over
PITCH_HOP = 1024  # samples
PURE = 0.99  # share of the energy in one line, from which that line is the pitch
SILENT_PEAK = 1e-9


@dataclass(frozen=True)
class Measures:
    """A clip in figures, each a float or None.

    Attributes
    ----------
    seconds
        Length.
    peak_dbfs, rms_dbfs
        Levels as they are in the clip, a constant offset included; never below -120.
    loudness
        LUFS, as `audibility.loudness` measures it; None where nothing is above -70 LUFS.
    silence
        The share, 0 .. 1, of 20 ms stretches with an RMS level below -60 dBFS. The mean of each is subtracted, so that
        a constant or slowly drifting offset is silence; this costs a tone of 20 Hz 4 dB, one of 50 Hz none.
    centroid_hz
        The spectral centroid, averaged in octaves; 0 in digital silence.
    flatness_db
        The spectral flatness within bands of 500 Hz: white noise measures -2.3, brown noise -6, a sine -27 to -44,
        silence 0.
    onsets_per_second
        How often the level rises by 6 dB within 50 ms; a clip that begins with sound has one at its beginning.
    pitch_hz
        The median pitch, 40 to 8000 Hz, or None where there is none (its confidence is below 0.8). Above 2 kHz, sounds
        other than pure tones may measure an octave or more too low.
    pitch_confidence
        0 .. 1: one minus YIN's cumulative mean normalised difference at its dip (de Cheveigné and Kawahara 2002,
        equation 8), the median over sounding frames.
    voiced
        The share, 0 .. 1, of sounding frames with a confidence of 0.8 or more.
    loop_seconds
        The time after which the sound is most like itself again, 0.05 s to half of the clip; None where there is none.
    loop_likeness
        0 .. 1: how like itself it is then, as the autocorrelation of its spectrogram without the mean.
    moves_db
        The standard deviation over time of the level of a band, taken every 4 ms; loud bands count most.
    drifts_db
        The same for levels averaged over half a second, which removes most noise and quick beats.
    suddenness
        The skewness of the changes of the levels of the bands: 0 where they rise as they fall, as beats do; about 3 to
        6 where they rise at once and fall slowly, as in repeated strikes; mostly below 0 where one strike dies away.
    fades_db
        The peak level of the first third of the clip less that of the last; below 0 where it grows.
    one_line
        The share, 0 .. 1, of the energy within 30 Hz of the strongest line of the spectrum.
    lines
        The share, 0 .. 1, of the energy in sustained lines, bass and treble counting alike.
    """

    seconds: float
    peak_dbfs: float
    rms_dbfs: float
    loudness: float | None
    silence: float
    centroid_hz: float
    flatness_db: float
    onsets_per_second: float
    pitch_hz: float | None
    pitch_confidence: float
    voiced: float
    loop_seconds: float | None
    loop_likeness: float
    moves_db: float
    drifts_db: float
    suddenness: float
    fades_db: float
    one_line: float
    lines: float

    def as_dict(self):
        """The figures as plain values; `Measures(**figures)` restores them."""
        return asdict(self)

    def __str__(self):
        pitch = f"pitch about {self.pitch_hz:.0f} Hz" if self.pitch_hz else "no clear pitch"
        alike = self.loop_likeness >= SAID_LIKENESS
        loop = f", {self.loop_likeness:.0%} like itself after {self.loop_seconds:.2f} s" if alike else ""
        loud = "too soft for a loudness" if self.loudness is None else f"loudness {self.loudness:.0f} LUFS"
        bright = f"brightness {self.centroid_hz:.0f} Hz, " if self.centroid_hz else ""
        return (
            f"{self.seconds:.1f} s, peak {self.peak_dbfs:.0f} dBFS, average level {self.rms_dbfs:.0f} dBFS, {loud}, "
            f"{self.silence:.0%} silence, {bright}{pitch}, {self.onsets_per_second:.1f} attacks a second{loop}"
        )


def measure_clip(clip):
    """The `Measures` of a `Clip` of any sample rate and length."""
    levels = clip.levels
    sound, nonsilent = normalised_samples(clip), nonsilent_frames(clip)
    described = timbre_features(sound)[0]
    short, long = _Bands.of(sound, SHORT, SHORT_HOP), _Bands.of(sound, LONG, LONG_HOP)
    loop_seconds, loop_likeness = _loop(short)
    one_line, line_hz, lines = _lines(long.spectrum)
    pitch, confidence, voiced = _pitch(sound)
    if pitch and one_line > PURE:
        pitch = line_hz  # a period of 3 kHz is 5 samples, too few for YIN to tell it from two
    return Measures(
        seconds=levels.seconds,
        peak_dbfs=levels.peak_dbfs,
        rms_dbfs=levels.rms_dbfs,
        loudness=loudness(clip.samples, clip.sample_rate),
        silence=float(1 - nonsilent.mean()) if len(nonsilent) else 1.0,
        centroid_hz=float(2 ** described[BRIGHTNESS]) if sound.any() else 0.0,
        flatness_db=float(10 * described[NOISINESS]),
        onsets_per_second=float(described[ONSETS]),
        pitch_hz=pitch,
        pitch_confidence=confidence,
        voiced=voiced,
        loop_seconds=loop_seconds,
        loop_likeness=loop_likeness,
        moves_db=short.moves(),
        suddenness=short.suddenness(),
        drifts_db=long.smoothed(SLOWLY).moves(),
        fades_db=short.fades(),
        one_line=one_line,
        lines=lines,
    )


def normalised_samples(clip):
    """The samples of a clip at 16 kHz, high-passed at 20 Hz, with a peak of 1: float32, `LONG` or more."""
    samples = np.asarray(clip.samples, np.float64)
    if len(samples):
        samples = soxr.resample(samples - samples.mean(), clip.sample_rate, SAMPLE_RATE)
    if not len(samples):
        return np.zeros(LONG, np.float32)
    # A model's output may drift around zero, and the drift be louder than all that is audible.
    samples = sosfilt(HIGHPASS, samples, zi=sosfilt_zi(HIGHPASS) * samples[0])[0]
    peak = np.abs(samples).max()
    samples = samples / peak if peak > SILENT_PEAK else np.zeros(len(samples))
    return np.pad(samples.astype(np.float32), (0, max(0, LONG - len(samples))))


def nonsilent_frames(clip):
    """Which 20 ms stretches of a clip are not silent: bool, shape (stretches,).

    The mean of each is subtracted, so that a constant offset is silent; a shorter clip is one stretch.
    """
    samples = np.asarray(clip.samples, np.float64)
    stretch = min(max(1, int(SILENCE_FRAME_SECONDS * clip.sample_rate)), max(1, len(samples)))
    stretches = samples[: len(samples) // stretch * stretch].reshape(-1, stretch)
    return stretches.var(axis=1) >= 10 ** (SILENCE_DBFS / 10)


class _Bands:
    """The power of a sound in bands of equal width on the ERB-rate scale, frame by frame.

    Attributes
    ----------
    power : (frames, BANDS) float64
    spectrum : (frame // 2 + 1,) float64
        The mean power spectrum.
    hop
        Samples between frames.
    """

    def __init__(self, power, spectrum, hop):
        self.power, self.spectrum, self.hop = power, spectrum, hop

    @classmethod
    def of(cls, sound, frame, hop):
        """The bands of samples at 16 kHz, shape (samples,), at least `frame`."""
        views = np.lib.stride_tricks.sliding_window_view(sound, frame)[::hop]
        window = np.hanning(frame).astype(np.float32)
        # Glasberg and Moore 1990: bands of equal width on the ERB-rate scale, each at least one bin wide.
        scale = 21.4 * np.log10(1 + 0.00437 * np.array([LOWEST, HIGHEST]))
        edges = (10 ** (np.linspace(*scale, BANDS + 1) / 21.4) - 1) / 0.00437
        starts = np.round(edges * frame / SAMPLE_RATE).astype(int)
        starts = np.maximum.accumulate(np.maximum(starts, starts[0] + np.arange(BANDS + 1)))
        parts, total = [], np.zeros(frame // 2 + 1)
        for start in range(0, len(views), FRAMES_AT_ONCE):
            spectra = fft.rfft(views[start : start + FRAMES_AT_ONCE] * window, axis=1)
            power = power_spectrum(spectra)
            total += power.sum(axis=0, dtype=np.float64)
            parts.append(np.add.reduceat(power[:, : starts[-1]], starts[:-1], axis=1))
        return cls(np.concatenate(parts).astype(np.float64), total / len(views), hop)

    def decibels(self, depth=RANGE_DB):
        """The levels in dB relative to the loudest band of the loudest frame, -`depth` or more: (frames, BANDS)."""
        loudest = self.power.max()
        if not loudest:
            return np.full(self.power.shape, -depth)
        return 10 * np.log10(np.maximum(self.power / loudest, 10 ** (-depth / 10)))

    def weights(self):
        """The weight of each band: its amplitude, so that neither the bass alone nor hiss dominates. Sum 1."""
        amplitude = np.sqrt(self.power.mean(axis=0))
        return amplitude / amplitude.sum() if amplitude.any() else np.full(BANDS, 1 / BANDS)

    def moves(self):
        """The standard deviation of the levels over time, in dB, averaged over the bands."""
        return float(np.sqrt(self.decibels().var(axis=0) @ self.weights()))

    def suddenness(self):
        """The skewness of the changes of the levels from frame to frame, averaged over the bands."""
        changes = np.diff(self.decibels(), axis=0)
        if not len(changes):
            return 0.0
        squares = np.maximum((changes**2).mean(axis=0), 1e-6)
        return float((changes * changes**2).mean(axis=0) / squares**1.5 @ self.weights())

    def smoothed(self, frames):
        """The moving average over `frames` frames, or over all where there are fewer, as `_Bands`."""
        frames = min(frames, len(self.power))
        sums = np.cumsum(np.pad(self.power, ((1, 0), (0, 0))), axis=0)
        means = (sums[frames:] - sums[:-frames]) / frames
        return _Bands(np.maximum(means, 0.0), self.spectrum, self.hop)

    def fades(self):
        """How many dB the peak level of the first third is above that of the last."""
        level = self.power.sum(1)
        third = max(1, len(level) // 3)
        floor = max(level.max() * 10 ** (-RANGE_DB / 10), 1e-30)
        first, last = max(level[:third].max(), floor), max(level[-third:].max(), floor)
        return float(10 * np.log10(first / last))


def _loop(bands):
    """(period in s or None, likeness 0 .. 1): when the spectrogram is most like itself again."""
    moving = bands.decibels(LOOP_RANGE_DB)
    moving = moving - moving.mean(axis=0)
    frames = len(moving)
    size = fft.next_fast_len(2 * frames)
    spectra = fft.rfft(moving, size, axis=0)
    products = fft.irfft(power_spectrum(spectra).sum(axis=1), size)
    products = products[: int(LONGEST_LOOP * frames) + 2]
    squares = np.concatenate([[0.0], np.cumsum((moving**2).sum(axis=1))])
    lags = np.arange(len(products))
    # The energy of both overlapping parts at each lag: their difference over it is 1 less the likeness, as in YIN.
    energy = squares[frames - lags] + squares[-1] - squares[lags]
    likeness = 2 * products / np.maximum(energy, 1e-9)
    first = int(np.ceil(SHORTEST_LOOP * SAMPLE_RATE / bands.hop))
    if squares[-1] < 1e-6 or len(likeness) < first + 2:
        return None, 0.0
    inner = likeness[1:-1]
    valleys = np.minimum.accumulate(likeness)[1:-1]
    peak = (inner >= likeness[:-2]) & (inner >= likeness[2:]) & (inner - valleys > LOOP_VALLEY)
    peaks = np.flatnonzero(peak) + 1
    if not len(peaks) or (best := likeness[peaks].max()) <= 0:
        return None, 0.0
    if (likeness[peaks[peaks < first]] > best - BUZZ_LIKENESS).any():
        return None, 0.0
    period = peaks[likeness[peaks] > best - SAME_LIKENESS][0]  # two periods are as like, or more by chance
    return float(period * bands.hop / SAMPLE_RATE), float(min(1.0, likeness[period]))


def _lines(spectrum):
    """(share in the strongest line, its frequency in Hz, share in all lines) of a mean power spectrum of windows of
    `LONG` samples."""
    hertz = SAMPLE_RATE / LONG
    bins = np.arange(len(spectrum))
    power = np.where(bins * hertz >= LOWEST / 2, spectrum, 0.0)
    if not power.any():
        return 0.0, 0.0, 0.0
    strongest = int(power.argmax())
    near = np.abs(bins - strongest) * hertz <= LINE_HZ
    # Raised by 3 dB for each octave: a steep slope, like that of brown noise, must not look like a line.
    raised = power * bins
    beside = np.maximum(median_filter(raised, NEIGHBOURS, mode="nearest"), 1e-12 * raised.max())
    lines = raised > LINE_RATIO * beside
    line = power[near].sum()
    line_hz = bins[near] @ power[near] / line * hertz
    return float(line / power.sum()), float(line_hz), float(raised[lines].sum() / raised.sum())


def _pitch(sound):
    """(median pitch in Hz or None, confidence 0 .. 1, voiced share), by YIN (de Cheveigné and Kawahara 2002)."""
    views = np.lib.stride_tricks.sliding_window_view(sound, YIN_SPAN)[::PITCH_HOP]
    parts = [yin(views[start : start + FRAMES_AT_ONCE]) for start in range(0, len(views), FRAMES_AT_ONCE)]
    hertz, confidence, energy = (np.concatenate(part) for part in zip(*parts, strict=True))
    nonsilent = energy > energy.max() * 10 ** (-RANGE_DB / 10)
    if not nonsilent.any():
        return None, 0.0, 0.0
    certain = float(np.median(confidence[nonsilent]))
    pitch = float(np.median(hertz[nonsilent])) if certain >= PITCHED else None
    return pitch, certain, float((confidence[nonsilent] >= PITCHED).mean())
