"""Commands on the pages for readers: each can be given, and each verb of the course is run by a test.

As they stand there, they need a reader's folders, a network or minutes, so most are only parsed or looked up: words for
`prism-lessons`, targets for `make` (a dry run), files and extras for Python and conda. Of `git` and `sudo`, which reach
outside the course, nothing is tried. Each verb of `prism-lessons` is run by the tests that `RUN_BY` names.
"""

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from prism_lessons import cli

REPOSITORY = Path(__file__).parents[1]
PAGES = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("teaching/*.md")]
PAGES += [REPOSITORY / "docs" / name for name in ("index.md", "library.md", "osc.md", "gallery.md")]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
RUN_BY = {
    "audition": "test_cli.py", "check": "test_readiness.py", "class": "cluster/test_class.py",
    "course": "test_setup.py", "curate": "test_cli_corpus.py", "export": "test_cli.py",
    "gallery": "generation/test_export.py", "generate": "test_cli.py", "import-prism": "test_prism.py",
    "journal": "test_cli.py", "map": "test_cli.py", "perform": "test_cli.py", "plan": "test_cli.py",
    "play": "test_osc.py", "preflight": "test_cli.py", "score": "test_cli.py", "survey": "test_cli_corpus.py",
    "train": "test_cli.py", "tune": "tuning/test_search.py",
}  # fmt: skip


def words_of(line):
    """The words of a command for a shell of any system; its first one without a folder."""
    words = shlex.split(line.replace("\\", "/"), comments=True)
    return [words[0].rpartition("/")[2], *words[1:]]


def is_command(line):
    return bool(re.match(r"(\S*[/\\])?(prism-lessons|make|python3?|py|pip|conda|git|cd|sudo) \S", line))


def commands():
    """Every command on the pages, as (page, line): in blocks that are indented, and in lines of text."""
    for page in PAGES:
        for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
            if token.type == "code_block":
                yield from ((page.name, line) for line in token.content.splitlines())
            for child in token.children or []:
                if child.type == "code_inline" and is_command(child.content):
                    yield page.name, child.content


COMMANDS = sorted(set(commands()))


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{page}: {line}"[:70] for page, line in COMMANDS])
def test_a_command_is_one(page, line):
    assert is_command(line), f"{page}: in an indented block stand commands; other text goes between ``` and ```"
    match words_of(line):
        case ["prism-lessons", *words]:
            cli._parser().parse_args(words)
        case ["make", *words]:
            clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
            subprocess.run(["make", "--dry-run", *words], cwd=REPOSITORY, env=clean, capture_output=True, check=True)
        case ["python" | "python3" | "py", "-m", "pip", "install" | "download", *words]:
            for extra in re.findall(r"\.\[(\w+)\]", " ".join(words)):
                assert extra in PROJECT["optional-dependencies"]
        case ["python" | "python3" | "py", "-m", "venv", ".venv"] | ["py", "-3.12", "-m", "venv", ".venv"]:
            pass
        case ["python" | "python3" | "py", script, *_]:
            assert (REPOSITORY / script).is_file()
        case ["conda", "env", "create", "-f", file]:
            assert (REPOSITORY / file).is_file()
        case ["conda", "activate", name]:
            assert name == CONDA["name"]
        case ["cd", folder]:
            assert (REPOSITORY / folder).is_dir()
        case ["git", "clone", *_] | ["sudo", "apt-get", "install", *_]:
            pass
        case _:
            pytest.fail(f"{page}: nothing says how to try this")


@pytest.mark.parametrize("verb", sorted({words_of(line)[1] for _, line in COMMANDS if "prism-lessons " in line}))
def test_a_verb_on_the_pages_is_run_by_a_test(verb):
    assert f'["{verb}"' in (REPOSITORY / "tests" / RUN_BY[verb]).read_text(encoding="utf-8")
