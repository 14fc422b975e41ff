"""Choices: written at once, read again as they were, taken back, and never lost to damage or a full disk."""

import json
import subprocess
import sys

import pytest

from prism_lessons.corpus import choices as module
from prism_lessons.corpus.choices import BOTH, MOST_TIMES, SIMILAR, UNKNOWN, Choices, Intention, Origin, State
from prism_lessons.corpus.doctor import Finding
from prism_lessons.corpus.doctor.findings import FaultKind
from prism_lessons.corpus.survey import Survey, SurveyedFile
from prism_lessons.errors import CourseError


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """Three kinds of fault, of which the last cannot be mended."""
    kinds = {key: FaultKind(key, f"the {key}", "", "", "", "") for key in ("clicks", "hum", "short")}
    monkeypatch.setattr(module, "KINDS", kinds)
    monkeypatch.setattr(module, "MENDABLE", ("clicks", "hum"))


@pytest.fixture
def choices(tmp_path):
    return Choices(tmp_path / "course files" / "choices.jsonl")


ACTS = {
    "intend": lambda choices: choices.intend("bells under water", "a bell nobody cast", BOTH),
    "origin": lambda choices: choices.origin("voices/*", maker="Anna Müller", consent="given by the maker"),
    "leave out": lambda choices: choices.leave_out("Take 5.wav", "damaged"),
    "repair": lambda choices: choices.repair("kitchen.wav", "hum", "clicks"),
    "cut": lambda choices: choices.cut("Audio 5.wav", [(3, 4.6)]),
    "weigh": lambda choices: choices.weigh("voices/*", 3),
    "label": lambda choices: choices.label("voices/*", "whisper"),
}


def lines(choices):
    return choices.path.read_text(encoding="utf-8").splitlines() if choices.path.exists() else []


def test_before_the_first_choice_nothing_is_said_and_no_file_is_made(choices):
    assert choices.state == State() and str(choices) == "Nothing has been chosen yet." and not choices.path.exists()
    assert choices.state.origin("a.wav") == Origin() and choices.state.times_of("a.wav") == 1


@pytest.mark.parametrize("act", ACTS)
def test_a_choice_is_in_the_file_at_once_with_its_date(choices, act):
    ACTS[act](choices)
    (line,) = lines(choices)
    assert json.loads(line)["act"] == act and len(json.loads(line)["when"]) == len("2026-11-23T13:00")
    assert Choices(choices.path).state == choices.state != State()


def test_all_choices_are_there_again_when_the_file_is_opened_again(choices):
    for act in ACTS.values():
        act(choices)
    state = Choices(choices.path).state
    assert state.intention == Intention("bells under water", "a bell nobody cast", BOTH)
    assert state.origin("voices/anna.wav") == Origin(maker="Anna Müller", consent="given by the maker")
    assert state.left_out == {"Take 5.wav": "damaged"}
    assert state.remedies == {"kitchen.wav": ("clicks", "hum")}  # in the order in which they are applied
    assert state.segments == {"Audio 5.wav": ((3.0, 4.6),)}
    assert state.times_of("voices/anna.wav") == 3 and state.times_of("Take 1.wav") == 1
    assert str(Choices(choices.path)) == str(choices)


@pytest.mark.parametrize("act", ACTS)
def test_the_same_choice_again_adds_no_line(choices, act):
    ACTS[act](choices)
    before = choices.path.read_bytes()
    ACTS[act](choices)
    ACTS[act](Choices(choices.path))
    assert choices.path.read_bytes() == before


def test_what_changes_nothing_adds_no_line(choices):
    choices.take_in("a.wav")
    choices.leave_as_it_is("a.wav")
    choices.cut("a.wav", [])
    choices.repair("a.wav")
    choices.intend()
    assert choices.undo() == "" and not choices.path.exists()


@pytest.mark.parametrize("act", ACTS)
def test_undo_takes_the_last_choice_back_and_says_which(choices, act):
    choices.leave_out("other.wav")
    before = choices.state
    ACTS[act](choices)
    assert choices.undo().startswith(act)
    assert choices.state == Choices(choices.path).state == before
    assert act not in str(choices).removesuffix("leave out other.wav") and len(lines(choices)) == 3


def test_what_was_chosen_is_told_apart_from_what_it_is_about(choices):
    choices.leave_out("memo 4.wav", "too dark")
    choices.intend(hear="the sea", success="drips")
    choices.origin("*", maker="me", share_model="no")
    choices.weigh("*", 2)
    choices.label("*", "voice")
    assert [line.split("  ", 1)[1] for line in str(choices).splitlines()] == [
        'leave out memo 4.wav: "too dark"',
        'intend: to hear "the sea", success "drips", what matters more "unknown"',
        'origin *: maker "me", sharing the model "no"',
        "weigh *: times 2",
        'label *: group "voice"',
    ]


