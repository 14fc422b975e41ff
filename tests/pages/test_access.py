"""What holds for every page of the course, whatever is on it."""

import re

from prism_lessons.pages.templating import FOLDER

ANIMATED = re.compile(r"\b(animation|transition|scroll-behavior)\b|@keyframes|\.animate\(|behavior: *.smooth|<animate")


def test_nothing_is_animated():
    found = {path.name: ANIMATED.search(path.read_text(encoding="utf-8")) for path in FOLDER.rglob("*.*")}
    assert len(found) > 30 and not any(found.values()), found
