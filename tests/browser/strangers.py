"""A course whose every file a stranger has written, with script wherever text can stand, and cells that show it all."""

import json
from dataclasses import asdict, replace

import numpy as np
import soundfile

from prism_lessons.audio import Clip
from prism_lessons.audition import ListeningLog
from prism_lessons.audition.blind import GAMES
from prism_lessons.audition.listening import Act
from prism_lessons.capsule import Capsule
from prism_lessons.corpus import Choices, curate
from prism_lessons.files import write_json, write_json_lines
from prism_lessons.run import Epoch, Run
from prism_lessons.settings import ModelSettings, TrainingSettings, shapes_of

RATE = 8000
MODEL = ModelSettings(frame_sizes=(2, 8), dim=2, embedding=2)
NAME = "<img src=x onerror=window.PWNED=1>$PWNED$"  # what the name of a file can hold
# The ways in: a tag, the end of a script or of an attribute, a link and a picture of Markdown, a formula.
SAID = (
    f"{NAME} </script><script>window.PWNED=1</script> \"'><svg onload=window.PWNED=1> [x](javascript:window.PWNED=1) "
    r"![x](http://pwned.example/x.png) `<b onclick=PWNED>` $\href{javascript:window.PWNED=1}{PWNED}$ ]]>&lt;b&gt;"
)
LINES = f"{SAID}\n\n<script>window.PWNED=1</script>\n\n# PWNED\n\n    <b>PWNED</b>\n\n- {SAID}"
WHEN = "2026-11-22T23:15:02.123"
# What the lessons show, and the pages that they and the command line write. Each cell ends in what it shows.
CELLS = """
import io, pathlib
import prism_lessons as pl
from prism_lessons import notebook
from prism_lessons.audition import capsule_of, sounds_of_run
from prism_lessons.corpus import sounds_of
from prism_lessons.pages import sound_map
from prism_lessons.pages.findings import findings_page
from prism_lessons.pages.journey import journey_page
from prism_lessons.generation import write_gallery
course = notebook.Course()
corpus, run = course.corpus(), course.run()
capsule = course.capsule()
survey = pl.survey(course.recordings)
pathlib.Path("survey.html").write_text(findings_page(survey))
---
notebook.findings(survey)
---
notebook.findings(survey, survey.usable[0].name)
---
notebook.play(*(survey.paths[file.name] for file in survey.usable))
---
notebook.waveform(survey.paths[survey.usable[0].name])
---
notebook.spectrogram(survey.paths[survey.usable[0].name])
---
notebook.RecordingsPanel(course.choices, survey)
---
notebook.SegmentsPanel(course.choices, survey, survey.usable[0].name, [(0, 1)])
---
notebook.intention_form(course.choices)
---
notebook.origin_form(course.choices)
---
sounds = sounds_of(corpus)
relations = sounds.relate()
pathlib.Path("map.html").write_text(sound_map(relations, sounds.excerpt, run.folder.name))
notebook.sound_map(relations, sounds.excerpt)
---
notebook.card(corpus)
---
notebook.card(capsule)
---
notebook.training_view(run)
---
notebook.learning_curve(run)
---
notebook.play_epochs(run)
---
course.journal
---
notebook.JournalPanel(course.journal, course.journal.entries[0].lesson, ["What?"])
---
heard = course.audition(run)
heard.page("audition.html")
notebook.AuditionTable(heard)
---
notebook.beside_recordings(heard)
---
notebook.play_grid({run.folder.name: {run.folder.name: heard.clips[0].sound}}, run.folder.name)
---
pathlib.Path("journey.html").write_text(journey_page(heard.journey(), run.folder.name))
notebook.journey_shown(heard.journey(), run.folder.name)
---
relations = sounds_of_run(run, corpus).relate()
pathlib.Path("sounds_of_run.html").write_text(sound_map(relations, heard.sounds.excerpt, run.folder.name))
notebook.sound_map(relations, heard.sounds.excerpt, run.folder.name)
---
pathlib.Path("models").mkdir()
pl.write_page(capsule, "models/model.html")
write_gallery("models")
notebook.Instrument(capsule)
---
course.portfolio(heard)
"""


