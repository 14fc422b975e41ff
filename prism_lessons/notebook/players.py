"""Players: sounds that can be heard in the notebook, each with a name and its level. Nothing is turned up."""

import base64
from dataclasses import replace

from ..audio import as_clip
from ..markup import levels_in_words, player
from ..prose import escaped
from .output import RichOutput

# What one cell may hold; front ends cut larger outputs, and the notebook is saved with them.
MOST_BYTES = 4_000_000
BYTES_PER_SAMPLE = 2 * 4 / 3  # 16 bits, as base64
# Three columns fit beside each other; notebooks would set cells to the right and leave wide margins.
GRID_STYLE = """<style>
.prism-grid figure { margin: 0 } .prism-grid audio { width: 17em } .prism-grid th { white-space: nowrap }
.prism-grid :is(th, td, caption) { text-align: left !important }
</style>"""


def play(*sounds, names=None):
    """Players for some sounds, one below the other.

    Parameters
    ----------
    sounds
        Clips, or the paths of sound files (played in mono, at their own sample rate).
    names
        What to call them; the clips' own names if not given.

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
        How much of each.

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
        What the table shows.

    Returns
    -------
    RichOutput
    """
    rows = {row: {column: as_clip(sound) for column, sound in columns.items()} for row, columns in sounds.items()}
    heads = list(dict.fromkeys(column for columns in rows.values() for column in columns))
    most = MOST_BYTES / max(1, sum(len(columns) for columns in rows.values()))

    def cell(row, column):
        return _player(rows[row][column], f"{row}, {column}", most) if column in rows[row] else ""

    body = "".join(
        f'<tr><th scope="row">{escaped(row)}</th>{"".join(f"<td>{cell(row, column)}</td>" for column in heads)}</tr>'
        for row in rows
    )
    head = "".join(f'<th scope="col">{escaped(column)}</th>' for column in heads)
    title = escaped(caption)
    html = f"<table><caption>{title}</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    words = [_words(clip, f"{row}, {column}") for row, columns in rows.items() for column, clip in columns.items()]
    # A wide grid scrolls, so it has to be reached by keyboard.
    box = f'<div class="prism-grid" role="group" aria-label="{title}" tabindex="0" style="overflow-x: auto">'
    return RichOutput(f"{GRID_STYLE}{box}{html}</div>", "\n".join([caption, *words]))


def play_epochs(run, epochs=None):
    """A table of the clips that a run played, a row for each epoch and a column for each temperature.

    Parameters
    ----------
    run
        A `Run`.
    epochs
        Which of them; all if not given.

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
    seconds = most / BYTES_PER_SAMPLE / clip.sample_rate
    note, heard = "", clip
    if clip.seconds > seconds:
        heard = replace(clip, samples=clip.samples[: int(seconds * clip.sample_rate)])
        note = f"; here its first {seconds:.1f} s"
    source = "data:audio/wav;base64," + base64.b64encode(heard.wav()).decode()
    return player(name, clip.levels, source, note)
