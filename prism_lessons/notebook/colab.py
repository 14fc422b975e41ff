"""Google Colab: everything that is different there. None of it is needed on a student's own computer."""

import sys
from pathlib import Path

from ..errors import CourseError
from ..model import on_gpu
from ..readiness import versions
from .computer import graphics

CONTENT = Path("/content")  # gone when the runtime ends
DRIVE = CONTENT / "drive"
GPU_MENU = "Runtime > Change runtime type > T4 GPU"
# Libraries that Colab lacks, so the set-up cell installs them, and what does not work without them.
LOST_WITHOUT = {"av": "a phone's M4A cannot be read", "pyloudnorm": "recordings cannot be looked over"}
LENT_HOURS = 12  # the longest that a free runtime lasts (https://research.google.com/colaboratory/faq.html)


def on_colab():
    """Whether this notebook runs in Google Colab."""
    return "google.colab" in sys.modules


def check():
    """Print whether Colab's libraries have versions that the course works with, and whether there is a GPU."""
    unfit = [row for row in versions() if not row[3]]
    for name, found, needed, _ in unfit:
        print(f"{name}: {'missing' if found is None else found}, but the course needs {needed}.")
    lost = [LOST_WITHOUT[name] for name, found, _, _ in unfit if found is None and name in LOST_WITHOUT]
    if lost:
        print(
            f"What is missing could not be fetched, and without it {' and '.join(lost)}. Everything else works. "
            "To try again, choose Runtime > Restart session, then run this cell."
        )
    elif unfit:
        print("The lessons may still work. If one fails, tell the course's makers these lines.")
    else:
        print("Every library that the course needs is installed, in a version that it was made for.")
    print(graphics() + ("" if on_gpu() else f" To ask for one: {GPU_MENU}, then run this cell again."))


def home(drive):
    """Where the course keeps files on Colab: a folder on Google Drive if `drive` and it can be reached.

    Returns
    -------
    Path, Path, str
        The folder; a folder on the runtime's own disk to train in; and a sentence about how long the files last.
    """
    here = CONTENT / "course_files"
    if not drive:
        return here, here, "They are deleted when this runtime ends: take them home with course.take_home()."
    try:
        from google.colab import drive as google_drive

        google_drive.mount(str(DRIVE))
        there = DRIVE / "MyDrive" / "prism_lessons"
        (there / "runs").mkdir(parents=True, exist_ok=True)  # copies are made only into folders that exist
    except Exception as error:  # whatever Google, the browser or a blocked window says: the lesson goes on without it
        return (
            here,
            here,
            (
                f"Google Drive could not be opened ({error}), so files stay on this runtime and are deleted when it "
                "ends: take them home with course.take_home()."
            ),
        )
    return there, here, f"They stay on your Google Drive. Trainings work in {here} and are copied to your Drive."


def upload():
    """Ask for files and wait for them; returns {name: bytes}."""
    from google.colab import files

    try:
        uploaded = files.upload()
    except Exception as error:  # whatever Google, the browser or a blocked window says
        raise CourseError(f"Nothing could be uploaded ({error}): reload the page, then run the cell again.") from error
    for name in uploaded:
        Path(name).unlink(missing_ok=True)  # Colab leaves a copy in the current folder
    if not uploaded:
        raise CourseError("No file was uploaded: run the cell again and choose some.")
    return uploaded


def download(path):
    """Let the browser save a file on the student's computer."""
    from google.colab import files

    files.download(str(path))
