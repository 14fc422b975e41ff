"""The command line's verbs that need a model: the same results as in Python, errors in one sentence, status 2."""

import json
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

import prism_lessons as pl
from prism_lessons.audio import load
from prism_lessons.cli import main, setting
from prism_lessons.marks import COMPOSITE
from prism_lessons.settings import ModelSettings, shapes_of
from prism_lessons.training.preflight import overfit

STEP = 1 / 2**15  # of 16 bits, which end one of them below a full scale of 1


def test_train_generate_score_export_and_audition_in_one_go(hum_corpus, small, tmp_path, capsys):
    changes = [f"--set={name}={json.dumps(value)}" for name, value in small.items()]
    # Folders may have names that are no UTF-8, as on old disks.
    run, takes, capsule, copy = (str(tmp_path / f"m\udcfc {name}") for name in ("run", "takes", "hums.capsule", "copy"))

    training = ["train", str(hum_corpus.folder), run, "--epochs", "1", "--copy-to", copy, "--json", *changes]
    assert main(training) == 0
    trained = json.loads(capsys.readouterr().out)
    assert [entry["epoch"] for entry in trained["log"]] == [1]
    assert pl.Run(copy).log == pl.Run(run).log

    assert main(["generate", run, "--out", takes, "--seconds", "0.2", "--voices", "2", "--seed", "4", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)
    assert [line["samples"] for line in files] == [1600, 1600]
    for line, take in zip(files, pl.generate(run, 0.2, 2, seed=4), strict=True):
        assert Path(line["file"]).parent == Path(takes) and (line["seed"], line["epoch"]) == (4, 1)
        np.testing.assert_allclose(load(line["file"]).samples, take.samples, atol=STEP)
    assert len(Path(takes, "takes.csv").read_text(encoding="utf-8").splitlines()) == 3
    capsys.readouterr()

    recording = str(hum_corpus.folder / hum_corpus.clips[0].file)
    assert main(["score", run, recording, "--json"]) == 0
    bits = json.loads(capsys.readouterr().out)["bits_per_sample"]
    assert bits == pytest.approx(pl.score(run, recording))

    assert main(["export", run, capsule, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["epoch"] == 1
    assert pl.load(capsule).sample_rate == 8000

    assert main(["audition", run, "--html"]) == 0
    assert Path(run, "audition.html").is_file()
    assert "temperature 1, voice 1: " in capsys.readouterr().out
    assert main(["audition", run, "--html", str(tmp_path / "mine.html"), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["page"] == str(tmp_path / "mine.html") and len(value["clips"]) == 2
    assert main(["map", run, str(tmp_path / "map.html")]) == 0
    assert "clips, early" in (tmp_path / "map.html").read_text(encoding="utf-8")
    assert main(["journal", run, str(tmp_path / "portfolio")]) == 0
    assert (tmp_path / "portfolio" / "journal.html").is_file()


def test_each_voice_is_asked_for_its_own_label_and_all_for_a_loudness(tmp_path, capsys):
    settings = ModelSettings(frame_sizes=(4, 8), dim=4, predictors=(4,), book=2, labels=("bells", "breath"))
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes_of(settings).items()}
    weights["loudest"][:] = 0.5
    capsule = str(tmp_path / "model.capsule")
    pl.Capsule(settings, 8000, weights, {}).save(capsule)
    asked = ["--label", "bells", "bells:0.5,breath:0.5", "--loudness", "0:-40,1:-12"]
    words = ["generate", capsule, "--out", str(tmp_path / "takes"), "--seconds", "0.1", "--voices", "2", "--json"]
    assert main([*words, *asked]) == 0
    takes = json.loads(capsys.readouterr().out)
    assert [take["label"] for take in takes] == ["bells", "bells:0.5, breath:0.5"]
    assert {take["loudness"] for take in takes} == {"0:-40, 1:-12"}
    rows = (tmp_path / "takes" / "takes.csv").read_text(encoding="utf-8-sig")
    assert "bells:0.5, breath:0.5" in rows


def test_takes_are_generated_as_a_daw_wants_them(straight, write_noise, tmp_path, capsys):
    prime, run = str(write_noise(tmp_path / "noise.wav", 3, sample_rate=44100)), str(straight.folder)
    words = ["generate", run, "--out", str(tmp_path / "takes"), "--seconds", "0.5", "--voices", "2", "--epoch", "1"]
    words += ["--temperature", "0.8", "0:0.7,10:1.1", "--prime", prime, "--prime-start", "1", "--prime-seconds", "0.5"]
    words += ["--keep-prime", "--nudge", "--half", "--engine", "numba"]
    file = ["--format", "flac", "--bits", "24", "--sample-rate", "48000", "--fade-in", "0.1", "--remove-dc", "--zip"]
    assert main([*words, *file, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    takes = pl.generate(
        straight.capsule(1), 0.5, 2, [0.8, "0:0.7, 10:1.1"], prime=pl.Prime(prime, 1, 0.5), keep_prime=True, nudge=True,
        engine="numba", precision="half",
    )  # fmt: skip
    for line, take in zip(said, takes, strict=True):
        about = {**take.about, "date": line["date"]}
        assert about == {name: line[name] for name in about}
        assert (line["samples"], line["sample_rate"], line["markers"]) == (8000, 8000, [[0.5, "the model takes over"]])
        path = Path(line["file"])
        with soundfile.SoundFile(path) as written:
            assert (written.format, written.subtype, written.samplerate) == ("FLAC", "PCM_24", 48000)
            mark = {"digital_source_type": COMPOSITE}  # the prime is kept
            assert written.frames == 48000 and json.loads(written.comment) == mark | about
            assert written.read(1)[0] == 0
        assert path.with_suffix(".labels.txt").is_file()
    with zipfile.ZipFile(tmp_path / "takes" / "takes.zip") as archive:
        assert len(archive.namelist()) == 5

    assert main([*words, "--bits", "float"]) == 0
    assert capsys.readouterr().out.count("dBFS, RMS") == 2
    files = list((tmp_path / "takes").glob("*.wav"))
    assert len(files) == 2 and {soundfile.info(path).subtype for path in files} == {"FLOAT"}


def test_takes_begin_at_several_places_and_from_two_models(straight, write_noise, tmp_path, capsys):
    prime, run = str(write_noise(tmp_path / "noise.wav", 3, sample_rate=8000)), str(straight.folder)
    words = ["generate", run, "--out", str(tmp_path), "--seconds", "0.1", "--voices", "3", "--json"]
    assert main([*words, "--prime", prime, "--prime-places", "--prime-seconds", "1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [line["prime"] for line in said] == [f"noise.wav, {start} to {start + 1} s" for start in (0, 1, 2)]
    assert main([*words, "--epoch", "1", "--mix", run, "--share", "0:0,1:1"]) == 0
    mixed = json.loads(capsys.readouterr().out)
    assert mixed[0]["mix"] == ["run, epoch 1", "run, epoch 2"] and mixed[0]["share"] == "0:0, 1:1"
    assert main([*words, "--epoch", "1", "--mix", run]) == 0
    assert json.loads(capsys.readouterr().out)[0]["share"] == "0.5"


def test_a_performance_goes_on_with_the_same_words(straight, tmp_path, capsys):
    folder, run = tmp_path / "performance", str(straight.folder)
    words = ["perform", run, str(folder), "--voices", "2", "--seed", "4", "--temperature", "0.9", "1.1"]
    assert main([*words, "--seconds", "0.4"]) == 0
    assert capsys.readouterr().out.count("dBFS, RMS") == 2
    assert main([*words, "--seconds", "3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    for line, take in zip(said, pl.generate(run, 3, 2, [0.9, 1.1], seed=4), strict=True):
        assert (line["samples"], line["sample_rate"], line["epoch"]) == (24000, 8000, 2)
        assert Path(line["file"]) == folder / f"{take.name}.wav"
        np.testing.assert_allclose(load(line["file"]).samples, take.samples, atol=STEP)
    assert main([*words, "--seconds", "3", "--nudge"]) == 2
    assert "its nudge is False, and you ask for True" in capsys.readouterr().err


def test_a_performance_is_stopped_with_control_c_and_plays_alone(straight, tmp_path, capsys):
    folder, run = tmp_path / "performance", str(straight.folder)
    words = ["perform", run, str(folder)]
    command = [sys.executable, "-m", "prism_lessons.cli", *words, "--seconds", "20000", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        codes, until = folder / "voice1.codes", time.monotonic() + 100
        while not (codes.exists() and codes.stat().st_size > 20_000):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        assert main([*words, "--seconds", "2"]) == 2
        assert "Another performance is being played in" in capsys.readouterr().err
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=100)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert err.strip().splitlines()[-1] == "What was played is kept: run the same again to go on."
    assert len(list(folder.glob("*.wav"))) == 1
    assert main([*words, "--seconds", "2", "--json"]) == 0
    (line,), (take,) = json.loads(capsys.readouterr().out), pl.generate(run, 2, 1)
    np.testing.assert_allclose(load(line["file"]).samples, take.samples, atol=STEP)


def test_a_run_begins_from_an_epoch_of_another(hum_corpus, small, straight, tmp_path, capsys):
    changes = [f"--set={name}={json.dumps(value)}" for name, value in small.items()]
    words = ["train", str(hum_corpus.folder), str(tmp_path / "run"), "--epochs", "1", *changes]
    assert main([*words, "--start", str(straight.folder), "--start-epoch", "1"]) == 0
    assert pl.Run(tmp_path / "run").begun_from["digest"] == straight.capsule(1).digest
    assert main(words) == 0
    assert main([*words, "--start", str(straight.folder)]) == 2
    assert 'began from epoch 1 of "run", and you asked to begin from epoch 2' in capsys.readouterr().err


def test_a_plan_and_a_pre_flight_come_before(hum_corpus, small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(overfit, "CPU_SECONDS", 0.5)  # of learning by heart: here it need not get far
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


def test_a_pre_flight_that_fails_ends_with_status_2(hum_corpus, small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(overfit, "CPU_SECONDS", 0.5)  # what fails is the folder
    (tmp_path / "file").touch()
    changes = [f"--set={name}={json.dumps(value)}" for name, value in small.items()]
    assert main(["preflight", str(hum_corpus.folder), str(tmp_path / "file" / "run"), "--json", *changes]) == 2
    assert not json.loads(capsys.readouterr().out)["passed"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["plan", "CORPUS", "--until", "teatime"], "17:00"),
        (["plan", "NEW"], "corpus"),
        (["preflight", "CORPUS", "CORPUS"], "something other"),
        (["preflight", "CORPUS", "NEW", "--set", "dim=0"], "dim"),
        (["train", "CORPUS", "NEW", "--preset", "symphony"], "sketch"),
        (["train", "CORPUS", "NEW", "--set", "dim=0"], "dim"),
        (["train", "CORPUS", "NEW", "--set", "window=33"], "multiple"),
        (["train", "CORPUS", "NEW", "--set", "minutes=3"], "--minutes 3"),
        (["train", "CORPUS", "NEW", "--set", "self=3"], "no setting"),
        (["plan", "CORPUS", "--set", "corpus=x"], "no setting"),
        (["preflight", "CORPUS", "NEW", "--set", "live=1"], "no setting"),
        (["train", "CORPUS", "NEW", "--epochs", "0"], "epochs"),
        (["train", "CORPUS", "NEW", "--start", "NEW"], "check the name"),
        (["train", "CORPUS", "NEW", "--start", "RUN", "--start-epoch", "7"], "1-2"),
        (["train", "CORPUS", "NEW", "--start-epoch", "1"], "--start"),
        (["train", "NEW", "NEW"], "corpus"),
        (["train", "CORPUS", "CORPUS"], "something other"),
        (["generate", "RUN", "--temperature", "0"], "temperature"),
        (["generate", "RUN", "--label", "bells"], "trained without labels"),
        (["generate", "RUN", "--loudness", "0:-40,5:-12"], "no predictors"),
        (["generate", "RUN", "--follow", "NOISE"], "no predictors"),
        (["generate", "RUN", "--guidance", "2"], "ask a single model for a label"),
        (["generate", "RUN", "--epoch", "77"], "1-2"),
        (["generate", "NEW"], "check the name"),
        (["generate", "RUN", "--out", "FILE"], "folder"),
        (["generate", "RUN", "--out", "LISTED"], "not a list of takes"),
        (["generate", "RUN", "--seconds", "nan"], "seconds"),
        (["generate", "RUN", "--seconds", "1e300"], "No take lasts"),
        (["generate", "RUN", "--seconds", "1e-05"], "less than one sample"),
        (["generate", "RUN", "--temperature", "5.0000001"], "5.0000001"),
        (["generate", "RUN", "--prime", "NOISE", "--prime-seconds", "0"], "more than 0"),
        (["train", "CORPUS", "NEW", "--set", "learning_rate=1"], "0.0000001 to 0.1"),
        (["train", "CORPUS", "NEW", "--minutes", "inf"], "minutes must be a number"),
        (["generate", "RUN", "--voices", "-1"], "voices"),
        (["generate", "RUN", "--voices", "2", "--temperature", "1", "1", "1"], "3 temperatures"),
        (["generate", "RUN", "--temperature", "10:1,5:1"], "runs forwards"),
        (["generate", "RUN", "--temperature=-1"], "temperature"),
        (["generate", "RUN", "--seed", "-1"], "seed"),
        (["generate", "RUN", "--engine", "steam"], "steam"),
        (["generate", "RUN", "--format", "mp3"], '"wav" or "flac"'),
        (["generate", "RUN", "--bits", "32"], "bits"),
        (["generate", "RUN", "--bits", "float", "--format", "flac"], "FLAC holds"),
        (["generate", "RUN", "--sample-rate", "100"], "sample rate"),
        (["generate", "RUN", "--fade-in", "-1"], "fade_in"),
        (["generate", "RUN", "--fade-out", "nan"], "fade_out"),
        (["generate", "RUN", "--prime", "NEW"], "no longer there"),
        (["generate", "RUN", "--prime", "FILE"], "cannot be used"),
        (["generate", "RUN", "--prime", "NOISE", "--prime-start", "99"], "no sound from"),
        (["generate", "RUN", "--prime", "NOISE", "--prime-seconds", "99"], "60 seconds"),
        (["generate", "RUN", "--prime", "NOISE", "--prime-places", "--prime-start", "1"], "--prime-start"),
        (["generate", "RUN", "--prime", "NOISE", "--prime-places", "--voices", "-1"], "voices"),
        (["generate", "RUN", "--prime-start", "0"], "--prime"),
        (["generate", "RUN", "--prime-seconds", "1"], "--prime"),
        (["generate", "RUN", "--prime-places"], "--prime"),
        (["generate", "RUN", "--keep-prime"], "--prime"),
        (["generate", "RUN", "--mix", "NEW"], "check the name"),
        (["generate", "RUN", "--mix", "RUN", "--share", "2"], "share"),
        (["generate", "RUN", "--mix", "RUN", "--share", "half"], "share"),
        (["generate", "RUN", "--share", "0.5"], "--mix"),
        (["generate", "RUN", "--mix", "RUN", "--engine", "tensorflow"], "numba"),
        (["perform", "RUN", "FILE"], "something else"),
        (["perform", "RUN", "CORPUS"], "something else"),
        (["perform", "NEW", "NEW"], "check the name"),
        (["perform", "RUN", "NEW", "--seconds", "1e6"], "24 hours"),
        (["perform", "RUN", "NEW", "--seconds", "0"], "seconds"),
        (["perform", "RUN", "NEW", "--temperature", "9"], "temperature"),
        (["perform", "RUN", "NEW", "--keep-prime"], "--prime"),
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
def test_what_cannot_be_is_one_sentence_and_status_two(
    words, named, hum_corpus, straight, write_noise, tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").write_text("a file")
    places = {"CORPUS": hum_corpus.folder, "RUN": straight.folder, "NEW": tmp_path / "NEW", "FILE": tmp_path / "file"}
    places |= {"OWN": straight.capsule_path(1), "LISTED": tmp_path, "NOISE": tmp_path / "noise.wav"}
    (tmp_path / "takes.csv").write_bytes(bytes(100))
    write_noise(tmp_path / "noise.wav", 1)
    before = sorted(path for path in tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)  # where "generate" puts its takes
    assert main([str(places.get(word, word)) for word in words]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and "Traceback" not in printed.err
    if words[0] in ("generate", "perform"):
        assert sorted(path for path in tmp_path.rglob("*")) == before
    last = printed.err.strip().splitlines()[-1]
    assert last.startswith("prism-lessons: ") and named in last


@pytest.mark.parametrize(
    "words",
    [
        ["train", "CORPUS", "PLACE"],
        ["score", "RUN", "PLACE"],
        ["journal", "RUN", "PLACE"],
        ["import-prism", "PLACE", "--config", "PLACE", "--sample-rate", "16000"],
        ["generate", "PLACE"],
        ["perform", "RUN", "PLACE"],
        ["curate", "PLACE", "PLACE"],
        ["audition", "PLACE"],
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("why", ["in a folder that one may not enter", "too long a name"])
def test_a_place_that_cannot_be_reached_is_one_sentence_and_status_two(
    words, why, hum_corpus, straight, public_folder, as_guest, tmp_path, monkeypatch, capsys
):
    (public_folder / "locked").mkdir(mode=0)
    there = public_folder / ("locked/it" if why.startswith("in") else "x" * 300)
    places = {"CORPUS": hum_corpus.folder, "RUN": straight.folder, "PLACE": there}
    monkeypatch.chdir(tmp_path)
    with as_guest():
        assert main([str(places.get(word, word)) for word in words]) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("prism-lessons: ") and last.endswith(".") and "Traceback" not in last


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fly"],
        ["train"],
        ["generate", "RUN", "--seconds", "long"],
        ["perform"],
        ["perform", "RUN"],
        ["generate", "RUN", "--sample-rate", "44.1"],
        ["perform", "RUN", "NEW", "--bits", "24"],
    ],
)
def test_words_that_are_no_command_are_one_sentence_and_status_two(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and not re.search(r"\bint\b|\bfloat\b", said[0])


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("dim=256", 256),
        ("frame_sizes=[8, 32]", [8, 32]),
        ("frame_sizes=(8, 32)", (8, 32)),
        ("skip_connections=true", True),
        ("skip_connections=True", True),
        ("patience=null", None),
        ("patience=None", None),
        ("cell=lstm", "lstm"),
        ("cell=", ""),
    ],
)
def test_a_setting_is_read_as_json_or_as_python_writes_it(words, value):
    assert setting(words) == (words.partition("=")[0], value)
