"""Starting a training: a new run, one that goes on, or one that begins with the weights of a capsule.

A call of `train` is checked against the run in its folder, and against the capsule to begin with, such as an epoch of
another run. The new run keeps that capsule in its folder, and loads its weights from there until the first checkpoint.
"""

import json
import os
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from ..capsule import Capsule
from ..errors import CourseError
from ..files import inside
from ..presets import PRESETS, Preset, find_preset
from ..prose import as_html, one_line
from ..run import CHECKPOINT, FREE_TO_CHANGE, SETTINGS, START, Run, as_capsule, is_beginning, opened
from ..settings import ModelSettings, TrainingSettings

SAID = ("not_to_share", "withheld", "unasked")  # of the corpus, which its makers may say anew
KEPT = ("run", "epoch", "validation_bits", "withheld", "begun_from")  # of a capsule's `about`


def find_start(start, folder):
    """The `Capsule` whose weights a training begins with, or None.

    Parameters
    ----------
    start
        A `Capsule`, or the path of one; a `Run` or its folder stands for its last epoch. With None, the capsule that
        the run in the folder begins with, until there is a checkpoint.
    folder
        The path of the run's folder.

    Raises
    ------
    CourseError
        When there is no such capsule, or it is damaged.
    """
    if start is None:
        # An interrupted start may have left the capsule without the run's settings.
        begun = Run(folder).begun_from if os.path.exists(folder / SETTINGS) else os.path.exists(folder / START)
        return Capsule.load(inside(folder, START)) if begun and not os.path.exists(folder / CHECKPOINT) else None
    if not isinstance(start, (Capsule, Run, str, os.PathLike)):
        raise CourseError(f"start must be a capsule, such as run.capsule(12), or the path of one, not {start!r}.")
    return as_capsule(start)


def resolve_preset(corpus, folder, name, changes, start=None):
    """Check a call of `train` against the run in its folder, and settle the preset.

    Parameters
    ----------
    corpus, folder
        The `Corpus`, and the path of the run's folder.
    name, changes
        The preset's name, or None, and settings in place of the preset's.
    start
        The `Capsule` to begin with, or None.

    Returns
    -------
    The `Preset` to train with, the `Run` in the folder, and the `Preset` it was trained with so far; the last two are
    None for a new run.

    Raises
    ------
    CourseError
        When the run was begun with another corpus, from another model, or with settings that cannot change; when the
        model to begin from has another size or sample rate than requested; when the folder holds something else; when a
        setting is out of range.
    """
    if not os.path.exists(folder / SETTINGS):
        if os.path.exists(folder) and (not folder.is_dir() or any(not is_beginning(path) for path in folder.iterdir())):
            raise CourseError(f'"{folder}" holds something other than a run, so it is left alone: name a new folder.')
        return _new(corpus, name, changes, start), None, None
    run = opened(folder)
    written = run.settings
    if written["corpus"]["digest"] != corpus.digest:
        raise CourseError(
            f'The run in "{folder}" was begun with another corpus, or this one has changed since: name a new folder '
            "for the run."
        )
    if start:
        _check_origin(run, start)
    previous = Preset(
        "", find_preset("sketch").minutes, ModelSettings(**written["model"]), TrainingSettings(**written["training"])
    )
    preset = (previous if name is None else find_preset(name)).changed(**changes)
    had, wanted = _conflict(previous, preset)
    if had:
        raise CourseError(
            f'The run in "{folder}" was begun with {had}, and you asked for {wanted}: ask for the former to go on '
            "with it, or name a new folder for a new run."
        )
    return preset, run, previous


def _new(corpus, name, changes, start):
    """The `Preset` of a run that begins now; see `resolve_preset`."""
    if start is None:
        return find_preset("sketch" if name is None else name).changed(**changes)
    place = describe_origin(origin_of(start))
    if start.sample_rate != corpus.sample_rate:
        raise CourseError(
            f"The model to begin from ({place}) plays at {start.sample_rate} Hz and the corpus has "
            f"{corpus.sample_rate} Hz: curate the recordings at sample_rate={start.sample_rate}, or begin from another."
        )
    preset = (preset_like(start) if name is None else find_preset(name)).changed(**changes)
    has, wanted = _conflict(replace(preset, model=start.settings), preset)
    if has:
        raise CourseError(
            f"The model to begin from ({place}) has {has}, and you asked for {wanted}: leave its size as it is, or "
            "begin a new run in a new folder, without start."
        )
    return preset


def _conflict(old, new):
    """The fixed settings in which two presets differ, as a text for each: "dim = 16", "dim = 24"; "" and "" if none."""
    differing = {setting: values for setting, values in _differences(old, new).items() if setting not in FREE_TO_CHANGE}
    return [", ".join(f"{setting} = {values[which]}" for setting, values in differing.items()) for which in (0, 1)]


def _differences(old, new):
    """{setting: (old value, new value)} of two presets."""
    return {
        setting: (value, getattr(getattr(new, part), setting))
        for part in ("model", "training")
        for setting, value in asdict(getattr(old, part)).items()
        if value != getattr(getattr(new, part), setting)
    }


