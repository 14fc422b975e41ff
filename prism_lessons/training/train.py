"""Training: `train()` runs Keras, and restores everything after any interruption."""

import contextlib
import math
import os
import shutil
from pathlib import Path

from ..capsule import fill
from ..checks import a, a_function, a_live_line, a_path, checked, optional
from ..corpus import TRAINING, VALIDATION, Corpus, codes_of, unigram_bits
from ..errors import CourseError, Stopped
from ..files import alone
from ..live import LiveLine, clock, size
from ..mirror import Mirror, bring_back
from ..model import on_gpu
from ..run import LOCK, SETTINGS, START, WITHIN, Run
from ..streams import Streams
from .agreement import agree, carry_out_changes, written_down
from .checkpoint import Progress
from .conductor import Budget, Conductor
from .disk import Room
from .epoch_end import EpochEnd, excerpts
from .forecast import Forecast
from .learner import make_learner, resolve_precision
from .linear_prediction import linear_prediction_bits
from .pace import rehearse
from .preflight import was_flown
from .stability import MOST_SETBACKS, BlownUp
from .start import begun_from, find_start, where, whole_card


@checked(
    corpus=a(Corpus, a_path),
    run=a_path,
    copy_to=optional(a_path),
    live=optional(a_live_line),
    each_epoch=optional(a_function),
)
def train(
    corpus,
    run,
    preset=None,
    *,
    minutes=None,
    epochs=None,
    start=None,
    copy_to=None,
    live=None,
    each_epoch=None,
    **changes,
):
    """Train a model on a corpus; called again with the same arguments, it goes on where it stopped.

    Parameters
    ----------
    corpus : Corpus, str or Path
        A `Corpus` or its folder.
    run : str or Path
        The folder to work in. It is made if missing; a run that is in it goes on.
    preset : str, optional
        "sketch", "study" or "piece" (see `PRESETS`). If not given, the run's own settings; for a new run "sketch" or,
        with `start`, the preset that matches its model, if any.
    minutes : float, optional
        The budget: minutes of training in all, earlier calls included; validation, clips and compilation not counted.
    epochs : int, optional
        The budget in epochs instead, in all; exactly reproducible on a CPU, which minutes are not. With both, the run
        ends at whichever is reached first; with neither, after the preset's minutes or, when a run goes on and no
        preset is named, after its earlier budget.
    start : Capsule, str or Path, optional
        The model that a new run begins with, a `Capsule` or the path of one: `run.capsule(12)` goes back to training
        from epoch 12 of a run, which stays as it is. The model keeps its size and sample rate; the corpus may differ,
        and the learning-rate schedule starts again. For a run that goes on, name the same or nothing.
    copy_to : str or Path, optional
        A second folder, on Google Drive say, where a copy of the run is kept up to date. While it cannot be reached,
        training goes on and copying waits. A run that exists only there is brought back first.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.
    each_epoch : callable, optional
        A function called with the `Run` after each epoch, once its clips and its log entry are written, and for a run
        that has already reached its budget.
    **changes
        Any field of `ModelSettings` or `TrainingSettings`, in place of the preset's. For a run that goes on, those in
        `FREE_TO_CHANGE` may differ from before; the change is noted in the run.

    Returns
    -------
    Run

    Raises
    ------
    CourseError
        When the run in the folder was begun with other settings, with another corpus or from another model (the
        sentence names what differs), when `start` is not a capsule, or has another size or sample rate than requested,
        when a setting is out of range, when another training works in the folder, when the disk is full, or when the
        training keeps diverging. Everything finished before is safe.
    Stopped
        On Ctrl-C or the notebook's stop button, after everything so far is saved; a `KeyboardInterrupt`.

    See Also
    --------
    plan : Predicts how long it will take.
    preflight : Checks beforehand whether all is in order.
    audition : Shows afterwards what each epoch sounds like.
    Run : What it leaves behind.

    Examples
    --------
    >>> run = pl.train("my_corpus", "new_run", preset="sketch", epochs=1)
    >>> run.epochs, len(run.log)
    ([1], 1)
    >>> run.capsule().sample_rate
    16000
    """
    live = live or LiveLine()
    corpus, folder = Corpus.open(corpus), Path(run)
    if copy_to and not os.path.exists(folder / SETTINGS):
        bring_back(copy_to, folder, live)
    start = find_start(start, folder)
    named = preset
    preset, run, begun = agree(corpus, folder, named, changes, start)
    budget = Budget.of(preset, epochs, minutes, run if named is None else None)
    settings, codec = preset.training, preset.model.codec
    codes = codes_of(corpus, TRAINING, codec, settings.augmentation, settings.seed)
    validation_codes = codes_of(corpus, VALIDATION, codec)
    learner = make_learner(preset, resolve_precision(settings.precision), codes)
    if start:
        fill(learner.model.weights_by_name(), start.weights)
    room = Room(learner.model.count_params(), settings, corpus.sample_rate)
    _check_disk(folder, room)
    busy = f'Another training is at work in "{folder}": wait for it or stop it, or name a new folder for this one.'
    with alone(folder / LOCK, busy):
        if run is None:
            references = _references(codes, validation_codes, codec, settings, corpus.sample_rate)
            run = _begin(folder, corpus, preset, budget, references, start)
        progress = Progress(Streams.of(codes, preset, learner.model.predictors))
        progress.restore(run, learner)
        if not progress.seconds:
            progress.save(run, learner)  # what a setback in the first epoch goes back to
        if begun:
            carry_out_changes(run, progress, begun, preset, corpus, budget)
        if not budget.spent(progress):
            _announce(run, corpus, preset, room, progress, live)
        with _copying(run, copy_to, live) as copy:

            def save():
                progress.save_within(run, learner)
                copy()

            def after_epoch():
                copy()
                if each_epoch:
                    each_epoch(run)

            epoch_end = EpochEnd(run, progress, learner, validation_codes, settings, live)
            conductor = Conductor(progress, settings, budget, live, save)
            try:
                if not budget.spent(progress):
                    conductor.forecast = Forecast(progress, budget, rehearse(epoch_end))
                _practise(learner, conductor, epoch_end, after_epoch)
            except KeyboardInterrupt:
                save()
                where = f"Stopped in epoch {progress.epoch + 1}, with {progress.step / progress.steps:.0%} of it heard."
                live.end(where)
                run.note("stopped", where)
                raise Stopped("Everything so far is saved: run the same again to go on.") from None
    run.check_there()
    last = run.log[-1]
    live.end(
        f"Trained {last.epoch} epoch{'s' if last.epoch > 1 else ''} in {clock(last.seconds)}: {last.bits:.3f} bits per "
        f"sample in training, {last.validation_bits:.3f} in validation."
    )
    return run


