"""Google Drive; `refused` says why it cannot be opened."""

from pathlib import Path

refused = None


def mount(mountpoint, force_remount=False):
    """Make the folder that a mounted Drive has, or raise the ValueError that Colab raises."""
    if refused:
        raise ValueError(refused)
    Path(mountpoint, "MyDrive").mkdir(parents=True, exist_ok=True)
