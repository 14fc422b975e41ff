"""The doctor: the faults of a recording, their effect on a model, and their remedies.

A detector reads one sound block by block, so that a recording of ten hours needs no more memory than a short one:

    class Detector:
        kinds = (...)                           the `FaultKind`s that it can find
        def __init__(self, sample_rate, channels)
        def add(self, frames, mono)             float32, shapes (frames, channels) and (frames,), finite
        def findings(self)                      a list of `Finding`s, once all has been added
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import methodcaller

from ...analysis import Loudness
from ...audio import Levels, Recording, resample_blocks, to_mono
from .bandwidth import USUAL_RATE, bandwidth_at_rate
from .channels import Channels
from .clipping import Peaks
from .files import file_findings
from .findings import CLEAR, MOST_PLACES, SEVERE, SEVERITY_WORDS, SLIGHT, FaultKind, Finding
from .glitches import Glitches
from .level import Level
from .spectrum import Spectrum

DETECTORS = (Channels, Peaks, Glitches, Spectrum, Level)
# By key, in the order in which remedies are applied: a click has to be removed before a filter smears it.
KINDS = {kind.key: kind for part in (file_findings, *DETECTORS) for kind in part.kinds}
# Faults of the channel mix: their remedy, before any other, is to read one channel alone.
MIXING = tuple(kind.key for kind in Channels.kinds)

__all__ = [
    "CLEAR", "KINDS", "MOST_PLACES", "SEVERE", "SEVERITY_WORDS", "SLIGHT", "USUAL_RATE", "FaultKind", "Finding",
    "examine", "fault_key", "finding_in_words", "findings_at_rate", "has_remedy", "kept_channel", "repair_recording",
]  # fmt: skip


@dataclass(frozen=True)
class Examined:
    """The results of reading a recording: the `Levels` of its mono mix, its loudness in LUFS or None, and its
    `Finding`s in the order of `KINDS`, for a corpus at its own rate."""

    levels: Levels
    lufs: float | None
    findings: list[Finding]


def examine(recording, step=lambda part: None):
    """Examine a recording from end to end; read it a second time if one channel has to be read alone.

    Parameters
    ----------
    recording
        A `Recording` from which nothing has been read.
    step
        Called after each block with the share, 0 .. 1, that has been read; an exception from it ends the examination.

    Returns
    -------
    Examined
    """
    levels, loudness = Levels(recording.sample_rate), Loudness(recording.sample_rate)

    def listen(mono):
        levels.add(mono)
        loudness.add(mono)

    found = _detect(recording, to_mono, listen, step)
    found += file_findings(recording, levels)
    if (channel := kept_channel(found)) is not None:
        # What the mix lacks says nothing of the sound: the channel to be kept is examined instead.
        with Recording(recording.path) as again:
            rest = _detect(again, lambda frames: frames[:, channel], lambda mono: None, step)
        of_the_mix = [one for one in found if one.kind in MIXING]
        found = of_the_mix + file_findings(again, levels) + [one for one in rest if one.kind not in MIXING]
    return Examined(levels, loudness.lufs, _in_order(found))


def findings_at_rate(findings, own_rate, sample_rate):
    """Findings of a file for a corpus: missing high frequencies count only if the corpus could hold them.

    Parameters
    ----------
    findings
        `Finding`s as `examine` gives them.
    own_rate, sample_rate
        Hz, of the file and of the corpus.

    Returns
    -------
    list of Finding
        Low sample rate and missing high frequencies only where a corpus at that rate could hold more, with a severity
        by how much is missing; other findings unchanged.
    """
    return _in_order(bandwidth_at_rate(findings, own_rate, sample_rate))


def _in_order(findings):
    order = list(KINDS)
    return sorted(findings, key=lambda finding: order.index(finding.kind))


def _detect(recording, to_mono, listen, step):
    """The detectors' findings in a recording, mixed by `to_mono(frames)`; `listen(mono)` gets each mixed block too."""
    detectors = [detector(recording.sample_rate, recording.channels) for detector in DETECTORS]
    # In parallel, since NumPy and SciPy let threads run: one file of hours would wait for one processor. The first
    # block, which is all of a short file, needs no threads.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, frames in enumerate(recording.frames()):
            mono = to_mono(frames)
            added = (pool.map if number else map)(methodcaller("add", frames, mono), detectors)
            listen(mono)
            list(added)  # waits, and raises what a detector raised
            step(recording.share)
    return [finding for detector in detectors for finding in detector.findings()]


def kept_channel(findings):
    """The channel that is read alone as the remedy of one of the findings, or None."""
    return next((finding.values["channel"] for finding in findings if finding.kind in MIXING), None)


def fault_key(kind):
    """The key of a kind of fault given by key or title; any other word is returned as it is."""
    return next((key for key, one in KINDS.items() if kind == one.title), kind)


def has_remedy(key):
    """Whether the course can mend a kind of fault: by a repair, or by reading one channel alone."""
    return bool(KINDS[key].repair) or key in MIXING


def finding_in_words(finding):
    """A `Finding` as a line: "clear mains hum: 50.0 Hz and 3 harmonics"."""
    return f"{SEVERITY_WORDS[finding.severity]} {finding.title}: {finding.measured}"


def repair_recording(recording, findings, sample_rate=None):
    """Yield a recording with the remedies of some findings applied, as mono float32 blocks.

    Parameters
    ----------
    recording
        A `Recording` from which nothing has been read; the file is not changed.
    findings
        Its `Finding`s to mend; those without a remedy change nothing.
    sample_rate
        Hz; the recording's own if not given.
    """
    blocks = recording.blocks(channel=kept_channel(findings))
    findings = {finding.kind: finding for finding in findings}
    for key, kind in KINDS.items():
        if key in findings and kind.repair:
            blocks = kind.repair(blocks, recording.sample_rate, findings[key].values)
    return resample_blocks(blocks, recording.sample_rate, sample_rate or recording.sample_rate)
