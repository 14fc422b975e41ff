"""The course's address, version and commit stand in one place each, and everything that names them follows."""

import subprocess

import badges
import pytest
from badges import REPOSITORY, SETUP_CELL, Home, Refused, release

ADDRESS = "https://github.com/school/course"
DIGEST = "0123456789abcdef0123456789abcdef01234567"
NOWHERE = Home("9.1")
PUBLISHED = Home("9.1", ADDRESS, DIGEST)
SOURCE = f"""\
# %% [markdown]
# # A title
#
# **You will hear:** a bell.

{SETUP_CELL}

# %% [markdown]
# It goes on in [another lesson](02_training.ipynb).

# %%
1 + 1

# %% [markdown]
# ## Next
#
# [Lesson 02: Training](02_training.ipynb)
"""


def test_a_release_has_a_badge_a_set_up_cell_and_links():
    written = PUBLISHED.write(SOURCE, "01_curating")
    in_colab = "https://colab.research.google.com/github/school/course/blob/v9.1/notebooks/{}.ipynb"
    assert f"\n# {PUBLISHED.badge('01_curating')}\n" in written and in_colab.format("01_curating") in written
    assert f"\n{SETUP_CELL}\n{PUBLISHED.setup()}\n\n# %% [markdown]\n" in written
    assert f"[Lesson 02: Training](02_training.ipynb), [in Colab]({in_colab.format('02_training')})\n" in written
    assert written.count("in Colab](") == 2  # the badge and the link under Next; the link in the prose is left alone
    assert f'    version = "9.1"\n    repository = "{ADDRESS}"\n    commit = "{DIGEST}"\n' in written
    assert not [line for line in written.splitlines() if len(line) > 120 and "colab.research" not in line]


@pytest.mark.parametrize("home", [NOWHERE, Home("9.1", ADDRESS), Home("9.1", None, DIGEST)])
def test_without_an_address_and_a_release_nothing_leads_anywhere(home):
    written = home.write(SOURCE, "01_curating")
    assert '    version = "9.1"\n    repository = None\n    commit = None\n' in written
    assert "http" not in written and "Open in Colab" not in written
    assert written.endswith("[Lesson 02: Training](02_training.ipynb)\n")


@pytest.mark.parametrize("home", [NOWHERE, PUBLISHED])
def test_writing_twice_changes_nothing(home):
    written = home.write(SOURCE, "01_curating")
    assert home.write(written, "01_curating") == written


@pytest.mark.parametrize("home", [NOWHERE, Home("9.2", "https://github.com/school/other", DIGEST[::-1])])
def test_another_home_is_followed_everywhere(home):
    moved = home.write(PUBLISHED.write(SOURCE, "01_curating"), "01_curating")
    assert moved == home.write(SOURCE, "01_curating")
    assert ADDRESS + '"' not in moved and DIGEST not in moved


