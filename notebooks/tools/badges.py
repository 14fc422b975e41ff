"""What every lesson says of where the course comes from: its badge, its set-up cell and the links to Colab.

The address of the course's repository stands in pyproject.toml, once the course has one:

    [project.urls]
    Repository = "https://github.com/OWNER/NAME"

Until then no badge leads to Colab, nothing is fetched there, and the set-up cell takes the course from a zip
(`make zip`). With an address, `make badges` makes a release: the digest of the commit that is checked out is written
into the lessons, and they are committed on top of it, under a tag. Tags can be moved and addresses change hands, but
the lessons fetch this commit or none.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
RELEASE = "notebooks/tools/release.json"  # the version that was released last, and the digest of its commit
COLAB = "https://colab.research.google.com"
GITHUB = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")  # Colab opens lessons from nowhere else
EXAMPLE = "https://github.com/OWNER/NAME"
BADGE = re.compile(r"^# \[!\[Open in Colab\].*\n#\n", re.MULTILINE)

SETUP_CELL = '# %% cellView="form" jupyter={"source_hidden": true} tags=["setup"]'
SETUP = Path(__file__).with_name("set_up_cell.py")
SETUP_METADATA = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["setup"]}


class Refused(Exception):
    """A release that cannot be made, and what to do."""


@dataclass(frozen=True)
class Home:
    """Where the course lives.

    Parameters
    ----------
    version
        Of the course to which the lessons of this checkout belong.
    address
        Of the repository, https://github.com/OWNER/NAME; None until there is one.
    commit
        Git's digest (40 hex digits) of the commit that was released as this version; None before it is.
    """

    version: str
    address: str | None = None
    commit: str | None = None

    @classmethod
    def read(cls, repository=REPOSITORY):
        """The home that the pyproject.toml of a repository names, and what was released last there."""
        project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        path = repository / RELEASE
        released = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        commit = released["commit"] if released.get("version") == project["version"] else None
        address = project.get("urls", {}).get("Repository")
        return cls(project["version"], address and address.removesuffix("/").removesuffix(".git"), commit)

    @property
    def tag(self):
        """The git tag of the version."""
        return f"v{self.version}"

    @property
    def released(self):
        """Whether there is something that Colab could fetch."""
        return bool(self.address and self.commit)

    def in_colab(self, lesson):
        """The address that opens a lesson, "02_training", in Colab."""
        path = self.address.removeprefix("https://github.com/")
        return f"{COLAB}/github/{path}/blob/{self.tag}/notebooks/{lesson}.ipynb"

    def badge(self, lesson):
        """The line of Markdown that opens a lesson in Colab."""
        return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({self.in_colab(lesson)})"

    def setup(self):
        """The text of the set-up cell."""
        address, commit = (self.address, self.commit) if self.released else (None, None)
        values = {"VERSION": self.version, "ADDRESS": address, "COMMIT": commit}
        text = SETUP.read_text(encoding="utf-8").rstrip("\n")
        for name, value in values.items():
            text = text.replace(f'"{name}"', f'"{value}"' if value else "None")
        return text

    def links(self, text):
        """The text with each link to a lesson followed by the address that opens it in Colab, if there is one."""

        def link(found):
            words = f"({found[1]}.ipynb)"
            return f"{words}, [in Colab]({self.in_colab(found[1])})" if self.released else words

        return re.sub(r"\((\d\d_\w+)\.ipynb\)(?:,\s\[in Colab\]\([^)]*\))?", link, text)

    def write(self, source, lesson):
        """The source of a lesson, py:percent, with its badge, set-up cell and links as they should be."""
        source = BADGE.sub("", source)
        if self.released:
            source = re.sub(r"^(# # .+\n#\n)", rf"\1# {self.badge(lesson)}\n#\n", source, count=1, flags=re.MULTILINE)
        setup = f"{SETUP_CELL}\n{self.setup()}\n\n"
        source = re.sub(
            r'^# %% cellView="form" .*tags=\["setup"\]$.*?(?=^# %%)',
            lambda _: setup,
            source,
            flags=re.MULTILINE | re.DOTALL,
        )
        body, heading, rest = source.partition("\n# ## Next\n")
        return body + heading + self.links(rest)

    def strays(self, text):
        """The addresses in a text that lead to another home of the course, or to another version of it.

        Without an address each is one that names the course or opens a lesson in Colab: anybody could register it.
        """
        owner, name = self.address.split("/")[-2:] if self.address else (None, "prism-lessons")
        places = r"(github\.com|raw\.githubusercontent\.com|colab\.research\.google\.com/github)"
        found = re.finditer(rf"{places}/([\w.-]+)/([\w.-]+?)(?:\.git)?(?:/(?:blob|tree|raw)/([\w.-]+))?(?![\w-])", text)
        return [
            address[0]
            for address in found
            if (address[3] == name or "colab" in address[1])
            and ((address[2], address[3]) != (owner, name) or address[4] not in (None, self.tag))
        ]


def write_lessons(repository=REPOSITORY):
    """Bring the source of every lesson up to date."""
    home = Home.read(repository)
    for path in sorted((repository / "notebooks" / "sources").glob("*.py")):
        before = path.read_text(encoding="utf-8")
        after = home.write(before, path.stem)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"{path.relative_to(repository)}: badge, set-up cell and links renewed")


def release(repository=REPOSITORY):
    """Take the commit that is checked out for the one that the lessons of this version fetch; returns its home.

    Raises
    ------
    Refused
        Without an address; with changes that are not committed, which the commit would lack; for a version that has its
        tag already.
    """

    def git(*words):
        return subprocess.check_output(["git", *words], cwd=repository, text=True).strip()

    home = Home.read(repository)
    if not home.address:
        raise Refused(f'pyproject.toml names no address: write Repository = "{EXAMPLE}" under [project.urls]')
    if not GITHUB.fullmatch(home.address):
        raise Refused(f"Colab opens {EXAMPLE}, and not {home.address}")
    if git("status", "--porcelain"):
        raise Refused("some changes are not committed, so a release would lack them: commit or stash them")
    if git("tag", "--list", home.tag):
        raise Refused(f"{home.tag} is released already: raise the version in pyproject.toml, and commit that")
    record = {"version": home.version, "commit": git("rev-parse", "HEAD")}
    (repository / RELEASE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return Home.read(repository)


def main():
    """Bring the source of every lesson up to date; with --release, hold them to this commit first."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--release", action="store_true", help="make this commit the one that the lessons fetch")
    home = None
    if parser.parse_args().release:
        try:
            home = release()
        except Refused as error:
            print(f"make badges: {error}.", file=sys.stderr)
            return 2
    write_lessons()
    if home:
        print(f"Commit what has changed, tag that commit {home.tag}, and push both to {home.address}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
