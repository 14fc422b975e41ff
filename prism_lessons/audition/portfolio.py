"""A run's journal for a thesis or a portfolio: one page that holds its sounds, the same as Markdown, and the clips."""

import math
import os
import re
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ..audio import AudioError, Clip, load
from ..errors import CourseError
from ..files import atomic_write, write_text
from ..live import LiveLine, counted
from ..pages import (
    FLAC,
    FORMS_IN_WORDS,
    MP3,
    WAV,
    curve_in_words,
    fit_sounds,
    learning_curve,
    levels_in_words,
    player,
    render,
)
from ..prose import one_line
from ..run import RunClip, opened
from .copies import UNCHECKED, copies_not_to_share
from .listening import ListeningLog
from .portfolio_sections import CURVE, sections, to_be_heard

PAGE, MARKDOWN, PICTURE, CLIPS = "journal.html", "journal.md", "curve.svg", "clips"
MARK = "Written by prism_lessons: the next export replaces this file."
MOST_BYTES = 30_000_000  # of the page
MOST_WAV_BYTES = 8_000_000  # of sounds as WAV; beyond, they are coded
OWN_CLIP = re.compile(r"\(clips/(epoch_\d+_t[\d.e+-]+_voice\d+\.wav)\)")


def export_journal(run, folder, log=None, journal=None, choices=None, live=None, corpus=None):
    """Export a run's journal, from the intention to the choice, as one page with its sounds and as Markdown.

    Parameters
    ----------
    run
        A `Run` or its folder.
    folder
        The folder to write: `journal.html` is self-contained; `journal.md` needs `curve.svg` and the folder `clips`,
        with an exact copy of every clip that was starred, tagged, noted or chosen. Files of an earlier export are
        replaced; anything else is left alone.
    log
        The `ListeningLog`; that in the run's folder if not given.
    journal
        The `Journal` of the course, to include its answers.
    choices
        The `Choices` about the recordings, to include them.
    live
        The `LiveLine` to report progress on; one on standard output if not given.
    corpus
        The `Corpus` that it learned from, or None where that is not there: clips that nearly repeat a recording that
        may not be shared are left out, and the page says so.

    Returns
    -------
    Path
        The page, at most 30 MB. Beyond 8 MB of WAV its sounds are coded as FLAC, else as MP3, else only some of them
        are there as MP3, evenly from the first to the last, and it says so. Nothing is normalised.

    Raises
    ------
    CourseError
        When there is no run, its own clips are in that folder, or a file there is not from an export; when a log is
        damaged; when the files cannot be written.
    """
    run, folder, live = opened(run), Path(folder), live or LiveLine()
    _check(run, folder)
    log = ListeningLog(run) if log is None else log
    clips, sounds = to_be_heard(run, log), {}
    for number, clip in enumerate(clips, start=1):
        live.share("Reading clips", number, len(clips))
        try:
            sounds[clip.name] = load(clip.path)
        except AudioError as error:
            sounds[clip.name] = error
    there = [clip for clip in clips if isinstance(sounds[clip.name], Clip)]
    for index, why in copies_not_to_share(corpus, [sounds[clip.name] for clip in there], live).items():
        sounds[there[index].name] = CourseError(f"This clip is left out: it {why}.")
    parts = sections(run, log, journal, choices)
    head = _head(run, corpus, bool(there))
    page = _page(run, log.who, head, parts, sounds)
    earlier = _earlier_clips(folder / MARKDOWN)
    files = {clip.name: _file(clip) for clip in clips if isinstance(sounds[clip.name], Clip)}
    for clip in clips:
        if clip.name in files:
            with atomic_write(folder / files[clip.name]) as partial:
                shutil.copyfile(clip.path, partial)
    if run.log:
        picture = str(learning_curve(run)).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        write_text(folder / PICTURE, f"<!-- {MARK} -->\n{picture}\n")
    write_text(folder / MARKDOWN, _markdown(run, head, parts, sounds))
    write_text(folder / PAGE, page)
    for name in earlier - {*files.values()}:
        with suppress(OSError):
            (folder / name).unlink()
    live.end(f'The journal of this run is in "{folder}", with {counted(len(files), "clip")}: open {PAGE} in a browser.')
    return folder / PAGE


def _check(run, folder):
    """Raise a `CourseError` where an export would write among the run's own clips, or over somebody else's file."""
    own = (run.folder / CLIPS).resolve()
    if (folder / CLIPS).resolve() == own or folder.resolve().is_relative_to(own):
        raise CourseError(
            f'The clips of the run itself lie in "{own}": export into another folder, such as '
            f'"{run.folder / "journal"}".'
        )
    for path in (folder / PAGE, folder / MARKDOWN, folder / PICTURE):
        if os.path.exists(path) and MARK not in _beginning(path):
            raise CourseError(f'"{path}" is not from an earlier export and would be lost: choose another folder.')


