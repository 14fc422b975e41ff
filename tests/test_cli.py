"""The command line's verbs that need a model: the same results as in Python, errors in one sentence, status 2."""

import json

import pytest

import prism_lessons as pl
from prism_lessons.audio import load
from prism_lessons.cli import main
from prism_lessons.training.preflight import by_heart


def test_train_generate_score_export_and_audition_in_one_go(hum_corpus, small, tmp_path, capsys):
    changes = [f"--set={name}={json.dumps(value)}" for name, value in small.items()]
    run, takes, capsule, copy = (str(tmp_path / name) for name in ("run", "takes", "hums.capsule", "copy"))

    training = ["train", str(hum_corpus.folder), run, "--epochs", "1", "--copy-to", copy, "--json", *changes]
    assert main(training) == 0
    trained = json.loads(capsys.readouterr().out)
    assert [entry["epoch"] for entry in trained["log"]] == [1]
    assert pl.Run(copy).log == pl.Run(run).log

    assert main(["generate", run, "--out", takes, "--seconds", "0.2", "--voices", "2", "--seed", "4", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)
    assert [line["samples"] for line in files] == [1600, 1600]
    assert all(len(load(line["file"]).samples) == 1600 for line in files)

    recording = str(hum_corpus.folder / hum_corpus.clips[0].file)
    assert main(["score", run, recording, "--json"]) == 0
    bits = json.loads(capsys.readouterr().out)["bits_per_sample"]
    assert bits == pytest.approx(pl.score(run, recording))

    assert main(["export", run, capsule, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["epoch"] == 1
    assert pl.load(capsule).sample_rate == 8000

    assert main(["audition", run, "--html"]) == 0
    assert (tmp_path / "run" / "audition.html").is_file()
    assert "temperature 1, voice 1: " in capsys.readouterr().out
    assert main(["audition", run, "--html", str(tmp_path / "mine.html"), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["page"] == str(tmp_path / "mine.html") and len(value["clips"]) == 2
    assert main(["map", run, str(tmp_path / "map.html")]) == 0
    assert "clips, early" in (tmp_path / "map.html").read_text(encoding="utf-8")
    assert main(["journal", run, str(tmp_path / "portfolio")]) == 0
    assert (tmp_path / "portfolio" / "journal.html").is_file()


def test_a_run_begins_from_an_epoch_of_another(hum_corpus, small, straight, tmp_path, capsys):
    changes = [f"--set={name}={json.dumps(value)}" for name, value in small.items()]
    words = ["train", str(hum_corpus.folder), str(tmp_path / "run"), "--epochs", "1", *changes]
    assert main([*words, "--start", str(straight.folder), "--start-epoch", "1"]) == 0
    assert pl.Run(tmp_path / "run").begun_from["digest"] == straight.capsule(1).digest
    assert main(words) == 0
    assert main([*words, "--start", str(straight.folder)]) == 2
    assert 'began from epoch 1 of "run" and is now asked to begin from epoch 2' in capsys.readouterr().err


def test_a_plan_and_a_pre_flight_come_before(hum_corpus, small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(by_heart, "CPU_SECONDS", 0.5)  # of learning by heart: here it need not get far
    changes = [f"--set={name}={json.dumps(value)}" for name, value in small.items()]
    assert main(["plan", str(hum_corpus.folder), "--epochs", "3", "--json", *changes]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["epochs"] == 3 and planned["seconds"] > 0 and "epoch 3" in planned["text"]

    run = tmp_path / "run"
    assert main(["preflight", str(hum_corpus.folder), str(run), "--json", *changes]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert tried["passed"] and [check["name"] for check in tried["checks"]][-1] == "by heart"
    assert main(["train", str(hum_corpus.folder), str(run), "--epochs", "1", *changes]) == 0
    assert [event["kind"] for event in pl.Run(run).events] == ["begun"]  # and not "skipped pre-flight"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["plan", "CORPUS", "--until", "teatime"], "17:00"),
        (["plan", "NEW"], "corpus"),
        (["preflight", "CORPUS", "CORPUS"], "other things"),
        (["preflight", "CORPUS", "NEW", "--set", "dim=0"], "dim"),
        (["train", "CORPUS", "NEW", "--preset", "symphony"], "sketch"),
        (["train", "CORPUS", "NEW", "--set", "dim=0"], "dim"),
        (["train", "CORPUS", "NEW", "--set", "window=33"], "multiple"),
        (["train", "CORPUS", "NEW", "--epochs", "0"], "epochs"),
        (["train", "CORPUS", "NEW", "--start", "NEW"], "check the name"),
        (["train", "CORPUS", "NEW", "--start", "RUN", "--start-epoch", "7"], "1-2"),
        (["train", "CORPUS", "NEW", "--start-epoch", "1"], "--start"),
        (["train", "NEW", "NEW"], "corpus"),
        (["train", "CORPUS", "CORPUS"], "other things"),
        (["generate", "RUN", "--temperature", "0"], "temperature"),
        (["generate", "RUN", "--epoch", "77"], "1-2"),
        (["generate", "NEW"], "check the name"),
        (["generate", "RUN", "--out", "FILE"], "folder"),
        (["score", "RUN", "NEW"], "NEW"),
        (["export", "NEW", "x.capsule"], "no run"),
        (["export", "RUN", "FILE"], "should end in .capsule"),
        (["export", "RUN", "OWN"], "run itself"),
        (["audition", "RUN", "--html", "."], "is a folder"),
        (["audition", "RUN", "--html", "FILE"], "should end in .html"),
        (["map", "RUN", "FILE"], "should end in .html"),
        (["survey", "CORPUS", "--html", "FILE"], "should end in .html"),
        (["audition", "NEW"], "no run"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_status_two(words, named, hum_corpus, straight, tmp_path, capsys):
    (tmp_path / "file").write_text("a file")
    places = {"CORPUS": hum_corpus.folder, "RUN": straight.folder, "NEW": tmp_path / "NEW", "FILE": tmp_path / "file"}
    places["OWN"] = straight.capsule_path(1)
    assert main([str(places.get(word, word)) for word in words]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and "Traceback" not in printed.err
    last = printed.err.strip().splitlines()[-1]
    assert last.startswith("prism-lessons: ") and named in last


@pytest.mark.parametrize("words", [[], ["fly"], ["train"], ["generate", "RUN", "--seconds", "long"]])
def test_words_that_are_no_command_are_one_sentence_and_status_two(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
