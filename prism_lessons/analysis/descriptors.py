"""How a sound moves: loudness, brightness, noisiness and pitch every 10 ms.

All are measured at 16 kHz, high-passed at 20 Hz, so that they mean the same for sounds and models of any sample rate.
"""

from itertools import chain

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi

from ..audio import SILENCE_DBFS, resample_blocks
from . import pitch
from .blocks import Reblocker
from .timbre import FRAME, frame_timbre
from .wave_matching import SAMPLE_RATE

HOP_SECONDS = 0.01
UNITS = {"loudness": "dBFS", "brightness": "semitones", "noisiness": "0 to 1", "pitch": "semitones"}
DESCRIPTORS = tuple(UNITS)
LEAST_DBFS = -80.0
HOP = round(HOP_SECONDS * SAMPLE_RATE)  # samples
FRAMES_AT_ONCE = 1000
BLOCK_SECONDS = 10
NOISE_FLATNESS = 0.56  # of one frame of white noise: e to the power of minus Euler's constant
NOISE_DIFFERENCE = 0.86  # YIN's, for white noise
HIGHPASS = butter(2, 20, "highpass", fs=SAMPLE_RATE, output="sos")  # what it takes away is too low to hear


def descriptors_of(samples, sample_rate, names=DESCRIPTORS):
    """Measure how a sound moves.

    Parameters
    ----------
    samples : (samples,) float
        Full scale at -1 and 1.
    sample_rate : int
        Hz.
    names : sequence of str
        Which descriptors, of these:

        loudness
            The RMS level over about 20 ms, dBFS, -80 or more: a sine of full scale has -3.
        brightness
            The spectral centroid, averaged in octaves, in semitones as MIDI counts them: 69 is 440 Hz, 81 is 880 Hz.
            What lies above 8 kHz does not count.
        noisiness
            0 .. 1, about the amplitude of the noise in a sound beside that of the whole: the square root of its
            spectral flatness within bands of 500 Hz or of YIN's difference, whichever is less, where white noise has 1.
            Low harmonics are too dense for the first, and metal is not periodic, but noise is high in both; so are low
            chords.
        pitch
            The fundamental frequency by YIN, 40 to 1500 Hz (pure tones: 4 kHz), in fractional semitones as MIDI
            counts them; NaN in sounds without a pitch. It is followed along the sound, so that it rarely jumps between
            octaves.

        Below -60 dBFS, all but the loudness are NaN.

    Returns
    -------
    (frames, names) float32
        Frame `i` is centred at `i * HOP_SECONDS`; there is one for every hop begun in the sound.
    """
    samples = np.asarray(samples, np.float32)
    count = -(-len(samples) * SAMPLE_RATE // (sample_rate * HOP))
    if not count:
        return np.zeros((0, len(names)), np.float32)
    pieces = [_described(frames, names) for frames in _frames(samples, sample_rate, count)]
    columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in names}
    if "pitch" in names:
        columns["pitch"] = _semitones(np.log2(pitch.pitch_track(*columns["pitch"].swapaxes(0, 1))))
    return np.array([columns[name] for name in names], np.float32).reshape(len(names), count).T


def _frames(samples, sample_rate, wanted):
    """Yield so many frames, in pieces of shape (frames, pitch.SPAN); sample `i * HOP` of the sound is at FRAME // 2."""
    for piece in _pieces(samples, sample_rate):
        if wanted <= 0:
            return
        frames = np.lib.stride_tricks.sliding_window_view(piece, pitch.SPAN)[::HOP][:wanted]
        wanted -= len(frames)
        yield frames


def _pieces(samples, sample_rate):
    """Yield a sound at 16 kHz, with silence before and after it, in pieces that overlap as frames do."""
    reblocker = Reblocker((FRAMES_AT_ONCE - 1) * HOP + pitch.SPAN, pitch.SPAN - HOP)
    size = BLOCK_SECONDS * sample_rate
    blocks = (samples[start : start + size] for start in range(0, len(samples), size))
    before, after = np.zeros(FRAME // 2, np.float32), np.zeros(2 * pitch.SPAN, np.float32)
    for block in chain([before], _highpassed(resample_blocks(blocks, sample_rate, SAMPLE_RATE)), [after]):
        yield from reblocker.add(block)
    yield reblocker.flush()


def _highpassed(blocks):
    """Yield blocks of a sound at 16 kHz, float32, without what lies below 20 Hz."""
    state = None
    for block in blocks:
        if state is None:
            state = sosfilt_zi(HIGHPASS) * block[0]
        block, state = sosfilt(HIGHPASS, block, zi=state)
        yield block.astype(np.float32)


def _described(frames, names):
    """{name: values} of frames as of `_frames`, (frames,) each; candidates for the pitch, (frames, 2, candidates)."""
    short = frames[:, :FRAME]
    window = np.hanning(FRAME).astype(np.float32)
    power = np.square(short * window).sum(1) / np.square(window).sum()
    values = {"loudness": np.maximum(10 * np.log10(np.maximum(power, 1e-20)), LEAST_DBFS)}
    silent = values["loudness"] < SILENCE_DBFS
    if {"brightness", "noisiness"} & set(names):
        _, octaves, flatness, _ = frame_timbre(short)
        values["brightness"] = np.where(silent, np.nan, _semitones(octaves))
    if {"noisiness", "pitch"} & set(names):
        hertz, difference = pitch.pitch_candidates(frames)
        values["pitch"] = np.stack([hertz, np.where(silent[:, None], np.inf, difference)], 1).astype(np.float32)
    if "noisiness" in names:
        noise = np.minimum(10**flatness / NOISE_FLATNESS, difference.min(1) / NOISE_DIFFERENCE)
        values["noisiness"] = np.where(silent, np.nan, np.sqrt(np.minimum(noise, 1.0)))
    return values


def _semitones(octaves):
    """Octaves above 1 Hz in semitones as MIDI counts them."""
    return 69 + 12 * (octaves - np.log2(440))
