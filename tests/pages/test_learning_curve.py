"""The learning curve as a picture and in words: named, honest about what it shows, safe whatever has happened."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from prism_lessons.corpus.codes import Codes, unigram_bits
from prism_lessons.errors import CourseError
from prism_lessons.pages.learning_curve import (
    BESIDE,
    HEIGHT,
    LEAST_BITS,
    MARGIN,
    WIDTH,
    _spread,
    curve_in_words,
    learning_curve,
)
from prism_lessons.run import Epoch, Run


class Tags(HTMLParser):
    """Collects (tag, attributes), the text between, and that of each <text>."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.texts = [], "", []
        self.feed(str(text))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._within = tag

    def handle_data(self, data):
        self.text += data
        if self._within == "text" and data.strip():
            self.texts.append(data)


def of(bits, events=(), **references):
    """What a curve is drawn from: (training, validation) bits of each epoch."""
    log = [Epoch(number, *pair, 30.0 * number, 1000 * number, 1e-3) for number, pair in enumerate(bits, start=1)]
    return SimpleNamespace(log=log, references={"uniform": 8.0, "unigram": 7.5, **references}, events=list(events))


def names(svg):
    """{name: (x, y)} of the texts beside the curve."""
    places = [(float(found["x"]), float(found["y"])) for tag, found in svg.tags if tag == "text"]
    return {text: place for text, place in zip(svg.texts, places, strict=True) if place[0] > WIDTH - BESIDE}


def numbers(svg):
    """Every number that the picture is drawn with."""
    drawn = [found.get(name, "0") for _, found in svg.tags for name in ("d", "cx", "cy", "x", "y")]
    return [float(number) for text in drawn for number in re.findall(r"[^\sA-Za-z,]+|nan|inf", text)]


def test_the_curve_says_in_words_what_it_shows(straight):
    svg = Tags(learning_curve(straight))
    _, attributes = svg.tags[0]
    assert attributes["role"] == "img"
    assert attributes["aria-label"] == curve_in_words(straight)
    for entry in straight.log:
        said = f"epoch {entry.epoch}: {entry.validation_bits:.2f}, training {entry.bits:.2f}"
        assert said in attributes["aria-label"]
    assert "blind chance 8.00" in svg.text


def test_the_curve_has_the_reference_lines_that_the_run_has():
    for references in ({}, {"linear_prediction": 3.2}):
        svg, words = (draw(of([(5, 5), (4, 4)], **references)) for draw in (learning_curve, curve_in_words))
        assert ("linear prediction 3.20" in svg) == ("(linear prediction) 3.20" in words) == bool(references)
        assert "counting 7.50" in svg and "how often each value occurs 7.50" in words


def test_training_and_validation_differ_by_more_than_colour():
    svg = Tags(learning_curve(of([(5, 5), (4, 4)])))
    drawn = [found for tag, found in svg.tags if tag == "path" and found.get("stroke-width") == "2"]
    assert ["stroke-dasharray" in found for found in drawn] == [True, False]
    assert len([tag for tag, _ in svg.tags if tag == "circle"]) == 2
    assert "training dashed, validation solid with dots" in svg.text


@pytest.mark.parametrize("together", [8.0, 4.0, 0.0])
def test_names_of_lines_that_lie_together_do_not_overlap(together):
    references = {"uniform": 8.0, "unigram": together, "linear_prediction": together}
    found = names(Tags(learning_curve(of([(together, together)] * 3, **references))))
    assert len(found) == 5
    heights = sorted(height for _, height in found.values())
    assert min(np.diff(heights)) >= 13  # the size of the font
    assert heights[0] > 13 and heights[-1] < HEIGHT
    # DejaVu Sans, among the widest of its kind, needs 0.55 of the size for a letter on average.
    assert all(x + len(text) * 13 * 0.55 <= WIDTH for text, (x, _) in found.items())


def test_the_fall_takes_half_of_the_height_and_what_lies_far_from_it_is_said_to():
    run = of([(4.8, 4.9), (4.5, 4.6), (4.4, 4.55)], linear_prediction=4.3)
    svg = Tags(learning_curve(run))
    heights = [float(found["cy"]) for tag, found in svg.tags if tag == "circle"]
    assert heights[-1] - heights[0] > 0.6 * (HEIGHT - 2 * MARGIN) / 2  # of 0.5 bits, validation fell 0.35
    assert {"↑ blind chance 8.00", "↑ counting 7.50", "linear prediction 4.30"} <= set(svg.texts)
    assert "arrows: above or below this picture" in svg.texts
    assert "The picture shows 4.3 to 4.9 bits." in curve_in_words(run)
    axis = [float(text) for text in svg.texts if re.fullmatch(r"[\d.]+", text)]
    assert len(axis) >= 3 and axis == sorted(axis) and axis[0] > 4 and axis[-1] < 5


