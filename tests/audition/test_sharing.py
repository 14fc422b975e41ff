"""What is written for others: no page, portfolio, map or zip holds a recording that may not be shared, or a copy."""

import base64
import csv
import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate

import prism_lessons as pl
from prism_lessons import cli
from prism_lessons.audio import Clip, load, resample
from prism_lessons.audition import UNCHECKED, PageSounds, copies_not_to_share, export_journal
from prism_lessons.corpus import Choices, Corpus
from prism_lessons.errors import CourseError
from prism_lessons.files import read_json, write_json
from prism_lessons.generation import Take, render
from prism_lessons.live import LiveLine
from prism_lessons.run import Run

RATE = 16000
SAID = {"maker": "Anna", "date": "unknown", "licence": "unknown", "share_model": "yes"}
WHY = "may not be shared (maker: Anna)"


@pytest.fixture
def secret(recordings):
    """The recording that half a second of the clips of epoch 3 repeats."""
    return recordings.clips[0].recording


@pytest.fixture
def corpus(recordings, secret, tmp_path):
    """The corpus of the run; one recording may not be shared, of one it is unknown, the others may be."""
    shutil.copytree(recordings.folder, tmp_path / "corpus")
    names = sorted(recordings.origins, key=lambda name: name != secret)
    consents = [("given by the maker", "no"), ("unknown", "unknown"), ("own work", "yes"), ("own work", "yes")]
    values = read_json(tmp_path / "corpus" / "corpus.json", "corpus")
    values["origins"] = {
        name: SAID | {"consent": consent, "share_sound": shared}
        for name, (consent, shared) in zip(names, consents, strict=True)
    }
    write_json(tmp_path / "corpus" / "corpus.json", values)
    return Corpus.open(tmp_path / "corpus")


@pytest.fixture
def run(made_run, corpus):
    told = made_run.settings["corpus"] | {"folder": str(corpus.folder), "withheld": corpus.sharing.withheld}
    made_run.change_settings({"corpus": told | {"unasked": corpus.sharing.unasked}})
    return Run(made_run.folder)


@pytest.fixture
def holds(recordings, secret):
    """A function that says whether a sound holds a quarter of a second of the recording that may not be shared."""
    samples = load(recordings.folder / recordings.clips[0].file).samples

    def search(sound, rate=RATE):
        sound = resample(np.asarray(sound, np.float32), rate, RATE)
        size = RATE // 4
        energy = np.sqrt(np.maximum(correlate(sound**2, np.ones(size, np.float32), "valid", "fft"), 1e-6))
        return any(
            np.max(np.abs(correlate(sound, part, "valid", "fft")) / energy)
            > 0.4 * np.linalg.norm(part)  # chance gives 0.07
            for part in (samples[start : start + size] for start in range(0, len(samples) - size, size))
        )

    return search


def sounds_in(text):
    """Every sound embedded in a page: samples and sample rate."""
    found = re.findall(r"data:audio/\w+;base64,([\w+/=]+)", text)
    return [soundfile.read(io.BytesIO(base64.b64decode(each)), dtype="float32") for each in found]


def quiet(run, corpus=None):
    return pl.audition(run, corpus, live=LiveLine(io.StringIO()))


def test_the_audition_page_holds_neither_the_recording_nor_a_clip_that_repeats_it(
    run, corpus, recordings, secret, holds
):
    open_to_all = sounds_in(quiet(run, recordings).page().read_text(encoding="utf-8"))
    assert sum(holds(*sound) for sound in open_to_all) >= 4, "where nothing was said, it is there to be found"
    heard = quiet(run)
    text = heard.page().read_text(encoding="utf-8")
    assert not any(holds(*sound) for sound in sounds_in(text))
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert not [source for source in data["sources"] if secret in source["name"]] and data["blind"]
    words = [near["words"] for clip in data["clips"] for near in clip["near"] if near["source"] is None]
    assert words and all(word.endswith(f"The sound of {secret} is left out: it {WHY}.") for word in words)
    left = f"This clip is left out: it nearly repeats {secret}, which {WHY}."
    assert data["withheld"] == {
        f"clip {number}": left for number, clip in enumerate(heard.clips) if clip.played.epoch == 3
    }
    assert f"Left out, since they may not be shared: {secret}." in text and corpus.sharing.unasked in text


def test_in_a_cell_its_maker_hears_everything(run, holds):
    sounds = PageSounds(quiet(run))
    assert not sounds.withheld
    assert any(holds(sounds.clip(name).samples) for name in sounds.names if name.startswith("source"))


def test_a_portfolio_says_which_clip_is_not_in_it_and_why(run, corpus, recordings, secret, holds, tmp_path):
    heard = quiet(run)
    for name in ("0002_1_t1", "0003_1_t1"):
        heard.log.star(name)
    page = heard.export(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "clips").iterdir()] == ["epoch_002_t1_voice1.wav"]
    for text in (page.read_text(encoding="utf-8"), (tmp_path / "out" / "journal.md").read_text(encoding="utf-8")):
        assert f"This clip is left out: it nearly repeats {secret}, which {WHY}." in text
        assert corpus.sharing.unasked in text and not any(holds(*sound) for sound in sounds_in(text))
    quiet(run, recordings).export(tmp_path / "open")
    assert any(holds(*soundfile.read(path)) for path in (tmp_path / "open" / "clips").iterdir())
    gone = export_journal(run, tmp_path / "gone", heard.log, live=LiveLine(io.StringIO()))
    assert "The recordings are not there, so it is not known" in gone.read_text(encoding="utf-8")


