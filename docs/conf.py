"""Settings of the site. Its pages are what gather.py has laid out in `_build/source`; `make docs` builds it."""

import base64
import hashlib
import re
import shutil
from pathlib import Path

HERE = Path(__file__).parent

project = "PRiSM lessons"
language = "en-GB"
extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["datasets_examples", "notebooks/course_files"]
nitpicky = True

# The reference is made from the docstrings: types stand there, once, and `names` are code as they are in Markdown.
default_role = "code"
add_module_names = False
autodoc_typehints = "none"
# Types that lead nowhere on this site.
NOWHERE = (
    "array_like", "callable", "float32", "ndarray", "samples", "sequence", "shape", "optional", "AuditionClip", "Check",
    "ClipFile", "Intention", "LiveLine", "ModelSettings", "Path", "SampleRNN", "Trial",
)  # fmt: skip
nitpick_ignore = [("py:class", name) for name in NOWHERE]

myst_heading_anchors = 2  # so that words can be linked with their entry in the glossary
myst_links_external_new_tab = False
myst_enable_extensions = []  # a dollar is a dollar: no page holds formulas, so none needs MathJax

nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "cache")
nb_execution_timeout = 1800  # seconds for each cell
nb_execution_raise_on_error = True
nb_output_stderr = "remove"  # what TensorFlow says of the machine that builds the site
# Controls cannot work on a page: it shows their values in words, and fetches no scripts for them.
nb_ipywidgets_js = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_code_prompt_show = "Show this cell"
nb_code_prompt_hide = "Hide this cell"

html_theme = "sphinx_book_theme"
html_title = project
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["prism.css"]
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False
html_sidebars = {"**": ["site-name.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the search stands in the sidebar
    "footer_content_items": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def begin_anew(app, *_):
    """Remove what the lesson before has left behind: a page must not depend on which lessons came from the cache."""
    shutil.rmtree(Path(app.srcdir) / "notebooks" / "course_files", ignore_errors=True)


def settle(_, doctree):
    """Join what a cell printed piece by piece, and leave of each live line what stood there at the end.

    nb_merge_streams is meant for this, and takes every piece for a line of its own.
    """
    from docutils import nodes

    for block in [*doctree.findall(nodes.literal_block)]:
        if "stream" not in block["classes"]:
            continue
        before = block.previous_sibling()
        if isinstance(before, nodes.literal_block) and "stream" in before["classes"]:
            block.children = [nodes.Text(before.astext() + block.astext())]
            before.parent.remove(before)
        block.children = [nodes.Text(re.sub(r"[^\n]*\r", "", block.astext()))]


def put_beside(app, page, _, context, __):
    """Put sounds and pictures beside the page that they are written in: a page of 12 MB takes long to open.

    A sound that occurs twice is one file. Pages in frames keep theirs.
    """

    def address(found):
        content = base64.b64decode(found[2])
        name = f"_embedded/{hashlib.sha256(content).hexdigest()[:20]}.{found[1].replace('mpeg', 'mp3')}"
        path = Path(app.outdir, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return f'src="{"../" * page.count("/")}{name}"'

    embedded = r'src="data:(?:audio|image)/(\w+);base64,([^"]+)"'
    context["body"] = re.sub(embedded, address, context.get("body", ""))


def as_written(_, what, name, thing, options, lines):
    """Read a docstring in NumPy's style, in which, as in Markdown, a letter may follow `code`.

    Napoleon's own extension takes the words before a colon in a property's docstring for a type.
    """
    from sphinx.ext.napoleon import Config, NumpyDocstring

    text = re.sub(r"(`\w+`)(?=\w)", r"\1\\ ", "\n".join(lines))
    what = "method" if what == "property" else what
    settings = Config(napoleon_use_ivar=True)
    lines[:] = str(NumpyDocstring(text, settings, None, what, name, thing, options)).splitlines()


def setup(app):
    app.connect("autodoc-process-docstring", as_written)
    app.connect("source-read", begin_anew)
    app.connect("doctree-read", settle)
    app.connect("html-page-context", put_beside)
