"""What wakes a model that is silent: another temperature, a nudge, or a recording to go on from.

    python benchmarks/waking.py [--minutes 0.5] [--page FILE.md] [--out FILE.json]

Models are those that come with the course, and those of short runs on its example sets. Each plays some voices at the
lower temperature at which a training plays its clips. Voices that cannot be heard at their end then play again, from
the same seed, in each of several ways; counted are those that can be heard at their end.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from machine import report

import prism_lessons as pl
from prism_lessons.audible import is_audible, loudness
from prism_lessons.live import LiveLine

EXAMPLES = Path(__file__).resolve().parents[1] / "datasets_examples"
SETS = ("bells", "breath")
LOW, VOICES, SECONDS, END_SECONDS, PRIME_SECONDS = 0.85, 4, 6.0, 2.0, 4.0
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


def played(capsule, recording, prime=False, **how):
    """Whether each of some voices of a model can be heard at its end."""
    first = pl.Prime(recording, start=0, seconds=PRIME_SECONDS) if prime else None
    how = {"temperature": LOW, "voices": VOICES, "seed": 1, "prime": first} | how
    return heard_at_the_end(pl.generate(capsule, SECONDS, live=LiveLine(io.StringIO()), **how))


def tried(name, capsule, recording):
    """How many voices of a model are silent at the low temperature, and how many of these each way wakes."""
    silent = [not heard for heard in played(capsule, recording)]
    woken = dict.fromkeys(WAYS, 0)
    if any(silent):
        for way, how in WAYS.items():
            woken[way] = sum(was and now for was, now in zip(silent, played(capsule, recording, **how), strict=True))
    print(f"{name}: {sum(silent)} of {VOICES} silent {woken if any(silent) else ''}", file=sys.stderr, flush=True)
    return {"model": name, "silent": sum(silent), "woken": woken}


def models(minutes, folder):
    """(name, capsule, recording to go on from) of the models that come with the course, and of short runs."""
    for name in SETS:
        recording = sorted((EXAMPLES / name).glob("*.flac"))[0]
        for path in sorted((EXAMPLES / "trained" / name / "epochs").glob("*.capsule")):
            yield f"{name}, as shipped, epoch {int(path.stem)}", pl.load(path), recording
        corpus = pl.curate(EXAMPLES / name, folder / f"{name} corpus")
        run = pl.train(corpus, folder / f"{name} run", preset="sketch", minutes=minutes)
        for epoch in run.epochs:
            yield f"{name}, {minutes:g} minutes, epoch {epoch}", run.capsule(epoch), recording


def page(results):
    """What wakes a silent model, as a page of the site."""
    rows, silent = results["models"], results["silent"]
    lines = [
        "# What wakes a silent model",
        "",
        f"Written by `python benchmarks/waking.py --minutes {results['minutes']:g} --page docs/waking.md`, not by "
        "hand.",
        "",
        f"{len(rows)} models played {VOICES} voices each for {SECONDS:.0f} s at a temperature of {LOW}. Of these "
        f"{VOICES * len(rows)} voices, {silent} could not be heard in their last {END_SECONDS:.0f} s (see "
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
    parser.add_argument("--minutes", type=float, default=0.5, help="of each short run")
    parser.add_argument("--page", help="write the results there, as Markdown")
    parser.add_argument("--out", help="write the results there, as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [tried(*model) for model in models(options.minutes, Path(folder))]
    woken = {way: sum(row["woken"][way] for row in rows) for way in WAYS}
    results = {"minutes": options.minutes, "silent": sum(row["silent"] for row in rows), "woken": woken, "models": rows}
    if options.page:
        Path(options.page).write_text(page(results), encoding="utf-8")
    report(results, options.out)


if __name__ == "__main__":
    main()
