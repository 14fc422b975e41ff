"""How far a run is, and going on from there: what is written at the end of epochs, and within them."""

from .. import container
from ..files import inside
from ..run import RESUME, WITHIN


class Progress:
    """How far a run is: finished epochs, batches heard since, time, bits of the epoch it is in.

    Parameters
    ----------
    streams
        The `Streams` that are trained on.

    Attributes
    ----------
    epoch, step, steps
        Whole epochs, batches since, and batches in the epoch that is under way.
    seconds
        Time spent training; validation, clips and writing are not counted.
    rate
        What the learning rate is multiplied with: 1, and half as much after each setback.
    setbacks
        How often the run has blown up.
    """

    def __init__(self, streams):
        self.streams = streams
        self.epoch, self.step, self.steps = 0, 0, streams.steps(0)
        self.seconds = 0.0
        self.bits_total = self.bits_count = 0.0  # of the current epoch, from before an interruption
        self.rate, self.setbacks = 1.0, 0

    @property
    def epochs(self):
        """Epochs so far, the part of the one under way included."""
        return self.epoch + self.step / self.steps

    @property
    def samples(self):
        """Samples trained on so far."""
        return round(self.epochs * self.streams.codes.samples_in_a_pass)

    def bits(self, learner):
        """Total bits and number of samples of the current epoch, interruptions included."""
        return self.bits_total + float(learner.bits.total), self.bits_count + float(learner.bits.count)

    def next_epoch(self, learner):
        """Count an epoch as finished."""
        self.epoch, self.step, self.steps = self.epoch + 1, 0, self.streams.steps(self.epoch + 1)
        self.bits_total = self.bits_count = 0.0
        learner.begin_epoch()

    def save(self, run, learner):
        """Write all that is needed to go on from the end of an epoch."""
        self._write(run, RESUME, learner)
        (run.folder / WITHIN).unlink(missing_ok=True)

    def save_within(self, run, learner):
        """Write all that is needed to go on from within an epoch; its beginning stays written too."""
        self._write(run, WITHIN, learner)

    def _write(self, run, name, learner):
        run.check_there()
        total, count = self.bits(learner)
        about = {
            "epoch": self.epoch,
            "share": self.step / self.steps,
            "lined_up": self._lined_up,
            "seconds": self.seconds,
            "bits_total": total,
            "bits_count": count,
            "rate": self.rate,
            "setbacks": self.setbacks,
        }
        arrays = {name: variable.numpy() for name, variable in learner.everything().items()}
        container.write(run.folder / name, "checkpoint", about, arrays)

    def restore(self, run, learner):
        """Put a learner, and this, where a run's newest checkpoint says, if there is one.

        Where the batch size or the window has changed since, the same share of the epoch counts as heard; a little of
        it may be heard twice or not at all.
        """
        paths = [inside(run.folder, name) for name in (WITHIN, RESUME)]
        found = [container.read(path, "checkpoint")[:2] for path in paths if path.exists()]
        if not found:
            return
        # Of the same epoch, that from within it is the later one.
        about, arrays = max(found, key=lambda checkpoint: checkpoint[0]["epoch"])
        learner.put_back(arrays)
        learner.bits.reset_state()  # what they were is in `about`
        self.epoch, self.steps = about["epoch"], self.streams.steps(about["epoch"])
        if about["lined_up"] == self._lined_up:
            self.step = int(learner.batches_heard)
        else:
            self.step = round(about["share"] * self.steps)
            learner.batches_heard.assign(self.step)
        self.seconds = about["seconds"]
        self.bits_total, self.bits_count = about["bits_total"], about["bits_count"]
        self.rate, self.setbacks = about["rate"], about["setbacks"]

    @property
    def _lined_up(self):
        """What decides which batch holds what."""
        return [self.streams.streams, self.streams.window]
