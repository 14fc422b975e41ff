"""Takes as files: sound, tags, markers, names, list and zip, and what spreadsheets, disks and users do to them."""

import csv
import errno
import io
import itertools
import json
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import wave
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io.wavfile
import soundfile

from prism_lessons.audio import Clip
from prism_lessons.errors import CourseError
from prism_lessons.files import write_error
from prism_lessons.generation import LongTake, Take, generate, render, take_files
from prism_lessons.generation.take_files import COLUMNS, Rendering, file_name
from prism_lessons.live import LiveLine
from prism_lessons.marks import COMPOSITE, GENERATED
from prism_lessons.quantisation import Quantisation

RATE = 16000
FORMATS = {  # form, bits: libsndfile's name, and half a step
    ("wav", 16): ("PCM_16", 0.5 / 2**15),
    ("wav", 24): ("PCM_24", 0.5 / 2**23),
    ("wav", "float"): ("FLOAT", 0),
    ("flac", 16): ("PCM_16", 0.5 / 2**15),
    ("flac", 24): ("PCM_24", 0.5 / 2**23),
}
ABOUT = {
    "capsule": "0123456789abcdef",
    "run": "Übung 🎻",
    "epoch": 3,
    "seed": 7,
    "voice": 2,
    "temperature": "0:0.7, 10:1.1",
    "nudge": False,
    "sample_rate": RATE,
    "engine": "numba",
    "date": "2026-08-01T12:00:00+02:00",
    "events": [],
}
EVENTS = [{"seconds": 0.25, "what": "fell silent"}, {"seconds": 0.4, "what": "is out again (fell silent)"}]


def take_of(samples, **about):
    return Take(np.asarray(samples, np.float32), RATE, "a take", {**ABOUT, **about})