def _begin(folder, corpus, preset, budget, references, start):
    """A new run, see `Run.begin`; the model it begins with is saved before the settings that refer to it."""
    values, card = written_down(corpus, preset, budget) | {"references": references}, corpus.card()
    if start:
        start.save(folder / START)
        values, card = values | {"begun_from": begun_from(start)}, whole_card(corpus, start)
    return Run.begin(folder, values, card)


def _references(codes, validation_codes, codec, settings, sample_rate):
    """Bits per sample of three baselines without a model on the validation sound, see `Run.references`."""
    _, begin, end = excerpts(validation_codes, sample_rate, settings.validation_seconds)
    return {
        "uniform": math.log2(codec.levels),
        "unigram": unigram_bits(codes, validation_codes, codec.levels),
        "linear_prediction": linear_prediction_bits(validation_codes, codec, begin, end),
    }


@contextlib.contextmanager
def _copying(run, copy_to, live):
    """Gives a function to call whenever there is something new to copy; waits for the rest at the end."""
    if copy_to is None:
        yield lambda: None
        return
    mirror, said = Mirror(run.folder, copy_to), ""

    def copy():
        nonlocal said
        mirror.wanted()
        if said != (said := mirror.paused):
            live.end(said or "Copying goes on.")

    try:
        yield copy
    finally:
        mirror.finish(live)


