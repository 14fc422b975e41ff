"""Looks over the built site: what a reader must find on every page, and what no page may fetch from elsewhere.

python docs/check.py docs/_build/html
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ABROAD = ("http://", "https://", "//")
# What a browser fetches without being asked, and the attribute that says from where.
FETCHED = {"script": "src", "img": "src", "audio": "src", "source": "src", "video": "src", "iframe": "src"}
LESSONS = "notebooks/[0-9]*.html"
MOST_BYTES = 5_000_000  # of a page: on a slow network, a larger one takes longer to open than to leave
MADE_BY_SPHINX = {"search.html", "genindex.html"}


class Page(HTMLParser):
    """Gathers the faults of one page, as sentences."""

    def __init__(self, html, lesson):
        super().__init__()
        self.faults, self.headings, self.players, self.links = [], 0, 0, set()
        self.feed(html)
        if self.headings != 1:
            self.faults.append(f"it has {self.headings} headings of the first level")
        if lesson and not self.players:
            self.faults.append("it is a lesson without a player")

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.headings += tag == "h1"
        address = attributes.get(FETCHED.get(tag)) or ""
        if tag == "link" and {"stylesheet", "preload", "icon"} & set((attributes.get("rel") or "").split()):
            address = attributes.get("href") or ""
        if address.startswith(ABROAD):
            self.faults.append(f"<{tag}> is fetched from {address[:80]}")
        if tag == "a":
            self.links.add(attributes.get("href") or "")
        if tag == "img" and not attributes.get("alt"):
            self.faults.append(f"a picture has no text in its place: {(attributes.get('src') or '')[:60]}")
        if tag == "audio":
            self.players += 1
            if not attributes.get("aria-label"):
                self.faults.append("a player has no name")
            if "autoplay" in attributes:
                self.faults.append("a player starts by itself")


def leads(page, link):
    """Whether a link on a page leads elsewhere, or to a file of the site."""
    address = urlsplit(link)
    return bool(address.scheme or address.netloc) or (page.parent / unquote(address.path)).exists()


def faults(site):
    """The faults of every page of the site in the folder `site`, as sentences."""
    found = []
    for path in sorted(site.rglob("*.html")):
        if path.name not in MADE_BY_SPHINX and "_static" not in path.parts:
            page = Page(path.read_text(encoding="utf-8"), lesson=path.match(LESSONS))
            broken = [f"a link leads nowhere: {link}" for link in sorted(page.links) if not leads(path, link)]
            if (size := path.stat().st_size) > MOST_BYTES:
                broken.append(f"it holds {size / 1e6:.1f} MB, which is more than {MOST_BYTES / 1e6:g}")
            found += [f"{path.relative_to(site)}: {fault}" for fault in page.faults + broken]
    return found


def main():
    site = Path(sys.argv[1])
    found = faults(site)
    lessons = len(list(site.glob(LESSONS)))
    print("\n".join(found) or f"{lessons} lessons and their site are as they should be.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
