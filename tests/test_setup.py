"""Set-up: the two lists of requirements agree, importing is quick, and rooms import only those above them."""

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from prism_lessons import cli

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "prism_lessons"
# From the top of the journey to its end: each may import those before it (and itself), never those after.
ROOMS = [
    "caches", "errors", "marks", "files", "prose", "live", "backend", "quantisation", "settings", "checks",
    "linear_prediction", "predictor_mixture", "presets", "audibility", "audio", "analysis", "corpus", "streams",
    "model", "file_format", "capsule", "prism", "run", "mirror", "verdict", "journal", "pages", "scoring", "generation",
    "osc", "training", "cluster", "classroom", "audition", "tuning", "readiness", "notebook", "cli", "__main__",
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


def test_the_wheel_works_without_the_repository(tmp_path, noise, write_sound):
    """As far as a corpus: what is compiled for a model would be compiled anew in its folder, which takes a minute."""
    source, place, elsewhere = (tmp_path / name for name in ("source", "place", "elsewhere"))
    shutil.copytree(PACKAGE, source / "prism_lessons", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    own = ["--no-deps", "--no-index"]  # the libraries are there; nothing is fetched
    subprocess.run([*pip, "wheel", *own, "--no-build-isolation", "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([*pip, "install", *own, "--target", place, wheel], check=True)
    for seed in range(3):
        write_sound(elsewhere / "recordings" / f"breath {seed}.wav", noise(4.0, seed), 16000)
    command = next(path for path in (place / "bin").iterdir() if path.stem == "prism-lessons")

    def prism_lessons(*words):
        own_place = os.environ | {"PYTHONPATH": str(place)}
        return subprocess.run([command, *words], cwd=elsewhere, capture_output=True, text=True, env=own_place)

    assert prism_lessons("survey", "recordings", "--html", "survey.html").returncode == 0
    assert "breath 1.wav" in (elsewhere / "survey.html").read_text(encoding="utf-8")
    assert prism_lessons("curate", "recordings", "corpus").returncode == 0
    assert (elsewhere / "corpus" / "card.md").is_file()
    assert "The lessons are not here" in prism_lessons("course").stderr  # they are beside the repository's own package


def test_the_course_is_cited_with_its_version_and_names_no_address_of_its_own():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert citation["authors"] == project["authors"]
    assert citation.get("repository-code") == project.get("urls", {}).get("Repository")
    assert f"\n## {project['version']}\n" in (REPOSITORY / "CHANGELOG.md").read_text()


MODULES = sorted(PACKAGE.rglob("*.py"))


def place_of(path):
    return str(path.relative_to(PACKAGE))


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(code, depth):
    """What the code of a module, so many folders deep, imports from the package: pairs of a room and a name in it."""
    for node in ast.walk(ast.parse(code)):
        places = []
        if isinstance(node, ast.Import):
            places = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level in (0, depth):
            start = PACKAGE.name if node.level else None
            places = [".".join(filter(None, (start, node.module, name.name))) for name in node.names]
        for package, room, *name in (place.split(".") for place in places if "." in place):
            if package == PACKAGE.name:
                yield room, ".".join(name)


def face(room):
    """The names that the face of a room gives; None where the room is a single module."""
    if not (PACKAGE / room).is_dir():
        return None
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    (names,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__")
    return ast.literal_eval(names)


def past_faces(code, depth, own):
    """What the code of a module in the room `own` imports from others though their faces do not name it."""
    for room, name in imports(code, depth):
        if room != own and name and (named := face(room)) is not None and name not in named:
            yield f"{room}.{name}"


@pytest.mark.parametrize("path", MODULES, ids=place_of)
def test_rooms_import_only_those_above_them(path):
    room = room_of(path)
    if room == "__init__":
        return  # the face names what every room gives, lazily
    assert room in ROOMS
    read = imports(path.read_text(encoding="utf-8"), len(path.relative_to(PACKAGE).parts))
    assert not [other for other, _ in read if ROOMS.index(other) > ROOMS.index(room)]


@pytest.mark.parametrize("path", MODULES, ids=place_of)
def test_rooms_import_each_other_by_their_faces(path):
    code, depth = path.read_text(encoding="utf-8"), len(path.relative_to(PACKAGE).parts)
    assert not [*past_faces(code, depth, room_of(path))]


@pytest.mark.parametrize(
    ("code", "past"),
    [
        ("from ..corpus.codes import codes_of", ["corpus.codes.codes_of"]),
        ("from ..corpus import codes", ["corpus.codes"]),
        ("def later():\n    from ..pages.sounds import mp3_rate", ["pages.sounds.mp3_rate"]),
        ("from prism_lessons.audio.levels import Levels", ["audio.levels.Levels"]),
        ("import prism_lessons.audio.levels", ["audio.levels"]),
        ("from ..training.plan import plan", []),
        ("from .plan import plan\nfrom ..run import Run\nfrom .. import corpus\nimport os.path", []),
        ("from ..corpus import Codes, codes_of", []),
    ],
)
def test_an_import_past_a_face_is_seen(code, past):
    assert [*past_faces(code, 2, "training")] == past


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_surveying_and_curating_do_without_tensorflow_and_notebooks():
    code = "import prism_lessons as pl, sys; pl.survey, pl.curate; print(*sys.modules)"
    loaded = set(run(code).stdout.split())
    assert "prism_lessons.corpus" in loaded
    assert not loaded & {"tensorflow", "keras", "IPython", "ipywidgets", "matplotlib", "librosa", "av"}


@pytest.mark.parametrize("path", MODULES, ids=place_of)
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


def test_an_envelope_still_has_its_earlier_name():
    assert run("import prism_lessons as pl; print(pl.Line is pl.Envelope)").stdout == "True\n"


def test_the_face_is_the_same_whichever_room_was_imported_first():
    code = "from prism_lessons import notebook; import prism_lessons.audition, prism_lessons as pl; print(pl.audition)"
    assert "<function audition" in run(code).stdout


# In place of JupyterLab: says what it was asked for, and ends as a test wants it to.
JUPYTERLAB = """
import os, signal, sys
print(*sys.argv[1:], sep="\\n", file=sys.stderr)
if os.environ["ENDS"] == "interrupted":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.kill(os.getppid(), signal.SIGINT)
    print("asks whether to stop", file=sys.stderr)
else:
    sys.exit(int(os.environ["ENDS"]))
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A function that runs `prism-lessons course` with a JupyterLab that ends in some way."""
    (tmp_path / "jupyterlab").mkdir()
    (tmp_path / "jupyterlab" / "__init__.py").touch()
    (tmp_path / "jupyterlab" / "__main__.py").write_text(JUPYTERLAB)

    def run(ends="0"):
        paths = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
        return subprocess.run(
            [sys.executable, "-m", "prism_lessons.cli", "course"], cwd=tmp_path, capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": paths, "ENDS": ends},
        )  # fmt: skip

    return run


def test_the_course_opens_in_the_folder_of_the_lessons_for_root_too(course):
    done = course()
    assert done.returncode == 0 and str(REPOSITORY / "notebooks") in done.stdout
    rights = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    assert done.stderr.splitlines() == [str(REPOSITORY / "notebooks"), *rights]


def test_ctrl_c_is_left_to_jupyterlab_which_asks_first(course):
    done = course("interrupted")
    assert done.returncode == 0 and done.stderr.endswith("asks whether to stop\n")


def test_a_jupyterlab_that_fails_is_said_in_a_sentence(course):
    done = course("3")
    assert done.returncode == 2 and "JupyterLab ended with status 3" in done.stderr.splitlines()[-1]


def test_without_jupyterlab_or_lessons_the_course_says_what_is_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["course"]) == 2
    assert capsys.readouterr().err.endswith("is missing: type  python -m pip install jupyterlab\n")
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "site-packages" / "prism_lessons" / "cli.py"))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["course"]) == 2
    assert capsys.readouterr().err.startswith("prism-lessons: The lessons are not here: go to the folder of the course")
    monkeypatch.chdir(REPOSITORY)
    assert cli._lessons() == REPOSITORY / "notebooks"  # installed elsewhere, and typed in a clone


def test_make_test_is_what_ci_runs_where_nothing_lies_beside_the_clone():
    script = (REPOSITORY / ".ci" / "run").read_text()
    assert "\nmake test\n" in script and script.index(" clone ") < script.index("\nmake test\n")


WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_what_has_to_pass_before_a_change_lands(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)


def test_a_change_is_tried_when_it_comes_and_the_newest_libraries_every_week():
    # YAML takes the key `on` for True.
    on = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))[True] for path in WORKFLOWS}
    assert "push" in on["push"] and "pull_request" in on["push"]
    (weekly,) = on["weekly"]["schedule"]
    minute, hour, day, month, weekday = weekly["cron"].split()
    assert (day, month) == ("*", "*") and weekday.isdigit() and minute.isdigit() and hour.isdigit()


def test_nothing_reads_what_lies_beside_a_clone_but_as_evidence_that_may_be_missing():
    """`shared/` lies beside one clone only: a test that looks there skips where it is not, with its reason."""
    beside = re.compile(r"""["'/]shared["'/]""")
    rooms = ("tests", "benchmarks", "notebooks/tools", "docs")
    for path in (path for room in rooms for path in (REPOSITORY / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert path == Path(__file__) or not beside.search(text) or "pytest.skip(" in text or "skipif" in text, path


def test_make_help_names_every_target():
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):(?!=)", makefile, re.MULTILINE)
    said = subprocess.check_output(["make", "--silent", "help"], cwd=REPOSITORY, text=True)
    assert {line.split()[1] for line in said.splitlines() if line.startswith("make ")} == set(targets) - {"recordings"}


def test_what_is_listed_as_slow_is_there():
    """What was renamed would take its minutes in `make check`."""
    listed = runpy.run_path(str(REPOSITORY / "tests" / "conftest.py"))["SLOW"]
    assert not [name for name in listed if not (REPOSITORY / name.partition("::")[0]).exists()]
