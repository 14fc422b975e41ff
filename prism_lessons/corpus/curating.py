"""Preparing a folder of recordings as a corpus: mono, one sample rate, some recordings kept for validation."""

import hashlib
import os
import re
import shutil
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..analysis import DuplicatePair, Sound, find_near_duplicates
from ..audio import (
    AudioError,
    Recording,
    TransientError,
    check_sample_rate,
    load,
    reading_error,
    safe_file_name,
    to_dbfs,
)
from ..checks import a, a_live_line, a_path, checked, optional, whole
from ..errors import CourseError, as_given
from ..files import exclusive_lock, free_path, lock_for, write_error, write_json, write_text
from ..live import LiveLine, clock
from ..settings import is_number
from .choices import Choices, State
from .clips import divide_clip, write_clip
from .corpus import CARD, SETTINGS, TRAINING, ClipFile, Corpus
from .doctor import KINDS, repair_recording
from .folder import SILENT_PEAK, list_files, refuse_by_name, refuse_by_place, refuse_by_sound, shown_name
from .split import split_clips
from .survey import cached_survey, survey_cache

# Below this, neither split means anything: a few windows of training, one second of validation.
MINIMUM_SECONDS = 10.0
# What `curate` and `codes_of` write: files of other names are the user's.
OF_A_CORPUS = re.compile(r"corpus\.json|card\.md|codes/[0-9a-f]{16}\.(codes|json)(\.partial)?")
OF_A_DAMAGED_CORPUS = re.compile(OF_A_CORPUS.pattern + r"|clips/\d{4,}_.*\.flac")  # which lists no clips
MOST_SEED = 2**63 - 1
COMPARED_SECONDS = 600.0  # of a recording at once, when looking for near-duplicates: fits into any memory


@checked(
    source=a_path,
    destination=a_path,
    seed=whole(-MOST_SEED, MOST_SEED),
    choices=optional(a(Choices)),
    live=optional(a_live_line),
)
def curate(source, destination, sample_rate=16000, validation=0.1, seed=0, choices=None, live=None):
    """Prepare every usable recording in a folder as a corpus to train on.

    Parameters
    ----------
    source : str or Path
        A folder of recordings (subfolders too), or one recording. Nothing in it is changed.
    destination : str or Path
        The folder of the corpus. A corpus that is there already is replaced, and what you have put beside its files is
        kept; a folder of other things is refused.
    sample_rate : int
        Hz, 2000 .. 192000; of the corpus and of every sound that a model trained on it will make.
    validation : float
        The share of the sound, above 0 and at most 0.5, kept for validation. Whole recordings are kept, and those that
        share a sound stay together; when there are too few, the end of the longest one is kept, and recordings that
        share a sound with it are left out.
    seed : int
        Seed of that choice. A recording stays in its split when others are added.
    choices : Choices, optional
        The `Choices` to carry out: intention, origins, what is mended, cut, left out or repeated. Without them every
        recording is taken as it is.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.

    Returns
    -------
    Corpus
        Print it to see what was taken, and what was not and why.

    Raises
    ------
    CourseError
        When there are less than ten seconds of usable sound, a name is wrong, the disk is full, or another program is
        preparing the same corpus. The previous corpus is then unchanged.

    See Also
    --------
    survey : Says what is in the folder, and changes nothing.
    Choices : What is mended, cut, left out or repeated.
    plan : Says what a training on the corpus will come to.
    train : Trains a model on it.

    Examples
    --------
    >>> corpus = pl.curate("recordings", "my_corpus", sample_rate=16000)
    >>> len(corpus.clips), corpus.sample_rate
    (3, 16000)
    >>> round(corpus.seconds("training")), round(corpus.seconds("validation"))
    (14, 6)
    """
    source, destination = Path(source), Path(destination)
    sample_rate = check_sample_rate(sample_rate)
    if not (is_number(validation) and 0 < validation <= 0.5):
        raise CourseError(f"The share kept for validation must be above 0 and at most 0.5, not {as_given(validation)}.")
    live = live or LiveLine()
    state = choices.state if choices else State()
    home = destination.resolve()
    busy = f'Another program is preparing the corpus "{destination}": wait for it, or name another folder for this one.'
    with exclusive_lock(lock_for(home), busy):
        return _curate(source, destination, home, sample_rate, validation, seed, state, live)


