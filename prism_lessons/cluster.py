"""Ray, which carries what one process cannot: a search of settings, a class's trainings."""

import contextlib
import importlib.util
import os
from pathlib import Path

from .errors import CourseError, in_short

CPUS = 2  # of a training: what the presets' figures were measured on
# Ray gives its helpers 15 s to start, which a busy machine may exceed: https://github.com/ray-project/ray/issues/65983
ATTEMPTS = 3
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
    where = f'at "{address}"' if address else "on this machine"
    for left in reversed(range(ATTEMPTS)):
        try:
            ray.init(**here, logging_level="error", log_to_driver=False)
            break
        except Exception as error:  # Ray raises no narrower one when its own helpers were too slow
            ray.shutdown()
            if address or not left:
                raise CourseError(f"No Ray cluster answers {where} ({in_short(error)}).") from error
    try:
        yield
    finally:
        ray.shutdown()


def for_a_training():
    """What a training takes of the cluster, for Ray, and how many there is room for at a time."""
    import ray

    total = ray.cluster_resources()
    needed = {"CPU": 1, "GPU": 1} if total.get("GPU") else {"CPU": min(CPUS, max(1, total.get("CPU", 1)))}
    return needed, max(1, int(min(total.get(name, 0) // count for name, count in needed.items())))
