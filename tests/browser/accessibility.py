"""What a page is like for whoever cannot see it, or sees it large, and that it asks for nothing."""

from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe


def no_objections(page, part=None):
    """axe finds nothing to object to on a page, or in a part of it, {"include": selectors}."""
    found = Axe().run(page, part)
    assert not found.violations_count, found.generate_report()


@contextmanager
def looked_over(browser, path, width):
    """The page in a file, opened so many pixels wide: axe has no objections, it fits, and it asks for nothing else."""
    page, asked = browser.new_page(viewport={"width": width, "height": 900}), []
    try:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        no_objections(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        yield page
        assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
    finally:
        page.close()


def tree(page):
    """What a screen reader is given of a page or frame, in its order: (role, name, {property: value})."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        (
            node["role"]["value"],
            node.get("name", {}).get("value", ""),
            {one["name"]: one["value"].get("value") for one in node.get("properties", ())},
        )
        for node in nodes
        if not node["ignored"]
    ]


def usable(page):
    """The roles and names of what can have the focus, but for the page itself."""
    return [(role, name) for role, name, known in tree(page) if known.get("focusable") and role != "RootWebArea"]
