"""The card of a corpus: what is in it, whose it is, what was done to it and what it is for, as Markdown.

It is saved in the corpus as `card.md`, and copied into every run and every capsule made from it. Its warnings, each
with what can be done, are also shown when a `Corpus` is made, in a plan and in a pre-flight.
"""

from collections import Counter

from ..analysis import DuplicatePair, duplicate_groups
from ..live import some
from ..prose import one_line
from .choices import UNKNOWN

# As lesson 01 says: two minutes can be enough for a texture, and an hour is too much for a sketch, which takes 14 s to
# pass through a minute of sound (docs/teaching/rooms.md).
TEXTURE_SECONDS, LONG_SECONDS = 120, 3600
# A well-trained model is silent as often as its corpus. Below a temperature of 1, likely samples become more frequent
# than in the corpus: above one half, that is silence, whatever else there is.
MOSTLY = 0.5
MOST_NAMED = 3


def what_it_allows(seconds, silence=0.0):
    """A sentence on what can be trained with `seconds` of sound, of which a share 0 .. 1, `silence`, is silent."""
    minutes = f"{seconds / 60:.1f} minutes to train on"
    if is_mostly_silent(silence):
        return f"{minutes}, of which only {seconds * (1 - silence):.0f} s are sound."
    if seconds < TEXTURE_SECONDS:
        return f"{minutes}: enough to try things out; from about two minutes on, a texture can be learned."
    if seconds < LONG_SECONDS:
        return f"{minutes}: this can be enough for a texture, if it is consistent."
    return f"{minutes}: too much for a sketch, which takes a quarter of an hour on two cores to pass through an hour."


def is_mostly_silent(share):
    """Whether a share of silence, 0 .. 1, is so large that a model will mostly be silent; False where it is None."""
    return share is not None and share > MOSTLY


def warnings_about(corpus):
    """The warnings about a `Corpus`, as a list of sentences; empty if there are none."""
    return [*_silence_warnings(corpus), *_validation_warnings(corpus)]


def _silence_warnings(corpus):
    if not is_mostly_silent(corpus.silence):
        return []
    silent = Counter()
    for clip in corpus.of("training"):
        silent[clip.recording] += clip.silence * clip.samples * clip.times
    names = ", ".join(f'"{name}"' for name, _ in silent.most_common(MOST_NAMED))
    return [
        f"{corpus.silence:.0%} of the sound to train on is silence (below -60 dBFS), above all in {names}, so the "
        "model will mostly be silent too: leave silent recordings out, keep only the segments that sound, or have very "
        "soft recordings raised."
    ]


def _validation_warnings(corpus):
    kept = {clip.recording for clip in corpus.of("validation")}
    if len({clip.recording for clip in corpus.clips}) == 1:
        return [
            f"All sound is from one recording, and its last {corpus.seconds('validation'):.1f} s are kept for "
            "validation, so validation says how well the model goes on with that recording and nothing about others: "
            "add a second recording if you can."
        ]
    pairs = [DuplicatePair(twin["first"], twin["second"], 1.0, twin["how"]) for twin in corpus.twins]
    pairs = [pair for pair in pairs if {pair.first, pair.second} <= kept]
    if len(kept) - sum(len(group) - 1 for group in duplicate_groups(kept, pairs)) > 1:
        return []
    name = max(kept, key=lambda name: sum(c.samples for c in corpus.of("validation") if c.recording == name))
    return [
        f'Validation is one recording, "{name}" ({corpus.seconds("validation"):.1f} s), so a single odd moment in it '
        "can decide which epoch looks best: choose epochs by ear, or add recordings."
    ]


def card(corpus):
    """The card of a `Corpus`, Markdown."""
    return "\n".join([*_contents(corpus), *_intention(corpus), *_origin(corpus), *_treatment(corpus), *_clips(corpus)])


def _contents(corpus):
    recordings = len({clip.recording for clip in corpus.clips})
    return [
        "# Card of this corpus",
        "",
        f"{len(corpus.clips)} clips from {recordings} recordings, mono, {corpus.sample_rate} Hz, 16-bit FLAC. "
        f"{corpus.seconds('training'):.1f} s for training, {corpus.seconds('validation'):.1f} s for validation "
        f"(chosen by recording, seed {corpus.seed}).",
        "",
        what_it_allows(corpus.heard_seconds, corpus.silence),
        "",
        *_groups(corpus),
        *(line for warning in corpus.warnings for line in (f"**{one_line(warning)}**", "")),
    ]