def sine(seconds=1.0, frequency=440, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


@pytest.fixture
def take(noise):
    return take_of(noise(0.5))


@pytest.fixture
def long_take(tmp_path):
    """A function that makes a `LongTake` of so many seconds of noise."""

    def make(seconds, **about):
        codec, path = Quantisation(), tmp_path / f"{seconds}.codes"
        codes = np.random.default_rng(0).integers(1, 256, round(seconds * RATE), np.uint8)
        codes.tofile(path)
        return LongTake(tmp_path / "take.wav", path, codec, RATE, len(codes), {**ABOUT, **about})

    return make


def rows_of(folder):
    with open(folder / "takes.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- sound


@pytest.mark.parametrize(("form", "bits"), FORMATS)
@pytest.mark.parametrize("count", [8000, 8001])  # an odd number of 24-bit samples has to be filled up
def test_every_format_comes_back_within_half_a_step(form, bits, count, noise, tmp_path):
    subtype, half = FORMATS[form, bits]
    samples = noise(1)[:count]
    (path,) = render([take_of(samples, events=EVENTS)], tmp_path, form, bits)
    assert (soundfile.info(path).subtype, soundfile.info(path).samplerate) == (subtype, RATE)
    back, _ = soundfile.read(path, dtype="float64")
    assert len(back) == count and np.abs(back - samples).max() <= half


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_daw_gets_its_own_rate(rate, tmp_path):
    for take in (take_of(sine(1.5)), take_of(sine(25.01))):  # within a block, and over several
        (path,) = render([take], tmp_path / str(take.seconds), bits="float", sample_rate=float(rate))
        sound, written = soundfile.read(path)
        assert (written, len(sound)) == (rate, round(take.seconds * rate))
        middle = sound[rate // 4 : rate // 4 + rate]  # a second, so that a bin of its spectrum is 1 Hz
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(rate)))
        assert np.argmax(spectrum) == 440
        assert spectrum[450:].max() < 1e-4 * spectrum[440]  # and nothing else, mirrors least of all
        assert np.abs(middle).max() == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("rate", [None, 48000])
def test_fades_are_straight_lines_from_and_to_nothing(rate, tmp_path):
    take = take_of(np.full(25 * RATE, 0.5))  # several blocks
    (path,) = render([take], tmp_path, bits="float", sample_rate=rate, fade_in=0.5, fade_out=11)
    sound, rate = soundfile.read(path)
    level = sound / 0.5
    assert level[0] == level[-1] == 0
    edge = 200  # where resampling a constant rings
    place = np.arange(len(sound))
    wanted = np.clip(place / (0.5 * rate), 0, 1) * np.clip((len(sound) - 1 - place) / (11 * rate), 0, 1)
    np.testing.assert_allclose(level[edge:-edge], wanted[edge:-edge], atol=1e-3)
    (plain,) = render([take], tmp_path / "plain", bits="float")
    assert np.all(soundfile.read(plain)[0] == 0.5)


@pytest.mark.parametrize("rate", [None, 44100])
def test_a_constant_offset_is_taken_away(rate, tmp_path):
    take = take_of(0.2 + sine(12, amplitude=0.3))
    (kept,) = render([take], tmp_path, bits="float", sample_rate=rate)
    (path,) = render([take], tmp_path, bits="float", sample_rate=rate, remove_dc=True)
    assert soundfile.read(kept)[0].mean() == pytest.approx(0.2, abs=1e-3)
    sound, _ = soundfile.read(path)
    assert abs(sound.mean()) < 1e-5
    assert np.abs(sound).max() < 0.301  # not a ringing of 0.2 at the edges
    (path,) = render([take_of(np.full(RATE, 0.2))], tmp_path, bits="float", sample_rate=rate, remove_dc=True)
    assert np.abs(soundfile.read(path)[0]).max() < 1e-6


def test_a_file_is_turned_down_only_where_it_would_clip(noise, tmp_path):
    loud = np.sign(sine(1, 441)) * 0.99  # below full scale, but its resampled wave rings beyond
    asked = {"bits": "float", "sample_rate": 48000}
    (path,) = render([take_of(loud)], tmp_path, **asked)
    sound, _ = soundfile.read(path, dtype="float32")
    assert np.abs(sound).max() == pytest.approx(10 ** (-0.1 / 20), abs=1e-6)
    raw = np.concatenate(list(Rendering("wav", **asked).blocks(take_of(loud))))
    assert np.abs(raw).max() > 1.01
    gain = float(rows_of(tmp_path)[0]["gain_db"])
    assert gain == pytest.approx(-0.1 - 20 * np.log10(np.abs(raw).max()), abs=0.006)
    np.testing.assert_allclose(sound, raw * (10 ** (-0.1 / 20) / np.abs(raw).max()), atol=1e-6)  # as a whole

    # An offset taken away may lift the other side above full scale.
    lopsided = np.concatenate([np.full(RATE, -1.0), np.full(RATE // 8, 1.0)])
    (path,) = render([take_of(lopsided)], tmp_path, bits="float", remove_dc=True)
    assert np.abs(soundfile.read(path)[0]).max() == pytest.approx(10 ** (-0.1 / 20), abs=1e-6)

    for peak in (1.0, 0.001):  # full scale itself, and what is quiet, stay to the bit
        samples = (noise(0.5) / np.abs(noise(0.5)).max() * peak).astype(np.float32)
        (path,) = render([take_of(samples)], tmp_path, bits="float")
        np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], samples)


def test_the_shortest_takes_can_be_rendered(tmp_path):
    for count in (1, 2, 15):
        for rate in (None, 44100):
            (path,) = render([take_of(np.full(count, 0.1))], tmp_path, sample_rate=rate, fade_in=1, remove_dc=True)
            assert abs(soundfile.info(path).frames - count * (rate or RATE) / RATE) <= 1


# --- what a file says of itself


@pytest.mark.parametrize(("form", "bits"), FORMATS)
def test_tags_say_all_that_is_known_of_a_take(form, bits, made, write_noise, tmp_path):
    prime = write_noise(tmp_path / "Übergänge.wav", 0.3)
    takes = generate(made(), 0.2, 2, [0.8, 1.1], seed=4, prime=prime, keep_prime=True)
    for path, take in zip(render(takes, tmp_path / "takes", form, bits, fade_in=0.01), takes, strict=True):
        with soundfile.SoundFile(path) as file:
            assert file.title == path.stem and file.date == take.about["date"]
            assert file.software.startswith("PRiSM lessons 0.")
            said = json.loads(file.comment)
        assert said == {"digital_source_type": COMPOSITE} | take.about
        assert {"capsule", "epoch", "seed", "temperature", "prime", "prime_seconds", "date"} <= said.keys()


def test_a_take_with_more_to_say_than_readers_take_in_keeps_its_other_tags(tmp_path):
    events = [{"seconds": number / 1000, "what": "nudged, 1.25 times as free"} for number in range(900)]
    take = take_of(sine(), events=events)
    wav, flac = render([take], tmp_path)[0], render([take], tmp_path, "flac")[0]
    said = {"digital_source_type": GENERATED} | take.about
    with soundfile.SoundFile(wav) as file:  # its events are cue points
        assert json.loads(file.comment) == {name: value for name, value in said.items() if name != "events"}
        assert (file.title, file.date) == (wav.stem, take.about["date"])
    assert len(chunks(wav)[b"cue "]) == 4 + 24 * 900
    with soundfile.SoundFile(flac) as file:
        assert json.loads(file.comment) == said
    assert rows_of(tmp_path)[0]["events"].endswith("; 880 more")
    line = ", ".join(f"{second}:0.{second % 9 + 1}" for second in range(900))
    wav = render([take_of(sine(), temperature=line)], tmp_path)[0]
    with soundfile.SoundFile(wav) as file:
        assert (file.title, file.date) == (wav.stem, take.about["date"])
    assert line.encode() in wav.read_bytes()
    assert len(rows_of(tmp_path)) == 3


def chunks(path):
    """{name: content} of a RIFF file, whose sizes must fit; of two of one name the last, lists by their kind."""
    data = path.read_bytes()
    riff, size, form = struct.unpack("<4sI4s", data[:12])
    assert (riff, form, size) == (b"RIFF", b"WAVE", len(data) - 8)
    found, place = {}, 12
    while place < len(data):
        assert place % 2 == 0
        name, size = struct.unpack("<4sI", data[place : place + 8])
        content = data[place + 8 : place + 8 + size]
        assert len(content) == size
        found[content[:4] if name == b"LIST" else name] = content
        place += 8 + size + size % 2
    assert place == len(data)
    return found


@pytest.mark.parametrize(("bits", "count"), [(16, 8000), (16, 8001), (24, 8001), ("float", 8001)])
def test_markers_are_cue_points_with_labels(bits, count, noise, tmp_path):
    take = take_of(noise(1)[:count], prime="a.wav, 0 to 8 s", prime_seconds=0.1, events=EVENTS)
    (path,) = render([take], tmp_path, bits=bits, sample_rate=48000)
    found = chunks(path)
    wanted = [(4800, "the model takes over"), (16800, "fell silent"), (24000, "is out again (fell silent)")]
    # The last event lies at the end, and a cue point has to lie within the sound.
    frames = soundfile.info(path).frames
    wanted = [(min(sample, frames - 1), words) for sample, words in wanted]
    cues = found[b"cue "]
    assert struct.unpack("<I", cues[:4]) == (3,) and len(cues) == 4 + 3 * 24
    for number in range(3):
        cue = struct.unpack("<II4sIII", cues[4 + 24 * number :][:24])
        assert cue == (number + 1, wanted[number][0], b"data", 0, 0, wanted[number][0])
    labels, place, read = found[b"adtl"], 4, {}
    while place < len(labels):
        name, size, number = struct.unpack("<4sII", labels[place : place + 12])
        assert name == b"labl"
        read[number] = labels[place + 12 : place + 8 + size]
        place += 8 + size + size % 2
    assert read == {number: words.encode() + b"\0" for number, (_, words) in enumerate(wanted, start=1)}

    lines = path.with_suffix(".labels.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t") for line in lines] == [
        [f"{sample / 48000:.6f}", f"{sample / 48000:.6f}", words] for sample, words in wanted
    ]


@pytest.mark.filterwarnings("ignore:Chunk .non-data. not understood")  # SciPy says so of tags and cue points
def test_readers_do_not_mind_markers(noise, tmp_path):
    samples = noise(0.5)
    (path,) = render([take_of(samples, events=EVENTS)], tmp_path)
    wanted = np.rint(samples * 32768).astype(np.int16)
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], wanted)
    rate, read = scipy.io.wavfile.read(path)
    assert rate == RATE
    np.testing.assert_array_equal(read, wanted)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE, 2, 1)
        np.testing.assert_array_equal(np.frombuffer(file.readframes(10**6), np.int16), wanted)


