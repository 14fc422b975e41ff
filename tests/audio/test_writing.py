"""What is written block by block, for a DAW, comes back as it was."""

import os

import numpy as np
import pytest
import soundfile

from prism_lessons import audio
from prism_lessons.audio import Clip
from prism_lessons.errors import CourseError


@pytest.mark.parametrize(("suffix", "bits", "half"), [
    (".wav", 16, 0.5 / 2**15), (".wav", 24, 0.5 / 2**23), (".wav", "float", 0), (".flac", 16, 0.5 / 2**15),
    (".flac", 24, 0.5 / 2**23),
])  # fmt: skip
def test_what_is_written_in_blocks_comes_back_within_half_a_step(tmp_path, noise, suffix, bits, half):
    path, samples = tmp_path / f"take{suffix}", noise(1.2345)
    tags = {"title": "Übergänge 🎻", "date": "2026-08-01", "software": "a course", "comment": '{"seed": 7}'}
    with audio.sound_writer(path, 22050, suffix, bits, tags) as file:
        for start in range(0, len(samples), 777):
            file.write(audio.to_sample_format(samples[start : start + 777], bits))
    sound, rate = soundfile.read(path, dtype="float64")
    assert rate == 22050 and len(sound) == len(samples)
    assert np.abs(sound - samples).max() <= half
    with soundfile.SoundFile(path) as file:
        assert file.subtype == audio.SUBTYPES[bits]
        assert (file.title, file.date, file.comment) == (tags["title"], tags["date"], tags["comment"])
        assert file.software.startswith("a course")


def test_full_scale_is_the_end_of_every_format():
    beyond = np.array([-9, -1, 0, 1, 9], np.float32)
    assert audio.to_sample_format(beyond, 16).tolist() == [-(2**15), -(2**15), 0, 2**15 - 1, 2**15 - 1]
    assert audio.to_sample_format(beyond, 24).tolist() == [
        256 * value for value in (-(2**23), -(2**23), 0, 2**23 - 1, 2**23 - 1)
    ]
    assert audio.to_sample_format(beyond, "float").tolist() == beyond.tolist()
    assert [audio.to_sample_format(beyond, bits).dtype for bits in (16, 24, "float")] == [
        np.int16,
        np.int32,
        np.float32,
    ]
    # The nearest step, and not the next one below.
    assert audio.to_sample_format(np.float32([0.6, -0.6]) / 2**23, 24).tolist() == [256, -256]


def test_what_the_writer_meets_is_not_taken_for_a_full_disk(tmp_path):
    with pytest.raises(ZeroDivisionError), audio.sound_writer(tmp_path / "take.wav", 16000, ".wav") as file:
        file.write(audio.to_sample_format(np.zeros(10, np.float32), 16))
        1 / 0  # noqa: B018
    with pytest.raises(OSError), audio.sound_writer(tmp_path / "gone" / "take.wav", 16000, ".wav"):
        pass


@pytest.mark.parametrize(("bits", "count"), [(16, 5), (24, 5), (24, 6), ("float", 5)])
def test_markers_lie_behind_the_sound_in_chunks_that_fit(tmp_path, bits, count):
    path = tmp_path / "take.wav"
    with audio.sound_writer(path, 16000, ".wav", bits, {"title": "a"}) as file:
        file.write(audio.to_sample_format(np.full(count, 0.25, np.float32), bits))
    before = path.read_bytes()
    audio.write_markers(path, [(0, "ab"), (4, "Ende ö")])
    written = path.read_bytes()
    assert written[8 : len(before)] == before[8:] and len(written) % 2 == 0
    assert int.from_bytes(written[4:8], "little") == len(written) - 8
    added = written[len(before) + len(before) % 2 :]
    labels = b"labl\x07\0\0\0\x01\0\0\0ab\0\0" + b"labl\x0c\0\0\0\x02\0\0\0Ende \xc3\xb6\0"
    cue = b"\x02\0\0\0" + b"".join(
        bytes([number, 0, 0, 0, place, 0, 0, 0]) + b"data" + bytes(8) + bytes([place, 0, 0, 0])
        for number, place in ((1, 0), (2, 4))
    )
    assert added == b"cue \x34\0\0\0" + cue + b"LIST" + bytes([len(labels) + 4, 0, 0, 0]) + b"adtl" + labels
    assert soundfile.read(path)[0].tolist() == [0.25] * count


def test_markers_come_at_an_even_place_where_a_writer_left_an_odd_end(tmp_path, write_sound):
    path = write_sound(tmp_path / "take.wav", np.full(5, 0.25), subtype="PCM_U8")
    os.truncate(path, 44 + 5)  # not every writer fills its sound up
    audio.write_markers(path, [(1, "a")])
    assert path.read_bytes()[44 + 5 :].startswith(b"\0cue ")
    assert soundfile.read(path)[0].tolist() == [0.25] * 5


def test_a_folder_that_may_not_be_written_is_said(public_folder, as_guest):
    public_folder.chmod(0o555)
    with as_guest(), pytest.raises(CourseError, match="could not be written"):
        Clip(np.zeros(10, np.float32), 16000).save(public_folder / "take.wav")


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_file_without_sound_is_no_refusal(suffix, tmp_path):
    """A recording may hold nothing; whoever writes it finds that out at the end."""
    with audio.sound_writer(tmp_path / f"nothing{suffix}", 16000, suffix) as file:
        assert file.frames == 0
