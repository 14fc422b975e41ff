"""What every lesson says of where the course lives: its badge, its set-up cell and the links to Colab.

`make badges` writes them into notebooks/sources/*.py. The address stands in pyproject.toml, under [project.urls]; the
version there names the git tag that Colab fetches.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
COLAB = "https://colab.research.google.com"

SETUP_CELL = '# %% cellView="form" tags=["setup"]'
SETUP = """\
# @title Set-up (run this first)
# In Google Colab this fetches the course and installs it. On a computer of your own it does nothing.
import sys

if "google.colab" in sys.modules:
    import os
    import subprocess

    class SetUpFailed(Exception):
        def _render_traceback_(self):  # what is shown of it: the sentence alone
            return [str(self)]

    repository, version = "ADDRESS", "VERSION"
    fetch = f"rm -rf fetched && git clone --quiet --depth 1 --branch {version} {repository} fetched"
    # Without what they depend on, which Colab has: bringing other versions would break the running kernel.
    install = f"{sys.executable} -m pip install --quiet --no-deps ./prism-lessons pyloudnorm"
    commands = f"[ -d prism-lessons ] || ({fetch} && mv fetched prism-lessons) && {install}"
    if not os.path.isdir("../prism_lessons"):
        done = subprocess.run(commands, shell=True, capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip().rpartition("\\n")[2]
            raise SetUpFailed(f"Set-up failed ({reason}): check that you are online, then run this cell again.")
        os.chdir("prism-lessons/notebooks")
    from prism_lessons.notebook import colab

    colab.check()
"""


@dataclass(frozen=True)
class Home:
    """Where the course lives.

    Parameters
    ----------
    address
        Of the repository: https://github.com/OWNER/NAME.
    version
        The git tag that the lessons of this checkout belong to.
    """

    address: str
    version: str

    @classmethod
    def read(cls, pyproject=REPOSITORY / "pyproject.toml"):
        """The home that a pyproject.toml names."""
        project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
        return cls(project["urls"]["Repository"].removesuffix("/"), f"v{project['version']}")

    def in_colab(self, lesson):
        """The address that opens a lesson, "02_training", in Colab."""
        path = self.address.removeprefix("https://github.com/")
        return f"{COLAB}/github/{path}/blob/{self.version}/notebooks/{lesson}.ipynb"

    def badge(self, lesson):
        """The line of Markdown that opens a lesson in Colab."""
        return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({self.in_colab(lesson)})"

    def setup(self):
        """The text of the set-up cell."""
        return SETUP.replace("VERSION", self.version).replace("ADDRESS", self.address).rstrip("\n")

    def links(self, text):
        """The text with each link to a lesson followed by the address that opens that lesson in Colab."""
        return re.sub(
            r"\((\d\d_\w+)\.ipynb\)(?:(,?\s[^\[\]]*)\[in Colab\]\([^)]*\))?",
            lambda link: f"({link[1]}.ipynb){link[2] or ', '}[in Colab]({self.in_colab(link[1])})",
            text,
        )

    def write(self, source, lesson):
        """The source of a lesson, py:percent, with its badge, set-up cell and links as they should be."""
        badge = f"# {self.badge(lesson)}"
        source, found = re.subn(r"^# (\[!\[Open in Colab\].*|BADGE)$", badge, source, flags=re.MULTILINE)
        if not found:
            source = re.sub(r"^(# # .+)$", rf"\1\n#\n{badge}", source, count=1, flags=re.MULTILINE)
        setup = f"{SETUP_CELL}\n{self.setup()}\n\n"
        source = re.sub(
            rf"^{re.escape(SETUP_CELL)}$.*?(?=^# %%)", lambda _: setup, source, flags=re.MULTILINE | re.DOTALL
        )
        body, heading, rest = source.partition("\n# ## Next\n")
        return body + heading + self.links(rest)

    def strays(self, text):
        """The addresses in a text that lead to another home of the course, or to another version of it."""
        owner, name = self.address.split("/")[-2:]
        places = r"(github\.com|raw\.githubusercontent\.com|colab\.research\.google\.com/github)"
        found = re.finditer(rf"{places}/([\w.-]+)/([\w.-]+?)(?:\.git)?(?:/(?:blob|tree|raw)/([\w.-]+))?(?![\w-])", text)
        return [
            address[0]
            for address in found
            if (address[3] == name or "colab" in address[1])
            and ((address[2], address[3]) != (owner, name) or address[4] not in (None, self.version))
        ]


def main():
    """Bring every lesson's source up to date."""
    home = Home.read()
    for path in sorted((REPOSITORY / "notebooks" / "sources").glob("*.py")):
        before = path.read_text(encoding="utf-8")
        after = home.write(before, path.stem)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"{path.relative_to(REPOSITORY)}: badge, set-up cell and links renewed")


if __name__ == "__main__":
    main()
