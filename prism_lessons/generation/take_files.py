"""From takes to files for a piece: in the DAW's rate and format, with fades, names, tags, markers and a list."""

import csv
import hashlib
import io
import json
import re
import tempfile
import zipfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import soundfile

from ..audio import (
    LABELS,
    SUBTYPES,
    Levels,
    audacity_labels,
    check_sample_rate,
    native_path,
    resample_blocks,
    to_sample_format,
    write_markers,
)
from ..checks import a_live_line, a_path, checked, one_of, optional, switch
from ..errors import CourseError, as_given
from ..files import atomic_write, digest, inside, locked, read_error, write_error, write_text
from ..live import LiveLine, some
from ..settings import is_number
from .long import MOST_BYTES, LongTake
from .takes import Take, take_name, take_writer

LIST = "takes.csv"
SOUNDS = (".wav", ".flac")
COLUMNS = (
    "file", "date", "model", "epoch", "capsule", "seed", "voice", "temperature", "share", "label", "guidance",
    "loudness", "brightness", "follow", "prime", "seconds", "sample_rate", "format", "gain_db", "peak_dbfs",
    "rms_dbfs", "silence", "events", "not_to_share",
)  # fmt: skip
LONGEST_FADE = 3600  # seconds
HIGHEST = 10 ** (-0.1 / 20)  # the peak of a file that had to be turned down
BYTES = {16: 2, 24: 3, "float": 4}  # of a sample
# Everything before the first character of a formula.
FORMULA = re.compile(r"(?:^|[\t\r\n,;])[\s\"\0\u200b\ufeff]*(?=[=+@＝＋－＠\u2212-])")
NOT_IN_A_NAME = ("date", "engine", "events", "not_to_share")  # of what is known of a take
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|inf)")  # of an earlier row
MOST_EVENTS = 20  # named in the list
MOST_LETTERS = 60  # of a name, before the part that makes it unique: a seed may have hundreds of digits


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
        one_of("wav", "flac")("form", self.form)
        if is_number(self.bits, Integral):
            object.__setattr__(self, "bits", int(self.bits))  # from NumPy's
        if not isinstance(self.bits, (int, str)) or self.bits not in SUBTYPES:
            raise CourseError(f'bits must be 16, 24 or "float", not {as_given(self.bits)}.')
        if self.form == "flac" and self.bits == "float":
            raise CourseError("FLAC holds 16 or 24 bits: choose one of them, or WAV.")
        if self.sample_rate is not None:
            object.__setattr__(self, "sample_rate", check_sample_rate(self.sample_rate))  # 44100.0 is 44100
        for name in ("fade_in", "fade_out"):
            value = getattr(self, name)
            if not (is_number(value) and 0 <= value <= LONGEST_FADE):
                raise CourseError(f"{name} must be seconds from 0 to {LONGEST_FADE}, not {as_given(value)}.")
            object.__setattr__(self, name, float(value))  # 1 s and 1.0 s are the same, in names too
        switch("remove_dc", self.remove_dc)

    def rate(self, take):
        """Hz of a take's file."""
        return self.sample_rate or take.sample_rate

    def blocks(self, take, offset=0.0, gain=1.0):
        """Yield a take's sound as it goes into the file: less `offset`, resampled, faded, times `gain`."""
        rate = self.rate(take)
        total = round(take.seconds * rate)
        done = 0
        # Removed before resampling, which would ring at the edges of a constant.
        for block in resample_blocks((block - np.float32(offset) for block in take.blocks()), take.sample_rate, rate):
            place = done + np.arange(len(block))
            level = np.full(len(block), gain)
            if self.fade_in:
                level *= np.clip(place / (self.fade_in * rate), 0, 1)
            if self.fade_out:
                level *= np.clip((total - 1 - place) / (self.fade_out * rate), 0, 1)
            done += len(block)
            yield (block * level).astype(np.float32)

    def __str__(self):
        return f"{self.form.upper()} {self.bits}{'' if self.bits == 'float' else ' bit'}"


