"""Fifty thousand files of the formats that the course reads of its own, made worse: each is read or refused.

    python benchmarks/mutants.py [--files 50000] [--minutes 15] [--seed 0] [--only FORMAT] [--file N]

Of each format there is a whole file; a mutant of it is read as the course reads it and, where that is possible, shown.
It has to be refused in one sentence, a `CourseError`, or be read. Whatever else comes is printed with the number of the
file, and `--file N` with the same seed makes and reads that one again. Prints for each format how many were read and
refused, the most seconds of processor time that one took, and the largest memory of the process, as JSON. Exits with 1
if one did not end as it has to, took more than `SECONDS`, or the process more than `MEMORY`.
"""

import argparse
import collections
import contextlib
import io
import itertools
import json
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from pathlib import Path

import ipywidgets
import numpy as np
from machine import peak_mb

from prism_lessons import file_format
from prism_lessons.audio import Clip
from prism_lessons.audition import ListeningLog
from prism_lessons.capsule import CARD, Capsule
from prism_lessons.corpus import Choices, Corpus, curate
from prism_lessons.errors import CourseError
from prism_lessons.generation import merge_lists, prepared
from prism_lessons.journal import Journal
from prism_lessons.live import LiveLine
from prism_lessons.notebook import Course
from prism_lessons.notebook.transfer import ZIP_MARK
from prism_lessons.prose import as_html
from prism_lessons.run import Epoch, Run, opened
from prism_lessons.settings import ModelSettings, TrainingSettings, shapes_of

SECONDS = 5.0  # of processor time that one file may take
MEMORY = 1000  # MB
SETTINGS = ModelSettings(frame_sizes=(2, 4), dim=2, embedding=2, levels=4)
ABOUT = {"run": "bells", "epoch": 3, "bits": 1.5, "not_to_share": [], "begun_from": {"digest": "0" * 16}}


def capsule():
    """A small `Capsule`."""
    chance = np.random.default_rng(0)
    weights = {name: chance.normal(size=shape).astype(np.float32) for name, shape in shapes_of(SETTINGS).items()}
    return Capsule(SETTINGS, 16000, weights, ABOUT, "# Card\n\nBells – ü\n")


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


def parts_of(whole):
    """{name: bytes} of what lies in the zip, and its description."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    return parts, json.loads(parts[file_format.ABOUT])


def zipped(members, compression=zipfile.ZIP_STORED, comment=b""):
    """A zip of (name, bytes) pairs."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compression) as file:
        warnings.simplefilter("ignore")  # zipfile's, about names that stand there twice
        file.comment = comment
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def put_together(parts, header, signed=True):
    """A valid zip with a checksum that fits, whatever its description says."""
    if signed:
        header["sha256"] = file_format.checksum(header, {CARD: parts[CARD].decode()}, [parts[file_format.ARRAYS]])
    return zipped(list((parts | {file_format.ABOUT: json.dumps(header, ensure_ascii=False).encode()}).items()))


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


def made_hostile(value, chance):
    """Some part of a JSON value, anywhere in it, replaced, removed or added to."""
    place = value
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


def hostile_description(whole, chance):
    """A capsule that says another thing of itself."""
    parts, header = parts_of(whole)
    made_hostile(header, chance)
    return put_together(parts, header)


def said_twice(whole, chance):
    parts, _ = parts_of(whole)
    text = parts[file_format.ABOUT].decode()
    key = chance.choice(('"kind"', '"dim"', '"sha256"', '"sample_rate"', '"levels"'))
    return zipped(list((parts | {file_format.ABOUT: text.replace(key, f"{key}: 3, {key}").encode()}).items()))


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
    data = np.frombuffer(parts[file_format.ARRAYS], np.float32).copy()
    data[chance.randrange(len(data))] = chance.choice((np.nan, np.inf, -np.inf))
    return put_together(parts | {file_format.ARRAYS: data.tobytes()}, header)


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


