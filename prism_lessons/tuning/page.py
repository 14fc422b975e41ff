"""The page of a search: its trials to read, to see and to hear."""

import json
import math
import shlex
from contextlib import suppress

from ..audio import AudioError, load
from ..audition import DIAGNOSES, UNCHECKED, copies_not_to_share, diagnose, measure_clip
from ..errors import CourseError
from ..files import read_json
from ..live import clock, counted
from ..pages import FLAC, FORMS_IN_WORDS, MP3, fit_sounds, player, render
from .criteria import CRITERIA
from .picture import parallel_coordinates, value_in_words
from .results import BEST, FAILED, PRESETS, STOPPED

MOST_BYTES = 30_000_000
MOST_HEARD = 50  # trials, the best first
SHORTENED = 2.0, 1.0, 0.5  # seconds to which sounds are cut, where there is no room for more


def search_page(search, live, most_bytes=MOST_BYTES):
    """A `Search` as a page, an HTML document that needs nothing but a browser; see `Search.page`.

    Its sounds take at most so many bytes.
    """
    clips, said = _clips(search, live)
    urls, form, seconds = fit_sounds(
        [*clips], lambda name: clips[name][1], most_bytes, [(FLAC, math.inf), *((MP3, most) for most in SHORTENED)]
    )
    length = "" if math.isinf(seconds) else f"; of each, the first {seconds:g} s are heard"
    heard = f"Clips of each trial's last epoch, {FORMS_IN_WORDS[form]}{length}. Players leave levels unchanged."
    rows = [_row(search, trial, clips, urls) for trial in search.ranked]
    live.end(f"The page has {counted(len(urls), 'sound')}.")
    folder = search.folder.resolve()
    return render(
        "search.html",
        title=f"Search in {folder.name}",
        about=_about(search),
        verdict=search.verdict,
        equal=clock(search.equal_seconds),
        importance=[
            (name, f"{share:.0%}", "{:.0%} to {:.0%}".format(*search.importance_ranges[name]))
            for name, share in search.importance.items()
        ],
        picture=parallel_coordinates(search),
        sounds=" ".join([heard, *said]),
        rows=rows,
        best=search.best,
        presets=PRESETS,
        command=f"prism-lessons train CORPUS long_run/ --preset {shlex.quote(str(folder / BEST))}",
        preset=search.best and json.dumps(read_json(search.folder / BEST, "preset"), indent=1),
    )


def _about(search):
    trials, minutes = counted(len(search.trials), "trial"), counted(search.minutes, "minute")
    states = [trial.state for trial in search.trials]
    others = {"were stopped early": states.count(STOPPED), "failed": states.count(FAILED)}
    said = "".join(f"; {count} {words}" for words, count in others.items() if count)
    words = CRITERIA[search.criterion][1] if search.criterion in CRITERIA else search.criterion
    return f"{trials} of at most {minutes} of training{said}. Compared by {words}; lower is better."


def _clips(search, live):
    """The clips of the last epochs, {(trial, clip): (RunClip, Clip, diagnosis)}, and what is to be said about them."""
    played, runs, found, said = [], [], {}, []
    for trial in search.ranked[:MOST_HEARD]:
        with suppress(CourseError):  # it failed before it had a run, or somebody has deleted it
            runs.append(search.run(trial))
            last = runs[-1].played
            played += [(trial.name, clip) for clip in last if clip.epoch == last[-1].epoch]
    for done, (trial, clip) in enumerate(played):
        live.share("Measuring clips", done, len(played))
        try:
            sound = load(clip.path)
            found[trial, clip.name] = clip, sound, DIAGNOSES[diagnose(measure_clip(sound))]
        except AudioError as error:
            said.append(str(error))
    corpus = runs[0].find_corpus() if runs else None
    copies = copies_not_to_share(corpus, (sound for _, sound, _ in found.values()), live)
    names = [*found]
    for index, why in copies.items():
        said.append(f"A clip of trial {names[index][0]} is left out: it {why}.")
        del found[names[index]]
    if len(search.ranked) > MOST_HEARD:
        said.append(f"Only the best {MOST_HEARD} trials can be heard here.")
    said.append(corpus.sharing.unasked if corpus else UNCHECKED if runs and runs[0].withheld else "")
    return found, [*filter(None, said)]


def _row(search, trial, clips, urls):
    own = search.unchanged.changes if search.unchanged else {}
    changed = {name: value for name, value in trial.changes.items() if value != own.get(name)}
    settings = ", ".join(f"{name} {value_in_words(value)}" for name, value in changed.items())
    score = trial.score_at(search.equal_seconds)
    mine = {name: clip for name, clip in clips.items() if name[0] == trial.name}
    audible = sum(kind.audible for _, _, kind in mine.values())
    players = [
        player(f"trial {trial.name}, {clip.title}", sound.levels, urls[name], f"; sounds like: {kind.title}")
        for name, (clip, sound, kind) in mine.items()
        if name in urls
    ]
    if trial.state == FAILED:
        end = f"failed: {trial.problem}"
    else:
        end = f"{trial.score:.3f} after {clock(trial.seconds)} and {counted(trial.epochs, 'epoch')}, {trial.state}"
    return (
        trial.name,
        settings or "those of the preset",
        "no epoch by then" if score is None else f"{score:.3f}",
        end,
        f"{audible} of {len(mine)} can be heard" if mine else "none",
        players,
    )
