"""How takes sound beside the recordings, in figures, to compare models with.

    python benchmarks/hearing.py takes RECORDINGS TAKES...    a line of JSON for each folder, that of recordings first

What each figure is stands in `prism_lessons/audition/hearing.py`. Those of the recordings themselves say what there is
to reach: each of them is held against the others.
"""

import argparse
import json

from clean import recordings_in, refuse, sound

from prism_lessons.audio import Clip
from prism_lessons.audition.hearing import hear, hearing
from prism_lessons.corpus.waves import SAMPLE_RATE

FEWEST = 2  # recordings, or takes: of fewer there is no distance


def heard_in(folder):
    """What is heard of each sound in a folder, a list of `Heard`."""
    return [hear(Clip(sound(path, SAMPLE_RATE), SAMPLE_RATE)) for path in recordings_in(folder, FEWEST)]


def takes(recordings, folders):
    """Yield the figures of the recordings and of each folder of takes, as plain values."""
    known = heard_in(recordings)
    yield {"folder": recordings} | rounded(hearing(known, known)) | {"distance": None}
    for folder in folders:
        yield {"folder": folder} | rounded(hearing(heard_in(folder), known))


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
