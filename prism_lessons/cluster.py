"""Ray, which carries what one process cannot: a search of settings, a class's trainings."""

import contextlib
import importlib.util
import os
from pathlib import Path

from .errors import CourseError, in_short

PIP = {"ray": '"ray[tune]"'}  # what pip calls a library, where that is not its name


def need(what, *libraries):
    """Raise a `CourseError` if one of the libraries that `what` needs is not installed."""
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if missing:
        names = " ".join(PIP.get(name, name) for name in libraries)
        raise CourseError(f"{what} needs {' and '.join(missing)}: type  python -m pip install {names}  and try again.")


@contextlib.contextmanager
def connected(address):
    """A Ray cluster to work on: the one at the address, or this machine for as long as the work lasts."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing of what is done here is sent anywhere
    import ray

    if ray.is_initialized():
        yield
        return
    if address:
        here = {"address": address, "runtime_env": {"py_modules": [str(Path(__file__).parent)]}}
    else:
        here = {"include_dashboard": False}
    try:
        ray.init(**here, logging_level="error", log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise CourseError(f'No Ray cluster answers at "{address}" ({in_short(error)}).') from error
    try:
        yield
    finally:
        ray.shutdown()
