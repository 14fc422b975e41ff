"""The doctor on trial: faults injected into clean recordings at graded strength, and what it finds.

    python benchmarks/doctor.py --recordings FOLDER [--only hum,clicks] [--every 1] [--out FILE.json]

Prints a table, for each kind and strength: files, found, recall; then false alarms on the clean files.
"""

import argparse
import json
import sys
import tempfile
import zlib
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import faults_in_files
import faults_in_samples
import faults_in_spectrum
import numpy as np
import soundfile
from clean import add_recordings, recordings_in

from prism_lessons.live import print_any_name

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "datasets_examples"
PARTS = (faults_in_files, faults_in_samples, faults_in_spectrum)
FAULTS = [fault for part in PARTS for fault in part.FAULTS]
WANTED_RECALL, MOST_FALSE_ALARMS = 0.98, 0.02


def of_the_course():
    """The synthetic sets of the course that are clean."""
    return sorted(path for name in ("bells", "breath") for path in (EXAMPLES / name).glob("*.flac"))


def known_faults():
    """Faults that recordings of the clean set really have, {file name: {kind: how that is known}}."""
    known = defaultdict(dict)
    for part in PARTS:
        for name, kinds in part.KNOWN.items():
            known[name] |= kinds
    return known


def found_in(path):
    """The findings in one file, {kind: words}."""
    from prism_lessons.audio import AudioError, Recording
    from prism_lessons.corpus.doctor import USUAL_RATE, examine, findings_at_rate

    try:
        with Recording(path) as recording:
            own = recording.sample_rate
            findings = findings_at_rate(examine(recording).findings, own, max(USUAL_RATE, own))
            return {finding.kind: finding.measured for finding in findings}
    except AudioError as error:
        return {"broken": str(error)}


def inject(fault, path, folder):
    """Write a sound file with a fault into a folder; returns the new path, or None where it cannot have this fault."""
    random = np.random.default_rng(zlib.crc32(f"{path.name} {fault.kind} {fault.strength}".encode()))
    injected = fault.inject(*soundfile.read(path, always_2d=True), random)
    if injected is None:
        return None
    faulty = Path(folder) / "faulty.wav"
    if isinstance(injected, bytes):
        faulty.write_bytes(injected)
    else:
        soundfile.write(faulty, *injected, subtype=fault.subtype)
    return faulty


def trial(path, kinds):
    """Examine one clean file, and it with each fault: [(name, kind, strength, stated, findings)]."""
    rows = [(path.name, "", "", True, found_in(path))]
    with tempfile.TemporaryDirectory() as folder:
        for fault in FAULTS:
            if kinds and fault.kind not in kinds:
                continue
            if faulty := inject(fault, path, folder):
                rows.append((path.name, fault.kind, fault.strength, fault.stated, found_in(faulty)))
    return rows


def summary(rows):
    """The rows of all files as plain values: recall for each kind and strength, false alarms for each kind."""
    from prism_lessons.corpus import KINDS

    known = known_faults()
    clean = [row for row in rows if not row[1]]
    synthetic = {path.name for path in of_the_course()}
    recall, missed = {}, defaultdict(list)
    for name, kind, strength, stated, found in rows:
        if kind and kind not in known[name]:  # a fault that was there before proves nothing
            entry = recall.setdefault((kind, strength), {"stated": stated, "files": 0, "found": 0})
            entry["files"] += 1
            entry["found"] += kind in found
            if kind not in found:
                missed[kind, strength].append(name)
    alarms = Counter(kind for name, _, _, _, found in clean for kind in found if kind not in known[name])
    return {
        "files": len(rows),
        "clean_files": len(clean),
        "real_files": sum(row[0] not in synthetic for row in clean),
        "recall": [
            {"kind": kind, "strength": strength, **entry, "missed": missed[kind, strength]}
            for (kind, strength), entry in recall.items()
        ],
        "false_alarms": {
            kind: {
                "count": alarms[kind],
                "files": [f"{row[0]}: {row[4][kind]}" for row in clean if kind in row[4] and kind not in known[row[0]]],
                "known": {row[0]: known[row[0]][kind] for row in clean if kind in known[row[0]]},
            }
            for kind in KINDS
        },
    }


