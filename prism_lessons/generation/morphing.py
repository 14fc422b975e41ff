"""Blends of two models: their weights interpolated, or their logits mixed."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..capsule import Capsule
from ..checks import checked, number
from ..errors import CourseError
from ..files import digest
from ..run import as_capsule
from .envelopes import SHARES, Envelope

# Weights taken from the recordings, not learned (`SampleRNN`): the mean of two filters or of two moments belongs to no
# recording.
TAKEN = ("loudest", "drift", "book", "moments", "moment_labels")


@checked(share=number(0, 1))
def between(first, second, share=0.5):
    """Interpolate the weights of two models.

    Two epochs of one run are on the same training trajectory, so models between them usually play; weights of models
    trained separately are unrelated, and models between those seldom do (https://arxiv.org/abs/1912.05671). Filters and
    moments of recordings, which some models keep, are taken from the nearer model.

    Parameters
    ----------
    first, second : Capsule, Run, str or Path
        Two models with the same settings and sample rate.
    share : float
        0 is the first, 1 the second.

    Returns
    -------
    Capsule

    Raises
    ------
    CourseError
        When the two differ in shape or sample rate; the sentence names the difference.

    See Also
    --------
    mix : Mixes the logits of any two models.
    Run : Its epochs are on one training trajectory.

    Examples
    --------
    >>> run = pl.Run("my_run")
    >>> model = pl.between(run.capsule(13), run.capsule(20), share=0.25)
    >>> model.about["share"], model.sample_rate
    (0.25, 16000)
    """
    first, second = as_capsule(first), as_capsule(second)
    for name, value in vars(first.settings).items():
        if value != getattr(second.settings, name) and name != "dropout":
            raise CourseError(
                f"Weights can be taken between models of one shape only, and {name} is {value} in the first and "
                f"{getattr(second.settings, name)} in the second: mix() takes any two."
            )
    _same_rate(first, second)
    shares = {name: round(share) if name in TAKEN else share for name in first.weights}
    weights = {
        name: ((1 - share) * first.weights[name] + share * second.weights[name]).astype(np.float32)
        for name, share in shares.items()
    }
    return Capsule(first.settings, first.sample_rate, weights, _about("between", first, second, share), first.card)


@dataclass(frozen=True)
class Mixture:
    """Two models played as one: their logits for the next code are mixed, and one code is drawn.

    Made by `mix`, and played like a `Capsule`.
    """

    capsules: tuple = field(repr=False)
    share: Envelope
    about: dict

    @property
    def settings(self):
        return self.capsules[0].settings

    @property
    def sample_rate(self):
        return self.capsules[0].sample_rate

    @cached_property
    def digest(self):
        """A name for the mixture: 16 hexadecimal digits."""
        return digest(*(capsule.digest for capsule in self.capsules), str(self.share))


def mix(first, second, share=0.5):
    """Mix the logits of two models, sample by sample.

    Parameters
    ----------
    first, second : Capsule, Run, str or Path
        Two models of any shape, with the same sample rate and the same codes.
    share : float, str or Envelope
        Weight of the second, 0 .. 1: a number, or a line such as "0:0, 10:1", which goes from the first to the second.

    Returns
    -------
    Mixture

    Raises
    ------
    CourseError
        When their sample rates or codes differ.

    See Also
    --------
    between : Interpolates the weights of two models.
    generate : Plays a mixture like a capsule.
    Envelope : A share that changes over time.

    Examples
    --------
    >>> both = pl.mix("bells.capsule", "my_run", share="0:0, 8:1")
    >>> print(both.share)
    0:0, 8:1
    >>> both.sample_rate
    16000
    """
    first, second = as_capsule(first), as_capsule(second)
    _same_rate(first, second)
    if first.settings.codec != second.settings.codec:
        raise CourseError(
            "Models can be mixed when they write the same codes: these two differ in quantisation or levels."
        )
    share = Envelope.of(share, "share", SHARES)
    return Mixture((first, second), share, _about("mix", first, second, str(share)))


def _same_rate(first, second):
    if first.sample_rate != second.sample_rate:
        raise CourseError(
            f"The first model plays at {first.sample_rate} Hz and the second at {second.sample_rate} Hz: "
            "only models with the same sample rate can be combined."
        )


def _about(how, first, second, share):
    about = {how: [_name(first), _name(second)], "share": share}
    forbidden = [reason for capsule in (first, second) for reason in capsule.about.get("not_to_share") or []]
    withheld = {**(first.about.get("withheld") or {}), **(second.about.get("withheld") or {})}
    return about | ({"not_to_share": forbidden} if forbidden else {}) | ({"withheld": withheld} if withheld else {})


def _name(capsule):
    """A capsule's name: its run and epoch."""
    run, epoch = capsule.about.get("run"), capsule.about.get("epoch")
    return f"{run or capsule.digest[:6]}{f', epoch {epoch}' if epoch is not None else ''}"
