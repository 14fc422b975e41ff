"""What is made to be printed takes one page of A4, in the site's own style for paper."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

DOCS = Path(__file__).parents[2] / "docs"
STYLE = (DOCS / "_static" / "prism.css").read_text(encoding="utf-8")
SHEETS = sorted(
    [*DOCS.glob("teaching/handout_*.md"), DOCS / "teaching" / "consent.md", DOCS / "teaching" / "handover.md"]
)
# The site's elements that the style names; letters and lines as wide as on the site.
PAGE = """<!doctype html><meta charset="utf-8"><style>body {{ font: 16px/1.65 sans-serif; margin: 0 }}
table {{ width: 100%; border-collapse: collapse }} {style}</style><div class="bd-main"><div class="bd-content">
<article class="bd-article">{text}</article></div></div>"""


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_sheet_fits_on_one_page(sheet, browser):
    text = MarkdownIt("commonmark").enable("table").render(sheet.read_text(encoding="utf-8"))
    page = browser.new_page()
    try:
        page.set_content(PAGE.format(style=STYLE, text=text))
        printed = page.pdf(format="A4", scale=1.1)  # the site's theme takes a little more room
    finally:
        page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
