"""Hearing what a run has learned: its clips side by side, what they sound like, and what was heard in them."""

from .audition import Audition, audition, sounds_of_run
from .chosen import capsule_of
from .diagnosis import DIAGNOSES, diagnose
from .listening import ListeningLog
from .looking import AuditionClip
from .measures import measured
from .portfolio import export_journal

__all__ = [
    "DIAGNOSES", "Audition", "AuditionClip", "ListeningLog", "audition", "capsule_of", "diagnose", "export_journal",
    "measured", "sounds_of_run",
]  # fmt: skip
