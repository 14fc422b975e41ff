"""Hearing what a run has learned: its clips, epoch by epoch, on one page."""

from .page import audition

__all__ = ["audition"]
