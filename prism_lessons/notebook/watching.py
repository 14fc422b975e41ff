"""The view of a training while it runs: the curve, the verdict on its numbers, and the newest clips to hear."""

from ..audio import as_clip
from ..pages import curve_in_words, html, learning_curve, render
from ..verdict import verdict
from .output import RichOutput
from .players import _player, _words

MOST_BYTES = 1_000_000  # of a cell that is redrawn after each epoch: each drawing is sent as a whole
BYTES_OF_A_CAPTION = 1_000  # at most, what a player needs besides its sound


def training_view(run):
    """The learning curve of a run, the verdict on its numbers, and a player for each clip of its newest epoch.

    To be drawn again after each epoch: `pl.train(..., each_epoch=notebook.LiveFigure(notebook.training_view))`.

    Parameters
    ----------
    run
        A `Run` with at least one epoch.

    Returns
    -------
    RichOutput
        Less than 1 MB; clips that are too long are cut, and their captions say so. Nothing plays by itself.

    Raises
    ------
    CourseError
        When the run has no epoch yet.
    """
    found, newest = verdict(run), run.log[-1].epoch if run.log else None
    said = html("<p><strong>{{ text }}</strong> {{ advice }}</p>", text=found.text, advice=found.advice)
    top = render("figure.html", picture=learning_curve(run), caption=said)
    clips = {played.title: as_clip(played.path) for played in run.played if played.epoch == newest}
    most = max(0, (MOST_BYTES - len(top)) / max(1, len(clips)) - BYTES_OF_A_CAPTION)
    players = [_player(clip, name, most) for name, clip in clips.items()]
    words = [str(found), curve_in_words(run), *(_words(clip, name) for name, clip in clips.items())]
    return RichOutput("".join([top, *players]), "\n".join(words))
