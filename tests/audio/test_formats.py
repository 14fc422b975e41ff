"""Every format that phones, cameras, recorders, messengers and the web write is read: its length, its wave, any place.

The files are encoded by FFmpeg from one sound made by formula. AMR wideband and Monkey's Audio are not among them: they
are read, but nothing at hand writes them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from encoded import chirp, encode
from scipy.signal import correlate

from prism_lessons.audio import SUFFIXES, Recording, ffmpeg

SECONDS = 2.3
DATA = Path(__file__).parents[1] / "data" / "sounds"
BITS_8, BITS_16, BITS_24 = 2**-7, 2**-15, 2**-23
# Samples that encoders put before the sound, where a file does not say so, and those of a packet, which the last of
# them is filled up to.
AAC, MP3, MP2, AC3, AMR, WMA = (1024, 1024), (1105, 1152), (481, 1152), (256, 1536), (40, 160), (-2048, 2048)


@dataclass(frozen=True)
class Form:
    """A file to be written: how its name ends, FFmpeg's encoder, and what is read of it.

    `error` is the largest of a sample where nothing is lost, None where a codec decides; `delay` and `packet` count
    samples that FFmpeg cannot know to be none of the sound.
    """

    ending: str
    codec: str
    shown: str
    rate: int = 44100
    channels: int = 1
    error: float | None = None
    delay: int = 0
    packet: int = 0
    form: str | None = None
    container: str | None = None
    video: str | None = None

    def __str__(self):
        return f"{self.shown} {self.rate} {self.channels}{' film' * bool(self.video)}"


FORMS = [
    Form("m4a", "aac", "M4A, AAC", channels=2),
    Form("m4a", "aac", "M4A, AAC", 48000),
    Form("m4a", "alac", "M4A, Apple Lossless", channels=2, error=BITS_16, form="s16p"),
    Form("m4a", "alac", "M4A, Apple Lossless", 48000, error=BITS_24, form="s32p"),
    Form("m4b", "aac", "M4B, AAC", 32000, container="ipod"),
    Form("mp4", "aac", "MP4, AAC"),
    Form("mp4", "aac", "MP4, AAC", channels=2, video="libx264"),
    Form("mov", "aac", "MOV, AAC", 48000, 2, video="libx264"),
    Form("mov", "pcm_s16le", "MOV, 16 bit PCM", 48000, 2, BITS_16),
    Form("mov", "pcm_s24le", "MOV, 24 bit PCM", 48000, 2, BITS_24),
    Form("mov", "adpcm_ima_qt", "MOV, IMA ADPCM", packet=64),
    Form("3gp", "libopencore_amrnb", "3GP, AMR narrowband", 8000, delay=-10),
    Form("3gp", "aac", "3GP, AAC", 16000),
    Form("3g2", "aac", "3G2, AAC"),
    Form("aac", "aac", "AAC", 44100, 1, None, *AAC),
    Form("wma", "wmav2", "WMA", 44100, 2, None, *WMA, container="asf"),
    Form("wma", "wmav1", "WMA", 44100, 1, None, *WMA, container="asf"),
    Form("amr", "libopencore_amrnb", "AMR narrowband", 8000, 1, None, *AMR),
    Form("webm", "libopus", "WebM, Opus", 48000),
    Form("webm", "libopus", "WebM, Opus", 48000, 2, video="libvpx"),
    Form("mka", "flac", "Matroska, FLAC", error=BITS_16, form="s16", container="matroska"),
    Form("mkv", "aac", "Matroska, AAC", 44100, 2, packet=1024, video="libx264"),
    Form("mka", "pcm_s16le", "Matroska, 16 bit PCM", error=BITS_16, container="matroska"),
    Form("opus", "libopus", "OGG, Opus", 48000, 2),
    Form("ogg", "libopus", "OGG, Opus", 24000),
    Form("oga", "flac", "OGG, FLAC", error=BITS_16, form="s16", container="ogg"),
    Form("wv", "wavpack", "WavPack", channels=2, error=BITS_16, form="s16p"),
    Form("wv", "wavpack", "WavPack", 48000, error=0, form="fltp"),
    Form("tta", "tta", "TTA", error=BITS_16, form="s16"),
    Form("ac3", "ac3", "AC3", 48000, 2, None, *AC3),
    Form("eac3", "eac3", "E-AC3", 48000, 2, None, *AC3),
    Form("mp2", "mp2", "MP2", 44100, 1, None, *MP2),
    Form("mp3", "libmp3lame", "MP3", channels=2),
    Form("mp3", "libmp3lame", "MP3", 22050, packet=576),
    Form("avi", "libmp3lame", "AVI, MP3", 44100, 1, None, MP3[0], 2 * MP3[1], video="mpeg4"),
    Form("flv", "libmp3lame", "FLV, MP3", 44100, 1, None, MP3[0], 2 * MP3[1]),
    Form("mpg", "mp2", "MPEG, MP2", 44100, 1, None, *MP2, container="mpeg", video="mpeg1video"),
    Form("ts", "aac", "MPEG-TS, AAC", 48000, 1, None, *AAC, container="mpegts"),
    Form("caf", "alac", "CAF, Apple Lossless", error=BITS_16, form="s16p"),
    Form("wav", "adpcm_ms", "WAV, MS ADPCM", 22050, packet=1024),
    Form("wav", "adpcm_ima_wav", "WAV, IMA ADPCM", 22050, packet=1024),
    Form("wav", "libmp3lame", "WAV, MP3", 44100, 1, None, MP3[0], 2 * MP3[1]),
    Form("wav", "pcm_f64le", "WAV, 64 bit float", error=0),
    Form("amb", "pcm_u8", "WAV, Unsigned 8 bit PCM", 22050, error=BITS_8, container="wav"),
    Form("w64", "pcm_s16le", "W64, Signed 16 bit PCM", packet=4),  # whose length counts what fills it up to 8 bytes
    Form("au", "pcm_s16be", "AU, Signed 16 bit PCM", 8000, error=BITS_16),
    Form("voc", "pcm_s16le", "VOC, 16 bit PCM", 22050, error=BITS_16),
    Form("aiff", "pcm_s16be", "AIFF, Signed 16 bit PCM", channels=2, error=BITS_16),
    Form("flac", "flac", "FLAC, Signed 24 bit PCM", 96000, 2, BITS_24, form="s32"),
]


def written(form, sound, folder):
    """The file of a form: encoded here, but for AMR, which PyAV's wheels no longer encode from 19 on."""
    if form.codec == "libopencore_amrnb":
        return DATA / f"chirp.{form.ending}"
    path = folder / f"take.{form.ending}"
    return encode(path, form.codec, sound, form.rate, form.form, form.container, form.video)


