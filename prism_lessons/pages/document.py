"""Pages as one HTML document each: a template with its styles and its scripts in it, so that nothing is asked of the
network, and what differs from page to page as text and as JSON."""

import html
import json
from pathlib import Path
from string import Template

COMMON = Path(__file__).with_name("common.css")


def document(page, scripts, **values):
    """A whole HTML document.

    Parameters
    ----------
    page
        The path of its template, "sound_map.html"; its styles lie beside it under the same name.
    scripts
        The paths of its scripts, in their order.
    **values
        What stands in its places, as HTML or as JSON: see `text` and `json_text`.
    """
    styles = (COMMON, page.with_suffix(".css"))
    style, script = ("\n".join(path.read_text(encoding="utf-8") for path in paths) for paths in (styles, scripts))
    return Template(page.read_text(encoding="utf-8")).substitute(style=style, script=script, **values)


def text(words):
    """Plain text as HTML; what UTF-8 cannot write (file names may hold it) becomes a question mark."""
    return html.escape(str(words).encode("utf-8", "replace").decode(), quote=True)


def json_text(value):
    """JSON that can stand in a `<script>`, which a "</script>" in a name would end."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return written.encode("utf-8", "replace").decode().replace("<", "\\u003c")
