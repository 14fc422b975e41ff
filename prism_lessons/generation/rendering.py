"""From takes to files for a piece: in the DAW's rate and format, with fades, named, tagged, marked and listed."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..audio import (
    SUBTYPES,
    Levels,
    check_sample_rate,
    coded,
    resampled,
    write_markers,
    writing,
)
from ..errors import CourseError
from ..files import digest, replacing
from .takes import take_name

LIST = "takes.csv"
COLUMNS = (
    "file", "date", "model", "epoch", "capsule", "seed", "voice", "temperature", "share", "prime", "seconds",
    "sample_rate", "format", "gain_db", "peak_dbfs", "rms_dbfs", "silence", "events",
)  # fmt: skip
HIGHEST = 10 ** (-0.1 / 20)  # the peak that is left where a file had to be turned down
MOST_BYTES = 2**32 - 2**20  # of a WAV: its sizes are numbers of 32 bits


@dataclass(frozen=True)
class Rendering:
    """How takes become files; see `render`."""

    form: str = "wav"
    bits: object = 16
    sample_rate: int | None = None
    fade_in: float = 0.0
    fade_out: float = 0.0
    remove_dc: bool = False

    def __post_init__(self):
        if self.form not in ("wav", "flac"):
            raise CourseError(f'Takes are written as "wav" or "flac", not "{self.form}".')
        if self.bits not in SUBTYPES or isinstance(self.bits, (bool, float)):
            raise CourseError(f'bits must be 16, 24 or "float", not {self.bits!r}.')
        if self.form == "flac" and self.bits == "float":
            raise CourseError("FLAC holds 16 or 24 bits: choose one of them, or WAV.")
        if self.sample_rate is not None:
            check_sample_rate(self.sample_rate)
        for name in ("fade_in", "fade_out"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 <= value <= 3600):
                raise CourseError(f"{name} must be seconds from 0 on, not {value}.")

    def rate(self, take):
        """Hz of a take's file."""
        return self.sample_rate or take.sample_rate

    def blocks(self, take, offset=0.0, gain=1.0):
        """Yield a take's sound as it goes into the file: resampled, less `offset`, faded, times `gain`."""
        rate = self.rate(take)
        total = round(take.seconds * rate)
        done = 0
        for block in resampled(take.blocks(), take.sample_rate, rate):
            place = done + np.arange(len(block))
            level = np.full(len(block), gain)
            if self.fade_in:
                level *= np.clip(place / (self.fade_in * rate), 0, 1)
            if self.fade_out:
                level *= np.clip((total - 1 - place) / (self.fade_out * rate), 0, 1)
            done += len(block)
            yield ((block - np.float32(offset)) * level).astype(np.float32)

    def __str__(self):
        return f"{self.form.upper()} {self.bits}{'' if self.bits == 'float' else ' bit'}"


def render(
    takes,
    folder,
    form="wav",
    bits=16,
    sample_rate=None,
    fade_in=0.0,
    fade_out=0.0,
    remove_dc=False,
    zipped=False,
):
    """Write takes as sound files for a piece, and list them in `takes.csv`.

    Parameters
    ----------
    takes
        A list of what `generate` or `perform` gave.
    folder
        Where they go. What lies there stays; a take that was written before is written over by itself.
    form, bits
        "wav" in 16, 24 or "float" (32) bits, or "flac" in 16 or 24.
    sample_rate
        The DAW's, in Hz (soxr, high quality); the model's own if not given.
    fade_in, fade_out
        Seconds, straight lines.
    remove_dc
        Whether the mean of a take is taken away, a constant offset that eats headroom and clicks at cuts.
    zipped
        Whether all of the folder's takes are packed into `takes.zip` too.

    A file whose peak would lie above full scale is turned down to -0.1 dBFS as a whole; nothing is ever turned up. What
    a take says of itself is embedded as title, comment, date and software. Markers, where a prime ends or a voice fell
    silent, are cue points in a WAV, and labels in a text file beside it.

    Returns
    -------
    list of Path
        The sound files, and the zip at the end, if one was asked for.

    Raises
    ------
    CourseError
        For a value that cannot be, and when a disk is full or refuses.
    """
    rendering = Rendering(form, bits, sample_rate, fade_in, fade_out, remove_dc)
    folder, paths = Path(folder), []
    for take in takes:
        if not hasattr(take, "about"):
            raise CourseError("render takes what generate or perform gave; save other clips with clip.save().")
        if form == "wav" and take.seconds * rendering.rate(take) * (3 if bits == 24 else 4) > MOST_BYTES:
            raise CourseError("A WAV cannot hold more than 4 GB: choose FLAC for this take.")
        paths.append(_write(take, folder, rendering))
    if zipped:
        paths.append(_zip(folder))
    return paths


