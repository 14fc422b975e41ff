"""A run that somebody else, a disk or a text editor has changed: said in a sentence, and nothing outside is opened."""

import copy
import io
import json
import shutil

import pytest
import soundfile

import prism_lessons as pl
from prism_lessons.audition.listening import ListeningLog
from prism_lessons.audition.portfolio_sections import sections, to_be_heard
from prism_lessons.cli import main
from prism_lessons.corpus import Choices
from prism_lessons.errors import CourseError
from prism_lessons.journal import Journal
from prism_lessons.live import LiveLine
from prism_lessons.pages import learning_curve
from prism_lessons.run import Run, opened
from prism_lessons.verdict import verdict

MISSING = object()
WRONG = [None, True, -1, 3.5, float("nan"), 10**30, "x", "", [], [None], {}, {"x": 1}, [[]], ["x"]]


def places(value, path=()):
    """The path of each value in plain values."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def with_wrong(value, path, wrong):
    """A copy of plain values with another one at a path, or with none."""
    if not path:
        return wrong
    changed = place = copy.deepcopy(value)
    for key in path[:-1]:
        place = place[key]
    if wrong is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = wrong
    return changed


def mutants(value):
    for path in places(value):
        for wrong in [*WRONG, *[MISSING] * bool(path)]:
            yield with_wrong(value, path, wrong)


def use(run):
    """What is done with a run to be listened to, without its sounds."""
    run = opened(run)
    str((run, run.identity, run.references, run.not_to_share, run.epochs, run.best, run.starred, run.events, run.card))
    log = ListeningLog(run)
    sections(run, log, Journal(run.folder / "journal.jsonl"), Choices(run.folder / "choices.jsonl"))
    str((log, to_be_heard(run, log), verdict(run), learning_curve(run)))


def is_refused_in_a_sentence_or_used(made_run):
    try:
        use(made_run.folder)
    except CourseError as refused:
        assert len(str(refused)) < 600 and "\n" not in str(refused)
        return True
    return False


def test_values_of_a_wrong_kind_in_the_settings_are_said(made_run):
    path = made_run.folder / "run.json"
    made_run.change_settings({"begun_from": {"run": "first", "epoch": 3, "digest": "0", "not_to_share": ["a: no"]}})
    assert not is_refused_in_a_sentence_or_used(made_run)
    refused = 0
    for changed in mutants(json.loads(path.read_text())):
        path.write_text(json.dumps(changed))
        refused += is_refused_in_a_sentence_or_used(made_run)
    assert refused > 300


LINES = {
    "log.jsonl": None,
    "starred.json": {"epochs": [2]},
    "events.jsonl": {
        "when": "2026-11-22T10:00:00",
        "kind": "blown up",
        "epoch": 0,
        "text": "It blew up.",
        "back_to": 1,
        "rate_factor": 0.5,
    },
    "journal.jsonl": {"when": "2026-11-22T10:00", "lesson": "03", "question": "What?", "answer": "That"},
}
WHEN = "2026-11-22T10:00"
CHOICES = [
    {"when": WHEN, "act": "intend", "hear": "the sea", "success": "", "prefer": "unknown"},
    {
        "when": WHEN,
        "act": "origin",
        "pattern": "*",
        "said": {"maker": "me", "consent": "own work", "share_sound": "yes"},
    },
    {"when": WHEN, "act": "leave out", "name": "a.wav", "why": "dark"},
    {"when": WHEN, "act": "take in", "name": "a.wav"},
    {"when": WHEN, "act": "repair", "name": "a.wav", "kinds": ["hum"]},
    {"when": WHEN, "act": "leave as it is", "name": "a.wav", "kinds": ["hum"]},
    {"when": WHEN, "act": "cut", "name": "a.wav", "segments": [[0, 1.5], [2, 3]]},
    {"when": WHEN, "act": "weigh", "pattern": "*", "times": 2},
    {"when": WHEN, "act": "undo"},
]


@pytest.mark.parametrize("name", LINES)
def test_values_of_a_wrong_kind_in_its_other_files_are_said(made_run, name):
    path = made_run.folder / name
    whole = LINES[name] or json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps(whole))
    assert not is_refused_in_a_sentence_or_used(made_run)
    refused = 0
    for changed in mutants(whole):
        path.write_text(json.dumps(changed))
        refused += is_refused_in_a_sentence_or_used(made_run)
    assert refused > 20


@pytest.mark.parametrize("act", CHOICES, ids=lambda act: act["act"])
def test_values_of_a_wrong_kind_in_the_choices_are_said(tmp_path, act):
    path = tmp_path / "choices.jsonl"
    lines = [CHOICES[2], act]

    def is_refused(changed):
        path.write_text("".join(json.dumps(line) + "\n" for line in (CHOICES[2], changed)))
        try:
            choices = Choices(path)
            str((choices, choices.state.origin("a.wav"), choices.state.times_of("a.wav"), choices.undo()))
        except CourseError as refused:
            assert "\n" not in str(refused)
            return True
        return False

    assert lines and not is_refused(act)
    assert sum(map(is_refused, mutants(act))) > 15


@pytest.mark.parametrize("rate", [1, 10, 100])
def test_a_clip_at_a_rate_that_is_none_of_sound_is_left_out_and_named(made_run, rate):
    path = made_run.clip_path(2, 1, 1.0)
    samples, _ = soundfile.read(path)
    soundfile.write(path, samples, rate)
    heard = pl.audition(made_run, live=LiveLine(io.StringIO()))
    assert len(heard.clips) == 7 and path.name in heard.summary
    assert len(heard.sounds.pieces) > 7
    with pytest.raises(CourseError, match="sample rate"):
        heard.journey(temperature=1.0)


def test_links_that_lead_out_of_a_run_are_not_followed(made_run, recordings, tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    shutil.copy(made_run.clip_path(2, 1, 1.0), private / "secret.wav")
    shutil.copy(made_run.capsule_path(2), private / "secret.capsule")
    (private / "secret.txt").write_text("secret")
    for path, kind in ((made_run.clip_path(2, 1, 1.0), "wav"), (made_run.capsule_path(2), "capsule")):
        path.unlink()
        path.symlink_to(private / f"secret.{kind}")
    assert made_run.clip_path(2, 1, 1.0) not in [clip.path for clip in made_run.played]
    with pytest.raises(CourseError, match="outside itself"):
        made_run.capsule(2)
    for name in ("card.md", "listening.jsonl"):
        (made_run.folder / name).unlink(missing_ok=True)
        (made_run.folder / name).symlink_to(private / "secret.txt")
    with pytest.raises(CourseError, match="outside itself"):
        made_run.card  # noqa: B018
    with pytest.raises(CourseError, match="outside itself"):
        ListeningLog(made_run)
    assert (private / "secret.txt").read_text() == "secret"


def test_a_run_that_is_reached_through_a_link_is_a_run(made_run, tmp_path):
    (tmp_path / "link").symlink_to(made_run.folder)
    (made_run.folder / "epochs" / "0001.capsule").symlink_to(made_run.folder / "epochs" / "0002.capsule")
    run = Run(tmp_path / "link")
    assert len(run.played) == 8 and run.capsule(2).digest == made_run.capsule(2).digest == run.capsule(1).digest
    assert run.card == made_run.card and ListeningLog(run).acts == []


def test_other_files_among_the_models_do_no_harm(made_run):
    for name in ("12abc.capsule", "7.capsule", "1e3.capsule", "0009.capsule.partial"):
        (made_run.folder / "epochs" / name).write_bytes(b"x")
    assert made_run.epochs == [2, 3]


def test_a_folder_that_may_not_be_read_is_said(public_folder, as_guest):
    (public_folder / "shut" / "run").mkdir(parents=True)
    (public_folder / "shut").chmod(0)
    shut = public_folder / "shut" / "run"
    verbs = (pl.Run, pl.load, pl.audition, pl.survey, pl.sounds_of, pl.generate, pl.Corpus.open)
    with as_guest():
        for verb in verbs:
            with pytest.raises(CourseError):
                verb(shut)
        with pytest.raises(CourseError):
            pl.survey(public_folder / "shut")
        assert main(["map", str(shut), str(public_folder / "map.html")]) == 2
        assert main(["curate", str(shut), str(public_folder / "corpus"), "--choices", str(shut / "choices.jsonl")]) == 2
    (public_folder / "shut").chmod(0o755)
