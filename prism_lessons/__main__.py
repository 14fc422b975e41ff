"""Entry point of `prism-lessons` and `python -m prism_lessons`, before any slow import."""

import sys


def main():
    """Run the command line; returns the exit status."""
    try:
        from .cli import main

        return main()
    except KeyboardInterrupt:
        print("Stopped before it began.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
