"""When a run will end, and in which epoch, predicted from its budget and its recent pace."""

import math
from datetime import datetime

STEADY = 30.0  # seconds of training: the pace's least time constant, since machines are shared
WATCHED = 2.0  # seconds of training before anything is said
ENDS_AVERAGED = 4  # newest ends of epochs: the first one is slower, and machines are shared


def outlook(budget, epoch_seconds, end_seconds, *, epochs=0.0, ended=0, seconds=0.0):
    """How far a run will get, and how long that takes.

    Parameters
    ----------
    budget
        The `Budget`, with at least one limit.
    epoch_seconds, end_seconds
        Seconds that training an epoch takes from here on, and seconds that its end takes.
    epochs, ended, seconds
        Done so far: epochs, with the fraction of the current one; epochs including their end; seconds of training.

    Returns
    -------
    reached, training, left
        Epochs at the end, with the fraction of the last one; seconds of training still to come, without and with the
        ends of epochs.
    """
    training = min(
        (budget.epochs - epochs) * epoch_seconds if budget.epochs else math.inf,
        60 * budget.minutes - seconds if budget.minutes else math.inf,
    )
    training = max(0.0, training)
    reached = round(epochs + training / epoch_seconds, 6)  # so that a whole number of epochs is one
    return reached, training, training + (math.ceil(reached) - ended) * end_seconds


class Forecast:
    """Predicts when a run will end from its recent pace, updated with every batch.

    Training by earlier calls, perhaps on another machine, counts for the budget and not for the pace.

    Parameters
    ----------
    progress, budget
        The run's `Progress`, as it is now, and its `Budget`.
    end_seconds
        First estimate of what the end of an epoch takes, see `rehearse`.
    """

    def __init__(self, progress, budget, end_seconds):
        self.progress, self.budget, self.end_seconds = progress, budget, end_seconds
        self._seen = None  # when, seconds of training, epochs, whole epochs
        self._seconds = self._epochs = 0.0  # of training, with older ones weighted less
        self._trained = 0.0  # all seconds of training that were seen
        self._between = 0.0  # seconds that went to other things since the last end of an epoch
        self._ends = 1  # the rehearsed one counts as an end too

    def see(self, now):
        """Update with a batch that has just been counted in the `Progress`.

        Parameters
        ----------
        now
            Seconds, by `time.monotonic`.
        """
        progress = self.progress
        before, self._seen = self._seen, (now, progress.seconds, progress.epochs, progress.epoch)
        passed, trained, heard, ended = (new - old for new, old in zip(self._seen, before or self._seen, strict=True))
        if trained <= 0 or heard <= 0:  # the first batch, which compiles, or the run went back after it blew up
            self._between = 0.0
            return
        fade = math.exp(-trained / max(STEADY, self._trained / 3))
        self._seconds, self._epochs = self._seconds * fade + trained, self._epochs * fade + heard
        self._trained += trained
        self._between += passed - trained
        if ended:
            self._ends = min(self._ends + 1, ENDS_AVERAGED)
            self.end_seconds += (self._between - self.end_seconds) / self._ends
            self._between = 0.0

    @property
    def known(self):
        """Whether the run has been watched for long enough to say anything."""
        return self._trained >= WATCHED

    def outlook(self):
        """The epochs at the end, and the seconds until then; only where it is `known`."""
        progress = self.progress
        reached, _, left = outlook(
            self.budget,
            self._seconds / self._epochs,
            self.end_seconds,
            epochs=progress.epochs,
            ended=progress.epoch,
            seconds=progress.seconds,
        )
        return reached, left

    def words(self, now):
        """ "until about 17:04, epoch 12", or "" if not `known`; `now` is local time."""
        if not self.known:
            return ""
        epochs, seconds = self.outlook()
        ends = datetime.fromtimestamp(now.timestamp() + seconds)
        return f"until about {when(whole_minute(ends), now)}, epoch {math.ceil(epochs)}"


def whole_minute(moment):
    """The next whole minute."""
    return datetime.fromtimestamp(60 * math.ceil(round(moment.timestamp(), 3) / 60))


def when(moment, now):
    """A local time in words, as seen from `now`: "17:04", "tomorrow at 03:10", "Friday at 03:10"."""
    text = f"{moment:%H:%M}"
    if moment.astimezone().tzname() == "UTC":  # usually a remote computer, whose clock is not the composer's
        text += " UTC"
    days = (moment.date() - now.date()).days
    if days == 0:
        return text
    day = "tomorrow" if days == 1 else f"{moment:%A}" if days < 7 else f"{moment.day} {moment:%B}"
    return f"{day} at {text}"
