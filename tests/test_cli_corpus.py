"""`prism-lessons survey` and `prism-lessons curate`, as a shell or a program meets them."""

import json
import subprocess
import sys

import pytest

from prism_lessons.cli import main
from prism_lessons.corpus import Corpus


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
        (["curate", "my recordings", "short"], "holds other things than a corpus"),
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
    "arguments", [["curate", "a"], ["survey"], ["curate", "a", "b", "--seed", "x"], ["surve", "a"]]
)
def test_wrong_arguments_are_one_line(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    captured = capsys.readouterr()
    assert stopped.value.code == 2
    assert captured.out == ""
    assert captured.err.startswith("prism-lessons: ") and captured.err.count("\n") == 1


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
