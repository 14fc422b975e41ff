"""Rounds in which the verbs of the course meet mishaps, and what was promised is looked at after each.

    python benchmarks/stress.py [--rounds 300] [--minutes 15] [--seed 0] [--round N]

In each round one of the `VERBS` is at work on a small course and meets some of the `MISHAPS`, at a touch of the disk
that is drawn by chance; then it is done again, undisturbed. After each attempt the `PROMISES` are looked at. A round
that breaks one is printed with its number, and `--round N` with the same seed does it again. Exits with 1 if there was
one. What a killed training loses, and that it comes to the same weights, is measured by interruptions.py.
"""

import argparse
import contextlib
import functools
import hashlib
import importlib
import io
import itertools
import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from interruptions import check_readable

from prism_lessons import cli
from prism_lessons.audio import Clip, load
from prism_lessons.audition import ListeningLog
from prism_lessons.capsule import Capsule
from prism_lessons.corpus import Choices, Corpus
from prism_lessons.errors import CourseError
from prism_lessons.files import read_json_lines
from prism_lessons.generation import long
from prism_lessons.mirror import Mirror, bring_back
from prism_lessons.notebook import Course, colab
from prism_lessons.run import Run

HOME = "course_files"
CORPUS, RUN, COPY = f"{HOME}/corpus", f"{HOME}/runs/first", "drive/first"
SMALL = {
    "frame_sizes": [4, 16], "dim": 16, "embedding": 8, "predictors": [], "book": 0, "streams": 4, "window": 256,
    "clip_seconds": 0.1, "checkpoint_minutes": 0.01,
}  # fmt: skip
RATE = 8000
PREFIX = "prism-lessons: "  # of a sentence with which an attempt ends with 2
OF_SEVERAL_FILES = ("bring", "upload")  # verbs that end with a sentence for each file
PATIENCE = 300  # seconds, after which an attempt counts as hanging
MODULES = {"keras", "librosa", "numba", "prism_lessons", "scipy", "sklearn", "soundfile", "soxr", "tensorflow"}


# ---- what is done: each verb is given a word that no other attempt has


def train(word, run=RUN, *more, epochs=2):
    settings = [f"--set={name}={json.dumps(value)}" for name, value in SMALL.items()]
    return cli.main(["train", CORPUS, run, f"--epochs={epochs}", *settings, *more])


def perform(word):
    long.KEEP_SECONDS = 0.0
    return cli.main(["perform", f"{HOME}/chosen.capsule", f"{HOME}/takes/long", "--seconds=1", "--nudge"])


def answer(word):
    Course().journal.write("01", {"What do you hear?": word})


def listen(word):
    run = Run(RUN)
    log = ListeningLog(run, "listener", COPY)
    run.check_there()  # otherwise it has no clips
    log.star(run.played[0])
    log.note(run.played[0], word)


def upload(word):
    """What `bring` does where it is handed files, as in Colab."""
    colab.on_colab, colab.home = lambda: True, lambda drive: (Path(HOME), Path(HOME), "")
    packed = {path.name: path.read_bytes() for path in Path("zips").iterdir()}
    colab.upload = lambda: packed | {"hum 0.flac": coded(sound(word, 0.5))}
    Course().bring()


def go_elsewhere(word):
    bring_back(COPY, f"{HOME}/runs/elsewhere")
    Mirror(f"{HOME}/runs/elsewhere", "drive/second").finish()


class Verb(NamedTuple):
    """`work` is done; `makes` are patterns of what comes of it, `tells` is where its word stands then; `folder` is the
    one that somebody may rename meanwhile."""

    work: object
    makes: tuple = ()
    tells: str = ""
    folder: str = ""


def command(*arguments):
    return lambda word: cli.main(list(arguments))