def table(results):
    """The results as Markdown."""
    from prism_lessons.corpus import KINDS

    lines = ["| fault | strength | files | found | recall |", "|---|---|---|---|---|"]
    for row in results["recall"]:
        share = row["found"] / row["files"]
        mark = "" if row["stated"] else " (weaker than promised)"
        lines.append(
            f"| {KINDS[row['kind']].title} | {row['strength']}{mark} | {row['files']} | {row['found']} | {share:.3f} |"
        )
    lines += ["", "| fault | false alarms | of clean files | share |", "|---|---|---|---|"]
    for kind, row in results["false_alarms"].items():
        files = results["clean_files"] - len(row["known"])
        lines.append(f"| {KINDS[kind].title} | {row['count']} | {files} | {row['count'] / files:.3f} |")
    return "\n".join(lines)


def row_of(kind):
    """What is said of a kind of fault on the page."""
    return f"| {kind.title} (`{kind.key}`) | {kind.threshold} | {kind.source} | {kind.effect} | {kind.advice} |"


def page(results):
    """What the doctor looks for and how well it finds it, as a page of the site."""
    from prism_lessons.corpus import KINDS

    lines = [
        "# The doctor on trial",
        "",
        "What a survey looks for in a recording, and how often it finds it. Written by `make findings`, not by hand.",
        "",
        "## What it looks for",
        "",
        "| fault | reported from | source | what a model makes of it | what can be done |",
        "|---|---|---|---|---|",
        *map(row_of, KINDS.values()),
        "",
        "## How well it finds it",
        "",
        f"Each fault was put into {results['clean_files']} clean recordings ({results['real_files']} real ones and the "
        f"course's sets `bells` and `breath`) that can bear it, {results['files']} files in all: "
        "`python benchmarks/doctor.py`. The thresholds were set on the same recordings: on others, expect somewhat "
        f"less. Wanted is a recall of {WANTED_RECALL} at every promised strength, and false alarms on at most "
        f"{MOST_FALSE_ALARMS:.0%} of the clean files. Where a clean recording has a fault of its own, it is left out "
        "of the count for this fault and named below. Each file is judged for a corpus of its own rate, or of 16000 Hz "
        "where that is more: in a corpus of a lower rate, high frequencies that it cannot hold are no fault.",
        "",
        table(results),
        "",
        "Faults that the recordings came with:",
        "",
        *(
            f"- `{name}`, {KINDS[kind].title}: {why}"
            for kind, row in results["false_alarms"].items()
            for name, why in row["known"].items()
        ),
        "",
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--only", default="", help="kinds, with commas between")
    parser.add_argument("--every", type=int, default=1, help="only every n-th clean file")
    parser.add_argument("--out", help="write the results there, as JSON")
    parser.add_argument("--page", help="write the results there, as Markdown")
    options = parser.parse_args()
    kinds = set(filter(None, options.only.split(",")))
    paths = [*recordings_in(options.recordings), *of_the_course()][:: options.every]
    with ProcessPoolExecutor(2) as pool:
        rows = [row for part in pool.map(partial(trial, kinds=kinds), paths) for row in part]
    results = summary(rows)
    print(table(results))
    for row in results["recall"]:
        if row["missed"]:
            print(f"missed {row['kind']}, {row['strength']}: {', '.join(row['missed'])}", file=sys.stderr)
    for kind, row in results["false_alarms"].items():
        for name in row["files"]:
            print(f"false alarm {kind}: {name}", file=sys.stderr)
    if options.page:
        Path(options.page).write_text(page(results), encoding="utf-8")
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    print_any_name()
    sys.exit(main())
