"""Any sound file a composer has: read as it sounds, or refused with its reason."""

import os
import threading

import numpy as np
import pytest
import soxr

from prism_lessons import audio
from prism_lessons.audio import AudioError, Recording, load, measure_levels
from prism_lessons.errors import CourseError

# File ending, libsndfile's subtype, and the largest error that its samples may have.
FORMATS = {
    "8-bit WAV": (".wav", "PCM_U8", 2**-7),  # a whole step: libsndfile may cut off instead of rounding
    "16-bit WAV": (".wav", "PCM_16", 2**-15),
    "24-bit WAV": (".wav", "PCM_24", 2**-23),
    "32-bit WAV": (".wav", "PCM_32", 2**-24),  # what float32 leaves of it, near 1
    "float WAV": (".wav", "FLOAT", 0),
    "double WAV": (".wav", "DOUBLE", 0),
    "FLAC": (".flac", "PCM_16", 2**-15),
    "24-bit FLAC": (".flac", "PCM_24", 2**-23),
    "AIFF": (".aiff", "PCM_16", 2**-15),
    "OGG": (".ogg", "VORBIS", None),
    "MP3": (".mp3", "MPEG_LAYER_III", None),
}
LOSSLESS = [name for name, (_, _, error) in FORMATS.items() if error is not None]


def sine(seconds, frequency, sample_rate, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sample_rate)) / sample_rate)).astype(
        np.float32
    )


def strongest_frequency(clip):
    """Frequency, Hz, of the highest peak of a clip's spectrum, between the bins of its FFT (parabola, Smith 2011)."""
    spectrum = np.log(np.abs(np.fft.rfft(clip.samples * np.hanning(len(clip.samples)))) + 1e-12)
    k = int(np.argmax(spectrum[1:-1])) + 1
    below, peak, above = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (below - above) / (below - 2 * peak + above)) * clip.sample_rate / len(clip.samples)


@pytest.mark.parametrize("form", LOSSLESS)
def test_every_lossless_format_is_read_to_its_last_bit(tmp_path, write_sound, noise, form):
    suffix, subtype, error = FORMATS[form]
    samples = noise(1.5)
    clip = load(write_sound(tmp_path / f"take{suffix}", samples, subtype=subtype))
    assert (clip.sample_rate, clip.name, clip.samples.dtype) == (16000, "take", np.float32)
    np.testing.assert_allclose(clip.samples, samples, rtol=0, atol=error)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_keeps_length_and_pitch(tmp_path, write_sound, form):
    suffix, subtype, _ = FORMATS[form]
    path = write_sound(tmp_path / f"take{suffix}", sine(2, 440, 44100), 44100, subtype)
    clip = load(path, 16000)
    # An MP3's frame is 1152 samples, and an encoder may pad its beginning and its end with one.
    assert clip.seconds == pytest.approx(2, abs=2 * 1152 / 44100 if form == "MP3" else 1 / 16000)
    assert strongest_frequency(clip) == pytest.approx(440, abs=0.5)  # one bin of a 2 s FFT


@pytest.mark.parametrize(("rate", "target"), [(8000, 16000), (192000, 16000), (11025, 44100), (44100, 2000)])
def test_resampling_keeps_length_and_pitch(tmp_path, write_sound, rate, target):
    path = write_sound(tmp_path / "take.wav", sine(3.7, 440, rate), rate)
    clip = load(path, target)
    assert clip.sample_rate == target
    assert clip.seconds == pytest.approx(round(3.7 * rate) / rate, abs=1 / target)
    assert strongest_frequency(clip) == pytest.approx(440, abs=1 / 3.7)  # one bin
    assert clip.levels.rms_dbfs == pytest.approx(-9.03, abs=0.1)  # half of full scale is -6.02, a sine's RMS 3.01 below


def test_resampling_folds_nothing_back(tmp_path, write_sound):
    """12 kHz lies above what 16 kHz can hold; done badly, it would be heard at 4 kHz."""
    path = write_sound(tmp_path / "take.wav", sine(1, 12000, 48000), 48000, "FLOAT")
    clip = load(path, 16000)
    middle = measure_levels(clip.samples[1600:-1600], 16000)  # its beginning and end are clicks of their own
    assert middle.peak_dbfs < -6.02 - 96  # "high quality" in soxr is for 16 bits


