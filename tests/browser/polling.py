"""Waiting for a page."""

import time


def until(page, condition, seconds=30):
    """Wait for a condition; Playwright's own way is `eval`, which a page's policy may forbid."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)
