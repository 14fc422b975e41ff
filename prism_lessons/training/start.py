"""Starting a run from the weights of a capsule, such as an epoch of another run.

A capsule goes in; a preset with its model, and the new run's record of it, come out. The run keeps the capsule in its
folder, and its weights come from there until the first checkpoint.
"""

import os
from dataclasses import replace

from ..capsule import Capsule
from ..errors import CourseError
from ..files import inside
from ..presets import PRESETS
from ..prose import as_html, one_line
from ..run import FREE_TO_CHANGE, RESUME, SETTINGS, START, Run, as_capsule

KEPT = ("run", "epoch", "validation_bits", "begun_from")  # of a capsule's `about`


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
        return Capsule.load(inside(folder, START)) if begun and not os.path.exists(folder / RESUME) else None
    if not isinstance(start, (Capsule, Run, str, os.PathLike)):
        raise CourseError(f"start must be a capsule, such as run.capsule(12), or the path of one, not {start!r}.")
    return as_capsule(start)


def preset_like(capsule):
    """The preset that matches a capsule's model, or else the sketch, with the capsule's model in it."""
    alike = (preset for preset in PRESETS.values() if settled(preset.model) == settled(capsule.settings))
    return replace(next(alike, PRESETS["sketch"]), model=capsule.settings)


def settled(settings):
    """{name: value} of the settings that cannot change within a run."""
    return {name: value for name, value in vars(settings).items() if name not in FREE_TO_CHANGE}


def begun_from(capsule):
    """A run's record of the capsule it begins with, as plain values.

    Returns
    -------
    dict
        "digest": of the weights; "not_to_share": why its model may not be passed on, as phrases; and, if the capsule
        has them, "run": the name of the folder it was trained in, "epoch", "validation_bits", and "begun_from": the
        same record of the capsule that its run began with.
    """
    about = capsule.about if isinstance(capsule.about, dict) else {}  # somebody else may have made it
    reasons = about.get("not_to_share") or []
    return {
        **{name: about[name] for name in KEPT if about.get(name) is not None},
        "not_to_share": [str(reason) for reason in (reasons if isinstance(reasons, list) else [reasons])],
        "digest": capsule.digest,
    }


def where(origin):
    """The record of `begun_from` in words: 'epoch 12 of "first_run"'."""
    place = f"epoch {origin['epoch']}" if "epoch" in origin else f"the capsule {origin['digest']}"
    return f'{place} of "{origin["run"]}"' if "run" in origin else place


def check_begun_from(run, capsule):
    """Raise `CourseError` if a run that goes on did not begin with the weights of a capsule."""
    ours, wanted = run.begun_from, begun_from(capsule)
    if not ours or ours["digest"] != wanted["digest"]:
        raise CourseError(
            f'The run in "{run.folder}" began from {where(ours) if ours else "nothing"} and is now asked to begin from '
            f"{where(wanted)}: leave start out to go on with it, or name a new folder for a new run."
        )


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
    before = one_line(where(begun_from(capsule)))
    return f"{card}\n\n# What the model had learned from before\n\n{before}\n\n{capsule.card}"
