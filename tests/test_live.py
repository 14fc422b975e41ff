"""What is printed while work is done, and what it is printed to."""

import contextlib
import io
import json
import os
import sys
import unicodedata

import pytest

from prism_lessons import __main__, cli, live
from prism_lessons.cli import main
from prism_lessons.live import LiveLine

NAMES = ["Übung ł 🎻.wav", "caf\udce9.wav"]  # the second is no UTF-8, as names on old disks
OBEYED = "\x1b[2J\x1b]0;a title\x07 \x9b31m\x0d\u202egnp.wav"  # by a terminal
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
    assert line.startswith("Read caf") and line.endswith(".wav.\n")


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.fixture
def training(monkeypatch):
    """A function that prints, to some stream, what an hour of work does: four lines a second, and an end."""

    def work(stream):
        now = [0.0]
        monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
        line = LiveLine(stream)
        for step in range(4 * 3600):
            now[0] = step / 4
            line.share("Playing, seconds", step / 4, 3600, step / 4 / 3600)
        line.end("Played.")

    return work


@pytest.mark.parametrize("stream", [io.StringIO, Terminal, io.TextIOWrapper], ids=["notebook", "terminal", "log"])
def test_a_log_has_a_line_for_each_tenth_and_others_write_one_line_over(training, stream):
    file = io.BytesIO()
    stream = stream() if stream is io.StringIO else stream(file, encoding="utf-8")
    training(stream)
    written = stream.getvalue() if isinstance(stream, io.StringIO) else file.getvalue().decode()
    if type(stream) is io.TextIOWrapper:
        lines = written.split("\n")
        assert len(lines) == 11 and lines[0] == "Playing, seconds: 360.0 of 3600, 54:00 left"
        assert lines[-2:] == ["Played.", ""] and "\r" not in written
    else:
        assert written.count("\r") > 3600 and written.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no disk that is always full")
def test_a_stream_that_takes_nothing_holds_up_no_work():
    with pytest.raises(OSError, match="No space"), open("/dev/full", "w") as stream:  # when it is closed
        LiveLine(stream).end("Played.")


def full():
    return open("/dev/full", "w")


def closed():
    """A pipe whose reader has gone, as `| head` leaves it."""
    reading, writing = os.pipe()
    os.close(reading)
    return open(writing, "w")


SAID = 'The disk is full, so "standard output" could not be written'


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no disk that is always full")
@pytest.mark.parametrize("words", ["--help", "survey FOLDER", "survey FOLDER --json"])
@pytest.mark.parametrize(
    ("stdout", "stderr", "status", "said"),
    [
        (closed, io.StringIO, 141, None),
        (full, io.StringIO, 2, SAID),
        (io.StringIO, closed, 0, None),
        (io.StringIO, full, 0, None),
        (full, full, 2, None),
    ],
)
def test_what_is_printed_to_may_be_full_or_gone(monkeypatch, folder, words, stdout, stderr, status, said):
    for name, make in (("stdout", stdout), ("stderr", stderr)):
        monkeypatch.setattr(sys, name, make())
    ended = None
    try:
        ended = main([word.replace("FOLDER", str(folder)) for word in words.split()])
    except SystemExit as error:
        ended = error.code
    assert ended == status
    if isinstance(sys.stderr, io.StringIO):
        _, error, sentence = sys.stderr.getvalue().partition("prism-lessons: ")
        assert sentence.startswith(said) if said else not error
    for stream in (sys.stdout, sys.stderr):
        stream.close()  # as Python does at its end: it complains no more


def test_an_error_is_no_traceback_where_nobody_can_read_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", closed())
    assert main(["survey", str(tmp_path / "nothing")]) == 2


def test_ctrl_c_while_it_starts_is_a_word_and_a_status(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_parser", interrupted)
    assert main([]) == 130
    monkeypatch.setattr(cli, "main", interrupted)
    assert __main__.main() == 130
    assert capsys.readouterr() == ("", "Stopped.\nStopped before it began.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the folder that a program is in")
def test_a_folder_that_was_deleted_is_said(monkeypatch, tmp_path, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["generate", "a.capsule"]) == 2
    assert capsys.readouterr().err == (
        "prism-lessons: The folder that you are in is no longer there: change to another one.\n"
    )


def test_no_name_tells_a_terminal_what_to_do(tmp_path, noise, write_sound, written, monkeypatch):
    write_sound(tmp_path / OBEYED, noise(12))
    (tmp_path / f"{OBEYED}.txt").touch()
    monkeypatch.chdir(tmp_path)
    for arguments in (
        ["survey", "."],
        ["survey", OBEYED],
        ["curate", ".", OBEYED],
        ["survey", f"no {OBEYED}"],
        [OBEYED],
    ):
        output = written("utf-8")
        with contextlib.suppress(SystemExit):
            main(arguments)
        said = "".join(output())
        assert "a title" in said or arguments == ["curate", ".", OBEYED]
        obeyed = [letter for letter in said if unicodedata.category(letter) in ("Cc", "Cf") and letter not in "\n\t"]
        assert obeyed == []