def test_without_markers_there_is_no_file_of_labels(take, tmp_path):
    (path,) = render([take], tmp_path)
    assert b"cue " not in chunks(path)
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, "takes.csv"])
    (path,) = render([take_of(take.samples, events=EVENTS)], tmp_path, "flac")
    assert len(path.with_suffix(".labels.txt").read_text(encoding="utf-8").splitlines()) == 2


# --- names


def test_other_takes_have_other_names_and_the_same_take_the_same(take, noise):
    plain = Rendering()
    name = file_name(take, plain)
    assert name == file_name(replace(take, about={**ABOUT, "date": "2027-01-01T00:00:00+00:00"}), plain)
    assert name == file_name(take, Rendering(sample_rate=RATE))  # its own
    assert file_name(take, Rendering(fade_in=1)) == file_name(take, Rendering(fade_in=1.0))
    others = [
        file_name(take_of(take.samples, **about), plain)
        for about in (
            {"seed": 8}, {"voice": 1}, {"temperature": "0:0.7, 5:1.2, 10:1.1"}, {"epoch": 4}, {"prime": "a, 0 to 8 s"},
            {"prime": "a, 1 to 9 s"}, {"share": "0.5"}, {"share": "0:0, 10:1"}, {"capsule": "f" * 16}, {"nudge": True},
        )
    ]  # fmt: skip
    others += [
        file_name(take, Rendering(**options))
        for options in (
            {"bits": 24}, {"bits": "float"}, {"form": "flac"}, {"sample_rate": 44100}, {"fade_in": 1}, {"fade_out": 1},
            {"remove_dc": True},
        )
    ]  # fmt: skip
    # Primes of two folders may be called the same, and engines may differ in a sample.
    others += [file_name(take_of(noise(0.5, seed=1)), plain), file_name(take_of(take.samples[:-1]), plain)]
    assert len({name, *others}) == 1 + len(others)


