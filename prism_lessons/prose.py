"""Text as Markdown, and Markdown as HTML, without any of it being taken for markup that it is not meant to be.

Text comes from file names, from user input, and from files made by somebody else: whatever is shown goes through here.
"""

import re

from markupsafe import Markup

from .files import as_text

# Characters special to Markdown anywhere, and those special at the beginning of a line.
ANYWHERE = re.compile(r"[\\`*_\[\]|~$]|&(?=[#\w]+;)")
AT_THE_BEGINNING = re.compile(r"^(\d+(?=[.)])|(?=[#+>=-]))")
BRACKET = re.compile(r"(?<!\\)((?:\\\\)*)\[")  # that begins a link or a picture
DEEPEST = 6  # heading
HEADING = re.compile(r"^ {0,3}(#{1,6})(?=[ \t]|$)", re.MULTILINE)


def one_line(text):
    """Plain text as Markdown, on one line."""
    text = " ".join(as_text(text).split())
    # Not "\<", since programs that read Markdown as HTML must not see a tag either.
    text = ANYWHERE.sub(r"\\\g<0>", text).replace("<", "&lt;")
    return AT_THE_BEGINNING.sub(r"\1\\", text)


def quoted(text):
    """Plain text as a quotation in Markdown; lines and paragraphs are kept."""
    lines = [one_line(line) for line in text.strip().splitlines()]
    # A backslash at the end breaks the line within a paragraph.
    broken = [line + "\\" * bool(line and after) for line, after in zip(lines, [*lines, ""][1:], strict=True)]
    return "\n".join(f"> {line}".rstrip() for line in broken)


def harmless(markdown):
    """Untrusted Markdown, with tags, pictures and links disabled for any conversion to HTML."""
    return BRACKET.sub(r"\1\\[", markdown.replace("<", "&lt;"))


def deeper(markdown, by):
    """Markdown with its headings moved `by` levels down, at most to the sixth."""
    return HEADING.sub(lambda found: "#" * min(DEEPEST, len(found[1]) + by), markdown)


def as_html(markdown):
    """Markdown as HTML: headings, lists, tables, emphasis and quotations.

    Tags, pictures and links stay plain characters, since they may be somebody else's and lead anywhere.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["image", "link", "autolink", "reference", "lheading", "code", "fence"])
    # The parser has escaped all text.
    return Markup(re.sub(r"<th(?=[ >])", '<th scope="col"', parser.render(as_text(markdown))))


def in_a_cell(html):
    """HTML for a notebook, which would otherwise render text between two dollars as formulas."""
    return f'<div class="mathjax_ignore tex2jax_ignore">{html}</div>'