def _check_origin(run, capsule):
    """Raise `CourseError` if a run that goes on did not begin with the weights of a capsule."""
    ours, wanted = run.begun_from, origin_of(capsule)
    if not ours or ours["digest"] != wanted["digest"]:
        raise CourseError(
            f'The run in "{run.folder}" began from {describe_origin(ours) if ours else "nothing"}, and you asked to '
            f"begin from {describe_origin(wanted)}: leave start out to go on with it, or name a new folder for a new "
            "run."
        )


def preset_like(capsule):
    """The preset that matches a capsule's model, or else the sketch, with the capsule's model in it."""
    alike = (preset for preset in PRESETS.values() if fixed_settings(preset.model) == fixed_settings(capsule.settings))
    return replace(next(alike, PRESETS["sketch"]), model=capsule.settings)


def fixed_settings(settings):
    """{name: value} of the settings that cannot change within a run."""
    return {name: value for name, value in vars(settings).items() if name not in FREE_TO_CHANGE}


def begin_run(folder, corpus, preset, budget, references, start):
    """A new `Run` in a folder; the model that it begins with is saved before the settings that refer to it."""
    values, card = run_settings(folder, corpus, preset, budget) | {"references": references}, corpus.card()
    if start:
        start.save(folder / START)
        values, card = values | {"begun_from": origin_of(start)}, whole_card(corpus, start)
    return Run.begin(folder, values, card)


def run_settings(folder, corpus, preset, budget):
    """A run's settings as plain values: its `Preset`, `Budget` and corpus, and the versions of the libraries."""
    values = {
        "model": asdict(preset.model),
        "training": asdict(preset.training),
        "minutes": budget.minutes,
        "epochs": budget.epochs,
        "sample_rate": corpus.sample_rate,
        "corpus": {
            "folder": str(corpus.folder),
            "from_run": _seen_from(folder, corpus.folder),
            "source": corpus.source,
            "digest": corpus.digest,
            "not_to_share": corpus.not_to_share,
            "withheld": corpus.sharing.withheld,
            "unasked": corpus.sharing.unasked,
            "silence": round(corpus.silence, 3),
        },
        "versions": {name: version(name) for name in ("prism-lessons", "keras", "numpy")},
    }
    return json.loads(json.dumps(values))  # tuples become lists, as in the file


def _seen_from(folder, path):
    """A path relative to a folder; "" if it is on another drive of Windows."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return ""


def record_changes(run, state, previous, preset, corpus, budget):
    """Record what changes when a run goes on: settings, and what may be done with the recordings.

    A new learning rate also clears the run's rollbacks.
    """
    changed = _differences(previous, preset)
    for setting, (old, new) in changed.items():
        run.note("changed", f"{setting} was {old} and is {new} from here on.", setting=setting, old=old, new=new)
    if "learning_rate" in changed:
        state.lr_scale, state.rollbacks = 1.0, 0
    values = run_settings(run.folder, corpus, preset, budget)
    said = [{name: of["corpus"].get(name) for name in SAID} for of in (values, run.settings)]
    if changed or said[0] != said[1] or any(run.settings.get(name) != values[name] for name in ("minutes", "epochs")):
        run.change_settings(values)


def origin_of(capsule):
    """A run's record of the capsule it begins with, as plain values.

    Returns
    -------
    dict
        "digest": of the weights; "not_to_share": why its model may not be passed on, as phrases; and, if the capsule
        has them, "run": the name of the folder it was trained in, "epoch", "validation_bits", "withheld": the
        recordings that may not be passed on as sound, and "begun_from": the same record of the capsule that its run
        began with.
    """
    about = capsule.about if isinstance(capsule.about, dict) else {}  # somebody else may have made it
    reasons = about.get("not_to_share") or []
    return {
        **{name: about[name] for name in KEPT if about.get(name) is not None},
        "not_to_share": [str(reason) for reason in (reasons if isinstance(reasons, list) else [reasons])],
        "digest": capsule.digest,
    }


def describe_origin(origin):
    """The record of `begun_from` in words: 'epoch 12 of "first_run"'."""
    place = f"epoch {origin['epoch']}" if "epoch" in origin else f"the capsule {origin['digest']}"
    return f'{place} of "{origin["run"]}"' if "run" in origin else place


def whole_card(corpus, capsule):
    """The card of a run that begins with a capsule: that of its own corpus, then the capsule's.

    Parameters
    ----------
    corpus
        The `Corpus` that is trained on.

    Returns
    -------
    Markdown
    """
    card = corpus.card()
    # As HTML, since an earlier version escaped less.
    if not capsule.card or as_html(capsule.card).startswith(as_html(card)):
        return capsule.card or card
    before = one_line(describe_origin(origin_of(capsule)))
    return f"{card}\n\n# What the model had learned from before\n\n{before}\n\n{capsule.card}"
