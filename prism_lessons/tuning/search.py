"""`tune()`: many trainings of equal length on one corpus, each with other settings, and what came of them."""

import io
import json
import math
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from ..checks import a, a_live_line, a_path, a_text, checked, need, number, one_of, optional, whole
from ..cluster import check_reach, connected, training_resources
from ..corpus import Corpus
from ..errors import Busy, CourseError, Stopped, in_short
from ..files import read_json, write_json
from ..live import LiveLine, clock, size
from ..presets import ENDING, find_preset
from ..settings import shapes_of
from ..training import DiskEstimate, train
from .criteria import CRITERIA, VOICES
from .importance import distributions, importance
from .results import BEST, BITS, FAILED, FULL, GOING, PRESETS, SEARCH, STOPPED, TRIALS, Search, Trial, in_order, name_of
from .space import choose_space, value_of

NUMBER = "number"  # of a trial, among the settings that Ray carries
CARRIED = "ray"
FORMAT = 1
RUNGS = 4  # a trial may be stopped after a quarter of its minutes, and after half of them
REDUCTION = 2  # half of the trials go on at each of these
DRAWN = 4  # trials, the preset's own among them, before Optuna learns from them; its default, 10, leaves 2 of a dozen
MOST_FAILURES = 3  # times that a trial goes on after its worker was lost


def a_criterion(name, value):
    """A function, or the name of a criterion."""
    return value if callable(value) else one_of(*CRITERIA)(name, value)


@checked(
    corpus=a(Corpus, a_path),
    folder=a_path,
    trials=whole(2, 1000),
    minutes=optional(number(0.01, 10_000)),
    criterion=a_criterion,
    address=optional(a_text),
    seed=whole(0, 2**31),
    live=optional(a_live_line),
)
def tune(
    corpus, folder, trials=12, minutes=None, preset="sketch", *, space=None, criterion=BITS, address=None, seed=0,
    live=None,
):  # fmt: skip
    """Search settings that suit a corpus: train briefly with many, and keep the one with the fewest validation bits.

    Optuna proposes the settings, Ray Tune carries the trials, and its ASHA stops those that fall behind at an equal
    training time. The first trial has the preset's own settings. Each trial is an ordinary run, in `trials/01` and so
    on, with clips to audition. Called again with the same arguments, an interrupted search goes on.

    Parameters
    ----------
    corpus : Corpus, str or Path
        A `Corpus` or its folder; with `address`, one that all machines reach by the same path.
    folder : str or Path
        Where the trials and what came of them are kept; likewise.
    trials : int
        How many settings are tried, 2 .. 1000.
    minutes : float, optional
        Of training for each trial that is not stopped early; the preset's if not given.
    preset : str
        The name of a preset, or the path of one in a file, from which the trials differ.
    space : list or dict, optional
        Names of settings (`SPACE` has their values), or {setting: values}; if not given, size, frame sizes, predictors,
        learning rate and dropout.
    criterion : str or callable
        What trials are compared by: "bits"; by their last epoch's clips, of which there are then four at each
        temperature: "audible", "pitch" (how much of them has one), "closeness" to the recordings in timbre, or
        "diversity"; or a function that takes a trial's `Run` after each epoch and returns a number, lower is better.
    address : str, optional
        A Ray cluster, "auto" or "ray://HOST:10001"; this machine alone if not given.
    seed : int
        Of the proposals.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.

    Returns
    -------
    Search
        Also written into the folder: `search.json`; `search.html`, a page to read and hear; and presets for `train`,
        `best.json` and one for each trial in `presets/`.

    Raises
    ------
    CourseError
        When Ray or Optuna is missing, no cluster answers, the folder holds another search, or a setting is out of
        range.
    Stopped
        On Ctrl-C; the page holds the trials so far, and the same call goes on.

    See Also
    --------
    train : Takes `best.json` as its preset.
    audition : Shows what a trial sounds like.

    Examples
    --------
    >>> search = pl.tune("my_corpus", "my_search", trials=2, minutes=0.02, space={"dim": [8, 16]})
    >>> [trial.name for trial in search.trials], search.best.state
    (['01', '02'], 'trained for all its minutes')
    >>> long_run = pl.train("my_corpus", "long_run", preset="my_search/best.json", epochs=1)
    """
    live = live or LiveLine()
    corpus, folder = Corpus.open(corpus), Path(folder).resolve()
    preset = find_preset(preset)
    preset = replace(preset, minutes=preset.minutes if minutes is None else minutes)
    space = choose_space(space, preset, by_bits=criterion == BITS)
    asked = {
        "corpus": corpus.digest,
        "trials": trials,
        "preset": asdict(preset),
        "space": {name: list(values) for name, values in space.items()},
        "criterion": getattr(criterion, "__name__", criterion),
        "seed": seed,
    }
    asked = json.loads(json.dumps(asked))  # as it comes back from the file
    _claim(folder, asked)
    if not _has_ended(folder):
        need("A search", "ray", "optuna")
        _announce_disk(folder, trials, preset, space, corpus.sample_rate, live)
        with connected(address):
            if address:
                check_reach(str(folder / SEARCH), str(corpus.folder.resolve()))
            results = _search(corpus, folder, trials, preset, space, criterion, seed, live)
        found = [_trial(result, space, 60 * preset.minutes) for result in results]
        found = sorted(filter(None, found), key=lambda trial: int(trial.name))
        if not found:
            raise Stopped("No trial has ended an epoch yet: run the same again to go on.")
        _keep(folder, asked, found, preset, space, f'of a search on the corpus "{corpus.folder.name}"')
    search = Search(folder)
    search.page(live=live)
    if not search.ended:
        raise Stopped("The trials so far are kept: run the same again to go on.")
    live.end(f"Searched with {trials} trials.")
    return search


