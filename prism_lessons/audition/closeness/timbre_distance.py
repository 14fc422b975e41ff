"""How far apart two sets of sounds are in timbre: generated clips, and the recordings of the model's corpus."""

from dataclasses import asdict, dataclass

import numpy as np

from ...analysis import DIFFERENT_DB, at_16_khz
from ...live import counted
from .nearest import profile_distances, timbre_windows

BOOTSTRAPS = 1000
SPLITS = 200  # random splits of the recordings in two
FEWEST_WINDOWS, FEWEST_SOUNDS = 8, 2  # eight windows, a new one each quarter second, of two sounds: about 4 s


@dataclass(frozen=True)
class TimbreDistance:
    """How far the timbre of generated clips is from that of their sources.

    Attributes
    ----------
    value
        The unbiased squared maximum mean discrepancy: about 0, or slightly below, where the two cannot be told apart;
        2 where the sounds of each set are all alike and the sets have nothing in common. None where there is too little
        to tell.
    low, high
        The 95 % interval of a bootstrap over clips and recordings; None where there is too little to tell.
    alike
        (value, low, high): the same between two halves of the recordings, over many random splits; None with fewer than
        four recordings.
    windows
        {"clips", "sources"}: how many windows of a second were compared; "silent_clips", "silent_sources": left out.
    sounds
        {"clips", "sources"}: how many clips, and how many recordings, those windows come from.
    inaudible
        How many inaudible clips were left out.
    """

    value: float | None
    low: float | None
    high: float | None
    alike: tuple[float, float, float] | None
    windows: dict
    sounds: dict
    inaudible: int = 0

    def as_dict(self):
        """Plain values for JSON."""
        return asdict(self)

    @property
    def verdict(self):
        """The meaning of the figures, in a few words."""
        if self.value is None:
            return "too little to tell"
        if self.alike is None:
            return "with fewer than four recordings there is nothing to compare this with"
        if self.low > self.alike[2]:
            return "the clips are farther from your recordings than these are from each other"
        if self.value <= self.alike[2]:
            return "this does not tell them apart"
        return "a difference is likely, but there are too few clips or recordings to be sure"

    def __str__(self):
        if self.inaudible and not self.sounds["clips"]:
            return "No clip can be heard, so there is nothing to compare with the recordings."
        return " ".join(filter(None, [self._left_out(), self._said()]))

    def _left_out(self):
        compared = self.sounds["clips"]
        if not self.inaudible:
            return ""
        most = "Most clips" if self.inaudible > compared else "Some clips"
        return f"{most}, {self.inaudible} of {self.inaudible + compared}, are silent or faint and are not compared."

    def _said(self):
        if self.value is None:
            return (
                f"Too little to tell: there is sound in {counted(self.sounds['clips'], 'clip')} and in "
                f"{counted(self.sounds['sources'], 'recording')}. It takes at least {FEWEST_SOUNDS} of each, with "
                "about four seconds of sound."
            )
        alike = f"; your recordings against each other: {_figures(*self.alike)}" if self.alike else ""
        return (
            f"The distance in timbre between clips and recordings: {_figures(self.value, self.low, self.high)}{alike}. "
            f"In words: {self.verdict}. 0 means that the timbres of the two are spread alike; 2, that they have "
            "nothing in common."
        )


