"""Where libraries put their caches: the user's cache folder or, if that is not writable, a temporary folder.

On a shared hub and in a lab's image, neither the user's folder nor the installation may be writable. Numba then refuses
to compile functions that are to be cached (librosa's too), Matplotlib warns, and Keras reads whatever anybody put into
/tmp/.keras. All of them use environment variables, which must be set before they are imported.
"""

import os
import stat
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

# Each library's variable, and its folder in the temporary one.
VARIABLES = {"XDG_CACHE_HOME": "", "NUMBA_CACHE_DIR": "numba", "MPLCONFIGDIR": "matplotlib", "KERAS_HOME": "keras"}


def redirect_caches():
    """Point libraries to a temporary folder if the user's own is not writable; variables already set are kept."""
    if _writable(Path(os.path.expanduser("~"))) and _writable(user_cache_path()):
        return
    try:
        folder = _private_folder()
    except OSError:  # nothing is writable here; whatever needs a file will raise its own error
        return
    for variable, name in VARIABLES.items():
        os.environ.setdefault(variable, str(folder / name))


def _writable(folder):
    """Whether a file can be created in a folder."""
    if not folder.is_absolute():  # "~", if the home folder is unknown
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _private_folder():
    """This user's private temporary folder. It holds compiled code that is run, so nobody else may write there."""
    if not hasattr(os, "getuid"):  # on Windows, the temporary folder is the user's own
        return Path(tempfile.gettempdir(), "prism-lessons")
    folder = Path(tempfile.gettempdir(), f"prism-lessons-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if private else Path(tempfile.mkdtemp(prefix="prism-lessons-"))
