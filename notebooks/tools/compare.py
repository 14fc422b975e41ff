"""Run the lessons and their translations through nbval, one after another, each from the beginning in a copy.

A lesson fails at the first cell that raises an error, and at a cell tagged "check" that shows something other than the
committed output. `--together` runs all in one copy, as a student has them: each finds what those before it left.
"""

import argparse
import os
import subprocess
import sys
import time

from lessons import MINUTES, copy, paths

NBVAL = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600", "-p", "no:cacheprovider", "-qq", "-x"]


def compare(path, folder):
    """Whether the copy of a lesson in `folder` runs, and shows what it should."""
    command = [sys.executable, "-m", "pytest", *NBVAL, "--rootdir", folder, folder / "notebooks" / path.name]
    quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # a debugger's warning for each kernel says nothing here
    return subprocess.run(command, cwd=folder, env=os.environ | MINUTES | quiet).returncode == 0


def main():
    """Compare some lessons with what is committed; the exit status is 1 if one of them fails."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("lessons", nargs="*", help='such as "02_training"; all if none is named')
    parser.add_argument("--together", action="store_true", help="all in one folder")
    chosen = parser.parse_args()
    lessons = paths(chosen.lessons, translated=True)
    failed = set()
    for some in [lessons] if chosen.together else [[path] for path in lessons]:
        with copy() as folder:
            for path in some:
                begun = time.monotonic()
                passed = compare(path, folder)
                print(f"{path.name}: {'passed' if passed else 'FAILED'}, {time.monotonic() - begun:.0f} s", flush=True)
                if not passed:
                    failed.add(path.name)
    if failed:
        sys.exit(f"Failed: {', '.join(sorted(failed))}. The cells are named above, counted from 0 without Markdown.")


if __name__ == "__main__":
    main()
