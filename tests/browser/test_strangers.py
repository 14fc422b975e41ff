"""No script of a stranger runs, neither on a page in Chromium nor in a cell of JupyterLab, next to the kernel."""

import nbformat
import pytest
from in_jupyterlab import SCREEN, Lesson, serving
from strangers import CELLS, strangers_course

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A stranger's course beside a notebook that shows all of it."""
    folder = tmp_path_factory.mktemp("strangers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        strangers_course(folder)
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.split("---\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), folder / "strangers.ipynb")
    return folder


@pytest.fixture(scope="module")
def lesson(folder, browser, tmp_path_factory):
    """That notebook after Run All."""
    with serving(folder, tmp_path_factory.mktemp("jupyter")) as server:
        context = browser.new_context(viewport=SCREEN)
        try:
            lesson = Lesson(folder / "strangers.ipynb", server, context)
            lesson.open()
            lesson.run_all()
            yield lesson
        finally:
            context.close()


def has_run(page):
    """What a stranger's words did in a page or in one of its frames, if they did anything."""
    page.wait_for_timeout(1000)  # a picture that is not there says so in a moment
    return [frame.url for frame in page.frames if frame.evaluate("window.PWNED !== undefined")]


def test_in_a_cell_a_stranger_s_words_stay_words(lesson):
    assert lesson.has_run(), lesson.outputs.all_inner_texts()
    assert lesson.outputs.count() > 20
    assert has_run(lesson.page) == []
    assert not any("pwned" in address for address in lesson.asked_outside)
    links = lesson.outputs.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert not any(link.startswith("javascript:") for link in links)
    assert lesson.outputs.locator("mjx-container").count() == 0  # between two dollars stands no formula
    assert "$PWNED$" in lesson.outputs.filter(has_text="<script>window.PWNED").first.inner_text()


def test_on_a_page_a_stranger_s_words_stay_words(lesson, folder, browser):
    pages = sorted(
        [*folder.glob("*.html"), *folder.glob("models/*.html"), folder / "course_files" / "portfolio" / "journal.html"]
    )
    assert len(pages) == 8
    for path in pages:
        context = browser.new_context(viewport=SCREEN)
        page, asked = context.new_page(), []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri())
        for button in page.get_by_role("button").all()[:30]:
            if button.is_visible() and button.is_enabled():
                button.click()
        assert (path.name, has_run(page)) == (path.name, [])
        assert [url for url in asked[1:] if not url.startswith(("data:", "blob:"))] == []
        context.close()