def read(path, start=0.0):
    """(Recording, its samples from a second on, shape (samples, channels))."""
    with Recording(path) as recording:
        recording.seek(start)
        return recording, np.concatenate([np.zeros((0, recording.channels), np.float32), *recording.frames()])


def shift(there, sound):
    """By how many samples `there` lies behind `sound`."""
    return int(np.argmax(correlate(there, sound))) - len(sound) + 1


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_file_of_any_format_is_read_as_it_sounds(tmp_path, form, capfd):
    sound = chirp(SECONDS, form.rate, form.channels)
    path = written(form, sound, tmp_path)
    recording, there = read(path)
    assert path.suffix in SUFFIXES
    assert (recording.format, recording.channels, recording.notes) == (form.shown, form.channels, [])
    decoded = 48000 if form.codec == "libopus" else form.rate  # Opus knows no other
    assert recording.sample_rate == decoded
    if decoded != form.rate:
        sound = chirp(SECONDS, decoded, form.channels)
    if form.error is None:
        assert abs(len(there) - len(sound)) <= abs(form.delay) + form.packet
        assert shift(there[:, 0], sound[:, 0]) == form.delay
        both = there[max(0, form.delay) :], sound[max(0, -form.delay) :]
        there, sound = (one[: min(map(len, both))] for one in both)
        # What AMR loses is heard: it is made for speech.
        assert np.corrcoef(there[:, 0], sound[:, 0])[0, 1] > (0.93 if "AMR" in form.shown else 0.99)
        level = np.sqrt(np.mean(there**2) / np.mean(sound**2))
        assert abs(20 * np.log10(level)) < (1.5 if "AMR" in form.shown else 0.5)
    else:
        assert len(there) == len(sound) and np.abs(there - sound).max() <= form.error
    assert recording.seconds == pytest.approx(SECONDS, abs=(abs(form.delay) + form.packet) / form.rate + 0.03)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_place_in_any_format_is_found_to_the_sample(tmp_path, form, monkeypatch):
    """Looked up where the format allows it, also in a sound as short as this one."""
    sound = chirp(SECONDS, form.rate, form.channels)
    path = written(form, sound, tmp_path)
    _, whole = read(path)
    monkeypatch.setattr(ffmpeg, "LOOK_UP_SECONDS", 0.6)
    for start in (1.2345, 2.2, SECONDS + 1):
        recording, there = read(path, start)
        wanted = whole[round(start * recording.sample_rate) :]
        assert len(there) == len(wanted)
        # AAC plays noise by chance, and Opus forgets only by and by. One sample beside, the tone of 860 Hz and more
        # would differ by 0.02 at 96 kHz, and by more at other rates.
        assert np.abs(there - wanted).max(initial=0) < 0.005


