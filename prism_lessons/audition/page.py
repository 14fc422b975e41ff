"""A run as one page: the curve in bits, and every epoch's clips with their levels, side by side."""

import html
import math
import os
from pathlib import Path

from ..audio import SILENCE_DBFS, load
from ..files import replacing
from ..live import clock
from ..run import Run

PAGE = "audition.html"
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c;
       background: #fff; }
table { border-collapse: collapse; } th, td { padding: .3rem .8rem; text-align: left; border-bottom: 1px solid #bbb;
       vertical-align: top; }
audio { display: block; width: 15rem; } figure { margin: 1rem 0; } svg { max-width: 100%; }
"""
WIDTH, HEIGHT, MARGIN = 640, 240, 48  # of the curve, in pixels


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
        When there is no run there.
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
{_curve(run.log, run.settings["model"]["levels"])}
<figcaption>Bits per sample after each epoch: lower is better foreseen, not better music. The table has the same
numbers.</figcaption>
</figure>
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
    players = "\n".join(_player(run, path, entry.epoch) for path in run.clips.get(entry.epoch, []))
    return f"""<tr><th scope="row">{entry.epoch}</th>
<td>training {entry.bits:.3f}<br>validation {entry.validation_bits:.3f}<br>{clock(entry.seconds)} of training</td>
<td>{players}</td></tr>"""


def _player(run, path, epoch):
    levels = load(path).levels
    voice, temperature = path.stem.split("_")[1:]
    name = f"Epoch {epoch}, voice {voice}, temperature {temperature.removeprefix('t')}"
    source = html.escape(Path(os.path.relpath(path, run.folder)).as_posix(), quote=True)
    return f"""<figure><figcaption>{name}: peak {levels.peak_dbfs:.1f} dBFS, RMS {levels.rms_dbfs:.1f} dBFS,
{levels.silence:.0%} silence</figcaption>
<audio controls preload="metadata" aria-label="{name}" src="{source}"></audio></figure>"""


def _curve(log, levels):
    """The two curves as SVG, from 0 to knowing nothing, which is log2(levels)."""
    top = math.ceil(max([math.log2(levels)] + [entry.bits for entry in log]))

    def point(entry, bits):
        across = MARGIN + (WIDTH - 2 * MARGIN) * (entry.epoch - 1) / max(1, len(log) - 1)
        return f"{across:.1f},{HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * bits / top:.1f}"

    training = " ".join(point(entry, entry.bits) for entry in log)
    validation = " ".join(point(entry, entry.validation_bits) for entry in log)
    dots = "".join(
        f'<circle r="3.5" fill="#b34700" cx="{x}" cy="{y}"/>' for x, y in (p.split(",") for p in validation.split())
    )
    words = "; ".join(f"epoch {entry.epoch}: {entry.validation_bits:.2f}" for entry in log)
    ticks = "".join(
        f'<text x="{MARGIN - 8}" y="{HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * bits / top + 4:.1f}" '
        f'text-anchor="end" font-size="12">{bits}</text>'
        for bits in range(0, top + 1, 2)
    )
    return f"""<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"
aria-label="Validation bits per sample: {words}">
<path d="M{MARGIN},{MARGIN} V{HEIGHT - MARGIN} H{WIDTH - MARGIN}" fill="none" stroke="#555"/>{ticks}
<polyline points="{training}" fill="none" stroke="#00558b" stroke-width="2" stroke-dasharray="6 4"/>
<polyline points="{validation}" fill="none" stroke="#b34700" stroke-width="2"/>{dots}
<text x="{WIDTH - MARGIN}" y="{MARGIN - 24}" text-anchor="end" font-size="13">validation: solid, with dots;
training: dashed</text>
<text x="{MARGIN}" y="{MARGIN - 24}" font-size="13">bits</text>
<text x="{MARGIN}" y="{HEIGHT - MARGIN + 18}" font-size="12">epoch 1</text>
<text x="{WIDTH - MARGIN}" y="{HEIGHT - MARGIN + 18}" text-anchor="end" font-size="12">epoch {len(log)}</text>
</svg>"""
