"""What wakes a model that is silent: another temperature, a nudge, or a recording to go on from.

    python benchmarks/waking.py [RUN ...] [--page FILE.md] [--out FILE.json]

Models are those that come with the course, and those of runs of your own whose corpora are still there. Each plays some
voices at low temperatures. Voices that cannot be heard at their end then play again, from the same seed, in each of
several ways; counted are those that can be heard at their end.
"""

import argparse
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from machine import report

import prism_lessons as pl
from prism_lessons.audibility import is_audible, loudness
from prism_lessons.corpus import Corpus
from prism_lessons.live import LiveLine
from prism_lessons.run import Run

EXAMPLES = Path(__file__).resolve().parents[1] / "datasets_examples"
LOW = (0.6, 0.85)  # temperatures: the latter is the lower one of a training's clips
VOICES, SECONDS, END_SECONDS, PRIME_SECONDS = 3, 4.0, 1.5, 3.0
WAYS = {  # what is asked of `generate` besides, and in words
    "temperature 1": {"temperature": 1.0},
    "temperature 1.1": {"temperature": 1.1},
    "a nudge": {"nudge": True},
    "priming": {"prime": True},
    "priming and a nudge": {"prime": True, "nudge": True},
}


def heard_at_the_end(takes):
    """Whether each take can be heard in its last seconds, as a list of bools."""
    ends = [take.samples[-round(END_SECONDS * take.sample_rate) :] for take in takes]
    return [is_audible(loudness(end, take.sample_rate)) for end, take in zip(ends, takes, strict=True)]


def played(capsule, recording, low, prime=False, **how):
    """Whether each of some voices of a model can be heard at its end."""
    first = pl.Prime(recording, start=0, seconds=PRIME_SECONDS) if prime else None
    how = {"temperature": low, "voices": VOICES, "seed": 1, "prime": first} | how
    return heard_at_the_end(pl.generate(capsule, SECONDS, live=LiveLine(io.StringIO()), **how))


def tried(name, capsule, recording, low):
    """How many voices of a model are silent at a low temperature, and how many of these each way wakes."""
    silent = [not heard for heard in played(capsule, recording, low)]
    woken = dict.fromkeys(WAYS, 0)
    if any(silent):
        for way, how in WAYS.items():
            now = played(capsule, recording, low, **how)
            woken[way] = sum(was and heard for was, heard in zip(silent, now, strict=True))
    name = f"{name}, temperature {low:g}"
    print(f"{name}: {sum(silent)} of {VOICES} silent {woken if any(silent) else ''}", file=sys.stderr, flush=True)
    return {"model": name, "silent": sum(silent), "woken": woken}


def models(runs):
    """(name, capsule, recording to go on from) of the models that come with the course, and of runs' last epochs."""
    for home in sorted((EXAMPLES / "trained").iterdir()):
        run = Run(home)
        recording = sorted((EXAMPLES / run.settings["corpus"]["folder"]).glob("*.flac"))[0]
        for epoch in run.epochs:
            yield f"{home.name}, epoch {epoch}", run.capsule(epoch), recording
    for number, folder in enumerate(runs, start=1):
        run = Run(folder)
        corpus = Corpus.open(run.settings["corpus"]["folder"])
        yield f"own run {number}, epoch {run.epochs[-1]}", run.capsule(), corpus.folder / corpus.clips[0].file


def page(results):
    """What wakes a silent model, as a page of the site."""
    rows, silent = results["models"], results["silent"]
    lines = [
        "# What wakes a silent model",
        "",
        "Written by `python benchmarks/waking.py --page docs/waking.md`, not by hand.",
        "",
        f"{len(rows) // len(LOW)} models played {VOICES} voices each for {SECONDS:.0f} s at temperatures of "
        f"{' and '.join(f'{low:g}' for low in LOW)}. Of these {VOICES * len(rows)} voices, {silent} could not be heard "
        f"in their last {END_SECONDS} s (see "
        "[the diagnoses](diagnoses.md) for what can be heard). They played again from the same seed in each of these "
        "ways, and so many could be heard in their last seconds:",
        "",
        f"| way | of {silent} silent voices, can be heard |",
        "|---|---|",
        *(f"| {way} | {count} |" for way, count in results["woken"].items()),
        "",
        f"A nudge raises the temperature of a silent voice for half a second, more each time. Priming lets the model "
        f"hear {PRIME_SECONDS:.0f} s of a recording first. Model by model:",
        "",
        f"| model | silent of {VOICES} | {' | '.join(WAYS)} |",
        "|---" * (len(WAYS) + 2) + "|",
        *(
            f"| {row['model']} | {row['silent']} | {' | '.join(str(row['woken'][way]) for way in WAYS)} |"
            for row in rows
            if row["silent"]
        ),
        "",
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", metavar="RUN", nargs="*", help="folders of your own runs")
    parser.add_argument("--page", help="write the results there, as Markdown")
    parser.add_argument("--out", help="write the results there, as JSON")
    options = parser.parse_args()
    rows = [tried(*model, low) for model in models(options.runs) for low in LOW]
    woken = {way: sum(row["woken"][way] for row in rows) for way in WAYS}
    results = {"silent": sum(row["silent"] for row in rows), "woken": woken, "models": rows}
    if options.page:
        Path(options.page).write_text(page(results), encoding="utf-8")
    report(results, options.out)


if __name__ == "__main__":
    main()
