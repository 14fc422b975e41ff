"""Where libraries keep what they worked out: the user's own cache or, where that cannot be written, a temporary folder.

On a shared hub and in a lab's image, neither the user's folder nor the installation may be writable. Numba then refuses
to compile what it was asked to keep (librosa asks too), Matplotlib warns, and Keras reads what anybody may have put
into /tmp/.keras. All of them go by variables, which have to be set before they are imported.
"""

import os
import stat
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

# Each library's variable, and its folder in the temporary one.
VARIABLES = {"XDG_CACHE_HOME": "", "NUMBA_CACHE_DIR": "numba", "MPLCONFIGDIR": "matplotlib", "KERAS_HOME": "keras"}


def find_room():
    """Send libraries to a temporary folder where the user's own cannot be written; variables that are set stay."""
    if _writable(Path(os.path.expanduser("~"))) and _writable(user_cache_path()):
        return
    try:
        room = _private()
    except OSError:  # nothing at all can be written here; what needs a file will say so
        return
    for variable, name in VARIABLES.items():
        os.environ.setdefault(variable, str(room / name))


def _writable(folder):
    """Whether a file can be made in a folder."""
    if not folder.is_absolute():  # "~", where nobody knows a home
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _private():
    """This user's own folder among the temporary ones. Compiled code is run, so nobody else may write there."""
    if not hasattr(os, "getuid"):  # on Windows, temporary files lie in the user's own folder
        return Path(tempfile.gettempdir(), "prism-lessons")
    room = Path(tempfile.gettempdir(), f"prism-lessons-{os.getuid()}")
    room.mkdir(mode=0o700, exist_ok=True)
    status = room.lstat()
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return room if private else Path(tempfile.mkdtemp(prefix="prism-lessons-"))
