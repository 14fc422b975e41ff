"""Players: sounds in the notebook, each with its name and level. Nothing is turned up."""

from ..audio import as_clip
from ..pages import BYTES_PER_SAMPLE, WAV, levels_in_words, player, render, shortened, sound_url
from .output import RichOutput

# The most that one cell may hold; front ends cut larger outputs, and the notebook is saved with them.
MOST_BYTES = 4_000_000


def play(*sounds, names=None):
    """Players for some sounds, one below the other.

    Parameters
    ----------
    sounds
        Clips, or the paths of sound files (played in mono, at their own sample rate).
    names
        Their names; the clips' own if not given.

    Returns
    -------
    RichOutput
        A cell that ends in it shows it. Sounds that are too long for one cell are cut, and their captions say so.
    """
    clips = [as_clip(sound) for sound in sounds]
    names = [clip.name for clip in clips] if names is None else names
    most = MOST_BYTES / max(1, len(clips))
    html = "".join(_player(clip, name, most) for clip, name in zip(clips, names, strict=True))
    return RichOutput(html, "\n".join(_words(clip, name) for clip, name in zip(clips, names, strict=True)))


def newest(takes, seconds=8.0):
    """Players for the last seconds of long takes that are still being played: `perform(listening=LiveFigure(newest))`.

    Parameters
    ----------
    takes
        A list of `LongTake`; the first four are shown.
    seconds
        The length of each.

    Returns
    -------
    RichOutput
    """
    return play(*(take.clip(-seconds, seconds) for take in takes[:4]))


def play_grid(sounds, caption):
    """A table of players.

    Parameters
    ----------
    sounds
        {row: {column: sound}}, rows and columns named in words; rows may lack columns.
    caption
        The caption of the table.

    Returns
    -------
    RichOutput
    """
    rows = {row: {column: as_clip(sound) for column, sound in columns.items()} for row, columns in sounds.items()}
    heads = list(dict.fromkeys(column for columns in rows.values() for column in columns))
    most = MOST_BYTES / max(1, sum(len(columns) for columns in rows.values()))

    cells = [
        (row, [_player(columns[head], f"{row}, {head}", most) if head in columns else "" for head in heads])
        for row, columns in rows.items()
    ]
    words = [_words(clip, f"{row}, {column}") for row, columns in rows.items() for column, clip in columns.items()]
    html = render("players_table.html", caption=caption, heads=heads, rows=cells)
    return RichOutput(html, "\n".join([caption, *words]))


def play_epochs(run, epochs=None):
    """A table of the clips that a run played, a row for each epoch and a column for each temperature.

    Parameters
    ----------
    run
        A `Run`.
    epochs
        The epochs to show; all if not given.

    Returns
    -------
    RichOutput
    """
    grid = run.grid
    rows = {
        f"epoch {epoch}": {f"temperature {temperature:g}": clip for temperature, clip in grid[epoch].items()}
        for epoch in (grid if epochs is None else epochs)
    }
    return play_grid(rows, caption="What the model played after each epoch, from the same seed")


def _words(clip, name):
    return f"{name}: {levels_in_words(clip.levels)}"


def _player(clip, name, most):
    """The player of a clip, cut to `most` bytes of HTML."""
    seconds = most / BYTES_PER_SAMPLE[WAV] / clip.sample_rate
    note = f"; here its first {seconds:.1f} s" if clip.seconds > seconds else ""
    return player(name, clip.levels, sound_url(shortened(clip, seconds), WAV), note)
