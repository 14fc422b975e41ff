"""A performance on the disk: the same however often it was stopped, killed, refused by a disk and gone on with."""

import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from prism_lessons import file_format
from prism_lessons.audio import Clip, load
from prism_lessons.errors import CourseError, Stopped
from prism_lessons.generation import Prime, generate, long, mix, perform, render
from prism_lessons.generation.degeneration import DegenerationDetector
from prism_lessons.generation.sampler import Sampler
from prism_lessons.generation.takes import GenerationRequest

RATE = 2000  # so that a piece is two seconds, and traps have something to hear after a few
PIECE = 4096
SECONDS = 16
SAMPLES = SECONDS * RATE  # within the eighth piece
CODES = ["voice1.codes", "voice2.codes"]


@pytest.fixture(scope="module")
def capsule(made):
    """A model that likes to be silent, so that there are events and nudges."""
    capsule = made(sample_rate=RATE)
    bias = capsule.weights["sample_tier/output/bias"].copy()
    bias[128] += 19
    return replace(capsule, weights=capsule.weights | {"sample_tier/output/bias": bias})


@pytest.fixture(scope="module")
def values(noise):
    """Values with which everything that has a state takes part."""
    primes = [Clip(noise(seconds, 1, RATE), RATE, f"noise {seconds}") for seconds in (3, 1.5)]
    return {
        "voices": 2,
        "temperature": [0.5, "0:0.3, 20:1"],
        "seed": 2,
        "prime": primes,
        "keep_prime": True,
        "nudge": True,
    }


@pytest.fixture(scope="module")
def straight(capsule, values, tmp_path_factory):
    """The same played without an interruption."""
    folder = tmp_path_factory.mktemp("straight") / "performance"
    return played(folder, perform(capsule, folder, SECONDS, **values))


@pytest.fixture
def often(monkeypatch):
    """State is kept after each piece and not every few seconds."""
    monkeypatch.setattr(long, "KEEP_SECONDS", -1)


def played(folder, takes):
    """What was played, to compare: the codes that count, the WAVs, and what is said of them."""
    return SimpleNamespace(
        folder=folder,
        takes=takes,
        codes=[take.codes.read_bytes()[: take.samples] for take in takes],
        wavs={take.path.name: take.path.read_bytes() for take in takes},
        abouts=[{name: value for name, value in take.about.items() if name != "date"} for take in takes],
    )


def assert_same(one, other):
    assert [len(codes) for codes in one.codes] == [len(codes) for codes in other.codes]
    assert one.codes == other.codes
    assert one.abouts == other.abouts
    assert one.wavs == other.wavs


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != long.LOCK}


# --- what is played


def test_a_performance_is_what_generate_gives_of_the_same_seed(capsule, values, straight):
    takes = generate(capsule, SECONDS, **values)
    assert [take.samples for take in straight.takes] == [6000 + SAMPLES, 3000 + SAMPLES]
    for take, long_take in zip(takes, straight.takes, strict=True):
        np.testing.assert_array_equal(take.samples, long_take.clip(0, 1000).samples)
        np.testing.assert_array_equal(take.samples, np.concatenate(list(long_take.blocks())))
        about = {name: value for name, value in take.about.items() if name != "date"}
        assert about == {name: value for name, value in long_take.about.items() if name != "date"}
        assert take.markers == long_take.markers and take.seconds == long_take.seconds
        assert (long_take.path.name, long_take.name) == (f"{take.name}.wav", take.name)
        sound, rate = soundfile.read(long_take.path)
        assert rate == RATE and len(sound) == long_take.samples
        np.testing.assert_allclose(sound, take.samples, atol=0.5 / 2**15)
    assert len(straight.abouts[0]["events"]) > 5  # so that the other tests have something to lose
    assert any("is out again" in event["what"] for event in straight.abouts[0]["events"])


