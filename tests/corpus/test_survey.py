"""Every file of a folder, and why it cannot be used if it cannot."""

import json
import os
import sys
from shutil import rmtree

import numpy as np
import pytest
import soxr
from encoded import chirp, encode

from prism_lessons.corpus import survey
from prism_lessons.corpus.folder import SILENT_PEAK
from prism_lessons.errors import CourseError
from prism_lessons.live import LINE
from prism_lessons.quantisation import Quantisation


@pytest.fixture
def mixed_folder(tmp_path, write_noise, write_sound):
    """Good recordings among everything that a composer's folder may hold; and {name: reason} of the bad ones."""
    folder = tmp_path / "recordings"
    write_noise(folder / "good.wav", 4, seed=1)
    write_noise(folder / "take two (ä) 🎻.FLAC", 4, seed=2, sample_rate=44100)
    write_noise(folder / "day 2" / "x.wav" / "deep.ogg", 4, seed=3)
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("no sound")
    (folder / "notes.txt").write_text("mind the gap")
    (folder / ".DS_Store").write_bytes(b"\0\0")
    (folder / ".git").mkdir()
    write_noise(folder / ".git" / "hidden.wav", 4, seed=4)
    (folder / "phone.m4a").write_bytes(b"\0\0")
    os.mkfifo(folder / "pipe.wav")
    (folder / "gone.wav").symlink_to(folder / "nowhere")
    (folder / "more").symlink_to(tmp_path)
    write_sound(folder / "nothing.wav", np.zeros(0))
    write_sound(folder / "silent.wav", np.zeros(16000))
    write_sound(folder / "click.wav", np.full(100, 0.5))
    return folder, {
        "empty.wav": "the file is empty (0 bytes); if it lies in a cloud, download it first",
        "text.wav": "its format is not known here whatever its name says, or it is damaged: open it where it was made "
        "and export it as WAV or FLAC",
        "notes.txt": "not a sound file by its name",
        ".DS_Store": "a hidden file of the system",
        ".git/hidden.wav": "in a hidden folder of the system",
        "phone.m4a": "it holds nothing but zeros: it was not copied or downloaded whole, so get it again",
        "pipe.wav": "the file cannot be read (it is not a file)",
        "gone.wav": "the file is no longer there",
        "more": "a link to a folder, which is not followed: copy the folder here",
        "nothing.wav": "there is no sound in it (0 samples)",
        "silent.wav": "nothing but silence (its peak is -120 dBFS)",
        "click.wav": "too short (6.2 ms)",
    }


def test_every_file_is_named_with_its_reason_or_its_figures(mixed_folder):
    folder, reasons = mixed_folder
    found = survey(folder)
    assert {file.name: file.reason for file in found.files if not file.usable} == reasons
    assert [file.name for file in found.usable] == ["day 2/x.wav/deep.ogg", "good.wav", "take two (ä) 🎻.FLAC"]
    assert found.seconds == 12.0
    text = " ".join(str(found).split())
    assert all(f"{name}: cannot be used: {reason}" in text for name, reason in reasons.items())
    assert "3 of 15 files can be used, 0.2 minutes of sound." in text


def test_many_short_files_are_surveyed_in_several_processes_with_the_same_outcome(mixed_folder, monkeypatch):
    folder, _ = mixed_folder
    alone = survey(folder)
    rmtree(os.environ["XDG_CACHE_HOME"])  # what it remembers
    monkeypatch.setattr(sys.modules["prism_lessons.corpus.survey"], "MANY", 1)
    monkeypatch.delattr(sys.modules["prism_lessons.corpus.survey"], "_in_threads")
    assert survey(folder) == alone


def test_figures_are_those_of_the_sound(tmp_path, write_sound):
    sine = np.sin(2 * np.pi * 441 * np.arange(44100) / 44100)
    write_sound(tmp_path / "take.wav", np.stack([sine, np.zeros(44100)], 1), 44100, "FLOAT")
    (file,) = survey(tmp_path).files
    assert (file.format, file.sample_rate, file.channels, file.seconds) == ("WAV, 32 bit float", 44100, 2, 1.0)
    # The mono sum of a full-scale sine and silence is 6.02 dB below full scale, its RMS 3.01 below that.
    assert (file.peak_dbfs, file.rms_dbfs, file.silence) == (-6.02, -9.03, 0.0)


