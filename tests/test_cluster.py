"""Ray is begun again where its helpers were too slow, and what it says at last is a sentence."""

import sys

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
    ("address", "begun", "said"), [(None, 3, "on this machine .*timed out"), ("auto", 1, 'at "auto" .*timed out')]
)
def test_what_does_not_begin_is_a_sentence(monkeypatch, address, begun, said):
    monkeypatch.setitem(sys.modules, "ray", ray := Slow(9))
    with pytest.raises(CourseError, match=said), cluster.connected(address):
        pass
    assert len(ray.begun) == begun