def test_two_models_and_half_precision_are_gone_on_with_too(capsule, made, tmp_path, often):
    both = mix(capsule, made(1, sample_rate=RATE, frame_sizes=(8, 32)), "0:0.2, 10:0.9")
    wanted = generate(both, 9, 2, seed=[5, 6], precision="half")
    for seconds in (1, 3, 9):
        takes = perform(both, tmp_path, seconds, 2, seed=[5, 6], precision="half")
    for take, long_take in zip(wanted, takes, strict=True):
        np.testing.assert_array_equal(long_take.clip(0, 9).samples, take.samples)


def test_codes_of_two_bytes_are_gone_on_with_too(made, tmp_path):
    capsule = made(sample_rate=RATE, levels=1024, quantisation="linear")
    (wanted,) = generate(capsule, 7, 1)
    perform(capsule, tmp_path, 3)
    (take,) = perform(capsule, tmp_path, 7)
    np.testing.assert_array_equal(take.clip(0, 7).samples, wanted.samples)
    np.testing.assert_array_equal(take.clip(-2, 1.5).samples, wanted.samples[5 * RATE : -RATE // 2])


def test_voices_that_would_be_called_the_same_have_a_file_each(capsule, values, tmp_path):
    lines = ["0:0.7, 1:2, 3:1.1", "0:0.7, 2:0.5, 3:1.1"]
    takes = perform(capsule, tmp_path, 2, **values | {"seed": [4, 4], "temperature": lines})
    assert len({take.path for take in takes}) == 2
    for take in takes:
        np.testing.assert_allclose(load(take.path).samples, take.clip(0, 99).samples, atol=0.5 / 2**15)
    assert [take.path for take in perform(capsule, tmp_path, 2, **values | {"seed": [4, 4], "temperature": lines})] == [
        take.path for take in takes
    ]


def test_a_part_of_a_long_take_is_what_lies_there(straight):
    (take, _), whole = straight.takes, straight.takes[0].clip(0, 1000)
    assert len(whole.samples) == take.samples
    for start, seconds in ((0, 1), (3.3, 2), (-8, 8), (-8, 99), (-99, 1), (18.9995, 5), (19, 1), (99, 1), (1, 0)):
        first = max(0, round(start * RATE) + (take.samples if start < 0 else 0))
        wanted = whole.samples[first : first + round(seconds * RATE)]
        np.testing.assert_array_equal(take.clip(start, seconds).samples, wanted)
    assert len(take.clip(3, -1).samples) == 0
    assert take.clip(-2).name == f"{take.name} from 0:17"


# --- stopped


def after(number, function):
    """The function, which is interrupted after it has been called some times."""
    calls = []

    def call(*arguments, **values):
        value = function(*arguments, **values)
        calls.append(0)
        if len(calls) == number:
            raise KeyboardInterrupt
        return value

    return call


def before(number, function):
    """The function, which is interrupted just before it does its work for the so manieth time."""

    def nothing(*_, **__):
        pass

    interrupt, count = after(number, nothing), []

    def call(*arguments, **values):
        count.append(0)
        interrupt()
        return function(*arguments, **values)

    return call


def write_one_voice(self, codes):
    """As `_Session.write`, but only one voice, and half of the next, gets onto the disk."""
    self._open[0].write(codes[0].astype(np.uint8).tobytes())
    self._open[1].write(codes[1, : PIECE // 2].astype(np.uint8).tobytes())


MOMENTS = {
    "before playing": (Sampler, "play", before),
    "between playing and writing": (Sampler, "play", after),
    "in the engine": (DegenerationDetector, "nudged", after),
    "in the traps": (DegenerationDetector, "update", after),
    "before writing": (long._Session, "write", before),
    "when all is written": (long._Session, "_take_snapshot", after),
    "after writing": (long._Session, "write", after),
    "before keeping": (long._Session, "save", before),
    "while codes are kept": (os, "fsync", after),
    "before the state is kept": (long._Session, "_save_state", before),
    "while the state is kept": (os, "replace", before),
    "when the state is kept": (os, "replace", after),
    "while WAVs are written": (long, "to_sample_format", after),
}


@pytest.mark.parametrize("number", [1, 3, 8])
@pytest.mark.parametrize("moment", MOMENTS)
def test_stopped_at_any_moment_it_goes_on_to_the_same(
    moment, number, capsule, values, straight, tmp_path, often, monkeypatch, capsys
):
    where, name, when = MOMENTS[moment]
    folder = tmp_path / "performance"
    with monkeypatch.context() as patch:
        patch.setattr(where, name, when(number, getattr(where, name)))
        if moment == "while WAVs are written" and number > 2:
            patch.setattr(long, "BLOCK_SECONDS", 1)  # so that there are so many
        with pytest.raises(Stopped, match="run the same again") as stopped:
            perform(capsule, folder, SECONDS, **values)
    wavs = [path.read_bytes() for path in folder.glob("*.wav")]
    if "WAVs" not in moment and "What was played is kept" in str(stopped.value):
        assert len(wavs) == 2 and re.search(
            r"Stopped after 0:\d\d of 0:16\. What was played is in", capsys.readouterr().out
        )
        sounds = [soundfile.read(path, dtype="int16")[0] for path in sorted(folder.glob("*.wav"))]
        for sound, whole in zip(sounds, sorted(straight.folder.glob("*.wav")), strict=True):
            wanted = soundfile.read(whole, dtype="int16")[0]
            assert len(sound) <= len(wanted)
            np.testing.assert_array_equal(sound, wanted[: len(sound)])
    assert not list(folder.glob("*.partial"))
    assert_same(played(folder, perform(capsule, folder, SECONDS, **values)), straight)


def test_a_piece_that_is_half_written_is_played_again(capsule, values, straight, tmp_path, often, monkeypatch):
    folder = tmp_path / "performance"
    for number in (1, 3):
        with monkeypatch.context() as patch:
            count, write = [], long._Session.write

            def interrupted(self, codes, number=number, count=count, write=write):
                count.append(0)
                if len(count) == number:
                    write_one_voice(self, codes)
                    raise KeyboardInterrupt
                write(self, codes)

            patch.setattr(long._Session, "write", interrupted)
            with pytest.raises(Stopped):
                perform(capsule, folder, SECONDS, **values)
        sizes = [(folder / name).stat().st_size for name in CODES]
        assert sizes[0] - 6000 == sizes[1] - 3000 and (sizes[0] - 6000) % PIECE == 0
    assert_same(played(folder, perform(capsule, folder, SECONDS, **values)), straight)


def test_stopped_twice_at_once_it_goes_on_to_the_same(capsule, values, straight, tmp_path, monkeypatch):
    folder = tmp_path / "performance"
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(Sampler, "play", before(3, Sampler.play))
            patch.setattr(long._Session, "save", before(1, long._Session.save))
            patch.setattr(long, "to_sample_format", before(1, long.to_sample_format))
            with pytest.raises(Stopped):
                perform(capsule, folder, SECONDS, **values)
    assert_same(played(folder, perform(capsule, folder, SECONDS, **values)), straight)


def test_traps_hear_what_the_model_played_and_not_its_prime(capsule, values, straight, tmp_path, monkeypatch):
    folder = tmp_path / "performance"
    perform(capsule, folder, 2, **values)
    remembered = []
    monkeypatch.setattr(DegenerationDetector, "append", lambda self, sound: remembered.append(sound))
    perform(capsule, folder, 2, **values)
    (sound,) = remembered
    codes = [np.frombuffer(codes, np.uint8) for codes in straight.codes]
    wanted = np.stack([codes[0][6000 : 6000 + PIECE], codes[1][3000 : 3000 + PIECE]])
    np.testing.assert_array_equal(sound, capsule.settings.codec.decode(wanted))


# --- killed

KILLED = """
import json, os, pickle, signal, sys
from pathlib import Path
from prism_lessons.generation import long, perform
from prism_lessons.generation.sampler import Sampler

capsule, values = pickle.loads(Path(sys.argv[1]).read_bytes())
long.KEEP_SECONDS = -1
places = {"Sampler": Sampler, "_Session": long._Session, "os": os, "long": long}

def killed(function, number, ahead):
    calls = []
    def call(*arguments, **values):
        calls.append(0)
        if ahead and len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        value = function(*arguments, **values)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return value
    return call

perform(capsule, sys.argv[1] + " warm", 1, voices=2)  # compiled, so that the children need not
for folder, place, name, number, ahead in json.loads(sys.argv[2]):
    child = os.fork()
    if not child:
        setattr(places[place], name, killed(getattr(places[place], name), number, ahead))
        perform(capsule, folder, 16, **values)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, (place, name, number)
"""
# In the beginning `os.replace` puts first the state and then the performance in its place.
KILLS = [
    ("os", "fsync", 1, True), ("os", "replace", 1, True), ("os", "replace", 1, False), ("os", "replace", 2, True),
    ("os", "replace", 2, False), ("Sampler", "play", 1, True), ("Sampler", "play", 4, False),
    ("os", "replace", 5, True), ("_Session", "write", 2, True), ("_Session", "write", 5, False),
    ("_Session", "_save_state", 4, True),
    ("os", "replace", 7, False), ("os", "fsync", 11, False), ("long", "to_sample_format", 1, False),
    ("long", "to_sample_format", 4, True),
]  # fmt: skip


def test_killed_at_any_moment_it_goes_on_to_the_same(capsule, values, straight, tmp_path):
    """With `kill -9`, in a process of its own."""
    (tmp_path / "asked").write_bytes(pickle.dumps((capsule, values)))
    folders = [tmp_path / f"performance {number}" for number in range(len(KILLS))]
    kills = [(str(folder), *kill) for folder, kill in zip(folders, KILLS, strict=True)]
    # One that is killed again and again.
    kills += [(str(folders[0]), "_Session", "write", 3, ahead) for ahead in (True, False, True)]
    command = [sys.executable, "-c", KILLED, str(tmp_path / "asked"), json.dumps(kills)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    for folder in folders:
        assert not any(path.read_bytes() not in straight.wavs.values() for path in folder.glob("*.wav"))
        assert_same(played(folder, perform(capsule, folder, SECONDS, **values)), straight)


# --- longer, shorter, other


def test_asked_for_more_it_goes_on_and_for_less_nothing_is_lost(capsule, values, straight, tmp_path):
    folder = tmp_path / "performance"
    for seconds in (0.01, 5, 5, 11):
        takes = perform(capsule, folder, seconds, **values)
        assert [take.samples - len(heard.samples) for take, heard in zip(takes, values["prime"], strict=True)] == [
            round(seconds * RATE)
        ] * 2
    assert_same(played(folder, perform(capsule, folder, SECONDS, **values)), straight)
    whole = contents(folder)
    for take, wanted in zip(perform(capsule, folder, 5, **values), straight.codes, strict=True):
        count = round(take.about["prime_seconds"] * RATE) + 5 * RATE
        np.testing.assert_array_equal(take.clip(0, 99).samples, straight.takes[0].codec.decode(list(wanted[:count])))
        assert soundfile.info(take.path).frames == count
        assert all(event["seconds"] <= 5 for event in take.about["events"]) and take.about["events"]
    assert {name: whole[name] for name in CODES} == {name: contents(folder)[name] for name in CODES}
    assert_same(played(folder, perform(capsule, folder, SECONDS, **values)), straight)


def test_a_model_with_predictors_goes_on_where_it_stopped(made, values, tmp_path):
    """What its predictors know lies beside the rest of its state on the disk."""
    capsule = made(sample_rate=RATE, predictors=(8, 32), book=3)
    for seconds in (1, 3):
        takes = perform(capsule, tmp_path / "performance", seconds, **values)
    for take, straight in zip(takes, generate(capsule, 3, **values), strict=True):
        np.testing.assert_array_equal(take.clip(0, 99).samples, straight.samples)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"temperature": 0.95}, "temperature is 0.5, and you ask for 0.95"),
        ({"temperature": [0.5, "0:0.3, 21:1"]}, "temperature"),
        ({"seed": 4}, "seed is 2, and you ask for 4"),
        ({"seed": [2, 2]}, "voice is 2, and you ask for 1"),
        ({"voices": 1, "temperature": 0.5, "prime": None}, "number of voices is 2, and you ask for 1"),
        ({"voices": 3, "temperature": 0.5, "prime": None}, "number of voices is 2, and you ask for 3"),
        ({"prime": None}, "prime is noise 3, 0 to 3 s, and you ask for None"),
        ({"prime": Clip(np.ones(9000, np.float32), RATE, "noise 3")}, "prime is noise 3, 0 to 3 s, and you ask for"),
        ({"keep_prime": False}, "keep_prime is True, and you ask for False"),
        ({"nudge": False}, "nudge is True, and you ask for False"),
        ({"capsule": None}, "capsule is"),
    ],
)
def test_another_performance_is_refused_by_name(change, named, capsule, made, values, straight, tmp_path):
    folder = shutil.copytree(straight.folder, tmp_path / "performance")
    before = contents(folder)
    other = made(sample_rate=RATE) if "capsule" in change else capsule
    asked = values | {name: value for name, value in change.items() if name != "capsule"}
    with pytest.raises(CourseError, match=f"holds another performance: its {named}"):
        perform(other, folder, SECONDS + 5, **asked)
    assert contents(folder) == before


def test_another_engine_may_go_on(capsule, values, straight, tmp_path):
    folder = tmp_path / "performance"
    first = perform(capsule, folder, 3, **values, engine="numba")
    takes = perform(capsule, folder, 7, **values, engine="tensorflow")
    assert [take.about["date"] for take in takes] == [take.about["date"] for take in first]
    # Draws that fall between two codes by rounding aside, and here are none.
    assert [take.codes.read_bytes()[: take.samples] for take in takes] == [
        codes[: take.samples] for codes, take in zip(straight.codes, takes, strict=True)
    ]
    assert_same(played(folder, perform(capsule, folder, SECONDS, **values, engine="numba")), straight)


def test_a_prime_that_is_gone_is_not_needed_to_go_on(capsule, write_noise, noise, tmp_path):
    primes = [tmp_path / "prime.wav", Prime(tmp_path / "prime.wav", 1, 2)]
    for prime in primes:
        write_noise(tmp_path / "prime.wav", 9, sample_rate=RATE)
        folder = tmp_path / f"performance {primes.index(prime)}"
        (wanted,) = generate(capsule, 5, 1, prime=prime)
        (first,) = perform(capsule, folder, 1, prime=prime)
        (tmp_path / "prime.wav").unlink()
        (take,) = perform(capsule, folder, 5, prime=prime)
        np.testing.assert_array_equal(take.clip(0, 9).samples, wanted.samples)
        assert take.about["prime"] == first.about["prime"] == wanted.about["prime"]
        with pytest.raises(CourseError, match=r"its prime is prime\.wav, .* and you ask for other\.wav"):
            perform(capsule, folder, 5, prime=tmp_path / "other.wav")
    with pytest.raises(CourseError, match="no longer there"):
        perform(capsule, tmp_path / "new", 5, prime=primes[0])
    assert contents(tmp_path / "new") == {}
    write_noise(tmp_path / "prime.wav", 1, sample_rate=RATE)
    perform(capsule, tmp_path / "new", 1, prime=primes[0])  # what was refused is no performance


def test_a_folder_with_something_else_in_it_stays_as_it_is(capsule, tmp_path):
    (tmp_path / "diary.txt").write_text("Dear diary")
    with pytest.raises(CourseError, match="holds something else: name a folder of its own"):
        perform(capsule, tmp_path, 1)
    assert os.listdir(tmp_path) == ["diary.txt"]
    with pytest.raises(CourseError, match="holds something else"):
        perform(capsule, tmp_path / "diary.txt", 1)
    assert (tmp_path / "diary.txt").read_text() == "Dear diary"


@pytest.mark.parametrize("folder", [None, True, 3, b"x", "a\0b", "x" * 5000, ["x"]])
def test_what_is_no_folder_is_one_sentence(folder, capsule, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError) as caught:
        perform(capsule, folder, 1)
    assert "\n" not in str(caught.value) and os.listdir(tmp_path) == []


@pytest.mark.parametrize("seconds", [None, "long", 0, -1, float("nan"), float("inf"), 24 * 3600 + 1, 1e300, 10**30])
def test_what_is_no_length_is_one_sentence_and_leaves_nothing(seconds, capsule, tmp_path):
    with pytest.raises(CourseError, match=r"seconds must be|may last up to 24 hours|No take lasts"):
        perform(capsule, tmp_path / "new", seconds)
    assert not (tmp_path / "new").exists()


def test_more_than_a_wav_can_hold_is_not_begun(made, tmp_path):
    with pytest.raises(CourseError, match=r"at 44100 Hz may last up to 13\.4 hours, not 14"):
        perform(made(sample_rate=44100), tmp_path / "new", 14 * 3600)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_may_not_be_written_is_one_sentence(capsule, public_folder, as_guest):
    public_folder.chmod(0o555)
    for folder in (public_folder, public_folder / "new"):
        with as_guest(), pytest.raises(CourseError, match="could not be written"):
            perform(capsule, folder, 1)
    assert os.listdir(public_folder) == []


def test_two_at_once_are_one_too_many(capsule, values, straight, tmp_path, often):
    folder, said = tmp_path / "performance", []

    def second(_):
        with pytest.raises(CourseError, match="Another performance is being played in") as caught:
            perform(capsule, folder, SECONDS, **values)
        said.append(str(caught.value))

    assert_same(played(folder, perform(capsule, folder, SECONDS, **values, listening=second)), straight)
    assert len(said) == 8 and "wait for it or stop it" in said[0]
    perform(capsule, folder, SECONDS, **values)  # and it is free again


# --- damaged


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def emptied(path):
    path.write_bytes(b"")


def binary(path):
    path.write_bytes(bytes(range(256)) * 20)


def other_json(path):
    path.write_text('{"takes": [3, null], "keep_prime": true}')


def a_list(path):
    path.write_text("[[[]]]")


def without_takes(path):
    path.write_text('{"keep_prime": true}')


def without_dates(path):
    what = json.loads(path.read_text(encoding="utf-8"))
    for about in what["takes"]:
        about["date"] = 7
    path.write_text(json.dumps(what))


def a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("name", "damage"),
    [(name, damage) for name in (*CODES, long.STATE) for damage in (cut, emptied, Path.unlink, a_folder)]
    + [(long.STATE, flipped), (long.STATE, binary), (long.STATE, other_json)]
    + [
        (long.WHAT, damage)
        for damage in (cut, emptied, binary, other_json, a_list, without_takes, Path.unlink, a_folder)
    ],
)
def test_what_is_damaged_is_said_and_left_as_it_is(name, damage, capsule, values, straight, tmp_path):
    folder = shutil.copytree(straight.folder, tmp_path / "performance")
    damage(folder / name)
    before = {path.name: path.is_file() and path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(CourseError) as caught:
        perform(capsule, folder, SECONDS + 2, **values)
    assert re.fullmatch(r'.*"[^\n]+', str(caught.value))
    assert before == {path.name: path.is_file() and path.read_bytes() for path in folder.iterdir()}
    if name != long.WHAT:
        assert "is damaged, so it cannot go on" in str(caught.value)


def test_hours_are_not_played_over_because_one_small_file_is_gone(capsule, values, straight, tmp_path):
    """What is left looks much like a performance that was killed before it had begun."""
    folder = tmp_path / "performance"
    folder.mkdir()
    for name in (*CODES, long.STATE):
        shutil.copy(straight.folder / name, folder)
    before = contents(folder)
    with pytest.raises(CourseError, match="damaged"):
        perform(capsule, folder, SECONDS, **values)
    assert contents(folder) == before


def test_codes_with_more_behind_them_and_strange_dates_go_on(capsule, values, straight, tmp_path):
    folder = shutil.copytree(straight.folder, tmp_path / "performance")
    for name in CODES:
        with open(folder / name, "ab") as file:
            file.write(bytes(5000))
    without_dates(folder / long.WHAT)
    takes = perform(capsule, folder, SECONDS, **values)
    assert_same(played(folder, takes), straight)
    assert render(takes, tmp_path / "takes")


def test_the_state_of_a_version_that_kept_less_of_the_predictors_does_not_fit(made, tmp_path):
    model, folder = made(frame_sizes=(4, 8), predictors=(8,)), tmp_path / "performance"
    perform(model, folder, 0.1)
    about, arrays, texts = file_format.read(folder / long.STATE, "performance")
    last = max(name for name in arrays if name.startswith("recurrent_"))
    shorter = arrays | {last: arrays[last][:, :-1]}
    file_format.write(folder / long.STATE, "performance", about, shorter, texts)
    with pytest.raises(CourseError, match="is damaged"):
        perform(model, folder, 0.2)


def test_the_state_of_another_performance_does_not_fit(capsule, values, straight, tmp_path):
    folder = tmp_path / "performance"
    perform(capsule, folder, 2, **values)
    longer = shutil.copytree(folder, tmp_path / "longer")
    shutil.copy(straight.folder / long.STATE, longer)  # its codes are missing here
    one = tmp_path / "one"
    perform(capsule, one, 2)
    mixed = shutil.copytree(folder, tmp_path / "mixed")
    shutil.copy(one / long.STATE, mixed)
    for damaged in (longer, mixed):
        with pytest.raises(CourseError, match="is damaged"):
            perform(capsule, damaged, 2, **values)


def test_so_many_events_that_no_description_holds_them_are_kept(capsule, tmp_path, monkeypatch):
    many = [{"seconds": 0.01 * number, "voice": 1, "what": "nudged, 3.05 times as free"} for number in range(80_000)]
    assert len(json.dumps(many)) > 2**22
    kept = DegenerationDetector.state
    monkeypatch.setattr(DegenerationDetector, "state", lambda self: kept(self) | {"events": many})
    perform(capsule, tmp_path, 1)
    monkeypatch.undo()
    (take,) = perform(capsule, tmp_path, 1)
    assert len(take.about["events"]) == 101


# --- full disks


@pytest.mark.parametrize(
    ("size", "largest_file"),
    [
        (2**12, 10),  # nothing fits
        (2**15, 2**13),  # some pieces
        (2**16, 2**14),
        (2**17 + 2**16, 2**16),  # all codes, and not the WAVs
    ],
)
def test_a_full_disk_is_one_sentence_and_it_goes_on_with_more_room(
    size, largest_file, capsule, values, straight, small_disk, tmp_path, often
):
    with small_disk(size, largest_file) as disk:
        for _ in range(2):  # a second attempt meets the same
            with pytest.raises(CourseError, match=r"The disk is full"):
                perform(capsule, disk / "performance", SECONDS, **values)
        folder = tmp_path / "performance"
        if (disk / "performance").exists():
            shutil.copytree(disk / "performance", folder)
    assert not list(folder.glob("*.partial"))
    assert_same(played(folder, perform(capsule, folder, SECONDS, **values)), straight)


class Sip(io.FileIO):
    """A file that takes a little at a time, as one on a disk that is nearly full may do."""

    def write(self, data):
        return super().write(data[:1000])


def test_a_disk_that_takes_a_piece_in_parts_gets_all_of_it(capsule, values, straight, tmp_path, monkeypatch):
    monkeypatch.setattr(long, "open", lambda path, mode, buffering: Sip(path, "r+"), raising=False)
    assert_same(played(tmp_path, perform(capsule, tmp_path, SECONDS, **values)), straight)


# --- while it plays


def test_somebody_may_listen_while_it_plays(capsule, values, straight, tmp_path, often):
    heard = []

    def listening(takes):
        heard.append([take.clip(-8).samples for take in takes])
        assert not any(take.path.exists() for take in takes)

    perform(capsule, tmp_path, SECONDS, **values, listening=listening)
    assert len(heard) == 8
    for number, clips in enumerate(heard, start=1):
        for clip, codes, take in zip(clips, straight.codes, straight.takes, strict=True):
            end = min(len(codes), round(take.about["prime_seconds"] * RATE) + number * PIECE)
            wanted = take.codec.decode(np.frombuffer(codes, np.uint8)[max(0, end - 8 * RATE) : end])
            np.testing.assert_array_equal(clip, wanted)


def test_who_listens_may_stop_it_or_fail(capsule, values, straight, tmp_path, often):
    def stop(_):
        raise KeyboardInterrupt

    def fail(_):
        raise ZeroDivisionError

    with pytest.raises(Stopped):
        perform(capsule, tmp_path / "x", SECONDS, **values, listening=stop)
    with pytest.raises(ZeroDivisionError):
        perform(capsule, tmp_path / "x", SECONDS, **values, listening=fail)
    assert_same(played(tmp_path / "x", perform(capsule, tmp_path / "x", SECONDS, **values)), straight)


def test_memory_does_not_grow_with_a_performance(made, tmp_path):
    capsule = made(sample_rate=RATE)

    def most(seconds):
        tracemalloc.start()
        perform(capsule, tmp_path / str(seconds), seconds)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(1)
    assert most(200) < 1.2 * most(20)


def test_what_was_played_can_be_rendered_and_is_called_as_the_same_take_of_generate(
    capsule, values, straight, tmp_path
):
    long_takes, takes = straight.takes, generate(capsule, SECONDS, **values)
    paths = render(long_takes, tmp_path / "one", "flac", 24, 44100, fade_in=0.1)
    others = render(takes, tmp_path / "other", "flac", 24, 44100, fade_in=0.1)
    assert [path.name for path in paths] == [path.name for path in others]
    for path, other in zip(paths, others, strict=True):
        np.testing.assert_array_equal(soundfile.read(path)[0], soundfile.read(other)[0])


def test_a_performance_says_of_each_voice_what_decides_how_it_sounds(capsule, values):
    """What `perform` compares when it goes on: everything else may change."""
    about, _ = GenerationRequest.of(capsule, **{k: v for k, v in values.items() if k != "keep_prime"}).abouts()
    assert {"capsule", "seed", "voice", "temperature", "prime", "nudge"} <= about.keys()


def test_a_performance_that_is_renamed_meanwhile_goes_on_under_its_new_name(capsule, often, tmp_path):
    def rename(_):
        (tmp_path / "long").rename(tmp_path / "renamed")

    with pytest.raises(CourseError, match=r'performance\.json" is no longer there: if its folder was renamed'):
        perform(capsule, tmp_path / "long", SECONDS, listening=rename)
    assert [path.name for path in tmp_path.iterdir()] == ["renamed"]
    assert_same(
        played(tmp_path / "renamed", perform(capsule, tmp_path / "renamed", SECONDS)),
        played(tmp_path / "straight", perform(capsule, tmp_path / "straight", SECONDS)),
    )
