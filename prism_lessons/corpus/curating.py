"""Preparing a folder of recordings as a corpus: mono, one sample rate, some recordings kept for validation."""

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from ..audio import (
    FULL_SCALE,
    AudioError,
    Levels,
    Recording,
    check_sample_rate,
    decibels,
    native,
    pcm16,
    plain_name,
    writing,
)
from ..errors import CourseError
from ..files import unwritable, write_json
from ..live import LiveLine
from .corpus import CARD, SETTINGS, TRAINING, VALIDATION, ClipFile, Corpus
from .split import choose_validation
from .survey import list_files, refuse_by_name, refuse_by_place, refuse_by_sound, shown_name

# Below this neither half of the corpus says anything: a few windows of training, one second of validation.
MINIMUM_SECONDS = 10.0
# No less is kept for validation where a recording has to be divided.
MINIMUM_VALIDATION_SECONDS = 1.0


def curate(source, destination, sample_rate=16000, validation=0.1, seed=0, live=None):
    """Prepare every usable recording in a folder as a corpus to train on.

    Parameters
    ----------
    source
        A folder of recordings (subfolders too), or one recording. Nothing in it is changed.
    destination
        The folder the corpus goes to. A corpus that lies there already is replaced; anything else is refused.
    sample_rate
        Hz, 2000 .. 192000; of the corpus and of every sound that a model trained on it will make.
    validation
        The share of the sound, above 0 and at most 0.5, kept to test the model with. Whole recordings are kept;
        when there are too few for that, the end of the longest one.
    seed
        Decides which recordings those are. A recording keeps its side when others are added.
    live
        The `LiveLine` to report progress on; one on standard output if not given.

    Returns
    -------
    Corpus
        Print it to see what was taken, and what was not and why.

    Raises
    ------
    CourseError
        When there are less than ten seconds of usable sound, a name is wrong or the disk is full. The corpus that lay
        there before is then unchanged.
    """
    source, destination = Path(source), Path(destination)
    sample_rate = check_sample_rate(sample_rate)
    if not 0 < validation <= 0.5:
        raise CourseError(f"The share kept for validation must be above 0 and at most 0.5, not {validation}.")
    live = live or LiveLine()
    home = destination.resolve()
    if source.resolve().is_relative_to(home):
        raise CourseError("The corpus needs a folder of its own, not the one your recordings are in: name another.")
    # Hidden, so that no folder of the composer's bears these names: they are deleted.
    work, old = (home.with_name(f".{home.name}.{ending}") for ending in ("partial", "replaced"))
    try:
        _put_back(old, home)
        before = _corpus_before(destination)
        files = list_files(source, leave_out=(home, work, old))
        shutil.rmtree(work, ignore_errors=True)
        (work / "clips").mkdir(parents=True)
        clips, unused = _prepare_all(source, files, work, sample_rate, live)
        _check_there_is_enough(source, clips, unused, sample_rate)
        before = before.of(VALIDATION) if before and before.seed == seed else []
        clips = _split(work, clips, sample_rate, validation, seed, before)
        corpus = Corpus(work, sample_rate, seed, tuple(clips), tuple(unused))
        write_json(work / SETTINGS, corpus.as_dict())
        (work / CARD).write_text(corpus.card(), encoding="utf-8")
        if home.exists():
            shutil.rmtree(old, ignore_errors=True)
            home.rename(old)
        work.rename(home)
    except OSError as error:
        raise unwritable(destination, error) from error
    finally:
        with suppress(OSError):  # the next call tries again
            _put_back(old, home)
        shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    live.end(f"Prepared {len(clips)} clips.")
    return replace(corpus, folder=destination)


def _put_back(old, home):
    """Undo half a replacement, if one was stopped there: the old corpus put aside and the new one not yet in place."""
    if os.path.isdir(old) and not os.path.lexists(home):
        old.rename(home)


def _corpus_before(destination):
    """The corpus that lies at `destination` now, or None; anything else there is refused."""
    if not destination.exists() or (destination.is_dir() and not any(destination.iterdir())):
        return None
    if not (destination / SETTINGS).is_file():
        raise CourseError(f'"{destination}" holds other things than a corpus, so it is left alone: name a new folder.')
    try:
        return Corpus.open(destination)
    except CourseError:  # damaged or of another version: being curated anew is its remedy
        return None


