"""Files from and to the student's computer: `chosen` is what is uploaded, `downloaded` what came there.

`refused` says why nothing can be uploaded.
"""

from pathlib import Path

chosen = {}
downloaded = []
refused = None


def upload():
    """Return the chosen files as {name: bytes}; Colab leaves a copy of each in the current folder."""
    if refused:
        raise TypeError(refused)
    for name, content in chosen.items():
        Path(name).write_bytes(content)
    return dict(chosen)


def download(filename):
    """Take a file to the student's computer; like Colab, refuse one that is not there."""
    if not Path(filename).is_file():
        raise FileNotFoundError(f"Cannot find file: {filename}")
    downloaded.append(Path(filename))