def test_a_long_take_has_the_name_of_the_same_take_in_memory(long_take):
    take = long_take(25)
    assert file_name(take, Rendering()) == file_name(take_of(take.clip(0, 25).samples), Rendering())


@pytest.mark.parametrize("seed", [0, 10**200])
@pytest.mark.parametrize("temperature", ["0.95", "0:0.333333, 100000:4.99999", "1e-05", "0.05"])
def test_names_are_for_any_file_system(seed, temperature, tmp_path):
    about = {"seed": seed, "voice": 256, "temperature": temperature, "epoch": 10**9 - 1, "prime": "a:b/c*?.wav"}
    take = take_of(sine(0.1), **about)
    (path,) = render([take], tmp_path)
    assert re.fullmatch(r"[\w.+-]+\.wav", path.name) and len(path.name) < 120
    assert not path.stem.endswith(".")


# --- the list


def test_the_list_has_a_row_for_each_file(made, tmp_path):
    takes = generate(made(), 0.3, 3, [0.8, 0.9, "0:0.7, 10:1.1"], seed=4)
    paths = render(takes, tmp_path)
    rows = rows_of(tmp_path)
    assert list(rows[0]) == list(COLUMNS)
    assert [row["file"] for row in rows] == [path.name for path in paths]
    for row, take in zip(rows, takes, strict=True):
        for column in ("date", "epoch", "capsule", "seed", "voice", "temperature"):
            assert row[column] == str(take.about[column])
        assert (row["model"], row["seconds"], row["sample_rate"]) == ("made 0", "0.3", "16000")
        assert (row["format"], row["gain_db"]) == ("WAV 16 bit", "0.0")
        levels = take.levels
        assert float(row["peak_dbfs"]) == levels.peak_dbfs and float(row["rms_dbfs"]) == levels.rms_dbfs


