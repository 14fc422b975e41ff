"""Training: `train()` prepares a run and trains it epoch after epoch; after an interruption it resumes exactly."""

import contextlib
import os
from pathlib import Path

from ..capsule import fill
from ..checks import a, a_function, a_live_line, a_path, checked, number, optional
from ..corpus import TRAINING, Corpus
from ..errors import Stopped
from ..files import exclusive_lock
from ..live import LiveLine, clock
from ..mirror import Mirror, bring_back
from ..model import on_gpu
from ..run import LOCK, SETTINGS
from .baselines import reference_lines
from .budget import Budget
from .divergence import Diverged
from .keras_model import devices_of, resolve_precision
from .plan import DiskEstimate
from .preflight import preflight_done
from .start import begin_run, describe_origin, find_start, record_changes, resolve_preset
from .trainer import Trainer, prepare


@checked(
    corpus=a(Corpus, a_path),
    run=a_path,
    pause_after=optional(number(0.0)),
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
    pause_after=None,
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
        The run's folder. It is made if missing; a run already in it goes on.
    preset : str, optional
        "sketch", "study" or "piece" (see `PRESETS`). If not given, the run's own settings; for a new run "sketch" or,
        with `start`, the preset that matches its model, if any.
    minutes : float, optional
        The budget: minutes of training in all, earlier calls included; validation, clips and compilation not counted.
    epochs : int, optional
        The budget in epochs instead, in all; exactly reproducible on a CPU, which minutes are not. With both, the run
        ends at whichever is reached first; with neither, after the preset's minutes or, when a run goes on and no
        preset is named, after its earlier budget.
    pause_after : float, optional
        Minutes of training after which this call stops as if by Ctrl-C, for whoever shares a machine; the budget stays.
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
        Any field of `ModelSettings` or `TrainingSettings`, in place of the preset's, such as devices="all" for all
        graphics cards of the machine. For a run that goes on, those in `FREE_TO_CHANGE` may differ from before; the
        change is noted in the run.

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
        On Ctrl-C, the notebook's stop button or `pause_after`, after everything so far is saved; a `KeyboardInterrupt`.

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
    preset, run, previous = resolve_preset(corpus, folder, named, changes, start)
    budget = Budget.of(preset, epochs, minutes, run if named is None else None)
    model, codes, validation_codes = prepare(corpus, preset)
    if start:
        fill(model.samplernn.weights_by_name(), start.weights)
    disk = DiskEstimate(model.samplernn.count_params(), preset.training, corpus.sample_rate)
    disk.check(folder)
    busy = f'Another training is running in "{folder}": wait for it, stop it, or name a new folder for this one.'
    with exclusive_lock(folder / LOCK, busy):
        if run is None:
            lines = reference_lines(codes, validation_codes, preset, corpus.sample_rate)
            run = begin_run(folder, corpus, preset, budget, lines, start)
        trainer = Trainer(run, preset, budget, model, codes, validation_codes, live)
        trainer.restore()
        if pause_after is not None:
            trainer.callback.pause_at = trainer.state.seconds + 60 * pause_after
        if previous:
            record_changes(run, trainer.state, previous, preset, corpus, budget)
        if not budget.spent(trainer.state):
            _announce(trainer, corpus, preset, disk)
        with _copying(run, copy_to, live) as trainer.copy:
            try:
                _train(trainer, each_epoch or (lambda run: None))
            except KeyboardInterrupt:
                trainer.stop()
                raise Stopped("Everything so far is saved: run the same again to go on.") from None
    run.check_there()
    last = run.log[-1]
    live.end(
        f"Trained {last.epoch} epoch{'s' if last.epoch > 1 else ''} in {clock(last.seconds)}: {last.bits:.3f} bits per "
        f"sample in training, {last.validation_bits:.3f} in validation."
    )
    return run


def _train(trainer, each_epoch):
    """Train epoch after epoch, until the budget is spent or patience ends."""
    run, live = trainer.run, trainer.live
    if not trainer.budget.spent(trainer.state):
        trainer.warm_up()
    if trainer.finished:
        live.end(
            f"This run has reached its budget after {len(run.log)} epochs and {clock(trainer.state.seconds)} of "
            "training: raise minutes or epochs to go on."
        )
        each_epoch(run)
    while not trainer.finished:
        if trainer.stands_still:
            live.end(f"Stopped early: no better validation for {trainer.settings.patience} epochs.")
            return
        try:
            trainer.fit()
            entry = trainer.validate()
            trainer.save(entry, trainer.play())
        except Diverged as reason:
            trainer.roll_back(reason)
        else:
            each_epoch(run)


@contextlib.contextmanager
def _copying(run, copy_to, live):
    """Yield a function to call whenever there is something new to copy; wait for the rest at the end."""
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


def _announce(trainer, corpus, preset, disk):
    """Report and log where the training begins or goes on, and what it needs."""
    run, state, live = trainer.run, trainer.state, trainer.live
    if not run.events and not preflight_done(run.folder, corpus, preset):
        text = "There was no pre-flight: pl.preflight checks in a minute or two whether everything is set up."
        live.end(text)
        run.note("skipped pre-flight", text)
    half = resolve_precision(preset.training.precision) == "mixed_float16"
    kind, count = "GPU" if on_gpu() else "CPU", len(devices_of(preset.training))
    machine = f"on {f'{count} {kind}s' if count > 1 else f'a {kind}'}, in {'half' if half else 'single'} precision"
    origin = f" from {describe_origin(run.begun_from)}" if run.begun_from else ""
    if state.seconds:
        run.note("resumed", f"Resumed in epoch {state.epoch + 1}, {machine}.")
    else:
        run.note("begun", f"Begun{origin and f'{origin},'} {machine}.")
    live.end(
        f"{'Going on' if state.seconds else f'Training{origin}'} with {disk.weights / 1e6:.2f} million weights on "
        f"{corpus.seconds(TRAINING):.0f} s of sound. Disk: {2 * disk.checkpoint / 1e6:.1f} MB, and "
        f"{disk.epoch / 1e6:.1f} MB for each epoch; weights of old epochs are deleted beyond "
        f"{preset.training.disk_gb:g} GB."
    )
