"""The one place where text becomes HTML or Markdown, so that it is read as words and never as markup.

Text comes from names of files, from what somebody has typed, and from files that somebody else has made: whatever is
shown goes through here.
"""

import html
import re

from .files import as_text

# Signs that mean something to Markdown wherever they stand, and those that do at the beginning of a line.
ANYWHERE = re.compile(r"[\\`*_\[\]|~$]|&(?=[#\w]+;)")
AT_THE_BEGINNING = re.compile(r"^(\d+(?=[.)])|(?=[#+>=-]))")
BRACKET = re.compile(r"(?<!\\)((?:\\\\)*)\[")  # that begins a link or a picture
DEEPEST = 6  # heading
HEADING = re.compile(r"^ {0,3}(#{1,6})(?=[ \t]|$)", re.MULTILINE)


def escaped(text):
    """Plain text as HTML, also within an attribute."""
    return html.escape(as_text(str(text)))


def one_line(text):
    """Plain text as Markdown, on one line."""
    text = " ".join(as_text(text).split())
    # Not "\<", since it is to be read as words by a program too that takes Markdown for HTML.
    text = ANYWHERE.sub(r"\\\g<0>", text).replace("<", "&lt;")
    return AT_THE_BEGINNING.sub(r"\1\\", text)


def quoted(text):
    """Plain text as a quotation in Markdown; its lines and paragraphs stay."""
    lines = [one_line(line) for line in text.strip().splitlines()]
    # A backslash at the end breaks the line within a paragraph.
    broken = [line + "\\" * bool(line and after) for line, after in zip(lines, [*lines, ""][1:], strict=True)]
    return "\n".join(f"> {line}".rstrip() for line in broken)


def harmless(markdown):
    """Markdown that somebody else may have written, without tags, pictures and links for whoever makes HTML of it."""
    return BRACKET.sub(r"\1\\[", markdown.replace("<", "&lt;"))


def deeper(markdown, by):
    """Markdown whose headings are `by` levels further down, at most the sixth."""
    return HEADING.sub(lambda found: "#" * min(DEEPEST, len(found[1]) + by), markdown)


def as_html(markdown):
    """Markdown as HTML: headings, lists, tables, emphasis and quotations.

    Tags, pictures and links are left as the characters that they are written with, since they may be somebody else's
    and lead anywhere.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["image", "link", "autolink", "reference", "lheading", "code", "fence"])
    return re.sub(r"<th(?=[ >])", '<th scope="col"', parser.render(as_text(markdown)))


def in_a_cell(html):
    """HTML as a notebook shows it, whose words between two dollars would be set as formulas."""
    return f'<div class="mathjax_ignore tex2jax_ignore">{html}</div>'
