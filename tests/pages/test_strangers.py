"""Whatever a stranger's files say is read as words: in no view of them does it become a tag, a link or a script."""

import ast
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from strangers import CELLS, strangers_course

from prism_lessons.pages.templating import ENVIRONMENT

PACKAGE = Path(__file__).parents[2] / "prism_lessons"
TEMPLATES = PACKAGE / "pages" / "templates"
IMPORTED = re.compile(r"^ *(?:import|from) (html|jinja2|markdown_it|markupsafe)\b", re.MULTILINE)
TAG = re.compile(r"</?[a-z]+[ >]")
WITH_TAGS = ("prose.py",)  # around HTML that a template has made
OWN = ("data:", "#", "clips/", "https://")  # where tags of the course itself lead


class Tags(HTMLParser):
    """The ways out of a page that are not the course's own, and the words on it."""

    def __init__(self, html):
        super().__init__()
        self.harm, self.words, self._tag = [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self._tag = tag if tag != "script" or not dict(attributes).get("type") else "json"
        for name, value in attributes:
            if name.startswith("on") or "PWNED" in name:
                self.harm.append(f"<{tag} {name}>")
            if name in ("src", "href", "action", "formaction", "data") and not (value or "").startswith(OWN):
                self.harm.append(f"<{tag} {name}={value}>")
            if name == "srcdoc":
                inner = Tags(value)
                self.harm += inner.harm
                self.words += inner.words
        if tag == "img" and dict(attributes).get("src", "").startswith("https"):
            self.harm.append("<img>")

    def handle_endtag(self, tag):
        self._tag = ""

    def handle_data(self, data):
        if self._tag == "script" and "PWNED" in data:
            self.harm.append(data)
        self.words += data


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """All that is shown of a stranger's course, {what: HTML}, and the Markdown that is written of it."""
    folder = tmp_path_factory.mktemp("course")
    before = os.getcwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.chdir(folder)
        strangers_course(folder)
        names, views = {}, {}
        for cell in CELLS.split("---\n"):
            tree = ast.parse(cell)
            exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
            last = ast.unparse(tree.body[-1])
            value = eval(last, names)
            views[last] = _html(value)
        views |= {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
        portfolio = Path("course_files/portfolio")
        views["journal.html"] = (portfolio / "journal.html").read_text(encoding="utf-8")
        written = {
            "journal.md": (portfolio / "journal.md").read_text(encoding="utf-8"),
            "the journal": str(names["course"].journal),
            "the card of the corpus": names["corpus"].card(),
        }
    assert os.getcwd() == before
    return views, written


def _html(value):
    """What a cell that ends in a value shows, as HTML; older front ends take the label of an input for HTML too."""
    if hasattr(value, "_repr_html_"):
        return value._repr_html_()
    widgets, html = [value._box] if hasattr(value, "_box") else [], ""
    for widget in widgets:
        widgets += getattr(widget, "children", ())
        html += getattr(widget, "description", "")
        if type(widget).__name__ == "HTML":
            html += widget.value
    return html


def test_no_page_and_no_cell_takes_a_stranger_s_words_for_tags(shown):
    views, _ = shown
    assert len(views) > 25
    found = {name: Tags(html) for name, html in views.items()}
    assert {name: tags.harm[:3] for name, tags in found.items() if tags.harm} == {}
    said = [name for name, tags in found.items() if "PWNED" in tags.words]
    assert len(said) > 18, said  # those that tell of it do so in its own words


def test_markdown_that_is_written_is_words_for_whoever_makes_a_page_of_it(shown):
    _, written = shown
    for name, markdown in written.items():
        html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
        tags = Tags(re.sub(r"<!-- Written by prism_lessons.*?-->", "", html).replace('src="curve.svg"', ""))
        assert (name, tags.harm) == (name, []) and "PWNED" in tags.words
        assert "<script" not in html and "<b>" not in html and "<svg" not in html


def test_text_becomes_html_in_templates_that_escape_it_and_markdown_in_one_place():
    assert ENVIRONMENT.autoescape is True
    for path in TEMPLATES.rglob("*.*"):
        assert path.suffix in (".css", ".js") or not re.search(r"autoescape|\bsafe\b", path.read_text()), path.name
    brought = {path.name: set(IMPORTED.findall(path.read_text())) for path in PACKAGE.rglob("*.py")}
    assert {name: libraries for name, libraries in brought.items() if libraries} == {
        "prose.py": {"markdown_it", "markupsafe"},
        "templating.py": {"jinja2", "markupsafe"},
    }


def test_no_text_is_put_between_tags_but_by_a_template():
    for path in (path for path in PACKAGE.rglob("*.py") if path.name not in WITH_TAGS):
        for node in ast.walk(ast.parse(path.read_text())):
            written = [part.value for part in getattr(node, "values", ()) if isinstance(part, ast.Constant)]
            assert not isinstance(node, ast.JoinedStr) or not TAG.search("".join(written)), (path.name, node.lineno)