def test_undo_goes_back_to_the_first_choice_and_a_choice_can_follow(choices):
    choices.leave_out("a.wav")
    choices.leave_out("b.wav")
    assert [choices.undo(), choices.undo(), choices.undo()] == ["leave out b.wav", "leave out a.wav", ""]
    assert Choices(choices.path).state == State() and len(lines(choices)) == 4
    choices.leave_out("b.wav")
    assert list(Choices(choices.path).state.left_out) == ["b.wav"] and str(choices).count("\n") == 0


def test_what_was_left_out_is_taken_in_again(choices):
    choices.leave_out("a.wav", "too noisy")
    choices.leave_out("a.wav", "hums")
    assert choices.state.left_out == {"a.wav": "hums"}
    choices.take_in("a.wav")
    assert choices.state.left_out == {}


def test_remedies_add_up_and_are_taken_off_one_by_one_or_all(choices):
    choices.repair("a.wav", "hum")
    choices.repair("a.wav", "clicks")
    choices.leave_as_it_is("a.wav", "hum")
    assert choices.state.remedies == {"a.wav": ("clicks",)}
    choices.repair("a.wav", "hum")
    choices.leave_as_it_is("a.wav")
    assert choices.state.remedies == {}


def test_every_fault_that_can_be_mended_is_mended_or_only_some_kinds(choices):
    def surveyed(name, *kinds, reason=""):
        return SurveyedFile(name, reason, findings=tuple(Finding(kind, 1, "measured") for kind in kinds))

    survey = Survey(
        "folder",
        (
            surveyed("both.wav", "hum", "clicks", "hum", "short"),
            surveyed("clean.wav"),
            surveyed("hums.wav", "hum"),
            surveyed("short.wav", "short"),
            surveyed("unusable.wav", "hum", reason="damaged"),
        ),
    )
    assert choices.repair_all(survey, "clicks") == 1
    assert choices.state.remedies == {"both.wav": ("clicks",)}
    assert choices.repair_all(survey) == 2
    assert choices.state.remedies == {"both.wav": ("clicks", "hum"), "hums.wav": ("hum",)}


def test_segments_are_sorted_may_touch_and_are_given_up_by_an_empty_list(choices):
    choices.cut("a.wav", [(4, 5), (1, 2), (2, 4)])
    assert choices.state.segments == {"a.wav": ((1.0, 2.0), (2.0, 4.0), (4.0, 5.0))}
    assert "1-2 s, 2-4 s, 4-5 s" in str(choices)
    choices.cut("a.wav", [])
    assert choices.state.segments == {}


def test_a_more_exact_pattern_counts_for_more_whichever_came_first(choices):
    choices.origin("voices/anna.wav", maker="Anna")
    choices.origin("voices/*", maker="the choir", licence="CC BY 4.0")
    choices.origin("*", maker="me", date="2026", consent="own work")
    assert choices.state.origin("voices/anna.wav") == Origin("Anna", "2026", "CC BY 4.0", "own work")
    assert choices.state.origin("voices/ben.wav").maker == "the choir"
    assert choices.state.origin("bell.wav").maker == "me"
    for pattern, times in (("voices/anna.wav", 4), ("voices/*", 3), ("*", 2)):
        choices.weigh(pattern, times)
    assert [choices.state.times_of(name) for name in ("voices/anna.wav", "voices/ben.wav", "bell.wav")] == [4, 3, 2]


def test_what_is_said_later_of_an_origin_adds_to_what_was_said(choices):
    choices.origin("*", maker=" Anna ", date="2025")
    choices.origin("*", date="2026", licence="")
    assert choices.state.origin("a.wav") == Origin("Anna", "2026")


@pytest.mark.parametrize("name", ["take [1].wav", "what?.wav", "[a-z].wav", "voices [old]/*", "is it? [no]/*"])
def test_brackets_and_question_marks_mean_themselves(choices, name):
    choices.origin(name, maker="Anna")
    choices.weigh(name, 2)
    state = choices.state
    assert state.origin(name.replace("*", "x.wav")).maker == "Anna"
    for other in ("take 1.wav", "whats.wav", "b.wav", "voices o/x.wav", "is its n/x.wav"):
        assert state.origin(other).maker == UNKNOWN and state.times_of(other) == 1


def test_names_come_back_as_they_are(choices):
    names = ['"quoted".wav', "Glocke übung.wav", "🎻.wav", "a\u2028b\x85c.wav", "back\\slash.wav", "two\nlines.wav"]
    for name in names:
        choices.leave_out(name, why="a\u2029b")
    assert list(Choices(choices.path).state.left_out) == names
    assert choices.path.read_bytes().count(b"\n") == len(names)