def _write(take, folder, rendering):
    name = file_name(take, rendering)
    path, rate = folder / f"{name}.{rendering.form}", rendering.rate(take)
    offset = _mean(take) if rendering.remove_dc else 0.0
    peak = max((float(np.abs(block).max(initial=0)) for block in rendering.blocks(take, offset)), default=0.0)
    gain = HIGHEST / peak if peak > 1 else 1.0
    levels = Levels(rate)
    markers = [(round(seconds * rate), words) for seconds, words in take.markers]
    tags = {
        "title": name,
        "software": f"PRiSM lessons {version('prism-lessons')}",
        "date": take.about["date"],
        "comment": json.dumps(take.about, ensure_ascii=False),
    }
    with replacing(path) as partial:
        with writing(partial, rate, path.suffix, rendering.bits, tags) as file:
            for block in rendering.blocks(take, offset, gain):
                levels.add(block)
                file.write(coded(block, rendering.bits))
        if markers and rendering.form == "wav":
            write_markers(partial, markers)
    if markers:
        lines = (f"{sample / rate:.6f}\t{sample / rate:.6f}\t{words}\n" for sample, words in markers)
        with replacing(path.with_suffix(".labels.txt")) as partial:
            partial.write_text("".join(lines), encoding="utf-8")
    about = take.about
    _list(folder, {
        **{column: about[column] for column in COLUMNS if column in about},
        "file": path.name,
        "model": about.get("run") or about.get("from") or " and ".join(about.get("mix") or about.get("between") or []),
        "seconds": round(take.seconds, 3),
        "sample_rate": rate,
        "format": str(rendering),
        "gain_db": round(float(20 * np.log10(gain)), 2),
        "peak_dbfs": levels.peak_dbfs,
        "rms_dbfs": levels.rms_dbfs,
        "silence": round(levels.silence, 3),
        "events": "; ".join(f"{words} at {seconds:.1f} s" for seconds, words in take.markers),
    })  # fmt: skip
    return path


def file_name(take, rendering):
    """A name that tells a take from all others, and is the same for the same: what it is, then a sign for the rest."""
    about = {name: value for name, value in take.about.items() if name not in ("date", "engine", "events")}
    sign = digest(about, [str(rendering), rendering.rate(take), rendering.fade_in, rendering.fade_out,
                          rendering.remove_dc, round(take.seconds, 3)])[:6]  # fmt: skip
    epoch = f"_epoch{about['epoch']}" if about.get("epoch") is not None else ""
    return f"{take_name(about)}_{take.seconds:g}s{epoch}_{sign}"


def _mean(take):
    total = count = 0
    for block in take.blocks():
        total, count = total + float(block.sum(dtype=np.float64)), count + len(block)
    return total / max(1, count)


def _list(folder, row):
    """Put a row into the list of takes, in place of an earlier one of the same file."""
    path = folder / LIST
    rows = []
    if path.exists():
        with open(path, encoding="utf-8", newline="") as file:
            rows = [line for line in csv.DictReader(file) if line.get("file") != row["file"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows([*rows, row])
    with replacing(path) as partial:
        partial.write_text(text.getvalue(), encoding="utf-8", newline="")


def _zip(folder):
    path = folder / "takes.zip"
    with open(folder / LIST, encoding="utf-8", newline="") as file:
        names = [LIST, *(Path(row["file"]).name for row in csv.DictReader(file))]
    with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name in names:
            for beside in (folder / name, (folder / name).with_suffix(".labels.txt")):
                if beside.is_file():
                    archive.write(beside, beside.name)
    return path