@checked(live=optional(a_live_line))
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
    live=None,
):
    """Write takes as sound files for a piece, and list them in `takes.csv`.

    A file that would peak above full scale is turned down to -0.1 dBFS as a whole; nothing is ever turned up. The
    take's metadata is embedded as title, comment, date and software. Markers, where a prime ends or a voice fell
    silent, are cue points in a WAV, and labels in a text file beside it.

    Parameters
    ----------
    takes : list of Take or LongTake
        Takes from `generate` or `perform`.
    folder : str or Path
        Where they go. Other files there are kept; a take that was written before replaces itself.
    form : str
        "wav" or "flac".
    bits : int or str
        Bits per sample: 16, 24 or, in a WAV only, "float" (32).
    sample_rate : int, optional
        The DAW's, in Hz (soxr, high quality); the model's own if not given.
    fade_in, fade_out : float
        Seconds; the fades are linear.
    remove_dc : bool
        Whether to remove the mean of a take, a constant offset that eats headroom and clicks at cuts.
    zipped : bool
        Whether to pack the folder's takes into `takes.zip` too, except those that may not be passed on.
    live : LiveLine, optional
        Where files left out of the zip are reported; on standard output if not given.

    Returns
    -------
    list of Path
        The sound files, and the zip at the end, if one was asked for.

    Raises
    ------
    CourseError
        For an invalid value, and when a disk is full or cannot be written.

    See Also
    --------
    generate : Makes takes in memory.
    perform : Makes takes on disk.
    Clip : Its `save` writes one clip as it is.

    Examples
    --------
    >>> takes = pl.generate("bells.capsule", seconds=0.5, voices=1, seed=1)
    >>> (path,) = pl.render(takes, "takes", form="flac", bits=24, sample_rate=48000, fade_out=0.1)
    >>> path.suffix, path.parent.name
    ('.flac', 'takes')
    >>> sorted(each.suffix for each in path.parent.glob("takes.*"))
    ['.csv']
    """
    rendering = Rendering(form, bits, sample_rate, fade_in, fade_out, remove_dc)
    switch("zipped", zipped)
    takes = _takes(takes)
    for take in takes:
        if form == "wav" and take.seconds * rendering.rate(take) * BYTES[rendering.bits] > MOST_BYTES:
            raise CourseError("A WAV cannot hold more than 4 GB: choose FLAC for this take.")
    folder = prepared(folder)
    paths = [_write(take, folder, rendering) for take in takes]
    if zipped:
        paths.append(_zip(folder, live or LiveLine()))
    return paths


def prepared(folder):
    """The `Path` of a folder for takes, checked for problems in writing before anything is played.

    Raises
    ------
    CourseError
        When it cannot be written, or its `takes.csv` is not a list of takes.
    """
    folder = Path(a_path("folder", folder))
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise write_error(folder, error) from error
    _listed(folder / LIST)
    return folder


def _takes(takes):
    """A list of takes, also from a single one."""
    takes = [takes] if isinstance(takes, (Take, LongTake)) else takes
    try:
        takes = list(takes)
    except TypeError:
        takes = [takes]
    if not all(isinstance(take, (Take, LongTake)) and take.about for take in takes):
        raise CourseError("render takes what generate or perform gave; save other clips with clip.save().")
    return takes


