"""Hearing what a run has learned: its clips side by side, what they sound like, and listeners' notes on them."""

from .audition import Audition, audition, corpus_of, sounds_for_others, sounds_of_run
from .clip_analysis import AuditionClip
from .copies import UNCHECKED, copies_not_to_share
from .diagnosis import DIAGNOSES, diagnose
from .epoch_capsule import capsule_of
from .listening import Act, ListeningLog
from .measures import measure_clip
from .page import PageSounds, document
from .portfolio import export_journal
from .take_comparison import analyse_sound, compare_takes

__all__ = [
    "DIAGNOSES", "UNCHECKED", "Act", "Audition", "AuditionClip", "ListeningLog", "PageSounds", "analyse_sound",
    "audition", "capsule_of", "compare_takes", "copies_not_to_share", "corpus_of", "diagnose", "document",
    "export_journal", "measure_clip", "sounds_for_others", "sounds_of_run",
]  # fmt: skip
