"""How the sounds of a set relate: which are alike, which stand apart, which are there twice, how many kinds there are.

`relate` takes sounds, one at a time, and returns `Relations`: a place for each on a plane, clusters with words for
them, outliers with a reason, near-duplicates, and the diversity of the whole. All of it is based on timbre and how it
moves; the level of a sound plays no part.
"""

from dataclasses import asdict, dataclass

import numpy as np

from ..errors import CourseError
from ..live import LiveLine, counted
from .fingerprints import at_16_khz, fingerprint
from .near_duplicates import DuplicatePair, near_duplicates_among
from .timbre import BRIGHTNESS, DESCRIPTORS, ENERGY_COMES, LEVEL_MOVES, NOISINESS, ONSETS, timbre_features

# Smaller differences cannot be heard or come from rounding: standardising must not magnify them.
SMALLEST_SPREAD = 0.1
# Kaufman & Rousseeuw (1990), "Finding Groups in Data", table 4: a mean silhouette up to 0.25 is no structure.
STRUCTURE = 0.25
MOST_CLUSTERS = 8
# Local outlier factor (Breunig et al. 2000, "LOF: Identifying Density-Based Local Outliers", SIGMOD): about 1 inside a
# cluster of any density. 1.5 gives no outlier in the sets bells and breath, and finds 10 of 12 whispers among bells.
OUTLIER_FACTOR = 1.5
FEWEST_FOR_OUTLIERS = 6
DIFFERENT_DB = 10.0  # RMS difference of two profiles at which they count as mostly different: a choice
MOST_COMPARED = 2000  # sounds in the diversity, whose cost grows with the cube of their number


