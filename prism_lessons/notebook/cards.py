"""The card of a model or of a corpus in a notebook; that of a model is shown without the list of every clip."""

import re

from ..corpus import Corpus
from ..pages import render
from ..prose import deeper
from .output import RichOutput

LIST = "## Clips"  # the section of a card that lists every clip


def card(of):
    """The card of a `Corpus`, or of a `Capsule` without its list of clips, as a page to read.

    Parameters
    ----------
    of
        The `Corpus` or the `Capsule`.

    Returns
    -------
    RichOutput
    """
    text = of.card() if isinstance(of, Corpus) else _without_list(of.card)
    return RichOutput(render("card.html", text=deeper(text, 2)), text)


def _without_list(card):
    first, *sections = re.split(r"^(?=## )", card, flags=re.MULTILINE)
    first = first.partition("\n|")[0]  # an older card has its list there
    return "".join([first, *(section for section in sections if not section.startswith(LIST))]).strip()