def test_a_journey_leaves_the_epoch_out_and_its_name_says_so(run, secret, tmp_path, holds):
    made = quiet(run).journey()
    assert [chapter.epoch for chapter in made.chapters] == [1, 2, 4]
    assert f"epoch 3 is left out: it nearly repeats {secret}" in made.clip.name and not holds(made.clip.samples)
    for epoch in (1, 2, 4):
        run.clip_path(epoch, 1, 1.0).unlink()
    with pytest.raises(CourseError, match="No clip of this journey may be shared"):
        quiet(run).journey(temperature=1.0)


@pytest.mark.parametrize("source", ["corpus", "run"])
def test_a_map_leaves_points_without_their_sound(source, run, corpus, secret, holds, tmp_path, capsys):
    folder = {"corpus": corpus.folder, "run": run.folder}[source]
    assert cli.main(["map", str(folder), str(tmp_path / "map.html")]) == 0
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    data, sounds = (
        json.loads(re.search(rf'id="{name}">(.*?)</script>', text, re.DOTALL)[1]) for name in ("data", "sounds")
    )
    assert not any(holds(*sound) for sound in sounds_in(text))
    silent = {name for name, sound in zip(data["names"], sounds, strict=True) if not sound}
    repeats = {f"epoch 3, temperature {warm:g}, voice 1" for warm in (0.85, 1.0)} if source == "run" else set()
    assert silent == {secret} | repeats and set(data["withheld"].values()) >= {
        f"The sound of {secret} is left out: it {WHY}."
    }
    assert corpus.sharing.unasked in text and ("schema:digitalSourceType" in text) == (source == "run")


def test_choices_keep_a_recording_off_the_page_of_findings_and_off_a_map(recordings, secret, holds, tmp_path, capsys):
    choices, folder = Choices(tmp_path / "choices.jsonl"), recordings.source
    choices.origin("*", consent="own work", share_sound="yes")
    choices.origin(secret, maker="Anna", share_sound="no")
    for arguments in (["survey", folder, "--html"], ["map", folder]):
        path = tmp_path / f"{arguments[0]}.html"
        assert cli.main([*arguments, str(path), "--choices", str(choices.path)]) == 0
        text = path.read_text(encoding="utf-8")
        assert f"The sound of {secret} is left out: it {WHY}." in text and "is unknown: ask" not in text
        assert sounds_in(text) and not any(holds(*sound) for sound in sounds_in(text))
        assert cli.main([*arguments, str(path)]) == 0
        text = path.read_text(encoding="utf-8")
        assert any(holds(*sound) for sound in sounds_in(text)) and "4 of 4 recordings may be shared is unknown" in text
        assert cli.main([*arguments, str(path), "--choices", str(tmp_path / "none.jsonl")]) == 2
    assert "There are no choices in" in capsys.readouterr().err


def test_a_zip_of_takes_leaves_a_copy_out_and_its_tags_and_the_list_say_why(
    run, corpus, secret, holds, noise, tmp_path
):
    about = {"seed": 1, "voice": 1, "temperature": "1", "date": "2026-08-01T12:00:00+02:00", "capsule": "0"}
    copy = load(run.clip_path(3, 1, 1.0)).samples
    takes = [Take(samples, RATE, "take", about) for samples in (copy, noise(2, seed=40))]
    live = LiveLine(io.StringIO())
    why = f"nearly repeats {secret}, which {WHY}"
    for model in (run.folder, run.capsule_path(3)):
        options = SimpleNamespace(capsule=str(model), mix=None)
        marked, remark = cli._marked(list(takes), run.capsule(3), options, live)
        assert [take.about.get("not_to_share") for take in marked] == [[why], None] and not remark
    first, second, packed = render(marked, tmp_path / "takes", zipped=True, live=live)
    assert holds(*soundfile.read(first)) and json.loads(soundfile.SoundFile(first).comment)["not_to_share"] == [why]
    with zipfile.ZipFile(packed) as archive:
        assert sorted(archive.namelist()) == sorted(["takes.csv", second.name])
        rows = csv.DictReader(io.StringIO(archive.read("takes.csv").decode("utf-8")))
    assert [row["not_to_share"] for row in rows] == [why, ""]
    with pytest.raises(CourseError, match=r"No take in .* may be passed on"):
        render(marked[:1], tmp_path / "alone", zipped=True, live=live)


def test_a_zip_of_takes_says_where_nobody_can_know_of_copies(run, corpus, secret, noise, tmp_path):
    capsule = replace(run.capsule(3), about={"withheld": {secret: WHY}})
    takes = [Take(noise(2, seed=40), RATE, "take", {})]

    def remark(model):
        options = SimpleNamespace(capsule=str(model), mix=None)
        return cli._marked(list(takes), capsule, options, LiveLine(io.StringIO()))[1]

    assert remark(tmp_path / "elsewhere.capsule") == UNCHECKED and not remark(run.capsule_path(3))
    shutil.rmtree(corpus.folder)
    assert remark(run.capsule_path(3)) == UNCHECKED


def test_an_exported_capsule_is_told_to_hold_no_moment_and_what_is_unknown(run, secret, corpus, tmp_path, capsys):
    assert cli.main(["export", str(run.folder), str(tmp_path / "a.capsule"), "--epoch", "2"]) == 0
    said = capsys.readouterr().out
    assert f"some may not be shared: {secret}." in said and corpus.sharing.unasked in said


def test_clips_are_not_compared_where_everything_may_be_shared(recordings):
    def never():
        raise AssertionError("it was read")
        yield Clip(np.zeros(1, np.float32), RATE)

    assert copies_not_to_share(recordings, never()) == {} == copies_not_to_share(None, never())
