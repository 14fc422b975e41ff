"""The learning-rate schedule: a warm-up, then a cosine (Loshchilov & Hutter 2017, https://arxiv.org/abs/1608.03983,
without restarts)."""

import math

FINAL_RATE = 0.02  # fraction of the highest learning rate, at the end of the cosine


def learning_rate(settings, batches, share):
    """The learning rate of a batch.

    Parameters
    ----------
    settings
        The `TrainingSettings`, with the highest learning rate and the batches of the warm-up.
    batches
        Batches of the run so far.
    share
        The fraction of the budget spent, 0 .. 1 and beyond.
    """
    rise = min(1.0, (batches + 1) / max(1, settings.warm_up))
    fall = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    return settings.learning_rate * rise * fall