def test_consent_and_leave_to_share_are_read_from_an_origin(choices):
    choices.origin("a.wav", consent="no consent")
    choices.origin("b.wav", consent="own work", share_model="no")
    choices.origin("c.wav", consent="own work", share_sound="no")
    forbidden = [choices.state.origin(name).forbids for name in ("a.wav", "b.wav", "c.wav", "d.wav")]
    assert forbidden == ["no consent", "its model may not be shared", "", ""]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda choices: choices.intend(prefer="both"), f"one of: {SIMILAR}"),
        (lambda choices: choices.origin("*", consent="yes"), "Consent is one of: own work"),
        (lambda choices: choices.origin("*", share_model="perhaps"), "yes, no, unknown"),
        (lambda choices: choices.origin("*", author="Anna"), '"author" is not asked'),
        (lambda choices: choices.repair("a.wav", "hum", "wobble"), 'the clicks, the hum; not "wobble"'),
        (lambda choices: choices.repair("a.wav", "short"), "the clicks, the hum"),
        (lambda choices: choices.leave_out(5), "name is said in words"),
        (lambda choices: choices.leave_out("a.wav", None), "why is said in words"),
        (lambda choices: choices.cut("a.wav", [(2, 1)]), "from 2 to 1 s"),
        (lambda choices: choices.cut("a.wav", [(1, 1)]), "from 1 to 1 s"),
        (lambda choices: choices.cut("a.wav", [(-1, 1)]), "from -1 to 1 s"),
        (lambda choices: choices.cut("a.wav", [(0, float("nan"))]), "to nan s"),
        (lambda choices: choices.cut("a.wav", [(0, float("inf"))]), "to inf s"),
        (lambda choices: choices.cut("a.wav", [(1, 3), (0, 2)]), "overlap at 1 s"),
        (lambda choices: choices.weigh("*", 0), f"1 to {MOST_TIMES} times in a pass, not 0"),
        (lambda choices: choices.weigh("*", MOST_TIMES + 1), "not 17"),
        (lambda choices: choices.weigh("*", 1.5), "not 1.5"),
        (lambda choices: choices.weigh("*", True), "not True"),
        (lambda choices: choices.label("*", ""), "1 to 40 characters"),
        (lambda choices: choices.label("*", 41 * "a"), "1 to 40 characters"),
        (lambda choices: choices.label("*", "a, b"), "no commas, colons or semicolons"),
        (lambda choices: choices.label("*", 2), "group is said in words"),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence_and_changes_nothing(choices, wrong, said):
    choices.leave_out("other.wav")
    before = choices.path.read_bytes(), choices.state
    with pytest.raises(CourseError) as refused:
        wrong(choices)
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert (choices.path.read_bytes(), choices.state) == before


def written(act, **values):
    return json.dumps({"when": "2026-11-23T13:00", "act": act, **values}).encode()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"not JSON",
        b'{"when": "2026-11-23T13:00", "act": "leave out", "name": "half',
        b"\xff\xfe\x00",
        '{"when": "2026-11-23T13:00", "act": "leave out", "name": "ü", "why": ""}'.encode("latin-1"),
        b"null",
        b"5",
        b"[]",
        b"{}",
        b"[" * 100_000,
        written("dance", name="a.wav"),
        written("undo") + b"\n" + written("undo"),
        written("undo", choice="a.wav"),
        json.dumps({"act": "leave out", "name": "a.wav", "why": ""}).encode(),
        written("leave out", name="a.wav", why="").replace(b"2026-11-23T13:00", b"yesterday"),
        written("leave out", name="a.wav"),
        written("leave out", name=["a.wav"], why=""),
        written("leave out", name=5, why=""),
        written("take in"),
        written("repair", name="a.wav", kinds=5),
        written("repair", name="a.wav"),
        written("cut", name="a.wav", segments=[[2, 1]]),
        written("cut", name="a.wav", segments=[[0, 2], [1, 3]]),
        written("cut", name="a.wav", segments=[["a", "b"]]),
        written("cut", name="a.wav", segments=[[1]]),
        written("cut", name="a.wav", segments=[[0, float("inf")]]),
        written("cut", name="a.wav", segments=[[0, 10**400]]),
        written("weigh", pattern="*", times=99),
        written("weigh", pattern="*", times="many"),
        written("weigh", pattern=None, times=2),
        written("origin", pattern="*", said={"author": "Anna"}),
        written("origin", pattern="*", said={"maker": 5}),
        written("origin", pattern="*", said={"consent": "yes"}),
        written("origin", pattern="*", said="Anna"),
        written("intend", hear="", success="", prefer="both"),
        written("intend", hear="", success="", prefer=UNKNOWN, wish=""),
    ],
    ids=range(36),
)
def test_a_damaged_line_is_named_in_a_sentence(choices, damaged):
    choices.leave_out("other.wav")
    with open(choices.path, "ab") as file:
        file.write(damaged + b"\n")
    last = 2 + damaged.count(b"\n")
    before = choices.path.read_bytes()
    with pytest.raises(CourseError, match=f'^Line {last} of the choices ".*choices.jsonl" is damaged: mend it'):
        Choices(choices.path)
    with pytest.raises(CourseError, match=f"^Line {last} "):  # nor is it written over by one that was opened before
        choices.leave_out("more.wav")
    assert choices.path.read_bytes() == before and list(choices.state.left_out) == ["other.wav"]