PORTFOLIO = ("journal", RUN, f"{HOME}/portfolio", f"--journal={HOME}/journal.jsonl", f"--choices={HOME}/choices.jsonl")
VERBS = {
    "curate": Verb(
        command("curate", f"{HOME}/recordings", CORPUS, f"--sample-rate={RATE}"), (f"{CORPUS}/clips/*",), folder=CORPUS
    ),
    "train": Verb(
        lambda word: train(word, RUN, f"--copy-to={COPY}"), (f"{RUN}/*/0002*", f"{COPY}/*/0002*"), folder=RUN
    ),
    "begin a run": Verb(
        lambda word: train(word, f"{HOME}/runs/second", epochs=1), (f"{HOME}/runs/second/*/0001*",),
        folder=f"{HOME}/runs/second",
    ),
    "generate": Verb(
        command("generate", RUN, f"--out={HOME}/takes", "--seconds=0.3", "--voices=2", "--zip"),
        (f"{HOME}/takes/*.wav",), folder=f"{HOME}/takes",
    ),
    "perform": Verb(perform, (f"{HOME}/takes/long/*.wav",), folder=f"{HOME}/takes/long"),
    "audition": Verb(command("audition", RUN, "--html"), (f"{RUN}/audition.html",), folder=RUN),
    "map": Verb(command("map", CORPUS, f"{HOME}/map.html"), (f"{HOME}/map.html",), folder=CORPUS),
    "portfolio": Verb(command(*PORTFOLIO), (f"{HOME}/portfolio/journal.html",), folder=f"{HOME}/portfolio"),
    "survey": Verb(command("survey", f"{HOME}/recordings", f"--html={HOME}/survey.html"), (f"{HOME}/survey.html",)),
    "export": Verb(command("export", RUN, f"{HOME}/mine.capsule"), (f"{HOME}/mine.capsule",)),
    "answer": Verb(answer, tells="journal.jsonl"),
    "choose": Verb(lambda word: Choices(f"{HOME}/choices.jsonl").leave_out("none.wav", word), tells="choices.jsonl"),
    "listen": Verb(listen, tells="listening.jsonl", folder=RUN),
    "merge": Verb(lambda word: ListeningLog(Run(RUN)).merge("notes.jsonl"), folder=RUN),
    "bring": Verb(lambda word: Course().bring()),
    "upload": Verb(upload),
    "take home": Verb(lambda word: Course().take_home(), (f"{HOME}/{HOME}.zip",)),
    "go elsewhere": Verb(go_elsewhere, (f"{HOME}/runs/elsewhere/*/0001*", "drive/second/*/0001*")),
}  # fmt: skip


# ---- what happens meanwhile: each mishap is made for a verb, and says what a process does at a touch of the disk


def killed(verb, chance):
    return functools.partial(os.kill, os.getpid(), signal.SIGKILL)


def stopped(verb, chance):
    return functools.partial(os.kill, os.getpid(), signal.SIGINT)


def the_disk_full(verb, chance):
    limits = chance.choice((0, 1000, 30_000)), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    return functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, limits)


def renamed(verb, chance):
    def rename():
        with contextlib.suppress(FileNotFoundError):
            os.rename(verb.folder, f"{verb.folder} renamed")

    return rename


def undisturbed(verb, chance):
    return lambda: None


# What happens at no touch: a kill in the midst of writing, another verb at work, the same one once more, and somebody
# who has exchanged two clips of the corpus.
MOMENT, ANOTHER, TWICE, EXCHANGED = "killed at a moment", "another verb meanwhile", "twice at once", "clips exchanged"
MISHAPS = {
    "killed": killed, "stopped": stopped, "the disk full": the_disk_full, "renamed": renamed,
    **dict.fromkeys((MOMENT, ANOTHER, TWICE, EXCHANGED), undisturbed),
}  # fmt: skip
DRAWN = (*MISHAPS, "killed", "killed", "the disk full")  # these more often
NOTICING = ("train", "begin a run", "map")  # the verbs that make something of the clips of the corpus
ENDS = {"killed": {0, 2, -9}, MOMENT: {0, 2, -9}, "stopped": {0, 2, 130}}  # the statuses of attempts; of others 0 and 2


