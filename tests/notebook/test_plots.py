"""Pictures say in words what they show, and the words are true."""

import base64
import re
from dataclasses import replace

import numpy as np
import pytest

from prism_lessons import notebook
from prism_lessons.audio import Clip, resample
from prism_lessons.notebook import plots


def sine(frequency, seconds=1.0, rate=16000):
    return Clip(0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate), rate, f"{frequency} Hz")


@pytest.mark.parametrize("draw", [notebook.waveform, notebook.spectrogram])
@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(16000), np.full(5, 0.1), sine(440).samples])
def test_any_clip_can_be_drawn_with_a_text_alternative(draw, samples):
    shown = draw(Clip(samples.astype(np.float32), 16000, "it & <them>"))
    png, alternative = re.search(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', shown.html).groups()
    assert base64.b64decode(png).startswith(b"\x89PNG")
    assert "it &amp; &lt;them&gt;" in alternative and repr(shown) in shown.words


def test_a_spectrogram_s_words_name_where_the_energy_is():
    words = notebook.spectrogram(sine(1000)).words.replace(",", "")
    low, high = map(int, re.findall(r"between (\d+) and (\d+) Hz", words)[0])
    assert 950 <= low <= 1000 <= high <= 1050


@pytest.fixture
def drawn(monkeypatch):
    """The matplotlib figures that were drawn."""
    figures = []
    save = plots.Figure.savefig
    monkeypatch.setattr(plots.Figure, "savefig", lambda self, *a, **k: (figures.append(self), save(self, *a, **k)))
    return figures


def test_a_spectrogram_s_level_is_that_of_the_sound(drawn):
    notebook.spectrogram(sine(1000))
    (mesh,) = drawn[0].axes[0].collections
    assert np.max(mesh.get_array()) == pytest.approx(-6, abs=1.5)


def test_a_spectrogram_shows_an_event_when_it_happens(drawn):
    samples = np.zeros(3 * 16000, np.float32)
    samples[2 * 16000] = 1
    notebook.spectrogram(Clip(samples, 16000, "a click"))
    axes = drawn[0].axes[0]
    (mesh,) = axes.collections
    column = np.argmax(mesh.get_array().reshape(mesh.get_coordinates().shape[0] - 1, -1).sum(axis=0))
    assert mesh.get_coordinates()[0, column, 0] == pytest.approx(2, abs=0.1)
    assert axes.get_xlim()[1] == pytest.approx(3, abs=0.1)


def test_a_spectrogram_s_words_say_above_what_it_is_dark():
    """A recording at 16,000 Hz brought to 44,100 stays dark above 8,000 Hz: that is what one looks for."""
    samples = np.hanning(16000) * np.random.default_rng(0).normal(0, 0.1, 16000)  # no click at either end
    noise = Clip(samples.astype(np.float32), 16000, "noise")
    assert "dark" not in notebook.spectrogram(noise).words
    brought = Clip(resample(noise.samples, 16000, 44100), 44100, "noise")
    top = re.search(r"above ([\d,]+) Hz it is dark, below -90 dBFS", notebook.spectrogram(brought).words)[1]
    assert 7000 < int(top.replace(",", "")) < 8500


def test_hertz_are_written_as_musicians_read_them(drawn):
    notebook.spectrogram(Clip(np.ones(44100, np.float32) * 0.1, 44100))
    axis = drawn[0].axes[0].yaxis
    drawn[0].draw_without_rendering()
    labels = [label.get_text() for label in axis.get_ticklabels()]
    assert {"100", "1,000", "10,000"} <= set(labels)
    assert not any(label.get_text() for label in axis.get_ticklabels(minor=True))


def test_silence_is_called_silence():
    assert "nothing but silence" in notebook.spectrogram(Clip(np.zeros(8000, np.float32), 8000, "nothing")).words


def test_a_waveform_s_words_say_when_it_is_loudest():
    samples = np.zeros(16000, np.float32)
    samples[12000] = 0.5
    assert "loudest at 0.75 s" in notebook.waveform(Clip(samples, 16000)).words


def test_a_waveform_s_words_say_around_what_it_moves():
    wave = sine(440)
    lifted = notebook.waveform(replace(wave, samples=0.5 * wave.samples + 0.2)).words
    assert "between -0.05 and 0.45, around a mean of 0.20" in lifted
    assert "between -0.50 and 0.50, around a mean of 0.00" in notebook.waveform(wave).words


def test_a_waveform_s_words_say_that_its_peaks_are_flat():
    wave = sine(440)
    # Above 0.25, half its height, a sine is for a third of a period: 12 samples.
    cut = notebook.waveform(replace(wave, samples=np.clip(wave.samples, -0.25, 0.25))).words
    assert re.search(r"its peaks are flat: up to 1[23] samples in a row have the same value", cut)
    assert "flat" not in notebook.waveform(wave).words
    assert "flat" not in notebook.waveform(replace(wave, samples=np.zeros(100))).words


def test_a_few_milliseconds_of_a_wave_are_told_in_milliseconds(drawn):
    samples = np.zeros(320, np.float32)
    samples[160] = 0.5
    words = notebook.waveform(Clip(samples, 16000, "20 ms")).words
    assert words.startswith("Waveform of 20 ms: 20 ms, peak") and "loudest at 10 ms" in words
    axes = drawn[0].axes[0]
    assert axes.get_xlim() == (0, 20) and axes.get_xlabel() == "milliseconds"


def test_a_learning_curve_is_a_figure_with_the_same_in_words(straight):
    shown = notebook.learning_curve(straight)
    assert shown.html.startswith("<figure") and "<svg" in shown.html
    assert shown.words in shown.html.split("<figcaption>")[1]
