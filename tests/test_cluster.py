"""Ray is begun again where its helpers were too slow, and what it says at last is a sentence."""

import sys
import types

import pytest

from prism_lessons import CourseError, cluster


class Slow:
    """Ray on a machine where so many attempts to begin it fail."""

    def __init__(self, failures):
        self.failures, self.begun = failures, []

    def is_initialized(self):
        return False

    def init(self, **settings):
        self.begun.append(settings)
        if len(self.begun) <= self.failures:
            raise Exception("The current node timed out during startup.")

    def shutdown(self):
        pass


@pytest.mark.parametrize(("failures", "begun"), [(0, 1), (2, 3)])
def test_a_slow_start_is_tried_again(monkeypatch, failures, begun):
    monkeypatch.setitem(sys.modules, "ray", ray := Slow(failures))
    with cluster.connected(None):
        pass
    assert len(ray.begun) == begun


@pytest.mark.parametrize(
    ("address", "begun", "said"), [(None, 3, "did not start .*timed out"), ("auto", 1, 'at "auto" .*timed out')]
)
def test_what_does_not_begin_is_a_sentence(monkeypatch, address, begun, said):
    monkeypatch.setitem(sys.modules, "ray", ray := Slow(9))
    with pytest.raises(CourseError, match=said), cluster.connected(address):
        pass
    assert len(ray.begun) == begun


@pytest.mark.parametrize(
    ("machines", "needed", "room"),
    [
        ([{"CPU": 2.0}], {"CPU": 2}, 1),
        ([{"CPU": 1.0}, {"CPU": 1.0}], {"CPU": 1}, 2),  # two together are not one with two
        ([{"CPU": 16.0}, {"CPU": 3.0}], {"CPU": 2}, 9),
        ([{"CPU": 16.0}, {"CPU": 8.0, "GPU": 4.0}], {"CPU": 1, "GPU": 1}, 4),
    ],
)
def test_a_training_takes_what_one_machine_has(monkeypatch, machines, needed, room):
    dead = {"Alive": False, "Resources": {"CPU": 64.0}}
    nodes = [dead, *({"Alive": True, "Resources": machine} for machine in machines)]
    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(nodes=lambda: nodes))
    assert cluster.training_resources() == (needed, room)
