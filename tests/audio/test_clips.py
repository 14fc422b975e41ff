"""Clips come back as they were saved, to 16 bits, under names for any file system."""

import os
import shutil

import numpy as np
import pytest
import soundfile

from prism_lessons import audio
from prism_lessons.audio import Clip, load
from prism_lessons.errors import CourseError
from prism_lessons.files import atomic_write


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
def test_a_saved_clip_comes_back_to_16_bits_and_to_the_sample(tmp_path, noise, suffix):
    clip = Clip(noise(1.2345), 22050)
    path = clip.save(tmp_path / f"take{suffix}")
    assert soundfile.info(path).subtype == "PCM_16"
    back = load(path)
    assert (back.sample_rate, len(back.samples)) == (22050, len(clip.samples))
    np.testing.assert_allclose(back.samples, clip.samples, rtol=0, atol=0.5 / 32768)  # half a step
    assert Clip(back.samples, 22050).save(tmp_path / f"again{suffix}").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_saved_clip_has_no_offset(tmp_path, noise, suffix):
    """Rounding down, as libsndfile does for WAV, would shift every sample by half a step on average."""
    samples = noise(10)
    back = load(Clip(samples, 16000).save(tmp_path / f"take{suffix}")).samples
    # The error is spread evenly over one step, so its mean over n samples has a deviation of step / sqrt(12 n).
    step, deviation = 1 / 32768, 1 / 32768 / np.sqrt(12 * len(samples))
    assert abs(np.mean(back - samples.astype(np.float64))) < 6 * deviation < 0.5 * step


def test_beyond_full_scale_is_saved_as_full_scale(tmp_path):
    path = Clip(np.array([-2, -1, 0, 1, 2], np.float32), 16000).save(tmp_path / "take.wav")
    assert soundfile.read(path, dtype="int16")[0].tolist() == [-32768, -32768, 0, 32767, 32767]


def test_an_empty_clip_can_be_saved(tmp_path):
    assert len(load(Clip(np.zeros(0, np.float32), 16000).save(tmp_path / "take.wav")).samples) == 0


@pytest.mark.parametrize("name", ["take.txt", "take", "take.mp3", "wav"])
def test_a_clip_is_saved_as_wav_or_flac_only(tmp_path, name):
    with pytest.raises(CourseError, match=r"should end in \.wav or \.flac"):
        Clip(np.zeros(10, np.float32), 16000).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_full_disk_leaves_the_take_that_was_there(small_disk, noise, suffix):
    with small_disk() as folder:
        path = Clip(noise(1), 16000).save(folder / f"take{suffix}")
        before = path.read_bytes()
        with pytest.raises(CourseError, match="disk is full"):
            Clip(noise(60), 16000).save(path)
        assert os.listdir(folder) == [path.name]
        assert path.read_bytes() == before


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("bits", [16, 24])
def test_a_disk_that_is_full_at_the_last_moment_leaves_no_half_file(small_disk, noise, suffix, bits):
    """The last of a FLAC is written when it is closed, without a word where that fails."""
    seconds, said = 16 / bits * 0.62, 0  # about 20,000 bytes, or 17,000
    for room in range(2**13, 2**15, 2**11):  # from a disk on which it does not fit to one on which it does
        with small_disk(2**18, room) as folder:
            if os.path.ismount(folder):
                (folder / "other").write_bytes(bytes(2**18 - room))
            path = folder / f"take{suffix}"
            try:
                with atomic_write(path) as partial, audio.sound_writer(partial, 16000, suffix, bits) as file:
                    file.write(audio.to_sample_format(noise(seconds), bits))
                assert soundfile.info(path).frames == round(seconds * 16000)
            except CourseError as error:
                said += 1
                assert "disk is full" in str(error) and set(os.listdir(folder)) <= {"other"}
        shutil.rmtree(folder)
    assert 2 < said < 10


@pytest.mark.parametrize("text", ["a/b\\c:d*?", "Übergänge ö", "🎻", "", "...", "x" * 300, "🎻" * 300, "日本" * 200])
def test_a_plain_name_is_one_for_any_file_system(tmp_path, text):
    name = audio.safe_file_name(text)
    (tmp_path / f"0001_{name}_validation.flac").touch()
    assert name and not set(name) & set('/\\:*?"<>|. ')


def test_a_plain_name_still_reads_like_the_name():
    assert audio.safe_file_name("Übergänge (take 2)") == "Übergänge_take_2"
