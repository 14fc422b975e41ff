"""Sounds of a model that may not be passed on, since they nearly repeat a recording that may not."""

from dataclasses import replace
from itertools import islice

from ..live import LiveLine, counted
from .closeness import Sources

BATCH = 64  # sounds that are held in memory at a time
UNCHECKED = (
    "The recordings are not there, so it is not known whether a clip nearly repeats one of those that may not be "
    "shared."
)


def copies_not_to_share(corpus, clips, live=None):
    """Which sounds of a model nearly repeat a recording that may not be passed on.

    Parameters
    ----------
    corpus
        The `Corpus` that it learned from, or None, where nothing is found.
    clips
        `Clip`s, as an iterable that is read only if the corpus holds such a recording.
    live
        The `LiveLine` to report progress on; one on standard output if not given.

    Returns
    -------
    dict
        {index of a clip: the end of a sentence about it}, as in "nearly repeats anna.wav, which may not be shared", for
        those that hold a stretch of such a recording (see `Verbatim`).
    """
    withheld = corpus.sharing.withheld if corpus else {}
    if not withheld:
        return {}
    live, clips, found = live or LiveLine(), iter(clips), []
    held = replace(corpus, clips=tuple(clip for clip in corpus.clips if clip.recording in withheld))
    sources = Sources.of(held, live)
    while batch := list(islice(clips, BATCH)):
        found += [copy for _, copy in sources.compare(batch, live)]
    live.end(f"Compared {counted(len(found), 'sound')} with recordings that may not be shared.")
    return {
        index: f"nearly repeats {copy.recording}, which {withheld[copy.recording]}"
        for index, copy in enumerate(found)
        if copy
    }
