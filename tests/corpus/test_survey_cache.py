"""A survey remembers: what has not changed is not read again, what has changed is."""

import json
import os
import sys
from pathlib import Path

import pytest

from prism_lessons.corpus import survey
from prism_lessons.corpus.survey import survey_cache


@pytest.fixture
def folder(tmp_path, write_noise):
    for seed, name in enumerate(("a.wav", "b ä 🎻.wav", "sub/c.wav")):
        write_noise(tmp_path / "recordings" / name, 1, seed)
    (tmp_path / "recordings" / "notes.txt").write_text("later")
    return tmp_path / "recordings"


@pytest.fixture
def looked_at(monkeypatch):
    """The names of the files that a survey really reads, as they come."""
    module = sys.modules["prism_lessons.corpus.survey"]
    names, look = [], module._survey_file

    def note(path, root, *step):
        names.append(path.name)
        return look(path, root, *step)

    monkeypatch.setattr(module, "_survey_file", note)
    return names


def caches():
    return list((Path(os.environ["XDG_CACHE_HOME"]) / "prism-lessons" / "surveys").iterdir())


def test_the_second_survey_reads_no_file_and_finds_the_same(folder, looked_at, monkeypatch):
    first = survey(folder)
    assert sorted(looked_at) == ["a.wav", "b ä 🎻.wav", "c.wav", "notes.txt"]
    looked_at.clear()
    assert survey(folder) == first and looked_at == []
    monkeypatch.chdir(folder.parent)
    assert survey("recordings").files == first.files and looked_at == []


def test_only_what_has_changed_is_read_again(folder, looked_at, write_noise):
    survey(folder)
    looked_at.clear()
    write_noise(folder / "a.wav", 2, 9)
    write_noise(folder / "new.wav", 1, 8)
    (folder / "sub" / "c.wav").unlink()
    found = survey(folder)
    assert sorted(looked_at) == ["a.wav", "new.wav"]
    assert found["a.wav"].seconds == 2 and "sub/c.wav" not in {file.name for file in found.files}


@pytest.mark.parametrize("many", [1, 1000], ids=["in processes", "in threads"])
def test_what_was_done_before_an_interruption_is_not_done_again(many, folder, looked_at, monkeypatch):
    module = sys.modules["prism_lessons.corpus.survey"]
    whole = module._survey_all

    def stop(*arguments):
        files = whole(*arguments)
        yield next(files)
        yield next(files)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_survey_all", stop)
        patch.setattr(module, "MANY", many)
        with pytest.raises(KeyboardInterrupt):
            survey(folder)
    looked_at.clear()
    assert len(survey(folder).usable) == 3
    assert len(looked_at) <= 2


def test_another_version_of_the_doctor_looks_again(folder, looked_at, monkeypatch):
    survey(folder)
    looked_at.clear()
    monkeypatch.setattr(sys.modules[survey_cache.__module__], "code_version", lambda *files: "another")
    survey(folder)
    assert len(looked_at) == 4


@pytest.mark.parametrize("damage", ["", "[]", "{", "null", "\x00", '{"612e776176": [[1, 2], {"name": 3}]}'])
def test_a_damaged_cache_costs_time_and_nothing_else(folder, damage):
    first = survey(folder)
    (cache,) = caches()
    cache.write_text(damage)
    assert survey(folder) == first


def test_entries_that_are_no_surveys_are_looked_at_anew(folder):
    first = survey(folder)
    (cache,) = caches()
    entries = json.loads(cache.read_text())
    for entry in entries.values():
        entry[1] = {"name": "other"} | {"nonsense": 1}
    cache.write_text(json.dumps(entries))
    assert survey(folder) == first


def test_a_cache_that_cannot_be_written_is_no_hindrance(folder, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(survey(folder).usable) == 3


def test_nothing_is_written_among_the_recordings(folder):
    before = sorted(folder.rglob("*"))
    survey(folder)
    assert sorted(folder.rglob("*")) == before
    assert survey_cache(folder).get(folder / "a.wav")["seconds"] == 1