def test_channels_are_averaged(tmp_path, write_sound):
    channels = np.arange(1, 7) / 8 * np.ones((1000, 6))  # eighths: exact as floats, and so is their mean, 21 / 48
    recording = Recording(write_sound(tmp_path / "5.1.wav", channels, 48000, "FLOAT"))
    assert recording.channels == 6
    np.testing.assert_allclose(np.concatenate(list(recording.blocks())), 21 / 48, rtol=1e-6)


@pytest.mark.parametrize("target", [None, 16000, 48000])
def test_a_file_of_many_blocks_is_read_as_if_it_were_one(tmp_path, write_sound, noise, target):
    samples = noise(34.56, sample_rate=22050)
    with Recording(write_sound(tmp_path / "long.wav", samples, 22050, "FLOAT")) as recording:
        blocks = list(recording.blocks(target))
    assert len(blocks) >= 4
    whole = soxr.resample(samples, 22050, target) if target else samples
    joined = np.concatenate(blocks)
    assert len(joined) == len(whole)
    np.testing.assert_allclose(joined, whole, atol=1e-6)  # some roundings of samples below 0.6


def test_no_block_is_longer_than_some_seconds(tmp_path, write_sound):
    """However long the recording, this is what has to be in memory at once: so a ten-hour one can be read."""
    path = write_sound(tmp_path / "long.wav", np.zeros((10 * 60 * 4000, 2)), 4000)
    with Recording(path) as recording:
        lengths = [len(block) for block in recording.blocks(8000)]
    assert sum(lengths) == 10 * 60 * 8000
    # The resampler holds a fraction of a second back and gives it with the next block.
    assert max(lengths) <= (audio.BLOCK_SECONDS + 1) * 8000


@pytest.mark.parametrize("target", [None, 16000])
def test_a_file_of_exactly_one_block_loses_nothing(tmp_path, write_noise, target):
    path = write_noise(tmp_path / "take.wav", audio.BLOCK_SECONDS, sample_rate=8000)
    assert load(path, target).seconds == audio.BLOCK_SECONDS


def test_a_single_sample_is_a_sound(tmp_path, write_sound):
    path = write_sound(tmp_path / "click.wav", [0.5])
    assert load(path).samples.tolist() == [0.5]
    assert len(load(path, 48000).samples) == 3


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3", ".wav", ".aiff"])
@pytest.mark.parametrize("seconds", [8, 24])  # within the first block, and beyond it
def test_a_file_cut_short_yields_its_beginning(tmp_path, write_noise, suffix, seconds):
    path = write_noise(tmp_path / f"take{suffix}", seconds)
    whole = load(path).samples
    size = path.stat().st_size
    os.truncate(path, round(0.6 * size))
    with Recording(path) as recording:
        samples = np.concatenate(list(recording.blocks()))
    # Noise takes as many bytes in every second, but for headers and the frame or page that is cut in two and cannot be
    # decoded: in an OGG 3.4 and 4.3 KB, about as much in a FLAC, less in the others.
    assert (0.6 - 8192 / size) * seconds < len(samples) / 16000 <= 0.6 * seconds + 0.1
    np.testing.assert_array_equal(samples[:-2000], whole[: len(samples) - 2000])
    if suffix in (".flac", ".mp3"):  # the others' headers are corrected by libsndfile, which knows the file's length
        assert recording.truncated
    if suffix == ".flac":
        assert recording.notes == [
            f"breaks off after {len(samples) / 16000:.1f} s of {seconds:.1f} s; what there is was used"
        ]


def test_a_flac_whose_frames_are_of_many_sizes_keeps_every_whole_one_when_cut_short(tmp_path, write_sound):
    time = np.arange(3 * 44100) / 44100
    plucked = sum(np.exp(-n * time) * np.sin(2 * np.pi * 196 * n * time) / n for n in range(1, 9))
    path = write_sound(tmp_path / "guitar.flac", 0.2 * np.stack([plucked, np.roll(plucked, 300)], axis=1), 44100)
    whole = load(path).samples
    os.truncate(path, round(0.6 * path.stat().st_size))
    with Recording(path) as recording:
        samples = np.concatenate(list(recording.blocks()))
    assert recording.truncated and "breaks off after" in recording.notes[0]
    assert 0 < len(samples) < len(whole)
    np.testing.assert_array_equal(samples, whole[: len(samples)])


