"""What docs/security.md promises is shown by tests, and nothing that is read is executed."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PROMISES = re.search(
    r"## What a stranger's file cannot do\n(.*?)\n## ", (REPOSITORY / "docs" / "security.md").read_text(), re.DOTALL
)[1]
LINES = re.findall(r"^- (.*(?:\n  .*)*)", PROMISES, re.MULTILINE)
EXECUTE = {"eval", "exec", "compile", "__import__", "execfile"}
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
# These two read no file: what goes to the course's own processes comes back from them.
HARMLESS = {"joblib.Parallel", "joblib.delayed"}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40])
def test_every_promise_names_tests_that_are_there(line):
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", line)
    assert named and line.count("tests/") == len(named)
    for file, test in named:
        assert f"\ndef {test}(" in (REPOSITORY / file).read_text(encoding="utf-8")


def test_nothing_that_is_read_is_executed():
    paths = [*(REPOSITORY / "prism_lessons").rglob("*.py"), *(REPOSITORY / "notebooks" / "sources").glob("*.py")]
    found = []
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXECUTE:
                found.append((path.name, node.func.id))
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [f"{getattr(node, 'module', None) or ''}.{alias.name}".strip(".") for alias in node.names]
                found += [(path.name, name) for name in names if name.partition(".")[0] in MODULES]
            if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle", "custom_objects"):
                found.append((path.name, node.arg))
            if isinstance(node, ast.Attribute) and node.attr in ("load_model", "Lambda", "system", "popen"):
                found.append((path.name, node.attr))
    assert len(paths) > 100 and {name for _, name in found} == HARMLESS
