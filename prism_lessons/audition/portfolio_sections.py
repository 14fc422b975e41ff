"""The sections of a run's journal: text as Markdown, and the places of its sounds and of its curve."""

import math
import re
from dataclasses import dataclass

import numpy as np

from ..corpus import UNKNOWN, Intention
from ..errors import CourseError
from ..live import clock, counted
from ..pages import REFERENCES
from ..prose import as_html, deeper, harmless, one_line, quoted
from ..settings import ModelSettings, TrainingSettings, described
from ..verdict import verdict
from .epoch_capsule import notes_in_markdown
from .listening import CHOOSE, TAG

CURVE = object()  # the place of the picture
INTENTION = re.compile(r"^## Intention\n(.*?)(?=^##? |\Z)", re.MULTILINE | re.DOTALL)
DATED = re.compile(r"\n(?=\d{4}-\d\d-\d\d \d\d:\d\d  )")  # before each entry of `Choices`, which may have several lines


@dataclass(frozen=True)
class Section:
    """A heading, plain text, and the parts under it: Markdown, `RunClip`s to be heard, and `CURVE`."""

    title: str
    parts: list


def sections(run, log, journal=None, choices=None):
    """All `Section`s of a run's journal, in order; for the parameters see `export_journal`."""
    intention, card = _intention_and_card(run, choices)
    found = [Section("Intention", [intention])]
    if choices is not None:
        found.append(Section("What was decided about the recordings", [_decided(choices)]))
    found += [
        Section("The corpus", [card]),
        Section("Settings", [*_settings(run)]),
        Section("The learning curve", _curve(run)),
        Section("What happened", [_happened(run)]),
        Section("What was heard", _heard(run, log)),
    ]
    if guesses := log.guesses_in_words:
        found.append(Section("Heard without knowing what it was", list(map(one_line, guesses))))
    if journal is not None:
        found.append(Section("Questions and answers", [_answers(journal)]))
    return [*found, Section("What was chosen", _chosen(run, log))]


def to_be_heard(run, log):
    """The `RunClip`s that were starred, tagged, noted or chosen, by epoch, as far as they are there."""
    named = {*log.heard, *(act.clip for act in log.acts if act.act == CHOOSE)}
    return [clip for clip in run.played if clip.name in named]


def date(when):
    """ "2026-11-22T23:15:02.123" -> "2026-11-22 23:15"."""
    return one_line(when[:16].replace("T", " "))


def _intention_and_card(run, choices):
    """The intention, and the card without the intention if that is the same."""
    try:
        card = harmless(run.card)
    except CourseError:
        card = "The card of the corpus cannot be read."
    found = INTENTION.search(card)
    stated = found[1].strip() if found else ""
    now = choices.state.intention if choices is not None else Intention()
    if now != Intention():
        said = (
            f"- What to hear: {one_line(now.hear) or UNKNOWN}",
            f"- What success would sound like: {one_line(now.success) or UNKNOWN}",
            f"- What matters more: {one_line(now.prefer)}",
        )
        intention = "\n".join(said)
    else:
        intention = stated or "No intention has been written down."
    if stated and as_html(intention) == as_html(stated):
        card = INTENTION.sub("", card)
    return intention, deeper(card.strip(), 2)


def _decided(choices):
    lines = [line.replace("  ", ", ", 1) for line in DATED.split(str(choices))]
    if choices.taken_back:
        lines.append(f"Undone, and therefore not listed: {counted(choices.taken_back, 'choice')}.")
    return "\n".join(f"- {one_line(line)}" for line in lines)