def test_the_same_file_replaces_its_row_and_other_rows_stay(take, noise, tmp_path):
    other = take_of(noise(0.5, seed=1), events=EVENTS, mix=["a, epoch 1", "b"], run=None)
    first, second = render([take, other], tmp_path)
    again = replace(take, about={**ABOUT, "date": "2030-01-01T00:00:00+00:00"})
    assert render([again], tmp_path) == [first]
    rows = rows_of(tmp_path)
    assert [row["file"] for row in rows] == [second.name, first.name]
    assert rows[1]["date"].startswith("2030")
    assert (rows[0]["model"], rows[0]["events"]) == (
        "a, epoch 1 and b",
        "fell silent at 0.2 s; is out again (fell silent) at 0.4 s",
    )


def spoilt(text, how):
    rows = list(csv.reader(text.splitlines()))

    def with_delimiter(delimiter):
        return "\r\n".join(delimiter.join(f'"{field}"' for field in row) for row in rows)

    return {
        "semicolons": lambda: with_delimiter(";").encode(),
        "tabs": lambda: with_delimiter("\t").encode(),
        "byte-order mark": lambda: text.encode("utf-8-sig"),
        "old Windows": lambda: with_delimiter(";").encode("cp1252"),
        "all of it": lambda: with_delimiter(";").encode("utf-8-sig"),
        "blank lines": lambda: text.replace("\r\n", "\r\n\r\n").encode(),
        "fewer columns": lambda: "\r\n".join(",".join(row[:8]) for row in rows).replace("0:0", "0").encode(),
        "a column more": lambda: "\r\n".join(
            with_delimiter(",").splitlines()[n] + f',"{"" if n else "good"}{n}"' for n in range(len(rows))
        ).encode(),
        "longer rows": lambda: with_delimiter(",").replace("\r\n", ",x,y\r\n", 2).encode(),
    }[how]()


@pytest.mark.parametrize(
    "how",
    ["semicolons", "tabs", "byte-order mark", "old Windows", "all of it", "blank lines", "fewer columns",
     "a column more", "longer rows"],
)  # fmt: skip
def test_a_list_that_went_through_a_spreadsheet_goes_on(how, noise, tmp_path):
    takes = [take_of(noise(0.1, seed), run="Übung", temperature="0.9") for seed in range(3)]
    first, second = render(takes[:2], tmp_path)
    path = tmp_path / "takes.csv"
    path.write_bytes(spoilt(path.read_text(encoding="utf-8"), how))
    (third,) = render(takes[2:], tmp_path)
    assert render(takes[:1], tmp_path) == [first]
    rows = rows_of(tmp_path)
    assert [row["file"] for row in rows] == [second.name, third.name, first.name]
    assert all(row["model"] == "Übung" and row["seed"] == "7" for row in rows)
    assert rows[0]["format"] == ("" if how == "fewer columns" else "WAV 16 bit")
    if how == "a column more":  # somebody's own words stay, also where the take is rendered again
        assert [row["good0"] for row in rows] == ["2", "", "1"]


@pytest.mark.parametrize(
    "name",
    [
        "=cmd|' -C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(1+1)",
        "\t=1+1",
        "\r\n=1+1",
        '"=1+1',
        "＝1+1",
        "a;=1+1",
        'a","=1+1',
        "\0=1+1",
        "\u200b=1+1",
        "\ufeff=1+1",
        "\u22121+1",
    ],
)
def test_no_name_becomes_a_formula_in_a_spreadsheet(name, noise, tmp_path):
    take = take_of(noise(0.1), run=name, prime=name)
    render([take], tmp_path)
    (path,) = render([take], tmp_path)  # what was made harmless once stays as it is
    (row,) = rows_of(tmp_path)
    for cell in (row["model"], row["prime"]):
        assert cell.count("'") - name.count("'") == 1 and cell.replace("'", "") == name.replace("'", "")
    for delimiter in ",;\t":
        with open(tmp_path / "takes.csv", encoding="utf-8", newline="") as file:
            cells = [cell.lstrip(' "') for line in csv.reader(file, delimiter=delimiter) for cell in line]
        assert not [cell for cell in cells if (cell[:1] in "=+@＝" and cell) or cell.startswith("-1+")]
    assert float(row["peak_dbfs"]) < 0 and row["file"] == path.name  # numbers stay numbers


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 10,
        "file,date\r\na.wav,x\r\n".encode("utf-16"),
        b"shopping,list\r\nmilk,2\r\n",
        b'file,date\r\n"' + b"x" * 200_000,  # longer than a field may be
    ],
    ids=["binary", "UTF-16", "another list", "a quotation mark left open"],
)
def test_what_is_no_list_is_left_as_it_is(content, take, tmp_path):
    (tmp_path / "takes.csv").write_bytes(content)
    with pytest.raises(CourseError, match=r"not a list of takes .*rename it"):
        render([take], tmp_path)
    assert os.listdir(tmp_path) == ["takes.csv"]
    assert (tmp_path / "takes.csv").read_bytes() == content