def _write(take, folder, rendering):
    name = file_name(take, rendering)
    path, rate = folder / f"{name}.{rendering.form}", rendering.rate(take)
    offset = _mean(take) if rendering.remove_dc else 0.0
    peak = max((float(np.abs(block).max(initial=0)) for block in rendering.blocks(take, offset)), default=0.0)
    gain = HIGHEST / peak if peak > 1 else 1.0
    levels = Levels(rate)
    # Seconds of events are rounded, and may be slightly past the end.
    last = max(0, round(take.seconds * rate) - 1)
    markers = [(min(round(seconds * rate), last), words) for seconds, words in take.markers]
    with ExitStack() as sound:
        partial = sound.enter_context(atomic_write(path))
        with take_writer(partial, rate, path.suffix, name, take.about, rendering.bits) as file:
            for block in rendering.blocks(take, offset, gain):
                levels.add(block)
                file.write(to_sample_format(block, rendering.bits))
        if markers and rendering.form == "wav":
            write_markers(partial, markers)
        if markers:
            text = audacity_labels((sample / rate, sample / rate, words) for sample, words in markers)
            write_text(path.with_suffix(LABELS), text)
        about = take.about
        row = {
            **{column: about[column] for column in COLUMNS if column in about},
            "file": path.name,
            "model": _model(about),
            "seconds": round(take.seconds, 3),
            "sample_rate": rate,
            "format": str(rendering),
            "gain_db": round(float(20 * np.log10(gain)), 2),
            "peak_dbfs": levels.peak_dbfs,
            "rms_dbfs": levels.rms_dbfs,
            "silence": round(levels.silence, 3),
            "events": _in_words(take.markers),
            "not_to_share": "; ".join(about.get("not_to_share", [])),
        }
        # Both are written before either is renamed: on a full disk, neither appears. The sound is renamed first, so
        # that an interruption between them leaves no row without its sound.
        with _listing(folder, row):
            sound.close()
    return path


def _model(about):
    """The name of a take's model."""
    names = about.get("run") or about.get("from") or about.get("mix") or about.get("between") or []
    return " and ".join(map(str, names)) if isinstance(names, list) else str(names)


def _in_words(markers):
    """Markers as a phrase; only the first of many, because programs refuse tables with very long fields."""
    words = [f"{what} at {seconds:.1f} s" for seconds, what in markers]
    more = [f"{len(words) - MOST_EVENTS} more"] if len(words) > MOST_EVENTS else []
    return "; ".join(words[:MOST_EVENTS] + more)


def file_name(take, rendering):
    """A unique and reproducible name for a take: its main properties, then a hash of the rest.

    The hash covers the sound too: different primes may have the same name.
    """
    about = {name: value for name, value in take.about.items() if name not in NOT_IN_A_NAME}
    sound = hashlib.sha256()
    for block in take.blocks():
        sound.update(block.tobytes())
    sign = digest(about, [str(rendering), rendering.rate(take), rendering.fade_in, rendering.fade_out,
                          bool(rendering.remove_dc), sound.hexdigest()])[:8]  # fmt: skip
    epoch = f"_epoch{about['epoch']}" if about.get("epoch") is not None else ""
    return f"{take_name(about)[:MOST_LETTERS]}_{take.seconds:g}s{epoch}_{sign}"


def _mean(take):
    total = count = 0
    for block in take.blocks():
        total, count = total + float(block.sum(dtype=np.float64)), count + len(block)
    return total / max(1, count)


@contextmanager
def _listing(folder, row):
    """Put a row into the list of takes, replacing an earlier one of the same file; other rows stay.

    The new list is written before the `with` block runs, and replaces the old one after it.
    """
    with locked(folder / LIST):
        columns, rows = _listed(folder / LIST)
        for line in rows:  # keep columns that somebody has added
            if line.get("file") == row["file"]:
                row = {**line, **row}
        rows = [*(line for line in rows if line.get("file") != row["file"]), row]
        with _new_list(folder / LIST, columns, rows):
            yield


def merge_lists(path, other):
    """Add the rows of another list of takes to that at `path`, for files that it does not name.

    Returns
    -------
    bool
        Whether both are lists of takes, or there is none at `path` yet; if not, nothing is done.
    """
    path, other = Path(path), Path(other)
    if other.name != LIST:
        return False
    with locked(path), suppress(CourseError):
        (columns, rows), (more_columns, more) = _listed(path), _listed(other)
        named = {row.get("file") for row in rows}
        rows += [row for row in more if row.get("file") not in named]
        with _new_list(path, [*columns, *more_columns], rows):
            return True
    return False