def _practise(learner, conductor, epoch_end, after_epoch):
    """Train epoch after epoch, until the budget is spent or patience ends."""
    run, progress, budget, patience = epoch_end.run, conductor.progress, conductor.budget, conductor.settings.patience
    # An interruption may have come between an epoch's last step and its clips.
    pending = not run.log or run.log[-1].seconds != progress.seconds
    pending &= budget.spent(progress) or progress.step >= progress.steps
    if not pending and budget.spent(progress):
        conductor.live.end(
            f"This run has reached its budget after {len(run.log)} epochs and {clock(progress.seconds)} of training: "
            "raise minutes or epochs to go on."
        )
        after_epoch()
    while pending or not budget.spent(progress):
        if patience and _stands_still(run.log, patience):
            conductor.live.end(f"Stopped early: no better validation for {patience} epochs.")
            return
        try:
            if not pending:
                windows = progress.streams.dataset(progress.epoch, progress.step)
                learner.stop_training = False
                learner.fit(windows, callbacks=[conductor], shuffle=False, verbose=0)
            epoch_end()
        except BlownUp as reason:
            _go_back(run, progress, learner, reason, conductor.live)
        else:
            after_epoch()
        pending = False


def _stands_still(log, patience):
    """Whether none of the last `patience` epochs had better validation than the best before."""
    bits = [entry.validation_bits for entry in log]
    return len(bits) > patience and min(bits[-patience:]) >= min(bits[:-patience])


def _go_back(run, progress, learner, reason, live):
    """Return a diverged run to the end of its last whole epoch, with half the learning rate.

    Raises
    ------
    CourseError
        When that has been done `MOST_SETBACKS` times already.
    """
    setbacks = progress.setbacks + 1
    (run.folder / WITHIN).unlink(missing_ok=True)
    progress.restore(run, learner)
    place = f"the end of epoch {progress.epoch}" if progress.epoch else "the beginning"
    if setbacks > MOST_SETBACKS:
        text = f"The training blew up once more ({reason}) and was stopped at {place}."
        run.note("blown up", text, back_to=progress.epoch, rate_factor=0.0)
        raise CourseError(
            f"The training has blown up {setbacks} times ({reason}), so it was stopped, and what it had learned by "
            f"{place} is kept: ask for a learning_rate a tenth as large, or listen whether a recording is damaged."
        )
    progress.setbacks, progress.rate = setbacks, progress.rate / 2
    progress.save(run, learner)
    text = f"Blown up, {reason}: went back to {place}, with the learning rate multiplied by {progress.rate:g}."
    run.note("blown up", text, back_to=progress.epoch, rate_factor=progress.rate)
    live.end(text)


def _check_disk(folder, room):
    exists = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(exists).free
    if free < room.least:
        raise CourseError(
            f'This training needs at least {size(room.least)} in "{folder}" and {size(free)} are free: '
            "free some space or name a folder on another disk."
        )


def _announce(run, corpus, preset, room, progress, live):
    """Report and log where the training begins or goes on, and what it needs."""
    if not run.events and not was_flown(run.folder, corpus, preset):
        text = "No pre-flight was made: pl.preflight tries in a minute or two whether all is in order."
        live.end(text)
        run.note("skipped pre-flight", text)
    half = resolve_precision(preset.training.precision) == "mixed_float16"
    machine = f"on a {'GPU' if on_gpu() else 'CPU'}, in {'half' if half else 'single'} precision"
    origin = f" from {where(run.begun_from)}" if run.begun_from else ""
    if progress.seconds:
        run.note("resumed", f"Went on in epoch {progress.epoch + 1}, {machine}.")
    else:
        run.note("begun", f"Begun{origin and f'{origin},'} {machine}.")
    live.end(
        f"{'Going on' if progress.seconds else f'Training{origin}'} with {room.weights / 1e6:.2f} million weights on "
        f"{corpus.seconds(TRAINING):.0f} s of sound. Disk: {2 * room.checkpoint / 1e6:.1f} MB, and "
        f"{room.epoch / 1e6:.1f} MB for each epoch; weights of old epochs are deleted beyond "
        f"{preset.training.disk_gb:g} GB."
    )