def _figures(value, low, high):
    value, low, high = (round(figure, 2) + 0 for figure in (value, low, high))  # + 0: no "-0.00"
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def timbre_distance(sources, clips, seed=0, inaudible=0):
    """How far clips are from the sources in timbre, as a `TimbreDistance`.

    The squared maximum mean discrepancy of Gretton et al. (2012), "A Kernel Two-Sample Test", JMLR 13,
    https://jmlr.org/papers/v13/gretton12a.html, equation 3, with the kernel of `vendi_score` on profiles of windows of
    a second. Equation 3 leaves out each window's likeness to itself; here, pairs of windows of one sound are left out
    as well, as these are not independent: otherwise two halves of one set would seem to be apart.

    Parameters
    ----------
    sources
        The `Sources`.
    clips
        A list of `Clip`s of any sample rate.
    seed
        For the bootstrap and the halves.
    inaudible
        How many further clips were left out as inaudible.
    """
    found = [timbre_windows(at_16_khz(clip)) for clip in clips]
    ours = np.concatenate([profiles for *_, profiles, _ in found] or [np.zeros((0, 80), np.float32)])
    owners = np.repeat(np.arange(len(found)), [len(starts) for starts, *_ in found])
    names = np.unique(sources.recordings, return_inverse=True)[1] if len(sources.windows) else np.zeros(0, int)
    value = low = high = alike = None
    count, counts = (len(np.unique(index)) for index in (owners, names))
    if min(len(ours), len(names)) >= FEWEST_WINDOWS and min(count, counts) >= FEWEST_SOUNDS:
        value, low, high, alike = kernel_mmd(ours, owners, sources.profiles, names, seed)
    windows = {"clips": len(ours), "sources": len(names)}
    windows |= {"silent_clips": sum(silent for *_, silent in found), "silent_sources": sources.silent}
    return TimbreDistance(value, low, high, alike, windows, {"clips": count, "sources": counts}, inaudible)


def kernel_mmd(ours, owners, theirs, names, seed=0):
    """(value, low, high, alike) as in `TimbreDistance`, from profiles (n, 80), (m, 80) and the sound of each."""
    random = np.random.default_rng(seed)
    _, owners, sizes = np.unique(owners, return_inverse=True, return_counts=True)
    _, names, others = np.unique(names, return_inverse=True, return_counts=True)
    within = _kernel_sums(ours, owners, ours, owners)
    without = _kernel_sums(theirs, names, theirs, names)
    across = _kernel_sums(ours, owners, theirs, names)
    value = float(_mmd(within, across, without, sizes, others, np.ones((1, len(sizes))), np.ones((1, len(others))))[0])
    clip_counts = random.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), BOOTSTRAPS)
    source_counts = random.multinomial(len(others), np.full(len(others), 1 / len(others)), BOOTSTRAPS)
    spread = _mmd(within, across, without, sizes, others, clip_counts, source_counts)
    low, high = np.nanpercentile(spread, (2.5, 97.5))
    return value, float(low), float(high), _split_half(without, others, random)


def _split_half(sums, sizes, random):
    """(mean, low, high) of the discrepancy between random halves of the recordings; None for fewer than four."""
    count = len(sizes)
    if count < 4:
        return None
    first = random.permuted(np.tile(np.arange(count) < count // 2, (SPLITS, 1)), axis=1).astype(float)
    spread = _mmd(sums, sums, sums, sizes, sizes, first, 1 - first)
    return (float(spread.mean()), *(float(edge) for edge in np.percentile(spread, (2.5, 97.5))))


def _kernel_sums(ours, owners, theirs, names):
    """The kernel summed over all pairs of profiles of each pair of sounds: (sounds, sounds) float64."""
    sums = np.zeros((owners.max() + 1, names.max() + 1))
    columns = np.zeros((len(names), names.max() + 1), np.float32)
    columns[np.arange(len(names)), names] = 1
    for start in range(0, len(ours), 2048):
        alike = np.exp(-((profile_distances(ours[start : start + 2048], theirs) / DIFFERENT_DB) ** 2))
        np.add.at(sums, owners[start : start + 2048], alike @ columns)
    return sums


def _mmd(within, across, without, sizes, others, clip_counts, source_counts):
    """Squared discrepancies, (draws,), for sounds that occur as often as the counts say, (draws, sounds) each."""

    def own(sums, sizes, counts):
        sums, weights = (values - np.diag(np.diag(values)) for values in (sums, np.outer(sizes, sizes)))
        with np.errstate(invalid="ignore"):  # one sound only: there are no pairs
            return ((counts @ sums) * counts).sum(1) / ((counts @ weights) * counts).sum(1)

    between = ((clip_counts @ across) * source_counts).sum(1) / ((clip_counts @ sizes) * (source_counts @ others))
    return own(within, sizes, clip_counts) + own(without, others, source_counts) - 2 * between
