"""Installs the course in Colab: the set-up cell runs this file as soon as the course is there, before it can import it.

Dependencies that Colab has are not installed: other versions would break the running kernel. Lessons work without the
two that Colab lacks, so it stops only if the course itself cannot be installed.
"""

import subprocess
import sys
from pathlib import Path

COURSE = Path(__file__).parents[2]
INSTALLED = COURSE.with_name(".prism-lessons-installed")  # on this runtime; so a restart need not fetch anything again
LACKING = ("pyloudnorm", "av")


def pip(*words):
    """Run `pip install`; returns why it failed, or nothing."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode and (done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}")


def main():
    """Install the course and what Colab lacks; returns a sentence if the course cannot be installed."""
    if INSTALLED.exists():
        return None
    if pip(COURSE, *LACKING):
        # PyPI cannot be reached, not even for the build tools, which Colab has too.
        if why := pip("--no-index", "--no-build-isolation", COURSE):
            return f"The course could not be installed ({why}): run this cell again in some minutes."
    else:
        INSTALLED.touch()
    return None


if __name__ == "__main__":
    sys.exit(main())
