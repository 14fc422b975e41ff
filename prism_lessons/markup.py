"""Sounds and curves as HTML that can be heard, read and looked at: shared by pages and notebooks.

Whatever is shown as a picture or a player has a name in words beside it, and no sound plays by itself.
"""

import html

from .errors import CourseError
from .live import clock

WIDTH, HEIGHT, MARGIN = 640, 280, 48  # of the curve, in pixels


def levels_in_words(levels):
    """`Levels` as a caption: length, peak, RMS, silence."""
    peak, rms = (round(level, 1) + 0.0 for level in (levels.peak_dbfs, levels.rms_dbfs))  # + 0.0: no "-0.0"
    return f"{levels.seconds:.1f} s, peak {peak:.1f} dBFS, RMS {rms:.1f} dBFS, {levels.silence:.0%} silence"


def player(name, levels, source, note=""):
    """A sound as a figure with its name, its levels and a player.

    Parameters
    ----------
    name
        What it is called, plain text; also what a screen reader calls the player.
    levels
        Its `Levels`.
    source
        The address it is played from: a file beside the page, or a `data:` address.
    note
        What else to say in the caption, plain text.
    """
    name = html.escape(name, quote=True)
    return f"""<figure class="prism-player">
<figcaption><strong>{name}</strong>: {levels_in_words(levels)}{html.escape(note)}</figcaption>
<audio controls preload="metadata" aria-label="{name}" src="{html.escape(source, quote=True)}"></audio>
</figure>"""


def learning_curve(run):
    """The bits of a run's epochs as an SVG picture, with what two ways of guessing without listening would need.

    Raises
    ------
    CourseError
        When the run has no epoch yet.
    """
    log, references = run.log, run.references
    if not log:
        raise CourseError(f'The run in "{run.folder}" has no finished epoch yet: train it first.')
    top = max([references["uniform"]] + [entry.bits for entry in log]) * 1.05
    right, bottom = WIDTH - MARGIN, HEIGHT - MARGIN

    def height(bits):
        return bottom - (bottom - MARGIN) * bits / top

    def point(entry, bits):
        across = MARGIN + (right - MARGIN) * (entry.epoch - 1) / max(1, log[-1].epoch - 1)
        return f"{across:.1f},{height(bits):.1f}"

    training = " ".join(point(entry, entry.bits) for entry in log)
    validation = [point(entry, entry.validation_bits) for entry in log]
    dots = "".join('<circle r="3.5" cx="{}" cy="{}"/>'.format(*place.split(",")) for place in validation)
    ticks = "".join(
        f'<text x="{MARGIN - 8}" y="{height(bits) + 4:.1f}" text-anchor="end">{bits}</text>'
        for bits in range(0, int(top) + 1, 2)
    )
    lines = "".join(
        f'<path d="M{MARGIN},{height(references[name]):.1f} H{right}" stroke-dasharray="2 4"/>'
        f'<text x="{right}" y="{height(references[name]) + beside:.1f}" text-anchor="end" stroke="none">{words}</text>'
        # One above its line and one below: the two lines may lie close together.
        for name, words, beside in (
            ("uniform", "blind chance", -5),
            ("unigram", "only knowing how often each value occurs", 14),
        )
    )
    return f"""<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" style="max-width: 100%; background: #fff" role="img"
font-size="13" font-family="sans-serif" aria-label="{curve_in_words(run)}">
<path d="M{MARGIN},{MARGIN} V{bottom} H{right}" fill="none" stroke="#555"/>{ticks}
<g fill="#444" stroke="#444">{lines}</g>
<polyline points="{training}" fill="none" stroke="#00558b" stroke-width="2" stroke-dasharray="6 4"/>
<g fill="#b34700"><polyline points="{" ".join(validation)}" fill="none" stroke="#b34700" stroke-width="2"/>{dots}</g>
<text x="{MARGIN}" y="20">bits per sample</text>
<text x="{right}" y="20" text-anchor="end">validation: solid, with dots; training: dashed</text>
<text x="{MARGIN}" y="{bottom + 20}">epoch 1</text>
<text x="{right}" y="{bottom + 20}" text-anchor="end">epoch {log[-1].epoch}</text>
</svg>"""


def curve_in_words(run):
    """The learning curve as a sentence."""
    log, references = run.log, run.references
    words = "; ".join(f"epoch {entry.epoch}: {entry.validation_bits:.2f}" for entry in log)
    return (
        f"Validation bits per sample after {clock(log[-1].seconds)} of training. {words}. Blind chance would need "
        f"{references['uniform']:.2f}, knowing only how often each value occurs {references['unigram']:.2f}."
    )