class Attempt:
    """A verb at work in a process of its own, which is forked from this one, in the folder `place`.

    `ends` are the statuses that it may end with; `at` is the touch of the disk at which the mishap comes.
    """

    def __init__(self, name, place, word, ends=(0,), at=0, mishap=undisturbed, chance=None):
        self.name, self.word, self.ends, self.said, self.status = name, word, ends, b"", None
        sys.stdout.flush()
        self._reads, writes = os.pipe()
        self._begun = time.monotonic()
        self._process = os.fork()
        if not self._process:
            self._work(place, at, mishap, chance, writes)
        os.close(writes)

    def _work(self, place, at, mishap, chance, writes):
        status, touches, verb = 1, itertools.count(1), VERBS[self.name]
        try:
            os.dup2(writes, 1), os.dup2(writes, 2)
            sys.stdout, sys.stderr = (os.fdopen(number, "w", 1, closefd=False) for number in (1, 2))
            os.chdir(place)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            then = mishap(verb, chance)

            def watch(event, arguments):
                writing = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
                touch = writing or event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
                if touch and next(touches) == at:
                    then()

            sys.addaudithook(watch)
            status = verb.work(self.word)
            status = status if isinstance(status, int) else 0  # what is no command gives none
        except CourseError as error:
            print(f"{PREFIX}{error}")
            status = 2
        except KeyboardInterrupt:
            status = 130
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(BaseException):
                print(f"\n{next(touches)}", flush=True)
            os._exit(status)

    def end(self, within=None):
        """Wait for its end, and kill it if that does not come within some seconds; returns itself."""
        while self.status is None:
            wanted = self._begun + (PATIENCE if within is None else within) - time.monotonic()
            ready, _, _ = select.select([self._reads], [], [], max(0, wanted))
            if ready and (more := os.read(self._reads, 2**16)):
                self.said += more
                continue
            if not ready:
                os.kill(self._process, signal.SIGKILL)
                self.said += b"" if within else b"\nTraceback: it hung."
            os.close(self._reads)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        self.seconds = time.monotonic() - self._begun
        *lines, self.touches = ["", "", *filter(str.strip, self.said.decode(errors="replace").splitlines())]
        begun = [number for number, line in enumerate(lines) if line.startswith(PREFIX)]
        self.sentence = "\n".join(lines[(begun or [-1])[-1] :])
        return self


# ---- what is promised


def possessions(place):
    """All that may not be lost, as a set: recordings, takes and clips by their samples, acts, epochs with their models,
    rows of the list of takes. Where something lies does not matter."""
    found = set()
    for name, read in everything(place):
        suffix, stem = Path(name).suffix, Path(name).stem
        if suffix in (".wav", ".flac") and CORPUS not in name and "corpus" not in name and "/long" not in name:
            with contextlib.suppress(soundfile.LibsndfileError):
                found.add(("sound", digest(soundfile.read(io.BytesIO(read()), dtype="int16")[0].tobytes())))
        elif suffix == ".txt":
            found.add(("text", read()))
        elif stem in ("journal", "choices", "listening", "events", "notes") and suffix == ".jsonl":
            found |= {("act", line) for line in lines(read())}
        elif name.endswith("log.jsonl"):
            logged = map(json.loads, lines(read()))
            found |= {("epoch", line["epoch"], line["validation_bits"]) for line in logged}
        elif name.endswith("takes.csv"):
            found |= {("take", row.split(",")[0]) for row in read().decode().splitlines()[1:]}
        elif suffix == ".capsule" and "epochs/" in name and (place / name).is_file():
            found.add(("model", Capsule.load(place / name).digest))
    return found


