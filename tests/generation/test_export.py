"""A model as a page: what it holds, what it leaves out, and where it is refused."""

import base64
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons.cli import main
from prism_lessons.errors import CourseError
from prism_lessons.generation import write_gallery, write_page

TRAINED = Path(__file__).parents[2] / "datasets_examples" / "trained"
LARGEST_PAGE = 2_500_000  # bytes, of a sketch in half precision


@pytest.fixture
def breath():
    return pl.Run(TRAINED / "breath").capsule()


def weights_in(page):
    """The bytes of the model in a page."""
    return base64.b64decode(re.search(r'"bytes":"([^"]*)"', page.read_text(encoding="utf-8"))[1])


def test_a_sketch_is_a_page_small_enough_to_send_and_single_precision_is_larger(breath, tmp_path):
    half, single = (write_page(breath, tmp_path / f"{name}.html", precision=name) for name in ("half", "single"))
    assert half.stat().st_size < LARGEST_PAGE
    assert len(weights_in(single)) > 1.5 * len(weights_in(half))
    assert "half precision" in half.read_text(encoding="utf-8")
    assert "half precision" not in single.read_text(encoding="utf-8")


def test_the_page_names_the_model_its_card_and_that_a_model_makes_the_sound(breath, tmp_path):
    page = write_page(breath, tmp_path / "my wind.html").read_text(encoding="utf-8")
    assert "<h1>my wind</h1>" in page and f"after {breath.about['epoch']} epochs" in page
    assert "Origin and consent" in page and "trainedAlgorithmicMedia" in page


def test_what_may_not_be_shared_is_no_page(breath, tmp_path):
    kept = replace(breath, about=breath.about | {"not_to_share": ['the consent of "anna.wav"']})
    with pytest.raises(CourseError, match=r'may not be shared, because of the consent of "anna\.wav"'):
        write_page(kept, tmp_path / "kept.html")
    assert not (tmp_path / "kept.html").exists()


def test_moments_of_recordings_that_may_not_be_passed_on_are_left_out(tmp_path):
    bells = pl.Run(TRAINED / "bells").capsule()
    withheld = replace(bells, about=bells.about | {"withheld": {"gong.wav": "is not to be passed on"}})
    moments = bells.weights["moments"]
    assert (withheld.shareable().weights["moments"] != moments).any()
    pages = [write_page(model, tmp_path / "a.html") and weights_in(tmp_path / "a.html") for model in (bells, withheld)]
    frame = bells.settings.frame_sizes[-1]
    ends = {np.int32(moment[-frame:]).tobytes() for moment in moments}  # a page has the states that follow, and these
    assert [any(end in page for end in ends) for page in pages] == [True, False]


@pytest.mark.parametrize(
    ("name", "precision", "said"),
    [("a.capsule", "half", "should end in .html"), ("a.html", "double", 'There is no precision "double"')],
)
def test_a_wrong_name_or_precision_is_refused(breath, tmp_path, name, precision, said):
    with pytest.raises(CourseError, match=said):
        write_page(breath, tmp_path / name, precision=precision)


def test_the_command_line_exports_a_page(tmp_path, capsys):
    assert main(["export", str(TRAINED / "breath"), str(tmp_path / "wind.html")]) == 0
    assert f"{tmp_path / 'wind.html'}: epoch" in capsys.readouterr().out
    assert main(["export", str(TRAINED / "breath"), str(tmp_path / "wind.txt")]) == 2
    assert "should end in .capsule" in capsys.readouterr().err


def test_a_gallery_leads_to_every_page_of_a_model_also_in_folders_and_says_what_each_learned_from(breath, tmp_path):
    bells = pl.Run(TRAINED / "bells").capsule()
    (tmp_path / "Zoë & Ana").mkdir()
    write_page(breath, tmp_path / "wind.html")
    write_page(replace(bells, card="# Bells\n\nRecorded in <b>Graz</b>"), tmp_path / "Zoë & Ana" / "bells 2.html")
    (tmp_path / "notes.html").write_text("<h1>Not a model</h1><script id='about'>{}</script>", encoding="utf-8")
    page = write_gallery(tmp_path)
    assert page == tmp_path / "index.html" and write_gallery(tmp_path) == page  # its own page is written again
    text = page.read_text(encoding="utf-8")
    assert re.findall(r'<h2><a href="([^"]*)">([^<]*)<', text) == [
        ("Zo%C3%AB%20%26%20Ana/bells%202.html", "bells 2"),
        ("wind.html", "wind"),
    ]
    assert "&lt;b&gt;Graz" in text and "16000 Hz, after" in text and "whisper_aeiou_ai" in text


def test_a_folder_without_pages_of_models_or_with_another_index_is_told_in_a_sentence(breath, tmp_path, capsys):
    assert main(["gallery", str(tmp_path)]) == 2
    assert "plays a model: write one with" in capsys.readouterr().err
    write_page(breath, tmp_path / "wind.html")
    (tmp_path / "index.html").write_text("<h1>My own site</h1>", encoding="utf-8")
    assert main(["gallery", str(tmp_path)]) == 2
    assert "is another page" in capsys.readouterr().err
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "<h1>My own site</h1>"
    assert main(["gallery", str(tmp_path / "nowhere")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    (tmp_path / "index.html").unlink()
    assert main(["gallery", str(tmp_path)]) == 0
