"""What must hold of the example data sets: complete, made again by their script, each fault as its card says."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import prism_lessons as pl
from prism_lessons.audio import SUFFIXES, Recording, load

FOLDER = Path(__file__).parents[1] / "datasets_examples"
SETS = ("bells", "breath", "waves", "needs_work")
# The set whose card describes each shipped run, and the run that learned from three of them.
TRAINED = {name: name for name in ("bells", "breath", "needs_work")} | {"breath_plain": "breath", "three": "waves"}
FAULTY = FOLDER / "needs_work"
BROKEN, TEXT = "field 08.flac", "Take 5.wav"
STEP = 2**-15  # one step of 16 bits: another machine may round a sample up that this one rounds down


def sound_files(folder):
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


def samples_of(path):
    """Samples, shape (samples, channels), and rate; of a broken file, what can be decoded."""
    if path.name == BROKEN:
        clip = load(path)
        return clip.samples[:, None], clip.sample_rate
    return soundfile.read(path, always_2d=True)


def faulty(name):
    samples, rate = samples_of(FAULTY / name)
    return samples[:, 0], rate


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The data sets, made anew by the command of the README."""
    folder = tmp_path_factory.mktemp("datasets")
    subprocess.run([sys.executable, FOLDER / "make.py", folder], check=True)
    return folder


@pytest.fixture
def training_script(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("train")


@pytest.mark.parametrize("name", SETS)
def test_the_script_makes_the_committed_files_again(made, name):
    committed, anew = sound_files(FOLDER / name), sound_files(made / name)
    assert [path.name for path in committed] == [path.name for path in anew]
    for one, other in zip(committed, anew, strict=True):
        if one.name == TEXT:
            assert one.read_text(encoding="utf-8") == other.read_text(encoding="utf-8")
            continue
        (samples, rate), (samples_anew, rate_anew) = samples_of(one), samples_of(other)
        assert rate == rate_anew
        if one.name == BROKEN:  # where a damaged FLAC breaks off is up to the encoder
            shorter = min(len(samples), len(samples_anew))
            assert shorter > rate
            samples, samples_anew = samples[:shorter], samples_anew[:shorter]
        assert samples.shape == samples_anew.shape, one.name
        assert np.max(np.abs(samples - samples_anew)) <= 1.01 * STEP, one.name


def test_the_sets_are_at_most_25_megabytes():
    files = [path for name in SETS for path in (FOLDER / name).rglob("*")]
    assert sum(path.stat().st_size for path in files) <= 25e6


@pytest.mark.parametrize("name", TRAINED)
def test_each_trained_model_can_be_heard(name):
    run = pl.Run(FOLDER / "trained" / name)
    assert list(run.grid) == [entry.epoch for entry in run.log][-1 if name == "three" else 0 :]
    assert run.capsule().settings.labels == (("bells", "breath", "waves") if name == "three" else ())
    assert run.epochs[-1] == run.log[-1].epoch
    assert all(run.capsule_path(epoch).stat().st_size <= 6e6 for epoch in run.epochs)
    # A strike that dies away leaves silence, but not in both clips.
    levels = [load(clip).levels for clip in run.grid[run.log[-1].epoch].values()]
    assert len(levels) == 2 and all(level.rms_dbfs > -50 for level in levels)
    assert min(level.silence for level in levels) < 0.5
    assert run.references["unigram"] > run.log[-1].validation_bits
    # It belongs to the set as it lies there, and nothing in it names the machine it was trained on.
    assert not Path(run.settings["corpus"]["folder"]).is_absolute()


@pytest.mark.parametrize("name", TRAINED)
def test_a_set_is_the_one_that_its_model_listened_to(name, training_script, tmp_path):
    sets = training_script.RUNS[name][0]
    corpus = pl.curate(training_script.gather(sets, tmp_path), tmp_path / "corpus")
    assert corpus.digest == pl.Run(FOLDER / "trained" / name).settings["corpus"]["digest"]


@pytest.mark.parametrize("name", TRAINED)
def test_each_card_names_the_command_that_trains_its_model(name):
    card = (FOLDER / TRAINED[name] / "CARD.md").read_text(encoding="utf-8")
    assert f"python datasets_examples/train.py {name}\n" in card


def test_the_training_script_leaves_a_run_that_can_be_played(training_script, tmp_path, monkeypatch):
    script = training_script
    tiny = {"epochs": 2, "frame_sizes": (4, 16), "dim": 8, "embedding": 4, "clip_seconds": 0.1, "streams": 64}
    monkeypatch.setitem(script.RUNS, "needs_work", (("needs_work",), {**tiny, "predictors": (), "book": 0}, (1,)))
    script.train("needs_work", tmp_path / "run")
    run = pl.Run(tmp_path / "run")
    assert run.epochs == [1, 2] and len(run.grid) == 2
    assert not (run.folder / "resume.bin").exists()
    assert run.settings["corpus"]["folder"] == "needs_work"
    assert run.settings["corpus"]["source"] == "datasets_examples/needs_work"


@pytest.mark.parametrize("name", TRAINED)
def test_no_run_names_a_folder_of_ours(name):
    lines = [path.read_text(encoding="utf-8") for path in (FOLDER / "trained" / name).glob("*.json*")]
    assert len(lines) >= 2 and not re.search(r'"(/|[A-Z]:)', "\n".join(lines))


@pytest.mark.parametrize("name", SETS)
def test_each_card_and_the_readme_say_how_much_there_is(name):
    files = sound_files(FOLDER / name)
    seconds = sum(len(samples) / rate for samples, rate in (samples_of(path) for path in files if path.name != TEXT))
    card = (FOLDER / name / "CARD.md").read_text(encoding="utf-8")
    assert "CC0" in card
    assert int(re.search(r"\| files \| (\d+)", card)[1]) == len(files)
    assert float(re.search(r"\| minutes \| ([\d.]+)", card)[1]) == pytest.approx(seconds / 60, abs=0.051)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if line.startswith(f"| [`{name}/`]"))
    assert f"| {len(files)} |" in row
    assert f"| {seconds / 60:.1f} |" in row