def everything(place):
    """(name, function that reads it) of all files, and of what lies in the zips that wait to be brought."""
    for path in files(place):
        yield path.relative_to(place).as_posix(), path.read_bytes
        if path.suffix == ".zip" and path.parent.name in ("recordings", "set_aside"):
            archive = zipfile.ZipFile(path)
            yield from ((name, functools.partial(archive.read, name)) for name in archive.namelist())


def files(place):
    """All files but those whose names say that they are half-written."""
    for path in sorted(place.rglob("*")):
        if path.is_file() and path.suffix != ".partial" and not unfinished(path.relative_to(place)):
            yield path


def unfinished(path):
    return any(part.startswith("unpacked_") or part.endswith(".partial") for part in path.parts)


def lines(content):
    """The lines of a file that grows; a last one without an end never counted as written."""
    return content[: content.rfind(b"\n") + 1].splitlines()


def digest(content):
    return hashlib.sha256(content).hexdigest()[:16]


def check_nothing_is_lost(before, attempts, place):
    lost = before - possessions(place)
    assert not lost, f"lost: {sorted(map(str, lost))[:5]}"


def check_whole(before, attempts, place):
    """Nothing that is half-written bears its own name."""
    for path in files(place):
        if path.suffix in (".wav", ".flac"):
            load(path)
        elif path.suffix == ".capsule":
            Capsule.load(path)
        elif path.suffix == ".html":
            assert path.read_text().rstrip().endswith("</html>"), path
        elif path.suffix == ".zip":
            assert zipfile.ZipFile(path).testzip() is None, path
        elif path.suffix == ".jsonl":
            read_json_lines(path, "file", growing=True)
        elif path.name == "corpus.json" and not _set_aside(path.parent):
            corpus = Corpus.open(path.parent)
            for clip in corpus.clips:
                assert len(load(corpus.folder / clip.file).samples) == clip.samples, clip
        elif path.name == "run.json":
            check_readable(path.parent)
        elif path.name == "takes.csv":
            for row in path.read_text().splitlines()[1:]:
                assert (path.parent / row.split(",")[0]).is_file(), row


def _set_aside(folder):
    """Whether a corpus is an old one in whose place a new one lies: it is being deleted, part by part."""
    name = folder.name.removeprefix(".").removesuffix(".replaced")
    return folder.name == f".{name}.replaced" and (folder.parent / name / "corpus.json").is_file()


def check_ends(before, attempts, place):
    """Each attempt ends with 0, or with 2 and a sentence; of several files that are brought, each has its own."""
    for attempt in attempts:
        assert b"Traceback" not in attempt.said, "no sentence"
        assert attempt.status in attempt.ends, f"{attempt.name} ended with {attempt.status}"
        if attempt.status == 2:
            said = attempt.sentence
            lines = said.splitlines()
            assert said.startswith(PREFIX) and all(line.endswith(".") for line in lines), f"no sentence: {said}"
            assert len(lines) == 1 or attempt.name in OF_SEVERAL_FILES, f"not one sentence: {said}"


def check_told(before, attempts, place):
    """What was done has been written down, whatever else was at work."""
    for attempt in attempts:
        tells = VERBS[attempt.name].tells
        if attempt.status == 0 and tells:
            told = [path for path in files(place) if path.name == tells and attempt.word in path.read_text()]
            assert told, f"{attempt.word} is not in {tells}"


PROMISES = (check_ends, check_whole, check_nothing_is_lost, check_told)


def made(verb, place):
    """What has come of a verb, as a set: of sounds and models what is in them, of pages and zips only that they are
    there; also in a folder that was renamed and made again under its old name, see `name_again`."""
    found, patterns = set(), list(verb.makes)
    if verb.folder:
        patterns += [pattern.replace(verb.folder, f"{verb.folder} renamed", 1) for pattern in verb.makes]
    for path in (path for pattern in patterns for path in place.glob(pattern)):
        if path.suffix in (".wav", ".flac"):
            found.add((path.name, digest(soundfile.read(path, dtype="int16")[0].tobytes())))
        else:
            found.add((path.name, Capsule.load(path).digest if path.suffix == ".capsule" else ""))
    return found