def test_what_went_wrong_while_reading_is_found(tmp_path, write_sound, noise):
    samples = noise(1)
    samples[7] = np.nan
    write_sound(tmp_path / "take.wav", samples, subtype="FLOAT")
    found = survey(tmp_path)
    assert found.files[0].usable
    assert [finding.kind for finding in found.files[0].findings] == ["not_finite"]
    assert "severe samples that are no numbers: 1 sample" in str(found)


def test_no_line_of_a_survey_is_too_long_for_a_notebook(tmp_path, write_noise):
    long_name = "a recording made in the old swimming hall by the river, second take, " * 2 + ".wav"
    for name in (long_name, "short.wav"):
        write_noise(tmp_path / name, 1)
    (tmp_path / "half.wav").write_bytes((tmp_path / "short.wav").read_bytes()[:2000])
    (tmp_path / "none.wav").write_text("no sound")
    lines = str(survey(tmp_path)).splitlines()
    assert long_name in lines and all(len(line) <= LINE for line in lines if line != long_name)
    figures = [line.index(" 16000 ") for line in lines if " 16000 " in line]
    assert len(figures) == 3 and len(set(figures)) == 1, "figures stand below each other"


def test_a_survey_is_plain_json(mixed_folder):
    found = survey(mixed_folder[0])
    value = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert len(value["files"]) == 15 and value["seconds"] == 12.0
    assert value["files"][0].keys() >= {"name", "reason", "sample_rate", "channels", "seconds", "peak_dbfs"}


def test_a_survey_changes_nothing(mixed_folder):
    folder, _ = mixed_folder

    def state():
        return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in sorted(folder.rglob("*"))}

    before = state()
    survey(folder)
    assert state() == before


def test_one_file_can_be_surveyed(tmp_path, write_noise):
    path = write_noise(tmp_path / "take.wav", 2)
    write_noise(tmp_path / "other.wav", 2)
    assert [(file.name, file.seconds) for file in survey(path).files] == [("take.wav", 2.0)]


def test_an_empty_folder_is_said(tmp_path):
    (tmp_path / "sub").mkdir()
    with pytest.raises(CourseError, match="is empty: put your recordings into it"):
        survey(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CourseError, match="There is no folder or sound file"):
        survey(tmp_path / "nowhere")


def test_a_folder_without_sound_has_no_usable_file(tmp_path):
    (tmp_path / "notes.txt").write_text("later")
    found = survey(tmp_path)
    assert (found.usable, found.seconds) == ([], 0)
    assert "0 of 1 files can be used" in str(found)


def test_a_folder_that_may_not_be_read_is_not_passed_over(public_folder, as_guest, write_noise):
    write_noise(public_folder / "open.wav", 1)
    write_noise(public_folder / "closed" / "inside.wav", 1)
    write_noise(public_folder / "locked.wav", 1).chmod(0)
    (public_folder / "closed").chmod(0)
    with as_guest():
        found = survey(public_folder)
    assert {file.name: file.reason for file in found.files} == {
        "open.wav": "",
        "closed": "a folder that cannot be read: you lack permission",
        "locked.wav": "the file may not be read: you lack the permission",
    }
    public_folder.chmod(0o311)
    with as_guest(), pytest.raises(CourseError, match="cannot be read: you lack permission"):
        survey(public_folder)
    public_folder.chmod(0o755)
    (public_folder / "closed").chmod(0o755)


def test_a_file_that_vanishes_meanwhile_is_listed(tmp_path, write_noise, monkeypatch):
    paths = [write_noise(tmp_path / f"{name}.wav", 1, seed=ord(name)) for name in "abc"]
    module = sys.modules["prism_lessons.corpus.survey"]  # as an attribute of the package, it is the verb
    listed = module.list_files

    def list_then_lose(*arguments, **options):
        files = listed(*arguments, **options)
        paths[1].unlink()
        return files

    monkeypatch.setattr(module, "list_files", list_then_lose)
    found = survey(tmp_path)
    assert [(file.name, file.reason) for file in found.files] == [
        ("a.wav", ""),
        ("b.wav", "the file is no longer there"),
        ("c.wav", ""),
    ]


def test_names_that_are_no_text_can_be_shown(tmp_path, write_noise):
    write_noise(tmp_path / os.fsdecode(b"caf\xe9\n.wav"), 1)
    found = survey(tmp_path)
    assert found.files[0].usable and found.files[0].name == "caf��.wav"
    str(found).encode()  # UTF-8 can hold it


def test_the_softest_sound_that_is_no_silence_leaves_the_code_of_silence(tmp_path, write_sound):
    codes = Quantisation("mu-law", 256)
    for factor, usable in ((0.99, False), (1.01, True)):
        samples = np.full(16000, factor * SILENT_PEAK)
        write_sound(tmp_path / "take.wav", samples, subtype="FLOAT")
        assert bool(np.any(codes.encode(samples) != codes.centre)) == survey(tmp_path).files[0].usable == usable