def zip_members(whole, chance):
    """A zip of the course, whose members are worse, have other names, or stand there twice."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        members, mark = [(name, file.read(name)) for name in file.namelist()], file.comment
    names = ("../x", "/tmp/x", "C:\\x", "x" * 300, "recordings/", "a\0b", "\x1b[2J", "runs/x/run.json",
             "corpus/corpus.json", "takes/takes.csv", "a.zip", *(name for name, _ in members))  # fmt: skip
    place = chance.randrange(len(members))
    name, content = members[place]
    if chance.random() < 0.5:
        members.insert(place, (chance.choice(names), chance.choice((b"", b"x", b"{}", content))))
    else:
        worse = (flipped, cut, hostile_text, *([hostile_json] if name.endswith((".json", ".jsonl")) else []))
        members[place] = name, chance.choice(worse)(content or b"x", chance)
    return zipped(members, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)), chance.choice((mark, b"")))


def something_else(whole, chance):
    empty_zip, keras = b"PK\x05\x06" + b"\0" * 18, b"\x89HDF\r\n\x1a\n"
    return chance.choice((b"", pickle.dumps({"weights": [1.0]}), empty_zip, keras, chance.randbytes(3000)))


def hostile_json(whole, chance):
    """A hostile value in a file of JSON, or in a line of one of lines."""
    lines = [whole] if whole.startswith(b"{\n") else whole.splitlines()
    number = chance.randrange(len(lines))
    value = json.loads(lines[number])
    made_hostile(value, chance)
    lines[number] = json.dumps(value, ensure_ascii=chance.random() < 0.5).encode(errors="backslashreplace")
    return b"\n".join(lines) + b"\n"


def hostile_text(whole, chance):
    """Signs that mean something to tables, Markdown, HTML, terminals and decoders, among text."""
    signs = ("\0", '"', ",", ";", "\t", "\r", "\n" * 3, "=1+1", "\x1b[2J", "<script>", "[](", "`" * 999, "|" * 999,
             "> " * 300, "- " * 300, "x" * 200_000, "*_" * 2000, "\u202e")  # fmt: skip
    others = (b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80")
    data = whole
    for _ in range(chance.choice((1, 2, 5))):
        place = chance.randrange(len(data) + 1)
        new = chance.choice((chance.choice(signs).encode(), chance.choice(signs).encode(), chance.choice(others)))
        data = data[:place] + new + data[place:]
    return data


CAPSULES = (
    flipped, cut, moved, extreme_numbers, hostile_description, hostile_description, said_twice, exchanged, no_numbers,
    other_members, something_else,
)  # fmt: skip
ZIPS = (flipped, cut, moved, extreme_numbers, zip_members, zip_members, something_else)
JSON = (flipped, cut, moved, something_else, hostile_json, hostile_json, hostile_json)
TEXT = (flipped, cut, moved, something_else, hostile_text, hostile_text)


# ---- what is read, and how: each reads the file at a path of a course in the current folder


def read_run(path):
    run = opened(path.parent)
    return run.identity, run.references, run.corpus_silence, run.not_to_share, str(run)


def read_listening(path):
    log = ListeningLog(Run(path.parent))
    return log.heard, log.starred, str(log)


def read_notes(path):
    return str(ListeningLog(Run("run")).merge(path))


def read_choices(path):
    choices = Choices(path)
    return choices.state, str(choices)


def read_corpus(path):
    corpus = Corpus.open(path.parent)
    return str(corpus), corpus.warnings, corpus.as_dict(), as_html(corpus.card())


def read_takes(path):
    prepared(path.parent)
    shutil.copy("whole.csv", "merged/takes.csv")
    return merge_lists("merged/takes.csv", path)


def bring(path):
    shutil.rmtree("course_files", ignore_errors=True)
    recordings = Path("course_files", "recordings")
    recordings.mkdir(parents=True)
    shutil.copy(path, recordings / "a.zip")
    with contextlib.redirect_stdout(io.StringIO()):
        Course().bring()
    ipywidgets.Widget.close_all()  # which otherwise stay for as long as a notebook's kernel runs


# {format: (path in the course, kinds of mutants, function that reads it)}
FORMATS = {
    "capsule": ("a.capsule", CAPSULES, Capsule.load),
    "run": ("run/run.json", JSON, read_run),
    "log": ("run/log.jsonl", JSON, lambda path: Run(path.parent).log),
    "events": ("run/events.jsonl", JSON, lambda path: Run(path.parent).events),
    "stars": ("run/starred.json", JSON, lambda path: Run(path.parent).starred),
    "card": ("run/card.md", TEXT, lambda path: as_html(Run(path.parent).card)),
    "listening": ("run/listening.jsonl", JSON, read_listening),
    "notes": ("notes.jsonl", JSON, read_notes),
    "choices": ("choices.jsonl", JSON, read_choices),
    "journal": ("journal.jsonl", JSON, lambda path: str(Journal(path))),
    "corpus": ("corpus/corpus.json", JSON, read_corpus),
    "takes": ("takes/takes.csv", TEXT, read_takes),
    "zip taken home": ("home.zip", ZIPS, bring),
    "zip of recordings": ("recordings.zip", ZIPS, bring),
}  # fmt: skip


def prepare():
    """Make a whole file of each format, in the current folder."""
    capsule().save("a.capsule")
    chance = np.random.default_rng(0)
    for number in range(3):
        clip = Clip((0.1 * chance.standard_normal(32000)).astype(np.float32), 8000)
        clip.save(Path("recordings", f"take {number}.wav"))
    choices = Choices("choices.jsonl")
    choices.intend("bells", "ringing")
    choices.origin("*", maker="me", consent="own work")
    choices.cut("take 0.wav", [(0.0, 3.5)])
    choices.weigh("take 1.wav", 2)
    choices.leave_out("take 9.wav", "noise")
    quiet = LiveLine(io.StringIO())
    corpus = curate("recordings", "corpus", 8000, choices=choices, live=quiet)
    settings = {
        "model": vars(SETTINGS) | {"frame_sizes": [2, 4]},
        "training": vars(TrainingSettings()),
        "sample_rate": 8000,
        "epochs": 2,
        "references": {"uniform": 2.0, "unigram": 1.9},
        "corpus": {"folder": "corpus", "digest": corpus.digest, "silence": 0.1, "not_to_share": ["take 0: asked"]},
        "begun_from": {"digest": "0" * 16, "run": "older", "epoch": 1, "not_to_share": []},
        "versions": {"keras": "3"},
    }
    run = Run.begin("run", json.loads(json.dumps(settings, default=list)), corpus.card())
    for epoch in (1, 2):
        run.record(Epoch(epoch, 2.0 / epoch, 1.5, 9.0 * epoch, 1000 * epoch, 1e-3))
        Clip(np.zeros(800, np.float32), 8000).save(run.clip_path(epoch, 1, 0.9))
        capsule().save(run.capsule_path(epoch))
    run.note("begun", "Begun on a CPU.")
    run.note("changed", "The window changed.", window=64)
    log = ListeningLog(run, "me")
    log.star(run.played[0])
    log.tag(run.played[1], "breath")
    log.note(run.played[1], "like a – bell")
    shutil.copy("run/listening.jsonl", "notes.jsonl")
    journal = Journal("journal.jsonl")
    journal.write("01", {"What do you bring?": "bells – ü", "Why?": "*they* ring"})
    table = "file,date,model,seed,seconds,mine\r\na.wav,2026-11-22,bells,1,0.5,x\r\n"
    for name in ("takes/takes.csv", "whole.csv", "merged/takes.csv"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(table, encoding="utf-8", newline="")
    notes = {"takes/notes.txt": b"of mine", "deep/er/notes.txt": b"too"}
    Path("recordings.zip").write_bytes(zipped(notes.items()))
    home = ("journal.jsonl", "choices.jsonl", "takes/takes.csv", "corpus/corpus.json", "run/run.json", "run/log.jsonl",
            "run/card.md", "run/listening.jsonl")  # fmt: skip
    members = [(name.replace("run/", "runs/first/"), Path(name).read_bytes()) for name in home]
    Path("home.zip").write_bytes(zipped(members, comment=ZIP_MARK))


class Hung(BaseException):
    """Raised in what takes too much processor time."""


def hang(number, frame):
    raise Hung


def is_read(read, path):
    """Whether a file is read, and not refused in a sentence; asserts that it is one of them."""
    try:
        read(path)
    except CourseError as refused:
        sentence = str(refused)
        assert len(sentence) < 1000 and sentence.isprintable() and sentence.endswith("."), f"no sentence: {sentence!r}"
        return False
    return True


def trial(files, minutes=15, seed=0, only=None, file=None):
    """Read mutants; prints what does not end as it has to, and returns figures."""
    names = [only] if only else list(FORMATS)
    found = {name: collections.Counter() for name in names}
    slowest, largest, failed, begun = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0), [], time.monotonic()
    signal.signal(signal.SIGPROF, hang)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        prepare()
        wholes = {name: Path(FORMATS[name][0]).read_bytes() for name in names}
        for name in names:
            assert is_read(FORMATS[name][2], Path(FORMATS[name][0])), name
        for number in range(files) if file is None else [file]:
            if time.monotonic() - begun > 60 * minutes:
                break
            name = names[number % len(names)]
            place, kinds, read = FORMATS[name]
            chance, path = random.Random(f"{seed} {number}"), Path(place)
            path.write_bytes(chance.choice(kinds)(wholes[name], chance))
            worked, had = time.process_time(), peak_mb()
            signal.setitimer(signal.ITIMER_PROF, 4 * SECONDS)
            try:
                found[name]["read" if is_read(read, path) else "refused"] += 1
            except (Exception, Hung):
                failed.append(number)
                print(f"FAILED, a {name}, again with --seed {seed} --file {number}:\n{traceback.format_exc(limit=-4)}")
            signal.setitimer(signal.ITIMER_PROF, 0)
            slowest[name] = max(slowest[name], time.process_time() - worked)
            largest[name] = max(largest[name], peak_mb() - had)
            path.write_bytes(wholes[name])
    return {
        "formats": {
            # Seconds of the processor, and MB by which the peak rose, each of the worst file.
            name: dict(found[name]) | {"slowest": round(slowest[name], 2), "largest": largest[name]}
            for name in names
        },
        "files": sum(itertools.chain(*(counts.values() for counts in found.values()))) + len(failed),
        "failed": failed,
        "peak_mb": peak_mb(),
        "seconds": round(time.monotonic() - begun),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=15, help="no file is made later (15)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(FORMATS))
    parser.add_argument("--file", type=int, help="this one alone")
    options = parser.parse_args()
    result = trial(options.files, options.minutes, options.seed, options.only, options.file)
    print(json.dumps(result, indent=1))
    slow = any(counts["slowest"] > SECONDS for counts in result["formats"].values())
    sys.exit(bool(result["failed"] or slow or result["peak_mb"] > MEMORY))


if __name__ == "__main__":
    main()
