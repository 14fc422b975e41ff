"""From a capsule to sound: takes by many voices at once."""

from .takes import generate

__all__ = ["generate"]
