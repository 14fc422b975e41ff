"""HTML from the files in `templates/`: Jinja2 escapes every value of a template that is not HTML already."""

import json
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ..files import as_text
from ..live import counted
from ..marks import COMPOSITE, GENERATED, software
from ..prose import as_html

FOLDER = Path(__file__).with_name("templates")
ADDRESS = re.compile(r"https://[^\s,;]*[^\s,;.]")
LINK = r'<a href="\g<0>" target="_blank" rel="noopener" style="color: inherit; text-decoration: underline">\g<0></a>'


def render(template, /, **values):
    """A template with its values filled in.

    Parameters
    ----------
    template
        The name of its file in `templates/`, such as "player.html".
    **values
        Its variables. Text is escaped; `Markup` is HTML and stays as it is.

    Returns
    -------
    Markup
        HTML, which can be a value of another template.
    """
    # Jinja2 has escaped the values.
    return Markup(ENVIRONMENT.get_template(template).render(values))


def html(source, /, **values):
    """The same for a template that is too short for a file: `html("<p>{{ said }}</p>", said="1 < 2")`."""
    # As above.
    return Markup(ENVIRONMENT.from_string(source).render(values))


def _source(name):
    """A style sheet or a script of the course, to stand in a page."""
    # These are files of the course, without any text of users.
    return Markup((FOLDER / name).read_text(encoding="utf-8"))


def _encodable(value):
    """A value as text that UTF-8 can encode, unlike names of files on old disks; HTML stays as it is."""
    return value if hasattr(value, "__html__") else as_text(str(value))


def _linked(words):
    """Text with its addresses as links, underlined, that open in another tab."""
    # Escaped before, so that only the links are HTML.
    return Markup(ADDRESS.sub(LINK, str(escape(words))))


def _in_single_quotes(document):
    """A whole document as an attribute in single quotes: in double ones, each quote in it would take 5 bytes more."""
    # In such an attribute, only these two characters mean anything in HTML.
    return Markup(str(document).replace("&", "&amp;").replace("'", "&#39;"))


def _json(value, **options):
    return as_text(json.dumps(value, **options))


ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, finalize=_encodable,
    trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
)  # fmt: skip
ENVIRONMENT.globals |= {"source": _source, "software": software, "GENERATED": GENERATED, "COMPOSITE": COMPOSITE}
ENVIRONMENT.filters |= {
    "counted": counted,
    "in_single_quotes": _in_single_quotes,
    "linked": _linked,
    "markdown": as_html,
}
# The filter `tojson` also escapes "<", so that a "</script>" in a name does not end the script it stands in.
ENVIRONMENT.policies["json.dumps_function"] = _json
ENVIRONMENT.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
