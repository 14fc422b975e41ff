"""Pages that need nothing but a browser: sounds to look at, to hear and to read about, in one file."""

from .sound_map import sound_map

__all__ = ["sound_map"]
