"""What a call of `train` and the run in the folder have to agree on, and what may change where a run goes on."""

import json
from dataclasses import asdict
from importlib.metadata import version

from ..errors import CourseError
from ..presets import Preset, find_preset
from ..run import FREE_TO_CHANGE, SETTINGS, Run, is_beginning
from ..settings import ModelSettings, TrainingSettings


def agree(corpus, folder, name, changes):
    """Find out what a call of `train` is about.

    Parameters
    ----------
    corpus, folder
        The `Corpus`, and the path of the run's folder.
    name, changes
        Of the preset, or None; settings in place of the preset's.

    Returns
    -------
    The `Preset` to train with, the `Run` in the folder, and the `Preset` that it was trained with so far; None and None
    where no run has begun there.

    Raises
    ------
    CourseError
        When the run was begun with another corpus, or with settings that cannot change; when the folder holds something
        else; when a setting is out of its range.
    """
    if not (folder / SETTINGS).exists():
        if folder.exists() and (not folder.is_dir() or any(not is_beginning(path) for path in folder.iterdir())):
            raise CourseError(f'"{folder}" holds other things than a run, so it is left alone: name a new folder.')
        return find_preset(name or "sketch").changed(**changes), None, None
    run = Run(folder)
    written = run.settings
    if written["corpus"]["digest"] != corpus.digest:
        raise CourseError(
            f'The run in "{folder}" was begun with another corpus (or this one has changed since): name a new folder '
            "for the run."
        )
    begun = Preset("", written["minutes"], ModelSettings(**written["model"]), TrainingSettings(**written["training"]))
    preset = (find_preset(name) if name else begun).changed(**changes)
    differing = {
        setting: values for setting, values in _differences(begun, preset).items() if setting not in FREE_TO_CHANGE
    }
    if differing:
        had, wanted = (
            ", ".join(f"{setting} = {values[which]}" for setting, values in differing.items()) for which in (0, 1)
        )
        raise CourseError(
            f'The run in "{folder}" was begun with {had} and is now asked for {wanted}: ask for the former to go on '
            "with it, or name a new folder for a new run."
        )
    return preset, run, begun


def _differences(old, new):
    """{setting: (old value, new value)} of two presets."""
    return {
        setting: (value, getattr(getattr(new, part), setting))
        for part in ("model", "training")
        for setting, value in asdict(getattr(old, part)).items()
        if value != getattr(getattr(new, part), setting)
    }


def carry_out_changes(run, progress, begun, preset, corpus):
    """Write down what changes where a run goes on; a new learning rate counts as it is, whatever blew up before."""
    changed = _differences(begun, preset)
    for setting, (old, new) in changed.items():
        run.note("changed", f"{setting} was {old} and is {new} from here on.", setting=setting, old=old, new=new)
    if "learning_rate" in changed:
        progress.rate, progress.setbacks = 1.0, 0
    if changed:
        run.change_settings(written_down(corpus, preset))


def written_down(corpus, preset):
    values = {
        "model": asdict(preset.model),
        "training": asdict(preset.training),
        "minutes": preset.minutes,
        "sample_rate": corpus.sample_rate,
        "corpus": {"folder": str(corpus.folder), "digest": corpus.digest, "not_to_share": corpus.not_to_share},
        "versions": {name: version(name) for name in ("prism-lessons", "keras", "numpy")},
    }
    return json.loads(json.dumps(values))  # tuples become lists, as they will be when read again