def _announce_disk(folder, trials, preset, space, sample_rate, live):
    """Say how much disk the trials need if each is the largest; raise a `CourseError` where there is none for one."""
    tried = [preset.changed(**{name: value}) for name, values in space.items() for value in values]
    weights = [sum(map(math.prod, shapes_of(one.model).values())) for one in tried]
    needs = [DiskEstimate(each, one.training, sample_rate) for each, one in zip(weights, tried, strict=True)]
    largest = max(needs, key=lambda need: need.least)
    largest.check(folder)
    live.end(
        f"Disk for {trials} trials: up to {size(trials * largest.least)}, and up to {size(largest.epoch)} more for "
        "each epoch of a trial."
    )


def _has_ended(folder):
    written = read_json(folder / SEARCH, "search")
    return bool(written.get("trials")) and Search(folder).ended


def _keep(folder, asked, found, preset, space, where):
    """Write what came of the trials: their presets first, since a search whose figures are there is not repeated."""
    for trial in found:
        if trial.state != FAILED:
            _preset_of(trial, preset, f"trial {trial.name} {where}").save(folder / PRESETS / f"{trial.name}{ENDING}")
    if found and (best := in_order(found)[0]).state == FULL:
        _preset_of(best, preset, f"the best trial {where}").save(folder / BEST)
    shares, ranges = importance(found, space)
    write_json(folder / SEARCH, {
        "format": FORMAT, "asked": asked, "trials": [asdict(trial) for trial in found], "importance": shares,
        "importance_ranges": ranges,
    })  # fmt: skip


def _preset_of(trial, preset, purpose):
    return replace(preset.changed(**trial.changes), purpose=purpose)


def _claim(folder, asked):
    """Begin the folder of a search, or find that it holds this one."""
    path = folder / SEARCH
    if not path.exists():
        if folder.exists() and any(folder.iterdir()):
            raise CourseError(f'"{folder}" holds other things than a search, so it is left alone: name a new folder.')
        write_json(path, {"format": FORMAT, "asked": asked})
        return
    before = read_json(path, "search").get("asked", {})
    differing = [name for name in asked if before.get(name) != asked[name]]
    if differing:
        raise CourseError(
            f'The search in "{folder}" was begun with another {" and ".join(differing)}: ask for the same to go on '
            "with it, or name a new folder."
        )


