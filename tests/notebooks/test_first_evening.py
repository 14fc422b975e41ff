"""A first evening: a student with a phone's recordings goes through the lessons, skips a step, and comes back."""

import csv
import zipfile

import av
import nbformat
import numpy as np
import outputs
import pytest
import soundfile
from lessons import copy
from nbformat.v4 import new_code_cell

RATE = 44100
SECONDS = 6

# What a student does with a panel: finds a control by its label, sets it, and presses a button.
HANDS = """
def find(shown, label):
    waiting = [shown._box]
    while waiting:
        control = waiting.pop(0)
        if getattr(control, "description", "").startswith(label):
            return control
        waiting += getattr(control, "children", ())
    raise LookupError(label)

def put(shown, label, value):
    find(shown, label).value = value

def press(shown, label):
    find(shown, label).click()
"""


def struck(pitch, seed=0):
    """A struck sound over a little noise, float32, shape (samples,)."""
    time = np.arange(SECONDS * RATE) / RATE
    again = time % 1.5
    partials = sum(np.sin(2 * np.pi * pitch * part * time) / part for part in (1, 2.76, 5.4))
    breath = 0.003 * np.random.default_rng(seed).standard_normal(len(time))
    return (0.3 * partials * np.exp(-3 * again) + breath).astype(np.float32)


def write_m4a(path, samples):
    """As a phone writes it: AAC in an MPEG-4 file."""
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=RATE, layout="mono")
        for start in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate = RATE
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


@pytest.fixture(scope="module")
def evening():
    """The folder in which the student works, with twelve recordings, a text, and a video without sound."""
    with copy() as folder:
        recordings = folder / "notebooks" / "course_files" / "recordings"
        recordings.mkdir(parents=True)
        for number, name in enumerate(("Küche", "memo 4", "Glas 🍷", "Neue Aufnahme 12")):
            write_m4a(recordings / f"{name}.m4a", struck(300 + 40 * number, number))
        sounds = {
            "Cloche n° 2.aiff": 500,
            "loop.ogg": 550,
            "take (1).mp3": 600,
            "Take 9.wav": 650,
            "ZOOM0001.flac": 700,
        }
        for number, (name, pitch) in enumerate(sounds.items()):
            soundfile.write(recordings / name, struck(pitch, 10 + number), RATE)
        soundfile.write(recordings / "clipped.wav", np.clip(20 * struck(400, 20), -1, 1), RATE)
        soundfile.write(recordings / "nearly silent.wav", 0.0005 * struck(800, 21), RATE)
        soundfile.write(recordings / "96k.wav", np.repeat(struck(330, 22), 2), 96000, subtype="PCM_24")
        (recordings / "notes.txt").write_text("glass: kitchen, Tuesday")
        (recordings / ".take 13.wav.icloud").write_bytes(b"bplist00")
        yield folder


class Student:
    """Works through lessons in a folder, each time with a kernel of its own.

    Parameters
    ----------
    folder
        That of `copy`.
    """

    def __init__(self, folder):
        self.folder, self.files = folder, folder / "notebooks" / "course_files"

    def play(self, lesson, writes=(), does=(), skips=()):
        """Run a lesson from top to bottom; returns all that it printed.

        Parameters
        ----------
        lesson
            Such as "02_training".
        writes
            Pairs (what stands in a cell, what the student writes in its place).
        does
            Pairs (what stands in a cell, what the student does with its controls before the next one).
        skips
            What stands in cells that are not run.
        """
        path = next(self.folder.glob(f"notebooks/{lesson}*.ipynb"))
        whole = nbformat.read(path, as_version=4)
        cells = [new_code_cell(HANDS)]
        found = {mark: 0 for mark in [*(mark for mark, _ in (*writes, *does)), *skips]}
        for cell in whole.cells:
            if cell.cell_type != "code":
                continue
            for mark in found:
                found[mark] += mark in cell.source
            if any(mark in cell.source for mark in skips):
                continue
            for mark, instead in writes:
                cell.source = cell.source.replace(mark, instead)
            cells.append(cell)
            cells += [new_code_cell(act) for mark, act in does if mark in cell.source]
        assert set(found.values()) <= {1}, f"not in one cell: {found}"
        changed = path.with_name(f"of the student {path.name}")
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=whole.metadata), changed)
        try:
            ran = outputs.run(changed, self.folder)
        finally:
            changed.unlink()
        texts = [output.get("text", "") for cell in ran.cells for output in cell.get("outputs", ())]
        return "".join(texts)


LEAVE_OUT = """
put(own, next(c.description for c in [find(own, f"{n}: use this recording") for n in range(1, 13)]), True)
number = next(place for place, name in enumerate(own.values, start=1) if name == "nearly silent.wav")
put(own, f"{number}: use this recording", False)
press(own, "Keep these choices")
"""
KEEP_LIVE = """
press(instrument, "Make a take")
instrument.take(2)
"""


def test_a_first_evening_and_the_next_one_go_through_without_a_stop(evening):
    student = Student(evening)
    home = student.files

    said = student.play(
        "01",
        writes=[("mine = False", "mine = True")],
        does=[
            ("origin = notebook.origin_form(choices)", 'put(origin, "May the model be shared?", "no")'),
            ("own = notebook.RecordingsPanel(choices, mine_surveyed)", LEAVE_OUT),
        ],
    )
    assert "notes.txt" in said and "iCloud" in said  # what cannot be used is said where files are counted
    card = (home / "corpus" / "card.md").read_text(encoding="utf-8")
    assert "Küche.m4a" in card and "Glas 🍷.m4a" in card and "96k.wav" in card

    said = student.play("02", skips=["pl.preflight("], writes=[("minutes = 2", "minutes = 0.05")])
    assert (home / "runs" / "first" / "run.json").is_file()
    assert "11 clips" in said or "11 recordings" in said

    said = student.play("03", does=[("choice = notebook.Panel(", 'put(choice, "Epoch", run.epochs[0])')])
    assert (home / "chosen.capsule").is_file() and (home / "portfolio" / "journal.html").is_file()

    student.play("04", does=[("instrument = notebook.Instrument(", KEEP_LIVE)])
    with open(home / "takes" / "takes.csv", encoding="utf-8-sig", newline="") as file:
        listed = {row["file"] for row in csv.DictReader(file)}
    there = {path.name for path in (home / "takes").glob("*.wav")}
    assert listed == there and len(there) > 10

    said = student.play("05")
    assert "may not be shared" in said

    # The next evening: a second model, and everything once more among the files of the first.
    student.play("01", writes=[("mine = False", "mine = True")])
    assert (home / "corpus" / "card.md").read_text(encoding="utf-8") == card
    student.play(
        "02", does=[("setup = notebook.SettingsPanel(", 'put(setup, "Name", "second"); put(setup, "Size", 64)')]
    )
    student.play("03")
    student.play("04", writes=[("take_them_home = False", "take_them_home = True")])
    with zipfile.ZipFile(home / "takes.zip") as archive:
        packed = {name.rpartition("/")[2] for name in archive.namelist()}
    assert there <= packed and not [name for name in packed if name.endswith((".lock", ".state", ".codes"))]
    portfolio = (home / "portfolio" / "journal.md").read_text(encoding="utf-8")
    assert "second" in portfolio
    assert "may not be shared" in student.play("05")
