"""Two thousand capsules that somebody, or a disk, has made worse: each is the same model still, or refused in a
sentence."""

import io
import json
import pickle
import random
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

from prism_lessons import container
from prism_lessons.capsule import CARD, Capsule
from prism_lessons.errors import CourseError
from prism_lessons.settings import ModelSettings, shapes_of

MUTANTS = 2000
SECONDS = 2.0  # that the slowest may take
MEMORY = 2**26  # bytes that reading one may take
SETTINGS = ModelSettings(frame_sizes=(2, 4), dim=2, embedding=2, levels=4)
ABOUT = {"run": "bells", "epoch": 3, "bits": 1.5, "not_to_share": [], "begun_from": {"digest": "0" * 16}}


def deep(levels):
    value = "low"
    for _ in range(levels):
        value = [value]
    return value


HOSTILE = [
    None, True, False, -1, 0, 10**6, 2**31, 2**63, 10**4000, -(10**300), 1.5, float("nan"), float("inf"), "", "x",
    "../x", "a\0b", "\x1b[2J", "\n" * 100, "x" * 100_000, [], {}, [None], [[]], [-1], [True], [2.0], [2**40],
    [10**4000] * 60, [1] * 100_000, {"": ""}, {"x" * 10_000: 1}, deep(150), deep(900), deep(250),
]  # fmt: skip


@pytest.fixture(scope="module")
def capsule():
    chance = np.random.default_rng(0)
    weights = {name: chance.normal(size=shape).astype(np.float32) for name, shape in shapes_of(SETTINGS).items()}
    return Capsule(SETTINGS, 16000, weights, ABOUT, "# Card\n\nBells – ü\n")


@pytest.fixture
def whole(capsule, tmp_path):
    """The bytes of that capsule's file."""
    return capsule.save(tmp_path / "whole.capsule").read_bytes()


def parts_of(whole):
    """{name: bytes} of what lies in the zip, and its description."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    return parts, json.loads(parts[container.ABOUT])


def zipped(members, compression=zipfile.ZIP_STORED):
    """A zip of (name, bytes) pairs."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compression) as file:
        warnings.simplefilter("ignore")  # zipfile's, about names that stand there twice
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def put_together(parts, header, signed=True):
    """A valid zip with a checksum that fits, whatever its description says."""
    if signed:
        header["sha256"] = container.checksum(header, {CARD: parts[CARD].decode()}, [parts[container.ARRAYS]])
    return zipped(list((parts | {container.ABOUT: json.dumps(header, ensure_ascii=False).encode()}).items()))


def flipped(whole, chance):
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def cut(whole, chance):
    return whole[: chance.randrange(len(whole))]


def moved(whole, chance):
    """A stretch left out, doubled, or put elsewhere."""
    begin, end = sorted(chance.sample(range(len(whole)), 2))
    rest, place = whole[:begin] + whole[end:], chance.randrange(len(whole))
    return chance.choice((rest, whole[:end] + whole[begin:], rest[:place] + whole[begin:end] + rest[place:]))


def extreme_numbers(whole, chance):
    """Two, four or eight bytes of the zip's own headers as large or small as they can be."""
    data = bytearray(whole)
    signature = chance.choice((b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"))
    place = chance.choice([at for at in range(len(data)) if data.startswith(signature, at)]) + chance.randrange(4, 46)
    size = chance.choice((2, 4, 8))
    data[place : place + size] = chance.choice((b"\0", b"\xff", b"\x7f")) * size
    return bytes(data)


def hostile_description(whole, chance):
    """Some value of the description, anywhere in it, replaced, removed or added to."""
    parts, header = parts_of(whole)
    place = header
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], (dict, list)) or not place[key] or chance.random() < 0.3:
            break
        place = place[key]
    what = chance.random()
    if what < 0.1:
        del place[key]
    elif what < 0.2 and isinstance(place, list):
        place.append(place[key])
    elif what < 0.3 and isinstance(place, dict):
        place[chance.choice(("more", "", "__class__", "\x1b[31m"))] = chance.choice(HOSTILE)
    else:
        place[key] = chance.choice(HOSTILE)
    return put_together(parts, header)


def said_twice(whole, chance):
    parts, _ = parts_of(whole)
    text = parts[container.ABOUT].decode()
    key = chance.choice(('"kind"', '"dim"', '"sha256"', '"sample_rate"', '"levels"'))
    return zipped(list((parts | {container.ABOUT: text.replace(key, f"{key}: 3, {key}").encode()}).items()))


