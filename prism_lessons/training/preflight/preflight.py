"""`preflight()`: all the checks, in order."""

from dataclasses import replace
from pathlib import Path

from ...checks import a, a_live_line, a_path, checked, optional
from ...corpus import Corpus, is_mostly_silent
from ...errors import CourseError
from ...live import LiveLine
from ..budget import Budget
from ..start import find_start, resolve_preset
from .machine import FOLDER, check_checkpoints, check_memory, check_precision
from .overfit import busiest_second, check_overfitting
from .results import Check, Preflight, delete_results, save_results

CORPUS = "corpus"


@checked(corpus=a(Corpus, a_path), run=a_path, copy_to=optional(a_path), live=optional(a_live_line))
def preflight(corpus, run, preset=None, *, minutes=None, epochs=None, start=None, copy_to=None, live=None, **changes):
    """Check within two minutes whether a training is set up, before it runs for hours.

    It checks, in this order, whether a checkpoint of the model can be saved in the run's folder and in the copy's;
    whether an interrupted training resumes exactly; whether half precision, if it is asked for, is accurate enough;
    whether the batch fits into memory; whether the corpus holds more sound than silence; and whether a small model of
    the same kind can memorise a second of it and play it back. A run already in the folder is not touched.

    Parameters
    ----------
    corpus, run, preset, minutes, epochs, start, **changes
        As for `train`, so the same arguments serve both; the budget and the weights make no difference here.
    copy_to : str or Path, optional
        A second folder in which a copy of the run will be kept, such as one on Google Drive.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.

    Returns
    -------
    Preflight
        Also written into the run's folder: `preflight.json` and `preflight/`.

    Raises
    ------
    CourseError
        For what `train` refuses too: an unknown setting, no corpus, a folder that holds something else. A failed check
        is a result, not an error.

    See Also
    --------
    plan : Predicts how long the training will take.
    train : The training itself.

    Examples
    --------
    >>> check = pl.preflight("my_corpus", "new_run", preset="sketch")
    >>> check.passed
    True
    >>> [one.name for one in check.checks]
    ['folder', 'going on', 'numbers', 'memory', 'corpus', 'by heart']
    """
    live = live or LiveLine()
    corpus, folder = Corpus.open(corpus), Path(run)
    preset, _, _ = resolve_preset(corpus, folder, preset, changes, find_start(start, folder))
    Budget.of(preset, epochs, minutes)
    live.text("Pre-flight: looking for the busiest moment of the corpus")
    clip = busiest_second(corpus)
    codes = preset.model.codec.encode(clip.samples) if clip else [preset.model.codec.centre]
    delete_results(folder)
    live.text("Pre-flight: checking precision and memory")
    precision = check_precision(preset, codes)
    memory = check_memory(preset.changed(**precision.advised))  # before the other trials take some of it
    live.text("Pre-flight: saving a checkpoint, and resuming from it")
    checkpoints = check_checkpoints(preset, corpus.sample_rate, codes, folder, copy_to)
    by_heart, replay = check_overfitting(preset, clip, live)
    result = Preflight((*checkpoints, precision, memory, _check_corpus(corpus), by_heart), clip, replay)
    try:
        save_results(result, folder, corpus, preset)
    except CourseError as error:
        folder_check, *others = result.checks
        if folder_check.passed:
            result = replace(result, checks=(Check(FOLDER, False, str(error)), *others))
    live.end(f"Pre-flight: {'everything is set up' if result.passed else 'not everything is set up'}.")
    return result


def _check_corpus(corpus):
    """Whether a `Corpus` holds more sound than silence, with its warnings."""
    well = f"{corpus.silence:.0%} of the sound to train on is silence, and validation is more than one recording."
    return Check(CORPUS, not is_mostly_silent(corpus.silence), " ".join(corpus.warnings) or well)
