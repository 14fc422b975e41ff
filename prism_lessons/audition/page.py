"""A run as one page: the curve in bits, and every epoch's clips with their levels, side by side."""

import html
import os
from pathlib import Path

from ..audio import SILENCE_DBFS, load
from ..files import replacing
from ..live import clock
from ..markup import learning_curve, player
from ..run import Run
from ..verdict import verdict

PAGE = "audition.html"
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c;
       background: #fff; }
table { border-collapse: collapse; } th, td { padding: .3rem .8rem; text-align: left; border-bottom: 1px solid #bbb;
       vertical-align: top; }
audio { display: block; width: 15rem; } figure { margin: 1rem 0; } svg { max-width: 100%; }
"""


def audition(run):
    """Write a page with the clips of every epoch of a run.

    Parameters
    ----------
    run
        A `Run` or its folder.

    Returns
    -------
    Path
        `audition.html` in the run's folder; it plays the clips that lie beside it. Nothing is normalised.

    Raises
    ------
    CourseError
        When there is no run there, or no epoch in it.
    """
    run = run if isinstance(run, Run) else Run(run)
    page = run.folder / PAGE
    with replacing(page) as partial:
        partial.write_text(_page(run), encoding="utf-8")
    return page


def _page(run):
    name = html.escape(run.folder.resolve().name)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clips of {name}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Clips of {name}</h1>
<p>Every epoch plays from the same seed, so what differs from one row to the next is what was learned.
Nothing is normalised: quiet clips are quiet. Silence is the share of a clip below {SILENCE_DBFS:.0f} dBFS.</p>
<figure>
{learning_curve(run)}
<figcaption>Bits per sample after each epoch: lower is better foreseen, not better music. The table has the same
numbers.</figcaption>
</figure>
<p>{html.escape(str(verdict(run)))}</p>
<table>
<thead><tr><th scope="col">Epoch</th><th scope="col">Bits per sample</th><th scope="col">Clips</th></tr></thead>
<tbody>
{chr(10).join(_row(run, entry) for entry in run.log)}
</tbody>
</table>
</main>
</body>
</html>
"""


def _row(run, entry):
    clips = run.grid.get(entry.epoch, {})
    players = "\n".join(_player(run, path, entry.epoch, temperature) for temperature, path in clips.items())
    return f"""<tr><th scope="row">{entry.epoch}</th>
<td>training {entry.bits:.3f}<br>validation {entry.validation_bits:.3f}<br>{clock(entry.seconds)} of training</td>
<td>{players}</td></tr>"""


def _player(run, path, epoch, temperature):
    source = Path(os.path.relpath(path, run.folder)).as_posix()
    return player(f"Epoch {epoch}, temperature {temperature:g}", load(path).levels, source)
