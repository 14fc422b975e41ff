"""Everything that the lessons show: players, pictures, controls, and the folder of a student's files.

The only package that needs IPython, ipywidgets and matplotlib. Whatever a control here sets is also a plain argument of
the library.
"""

from .auditioning import AuditionTable, beside_recordings
from .choosing import RecordingsPanel, SegmentsPanel
from .computer import budget, machine
from .course import Course
from .findings import findings, hear
from .instrument import Instrument
from .line_panel import LinePanel
from .output import LiveFigure
from .panels import JournalPanel, Panel, choice, intention_form, lines, number, origin_form, text, tick, whole
from .players import newest, play, play_epochs, play_grid
from .plots import learning_curve, spectrogram, waveform
from .settings_panel import SettingsPanel, settings_table
from .views import card, journey_shown, preflight_shown, search_shown, sound_map, training_view

__all__ = [
    "AuditionTable",
    "Course",
    "Instrument",
    "JournalPanel",
    "LinePanel",
    "LiveFigure",
    "Panel",
    "RecordingsPanel",
    "SegmentsPanel",
    "SettingsPanel",
    "beside_recordings",
    "budget",
    "card",
    "choice",
    "findings",
    "hear",
    "intention_form",
    "journey_shown",
    "learning_curve",
    "lines",
    "machine",
    "newest",
    "number",
    "origin_form",
    "play",
    "play_epochs",
    "play_grid",
    "preflight_shown",
    "search_shown",
    "settings_table",
    "sound_map",
    "spectrogram",
    "text",
    "tick",
    "training_view",
    "waveform",
    "whole",
]