def _groups(corpus):
    """How much there is to train on of each group; all of them can be labels of a model."""
    heard = dict.fromkeys(corpus.labels, 0.0)
    for clip in corpus.of("training"):
        if clip.group:
            heard[clip.group] += clip.times * clip.samples / corpus.sample_rate
    if not heard:
        return []
    words = ", ".join(f"{one_line(name)} ({seconds:.0f} s)" for name, seconds in heard.items())
    return [f"Groups, which can be labels of a model: {words}.", ""]


def _intention(corpus):
    intention = corpus.intention
    return [
        "## Intention",
        "",
        f"- What to hear: {one_line(intention.hear) or UNKNOWN}",
        f"- What success would sound like: {one_line(intention.success) or UNKNOWN}",
        f"- What matters more: {one_line(intention.prefer)}",
        "",
    ]


def _origin(corpus):
    """One row for each origin, with the recordings that share it; those of unknown consent are counted below."""
    rows, shared = [], {}
    for name, origin in corpus.origins.items():
        shared.setdefault(origin, []).append(name)
    for origin, names in shared.items():
        words = (origin.maker, origin.date, origin.licence, origin.consent, origin.share_sound, origin.share_model)
        rows.append(f"| {one_line(some(names))} | " + " | ".join(one_line(word) for word in words) + " |")
    unsure = [name for name, origin in corpus.origins.items() if origin.consent == UNKNOWN]
    lines = ["## Origin and consent", ""]
    if rows:
        lines += [
            "| recordings | maker | date | licence | consent | sound may be shared | model may be shared |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    if unsure or not rows:
        count = f"{len(unsure)} of {len(corpus.origins)} recordings" if rows else "all recordings"
        lines += [f"Consent is unknown for {count}: ask before you pass on sounds or models.", ""]
    if forbidden := corpus.not_to_share:
        lines += [
            "**No model trained on this corpus may be shared:**",
            "",
            *(f"- {one_line(one)}" for one in forbidden),
            "",
        ]
    if withheld := corpus.sharing.withheld:
        lines += [
            "**These recordings may not be passed on as sound:**",
            "",
            *(f"- {one_line(f'{name} {why}')}" for name, why in withheld.items()),
            "",
        ]
    return lines


def _treatment(corpus):
    lines = [
        "## Treatment",
        "",
        "Channels were averaged and the sample rate changed with soxr (high quality); levels were left alone, but for "
        "sounds above full scale, which were turned down until they fit. The recordings themselves were not changed.",
        "",
    ]
    treated = {clip.recording: clip.treatment for clip in corpus.clips if clip.treatment}
    lines += [f"- {one_line(name)}: {one_line('; '.join(treatment))}" for name, treatment in treated.items()]
    pieces = Counter(clip.recording for clip in corpus.clips)
    lines += [f"- {one_line(name)}: cut into {count} clips" for name, count in pieces.items() if count > 1]
    weights = {clip.recording: clip.times for clip in corpus.clips if clip.times > 1}
    lines += [f"- {one_line(name)}: heard {times} times in each pass" for name, times in weights.items()]
    lines += [
        f"- {one_line(twin['first'])} and {one_line(twin['second'])} share a sound ({one_line(twin['how'])}), so they "
        "are on one side of the split"
        for twin in corpus.twins
    ]
    return lines + ([""] if lines[-1] else [])


def _clips(corpus):
    lines = [
        "## Clips",
        "",
        "| recording | from, s | seconds | peak, dBFS | RMS, dBFS | used for | notes |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one_line(clip.recording)} | {clip.start / corpus.sample_rate:.2f} "
        f"| {clip.samples / corpus.sample_rate:.2f} | {clip.peak_dbfs:.1f} | {clip.rms_dbfs:.1f} | {clip.split} "
        f"| {one_line('; '.join(clip.notes)) or '-'} |"
        for clip in corpus.clips
    ]
    if corpus.unused:
        lines += [
            "",
            "Not used:",
            "",
            *(f"- {one_line(file['name'])}: {one_line(file['reason'])}" for file in corpus.unused),
        ]
    return [*lines, ""]