@pytest.mark.parametrize("home", [NOWHERE, PUBLISHED])
def test_the_set_up_cell_is_python(home):
    assert home.setup().startswith("# @title Set-up (run this first)\n")
    compile(home.setup(), "set-up", "exec")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A function that runs git in a little repository of the course, which has an address and no release."""
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "Test")
        monkeypatch.setenv(f"{name}_EMAIL", "test@example.org")

    def git(*words):
        return subprocess.check_output(["git", *words], cwd=tmp_path, text=True).strip()

    (tmp_path / badges.RELEASE).parent.mkdir(parents=True)
    sources = tmp_path / "notebooks" / "sources"
    sources.mkdir()
    (sources / "01_curating.py").write_text(SOURCE)
    set_home(tmp_path, ADDRESS)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "The course")
    return git


def set_home(repository, address, version="9.1"):
    """Write a pyproject.toml."""
    urls = f'[project.urls]\nRepository = "{address}"\n' if address else ""
    (repository / "pyproject.toml").write_text(f'[project]\nname = "prism-lessons"\nversion = "{version}"\n{urls}')


def test_a_release_holds_the_lessons_to_the_commit_that_is_checked_out(clone, tmp_path):
    assert not Home.read(tmp_path).released
    assert release(tmp_path) == Home("9.1", ADDRESS, clone("rev-parse", "HEAD")) == Home.read(tmp_path)
    badges.write_lessons(tmp_path)
    assert clone("rev-parse", "HEAD") in (tmp_path / "notebooks" / "sources" / "01_curating.py").read_text()


def test_what_was_released_as_another_version_is_not_fetched(clone, tmp_path):
    release(tmp_path)
    set_home(tmp_path, ADDRESS, "9.2")
    assert not Home.read(tmp_path).released


@pytest.mark.parametrize("written", [ADDRESS + "/", ADDRESS + ".git"])
def test_an_address_may_be_written_as_browsers_and_git_show_it(tmp_path, written):
    set_home(tmp_path, written)
    assert Home.read(tmp_path).address == ADDRESS


@pytest.mark.parametrize("address", [None, "https://example.org/school/course", "https://github.com/school"])
def test_a_release_without_an_address_that_colab_opens_is_refused(clone, tmp_path, address):
    set_home(tmp_path, address)
    with pytest.raises(Refused, match="names no address" if address is None else "Colab opens"):
        release(tmp_path)


def test_a_release_that_would_lack_changes_is_refused(clone, tmp_path):
    (tmp_path / "new.txt").touch()
    with pytest.raises(Refused, match="not committed"):
        release(tmp_path)


def test_a_version_is_released_once(clone, tmp_path):
    clone("tag", "v9.1")
    with pytest.raises(Refused, match="raise the version"):
        release(tmp_path)


def test_a_refusal_is_a_sentence_and_exit_status_2(monkeypatch, capsys):
    def refuse():
        raise Refused("the course has no address")

    monkeypatch.setattr(badges, "release", refuse)
    monkeypatch.setattr("sys.argv", ["badges.py", "--release"])
    assert badges.main() == 2
    assert capsys.readouterr().err == "make badges: the course has no address.\n"


@pytest.mark.parametrize(
    "stray",
    [
        "https://github.com/someone/course",
        "https://github.com/someone/course.git",
        "https://github.com/school/course/blob/v9.0/README.md",
        "https://github.com/school/course/tree/main",
        "https://raw.githubusercontent.com/school/course/blob/main",
        "https://colab.research.google.com/github/OWNER/REPO/blob/v9.1/notebooks/x.ipynb",
        "https://colab.research.google.com/github/school/course/blob/main/notebooks/x.ipynb",
    ],
)
def test_an_address_of_another_home_or_version_is_a_stray(stray):
    assert PUBLISHED.strays(f"See [this]({stray}).")


@pytest.mark.parametrize(
    "fine",
    [
        "https://github.com/school/course.",
        "git clone https://github.com/school/course.git",
        "https://github.com/school/course/issues",
        "https://github.com/school/course/blob/v9.1/README.md",
        "https://github.com/somebody/else/blob/main/README.md",
        PUBLISHED.in_colab("02_training"),
    ],
)
def test_our_own_addresses_and_those_of_others_are_none(fine):
    assert PUBLISHED.strays(f"See [this]({fine}), and more.") == []


@pytest.mark.parametrize("stray", ["https://github.com/prism-lessons/prism-lessons", PUBLISHED.in_colab("02_training")])
def test_without_an_address_every_address_of_the_course_is_a_stray(stray):
    assert NOWHERE.strays(f"See [this]({stray}).")
    assert NOWHERE.strays("See https://github.com/rncm-prism/prism-samplernn.") == []


def test_nothing_in_the_course_leads_elsewhere():
    home = Home.read()
    kinds = ("*.md", "*.cff", "*.toml", "*.yml", "Makefile", "docs/**/*.md", "docs/*.py", "notebooks/**/*.py")
    texts = [path for kind in (*kinds, "notebooks/*.ipynb", "prism_lessons/**/*.py") for path in REPOSITORY.glob(kind)]
    strays = {path.name: home.strays(path.read_text(encoding="utf-8")) for path in texts if "_build" not in path.parts}
    assert {name: found for name, found in strays.items() if found} == {}
