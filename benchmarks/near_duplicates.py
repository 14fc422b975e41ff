"""Near-duplicates on trial: copies made of every recording, and all pairs of recordings that are none.

    python benchmarks/near_duplicates.py --recordings FOLDER [--page FILE.md] [--out FILE.json]

Recall: each recording of at least 0.25 s and its copy, put among the other recordings; the same for pieces of 1.5 s,
cut out of those of at least 2.5 s. False positives: all pairs of
recordings, of the course's synthetic sets, and of pieces cut from the recordings joined, but for pairs that share
samples. A note of a synthetic bell that comes again in a phrase counts as a false positive, though it is nearly the
same wave.
"""

import argparse
import io
import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np
import soundfile
import soxr
from clean import add_recordings, recordings_in, refuse
from scipy.signal import butter, sosfiltfilt

from prism_lessons.analysis.near_duplicates import SAMPLE_RATE, candidate_pairs, compare, compare_segment, fingerprint
from prism_lessons.analysis.shared_segments import similar_segments
from prism_lessons.audio import AudioError, load
from prism_lessons.live import print_any_name

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "datasets_examples"
SHORTEST = 0.25  # seconds: what is shorter is reported apart
SHIFT = round(0.05 * SAMPLE_RATE)
PIECE = 4 * SAMPLE_RATE
PLANTED = {"Take 1.wav", "Unbenannt.flac", "mix 3.wav"}


def resampled_via(rate):
    return lambda x: soxr.resample(soxr.resample(x, SAMPLE_RATE, rate), rate, SAMPLE_RATE)


def band_limited(x):
    return sosfiltfilt(butter(8, 5000, fs=SAMPLE_RATE, output="sos"), x).astype(np.float32)


def mp3(x):
    file = io.BytesIO()
    soundfile.write(file, x, SAMPLE_RATE, format="MP3")
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def faster(share):
    return lambda x: soxr.resample(x, round(SAMPLE_RATE * 100 * share), SAMPLE_RATE * 100)


def tilted(x):
    """4 dB more below, 4 dB less above 800 Hz, with a slope of about three octaves."""
    frequencies = np.fft.rfftfreq(len(x), 1 / SAMPLE_RATE)
    decibels = -4 * np.tanh(np.log2(np.maximum(frequencies, 1) / 800) / 1.5)
    return np.fft.irfft(np.fft.rfft(x) * 10 ** (decibels / 20), len(x)).astype(np.float32)


def noisy(x):
    noise = np.random.default_rng(0).standard_normal(len(x)) * np.sqrt(np.mean(x**2)) * 10 ** (-30 / 20)
    return (x + noise).astype(np.float32)


def later(x):
    return np.concatenate([np.zeros(SHIFT, np.float32), x])


