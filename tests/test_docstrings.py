"""Docstrings: the parameters that they describe are those of the signature."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "prism_lessons"
SECTION = re.compile(r"Parameters\n-+\n(.*?)(?=\n\n\w[\w ]*\n-+\n|\Z)", re.S)


def described(docstring):
    """The names of the parameters that a docstring in NumPy's style describes."""
    section = SECTION.search(docstring)
    lines = section[1].splitlines() if section else []
    named = [line.split(" : ")[0] for line in lines if line and re.fullmatch(r"[\w*, ]+( : .*)?", line)]
    return [name.strip(" *") for line in named if not line.startswith(" ") for name in line.split(",")]


def parameters(node):
    """The names of the parameters of a function, of a class's `__init__`, or the fields of a dataclass."""
    if isinstance(node, ast.ClassDef):
        init = next((part for part in node.body if getattr(part, "name", "") == "__init__"), None)
        if init is None:
            return {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}
        node = init
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {argument.arg for argument in named if argument}


def strangers(code):
    """(name of a function or class, parameter) of each that is described and not in the signature."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for name in described(ast.get_docstring(node) or ""):
                if name not in parameters(node):
                    yield node.name, name


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_parameters_that_are_described_are_in_the_signature(path):
    assert not [*strangers(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("code", ["def f({}): {}", "class C:\n    {1}\n    def __init__(self, {0}): pass"])
def test_a_parameter_with_another_name_is_seen(code):
    docstring = '"""What.\n\n    Parameters\n    ----------\n    rate, seed : int\n        Of them.\n    """'
    assert not [*strangers(code.format("rate, seed", docstring))]
    assert [name for _, name in strangers(code.format("rate, key", docstring))] == ["seed"]
