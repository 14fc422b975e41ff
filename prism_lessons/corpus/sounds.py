"""The sounds of a corpus, or of a folder of recordings, in pieces of a few seconds, as on a sound map.

A piece is the whole of a short clip; long ones are divided evenly. Its group is the subfolder of the recording, or the
recording itself.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from ..analysis import SAMPLE_RATE, Relations, Sound, relate
from ..audio import load
from ..checks import a, a_live_line, a_path, checked, optional
from .corpus import SETTINGS, Corpus
from .sharing import left_out
from .survey import survey

PIECE_SECONDS = 3.0
MOST_PIECES = 2000  # more points than that can neither be looked at nor listened to


@dataclass(frozen=True)
class Piece:
    """A stretch of a sound file, in seconds, under a name that says where it is from; `recording` is that of a
    recording, "" of any other sound."""

    name: str
    group: str
    path: Path
    start: float
    seconds: float
    recording: str = ""


class Sounds:
    """Pieces of sound, each read on demand.

    Parameters
    ----------
    pieces
        A list of `Piece`s.
    """

    def __init__(self, pieces):
        self.pieces = pieces

    def __len__(self):
        return len(self.pieces)

    def __iter__(self):
        """Yield a `Sound` for each piece."""
        for index, piece in enumerate(self.pieces):
            yield Sound(piece.name, piece.group, self.excerpt(index))

    def excerpt(self, index):
        """The sound of a piece, as a `Clip` at 16 kHz."""
        piece = self.pieces[index]
        return load(piece.path, SAMPLE_RATE, piece.start, piece.seconds)

    def withheld(self, sharing):
        """The sentences in place of recordings that may not be passed on, {index: sentence}, as a `Sharing` says."""
        return {
            index: left_out(piece.recording, sharing.withheld[piece.recording])
            for index, piece in enumerate(self.pieces)
            if piece.recording in sharing.withheld
        }

    def relate(self, layout="pca", live=None) -> Relations:
        """How they relate to each other: places by timbre, clusters, outliers, twins; see `relate`."""
        return relate(self, layout, live=live)


@checked(source=a(Corpus, a_path), live=optional(a_live_line))
def sounds_of(source, live=None):
    """Sounds in pieces of a few seconds, to be related to each other and heard.

    Parameters
    ----------
    source : Corpus, str or Path
        A corpus or its folder, or a folder of recordings; unusable ones are skipped.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.

    Returns
    -------
    Sounds
        A short clip is one piece; a longer one is divided evenly.

    Raises
    ------
    CourseError
        When there is no sound in it.

    See Also
    --------
    curate : Makes a corpus.
    survey : Says what is in a folder of recordings.
    audition : Its `sounds` are the recordings and the clips of a run together.

    Examples
    --------
    >>> sounds = pl.sounds_of("my_corpus")
    >>> len(sounds)
    6
    >>> sounds.pieces[0].name
    'bells.flac, 0:00.0'
    >>> sounds.excerpt(0).sample_rate
    16000
    """
    if isinstance(source, Corpus) or os.path.isfile(Path(source) / SETTINGS):
        corpus = Corpus.open(source)
        rate = corpus.sample_rate
        files = [
            (clip.recording, clip.start / rate, corpus.folder / clip.file, clip.samples / rate) for clip in corpus.clips
        ]
    else:
        found = survey(source, live)
        paths = found.paths
        files = [(file.name, 0.0, paths[file.name], file.seconds) for file in found.usable]
    longest = max(PIECE_SECONDS, sum(seconds for *_, seconds in files) / MOST_PIECES)
    pieces = []
    for name, begin, path, seconds in files:
        count = max(1, math.ceil(seconds / longest - 0.5))
        folder = str(Path(name).parent)
        for number in range(count):
            start = number * seconds / count
            whole = count == 1 and not begin
            title = name if whole else f"{name}, {(begin + start) // 60:.0f}:{(begin + start) % 60:04.1f}"
            pieces.append(Piece(title, name if folder == "." else folder, path, start, seconds / count, name))
    return Sounds(pieces)