@dataclass(frozen=True)
class Relations:
    """The results of `relate`; sounds are in the order in which they came.

    Attributes
    ----------
    names, groups, seconds
        One for each sound, as given.
    features
        (n, d) float32: timbre and movement, each column standardised.
    places
        (n, 2) float64 in 0 .. 1: near each other means alike.
    clusters
        The cluster of each sound, 0 being the largest.
    cluster_words
        What the sounds of each cluster have in common, such as "dark, tonal, struck".
    nearest
        For each sound the index of the one most like it; -1 where there is no other.
    outliers
        ((index, why), ...).
    twins
        Near-duplicates, as `DuplicatePair`.
    diversity
        The effective number of different sounds, 1 .. n.
    learns_first
        What a model will probably learn first, and last.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    seconds: tuple[float, ...]
    features: np.ndarray
    places: np.ndarray
    clusters: tuple[int, ...]
    cluster_words: tuple[str, ...]
    nearest: tuple[int, ...]
    outliers: tuple[tuple[int, str], ...]
    twins: tuple[DuplicatePair, ...]
    diversity: float
    learns_first: str

    @property
    def diversity_in_words(self):
        """What the diversity says, in two sentences."""
        count, share = len(self.names), self.diversity / len(self.names)
        kind = "every sound is much like the others" if self.diversity < 1.5 else "it is varied"
        if self.diversity >= 1.5 and share < 0.25:
            kind = "many sounds repeat a few kinds"
        return (
            f"In timbre, {counted(count, 'sound')} offer the variety of about {self.diversity:.0f} that are wholly "
            f"different: {kind}. With the variety of 1 a model soon repeats that one sound; with that of {count}, it "
            "hears each kind too rarely to learn it."
        )

    @property
    def table(self):
        """The same as plain text, for those who do not look at the plane."""
        reasons = dict(self.outliers)
        width, wide = (max([len(title), *map(len, column)]) for title, column in self._columns)
        lines = [f"{'sound':{width}}  {'group':{wide}}  seconds  cluster  most like"]
        for index, (name, group) in enumerate(zip(self.names, self.groups, strict=True)):
            like = self.names[self.nearest[index]] if self.nearest[index] >= 0 else "-"
            apart = f"  (stands apart: {reasons[index]})" if index in reasons else ""
            seconds, cluster = self.seconds[index], self.clusters[index] + 1
            lines.append(f"{name:{width}}  {group:{wide}}  {seconds:7.2f}  {cluster:7d}  {like}{apart}")
        for index, words in enumerate(self.cluster_words):
            lines.append(f"Cluster {index + 1}, {counted(self.clusters.count(index), 'sound')}: {words}.")
        lines += [f"{pair.first} | {pair.second}: {pair.how}." for pair in self.twins]
        return "\n".join([*lines, self.diversity_in_words, self.learns_first])

    @property
    def _columns(self):
        return ("sound", self.names), ("group", self.groups)

    def __str__(self):
        return self.table

    def as_dict(self):
        """Plain values for JSON."""
        return {
            "names": list(self.names),
            "groups": list(self.groups),
            "seconds": [round(seconds, 3) for seconds in self.seconds],
            "features": np.round(self.features, 4).astype(float).tolist(),
            "places": np.round(self.places, 4).tolist(),
            "clusters": list(self.clusters),
            "cluster_words": list(self.cluster_words),
            "nearest": list(self.nearest),
            "outliers": [{"index": index, "why": why} for index, why in self.outliers],
            "twins": [asdict(pair) for pair in self.twins],
            "diversity": round(self.diversity, 3),
            "diversity_in_words": self.diversity_in_words,
            "learns_first": self.learns_first,
        }


def relate(sounds, layout="pca", seed=0, live=None):
    """Relate sounds to each other.

    Parameters
    ----------
    sounds
        An iterable of at least one `Sound`; consumed one at a time. Clips are not kept; the fingerprints of an hour of
        sound take about 150 MB.
    layout
        How sounds are placed: "pca", a linear projection, or "umap", which keeps neighbours together and needs the
        package umap-learn.
    seed
        For the clusters and UMAP.
    live
        The `LiveLine` to report progress on; one on standard output if not given.

    Raises
    ------
    CourseError
        When there are no sounds, or the layout is unknown or not installed.
    """
    live = live or LiveLine()
    project = _layout(layout, seed)
    names, groups, seconds, rows, profiles, prints = [], [], [], [], [], []
    for sound in sounds:
        samples = at_16_khz(sound.clip)
        row, profile = timbre_features(samples)
        names.append(sound.name)
        groups.append(sound.group)
        seconds.append(sound.clip.seconds)
        rows.append(row)
        profiles.append(profile)
        prints.append(fingerprint(samples))
        live.text(f"Listening to sounds: {len(names)}")
    if not names:
        raise CourseError("There are no sounds to relate: give at least one.")
    rows = np.array(rows)
    features = ((rows - rows.mean(0)) / np.maximum(rows.std(0), SMALLEST_SPREAD)).astype(np.float32)
    described = rows[:, : len(DESCRIPTORS)]
    clusters = _cluster(features, seed)
    words = [_words(described[clusters == index].mean(0)) for index in range(clusters.max() + 1)]
    nearest, outliers = _neighbours(features, described)
    return Relations(
        tuple(names),
        tuple(groups),
        tuple(seconds),
        features,
        project(features),
        tuple(clusters.tolist()),
        tuple(words),
        nearest,
        outliers,
        tuple(near_duplicates_among(names, prints, live)),
        vendi_score(np.array(profiles)),
        _learns_first(clusters, np.array(seconds), described, words),
    )


def vendi_score(profiles):
    """The effective number of different sounds, 1 .. n, of profiles (n, d) in dB.

    Friedman & Dieng (2023), "The Vendi Score: A Diversity Evaluation Metric for Machine Learning", TMLR,
    https://arxiv.org/abs/2210.02410: the exponential of the entropy of the eigenvalues of K / n, where K holds the
    similarity of each pair. Here that is exp(-(d / 10 dB)^2) with d the RMS difference of two profiles: fixed, so that
    the figures of two sets can be compared. From more than 2,000 sounds, 2,000 at equal steps are taken.
    """
    if len(profiles) > MOST_COMPARED:
        profiles = profiles[np.linspace(0, len(profiles) - 1, MOST_COMPARED).astype(int)]
    squares = (profiles**2).sum(1)
    apart = np.maximum(squares[:, None] + squares - 2 * profiles @ profiles.T, 0) / profiles.shape[1]
    np.fill_diagonal(apart, 0)
    shares = np.maximum(np.linalg.eigvalsh(np.exp(-apart / DIFFERENT_DB**2) / len(profiles)), 1e-15)
    return float(np.clip(np.exp(-(shares * np.log(shares)).sum()), 1, len(profiles)))


def _layout(layout, seed):
    """The function that places features (n, d) on the plane."""
    if layout == "umap":
        try:
            from umap import UMAP
        except ImportError:
            raise CourseError('The layout "umap" needs a package: pip install umap-learn, or use "pca".') from None
    elif layout != "pca":
        raise CourseError(f'There is no layout "{layout}": choose "pca" or "umap".')

    def project(features):
        count = len(features)
        if layout == "umap" and count > 4:  # its graph needs some neighbours
            import warnings

            with warnings.catch_warnings():  # it warns that a seed limits it to one core
                warnings.simplefilter("ignore")
                places = UMAP(n_neighbors=min(15, count - 1), random_state=seed).fit_transform(features)
        else:
            places = _components(features, 2)
        span = np.ptp(places, axis=0).max()
        middle = (places.max(0) + places.min(0)) / 2
        return np.clip(0.5 + (places - middle) / (span if span > 1e-9 else 1), 0, 1).astype(np.float64)

    return project


def _components(features, count):
    """Principal components (n, count), largest first, their signs fixed by scikit-learn; 0 where there are none."""
    from sklearn.decomposition import PCA

    places = np.zeros((len(features), count))
    if len(features) > 1 and np.ptp(features, axis=0).max() > 1e-6:
        found = PCA(min(count, *features.shape), svd_solver="full").fit_transform(features)
        places[:, : found.shape[1]] = found
    return places


def _cluster(features, seed):
    """Clusters (n,), numbered by size: k-means for 2 to 8 clusters, the number with the best mean silhouette.

    Each choice has to gain more than 0.01, the first over 0.25 (Rousseeuw 1987, J. Comput. Appl. Math. 20;
    `STRUCTURE`); else there is one cluster.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    points = _components(features, min(8, features.shape[1]))
    kinds = len(np.unique(points.round(3), axis=0))
    best, labels = STRUCTURE, np.zeros(len(points), int)
    for count in range(2, min(MOST_CLUSTERS, kinds, len(points) - 1) + 1):
        found = KMeans(count, n_init=4, random_state=seed).fit_predict(points)
        score = silhouette_score(points, found)
        if score > best + 0.01:  # a cluster more has to gain something
            best, labels = score, found
    order = np.argsort(-np.bincount(labels), kind="stable")
    return np.argsort(order)[labels]