TRANSFORMATIONS = {
    "gain -12 dB": lambda x: x * np.float32(10 ** (-12 / 20)),
    "gain +6 dB": lambda x: x * np.float32(10 ** (6 / 20)),
    "gain +6 dB and clipped (not promised)": lambda x: np.clip(x * np.float32(10 ** (6 / 20)), -1, 1),
    "polarity": lambda x: -x,
    "resampled via 8 kHz": resampled_via(8000),
    "resampled via 11.025 kHz": resampled_via(11025),
    "resampled via 22.05 kHz": resampled_via(22050),
    "resampled via 48 kHz": resampled_via(48000),
    "band-limited to 5 kHz": band_limited,
    "MP3": mp3,
    "50 ms later": later,
    "50 ms of the start cut off": lambda x: x[SHIFT:],
    "1 % faster": faster(1.01),
    "1 % slower": faster(0.99),
    "tilted by 8 dB": tilted,
    "noise 30 dB below": noisy,
    "-12 dB, 50 ms later, 1 % faster, to 5 kHz": lambda x: band_limited(faster(1.01)(later(x * np.float32(0.25)))),
    "-12 dB, 50 ms cut off, 1 % slower, to 5 kHz": lambda x: band_limited(faster(0.99)(x[SHIFT:] * np.float32(0.25))),
    "its first half (where practical)": lambda x: x[: len(x) // 2],
    "its second half (where practical)": lambda x: x[len(x) // 2 :],
}


LONG, PIECE_OF_IT = 2.5, 1.5  # seconds
PIECES = {
    "as it is": lambda x: x,
    **{title: TRANSFORMATIONS[title] for title in ("gain -12 dB", "resampled via 8 kHz", "MP3", "1 % slower")},
}


def usable(paths):
    """{name: samples at 16 kHz} of the files that can be read."""
    sounds = {}
    for path in sorted(paths):
        try:
            sounds[path.name] = load(path, SAMPLE_RATE).samples
        except AudioError:
            continue
    return sounds


def pieces_of(recordings):
    """{"piece_00.flac": 4 s at 16 kHz}, cut from the recordings, which are joined in their order; the rest is left."""
    joined = np.concatenate(list(recordings.values()))
    return {f"piece_{n:02}.flac": joined[n * PIECE : (n + 1) * PIECE] for n in range(len(joined) // PIECE)}


def shared_stretches(recordings, pieces):
    """Pairs (recording, piece) that share samples."""
    ends = np.cumsum([len(samples) for samples in recordings.values()])
    pairs = set()
    for piece in pieces:
        start = int(Path(piece).stem.split("_")[1]) * PIECE
        for name, end, samples in zip(recordings, ends, recordings.values(), strict=True):
            if end > start - SAMPLE_RATE and end - len(samples) < start + PIECE + SAMPLE_RATE:
                pairs.add((name, piece))
    return pairs


def recall(sounds, fingerprints):
    """For each transformation, how many copies are found when all of them lie among all recordings."""
    rows = []
    for title, change in TRANSFORMATIONS.items():
        row = {"transformation": title, "files": 0, "found": 0, "short_files": 0, "short_found": 0, "missed": []}
        originals = [n for n, x in enumerate(sounds.values()) if len(x) > 2 * SHIFT or "cut off" not in title]
        samples = list(sounds.values())
        copies = [fingerprint(np.asarray(change(samples[n]), np.float32)) for n in originals]
        chosen = set(candidate_pairs([*fingerprints, *copies]))
        for place, (index, copy) in enumerate(zip(originals, copies, strict=True)):
            candidate = (index, len(fingerprints) + place) in chosen
            found = candidate and compare(fingerprints[index], copy) is not None
            short = "short_" if len(samples[index]) < SHORTEST * SAMPLE_RATE else ""
            row[f"{short}files"] += 1
            row[f"{short}found"] += found
            if not found and not short:
                row["missed"].append(list(sounds)[index] + ("" if candidate else " (not a candidate)"))
        rows.append(row)
    return rows


def recall_of_pieces(sounds, fingerprints):
    """For each way in which a piece is changed, how many are found in the recordings they were cut from."""
    rows = []
    for title, change in PIECES.items():
        originals, copies = [], []
        for index, samples in enumerate(sounds.values()):
            if len(samples) >= LONG * SAMPLE_RATE:
                start = (len(samples) - round(PIECE_OF_IT * SAMPLE_RATE)) // 3
                piece = samples[start : start + round(PIECE_OF_IT * SAMPLE_RATE)]
                originals.append(index)
                copies.append(fingerprint(np.asarray(change(piece), np.float32)))
        everything = [*fingerprints, *copies]
        found = {
            tuple(sorted(stretch[:2]))
            for stretch in similar_segments(everything, range(len(everything)))
            if compare_segment(everything, *stretch)
        }
        pairs = [(index, len(fingerprints) + place) for place, index in enumerate(originals)]
        missed = [list(sounds)[index] for index, copy in pairs if (index, copy) not in found]
        rows.append({"piece": title, "files": len(pairs), "found": len(pairs) - len(missed), "missed": missed})
    return rows


def strike(seed, pitch, detuning, seconds=1.2):
    """A synthetic drum, the hardest case: its partials are those of every strike, up to a share `detuning`."""
    random = np.random.default_rng(seed)
    time_ = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = 0.3 * random.standard_normal(len(time_)) * np.exp(-40 * time_)
    for mode in (1, 1.6, 2.1, 2.7, 3.5, 4.2):
        phase, hertz = random.uniform(0, 2 * np.pi), pitch * mode * (1 + detuning * random.uniform(-1, 1))
        wave += random.uniform(0.3, 1) / mode * np.exp(-3 * mode * time_) * np.sin(2 * np.pi * hertz * time_ + phase)
    return (0.3 * wave + 0.001 * random.standard_normal(len(time_))).astype(np.float32)


def strikes_taken_for_copies(detuning):
    """(false positives, pairs) among 16 strikes of each of three synthetic drums, compared closely."""
    count = fired = 0
    for pitch in (110, 220, 660):
        fingerprints = [fingerprint(strike(1000 + seed, pitch, detuning)) for seed in range(16)]
        for one, other in itertools.combinations(fingerprints, 2):
            count += 1
            fired += compare(one, other) is not None
    return fired, count


def false_positives(sounds, fingerprints, same):
    """All pairs that share nothing: how many were compared closely whatever the first look says, and which fired."""
    count, fired, kept = 0, [], set(candidate_pairs(fingerprints))
    names = list(sounds)
    for pair in itertools.combinations(range(len(names)), 2):
        first, second = (names[index] for index in pair)
        if (
            (first, second) in same
            or {first, second} <= PLANTED
            or None in (fingerprints[pair[0]], fingerprints[pair[1]])
        ):
            continue
        count += 1
        match = compare(fingerprints[pair[0]], fingerprints[pair[1]])
        if match:
            fired.append({"first": first, "second": second, "similarity": match[0], "as_used": pair in kept})
    return count, fired


def stretches_taken_for_copies(sounds, fingerprints, same):
    """The same for stretches that are alike: how many pairs that share nothing were compared there, and which fired."""
    names, count, fired = list(sounds), 0, []
    for stretch in similar_segments(fingerprints, range(len(fingerprints))):
        first, second = (names[index] for index in sorted(stretch[:2]))
        if (first, second) not in same and not {first, second} <= PLANTED:
            count += 1
            if match := compare_segment(fingerprints, *stretch):
                fired.append({"first": first, "second": second, "similarity": match[0], "as_used": True})
    return count, fired


def table(results):
    """The results as Markdown."""
    lines = ["| transformation | files | found | recall | shorter than 0.25 s |", "|---|---|---|---|---|"]
    for row in results["recall"]:
        share = row["found"] / row["files"]
        short = f"{row['short_found']} of {row['short_files']}"
        lines.append(f"| {row['transformation']} | {row['files']} | {row['found']} | {share:.3f} | {short} |")
    lines += ["", "| piece of 1.5 s | recordings | found | recall |", "|---|---|---|---|"]
    for row in results["pieces"]:
        lines.append(f"| {row['piece']} | {row['files']} | {row['found']} | {row['found'] / row['files']:.3f} |")
    lines += ["", "| pairs | false positives | rate |", "|---|---|---|"]
    for title, key in (
        ("all pairs, compared closely", "closely"),
        ("the same, as `find_near_duplicates` does it", "as_used"),
    ):
        count = results["false_positives"][key]
        lines.append(f"| {title}: {results['pairs']} | {count} | {count / results['pairs']:.5f} |")
    count, fired = results["stretches"]
    lines.append(f"| stretches of a second that are alike, compared closely: {count} | {fired} | {fired / count:.5f} |")
    for title, (fired, count) in results["strikes"].items():
        lines.append(f"| strikes of one synthetic drum, {title}: {count} | {fired} | {fired / count:.5f} |")
    return "\n".join(lines)


def page(results):
    """The results as a page of the site."""
    return f"""# Near duplicates on trial

How often a sound that is there twice is found, and how often two different ones are taken for one. Written by
`make findings`, not by hand.

Of every recording a copy was made in each of these ways and put among the other recordings; halves stand for a
recording that is part of another. From each of at least 2.5 s a piece of 1.5 s was cut, and put among them too. The
thresholds were set on the same recordings: on others, expect somewhat less.

False positives were sought among all pairs of recordings, of pieces cut from them, and of the course's sets, but for
pairs that share samples because they were cut from one place. A bell's note that comes again in a phrase counts as one,
and so does a stroke that a sequencer repeats in two pieces of a loop, though that is the same sound. Many strikes of
one drum that is computed, not recorded, are nearly the same wave, and are sometimes taken for copies.

{table(results)}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--page", help="write the results there, as Markdown")
    parser.add_argument("--out", help="write the results there, as JSON")
    options = parser.parse_args()
    recordings = usable(recordings_in(options.recordings))
    if not any(len(samples) >= SHORTEST * SAMPLE_RATE for samples in recordings.values()):
        refuse(f'no recording in "{options.recordings}" can be read and lasts {SHORTEST} s.')
    pieces = pieces_of(recordings)
    sets = usable(path for name in ("bells", "breath", "needs_work") for path in (EXAMPLES / name).iterdir())
    sounds = {**recordings, **pieces, **sets}
    fingerprint(next(iter(sounds.values())))  # loads librosa
    begun = time.perf_counter()
    fingerprints = [fingerprint(samples) for samples in sounds.values()]
    spent = time.perf_counter() - begun
    hours = sum(map(len, sounds.values())) / SAMPLE_RATE / 3600
    rows = recall(recordings, fingerprints[: len(recordings)])
    same = shared_stretches(recordings, pieces)
    count, fired = false_positives(sounds, fingerprints, same)
    alike, alike_fired = stretches_taken_for_copies(sounds, fingerprints, same)
    used = sum(pair["as_used"] for pair in fired)
    results = {
        "seconds_of_fingerprinting_an_hour": round(spent / hours, 2),
        "recall": rows,
        "pieces": recall_of_pieces(recordings, fingerprints[: len(recordings)]),
        "pairs": count,
        "stretches": (alike, len(alike_fired)),
        "strikes": {
            "partials the same": strikes_taken_for_copies(0.0),
            "partials within 0.3 %": strikes_taken_for_copies(0.003),
        },
        "false_positives": {"closely": len(fired), "as_used": used, "which": fired + alike_fired},
    }
    print(table(results))
    print(f"\nFingerprinting an hour of sound: {spent / hours:.1f} s.")
    for row in rows:
        if row["missed"]:
            print(f"missed, {row['transformation']}: {', '.join(row['missed'])}", file=sys.stderr)
    for pair in fired + alike_fired:
        after = "" if pair["as_used"] else " (not a candidate)"
        print(f"fired: {pair['first']} | {pair['second']}, {pair['similarity']:.2f}{after}", file=sys.stderr)
    if options.page:
        Path(options.page).write_text(page(results), encoding="utf-8")
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    print_any_name()
    sys.exit(main())
