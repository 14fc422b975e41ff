"""Lines: what a composer writes for a temperature that moves, and what it is at each moment."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prism_lessons.errors import CourseError
from prism_lessons.generation.envelopes import MOST_POINTS, SHARES, Envelope, envelopes_of


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("0.9", ((0, 0.9),)),
        (" .9 ", ((0, 0.9),)),
        ("0:0.7, 10:1.1, 20:0.8", ((0, 0.7), (10, 1.1), (20, 0.8))),
        ("0:0.7;10:1.1", ((0, 0.7), (10, 1.1))),
        ("2.5:1", ((2.5, 1),)),
        ("1m30:0.7, 2m:1", ((90, 0.7), (120, 1))),
        ("0:0.5, 4:0.5, 4:2,", ((0, 0.5), (4, 0.5), (4, 2))),
    ],
)
def test_a_line_is_read_as_it_is_written(text, points):
    assert Envelope.of(text).points == points


@pytest.mark.parametrize("number", [0.9, 1, np.float64(0.9), np.int64(2)])
def test_a_number_is_a_line_that_never_moves(number):
    assert Envelope.of(number).points == ((0.0, float(number)),)
    assert Envelope.of(number).constant
    assert Envelope.of("0:1, 9:1").constant and not Envelope.of("0:1, 9:1.1").constant


def test_between_its_points_a_line_glides_and_outside_them_it_stays():
    line = Envelope.of("2:0.5, 4:1.5, 6:1")
    seconds = np.array([0, 2, 2.5, 3, 4, 5, 6, 60])
    values = line.at(seconds)
    np.testing.assert_allclose(values, [0.5, 0.5, 0.75, 1, 1.5, 1.25, 1, 1], rtol=1e-6)
    assert values.dtype == np.float32 and line.at(np.zeros((3, 2))).shape == (3, 2)


def test_two_points_at_one_time_are_a_step_at_that_very_sample():
    for rate in (16000, 44100, 22050):
        for sample in (1, 777, 1600, 123457):
            line = Envelope(((0, 0.5), (sample / rate, 0.5), (sample / rate, 2)))
            np.testing.assert_array_equal(line.at(np.arange(sample - 1, sample + 2) / rate), np.float32([0.5, 2, 2]))


@pytest.mark.parametrize("text", ["0.9", "0:0.7, 10:1.1", "90:0.7, 120.25:1", "0:0.5, 4:0.5, 4:2", "0:0.123456, 1:1"])
def test_a_line_is_written_as_it_is_read(text):
    assert str(Envelope.of(text)) == text


times = st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=8).map(sorted)


def test_zero_has_no_sign():
    assert str(Envelope(((-0.0, -0.0),))) == "0"


@given(times, st.data())
@settings(deadline=None)
def test_what_is_written_of_a_line_is_that_line_however_small_or_late(times, data):
    values = data.draw(st.lists(st.integers(0, 10**6), min_size=len(times), max_size=len(times)))
    line = Envelope(tuple((time / 1000, value / 10**6) for time, value in zip(times, values, strict=True)))
    again = Envelope.of(str(line), "share", SHARES)
    assert again.points == (line.points if not line.constant else ((0.0, line.points[0][1]),))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ",", "\0", "loud", "∞", "½", "²", "nan", "inf", "1e0", "1e999", "0x1", "1_0", "+1", "--1", "1,5"),
        *(":1", "0:", "m:1", "1m60m:1", "-1:0.7", "-0:0.7", "0:1-", "0:0.7:3", "0:0.7 10:1.1", "0:0.7\n1:1"),
        *("0:0.7, 1", "0:0.7, nan:1", "9" * 400, "0:" + "9" * 10**6, "0:0.7, " * 2000, "🎵" * 1000),
    ],
)
def test_a_text_that_is_no_line_is_refused_in_one_short_sentence(text):
    with pytest.raises(CourseError) as refused:
        Envelope.of(text)
    sentence = str(refused.value)
    assert "temperature" in sentence and "0:0.7, 10:1.1" in sentence and len(sentence) < 250


@given(st.one_of(st.text(), st.text("0123456789.:,;m -e"), st.floats(), st.integers(), st.binary(), st.booleans()))
@settings(deadline=None, max_examples=500)
def test_whatever_is_given_is_a_line_within_its_limits_or_refused(value):
    try:
        line = Envelope.of(value)
    except CourseError:
        return
    values = line.at(np.array([0.0, 1.5, 1e9]))
    assert ((values >= np.float32(0.05)) & (values <= 5)).all()


@pytest.mark.parametrize("value", [0.05, 5, "0:0.05, 1:5"])
def test_a_line_may_reach_its_limits(value):
    assert Envelope.of(value)


@pytest.mark.parametrize(
    "value", [0, 0.049, 5.01, -1, math.nan, math.inf, -math.inf, 10**400, "0:0.7, 1:5.1", "0", "-0.5", "0:-1"]
)
def test_and_not_leave_them(value):
    with pytest.raises(CourseError, match=r"temperature must be 0.05 to 5, not"):
        Envelope.of(value)
    with pytest.raises(CourseError, match=r"temperature must be 0.05 to 5, not"):
        envelopes_of([1.0, value], 2)


@pytest.mark.parametrize("value", [True, np.True_, None, [1.0], {}, b"0.9", 1j, object(), np.array(0.9), [[1.0]]])
def test_what_is_neither_number_nor_text_is_refused(value):
    with pytest.raises(CourseError, match="temperature must be a number, or a line such as"):
        Envelope.of(value)


def test_a_share_is_named_and_has_limits_of_its_own():
    assert Envelope.of("0:0, 10:1", "share", SHARES).at(5.0) == 0.5
    with pytest.raises(CourseError, match="share must be 0 to 1, not 2"):
        Envelope.of(2, "share", SHARES)
    with pytest.raises(CourseError, match="not a line for the share"):
        Envelope.of("half", "share", SHARES)


@pytest.mark.parametrize(
    "points", [(), None, 5, ((0, "loud"),), ((1, 2, 3),), ((math.nan, 1),), ((1e9, 1),), ((-1, 1),)]
)
def test_points_must_be_points(points):
    with pytest.raises(CourseError, match="A line needs points"):
        Envelope(points)


@pytest.mark.parametrize(
    "make", [lambda: Envelope.of("0:0.7, 5:0.9, 3:0.8"), lambda: Envelope(((0, 0.7), (5, 0.9), (3, 0.8)))]
)
def test_a_line_runs_forwards(make):
    with pytest.raises(CourseError, match="3 s stands after 5 s"):
        make()


def test_a_line_may_have_a_thousand_points_and_no_more():
    many = ", ".join(f"{second}:1" for second in range(MOST_POINTS))
    assert len(Envelope.of(many).points) == MOST_POINTS
    with pytest.raises(CourseError, match="at most 1000"):
        Envelope.of(many + ", 1000:1")


def test_each_voice_follows_its_own_line_or_all_the_same():
    assert envelopes_of(0.9, 3) == [Envelope.of(0.9)] * 3
    assert envelopes_of("0:0.7, 9:1", 2) == [Envelope.of("0:0.7, 9:1")] * 2
    assert envelopes_of([0.9], 3) == [Envelope.of(0.9)] * 3
    assert envelopes_of((0.9, "0:0.7, 9:1", Envelope.of(2)), 3) == [
        Envelope.of(0.9),
        Envelope.of("0:0.7, 9:1"),
        Envelope.of(2),
    ]
    assert [str(line) for line in envelopes_of(np.linspace(0.5, 1.5, 3), 3)] == ["0.5", "1", "1.5"]


@pytest.mark.parametrize("values", [[], [1, 1], (1, 1, 1, 1), np.ones(2)])
def test_a_list_has_one_value_or_one_for_each_voice(values):
    with pytest.raises(CourseError, match=f"{len(values)} temperatures were given for 3 voices: give one, or one each"):
        envelopes_of(values, 3)


@pytest.mark.parametrize("value", [np.array(0.9), np.ones((3, 2)), [[1], [1], [1]], {0.9, 1.0}])
def test_a_list_of_lists_is_refused(value):
    with pytest.raises(CourseError, match="temperature must be a number"):
        envelopes_of(value, 3)


def test_a_line_of_decibels_runs_below_zero():
    line = Envelope.of("0:-40, 5:-12.5", "loudness", (-80, 0))
    assert line.points == ((0, -40), (5, -12.5)) and str(line) == "0:-40, 5:-12.5"
