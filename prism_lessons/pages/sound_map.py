"""The sounds of a corpus as a map that can be heard: one HTML page that needs no network and no library.

It is made from the `Relations` of the sounds and a function that returns each of them as a `Clip`, and is returned as
text: sound_map.html, with sound_map.css and sound_map.js inline and the data of the corpus as JSON.
"""

import base64
import bisect
import math
from collections import Counter
from pathlib import Path

import numpy as np
import soxr
from scipy.spatial import cKDTree

from ..errors import CourseError
from ..prose import escaped
from .document import document
from .mp3 import mp3

SAMPLE_RATE = 22050  # Hz, of the MP3s
LENGTHS = (3.0, 2.5, 2.0, 1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3)  # seconds: lengths that sounds may be cut to
FADE_SECONDS = 0.02
PROBES = 20  # sounds from which the size of all is estimated
RESERVE = 1000  # bytes for the note on sounds left out
WIDTH, HEIGHT, MARGIN = 900, 500, 26  # of the map, in its own units
SMALLEST, LARGEST = 3.8, 8.5  # radius of a point
MOST_LISTED = 8  # outliers and twins in the lists; the table has them all


def sound_map(relations, excerpt, title, most_bytes=8_000_000):
    """Write the map of some sounds.

    Parameters
    ----------
    relations
        A `Relations`: how the sounds relate to each other.
    excerpt
        A function that returns the `Clip` of the sound of an index; called once for each.
    title
        Of the page, plain text.
    most_bytes
        How large the page may become. All sounds are cut to the same length, 0.3 to 3 s at most; if not even that fits,
        only a part of them is embedded, and the page says so. Nothing is normalised.

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

    def drawn(levels, sounds, note):
        return _document(relations, title, data | {"levels": levels}, sounds, note)

    bare = drawn([-100.0] * count, [""] * count, "")
    room = most_bytes - len(bare.encode()) - RESERVE
    if room <= 0:
        raise CourseError(
            f"The names of {count} sounds alone need more than {most_bytes / 1e6:.1f} MB: map fewer sounds."
        )
    levels, sounds, seconds = embed(excerpt, count, room)
    return drawn(levels, sounds, _note(sounds, seconds))


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


def embed(excerpt, count, room):
    """The sounds as text that a browser plays, in at most `room` bytes altogether.

    Returns
    -------
    Levels, RMS in dBFS, of the whole clips; MP3 in base64, "" for those left out; the most seconds of each.
    """
    probes = {index: excerpt(index) for index in range(0, count, math.ceil(count / PROBES))}

    def fits(seconds):
        return sum(len(heard(clip, seconds)) for clip in probes.values()) / len(probes) * count <= room

    longest = bisect.bisect_left(LENGTHS[:-1], True, key=fits)  # of falling lengths, the first that fits, or the last
    levels, kept = [], []
    for index in range(count):
        clip = probes.pop(index, None) or excerpt(index)
        levels.append(round(clip.levels.rms_dbfs, 1))
        kept.append(shortened(clip, LENGTHS[longest]))
    for seconds in LENGTHS[longest:]:
        sounds = [heard(clip, seconds) for clip in kept]
        if sum(map(len, sounds)) <= room:
            return levels, sounds, seconds
    # Evenly from the first to the last, so that every source has some.
    share = room / sum(map(len, sounds))
    while True:
        some = [sound if int((index + 1) * share) > int(index * share) else "" for index, sound in enumerate(sounds)]
        if sum(map(len, some)) <= room:
            return levels, some, seconds
        share *= 0.95


def shortened(clip, seconds):
    """A `Clip` that is no longer than `seconds`, with a short fade-out where it was cut."""
    size, fade = round(seconds * clip.sample_rate), round(FADE_SECONDS * clip.sample_rate)
    if len(clip.samples) <= size:
        return clip
    samples = np.array(clip.samples[:size], np.float32)
    samples[size - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return type(clip)(samples, clip.sample_rate, clip.name)


def heard(clip, seconds):
    """At most the first `seconds` of a `Clip` as MP3 in base64; "" for a clip without samples."""
    clip = shortened(clip, seconds)
    if not len(clip.samples):
        return ""
    samples = soxr.resample(np.asarray(clip.samples, np.float32), clip.sample_rate, SAMPLE_RATE)
    return base64.b64encode(mp3(samples, SAMPLE_RATE)).decode()


def _note(sounds, seconds):
    """The page's note on what is played and what is left out."""
    words = f"Of each sound, at most the first {seconds:g} s are heard, at their own level, as MP3."
    silent = sounds.count("")
    if silent:
        words += (
            f" The sounds of {silent:,} of the {len(sounds):,} points are left out, so that the page does not become "
        )
        words += "too large: these points are white inside."
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


def _document(relations, title, data, sounds, note):
    own = Path(__file__)
    return document(
        own.with_suffix(".html"),
        [own.with_suffix(".js")],
        title,
        {"data": data, "sounds": sounds},
        counts=f"{_number(len(data['names']), 'sound')} from {_number(len(data['groups']), 'source')}.",
        note=note,
        diversity=escaped(relations.diversity_in_words),
        learns_first=escaped(relations.learns_first),
        clusters=_clusters(data),
        outliers=_outliers(data),
        twins=_twins(relations, data),
        view=f"0 0 {WIDTH} {HEIGHT}",
    )


def _number(count, noun):
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _list(items, nothing):
    if not items:
        return f"<p>{nothing}</p>"
    more = len(items) - MOST_LISTED
    last = [f"<li>{more} more: the table names them.</li>"] if more > 0 else []
    return "<ul>\n" + "\n".join([f"<li>{item}</li>" for item in items[:MOST_LISTED]] + last) + "\n</ul>"


def _hear(data, index):
    """A name that plays its sound."""
    return (
        f'<button type="button" class="name" data-sound="{index}">'
        f'<span class="spoken">Play </span>{escaped(data["names"][index])}</button>'
    )


def _clusters(data):
    sizes = Counter(data["cluster"])
    items = [
        f"<strong>{escaped(words)}</strong>: {_number(sizes[number], 'sound')}"
        for number, words in enumerate(data["clusters"])
    ]
    return f"<ol>\n{chr(10).join(f'<li>{item}</li>' for item in items)}\n</ol>"


def _outliers(data):
    items = [f"{_hear(data, index)}: {escaped(why)}" for index, why in data["outliers"].items()]
    return _list(items, "None: every sound has others that are like it.")


def _twins(relations, data):
    items = [
        f"{_hear(data, first)} and {_hear(data, second)}: {escaped(how)} (similarity {pair.similarity:.2f})"
        for (first, second, how), pair in zip(data["twins"], relations.twins, strict=True)
    ]
    return _list(items, "None: no two of these recordings hold the same sound.")