def _prepare_all(source, files, work, sample_rate, live):
    """Write every usable file as a clip; return the clips (all marked for training) and the unused files."""
    root = source if source.is_dir() else source.parent
    clips, unused, known = [], [], {}
    for done, path in enumerate(files):
        live.share("Preparing recordings", done, len(files))
        name = shown_name(path, root)
        try:
            refuse_by_name(path)
            refuse_by_place(path, root)
            clip = _prepare(path, name, work, f"clips/{len(clips) + 1:04}_{plain_name(path.stem)}.flac", sample_rate)
            if clip.digest in known:
                (work / clip.file).unlink()
                raise AudioError(f'the same sound as "{known[clip.digest]}"')
        except AudioError as error:
            unused.append({"name": name, "reason": str(error)})
            continue
        known[clip.digest] = name
        clips.append(clip)
    return clips, unused


def _prepare(path, name, work, file, sample_rate, gain=1.0):
    """Write one recording as a clip."""
    levels, sha = Levels(sample_rate), hashlib.sha256()
    try:
        with Recording(path) as recording, writing(work / file, sample_rate, ".flac") as flac:
            for block in recording.blocks(sample_rate):
                levels.add(block * np.float32(gain))
                samples = pcm16(block * np.float32(gain))
                sha.update(samples.astype("<i2").tobytes())
                flac.write(samples)
        refuse_by_sound(levels)
    except AudioError:
        (work / file).unlink(missing_ok=True)
        raise
    if levels.peak > 1 and gain == 1:
        return _prepare(path, name, work, file, sample_rate, gain=0.999 / levels.peak)
    notes = list(recording.notes)
    if gain != 1:
        notes.append(f"rose above full scale and was turned down by {-decibels(gain):.1f} dB")
    return ClipFile(
        file=file,
        recording=name,
        split=TRAINING,
        start=0,
        samples=levels.samples,
        peak_dbfs=levels.peak_dbfs,
        rms_dbfs=levels.rms_dbfs,
        silence=round(levels.silence, 3),
        gain_db=round(decibels(gain), 2),
        digest=sha.hexdigest()[:16],
        recording_digest=sha.hexdigest()[:16],
        notes=tuple(notes),
    )


def _check_there_is_enough(source, clips, unused, sample_rate):
    seconds = sum(clip.samples for clip in clips) / sample_rate
    if seconds >= MINIMUM_SECONDS:
        return
    why = ""
    if unused:
        shown = "; ".join(f"{file['name']}: {file['reason']}" for file in unused[:3])
        more = f"; and {len(unused) - 3} more" if len(unused) > 3 else ""
        why = f"; not used: {shown}{more}"
    raise CourseError(
        f'"{source}" holds {seconds:.1f} s of usable sound and at least {MINIMUM_SECONDS:.0f} s are needed: add '
        f"recordings (two minutes can be enough for a texture, an hour makes a decent model){why}."
    )


def _split(work, clips, sample_rate, share, seed, before):
    """Mark the clips of the recordings chosen for validation; where none can be, cut off the end of the longest.

    What was kept for validation `before` (the clips of the corpus that is being replaced) stays there.
    """
    lengths = {clip.recording_digest: clip.samples / sample_rate for clip in clips}
    cuts = {clip.recording_digest: clip.start for clip in before if clip.start}
    whole = {clip.recording_digest for clip in before if not clip.start}
    chosen = choose_validation(lengths, share, seed, whole)
    if not chosen:
        longest = max(clips, key=lambda clip: clip.samples)
        end = max(share * sum(clip.samples for clip in clips), MINIMUM_VALIDATION_SECONDS * sample_rate)
        cut = longest.samples - round(end)
        cuts[longest.digest] = min(cut, cuts.get(longest.digest, cut))
    divided = []
    for clip in clips:
        if clip.digest in chosen:
            divided.append(replace(clip, split=VALIDATION))
        else:
            divided += _cut(work, clip, cuts[clip.digest], sample_rate) if clip.digest in cuts else [clip]
    return divided


def _cut(work, clip, cut, sample_rate):
    """Divide a clip at sample `cut` into one for training and one for validation."""
    halves = []
    for split, start, stop in ((TRAINING, 0, cut), (VALIDATION, cut, clip.samples)):
        file = f"{clip.file.removesuffix('.flac')}_{split}.flac"
        levels, sha = Levels(sample_rate), hashlib.sha256()
        with writing(work / file, sample_rate, ".flac") as flac:
            for block in soundfile.blocks(native(work / clip.file), 2**18, start=start, stop=stop, dtype="int16"):
                levels.add(block / np.float32(FULL_SCALE))
                sha.update(block.astype("<i2").tobytes())
                flac.write(block)
        halves.append(
            replace(
                clip,
                file=file,
                split=split,
                start=start,
                samples=levels.samples,
                peak_dbfs=levels.peak_dbfs,
                rms_dbfs=levels.rms_dbfs,
                silence=round(levels.silence, 3),
                digest=sha.hexdigest()[:16],
            )
        )
    (work / clip.file).unlink()
    return halves
