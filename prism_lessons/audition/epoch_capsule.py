"""The model of an epoch as a capsule, with the listening log of its clips."""

import json
from dataclasses import asdict, replace

from ..prose import one_line, quoted
from ..run import epoch_of
from .listening import GUESS

HEADING = "## What was heard"
MOST_BYTES = 2**20  # of acts in a capsule, to keep its description small; the run's own log has all


def capsule_of(run, epoch, log):
    """The model of an epoch, with the listening log of its clips.

    Parameters
    ----------
    run
        The `Run`.
    epoch
        Which one; the last if None.
    log
        The `ListeningLog` of the run.

    Returns
    -------
    Capsule
        Its card ends with a section "What was heard"; `about["listening"]` holds the newest acts of that epoch, at most
        1 MiB, as plain values, oldest first.

    Raises
    ------
    CourseError
        When the weights of that epoch no longer exist; the sentence lists those that do.
    """
    epoch = max(run.epochs, default=None) if epoch is None else epoch
    capsule = run.capsule(epoch)
    acts = [_plain(act) for act in log.acts if _is_of(act, epoch)]
    kept = _newest(acts)
    notes = {clip: given for clip, given in log.heard.items() if epoch_of(clip) == epoch}
    titles = {clip.name: clip.title for clip in run.played}
    lines = [HEADING, ""]
    for clip, clip_notes in notes.items():
        lines += [f"### {titles.get(clip) or one_line(clip)}", "", *notes_in_markdown(clip_notes), ""]
    if not notes:
        lines += ["Nothing has been starred or noted of this epoch.", ""]
    if len(kept) < len(acts):
        lines += [f"The {len(acts) - len(kept)} oldest acts are only in the listening log of the run.", ""]
    card = capsule.card.rstrip() + "\n\n" + "\n".join(lines)
    return replace(capsule, card=card, about={**capsule.about, "listening": kept})


def notes_in_markdown(notes, when=lambda act, who="", text="": ""):
    """The stars, tags and notes of a clip, a `ClipNotes`, as lines of Markdown.

    Parameters
    ----------
    when
        A function that returns the date to append to a star, a tag or a note, such as " (2026-11-22 23:15)": its
        arguments are the act, who did it, and the tag.
    """
    stars = [one_line(who) + when("star", who=who) for who in notes.stars]
    tags = [one_line(tag) + when("tag", text=tag) for tag in notes.tags]
    lines = [f"- Starred by {', '.join(stars)}"] if stars else []
    lines += [f"- Tagged {', '.join(tags)}"] if tags else []
    for who, text in notes.notes.items():
        lines += ["", f"{one_line(who)} wrote{when('note', who=who)}:", "", quoted(text)]
    return lines[not stars and not tags :]


def _is_of(act, epoch):
    # A guess may be about a recording, whose name may look like a clip's.
    return epoch_of(act.clip) == epoch and not (act.act == GUESS and act.truth == "recording")


def _plain(act):
    """An `Act` as plain values that UTF-8 can encode."""
    return {name: value.encode("utf-8", "replace").decode() for name, value in asdict(act).items()}


def _newest(acts):
    """As many of the newest acts as fit."""
    room, kept = MOST_BYTES, []
    for act in reversed(acts):
        room -= len(json.dumps(act, indent=1, ensure_ascii=False).encode())
        if room < 0:
            break
        kept.insert(0, act)
    return kept