def _beginning(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(len(MARK) + 100)
    except OSError:
        return ""


def _earlier_clips(path):
    """The names, such as "clips/epoch_012_t0.95_voice1.wav", of the clips that an earlier export wrote."""
    if not path.is_file():
        return set()
    return {f"{CLIPS}/{name}" for name in OWN_CLIP.findall(path.read_text(encoding="utf-8", errors="replace"))}


def _file(clip):
    """The name under which a `RunClip` is exported."""
    return f"{CLIPS}/epoch_{clip.epoch:03}_t{clip.temperature:g}_voice{clip.voice}.wav"


def _title(run):
    return f"Journal of {run.folder.resolve().name}"


def _head(run, corpus, heard):
    """The text under the title, and the reasons not to share, which come before it: Markdown each."""
    forbidden = [f"- {one_line(str(reason))}" for reason in run.not_to_share]
    reasons = ["**The models of this run may not be shared**, because of:", "", *forbidden] if forbidden else []
    written = [f"Written on {datetime.now():%Y-%m-%d}.", corpus.sharing.unasked if corpus else ""]
    written.append(UNCHECKED if heard and run.withheld and not corpus else "")
    return " ".join(filter(None, written)), "\n".join(reasons)


def _markdown(run, head, parts, sounds):
    written, forbidden = head
    blocks = [f"<!-- {MARK} -->", f"# {one_line(_title(run))}", *filter(None, [forbidden]), written]
    for section in parts:
        blocks.append(f"## {section.title}")
        for part in section.parts:
            if part is CURVE:
                blocks.append(f"![{one_line(curve_in_words(run))}]({PICTURE})")
            elif isinstance(part, RunClip):
                blocks.append(_link(part, sounds[part.name]))
            else:
                blocks.append(part)
    return "\n\n".join(blocks) + "\n"


def _link(clip, sound):
    if not isinstance(sound, Clip):
        return f"No player: {one_line(str(sound))}"
    return f"[{clip.title}]({_file(clip)}): {levels_in_words(sound.levels)}"


def _page(run, who, head, parts, sounds):
    """The page, written first without sounds, to see how much room there is for them."""
    usable = {name: sound for name, sound in sounds.items() if isinstance(sound, Clip)}
    bare = _document(run, who, head, parts, sounds, dict.fromkeys(usable, ""), WAV)
    wav_bytes = sum(2 * len(sound.samples) for sound in usable.values())
    forms = (WAV, FLAC, MP3) if wav_bytes <= MOST_WAV_BYTES else (FLAC, MP3)
    room = MOST_BYTES - len(bare.encode("utf-8", "replace"))
    urls, form, _ = fit_sounds(list(usable), usable.get, room, [(form, math.inf) for form in forms])
    return _document(run, who, head, parts, sounds, urls, form)


def _document(run, who, head, parts, sounds, urls, form):
    written, forbidden = head
    return render(
        "portfolio.html",
        mark=MARK,
        title=_title(run),
        author=who,
        written=written,
        forbidden=forbidden,
        players=_players_in_words(sounds, urls, form),
        sections=[(section.title, [_part(run, part, sounds, urls) for part in section.parts]) for section in parts],
    )


def _players_in_words(sounds, urls, form):
    if not sounds:
        return "There is no clip to hear yet: star one, or write a note."
    count = counted(len(urls), "player")
    words = f"This page holds its sounds itself: {count}, in {FORMS_IN_WORDS[form]}. Nothing is normalised."
    left = sum(isinstance(sound, Clip) for sound in sounds.values()) - len(urls)
    if left:
        words += f" There was no room for {left} more."
    return f"{words} All clips lie beside it as WAV, in the folder “{CLIPS}”."


def _part(run, part, sounds, urls):
    """A part of a `Section` as the page shows it: its kind, "picture", "markdown", "player" or "words", and itself."""
    if part is CURVE:
        return "picture", learning_curve(run)
    if not isinstance(part, RunClip):
        return "markdown", part
    sound = sounds[part.name]
    if part.name in urls:
        return "player", player(part.title, sound.levels, urls[part.name], f"; {_file(part)}")
    if not isinstance(sound, Clip):
        return "markdown", _link(part, sound)
    return "words", f"{part.title}: {levels_in_words(sound.levels)}; {_file(part)}"