def _settings(run):
    known = {"Model": ("model", ModelSettings), "Training": ("training", TrainingSettings)}
    for title, (part, kind) in known.items():
        labels = {about.name: about.label for about in described(kind)}
        values = run.settings[part]
        names = [name for name in labels if name in values] + [name for name in values if name not in labels]
        rows = [f"| {labels.get(name, one_line(name))} | `{name}` | {_value(values[name])} |" for name in names]
        yield "\n".join([f"### {title}", "", "| setting | in Python | value |", "|---|---|---|", *rows])
    about = {"Sample rate": f"{run.sample_rate} Hz"}
    for budget in ("minutes", "epochs"):
        if run.settings.get(budget) is not None:
            about[f"{budget.capitalize()} that were asked for"] = _value(run.settings[budget])
    about["Corpus"] = f"{_value(run.settings['corpus']['folder'])}, {run.settings['corpus']['digest']}"
    about |= {name: _value(version) for name, version in run.settings.get("versions", {}).items()}
    rows = [f"| {one_line(name)} | {value} |" for name, value in about.items()]
    yield "\n".join(["### Sound and versions", "", "| what | value |", "|---|---|", *rows])


def _value(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return "none" if value is None else one_line(str(value))


def _curve(run):
    if not run.log:
        return ["No epoch has been finished yet."]
    references = [f"{REFERENCES[name][1]} {bits:.2f}" for name, bits in run.references.items() if name in REFERENCES]
    rows = [
        f"| {entry.epoch} | {_bits(entry.validation_bits)} | {_bits(entry.bits)} | {clock(entry.seconds)} "
        f"| {np.format_float_positional(entry.learning_rate, precision=2, fractional=False, trim='-')} |"
        for entry in run.log
    ]
    return [
        CURVE,
        f"Bits per sample: fewer mean better prediction, not better music. {', '.join(references)}.",
        one_line(str(verdict(run))),
        "\n".join(
            [
                "| epoch | bits in validation | bits in training | time of training | learning rate |",
                "|---|---|---|---|---|",
                *rows,
            ]
        ),
    ]


def _bits(bits):
    return f"{bits:.3f}" if math.isfinite(bits) else "no number"


def _happened(run):
    lines = []
    for event in run.events:
        place = f"after epoch {event['epoch']}" if event["epoch"] else "before epoch 1"
        lines.append(f"- {date(event['when'])}, {place}: {one_line(event['text'])}")
    return "\n".join(lines) or "Nothing but its epochs was recorded of this run."


def _heard(run, log):
    played, heard = {clip.name: clip for clip in run.played}, log.heard
    if not heard:
        return ["Nothing has been starred or noted yet, so there is no clip to hear here."]
    parts, acts, epoch = [], log.acts, None
    for name, said in heard.items():
        of_it = [act for act in acts if act.clip == name]

        def when(kind, who="", text="", of_it=of_it):
            """When it was done last, in brackets."""
            (*_, last) = [
                act.when
                for act in of_it
                if act.act == kind and act.who == (who or act.who) and (kind != TAG or act.text == text)
            ]
            return f" ({date(last)})"

        clip = played.get(name)
        if clip and clip.epoch != epoch:
            epoch = clip.epoch
            parts.append(f"### Epoch {epoch}")
        parts.append(clip or f"{one_line(name)}: its clip is no longer there.")
        parts.append("\n".join(notes_in_markdown(said, when)))
    return parts


def _answers(journal):
    entries = journal.entries
    if not entries:
        return "The journal is empty so far."
    lines = []
    for lesson in sorted({entry.lesson for entry in entries}):
        of_it = [entry for entry in entries if entry.lesson == lesson]
        lines += [f"### {one_line(lesson.replace('_', ' '))}", ""]
        for question in dict.fromkeys(entry.question for entry in of_it):
            lines += [f"**{one_line(question)}**", ""]
            for entry in of_it:
                if entry.question == question:
                    lines += [f"{date(entry.when)}:", "", quoted(entry.answer), ""]
    return "\n".join(lines)


def _chosen(run, log):
    played, heard, parts = {clip.name: clip for clip in run.played}, log.heard, []
    for act in log.acts:
        if act.act != CHOOSE:
            continue
        clip = played.get(act.clip)
        title = clip.title if clip else one_line(act.clip)
        line = f"- {date(act.when)}, {one_line(act.who)}, {title}: {one_line(act.text)}"
        if parts and isinstance(parts[-1], str):
            parts[-1] += "\n" + line
        else:
            parts.append(line)
        if clip and act.clip not in heard and clip not in parts:
            parts.append(clip)
    return parts or ["Nothing has been chosen yet."]
