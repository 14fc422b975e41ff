"""Pictures of sound and of learning, each described in words."""

import io

import librosa
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from .. import pages
from ..analysis import true_runs
from ..audio import FLOOR_DBFS, as_clip
from .output import RichOutput

SIZE = (8, 2.6)  # inches
LOWEST_HZ = 50
DARK_DBFS = -90  # the lower end of the colours: with -100, hardly anything would be seen
SHORT_SECONDS = 0.1  # below, a wave is shown in milliseconds
FLAT_SAMPLES = 3  # in a row at the same highest value: a curve has two at most, unless it is very slow
WINDOW_SECONDS = 0.05  # of the spectrogram: 20 Hz apart, and still short enough to see a strike


def waveform(sound, name=None):
    """The waveform of a clip or sound file. `name` is used instead of its own."""
    clip, name = _named(sound, name)
    scale, unit, short = (1000, "milliseconds", "ms") if clip.seconds < SHORT_SECONDS else (1, "seconds", "s")
    canvas = Figure(SIZE, layout="constrained")
    axes = canvas.add_subplot(xlabel=unit, ylabel="sample", ylim=(-1.05, 1.05))
    axes.set_xlim(0, scale * max(clip.seconds, 0.001))
    axes.plot(scale * np.arange(len(clip.samples)) / clip.sample_rate, clip.samples, linewidth=0.5)
    words = f"Waveform of {name}: {pages.levels_in_words(clip.levels)}"
    if len(clip.samples):
        loudest = scale * np.argmax(np.abs(clip.samples)) / clip.sample_rate
        low, high, mean = np.min(clip.samples), np.max(clip.samples), np.mean(clip.samples) + 0.0
        words += (
            f". It moves between {low:.2f} and {high:.2f}, around a mean of {mean:z.2f}; it is loudest at "
            f"{loudest:.{0 if scale > 1 else 2}f} {short}"
        )
        flat = max(_longest_run(clip.samples == value) for value in (low, high))
        if flat >= FLAT_SAMPLES and low < high:
            words += f"; its peaks are flat: up to {flat} samples in a row have the same value"
    return _picture(canvas, f"{words}.")


def _longest_run(true):
    """The length of the longest run of true values."""
    return max((stop - start for start, stop in true_runs(true)), default=0)


def spectrogram(sound, name=None):
    """The spectrogram of a clip or sound file; brighter is louder. `name` as for `waveform`."""
    clip, name = _named(sound, name)
    size = int(2 ** np.ceil(np.log2(WINDOW_SECONDS * clip.sample_rate)))
    # The window's sum scales a sine of full scale to 0 dB.
    samples = np.pad(clip.samples, (0, max(0, size - len(clip.samples))))
    stft = np.abs(librosa.stft(samples, n_fft=size, hop_length=size // 4)) / (size / 4)
    decibels = 20 * np.log10(np.maximum(stft, 10 ** (FLOOR_DBFS / 20)))
    frequencies = librosa.fft_frequencies(sr=clip.sample_rate, n_fft=size)
    times = librosa.times_like(stft, sr=clip.sample_rate, hop_length=size // 4)
    canvas = Figure(SIZE, layout="constrained")
    axes = canvas.add_subplot(xlabel="seconds", ylabel="Hz", yscale="log", ylim=(LOWEST_HZ, clip.sample_rate / 2))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter("")
    image = axes.pcolormesh(times, frequencies[1:], decibels[1:], vmin=-100, vmax=0, cmap="magma", rasterized=True)
    canvas.colorbar(image, label="dBFS")
    return _picture(canvas, f"Spectrogram of {name}: {_where_the_energy_is(stft, frequencies)}.")


def learning_curve(run):
    """The bits per sample of a run's epochs, beside those of baselines without a model."""
    picture, words = pages.learning_curve(run), pages.curve_in_words(run)
    return RichOutput(pages.render("figure.html", picture=picture, caption=words), words)


def _where_the_energy_is(stft, frequencies):
    energy = np.cumsum(np.sum(np.square(stft), axis=1))
    if not energy[-1]:
        return "nothing but silence"
    low, high = (frequencies[np.searchsorted(energy, share * energy[-1])] for share in (0.1, 0.9))
    words = f"four fifths of its energy lie between {low:,.0f} and {high:,.0f} Hz"
    bright = np.flatnonzero(np.max(stft, axis=1) > 10 ** (DARK_DBFS / 20))
    top = frequencies[bright[-1]] if len(bright) else 0
    return words if top >= frequencies[-2] else f"{words}; above {top:,.0f} Hz it is dark, below {DARK_DBFS} dBFS"


def _named(sound, name):
    clip = as_clip(sound)
    return clip, name or clip.name


def _picture(canvas, words):
    file = io.BytesIO()
    canvas.savefig(file, format="png", dpi=100)
    source = pages.data_url(file.getvalue(), "image/png")
    picture = pages.html(
        '<img src="{{ source }}" alt="{{ words }}" style="max-width: 100%">', source=source, words=words
    )
    return RichOutput(pages.render("figure.html", picture=picture, caption=words), words)
