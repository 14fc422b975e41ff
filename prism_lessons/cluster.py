"""Ray, which carries what one process cannot: a search of settings, a class's trainings."""

import contextlib
import os
from pathlib import Path

from .errors import CourseError, in_short

CPUS = 2  # of a training: what the presets' figures were measured on
# Ray gives its helpers 15 s to start, which a busy machine may exceed: https://github.com/ray-project/ray/issues/65983
ATTEMPTS = 3


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
    for left in reversed(range(ATTEMPTS)):
        try:
            ray.init(**here, logging_level="error", log_to_driver=False)
            break
        except Exception as error:  # Ray raises no narrower one when its own helpers were too slow
            ray.shutdown()
            if address:
                raise CourseError(f'No Ray cluster answers at "{address}" ({in_short(error)}).') from error
            if not left:
                raise CourseError(
                    f"Ray did not start on this machine ({in_short(error)}): close other programs, and try again."
                ) from error
    try:
        yield
    finally:
        ray.shutdown()


def training_resources():
    """What a training takes of a machine of the cluster, for Ray, and how many there is room for at a time."""
    machines = [node["Resources"] for node in _machines()]
    if any(machine.get("GPU") for machine in machines):
        needed = {"CPU": 1, "GPU": 1}
    else:
        needed = {"CPU": min(CPUS, max(1, *(machine.get("CPU", 1) for machine in machines)))}
    room = sum(int(min(machine.get(name, 0) // count for name, count in needed.items())) for machine in machines)
    return needed, max(1, room)


def check_reach(*paths):
    """Raise a `CourseError` if a machine of the cluster does not see one of the files."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    look = ray.remote(num_cpus=0)(lambda: [path for path in paths if not os.path.exists(path)])
    for machine in _machines():
        there = NodeAffinitySchedulingStrategy(machine["NodeID"], soft=False)
        if missing := ray.get(look.options(scheduling_strategy=there).remote()):
            raise CourseError(
                f'The machine "{machine["NodeManagerHostname"]}" of the cluster does not see "{missing[0]}": put it on '
                "a disk that all machines reach by the same path."
            )


def _machines():
    import ray

    return [node for node in ray.nodes() if node["Alive"]]