@pytest.mark.parametrize("name", ["bells", "breath", "waves"])
def test_the_sets_to_train_on_are_mono_at_16_khz_with_room_above_and_quiet_ends(name):
    for path in sound_files(FOLDER / name):
        samples, rate = samples_of(path)
        assert (rate, samples.shape[1]) == (16000, 1), path.name
        assert 10 ** (-12 / 20) <= np.max(np.abs(samples)) <= 10 ** (-1 / 20), path.name
        assert np.max(np.abs(samples[[0, -1]])) <= STEP, path.name


def test_the_answer_sheet_names_every_file():
    card = (FAULTY / "CARD.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(.+?)` \|", card, re.MULTILINE)
    assert sorted(named) == [path.name for path in sound_files(FAULTY)]


def test_rates_and_channels_are_as_planted():
    rates = {path.name: soundfile.info(path).samplerate for path in sound_files(FAULTY) if path.name != TEXT}
    assert {name: rate for name, rate in rates.items() if rate != 16000} == {
        "Take 4.wav": 8000,
        "field 05.flac": 44100,
        "Glocke übung.wav": 44100,
        "field 07.flac": 96000,
    }
    left, right = samples_of(FAULTY / "Glocke übung.wav")[0].T
    assert np.max(np.abs(left + right)) < 0.03 * np.max(np.abs(left))


def test_wave_shapes_are_as_planted():
    clipped, _ = faulty("Take 3.wav")
    assert np.count_nonzero(np.abs(clipped) > 0.999) > 100
    offset, _ = faulty("Cloche n° 2.aiff")
    assert np.mean(offset) == pytest.approx(0.2, abs=0.01)
    humming, rate = faulty("kitchen.wav")
    spectrum = np.abs(np.fft.rfft(humming[-rate:])) / (rate / 2)  # 1 Hz a bin, in the tail of the bell
    assert spectrum[[50, 100, 150, 250]] == pytest.approx([0.05, 0.03, 0.03, 0.015], rel=0.2)
    hissing, rate = faulty("Zoom0012.wav")
    assert np.std(hissing[-rate // 4 :]) == pytest.approx(0.02, rel=0.1)
    soft, _ = faulty("Zoom0013.wav")
    assert 20 * np.log10(np.max(np.abs(soft))) == pytest.approx(-48, abs=0.5)
    holed, _ = faulty("REC_0004.wav")
    runs = np.diff(np.flatnonzero(np.concatenate([[1], holed[: len(holed) // 2], [1]])))
    assert np.count_nonzero(runs > 60) >= 5  # holes of more than 4 ms where the bell is loud
    clicking, _ = faulty("REC_0007.flac")
    assert np.count_nonzero(np.abs(np.diff(clicking)) > 0.25) >= 20


def test_lengths_and_duplicates_are_as_planted():
    first, rate = faulty("Take 1.wav")
    assert np.array_equal(first, faulty("Unbenannt.flac")[0])
    assert len(faulty("mix 3.wav")[0]) == pytest.approx(len(first) / 1.01, abs=1)
    assert len(faulty("Audio 3.wav")[0]) == 0.015 * rate
    silent, _ = faulty("Audio 5.wav")
    assert not silent[: 3 * rate].any()
    assert not silent[-4 * rate :].any()
    with Recording(FAULTY / BROKEN) as broken:
        assert list(broken.blocks())
        assert broken.truncated