# ---- the rounds


def sound(seed, seconds):
    """A hum in noise, int16; another seed is another sound."""
    chance = np.random.default_rng(list(str(seed).encode()))
    time = np.arange(int(seconds * RATE))
    hum = 0.3 * np.sin(time * chance.uniform(0.03, 0.12)) + chance.normal(0, 0.02, len(time))
    return (32767 * hum).astype(np.int16)


def coded(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="FLAC")
    return file.getvalue()


def prepare(place):
    """A small course as it is after some days: recordings, a corpus, a run of an epoch and its copy, takes, acts, a zip
    that was taken home, and zips of recordings."""
    (place / "drive").mkdir(parents=True)
    (place / "zips").mkdir()
    os.chdir(place)
    for number in range(4):
        Clip(sound(number, 3) / np.float32(32768), RATE).save(Path(HOME, "recordings", f"hum {number}.wav"))
    for name in ("answer", "choose", "curate"):
        VERBS[name].work("first")
    Path(CORPUS, "mine.txt").write_text("of mine")
    train("", RUN, f"--copy-to={COPY}", epochs=1)
    listen("first")
    shutil.copy(f"{RUN}/listening.jsonl", "notes.jsonl")
    Run(RUN).capsule().save(f"{HOME}/chosen.capsule")
    cli.main(["generate", RUN, f"--out={HOME}/takes", "--seconds=0.2", "--voices=1"])
    Course().take_home().rename("zips/home.zip")
    with zipfile.ZipFile("zips/friday.zip", "w") as archive:
        for name in ("hum 0.flac", "more/hum 1.flac"):
            archive.writestr(name, coded(sound(name, 0.5)))
    shutil.copytree("zips", f"{HOME}/recordings", dirs_exist_ok=True)
    print(*sys.modules, sep="\n")


def name_again(folder, name):
    """Give a folder its name back; where a corpus or takes were made anew under that name, both are kept.

    No run and no performance may have been: at most a file that was being written at that moment lies there.
    """
    begun = [folder / settings for settings in ("run.json", "performance.json") if (folder / settings).exists()]
    if begun and name.exists():
        assert not (name / begun[0].name).exists(), f"{name} was begun anew"
        shutil.rmtree(name)
    if folder.exists() and not name.exists():
        folder.rename(name)


def can_meet(name, mishap):
    """Whether a mishap says anything about a verb."""
    if mishap == EXCHANGED:
        return name in NOTICING
    return mishap != "renamed" or VERBS[name].folder