def _curate(source, destination, home, sample_rate, validation, seed, state, live):
    if source.resolve().is_relative_to(home):
        raise CourseError("The corpus needs a folder of its own, not the one your recordings are in: name another.")
    # Hidden names, unlike those of the composer's folders: these are deleted.
    work, old = (home.with_name(f".{home.name}.{ending}") for ending in ("partial", "replaced"))
    try:
        _put_back(old, home)
        there = _corpus_before(destination)
        files = list_files(source, leave_out=(home, work, old))
        _remove(work)
        _remove_for_ever(old, work)
        (work / "clips").mkdir(parents=True)
        clips, unused = _prepare_all(source, files, work, sample_rate, state, live)
        _check_there_is_enough(source, clips, unused, sample_rate)
        duplicates = _near_duplicates_among(work, clips, sample_rate, live)
        before = there.clips if there and there.seed == seed else ()
        clips, left_out = split_clips(work, clips, sample_rate, validation, seed, before, duplicates)
        unused += left_out
        used = {clip.recording for clip in clips}
        duplicates = [pair for pair in duplicates if {pair.first, pair.second} <= used]
        origins = {clip.recording: state.origin(clip.recording) for clip in clips}
        corpus = Corpus(
            work, sample_rate, seed, tuple(clips), tuple(unused), state.intention, origins,
            tuple({"first": pair.first, "second": pair.second, "how": pair.how} for pair in duplicates),
            str(source),
        )  # fmt: skip
        write_json(work / SETTINGS, corpus.as_dict())
        write_text(work / CARD, corpus.card())
        if home.exists():
            _keep_what_is_not_of_a_corpus(home, there, work, live)
            home.rename(old)
        work.rename(home)
    except OSError as error:
        raise write_error(destination, error) from error
    finally:
        with suppress(OSError):  # the next call tries again
            _put_back(old, home)
        with suppress(CourseError):
            _remove(work)
    with suppress(CourseError, OSError):
        _remove_for_ever(old, work)
    live.end(f"Prepared {len(clips)} clips.")
    return replace(corpus, folder=destination)


def _put_back(old, home):
    """Undo a replacement that stopped halfway, with the old corpus put aside and the new one not yet in place."""
    if os.path.isdir(old) and not os.path.lexists(home):
        old.rename(home)


def _remove(folder):
    """Delete a folder of our own, even if it is read-only, as copies from a CD are."""
    if not os.path.lexists(folder):
        return
    try:
        os.chmod(folder, stat.S_IRWXU)
        for place, folders, _ in os.walk(folder):
            for name in folders:
                if not os.path.islink(path := os.path.join(place, name)):
                    os.chmod(path, stat.S_IRWXU)
        shutil.rmtree(folder)
    except OSError as error:
        raise CourseError(
            f'"{folder}", left over from an earlier corpus, cannot be deleted ({error.strerror or error}): delete it '
            "yourself, and do the same again."
        ) from error


def _remove_for_ever(old, work):
    """Rename a corpus that was put aside, then delete it, so that the rest of a killed deletion is never put back."""
    if os.path.lexists(old):
        old.rename(work)
        _remove(work)


def _keep_what_is_not_of_a_corpus(home, before, work, live):
    """Copy the user's own files from the folder of a corpus into the one that replaces it."""
    clips = {clip.file for clip in before.clips} if before else ()
    card = before.card().encode(errors="replace").decode() if before else None
    for folder, folders, names in os.walk(home):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in names + links:
            path = Path(folder, name)
            place = path.relative_to(home).as_posix()
            written_into = place == CARD and card is not None and path.read_text("utf-8", "replace") != card
            ours = place in clips or (OF_A_CORPUS if before else OF_A_DAMAGED_CORPUS).fullmatch(place)
            if written_into or not ours:
                target = free_path(work / place)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target, follow_symlinks=False)
                if written_into:
                    live.end(f'Somebody has written into "{CARD}", so that one is called "{target.name}" now.')


def _corpus_before(destination):
    """The corpus at `destination`, or None; anything else there is refused."""
    if not destination.exists() or (destination.is_dir() and not any(destination.iterdir())):
        return None
    if not (destination / SETTINGS).is_file():
        raise CourseError(
            f'"{destination}" holds something other than a corpus, so it is left alone: name a new folder.'
        )
    try:
        return Corpus.open(destination)
    except CourseError:  # damaged or of another version: curating it again replaces it
        return None