def test_an_empty_list_is_begun_and_a_folder_is_none(take, tmp_path):
    (tmp_path / "takes.csv").touch()
    render([take], tmp_path)
    assert len(rows_of(tmp_path)) == 1
    (tmp_path / "x" / "takes.csv").mkdir(parents=True)
    with pytest.raises(CourseError, match="cannot be read"):
        render([take], tmp_path / "x")
    assert os.listdir(tmp_path / "x") == ["takes.csv"]


# --- the zip


def test_the_zip_holds_the_takes_of_the_folder_and_nothing_else(take, noise, tmp_path):
    folder = tmp_path / "takes"
    (folder / "within").mkdir(parents=True)
    for stray in (folder / "diary.wav", folder / "notes.txt", tmp_path / "secret.wav", folder / "within" / "x.wav"):
        stray.write_text("private")
    (first,) = render([take], folder)
    os.utime(first, (0, 0))  # before zips had dates
    *_, packed = paths = render([take_of(noise(0.5, 1), events=EVENTS)], folder, "flac", zipped=True)
    assert paths == [paths[0], folder / "takes.zip"]
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        wanted = ["takes.csv", first.name, paths[0].name, paths[0].with_suffix(".labels.txt").name]
        assert sorted(archive.namelist()) == sorted(wanted)
        assert all(archive.read(name) == (folder / name).read_bytes() for name in wanted)


@pytest.mark.parametrize(
    "name",
    ["../secret.wav", "..", ".", "", "/etc/hostname", "within/x.wav", "takes.zip", "takes.zip.partial", "diary.txt",
     "takes.csv", "gone.wav", "..\\secret.wav", "C:secret.wav"],
)  # fmt: skip
def test_a_list_that_names_other_files_packs_none_of_them(name, take, tmp_path):
    folder = tmp_path / "takes"
    (path,) = render([take], folder)
    (folder / "within").mkdir()
    strays = [tmp_path / "secret.wav", tmp_path / "takes.labels.txt", folder / "within" / "x.wav", folder / "diary.txt"]
    for stray in strays:
        stray.write_text("private")
    with open(folder / "takes.csv", "a", encoding="utf-8") as file:
        file.write(f"{name}\r\n{path.name}\r\n")
    *_, packed = render([take], folder, zipped=True)
    with zipfile.ZipFile(packed) as archive:
        assert sorted(archive.namelist()) == sorted(["takes.csv", path.name])


def test_a_link_out_of_the_folder_is_not_packed(take, write_noise, tmp_path):
    (path,) = render([take], tmp_path / "takes")
    path.unlink()
    path.symlink_to(write_noise(tmp_path / "secret.wav", 0.1))
    with pytest.raises(CourseError, match="outside itself"):
        render([take_of([0.5])], tmp_path / "takes", zipped=True)
    assert not list((tmp_path / "takes").glob("takes.zip*"))


def test_no_takes_are_no_files(tmp_path):
    assert render([], tmp_path / "new") == []
    with pytest.raises(CourseError, match="no takes"):
        render([], tmp_path / "new", zipped=True)
    assert not (tmp_path / "new").exists()


# --- what cannot be

