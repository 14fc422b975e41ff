"""Text as Markdown and Markdown as HTML, so that what somebody has typed is read as words and never as markup."""

import re

# Signs that mean something to Markdown wherever they stand, and those that do at the beginning of a line.
ANYWHERE = re.compile(r"[\\`*_\[\]|~]|&(?=[#\w]+;)")
AT_THE_BEGINNING = re.compile(r"^(\d+(?=[.)])|(?=[#+>=-]))")
DEEPEST = 6  # heading
HEADING = re.compile(r"^ {0,3}(#{1,6})(?=[ \t]|$)", re.MULTILINE)


def one_line(text):
    """Plain text as Markdown, on one line.

    What UTF-8 cannot write (file names may hold it) becomes a question mark.
    """
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    # Not "\<", since it is to be read as words by a program too that takes Markdown for HTML.
    text = ANYWHERE.sub(r"\\\g<0>", text).replace("<", "&lt;")
    return AT_THE_BEGINNING.sub(r"\1\\", text)


def quoted(text):
    """Plain text as a quotation in Markdown; its lines and paragraphs stay."""
    lines = [one_line(line) for line in text.strip().splitlines()]
    # A backslash at the end breaks the line within a paragraph.
    broken = [line + "\\" * bool(line and after) for line, after in zip(lines, [*lines, ""][1:], strict=True)]
    return "\n".join(f"> {line}".rstrip() for line in broken)


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
    html = parser.render(markdown.encode("utf-8", "replace").decode())
    return re.sub(r"<th(?=[ >])", '<th scope="col"', html)
