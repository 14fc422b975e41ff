"""Diagnoses of generated clips: silence, faint, noise, a tone, a drone, a loop, or alive.

`diagnose` turns the `Measures` of a clip into the key of a `Diagnosis`. It is shown beside the clip and hides nothing:
a drone or a loop may be wanted.
"""

from dataclasses import dataclass

import numpy as np

from ..audibility import FAINT_LUFS, is_audible
from ..audio import SILENCE_FRAME_SECONDS
from .measures import LINE_HZ, nonsilent_frames

SILENT = 0.98  # of the clip: in 3 s a click or two may be left
LINES, ALL_LINES = 0.35, 0.95  # share of the energy
ONE_LINE, MOSTLY_ONE_LINE = 0.99, 0.9
FADES_DB = 6.0  # two sines that beat at 0.7 Hz for 2 s, the slowest that can be recognised, reach 3.5
# The level of two equal sines that beat is 20 log10 |cos|, whose standard deviation is 7.9 dB; a tone struck again has
# more.
BEATS_DB = 7.9
# The same in a band: 6.1 dB, as levels are clipped 40 dB down; for many sines 5.6 (Rayleigh).
PARTIALS_BEAT_DB = 6.3
SUDDEN = 1.0  # beats rise as they fall: 0; repeated strikes measure 2.6 to 6.5
PARTIAL = 0.15  # share of the strongest: in a loop, whose spectrum has very many lines, none holds as much
LOOP_LIKENESS, LOOP_MOVES_DB = 0.86, 2.8
STEADY_DB = 5.0  # noise in a band of one bin moves by 5.6 dB, wider ones less
NOISE_DRIFTS_DB = 1.4
DRONE_DRIFTS_DB = 2.2  # partials that come and go by 3 dB: a sine of that height has a standard deviation of 2.1
BUZZ_DRIFTS_DB = 0.3  # pulses at 30 Hz move within a period, but not from half second to half second
REMARKED_SILENCE = 0.3  # seconds
FULL_SCALE, CLIPPED_SHARE = 0.99, 0.001
MEASURED = "measured: benchmarks/diagnosis.py"


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis of a clip.

    Attributes
    ----------
    key
        Its name in Python and JSON.
    title
        Its name for display.
    what
        What the clip sounds like: one sentence.
    causes
        What usually causes it: one or two sentences.
    advice
        What to try: one or two sentences.
    threshold
        When it applies: a phrase with figures and units.
    source
        Where that threshold comes from.
    audible
        Whether such a clip can be heard without turning it up.
    """

    key: str
    title: str
    what: str
    causes: str
    advice: str
    threshold: str
    source: str
    audible: bool = True


WAYS = "nudge takes in lesson 04 (nudge=True), if necessary after priming them with a recording"
WAKING = (
    f"If a clip of the same epoch at a higher temperature can be heard, take that temperature. If not, {WAYS}, or take "
    "another epoch."
)
DIAGNOSES = {
    diagnosis.key: diagnosis
    for diagnosis in (
        Diagnosis(
            key="silence",
            title="silence",
            what="There is nothing to hear.",
            causes="The temperature is too low, so the model always chooses what is most likely, which is silence; or "
            "the recordings contain much silence; or the epoch is an early one.",
            advice=f"{WAKING} If most clips of a run are silent, leave out the silences of your recordings in lesson "
            "01 and train again.",
            threshold=f"{SILENT:.0%} of the clip or more below -60 dBFS, in stretches of 20 ms, each without its "
            "constant offset; or nothing above -70 LUFS",
            source=f"prism_lessons/audio for the level; ITU-R BS.1770-4 for -70 LUFS; {MEASURED}",
            audible=False,
        ),
        Diagnosis(
            key="faint",
            title="faint",
            what="It is so soft that the noise of a quiet room covers it.",
            causes="The model stays near the silence between sounds, often because the temperature is too low or the "
            "epoch is an early one; or the recordings themselves are very soft.",
            advice=f"{WAKING} If your recordings are very soft, raise their level in lesson 01 and train again.",
            threshold=f"no silence; integrated loudness below {FAINT_LUFS:.0f} LUFS",
            source="EBU R 128, ISO 9921 and WHO 1999, see prism_lessons/audibility.py; ITU-R BS.1770-4 for loudness",
            audible=False,
        ),
        Diagnosis(
            key="noise",
            title="noise",
            what="A hiss, a rush or a rumble that stays the same.",
            causes="The model has not learned enough yet, or the temperature is too high. If earlier epochs played "
            "more than noise, the training blew up: its curve shows a jump.",
            advice="If it is not what you want, take a later epoch or a lower temperature. After a jump in the curve, "
            "take an epoch before it, or train with a lower learning rate.",
            threshold=f"no loop; lines that last hold less than {LINES} of the energy; the bands stay within "
            f"{NOISE_DRIFTS_DB} dB (standard deviation) from half second to half second, the level within "
            f"{FADES_DB:.0f} dB from beginning to end",
            source=MEASURED,
        ),
        Diagnosis(
            key="tone",
            title="tone",
            what="One pitch that stays; its loudness may beat.",
            causes="The model is stuck in the easiest thing it can play, often because the temperature is too low; "
            "or there is a hum or one long note in many recordings.",
            advice="If it is not what you want, raise the temperature step by step, or try another seed or a later "
            "epoch. Look for hum in the survey of lesson 01.",
            threshold=f"{ONE_LINE:.0%} of the energy within {LINE_HZ:.0f} Hz of one line, and levels that move as "
            f"those of two sines that beat, rising as they fall, by {BEATS_DB} dB at most; from "
            f"{MOSTLY_ONE_LINE:.0%} on where it would be a drone otherwise; level within "
            f"{FADES_DB:.0f} dB from beginning to end",
            source=f"the arithmetic of two sines; {MEASURED}",
        ),
        Diagnosis(
            key="drone",
            title="drone",
            what="A held sound of many partials, or of a tone with noise, that hardly changes.",
            causes="The steady part of the recordings is learned first, and attacks come later; or the length of "
            "memory (window) is too short for the model to learn that sounds begin and end.",
            advice="If it is not what you want, take a later epoch or a slightly higher temperature. For the next "
            "training, choose a greater length of memory, or more recordings with attacks.",
            threshold=f"lines that last hold {LINES} of the energy or more; no loop; the bands stay within "
            f"{DRONE_DRIFTS_DB} dB from half second to half second and {STEADY_DB:.0f} dB from 4 ms to 4 ms, or "
            f"it is nothing but partials ({ALL_LINES:.0%}) that beat ({PARTIALS_BEAT_DB} dB, rising as they fall); "
            f"level within {FADES_DB:.0f} dB from beginning to end",
            source=f"a swell by 3 dB has a standard deviation of 2.1 dB; the arithmetic of sines; {MEASURED}",
        ),
        Diagnosis(
            key="loop",
            title="loop",
            what="Something happens, and then repeats again and again.",
            causes="The model has memorised one of a few recordings, or a low temperature keeps it on the most likely "
            "path.",
            advice="If it is not what you want, raise the temperature a little, take an earlier epoch, or train on "
            "more recordings. If it is, keep the seed: it plays the same again.",
            threshold=f"the spectrogram correlates by {LOOP_LIKENESS} or more with itself 0.05 s to half of the clip "
            f"later, and moves by {LOOP_MOVES_DB} dB or more, or is noise",
            source=f"Guttman and Julesz 1963 for noise that repeats; {MEASURED}",
        ),
        Diagnosis(
            key="alive",
            title="alive",
            what="It moves, and does not simply repeat.",
            causes="The model has learned more from the recordings than their steady parts.",
            advice="Listen: no figure tells whether it is good.",
            threshold="none of the others",
            source=MEASURED,
        ),
    )
}


def diagnose(measures):
    """The key in `DIAGNOSES` for a clip with these `Measures`."""
    if measures.silence >= SILENT or measures.loudness is None:
        return "silence"
    if not is_audible(measures.loudness):
        return "faint"
    even = abs(measures.fades_db) < FADES_DB
    gentle = abs(measures.suddenness) < SUDDEN or measures.moves_db < LOOP_MOVES_DB
    if even and gentle and measures.one_line >= ONE_LINE and measures.moves_db < BEATS_DB:
        return "tone"
    if even and _partials_beat(measures):
        return "tone" if measures.one_line >= MOSTLY_ONE_LINE else "drone"
    moving = measures.moves_db >= LOOP_MOVES_DB or measures.lines < LINES
    if moving and measures.loop_likeness >= LOOP_LIKENESS:
        return "loop"
    if even and (measures.moves_db < STEADY_DB or measures.drifts_db < BUZZ_DRIFTS_DB):
        if measures.lines < LINES:
            return "noise" if measures.drifts_db < NOISE_DRIFTS_DB else "alive"
        if measures.drifts_db < DRONE_DRIFTS_DB:
            return "tone" if measures.one_line >= MOSTLY_ONE_LINE else "drone"
    return "alive"


def _partials_beat(measures):
    """Whether all movement is partials that beat with one another, as in a choir, however slowly."""
    return (
        measures.lines >= ALL_LINES
        and measures.one_line >= PARTIAL
        and measures.moves_db < PARTIALS_BEAT_DB
        and abs(measures.suddenness) < SUDDEN
    )


def advice(clip, clips, kept):
    """What to try with an `AuditionClip`, one to three sentences.

    `clips` are all of its run, and `kept` the epochs whose models still exist.

    A higher temperature need not wake a silent model. So one is advised only if a clip of the same epoch at it can be
    heard, or suggested as a trial if no clip has one.
    """
    if clip.audible:
        return DIAGNOSES[clip.diagnosis].advice
    own, same = clip.played.temperature, [other for other in clips if other.played.epoch == clip.played.epoch]
    awake = [other.played.temperature for other in same if other.audible]
    if own in awake:
        return f"At this temperature another voice can be heard: play more voices, or {WAYS}."
    if awake:
        nearest = min(awake, key=lambda temperature: abs(temperature - own))
        return f"At temperature {nearest:g} this epoch can be heard: take that one, or {WAYS}."
    tried = sorted({other.played.temperature for other in same if other.played.temperature > own})
    if tried:
        first = f"At {_listed(tried)} this epoch cannot be heard either, so a higher one may not help: {WAYS}."
    else:
        first = f"No clip shows whether a higher temperature would wake this epoch: try one, or {WAYS}."
    others = {other.played.epoch for other in clips if other.audible} & {*kept}
    if not others:
        return f"{first} No other epoch whose model still exists can be heard."
    nearest = min(others, key=lambda epoch: (abs(epoch - clip.played.epoch), -epoch))
    return f"{first} Epoch {nearest} can be heard, and its model still exists."


def _listed(temperatures):
    *most, last = (f"{temperature:g}" for temperature in temperatures)
    return f"temperatures {', '.join(most)} and {last}" if most else f"temperature {last}"


def remarks(clip):
    """Further observations on a clip, as phrases: ["falls silent after 1.2 s", "clips at full scale"]."""
    found = []
    nonsilent = np.flatnonzero(nonsilent_frames(clip))
    if len(nonsilent):
        begins, ends = nonsilent[0] * SILENCE_FRAME_SECONDS, (nonsilent[-1] + 1) * SILENCE_FRAME_SECONDS
        if begins >= REMARKED_SILENCE:
            found.append(f"is silent for the first {begins:.1f} s")
        if clip.seconds - ends >= REMARKED_SILENCE:
            found.append(f"falls silent after {ends:.1f} s")
        if np.mean(np.abs(clip.samples) >= FULL_SCALE) > CLIPPED_SHARE:
            found.append("clips at full scale")
    return found
