"""Set-up: the two lists of requirements agree, importing is quick, and rooms import only those above them."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "prism_lessons"
# From the top of the journey to its end: each may import those before it (and itself), never those after.
ROOMS = [
    "errors", "files", "live", "backend", "quantisation", "settings", "presets", "audio", "corpus", "streams", "model",
    "container", "capsule", "prism", "run", "mirror", "verdict", "journal", "markup", "pages", "scoring", "generation",
    "training", "audition", "notebook", "cli",
]  # fmt: skip


def test_environment_yml_names_what_pyproject_names():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((REPOSITORY / "environment.yml").read_text())["dependencies"]
    (pip,) = [entry["pip"] for entry in conda if isinstance(entry, dict)]
    assert sorted(set(pip) - {"-e .[course]"}) == sorted(
        project["dependencies"] + project["optional-dependencies"]["course"]
    )
    assert f"python{project['requires-python']}" in conda


def test_the_wheel_holds_all_that_pages_are_made_of():
    data = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    packed = {
        path
        for package, patterns in data.items()
        for pattern in patterns
        for path in REPOSITORY.joinpath(*package.split(".")).glob(pattern)
    }
    there = {path for path in PACKAGE.rglob("*") if path.suffix not in (".py", ".pyc", ".nbi", ".nbc", "")}
    assert there and not there - packed


def imports(path):
    """The rooms that a module imports from the package."""
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            yield from [node.module.split(".")[0]] if node.module else [name.name for name in node.names]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_only_those_above_them(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        return  # the face names what every room gives, lazily
    assert room in ROOMS
    below = [other for other in imports(path) if ROOMS.index(other) > ROOMS.index(room)]
    assert not below


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_surveying_and_curating_do_without_tensorflow_and_notebooks():
    code = "import prism_lessons as pl, sys; pl.survey, pl.curate; print(*sys.modules)"
    loaded = set(run(code).stdout.split())
    assert "prism_lessons.corpus" in loaded
    assert not loaded & {"tensorflow", "keras", "IPython", "ipywidgets", "matplotlib", "librosa"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_notebook_room_imports_what_notebooks_need(path):
    if path.relative_to(PACKAGE).parts[0] == "notebook":
        return
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    named = {name.name for node in tree if isinstance(node, ast.Import) for name in node.names}
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    named |= {node.module for node in tree if isinstance(node, ast.ImportFrom) and not node.level}
    assert not {name.split(".")[0] for name in named} & {"IPython", "ipywidgets", "matplotlib"}


def test_tensorflow_s_greetings_are_not_shown():
    assert run("from prism_lessons.backend import tf; tf.constant(1) + 1").stderr == ""


def test_the_face_offers_what_it_names():
    code = "import prism_lessons as pl; [getattr(pl, name) for name in pl.__all__]; print(pl.train, pl.load)"
    assert "<function train" in run(code).stdout
    with pytest.raises(subprocess.CalledProcessError):
        run("import prism_lessons as pl; pl.nothing")


def test_the_face_is_the_same_whichever_room_was_imported_first():
    code = "from prism_lessons import notebook; import prism_lessons.audition, prism_lessons as pl; print(pl.audition)"
    assert "<function audition" in run(code).stdout


def test_make_test_is_what_ci_runs():
    assert "\nmake test\n" in (REPOSITORY / ".ci" / "run").read_text()
