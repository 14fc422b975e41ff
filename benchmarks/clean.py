"""The recordings that a benchmark is given: anybody's will do, and where there are none, one sentence says so."""

import sys
from pathlib import Path

SUFFIXES = {".wav", ".flac", ".aif", ".aiff"}  # what MP3 and its kin leave out would be found as a fault
FEWEST = 10  # of fewer, one recording more or less moves a share by more than 10 %


def add_recordings(parser):
    """Give an argument parser the option `--recordings FOLDER`."""
    parser.add_argument("--recordings", metavar="FOLDER", help="clean recordings: WAV, FLAC or AIFF")


def recordings_in(folder, fewest=FEWEST):
    """The paths of the clean recordings in a folder, sorted by name; without enough of them the program ends."""
    if not folder:
        refuse("name a folder of clean recordings (WAV, FLAC or AIFF) with --recordings FOLDER.")
    if not Path(folder).is_dir():
        refuse(f'there is no folder "{folder}": name one that holds clean recordings (WAV, FLAC or AIFF).')
    paths = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if len(paths) < fewest:
        refuse(f'"{folder}" holds {len(paths)} recordings (WAV, FLAC or AIFF), and at least {fewest} are needed.')
    return paths


def sound(path, sample_rate):
    """The samples of a sound file, float32, mono at `sample_rate`; where there are none, the program ends."""
    from prism_lessons.audio import AudioError, load

    try:
        return load(path, sample_rate).samples
    except AudioError as error:
        refuse(str(error))


def refuse(sentence):
    """End the program with one sentence on standard error and exit status 2."""
    print(f"{Path(sys.argv[0]).name}: {sentence}", file=sys.stderr)
    sys.exit(2)
