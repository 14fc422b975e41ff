"""Packs the course into one file that a teacher can hand out: dist/prism-lessons-VERSION.zip.

It holds what the lessons need and what a reader may look up, without tests and benchmarks. The set-up cell takes it in
Colab; on a computer of one's own it is unpacked, and set up as the README says. The same files give the same zip, and
other files have other times: what Python and Numba compiled of an older course that lay there is compiled anew.
"""

import stat
import zipfile
import zlib

from badges import REPOSITORY, Home

WHAT = (
    "prism_lessons/**/*", "datasets_examples/**/*", "notebooks/[0-9]*.ipynb", "notebooks/quiz.html", "docs/*.md",
    "docs/teaching/*.md", "docs/patches/*", "docs/*.png", "*.md", "LICENSE*", "CITATION.cff", "Makefile",
    "environment.yml", "pyproject.toml",
)  # fmt: skip
FOR_TEACHERS = {"docs/teaching/answers.md"}
LONG_AGO = (1980, 1, 1)  # the first day that a zip can name


def contents(repository=REPOSITORY):
    """The files that are handed out, {name in the repository: path}, in order."""
    found = {path.relative_to(repository).as_posix(): path for what in WHAT for path in repository.glob(what)}
    made = ("__pycache__", ".")  # what Python and systems leave among them
    return {
        name: path
        for name, path in sorted(found.items())
        if path.is_file() and name not in FOR_TEACHERS and not any(part.startswith(made) for part in name.split("/"))
    }


def _moment(content):
    """A moment of that day for a file with some content; zips count in steps of two seconds."""
    minutes, seconds = divmod(zlib.crc32(content) % (24 * 60 * 30) * 2, 60)
    return *LONG_AGO, *divmod(minutes, 60), seconds


def pack(folder, repository=REPOSITORY):
    """Pack the course into a folder; returns the zip's path."""
    name = f"prism-lessons-{Home.read(repository).version}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, file in contents(repository).items():
            content = file.read_bytes()
            entry = zipfile.ZipInfo(f"{name}/{inside}", _moment(content))
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16  # the same on every system
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return path


if __name__ == "__main__":
    made = pack(REPOSITORY / "dist")
    print(f"{made.relative_to(REPOSITORY)}: {made.stat().st_size / 1e6:.0f} MB")
