"""The site: what can be said of its pages, and of the tools that lay it out and look it over, without building it."""

import base64
import re
import runpy
import shutil
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

import prism_lessons
from prism_lessons import Capsule
from prism_lessons.audition.listening import Act
from prism_lessons.corpus.corpus import ClipFile
from prism_lessons.generation.take_files import COLUMNS
from prism_lessons.run import Epoch

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("teaching/*.md")])
GATHER = runpy.run_path(str(DOCS / "gather.py"))
CHECK = runpy.run_path(str(DOCS / "check.py"))

FILES = (DOCS / "files.md").read_text(encoding="utf-8")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def read(page):
    return page.read_text(encoding="utf-8")


def headings(text):
    """The headings of Markdown as (level, words), blocks of code left out."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.+)$", text, re.MULTILINE)]


def test_glossary_is_alphabetical_and_explains_nothing_twice():
    terms = [words for level, words in headings(read(DOCS / "glossary.md")) if level == 2]
    assert terms == sorted(set(terms), key=str.casefold)
    assert len(set(GATHER["anchors"](read(DOCS / "glossary.md")).values())) == len(terms)


def test_glossary_explains_in_three_sentences_at_most():
    for entry in re.split(r"^## ", read(DOCS / "glossary.md"), flags=re.MULTILINE)[1:]:
        term, text = entry.split("\n", 1)
        assert 1 <= len(re.findall(r"[.?!](?=\s|$)", text)) <= 3, term


@each_page
def test_page_has_one_first_heading_and_skips_no_level(page):
    levels = [level for level, _ in headings(read(page))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@each_page
def test_every_column_of_a_table_has_a_heading(page):
    for heads in re.findall(r"^\|(.+)\|\n\|[-:|]+\|$", read(page), re.MULTILINE):
        assert all(head.strip() for head in heads.split("|")), heads


def test_every_page_is_in_a_table_of_contents():
    tables = re.findall(r"^```\{toctree\}\n(.*?)^```", read(DOCS / "index.md"), re.MULTILINE | re.DOTALL)
    listed = [line for table in tables for line in table.splitlines() if line and not line.startswith(":")]
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES} - {"index"}
    lessons = re.findall(r"^\| \[(.+)\]\(\.\./(notebooks/\w+)\.ipynb\)", read(DOCS / "index.md"), re.MULTILINE)
    assert sorted(listed) == sorted([*pages, *(f"{title} <{lesson}>" for title, lesson in lessons)])


def test_start_page_leads_to_every_lesson():
    lessons = {path.stem for path in (REPOSITORY / "notebooks" / "sources").glob("*.py")}
    assert set(re.findall(r"\]\(\.\./notebooks/(\w+)\.ipynb\)", read(DOCS / "index.md"))) == lessons


@each_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", read(page)):
        if re.match(r"https?://", target):
            continue
        name, _, anchor = target.partition("#")
        file = page if not name else page.parent / name
        assert file.exists(), target
        if anchor:
            assert anchor in GATHER["anchors"](read(file)).values(), target


def test_reference_describes_every_public_name():
    described = re.findall(r"^\.\. (?:auto\w+|py:data):: ([\w.]+)", read(DOCS / "reference.md"), re.MULTILINE)
    rooms = {name.split(".")[1] for name in described if "." in name}
    assert not set(prism_lessons.__all__) - set(described) - rooms


def test_page_of_the_command_line_holds_what_every_command_says(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")  # of the terminal in which the site is built
    page = GATHER["help_of_commands"]()
    verbs = re.findall(r"bin/prism-lessons (\S+)", read(DOCS / "library.md"))
    assert verbs and {f"## {verb}" for verb in verbs} <= set(page.splitlines())
    assert page.count("\nusage: prism-lessons ") == page.count("## ")
    assert max(len(line) for line in page.splitlines() if line.startswith("  -")) > 40
    assert GATHER["HELP"] in read(DOCS / "command_line.md")


def test_what_is_said_of_access_names_tests_that_there_are():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", read(DOCS / "access.md"))
    assert named
    for path, test in named:
        assert f"\ndef {test}(" in read(REPOSITORY / path)


def test_a_link_to_the_quiz_is_html_on_the_site():
    text = "The [quiz](../../notebooks/quiz.html#lesson-00) and [all](a.md)"
    assert GATHER["by_address"](text) == 'The <a href="../../notebooks/quiz.html#lesson-00">quiz</a> and [all](a.md)'


def test_settings_of_the_site_can_be_read_without_sphinx():
    settings = runpy.run_path(str(DOCS / "conf.py"))
    assert settings["nb_execution_mode"] == "cache" and settings["nb_execution_raise_on_error"]
    assert not settings["nb_ipywidgets_js"]


def lesson(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def test_page_of_a_lesson_has_a_link_for_its_badge_and_fetches_no_picture():
    badge = "[![Open in Colab](https://example.org/badge.svg)](https://example.org/00.ipynb)"
    page = GATHER["page_of"](lesson(nbformat.v4.new_markdown_cell(f"# Title\n\n{badge}\n\n**Time:** none")), "")
    text = page.cells[0].source
    assert "[open it in Google Colab](https://example.org/00.ipynb)" in text
    assert "badge.svg" not in text and text.endswith("\n\n**Time:** none")


def test_page_of_a_lesson_without_a_badge_leads_to_the_course_alone():
    opening = nbformat.v4.new_markdown_cell("# Title\n\n**Time:** none")
    title, invitation, rest = GATHER["page_of"](lesson(opening), "").cells[0].source.split("\n\n")
    assert (title, rest) == ("# Title", "**Time:** none")
    assert "[get the course](../index.md#get-the-course)" in invitation and "Colab" not in invitation


def test_page_of_a_lesson_leads_from_a_term_to_the_glossary():
    cell = nbformat.v4.new_markdown_cell("**Samples** make a **noise\nfloor**, **nothing** else.")
    page = GATHER["page_of"](lesson(cell), "## noise floor\n\n## sample\n")
    assert page.cells[0].source == (
        "[**Samples**](../glossary.md#sample) make a [**noise\nfloor**](../glossary.md#noise-floor), **nothing** else."
    )


def test_page_of_a_lesson_folds_the_set_up_away_and_no_other_cell():
    setup = nbformat.v4.new_code_cell("set_up()", metadata={"tags": ["setup"]})
    page = GATHER["page_of"](lesson(setup, nbformat.v4.new_code_cell("play()")), "")
    assert ["hide-input" in cell.metadata.get("tags", []) for cell in page.cells] == [True, False]


def test_page_of_lesson_03_leads_from_its_table_to_one_that_can_be_used():
    source = read(REPOSITORY / "notebooks" / "sources" / "03_auditioning_epochs.py")
    assert f"\n# %%\n{GATHER['TABLE']}\n" in source
    table = nbformat.v4.new_code_cell(GATHER["TABLE"])
    after = GATHER["page_of"](lesson(table, nbformat.v4.new_code_cell("play()")), "").cells[1]
    assert '<a href="audition.html">Open it as a page</a>' in after.source


def test_lessons_are_run_again_when_they_may_train_for_longer(monkeypatch):
    monkeypatch.setenv("PRISM_LESSONS_MINUTES", "0.05")
    short = GATHER["fingerprint"]()
    assert GATHER["fingerprint"]() == short
    monkeypatch.setenv("PRISM_LESSONS_MINUTES", "0.1")
    assert GATHER["fingerprint"]() != short


PLAYER = '<audio controls aria-label="a bell" src="data:audio/wav;base64,AAAA"></audio>'


@pytest.mark.parametrize(
    ("fault", "html"),
    [
        ("<script> is fetched from https://cdn", '<h1>A</h1><script src="https://cdn/a.js"></script>'),
        ("<link> is fetched from //cdn", '<h1>A</h1><link rel="stylesheet" href="//cdn/a.css">'),
        ("<img> is fetched from http://cdn", '<h1>A</h1><img alt="a" src="http://cdn/a.png">'),
        ("it has 0 headings of the first level", "<h2>A</h2>"),
        ("it has 2 headings of the first level", "<h1>A</h1><h1>A</h1>"),
        ("a picture has no text in its place", '<h1>A</h1><img src="a.png">'),
        ("a player has no name", '<h1>A</h1><audio src="a.wav">'),
        ("a link leads nowhere: b.html#c", '<h1>A</h1><a href="page.html#d">A</a><a href="b.html#c">B</a>'),
        ("a player starts by itself", '<h1>A</h1><audio aria-label="a" autoplay src="a.wav">'),
        ("it holds 5.0 MB, which is more than 5", f"<h1>A</h1>{'a' * 5_000_000}"),
    ],
)
def test_looking_over_the_site_finds(fault, html, tmp_path):
    (tmp_path / "page.html").write_text(html)
    (found,) = CHECK["faults"](tmp_path)
    assert found.startswith(f"page.html: {fault}")


def test_looking_over_the_site_asks_lessons_for_a_player_and_lets_links_lead_abroad(tmp_path):
    (tmp_path / "notebooks").mkdir()
    page = tmp_path / "notebooks" / "00.html"
    page.write_text(f'<h1>A</h1><a href="https://example.org">there</a>{PLAYER}')
    assert not CHECK["faults"](tmp_path)
    page.write_text("<h1>A</h1>")
    assert CHECK["faults"](tmp_path) == ["notebooks/00.html: it is a lesson without a player"]


def printed(*pieces):
    """What a cell printed in pieces, as it stands on the page."""
    nodes = pytest.importorskip("docutils.nodes", reason="Sphinx comes with `make docs`")
    box = nodes.container("", *(nodes.literal_block(text, text, classes=["output", "stream"]) for text in pieces))
    doctree = nodes.section("", box, nodes.literal_block("a\rb", "a\rb"))
    runpy.run_path(str(DOCS / "conf.py"))["settle"](None, doctree)
    assert doctree[1].astext() == "a\rb"  # not printed by a cell
    return [block.astext() for block in box]


def test_of_a_live_line_the_page_keeps_what_stood_there_at_the_end():
    assert printed("Begin.\n\rStep 1 of 2", "\rStep 2 of 2", "\rDone.      \n", "End.\n") == [
        "Begin.\nDone.      \nEnd.\n"
    ]


def test_a_sound_on_a_page_of_the_site_is_one_file_beside_it(tmp_path):
    sound = base64.b64encode(b"a sound").decode()
    body = f'<audio src="data:audio/mpeg;base64,{sound}"><audio src="data:audio/mpeg;base64,{sound}"><img src="a.png">'
    context = {"body": body}
    put_beside = runpy.run_path(str(DOCS / "conf.py"))["put_beside"]
    put_beside(SimpleNamespace(outdir=tmp_path), "notebooks/00", "page.html", context, None)
    first, second, picture = re.findall('src="([^"]+)"', context["body"])
    assert first == second and picture == "a.png" and first.endswith(".mp3")
    assert (tmp_path / "notebooks" / first).resolve().read_bytes() == b"a sound"


@pytest.mark.parametrize("written", [ClipFile, Epoch, Act, COLUMNS])
def test_every_name_in_a_file_is_explained(written):
    names = written if isinstance(written, tuple) else [field.name for field in fields(written)]
    assert not [name for name in names if f"`{name}`" not in FILES]


def test_a_capsule_can_be_read_without_the_course_as_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = REPOSITORY / "datasets_examples" / "trained" / "bells" / "epochs" / "0012.capsule"
    shutil.copy(path, "bells.capsule")
    names = {}
    exec(re.search(r"```python\n(.*?)```", FILES, re.DOTALL)[1], names)
    weights = Capsule.load(path).weights
    assert list(names["weights"]) == list(weights)
    for name, weight in weights.items():
        np.testing.assert_array_equal(names["weights"][name], weight)
