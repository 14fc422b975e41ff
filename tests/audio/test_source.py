"""A disk that fails is no fact about a file: it is called what it is, and never taken for the end of the sound."""

import errno
import os
from pathlib import Path

import pytest
from encoded import chirp, encode

from prism_lessons.audio import AudioError, Recording, TransientError, load, reading_error, source
from prism_lessons.corpus import curate, survey
from prism_lessons.errors import CourseError

RATE = 16000
FAILED = r"disk or the network failed while the file was read \(input/output error\)"


class FailingFile:
    """A file on a disk that fails from a byte on."""

    def __init__(self, file, first_bad):
        self._file, self._first_bad = file, first_bad

    def read(self, size):
        if self._file.tell() + size > self._first_bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return self._file.read(size)

    def __getattr__(self, name):
        return getattr(self._file, name)


@pytest.fixture
def failing(monkeypatch):
    """A dictionary: files of these names fail from such a share of their bytes on."""
    bad = {}

    def opened(path, mode):
        file = open(path, mode)  # noqa: SIM115 - it is closed by who opens it
        share = bad.get(Path(path).name)
        return file if share is None else FailingFile(file, share * os.path.getsize(path))

    monkeypatch.setattr(source, "open", opened, raising=False)
    return bad


@pytest.fixture
def recordings(tmp_path, write_noise):
    """A folder with recordings of 30 s in four formats."""
    folder = tmp_path / "recordings"
    for seed, ending in enumerate(("wav", "flac", "ogg")):
        write_noise(folder / f"take {ending}.{ending}", 30, seed)
    encode(folder / "take m4a.m4a", "aac", chirp(30, RATE), RATE)
    return folder


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_an_input_output_error_is_called_what_it_is(recordings, failing, share, capfd):
    for path in recordings.iterdir():
        failing[path.name] = share
        with pytest.raises(TransientError, match=FAILED):
            load(path)
        failing.clear()
        assert load(path).seconds == pytest.approx(30, abs=0.1)
    assert capfd.readouterr().err == ""


def test_a_survey_does_not_remember_an_error_of_the_disk(recordings, failing):
    failing["take flac.flac"] = 0.5
    found = survey(recordings)
    assert found["take flac.flac"].passing and "network failed" in found["take flac.flac"].reason
    assert [file.name for file in found.usable] == ["take m4a.m4a", "take ogg.ogg", "take wav.wav"]
    failing.clear()
    assert len(survey(recordings).usable) == 4


def test_a_survey_does_not_remember_a_missing_permission(public_folder, as_guest, write_noise, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(public_folder / ".cache"))
    (public_folder / ".cache").mkdir(mode=0o777)
    (public_folder / ".cache").chmod(0o777)
    path = write_noise(public_folder / "take.wav", 1)
    path.chmod(0)
    with as_guest():
        assert survey(public_folder)["take.wav"].passing
    path.chmod(0o644)
    with as_guest():
        assert survey(public_folder)["take.wav"].usable


def test_a_recording_that_the_disk_fails_on_is_left_out_whole_and_named(recordings, failing, tmp_path):
    failing["take wav.wav"] = 0.5
    corpus = curate(recordings, tmp_path / "corpus", RATE)
    assert "take wav.wav" not in {clip.recording for clip in corpus.clips}
    (left_out,) = corpus.unused
    assert left_out["name"] == "take wav.wav" and "disk or the network failed" in left_out["reason"]
    assert "disk or the network failed" in str(corpus)
    failing.clear()
    assert curate(recordings, tmp_path / "corpus", RATE).unused == ()


def test_a_disk_that_fails_on_all_leaves_the_corpus_that_was_there(recordings, failing, tmp_path):
    before = curate(recordings, tmp_path / "corpus", RATE)
    failing.update({path.name: 0.5 for path in recordings.iterdir()})
    with pytest.raises(CourseError, match="disk or the network failed"):
        curate(recordings, tmp_path / "corpus", RATE)
    after = type(before).open(tmp_path / "corpus")
    assert [clip.digest for clip in after.clips] == [clip.digest for clip in before.clips]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has a file that fails so")
def test_what_the_system_itself_refuses_to_read_is_said(tmp_path):
    (tmp_path / "take.wav").symlink_to("/proc/self/mem")
    with pytest.raises(TransientError, match="input/output error"):
        Recording(tmp_path / "take.wav")


def test_what_passes_is_told_from_what_does_not():
    assert isinstance(reading_error(OSError(errno.ESTALE, "Stale file handle")), TransientError)
    assert isinstance(reading_error(PermissionError(errno.EACCES, "Permission denied")), TransientError)
    folder = reading_error(IsADirectoryError(errno.EISDIR, "Is a directory"))
    assert isinstance(folder, AudioError) and not isinstance(folder, TransientError)


def test_a_stretch_of_a_file_is_read_as_if_it_were_the_whole(tmp_path):
    (tmp_path / "take").write_bytes(bytes(range(100)))
    with source.ByteSource(tmp_path / "take", 10, 20) as stretch:
        assert (stretch.size, stretch.read(3), stretch.tell()) == (10, b"\n\x0b\x0c", 3)
        assert stretch.seek(-2, os.SEEK_END) == 8 and stretch.read() == b"\x12\x13" and stretch.read(5) == b""
        assert stretch.at(4, 2) == b"\x0e\x0f"
