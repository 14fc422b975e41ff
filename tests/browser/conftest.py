"""JupyterLab, serving a copy of the lessons, and a browser in which they are opened and used."""

import shutil

import pytest
from in_jupyterlab import SCREEN, Lesson, serving
from lessons import copy, paths
from playwright.sync_api import sync_playwright

LESSONS = paths()
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# A container has no sandbox to offer; the others keep Chromium from asking for news.
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A `Server` on a copy of the lessons, with settings of its own."""
    with copy() as course, serving(course / "notebooks", tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not path:
        pytest.fail("These tests need Chromium: install it (on Debian: apt-get install chromium).", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request, server, browser):
    """A lesson in JupyterLab after Run All. It finds the files that the lessons before it left, if they were run."""
    context = browser.new_context(viewport=SCREEN)
    lesson = Lesson(request.param, server, context)
    try:
        lesson.open()
        lesson.run_all()
        lesson.keep_picture_and_times()
        yield lesson
    finally:
        context.close()
        server.end_kernels()
