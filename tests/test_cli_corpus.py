"""`prism-lessons survey` and `prism-lessons curate`, as a shell or a program meets them."""

import json
import re
import subprocess
import sys

import pytest

from prism_lessons.cli import main
from prism_lessons.corpus import Choices, Corpus


@pytest.fixture
def folder(tmp_path, write_noise):
    for seed in range(3):
        write_noise(tmp_path / "my recordings" / f"Übung {seed} 🎻.wav", 4, seed)
    (tmp_path / "my recordings" / "notes.txt").write_text("later")
    return tmp_path / "my recordings"


def check_refusal(status, captured, sentence):
    """Exit status 2, nothing on standard output, and one sentence as the last line of standard error."""
    assert status == 2
    assert captured.out == ""
    assert "Traceback" not in captured.err
    last = captured.err.splitlines()[-1]
    assert last.startswith("prism-lessons: ") and sentence in last and last.endswith(".")
    assert ". " not in last.removeprefix("prism-lessons: ")


def test_survey_prints_a_table(folder, capsys):
    assert main(["survey", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "notes.txt" in out and "cannot be used: not a sound file by its name" in out
    assert out.endswith("3 of 4 files can be used, 0.2 minutes of sound.\n")


def test_survey_prints_json_alone(folder, capsys):
    assert main(["survey", str(folder), "--json"]) == 0
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert value["seconds"] == 12.0
    assert [file["name"] for file in value["files"]] == ["notes.txt", *(f"Übung {seed} 🎻.wav" for seed in range(3))]
    assert "Surveyed 4 files." in captured.err


def test_curate_makes_the_corpus_and_says_what_is_in_it(folder, tmp_path, capsys):
    assert main(["curate", str(folder), str(tmp_path / "corpus")]) == 0
    corpus = Corpus.open(tmp_path / "corpus")
    assert capsys.readouterr().out == f"{corpus}\n"
    assert (corpus.sample_rate, corpus.seed, corpus.seconds()) == (16000, 0, 12.0)


def test_curate_prints_json_alone_and_takes_its_options(folder, tmp_path, capsys):
    options = ["--json", "--sample-rate", "8000", "--validation", "0.4", "--seed", "5"]
    assert main(["curate", str(folder), str(tmp_path / "corpus"), *options]) == 0
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert value["folder"] == str(tmp_path / "corpus")
    assert (value["sample_rate"], value["seed"], sum(value["seconds"].values())) == (8000, 5, 12.0)
    assert value["unused"] == [{"name": "notes.txt", "reason": "not a sound file by its name"}]
    assert value["digest"] == Corpus.open(tmp_path / "corpus").digest
    assert "Prepared 3 clips." in captured.err


@pytest.mark.parametrize("json_option", [[], ["--json"]])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["survey", "nowhere"], "There is no folder or sound file"),
        (["survey", "empty"], "is empty: put your recordings into it"),
        (["curate", "nowhere", "corpus"], "There is no folder or sound file"),
        (["curate", "empty", "corpus"], "is empty: put your recordings into it"),
        (["curate", "short", "corpus"], "at least 10 s are needed"),
        (["curate", "my recordings", "my recordings"], "needs a folder of its own"),
        (["curate", "my recordings", "short"], "holds something other than a corpus"),
        (["curate", "my recordings", "corpus", "--sample-rate", "1"], "cannot be used: give 2000 to 192000 Hz"),
        (["curate", "my recordings", "corpus", "--validation", "0.9"], "above 0 and at most 0.5"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    folder, tmp_path, write_noise, monkeypatch, capsys, arguments, sentence, json_option
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    write_noise(tmp_path / "short" / "a.wav", 3)
    (tmp_path / "short" / "b.wav").touch()
    check_refusal(main(arguments + json_option), capsys.readouterr(), sentence)
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["curate", "a"],
        ["survey"],
        ["curate", "a", "b", "--seed", "x"],
        ["curate", "a", "b", "--seed", "1" * 5000],
        ["curate", "a", "b", "--validation", "x" * 5000],
        ["surve", "a"],
    ],
)
def test_wrong_arguments_are_one_line(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    captured = capsys.readouterr()
    assert stopped.value.code == 2
    assert captured.out == ""
    assert captured.err.startswith("prism-lessons: ") and captured.err.count("\n") == 1
    assert len(captured.err) < 300


def test_a_full_disk_is_one_sentence(small_disk, write_noise, tmp_path, capsys):
    write_noise(tmp_path / "recordings" / "a.wav", 40)  # above 1 MB
    with small_disk() as folder:
        check_refusal(
            main(["curate", str(tmp_path / "recordings"), str(folder / "corpus")]),
            capsys.readouterr(),
            "The disk is full",
        )


def test_the_command_itself_keeps_json_apart(folder, tmp_path):
    """The same through a real process: no other library's words get into standard output either."""
    command = [sys.executable, "-m", "prism_lessons.cli", "curate", str(folder), str(tmp_path / "corpus"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["clips"]) == 3


def test_survey_writes_a_page_that_needs_nothing_else(folder, tmp_path, capsys, write_sound, noise):
    write_sound(folder / "leaning.wav", noise(4, 7) + 0.3)
    page = tmp_path / "pages" / "survey.html"
    assert main(["survey", str(folder), "--html", str(page), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["page"] == str(page)
    assert [finding["kind"] for finding in value["files"][0]["findings"]] == ["dc"]
    html = page.read_text(encoding="utf-8")
    assert "leaning.wav" in html and "DC offset" in html and html.count("<audio") >= 2
    assert not re.search(r'(?:src|href)="https?:', html)


def test_map_writes_a_page_of_a_folder_and_of_a_corpus(folder, tmp_path, capsys):
    main(["curate", str(folder), str(tmp_path / "corpus")])
    for source in (folder, tmp_path / "corpus"):
        capsys.readouterr()
        assert main(["map", str(source), str(tmp_path / "map.html"), "--json"]) == 0
        captured = capsys.readouterr()
        assert json.loads(captured.out)["page"] == str(tmp_path / "map.html")
        assert "Übung 0 🎻.wav" in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_said(folder, tmp_path, capsys):
    (tmp_path / "file").touch()
    status = main(["survey", str(folder), "--html", str(tmp_path / "file" / "page.html")])
    check_refusal(status, capsys.readouterr(), "could not be written")


def test_curate_carries_out_choices(folder, tmp_path, capsys, write_noise):
    write_noise(folder / "one more.wav", 4, 9)
    choices = Choices(tmp_path / "choices.jsonl")
    choices.leave_out("Übung 1 🎻.wav", "too long")
    assert main(["curate", str(folder), str(tmp_path / "corpus"), "--choices", str(choices.path)]) == 0
    assert "Übung 1 🎻.wav: left out by choice: too long" in capsys.readouterr().out


@pytest.mark.parametrize("content, sentence", [(None, "There are no choices"), ("nonsense", "Line 1 of the choices")])
def test_curate_refuses_choices_that_are_none(folder, tmp_path, capsys, content, sentence):
    path = tmp_path / "choices.jsonl"
    if content:
        path.write_text(content)
    status = main(["curate", str(folder), str(tmp_path / "corpus"), "--choices", str(path)])
    check_refusal(status, capsys.readouterr(), sentence)
    assert not (tmp_path / "corpus").exists()
