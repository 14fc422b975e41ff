"""A search on Ray: what a kill in its middle costs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import prism_lessons as pl
from prism_lessons.presets import find_preset
from prism_lessons.tuning import Search, search

DRIVER = """
import json, sys, prism_lessons as pl
from prism_lessons.presets import PRESETS
PRESETS["sketch"] = PRESETS["sketch"].changed(**json.loads(sys.argv[3]))
found = pl.tune(sys.argv[1], sys.argv[2], trials=2, minutes=0.01, space={"dim": [8, 12]})
"""


def test_a_search_that_is_killed_goes_on_without_losing_a_trial_or_making_one_twice(hum_corpus, small, tmp_path):
    folder = tmp_path / "search"
    command = [sys.executable, "-c", DRIVER, str(hum_corpus.folder), str(folder), json.dumps(small)]
    killed = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (folder / "trials" / "02" / "run.json").is_file():
        assert killed.poll() is None
        time.sleep(0.1)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    first = pl.Run(folder / "trials" / "01").log
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    found = Search(folder)
    assert [trial.name for trial in found.trials] == ["01", "02"]
    assert sorted(path.name for path in (folder / "trials").iterdir()) == ["01", "02"]
    assert pl.Run(folder / "trials" / "01").log[: len(first)] == first
    assert {trial.state for trial in found.trials} <= {search.FULL, search.STOPPED}
    best = min((trial for trial in found.trials if trial.state == search.FULL), key=lambda trial: trial.score)
    assert found.best == best and find_preset(str(folder / "best.json")).model.dim == best.changes["dim"]
    assert Path(found.run(best).folder).name == best.name and "<audio" in (folder / "search.html").read_text()
