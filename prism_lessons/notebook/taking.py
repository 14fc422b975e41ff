"""Saving the takes of the lessons: the kind of files, and free names."""

import numpy as np

from ..audio import load, pcm16
from ..files import names_for
from .panels import Panel, choice, number, tick


def files_panel():
    """A `Panel` for the kind of files that takes become: the arguments of `prism_lessons.render`."""
    return Panel(
        form=choice("Format", {"WAV": "wav", "FLAC": "flac"}, "wav"),
        bits=choice("Bits", {"16": 16, "24": 24, "32, float (WAV only)": "float"}, 24),
        sample_rate=choice("Sample rate", {"the model's": None, "44.1 kHz": 44100, "48 kHz": 48000}, 48000),
        fade_in=number("Fade in, seconds", 0, 0, 60),
        fade_out=number("Fade out, seconds", 0.05, 0, 60),
        remove_dc=tick("Take a constant offset away", True),
    )


def free_path(folder, clip):
    """A path for a clip in a folder: under a free name, or the one that it is saved under already."""
    wanted = pcm16(clip.samples)
    for path in names_for(folder / f"{clip.name}.wav"):
        if not path.exists() or np.array_equal(pcm16(load(path).samples), wanted):
            return path
