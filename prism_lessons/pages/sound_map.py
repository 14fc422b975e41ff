"""A map of the sounds of a corpus that can be listened to: one HTML page that needs no network and no library.

It is made from the `Relations` of the sounds and a function that returns each of them as a `Clip`.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from ..audio import resample
from ..errors import CourseError
from ..live import counted
from .sounds import MP3, fit_sounds
from .templating import render

SAMPLE_RATE = 22050  # Hz, of the MP3s
LENGTHS = (3.0, 2.5, 2.0, 1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3)  # seconds: lengths that sounds may be cut to
RESERVE = 1000  # bytes for the note on sounds left out
WIDTH, HEIGHT, MARGIN = 900, 500, 26  # of the map, in its own units
SMALLEST, LARGEST = 3.8, 8.5  # radius of a point
MOST_LISTED = 8  # outliers and twins in the lists; the table has all


def sound_map(relations, excerpt, title, most_bytes=8_000_000, withheld=None, remark="", generated=False):
    """Write the map of some sounds.

    Parameters
    ----------
    relations
        A `Relations`: how the sounds relate to each other.
    excerpt
        A function that returns the `Clip` of the sound of an index.
    title
        Of the page, plain text.
    most_bytes
        The page's maximum size. All sounds are cut to the same length, 0.3 to 3 s; if even that does not fit, only some
        of them are embedded, and the page says so. Nothing is normalised.
    withheld
        The sounds that are left out, {index: the sentence in their place}.
    remark
        A sentence for whoever passes the page on.
    generated
        Whether a trained model made some of the sounds.

    Returns
    -------
    str
        A whole HTML document, UTF-8.

    Raises
    ------
    CourseError
        When there is no sound, or the page would be too large without any.
    """
    count = len(relations.names)
    if not count:
        raise CourseError("There is no sound to put on a map: choose recordings first.")
    radius = float(np.clip(95 / np.sqrt(count), SMALLEST, LARGEST))
    places = np.round(apart(_drawn(relations.places), 1.6 * radius), 1)
    data = _data(relations, places, radius)

    levels, withheld = [0.0] * count, withheld or {}
    data["withheld"] = withheld

    def read(index):
        clip = excerpt(index)
        levels[index] = round(clip.levels.rms_dbfs, 1)
        if index in withheld:
            return None
        samples = resample(clip.samples, clip.sample_rate, SAMPLE_RATE)
        return replace(clip, samples=samples, sample_rate=SAMPLE_RATE) if len(samples) else None

    about = {"title": title, "generated": generated}
    bare = _page(relations, about, data | {"levels": [-100.0] * count}, {}, remark)
    room = most_bytes - len(bare.encode()) - RESERVE
    if room <= 0:
        raise CourseError(
            f"The names of {count} sounds alone need more than {most_bytes / 1e6:.1f} MB: map fewer sounds."
        )
    urls, _, seconds = fit_sounds(range(count), read, room, [(MP3, seconds) for seconds in LENGTHS])
    note = " ".join(filter(None, [_note(count, count - len(urls), seconds, len(withheld)), remark]))
    return str(_page(relations, about, data | {"levels": levels}, urls, note))


def _drawn(places):
    """Places, (n, 2), y upwards -> the map's units, y downwards: as large as fits, all distances true to scale."""
    places = np.asarray(places, float) * (1, -1)
    middle, room = np.array([WIDTH, HEIGHT]) / 2, np.array([WIDTH, HEIGHT]) - 2 * MARGIN
    lowest, highest = places.min(axis=0), places.max(axis=0)
    scale = (room / np.maximum(highest - lowest, 1e-3)).min()
    return middle + (places - (lowest + highest) / 2) * scale


def apart(places, distance, rounds=20):
    """Places, (n, 2) in the map's units, moved where points would hide each other: about `distance` apart."""
    places = places.copy()
    angles = np.arange(len(places)) * np.pi * (3 - np.sqrt(5))  # the golden angle: no two alike
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for _ in range(rounds):
        pairs = cKDTree(places).query_pairs(distance, output_type="ndarray")
        if not len(pairs):
            break
        first, second = pairs.T
        between = places[second] - places[first]
        far = np.linalg.norm(between, axis=1, keepdims=True)
        away = np.where(far > 1e-6, between / np.maximum(far, 1e-6), directions[second])
        push = away * (distance - far) / 2
        moves = np.zeros_like(places)
        np.add.at(moves, first, -push)
        np.add.at(moves, second, push)
        # A point among many is moved by their average, so that a crowd does not burst.
        crowd = np.bincount(pairs.ravel(), minlength=len(places))
        places += moves / np.maximum(1, crowd / 2)[:, None]
        places = np.clip(places, MARGIN, [WIDTH - MARGIN, HEIGHT - MARGIN])
    return places


def _note(count, silent, seconds, withheld):
    """The page's note on how sounds are played and which are left out."""
    words = f"Of each sound, at most the first {seconds:g} s are heard, at their own level, as MP3."
    if withheld:
        words += f" {counted(withheld, 'sound')} may not be shared: these points are white inside."
    if silent > withheld:
        words += (
            f" The sounds of {silent - withheld:,} of the {count:,} points are left out, so that the page does not "
            "become too large: these points are white inside."
        )
    return words


def _data(relations, places, radius):
    """Data for the script, ready for JSON; groups and clusters as indices, the largest group first."""
    groups = [name for name, _ in Counter(relations.groups).most_common()]
    numbers = {name: number for number, name in enumerate(groups)}
    indices = {name: index for index, name in enumerate(relations.names)}
    return {
        "names": list(relations.names),
        "seconds": [round(float(seconds), 2) for seconds in relations.seconds],
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "radius": round(radius, 1),
        "groups": groups,
        "group": [numbers[name] for name in relations.groups],
        "clusters": list(relations.cluster_words),
        "cluster": [int(number) for number in relations.clusters],
        "outliers": {int(index): why for index, why in relations.outliers},
        "twins": [[indices[pair.first], indices[pair.second], pair.how] for pair in relations.twins],
    }


def _page(relations, about, data, urls, note):
    sizes = Counter(data["cluster"])
    return render(
        "sound_map.html",
        **about,
        data=data,
        sounds=[urls.get(index, "") for index in range(len(data["names"]))],
        note=note,
        diversity=relations.diversity_in_words,
        learns_first=relations.learns_first,
        clusters=[(words, sizes[number]) for number, words in enumerate(data["clusters"])],
        twins=[(*twins, pair.similarity) for twins, pair in zip(data["twins"], relations.twins, strict=True)],
        most_listed=MOST_LISTED,
        width=WIDTH,
        height=HEIGHT,
    )