def test_a_curve_that_hardly_moves_is_not_made_to_look_like_a_mountain():
    svg = Tags(learning_curve(of([(4.00, 4.01), (4.01, 4.00)])))
    heights = [float(found["cy"]) for tag, found in svg.tags if tag == "circle"]
    assert np.ptp(heights) <= 0.02 / LEAST_BITS * (HEIGHT - 2 * MARGIN)


def test_names_that_have_room_stand_where_their_lines_end():
    svg = Tags(learning_curve(of([(5, 5), (2, 4)], unigram=6)))
    heights = {text.rpartition(" ")[0]: y for text, (_, y) in names(svg).items()}
    two_bits = heights["counting"] - heights["blind chance"]
    assert heights["validation"] - heights["counting"] == pytest.approx(two_bits, abs=0.2)
    assert heights["training"] - heights["validation"] == pytest.approx(two_bits, abs=0.2)


@pytest.mark.parametrize("seed", range(20))
def test_any_number_of_names_keeps_its_order_and_its_room(seed):
    chance = np.random.default_rng(seed)
    places = (chance.integers(0, 20, chance.integers(1, 12)) * 10.0).tolist()
    spread = _spread(places, 17, 200)
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(np.array(spread)[order]) >= 17) and max(spread) <= 200
    assert _spread(spread, 17, 200) == spread


def test_bits_that_are_no_number_leave_a_gap_and_are_said():
    bits = [(5.0, 5.0), (4.0, np.nan), (np.inf, 4.0), (3.0, 3.0), (3.0, 3.5), (-np.inf, np.inf)]
    for run in (of(bits), of(bits[:2]), of([(np.nan, np.nan)])):
        svg = Tags(learning_curve(run))
        assert all(np.isfinite(numbers(svg)))
        for entry in run.log:
            if not np.isfinite(entry.validation_bits):
                assert f"epoch {entry.epoch}: no number" in svg.tags[0][1]["aria-label"]
    svg = Tags(learning_curve(of(bits)))
    assert sum(tag == "circle" for tag, _ in svg.tags) == 4
    lines = [found["d"] for tag, found in svg.tags if found.get("stroke-width") == "2"]
    assert [line.count("M") for line in lines] == [2, 2]  # training 1-2 and 4-5, validation 1 and 3-5
    assert svg.text.count("are not a number") == 3


def test_bits_far_beyond_blind_chance_do_not_press_the_rest_flat():
    svg = Tags(learning_curve(of([(5.0, 5.0), (1e30, 1e30), (3.0, 3.0)])))
    heights = [float(found["cy"]) for tag, found in svg.tags if tag == "circle"]
    assert heights[1] == MARGIN  # the upper edge
    assert heights[2] - heights[0] > 10


def test_what_happened_is_marked_with_its_sentence_and_said():
    events = [
        {"kind": "begun", "epoch": 0, "text": "Begun."},
        {"kind": "changed", "epoch": 2, "text": 'Now "dim" < 5.'},
        {"kind": "blown up", "epoch": 9, "back_to": 1, "rate_factor": 0.5, "text": "It went back to epoch 1."},
    ]
    run = of([(5, 5), (4, 4), (3, 3)], events)
    svg = Tags(learning_curve(run))
    assert [tag for tag, _ in svg.tags].count("title") == 2
    for said in ('After epoch 2: Now "dim" < 5.', "After epoch 9: It went back to epoch 1."):
        assert said in svg.text and said in svg.tags[0][1]["aria-label"]
    assert "Begun" not in svg.text
    assert max(numbers(svg)) <= WIDTH  # an epoch that is no longer there is marked at the end


def test_a_curve_of_one_epoch_can_be_drawn(straight):
    young = SimpleNamespace(log=straight.log[:1], references=straight.references, events=[])
    assert "epoch 1" in learning_curve(young)


def test_a_run_without_an_epoch_has_no_curve_and_says_so(straight, tmp_path):
    run = Run.begin(tmp_path / "young", straight.settings, "card")
    with pytest.raises(CourseError, match="no finished epoch yet"):
        learning_curve(run)
    assert "epochs trained: 0" in repr(run) and "epochs trained: 2, " in repr(straight)


def test_a_run_knows_what_guessing_without_listening_would_need(straight):
    assert straight.references["uniform"] == 8
    assert 0 < straight.references["unigram"] < 8


def test_unigram_bits_are_the_entropy_when_both_parts_have_the_same_codes():
    codes = Codes.of_arrays([np.repeat([10, 20, 30, 40], 100_000)], 128)
    assert abs(unigram_bits(codes, codes, 256) - 2) < 0.01


def test_unigram_bits_stay_finite_for_codes_that_training_never_saw():
    seen, new = (Codes.of_arrays([np.full(1000, code)], 128) for code in (1, 2))
    assert np.isfinite(unigram_bits(seen, new, 256))
    assert unigram_bits(seen, new, 256) > 8