@pytest.mark.parametrize(("rate", "kinds"), [(16_000, []), (22_050, []), (44_100, ["bandwidth"])])
def test_what_a_corpus_cannot_hold_is_not_missing_from_a_file(tmp_path, write_sound, rate, kinds):
    """Strokes of noise that reach 11 kHz, in a file of 44.1 kHz: the survey is of the corpus that is wanted."""
    full = np.random.default_rng(0).standard_normal(2 * 44_100) * np.exp(-12 * (np.arange(2 * 44_100) / 44_100 % 0.5))
    write_sound(tmp_path / "a.wav", soxr.resample(soxr.resample(0.2 * full, 44_100, 22_050), 22_050, 44_100), 44_100)
    for _ in range(2):  # looked at, and remembered
        (file,) = survey(tmp_path, sample_rate=rate).files
        assert [finding.kind for finding in file.findings] == kinds


def test_a_file_below_the_rate_of_the_corpus_is_told_for_that_corpus_alone(tmp_path, write_noise):
    write_noise(tmp_path / "a.wav", 1, sample_rate=22_050)
    assert survey(tmp_path, sample_rate=16_000).counts == {}
    assert survey(tmp_path, sample_rate=44_100).counts == {"low sample rate": 1}


def test_a_sample_rate_that_no_corpus_has_is_refused(tmp_path, write_noise):
    write_noise(tmp_path / "a.wav", 1)
    with pytest.raises(CourseError, match="A sample rate of 16 cannot be used"):
        survey(tmp_path, sample_rate=16)


OTHERS = {
    ".take 9.wav.icloud": '"take 9.wav" is still in iCloud: download it in the Finder, then do the same again',
    "._take.wav": 'data that a Mac keeps beside "take.wav" on other disks; it holds no sound',
    "minutes.gdoc": "a link to a document in Google Drive; it holds no sound",
    "take.wav.crdownload": "a download that was not finished: let it finish, or download it again",
    "take.mp3.part": "a download that was not finished: let it finish, or download it again",
    "Piece.aup3": "a project of Audacity: open it there and export its sound as WAV",
    "Piece.als": "a project of Ableton Live: open it there and export its sound as WAV",
    "Piece.MID": "notes without sound: have an instrument play them, and record that",
    "take.raw": "raw samples without a format: import them in an audio editor (as raw data) and export them as WAV",
    "bought.m4p": "protected against copying, so that only its seller's programs can play it",
    "takes.zip": "an archive: unpack it here",
    "take.wav.asd": "a picture that a program drew of a sound; it holds no sound itself",
    "take.wav.lnk": "a shortcut to something that lies elsewhere: copy the file itself here",
    "memo.ds2": "a dictation in a format that only its maker's program reads: export it from there as WAV",
    "take 7": 'not a sound file by its name: if it is one, give it an ending such as ".wav"',
    "notes.txt": "not a sound file by its name",
}


def test_what_lies_among_recordings_is_named_as_what_it_is(tmp_path, write_noise):
    write_noise(tmp_path / "take.wav", 1)
    for name in OTHERS:
        (tmp_path / name).write_bytes(b"\1\2")
    found = survey(tmp_path)
    assert {file.name: file.reason for file in found.files if not file.usable} == OTHERS
    assert [file.name for file in found.usable] == ["take.wav"]


def test_a_file_that_holds_something_else_than_its_name_says_is_read_as_what_it_is(tmp_path, write_noise):
    write_noise(tmp_path / "sound.flac", 1).rename(tmp_path / "a.wav")
    write_noise(tmp_path / "sound.ogg", 1).rename(tmp_path / "b.mp3")
    write_noise(tmp_path / "sound.mp3", 1).rename(tmp_path / "c.m4a")
    assert [file.format for file in survey(tmp_path).usable] == ["FLAC, Signed 16 bit PCM", "OGG, Vorbis", "MP3"]


def test_the_sound_of_a_film_is_read_and_one_of_several_tracks_is_said(tmp_path):
    encode(tmp_path / "film.mov", "aac", chirp(1.0, 48000), 48000, video="libx264", tracks=2)
    (file,) = survey(tmp_path).files
    assert (file.format, file.seconds) == ("MOV, AAC", 1.0)
    assert [finding.measured for finding in file.findings if finding.kind == "tracks"] == ["1 of 2 is read"]