HOSTILE = {
    "form": [None, True, 1, "", "WAV", "mp3", "wav ", ["wav"], b"wav", "x" * 10**5],
    "bits": [None, True, 0, -16, 8, 32, 16.0, float("nan"), "16", "FLOAT", [16], 10**100, np.zeros(2)],
    "sample_rate": [True, 0, -44100, 1999, 192001, 44100.5, float("nan"), float("inf"), "44100", [44100], 10**100],
    "fade_in": [None, True, -0.1, float("nan"), float("inf"), "1", [1], 10**100, np.ones(2)],
    "fade_out": [None, True, -0.1, float("nan"), float("inf"), "1", [1], 10**100, np.ones(2)],
    "remove_dc": [None, 0, 1, "no", float("nan"), []],
    "zipped": [None, 0, 1, "no", float("nan"), []],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in HOSTILE for value in HOSTILE[name]])
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(name, value, take, tmp_path):
    with pytest.raises(CourseError) as caught:
        render([take], tmp_path / "new", **{name: value})
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))
    assert not (tmp_path / "new").exists()


def test_flac_has_no_floats(take, tmp_path):
    with pytest.raises(CourseError, match="FLAC holds 16 or 24"):
        render([take], tmp_path / "new", "flac", "float")


@pytest.mark.parametrize("folder", [None, True, 1, float("nan"), "", "a\0b", b"takes", "x" * 5000, ["takes"]])
def test_what_is_no_folder_is_one_sentence(folder, take, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if folder == "":  # which is the one we are in
        (path,) = render([take], folder)
        assert path.is_file()
        return
    with pytest.raises(CourseError) as caught:
        render([take], folder)
    assert "\n" not in str(caught.value) and os.listdir(tmp_path) == []


@pytest.mark.parametrize("value", [None, 3, "take", ["take"], [None], Clip(np.zeros(9, np.float32), RATE), {}, [1]])
def test_what_is_no_take_is_one_sentence(value, take, made, tmp_path):
    if value == {}:
        assert render(value, tmp_path / "new") == []
        return
    for takes in (value, [take, value], [made()], Take(np.zeros(9, np.float32), RATE)):
        with pytest.raises(CourseError, match="render takes what generate or perform gave"):
            render(takes, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_single_take_is_a_list_of_one(take, tmp_path):
    assert render(take, tmp_path) == render([take], tmp_path) == render(iter([take]), tmp_path)


def test_a_capsule_that_says_strange_things_of_itself_is_rendered(noise, tmp_path):
    strange = [{"run": "a\0b\n\x1b[2J"}, {"run": None, "between": 3}, {"run": None, "mix": [1, None]}, {"run": "=1+1"}]
    takes = [take_of(noise(0.1, seed), **about) for seed, about in enumerate(strange)]
    for path, take in zip(render(takes, tmp_path, zipped=True)[:-1], takes, strict=True):
        said = json.loads(soundfile.SoundFile(path).comment)
        assert said == {"digital_source_type": GENERATED} | take.about
    assert len(rows_of(tmp_path)) == 4


def test_a_prime_whose_name_is_no_text_is_rendered(made, write_sound, noise, tmp_path):
    prime = write_sound(tmp_path / os.fsdecode(b"caf\xe9.wav"), noise(0.2))
    takes = generate(made(), 0.1, 1, prime=prime)
    assert render(takes, tmp_path / "takes")[0].is_file()
    assert rows_of(tmp_path / "takes")[0]["prime"] == "caf?.wav, 0 to 0.2 s"


def test_a_folder_that_may_not_be_written_is_one_sentence(take, public_folder, as_guest):
    (public_folder / "file").touch()
    for folder in (public_folder / "file", public_folder / "file" / "takes"):
        with pytest.raises(CourseError, match="could not be written"):
            render([take], folder)
    public_folder.chmod(0o555)
    for folder in (public_folder, public_folder / "new" / "newer"):
        with as_guest(), pytest.raises(CourseError, match="could not be written"):
            render([take], folder)
    assert os.listdir(public_folder) == ["file"]


@pytest.mark.parametrize(("form", "bits"), FORMATS)
def test_a_full_disk_leaves_whole_files_only(form, bits, small_disk, noise):
    with small_disk() as folder:
        (path,) = render([take_of(noise(0.5))], folder, form, bits)
        before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
        with pytest.raises(CourseError, match="disk is full"):
            render([take_of(noise(60))], folder, form, bits)
        assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before
        with pytest.raises(CourseError, match="disk is full"):
            render([take_of(noise(0.6, seed)) for seed in range(30)], folder, form, bits, zipped=True)
        assert {path.name, "takes.csv"} < set(os.listdir(folder))
        for name in os.listdir(folder):
            assert not name.endswith(".partial")
            if name.endswith(form):
                assert soundfile.info(folder / name).frames in (8000, 9600)


def test_a_wav_is_not_asked_to_hold_more_than_it_can(tmp_path):
    day = LongTake(tmp_path / "x.wav", tmp_path / "x.codes", Quantisation(), RATE, 24 * 3600 * RATE, dict(ABOUT))
    for options in ({"bits": "float"}, {"sample_rate": 48000}, {"bits": 24, "sample_rate": 44100}):
        with pytest.raises(CourseError, match=r"4 GB: choose FLAC"):
            render([day], tmp_path, **options)
    for options in ({"bits": 16}, {"bits": 24}, {"form": "flac", "bits": 24, "sample_rate": 48000}):  # which fit,
        # and it is the codes that are missing
        with pytest.raises(CourseError, match="cannot be read"):
            render([day], tmp_path, **options)


def test_a_long_take_whose_codes_have_changed_is_one_sentence(long_take, tmp_path):
    take = long_take(1)
    os.truncate(take.codes, 5000)
    with pytest.raises(CourseError, match="shorter than what was played"):
        render([take], tmp_path / "new")
    assert not list(Path(tmp_path / "new").glob("*"))


def test_memory_does_not_grow_with_a_long_take(long_take, tmp_path):
    def most(seconds):
        take = long_take(seconds)
        tracemalloc.start()
        render([take], tmp_path / "takes", sample_rate=44100, fade_out=1, remove_dc=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(1)
    assert most(300) < 1.2 * most(30)


def test_where_a_take_cannot_be_listed_its_sound_is_not_there_either(take, tmp_path, monkeypatch):
    def refuse(path, *_):
        raise write_error(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    with monkeypatch.context() as full:
        full.setattr(take_files, "_new_list", refuse)
        with pytest.raises(CourseError, match="The disk is full"):
            render([take], tmp_path)
    assert os.listdir(tmp_path) == []
    (path,) = render([take], tmp_path)
    assert path.name in (tmp_path / "takes.csv").read_text()


@pytest.mark.parametrize("at", range(2))
def test_a_stop_at_any_rename_leaves_no_row_of_a_sound_that_is_not_there(at, take, noise, tmp_path, monkeypatch):
    earlier = render([take_of(noise(0.5, 1))], tmp_path)
    renames, rename = itertools.count(), os.replace

    def stop(source, target):
        if next(renames) == at:
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as stopped:
        stopped.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            render([take], tmp_path)
    assert {row["file"] for row in rows_of(tmp_path)} <= set(os.listdir(tmp_path))
    assert not list(tmp_path.glob("*.partial"))
    paths = earlier + render([take], tmp_path)
    assert [row["file"] for row in rows_of(tmp_path)] == [path.name for path in paths]


def test_two_programs_that_list_takes_at_once_lose_no_row(tmp_path):
    code = (
        "import sys; from pathlib import Path; from prism_lessons.generation.take_files import _listing\n"
        "for number in range(30):\n"
        "    with _listing(Path(sys.argv[1]), {'file': f'{sys.argv[2]}{number}.wav'}): pass\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, tmp_path, who]) for who in "ab"]
    assert [program.wait() for program in both] == [0, 0]
    assert len((tmp_path / "takes.csv").read_text().splitlines()) == 61


def test_a_zip_of_takes_says_what_it_leaves_out_and_why(noise, tmp_path):
    (path,) = render([take_of(noise(0.5, 1))], tmp_path)
    path.unlink()
    Clip(noise(0.5), RATE).save(tmp_path / "other.wav")
    said = io.StringIO()
    render([take_of(noise(0.5, 2))], tmp_path, zipped=True, live=LiveLine(said))
    expected = f"Left out of takes.zip: {path.name} (no longer there); other.wav (not in takes.csv)."
    assert expected in said.getvalue()