def exchanged(whole, chance):
    """The names or the data of two weights exchanged, the checksum as it was."""
    parts, header = parts_of(whole)
    one, other = chance.sample(header["arrays"], 2)
    if chance.random() < 0.5:
        one[0], other[0] = other[0], one[0]
    else:
        header["arrays"] = [other if each is one else one if each is other else each for each in header["arrays"]]
    return put_together(parts, header, signed=False)


def no_numbers(whole, chance):
    parts, header = parts_of(whole)
    data = np.frombuffer(parts[container.ARRAYS], np.float32).copy()
    data[chance.randrange(len(data))] = chance.choice((np.nan, np.inf, -np.inf))
    return put_together(parts | {container.ARRAYS: data.tobytes()}, header)


def other_members(whole, chance):
    """Members that lead out, stand there twice, are not there, are compressed, or are something else."""
    parts, _ = parts_of(whole)
    names = ("../x", "/tmp/x", "C:\\x", "x" * 60_000, "arrays.bin/", "code.py", "\x1b[2J", *parts)
    members = list(parts.items())
    what = chance.randrange(4)
    if what == 0:
        members.insert(chance.randrange(4), (chance.choice(names), chance.choice((b"", b"x", pickle.dumps(print)))))
    elif what == 1:
        members.pop(chance.randrange(len(members)))
    elif what == 2:
        return zipped([(name, content + b"\0" * 10**6) for name, content in members], zipfile.ZIP_DEFLATED)
    else:
        place = chance.randrange(len(members))
        members[place] = (members[place][0], chance.choice((b"", pickle.dumps({"a": print}), b"{}", b"[" * 100_000)))
    return zipped(members)


def something_else(whole, chance):
    empty_zip, keras = b"PK\x05\x06" + b"\0" * 18, b"\x89HDF\r\n\x1a\n"
    return chance.choice((b"", pickle.dumps({"weights": [1.0]}), empty_zip, keras, chance.randbytes(3000)))


KINDS = (
    flipped, cut, moved, extreme_numbers, hostile_description, hostile_description, said_twice, exchanged, no_numbers,
    other_members, something_else,
)  # fmt: skip
SIGNED = (hostile_description,)  # what it says of itself may then be another, never the model


def is_the_same_or_refused(path, content, capsule, about=True):
    """Load a capsule that has these bytes: whether it is the same; asserts that it is refused in a sentence if not."""
    path.write_bytes(content)
    try:
        loaded = Capsule.load(path)
    except CourseError as refused:
        sentence = str(refused)
        assert len(sentence) < 500 and sentence.isprintable() and sentence.endswith("."), sentence
        return False
    assert (loaded.settings, loaded.sample_rate) == (capsule.settings, capsule.sample_rate)
    assert list(loaded.weights) == list(capsule.weights) and loaded.digest == capsule.digest
    assert not about or (loaded.about, loaded.card) == (capsule.about, capsule.card)
    return True


def test_two_thousand_mutants_are_the_same_model_or_refused_in_a_sentence(capsule, whole, tmp_path):
    assert is_the_same_or_refused(tmp_path / "a.capsule", whole, capsule)
    chance, refused, slowest = random.Random(0), dict.fromkeys(KINDS, 0), 0.0
    tracemalloc.start()
    for number in range(MUTANTS):
        kind = KINDS[number % len(KINDS)]
        mutant = kind(whole, chance)
        tracemalloc.reset_peak()
        before, began = tracemalloc.get_traced_memory()[0], time.perf_counter()
        refused[kind] += not is_the_same_or_refused(tmp_path / "a.capsule", mutant, capsule, kind not in SIGNED)
        slowest = max(slowest, time.perf_counter() - began)
        assert tracemalloc.get_traced_memory()[1] - before < MEMORY, kind
    tracemalloc.stop()
    assert slowest < SECONDS
    assert all(refused.values()), refused
    for kind in (cut, said_twice, exchanged, no_numbers, something_else):
        assert refused[kind] == len(range(KINDS.index(kind), MUTANTS, len(KINDS))), kind
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".capsule"] == []


def test_a_flipped_bit_is_refused_or_harmless(capsule, whole, tmp_path):
    """Every bit of the zip's headers, and one of each byte between them, which its checksums cover.

    Harmless are those that say when and by which system a part was written, and how it was to be unpacked elsewhere:
    nothing of that is read.
    """
    content = set()
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        for info in file.infolist():
            begin = whole.find(file.read(info), info.header_offset)
            content |= set(range(begin, begin + info.file_size))
    chance, same = random.Random(0), []
    for place in range(len(whole)):
        for bit in [chance.randrange(8)] if place in content else range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            if is_the_same_or_refused(tmp_path / "a.capsule", data, capsule):
                same.append(place)
    assert same and not content & set(same)
