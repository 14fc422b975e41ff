"""Pages in a cell that exchange messages with Python: a frame, and two fields of ipywidgets as the wire.

Every front end has these fields; a custom widget would need one that Colab fetches from elsewhere.
"""

import json
import uuid

import ipywidgets

from ..prose import escaped
from .shown import Boxed

HIDDEN = {"display": "none"}


class Wired(Boxed):
    """What a cell shows as a page in a frame, with a wire to it."""

    def _connect(self, hear, field=None):
        """Make the wire; `hear` gets each text that the page sends. Returns the wire's name, which the page needs.

        `field` is the one that the page writes into; a hidden one if not given.
        """
        wire = f"prism-{uuid.uuid4().hex[:12]}"
        self._from_page = field or ipywidgets.Textarea(continuous_update=False, layout=HIDDEN)
        self._to_page = ipywidgets.HTML(layout=HIDDEN)
        self._from_page.add_class(f"{wire}-out")
        self._to_page.add_class(f"{wire}-in")
        self._from_page.observe(lambda change: hear(change["new"]), "value")
        return wire

    def _tell_page(self, said):
        """Send plain values to the page."""
        self._to_page.value = f"<pre>{escaped(json.dumps(said))}</pre>"
