"""The card of a model in a notebook: what it has listened to, without the list of every clip."""

import re

from ..pages.prose import as_html, deeper
from .shown import Shown

LIST = "## Clips"  # the section of a card that lists every clip
STYLE = "<style>.prism-card :is(th, td) { text-align: left !important; vertical-align: top }</style>"


def card(capsule):
    """The card of a `Capsule` but for its list of clips: origin, intention, treatment, and what was heard.

    Parameters
    ----------
    capsule
        The `Capsule`.

    Returns
    -------
    Shown
    """
    first, *sections = re.split(r"^(?=## )", capsule.card, flags=re.MULTILINE)
    first = first.partition("\n|")[0]  # an older card has its list there
    text = "".join([first, *(section for section in sections if not section.startswith(LIST))]).strip()
    return Shown(f'{STYLE}<div class="prism-card">{as_html(deeper(text, 2))}</div>', text)