def _prepare_all(source, files, work, sample_rate, state, live):
    """Write every usable file as one clip, or one for each segment; return the clips (all marked for training) and the
    unused files."""
    root = source if source.is_dir() else source.parent
    chosen_for = {**state.left_out, **state.remedies, **state.segments}
    clips, unused, name_by_digest, cache = [], [], {}, survey_cache(root)
    for done, path in enumerate(files):
        live.share("Preparing recordings", done, len(files))
        name = shown_name(path, root)
        chosen_for.pop(name, None)
        try:
            if name in state.left_out:
                raise AudioError("left out by choice" + (f": {state.left_out[name]}" * bool(state.left_out[name])))
            refuse_by_name(path)
            refuse_by_place(path, root)
            file = f"clips/{len(name_by_digest) + 1:04}_{safe_file_name(path.stem)}.flac"
            clip = _prepare(path, name, work, file, sample_rate, _chosen_repairs(path, name, root, state, cache))
            if clip.digest in name_by_digest:
                (work / clip.file).unlink()
                raise AudioError(f'the same sound as "{name_by_digest[clip.digest]}"')
        except AudioError as error:
            unused.append({"name": name, "reason": str(error)})
            continue
        name_by_digest[clip.digest] = name
        clip = replace(clip, times=state.times_of(name), label=state.label_of(name))
        segments = [
            tuple(round(second * sample_rate) for second in segment) for segment in state.segments.get(name, ())
        ]
        clips += divide_clip(work, clip, segments, sample_rate) if segments else [clip]
    cache.save()
    unused += [{"name": name, "reason": "has choices, but is not in the folder"} for name in chosen_for]
    return clips, unused


def _chosen_repairs(path, name, root, state, cache):
    """The findings to mend in a recording."""
    kinds = state.remedies.get(name, ())
    findings = cached_survey(path, root, cache).findings if kinds else ()
    by_hand = name in state.segments  # then the segments say what is kept
    return [one for one in findings if one.kind in kinds and not (by_hand and "keep" in one.values)]


def _prepare(path, name, work, file, sample_rate, repairs, gain=1.0):
    """Write one recording as a clip, with the remedies of some findings."""
    with Recording(path) as recording:
        blocks = (block * np.float32(gain) for block in repair_recording(recording, repairs, sample_rate))
        try:
            clip, levels = write_clip(work, file, blocks, sample_rate)
            refuse_by_sound(levels)
        except AudioError as error:
            (work / file).unlink(missing_ok=True)
            if isinstance(error, TransientError):  # a part of the file must not pass for the whole
                raise
            if recording.channels > 1 and levels.samples and levels.peak <= SILENT_PEAK:
                raise AudioError(f"{error}; its channels may cancel each other: survey it") from None
            raise
        notes = list(recording.notes)
    if levels.peak > 1 and gain == 1:
        return _prepare(path, name, work, file, sample_rate, repairs, gain=0.999 / levels.peak)
    if gain != 1:
        notes.append(f"rose above full scale and was turned down by {-to_dbfs(gain):.1f} dB")
    return ClipFile(
        **clip,
        recording=name,
        split=TRAINING,
        start=0,
        gain_db=round(to_dbfs(gain), 2),
        recording_digest=_file_digest(path) if repairs else clip["digest"],
        notes=tuple(notes),
        treatment=tuple(f"{finding.title}: {KINDS[finding.kind].repaired}" for finding in repairs),
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
        f"recordings (two minutes can be enough for a texture){why}."
    )


def _file_digest(path):
    """A hash of a mended recording's file: filters may differ in the last bit between computers."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise reading_error(error) from None


def _near_duplicates_among(work, clips, sample_rate, live):
    """The `DuplicatePair`s among the recordings of some clips: the most similar parts of each pair."""
    parts = {}  # {name: its start in the recording, in seconds}

    def sounds():
        for clip in clips:
            for start in np.arange(0, clip.samples / sample_rate, COMPARED_SECONDS):
                name = f"{clip.file}, {start}"
                parts[name] = clip.start / sample_rate + start
                part = load(work / clip.file, start=start, seconds=COMPARED_SECONDS)
                yield Sound(name, clip.recording, part)

    recording = {clip.file: clip.recording for clip in clips}
    found = {}
    for pair in find_near_duplicates(sounds(), live, across_groups=True):
        first, second = (recording[name.rpartition(", ")[0]] for name in (pair.first, pair.second))
        begins = [parts[name] for name in (pair.first, pair.second)]
        how = pair.how
        if any(begins):
            how += " (compared from {} of the first and from {} of the second on)".format(*map(clock, begins))
        found.setdefault((first, second), DuplicatePair(first, second, pair.similarity, how))
    return list(found.values())
