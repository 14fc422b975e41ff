"""The repository's address and version stand in pyproject.toml, and everything that names them follows."""

import pytest
from badges import REPOSITORY, SETUP_CELL, Home

HERE = Home.read()
ELSEWHERE = Home("https://github.com/school/course", "v9.1")
SOURCE = f"""\
# %% [markdown]
# # A title
#
# BADGE
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


def test_the_home_is_read_from_pyproject():
    assert HERE.address.startswith("https://github.com/")
    assert HERE.in_colab("02_training") == (
        f"https://colab.research.google.com/github/{'/'.join(HERE.address.split('/')[-2:])}"
        f"/blob/{HERE.version}/notebooks/02_training.ipynb"
    )


def test_badge_set_up_cell_and_link_are_written_into_a_new_source():
    written = HERE.write(SOURCE, "01_curating")
    assert f"\n# {HERE.badge('01_curating')}\n" in written and "BADGE" not in written
    assert f"\n{SETUP_CELL}\n{HERE.setup()}\n\n# %% [markdown]\n" in written
    assert f"[Lesson 02: Training](02_training.ipynb), [in Colab]({HERE.in_colab('02_training')})\n" in written
    assert written.count("in Colab](") == 2  # the badge and the link under Next; the link in the prose is left alone


def test_writing_twice_changes_nothing():
    written = HERE.write(SOURCE, "01_curating")
    assert HERE.write(written, "01_curating") == written


def test_a_title_without_a_badge_gets_one():
    assert HERE.write(SOURCE.replace("# BADGE\n#\n", ""), "01") == HERE.write(SOURCE, "01")


def test_another_address_and_version_are_followed_everywhere():
    moved = ELSEWHERE.write(HERE.write(SOURCE, "01_curating"), "01_curating")
    assert moved == ELSEWHERE.write(SOURCE, "01_curating")
    assert HERE.address not in moved and HERE.version not in moved
    assert HERE.write(moved, "01_curating") == HERE.write(SOURCE, "01_curating")


def test_the_set_up_cell_can_be_read():
    lines = HERE.setup().splitlines()
    assert lines[0] == "# @title Set-up (run this first)"
    assert len([line for line in lines if line]) <= 24
    compile(HERE.setup(), "set-up", "exec")


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
    assert ELSEWHERE.strays(f"See [this]({stray}).")


@pytest.mark.parametrize(
    "fine",
    [
        "https://github.com/school/course.",
        "git clone https://github.com/school/course.git",
        "https://github.com/school/course/issues",
        "https://github.com/school/course/blob/v9.1/README.md",
        "https://github.com/somebody/else/blob/main/README.md",
        ELSEWHERE.in_colab("02_training"),
    ],
)
def test_our_own_addresses_and_those_of_others_are_none(fine):
    assert ELSEWHERE.strays(f"See [this]({fine}), and more.") == []


def test_nothing_in_lessons_readme_and_docs_leads_elsewhere():
    texts = [
        REPOSITORY / "README.md",
        *(REPOSITORY / "notebooks").glob("*.ipynb"),
        *(REPOSITORY / "notebooks" / "sources").glob("*.py"),
        *(path for kind in ("md", "rst", "py") for path in (REPOSITORY / "docs").rglob(f"*.{kind}")),
    ]
    strays = {path.name: HERE.strays(path.read_text(encoding="utf-8")) for path in texts}
    assert {name: found for name, found in strays.items() if found} == {}