def test_a_place_in_a_long_ogg_is_found_to_the_sample(tmp_path, write_sound, noise):
    path = write_sound(tmp_path / "long.ogg", noise(45))
    _, whole = read(path)
    _, there = read(path, 31.234)
    assert len(whole) == 45 * 16000 and np.array_equal(there, whole[round(31.234 * 16000) :])


@pytest.mark.parametrize("seconds", [0.003, 0.03, 0.2, 2, 12])
def test_an_ogg_of_any_length_is_as_long_as_it_was(tmp_path, write_sound, seconds):
    """All of a short one lies in one page."""
    sound = chirp(seconds, 44100)
    _, there = read(write_sound(tmp_path / "take.ogg", sound, 44100))
    assert len(there) == len(sound)
    assert np.abs(there - sound).mean() < 0.05 * np.abs(sound).mean()


@pytest.mark.parametrize(("name", "shown", "rate", "least"), [
    ("speex.spx", "OGG, Speex", 16000, 0.9), ("gsm.wav", "WAV, GSM", 8000, 0.9),
])  # fmt: skip
def test_formats_that_nothing_here_writes_are_read_too(name, shown, rate, least):
    recording, there = read(DATA / name)
    sound = chirp(1.0, rate)
    assert (recording.format, recording.sample_rate, len(there)) == (shown, rate, rate)
    behind = shift(there[:, 0], sound[:, 0])
    assert 0 <= behind <= 320  # a packet
    assert np.corrcoef(there[behind:, 0], sound[: len(sound) - behind, 0])[0, 1] > least


def test_of_several_sound_tracks_one_is_read_and_the_others_are_said(tmp_path):
    sound = chirp(1.0, 44100)
    recording, there = read(encode(tmp_path / "take.mp4", "aac", sound, 44100, tracks=2))
    assert recording.tracks == 2 and len(there) == len(sound)


def test_a_film_without_sound_says_so(tmp_path):
    path = tmp_path / "film.mp4"
    encode(path, "aac", chirp(0.2, 44100), 44100, video="libx264", tracks=0)
    with pytest.raises(Exception, match="there is no sound track in it"):
        read(path)


def test_a_ten_hour_recording_needs_no_more_memory_than_a_short_one(tmp_path):
    """However long it is, blocks of ten seconds are what has to be held."""
    path = encode(tmp_path / "take.m4a", "aac", chirp(35.0, 8000), 8000)
    with Recording(path) as recording:
        lengths = [len(block) for block in recording.frames()]
    assert lengths == [80000, 80000, 80000, 40000]
