"""How takes sound beside the recordings, in figures, to compare models with.

    python benchmarks/hearing.py takes RECORDINGS TAKES...    a line of JSON for each folder, that of recordings first

What each figure is stands in `prism_lessons/audition/hearing.py`. The first line says what there is to reach: how the
recordings sound among themselves.
"""

import argparse
import json

import numpy as np
from clean import recordings_in, refuse, sound

from prism_lessons.audio import Clip
from prism_lessons.audition.hearing import among_themselves, hear, hearing
from prism_lessons.corpus.waves import SAMPLE_RATE

FEWEST = 2  # recordings, or takes: of fewer there is no distance


def clips_in(folder, fewest=FEWEST):
    """{name: `Clip` at 16 kHz} of the sounds in a folder."""
    return {path.name: Clip(sound(path, SAMPLE_RATE), SAMPLE_RATE) for path in recordings_in(folder, fewest)}


def takes(recordings, folders):
    """Yield the figures of the recordings and of each folder of takes, as plain values."""
    clips = list(clips_in(recordings).values())
    played = {folder: [hear(clip) for clip in clips_in(folder).values()] for folder in folders}
    seconds = np.median([take.measures.seconds for heard in played.values() for take in heard])
    known = [hear(clip) for clip in clips]
    yield {"folder": recordings} | rounded(among_themselves(clips, known, seconds))
    for folder, heard in played.items():
        yield {"folder": folder} | rounded(hearing(heard, known))


def rounded(heard):
    return {name: value and round(value, 3) for name, value in heard.as_dict().items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=["takes"])
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="the recordings, and then folders of takes")
    options = parser.parse_args()
    if len(options.folders) < 2:
        refuse("name the folder of the recordings, and then one folder of takes or more.")
    for figures in takes(options.folders[0], options.folders[1:]):
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