@contextmanager
def _new_list(path, columns, rows):
    text = io.StringIO()
    columns = list(dict.fromkeys([*COLUMNS, *columns]))
    writer = csv.writer(text)
    writer.writerow(map(_no_formula, columns))
    writer.writerows([_no_formula(line.get(column, "")) for column in columns] for line in rows)
    with atomic_write(path) as partial:
        partial.write_text(text.getvalue(), encoding="utf-8", newline="")
        yield


def _no_formula(value):
    """A cell that no spreadsheet reads as a formula, whichever delimiter it uses.

    A leading apostrophe makes it text, as OWASP advises (https://owasp.org/www-community/attacks/CSV_Injection): names
    of runs and recordings may come from somebody else.
    """
    if not isinstance(value, str) or NUMBER.fullmatch(value):
        return value
    return FORMULA.sub(r"\g<0>'", value)


def _listed(path):
    """The columns and rows of a list of takes, as a spreadsheet may have left it: with a byte-order mark, semicolons or
    tabs, in an old Windows encoding, with other columns.

    Raises
    ------
    CourseError
        When the file there is not a list of takes, so that it is not overwritten.
    """
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise read_error(path, "list of takes", error) from error
    try:
        text = written.decode("utf-8-sig")
    except ValueError:
        text = written.decode("cp1252", "replace")
    for delimiter in ",;\t":
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            columns, *rows = lines
        except (csv.Error, ValueError):  # an empty file has no columns
            continue
        if "file" in columns:
            columns = [column or f"column {number}" for number, column in enumerate(columns, start=1)]
            return columns, [dict(zip(columns, row, strict=False)) for row in rows if any(row)]
    if not text.strip():
        return [], []
    raise CourseError(f'"{path}" is not a list of takes that can be continued: rename it or move it away.')


def why_not_to_share(path):
    """Why a take may not be passed on, as its tags say: the end of a sentence about it, or ""."""
    try:
        with soundfile.SoundFile(native_path(path)) as file:
            return " and ".join(json.loads(file.comment).get("not_to_share", []))
    except (OSError, soundfile.SoundFileError, ValueError, TypeError, AttributeError):  # it may be no take
        return ""


def _zip(folder, live):
    path = folder / "takes.zip"
    # Somebody may have written other names into the list, such as that of the zip itself.
    names = [name for row in _listed(folder / LIST)[1] if Path(name := row.get("file") or "").name == name]
    names = [name for name in names if Path(name).suffix in SOUNDS]
    if not names:
        raise CourseError(f'There are no takes in "{folder}" to pack: generate some first.')
    withheld = {name: f"it {why}" for name in names if (why := why_not_to_share(folder / name))}
    files = {}
    for name in names:
        if name not in withheld:
            files |= dict.fromkeys((name, Path(name).with_suffix(LABELS).name))
    if not files:
        name, why = next(iter(withheld.items()))
        raise CourseError(f'No take in "{folder}" may be passed on ("{name}": {why}): generate others first.')
    with atomic_write(path) as partial, zipfile.ZipFile(partial, "w", strict_timestamps=False) as archive:
        for name in (LIST, *files):
            if (folder / name).is_file():
                archive.write(inside(folder, name), name)
    existing = {file.name for file in folder.iterdir() if file.suffix in SOUNDS}
    reasons = {"no longer there": {name for name in files if Path(name).suffix in SOUNDS} - existing,
               f"not in {LIST}": existing - {*names}}  # fmt: skip
    for name, why in withheld.items():
        reasons.setdefault(why, set()).add(name)
    if left := [f"{some(sorted(names))} ({why})" for why, names in reasons.items() if names]:
        live.end(f"Left out of {path.name}: {'; '.join(left)}.")
    return path