def strangers_course(folder):
    """Write `course_files` into a folder, as a zip of `take_home` would bring them; every field holds script."""
    home = folder / "course_files"
    (home / "recordings").mkdir(parents=True)
    chance = np.random.default_rng(0)
    for number in range(4):
        samples = 0.1 * chance.standard_normal(5 * RATE) + 0.05  # whose mean is a finding
        soundfile.write(home / "recordings" / f"{number}{NAME}.wav", samples, RATE)
    (home / "recordings" / f"not a sound{NAME}.wav").write_text(SAID)
    choices = Choices(home / "choices.jsonl")
    choices.intend(LINES, LINES)
    choices.origin("*", maker=SAID, date=SAID, licence=SAID)
    choices.leave_out(f"3{NAME}.wav", LINES)
    corpus = _corpus(home, choices)
    run = _run(home, corpus)
    _listening_log(run)
    answers = [{"when": when, "lesson": SAID, "question": LINES, "answer": LINES} for when in (WHEN, SAID)]
    write_json_lines(home / "journal.jsonl", answers)


def _corpus(home, choices):
    corpus = curate(home / "recordings", home / "corpus", sample_rate=RATE, choices=choices)
    values = corpus.as_dict()
    for number, clip in enumerate(values["clips"]):
        clip |= {"recording": f"{number} {SAID}", "notes": [SAID], "treatment": [LINES]}
    values |= {
        "source": SAID,
        "unused": [{"name": SAID, "reason": LINES}],
        "intention": {"hear": LINES, "success": LINES, "prefer": LINES},
        "origins": {clip["recording"]: dict.fromkeys(values_of_an_origin(corpus), SAID) for clip in values["clips"]},
        "twins": [{"first": SAID, "second": SAID, "how": LINES}],
    }
    write_json(corpus.folder / "corpus.json", values)
    return corpus


def values_of_an_origin(corpus):
    return asdict(next(iter(corpus.origins.values())))


def _run(home, corpus):
    settings = {
        "model": json.loads(json.dumps(vars(MODEL))),
        "training": json.loads(json.dumps(vars(TrainingSettings()))),
        "minutes": 3,
        "sample_rate": RATE,
        "references": {"uniform": 8.0, "unigram": 7.5, SAID: 7.0},
        "corpus": {"folder": str(corpus.folder), "digest": corpus.digest, "not_to_share": [LINES], "source": SAID},
        "versions": {SAID: LINES},
        "begun_from": {"run": SAID, "digest": SAID, "not_to_share": [SAID]},
    }
    run = Run.begin(home / "runs" / NAME.partition("$")[0], settings, f"# Card\n\n## Intention\n{LINES}\n\n{LINES}")
    chance = np.random.default_rng(1)
    for epoch in range(1, 5):
        run.record(Epoch(epoch, 5.0 - epoch / 10, 5.5 - epoch / 10, 30.0 * epoch, 1000 * epoch, 1e-3))
        noise = 0.1 * chance.standard_normal(RATE, np.float32)
        Clip(noise, RATE).save(run.clip_path(epoch, 1, 1.0))
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes_of(MODEL).items()}
    about = {"epoch": 4, "run": LINES, SAID: SAID, "listening": [{SAID: SAID}]}
    Capsule(MODEL, RATE, weights, about, f"# Card\n\n{LINES}").save(run.capsule_path(4))
    events = [
        {"when": SAID, "kind": kind, "epoch": 2, "text": LINES, "back_to": 1, "rate_factor": 0.5}
        for kind in ("begun", "blown up", "changed", SAID)
    ]
    write_json_lines(run.folder / "events.jsonl", events)
    return run


def _listening_log(run):
    log, who = ListeningLog(run), SAID[:199]
    of_all = {"run": log.key, "when": WHEN, "who": who}
    clip = run.played[0].name
    acts = [Act(id=act, act=act, clip=clip, text=LINES, **of_all) for act in ("star", "tag", "note", "choose")]
    game, words = next(iter(GAMES.items()))
    guess = Act(id="guess", act="guess", clip=SAID[:199], text=words[0], game=game, truth=words[1], **of_all)
    log.take([*acts, replace(guess, id=SAID[:199])])
