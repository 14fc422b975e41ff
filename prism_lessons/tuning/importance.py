"""How much each setting decided in a search, and how sure that is."""

from .results import scores_at_equal_time
from .space import is_ordered

LEAST_TRIALS = 5  # to say which setting decided how much, and how sure that is
MOST_LEFT_OUT = 12  # trials that are left out in turn: each takes a third of a second


def distributions(space):
    """What Optuna draws from, {setting: places in its values}: neighbours are alike where these are numbers."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    return {
        name: IntDistribution(0, len(values) - 1)
        if is_ordered(values)
        else CategoricalDistribution([*range(len(values))])
        for name, values in space.items()
    }


def importance(trials, space):
    """How much each setting decided, by Optuna's fANOVA on the scores at equal training time.

    Returns
    -------
    shares, ranges
        {setting: share of 1}, the largest first, and {setting: [low, high]}, what it becomes when one trial is left
        out. Both are empty where too little is known.
    """
    scores = scores_at_equal_time(trials)
    scored = [trial for trial in trials if trial.name in scores]
    if len(scored) < LEAST_TRIALS or len(set(scores.values())) < 2:
        return {}, {}
    shares = _shares(scored, scores, space)
    step = -(-len(scored) // MOST_LEFT_OUT)
    without = [
        _shares([*scored[:left_out], *scored[left_out + 1 :]], scores, space)
        for left_out in range(0, len(scored), step)
    ]
    ranges = {name: [f(found[name] for found in (shares, *without)) for f in (min, max)] for name in shares}
    return shares, ranges


def _shares(trials, scores, space):
    import optuna

    if len({scores[trial.name] for trial in trials}) < 2:  # where one trial differed from all others, and is left out
        return dict.fromkeys(space, 0.0)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study, drawn_from = optuna.create_study(), distributions(space)
    for trial in trials:
        places = {name: values.index(trial.changes[name]) for name, values in space.items()}
        study.add_trial(optuna.create_trial(params=places, distributions=drawn_from, value=scores[trial.name]))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {
        name: round(float(found.get(name, 0.0)), 3) for name in sorted(space, key=lambda name: -found.get(name, 0.0))
    }
