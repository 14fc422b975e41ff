"""Pages as one HTML document each: a template with its styles and scripts inline, so that it needs no network, and the
contents of the page as text and as JSON."""

import json
from pathlib import Path
from string import Template

from ..files import as_text
from ..prose import escaped

COMMON, IN_A_FRAME = (Path(__file__).with_name(name) for name in ("common.css", "frame.js"))
FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
$body
$stores
<script>
$script
</script>
</body>
</html>
"""


def document(page, scripts, title, stores, styles=(), **values):
    """A whole HTML document.

    Parameters
    ----------
    page
        The path of its template, "sound_map.html", which holds its `<main>`; its styles are beside it under the same
        name.
    scripts
        The paths of its scripts, in their order.
    title
        Plain text.
    stores
        {id: value}: data for the scripts, as JSON in the element of that id.
    styles
        The paths of styles that it shares with other pages.
    **values
        The values of the template's placeholders, as HTML: see `prose.escaped`.
    """
    styles, scripts = (COMMON, *styles, page.with_suffix(".css")), (IN_A_FRAME, *scripts)
    style, script = ("\n".join(path.read_text(encoding="utf-8") for path in paths) for paths in (styles, scripts))
    body = Template(page.read_text(encoding="utf-8")).substitute(title=escaped(title), **values)
    stored = (f'<script type="application/json" id="{name}">{_json(value)}</script>' for name, value in stores.items())
    return Template(FRAME).substitute(
        title=escaped(title), style=style, body=body, stores="\n".join(stored), script=script
    )


def _json(value):
    """JSON that can stand in a `<script>`, which a "</script>" in a name would end."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return as_text(written).replace("<", "\\u003c")