def _search(corpus, folder, trials, preset, space, criterion, seed, live):
    """Carry the trials, from where an earlier call was interrupted; Ray's results, one a trial."""
    import optuna
    from ray import tune as carrier
    from ray.tune.schedulers import ASHAScheduler

    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", "1")  # of the search's own state: a kill loses a second of it
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # which prints tables of its own even where it is told to be quiet
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    needed, _ = training_resources()
    work = carrier.with_resources(
        carrier.with_parameters(
            _carry_out, corpus=str(corpus.folder.resolve()), folder=str(folder), preset=preset, space=space,
            criterion=criterion,
        ),
        needed,
    )  # fmt: skip
    stored = str(folder / CARRIED)
    if carrier.Tuner.can_restore(stored):
        return carrier.Tuner.restore(stored, work, resume_unfinished=True, resume_errored=True).fit()
    shutil.rmtree(folder / TRIALS, ignore_errors=True)  # of a search that was stopped before Ray noted anything
    longest = 60 * preset.minutes
    return carrier.Tuner(
        work,
        tune_config=carrier.TuneConfig(
            num_samples=trials,
            search_alg=_proposals(space, preset, seed),
            scheduler=ASHAScheduler(
                time_attr="seconds", metric="score", mode="min", max_t=longest, grace_period=longest / RUNGS,
                reduction_factor=REDUCTION,
            ),
        ),
        run_config=carrier.RunConfig(
            name=CARRIED, storage_path=str(folder), verbose=0,
            failure_config=carrier.FailureConfig(max_failures=MOST_FAILURES),
            callbacks=[_reporting(trials, live)],
        ),
    ).fit()  # fmt: skip


def _proposals(space, preset, seed):
    """Optuna's proposals, each with its number from 0, which names the trial; the first is the preset as it is."""
    import optuna
    from ray.tune.search.optuna import OptunaSearch

    class Numbered(OptunaSearch):
        proposed = 0  # Ray keeps it with the rest of the search

        def suggest(self, trial_id):
            config = super().suggest(trial_id)
            self.proposed += 1
            return {**config, NUMBER: self.proposed - 1}

    its_own = {name: values.index(value_of(preset, name)) for name, values in space.items()}
    sampler = optuna.samplers.TPESampler(n_startup_trials=DRAWN, seed=seed)
    return Numbered(distributions(space), metric="score", mode="min", points_to_evaluate=[its_own], sampler=sampler)


def _reporting(wanted, live):
    """A callback of Ray Tune that says on the live line how far the search is."""
    from ray.tune import Callback

    class Reporting(Callback):
        def on_trial_result(self, iteration, trials, trial, result, **info):
            ended = sum(one.is_finished() for one in trials)
            live.text(
                f"Search: {ended} of {wanted} trials have ended; trial {name_of(trial.config[NUMBER])}: "
                f"{result['score']:.3f} after {clock(result['seconds'])}",
                ended / wanted,
            )

    return Reporting()


def _changes(config, space):
    return {name: values[config[name]] for name, values in space.items()}


def _carry_out(config, corpus, folder, preset, space, criterion):
    """Train one trial, on a worker of Ray's; killed there, it goes on from the run's own checkpoint."""
    from ray import tune as carrier

    name = name_of(config[NUMBER])
    measure, voices = criterion, {}
    if criterion in CRITERIA:
        measure, _ = CRITERIA[criterion]
        voices = {} if criterion == BITS else {"clip_voices": max(VOICES, preset.training.clip_voices)}

    def report(run, **more):
        score = float(measure(run))
        last = run.log[-1]
        carrier.report({"score": score, "seconds": last.seconds, "epochs": last.epoch, "problem": "", **more})

    changes = _changes(config, space)
    try:
        run = train(
            corpus, Path(folder, TRIALS, name), minutes=preset.minutes, live=LiveLine(io.StringIO()), each_epoch=report,
            **_all_settings(preset.changed(**changes, **voices)),
        )  # fmt: skip
    except Busy:
        raise  # a worker that was killed has not let go yet: Ray tries again
    except CourseError as error:
        # Such settings do not work: that is a result, not a reason to try them again.
        carrier.report({"score": math.inf, "seconds": 0.0, "epochs": 0, "problem": str(error), "ended": True})
    else:
        report(run, ended=True)


def _all_settings(preset):
    return {**asdict(preset.model), **asdict(preset.training)}


def _trial(result, space, longest):
    """A `Trial` from Ray's result; None where it has not reported anything yet."""
    figures, changes, name = result.metrics or {}, _changes(result.config, space), name_of(result.config[NUMBER])
    if problem := figures.get("problem") or (result.error and in_short(result.error)):
        return Trial(name, changes, None, 0.0, 0, FAILED, problem)
    if "score" not in figures:
        return None
    # Ray stops a trial at its last report, too, or hears of its end by itself: whichever comes first.
    full = figures.get("ended") or figures["seconds"] >= longest
    state = GOING if not figures.get("done") else FULL if full else STOPPED
    reports = result.metrics_dataframe[["seconds", "score"]].sort_values("seconds")
    scores = [list(report) for report in dict.fromkeys(reports.itertuples(index=False, name=None))]
    return Trial(name, changes, figures["score"], figures["seconds"], figures["epochs"], state, scores=scores)
