"""Results for files, kept in the user's cache, so that a file that has not changed is not read again."""

import hashlib
import json
import os
from contextlib import suppress
from functools import cache

from platformdirs import user_cache_path

from ..errors import CourseError
from ..files import atomic_write, digest


class FileCache:
    """A cache of results for the files of one folder, as plain values.

    A file counts as unchanged while its size and modification time are the same.

    Parameters
    ----------
    root
        The folder; nothing is written there.
    kind
        The subfolder of the user's cache, such as "surveys".
    version
        A name for the code behind the results, such as from `code_version`; results of other versions do not count.
    """

    def __init__(self, root, kind, version):
        self._root = os.path.abspath(root)
        self._path = user_cache_path("prism-lessons") / kind / f"{digest(self._root, version)}.json"
        self._changed = False
        try:
            self._entries = json.loads(self._path.read_text(encoding="utf-8"))
            self._entries.items  # noqa: B018 - whether it is a dictionary
        except (OSError, ValueError, AttributeError):  # a missing or damaged cache costs time and nothing else
            self._entries = {}

    def get(self, path):
        """The values of a file, or None where it has changed or was never looked at."""
        with suppress(OSError, TypeError, KeyError, ValueError):
            state, values = self._entries[self._key(path)]
            if state == _file_state(path):
                return values
        return None

    def put(self, path, values):
        """Keep the values of a file, to be written by `save`."""
        with suppress(OSError):
            self._entries[self._key(path)] = _file_state(path), values
            self._changed = True

    def save(self):
        """Write the cache; where it cannot be written, the next time takes as long as this one."""
        if not self._changed:
            return
        with suppress(CourseError), atomic_write(self._path) as partial:
            partial.write_text(json.dumps(self._entries), encoding="utf-8")

    def _key(self, path):
        return os.path.relpath(os.path.abspath(path), self._root).encode(errors="surrogateescape").hex()


def _file_state(path):
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]


@cache
def code_version(*files):
    """A name for the code in some files: a hash, so that results of another version are not used."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
