"""What was found in files before, kept in the user's cache, so that one that has not changed is not read again."""

import hashlib
import json
import os
from contextlib import suppress
from functools import cache

from platformdirs import user_cache_path

from ..errors import CourseError
from ..files import digest, replacing


class Known:
    """What was found in the files of one folder, as plain values.

    A file counts as unchanged while its size and the time of its last change are the same.

    Parameters
    ----------
    root
        The folder; nothing is written there.
    what
        Where in the cache it is kept: "surveys", say.
    version
        A name for what decides what is found, such as `code_version` gives; what another version found does not count.
    """

    def __init__(self, root, what, version):
        self._root = os.path.abspath(root)
        self._path = user_cache_path("prism-lessons") / what / f"{digest(self._root, version)}.json"
        self._new = False
        try:
            self._entries = json.loads(self._path.read_text(encoding="utf-8"))
            self._entries.items  # noqa: B018 - whether it is a dictionary
        except (OSError, ValueError, AttributeError):  # one that is not there, or damaged, costs time and nothing else
            self._entries = {}

    def get(self, path):
        """The values of a file, or None where it has changed or was never looked at."""
        with suppress(OSError, TypeError, KeyError, ValueError):
            state, values = self._entries[self._place(path)]
            if state == _state(path):
                return values
        return None

    def put(self, path, values):
        """Remember what was found in a file."""
        with suppress(OSError):
            self._entries[self._place(path)] = _state(path), values
            self._new = True

    def save(self):
        """Write what was put; where the cache cannot be written, the next time takes as long as this one."""
        if not self._new:
            return
        with suppress(CourseError), replacing(self._path) as partial:
            partial.write_text(json.dumps(self._entries), encoding="utf-8")

    def _place(self, path):
        return os.path.relpath(os.path.abspath(path), self._root).encode(errors="surrogateescape").hex()


def _state(path):
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]


@cache
def code_version(*files):
    """A name for the code in some files: findings of another version are not taken over."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