def _words(described):
    """A few plain words for mean `DESCRIPTORS`, (7,)."""
    if not described.any():
        return "silence"
    hertz, flatness = 2 ** described[BRIGHTNESS], 10 * described[NOISINESS]
    words = ["dark" if hertz < 400 else "bright" if hertz > 1500 else "of middle brightness"]
    # Noise measures -2.3 dB (-2.5: the logarithm of an exponential distribution), a sine -27 dB and less.
    words.append("noisy" if flatness > -5.5 else "tonal" if flatness < -7 else "between tone and noise")
    if described[ONSETS] >= 2:
        words.append("busy")
    elif described[ENERGY_COMES] < 0.3 and described[LEVEL_MOVES] > 0.4:
        words.append("struck")
    else:
        words.append("steady" if described[LEVEL_MOVES] < 0.4 else "swelling")
    return ", ".join([*words, f"around {float(f'{hertz:.2g}'):.0f} Hz"])


def _neighbours(features, described):
    """For each sound the nearest other one; and ((index, why), ...) for the outliers.

    An outlier has a local outlier factor above `OUTLIER_FACTOR` in the first eight principal components, and is also
    farther from the others than most are. Below six sounds (copies counted once) there are none.
    """
    from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

    count = len(features)
    if count < 2:
        return (-1,) * count, ()
    nearest = tuple(NearestNeighbors(n_neighbors=1).fit(features).kneighbors()[1][:, 0].tolist())
    if count < FEWEST_FOR_OUTLIERS:
        return nearest, ()
    points, place = np.unique(
        _components(features, 8).round(3), axis=0, return_inverse=True
    )  # a sound and its copies are one point
    if len(points) < FEWEST_FOR_OUTLIERS:
        return nearest, ()
    near = min(10, len(points) // 2)
    away = NearestNeighbors(n_neighbors=near).fit(points).kneighbors()[0].mean(1)
    factors = -LocalOutlierFactor(n_neighbors=near).fit(points).negative_outlier_factor_
    far = (factors > OUTLIER_FACTOR) & (away > 1.2 * np.median(away) + SMALLEST_SPREAD)
    return nearest, tuple((int(index), _why(described, index)) for index in np.flatnonzero(far[place.ravel()]))


def _why(described, index):
    """How a sound differs most from the rest, in words."""
    rest = np.delete(described, index, axis=0)
    middle = np.median(rest, axis=0)
    differences = (described[index] - middle) / np.maximum(rest.std(0), SMALLEST_SPREAD)
    more_less = {
        0: ("brighter", "darker"),
        1: ("its brightness moves more", "its brightness moves less"),
        2: ("noisier", "more tonal"),
        3: ("it changes more between tone and noise", "it changes less between tone and noise"),
        4: ("its level moves more", "its level moves less"),
        5: ("its energy comes later", "its energy comes sooner"),
        6: ("it has more onsets", "it has fewer onsets"),
    }
    if not described[index].any():
        return "it is silent"
    chief = int(np.abs(differences).argmax())
    if abs(differences[chief]) < 1:
        return "another mixture of the same qualities"
    return more_less[chief][int(differences[chief] < 0)] + " than the rest"


def _learns_first(clusters, seconds, described, words):
    """What a model will probably learn first, in one or two sentences.

    The loss is a mean over samples, so a cluster counts in proportion to its time. A steady sound has the same
    statistics in every batch, so its share of time goes into one task; a spectral envelope ("the colour") spans a few
    milliseconds and needs less memory than a pitch, and a transient is over before it has been seen often.
    All of this is a tendency: hence "probably".
    """
    shares = np.array([seconds[clusters == index].sum() for index in range(len(words))]) / max(seconds.sum(), 1e-9)
    moves = np.array([described[clusters == index, LEVEL_MOVES].mean() for index in range(len(words))])
    pull = shares / (1 + moves)
    first, last = int(pull.argmax()), int(pull.argmin())
    noisy = 10 * described[clusters == first, NOISINESS].mean() > -7
    what = "the colour of their noise" if noisy else "their colour before their pitches"
    if words[first] == "silence":
        what = "to be silent"
    if len(words) == 1:
        return f"The sounds are of one kind ({words[0]}): the model will probably learn {what} first, and attacks last."
    return (
        f"The model will probably first learn cluster {first + 1} ({words[first]}; {shares[first]:.0%} of the time): "
        f"{what}. Cluster {last + 1} ({words[last]}; {shares[last]:.0%}) will probably come last."
    )
