"""What trials of a search are compared by: bits, or what their clips sound like."""

from functools import lru_cache

import numpy as np

from ..analysis import vendi_score
from ..audio import load
from ..audition import analyse_sound, compare_takes
from ..corpus import Corpus
from ..errors import CourseError
from ..files import inside
from .results import BITS

VOICES = 4  # that a trial plays at each temperature, where clips are compared: two alone would say little
FARTHEST = 2.0  # the distance in timbre of sounds that have nothing in common
RECORDINGS, SECONDS = 50, 10.0  # that clips are compared with, and of each


def bits(run):
    """The run's lowest validation bits."""
    return min(entry.validation_bits for entry in run.log)


def inaudible(run):
    """The share, 0 .. 1, of the last epoch's clips that cannot be heard without turning them up."""
    return _compared(run).inaudible


def unpitched(run):
    """1 less the share of frames with a pitch in the last epoch's clips; those that cannot be heard have none."""
    found = _compared(run)
    return 1 - (found.voiced or 0.0) * (1 - found.inaudible)


def distance(run):
    """The distance in timbre of the last epoch's audible clips from the recordings (`TimbreDistance.value`)."""
    corpus = run.find_corpus()
    if corpus is None:
        raise CourseError("The recordings are missing, so nothing can be compared with them.")
    found = _compared(run, _recordings(corpus.folder)).distance
    return FARTHEST if found is None else found


def sameness(run):
    """1 less the effective number of different timbres among the last epoch's clips, as a share of them."""
    sounds = _analysed(run)
    profiles = [one.profiles.mean(axis=0) for one in sounds if one.audible and len(one.profiles)]
    return 1 - vendi_score(np.array(profiles)) / len(sounds) if profiles else 1.0


# Each is a figure of a `Run` that is lower for a better one, and what it is in words.
CRITERIA = {
    BITS: (bits, "bits per sample in validation"),
    "audible": (inaudible, "the share of clips that cannot be heard"),
    "pitch": (unpitched, "the share of the clips that has no pitch"),
    "closeness": (distance, "the distance in timbre between clips and recordings"),
    "diversity": (sameness, "how much the clips are alike"),
}


def _compared(run, recordings=()):
    return compare_takes(_analysed(run), list(recordings), copies=False)


def _analysed(run):
    played = run.played
    return [analyse_sound(load(clip.path)) for clip in played if clip.epoch == played[-1].epoch]


@lru_cache(maxsize=1)  # a trial is compared after each epoch
def _recordings(folder):
    """The analyses of the clips of the corpus in a folder, or of 50 of them."""
    corpus = Corpus.open(folder)
    clips = corpus.clips[:: max(1, -(-len(corpus.clips) // RECORDINGS))]
    return [analyse_sound(load(inside(corpus.folder, clip.file), seconds=SECONDS)) for clip in clips]