def test_what_a_text_editor_adds_does_no_harm(choices):
    choices.leave_out("a.wav")
    choices.leave_out("b.wav")
    text = choices.path.read_bytes()
    choices.path.write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))  # as Windows has it
    assert Choices(choices.path).state == choices.state
    choices.path.write_bytes(text.removesuffix(b"\n"))
    assert Choices(choices.path).state == choices.state


def test_a_folder_in_place_of_the_file_is_said_in_a_sentence(tmp_path):
    with pytest.raises(CourseError, match="cannot be read"):
        Choices(tmp_path)


def test_two_that_are_open_at_once_keep_each_other_s_choices(choices):
    other = Choices(choices.path)
    choices.leave_out("a.wav")
    other.leave_out("b.wav")
    choices.weigh("*", 2)
    assert list(Choices(choices.path).state.left_out) == ["a.wav", "b.wav"] and len(lines(choices)) == 3
    assert other.undo() == "weigh *: times 2"


def test_two_programs_that_choose_and_undo_at_once_lose_nothing(choices):
    code = (
        "import sys; from prism_lessons.corpus.choices import Choices\n"
        "choices = Choices(sys.argv[1])\n"
        "for number in range(40): choices.leave_out(f'{sys.argv[2]} {number}'); number % 4 or choices.undo()\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, choices.path, who]) for who in "ab"]
    assert [program.wait() for program in both] == [0, 0]
    acts = [json.loads(line) for line in lines(choices)]
    left, undone = ([act for act in acts if act["act"] == what] for what in ("leave out", "undo"))
    assert len(left) == 80 and len(undone) == 20
    gone = {act["choice"]["name"] for act in undone}
    assert {*Choices(choices.path).state.left_out} == {act["name"] for act in left} - gone and len(gone) == 20


def test_an_undo_takes_back_what_it_names_whatever_was_chosen_since(choices):
    choices.leave_out("a.wav")
    choices.weigh("*", 2)
    choices.undo()
    first, second, undone = choices.path.read_bytes().splitlines(keepends=True)
    between = written("leave out", name="b.wav", why="") + b"\n"
    choices.path.write_bytes(first + second + between + undone + undone)
    assert list(Choices(choices.path).state.left_out) == ["a.wav", "b.wav"]
    assert Choices(choices.path).state.times == {}


def test_an_undo_of_an_earlier_version_takes_back_the_choice_before_it(choices):
    choices.leave_out("a.wav")
    choices.leave_out("b.wav")
    choices.path.write_bytes(choices.path.read_bytes() + written("undo") + b"\n")
    assert list(Choices(choices.path).state.left_out) == ["a.wav"]


def test_a_full_disk_leaves_the_choices_as_they_were(small_disk):
    with small_disk() as folder:
        choices = Choices(folder / "choices.jsonl")
        choices.leave_out("a.wav")
        before = choices.path.read_bytes(), choices.state
        with pytest.raises(CourseError, match="The disk is full"):
            choices.leave_out("b.wav", "for many reasons " * 2**15)  # 2**19 bytes, twice the disk
        assert (choices.path.read_bytes(), choices.state) == before
        assert [path.name for path in folder.iterdir()] == ["choices.jsonl"]
        choices.leave_out("b.wav")
        assert list(Choices(choices.path).state.left_out) == ["a.wav", "b.wav"]


def test_a_file_that_may_not_be_written_leaves_the_choices_as_they_were(public_folder, as_guest):
    choices = Choices(public_folder / "choices.jsonl")
    choices.leave_out("a.wav")
    before = choices.path.read_bytes(), choices.state
    choices.path.chmod(0o444)
    with as_guest():
        for act in (lambda: choices.leave_out("b.wav"), choices.undo):
            with pytest.raises(CourseError, match=r"could not be written \(Permission denied\)"):
                act()
    assert (choices.path.read_bytes(), choices.state) == before


def test_a_fault_can_be_named_as_the_page_names_it(choices):
    choices.repair("a.wav", "mains hum")
    assert choices.state.remedies == {"a.wav": ("hum",)} and str(choices).endswith("repair a.wav: the hum")
    choices.leave_as_it_is("a.wav", "mains hum")
    assert choices.state.remedies == {}
