"""A search: what it may change, whose folder it takes, and what a kill in its middle costs."""

import os
import re
import shutil

import pytest

import prism_lessons as pl
from prism_lessons import checks
from prism_lessons.cli import main
from prism_lessons.presets import find_preset
from prism_lessons.tuning import SPACE, Search, search, space, tune

SKETCH = pl.PRESETS["sketch"]


def test_every_value_of_the_space_is_one_that_its_setting_takes():
    assert set(space.USUAL) <= set(SPACE)
    for name in SPACE:
        values = space.choose_space([name], SKETCH, by_bits=False)[name]
        assert set(SPACE[name]) <= set(values) and len(values) > 1
        for value in SPACE[name]:
            SKETCH.changed(**{name: value})


def test_the_preset_s_own_value_is_among_those_searched_and_numbers_are_in_order():
    assert space.choose_space({"dim": [128, 32]}, SKETCH, True) == {"dim": (32, 64, 128)}
    assert space.choose_space({"predictors": [[], [16]]}, SKETCH, True) == {"predictors": ((), (16,), (8, 32, 128))}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["sound"], 'no setting "sound"'),
        (["clip_norm"], "Say between which values of clip_norm"),
        ({"dim": [0]}, "dim must be a whole number"),
        ({"dim": [64]}, "something to choose from"),
        (["levels"], "cannot change levels"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused_in_a_sentence(asked, said, hum_corpus, tmp_path):
    with pytest.raises(pl.CourseError, match=said):
        tune(hum_corpus, tmp_path / "search", space=asked)
    assert not (tmp_path / "search").exists()


def test_a_folder_that_holds_something_else_is_left_alone(hum_corpus, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(pl.CourseError, match="holds other things than a search"):
        tune(hum_corpus, tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_the_disk_that_the_largest_trials_need_is_announced_and_a_full_one_told(
    hum_corpus, tmp_path, monkeypatch, capsys
):
    """The sketch's own width, 64, is searched too. A model of 128 has several times the weights of that."""
    monkeypatch.setattr(search, "connected", lambda *_: (_ for _ in ()).throw(pl.CourseError("begun")))
    said = []
    for dims in ([16, 32], [16, 128]):
        with pytest.raises(pl.CourseError, match="begun"):
            tune(hum_corpus, tmp_path / str(dims), trials=3, space={"dim": dims})
        said.append(re.search(r"Disk for 3 trials: up to (.*) MB, and up to", capsys.readouterr().out))
    first, second = (float(found[1]) for found in said)
    assert 1.5 < second / first < 4
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 10))
    with pytest.raises(pl.CourseError, match=r"needs at least .* and 0 kB are free"):
        tune(hum_corpus, tmp_path / "full", trials=3, space={"dim": [16, 32]})


def test_another_search_does_not_go_on_in_the_folder_of_one(hum_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(search, "need", lambda *_: (_ for _ in ()).throw(pl.CourseError("begun")))
    for asked, said in (
        ({}, "begun"),
        ({"trials": 5}, "another trials"),
        ({"space": ["dim"], "seed": 3}, "space and seed"),
    ):
        with pytest.raises(pl.CourseError, match=said):
            tune(hum_corpus, tmp_path / "search", **asked)
    with pytest.raises(pl.CourseError, match="has not ended"):
        Search(tmp_path / "search")


def test_without_ray_it_is_said_what_to_install(hum_corpus, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda name: None if name == "ray" else object())
    assert main(["tune", str(hum_corpus.folder), str(tmp_path / "search"), "--over", "dim=[32,64]"]) == 2
    assert 'needs ray: type  python -m pip install "ray[tune]" optuna' in capsys.readouterr().err


@pytest.mark.parametrize("over", ["dim=64", "dim=[]", "dim=wide"])
def test_values_to_search_are_a_list(over, capsys):
    with pytest.raises(SystemExit):
        main(["tune", "corpus", "search", "--over", over])
    assert "should list values, as in dim=[64,128]" in capsys.readouterr().err


def test_a_preset_in_a_file_stands_for_its_name(tmp_path):
    mine = SKETCH.changed(dim=48, predictors=(), book=0)
    mine.save(tmp_path / "mine.json")
    assert find_preset(str(tmp_path / "mine.json")) == mine
    with pytest.raises(pl.CourseError, match=r"should end in \.json"):
        mine.save(tmp_path / "mine.txt")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "purpose": "", "minutes": 1, "model": {"dim": 0}, "training": {}}',
    ],
)
def test_a_damaged_file_of_a_preset_is_refused_in_a_sentence(text, tmp_path):
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(pl.CourseError, match=r"mine\.json"):
        find_preset(str(tmp_path / "mine.json"))
    with pytest.raises(pl.CourseError, match="preset"):
        find_preset(str(tmp_path / "other.json"))


def test_after_four_trials_proposals_depend_on_what_came_of_those_before():
    widths = {"dim": (16, 32, 48, 64, 80, 96, 112, 128)}

    def proposed(sign):
        proposals, places = search._proposals(widths, SKETCH, seed=0), []
        for trial in map(str, range(10)):
            places.append(proposals.suggest(trial)["dim"])
            proposals.on_trial_complete(trial, {"score": sign * places[-1]})
        return places

    narrow, wide = proposed(1), proposed(-1)
    assert narrow[:4] == wide[:4] and narrow[0] == widths["dim"].index(SKETCH.model.dim)
    assert sum(narrow[4:]) < sum(wide[4:])
