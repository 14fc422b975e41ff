"""What a call of `train` must share with the run in its folder, and what may change when that run goes on."""

import json
import os
from dataclasses import asdict, replace
from importlib.metadata import version

from ..errors import CourseError
from ..presets import Preset, find_preset
from ..run import FREE_TO_CHANGE, SETTINGS, is_beginning, opened
from ..settings import ModelSettings, TrainingSettings
from .start import begun_from, check_begun_from, preset_like, where


def agree(corpus, folder, name, changes, start=None):
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
            raise CourseError(f'"{folder}" holds other things than a run, so it is left alone: name a new folder.')
        return _new(corpus, name, changes, start), None, None
    run = opened(folder)
    written = run.settings
    if written["corpus"]["digest"] != corpus.digest:
        raise CourseError(
            f'The run in "{folder}" was begun with another corpus (or this one has changed since): name a new folder '
            "for the run."
        )
    if start:
        check_begun_from(run, start)
    begun = Preset(
        "", find_preset("sketch").minutes, ModelSettings(**written["model"]), TrainingSettings(**written["training"])
    )
    preset = (begun if name is None else find_preset(name)).changed(**changes)
    had, wanted = _conflict(begun, preset)
    if had:
        raise CourseError(
            f'The run in "{folder}" was begun with {had} and is now asked for {wanted}: ask for the former to go on '
            "with it, or name a new folder for a new run."
        )
    return preset, run, begun


def _new(corpus, name, changes, start):
    """The `Preset` of a run that begins now; see `agree`."""
    if start is None:
        return find_preset("sketch" if name is None else name).changed(**changes)
    place = where(begun_from(start))
    if start.sample_rate != corpus.sample_rate:
        raise CourseError(
            f"The model to begin from ({place}) plays at {start.sample_rate} Hz and the corpus has "
            f"{corpus.sample_rate} Hz: curate the recordings at sample_rate={start.sample_rate}, or begin from another."
        )
    preset = (preset_like(start) if name is None else find_preset(name)).changed(**changes)
    has, wanted = _conflict(replace(preset, model=start.settings), preset)
    if has:
        raise CourseError(
            f"The model to begin from ({place}) has {has} and is asked for {wanted}: leave its size as it is, or train "
            "anew in a new folder, without start."
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


def carry_out_changes(run, progress, begun, preset, corpus, budget):
    """Record the settings that change when a run goes on; a new learning rate also clears the run's setbacks."""
    changed = _differences(begun, preset)
    for setting, (old, new) in changed.items():
        run.note("changed", f"{setting} was {old} and is {new} from here on.", setting=setting, old=old, new=new)
    if "learning_rate" in changed:
        progress.rate, progress.setbacks = 1.0, 0
    if changed or (budget.minutes, budget.epochs) != (run.settings.get("minutes"), run.settings.get("epochs")):
        run.change_settings(written_down(corpus, preset, budget))


def written_down(corpus, preset, budget):
    """A run's settings as plain values: its `Preset`, `Budget` and corpus, and the versions of the libraries."""
    values = {
        "model": asdict(preset.model),
        "training": asdict(preset.training),
        "minutes": budget.minutes,
        "epochs": budget.epochs,
        "sample_rate": corpus.sample_rate,
        "corpus": {
            "folder": str(corpus.folder),
            "source": corpus.source,
            "digest": corpus.digest,
            "not_to_share": corpus.not_to_share,
            "silence": round(corpus.silence, 3),
        },
        "versions": {name: version(name) for name in ("prism-lessons", "keras", "numpy")},
    }
    return json.loads(json.dumps(values))  # tuples become lists, as they will be when read again
