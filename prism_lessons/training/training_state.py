"""The state of a training and its checkpoints, written at the end of epochs and within them."""

from .. import file_format
from ..files import inside
from ..run import CHECKPOINT, MID_EPOCH


class TrainingState:
    """How far a training is: finished epochs, batches since, training time, bits of the current epoch.

    Parameters
    ----------
    streams
        The `Streams` that are trained on.

    Attributes
    ----------
    epoch, step, steps
        Finished epochs, batches since, and batches in the current epoch.
    seconds
        Time spent training; validation, clips and writing are not counted.
    lr_scale
        Factor of the learning rate: 1, halved at each rollback.
    rollbacks
        The number of times that the training has diverged.
    """

    def __init__(self, streams):
        self.streams = streams
        self.epoch, self.step, self.steps = 0, 0, streams.steps(0)
        self.seconds = 0.0
        self.bits_total = self.bits_count = 0.0  # of the current epoch, from before an interruption
        self.lr_scale, self.rollbacks = 1.0, 0

    @property
    def epochs(self):
        """Epochs so far, with the fraction of the current one."""
        return self.epoch + self.step / self.steps

    @property
    def samples(self):
        """Samples trained on so far."""
        return round(self.epochs * self.streams.codes.samples_per_epoch)

    def bits(self, model):
        """Total bits and number of samples of the current epoch, including those from before interruptions."""
        return self.bits_total + float(model.bits.total), self.bits_count + float(model.bits.count)

    def next_epoch(self, model):
        """Count an epoch as finished."""
        self.epoch, self.step, self.steps = self.epoch + 1, 0, self.streams.steps(self.epoch + 1)
        self.bits_total = self.bits_count = 0.0
        model.reset_counts()

    def save(self, run, model):
        """Write the checkpoint of the end of an epoch, and delete the one from within it."""
        self._write(run, CHECKPOINT, model)
        (run.folder / MID_EPOCH).unlink(missing_ok=True)

    def save_mid_epoch(self, run, model):
        """Write a checkpoint within an epoch; the one from its beginning is kept."""
        self._write(run, MID_EPOCH, model)

    def _write(self, run, name, model):
        run.check_there()
        total, count = self.bits(model)
        about = {
            "epoch": self.epoch,
            "share": self.step / self.steps,
            "lined_up": self._batching,
            "seconds": self.seconds,
            "bits_total": total,
            "bits_count": count,
            "rate": self.lr_scale,
            "setbacks": self.rollbacks,
        }
        arrays = {name: variable.numpy() for name, variable in model.named_variables().items()}
        file_format.write(run.folder / name, "checkpoint", about, arrays)

    def restore(self, run, model):
        """Restore the model, and this state, from a run's newest checkpoint, if there is one.

        If the batch size or the window has changed since, training goes on at the same fraction of the epoch; a little
        of it may be trained on twice or not at all.
        """
        paths = [inside(run.folder, name) for name in (MID_EPOCH, CHECKPOINT)]
        found = [file_format.read(path, "checkpoint")[:2] for path in paths if path.exists()]
        if not found:
            return
        # In a tie, `max` takes the first: the one within the epoch, which is newer than the one from its beginning.
        about, arrays = max(found, key=lambda checkpoint: checkpoint[0]["epoch"])
        model.restore(arrays)
        model.bits.reset_state()  # their values are in `about`
        self.epoch, self.steps = about["epoch"], self.streams.steps(about["epoch"])
        if about["lined_up"] == self._batching:
            self.step = int(model.batches_seen)
        else:
            self.step = round(about["share"] * self.steps)
            model.batches_seen.assign(self.step)
        self.seconds = about["seconds"]
        self.bits_total, self.bits_count = about["bits_total"], about["bits_count"]
        self.lr_scale, self.rollbacks = about["rate"], about["setbacks"]

    @property
    def _batching(self):
        """The settings that determine what each batch contains."""
        return [self.streams.streams, self.streams.window]
