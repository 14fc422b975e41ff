"""What a search says of its trials: how sure it is, and a page to read, see and hear."""

import copy
import re
from dataclasses import replace

import pytest

import prism_lessons as pl
from prism_lessons import notebook
from prism_lessons.presets import find_preset
from prism_lessons.tuning import results
from prism_lessons.tuning.picture import parallel_coordinates, value_in_words


@pytest.fixture(scope="module")
def page(made_search):
    return made_search.page().read_text(encoding="utf-8")


def changed(search, number, **values):
    """A search in which a trial, by its place, has other values."""
    search = copy.copy(search)
    search.trials = [
        replace(trial, **values) if place == number else trial for place, trial in enumerate(search.trials)
    ]
    return search


def test_trials_are_compared_at_a_training_time_that_all_have_reached(made_search):
    assert made_search.equal_seconds == 15
    assert [trial.score_at(15) for trial in made_search.trials] == [4.75, 4.45, 4.75, 4.75, 4.75, None]
    assert made_search.trials[0].score_at(14.9) is None


def test_what_differs_with_the_score_decided_and_what_does_not_did_not(made_search):
    assert set(made_search.importance) == {"dim", "predictors", "skip_connections"}
    assert made_search.importance["predictors"] == 0
    assert made_search.importance["dim"] + made_search.importance["skip_connections"] == pytest.approx(1, abs=0.002)
    for name, share in made_search.importance.items():
        low, high = made_search.importance_ranges[name]
        assert low <= share <= high


@pytest.mark.parametrize(
    ("gain", "criterion", "said"),
    [
        (0.3, "bits", "0.300 less .* this is more"),
        (0.004, "bits", "0.004 less .* may be luck"),
        (0.3, "pitch", "0.300 less .* has not been measured"),
        (0.0, "bits", "own settings are the best"),
        (-0.3, "bits", "own settings are the best"),
    ],
)
def test_how_sure_a_difference_is_stands_beside_it(gain, criterion, said, made_search):
    search = changed(made_search, 1, score=made_search.unchanged.score - gain)
    search.criterion = criterion
    words = " ".join(search.verdict)
    assert re.search(said, words) and ("luckiest of 6" in words) == (gain > 0)


def test_every_trial_is_on_the_page_with_players_of_its_last_epoch(made_search, page, straight):
    assert page.count("<audio") == 5 * len(straight.clips[straight.log[-1].epoch])
    assert re.findall(r'<th scope="row">(\d\d)</th>', page) == ["02", "01", "03", "04", "05", "06"]
    assert "failed: It &lt;b&gt;blew&lt;/b&gt; up." in page
    assert "dim 8, skip_connections yes" in page and "those of the preset" in page


def test_the_picture_says_in_words_what_it_shows(made_search):
    picture = parallel_coordinates(made_search)
    assert picture.count("<title>") == 5 and "02, the best" in picture and "01, the preset" in picture
    assert "5 trials" in picture and "trial 02: 4.450" in picture


@pytest.mark.parametrize(("value", "words"), [([], "none"), ([8, 32], "8, 32"), (True, "yes"), (0.5, "0.5"), (2, "2")])
def test_values_are_written_in_words(value, words):
    assert value_in_words(value) == words


def test_a_trial_chosen_by_ear_is_a_preset_too(made_search, tmp_path):
    made_search.preset(made_search.trials[2]).save(tmp_path / "mine.json")
    assert find_preset(str(tmp_path / "mine.json")).model.dim == 32
    assert find_preset(str(made_search.folder / "best.json")).model.dim == 8
    with pytest.raises(pl.CourseError, match="preset"):
        made_search.preset(made_search.trials[5])


def test_an_interrupted_search_says_what_is_missing_and_can_be_heard(made_search, tmp_path):
    unfinished = changed(made_search, 4, state=results.GOING)
    page = unfinished.page(tmp_path / "search.html").read_text(encoding="utf-8")
    for words in (str(unfinished), page):
        assert "5 of 6 trials have ended. Run the same again to go on." in words
    assert made_search.ended and not unfinished.ended


def test_a_trial_whose_run_is_gone_is_still_told(made_search, tmp_path):
    search = copy.copy(made_search)
    search.run = lambda trial: pl.Run(tmp_path / "gone")
    page = search.page(tmp_path / "search.html").read_text(encoding="utf-8")
    assert "those of the preset" in page and "<audio" not in page


def test_a_cell_shows_the_page_and_a_terminal_the_words(made_search):
    shown = notebook.search_shown(made_search)
    assert "Search for settings" in shown.html and "<audio" in shown.html and repr(shown) == str(made_search)