class Stress:
    """Rounds on copies of one small course, in a folder of its own."""

    def __init__(self, folder, seed):
        self.folder, self.seed = folder, seed
        self._course = folder / "course"
        self._known = {}
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        os.environ["NUMBA_CACHE_DIR"] = str(folder / "cache" / "numba")
        VERBS["prepare"] = Verb(lambda word: prepare(self._course))
        preparing = Attempt("prepare", folder, "").end()
        del VERBS["prepare"]
        assert preparing.status == 0, preparing.said.decode(errors="replace")
        for name in preparing.said.decode().splitlines():  # read once, here, and not in each forked process
            if name.partition(".")[0] in MODULES:
                importlib.import_module(name)

    def undisturbed(self, name):
        """What a verb does where nothing happens: (seconds, touches of the disk, what comes of it)."""
        if name not in self._known:
            with self._copy() as place:
                attempt = Attempt(name, place, "a word").end()
                self._look(possessions(self._course), [attempt], place)
                self._known[name] = attempt.seconds, int(attempt.touches), made(VERBS[name], place)
        return self._known[name]

    def round(self, number, said):
        """Do a round, and add to the list `said` what is done; an `AssertionError` says which promise was broken."""
        chance = random.Random(f"{self.seed} {number}")
        name = chance.choice(list(VERBS))
        _, _, makes = self.undisturbed(name)
        said.append(name)
        with self._copy() as place:
            for time in range(chance.choice((1, 1, 1, 2, 3))):
                said.append(chance.choice([mishap for mishap in DRAWN if can_meet(name, mishap)]))
                before = possessions(place)
                attempts = self._meet(name, said[-1], f"word {number} {time}", place, chance)
                self._look(before, attempts, place)
            said.append("again")
            before = possessions(place)
            self._look(before, [Attempt(name, place, f"word {number}").end()], place)
            assert made(VERBS[name], place) == makes, f"{made(VERBS[name], place)} came of it, and not {makes}"
            # In a folder that somebody has renamed, nothing is done any more.
            left = [
                path
                for path in place.rglob("*")
                if unfinished(path.relative_to(place)) and not path.parent.name.endswith(" renamed")
            ]
            assert not left, f"left over: {left}"

    def _meet(self, name, what, word, place, chance):
        """Let a verb meet a mishap; returns the attempts, ended."""
        seconds, touches, _ = self.undisturbed(name)
        verb, ends = VERBS[name], ENDS.get(what, (0, 2))
        begin = functools.partial(Attempt, name, place, word, ends)
        if what == MOMENT:
            return [begin().end(chance.random() * seconds)]
        if what in (ANOTHER, TWICE):
            other = name if what == TWICE else chance.choice(list(VERBS))
            attempts = [begin(), Attempt(other, place, f"other {word}", ends)]
            return [attempt.end() for attempt in attempts]
        if what == EXCHANGED:
            one, two = chance.sample(sorted((place / CORPUS / "clips").iterdir()), 2)
            with exchanged(one, two):
                attempt = begin().end()
            assert attempt.status == 2, "nobody has noticed"
            return [attempt]
        attempt = begin(chance.randint(1, touches), MISHAPS[what], chance).end()
        if what == "renamed":
            name_again(place / f"{verb.folder} renamed", place / verb.folder)
        return [attempt]

    def _look(self, before, attempts, place):
        for promise in PROMISES:
            try:
                promise(before, attempts, place)
            except (AssertionError, CourseError) as broken:
                said = "\n".join(attempt.said.decode(errors="replace")[-2000:] for attempt in attempts)
                raise AssertionError(f"{promise.__name__}: {broken}\n{said}") from broken

    @contextlib.contextmanager
    def _copy(self):
        place = self.folder / "round"
        shutil.copytree(self._course, place)
        try:
            yield place
        finally:
            shutil.rmtree(place)


@contextlib.contextmanager
def exchanged(one, other):
    """Two files under each other's names."""
    aside = one.with_name("aside")

    def exchange():
        for source, target in ((one, aside), (other, one), (aside, other)):
            source.rename(target)

    exchange()
    try:
        yield
    finally:
        exchange()


def trial(rounds, minutes, seed):
    """Do some rounds, as many as the minutes allow; prints each, and returns how many were done and which failed."""
    begun, failed, done = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory() as folder:
        stress = Stress(Path(folder), seed)
        for number in rounds:
            if time.monotonic() - begun > 60 * minutes:
                print(f"{minutes} minutes are over.")
                break
            said = []
            try:
                stress.round(number, said)
            except AssertionError as broken:
                failed.append(number)
                print(f"FAILED, to be done again with --seed {seed} --round {number}: {broken}")
            done += 1
            print(f"round {number}: {', '.join(said)}", flush=True)
    return {"rounds": done, "failed": failed, "seed": seed, "seconds": round(time.monotonic() - begun)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=15, help="no round begins later (15)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--round", type=int, help="this one alone")
    options = parser.parse_args()
    rounds = range(options.rounds) if options.round is None else [options.round]
    result = trial(rounds, options.minutes, options.seed)
    print(json.dumps(result))
    sys.exit(bool(result["failed"]))


if __name__ == "__main__":
    main()