def test_samples_that_are_no_numbers_are_read_as_silence_and_counted(tmp_path, write_sound):
    samples = np.full((100, 2), 0.5, np.float32)
    samples[3, 0], samples[4, 1], samples[5], samples[6, 0] = np.nan, np.inf, -np.inf, 1e30
    with Recording(write_sound(tmp_path / "take.wav", samples, subtype="FLOAT")) as recording:
        read = np.concatenate(list(recording.blocks()))
    assert read[:8].tolist() == [0.5, 0.5, 0.5, 0.25, 0.25, 0, 0.25, 0.5]
    assert recording.not_finite == 5
    assert recording.notes == ["5 samples were no numbers (NaN or infinity) and were read as silence"]


def no_file(path):
    pass


def empty_file(path):
    path.touch()


def text(path):
    path.write_text("Dear diary, " * 100)


def folder(path):
    path.mkdir()


def pipe(path):
    os.mkfifo(path)


def header_only(path):
    path.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")


def dangling_link(path):
    path.symlink_to(path.with_name("gone"))


BAD_FILES = {
    no_file: "no longer there",
    dangling_link: "no longer there",
    empty_file: "empty .0 bytes.; if it lies in a cloud, download it first",
    text: "format is not known here",
    header_only: "format is not known here",
    folder: "cannot be read",
    pipe: "cannot be read",
}


def within(seconds, function):
    """Call `function`, which may raise, and fail if it takes longer: a pipe that nobody writes to is read for ever."""
    errors = []

    def call():
        try:
            function()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    return errors


@pytest.mark.parametrize(("make", "reason"), BAD_FILES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_what_cannot_be_read_says_why(tmp_path, make, reason):
    make(tmp_path / "take.wav")
    (error,) = within(10, lambda: Recording(tmp_path / "take.wav"))
    assert isinstance(error, AudioError)
    with pytest.raises(AudioError, match=reason):
        raise error


def test_load_names_the_file(tmp_path):
    with pytest.raises(AudioError, match=r'".*/take.wav" cannot be used: the file is no longer there\.'):
        load(tmp_path / "take.wav")


def test_a_file_that_may_not_be_read_says_so(public_folder, as_guest, write_noise):
    path = write_noise(public_folder / "take.wav", 0.1)
    path.chmod(0)
    with as_guest(), pytest.raises(AudioError, match="permission"):
        Recording(path)
    public_folder.chmod(0)
    with as_guest(), pytest.raises(AudioError):
        Recording(path)


def test_a_file_that_vanishes_while_it_is_read_is_read_to_its_end(tmp_path, write_noise):
    path = write_noise(tmp_path / "take.wav", 2)
    with Recording(path) as recording:
        path.unlink()
        assert sum(map(len, recording.blocks())) == 2 * 16000


def test_a_file_of_no_frames_has_no_samples(tmp_path, write_sound):
    for target in (None, 48000):
        assert len(load(write_sound(tmp_path / "take.wav", np.zeros((0, 2))), target).samples) == 0


@pytest.mark.parametrize("name", ["two words.wav", "Übergänge ö.flac", "🎻🔥.wav", "a'b\"c.wav", "-rf.wav", "日本.WAV"])
def test_names_may_hold_anything(tmp_path, write_sound, name):
    samples = np.full(100, 0.5)
    assert np.all(load(write_sound(tmp_path / name, samples)).samples == 0.5)


def test_names_may_even_be_no_text(tmp_path, write_sound):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")  # as a disk from another century has them
    assert len(load(write_sound(path, np.zeros(100))).samples) == 100


@pytest.mark.parametrize("rate", [1999, 192001, 0, -16000, 16000.5, True, None, "16000", float("nan"), float("inf")])
def test_a_sample_rate_that_cannot_be_used_is_refused(rate):
    with pytest.raises(CourseError, match="cannot be used: give 2000 to 192000 Hz"):
        audio.check_sample_rate(rate)


def test_a_sample_rate_may_be_written_in_several_ways():
    rates = [audio.check_sample_rate(rate) for rate in (2000, 16000.0, np.int64(44100), 192000)]
    assert rates == [2000, 16000, 44100, 192000]
    assert {type(rate) for rate in rates} == {int}
