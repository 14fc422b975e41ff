"""The rounds of `make stress`, a few of them, and that they notice what is broken."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

stress = pytest.importorskip("stress", reason="Windows has no processes that are forked")
SCRIPT = Path(__file__).parents[1] / "benchmarks" / "stress.py"
SEED = 1649  # of which the first rounds are of many verbs, and one is a training


def test_in_some_rounds_of_mishaps_nothing_is_lost_and_nothing_half_written():
    command = [sys.executable, SCRIPT, "--rounds=12", "--minutes=10", f"--seed={SEED}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        len({line.split(": ")[1].split(",")[0] for line in done.stdout.splitlines() if line.startswith("round")}) >= 10
    )


def ended(status, said, word="a word", name="answer"):
    """An attempt that has ended."""
    attempt = object.__new__(stress.Attempt)
    attempt.name, attempt.word, attempt.ends = name, word, (0, 2)
    attempt.status, attempt.said, attempt.sentence = status, said.encode(), said
    return attempt


@pytest.mark.parametrize(("status", "said"), [(1, ""), (-9, ""), (2, "Traceback"), (2, "prism-lessons: no sentence")])
def test_an_end_without_a_sentence_is_noticed(status, said, tmp_path):
    stress.check_ends(set(), [ended(0, ""), ended(2, "prism-lessons: A sentence.")], tmp_path)
    with pytest.raises(AssertionError):
        stress.check_ends(set(), [ended(status, said)], tmp_path)


def test_only_what_brings_several_files_may_end_with_several_sentences(tmp_path):
    several = "prism-lessons: One.\nAnother."
    stress.check_ends(set(), [ended(2, several, name="upload")], tmp_path)
    for attempt in (ended(2, several), ended(2, f"{several}\nno sentence", name="upload")):
        with pytest.raises(AssertionError):
            stress.check_ends(set(), [attempt], tmp_path)


@pytest.mark.parametrize(
    "name", ["a.wav", "a.capsule", "a.html", "journal.jsonl", "corpus.json", "run.json", "takes.csv"]
)
def test_what_is_half_written_under_its_own_name_is_noticed(name, tmp_path):
    for half in (tmp_path / f"{name}.partial", tmp_path / ".bringing.partial" / name):
        half.parent.mkdir(exist_ok=True)
        half.write_text("file\n{")
    stress.check_whole(set(), [], tmp_path)
    (tmp_path / name).write_text("file\nhalf.wav\n" if name == "takes.csv" else "{\n")
    with pytest.raises((AssertionError, stress.CourseError)):
        stress.check_whole(set(), [], tmp_path)


def test_what_is_lost_and_what_was_not_written_down_is_noticed(tmp_path):
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"answer": "a word"}\n{"answer": "cut o')
    before = stress.possessions(tmp_path)
    stress.check_told(before, [ended(0, ""), ended(2, "", "another")], tmp_path)
    journal.rename(tmp_path / "journal.jsonl.moved")
    journal.write_text("")
    with pytest.raises(AssertionError, match=r"lost: .*a word"):
        stress.check_nothing_is_lost(before, [], tmp_path)
    with pytest.raises(AssertionError, match="a word is not in journal"):
        stress.check_told(before, [ended(0, "")], tmp_path)


def test_what_was_made_counts_also_in_a_folder_that_was_renamed_and_made_again(tmp_path):
    generate, takes = stress.VERBS["generate"], tmp_path / stress.HOME / "takes"
    for folder, name in ((takes, "a.wav"), (takes.with_name("takes renamed"), "b.wav")):
        folder.mkdir(parents=True)
        stress.Clip(stress.sound(name, 0.1) / np.float32(32768), stress.RATE).save(folder / name)
    assert [name for name, _ in sorted(stress.made(generate, tmp_path))] == ["a.wav", "b.wav"]
