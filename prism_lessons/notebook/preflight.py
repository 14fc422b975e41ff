"""A pre-flight in a notebook: its checks and their results in words, over players."""

from ..prose import escaped
from .output import RichOutput
from .players import play

STYLE = """<style>
.prism-preflight :is(th, td, caption) { text-align: left !important; vertical-align: top }
.prism-preflight td:last-child { max-width: 40em; white-space: normal }
</style>"""


def preflight_shown(check):
    """A table of the checks, and players of the sound that was learned by heart and of its replay.

    Parameters
    ----------
    check
        A `Preflight`.

    Returns
    -------
    RichOutput
    """
    rows = "".join(
        f'<tr><th scope="row">{escaped(one.name)}</th><td>{one.how}</td><td>{escaped(one.sentence)}</td></tr>'
        for one in check.checks
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("tried", "result", "found"))
    html = (
        f'{STYLE}<div class="prism-preflight"><table><caption>Pre-flight</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table><p>{escaped(check.end)}</p></div>"
    )
    sounds = {name: clip for name in ("original", "replay") if (clip := getattr(check, name))}
    players = play(*sounds.values(), names=list(sounds))
    return RichOutput(html + players.html, "\n".join(filter(None, [str(check), repr(players)])))
