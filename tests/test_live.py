"""What is printed while work is done, and what it is printed to."""

import io
import json
import os
import sys

import pytest

from prism_lessons.cli import main
from prism_lessons.live import LiveLine

NAMES = ["Übung ł 🎻.wav", "caf\udce9.wav"]  # the second is no UTF-8, as names on old disks
every_encoding = pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])


@pytest.fixture
def folder(tmp_path, noise, write_sound):
    """A folder of recordings with `NAMES`; its own name is no UTF-8 either."""
    folder = tmp_path / "m\udcfcsik"
    for seed, name in enumerate(NAMES):
        write_sound(folder / name, noise(6, seed))
    return folder


@pytest.fixture
def written(monkeypatch):
    """A function that sends standard output and error into files of an encoding, and returns what gives their bytes."""

    def redirect(encoding):
        files = [io.BytesIO(), io.BytesIO()]
        for name, file in zip(("stdout", "stderr"), files, strict=True):
            monkeypatch.setattr(sys, name, io.TextIOWrapper(file, encoding=encoding))

        def written():
            sys.stdout.flush(), sys.stderr.flush()
            return [file.getvalue().decode(encoding) for file in files]

        return written

    return redirect


@every_encoding
def test_a_name_that_an_output_cannot_write_is_replaced(folder, tmp_path, written, encoding):
    said = written(encoding)
    assert main(["survey", str(folder)]) == 0
    assert main(["curate", str(folder), str(tmp_path / "corpus")]) == 0
    out, err = said()
    assert "bung" in out and "2 of 2 files can be used" in out and "Surveyed 2 files." in err
    assert ("🎻" in out) == (encoding == "utf-8")


@every_encoding
def test_json_is_valid_and_gives_every_name_back(folder, tmp_path, written, encoding):
    said = written(encoding)
    corpus = tmp_path / "c\udcf6rpus 🎻"
    assert main(["curate", str(folder), str(corpus), "--json"]) == 0
    assert json.loads(said()[0])["folder"] == str(corpus)


@every_encoding
def test_an_error_about_a_name_is_one_sentence(folder, tmp_path, written, encoding):
    said = written(encoding)
    assert main(["train", str(folder / "n\udcf6 🎻"), str(tmp_path / "run")]) == 2
    out, err = said()
    assert out == "" and err.startswith("prism-lessons: ") and len(err.splitlines()) == 1


@every_encoding
def test_a_script_s_live_line_writes_any_name(encoding):
    file = io.BytesIO()
    stream = io.TextIOWrapper(file, encoding=encoding)
    LiveLine(stream).end(f"Read {os.fsencode(NAMES[1]).decode(errors='surrogateescape')} and {NAMES[0]}.")
    line = file.getvalue().decode(encoding)
    assert line.startswith("\rRead caf") and line.endswith(".wav.\n")
